use uc_model::{PasswordChange, PasswordChangeError, PasswordFault, Presence, PresenceState};
use uc_server::{Mode, Server, Storage};
use uc_session::{Connection, Event, PasswordError, SignInError, port::BackendError};

use super::{client, server, signed_in};
use crate::{
    client::{builder, event, until, within},
    place::empty_place,
};

fn change(old: Option<&str>, new: &str) -> PasswordChange {
    PasswordChange {
        old: old.map(|old| old.to_owned().into()),
        new: new.to_owned().into(),
        repeated: new.to_owned().into(),
    }
}

const GOOD: &str = "Abcdef1!";

#[tokio::test]
async fn a_password_is_changed_by_the_policy_of_smart() {
    let server = server("", "").await;
    let rosa = client(&server, "330").await;
    let entered = |change| within(rosa.change_password(change));
    let error = entered(change(None, GOOD)).await;
    assert_eq!(
        error,
        Err(PasswordError::Entered(PasswordChangeError::OldMissing))
    );
    let weak = entered(change(Some("demo-330"), "Abcdefg1")).await;
    let faults = PasswordChangeError::Policy(vec![PasswordFault::NoSpecial]);
    assert_eq!(weak, Err(PasswordError::Entered(faults)));
    let wrong = entered(change(Some("guessed"), GOOD)).await;
    assert_eq!(wrong, Err(PasswordError::OldPassword));
    entered(change(Some("demo-330"), GOOD)).await.unwrap();
    let old = within(builder(&server, "330").sign_in()).await.unwrap_err();
    assert_eq!(old, SignInError::Backend(BackendError::BadCredentials));
    signed_in(builder(&server, "330").password(GOOD.to_owned())).await;
}

#[tokio::test]
async fn suite_changes_a_password_without_the_old_one() {
    let server = Server::builder().mode(Mode::Suite).start().await.unwrap();
    let rosa = client(&server, "330").await;
    let letters = within(rosa.change_password(change(None, GOOD))).await;
    assert!(matches!(letters, Err(PasswordError::Entered(_))));
    within(rosa.change_password(change(None, "246801")))
        .await
        .unwrap();
    signed_in(builder(&server, "330").password("246801".to_owned())).await;
}

#[tokio::test]
async fn after_a_change_the_users_other_sessions_end_and_this_one_goes_on() {
    let server = server("", "").await;
    let rosa = client(&server, "330").await;
    let others = [client(&server, "330").await, client(&server, "330").await];
    let mut events = others[0].events();
    within(rosa.change_password(change(Some("demo-330"), GOOD)))
        .await
        .unwrap();
    event(&mut events, |event| matches!(event, Event::SessionEnded)).await;
    until(|| {
        others
            .iter()
            .all(|other| other.view().connection == Connection::Ended)
    })
    .await;
    // What they have tried again with the old password was no guess: nobody is locked out.
    for _ in 0..5 {
        within(builder(&server, "330").sign_in()).await.unwrap_err();
    }
    signed_in(builder(&server, "330").password(GOOD.to_owned())).await;
    within(rosa.set_presence(Presence::of(PresenceState::Home)))
        .await
        .unwrap();
    server.cut_connections();
    let mut events = rosa.events();
    event(&mut events, |event| {
        matches!(event, Event::ConnectionRestored)
    })
    .await;
}

#[tokio::test]
async fn a_changed_password_survives_a_restart() {
    let place = empty_place("changed-password");
    let start = || {
        Server::builder()
            .storage(Storage::Directory(place.clone()))
            .start()
    };
    let server = start().await.unwrap();
    let rosa = client(&server, "330").await;
    within(rosa.change_password(change(Some("demo-330"), GOOD)))
        .await
        .unwrap();
    server.stop().await;
    let server = start().await.unwrap();
    signed_in(builder(&server, "330").password(GOOD.to_owned())).await;
    within(builder(&server, "330").sign_in()).await.unwrap_err();
    let files = std::fs::read_dir(&place).unwrap();
    for file in files.map(|file| std::fs::read(file.unwrap().path()).unwrap()) {
        assert!(!file.windows(GOOD.len()).any(|part| part == GOOD.as_bytes()));
    }
}

#[tokio::test]
async fn smart_wants_the_initial_password_changed_at_the_sign_in() {
    let server = server("", "initial_password = true").await;
    let first = || builder(&server, "330");
    let asked = within(first().sign_in()).await.unwrap_err();
    assert_eq!(asked, SignInError::PasswordChangeRequired);
    let weak = within(first().new_password("short".to_owned()).sign_in()).await;
    assert!(matches!(
        weak,
        Err(SignInError::NewPassword(PasswordChangeError::Policy(_)))
    ));
    let rosa = signed_in(first().new_password(GOOD.to_owned())).await;
    within(rosa.set_presence(Presence::of(PresenceState::Home)))
        .await
        .unwrap();
    signed_in(first().password(GOOD.to_owned())).await;
    let bruno = signed_in(builder(&server, "331").new_password(GOOD.to_owned())).await;
    drop(bruno);
    signed_in(builder(&server, "331")).await;
}

#[tokio::test]
async fn suite_wants_the_initial_password_changed_elsewhere() {
    let server = server("mode = \"suite\"", "initial_password = true").await;
    let told = builder(&server, "330").new_password("246801".to_owned());
    let told = within(told.sign_in()).await.unwrap_err();
    assert_eq!(told, SignInError::PasswordChangeElsewhere);
    assert!(told.to_string().contains("another client"), "{told}");
}
