use std::fmt;

use super::{
    Answer, Command, DeviceState, Done, Event, Login, MadeCall, Names, PhoneBook, Presences, Query,
    Refusal, decode_events, encode_events,
};

/// Takes any octets as each kind of answer: what is read survives being written.
#[doc(hidden)]
pub fn exercise_answers(bytes: &[u8]) {
    survives::<Login>("Login", bytes);
    survives::<MadeCall>("MakeCall", bytes);
    survives::<Presences>("GetPresenceXML", bytes);
    survives::<DeviceState>("GetDeviceState", bytes);
    let names = Names::default();
    let _ = PhoneBook::decode("PhBookSearch", bytes, &names);
    if let Ok(Err(refusal @ Refusal::NotLoggedIn)) = Done::decode("Logout", bytes, &names) {
        let again = Done::decode("Logout", &refusal.encode("Logout"), &names);
        assert_eq!(again, Ok(Err(refusal)));
    }
}

fn survives<T: Answer + PartialEq + fmt::Debug>(command: &str, bytes: &[u8]) {
    let names = Names::default();
    if let Ok(Ok(answer)) = T::decode(command, bytes, &names) {
        let again = T::decode(command, &answer.encode(command, &names), &names);
        assert_eq!(again, Ok(Ok(answer)));
    }
}

/// Takes any octets as an answer of the long poll: what is read survives being written, but for
/// events that can't be read.
#[doc(hidden)]
pub fn exercise_events(bytes: &[u8]) {
    let names = Names::default();
    if let Ok(mut events) = decode_events(bytes, &names) {
        events.retain(|event| *event != Event::Unreadable);
        let written = encode_events(&events, &names);
        assert_eq!(decode_events(&written, &names), Ok(events));
    }
}

/// Takes any octets as a request: what is read survives being written.
#[doc(hidden)]
pub fn exercise_query(bytes: &[u8]) {
    let names = Names::default();
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(query) = Query::parse(text)
        && let Ok((command, session)) = Command::read(&query, &names)
    {
        let written = command.query(&names, session.as_ref()).path();
        let again = Query::parse(&written).map(|query| Command::read(&query, &names));
        // Percent-encoding makes it longer, perhaps too long.
        if let Ok(again) = again {
            assert_eq!(again, Ok((command, session)));
        }
    }
}
