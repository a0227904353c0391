use super::*;
use crate::ucx::{Candidates, Event, Hello, PresenceUpdate};

fn hello(bytes: &[u8]) -> DecodeError {
    decode::<Hello>(bytes).unwrap_err()
}

#[test]
fn a_body_over_its_size_is_refused_unread() {
    let body = vec![b'['; 100_000_000];
    assert_eq!(hello(&body), DecodeError::TooLarge(100_000_000));
}

#[test]
fn deep_nesting_is_refused_where_it_gets_too_deep() {
    let body = format!("{{\"server\":{}", "[".repeat(10_000));
    assert_eq!(hello(body.as_bytes()), DecodeError::TooDeep(41));
    let objects = "{\"a\":".repeat(10_000);
    assert_eq!(hello(objects.as_bytes()), DecodeError::TooDeep(32 * 5));
}

#[test]
fn brackets_in_texts_are_no_nesting() {
    let note = format!("{}\\\"{}", "[".repeat(100), "{".repeat(100));
    let body = format!("{{\"state\":\"home\",\"note\":\"{note}\"}}");
    decode::<PresenceUpdate>(body.as_bytes()).unwrap();
}

#[test]
fn errors_say_where() {
    assert_eq!(hello(b""), DecodeError::Truncated(0));
    assert_eq!(hello(b"{\"server\":\"s\""), DecodeError::Truncated(13));
    assert_eq!(hello(b"{\"server\" \"s\"}"), DecodeError::Syntax(10));
    assert_eq!(hello(b"\n\n  x"), DecodeError::Syntax(4));
    assert_eq!(hello(b"{\"server\":\"\xFF\"}"), DecodeError::Syntax(11));
    assert!(matches!(
        hello(b"{\"server\":\n5}"),
        DecodeError::Shape(11..=12)
    ));
    assert!(matches!(hello(b"{}"), DecodeError::Shape(0..=2)));
    assert!(matches!(
        hello(b"{} x"),
        DecodeError::Syntax(3) | DecodeError::Shape(_)
    ));
}

#[test]
fn fields_over_their_limit_are_named() {
    let long = "x".repeat(1025);
    let update = format!("{{\"state\":\"home\",\"note\":\"{long}\"}}");
    let error = FieldError {
        field: "note",
        found: 1025,
        limit: 1024,
    };
    let result = decode::<PresenceUpdate>(update.as_bytes());
    assert_eq!(result.unwrap_err(), DecodeError::Field(error));
    let many = Candidates {
        generation: 1,
        candidates: vec![String::new(); 65],
        complete: false,
    };
    let result = decode::<Candidates>(&encode(&many)).unwrap_err();
    assert!(matches!(
        result,
        DecodeError::Field(FieldError {
            field: "candidates",
            ..
        })
    ));
}

#[test]
fn unknown_events_and_fields_are_read_over() {
    assert_eq!(
        decode::<Event>(b"{\"type\":\"news\",\"x\":[1]}"),
        Ok(Event::Unknown)
    );
    assert_eq!(
        decode::<Event>(b"{\"type\":\"reset\",\"x\":[1]}"),
        Ok(Event::Reset)
    );
}

#[test]
fn errors_repeat_nothing_of_the_content() {
    let error = decode::<Event>(b"{\"type\":\"call\",\"id\":{\"secret\":1}}").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("secret"));
}
