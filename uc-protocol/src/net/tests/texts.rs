//! Every text that a person may see.

use std::{fmt::Write, io::ErrorKind};

use super::*;
use crate::ucx::{Cause, DecodeError, FieldError};

fn dial_errors() -> Vec<DialError> {
    let certificate = Certificate {
        fingerprint: Fingerprint([2; 32]),
        subject: "CN=pbx".into(),
        issuer: "CN=pbx".into(),
        not_before: 0,
        not_after: 1,
    };
    vec![
        DialError::NameNotFound,
        DialError::Refused,
        DialError::Unreachable(ErrorKind::NetworkUnreachable),
        DialError::Silent,
        DialError::SilentTls,
        DialError::PlainHttp,
        DialError::NotTls,
        DialError::Closed,
        DialError::TlsTooOld,
        DialError::Handshake(rustls::Error::DecryptError),
        DialError::BadCertificate,
        DialError::CertificateChanged {
            expected: Fingerprint([1; 32]),
            presented: Box::new(certificate),
        },
        DialError::Proxy(ProxyError::Status(407)),
        DialError::Proxy(ProxyError::NotHttp),
        DialError::Proxy(ProxyError::Broken(ErrorKind::ConnectionReset)),
        DialError::NoWebSocket(Some(404)),
        DialError::NoRuntime,
    ]
}

fn decode_errors() -> Vec<DecodeError> {
    let field = FieldError {
        field: "note",
        found: 2000,
        limit: 1024,
    };
    vec![
        DecodeError::TooLarge(100_000_000),
        DecodeError::TooDeep(32),
        DecodeError::Truncated(17),
        DecodeError::Syntax(3),
        DecodeError::Shape(40),
        DecodeError::Field(field),
    ]
}

fn request_errors() -> Vec<RequestError> {
    let mut all = vec![
        RequestError::Dial(DialError::Refused),
        RequestError::PathTooLong,
        RequestError::BrokenBeforeAnswer,
        RequestError::BrokenInAnswer,
        RequestError::TimedOut,
        RequestError::Status(404),
        RequestError::Status(500),
        RequestError::NotEvents,
        RequestError::TooLarge,
        RequestError::HeaderTooLarge,
        RequestError::NotHttp,
    ];
    all.extend(decode_errors().into_iter().map(RequestError::Malformed));
    let problems = ProblemType::ALL.into_iter().map(Problem::new);
    all.extend(problems.map(RequestError::Problem));
    all.push(RequestError::Problem(Problem::call_failed(Cause::Busy)));
    all
}

#[test]
fn all_texts() {
    let mut texts = String::new();
    for error in dial_errors() {
        writeln!(texts, "{error}\n    {}", error.advice()).unwrap();
    }
    for error in request_errors() {
        writeln!(texts, "{error}\n    {}", error.advice()).unwrap();
    }
    for end in [StreamEnd::Closed, StreamEnd::Broken, StreamEnd::TooLong] {
        writeln!(texts, "{end}").unwrap();
    }
    for text in ["", "https://pbx", "pbx:x", "pbx:0", "p bx"] {
        writeln!(texts, "{text:?}: {}", text.parse::<HostPort>().unwrap_err()).unwrap();
    }
    writeln!(texts, "{}", HostPort::new(&"x".repeat(300), 1).unwrap_err()).unwrap();
    writeln!(texts, "{}", "x".parse::<Fingerprint>().unwrap_err()).unwrap();
    insta::assert_snapshot!(texts);
}

#[test]
fn addresses_are_read_and_written() {
    for (text, written) in [
        ("pbx", "pbx:8802"),
        (" pbx.example.com:443 ", "pbx.example.com:443"),
        ("10.0.0.1:1", "10.0.0.1:1"),
        ("::1", "[::1]:8802"),
        ("[::1]", "[::1]:8802"),
        ("[fe80::1]:9", "[fe80::1]:9"),
    ] {
        let address: HostPort = text.parse().unwrap();
        assert_eq!(address.to_string(), written);
        assert_eq!(written.parse(), Ok(address));
    }
    for text in [
        "a:b:c",
        "pbx:",
        "pbx:65536",
        "[::1",
        "[::1]x",
        "http://x:1",
        "pbx/x",
        ":1",
    ] {
        text.parse::<HostPort>().expect_err(text);
    }
}
