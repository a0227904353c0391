//! What a server can answer, and what requests make of it.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use super::*;
use crate::ucx::DecodeError;

async fn error_of(bytes: impl Into<Vec<u8>>) -> RequestError {
    let server = Server::answering(bytes).await;
    let request = Request::get(Route::Hello);
    server
        .link()
        .await
        .fetch::<Hello>(request)
        .await
        .unwrap_err()
}

#[tokio::test]
async fn a_good_answer_is_a_resource() {
    let server = Server::answering(hello()).await;
    let hello: Hello = server
        .link()
        .await
        .fetch(Request::get(Route::Hello))
        .await
        .unwrap();
    assert_eq!(hello.mode, Mode::Suite);
}

#[tokio::test]
async fn a_request_carries_token_key_and_body() {
    let seen = Arc::new(Mutex::new(String::new()));
    let server = Server::tls({
        let seen = Arc::clone(&seen);
        move |_, mut stream| {
            let seen = Arc::clone(&seen);
            async move {
                *seen.lock().unwrap() = read_request(&mut stream).await.unwrap();
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
            }
        }
    })
    .await;
    let link = server.link().await.with_token(Secret("t0ken".into()));
    let sign_in = SignIn {
        user: "330".into(),
        password: Secret("secret".into()),
        client: "test".into(),
    };
    let request = Request::post(Route::Session)
        .body(&sign_in)
        .idempotency_key("key-1\r\n");
    let shown = format!("{link:?} {request:?}");
    assert!(
        !shown.contains("t0ken") && !shown.contains("secret"),
        "{shown}"
    );
    assert_eq!(link.request(request).await.unwrap().status(), 204);
    let seen = seen.lock().unwrap();
    assert!(
        seen.starts_with("POST /uc/v1/session HTTP/1.1\r\n"),
        "{seen}"
    );
    for part in [
        "authorization: Bearer t0ken\r\n",
        "idempotency-key: key-1\r\n",
        "content-type: application/json\r\n",
        &format!("host: {}\r\n", server.address),
        r#"{"user":"330","password":"secret","client":"test"}"#,
    ] {
        assert!(seen.contains(part), "{part} in {seen}");
    }
}

#[tokio::test]
async fn a_problem_is_given_whole() {
    let problem = Problem::new(ProblemType::AccountLocked);
    let body = String::from_utf8(crate::ucx::encode(&problem)).unwrap();
    let bytes = answer(
        "403 Forbidden",
        "application/problem+json; charset=utf-8",
        &body,
    );
    assert_eq!(error_of(bytes).await, RequestError::Problem(problem));
}

#[tokio::test]
async fn an_error_without_explanation_is_its_status() {
    let bytes = answer("404 Not Found", "text/html", "<h1>no</h1>");
    assert_eq!(error_of(bytes).await, RequestError::Status(404));
}

#[tokio::test]
async fn half_a_json_is_malformed() {
    let bytes = answer("200 OK", "application/json", r#"{"server":"s","ver"#);
    assert_eq!(
        error_of(bytes).await,
        RequestError::Malformed(DecodeError::Truncated(18))
    );
}

#[tokio::test]
async fn ten_thousand_brackets_are_malformed() {
    let bytes = answer("200 OK", "application/json", &"[".repeat(10_000));
    assert_eq!(
        error_of(bytes).await,
        RequestError::Malformed(DecodeError::TooDeep(32))
    );
}

#[tokio::test]
async fn a_hundred_megabytes_are_cut_off_early() {
    let sent = Arc::new(AtomicUsize::new(0));
    let server = Server::tls({
        let sent = Arc::clone(&sent);
        move |_, mut stream| {
            let sent = Arc::clone(&sent);
            async move {
                let _ = read_request(&mut stream).await;
                let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n";
                let _ = stream.write_all(head).await;
                let piece = [b' '; 10_000];
                while sent.load(Ordering::Relaxed) < 100_000_000 {
                    if stream.write_all(&piece).await.is_err() {
                        break;
                    }
                    sent.fetch_add(piece.len(), Ordering::Relaxed);
                }
            }
        }
    })
    .await;
    let result = server
        .link()
        .await
        .request(Request::get(Route::Hello))
        .await;
    assert_eq!(result.unwrap_err(), RequestError::TooLarge);
    assert!(sent.load(Ordering::Relaxed) < 50 * MAX_BODY_BYTES);
}

#[tokio::test]
async fn an_endless_header_is_cut_off() {
    let field = format!("x: {}\r\n", "y".repeat(1000));
    let bytes = format!("HTTP/1.1 200 OK\r\n{}\r\n", field.repeat(90));
    assert_eq!(error_of(bytes).await, RequestError::HeaderTooLarge);
}

#[tokio::test]
async fn something_else_than_http_is_named() {
    assert_eq!(
        error_of("220 mail ready\r\n\r\n").await,
        RequestError::NotHttp
    );
}

#[tokio::test]
async fn a_break_before_any_answer_may_be_sent_again() {
    let error = error_of("").await;
    assert_eq!(error, RequestError::BrokenBeforeAnswer);
    assert!(error.may_resend());
}

#[tokio::test]
async fn a_break_inside_the_answer_may_not() {
    let cut = hello();
    for length in [1, 20, cut.len() - 1] {
        let error = error_of(&cut.as_bytes()[..length]).await;
        assert_eq!(
            error,
            RequestError::BrokenInAnswer,
            "cut after {length} bytes"
        );
        assert!(!error.may_resend());
    }
}

#[tokio::test]
async fn no_answer_in_time_may_not_be_sent_again() {
    let server = Server::tls(|_, mut stream| async move {
        let _ = read_request(&mut stream).await;
        std::future::pending::<()>().await;
    })
    .await;
    let error = server
        .link()
        .await
        .request(Request::get(Route::Hello))
        .await
        .unwrap_err();
    assert_eq!(error, RequestError::TimedOut);
    assert!(!error.may_resend());
}

#[tokio::test]
async fn requests_one_after_the_other_share_a_connection() {
    let connections = Arc::new(AtomicUsize::new(0));
    let server = Server::tls({
        let connections = Arc::clone(&connections);
        move |_, mut stream| {
            connections.fetch_add(1, Ordering::Relaxed);
            async move {
                while read_request(&mut stream).await.is_ok() {
                    let _ = stream.write_all(hello().as_bytes()).await;
                }
            }
        }
    })
    .await;
    let link = server.link().await;
    for _ in 0..5 {
        link.request(Request::get(Route::Hello)).await.unwrap();
    }
    assert_eq!(connections.load(Ordering::Relaxed), 1);
    let requests = (0..12).map(|_| {
        let link = link.clone();
        tokio::spawn(async move { link.request(Request::get(Route::Hello)).await })
    });
    for request in requests.collect::<Vec<_>>() {
        request.await.unwrap().unwrap();
    }
    assert!(connections.load(Ordering::Relaxed) <= 8);
}

#[tokio::test]
async fn a_connection_that_died_while_idle_is_replaced() {
    let server = Server::tls(|_, mut stream| async move {
        let _ = read_request(&mut stream).await;
        let _ = stream.write_all(hello().as_bytes()).await;
        let _ = stream.shutdown().await;
    })
    .await;
    let link = server.link().await;
    for _ in 0..3 {
        let result = link.request(Request::get(Route::Hello)).await;
        assert!(
            matches!(result, Ok(_) | Err(RequestError::BrokenBeforeAnswer)),
            "{result:?}"
        );
    }
}

#[tokio::test]
async fn a_further_connection_with_another_certificate_is_refused_unsent() {
    let (first, second) = (acceptor(), acceptor());
    let server = Server::tcp(move |number, stream| {
        let acceptor = if number == 0 {
            first.clone()
        } else {
            second.clone()
        };
        async move {
            let mut stream = acceptor.accept(stream).await.unwrap();
            let request = read_request(&mut stream).await;
            assert!(number == 0 || request.is_err(), "sent to a stranger");
            let _ = stream
                .write_all(b"HTTP/1.1 204 No\r\nconnection: close\r\n\r\n")
                .await;
        }
    })
    .await;
    let link = server.link().await;
    let accepted = link.certificate().fingerprint;
    link.request(Request::get(Route::Hello)).await.unwrap();
    let error = link.request(Request::get(Route::Hello)).await.unwrap_err();
    let RequestError::Dial(DialError::CertificateChanged {
        expected,
        presented,
    }) = error
    else {
        panic!("{error:?}");
    };
    assert_eq!(expected, accepted);
    assert_ne!(presented.fingerprint, accepted);
}

#[tokio::test]
async fn dropping_the_request_closes_its_connection() {
    let (closed, seen) = tokio::sync::oneshot::channel();
    let closed = Mutex::new(Some(closed));
    let (arrived, request_arrived) = tokio::sync::oneshot::channel();
    let arrived = Mutex::new(Some(arrived));
    let server = Server::tls(move |_, mut stream| {
        let closed = closed.lock().unwrap().take().unwrap();
        let arrived = arrived.lock().unwrap().take().unwrap();
        async move {
            let _ = read_request(&mut stream).await;
            let _ = arrived.send(());
            let _ = stream.read(&mut [0]).await;
            let _ = closed.send(());
        }
    })
    .await;
    let link = server.link().await;
    tokio::select! {
        result = link.request(Request::get(Route::Hello)) => panic!("{result:?}"),
        _ = request_arrived => {}
    }
    seen.await.unwrap();
}
