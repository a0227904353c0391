//! A UCX backend driven by hand, and a sink that keeps what it tells.

use std::{net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use tokio::sync::{Mutex, mpsc};
use uc_model::Redacted;
use uc_session::{
    UcxBackend,
    port::{
        Backend, BackendError, BackendEvent, CallUpdate, Cursor, EventSink, LinkId, Operation,
        Outcome, ServerAddress, ServerChange, Service, StateSnapshot,
    },
};

/// Holds up to 16 events; then the backend waits.
#[derive(Debug)]
pub(crate) struct KeepingSink {
    put: mpsc::Sender<(LinkId, BackendEvent)>,
    kept: Mutex<mpsc::Receiver<(LinkId, BackendEvent)>>,
}

impl KeepingSink {
    pub(crate) fn new() -> Arc<Self> {
        let (put, kept) = mpsc::channel(16);
        let kept = Mutex::new(kept);
        Arc::new(Self { put, kept })
    }

    /// The next event, heartbeats passed over.
    pub(crate) async fn next(&self) -> BackendEvent {
        let mut kept = self.kept.lock().await;
        loop {
            match kept.recv().await.expect("the sink itself can put") {
                (_, BackendEvent::Heartbeat) => {}
                (link, told) => {
                    assert_eq!(link, LINK);
                    return told;
                }
            }
        }
    }

    /// Whether nothing waits.
    pub(crate) async fn is_empty(&self) -> bool {
        self.kept.lock().await.is_empty()
    }
}

#[async_trait]
impl EventSink for KeepingSink {
    async fn deliver(&self, link: LinkId, event: BackendEvent) {
        let _ = self.put.send((link, event)).await;
    }
}

/// A backend with one link.
pub(crate) struct Party {
    pub(crate) backend: UcxBackend,
    pub(crate) sink: Arc<KeepingSink>,
}

/// The link of every [`Party`].
pub(crate) const LINK: LinkId = LinkId(1);

impl Party {
    pub(crate) fn new() -> Self {
        Self {
            backend: UcxBackend::default(),
            sink: KeepingSink::new(),
        }
    }

    pub(crate) async fn execute(&self, operation: Operation) -> Result<Outcome, BackendError> {
        let sink: Arc<dyn EventSink> = Arc::clone(&self.sink) as _;
        self.backend.execute(operation, &sink).await
    }

    pub(crate) async fn dial(&self, address: SocketAddr) -> Result<Outcome, BackendError> {
        let address = ServerAddress {
            host: address.ip().to_string(),
            port: address.port(),
        };
        self.execute(Operation::Dial {
            link: LINK,
            address,
        })
        .await
    }

    pub(crate) async fn sign_in(
        &self,
        user: &str,
        password: &str,
    ) -> Result<Outcome, BackendError> {
        let password = Redacted::new(password.to_owned());
        self.execute(Operation::SignIn {
            link: LINK,
            user: user.into(),
            password,
        })
        .await
    }

    pub(crate) async fn subscribe(&self, after: Option<&Cursor>) -> Result<Outcome, BackendError> {
        self.execute(Operation::Subscribe {
            link: LINK,
            after: after.cloned(),
            calls: true,
            phone: None,
        })
        .await
    }

    pub(crate) async fn snapshot(&self) -> StateSnapshot {
        match self.execute(Operation::Snapshot { link: LINK }).await {
            Ok(Outcome::Snapshot(snapshot)) => *snapshot,
            other => panic!("no snapshot: {other:?}"),
        }
    }

    pub(crate) async fn ask(&self, service: Service) -> Result<Outcome, BackendError> {
        self.execute(Operation::Service {
            link: LINK,
            service,
        })
        .await
    }

    pub(crate) async fn search(&self, query: &str) -> Result<Outcome, BackendError> {
        let query = Redacted::new(query.to_owned());
        self.ask(Service::Search {
            query,
            directory: None,
            limit: 5,
        })
        .await
    }

    pub(crate) async fn close(&self) {
        let closed = self.execute(Operation::Close { link: LINK }).await;
        assert_eq!(closed, Ok(Outcome::Done));
    }

    /// The next change of the stream.
    pub(crate) async fn next_change(&self) -> (Cursor, ServerChange) {
        match self.sink.next().await {
            BackendEvent::Change { cursor, change } => (cursor, change),
            other => panic!("no change: {other:?}"),
        }
    }

    /// The next state of a call.
    pub(crate) async fn next_call(&self) -> CallUpdate {
        loop {
            if let (_, ServerChange::Call(update)) = self.next_change().await {
                return *update;
            }
        }
    }
}
