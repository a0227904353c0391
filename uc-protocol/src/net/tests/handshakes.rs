//! What can be at a port, and what dialling makes of it.

use super::*;

#[tokio::test]
async fn a_self_signed_certificate_is_shown_before_anything_is_sent() {
    let server = Server::tls(|_, mut stream| async move {
        let mut byte = [0];
        assert_eq!(
            stream.read(&mut byte).await.unwrap_or(0),
            0,
            "sent before the decision"
        );
    })
    .await;
    let dialed = server.dial().await.unwrap();
    let certificate = dialed.certificate();
    assert_eq!(certificate.subject, certificate.issuer);
    assert!(certificate.not_before < certificate.not_after);
    assert!(dialed.local_address().unwrap().ip().is_loopback());
    let fingerprint = certificate.fingerprint;
    assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
}

#[tokio::test]
async fn the_second_dial_resumes_the_tls_session() {
    let server = Server::answering(hello()).await;
    let dialer = dialer();
    let first = dialer.dial(&server.address).await.unwrap();
    assert!(!first.is_resumed());
    let fingerprint = first.certificate().fingerprint;
    // TLS 1.3 sends tickets after the handshake: read an answer to have them.
    let request = Request::get(Route::Hello);
    first.into_link().request(request).await.unwrap();
    let second = dialer.dial(&server.address).await.unwrap();
    assert!(second.is_resumed());
    assert_eq!(second.certificate().fingerprint, fingerprint);
}

#[tokio::test]
async fn nobody_at_the_port_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let address = HostPort::new("127.0.0.1", port).unwrap();
    assert_eq!(
        dialer().dial(&address).await.unwrap_err(),
        DialError::Refused
    );
}

#[tokio::test]
async fn a_name_that_nobody_has_is_not_found() {
    let address = HostPort::new("no-such-host.invalid", 8802).unwrap();
    assert_eq!(
        dialer().dial(&address).await.unwrap_err(),
        DialError::NameNotFound
    );
}

#[tokio::test]
async fn a_port_that_accepts_and_says_nothing_is_silent() {
    let server = Server::tcp(|_, stream| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    assert_eq!(server.dial().await.unwrap_err(), DialError::SilentTls);
}

/// What a server answers to the ClientHello, byte for byte.
async fn answered(bytes: &'static [u8]) -> DialError {
    let server = Server::tcp(move |_, mut stream| async move {
        let mut hello = [0; 5];
        let _ = stream.read_exact(&mut hello).await;
        let mut rest = vec![0; usize::from(u16::from_be_bytes([hello[3], hello[4]]))];
        let _ = stream.read_exact(&mut rest).await;
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let _ = stream.read(&mut rest).await;
    })
    .await;
    server.dial().await.unwrap_err()
}

#[tokio::test]
async fn plain_http_at_the_port_is_named() {
    let bytes = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n";
    assert_eq!(answered(bytes).await, DialError::PlainHttp);
}

#[tokio::test]
async fn garbage_at_the_port_is_no_tls() {
    assert_eq!(
        answered(b"SSH-2.0-OpenSSH_9.6\r\n").await,
        DialError::NotTls
    );
    assert_eq!(answered(b"220").await, DialError::NotTls);
}

#[tokio::test]
async fn an_alert_about_the_version_means_tls_is_too_old() {
    assert_eq!(
        answered(b"\x15\x03\x01\x00\x02\x02\x46").await,
        DialError::TlsTooOld
    );
}

#[tokio::test]
async fn a_hello_of_tls_1_0_means_tls_is_too_old() {
    let mut hello = b"\x16\x03\x01\x00\x2a\x02\x00\x00\x26\x03\x01".to_vec();
    hello.extend([7; 32]);
    hello.extend(b"\x00\x00\x2f\x00");
    assert_eq!(answered(hello.leak()).await, DialError::TlsTooOld);
}

#[tokio::test]
async fn another_alert_is_a_failed_handshake() {
    let error = answered(b"\x15\x03\x03\x00\x02\x02\x28").await;
    assert!(matches!(error, DialError::Handshake(_)), "{error:?}");
}

#[tokio::test]
async fn a_port_that_closes_at_once_is_closed() {
    assert_eq!(answered(b"").await, DialError::Closed);
}

#[tokio::test]
async fn dropping_a_dialed_connection_closes_it() {
    let (closed, seen) = tokio::sync::oneshot::channel();
    let closed = std::sync::Mutex::new(Some(closed));
    let server = Server::tls(move |_, mut stream| {
        let closed = closed.lock().unwrap().take().unwrap();
        async move {
            let _ = stream.read(&mut [0]).await;
            let _ = closed.send(());
        }
    })
    .await;
    drop(server.dial().await.unwrap());
    seen.await.unwrap();
}

#[test]
fn without_a_runtime_there_is_a_typed_error() {
    let address = HostPort::new("127.0.0.1", 1).unwrap();
    let dialer = dialer();
    let mut dial = std::pin::pin!(dialer.dial(&address));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(result) = dial.as_mut().poll(&mut context) else {
        panic!("waits for a runtime");
    };
    assert_eq!(result.unwrap_err(), DialError::NoRuntime);
}

/// A proxy that answers `CONNECT` with `answer` and then is the server itself.
async fn through_proxy(answer: &'static str) -> Result<Dialed, DialError> {
    let acceptor = acceptor();
    let proxy = Server::tcp(move |_, mut stream| {
        let acceptor = acceptor.clone();
        async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            assert!(head.starts_with(b"CONNECT pbx.invalid:8802 HTTP/1.1\r\n"));
            stream.write_all(answer.as_bytes()).await.unwrap();
            let _ = acceptor.accept(stream).await;
        }
    })
    .await;
    let mut config = dialer().config().clone();
    config.proxy = Some(proxy.address.clone());
    Dialer::new(config)
        .dial(&"pbx.invalid".parse().unwrap())
        .await
}

#[tokio::test]
async fn a_proxy_opens_the_way_and_looks_the_name_up() {
    through_proxy("HTTP/1.1 200 Connection established\r\n\r\n")
        .await
        .unwrap();
}

#[tokio::test]
async fn a_proxys_refusal_is_named() {
    let refused = through_proxy("HTTP/1.1 403 Forbidden\r\n\r\n")
        .await
        .unwrap_err();
    assert_eq!(refused, DialError::Proxy(ProxyError::Status(403)));
    let strange = through_proxy("hello\r\n\r\n").await.unwrap_err();
    assert_eq!(strange, DialError::Proxy(ProxyError::NotHttp));
}
