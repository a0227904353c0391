//! An engine whose descriptions a test can read and falsify.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use uc_model::Digits;
use uc_session::{
    VoipEngine,
    port::{MediaEngine, MediaError, MediaEvent, MediaIntent, MediaSession, MediaStats},
};

/// A real engine, but for what it says in its descriptions.
#[derive(Debug, Clone)]
pub(crate) struct Tampering {
    engine: VoipEngine,
    alter: fn(String) -> String,
    heard: Arc<Mutex<Vec<String>>>,
}

#[derive(Debug)]
struct TamperingSession {
    session: Box<dyn MediaSession>,
    with: Tampering,
}

impl Tampering {
    pub(crate) fn new(engine: VoipEngine, alter: fn(String) -> String) -> Self {
        Self {
            engine,
            alter,
            heard: Arc::default(),
        }
    }

    /// The loopback addresses that the far end named so far.
    pub(crate) fn far_addresses(&self) -> Vec<SocketAddr> {
        let heard = self.heard.lock().unwrap();
        let lines = heard.iter().flat_map(|sdp| sdp.lines());
        let candidates = lines.filter_map(|line| line.strip_prefix("a=candidate:"));
        let address = |candidate: &str| {
            let words: Vec<_> = candidate.split(' ').collect();
            let port = words.get(5)?.parse().ok()?;
            Some(SocketAddr::new(words.get(4)?.parse().ok()?, port))
        };
        let mut found: Vec<_> = candidates.filter_map(address).collect();
        found.retain(|address| address.ip().is_loopback());
        found
    }

    fn hear(&self, sdp: &str) {
        self.heard.lock().unwrap().push(sdp.to_owned());
    }
}

#[async_trait]
impl MediaEngine for Tampering {
    async fn open(&self) -> Result<Box<dyn MediaSession>, MediaError> {
        let session = self.engine.open().await?;
        Ok(Box::new(TamperingSession {
            session,
            with: self.clone(),
        }))
    }
}

#[async_trait]
impl MediaSession for TamperingSession {
    async fn offer(&self, ice_restart: bool) -> Result<String, MediaError> {
        self.session.offer(ice_restart).await.map(self.with.alter)
    }

    async fn accept_offer(&self, sdp: &str) -> Result<String, MediaError> {
        self.with.hear(sdp);
        self.session.accept_offer(sdp).await.map(self.with.alter)
    }

    async fn accept_answer(&self, sdp: &str) -> Result<(), MediaError> {
        self.with.hear(sdp);
        self.session.accept_answer(sdp).await
    }

    async fn roll_back(&self) -> Result<(), MediaError> {
        self.session.roll_back().await
    }

    async fn add_candidates(
        &self,
        candidates: &[String],
        complete: bool,
    ) -> Result<(), MediaError> {
        self.session.add_candidates(candidates, complete).await
    }

    async fn send_digits(&self, digits: &Digits) -> Result<(), MediaError> {
        self.session.send_digits(digits).await
    }

    fn apply(&self, intent: MediaIntent) {
        self.session.apply(intent);
    }

    async fn next_event(&self) -> Option<MediaEvent> {
        self.session.next_event().await
    }

    fn stats(&self) -> MediaStats {
        self.session.stats()
    }

    async fn close(&self) {
        self.session.close().await;
    }
}
