use tokio::sync::broadcast::{self, error::RecvError};

use crate::{AudioDevice, AudioError, AudioRole, DeviceChange, DtmfDigit, MediaTime, SessionError};

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
    /// Microphone or loudspeaker failed; the call goes on without it until it, or the next best, can be
    /// opened. More is told by [`crate::Engine::sound_events`].
    AudioDevice(AudioError),
    /// It works again, perhaps on another device.
    AudioRecovered,
    /// The far side has closed the connection (DTLS close_notify).
    RemoteClosed,
    /// The session is closed; the last event.
    Closed,
}

/// What an engine tells about sound devices: what a user should see, in a settings dialog or as a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SoundEvent {
    /// A device has come or gone, or the system's default has changed.
    Devices(DeviceChange),
    /// A role has its sound from or on this device now: at first, after a move, after a failure.
    InUse {
        /// Which role.
        role: AudioRole,
        /// Which device; `None` where the system doesn't list it.
        device: Option<AudioDevice>,
    },
    /// A role is without sound. Other devices, and this one again, are tried by themselves;
    /// [`SoundEvent::InUse`] follows when that succeeds.
    Failed {
        /// Which role.
        role: AudioRole,
        /// Why.
        error: AudioError,
    },
}

/// A subscription to the events of an engine's sound. A reader that is 64 events behind loses the
/// oldest.
#[derive(Debug)]
pub struct SoundEvents(pub(crate) broadcast::Receiver<SoundEvent>);

impl SoundEvents {
    /// The next event; `None` once the engine is closed. Cancel-safe.
    pub async fn next(&mut self) -> Option<SoundEvent> {
        loop {
            match self.0.recv().await {
                Ok(event) => return Some(event),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
