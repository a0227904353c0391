use super::*;

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

/// RFC 3261 §19.1.4 gives these.
#[test]
fn uris_that_mean_the_same_are_the_same() {
    for (one, other) in [
        (
            "sip:%61lice@atlanta.com;transport=TCP",
            "sip:alice@AtLanTa.CoM;Transport=tcp",
        ),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("tel:+1-201-555-0123", "TEL:+1(201)5550123"),
    ] {
        assert!(uri(one).same_as(&uri(other)), "{one} {other}");
        assert!(uri(other).same_as(&uri(one)), "{other} {one}");
    }
}

#[test]
fn uris_that_mean_something_else_are_not() {
    for (one, other) in [
        (
            "SIP:ALICE@AtLanTa.CoM;Transport=udp",
            "sip:alice@AtLanTa.CoM;Transport=UDP",
        ),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sips:bob@biloxi.com"),
        ("sip:bob@biloxi.com", "sip:biloxi.com"),
        (
            "sip:bob@biloxi.com",
            "sip:bob@biloxi.com:6000;transport=tcp",
        ),
        (
            "sip:carol@chicago.com;security=on",
            "sip:carol@chicago.com;security=off",
        ),
        (
            "sip:carol@chicago.com",
            "sip:carol@chicago.com;maddr=192.0.2.1",
        ),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;user=phone"),
        (
            "sip:carol@chicago.com",
            "sip:carol@chicago.com?Subject=next%20meeting",
        ),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("tel:7042;phone-context=example.com", "tel:7042"),
    ] {
        assert!(!uri(one).same_as(&uri(other)), "{one} {other}");
        assert!(!uri(other).same_as(&uri(one)), "{other} {one}");
    }
}

#[test]
fn a_telephone_number_stands_in_the_user() {
    let number = uri("tel:7042;phone-context=example.com;ext=12");
    assert_eq!((number.user.as_deref(), &*number.host), (Some("7042"), ""));
    assert_eq!(number.params.value("phone-context"), Some("example.com"));
    assert_eq!(
        number.to_string(),
        "tel:7042;phone-context=example.com;ext=12"
    );
    let from: Address = "\"+49 89\" <tel:+49-89-1234>;tag=7".parse().unwrap();
    assert_eq!(
        (from.uri.user.as_deref(), from.tag()),
        (Some("+49-89-1234"), Some("7"))
    );
}

#[test]
fn of_a_parameter_that_stands_twice_the_first_counts() {
    let twice = uri("sip:a@b;x=1;x=2");
    assert!(twice.same_as(&twice) && twice.same_as(&uri("sip:a@b;x=1")));
    assert!(!twice.same_as(&uri("sip:a@b;x=2")));
}

#[test]
fn a_hash_in_the_user_is_read_and_written_as_an_escape() {
    assert_eq!(uri("sip:*21#@pbx").to_string(), "sip:*21%23@pbx");
}

#[test]
fn what_is_no_uri_is_refused() {
    for text in [
        "",
        "sip",
        "sip:",
        "sip:@host",
        "sip:user@",
        "sip:user@ho st",
        "sip:user@host:",
        "sip:user@host:x",
        "sip:user@host:65536",
        "sip:us%4@host",
        "sip:us%zz@host",
        "sip:%ff@host",
        "sip:us er@host",
        "sip:u@host;",
        "sip:u@host;=x",
        "sip:u@host;a b",
        "sip:u@host?",
        "sip:u@host?a",
        "sip:u@[::1",
        "sip:u@host;a=<b>",
        "tel:",
        "tel:alice",
        "<sip:u@host>",
        "1a:b",
        "x:",
        "x:<>",
        "sip:u@host\r\n",
    ] {
        assert_eq!(
            text.parse::<Uri>(),
            Err(SipError::Malformed("URI")),
            "{text:?}"
        );
    }
}

#[test]
fn an_address_without_brackets_has_no_uri_parameters() {
    let address: Address = "sip:alice@example.com;tag=1;x=\"a;b\"".parse().unwrap();
    assert!(address.uri.params.is_empty());
    assert_eq!(address.params.value("x"), Some("a;b"));
    assert_eq!(
        address.to_string(),
        "<sip:alice@example.com>;tag=1;x=\"a;b\""
    );
}

#[test]
fn quotes_of_parameters_are_kept_and_given_where_needed() {
    let mut address: Address = "<sip:a@b>;+sip.instance=\"<urn:uuid:1>\";q=0.5"
        .parse()
        .unwrap();
    assert_eq!(address.params.value("+SIP.instance"), Some("<urn:uuid:1>"));
    address.params.set("expires", "60");
    address.params.set("note", "two words");
    address.params.set_quoted("text", "Normal");
    address.params.set("lr", None);
    address.params.remove("q");
    let written = "<sip:a@b>;+sip.instance=\"<urn:uuid:1>\";expires=60;note=\"two words\";\
                   text=\"Normal\";lr";
    assert_eq!(address.to_string(), written);
}

#[test]
fn a_display_name_is_quoted_where_it_has_to_be() {
    let mut address = Address::new(uri("sip:a@b"));
    for (name, written) in [
        ("Alice", "Alice <sip:a@b>"),
        ("Alice B", "Alice B <sip:a@b>"),
        ("Müller", "\"Müller\" <sip:a@b>"),
        ("a \"b\" \\", "\"a \\\"b\\\" \\\\\" <sip:a@b>"),
        ("x\r\nEvil: 1", "\"x  Evil: 1\" <sip:a@b>"),
    ] {
        address.display = Some(name.to_owned());
        assert_eq!(address.to_string(), written);
    }
}

#[test]
fn a_control_character_in_a_display_name_becomes_a_space() {
    for text in ["a\\\0b <sip:a@b>", "\"a\\\\\\\0b\" <sip:a@b>"] {
        let address: Address = text.parse().unwrap();
        assert_eq!(address.display.as_deref(), Some("a\\ b"));
        assert_eq!(address.to_string(), "\"a\\\\ b\" <sip:a@b>");
    }
}

#[test]
fn debug_hides_who_it_is() {
    let address: Address = "\"Alice\" <sip:alice@example.com>;tag=secret"
        .parse()
        .unwrap();
    let shown = format!("{address:?}");
    assert!(
        !shown.contains("lice") && !shown.contains("secret"),
        "{shown}"
    );
}
