//! Where a stream stands: sequence numbers and timestamps without wrap, and jumps in them.

use super::packet::RtpPacketRef;
use crate::{SeqNum, Ssrc};

/// A packet's place in the stream, unwrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) seq: i64,
    pub(super) timestamp: i64,
    /// Arrival less timestamp in µs.
    pub(super) transit: i64,
}

/// What a packet means for the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Continuity {
    /// It belongs to it.
    Fits(Place),
    /// It begins a new one.
    Begins(Place),
    /// It is out of line.
    Jumps,
}

/// The source that is followed.
#[derive(Debug)]
pub(super) struct Source {
    clock_hz: i64,
    /// µs of a timestamp unit.
    unit: Ratio,
    current: Option<Current>,
    /// What the next packet would be if a jump was meant.
    suspect: Option<(SeqNum, u32)>,
}

#[derive(Debug, Clone, Copy)]
struct Current {
    ssrc: Ssrc,
    newest: Place,
}

impl Source {
    pub(super) fn new() -> Self {
        Self {
            clock_hz: DEFAULT_CLOCK_HZ,
            unit: Ratio::new(1_000_000, DEFAULT_CLOCK_HZ),
            current: None,
            suspect: None,
        }
    }

    /// Forgets the source.
    pub(super) fn reset(&mut self) {
        *self = Self::new();
    }

    /// Microseconds of so many timestamp units.
    pub(super) fn micros(&self, units: i64) -> i64 {
        self.unit.of(units)
    }

    /// Timestamp units in so many microseconds.
    pub(super) fn units(&self, micros: i64) -> i64 {
        micros.saturating_mul(self.clock_hz) / 1_000_000
    }

    /// Places a packet that arrived at `now` µs. `reach`: how far a sequence number may be off.
    pub(super) fn place(
        &mut self,
        packet: &RtpPacketRef<'_>,
        clock_hz: u32,
        now: i64,
        reach: i64,
    ) -> Continuity {
        let clock_hz = i64::from(clock_hz.max(1));
        let same_clock = self.clock_hz == clock_hz;
        if !same_clock {
            self.clock_hz = clock_hz;
            self.unit = Ratio::new(1_000_000, clock_hz);
        }
        let Some(current) = self.current.filter(|c| c.ssrc == packet.ssrc && same_clock) else {
            return self.begin(packet, now);
        };
        let place = self.unwrap(packet, &current.newest, now);
        let near = (place.seq - current.newest.seq).abs() < reach
            && (place.transit - current.newest.transit).abs() < JUMP_US;
        if near {
            self.suspect = None;
            if place.seq > current.newest.seq {
                self.current = Some(Current {
                    newest: place,
                    ..current
                });
            }
            return Continuity::Fits(place);
        }
        let expected = self
            .suspect
            .replace((SeqNum(packet.seq.0.wrapping_add(1)), packet.timestamp));
        match expected {
            Some((seq, earlier))
                if seq == packet.seq && self.follows(earlier, packet.timestamp) =>
            {
                self.begin(packet, now)
            }
            _ => Continuity::Jumps,
        }
    }

    fn begin(&mut self, packet: &RtpPacketRef<'_>, now: i64) -> Continuity {
        self.suspect = None;
        let timestamp = i64::from(packet.timestamp);
        let place = Place {
            seq: i64::from(packet.seq.0),
            timestamp,
            transit: now - self.micros(timestamp),
        };
        self.current = Some(Current {
            ssrc: packet.ssrc,
            newest: place,
        });
        Continuity::Begins(place)
    }

    fn unwrap(&self, packet: &RtpPacketRef<'_>, newest: &Place, now: i64) -> Place {
        let ahead = packet.seq.distance_from(SeqNum(newest.seq as u16));
        let later = packet.timestamp.wrapping_sub(newest.timestamp as u32) as i32;
        let timestamp = newest.timestamp + i64::from(later);
        Place {
            seq: newest.seq + i64::from(ahead),
            timestamp,
            transit: now - self.micros(timestamp),
        }
    }

    /// Whether a timestamp can be that of the packet after one with `earlier`.
    fn follows(&self, earlier: u32, timestamp: u32) -> bool {
        let step = timestamp.wrapping_sub(earlier);
        i64::from(step) <= self.units(JUMP_US)
    }
}

/// A fraction to multiply by: a division takes ten times as long, and there are many a frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ratio(i64);

impl Ratio {
    /// `numerator`: at most a million.
    pub(super) fn new(numerator: i64, denominator: i64) -> Self {
        // Rounded up, so that what divides evenly comes out exactly.
        let denominator = denominator.max(1);
        Self(((numerator << RATIO_BITS) + denominator - 1) / denominator)
    }

    /// `value` times the fraction, rounded down.
    pub(super) fn of(self, value: i64) -> i64 {
        ((i128::from(value) * i128::from(self.0)) >> RATIO_BITS) as i64
    }
}

/// Binary places of a [`Ratio`]: a million fits, and a day of timestamps stays exact to the
/// microsecond.
const RATIO_BITS: u32 = 40;
const DEFAULT_CLOCK_HZ: i64 = 48_000;
/// A transit time that differs by more is a jump of the timestamp.
const JUMP_US: i64 = 4_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(ssrc: u32, seq: u16, timestamp: u32) -> RtpPacketRef<'static> {
        RtpPacketRef {
            ssrc: Ssrc(ssrc),
            seq: SeqNum(seq),
            timestamp,
            marker: false,
            payload: &[0],
        }
    }

    fn place(source: &mut Source, packet: RtpPacketRef<'_>, now_ms: i64) -> Continuity {
        source.place(&packet, 8_000, now_ms * 1_000, 256)
    }

    #[test]
    fn numbers_go_on_over_both_wraps() {
        let mut source = Source::new();
        assert!(matches!(
            place(&mut source, packet(1, 65_535, u32::MAX - 159), 0),
            Continuity::Begins(_)
        ));
        let Continuity::Fits(next) = place(&mut source, packet(1, 0, 0), 20) else {
            panic!("the wrap was taken for a jump");
        };
        assert_eq!(next.seq, 65_536);
        assert_eq!(next.timestamp, 1 << 32);
    }

    #[test]
    fn one_stray_packet_changes_nothing_but_two_in_line_do() {
        let mut source = Source::new();
        place(&mut source, packet(1, 100, 16_000), 0);
        assert_eq!(
            place(&mut source, packet(1, 9_000, 16_160), 20),
            Continuity::Jumps
        );
        assert!(matches!(
            place(&mut source, packet(1, 101, 16_160), 20),
            Continuity::Fits(_)
        ));
        assert_eq!(
            place(&mut source, packet(1, 9_000, 16_160), 20),
            Continuity::Jumps
        );
        assert!(matches!(
            place(&mut source, packet(1, 9_001, 16_320), 40),
            Continuity::Begins(_)
        ));
    }

    #[test]
    fn a_timestamp_jump_restarts_with_the_second_packet() {
        let mut source = Source::new();
        place(&mut source, packet(1, 100, 16_000), 0);
        assert_eq!(
            place(&mut source, packet(1, 101, 9_016_160), 20),
            Continuity::Jumps
        );
        assert!(matches!(
            place(&mut source, packet(1, 102, 9_016_320), 40),
            Continuity::Begins(_)
        ));
    }

    #[test]
    fn another_source_begins_at_once() {
        let mut source = Source::new();
        place(&mut source, packet(1, 100, 16_000), 0);
        assert!(matches!(
            place(&mut source, packet(2, 7, 3), 20),
            Continuity::Begins(_)
        ));
    }

    #[test]
    fn time_is_exact_where_it_divides_evenly_even_after_a_day() {
        let day = 86_400;
        for clock in [8_000, 16_000, 44_100, 48_000] {
            let unit = Ratio::new(1_000_000, clock);
            assert_eq!(unit.of(clock * day), 1_000_000 * day, "{clock}");
            assert_eq!(unit.of(clock / 50), 20_000, "{clock}");
        }
        assert_eq!(Ratio::new(1_000_000, 48_000).of(1), 20);
    }

    #[test]
    fn another_clock_rate_begins_anew() {
        let mut source = Source::new();
        place(&mut source, packet(1, 100, 16_000), 0);
        let again = source.place(&packet(1, 101, 16_160), 48_000, 20_000, 256);
        assert!(matches!(again, Continuity::Begins(_)));
    }
}
