//! Servers that stop, die, fall silent and come back.

mod client;

use std::time::Duration;

use client::{Client, TestDirectory, answer, durable, server};
use serde_json::json;
use uc_protocol::ucx::{ConnectionState, Event};
use uc_server::{Certificate, Server, StartError};

#[tokio::test]
async fn a_server_with_a_store_comes_back_with_everything_at_once() {
    let directory = TestDirectory::new("comes-back");
    let server = durable(&directory).start().await.unwrap();
    let (address, fingerprint) = (server.address(), server.fingerprint());
    let mut caller = Client::signed_in(&server, "330").await;
    let mut callee = Client::signed_in(&server, "331").await;
    let mut events = callee.events(None).await;
    let placed = caller.call("331").await;
    let ringing = events.call().await;
    callee
        .service(&ringing.id, "answer", answer(1))
        .await
        .call();
    events.call().await;
    server.kill().await;
    // What was told of the lines may be on its way.
    while let Some(last) = events.next().await {
        assert!(matches!(last, Event::Presence(_)), "{last:?}");
    }

    let server = durable(&directory).listen(address).start().await.unwrap();
    assert_eq!(server.fingerprint(), fingerprint);
    let mut caller = caller.again(address).await;
    let mut callee = callee.again(address).await;
    let mut resumed = callee.events(events.last.as_deref()).await;
    let known = resumed.call().await;
    assert_eq!(
        (known.id.as_str(), known.local),
        (ringing.id.as_str(), ConnectionState::Connected)
    );
    assert!(known.unconfirmed && known.carried_here);
    assert!(
        !caller
            .service(&placed.id, "confirm", json!({}))
            .await
            .call()
            .unconfirmed
    );
    assert!(
        !callee
            .service(&ringing.id, "confirm", json!({}))
            .await
            .call()
            .unconfirmed
    );
    caller.service(&placed.id, "clear", json!({})).await.call();
    server.stop().await;
}

#[tokio::test]
async fn a_server_without_a_store_begins_a_new_epoch_and_says_so() {
    let certificate = Certificate::self_signed().unwrap();
    let start = || Server::builder().certificate(certificate.clone());
    let server = start().start().await.unwrap();
    let address = server.address();
    let mut client = Client::signed_in(&server, "330").await;
    let mut events = client.events(None).await;
    client
        .put("/uc/v1/me/presence", json!({"state": "break"}))
        .await;
    events.next().await;
    server.stop().await;

    let server = start().listen(address).start().await.unwrap();
    let client = Client::signed_in(&server, "330").await;
    let mut resumed = client.events(events.last.as_deref()).await;
    assert_eq!(resumed.next().await, Some(Event::Reset));
    assert_ne!(resumed.last, events.last);
}

#[tokio::test]
async fn stopping_ends_event_streams_without_waiting_for_their_clients() {
    let server = server().await;
    let client = Client::signed_in(&server, "330").await;
    let mut events = client.events(None).await;
    server.stop().await;
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn dropping_the_server_frees_its_address() {
    let first = server().await;
    let address = first.address();
    let client = Client::signed_in(&first, "330").await;
    let mut events = client.events(None).await;
    drop(first);
    assert_eq!(events.next().await, None);
    loop {
        match Server::builder().listen(address).start().await {
            Ok(server) => break server.stop().await,
            Err(StartError::Listen { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn an_address_in_use_is_a_typed_error() {
    let first = server().await;
    let second = Server::builder().listen(first.address()).start().await;
    assert!(matches!(second, Err(StartError::Listen { .. })));
}

#[test]
fn without_a_runtime_starting_is_a_typed_error() {
    let start = std::pin::pin!(Server::builder().start());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(outcome) = start.poll(&mut context) else {
        panic!("it waits for a runtime that isn't there");
    };
    assert!(matches!(outcome, Err(StartError::NoRuntime)));
}

#[tokio::test]
async fn cut_connections_can_be_made_anew() {
    let server = server().await;
    let mut client = Client::signed_in(&server, "330").await;
    let mut events = client.events(None).await;
    server.cut_connections();
    assert_eq!(events.next().await, None);
    assert!(client.try_send("GET", "/uc/v1/snapshot").await.is_err());
    let mut again = client.again(server.address()).await;
    assert_eq!(again.snapshot().await.me.user, "330");
}

#[tokio::test]
async fn a_silent_server_answers_when_the_silence_ends() {
    let server = server().await;
    let mut client = Client::signed_in(&server, "330").await;
    server.silence(true);
    let mut asking = Box::pin(client.get("/uc/v1/snapshot"));
    let patience = Duration::from_millis(50);
    assert!(tokio::time::timeout(patience, &mut asking).await.is_err());
    server.silence(false);
    assert_eq!(asking.await.status, 200);
}

#[tokio::test]
async fn a_slow_subscriber_is_cut_with_a_reset_and_can_go_on() {
    let server = server().await;
    let mut client = Client::signed_in(&server, "330").await;
    let mut events = client.events(None).await;
    let note = "n".repeat(1_000);
    for n in 0..6_000 {
        let update = json!({"state": "break", "note": format!("{n} {note}")});
        client.put("/uc/v1/me/presence", update).await;
    }
    let mut count = 0;
    let last = loop {
        match events.next().await {
            Some(Event::Reset) => break events.last.clone(),
            Some(_) => count += 1,
            None => panic!("no reset"),
        }
    };
    assert!(count < 6_000);
    assert_eq!(events.next().await, None);
    let mut resumed = client.events(last.as_deref()).await;
    assert_eq!(
        resumed.next().await,
        Some(Event::Reset),
        "what was missed is out of the window"
    );
    let as_of = client.snapshot().await.as_of.to_string();
    assert_eq!(resumed.last, Some(as_of));
}

#[tokio::test]
async fn a_delayed_server_answers_late() {
    let server = server().await;
    let mut client = Client::signed_in(&server, "330").await;
    server.delay(Duration::from_millis(40));
    let start = tokio::time::Instant::now();
    client.snapshot().await;
    assert!(start.elapsed() >= Duration::from_millis(40));
}
