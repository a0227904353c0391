use thiserror::Error;

use crate::{SeqNum, Ssrc};

/// A received RTP packet, borrowed: the fields of its header that matter here, and its payload
/// without padding (RFC 3550 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpPacketRef<'a> {
    /// Where it comes from. A new one restarts the buffer's sense of time.
    pub ssrc: Ssrc,
    /// Its sequence number.
    pub seq: SeqNum,
    /// The sampling instant of its first sample, in units of the decoder's clock rate.
    pub timestamp: u32,
    /// The marker bit: the first packet of a talk spurt (RFC 3551 §4.1).
    pub marker: bool,
    /// What the decoder takes.
    pub payload: &'a [u8],
}

/// A packet was taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Inserted {
    /// Older packets that had to make room.
    pub displaced: u32,
    /// Whether the stream has started anew with this packet (first packet, other source, or a
    /// jump of sequence number or timestamp).
    pub restarted: bool,
}

/// Why a packet was not taken. Each is counted in [`JitterStats`](super::JitterStats).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum Dropped {
    /// What it carries has been played or concealed already.
    #[error("the packet came too late to be played")]
    Late,
    /// It is waiting already.
    #[error("the packet is a duplicate")]
    Duplicate,
    /// There is no payload.
    #[error("the packet is empty")]
    Empty,
    /// The payload is longer than [`JitterConfig::max_payload`](super::JitterConfig::max_payload).
    #[error("the payload is longer than the buffer takes")]
    TooLarge,
    /// The decoder says that this is no packet of its codec.
    #[error("the payload is no packet of the negotiated codec")]
    Malformed,
    /// Its sequence number or timestamp jumps. A second one in the same line is believed.
    #[error("the packet doesn't fit the stream; a second one like it restarts the stream")]
    Jump,
}
