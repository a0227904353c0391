use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message as Frame,
        handshake::server::{Request as Asked, Response as Answer},
    },
};

use super::{super::stream::Octets, *};
use crate::net::tests::acceptor;

async fn accept<S: Octets>(stream: S) -> WebSocketStream<S> {
    let agree = |asked: &Asked, mut answer: Answer| {
        assert_eq!(asked.uri().path(), "/ws");
        assert_eq!(asked.headers()["sec-websocket-protocol"], "sip");
        let sip = "sip".parse().unwrap();
        answer.headers_mut().insert("sec-websocket-protocol", sip);
        Ok(answer)
    };
    accept_hdr_async(stream, agree).await.unwrap()
}

/// Answers a message twice: in a text and in a binary frame.
async fn answer<S: Octets>(stream: S) {
    let mut socket = accept(stream).await;
    let Some(Ok(Frame::Text(text))) = socket.next().await else {
        panic!("no text");
    };
    assert!(Message::read(text.as_bytes()).unwrap() == options(3));
    let answer = bytes(&ok());
    let text = String::from_utf8(answer.clone()).unwrap();
    socket.send(Frame::text(text)).await.unwrap();
    socket.send(Frame::binary(answer)).await.unwrap();
    let _ = socket.next().await;
}

#[tokio::test]
async fn messages_go_and_come_by_websocket() {
    let server = Server::tcp(answer).await;
    let flow = server.flow(Transport::Ws).await;
    flow.send(&options(3)).await.unwrap();
    assert!(message(&flow).await == ok());
    assert!(message(&flow).await == ok());
}

#[tokio::test]
async fn a_websocket_over_tls_shows_its_certificate() {
    let acceptor = acceptor();
    let server = Server::tcp(move |stream| {
        let acceptor = acceptor.clone();
        async move { answer(acceptor.accept(stream).await.unwrap()).await }
    })
    .await;
    let dialed = dialer()
        .dial(Transport::Wss, &server.address)
        .await
        .unwrap();
    assert!(dialed.certificate().is_some());
    let flow = dialed.into_flow();
    flow.send(&options(3)).await.unwrap();
    assert!(message(&flow).await == ok());
}

/// A server that sends these frames, and tells those it gets.
async fn sending(frames: Vec<Frame>) -> (Server, tokio::sync::mpsc::Receiver<Frame>) {
    let (told, heard) = tokio::sync::mpsc::channel(16);
    let server = Server::tcp(move |stream| {
        let (told, frames) = (told.clone(), frames.clone());
        async move {
            let mut socket = accept(stream).await;
            for frame in frames {
                socket.send(frame).await.unwrap();
            }
            while let Some(Ok(frame)) = socket.next().await {
                let _ = told.send(frame).await;
            }
        }
    })
    .await;
    (server, heard)
}

#[tokio::test]
async fn both_kinds_of_pings_are_answered_and_sent() {
    let frames = vec![
        Frame::Ping("x".into()),
        Frame::text("\r\n\r\n"),
        Frame::text("\r\n"),
    ];
    let (server, mut heard) = sending(frames).await;
    let flow = server.flow(Transport::Ws).await;
    assert_eq!(flow.receive().await.unwrap(), Received::Ping);
    assert_eq!(flow.receive().await.unwrap(), Received::Ping);
    assert_eq!(flow.receive().await.unwrap(), Received::Pong);
    assert_eq!(heard.recv().await, Some(Frame::Pong("x".into())));
    assert_eq!(heard.recv().await, Some(Frame::text("\r\n")));
    flow.ping().await.unwrap();
    assert_eq!(flow.receive().await.unwrap(), Received::Pong);
}

#[tokio::test]
async fn octets_that_are_no_text_go_as_binary() {
    let (server, mut heard) = sending(Vec::new()).await;
    let flow = server.flow(Transport::Ws).await;
    let mut request = options(0);
    let Message::Request(inner) = &mut request else {
        panic!("a response");
    };
    inner.body = vec![0xFF];
    flow.send(&request).await.unwrap();
    assert_eq!(heard.recv().await, Some(Frame::binary(bytes(&request))));
}

#[tokio::test]
async fn rubbish_is_told_and_the_end_is_noticed() {
    let frames = vec![Frame::text("rubbish"), Frame::text(""), Frame::Close(None)];
    let (server, _heard) = sending(frames).await;
    let flow = server.flow(Transport::Ws).await;
    let unreadable = Received::Unreadable(SipError::NoEnd);
    assert_eq!(flow.receive().await.unwrap(), unreadable);
    assert_eq!(flow.receive().await.unwrap_err(), FlowError::Closed);
}

#[tokio::test]
async fn a_frame_that_is_too_long_ends_the_flow() {
    let (server, _heard) = sending(vec![Frame::text("x".repeat(70_000))]).await;
    let flow = server.flow(Transport::Ws).await;
    assert_eq!(flow.receive().await.unwrap_err(), FlowError::NotSip);
}

#[tokio::test]
async fn a_server_without_sip_over_websocket_is_named() {
    let refusing = Server::saying("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await;
    let dial = |address: HostPort| async move {
        dialer().dial(Transport::Ws, &address).await.unwrap_err()
    };
    assert_eq!(
        dial(refusing.address.clone()).await,
        DialError::NoWebSocket(Some(404))
    );
    let other = Server::saying("SSH-2.0-OpenSSH\r\n\r\n").await;
    assert_eq!(
        dial(other.address.clone()).await,
        DialError::NoWebSocket(None)
    );
    let silent = Server::tcp(|stream| async move {
        let agree = |_: &Asked, answer: Answer| Ok(answer);
        let mut socket = accept_hdr_async(stream, agree).await.unwrap();
        let _ = socket.next().await;
    })
    .await;
    assert_eq!(
        dial(silent.address.clone()).await,
        DialError::NoWebSocket(None)
    );
    let odd = dialer()
        .web_path("/with space")
        .dial(Transport::Ws, &silent.address)
        .await;
    assert_eq!(odd.unwrap_err(), DialError::NoWebSocket(None));
}
