//! What a search field shows while somebody types.
#![allow(clippy::unwrap_used, reason = "a test")]

mod office;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use office::{builder, server};
use uc_session::{
    Client, SearchField,
    fake::{FakeBackend, FakeServer},
    port::{Backend, BackendError, EventSink, Operation, Outcome, Service},
};

/// A server that takes a second for each letter that is missing to three.
#[derive(Debug)]
struct SlowForShort {
    inner: Arc<FakeBackend>,
    searches: Arc<AtomicUsize>,
}

#[async_trait]
impl Backend for SlowForShort {
    async fn execute(
        &self,
        operation: Operation,
        sink: &Arc<dyn EventSink>,
    ) -> Result<Outcome, BackendError> {
        if let Operation::Service {
            service: Service::Search { query, .. },
            ..
        } = &operation
        {
            self.searches.fetch_add(1, Ordering::Relaxed);
            let missing = 3_usize.saturating_sub(query.expose().len());
            tokio::time::sleep(Duration::from_secs(missing as u64)).await;
        }
        self.inner.execute(operation, sink).await
    }
}

async fn field(server: &FakeServer) -> (Client, SearchField, Arc<AtomicUsize>) {
    let searches = Arc::new(AtomicUsize::new(0));
    let backend = SlowForShort {
        inner: server.backend(),
        searches: Arc::clone(&searches),
    };
    let client = builder(server, "330").backend(Arc::new(backend));
    let client = client.sign_in().await.unwrap();
    (client.clone(), client.search_field(), searches)
}

fn shown(field: &SearchField) -> Vec<String> {
    let found = field.shown();
    let contacts = found.iter().flat_map(|found| &found.contacts);
    contacts.map(|c| c.last_name.expose().clone()).collect()
}

#[tokio::test(start_paused = true)]
async fn an_older_texts_late_answer_never_replaces_a_newer_ones() {
    let server = server();
    let (_client, field, _) = field(&server).await;
    // "a" would find Ada, "gra" finds Grace, and comes first.
    let (old, new) = (field.enter("a"), field.enter("gra"));
    let (old, new) = tokio::join!(old, new);
    assert_eq!(old.unwrap(), None, "overtaken");
    assert_eq!(new.unwrap().unwrap().contacts.len(), 1);
    assert_eq!(shown(&field), ["Hopper"]);
    let older = field.enter("33");
    let newer = field.enter("ada");
    assert_eq!(newer.await.unwrap().unwrap().contacts.len(), 1);
    assert_eq!(
        older.await.unwrap(),
        None,
        "what began later is still older"
    );
    assert_eq!(shown(&field), ["Lovelace"]);
}

#[tokio::test(start_paused = true)]
async fn a_fast_typist_asks_for_the_last_text_and_few_of_those_between() {
    let server = server();
    let (_client, field, searches) = field(&server).await;
    let texts = ["g", "gr", "g", "gr", "g", "gr", "gra", "grac", "grace"];
    let entered = futures_util::future::join_all(texts.map(|text| field.enter(text))).await;
    assert_eq!(shown(&field), ["Hopper"]);
    assert!(entered.last().unwrap().as_ref().unwrap().is_some());
    assert_eq!(
        searches.load(Ordering::Relaxed),
        1,
        "nothing else was the newest when its turn came"
    );
    assert_eq!(field.enter("").await.unwrap(), None);
    assert!(shown(&field).is_empty());
}
