//! Seeded networks: when each packet of 20 ms arrives, if it does.

use std::fmt::Write;

/// A network and what it does to packets.
pub(super) struct Network {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    seed: u64,
    /// Gives the delay of the packet that is sent at so many ms, if it isn't lost.
    delay: fn(&mut Random, f64) -> Option<f64>,
}

pub(super) const ALL: [Network; 4] = [
    Network {
        name: "jitter",
        title: "Independent jitter, σ 10 ms",
        seed: 1,
        delay: |random, _| Some(BASE_MS + (10.0 * random.normal()).max(-30.0)),
    },
    Network {
        name: "bursts",
        title: "A busy radio cell: nothing for 60 to 200 ms now and then, then a queue drains",
        seed: 2,
        delay: |random, sent| Some(BASE_MS + 2.0 * random.uniform() + held_back(sent, 2.7)),
    },
    Network {
        name: "stall",
        title: "A handover after 20 s: half a second of nothing, then 60 ms more delay",
        seed: 3,
        delay: |random, sent| {
            let after = (20_000.0 + STALL_MS - sent).clamp(0.0, STALL_MS);
            let stalled = if sent < 20_000.0 {
                0.0
            } else {
                after.max(60.0)
            };
            Some(BASE_MS + 4.0 * random.uniform() + stalled)
        },
    },
    Network {
        name: "loss",
        title: "5 % of the packets are lost, no jitter",
        seed: 4,
        delay: |random, _| (random.uniform() > 0.05).then_some(BASE_MS),
    },
];

impl Network {
    /// A line `arrival_us sequence` for each arrival, in their order.
    pub(super) fn arrivals(&self) -> String {
        let mut random = Random(self.seed);
        let mut arrivals: Vec<(u64, u32)> = (0..SECONDS * 50)
            .filter_map(|number| {
                let sent = f64::from(number) * 20.0;
                let delay = (self.delay)(&mut random, sent)?;
                Some((((sent + delay) * 1_000.0) as u64, number))
            })
            .collect();
        arrivals.sort_unstable();
        let mut text = String::new();
        for (at, number) in arrivals {
            // Writing into a string can't fail.
            let _written = writeln!(text, "{at} {number}");
        }
        text
    }
}

/// How long a queue holds a packet back that is sent at this ms, when the way is blocked every
/// `every` seconds for 60 to 200 ms.
fn held_back(sent: f64, every: f64) -> f64 {
    let turn = (sent / (every * 1_000.0)).floor();
    let blocked = 60.0 + (turn * 37.0) % 140.0;
    let since = sent - turn * every * 1_000.0;
    // A packet of the queue leaves every 4 ms.
    let ahead = since.min(blocked) / 20.0 * 4.0;
    (blocked + ahead - since).max(0.0)
}

/// Uniform and normal numbers from a seed (splitmix64; sum of twelve).
pub(super) struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// How long a plotted network runs.
pub(super) const SECONDS: u32 = 40;
/// From sender to receiver at least.
const BASE_MS: f64 = 40.0;
const STALL_MS: f64 = 500.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_the_same_every_time_and_sorted() {
        for network in ALL {
            let arrivals = network.arrivals();
            assert_eq!(arrivals, network.arrivals());
            let times: Vec<u64> = arrivals
                .lines()
                .filter_map(|line| line.split_once(' ')?.0.parse().ok())
                .collect();
            assert!(times.len() > 1_500, "{}", network.name);
            assert!(times.is_sorted());
        }
    }

    #[test]
    fn a_blocked_way_holds_back_and_drains() {
        assert_eq!(held_back(0.0, 2.7), 60.0);
        assert!(held_back(40.0, 2.7) < held_back(20.0, 2.7));
        assert_eq!(held_back(200.0, 2.7), 0.0);
    }
}
