use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// Chance that comes out the same in every run (Knuth's linear congruential generator).
#[derive(Debug)]
pub(super) struct Dice(AtomicU64);

impl Dice {
    pub(super) const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// Below `most`; 0 of nothing.
    pub(super) fn number(&self, most: usize) -> usize {
        let next = |state: u64| {
            state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407)
        };
        let before = self
            .0
            .fetch_update(Relaxed, Relaxed, |state| Some(next(state)));
        // The low bits have short periods.
        let drawn = next(before.unwrap_or_default()) >> 33;
        drawn as usize % most.max(1)
    }

    /// Within the range, to the millisecond.
    pub(super) fn time(&self, range: &Range<Duration>) -> Duration {
        let span = range.end.saturating_sub(range.start).as_millis() as usize;
        range.start + Duration::from_millis(self.number(span) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_side_comes_up_and_no_other() {
        let dice = Dice::new(3);
        let mut seen = [0; 6];
        for _ in 0..600 {
            seen[dice.number(6)] += 1;
        }
        assert!(seen.iter().all(|count| *count > 50), "{seen:?}");
        assert_eq!(dice.number(0), 0);
    }

    #[test]
    fn a_time_lies_within_its_range() {
        let (dice, range) = (Dice::new(4), Duration::from_secs(2)..Duration::from_secs(3));
        assert!((0..100).all(|_| range.contains(&dice.time(&range))));
        let none = Duration::ZERO..Duration::ZERO;
        assert_eq!(dice.time(&none), Duration::ZERO);
    }
}
