use thiserror::Error;
use voip_media::{AudioError, EngineError, NegotiationError, OpenError};

/// Why the server's own sound isn't there, or isn't changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SoundError {
    /// The sound processing can't be started.
    #[error("the server's sound can't be started: {0}")]
    Engine(#[from] EngineError),
    /// There is an endpoint of this leg.
    #[error("this leg of a call has its sound already: close it before opening it anew")]
    Taken,
    /// There is none.
    #[error("this leg of a call has no sound of the server's: it has ended or was never opened")]
    Unknown,
    /// Sixteen are in it.
    #[error("sixteen are in this conference already: somebody has to leave it first")]
    ConferenceFull,
    /// No session could be had.
    #[error("the server can't give another call its sound: {0}")]
    Open(#[from] OpenError),
    /// An offer that can't be answered.
    #[error("the client's offer can't be answered: {0}")]
    Negotiation(#[from] NegotiationError),
    /// An offer older than one that was answered.
    #[error("this offer is older than the one that was answered last")]
    Late,
    /// A WAV file can't be used.
    #[error(transparent)]
    File(#[from] AudioError),
    /// It is being closed.
    #[error("the server's sound is just ending")]
    Ended,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_says_what_is_wrong_or_what_to_do() {
        let texts = [
            (SoundError::Taken, "close it"),
            (SoundError::Unknown, "has ended or was never opened"),
            (SoundError::ConferenceFull, "has to leave"),
            (
                SoundError::Open(OpenError::TooManySessions),
                "end one first",
            ),
            (SoundError::Negotiation(NegotiationError::Closed), "closed"),
            (SoundError::Late, "older"),
        ];
        for (error, part) in texts {
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}
