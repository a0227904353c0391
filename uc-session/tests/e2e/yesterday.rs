//! Clients that start with what an earlier one kept.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use uc_model::{
    Conversation, ConversationEntry, Delivery, DeliveryFailure, PhoneNumber, Timestamp,
};
use uc_server::{Certificate, RunningServer, Server};
use uc_session::{
    CacheError, Client, ClientBuilder, Connection, Event, Events, Known, LostReason, SignInError,
    fake::MemoryStore,
    port::{BackendError, Batch, DialFailure, Durability, Store, StoreError},
};

use crate::client::{builder, event, until, within};

/// Rosa (330), who keeps what she knows.
fn rosa(server: &RunningServer, store: &Arc<impl Store + 'static>) -> ClientBuilder {
    let store: Arc<dyn Store> = Arc::clone(store) as _;
    builder(server, "330")
        .null_sound()
        .unwrap()
        .cache(store, "office")
}

/// Rosa calls somebody who isn't there: a call for her history.
async fn calls_in_vain(client: &Client, number: &str) {
    let before = entries(client);
    let told = within(client.call(number)).await;
    assert!(told.is_err(), "{number} has no phone");
    until(|| entries(client) > before).await;
}

fn entries(client: &Client) -> usize {
    client
        .view()
        .conversations()
        .map(|known| known.entries.len())
        .sum()
}

/// A store in which Rosa's first day at `server` was kept: one call to 331.
async fn after_a_day(server: &RunningServer) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::default());
    let client = within(rosa(server, &store).sign_in()).await.unwrap();
    calls_in_vain(&client, "331").await;
    within(client.sign_out()).await;
    store
}

async fn told(events: &mut Events) -> Arc<Conversation> {
    match event(events, |event| matches!(event, Event::Conversation(_))).await {
        Event::Conversation(conversation) => conversation,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn yesterdays_state_is_shown_before_the_server_answers_and_then_the_servers() {
    let server = Server::builder().start().await.unwrap();
    let store = after_a_day(&server).await;
    // Overnight, Bruno calls in vain.
    let bruno = builder(&server, "331").null_sound().unwrap();
    let bruno = within(bruno.sign_in()).await.unwrap();
    calls_in_vain(&bruno, "330").await;
    server.silence(true);

    let client = within(rosa(&server, &store).start()).await.unwrap();
    let view = client.view();
    assert!(matches!(view.as_of, Known::Cached { at: Timestamp(at) } if at > 0));
    assert_eq!(view.connection, Connection::SigningIn);
    let yesterday: Vec<_> = view.conversations().cloned().collect();
    assert_eq!(yesterday.len(), 1);
    assert_eq!((yesterday[0].number.as_str(), entries(&client)), ("331", 1));

    let mut events = client.events();
    server.silence(false);
    within(client.signed_in()).await.unwrap();
    let changed = told(&mut events).await;
    assert_eq!(
        (changed.entries.len(), changed.unread),
        (2, 1),
        "it is told what differs"
    );
    let view = client.view();
    assert_eq!(
        (view.as_of, view.connection),
        (Known::Live, Connection::Live)
    );
    assert_eq!(entries(&client), 2);
}

#[tokio::test]
async fn what_the_server_has_no_more_goes() {
    let certificate = Certificate::self_signed().unwrap();
    let how = Server::builder().certificate(certificate);
    let server = how.clone().start().await.unwrap();
    let store = after_a_day(&server).await;
    let listen = server.address();
    server.kill().await;
    let server = how.listen(listen).start().await.unwrap();
    let client = within(rosa(&server, &store).start()).await.unwrap();
    assert_eq!(entries(&client), 1);
    let mut events = client.events();
    event(&mut events, |event| {
        matches!(event, Event::ConversationDeleted(_))
    })
    .await;
    within(client.sign_out()).await;
    let client = within(rosa(&server, &store).start()).await.unwrap();
    assert_eq!(entries(&client), 0, "nor does it come back");
}

#[tokio::test]
async fn without_a_server_it_shows_what_it_has_and_goes_on_trying() {
    let certificate = Certificate::self_signed().unwrap();
    let how = Server::builder().certificate(certificate);
    let server = how.clone().start().await.unwrap();
    let store = after_a_day(&server).await;
    let again = rosa(&server, &store);
    let listen = server.address();
    server.kill().await;

    let client = within(again.start()).await.unwrap();
    let mut events = client.events();
    let lost = event(&mut events, |event| {
        matches!(event, Event::ConnectionLost { .. })
    })
    .await;
    let reason = LostReason::NotReached(BackendError::Dial(DialFailure::Refused));
    assert_eq!(lost, Event::ConnectionLost { reason });
    let view = client.view();
    assert_eq!(
        (view.connection, entries(&client)),
        (Connection::Restoring, 1)
    );

    let _server = how.listen(listen).start().await.unwrap();
    event(&mut events, |event| *event == Event::ConnectionRestored).await;
    within(client.signed_in()).await.unwrap();
    assert_eq!(client.view().as_of, Known::Live);
}

#[tokio::test]
async fn what_cannot_pass_by_itself_ends_it() {
    let server = Server::builder().start().await.unwrap();
    let store = after_a_day(&server).await;
    let wrong = rosa(&server, &store).password("wrong".to_owned());
    let client = within(wrong.start()).await.unwrap();
    let told = within(client.signed_in()).await;
    assert_eq!(
        told,
        Err(SignInError::Backend(BackendError::BadCredentials))
    );
    assert_eq!(client.view().connection, Connection::Ended);
    assert_eq!(entries(&client), 1, "it still shows what it had");
}

#[tokio::test]
async fn a_cache_that_cannot_be_read_is_named_and_fetched_anew() {
    let server = Server::builder().start().await.unwrap();
    let store = after_a_day(&server).await;
    store.put("cache/office/head", b"nonsense").await.unwrap();
    let client = within(rosa(&server, &store).start()).await.unwrap();
    let mut events = client.events();
    event(&mut events, |event| {
        *event == Event::CacheFailed(CacheError::Unreadable)
    })
    .await;
    within(client.signed_in()).await.unwrap();
    assert_eq!(entries(&client), 1);
    within(client.sign_out()).await;
    let client = within(rosa(&server, &store).start()).await.unwrap();
    assert!(matches!(client.view().as_of, Known::Cached { .. }));
}

/// A store whose disk fills up.
#[derive(Debug, Default)]
struct Disk {
    kept: MemoryStore,
    full: AtomicBool,
}

#[async_trait]
impl Store for Disk {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.kept.get(key).await
    }

    async fn entries(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.kept.entries(prefix).await
    }

    async fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        if self.full.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable);
        }
        self.kept.write(batch, durability).await
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_hinders_nothing() {
    let server = Server::builder().start().await.unwrap();
    let disk = Arc::new(Disk::default());
    disk.full.store(true, Ordering::Relaxed);
    let client = within(rosa(&server, &disk).sign_in()).await.unwrap();
    let mut events = client.events();
    let full = CacheError::Store(StoreError::Unavailable);
    event(&mut events, |event| {
        *event == Event::CacheFailed(full.clone())
    })
    .await;
    calls_in_vain(&client, "331").await;
    disk.full.store(false, Ordering::Relaxed);
    within(client.sign_out()).await;
    let client = within(rosa(&server, &disk).start()).await.unwrap();
    assert_eq!(entries(&client), 1, "the last save had room");
}

/// What a store would have if its owner were killed now.
async fn copy(store: &MemoryStore) -> Arc<MemoryStore> {
    let copy = MemoryStore::default();
    for (key, value) in store.entries("").await.unwrap() {
        copy.put(&key, &value).await.unwrap();
    }
    Arc::new(copy)
}

/// Waits until the messages that wait for 331 are kept, `last` among them.
async fn waiting_is_kept(store: &MemoryStore, last: &str) {
    let kept = || store.get("cache/office/unsent/331");
    within(async {
        loop {
            let row = kept().await.unwrap().unwrap_or_default();
            if String::from_utf8(row).unwrap().contains(last) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

fn waiting(client: &Client) -> Vec<String> {
    let view = client.view();
    let unsent = view.unsent(&PhoneNumber::new("331").unwrap());
    let texts = unsent.iter().map(|message| message.text.expose());
    texts.map(str::to_owned).collect()
}

fn written(client: &Client) -> Vec<String> {
    let view = client.view();
    let entries = view.conversations().flat_map(|known| &known.entries);
    let messages = entries.filter_map(|entry| match entry {
        ConversationEntry::Message(message) => Some(message.text.expose().to_owned()),
        _ => None,
    });
    messages.collect()
}

#[tokio::test]
async fn messages_that_had_not_gone_go_once_after_a_restart_of_the_client() {
    let server = Server::builder().start().await.unwrap();
    let bruno = within(builder(&server, "331").sign_in()).await.unwrap();
    let store = Arc::new(MemoryStore::default());
    let client = within(rosa(&server, &store).sign_in()).await.unwrap();
    server.silence(true);
    server.cut_connections();
    until(|| client.view().connection == Connection::Restoring).await;
    let to = PhoneNumber::new("331").unwrap();
    for text in ["first", "second"] {
        within(client.send_message(&to, text)).await.unwrap();
    }
    waiting_is_kept(&store, "second").await;
    let killed = copy(&store).await;
    drop(client);

    let client = within(rosa(&server, &copy(&killed).await).start())
        .await
        .unwrap();
    assert_eq!(waiting(&client), ["first", "second"], "before it is asked");
    server.silence(false);
    within(client.signed_in()).await.unwrap();
    until(|| written(&bruno) == ["first", "second"]).await;
    until(|| waiting(&client).is_empty()).await;
    assert_eq!(written(&client), ["first", "second"]);

    // Killed after the server had taken them, and before that was kept.
    let again = within(rosa(&server, &killed).start()).await.unwrap();
    assert_eq!(waiting(&again), ["first", "second"]);
    within(again.signed_in()).await.unwrap();
    until(|| waiting(&again).is_empty()).await;
    assert_eq!(written(&again), ["first", "second"], "each once");
    assert_eq!(written(&bruno), ["first", "second"]);
    within(again.sign_out()).await;
    assert_eq!(killed.get("cache/office/unsent/331").await, Ok(None));
}

#[tokio::test]
async fn a_message_given_up_before_the_server_is_there_stays_given_up() {
    let server = Server::builder().start().await.unwrap();
    let store = Arc::new(MemoryStore::default());
    let client = within(rosa(&server, &store).sign_in()).await.unwrap();
    let to = PhoneNumber::new("331").unwrap();
    // Nobody is there to receive it.
    let id = within(client.send_message(&to, "never mind"))
        .await
        .unwrap();
    assert!(within(client.message_sent(&to, &id)).await.is_err());
    waiting_is_kept(&store, "never mind").await;
    within(client.sign_out()).await;

    server.silence(true);
    let client = within(rosa(&server, &store).start()).await.unwrap();
    let view = client.view();
    let failed = Delivery::Failed(DeliveryFailure::Unreachable);
    assert_eq!(view.unsent(&to)[0].delivery, failed, "as it was");
    within(client.discard_message(&to, &id)).await;
    within(async {
        while store
            .get("cache/office/unsent/331")
            .await
            .unwrap()
            .is_some()
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    let again = within(rosa(&server, &store).start()).await.unwrap();
    assert!(waiting(&again).is_empty());
    assert!(matches!(again.view().as_of, Known::Cached { .. }));
}
