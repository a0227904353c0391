//! What bad input gets: a typed error with its place, within bounds.

use crate::{
    XmlError,
    limits::{MAX_BODY_BYTES, MAX_QUERY_BYTES, MAX_WSI_EVENTS, MAX_XML_DEPTH, MAX_XML_ELEMENTS},
    ucx::{DecodeError, Secret},
    wsi::{
        Answer, Command, CommandError, Connection, DeviceState, Done, Names, PhoneBook, Presences,
        Query, QueryError, Refusal, WsiError, decode_events,
    },
    xml::Element,
};

fn xml(text: &str) -> Result<(), XmlError> {
    Element::parse(text.as_bytes()).map(drop)
}

#[test]
fn entities_are_never_expanded() {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><x>&b;</x>";
    assert!(matches!(xml(bomb), Err(XmlError::Entity(_))));
    assert!(matches!(xml("<x>&b;</x>"), Err(XmlError::Entity(_))));
    assert!(matches!(xml("<x y=\"&b;\"/>"), Err(XmlError::Entity(_))));
    assert!(matches!(xml("<x>&#0;</x>"), Err(XmlError::Entity(_))));
    let file = "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><x/>";
    assert!(matches!(xml(file), Err(XmlError::Entity(_))));
    let known = Element::parse(b"<x y='&quot;'>&lt;&amp;&#65;&apos;</x>").unwrap();
    assert_eq!(
        (known.text.as_str(), known.attribute("y")),
        ("<&A'", Some("\""))
    );
}

#[test]
fn depth_number_and_size_are_bounded() {
    let nested = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
    assert_eq!(xml(&nested(MAX_XML_DEPTH)), Ok(()));
    assert!(matches!(
        xml(&nested(MAX_XML_DEPTH + 1)),
        Err(XmlError::TooDeep(_))
    ));
    assert!(matches!(xml(&nested(100_000)), Err(XmlError::TooDeep(_))));
    let many = |count: usize| format!("<r>{}</r>", "<a/>".repeat(count - 1));
    assert_eq!(xml(&many(MAX_XML_ELEMENTS)), Ok(()));
    assert!(matches!(
        xml(&many(MAX_XML_ELEMENTS + 1)),
        Err(XmlError::TooMany(_))
    ));
    let attributes: String = (0..17).map(|n| format!(" a{n}=''")).collect();
    assert!(matches!(
        xml(&format!("<r{attributes}/>")),
        Err(XmlError::TooMany(_))
    ));
    let large = " ".repeat(MAX_BODY_BYTES + 1);
    assert_eq!(xml(&large), Err(XmlError::TooLarge(MAX_BODY_BYTES + 1)));
}

#[test]
fn what_is_no_xml_is_told_with_its_place() {
    for (text, at) in [
        ("", 0),
        ("<a>", 3),
        ("text", 4),
        ("<a></b>", 3),
        ("<a><b></a>", 6),
    ] {
        assert_eq!(xml(text), Err(XmlError::Syntax(at)), "{text}");
    }
    assert_eq!(Element::parse(b"<a>\xff</a>"), Err(XmlError::NotText(3)));
    for fine in [
        "<?xml version=\"1.0\"?>\r\n<a/>\n",
        "\u{FEFF}<a/>",
        "<!-- c --><a/>",
        "<a/><b/>",
    ] {
        assert_eq!(xml(fine), Ok(()), "{fine}");
    }
}

#[test]
fn an_answer_to_something_else_is_no_answer() {
    let names = Names::default();
    let other = Done::decode("SetPresence", b"<MakeCall/>", &names);
    assert!(matches!(other, Err(WsiError::Shape(_))));
    let call = b"<GetDeviceState><call><callID>1</callID></call></GetDeviceState>";
    let half = DeviceState::decode("GetDeviceState", call, &names);
    assert!(matches!(half, Err(WsiError::Shape(_))));
    let person = b"<P><USER><ID>330</ID><PRESENCE>10</PRESENCE></USER></P>";
    let strange = Presences::decode("GetPresenceXML", person, &names);
    assert!(matches!(strange, Err(WsiError::Shape(_))));
    let entries = format!("<B>{}</B>", "<ENTRY><ID>1</ID></ENTRY>".repeat(101));
    let many = PhoneBook::decode("PhBookSearch", entries.as_bytes(), &names);
    assert!(matches!(many, Err(WsiError::Shape(_))));
}

#[test]
fn a_person_may_be_called_like_an_error() {
    let book = b"<B><ENTRY><ID>1</ID><LASTNAME>NOT_LOGGED_IN</LASTNAME></ENTRY></B>";
    let read = PhoneBook::decode("PhBookSearch", book, &Names::default());
    assert_eq!(read.unwrap().unwrap().entries[0].last_name, "NOT_LOGGED_IN");
}

#[test]
fn a_long_reason_is_cut() {
    let long = format!("<X><ERROR>{}</ERROR></X>", "é".repeat(10_000));
    let read = Done::decode("X", long.as_bytes(), &Names::default());
    assert_eq!(read, Ok(Err(Refusal::Other("é".repeat(256)))));
}

#[test]
fn events_are_bounded() {
    let names = Names::default();
    let many = format!("{{\"events\":[{}{{}}]}}", "{},".repeat(MAX_WSI_EVENTS));
    assert!(matches!(
        decode_events(many.as_bytes(), &names),
        Err(WsiError::Shape(_))
    ));
    let deep = "[".repeat(10_000);
    let deep = decode_events(deep.as_bytes(), &names);
    assert_eq!(deep, Err(WsiError::Json(DecodeError::TooDeep(32))));
    let cut = decode_events(b"{\"events\":[", &names);
    assert_eq!(cut, Err(WsiError::Json(DecodeError::Truncated(11))));
    assert_eq!(decode_events(b" \r\n", &names), Ok(vec![]));
}

#[test]
fn queries_are_bounded() {
    let parse = |path: &str| Query::parse(path).map(|query| query.command().to_owned());
    assert_eq!(parse("/uc/v1/hello"), Err(QueryError::OtherPath));
    assert_eq!(
        parse("/cgi-bin/gadgetapi2?cmd=X"),
        Err(QueryError::OtherPath)
    );
    assert_eq!(
        parse("/cgi-bin/gadgetapi/Other"),
        Err(QueryError::OtherPath)
    );
    assert_eq!(parse("/cgi-bin/gadgetapi?x=1"), Err(QueryError::NoCommand));
    assert_eq!(
        parse("/cgi-bin/gadgetapi?cmd=%FF"),
        Err(QueryError::NotText)
    );
    let many = format!("/cgi-bin/gadgetapi?cmd=X{}", "&a=".repeat(32));
    assert_eq!(parse(&many), Err(QueryError::TooMany));
    let long = "x".repeat(MAX_QUERY_BYTES + 1);
    assert_eq!(parse(&long), Err(QueryError::TooLong(MAX_QUERY_BYTES + 1)));
    assert_eq!(
        parse("/cgi-bin/gadgetapi?a=1&cmd=Logout"),
        Ok("Logout".into())
    );
}

#[test]
fn commands_say_what_is_wrong_with_them() {
    let read = |path: &str| {
        let query = Query::parse(&format!("/cgi-bin/gadgetapi?cmd={path}")).unwrap();
        Command::read(&query, &Names::default()).map(drop)
    };
    assert_eq!(read("FormatDisk"), Err(CommandError::Unknown));
    assert_eq!(read("JournalRead"), Err(CommandError::NotServed));
    assert_eq!(read("Login&gsUser=330"), Err(CommandError::Missing));
    assert_eq!(
        read("SetPresence&user=330&presence=0"),
        Err(CommandError::Value)
    );
    assert_eq!(
        read("HoldCall&callToBeHeld.callID=1"),
        Err(CommandError::Missing)
    );
    let long = format!("EventStart&deviceObject={}", "1".repeat(257));
    assert_eq!(read(&long), Err(CommandError::Value));
}

#[test]
fn debug_shows_no_secret_and_nobody() {
    let secret = || Secret("s3cret".into());
    let login = Command::Login {
        user: "330".into(),
        password: secret(),
    };
    let hold = Command::Call {
        service: crate::wsi::CallService::Hold,
        connection: Connection {
            call: "17".into(),
            device: "330".into(),
        },
    };
    let names = Names::default();
    let shown = format!(
        "{login:?} {:?} {:?} {hold:?} {:?}",
        login.query(&names, None),
        hold.query(&names, Some(&secret())),
        Refusal::Other("s3cret".into()),
    );
    assert!(
        !shown.contains("s3cret") && !shown.contains("330"),
        "{shown}"
    );
}
