use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::time::sleep;
use uc_session::{
    ServerBackend, UcxConfig, WsiConfig,
    port::{
        Backend, BackendError, BackendEvent, EventSink, LinkId, Operation, Outcome, ServerChange,
    },
};

use crate::soak::Chance;

/// The server's backend, with events that come late, and some of calls twice: at once, or long after.
#[derive(Debug)]
pub(crate) struct Unreliable {
    backend: ServerBackend,
    whims: Arc<Whims>,
}

/// Whether and when.
#[derive(Debug)]
pub(crate) struct Whims {
    on: AtomicBool,
    chance: Mutex<Chance>,
}

impl Whims {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            on: AtomicBool::new(false),
            chance: Mutex::new(Chance::new(seed)),
        })
    }

    pub(crate) fn switch(&self, on: bool) {
        self.on.store(on, Relaxed);
    }

    /// `None`: this time not.
    fn one_in(&self, times: u64, longest_ms: u64) -> Option<Duration> {
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.on.load(Relaxed) && chance.below(times) == 0;
        now.then(|| Duration::from_millis(chance.below(longest_ms)))
    }
}

impl Unreliable {
    pub(crate) fn new(whims: Arc<Whims>) -> Self {
        let backend = ServerBackend::new(UcxConfig::default(), WsiConfig::default());
        Self { backend, whims }
    }
}

#[async_trait]
impl Backend for Unreliable {
    async fn execute(
        &self,
        operation: Operation,
        sink: &Arc<dyn EventSink>,
    ) -> Result<Outcome, BackendError> {
        let (sink, whims) = (Arc::clone(sink), Arc::clone(&self.whims));
        let sink: Arc<dyn EventSink> = Arc::new(Repeating { sink, whims });
        self.backend.execute(operation, &sink).await
    }
}

#[derive(Debug)]
struct Repeating {
    sink: Arc<dyn EventSink>,
    whims: Arc<Whims>,
}

#[async_trait]
impl EventSink for Repeating {
    async fn deliver(&self, link: LinkId, event: BackendEvent) {
        if let Some(late) = self.whims.one_in(6, 300) {
            sleep(late).await;
        }
        let of_call = matches!(
            event,
            BackendEvent::Change {
                change: ServerChange::Call(_),
                ..
            }
        );
        let again = self.whims.one_in(4, 1_500).filter(|_| of_call);
        if let Some(later) = again {
            let (sink, event) = (Arc::clone(&self.sink), event.clone());
            tokio::spawn(async move {
                sleep(later).await;
                sink.deliver(link, event).await;
            });
        }
        if of_call && self.whims.one_in(4, 1).is_some() {
            self.sink.deliver(link, event.clone()).await;
        }
        self.sink.deliver(link, event).await;
    }
}
