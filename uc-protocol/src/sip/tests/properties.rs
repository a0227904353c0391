use proptest::prelude::*;

use super::*;

/// Lines that are nearly a message, so that most of them are read.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just("Via: SIP/2.0/TLS [::1]:5061;branch=z9hG4bK1;rport, SIP/2.0/UDP h"),
        Just("f: \"A \\\" B\" <tel:+1-2;ext=3>;tag=\"x y\""),
        Just("To: sip:a%20b@c;tag=1"),
        Just("Contact: <sips:%00;a=b@[::1]:1;lr?a=b%26>;q=0.1;+sip.instance=\"<u>\", *"),
        Just("Refer-To: <sip:a?Replaces=b%3Bto-tag=1%3Bfrom-tag=2>"),
        Just("WWW-Authenticate: Digest realm=\"a\", nonce=\"b\", qop=\"auth,auth-int\""),
        Just("CSeq: 1 INVITE"),
        Just("l: 3"),
        Just(" folded"),
        Just("Reason: SIP;cause=1;text=\"a\""),
        Just(""),
    ];
    let end = prop_oneof![9 => Just("\r\n"), 1 => Just("\n")];
    let first = prop_oneof![
        Just("INVITE sip:a:b@c:1;x=%41 SIP/2.0\r\n"),
        Just("REGISTER tel:+1-2;ext=3 SIP/2.0\r\n"),
        Just("INVITE sip:a@b;x=1 SIP/2.0\r\n"),
        Just("SIP/2.0 180 Ringing\r\n"),
    ];
    let lines = prop::collection::vec((line, end), 0..20);
    let spoilt = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3);
    (first, lines, spoilt).prop_map(|(first, lines, spoilt)| {
        let rest: String = lines.iter().flat_map(|(line, end)| [*line, *end]).collect();
        let mut bytes = format!("{first}{rest}\r\n").into_bytes();
        for (at, byte) in spoilt {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        bytes
    })
}

proptest! {
    #[test]
    fn any_octets_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        exercise_message(&bytes);
        exercise_stream(&bytes);
    }

    #[test]
    fn what_is_read_survives_being_written(bytes in nearly()) {
        exercise_message(&bytes);
    }

    #[test]
    fn a_stream_gives_the_same_however_it_is_cut(bytes in nearly()) {
        exercise_stream(&bytes);
    }

    #[test]
    fn any_user_and_value_survive_in_a_uri(
        user in "\\PC{1,20}",
        password in prop::option::of("\\PC{0,8}"),
        value in "\\PC{0,20}",
        port in any::<Option<u16>>(),
    ) {
        let mut uri = Uri::sip(user, "example.com");
        (uri.password, uri.port) = (password, port);
        uri.params.set("p", &*value);
        uri.headers.push(("Subject".to_owned(), value));
        let again: Uri = uri.to_string().parse().unwrap();
        prop_assert!(again == uri, "{}", uri);
    }

    #[test]
    fn any_display_name_and_value_survive_in_an_address(
        display in "[\\PC&&[^ ]]\\PC{0,20}",
        value in "\\PC{0,20}",
    ) {
        let mut address = Address::new(Uri::sip("a", "b"));
        address.display = Some(display);
        address.params.set("x", &*value);
        let again: Address = address.to_string().parse().unwrap();
        prop_assert_eq!(again.to_string(), address.to_string());
        prop_assert_eq!(again.display, address.display);
        prop_assert_eq!(again.params.value("x"), address.params.value("x"));
    }
}
