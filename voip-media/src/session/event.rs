use crate::{AudioError, DtmfDigit, MediaTime, SessionError};

/// What a session tells. Bounded: a consumer that is 64 events behind loses the oldest
/// ([`crate::SessionStats::events_lost`]).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SessionEvent {
    /// A further candidate of this side, an `a=` line's value (`candidate:…`), to be trickled.
    LocalCandidate(String),
    /// All candidates of this side are known.
    GatheringComplete,
    /// Path and keys are there, media flows.
    Connected,
    /// The first sample of the far side that was not made up is being played.
    FirstAudio {
        /// When it was handed to the playout, on the engine's clock.
        at: MediaTime,
    },
    /// An intent is in force.
    Applied {
        /// Its number.
        number: u64,
    },
    /// The far side has pressed a key (RFC 4733); told once, when its first packet arrives.
    Dtmf {
        /// Which one. Its `Debug` doesn't say.
        digit: DtmfDigit,
    },
    /// All keys of [`crate::AudioSession::send_dtmf`] have been sent.
    DtmfSent,
    /// The far side is not heard any more; the session goes on trying.
    Disconnected,
    /// It is heard again.
    Reconnected,
    /// This computer's network has changed under the call: its address is gone, or
    /// [`crate::Engine::network_changed`] was called. [`crate::AudioSession::restart_ice`] finds a new
    /// path; what still works is used until then.
    NetworkChanged,
    /// The session has ended by itself.
    Failed(SessionError),
    /// A sound device failed; the call goes on without it until it can be opened again.
    AudioDevice(AudioError),
    /// The sound device works again.
    AudioRecovered,
    /// The far side has closed the connection (DTLS close_notify).
    RemoteClosed,
    /// The session is closed; the last event.
    Closed,
}
