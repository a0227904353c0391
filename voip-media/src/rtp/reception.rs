use std::time::Duration;

use super::{BurstFigures, Bursts};
use crate::{MediaTime, SampleRate, SeqNum};

/// Loss and jitter of one received source (RFC 3550 §6.4.1, appendices A.1, A.3, A.8).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reception {
    clock: SampleRate,
    base: u32,
    highest: u32,
    received: u64,
    expected_before: u32,
    received_before: u64,
    transit: Option<i64>,
    /// In units of the clock, times 16.
    jitter: u64,
    bursts: Bursts,
}

impl Reception {
    /// Starts with a source's first packet.
    pub(crate) fn new(clock: SampleRate, first: SeqNum) -> Self {
        let base = u32::from(first.0);
        Self {
            clock,
            base,
            highest: base.wrapping_sub(1),
            received: 0,
            expected_before: 0,
            received_before: 0,
            transit: None,
            jitter: 0,
            bursts: Bursts::new(first),
        }
    }

    /// Counts a packet.
    pub(crate) fn record(&mut self, seq: SeqNum, timestamp: u32, arrival: MediaTime) {
        self.received += 1;
        let ahead = seq.distance_from(SeqNum(self.highest as u16));
        if ahead > 0 {
            self.highest = self.highest.wrapping_add(ahead as u32);
        }
        self.bursts.record(seq);
        self.record_jitter(timestamp, arrival);
    }

    fn record_jitter(&mut self, timestamp: u32, arrival: MediaTime) {
        let arrival = arrival.as_micros() as i128 * i128::from(self.clock.hz()) / 1_000_000;
        let transit = (arrival as u32).wrapping_sub(timestamp) as i32 as i64;
        if let Some(before) = self.transit.replace(transit) {
            let difference = u64::from((transit as i32).wrapping_sub(before as i32).unsigned_abs());
            self.jitter = self.jitter + difference - ((self.jitter + 8) >> 4);
        }
    }

    /// Packets that should have come so far.
    pub(crate) fn expected(&self) -> u32 {
        self.highest.wrapping_sub(self.base).wrapping_add(1)
    }

    /// Packets that never came (so far); duplicates can't make it negative.
    pub(crate) fn lost(&self) -> u64 {
        u64::from(self.expected()).saturating_sub(self.received)
    }

    /// How the losses cluster.
    pub(crate) fn bursts(&self) -> BurstFigures {
        self.bursts.figures()
    }

    /// Jitter as a time.
    pub(crate) fn jitter(&self) -> Duration {
        Duration::from_micros((self.jitter >> 4) * 1_000_000 / u64::from(self.clock.hz()))
    }

    /// A report block's figures; the share of loss is since the last call.
    pub(crate) fn report(&mut self) -> ReceptionFigures {
        let expected = self.expected();
        let expected_interval = u64::from(expected.wrapping_sub(self.expected_before));
        let lost_interval = expected_interval.saturating_sub(self.received - self.received_before);
        self.expected_before = expected;
        self.received_before = self.received;
        let fraction = (lost_interval << 8)
            .checked_div(expected_interval)
            .unwrap_or(0);
        ReceptionFigures {
            fraction_lost: fraction.min(255) as u8,
            total_lost: self.lost().min(MAX_LOST) as u32,
            highest: self.highest,
            jitter: (self.jitter >> 4).min(u64::from(u32::MAX)) as u32,
        }
    }
}

/// Figures of a report block, as they go into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReceptionFigures {
    pub(crate) fraction_lost: u8,
    pub(crate) total_lost: u32,
    pub(crate) highest: u32,
    pub(crate) jitter: u32,
}

/// The field has 24 bits, with a sign.
const MAX_LOST: u64 = 0x7f_ffff;

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(losses: &[u16], late_us: impl Fn(u16) -> u64) -> Reception {
        let mut reception = Reception::new(SampleRate::HZ_48000, SeqNum(65_500));
        for index in (0..100u16).filter(|index| !losses.contains(index)) {
            let at = MediaTime::from_micros(u64::from(index) * 20_000 + late_us(index));
            reception.record(
                SeqNum(65_500u16.wrapping_add(index)),
                u32::from(index) * 960,
                at,
            );
        }
        reception
    }

    #[test]
    fn losses_are_counted_across_the_wrap() {
        let mut reception = stream(&[40, 41, 60, 61, 62], |_| 0);
        assert_eq!((reception.expected(), reception.lost()), (100, 5));
        let report = reception.report();
        assert_eq!(report.fraction_lost, (5 * 256 / 100) as u8);
        assert_eq!(report.total_lost, 5);
        assert_eq!(report.highest, 65_599);
        assert_eq!(reception.report().fraction_lost, 0);
    }

    #[test]
    fn a_steady_stream_has_no_jitter() {
        assert_eq!(stream(&[], |_| 5_000).jitter(), Duration::ZERO);
    }

    #[test]
    fn packets_late_by_turns_show_as_jitter() {
        let jitter = stream(&[], |index| if index % 2 == 0 { 0 } else { 10_000 }).jitter();
        assert!((9_000..10_100).contains(&jitter.as_micros()), "{jitter:?}");
    }

    #[test]
    fn duplicates_are_no_negative_loss() {
        let mut reception = stream(&[], |_| 0);
        reception.record(SeqNum(65_500), 0, MediaTime::from_micros(2_000_000));
        assert_eq!(reception.lost(), 0);
        assert_eq!(reception.report().fraction_lost, 0);
    }
}
