use super::*;

fn headers(lines: &[&str]) -> Headers {
    let mut headers = Headers::new();
    for line in lines {
        headers.push("WWW-Authenticate", *line);
    }
    headers
}

fn challenge(line: &str) -> Challenge {
    Challenge::strongest(&headers(&[line]), false).unwrap()
}

fn credentials(user: &str, password: &str) -> Credentials {
    Credentials {
        user: user.to_owned(),
        password: Secret(password.to_owned()),
    }
}

/// The response to a challenge for a URI that needn't be one of SIP's.
fn response(
    line: &str,
    password: &str,
    method: &str,
    uri: &str,
    cnonce: &str,
    body: &[u8],
) -> String {
    let credentials = credentials("Mufasa", password);
    let method: Method = method.parse().unwrap();
    challenge(line).response(&credentials, &method, uri, cnonce, 1, body)
}

/// RFC 2617 §3.5.
#[test]
fn the_example_of_rfc_2617_comes_out() {
    let line = "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
                nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
                opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
    let response = response(
        line,
        "Circle Of Life",
        "GET",
        "/dir/index.html",
        "0a4f113b",
        b"",
    );
    assert_eq!(response, "6629fae49393a05397450978507c4ef1");
}

/// RFC 7616 §3.9.1.
#[test]
fn both_examples_of_rfc_7616_come_out() {
    let line = |algorithm: &str| {
        format!(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        )
    };
    let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    for (algorithm, expected) in [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        (
            "SHA-256",
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
        ),
    ] {
        let line = line(algorithm);
        let response = response(
            &line,
            "Circle of Life",
            "GET",
            "/dir/index.html",
            cnonce,
            b"",
        );
        assert_eq!(response, expected);
    }
}

/// Computed with another implementation of the hash functions, by RFC 7616 §3.4.
#[test]
fn session_keys_bodies_and_the_old_form_are_supported() {
    for (rest, expected) in SESSION_CASES {
        let line = format!("Digest realm=\"r\", nonce=\"n\"{rest}");
        assert_eq!(
            response(&line, "p", "REGISTER", "sip:h", "c", b"body"),
            expected,
            "{rest}"
        );
    }
}

/// RFC 8760 §2.4.
#[test]
fn the_strongest_known_challenge_is_answered() {
    let md5 = "Digest realm=\"r\", nonce=\"1\", algorithm=MD5, qop=\"auth\"";
    let sha = "Digest realm=\"r\", nonce=\"2\", algorithm=SHA-256, qop=\"auth\"";
    let unknown = "Digest realm=\"r\", nonce=\"3\", algorithm=SHA3-999, qop=\"auth\"";
    let basic = "Basic realm=\"r\"";
    let strongest = |lines: &[&str]| Challenge::strongest(&headers(lines), false);
    for lines in [[md5, sha, unknown, basic], [basic, unknown, sha, md5]] {
        assert_eq!(strongest(&lines).unwrap().nonce, "2");
    }
    assert_eq!(strongest(&[unknown, md5]).unwrap().nonce, "1");
    assert_eq!(
        strongest(&[unknown, basic]).unwrap_err(),
        ChallengeError::Unsupported
    );
    assert_eq!(
        strongest(&["Digest realm=\"r\""]).unwrap_err(),
        ChallengeError::Malformed
    );
    assert_eq!(strongest(&[]).unwrap_err(), ChallengeError::Missing);
    let proxys = Challenge::strongest(&headers(&[md5]), true);
    assert_eq!(proxys.unwrap_err(), ChallengeError::Missing);
}

#[test]
fn an_answer_repeats_what_the_server_said() {
    let line = "Digest realm=\"a \\\"b\\\"\", nonce=\"n/=\", stale=TRUE, algorithm=sha-256, \
                qop=\"auth\", opaque=\"o\"";
    let challenge = challenge(line);
    assert!(challenge.stale);
    let uri = Uri::sip("bob", "example.com");
    let credentials = credentials("al\"ice", "secret");
    let answer = challenge.answer(&credentials, &Method::Invite, &uri, "cafe", 0x1a, b"");
    let (start, rest) = answer.split_once(", response=\"").unwrap();
    let said = "Digest username=\"al\\\"ice\", realm=\"a \\\"b\\\"\", nonce=\"n/=\", uri=\"sip:bob@example.com\"";
    assert_eq!(start, said);
    let end = "\", algorithm=sha-256, qop=auth, cnonce=\"cafe\", nc=0000001a, opaque=\"o\"";
    assert_eq!(&rest[64..], end);
    assert_eq!(challenge.answer_in(), "Authorization");
}

#[test]
fn a_hashed_user_name_is_not_told() {
    let challenge = challenge("Digest realm=\"r\", nonce=\"n\", qop=\"auth\", userhash=true");
    let uri = Uri::sip("b", "c");
    let answer = challenge.answer(&credentials("u", "p"), &Method::Invite, &uri, "c", 1, b"");
    let hashed = Hash::Md5.of(&["u:r"]);
    assert!(
        answer.contains(&hashed) && answer.ends_with("userhash=true"),
        "{answer}"
    );
}

#[test]
fn debug_shows_no_secrets() {
    let shown = format!(
        "{:?} {:?}",
        credentials("alice", "pw"),
        challenge("Digest realm=\"r\", nonce=\"n0nce\"")
    );
    assert!(
        !shown.contains("alice") && !shown.contains("pw") && !shown.contains("n0nce"),
        "{shown}"
    );
}

const SESSION_CASES: [(&str, &str); 5] = [
    ("", "9b8c8714bdcd80b6b12430c47557ab77"),
    (
        ", qop=\"auth\", algorithm=MD5-sess",
        "2a6c353fb4f10f2b1e312c4ab1005839",
    ),
    (
        ", qop=\"auth\", algorithm=SHA-256-sess",
        "943af3b2bfe24b2785b91755ce342c77a671d8254339ed012d10371c708dbba5",
    ),
    (
        ", qop=\"auth-int\", algorithm=SHA-256",
        "f25fcb37a5e0fb06c1b5f3d5e4f10ca6d20b919c2ed9475e32753f6259ee630e",
    ),
    (
        ", qop=auth, algorithm=SHA-512-256",
        "95c345ca248d80b48c2ec7d0b7a24dd9e89bcbd3ec9f9c2109c1375dd1dbc3b4",
    ),
];
