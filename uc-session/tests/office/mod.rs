//! Two colleagues at the server in memory.
#![allow(dead_code, unreachable_pub, reason = "not every test needs everything")]
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{sync::Arc, time::Duration};

use uc_session::{
    Call, Client, ClientBuilder, Event, Events, Trust,
    fake::{FakeBackend, FakeServer, NullMediaEngine, TokioClock},
};

pub struct Desk {
    pub client: Client,
    pub backend: Arc<FakeBackend>,
    pub engine: NullMediaEngine,
    pub clock: Arc<TokioClock>,
}

pub fn server() -> FakeServer {
    FakeServer::new()
        .with_user("330", "secret", "Ada", "Lovelace")
        .with_user("331", "secret", "Grace", "Hopper")
        .with_user("332", "secret", "Joan", "Clarke")
}

pub fn builder(server: &FakeServer, user: &str) -> ClientBuilder {
    Client::builder("lan.example", user)
        .password("secret".to_owned())
        .trust(Trust::AcceptFirst)
        .backend(server.backend())
        .clock(Arc::new(TokioClock::new()))
}

pub async fn desk(server: &FakeServer, user: &str) -> Desk {
    let (backend, engine) = (server.backend(), NullMediaEngine::default());
    let clock = Arc::new(TokioClock::new());
    let client = builder(server, user)
        .backend(Arc::clone(&backend) as _)
        .media(Arc::new(engine.clone()))
        .clock(Arc::clone(&clock) as _)
        .sign_in()
        .await
        .unwrap();
    Desk {
        client,
        backend,
        engine,
        clock,
    }
}

/// A call from one to the other, connected.
pub async fn talk(from: &Desk, to: &Desk) -> (Call, Call) {
    let number = to
        .client
        .view()
        .user
        .as_ref()
        .unwrap()
        .extension
        .as_ref()
        .unwrap()
        .to_string();
    let outgoing = from.client.call(&number).await.unwrap();
    let incoming = to.client.incoming().await.unwrap();
    incoming.answer().await.unwrap();
    outgoing.connected().await.unwrap();
    incoming.connected().await.unwrap();
    (outgoing, incoming)
}

/// The next event that `wanted` takes.
pub async fn event<T>(events: &mut Events, wanted: impl Fn(&Event) -> Option<T>) -> T {
    loop {
        let event = events.next().await.expect("the client lives");
        if let Some(found) = wanted(&event) {
            return found;
        }
    }
}

pub async fn lost(events: &mut Events) {
    event(events, |event| {
        matches!(event, Event::ConnectionLost { .. }).then_some(())
    })
    .await;
}

pub async fn restored(events: &mut Events) {
    event(events, |event| {
        matches!(event, Event::ConnectionRestored).then_some(())
    })
    .await;
}

/// Lets everything run that can run without time.
pub async fn settle() {
    tokio::time::sleep(Duration::from_millis(5)).await;
}
