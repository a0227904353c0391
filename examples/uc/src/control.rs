//! What a person asks of a call, wherever it is asked.

use uc_model::Redacted;
use uc_session::{Call, CallError};

/// One thing that a person asks of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Control {
    /// Take the call.
    Answer,
    /// Refuse it.
    Reject,
    /// End it.
    HangUp,
    /// Let the other wait.
    Hold,
    /// Talk again.
    Retrieve,
    /// Cut the microphone off, or on again.
    Mute(bool),
    /// Send keys (DTMF).
    Keys(Redacted<String>),
    /// Pass the ringing call on to a number.
    Deflect(Redacted<String>),
}

impl Control {
    /// Asks it of `call`; returns once the server has confirmed it.
    pub(crate) async fn carry_out(&self, call: &Call) -> Result<(), CallError> {
        match self {
            Self::Answer => call.answer().await,
            Self::Reject => call.reject().await,
            Self::HangUp => call.hang_up().await,
            Self::Hold => call.hold().await,
            Self::Retrieve => call.retrieve().await,
            Self::Mute(muted) => call.set_muted(*muted).await,
            Self::Keys(keys) => call.send_digits(keys.expose()).await,
            Self::Deflect(to) => call.deflect(to.expose()).await,
        }
    }
}
