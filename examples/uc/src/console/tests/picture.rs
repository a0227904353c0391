use ratatui::crossterm::event::KeyCode;
use uc_model::PresenceState;
use uc_session::{Connection, Sound, port::MediaError};

use super::{
    super::phone::{Input, Panel},
    fixtures::{Alerting, Connected, Hold, call, person, phone, picture, press, scene, typed},
};

#[test]
fn everything_is_on_one_screen_of_80_by_24() {
    let mut phone = phone(scene([]));
    insta::assert_snapshot!("idle", picture(&phone, 80, 24));
    let mut muted = call("1", Connected, Connected);
    muted.muted = true;
    let calls = [
        call("2", Alerting, Connected),
        muted,
        call("3", Hold, Connected),
    ];
    phone.handle(Input::Scene(Box::new(scene(calls))));
    phone.handle(Input::Notice(
        "Clara Eiche: nobody answered.".to_owned().into(),
    ));
    insta::assert_snapshot!("calls", picture(&phone, 80, 24));
}

#[test]
fn trouble_is_told_in_plain_words() {
    let mut lost = scene([]);
    lost.connection = Connection::Restoring;
    lost.trouble = Some("the server doesn't answer any more".to_owned());
    let mut broken = call("1", Connected, Connected);
    broken.sound = Sound::Interrupted;
    lost.calls = vec![broken.into()];
    let mut phone = phone(lost);
    let shown = picture(&phone, 80, 24);
    let told = "CONNECTION LOST, being restored (the server doesn't answer any more)";
    assert!(shown.contains(told), "{shown}");
    assert!(shown.contains("sound interrupted"), "{shown}");
    let mut silent = call("1", Connected, Connected);
    silent.sound = Sound::Failed(MediaError::Closed);
    let mut ended = scene([silent]);
    ended.connection = Connection::Ended;
    phone.handle(Input::Scene(Box::new(ended)));
    let shown = picture(&phone, 120, 24);
    assert!(
        shown.contains("sign in again") && shown.contains("no sound: "),
        "{shown}"
    );
}

#[test]
fn what_is_chosen_or_entered_lies_over_the_screen() {
    let mut phone = phone(scene([]));
    typed(&mut phone, "d3");
    phone.handle(Input::Found {
        text: "3".to_owned().into(),
        people: vec![person("Clara Eiche", "332", PresenceState::Meeting)],
    });
    insta::assert_snapshot!("dial", picture(&phone, 80, 24));
    press(&mut phone, KeyCode::Esc);
    typed(&mut phone, "p");
    insta::assert_snapshot!("presence", picture(&phone, 80, 24));
    press(&mut phone, KeyCode::Esc);
    while phone.focus() != Panel::Conversations {
        press(&mut phone, KeyCode::Tab);
    }
    press(&mut phone, KeyCode::Enter);
    insta::assert_snapshot!("conversation", picture(&phone, 80, 24));
}

#[test]
fn it_fits_any_terminal_and_uses_a_large_one() {
    let phone = phone(scene([call("2", Alerting, Connected)]));
    for (width, height) in [(1, 1), (20, 5), (40, 12), (300, 100)] {
        picture(&phone, width, height);
    }
    let large = picture(&phone, 140, 50);
    assert!(
        large.contains("2026-11-30 13:00 UTC missed call"),
        "{large}"
    );
}

#[test]
fn what_others_write_does_not_command_the_terminal() {
    let mut scene = scene([]);
    let evil = person("\u{1b}[2JBruno\u{7}", "331", PresenceState::Office);
    scene.people = vec![evil];
    let shown = picture(&phone(scene), 80, 24);
    assert!(!shown.contains(['\u{1b}', '\u{7}']), "{shown:?}");
}
