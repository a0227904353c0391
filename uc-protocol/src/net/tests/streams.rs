//! The event stream over the network.

use super::*;
use crate::{
    limits::MAX_EVENT_BYTES,
    ucx::{DecodeError, EventId, paths::EventsQuery},
};

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";

async fn stream(body: &str) -> (Server, EventStream) {
    let server = Server::answering(format!("{HEAD}{body}")).await;
    let stream = server
        .link()
        .await
        .events(None, EventsQuery::default())
        .await
        .unwrap();
    (server, stream)
}

#[tokio::test]
async fn events_and_signs_of_life_come_in_order_and_then_the_end() {
    let body = ":\n\nid: e1-7\ndata: {\"type\":\"reset\"}\n\ndata: {\"type\":\"news\"}\n\n";
    let (_server, mut stream) = stream(body).await;
    assert_eq!(stream.next().await, Ok(StreamItem::Heartbeat));
    let id: EventId = "e1-7".parse().unwrap();
    let reset = StreamItem::Event {
        id: Some(id.clone()),
        event: Event::Reset,
    };
    assert_eq!(stream.next().await, Ok(reset));
    let unknown = StreamItem::Event {
        id: Some(id),
        event: Event::Unknown,
    };
    assert_eq!(stream.next().await, Ok(unknown));
    assert_eq!(stream.next().await, Err(StreamEnd::Closed));
    assert_eq!(stream.next().await, Err(StreamEnd::Closed));
}

#[tokio::test]
async fn an_unreadable_event_does_not_end_the_stream() {
    let (_server, mut stream) =
        stream("data: {\"type\":\"call\"\n\ndata: {\"type\":\"reset\"}\n\n").await;
    let error = DecodeError::Truncated(14);
    assert_eq!(
        stream.next().await,
        Ok(StreamItem::Malformed { id: None, error })
    );
    let reset = StreamItem::Event {
        id: None,
        event: Event::Reset,
    };
    assert_eq!(stream.next().await, Ok(reset));
}

#[tokio::test]
async fn an_endless_event_ends_the_stream() {
    let (_server, mut stream) = stream(&"x".repeat(MAX_EVENT_BYTES + 1)).await;
    assert_eq!(stream.next().await, Err(StreamEnd::TooLong));
}

#[tokio::test]
async fn the_id_to_resume_after_is_sent() {
    let server = Server::tls(|_, mut stream| async move {
        let request = read_request(&mut stream).await.unwrap();
        let status = if request.contains("last-event-id: e1-41\r\n") {
            "200 OK"
        } else {
            "400 No"
        };
        let head = format!("HTTP/1.1 {status}\r\ncontent-type: text/event-stream\r\n\r\n");
        let _ = stream.write_all(head.as_bytes()).await;
        let _ = stream.shutdown().await;
    })
    .await;
    let id = "e1-41".parse().unwrap();
    server
        .link()
        .await
        .events(Some(&id), EventsQuery::default())
        .await
        .unwrap();
}

#[tokio::test]
async fn another_answer_than_a_stream_is_an_error() {
    let server = Server::answering(hello()).await;
    let error = server
        .link()
        .await
        .events(None, EventsQuery::default())
        .await
        .unwrap_err();
    assert_eq!(error, RequestError::NotEvents);
    let server = Server::answering(answer("503 Busy", "text/plain", "")).await;
    let error = server
        .link()
        .await
        .events(None, EventsQuery::default())
        .await
        .unwrap_err();
    assert_eq!(error, RequestError::Status(503));
}

#[tokio::test]
async fn a_broken_connection_ends_the_stream() {
    let body =
        format!("{HEAD}:\n\n").replace("\r\n\r\n", "\r\ntransfer-encoding: chunked\r\n\r\n3\r\n");
    let server = Server::answering(body).await;
    let mut stream = server
        .link()
        .await
        .events(None, EventsQuery::default())
        .await
        .unwrap();
    assert_eq!(stream.next().await, Ok(StreamItem::Heartbeat));
    assert_eq!(stream.next().await, Err(StreamEnd::Broken));
}
