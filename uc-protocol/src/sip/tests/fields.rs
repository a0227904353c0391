use std::time::Duration;

use super::*;

#[test]
fn names_are_compared_without_case_and_in_both_forms() {
    let headers = headers(&[("v", "1"), ("VIA", "2"), ("x-own", "3")]);
    assert_eq!(headers.get("Via"), Some("1"));
    assert_eq!(headers.all("V").collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(headers.get("X-OWN"), Some("3"));
    assert_eq!(
        headers.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        ["Via", "Via", "x-own"]
    );
}

#[test]
fn commas_separate_values_only_where_they_may() {
    let digest = "Digest realm=\"a, b\", nonce=\"c\"";
    let headers = headers(&[
        ("Route", "<sip:a;x=1,2>, \"B, C\" <sip:b>,<sip:c>"),
        ("Route", "<sip:d>"),
        ("WWW-Authenticate", digest),
        ("Date", "Sat, 13 Nov 2010 23:29:00 GMT"),
    ]);
    let routes: Vec<_> = headers.all("Route").collect();
    assert_eq!(
        routes,
        ["<sip:a;x=1,2>", "\"B, C\" <sip:b>", "<sip:c>", "<sip:d>"]
    );
    assert_eq!(
        headers.all("WWW-Authenticate").collect::<Vec<_>>(),
        [digest]
    );
    assert_eq!(headers.all("Date").count(), 1);
}

#[test]
fn tokens_are_found_in_lists() {
    let headers = headers(&[("Supported", "100rel,Timer"), ("k", "replaces")]);
    for token in ["100rel", "timer", "replaces"] {
        assert!(headers.has_token("Supported", token));
    }
    assert!(!headers.has_token("Supported", "rel") && !headers.has_token("Require", "timer"));
}

#[test]
fn setting_replaces_in_place() {
    let mut headers = headers(&[("X-A", "1"), ("X-B", "2"), ("x-a", "3"), ("X-C", "4")]);
    headers.set("X-A", "5");
    headers.set("X-D", "6");
    headers.push_front("X-E", "0");
    headers.remove("x-c");
    let all: Vec<_> = headers.iter().collect();
    assert_eq!(
        all,
        [("X-E", "0"), ("X-A", "5"), ("X-B", "2"), ("X-D", "6")]
    );
    assert_eq!((headers.len(), headers.is_empty()), (4, false));
}

#[test]
fn no_value_adds_a_line_of_its_own() {
    let mut request = request(read(&format!("OPTIONS sip:b@c SIP/2.0\n{FIELDS}\n")));
    request.headers.push("Subject", "x\r\nEvil: 1\r\n\r\n");
    request.uri.host = "c\r\nEvil:".to_owned();
    let mut response = Response::new(200, "OK\r\nEvil: 1");
    response.headers = request.headers.clone();
    for message in [Message::from(request), response.into()] {
        let written = String::from_utf8(write(&message)).unwrap();
        assert!(!written.contains("\nEvil"), "{written}");
        assert!(written.contains("\r\nSubject: x  Evil: 1\r\n"));
    }
}

#[test]
fn the_length_is_the_bodys_whatever_was_said() {
    let mut request = request(read(&format!(
        "INVITE sip:b@c SIP/2.0\n{FIELDS}l: LENGTH\n\nv=0\n"
    )));
    assert_eq!(request.headers.get("Content-Length"), None);
    request.headers.push("l", "1");
    request.body = b"abc".to_vec();
    let written = String::from_utf8(write(&request.into())).unwrap();
    assert_eq!(written.matches("Content-Length").count(), 1);
    assert!(written.ends_with("Content-Length: 3\r\n\r\nabc"));
}

#[test]
fn a_line_that_is_not_utf_8_is_read_as_latin_1() {
    let mut bytes = wire(&format!(
        "INVITE sip:b@c SIP/2.0\nSubject: M_ller\n{FIELDS}l: LENGTH\n\nv=0\n"
    ));
    let at = bytes.iter().position(|b| *b == b'_').unwrap();
    bytes[at] = 0xFC;
    let message = Message::read(&bytes).unwrap();
    assert_eq!(message.headers().get("Subject"), Some("Müller"));
    assert_eq!(
        (message.headers().len(), message.body()),
        (7, &b"v=0\r\n"[..])
    );
}

#[test]
fn lines_may_end_without_carriage_return() {
    let text = format!("INVITE sip:b@c SIP/2.0\n{FIELDS}Subject: a\n b\nl: 3\n\nabc");
    let message = Message::read(text.as_bytes()).unwrap();
    assert_eq!(
        (message.headers().get("Subject"), message.body()),
        (Some("a b"), &b"abc"[..])
    );
}

#[test]
fn what_is_no_message_is_refused() {
    let read = |text: &str| Message::read(text.as_bytes()).unwrap_err();
    assert_eq!(read(""), SipError::Empty);
    assert_eq!(read("\r\n\r\n"), SipError::Empty);
    assert_eq!(read("INVITE sip:b@c SIP/2.0\r\nVia: x"), SipError::NoEnd);
    assert_eq!(read("SIP/2.0 200 O\\\0K\r\n\r\n"), SipError::StartLine);
    let line = |line: &str| read(&format!("INVITE sip:b@c SIP/2.0\r\n{line}\r\n\r\n"));
    for bad in [
        "no colon",
        ": no name",
        "two words: x",
        "a: \0",
        "a: x\ry",
        "a: \x1b[2J",
    ] {
        assert_eq!(line(bad), SipError::Line(2), "{bad:?}");
    }
    assert_eq!(
        line(&format!("a: {}", "x".repeat(8 * 1024))),
        SipError::LineTooLong(2)
    );
    assert_eq!(
        line(&format!("a: x{}", "\r\n x".repeat(8 * 1024))),
        SipError::LineTooLong(2)
    );
    assert_eq!(line(&"a: b\r\n".repeat(300)), SipError::TooManyHeaders);
    let long = format!("INVITE sip:b@c SIP/2.0\r\n\r\n{}", "x".repeat(65_536));
    assert_eq!(read(&long), SipError::TooLarge(long.len()));
}

#[test]
fn session_timers_are_read() {
    let headers = headers(&[("x", "1800;refresher=UAC"), ("Min-SE", "90;a=b")]);
    let expected = SessionExpires {
        seconds: 1800,
        refresher: Some(Refresher::Uac),
    };
    assert_eq!(headers.session_expires(), Some(expected));
    assert_eq!(headers.min_se(), Some(90));
}

#[test]
fn provisional_responses_are_acknowledged_by_number() {
    let headers = headers(&[("RSeq", "988789"), ("RAck", "776656 1 INVITE")]);
    let rack = RAck {
        rseq: 776_656,
        cseq: 1,
        method: Method::Invite,
    };
    assert_eq!(
        (headers.rseq(), headers.rack()),
        (Some(988_789), Some(rack.clone()))
    );
    assert_eq!(rack.to_string(), "776656 1 INVITE");
}

#[test]
fn replaces_is_read_as_a_field_and_inside_a_referral() {
    let headers = headers(&[
        (
            "Replaces",
            "425928@bobster.example.org;to-tag=7743;from-tag=6472;early-only",
        ),
        (
            "r",
            "<sip:bob@example.org?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2&x=y>",
        ),
    ]);
    let replaces = headers.replaces().unwrap().unwrap();
    assert_eq!(
        (&*replaces.call_id, replaces.early_only),
        ("425928@bobster.example.org", true)
    );
    let inside = headers.refer_to().unwrap().replaces().unwrap().unwrap();
    let tags = (&*inside.to_tag, &*inside.from_tag);
    assert_eq!((&*inside.call_id, tags), ("a@b", ("1", "2")));
    assert_eq!(
        "a@b;to-tag=1".parse::<Replaces>(),
        Err(SipError::Malformed("Replaces"))
    );
}

#[test]
fn reasons_delays_and_packages_are_read() {
    let headers = headers(&[
        (
            "Reason",
            "Q.850;cause=16;text=\"Normal, so far\", SIP;cause=200",
        ),
        ("Retry-After", "18000 (back at 9);duration=3600"),
        ("c", "application/sdp ; charset=utf-8"),
        ("o", "message-summary;id=1"),
        (
            "Subscription-State",
            "terminated;reason=timeout;retry-after=7",
        ),
    ]);
    let reason = headers.reason().unwrap();
    assert_eq!((&*reason.protocol, reason.cause), ("Q.850", Some(16)));
    assert_eq!(reason.text.as_deref(), Some("Normal, so far"));
    assert_eq!(headers.retry_after(), Some(Duration::from_secs(18_000)));
    assert_eq!(headers.content_type(), Some("application/sdp"));
    assert_eq!(headers.event(), Some("message-summary"));
    let state = headers.subscription_state().unwrap();
    assert_eq!(
        (state.state, state.retry_after),
        (Substate::Terminated, Some(7))
    );
    assert_eq!(state.reason.as_deref(), Some("timeout"));
}

#[test]
fn a_star_is_no_contact() {
    let headers = headers(&[("m", "*"), ("Expires", "0")]);
    assert!(headers.contact_star() && headers.contacts().unwrap().is_empty());
    assert_eq!(headers.expires(), Some(0));
}

#[test]
fn debug_shows_names_and_no_values() {
    let text = format!(
        "INVITE sip:bob@c SIP/2.0\n{FIELDS}Authorization: Digest response=\"abc123\"\nl: LENGTH\n\n\
         a=ice-pwd:hidden\n"
    );
    let shown = format!("{:?}", read(&text));
    for hidden in ["bob", "alice", "abc123", "ice-pwd", "192.0.2.1"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    assert!(shown.contains("Authorization") && shown.contains("Invite"));
}
