//! The cases of RFC 4475 and RFC 5118, in messages of our own with the same peculiarities.

use super::*;

/// Reads a message that is valid, and checks that writing changes nothing that matters.
fn valid(text: &str) -> Message {
    valid_bytes(&wire(text))
}

fn valid_bytes(bytes: &[u8]) -> Message {
    let message = Message::read(bytes).unwrap();
    message.check().unwrap();
    let written = write(&message);
    assert!(Message::read(&written).unwrap() == message);
    assert_eq!(write(&Message::read(&written).unwrap()), written);
    exercise_message(bytes);
    message
}

/// Why a message is refused: while it is read, else when it is checked.
fn refused(text: &str) -> SipError {
    let bytes = wire(text);
    exercise_message(&bytes);
    match Message::read(&bytes) {
        Ok(message) => message.check().unwrap_err(),
        Err(error) => error,
    }
}

/// RFC 4475 §3.1.1.1.
#[test]
fn a_short_tortuous_invite_is_understood() {
    let message = valid(
        "INVITE sip:vera@chair.example.com;unknownparam SIP/2.0\n\
         TO :\n sip:vera@chair.example.com ;   tag    = 1918181833n\n\
         from   : \"J Rosen \\\\\\\"\"       <sip:jrosen@example.com>\n  ;\n  tag = 98asjd8\n\
         MaX-fOrWaRdS: 0068\nCall-ID: tortuous.1@192.0.2.1\nContent-Length   : LENGTH\n\
         cseq: 0009\n  INVITE\n\
         Via  : SIP  /   2.0\n /UDP\n    192.0.2.2;branch=390skdjuw\ns :\n\
         NewFangledHeader:   newfangled value\n continued newfangled value\n\
         UnknownHeaderWithUnusualValue: ;;,,;;,;\nContent-Type: application/sdp\n\
         Route:\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\n\
         v:  SIP  / 2.0  / TCP     spindle.example.com   ;\n  branch  =   z9hG4bK9ikj8  ,\n \
         SIP  /    2.0   / UDP  192.168.255.111   ; branch=\n z9hG4bK30239\n\
         m:\"Quoted string \\\"\\\"\" <sip:jrosen@example.com> ; newparam =\n      newvalue ;\n  \
         secondparam ; q = 0.33\n\nv=0\no=mhandley 1 1 IN IP4 192.0.2.3\n",
    );
    let headers = message.headers();
    assert_eq!(headers.to().unwrap().tag(), Some("1918181833n"));
    let from = headers.from().unwrap();
    assert_eq!(
        (from.display.as_deref(), from.tag()),
        (Some("J Rosen \\\""), Some("98asjd8"))
    );
    assert_eq!(headers.max_forwards(), Some(68));
    assert_eq!(
        headers.cseq().unwrap(),
        CSeq {
            number: 9,
            method: Method::Invite
        }
    );
    let vias = headers.vias().unwrap();
    let hosts: Vec<_> = vias
        .iter()
        .map(|via| (&*via.transport, &*via.host))
        .collect();
    let expected = [
        ("UDP", "192.0.2.2"),
        ("TCP", "spindle.example.com"),
        ("UDP", "192.168.255.111"),
    ];
    assert_eq!(hosts, expected);
    assert_eq!(vias[2].branch(), Some("z9hG4bK30239"));
    assert_eq!(headers.get("Subject"), Some(""));
    assert_eq!(
        headers.get("newfangledheader"),
        Some("newfangled value continued newfangled value")
    );
    assert_eq!(
        headers.get("UnknownHeaderWithUnusualValue"),
        Some(";;,,;;,;")
    );
    let contact = &headers.contacts().unwrap()[0];
    assert_eq!(contact.display.as_deref(), Some("Quoted string \"\""));
    assert_eq!(contact.params.value("q"), Some("0.33"));
    assert!(contact.params.has("secondparam"));
    let route = &headers.routes("Route")[0];
    assert_eq!(route.uri.params.get("lr"), Some(None));
    assert_eq!(route.uri.params.value("unknownwith"), Some("value"));
    assert!(message.body().starts_with(b"v=0\r\n"));
}

/// RFC 4475 §3.1.1.2.
#[test]
fn a_wide_range_of_characters_is_valid() {
    let method = "!interesting-Method0123456789_*+`.%indeed'~";
    let uri = "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*\
        :&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com";
    let message = valid(&format!(
        "{method} {uri} SIP/2.0\n\
         Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~\n\
         To: \"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7F\" <sip:1_unusual.URI~(to-be!sure)@example.com>\n\
         From: token1~\n token2'+_\n token3*%!.- <sip:mundane@example.com>\n \
         ;fromParam''~+*_!.-%=\"работающий\"\n ;tag=_token~1'+`*%!-.\n\
         Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}}{{\nCSeq: 139122385 {method}\n\
         Max-Forwards: 255\nextensionHeader-!.%*+_`'~: ﻿大停電\nContent-Length: LENGTH\n\n"
    ));
    let request = request(message);
    assert_eq!(request.method, Method::Other(method.to_owned()));
    assert_eq!(request.uri.to_string(), uri);
    assert_eq!(
        request.uri.password.as_deref(),
        Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)")
    );
    let from = request.headers.from().unwrap();
    assert_eq!(
        from.display.as_deref(),
        Some("token1~ token2'+_ token3*%!.-")
    );
    assert_eq!(from.params.value("fromParam''~+*_!.-%"), Some("работающий"));
    assert_eq!(from.tag(), Some("_token~1'+`*%!-."));
    let to = request.headers.to().unwrap();
    assert_eq!(to.display.as_deref(), Some("BEL:  NUL:  DEL: "));
}

/// RFC 4475 §3.1.1.3.
#[test]
fn escapes_in_uris_are_read() {
    let message = valid(&format!(
        "INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0\n\
         To: sip:%75se%72@example.com\nFrom: <sip:I%20have%20spaces@example.net>;tag=938\n\
         {VIA}Call-ID: esc01\nCSeq: 234234 INVITE\nContent-Length: LENGTH\n\
         C: application/sdp\n\
         Contact:\n  <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>\n\n"
    ));
    let request = request(message);
    assert_eq!(request.uri.user.as_deref(), Some("sips:user@example.com"));
    let to = request.headers.to().unwrap().uri;
    assert!(to.same_as(&Uri::sip("user", "example.com")));
    let from = request.headers.from().unwrap().uri;
    assert_eq!(from.user.as_deref(), Some("I have spaces"));
    let contact = &request.headers.contacts().unwrap()[0].uri;
    assert_eq!(contact.user.as_deref(), Some("caller"));
    assert_eq!(contact.params.get("lr"), Some(None));
    assert_eq!(contact.params.value("name"), Some("value%41"));
    assert_eq!(
        contact.to_string(),
        "sip:caller@host5.example.net;lr;name=value%2541"
    );
}

/// RFC 4475 §3.1.1.4.
#[test]
fn an_escaped_null_is_a_character_like_others() {
    let message = valid(&format!(
        "REGISTER sip:example.com SIP/2.0\nTo: sip:null-%00-null@example.com\n\
         From: sip:null-%00-null@example.com;tag=839\n{VIA}Call-ID: escnull\n\
         CSeq: 14398234 REGISTER\nContact: <sip:%00@host5.example.com>\n\
         Contact: <sip:%00%00@host5.example.com>\nL:0\n\n"
    ));
    let contacts = message.headers().contacts().unwrap();
    assert_eq!(contacts[0].uri.user.as_deref(), Some("\0"));
    assert!(!contacts[0].uri.same_as(&contacts[1].uri));
    assert_eq!(contacts[1].to_string(), "<sip:%00%00@host5.example.com>");
}

/// RFC 4475 §3.1.1.5.
#[test]
fn a_percent_sign_outside_of_uris_is_no_escape() {
    let message = valid(&format!(
        "RE%47IST%45R sip:registrar.example.com SIP/2.0\n\
         To: \"%Z%45\" <sip:resource@example.com>\n\
         From: \"%Z%45\" <sip:resource@example.com>;tag=f232\n{VIA}\
         Call-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf\nCSeq: 29344 RE%47IST%45R\n\
         Contact: <sip:alias1@host1.example.com>\nContent-Length: 0\n\n"
    ));
    assert_eq!(
        message.headers().to().unwrap().display.as_deref(),
        Some("%Z%45")
    );
    assert_ne!(message.headers().cseq().unwrap().method, Method::Register);
}

/// RFC 4475 §3.1.1.6.
#[test]
fn no_space_is_needed_before_the_angle_bracket() {
    let message = valid(&format!(
        "OPTIONS sip:user@example.com SIP/2.0\nTo: sip:user@example.com\n\
         From: caller<sip:caller@example.com>;tag=323\n{VIA}Call-ID: lwsdisp\n\
         CSeq: 60 OPTIONS\nl: 0\n\n"
    ));
    assert_eq!(
        message.headers().from().unwrap().display.as_deref(),
        Some("caller")
    );
}

/// RFC 4475 §3.1.1.7.
#[test]
fn long_values_are_read() {
    let long = "a_long_value_".repeat(40);
    let vias: String = (0..34)
        .map(|n| format!("V: SIP/2.0/TCP host{n}.example.com\n"))
        .collect();
    let message = valid(&format!(
        "INVITE sip:{long}@example.com SIP/2.0\n\
         To: \"{long}\" <sip:{long}@example.com>\nF: sip:{long}@example.net;tag={long}\n\
         Call-ID: {long}\nCSeq: 3882340 INVITE\nUnknown-{long}: {long}\nExtra-{long}: {long}\n\
         {VIA}{vias}Contact: <sip:{long}@example.com>\nContent-Type: application/sdp\n\
         l: LENGTH\n\nv=0\n"
    ));
    assert_eq!(message.headers().vias().unwrap().len(), 35);
    assert_eq!(message.headers().from().unwrap().tag(), Some(&*long));
}

/// RFC 4475 §3.1.1.8.
#[test]
fn what_follows_in_a_datagram_is_cut_off() {
    let one = format!(
        "REGISTER sip:example.com SIP/2.0\nTo: sip:j.user@example.com\n\
         From: sip:j.user@example.com;tag=43\n{VIA}Call-ID: dblreq\nCSeq: 8 REGISTER\n\
         Contact: sip:j.user@host.example.com\nContent-Length: 0\n\n"
    );
    let both = format!("{one}INVITE sip:joe@example.com SIP/2.0\n{VIA}l: 0\n\n");
    assert!(valid(&both) == valid(&one));
}

/// RFC 4475 §3.1.1.9.
#[test]
fn semicolons_belong_to_the_user_before_the_at_sign() {
    let message = valid(&format!(
        "OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0\n\
         To: sip:j_user@example.com\nFrom: sip:caller@example.org;tag=33242\n{VIA}\
         Call-ID: semiuri\nCSeq: 8 OPTIONS\nAccept: application/sdp\nl: 0\n\n"
    ));
    let uri = request(message).uri;
    assert_eq!(uri.user.as_deref(), Some("user;par=u@example.net"));
    assert_eq!(uri.to_string(), "sip:user;par=u%40example.net@example.com");
}

/// RFC 4475 §3.1.1.10.
#[test]
fn unknown_transports_are_read() {
    let message = valid(
        "OPTIONS sip:user@example.com SIP/2.0\nTo: sip:user@example.com\n\
         From: <sip:caller@example.com>;tag=323\nMax-Forwards: 70\nCall-ID: transports\n\
         CSeq: 60 OPTIONS\nVia: SIP/2.0/UDP t1.example.com;branch=z9hG4bK1\n\
         Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bK2\n\
         Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK3\n\
         Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bK4\nl: 0\n\n",
    );
    assert_eq!(message.headers().vias().unwrap()[3].transport, "UNKNOWN");
}

/// RFC 4475 §3.1.1.11.
#[test]
fn a_body_of_any_octets_is_kept() {
    let body =
        b"--7a9\r\nContent-Type: text/plain\r\n\r\nHi\r\n--7a9\r\n\r\n0\x82\x01R\x06\x00\xFF\r\n";
    let head = format!(
        "MESSAGE sip:kumiko@example.org SIP/2.0\nTo: <sip:kumiko@example.org>\n\
         From: <sip:fluffy@example.com>;tag=28\n{VIA}Call-ID: mpart01\nCSeq: 1 MESSAGE\n\
         Content-Type: multipart/mixed;boundary=7a9\nContent-Length: {}\n\n",
        body.len()
    );
    let message = valid_bytes(&[&wire(&head), &body[..]].concat());
    assert_eq!(message.body(), body);
    assert_eq!(message.headers().content_type(), Some("multipart/mixed"));
}

/// RFC 4475 §3.1.1.12 and §3.1.1.13.
#[test]
fn a_reason_phrase_may_be_strange_or_empty() {
    for reason in ["= 2**3 * 5**2 но сто девяносто девять - простое", ""]
    {
        let message = valid(&format!("SIP/2.0 200 {reason}\n{FIELDS}l: 0\n\n"));
        let Message::Response(response) = message else {
            panic!("a request");
        };
        assert_eq!((response.status, &*response.reason), (200, reason));
    }
    assert!(Message::read(&wire(&format!("SIP/2.0 100\n{FIELDS}\n"))).is_ok());
}

/// RFC 4475 §3.1.2.1.
#[test]
fn separators_without_anything_between_them_are_refused() {
    let fields = FIELDS.replace("z9hG4bK1", "z9hG4bK1;;,;,,");
    let invite = |fields: &str| refused(&format!("INVITE sip:b@example.com SIP/2.0\n{fields}\n"));
    assert_eq!(invite(&fields), SipError::Malformed("Via"));
    let contact = format!("{FIELDS}Contact: \"Joe\" <sip:joe@example.org>;;;;\n");
    assert_eq!(invite(&contact), SipError::Malformed("Contact"));
}

/// RFC 4475 §3.1.2.2 and §3.1.2.3; RFC 3261 §18.3.
#[test]
fn a_wrong_length_is_refused() {
    let invite = |length: &str| {
        refused(&format!(
            "INVITE sip:b@example.com SIP/2.0\n{FIELDS}Content-Length: {length}\n\nv=0\n"
        ))
    };
    assert_eq!(
        invite("9999"),
        SipError::Cut {
            expected: 9999,
            got: 5
        }
    );
    for length in ["-999", "", "5 5", "5;a", "99999999999999999999999"] {
        assert_eq!(invite(length), SipError::ContentLength, "{length:?}");
    }
    // §3.3.9: several values.
    assert_eq!(invite("5\nContent-Length: 4"), SipError::ContentLength);
    valid(&format!(
        "INVITE sip:b@example.com SIP/2.0\n{FIELDS}l: 5\nl: 5\n\nv=0\n"
    ));
}

/// RFC 4475 §3.1.2.4 and §3.1.2.5.
#[test]
fn numbers_that_are_too_large_are_refused_or_count_as_the_largest() {
    let fields = FIELDS.replace("CSeq: 1", "CSeq: 36893488147419103232");
    let huge = "1000000000000000000000000000000000000000000";
    for first in [
        "INVITE sip:b@example.com SIP/2.0",
        "SIP/2.0 503 Service Unavailable",
    ] {
        let text = format!("{first}\n{fields}Expires: {huge}\nRetry-After: {huge}\n\n");
        assert_eq!(refused(&text), SipError::Malformed("CSeq"));
        let headers = read(&text).headers().clone();
        assert_eq!(headers.expires(), Some(u32::MAX));
        assert_eq!(
            headers.retry_after().unwrap().as_secs(),
            u64::from(u32::MAX)
        );
    }
}

/// RFC 4475 §3.1.2.6, §3.1.2.13, §3.1.2.14.
#[test]
fn addresses_that_are_wrongly_quoted_are_refused() {
    for (name, value) in [
        ("To", "\"Mr. J. User <sip:j.user@example.com>"),
        ("To", "\"Watson, Thomas\" < sip:t.watson@example.org >"),
        ("To", "Mr. \"J\" User <sip:j.user@example.com>"),
        ("From", "<sip:j.user@example.com;tag=1"),
        (
            "Contact",
            "sip:user@example.com?Route=%3Csip:sip.example.com%3E",
        ),
        ("Contact", "<sip:user@example.com> extra"),
    ] {
        let fields: String = FIELDS
            .lines()
            .filter(|line| !line.starts_with(name))
            .collect::<Vec<_>>()
            .join("\n");
        let text = format!("INVITE sip:b@example.com SIP/2.0\n{fields}\n{name}: {value}\n\n");
        assert_eq!(refused(&text), SipError::Malformed(name), "{value}");
    }
}

/// RFC 4475 §3.1.2.7 to §3.1.2.11.
#[test]
fn a_request_line_is_exact() {
    for (line, error) in [
        (
            "INVITE <sip:user@example.com> SIP/2.0",
            SipError::RequestUri,
        ),
        (
            "INVITE sip:user@example.com; lr SIP/2.0",
            SipError::StartLine,
        ),
        ("INVITE  sip:user@example.com  SIP/2.0", SipError::StartLine),
        ("INVITE sip:user@example.com SIP/2.0 ", SipError::StartLine),
        (
            "INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0",
            SipError::RequestUri,
        ),
        ("INVITE sip:user@example.com HTTP/1.1", SipError::StartLine),
        ("INVITE sip: SIP/2.0", SipError::RequestUri),
        ("INV(TE sip:user@example.com SIP/2.0", SipError::StartLine),
        ("INVITE", SipError::StartLine),
    ] {
        assert_eq!(refused(&format!("{line}\n{FIELDS}\n")), error, "{line}");
    }
}

/// RFC 4475 §3.1.2.12 and §3.3.7.
#[test]
fn what_nobody_reads_hinders_nobody() {
    valid(&format!(
        "INVITE sip:b@example.com SIP/2.0\n{FIELDS}Date: Fri, 01 Jan 2010 16:00:00 EST\n\
         Authorization: NoOneKnowsThisScheme opaque-data=here\n\n"
    ));
}

/// RFC 4475 §3.1.2.15.
#[test]
fn a_display_name_with_a_comma_is_read_where_only_one_can_stand() {
    let fields = FIELDS.replace("From: ", "From: Bell, Alexander ");
    let message = valid(&format!("INVITE sip:b@example.com SIP/2.0\n{fields}\n"));
    let from = message.headers().from().unwrap();
    assert_eq!(from.display.as_deref(), Some("Bell, Alexander"));
    assert_eq!(
        from.to_string(),
        "\"Bell, Alexander\" <sip:alice@example.com>;tag=a1"
    );
}

/// RFC 4475 §3.1.2.16 and §3.1.2.19.
#[test]
fn other_versions_and_statuses_are_refused() {
    let first = |line: &str| refused(&format!("{line}\n{FIELDS}\n"));
    assert_eq!(first("INVITE sip:b@example.com SIP/7.0"), SipError::Version);
    assert_eq!(first("SIP/7.0 200 OK"), SipError::Version);
    for status in ["4294967301", "99", "700", "+200", "2O0", ""] {
        assert_eq!(
            first(&format!("SIP/2.0 {status} better not")),
            SipError::Status,
            "{status}"
        );
    }
}

/// RFC 4475 §3.1.2.17 and §3.1.2.18.
#[test]
fn the_method_in_cseq_is_the_requests() {
    for method in ["OPTIONS", "NEWMETHOD"] {
        let text = format!("{method} sip:b@example.com SIP/2.0\n{FIELDS}\n");
        assert_eq!(refused(&text), SipError::MethodMismatch);
    }
}

/// RFC 4475 §3.2.1.
#[test]
fn a_branch_may_be_the_cookie_alone() {
    let fields = FIELDS.replace("z9hG4bK1", "z9hG4bK");
    let message = valid(&format!("INVITE sip:b@example.com SIP/2.0\n{fields}\n"));
    assert_eq!(message.headers().via().unwrap().branch(), Some("z9hG4bK"));
}

/// RFC 4475 §3.3.1 and §3.3.8.
#[test]
fn each_necessary_field_is_there_once() {
    for name in ["Call-ID", "From", "To", "CSeq", "Via"] {
        let (there, rest): (Vec<&str>, Vec<&str>) =
            FIELDS.lines().partition(|l| l.starts_with(name));
        let without = format!("INVITE sip:b@example.com SIP/2.0\n{}\n\n", rest.join("\n"));
        assert_eq!(refused(&without), SipError::Missing(name));
        let twice = format!(
            "INVITE sip:b@example.com SIP/2.0\n{}\n{FIELDS}\n",
            there.join("\n")
        );
        if name == "Via" {
            valid(&twice);
        } else {
            assert_eq!(refused(&twice), SipError::Repeated(name));
        }
    }
}

/// RFC 4475 §3.3.2 to §3.3.4.
#[test]
fn unknown_schemes_are_read_as_they_are() {
    for uri in [
        "nobodyKnowsThisScheme:totallyopaquecontent",
        "soap.beep://192.0.2.103:3002",
        "urn:service:sos",
    ] {
        let fields = FIELDS.replace("sip:bob@example.com", "isbn:2983792873");
        let fields = fields.replace("sip:alice@example.com", "http://www.example.com");
        let text =
            format!("INVITE {uri} SIP/2.0\n{fields}Contact: <name:John_Smith>\nTo2: {uri}\n\n");
        let request = request(valid(&text));
        assert!(matches!(request.uri.scheme, Scheme::Other(_)));
        assert_eq!(request.uri.to_string().to_lowercase(), uri.to_lowercase());
        assert_eq!(request.headers.from().unwrap().tag(), Some("a1"));
    }
}

/// RFC 4475 §3.3.5, §3.3.6, §3.3.10, §3.3.11, §3.3.15.
#[test]
fn what_the_application_decides_is_read() {
    let message = valid(&format!(
        "INVITE sip:b@example.com SIP/2.0\n{}Require: nothingSupportsThis,\n nothingSupportsThisEither\n\
         Proxy-Require: noProxiesSupportThis\nContent-Type: application/unknownformat\n\
         Accept: text/nobodyKnowsThis\n\n<audio/>\n",
        FIELDS
            .replace("Forwards: 70", "Forwards: 0")
            .replace("192.0.2.1:5060", "255.255.255.255")
    ));
    let required: Vec<_> = message.headers().all("Require").collect();
    assert_eq!(
        required,
        ["nothingSupportsThis", "nothingSupportsThisEither"]
    );
    assert_eq!(message.headers().max_forwards(), Some(0));
}

/// RFC 4475 §3.3.12 to §3.3.14.
#[test]
fn parameters_of_contacts_belong_where_they_stand() {
    let contact = |value: &str| {
        let text = format!("INVITE sip:b@example.com SIP/2.0\n{FIELDS}Contact: {value}\n\n");
        valid(&text).headers().contacts().unwrap().remove(0)
    };
    let outside = contact("sip:+19725552222@gw1.example.net;unknownparam");
    assert!(outside.params.has("unknownparam") && outside.uri.params.is_empty());
    let inside = contact("<sip:+19725552222@gw1.example.net;unknownparam>");
    assert!(inside.params.is_empty() && inside.uri.params.has("unknownparam"));
    let escaped = contact("<sip:user@example.com?Route=%3Csip:sip.example.com%3E>");
    let route = ("Route".to_owned(), "<sip:sip.example.com>".to_owned());
    assert_eq!(escaped.uri.headers, [route]);
}

/// RFC 4475 §3.4.1.
#[test]
fn what_an_old_telephone_sends_is_read() {
    let message = valid(
        "INVITE sip:UserB@example.com SIP/2.0\nVia: SIP/2.0/UDP iftgw.example.com\n\
         From: <sip:+13035551111@ift.client.example.net;user=phone>\n\
         Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>\n\
         To: sip:+16505552222@ss1.example.net;user=phone\nCall-ID: inv2543.1717@ift.client.example.com\n\
         CSeq: 56 INVITE\nContent-Type: application/sdp\n\nv=0\n",
    );
    assert_eq!(message.headers().via().unwrap().branch(), None);
    assert_eq!(message.headers().from().unwrap().tag(), None);
    assert_eq!(message.body(), b"v=0\r\n");
}

/// RFC 5118 §4.1 to §4.5.
#[test]
fn ipv6_addresses_stand_in_brackets() {
    let text = format!(
        "REGISTER sip:[2001:db8::10] SIP/2.0\n\
         Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3\n\
         Via: SIP/2.0/UDP [2001:db8::9:2]:5070;received=2001:db8::9:256;rport=5071\n{}\
         Contact: \"Caller\" <sip:caller@[2001:db8::1]>\nContact: <sip:c@[2001:db8::1]:5061>\n\n",
        FIELDS.replace("INVITE", "REGISTER")
    );
    let request = request(valid(&text));
    assert_eq!(
        (&*request.uri.host, request.uri.port),
        ("2001:db8::10", None)
    );
    let vias = request.headers.vias().unwrap();
    assert_eq!(vias[0].received(), Some("2001:db8::9:255".parse().unwrap()));
    assert_eq!(
        (&*vias[1].host, vias[1].port),
        ("2001:db8::9:2", Some(5070))
    );
    assert_eq!(vias[1].received(), Some("2001:db8::9:256".parse().unwrap()));
    assert_eq!(vias[1].rport(), Some(5071));
    assert_eq!(request.headers.contacts().unwrap()[1].uri.port, Some(5061));
    // §4.2: without brackets it isn't clear where the port begins. §4.3: with them it is.
    let first = |uri: &str| Message::read(&wire(&format!("REGISTER {uri} SIP/2.0\n{FIELDS}\n")));
    assert_eq!(first("sip:2001:db8::10").unwrap_err(), SipError::RequestUri);
    let ambiguous: Uri = "sip:[2001:db8::10:5070]".parse().unwrap();
    assert_eq!(
        (&*ambiguous.host, ambiguous.port),
        ("2001:db8::10:5070", None)
    );
    let separate: Uri = "sip:[2001:db8::10]:5070".parse().unwrap();
    assert_eq!(
        (&*separate.host, separate.port),
        ("2001:db8::10", Some(5070))
    );
}

/// RFC 5118 §4.7 to §4.10.
#[test]
fn mixed_families_and_mapped_addresses_are_read() {
    let text = format!(
        "INVITE sip:user@[::ffff:192.0.2.10] SIP/2.0\nVia: SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bK1\n\
         Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2\n{FIELDS}Contact: <sip:user@[::ffff:192.0.2.2]>\n\
         Content-Type: application/sdp\n\nc=IN IP6 2001:db8::1\n"
    );
    assert_eq!(valid(&text).headers().vias().unwrap().len(), 3);
    // A third colon, which RFC 3261's grammar allows by mistake.
    let mistaken: Uri = "sip:user@[2001:db8:::192.0.2.1]".parse().unwrap();
    assert_eq!(mistaken.to_string(), "sip:user@[2001:db8::192.0.2.1]");
    assert!("sip:user@[2001:db8]".parse::<Uri>().is_err());
}

const VIA: &str = "Max-Forwards: 70\nVia: SIP/2.0/UDP host5.example.net;branch=z9hG4bKkdjuw\n";
