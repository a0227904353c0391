//! Offer and answer (RFC 3264; for WebRTC JSEP, RFC 9429) for one audio stream: reading, choosing,
//! writing. Pure.

mod direction;
mod error;
mod formats;
mod negotiate;
mod read;
mod write;

pub(crate) use direction::Direction;
pub use error::SdpError;
pub(crate) use formats::{CodecChoice, EventChoice, Formats};
pub(crate) use negotiate::{Negotiated, Wishes, agree, is_possible};
pub(crate) use read::{MediaLine, RemoteDescription, RemoteTransport, Setup, read};
pub(crate) use write::{LocalDescription, LocalTransport, write};

/// Offer or answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Offer,
    Answer,
}

#[cfg(test)]
mod tests;
