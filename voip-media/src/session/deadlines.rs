use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// How punctual the media thread of an engine is: when the frame of each 10 ms was ready, counted from
/// when it was due.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deadlines {
    /// Frames so far: one every 10 ms for all sessions together, while there is a session.
    pub frames: u64,
    /// Frames that were ready only when the next one was due.
    pub missed: u64,
    /// Half of the frames were ready by then; to the quarter of a millisecond.
    pub median: Duration,
    /// 99 of 100 frames were ready by then; to the quarter of a millisecond.
    pub p99: Duration,
    /// The last frame was ready by then.
    pub longest: Duration,
}

/// Counts them; written by the media thread, read by anybody.
#[derive(Debug)]
pub(crate) struct DeadlineCounter {
    frames: [AtomicU64; BUCKETS],
    longest_us: AtomicU64,
}

impl Default for DeadlineCounter {
    fn default() -> Self {
        Self {
            frames: [const { AtomicU64::new(0) }; BUCKETS],
            longest_us: AtomicU64::new(0),
        }
    }
}

impl DeadlineCounter {
    /// A frame was ready so long after it was due.
    pub(crate) fn record(&self, after: Duration) {
        let micros = after.as_micros() as u64;
        let bucket = (micros / BUCKET_US).min(BUCKETS as u64 - 1);
        self.frames[bucket as usize].fetch_add(1, Relaxed);
        self.longest_us.fetch_max(micros, Relaxed);
    }

    /// What was counted so far.
    pub(crate) fn deadlines(&self) -> Deadlines {
        let counts = self.frames.each_ref().map(|count| count.load(Relaxed));
        let frames = counts.iter().sum();
        let longest = Duration::from_micros(self.longest_us.load(Relaxed));
        Deadlines {
            frames,
            missed: counts[(TICK_US / BUCKET_US) as usize..].iter().sum(),
            median: quantile(&counts, frames.div_ceil(2)).min(longest),
            p99: quantile(&counts, (frames * 99).div_ceil(100)).min(longest),
            longest,
        }
    }
}

/// The upper end of the bucket in which the `rank`th frame is.
fn quantile(counts: &[u64], rank: u64) -> Duration {
    let mut seen = 0;
    let bucket = counts.iter().position(|count| {
        seen += count;
        seen >= rank
    });
    let last = bucket.is_none_or(|bucket| bucket + 1 == counts.len());
    match bucket {
        Some(bucket) if !last => Duration::from_micros((bucket as u64 + 1) * BUCKET_US),
        // Whatever took longer than the last bucket's beginning.
        _ => Duration::MAX,
    }
}

/// A tick of the media thread.
const TICK_US: u64 = 10_000;
const BUCKET_US: u64 = 250;
/// Up to 100 ms, where the media thread stops catching up, and what is later.
const BUCKETS: usize = 401;

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(micros: impl IntoIterator<Item = u64>) -> Deadlines {
        let counter = DeadlineCounter::default();
        for micros in micros {
            counter.record(Duration::from_micros(micros));
        }
        counter.deadlines()
    }

    #[test]
    fn before_the_first_frame_all_is_zero() {
        assert_eq!(counted([]), Deadlines::default());
    }

    #[test]
    fn half_and_ninety_nine_of_a_hundred_are_found() {
        let deadlines = counted((0..98).map(|_| 300).chain([9_900, 25_000]));
        assert_eq!((deadlines.frames, deadlines.missed), (100, 1));
        assert_eq!(deadlines.median, Duration::from_micros(500));
        assert_eq!(deadlines.p99, Duration::from_micros(10_000));
        assert_eq!(deadlines.longest, Duration::from_millis(25));
    }

    #[test]
    fn what_is_hopelessly_late_is_counted_too() {
        let deadlines = counted([7_000_000]);
        assert_eq!((deadlines.frames, deadlines.missed), (1, 1));
        assert_eq!(deadlines.median, Duration::from_secs(7));
    }
}
