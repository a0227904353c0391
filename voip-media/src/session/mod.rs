//! Calls: an [`Engine`] with a microphone, a loudspeaker and one media thread, and the
//! [`AudioSession`]s that share them.

mod adaptation;
mod apart;
mod clock;
mod conference;
mod config;
mod counters;
mod deadlines;
mod driver;
mod engine;
mod error;
mod event;
mod exercise;
mod guest;
mod impairment;
mod interfaces;
mod keys;
mod link;
mod liveness;
mod media;
mod music;
mod negotiation;
mod network;
mod pause;
mod places;
mod quality;
mod relief;
mod shared;
mod sound;
mod stats_stream;
mod stream;
mod tones;

use std::{sync::Arc, time::Duration};

use tokio::sync::{mpsc, oneshot};

pub use apart::OwnSound;
pub use conference::{ConferenceId, JoinError};
pub use config::{Impairment, Intent, SessionConfig};
pub use deadlines::Deadlines;
pub use engine::{Engine, EngineBuilder};
pub use error::{ConfigFault, DtmfError, EngineError, NegotiationError, OpenError, SessionError};
pub use event::{SessionEvent, SoundEvent, SoundEvents};
#[doc(hidden)]
pub use exercise::{
    ReceiveExercise, exercise_datagram, exercise_description, exercise_protected, exercise_rtcp,
    exercise_stun,
};
pub use guest::Attendance;
pub use music::HoldMusic;
pub use stats_stream::StatsStream;

use driver::Command;
use shared::SessionShared;

use crate::{DtmfDigit, SessionStats};

/// The sound of one call: a path and its protection, by ICE and DTLS-SRTP or as the
/// [profile](crate::MediaProfile) says, a jitter buffer, an encoder.
///
/// Descriptions are taken and given in the order of RFC 3264. All methods may be called from any
/// task; those that negotiate are served one after the other. Dropping a session ends it at once:
/// its task closes the sockets and goes; [`AudioSession::close`] also waits for that.
///
/// One task takes the events.
#[derive(Debug)]
pub struct AudioSession {
    id: u64,
    commands: mpsc::Sender<Command>,
    shared: Arc<SessionShared>,
    driver: tokio::sync::Mutex<Option<tokio::task::JoinHandle<()>>>,
}

impl AudioSession {
    pub(crate) fn new(
        id: u64,
        commands: mpsc::Sender<Command>,
        shared: Arc<SessionShared>,
        driver: tokio::task::JoinHandle<()>,
    ) -> Self {
        Self {
            id,
            commands,
            shared,
            driver: tokio::sync::Mutex::new(Some(driver)),
        }
    }

    /// A new offer: the first one, or one that renegotiates with the intent in force. With ICE there are
    /// the host candidates in it and whatever servers gave within [`SessionConfig::gather_wait`]. Repeating
    /// it while the answer is open replaces the former offer.
    ///
    /// # Errors
    /// [`NegotiationError::NoCandidates`] without a network, [`NegotiationError::Closed`].
    pub async fn offer(&self) -> Result<String, NegotiationError> {
        self.ask(|reply| Command::Offer {
            restart: false,
            reply,
        })
        .await?
    }

    /// Like [`AudioSession::offer`], with new ICE credentials on a new socket (RFC 8445 §9). The
    /// old path carries the sound until the new one works. Without ICE: on new sockets at the address that
    /// leads to the far side now, and with a new key if the keys stand in the descriptions.
    ///
    /// # Errors
    /// As [`AudioSession::offer`].
    pub async fn restart_ice(&self) -> Result<String, NegotiationError> {
        self.ask(|reply| Command::Offer {
            restart: true,
            reply,
        })
        .await?
    }

    /// Takes the far side's offer and gives the answer.
    ///
    /// # Errors
    /// [`NegotiationError::Description`] says what the offer lacks; the session stays as it was.
    /// [`NegotiationError::WrongState`] while our own offer is open: roll back first.
    pub async fn accept_offer(&self, sdp: &str) -> Result<String, NegotiationError> {
        let sdp = sdp.to_owned();
        self.ask(|reply| Command::AcceptOffer { sdp, reply })
            .await?
    }

    /// Takes the far side's answer to our offer.
    ///
    /// # Errors
    /// As [`AudioSession::accept_offer`]; the offer stays open.
    pub async fn accept_answer(&self, sdp: &str) -> Result<(), NegotiationError> {
        let sdp = sdp.to_owned();
        self.ask(|reply| Command::AcceptAnswer { sdp, reply })
            .await?
    }

    /// Forgets our open offer (RFC 9429 §4.1.10.2). Without one, nothing happens.
    ///
    /// # Errors
    /// [`NegotiationError::Closed`].
    pub async fn roll_back(&self) -> Result<(), NegotiationError> {
        self.ask(|reply| Command::RollBack { reply }).await
    }

    /// Adds candidates of the far side (values of `a=` lines, with or without `candidate:`).
    /// What can't be used (TCP, unknown names, broken lines) is passed over.
    ///
    /// # Errors
    /// [`NegotiationError::Closed`].
    pub async fn add_remote_candidates(
        &self,
        candidates: &[String],
    ) -> Result<(), NegotiationError> {
        let candidates = candidates.to_vec();
        self.ask(|reply| Command::AddCandidates { candidates, reply })
            .await
    }

    /// The candidates of this side so far, as values of `a=` lines.
    pub fn local_candidates(&self) -> Vec<String> {
        self.shared.local_candidates()
    }

    /// What the user wants now. Takes effect within a tick of the media thread (10 ms) and is then
    /// acknowledged by [`SessionEvent::Applied`]. Telling the far side that the call is held
    /// takes a new offer.
    pub fn apply(&self, intent: Intent) {
        self.shared.apply(intent);
    }

    /// Sends keys as telephone events (RFC 4733), one after the other, each held down for `length`:
    /// 40 ms to 1 s, 100 ms being usual, with a pause of 70 ms. Meanwhile the captured sound isn't
    /// sent. Returns once they are queued, 64 at most; [`SessionEvent::DtmfSent`] tells when the last one
    /// is out. Mute doesn't keep keys back; holding the call forgets those that are left.
    ///
    /// # Errors
    /// [`DtmfError`] says why none is sent: [`DtmfError::NotNegotiated`] if the far side takes no such
    /// events; tones in the sound are the alternative.
    pub async fn send_dtmf(&self, digits: &[DtmfDigit], length: Duration) -> Result<(), DtmfError> {
        let tones = keys::tones(digits, length)?;
        let sent = self.ask(|reply| Command::SendDtmf { tones, reply }).await;
        sent.unwrap_or(Err(DtmfError::Closed))
    }

    /// The next event; `None` once [`SessionEvent::Closed`] has been given. Cancel-safe.
    pub async fn next_event(&self) -> Option<SessionEvent> {
        self.shared.events.next().await
    }

    /// Figures so far.
    pub fn stats(&self) -> SessionStats {
        self.shared.stats()
    }

    /// Figures now and then every so often, at least 10 ms apart, until the session is closed. Any
    /// number of streams may run.
    pub fn stats_stream(&self, every: Duration) -> StatsStream {
        StatsStream::new(Arc::clone(&self.shared), every)
    }

    /// Ends the session and waits until its sockets and tasks are gone. Events that are still
    /// there can be taken afterwards. Closing twice is fine.
    pub async fn close(&self) {
        let (reply, done) = oneshot::channel();
        if self.commands.send(Command::Close { reply }).await.is_ok() {
            let _ = done.await;
        }
        if let Some(task) = self.driver.lock().await.take() {
            let _ = task.await;
        }
    }

    /// Its number, unique in this process.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<T>) -> Command,
    ) -> Result<T, NegotiationError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.send(command(reply)).await;
        sent.map_err(|_| NegotiationError::Closed)?;
        answer.await.map_err(|_| NegotiationError::Closed)
    }
}
