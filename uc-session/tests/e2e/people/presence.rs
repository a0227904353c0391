use uc_model::{Presence, PresenceError, PresenceState, PresenceVisibility, Timestamp, UserId};
use uc_session::{Client, Clock, Event, ServiceError, SystemClock};

use super::{client, server};
use crate::client::{event, until, within};

fn of(client: &Client, user: &str) -> Option<Presence> {
    client.view().presence(&UserId::new(user).unwrap()).cloned()
}

async fn sees(client: &Client, user: &str, expected: &Presence) {
    until(|| of(client, user).as_ref() == Some(expected)).await;
}

fn lunch(until: Option<Timestamp>) -> Presence {
    Presence::new(
        PresenceState::Lunch,
        until,
        Some("room 5".to_owned().into()),
    )
    .unwrap()
}

fn from_now(ms: i64) -> Option<Timestamp> {
    Some(Timestamp(SystemClock::default().now().wall_ms + ms))
}

#[tokio::test]
async fn return_time_and_note_go_from_client_to_client() {
    let server = server("", "").await;
    let (rosa, bruno) = (client(&server, "330").await, client(&server, "331").await);
    let away = lunch(from_now(3_600_000));
    within(rosa.set_presence(away.clone())).await.unwrap();
    assert_eq!(of(&rosa, "330").as_ref(), Some(&away), "the reply tells it");
    sees(&bruno, "330", &away).await;
    let clara = client(&server, "332").await;
    assert_eq!(of(&clara, "330"), Some(away), "so does the snapshot");
    let here = Presence {
        note: Some("till four".to_owned().into()),
        ..Presence::of(PresenceState::Office)
    };
    within(rosa.set_presence(here.clone())).await.unwrap();
    sees(&bruno, "330", &here).await;
}

#[tokio::test]
async fn a_return_time_lapses_at_every_client_and_the_state_stays() {
    let server = server("", "").await;
    let (rosa, bruno) = (client(&server, "330").await, client(&server, "331").await);
    let away = lunch(from_now(1_000));
    within(rosa.set_presence(away.clone())).await.unwrap();
    sees(&bruno, "330", &away).await;
    sees(&bruno, "330", &lunch(None)).await;
    sees(&rosa, "330", &lunch(None)).await;
}

#[tokio::test]
async fn a_system_may_reset_the_presence_when_the_return_time_passes() {
    let server = server("reset_presence = true", "").await;
    let (rosa, bruno) = (client(&server, "330").await, client(&server, "331").await);
    let away = lunch(from_now(1_000));
    within(rosa.set_presence(away.clone())).await.unwrap();
    sees(&bruno, "330", &away).await;
    sees(&bruno, "330", &Presence::of(PresenceState::Office)).await;
    sees(&rosa, "330", &Presence::of(PresenceState::Office)).await;
}

#[tokio::test]
async fn a_hidden_presence_is_invisible_to_others_and_known_to_oneself() {
    let server = server("", "").await;
    let (rosa, bruno) = (client(&server, "330").await, client(&server, "331").await);
    within(rosa.set_presence(lunch(None))).await.unwrap();
    sees(&bruno, "330", &lunch(None)).await;
    within(rosa.set_visibility(PresenceVisibility::NotVisible))
        .await
        .unwrap();
    let invisible = Presence::of(PresenceState::Invisible);
    sees(&bruno, "330", &invisible).await;
    let rosa_again = client(&server, "330").await;
    assert_eq!(of(&rosa_again, "330"), Some(lunch(None)));
    assert_eq!(
        rosa_again.view().account().visibility,
        PresenceVisibility::NotVisible
    );
    let clara = client(&server, "332").await;
    assert_eq!(of(&clara, "330"), Some(invisible));

    let mut events = clara.events();
    within(rosa.set_presence(Presence::of(PresenceState::Sick)))
        .await
        .unwrap();
    within(rosa.set_visibility(PresenceVisibility::Internal))
        .await
        .unwrap();
    let first = event(&mut events, |event| matches!(event, Event::Presence { .. })).await;
    let Event::Presence { presence, .. } = first else {
        unreachable!()
    };
    assert_eq!(
        presence.state,
        PresenceState::Sick,
        "nobody hears what happens unseen"
    );
    until(|| rosa_again.view().account().visibility == PresenceVisibility::Internal).await;
}

#[tokio::test]
async fn call_me_is_set_in_suite_and_others_see_office() {
    let rosa = "call_me = \"+49 30 7777\"";
    let server = server("mode = \"suite\"", rosa).await;
    let (rosa, bruno) = (client(&server, "330").await, client(&server, "331").await);
    assert!(
        rosa.view()
            .presence_choices()
            .contains(&PresenceState::CallMe)
    );
    assert!(
        !bruno
            .view()
            .presence_choices()
            .contains(&PresenceState::CallMe)
    );
    within(rosa.set_presence(lunch(None))).await.unwrap();
    sees(&bruno, "330", &lunch(None)).await;
    let call_me = Presence::of(PresenceState::CallMe);
    within(rosa.set_presence(call_me.clone())).await.unwrap();
    sees(&bruno, "330", &Presence::of(PresenceState::Office)).await;
    assert_eq!(of(&rosa, "330"), Some(call_me));
}

#[tokio::test]
async fn what_may_not_be_set_is_refused_before_anything_is_sent() {
    let server = server("", "mulap = true").await;
    let (rosa, bruno) = (client(&server, "330").await, client(&server, "331").await);
    let refused = |presence, client: &Client| {
        let client = client.clone();
        async move { within(client.set_presence(presence)).await }
    };
    let busy = Presence::of(PresenceState::DoNotDisturb);
    let error = refused(busy.clone(), &rosa).await;
    assert_eq!(
        error,
        Err(ServiceError::Presence(PresenceError::DoNotDisturbInMulap))
    );
    assert_eq!(refused(busy, &bruno).await, Ok(()));
    let error = refused(Presence::of(PresenceState::CallMe), &bruno).await;
    assert_eq!(
        error,
        Err(ServiceError::Presence(PresenceError::CallMeInactive))
    );
    let error = refused(Presence::of(PresenceState::Invisible), &bruno).await;
    assert_eq!(
        error,
        Err(ServiceError::Presence(PresenceError::NotSettable))
    );
    let office = Presence {
        until: from_now(1),
        ..Presence::of(PresenceState::Office)
    };
    let error = refused(office, &bruno).await;
    assert_eq!(
        error,
        Err(ServiceError::Presence(PresenceError::ReturnTimeInOffice))
    );
    let long = Presence {
        note: Some("x".repeat(1025).into()),
        ..Presence::of(PresenceState::Home)
    };
    let error = refused(long, &bruno).await;
    assert_eq!(
        error,
        Err(ServiceError::Presence(PresenceError::NoteTooLong(1025)))
    );
}
