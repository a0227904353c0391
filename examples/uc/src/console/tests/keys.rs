use std::time::Duration;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use uc_model::{ConversationId, PresenceState, Redacted};

use super::{
    super::{
        phone::{Effect, Input, Panel},
        popup::Request,
    },
    fixtures::{
        Alerting, Connected, Hold, asked, call, id, person, phone, picture, press, scene, typed,
    },
};
use crate::control::Control;

fn calls(number: &str) -> Request {
    Request::Call(Redacted::new(number.to_owned()))
}

#[test]
fn a_key_goes_to_the_call_that_allows_it() {
    let talking = call("1", Connected, Connected);
    let ringing = call("2", Alerting, Connected);
    let held = call("3", Hold, Connected);
    let mut phone = phone(scene([ringing, talking, held]));
    for (key, call, control) in [
        ('a', "2", Control::Answer),
        ('r', "2", Control::Reject),
        ('h', "1", Control::HangUp),
        ('o', "1", Control::Hold),
        ('m', "1", Control::Mute(true)),
    ] {
        let wanted = Request::Control(id(call), control);
        assert_eq!(asked(typed(&mut phone, &key.to_string())), wanted, "{key}");
    }
}

#[test]
fn the_chosen_call_comes_first_wherever_its_row_moves() {
    let (talking, held) = (call("1", Connected, Connected), call("2", Hold, Connected));
    let mut phone = phone(scene([talking.clone(), held.clone()]));
    press(&mut phone, KeyCode::BackTab);
    assert_eq!(phone.focus(), Panel::Calls);
    press(&mut phone, KeyCode::Down);
    let wanted = Request::Control(id("2"), Control::HangUp);
    assert_eq!(asked(typed(&mut phone, "h")), wanted);
    let retrieve = Request::Control(id("2"), Control::Retrieve);
    assert_eq!(asked(press(&mut phone, KeyCode::Enter)), retrieve);
    let rings = call("0", Alerting, Connected);
    phone.handle(Input::Scene(Box::new(scene([rings, talking, held]))));
    assert_eq!(asked(typed(&mut phone, "h")), wanted);
}

#[test]
fn keys_that_nothing_allows_are_neither_shown_nor_obeyed() {
    let mut phone = phone(scene([]));
    for key in ["a", "r", "h", "o", "m", "k", "b"] {
        assert_eq!(typed(&mut phone, key), None, "{key}");
    }
    let shown = picture(&phone, 80, 24);
    assert!(
        !shown.contains("answer") && shown.contains("d dial"),
        "{shown}"
    );
}

#[test]
fn a_number_is_dialled_as_it_is_typed() {
    let mut phone = phone(scene([]));
    let search = typed(&mut phone, "d+49 89 7x");
    assert_eq!(
        asked(search),
        Request::Search("+49 89 7x".to_owned().into())
    );
    press(&mut phone, KeyCode::Backspace);
    assert_eq!(asked(press(&mut phone, KeyCode::Enter)), calls("+49 89 7"));
    assert!(phone.popup().is_none());
}

#[test]
fn a_name_is_searched_and_the_chosen_one_called() {
    let mut phone = phone(scene([]));
    typed(&mut phone, "dei");
    assert_eq!(
        press(&mut phone, KeyCode::Enter),
        None,
        "nobody is found yet"
    );
    let late = Input::Found {
        text: "e".to_owned().into(),
        people: vec![person("Erwin Erle", "339", PresenceState::Office)],
    };
    phone.handle(late);
    let shown = picture(&phone, 80, 24);
    assert!(
        !shown.contains("Erwin"),
        "an answer to an older text: {shown}"
    );
    phone.handle(Input::Found {
        text: "ei".to_owned().into(),
        people: vec![
            person("Clara Eiche", "332", PresenceState::Meeting),
            person("Emil Eibe", "334", PresenceState::Office),
        ],
    });
    press(&mut phone, KeyCode::Down);
    assert_eq!(asked(press(&mut phone, KeyCode::Enter)), calls("334"));
}

#[test]
fn a_ringing_call_is_passed_on_and_the_field_closes_with_the_call() {
    let ringing = || scene([call("7", Alerting, Connected)]);
    let mut phone = phone(ringing());
    typed(&mut phone, "b332");
    let passed_on = Control::Deflect("332".to_owned().into());
    let wanted = Request::Control(id("7"), passed_on);
    assert_eq!(asked(press(&mut phone, KeyCode::Enter)), wanted);
    typed(&mut phone, "b3");
    phone.handle(Input::Scene(Box::new(scene([]))));
    assert!(phone.popup().is_none());
}

#[test]
fn an_active_and_a_held_call_are_changed_joined_and_handed_over() {
    let (active, held) = (call("1", Connected, Connected), call("2", Hold, Connected));
    let mut both = phone(scene([active.clone(), held]));
    let mut alone = phone(scene([active]));
    for (key, control) in [
        ("l", Control::Alternate),
        ("x", Control::Reconnect),
        ("t", Control::Transfer),
        ("f", Control::Conference),
    ] {
        let wanted = Request::Control(id("1"), control);
        assert_eq!(asked(typed(&mut both, key)), wanted);
        assert_eq!(typed(&mut alone, key), None, "{key}");
    }
}

#[test]
fn somebody_is_consulted_and_a_call_handed_over_or_picked_up() {
    let mut phone = phone(scene([call("1", Connected, Connected)]));
    let number = Redacted::new("332".to_owned());
    let control = |control| Request::Control(id("1"), control);
    for (keys, wanted) in [
        ("c332", control(Control::Consult(number.clone()))),
        ("b332", control(Control::BlindTransfer(number.clone()))),
        ("u332", Request::PickUp(number.clone())),
    ] {
        typed(&mut phone, keys);
        assert_eq!(asked(press(&mut phone, KeyCode::Enter)), wanted);
    }
}

#[test]
fn keys_are_sent_one_by_one_until_esc() {
    let mut phone = phone(scene([call("1", Connected, Connected)]));
    typed(&mut phone, "k");
    for (key, sent) in [('1', "1"), ('#', "#"), ('d', "D")] {
        let keys = Control::Keys(sent.to_owned().into());
        let pressed = press(&mut phone, KeyCode::Char(key));
        assert_eq!(asked(pressed), Request::Control(id("1"), keys));
    }
    assert_eq!(
        typed(&mut phone, "x"),
        None,
        "that is no key of a telephone"
    );
    assert!(picture(&phone, 80, 24).contains("sent: 1#D"));
    press(&mut phone, KeyCode::Esc);
    assert_eq!(
        asked(typed(&mut phone, "m")),
        Request::Control(id("1"), Control::Mute(true))
    );
}

#[test]
fn presence_is_chosen_from_the_present_one_on() {
    let mut phone = phone(scene([]));
    typed(&mut phone, "p");
    press(&mut phone, KeyCode::Down);
    press(&mut phone, KeyCode::Down);
    press(&mut phone, KeyCode::Down);
    let wanted = Request::Presence(PresenceState::Lunch);
    assert_eq!(asked(press(&mut phone, KeyCode::Enter)), wanted);
}

#[test]
fn people_favourites_conversations_and_numbers_dialled_last_are_called() {
    let mut phone = phone(scene([]));
    press(&mut phone, KeyCode::Down);
    assert_eq!(
        asked(press(&mut phone, KeyCode::Enter)),
        calls("332"),
        "the second colleague"
    );
    press(&mut phone, KeyCode::Tab);
    press(&mut phone, KeyCode::Down);
    assert_eq!(
        asked(press(&mut phone, KeyCode::Enter)),
        calls("331"),
        "of another group"
    );
    press(&mut phone, KeyCode::Tab);
    let read = Request::Read(ConversationId::new("with-332").unwrap());
    assert_eq!(
        asked(press(&mut phone, KeyCode::Enter)),
        read,
        "it was unread"
    );
    assert_eq!(asked(press(&mut phone, KeyCode::Enter)), calls("332"));
    typed(&mut phone, "e");
    press(&mut phone, KeyCode::Down);
    assert_eq!(
        asked(press(&mut phone, KeyCode::Enter)),
        calls("+49 89 700798765")
    );
}

#[test]
fn q_and_control_c_quit_and_esc_does_not() {
    let mut phone = phone(scene([]));
    assert_eq!(press(&mut phone, KeyCode::Esc), None);
    assert_eq!(typed(&mut phone, "q"), Some(Effect::Quit));
    typed(&mut phone, "d");
    assert!(
        typed(&mut phone, "q") != Some(Effect::Quit),
        "it is a letter in a field"
    );
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(phone.handle(Input::Key(control_c)), Some(Effect::Quit));
}

#[test]
fn a_call_counts_from_the_moment_that_it_is_connected() {
    let mut phone = phone(scene([call("1", Connected, Alerting)]));
    phone.handle(Input::Time(Duration::from_secs(5)));
    assert_eq!(phone.talked(&id("1")), None);
    phone.handle(Input::Scene(Box::new(scene([call(
        "1", Connected, Connected,
    )]))));
    phone.handle(Input::Time(Duration::from_secs(70)));
    assert_eq!(phone.talked(&id("1")), Some(Duration::from_secs(65)));
    assert!(picture(&phone, 80, 24).contains("1:05"));
}
