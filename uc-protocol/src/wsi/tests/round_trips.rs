//! What one side writes, the other reads; what nobody wrote does no harm.

use std::fmt::Debug;

use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::{
    ucx::{Cause, ConnectionState, Secret},
    wsi::{
        Answer, BookEntry, BookNumber, BookNumberKind, CallEvent, CallEventKind, CallFailure,
        CallService, Command, Connection, DeviceCall, DeviceState, Done, Event, Hook, Login,
        MadeCall, Name, Names, PersonPresence, PhoneBook, Presence, Presences, Query, Refusal,
        Version, decode_events, encode_events,
    },
    xml::Element,
};

/// Text that XML keeps: no control characters, no white space around it.
fn text() -> impl Strategy<Value = String> {
    r#"[a-zäß<>&"'\]✓🦀]([ a-zäß<>&"'\t\n\r]{0,12}[a-zäß<>&"'✓🦀])?"#
}

fn number() -> impl Strategy<Value = String> {
    r"[0-9+*#]{1,12}"
}

fn id() -> impl Strategy<Value = String> {
    "[-A-Za-z0-9._@]{1,20}"
}

fn presence() -> impl Strategy<Value = Presence> {
    select(Presence::ALL.to_vec())
}

fn people() -> impl Strategy<Value = Vec<PersonPresence>> {
    let person = (id(), presence()).prop_map(|(user, presence)| PersonPresence { user, presence });
    vec(person, 0..5)
}

/// An application's own table: some names differ, none twice the same.
fn names() -> impl Strategy<Value = Names> {
    let changed = vec(select(Name::ALL.to_vec()), 0..8);
    changed.prop_map(|changed| {
        let other = |names: Names, name: Name| names.with(name, format!("x{name:?}"));
        changed.into_iter().fold(Names::default(), other)
    })
}

fn commands() -> impl Strategy<Value = Command> {
    let services = [
        CallService::Answer,
        CallService::Clear,
        CallService::Hold,
        CallService::Retrieve,
    ];
    prop_oneof![
        (id(), ".{0,20}").prop_map(|(user, password)| Command::Login {
            user,
            password: Secret(password),
        }),
        Just(Command::Logout),
        number().prop_map(|device| Command::EventStart { device }),
        number().prop_map(|device| Command::EventStop { device }),
        number().prop_map(|device| Command::GetEvents { device }),
        (id(), vec("[0-9]{1,4}", 0..4))
            .prop_map(|(user, devices)| Command::HookSubscribe { user, devices }),
        (number(), ".{1,20}").prop_map(|(from, to)| Command::MakeCall { from, to }),
        (select(services.to_vec()), id(), number()).prop_map(|(service, call, device)| {
            Command::Call {
                service,
                connection: Connection { call, device },
            }
        }),
        number().prop_map(|device| Command::GetDeviceState { device }),
        (id(), presence()).prop_map(|(user, presence)| Command::SetPresence { user, presence }),
        Just(Command::GetPresence),
        (".{0,20}", any::<u8>()).prop_map(|(text, limit)| Command::SearchBook { text, limit }),
        Just(Command::GetServerParam),
    ]
}

fn states() -> impl Strategy<Value = ConnectionState> {
    select(vec![
        ConnectionState::Null,
        ConnectionState::Initiated,
        ConnectionState::Alerting,
        ConnectionState::Connected,
        ConnectionState::Hold,
        ConnectionState::Queued,
        ConnectionState::Fail,
    ])
}

prop_compose! {
    fn calls()(
        call in id(), calling in number(), called in number(), local in states(), far in states(),
    ) -> DeviceCall {
        DeviceCall { call, calling, called, local, far }
    }
}

fn book_numbers() -> impl Strategy<Value = BookNumber> {
    let kinds = [
        BookNumberKind::Extension,
        BookNumberKind::Business,
        BookNumberKind::Mobile,
        BookNumberKind::Private,
    ];
    (select(kinds.to_vec()), number()).prop_map(|(kind, number)| BookNumber { kind, number })
}

prop_compose! {
    fn entries()(
        id in id(),
        first in option::of(text()),
        last in option::of(text()),
        email in option::of(text()),
        numbers in vec(book_numbers(), 0..5),
    ) -> BookEntry {
        BookEntry {
            id,
            first_name: first.unwrap_or_default(),
            last_name: last.unwrap_or_default(),
            email: email.unwrap_or_default(),
            numbers,
        }
    }
}

prop_compose! {
    fn call_events()(
        kind in select(vec![
            CallEventKind::ServiceInitiated,
            CallEventKind::Delivered,
            CallEventKind::Established,
            CallEventKind::Held,
            CallEventKind::Retrieved,
            CallEventKind::ConnectionCleared,
            CallEventKind::Queued,
        ]),
        device in number(),
        call in option::of(id()),
        calling in option::of(number()),
        called in option::of(number()),
        by in option::of(number()),
        cause in option::of(select(vec![
            Cause::Normal,
            Cause::Busy,
            Cause::Rejected,
            Cause::NoAnswer,
            Cause::Cancelled,
            Cause::NoSuchNumber,
            Cause::Unreachable,
            Cause::AnsweredElsewhere,
        ])),
    ) -> CallEvent {
        let acts = matches!(
            kind,
            CallEventKind::Held | CallEventKind::Retrieved | CallEventKind::ConnectionCleared
        );
        CallEvent { kind, device, call, calling, called, by: by.filter(|_| acts), cause }
    }
}

fn events() -> impl Strategy<Value = Event> {
    let hook = (number(), text(), text(), text()).prop_map(|(device, hook, inout, intext)| Hook {
        device,
        hook,
        inout,
        intext,
    });
    prop_oneof![
        call_events().prop_map(Event::Call),
        vec(hook, 0..3).prop_map(Event::Hook),
        people().prop_map(Event::Presence),
        Just(Event::Device),
        Just(Event::Other),
    ]
}

fn survives<T: Answer + PartialEq + Debug>(answer: &T, names: &Names) {
    let bytes = answer.encode("Command", names);
    assert_eq!(
        T::decode("Command", &bytes, names).unwrap().as_ref(),
        Ok(answer)
    );
}

proptest! {
    #[test]
    fn commands_survive_the_wire(
        command in commands(), session in option::of("[0-9a-f]{8,32}"), names in names(),
    ) {
        let session = session.map(Secret);
        let path = command.query(&names, session.as_ref()).path();
        let query = Query::parse(&path).unwrap();
        prop_assert_eq!(Command::read(&query, &names), Ok((command, session)));
    }

    #[test]
    fn sign_ins_survive_the_wire(id in "[1-9a-f][0-9a-f]{7}", count: u32, texts in vec(text(), 5)) {
        let [version, branding, variant, application, platform] = texts.try_into().unwrap();
        let version = Version { version, branding, variant, application, platform };
        survives(&Login { session: Secret(id), count, version }, &Names::default());
    }

    #[test]
    fn answers_survive_the_wire(
        call in option::of(id()),
        calls in vec(calls(), 0..4),
        people in people(),
        entries in vec(entries(), 0..4),
        more: bool,
        names in names(),
    ) {
        survives(&Done, &names);
        survives(&MadeCall { call }, &names);
        survives(&DeviceState { calls }, &names);
        survives(&Presences { people }, &names);
        survives(&PhoneBook { entries, more }, &names);
    }

    #[test]
    fn refusals_survive_the_wire(reason in text(), command in select(vec!["Login", "HoldCall"])) {
        for refusal in [
            Refusal::NotLoggedIn,
            Refusal::NotMonitored,
            Refusal::Call(reason.clone()),
            Refusal::Other(reason.clone()),
        ] {
            let bytes = refusal.encode(command);
            prop_assert_eq!(Done::decode(command, &bytes, &Names::default()), Ok(Err(refusal)));
        }
    }

    #[test]
    fn events_survive_the_wire(events in vec(events(), 0..6), names in names()) {
        let bytes = encode_events(&events, &names);
        prop_assert_eq!(decode_events(&bytes, &names), Ok(events));
    }

    #[test]
    fn whatever_xml_is_read_is_read_again_as_the_same(text in r#"(<|>|/|a|b|=|"|'|&|;|#|x|[0-9]| |!|\[|\]|-|\?){0,40}"#) {
        if let Ok(tree) = Element::parse(text.as_bytes()) {
            prop_assert!(Element::parse(&tree.to_bytes()) == Ok(tree));
        }
    }

    #[test]
    fn bytes_of_any_kind_do_no_harm(bytes in vec(any::<u8>(), 0..200)) {
        let names = Names::default();
        let _ = Login::decode("Login", &bytes, &names);
        let _ = PhoneBook::decode("PhBookSearch", &bytes, &names);
        let _ = decode_events(&bytes, &names);
        if let Ok(query) = Query::parse(&String::from_utf8_lossy(&bytes)) {
            let _ = Command::read(&query, &names);
        }
    }
}

#[test]
fn the_codes_of_failed_calls_are_told_apart() {
    let names = Names::default().with(Name::ErrorState, "notNow");
    for failure in [
        CallFailure::NoSuchNumber,
        CallFailure::NoSuchCall,
        CallFailure::WrongState,
        CallFailure::Busy,
        CallFailure::Unreachable,
    ] {
        let refusal = Refusal::of_call(failure, &names);
        assert_eq!(refusal.call_failure(&names), Some(failure));
    }
    assert_eq!(
        Refusal::Call("notNow".into()).call_failure(&Names::default()),
        None
    );
    assert_eq!(Refusal::NotLoggedIn.call_failure(&names), None);
}

#[test]
fn every_inferred_name_is_its_own() {
    for name in Name::ALL {
        assert!(!name.assumed().is_empty());
        let names = Names::default().with(*name, "other");
        assert!(names.is_overridden(*name));
        assert_eq!(names.of(*name), "other");
        let others = Name::ALL.iter().filter(|other| *other != name);
        assert!(
            others
                .into_iter()
                .all(|other| names.of(*other) == other.assumed())
        );
    }
}

#[test]
fn what_was_relied_on_is_remembered() {
    let names = Names::default().with(Name::StateDevice, "deviceObject");
    assert_eq!(names.relied_on().count(), 0);
    let device = || "330".to_owned();
    Command::GetDeviceState { device: device() }.query(&names, None);
    assert_eq!(names.relied_on().count(), 0, "the application knows better");
    Command::MakeCall {
        from: device(),
        to: device(),
    }
    .query(&names, None);
    assert_eq!(names.relied_on().count(), 0, "these names were seen");
    let hold = Command::Call {
        service: CallService::Hold,
        connection: Connection {
            call: "1".into(),
            device: device(),
        },
    };
    hold.query(&names, None);
    let expected = [
        Name::CallToBeHeld,
        Name::PartSeparator,
        Name::CallId,
        Name::ConnectionDevice,
    ];
    assert_eq!(names.relied_on().collect::<Vec<_>>(), expected);
    let bare = br#"{"events":[{"type":"AgentState"}]}"#;
    decode_events(bare, &names).unwrap();
    assert_eq!(names.clone().relied_on().count(), expected.len());
}
