use super::concealment::{Concealment, NoiseLevel};
use super::config::JitterConfig;
use super::packet::{Dropped, Inserted, RtpPacketRef};
use super::pcm::PcmQueue;
use super::planner::DelayPlanner;
use super::source::{Ratio, Source};
use super::stats::{JitterStats, Played, PlayedKind};
use super::store::{Content, PacketStore, Waiting};
use super::stretch::{self, PauseDetector};
use crate::{Decoder, MediaTime};

/// The adaptive jitter buffer of one received stream: packets in, 10 ms frames out.
///
/// Deterministic, without clock, and without allocation after construction (what a decoder
/// allocates is its own affair). One buffer serves one decoder: when the codec changes, call
/// [`JitterBuffer::restart`] and go on with the new decoder.
#[derive(Debug)]
pub struct JitterBuffer {
    pub(super) config: JitterConfig,
    pub(super) source: Source,
    pub(super) store: PacketStore,
    pub(super) planner: DelayPlanner,
    pub(super) pcm: PcmQueue,
    pub(super) pauses: PauseDetector,
    pub(super) concealment: Concealment,
    pub(super) stats: JitterStats,
    pub(super) arrivals: Vec<NewArrival>,
    pub(super) phase: Phase,
    /// Sequence number that is played next (or, while buffering, the lowest that waits).
    pub(super) next: i64,
    /// Timestamp after the newest decoded sample.
    pub(super) tail: i64,
    pub(super) rate: u32,
    /// µs of a sample.
    pub(super) sample: Ratio,
    /// The decoder must forget the past before the next packet.
    pub(super) reset_decoder: bool,
    /// The far side has stopped sending on purpose.
    pub(super) quiet_on_purpose: bool,
    /// Loudness of the noise that the far side has announced for this pause.
    pub(super) noise: Option<NoiseLevel>,
    /// Samples to play before the next stretch.
    pub(super) rest: usize,
    /// Samples to play before the next search after one without a find.
    pub(super) retry: usize,
    /// Samples made up since the last decoded one.
    pub(super) gap: usize,
    /// Made up samples at the end of the queue that real ones may still replace.
    pub(super) provisional: usize,
    /// Samples put in while waiting for the next packet.
    pub(super) waited: usize,
    pub(super) frame_kind: PlayedKind,
}

/// Idle → Buffering (first packet) → Playing (enough waited) → Buffering (restart, or nothing
/// came for long). No state has a timeout of its own: time only passes in `get`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing has come.
    Idle,
    /// Packets gather until the target delay is reached.
    Buffering,
    /// Sound comes out.
    Playing,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct NewArrival {
    pub(super) timestamp_us: i64,
    pub(super) duration: f32,
    pub(super) overtaken: bool,
    pub(super) recovers: bool,
}

/// What to do when samples are needed.
pub(super) enum Step {
    /// Decode this packet; `gap` timestamp units before it are skipped.
    Decode(Waiting),
    /// Decode what the redundancy in this packet holds of the one before.
    Redundancy(Waiting),
    /// Make up 10 ms.
    Conceal,
}

impl JitterBuffer {
    /// Takes all memory that the buffer will ever use.
    pub fn new(config: JitterConfig) -> Self {
        let config = config.in_range();
        let planner = DelayPlanner::new(
            config.concealment_weight,
            config.min_delay.as_secs_f32() * 1_000.0,
            config.max_delay.as_secs_f32() * 1_000.0,
        );
        Self {
            source: Source::new(),
            store: PacketStore::new(config.max_packets, config.max_payload),
            planner,
            pcm: PcmQueue::new(HISTORY, WAITING),
            pauses: PauseDetector::new(),
            concealment: Concealment::new(),
            stats: JitterStats::default(),
            arrivals: Vec::with_capacity(NEW_ARRIVALS),
            phase: Phase::Idle,
            next: 0,
            tail: 0,
            rate: 0,
            sample: Ratio::new(0, 1),
            reset_decoder: false,
            quiet_on_purpose: false,
            noise: None,
            rest: 0,
            retry: 0,
            gap: 0,
            provisional: 0,
            waited: 0,
            frame_kind: PlayedKind::Silence,
            config,
        }
    }

    /// Copies a packet that arrived at `now`. `decoder` only tells the packet's length.
    ///
    /// # Errors
    /// Says why the packet is not kept; the buffer goes on in any case.
    pub fn insert(
        &mut self,
        packet: RtpPacketRef<'_>,
        decoder: &dyn Decoder,
        now: MediaTime,
    ) -> Result<Inserted, Dropped> {
        let taken = self.take(packet, Content::Speech, decoder, now.as_micros() as i64);
        self.count_taken(&taken);
        taken
    }

    /// The same for a packet of comfort noise, which comes in a payload type of its own (RFC 3389):
    /// what follows it is a pause until the next speech packet, however long.
    ///
    /// # Errors
    /// Says why the packet is not kept; the buffer goes on in any case.
    pub fn insert_comfort_noise(
        &mut self,
        packet: RtpPacketRef<'_>,
        decoder: &dyn Decoder,
        now: MediaTime,
    ) -> Result<Inserted, Dropped> {
        let taken = self.take(packet, Content::Noise, decoder, now.as_micros() as i64);
        self.count_taken(&taken);
        taken
    }

    fn count_taken(&mut self, taken: &Result<Inserted, Dropped>) {
        match taken {
            Ok(inserted) => {
                self.stats.inserted_packets += 1;
                self.stats.discarded_packets += u64::from(inserted.displaced);
            }
            Err(Dropped::Late) => self.stats.late_packets += 1,
            Err(Dropped::Duplicate) => self.stats.duplicate_packets += 1,
            Err(_) => self.stats.refused_packets += 1,
        }
    }

    /// Fills `out` with the next sound at the decoder's rate, 10 ms or any other length.
    pub fn get(&mut self, decoder: &mut dyn Decoder, out: &mut [i16], now: MediaTime) -> Played {
        let now = now.as_micros() as i64;
        self.follow_rate(decoder.sample_rate().hz());
        self.observe_arrivals(now);
        self.start_if_due(now);
        self.frame_kind = self.continued_kind();
        let timestamp = (self.phase == Phase::Playing).then(|| self.head() as u32);
        let frame = stretch::samples(self.rate, FRAME_US).max(1);
        let mut kind = self.frame_kind;
        for (index, part) in out.chunks_mut(frame).enumerate() {
            let ahead = index as i64 * i64::from(FRAME_US);
            self.play(decoder, part, now - ahead);
            kind = kind.heavier(self.frame_kind);
        }
        self.stats.played_samples += out.len() as u64;
        Played { kind, timestamp }
    }

    /// Forgets the source and all waiting packets, as when the codec changes. Counters stay.
    pub fn restart(&mut self) {
        self.source.reset();
        self.forget();
        self.phase = Phase::Idle;
    }

    /// The counters and delays now.
    pub fn stats(&self) -> JitterStats {
        self.stats
    }
}

/// Samples kept behind and ahead of the playout position: 30 ms and 240 ms at 48 kHz.
const HISTORY: usize = 1_440;
const WAITING: usize = 11_520;
/// Arrivals between two frames that are looked at one by one.
pub(super) const NEW_ARRIVALS: usize = 64;
/// A frame in µs.
pub(super) const FRAME_US: u32 = 10_000;

#[cfg(test)]
mod tests;
