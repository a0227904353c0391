use std::time::Duration;

use crate::{CodecKind, DeviceCounts, LossRate, MediaTime, Mos, VoipMetrics};

/// What a session has done so far. Cheap to take at any time; counters only rise.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct SessionStats {
    /// RTP packets sent.
    pub packets_sent: u64,
    /// Payload octets sent, without RTP headers (RFC 3550 §6.4.1).
    pub bytes_sent: u64,
    /// RTP packets received and authenticated.
    pub packets_received: u64,
    /// Payload octets received.
    pub bytes_received: u64,
    /// Packets that never came: expected less received (RFC 3550 §6.4.1), at least zero.
    pub packets_lost: u64,
    /// Interarrival jitter of the received packets (RFC 3550 §6.4.1).
    pub jitter: Duration,
    /// Round trip by RTCP (RFC 3550 §6.4.1), once the far side has reported.
    pub round_trip: Option<Duration>,
    /// Share of our packets that the far side reports as lost, 0.0 to 1.0.
    pub remote_loss: f32,
    /// Mean time from a packet's arrival to its playout.
    pub mean_buffer_delay: Duration,
    /// Sound played since the first packet: the base of [`SessionStats::concealed_share`].
    pub played: Duration,
    /// Share of the played sound that was made up, 0.0 to 1.0.
    pub concealed_share: f32,
    /// Lost sound in whose place nothing was played, as a share of the played sound. With
    /// [`SessionStats::concealed_share`] it is what loss and lateness have left of themselves.
    pub skipped_share: f32,
    /// Peak level of the last 10 ms played, 0.0 to 1.0.
    pub playout_level: f32,
    /// Peak level of the last 10 ms captured and sent, 0.0 to 1.0.
    pub capture_level: f32,
    /// Packets that came too late to be played, as a share of those that were sent.
    pub discarded: LossRate,
    /// How much longer the runs of lost packets are than with random loss (ITU-T G.107 §7.5); 0
    /// before the first packet.
    pub burst_ratio: f64,
    /// Delay that the jitter buffer aims at now.
    pub target_buffer_delay: Duration,
    /// What this side hears, by the E-model ([`crate::mos`]); `None` before a second of sound.
    pub mos: Option<Mos>,
    /// What the far side hears, once it has said so (RFC 3611).
    pub remote: Option<VoipMetrics>,
    /// When path and keys were there, on the engine's clock ([`crate::Engine::now`]).
    pub connected_at: Option<MediaTime>,
    /// When the first sample of the far side that was not made up was handed to the playout.
    pub first_audio_at: Option<MediaTime>,
    /// From the session's connection to that sample.
    pub first_audio_after: Option<Duration>,
    /// The codec we send with.
    pub codec: Option<CodecKind>,
    /// What was dropped and why.
    pub drops: DropCounts,
    /// What went amiss at the sound devices, of all sessions of the engine and since it was made.
    pub devices: DeviceCounts,
    /// What [`crate::Impairment`] did.
    pub impairment: ImpairmentStats,
    /// Events that a slow consumer has lost (the oldest go first).
    pub events_lost: u64,
}

/// Datagrams and packets that were thrown away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DropCounts {
    /// Datagrams that came from an address that isn't the far side's.
    pub strangers: u64,
    /// Datagrams longer than [`crate::MAX_DATAGRAM`] bytes.
    pub oversized: u64,
    /// Datagrams that are no STUN, DTLS, SRTP or SRTCP (RFC 7983), or a truncated one.
    pub malformed: u64,
    /// Packets that could not be authenticated.
    pub unauthenticated: u64,
    /// Packets seen before (RFC 3711 §3.3.2), or too old to tell.
    pub replayed: u64,
    /// Packets of a source that the session description doesn't name, or of too many sources.
    pub unknown_source: u64,
    /// Media that came before the keys.
    pub early: u64,
    /// Received packets that the media thread had no room for.
    pub receive_overflow: u64,
    /// Packets to send that the socket task or the socket had no room for.
    pub send_overflow: u64,
    /// Received packets with a payload type that was not negotiated.
    pub unknown_payload: u64,
}

impl DropCounts {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.strangers
            + self.oversized
            + self.malformed
            + self.unauthenticated
            + self.replayed
            + self.unknown_source
            + self.early
            + self.receive_overflow
            + self.send_overflow
            + self.unknown_payload
    }
}

/// What an [`crate::Impairment`] has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImpairmentStats {
    /// Packets taken away.
    pub dropped: u64,
    /// Packets held back.
    pub delayed: u64,
    /// Mean delay of those that were held back or not.
    pub mean_delay: Duration,
}
