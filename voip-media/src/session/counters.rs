use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::{LossRate, MediaTime, SessionStats};

/// What the media thread counts for a session; read by anybody.
#[derive(Debug, Default)]
pub(crate) struct MediaCounters {
    pub(crate) concealed_samples: AtomicU64,
    pub(crate) skipped_samples: AtomicU64,
    pub(crate) discarded_packets: AtomicU64,
    pub(crate) target_delay_us: AtomicU64,
    pub(crate) played_samples: AtomicU64,
    pub(crate) sample_rate: AtomicU32,
    pub(crate) delay_sum_us: AtomicU64,
    pub(crate) delay_count: AtomicU64,
    pub(crate) playout_peak: AtomicU32,
    pub(crate) capture_peak: AtomicU32,
    pub(crate) send_overflow: AtomicU64,
    pub(crate) unknown_payload: AtomicU64,
    /// Keys on their way to being sent.
    pub(crate) tones_waiting: AtomicU32,
    /// Time that capturing and encoding took, in µs, and frames of 10 ms that it was for.
    pub(crate) effort_us: AtomicU64,
    pub(crate) captured_frames: AtomicU64,
    /// Microseconds, plus one; zero: not yet.
    first_audio: AtomicU64,
}

impl MediaCounters {
    /// Notes the time of the first real sample, once; whether it was the first.
    pub(crate) fn heard_first(&self, at: MediaTime) -> bool {
        let first = self.first_audio.load(Relaxed) == 0;
        if first {
            self.first_audio.store(at.as_micros() + 1, Relaxed);
        }
        first
    }

    /// When the first real sample was played.
    pub(crate) fn first_audio(&self) -> Option<MediaTime> {
        self.first_audio
            .load(Relaxed)
            .checked_sub(1)
            .map(MediaTime::from_micros)
    }

    /// Fills in its part of the figures.
    pub(crate) fn add_to(&self, stats: &mut SessionStats) {
        let played = self.played_samples.load(Relaxed);
        let rate = u64::from(self.sample_rate.load(Relaxed)).max(1);
        stats.played = Duration::from_micros(played * 1_000_000 / rate);
        if played > 0 {
            let of_played = |samples: &AtomicU64| {
                (samples.load(Relaxed) as f64 / played as f64).min(1.0) as f32
            };
            stats.concealed_share = of_played(&self.concealed_samples);
            stats.skipped_share = of_played(&self.skipped_samples);
        }
        let mean = self
            .delay_sum_us
            .load(Relaxed)
            .checked_div(self.delay_count.load(Relaxed));
        stats.mean_buffer_delay = Duration::from_micros(mean.unwrap_or(0));
        stats.target_buffer_delay = Duration::from_micros(self.target_delay_us.load(Relaxed));
        let sent = (stats.packets_received + stats.packets_lost).max(1);
        let discarded = self.discarded_packets.load(Relaxed) as f64 / sent as f64;
        stats.discarded = LossRate(discarded.min(1.0) as f32);
        stats.playout_level = share(self.playout_peak.load(Relaxed));
        stats.capture_level = share(self.capture_peak.load(Relaxed));
        stats.drops.send_overflow += self.send_overflow.load(Relaxed);
        stats.drops.unknown_payload += self.unknown_payload.load(Relaxed);
        stats.first_audio_at = self.first_audio();
    }
}

fn share(peak: u32) -> f32 {
    (peak as f32 / 32_768.0).min(1.0)
}

/// Peak of a frame.
pub(crate) fn peak(frame: &[i16]) -> u32 {
    frame
        .iter()
        .map(|sample| u32::from(sample.unsigned_abs()))
        .max()
        .unwrap_or(0)
}
