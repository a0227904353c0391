//! The console on a real terminal, against the embedded server.

use uc_model::{FailureCause, GroupName, Presence, PresenceState};
use uc_server::RunningServer;

use crate::{
    calls::{person, speech},
    run::{bare, complaint, finish, folder, pin, server, within},
    tmux::{Tmux, left_out},
};

/// Rosa's (330) console, with sound from files.
async fn console(server: &RunningServer, name: &str) -> Tmux {
    let address = server.address().to_string();
    let mut command = bare();
    command
        .args(["--server", &address, "--user", "330", "console", "--play"])
        .arg(speech("a.wav"))
        .arg("--record")
        .arg(folder(&format!("uc-console-{name}.wav")))
        .env("UC_PIN", pin(server))
        .env("UC_PASSWORD", "demo-330");
    Tmux::run(name, &command).await
}

#[tokio::test]
async fn a_call_is_taken_and_ended_by_keys_on_a_real_terminal() {
    if left_out() {
        return;
    }
    let server = server().await;
    let bruno = person(&server, "331").await;
    let screen = console(&server, "incoming").await;
    screen.shows("connected").await;
    let shown = screen.shows("Bruno Birke 331  Office").await;
    assert!(shown.contains("Rosa Ahorn 330"), "{shown}");
    let lunch = Presence::of(PresenceState::Lunch);
    bruno.set_presence(lunch).await.expect("he may");
    screen.shows("Bruno Birke 331  Lunch").await;

    let call = bruno.call("330").await.expect("it rings");
    let shown = screen.shows("RINGS").await;
    assert!(
        shown.contains("a answer") && shown.contains("r reject"),
        "{shown}"
    );
    screen.press(&["a"]).await;
    within(call.connected()).await.expect("she has taken it");
    screen.shows("talking 0:0").await;
    screen.press(&["o"]).await;
    screen.shows("on hold").await;
    screen.press(&["o"]).await;
    screen.shows("talking").await;
    screen.press(&["h"]).await;
    assert_eq!(within(call.ended()).await, Some(FailureCause::Normal));
    screen.shows("the call ended").await;

    screen.press(&["C-c"]).await;
    let shown = screen.shows("left with 0").await;
    assert!(
        shown.contains(" icanon") && shown.contains(" echo "),
        "{shown}"
    );
    assert!(!screen.is_taken().await);
}

#[tokio::test]
async fn somebody_is_found_by_name_and_called_from_a_real_terminal() {
    if left_out() {
        return;
    }
    let server = server().await;
    let bruno = person(&server, "331").await;
    let screen = console(&server, "outgoing").await;
    screen.shows("connected").await;
    // Where another part is in use, only the field has somebody chosen.
    screen.press(&["Tab", "Tab", "d", "b", "i", "r"]).await;
    // An answer to the first letter alone is gone with the next.
    screen.shows("Dial: bir_").await;
    screen.shows("> o Bruno Birke").await;
    screen.press(&["Enter"]).await;
    let call = within(bruno.incoming()).await.expect("it rings");
    screen.shows("it rings there").await;
    call.reject().await.expect("he may");
    screen.shows("the other refused the call").await;
    screen.press(&["p", "Down", "Enter"]).await;
    screen.shows("330   Meeting").await;

    server.stop().await;
    screen.shows("CONNECTION LOST").await;
    screen.press(&["q"]).await;
    screen.shows("left with 0").await;
    assert!(!screen.is_taken().await);
}

#[tokio::test]
async fn a_favourite_a_conversation_and_a_ringing_colleague_are_called_by_keys() {
    if left_out() {
        return;
    }
    let server = server().await;
    let (bruno, clara) = (person(&server, "331").await, person(&server, "332").await);
    let rosa = person(&server, "330").await;
    let found = within(rosa.search("331")).await.expect("a directory");
    within(rosa.add_favourite(
        &found.contacts[0].id,
        &GroupName::new("Team").expect("a name"),
    ))
    .await
    .expect("she may");
    rosa.sign_out().await;
    let screen = console(&server, "favourites").await;
    screen.shows("connected").await;

    // People, then favourites.
    screen.press(&["Tab", "Enter"]).await;
    let call = within(bruno.incoming()).await.expect("it rings");
    call.reject().await.expect("he may");
    screen.shows("the other refused the call").await;

    // The conversation that this has left, then the call out of it.
    screen.press(&["Tab", "Enter"]).await;
    screen.shows("Enter call").await;
    screen.press(&["Enter"]).await;
    let call = within(bruno.incoming()).await.expect("it rings again");
    call.reject().await.expect("he may");
    screen.shows("the other refused the call").await;

    // Bruno stands first among the people, and a call rings at him.
    screen.press(&["Tab", "Tab"]).await;
    let call = within(clara.call("331")).await.expect("it rings");
    screen.shows("Bruno Birke 331  rings (internal)").await;
    screen.press(&["u"]).await;
    within(call.connected())
        .await
        .expect("she has picked it up");
    screen.shows("talking").await;
    screen.press(&["q"]).await;
    screen.shows("left with 0").await;
}

#[tokio::test]
async fn without_a_terminal_the_console_says_what_programs_use() {
    let mut command = bare();
    command.args(["--user", "330", "console"]);
    let told = complaint(&finish(command).await);
    for part in ["needs a terminal", "uc call", "--json"] {
        assert!(told.contains(part), "{told}");
    }
}
