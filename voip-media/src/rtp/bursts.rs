use crate::SeqNum;

/// How losses cluster: bursts and gaps of one received source (RFC 3611 §4.7.2, appendix A.2).
///
/// Whether a packet was lost is decided once 64 later ones could have come, so that reordering is
/// no loss.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bursts {
    /// Sequence number of the window's newest packet.
    highest: SeqNum,
    /// Bit `n`: the packet `n` before the newest has come.
    seen: u64,
    /// Packets in the window.
    open: u32,
    /// Packets that came since the last lost one.
    run: u64,
    /// Losses in the present burst.
    losses: u64,
    lost: u64,
    /// Runs of packets lost in a row.
    loss_runs: u64,
    decided: u64,
    counts: Counts,
}

/// Transitions of the appendix's four-state model: 1 received in a gap, 2 received in a burst, 3 lost
/// in a burst, 4 lost in a gap.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    c11: u64,
    c13: u64,
    c14: u64,
    c22: u64,
    c23: u64,
    c33: u64,
}

/// Bursts and gaps so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct BurstFigures {
    /// Share of lost packets within bursts, 0 to 1.
    pub(crate) burst_density: f64,
    /// Share of lost packets between bursts, 0 to 1.
    pub(crate) gap_density: f64,
    /// Mean length of a burst in packets.
    pub(crate) burst_packets: f64,
    /// Mean length of a gap in packets.
    pub(crate) gap_packets: f64,
    /// How much longer the runs of lost packets are than with random loss (ITU-T G.107 §7.5).
    pub(crate) burst_ratio: f64,
}

impl Bursts {
    /// Starts with a source's first packet.
    pub(crate) fn new(first: SeqNum) -> Self {
        Self {
            highest: SeqNum(first.0.wrapping_sub(1)),
            seen: 0,
            open: 0,
            run: u64::from(GMIN),
            losses: 0,
            lost: 0,
            loss_runs: 0,
            decided: 0,
            counts: Counts::default(),
        }
    }

    /// A packet has come.
    pub(crate) fn record(&mut self, seq: SeqNum) {
        let ahead = i32::from(seq.distance_from(self.highest));
        if ahead > 0 {
            for _ in 0..ahead.min(LONGEST_JUMP) {
                self.advance();
            }
            self.highest = seq;
            self.seen |= 1;
        } else if ahead > -WINDOW {
            self.seen |= 1 << -ahead;
        }
    }

    /// The window moves on by a packet; the one that leaves it is decided.
    fn advance(&mut self) {
        if self.open == WINDOW as u32 {
            self.decide(self.seen >> (WINDOW - 1) & 1 == 1);
        } else {
            self.open += 1;
        }
        self.seen <<= 1;
    }

    fn decide(&mut self, came: bool) {
        self.decided += 1;
        if came {
            self.run += 1;
            return;
        }
        self.lost += 1;
        self.loss_runs += u64::from(self.run > 0 || self.lost == 1);
        let counts = &mut self.counts;
        if self.run >= u64::from(GMIN) {
            if self.losses == 1 {
                counts.c14 += 1;
            } else {
                counts.c13 += 1;
            }
            self.losses = 1;
            counts.c11 += self.run;
        } else {
            self.losses += 1;
            if self.run == 0 {
                counts.c33 += 1;
            } else {
                counts.c23 += 1;
                counts.c22 += self.run - 1;
            }
        }
        self.run = 0;
    }

    /// The figures so far.
    pub(crate) fn figures(&self) -> BurstFigures {
        let Counts {
            c11,
            c13,
            c14,
            c22,
            c23,
            c33,
        } = self.counts;
        let (c31, c32) = (c13, c23);
        let share = |part: u64, whole: u64| match whole {
            0 => 0.0,
            whole => part as f64 / whole as f64,
        };
        let p32 = share(c32, c31 + c32 + c33);
        let p23 = 1.0 - share(c22, c22 + c23);
        let total = c11 + c14 + c13 + c22 + c23 + c31 + c32 + c33;
        let gap_packets = share(c11 + c14 + c13, c13);
        let in_bursts = c33 + c23 > 0;
        BurstFigures {
            burst_density: if in_bursts { p23 / (p23 + p32) } else { 0.0 },
            gap_density: share(c14, c11 + c14),
            burst_packets: (share(total, c13) - gap_packets).max(0.0),
            gap_packets,
            burst_ratio: self.burst_ratio(),
        }
    }

    fn burst_ratio(&self) -> f64 {
        if self.loss_runs == 0 {
            return 1.0;
        }
        let loss = self.lost as f64 / self.decided as f64;
        let mean = self.lost as f64 / self.loss_runs as f64;
        (mean * (1.0 - loss)).max(1.0)
    }
}

/// Packets received in a row that end a burst (RFC 3611 §4.7.2: 16 is recommended).
pub(crate) const GMIN: u8 = 16;
/// Packets that may overtake each other.
const WINDOW: i32 = 64;
/// A jump further ahead is a new beginning, not so many losses.
const LONGEST_JUMP: i32 = 3_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A stream of `count` packets without those for which `lost` is true.
    fn stream(count: u32, lost: impl Fn(u32) -> bool) -> BurstFigures {
        let mut bursts = Bursts::new(SeqNum(65_000));
        for index in (0..count + WINDOW as u32).filter(|&index| index >= count || !lost(index)) {
            bursts.record(SeqNum(65_000u16.wrapping_add(index as u16)));
        }
        bursts.figures()
    }

    #[test]
    fn without_loss_there_is_neither_burst_nor_gap() {
        let figures = stream(1_000, |_| false);
        assert_eq!((figures.burst_density, figures.gap_density), (0.0, 0.0));
        assert_eq!(figures.burst_ratio, 1.0);
    }

    #[test]
    fn losses_far_apart_lie_in_the_gap() {
        let figures = stream(5_000, |index| index % 100 == 50);
        assert_eq!(figures.burst_density, 0.0);
        assert!((figures.gap_density - 0.01).abs() < 0.001, "{figures:?}");
        assert_eq!(figures.burst_ratio, 1.0);
    }

    #[test]
    fn three_of_five_lost_every_200_is_a_burst_of_five() {
        let figures = stream(20_000, |index| matches!(index % 200, 100 | 102 | 104));
        assert!((figures.burst_packets - 5.0).abs() < 1.1, "{figures:?}");
        assert!((figures.gap_packets - 195.0).abs() < 3.0, "{figures:?}");
        assert!((0.5..=0.8).contains(&figures.burst_density), "{figures:?}");
        assert_eq!(figures.gap_density, 0.0);
    }

    #[test]
    fn four_lost_in_a_row_are_four_times_as_bursty_as_random_loss() {
        let figures = stream(40_000, |index| index % 400 < 4);
        assert!((figures.burst_ratio - 3.96).abs() < 0.02, "{figures:?}");
    }

    #[test]
    fn packets_that_overtake_each_other_are_no_loss() {
        let mut bursts = Bursts::new(SeqNum(0));
        for pair in 0..2_000u16 {
            for seq in [pair * 2 + 1, pair * 2] {
                bursts.record(SeqNum(seq));
            }
        }
        assert_eq!(bursts.lost, 0);
    }

    proptest! {
        #[test]
        fn any_numbers_give_figures_in_range(numbers in proptest::collection::vec(any::<u16>(), 1..200)) {
            let mut bursts = Bursts::new(SeqNum(numbers[0]));
            for &seq in &numbers {
                bursts.record(SeqNum(seq));
            }
            let figures = bursts.figures();
            prop_assert!((0.0..=1.0).contains(&figures.burst_density), "{figures:?}");
            prop_assert!((0.0..=1.0).contains(&figures.gap_density), "{figures:?}");
            prop_assert!(figures.burst_ratio >= 1.0 && figures.burst_ratio.is_finite());
            prop_assert!(figures.burst_packets.is_finite() && figures.gap_packets.is_finite());
        }
    }
}
