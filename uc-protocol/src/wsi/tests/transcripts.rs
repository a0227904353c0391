//! The oracle: what public sources show, byte for byte.

use crate::{
    ucx::Secret,
    wsi::{
        Answer, CallEvent, CallEventKind, Command, Done, Event, Hook, Login, MadeCall, Names,
        Presence, Query, Refusal, Version, decode_events, encode_events,
    },
};

struct Exchange {
    path: &'static str,
    answer: &'static [u8],
}

fn exchange(name: &str) -> Exchange {
    let text = include_str!("../../../wsi-transcripts.txt");
    let mut lines = text.lines();
    lines
        .find(|line| line.strip_prefix("== ") == Some(name))
        .unwrap();
    let mut lines = lines.filter(|line| !line.starts_with('#'));
    let path = lines.next().unwrap().strip_prefix("> ").unwrap();
    let answer = lines
        .next()
        .unwrap()
        .strip_prefix('<')
        .unwrap()
        .trim_start();
    Exchange {
        path,
        answer: answer.as_bytes(),
    }
}

/// The request is written as it was seen, and read back as what was meant.
fn asks(name: &str, command: Command) -> &'static [u8] {
    let names = Names::default();
    let Exchange { path, answer } = exchange(name);
    let session = (command.name() != "Login").then(|| Secret("3b06a3af".into()));
    assert_eq!(command.query(&names, session.as_ref()).path(), path);
    let query = Query::parse(path).unwrap();
    assert_eq!(Command::read(&query, &names), Ok((command, session)));
    answer
}

/// The answer is read as what it means, and written as it was seen.
fn gives<T: Answer + PartialEq + std::fmt::Debug>(command: &str, answer: &[u8], meaning: &T) {
    let names = Names::default();
    let read = T::decode(command, answer, &names).unwrap();
    assert_eq!(read.as_ref(), Ok(meaning));
    assert_eq!(meaning.encode(command, &names), answer);
}

fn refuses(command: &str, answer: &[u8], refusal: &Refusal) {
    let read = Done::decode(command, answer, &Names::default()).unwrap();
    assert_eq!(read.as_ref(), Err(refusal));
    assert_eq!(refusal.encode(command), answer);
}

fn tells(name: &str, events: &[Event]) {
    let names = Names::default();
    let answer = asks(
        name,
        Command::GetEvents {
            device: "1051".into(),
        },
    );
    assert_eq!(decode_events(answer, &names).unwrap(), events);
    assert_eq!(encode_events(events, &names), answer);
}

fn login(password: &str) -> Command {
    Command::Login {
        user: "330".into(),
        password: Secret(password.into()),
    }
}

fn event_start() -> Command {
    Command::EventStart {
        device: "1051".into(),
    }
}

fn make_call(to: &str) -> Command {
    Command::MakeCall {
        from: "1051".into(),
        to: to.into(),
    }
}

fn set_presence() -> Command {
    Command::SetPresence {
        user: "330".into(),
        presence: Presence::Meeting,
    }
}

fn call_event(kind: CallEventKind) -> Event {
    Event::Call(CallEvent {
        kind,
        device: "1051".into(),
        call: None,
        calling: None,
        called: None,
        by: None,
        cause: None,
    })
}

#[test]
fn a_sign_in_gives_a_session_and_the_version() {
    let answer = asks("login", login("secret"));
    let version = Version {
        version: "4.00.721e".into(),
        branding: "1".into(),
        variant: "MR5".into(),
        application: "UCSUITE".into(),
        platform: "OCAB".into(),
    };
    assert!(version.is_suite());
    let session = Secret("3b06a3af".into());
    gives(
        "Login",
        answer,
        &Login {
            session,
            count: 1,
            version,
        },
    );
}

#[test]
fn a_failed_sign_in_has_the_id_0_and_an_error_inside_or_beside_it() {
    let answer = asks("login refused", login("wrong"));
    let refusal = Refusal::Other("login failed".into());
    refuses("Login", answer, &refusal);
    let beside = b"<LOGIN><ID>0</ID></LOGIN><ERROR><REASON>login failed</REASON></ERROR>";
    let read = Login::decode("Login", beside, &Names::default()).unwrap();
    assert_eq!(read, Err(refusal));
    let silent = Login::decode("Login", b"<LOGIN><ID>0</ID></LOGIN>", &Names::default());
    assert!(silent.is_err(), "an id of 0 is never a session");
}

#[test]
fn a_sign_out_and_a_dead_session_are_told_apart() {
    gives("Logout", asks("logout", Command::Logout), &Done);
    let answer = asks("dead session", Command::GetServerParam);
    refuses("GetServerParam", answer, &Refusal::NotLoggedIn);
    for answer in [
        "<NOT_LOGGED_IN/>",
        "<ERROR>NOT_LOGGED_IN</ERROR>",
        "<GetEvents>NOT_LOGGED_IN</GetEvents>",
        "<GetEvents error=\"NOT_LOGGED_IN\"/>",
        "<GetEvents><REASON>NOT_LOGGED_IN</REASON></GetEvents>",
        "<X><ERROR><CODE>5</CODE><REASON>NOT_LOGGED_IN: sign in</REASON></ERROR></X>",
    ] {
        let read = Done::decode("GetEvents", answer.as_bytes(), &Names::default());
        assert_eq!(read, Ok(Err(Refusal::NotLoggedIn)), "{answer}");
    }
}

#[test]
fn events_are_begun_and_waited_for() {
    gives("EventStart", asks("event start", event_start()), &Done);
    let refused = asks("event start refused", event_start());
    refuses("EventStart", refused, &Refusal::NotMonitored);
    let hooks = Command::HookSubscribe {
        user: "1051".into(),
        devices: vec!["201".into(), "202".into()],
    };
    gives("HookSubscribe", asks("hook subscribe", hooks), &Done);
}

#[test]
fn every_event_that_was_seen_is_read_and_written() {
    use CallEventKind::{ConnectionCleared, Delivered, Established, Queued, ServiceInitiated};
    tells("events", &[call_event(Delivered)]);
    let kinds = [
        ServiceInitiated,
        Delivered,
        Established,
        ConnectionCleared,
        Queued,
    ];
    tells("events of a call", &kinds.map(call_event));
    let hook = Hook {
        device: "201".into(),
        hook: "off".into(),
        inout: "in".into(),
        intext: "int".into(),
    };
    tells("hook events", &[Event::Hook(vec![hook])]);
    tells("no events", &[]);
}

#[test]
fn types_without_a_device_are_read_whatever_else_they_hold() {
    let body = br#"{"events":[{"type":"PresenceEvent"},{"type":"DevStateChange","x":1},
        {"type":"AgentState","jsonEvent":{}},{"type":"DeliveredEvent"},{"type":7},{}]}"#;
    let events = decode_events(body, &Names::default()).unwrap();
    let known = [Event::Presence(vec![]), Event::Device, Event::Other];
    let not = || Event::Unreadable;
    assert_eq!(events[..3], known);
    assert_eq!(events[3..], [not(), not(), not()]);
}

#[test]
fn calls_are_made_and_fail_as_seen() {
    gives(
        "MakeCall",
        asks("make call", make_call("#97*201")),
        &MadeCall { call: None },
    );
    let refusal = Refusal::Call("invalidCalledDeviceID".into());
    refuses("MakeCall", asks("call failure", make_call("999")), &refusal);
}

#[test]
fn presence_is_set_by_number() {
    gives("SetPresence", asks("set presence", set_presence()), &Done);
    let refused = asks("set presence refused", set_presence());
    refuses(
        "SetPresence",
        refused,
        &Refusal::Other("no such user".into()),
    );
    assert_eq!(
        Presence::ALL.map(Presence::number),
        [1, 2, 3, 4, 5, 6, 7, 8, 9]
    );
    assert_eq!(Presence::from_digits("9"), Some(Presence::DoNotDisturb));
    for nonsense in ["0", "10", "", "x", "-1", "256"] {
        assert_eq!(Presence::from_digits(nonsense), None, "{nonsense}");
    }
}
