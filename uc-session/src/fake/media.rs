use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use tokio::sync::mpsc;
use uc_model::Digits;

use crate::{
    locked,
    port::{MediaEngine, MediaError, MediaEvent, MediaIntent, MediaSession, MediaStats},
};

/// Exchanges descriptions that have the right shape, and makes no sound. A session is connected as
/// soon as both sides have described themselves.
#[derive(Debug, Clone, Default)]
pub struct NullMediaEngine {
    counts: Arc<Counts>,
    next_failure: Arc<Mutex<Option<MediaError>>>,
    silent: Arc<Mutex<bool>>,
    digits: Arc<Mutex<Vec<Digits>>>,
}

#[derive(Debug, Default)]
struct Counts {
    opened: AtomicU64,
    open: AtomicUsize,
    restarts: AtomicU64,
}

/// How many sessions there were and are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NullMediaStats {
    /// Opened so far.
    pub opened: u64,
    /// Open now.
    pub open: usize,
    /// Offers that asked for a new path.
    pub restarts: u64,
}

impl NullMediaEngine {
    /// The next session fails to open, for example for want of a microphone.
    pub fn fail_next(&self, error: MediaError) {
        *locked(&self.next_failure) = Some(error);
    }

    /// Sessions opened from now on find no path.
    pub fn without_path(&self) {
        *locked(&self.silent) = true;
    }

    /// The keys that were sent, by all sessions.
    pub fn digits_sent(&self) -> String {
        let sent = locked(&self.digits);
        sent.iter().map(Digits::expose).collect()
    }

    /// How many sessions there were and are.
    pub fn stats(&self) -> NullMediaStats {
        NullMediaStats {
            opened: self.counts.opened.load(Ordering::Relaxed),
            open: self.counts.open.load(Ordering::Relaxed),
            restarts: self.counts.restarts.load(Ordering::Relaxed),
        }
    }
}

#[async_trait]
impl MediaEngine for NullMediaEngine {
    async fn open(&self) -> Result<Box<dyn MediaSession>, MediaError> {
        if let Some(error) = locked(&self.next_failure).take() {
            return Err(error);
        }
        self.counts.opened.fetch_add(1, Ordering::Relaxed);
        self.counts.open.fetch_add(1, Ordering::Relaxed);
        let (sender, events) = mpsc::unbounded_channel();
        Ok(Box::new(NullMediaSession {
            counts: Arc::clone(&self.counts),
            silent: *locked(&self.silent),
            digits: Arc::clone(&self.digits),
            inner: Mutex::new(Inner {
                signalling: Signalling::Stable,
                intent: None,
                told: Some(sender),
            }),
            events: tokio::sync::Mutex::new(events),
        }))
    }
}

#[derive(Debug)]
struct NullMediaSession {
    counts: Arc<Counts>,
    silent: bool,
    digits: Arc<Mutex<Vec<Digits>>>,
    inner: Mutex<Inner>,
    events: tokio::sync::Mutex<mpsc::UnboundedReceiver<MediaEvent>>,
}

#[derive(Debug)]
struct Inner {
    signalling: Signalling,
    intent: Option<MediaIntent>,
    told: Option<mpsc::UnboundedSender<MediaEvent>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signalling {
    Stable,
    HaveLocalOffer,
}

impl Inner {
    fn description(&self) -> String {
        let held = self.intent.is_some_and(|intent| intent.held);
        let direction = if held { "inactive" } else { "sendrecv" };
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
             m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:111 opus/48000/2\r\n\
             a={direction}\r\n"
        )
    }

    fn tell(&self, event: MediaEvent) {
        if let Some(told) = &self.told {
            // Nobody listens any more: nothing is lost.
            let _ = told.send(event);
        }
    }

    const fn open(&self) -> Result<(), MediaError> {
        match self.told {
            Some(_) => Ok(()),
            None => Err(MediaError::Closed),
        }
    }

    fn expect(&self, wanted: Signalling) -> Result<(), MediaError> {
        self.open()?;
        if self.signalling == wanted {
            Ok(())
        } else {
            Err(MediaError::WrongState)
        }
    }
}

fn check(sdp: &str) -> Result<(), MediaError> {
    if !sdp.starts_with("v=0") {
        return Err(MediaError::Malformed);
    }
    if !sdp.contains("m=audio") {
        return Err(MediaError::NoAudio);
    }
    Ok(())
}

#[async_trait]
impl MediaSession for NullMediaSession {
    async fn offer(&self, ice_restart: bool) -> Result<String, MediaError> {
        let mut inner = locked(&self.inner);
        inner.expect(Signalling::Stable)?;
        let restarts = u64::from(ice_restart);
        self.counts.restarts.fetch_add(restarts, Ordering::Relaxed);
        inner.signalling = Signalling::HaveLocalOffer;
        Ok(inner.description())
    }

    async fn accept_offer(&self, sdp: &str) -> Result<String, MediaError> {
        let inner = locked(&self.inner);
        inner.expect(Signalling::Stable)?;
        check(sdp)?;
        if !self.silent {
            inner.tell(MediaEvent::Connected);
        }
        Ok(inner.description())
    }

    async fn accept_answer(&self, sdp: &str) -> Result<(), MediaError> {
        let mut inner = locked(&self.inner);
        inner.expect(Signalling::HaveLocalOffer)?;
        check(sdp)?;
        inner.signalling = Signalling::Stable;
        if !self.silent {
            inner.tell(MediaEvent::Connected);
        }
        Ok(())
    }

    async fn roll_back(&self) -> Result<(), MediaError> {
        let mut inner = locked(&self.inner);
        inner.open()?;
        inner.signalling = Signalling::Stable;
        Ok(())
    }

    async fn add_candidates(
        &self,
        _candidates: &[String],
        _complete: bool,
    ) -> Result<(), MediaError> {
        locked(&self.inner).open()
    }

    async fn send_digits(&self, digits: &Digits) -> Result<(), MediaError> {
        let inner = locked(&self.inner);
        inner.expect(Signalling::Stable)?;
        if inner.intent.is_some_and(|intent| intent.held) {
            return Err(MediaError::Held);
        }
        locked(&self.digits).push(digits.clone());
        Ok(())
    }

    fn apply(&self, intent: MediaIntent) {
        let mut inner = locked(&self.inner);
        if inner
            .intent
            .is_none_or(|current| intent.number > current.number)
        {
            inner.intent = Some(intent);
            inner.tell(MediaEvent::Applied {
                number: intent.number,
            });
        }
    }

    async fn next_event(&self) -> Option<MediaEvent> {
        self.events.lock().await.recv().await
    }

    fn stats(&self) -> MediaStats {
        MediaStats::default()
    }

    async fn close(&self) {
        locked(&self.inner).told = None;
    }
}

impl Drop for NullMediaSession {
    fn drop(&mut self) {
        self.counts.open.fetch_sub(1, Ordering::Relaxed);
    }
}
