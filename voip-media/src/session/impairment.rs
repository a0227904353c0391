use std::{collections::BTreeMap, f32::consts::TAU, time::Duration};

use crate::{Impairment, ImpairmentStats, MediaTime};

/// Takes packets away and holds them back, each on its own.
#[derive(Debug)]
pub(crate) struct Impairer<T> {
    config: Impairment,
    state: u64,
    waiting: BTreeMap<(MediaTime, u64), T>,
    count: u64,
    stats: ImpairmentStats,
    delay_sum: Duration,
}

impl<T> Impairer<T> {
    pub(crate) fn new(config: Impairment) -> Self {
        Self {
            config,
            state: config.seed,
            waiting: BTreeMap::new(),
            count: 0,
            stats: ImpairmentStats::default(),
            delay_sum: Duration::ZERO,
        }
    }

    /// Takes a packet. Random numbers are drawn for each packet alike, so that its fate doesn't
    /// depend on that of others.
    pub(crate) fn take(&mut self, packet: T, now: MediaTime) {
        let lost = self.uniform() < self.config.loss;
        let delay = self.delay();
        self.count += 1;
        if lost || self.waiting.len() >= MAX_WAITING {
            self.stats.dropped += 1;
            return;
        }
        self.delay_sum += delay;
        self.stats.delayed += u64::from(!delay.is_zero());
        self.waiting.insert((now.after(delay), self.count), packet);
    }

    /// A packet whose time has come.
    pub(crate) fn release(&mut self, now: MediaTime) -> Option<T> {
        let first = self.waiting.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }

    /// When the next packet's time comes.
    pub(crate) fn due(&self) -> Option<MediaTime> {
        self.waiting.keys().next().map(|(due, _)| *due)
    }

    pub(crate) fn stats(&self) -> ImpairmentStats {
        let kept = self.count.saturating_sub(self.stats.dropped).max(1);
        ImpairmentStats {
            mean_delay: self.delay_sum.div_f64(kept as f64),
            ..self.stats
        }
    }

    /// Box and Muller's method.
    fn delay(&mut self) -> Duration {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        let normal = radius * (TAU * self.uniform()).cos();
        self.config
            .jitter
            .mul_f32((MEAN + normal).clamp(0.0, 2.0 * MEAN))
    }

    /// SplitMix64, 0.0 to below 1.0.
    fn uniform(&mut self) -> f32 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 40) as f32 / (1 << 24) as f32
    }
}

/// Mean delay in standard deviations: below zero, where a packet would arrive before it was sent,
/// lies 0.1 %.
const MEAN: f32 = 3.0;
/// Packets held back at once; one more is dropped.
const MAX_WAITING: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seed: u64) -> (Vec<(u32, u64)>, ImpairmentStats) {
        let jitter = Duration::from_millis(20);
        let mut impairer = Impairer::new(Impairment {
            loss: 0.05,
            jitter,
            seed,
        });
        let mut arrivals = Vec::new();
        for packet in 0..5_000u32 {
            let now = MediaTime::from_micros(u64::from(packet) * 20_000);
            impairer.take(packet, now);
            while let Some(due) = impairer.due().filter(|due| *due <= now) {
                arrivals.push((impairer.release(due).expect("a packet"), due.as_micros()));
            }
        }
        (arrivals, impairer.stats())
    }

    #[test]
    fn loss_and_jitter_are_what_was_asked_for() {
        let (arrivals, stats) = run(1);
        assert!((200..300).contains(&stats.dropped), "{}", stats.dropped);
        let delays: Vec<f64> = arrivals
            .iter()
            .map(|(packet, at)| *at as f64 - f64::from(*packet) * 20_000.0)
            .collect();
        let mean = delays.iter().sum::<f64>() / delays.len() as f64;
        let variance = delays
            .iter()
            .map(|delay| (delay - mean).powi(2))
            .sum::<f64>();
        let deviation = (variance / delays.len() as f64).sqrt();
        assert!((59_000.0..61_000.0).contains(&mean), "{mean}");
        assert!((19_000.0..21_000.0).contains(&deviation), "{deviation}");
        assert!(
            arrivals.windows(2).any(|pair| pair[0].0 > pair[1].0),
            "packets overtake"
        );
    }

    #[test]
    fn the_same_seed_gives_the_same_fate() {
        assert_eq!(run(7), run(7));
        assert_ne!(run(7).0, run(8).0);
    }

    #[test]
    fn without_loss_and_jitter_packets_pass_at_once() {
        let mut impairer = Impairer::new(Impairment {
            loss: 0.0,
            jitter: Duration::ZERO,
            seed: 3,
        });
        let now = MediaTime::from_micros(5);
        impairer.take('a', now);
        assert_eq!(impairer.release(now), Some('a'));
        assert_eq!(impairer.stats(), ImpairmentStats::default());
    }
}
