use std::time::Duration;

use super::random::Random;

/// When the next attempt to reach the server is made: at most 500 ms after the one before for the
/// first 15 s and after every hint, then exponentially later with jitter, up to 30 s.
#[derive(Debug)]
pub(super) struct Backoff {
    fast_until: Duration,
    slow_rounds: u32,
}

impl Backoff {
    pub(super) const fn new() -> Self {
        Self {
            fast_until: Duration::ZERO,
            slow_rounds: 0,
        }
    }

    /// Attempts are made in quick succession from now on.
    pub(super) fn hurry(&mut self, now: Duration) {
        self.fast_until = now + FAST_FOR;
        self.slow_rounds = 0;
    }

    /// Whether attempts are made in quick succession.
    pub(super) fn is_fast(&self, now: Duration) -> bool {
        now < self.fast_until
    }

    /// When to try again after a round that began at `began` has failed.
    pub(super) fn next(&mut self, began: Duration, now: Duration, random: &mut Random) -> Duration {
        if self.is_fast(now) {
            return (began + FAST_EVERY).max(now);
        }
        let longest = SLOW_FIRST
            .saturating_mul(1 << self.slow_rounds.min(6))
            .min(SLOW_MOST);
        self.slow_rounds += 1;
        now + random.between(longest / 2, longest)
    }
}

/// Attempts follow each other closely for so long (wire contract).
const FAST_FOR: Duration = Duration::from_secs(15);
/// At most so far apart (wire contract).
pub(super) const FAST_EVERY: Duration = Duration::from_millis(500);
/// The first longer pause, jitter included; doubled each time (our choice).
const SLOW_FIRST: Duration = Duration::from_secs(1);
/// The longest pause (wire contract).
const SLOW_MOST: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_half_a_second_apart_for_fifteen_seconds() {
        let mut backoff = Backoff::new();
        let mut random = Random::new(1);
        let start = Duration::from_secs(100);
        backoff.hurry(start);
        let mut at = start;
        let mut rounds = 0;
        while backoff.is_fast(at) {
            let next = backoff.next(at, at, &mut random);
            assert_eq!(next, at + FAST_EVERY);
            at = next;
            rounds += 1;
        }
        assert_eq!(rounds, 30);
    }

    #[test]
    fn later_pauses_grow_to_thirty_seconds_and_differ() {
        let mut backoff = Backoff::new();
        let mut random = Random::new(7);
        let now = Duration::from_secs(1000);
        let pauses: Vec<_> = (0..40)
            .map(|_| backoff.next(now, now, &mut random) - now)
            .collect();
        assert!(pauses[0] <= Duration::from_secs(1));
        assert!(pauses.iter().all(|pause| *pause <= SLOW_MOST));
        assert!(pauses[10..].iter().all(|pause| *pause >= SLOW_MOST / 2));
        let distinct: std::collections::BTreeSet<_> = pauses[10..].iter().collect();
        assert!(distinct.len() > 20);
    }
}
