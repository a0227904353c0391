use std::{fmt, time::Duration};

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use thiserror::Error;
use uc_model::{Digits, Redacted};

use super::sound::{Alert, SoundChange, SoundDevice, SoundRole};

/// Offer or answer (RFC 3264).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DescriptionKind {
    /// An offer.
    Offer,
    /// An answer.
    Answer,
}

/// A session description and its round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionDescription {
    /// The round of offer and answer: 1 for a call's first, then counting up. An answer carries
    /// its offer's number.
    pub generation: u32,
    /// Offer or answer.
    pub kind: DescriptionKind,
    /// The description (RFC 8866); holds ICE credentials, hence redacted.
    pub sdp: Redacted<String>,
}

/// ICE candidates of one round (RFC 8838).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidates {
    /// The round.
    pub generation: u32,
    /// `candidate:` attribute values.
    pub candidates: Vec<String>,
    /// No more will follow.
    pub complete: bool,
}

/// What the user wants of a call's sound. Higher numbers replace lower ones; what is applied is
/// acknowledged by [`MediaEvent::Applied`] with the same number. An echo never makes an intent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaIntent {
    /// Counts up with every change.
    pub number: u64,
    /// The microphone is cut off.
    pub muted: bool,
    /// The call is on hold: nothing of this side is sent, but what keeps the path open, nothing is
    /// played.
    pub held: bool,
    /// Held, the far end may hear music, if the engine has some: it is alone and no conference.
    pub music: bool,
    /// The conference on this computer that the call takes part in: calls of the same number hear each
    /// other. An engine that can't mix leaves them apart.
    pub conference: Option<u64>,
}

/// What a media session tells.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum MediaEvent {
    /// Path and keys are there; packets flow.
    Connected,
    /// The first sample of the far end that was not made up was played.
    Heard,
    /// An intent is in force.
    Applied {
        /// Its number.
        number: u64,
    },
    /// More candidates of our side.
    Candidates(Candidates),
    /// The path is broken; the session tries on (speech comes back or [`MediaEvent::Failed`]).
    Interrupted,
    /// This computer's network has changed under the path: a new one is needed, which takes an offer
    /// with `ice_restart`. What still works is used until then.
    NetworkChanged,
    /// The sound connection has ended for good.
    Failed(MediaError),
    /// The far end has pressed a key (RFC 4733).
    Digit(Redacted<char>),
    /// A sound device is gone or back; the call goes on.
    Device(MediaError),
}

/// Figures of a media session.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct MediaStats {
    /// Packets sent.
    pub sent: u64,
    /// Packets received and accepted.
    pub received: u64,
    /// Share of the far end's packets that never came, 0.0 to 1.0.
    pub loss: f32,
    /// Missing sound as a share of what was played, 0.0 to 1.0: made up, or skipped where packets
    /// were lost.
    pub concealed: f32,
    /// Mean delay from the packet's arrival to its playout.
    pub buffer_delay: Duration,
    /// Round trip by RTCP, where known.
    pub round_trip: Option<Duration>,
    /// From the opening of the session to the first unconcealed sample played.
    pub first_heard: Option<Duration>,
    /// Mean opinion score, 1.0 to 5.0 (ITU-T G.107 family), where it can be estimated.
    pub mos: Option<f32>,
    /// How often a sound device got too little or too much, or had a gap; of all calls of the engine.
    pub xruns: u64,
    /// Packets dropped because they were not of this call or could not be authenticated.
    pub refused: u64,
}

/// What can go wrong with sound.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MediaError {
    /// The description can't be read.
    #[error("the far end's session description can't be read")]
    Malformed,
    /// It has no audio.
    #[error("the far end offers no audio")]
    NoAudio,
    /// No codec in common.
    #[error("the far end has no audio codec in common with us")]
    NoCommonCodec,
    /// No DTLS fingerprint, no ICE, or no rtcp-mux: not secured as WebRTC demands.
    #[error("the far end doesn't offer secured sound (DTLS-SRTP)")]
    NotSecured,
    /// The certificate doesn't match the fingerprint.
    #[error(
        "the far end's certificate is not the announced one: somebody may be listening; the sound was cut"
    )]
    WrongFingerprint,
    /// No path.
    #[error("no path for the sound was found: check firewall and NAT")]
    NoPath,
    /// The far end has vanished.
    #[error("the far end's sound has stopped and did not come back")]
    Lost,
    /// A sound device failed; its own words follow.
    #[error("{0}")]
    Device(String),
    /// The far end takes no telephone events.
    #[error("the far end takes no keys in this call")]
    NoDigits,
    /// The call is held by one of the sides.
    #[error("keys can't be sent while the call is held: retrieve it first")]
    Held,
    /// Earlier keys are still being sent.
    #[error("too many keys are waiting to be sent: wait for those before them")]
    TooManyDigits,
    /// Not in this order.
    #[error("this isn't possible in the present state of the sound connection")]
    WrongState,
    /// The session is closed.
    #[error("the sound connection is closed")]
    Closed,
}

/// Makes the sound of calls.
#[async_trait]
pub trait MediaEngine: Send + Sync + fmt::Debug {
    /// A session for one call.
    async fn open(&self) -> Result<Box<dyn MediaSession>, MediaError>;
    /// The devices there are. Default: none that could be chosen.
    async fn devices(&self) -> Result<Vec<SoundDevice>, MediaError> {
        Ok(Vec::new())
    }
    /// Uses the first of these devices that is there, each given by its identity or its name, else the
    /// system's default; in running calls, too. Default: nothing happens.
    async fn choose_device(&self, _role: SoundRole, _wanted: &[String]) {}
    /// What happens to the devices from now on, without keeping the engine alive. Default: nothing.
    fn changes(&self) -> Option<BoxStream<'static, SoundChange>> {
        None
    }
    /// Tells the user that somebody calls, until told otherwise. Default: the application does.
    async fn alert(&self, _alert: Alert) {}
}

/// The sound of one call. Descriptions are taken and given in the order of RFC 3264; dropping a
/// session ends it at once.
#[async_trait]
pub trait MediaSession: Send + Sync + fmt::Debug {
    /// A new offer: the first, or one that renegotiates with the intent in force.
    async fn offer(&self, ice_restart: bool) -> Result<String, MediaError>;
    /// Takes the far end's offer and gives the answer.
    async fn accept_offer(&self, sdp: &str) -> Result<String, MediaError>;
    /// Takes the far end's answer to our offer.
    async fn accept_answer(&self, sdp: &str) -> Result<(), MediaError>;
    /// Forgets an offer that was not (or not in time) answered, or lost a glare.
    async fn roll_back(&self) -> Result<(), MediaError>;
    /// Adds the far end's candidates.
    async fn add_candidates(&self, candidates: &[String], complete: bool)
    -> Result<(), MediaError>;
    /// Sends keys as telephone events (RFC 4733), 100 ms each, after those sent before; returns once
    /// they are queued. Mute doesn't keep them back.
    async fn send_digits(&self, digits: &Digits) -> Result<(), MediaError>;
    /// What the user wants; acknowledged by [`MediaEvent::Applied`].
    fn apply(&self, intent: MediaIntent);
    /// The next event; `None` once the session is closed. Cancel-safe.
    async fn next_event(&self) -> Option<MediaEvent>;
    /// Figures so far.
    fn stats(&self) -> MediaStats;
    /// Ends the session and waits until sockets and tasks are gone.
    async fn close(&self);
}
