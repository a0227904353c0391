//! What bad input gets, seen through the client: a typed error, and the session lives on.

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use uc_server::Server;
use uc_session::{
    Client, ClientBuilder, Connection, Event, Pins, ServiceError, SignInError, Trust,
    fake::TokioClock,
    port::{BackendError, DialFailure, ServerAddress},
};

use crate::{
    client::{builder, event, until, within},
    rogue::{Heard, Rogue, Say, event as stream_event, good},
};

fn at(address: SocketAddr) -> ClientBuilder {
    Client::builder(&address.to_string(), "330")
        .password("secret".to_owned())
        .trust(Trust::AcceptFirst)
        .clock(Arc::new(TokioClock::new()))
}

fn server_address(address: SocketAddr) -> ServerAddress {
    ServerAddress {
        host: address.ip().to_string(),
        port: address.port(),
    }
}

async fn refused(builder: ClientBuilder) -> SignInError {
    within(builder.sign_in())
        .await
        .expect_err("the sign-in must fail")
}

fn unreachable(lan: DialFailure) -> SignInError {
    SignInError::Unreachable { lan, wan: None }
}

/// A port where nobody listens.
async fn closed_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

/// A port where somebody waits for the first bytes and answers these.
async fn speaking(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4_096]).await;
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    address
}

#[tokio::test]
async fn a_wrong_password_and_a_locked_account_are_told_apart() {
    let server = Server::builder().start().await.unwrap();
    let wrong = || builder(&server, "330").password("wrong".to_owned());
    let told = refused(wrong()).await;
    assert_eq!(told, SignInError::Backend(BackendError::BadCredentials));
    let mut told = told;
    for _ in 0..20 {
        told = refused(wrong()).await;
    }
    assert_eq!(told, SignInError::Backend(BackendError::AccountLocked));
}

#[tokio::test]
async fn a_refused_port_is_told() {
    let told = refused(at(closed_port().await)).await;
    assert_eq!(told, unreachable(DialFailure::Refused));
}

#[tokio::test]
async fn a_silent_host_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let builder = at(listener.local_addr().unwrap());
    tokio::time::pause();
    assert_eq!(refused(builder).await, unreachable(DialFailure::Silent));
}

#[tokio::test]
async fn a_name_nobody_has_is_told() {
    // No label of a name has more than 63 letters (RFC 1035): no name service is asked.
    let nobody = format!("{}.example", "a".repeat(64));
    let builder = Client::builder(&nobody, "330").password("secret".to_owned());
    assert_eq!(
        refused(builder).await,
        unreachable(DialFailure::NameNotFound)
    );
}

#[tokio::test]
async fn plain_http_is_not_spoken() {
    let address = speaking(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
    assert_eq!(refused(at(address)).await, unreachable(DialFailure::NotTls));
}

#[tokio::test]
async fn a_tls_that_is_too_old_is_told() {
    // A fatal alert "protocol_version" in a record of TLS 1.0 (RFC 5246 §7.2.2).
    let address = speaking(&[21, 3, 1, 0, 2, 2, 70]).await;
    assert_eq!(
        refused(at(address)).await,
        unreachable(DialFailure::TlsTooOld)
    );
}

#[tokio::test]
async fn a_dead_lan_address_does_not_keep_a_live_wan_address_from_working() {
    let server = Server::builder().start().await.unwrap();
    let dead = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::builder(&dead.local_addr().unwrap().to_string(), "330")
        .wan(&server.address().to_string())
        .password("demo-330".to_owned())
        .trust(Trust::Pin(server.fingerprint()));
    let client = within(client.sign_in()).await.unwrap();
    assert_eq!(client.view().connection, Connection::Live);
}

#[tokio::test]
async fn an_unknown_certificate_is_shown_before_anything_is_sent() {
    let rogue = Rogue::start(good).await;
    let SignInError::UnknownCertificate {
        address,
        certificate,
    } = refused(at(rogue.address).trust(Trust::Ask)).await
    else {
        panic!("it was trusted");
    };
    assert_eq!(address, server_address(rogue.address));
    assert_eq!(certificate.sha256, rogue.sha256);
    assert_eq!(rogue.requests(), 0);
    let accepted = at(rogue.address).trust(Trust::Pin(certificate.sha256));
    within(accepted.sign_in()).await.unwrap();
}

#[tokio::test]
async fn a_changed_certificate_is_shown_before_anything_is_sent() {
    let rogue = Rogue::start(good).await;
    let pins = Pins::new().with(server_address(rogue.address), [7; 32]);
    let SignInError::ChangedCertificate {
        expected,
        certificate,
        ..
    } = refused(at(rogue.address).pins(pins)).await
    else {
        panic!("it was trusted");
    };
    assert_eq!((expected, certificate.sha256), ([7; 32], rogue.sha256));
    assert_eq!(rogue.requests(), 0);
}

#[tokio::test]
async fn a_stranger_at_the_lan_address_is_passed_over_and_reported() {
    let stranger = Rogue::start(good).await;
    let server = Server::builder().start().await.unwrap();
    let client = Client::builder(&stranger.address.to_string(), "330")
        .wan(&server.address().to_string())
        .password("demo-330".to_owned())
        .trust(Trust::Pin(server.fingerprint()));
    let client = within(client.sign_in()).await.unwrap();
    let mut events = client.events();
    let reported = event(&mut events, |e| {
        matches!(e, Event::CertificateStranger { .. })
    })
    .await;
    let Event::CertificateStranger { certificate, .. } = reported else {
        panic!("{reported:?}");
    };
    assert_eq!(certificate.sha256, stranger.sha256);
    assert_eq!(stranger.requests(), 0);
}

#[tokio::test]
async fn a_server_without_ucx_says_so_in_words() {
    let no_ucx = |_: &Heard| Say::Raw(b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n".to_vec());
    let rogue = Rogue::start(no_ucx).await;
    let told = refused(at(rogue.address)).await;
    assert_eq!(told, SignInError::Backend(BackendError::NoUcx));
}

#[tokio::test]
async fn a_state_that_cannot_be_read_ends_the_sign_in() {
    let rogue = Rogue::start(|heard| match heard.path.as_str() {
        "/uc/v1/snapshot" => Say::Json(200, r#"{"as_of":"e1-1","me":"#.into()),
        _ => good(heard),
    })
    .await;
    let told = refused(at(rogue.address)).await;
    assert_eq!(told, SignInError::Backend(BackendError::Malformed));
    rogue.deserted().await;
}

#[tokio::test]
async fn broken_answers_are_told_and_the_session_lives_on() {
    let rogue = Rogue::start(|heard| {
        let query = heard.path.split_once("q=").map_or("", |(_, query)| query);
        match query.split('&').next().unwrap_or_default() {
            "half" => Say::Json(200, r#"{"contacts":["#.into()),
            "huge" => Say::Flood(100 * 1024 * 1024),
            "deep" => Say::Json(200, "[".repeat(10_000)),
            _ => good(heard),
        }
    })
    .await;
    let client = within(at(rogue.address).sign_in()).await.unwrap();
    let table = [
        ("half", BackendError::Malformed),
        ("huge", BackendError::TooLarge),
        ("deep", BackendError::Malformed),
    ];
    for (query, error) in table {
        let told = within(client.search(query)).await;
        assert_eq!(told, Err(ServiceError::Backend(error)), "{query}");
        let found = within(client.search("bruno")).await;
        assert_eq!(
            found.map(|found| found.contacts.len()),
            Ok(1),
            "after {query}"
        );
    }
    assert_eq!(client.view().connection, Connection::Live);
}

#[tokio::test]
async fn a_text_that_fits_into_no_url_is_refused_and_the_session_lives_on() {
    let rogue = Rogue::start(good).await;
    let client = within(at(rogue.address).sign_in()).await.unwrap();
    let pasted = "b".repeat(100_000);
    let told = within(client.search(&pasted)).await;
    let refused = ServiceError::Backend(BackendError::RefusedValue);
    assert_eq!(told, Err(refused));
    assert!(within(client.search("bruno")).await.is_ok());
    assert_eq!(client.view().connection, Connection::Live);
}

#[tokio::test]
async fn unreadable_events_are_counted_and_the_session_lives_on() {
    let rogue = Rogue::start(good).await;
    let client = within(at(rogue.address).sign_in()).await.unwrap();
    let mut events = client.events();
    rogue.push(&stream_event("e1-2", r#"{"type":"call","#));
    rogue.push(&stream_event("e1-3", &"[".repeat(10_000)));
    rogue.push(&stream_event(
        "e1-4",
        r#"{"type":"presence","user":"331","rev":4,"state":"home"}"#,
    ));
    event(&mut events, |event| {
        *event == Event::Undecodable { total: 2 }
    })
    .await;
    event(&mut events, |event| matches!(event, Event::Presence { .. })).await;
    assert_eq!(client.view().undecodable, 2);
    assert!(within(client.search("bruno")).await.is_ok());
}

#[tokio::test]
async fn an_event_of_a_call_that_is_not_known_and_over_changes_nothing() {
    let rogue = Rogue::start(good).await;
    let client = within(at(rogue.address).sign_in()).await.unwrap();
    let mut events = client.events();
    let call = r#"{"type":"call","id":"c9","rev":2,"direction":"incoming","device":"voip",
        "local":"null","party":{"number":"331"},"remote":"null","started":1,"cause":"normal"}"#;
    rogue.push(&stream_event("e1-2", &call.replace('\n', " ")));
    rogue.push(&stream_event(
        "e1-3",
        r#"{"type":"presence","user":"331","rev":3,"state":"home"}"#,
    ));
    let first = within(events.next()).await.unwrap();
    assert!(matches!(first, Event::Presence { .. }), "{first:?}");
    assert!(client.view().calls.is_empty() && client.calls().is_empty());
}

#[tokio::test]
async fn a_session_that_the_server_ends_is_signed_in_again_once() {
    let rogue = Rogue::start(good).await;
    let client = within(at(rogue.address).sign_in()).await.unwrap();
    let mut events = client.events();
    rogue.push(&stream_event("e1-2", r#"{"type":"session_ended"}"#));
    event(&mut events, |event| *event == Event::ConnectionRestored).await;
    until(|| client.view().connection == Connection::Live).await;
    assert!(within(client.search("bruno")).await.is_ok());
}
