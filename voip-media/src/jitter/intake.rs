//! Taking packets into the buffer.

use super::buffer::{FRAME_US, JitterBuffer, NEW_ARRIVALS, NewArrival, Phase};
use super::packet::{Dropped, Inserted, RtpPacketRef};
use super::source::{Continuity, Place};
use super::store::Content;
use super::stretch;
use crate::Decoder;

impl JitterBuffer {
    pub(super) fn take(
        &mut self,
        packet: RtpPacketRef<'_>,
        content: Content,
        decoder: &dyn Decoder,
        now: i64,
    ) -> Result<Inserted, Dropped> {
        if packet.payload.is_empty() {
            return Err(Dropped::Empty);
        }
        if packet.payload.len() > self.config.max_payload {
            return Err(Dropped::TooLarge);
        }
        let rate = decoder.sample_rate().hz().max(1);
        let samples = match content {
            Content::Speech => decoder
                .packet_samples(packet.payload)
                .ok_or(Dropped::Malformed)?,
            Content::Noise => stretch::samples(rate, FRAME_US),
        };
        if samples == 0 || samples > stretch::samples(rate, LONGEST_PACKET_US) {
            return Err(Dropped::Malformed);
        }
        let clock = decoder.clock_rate().hz();
        let duration = samples as i64 * i64::from(clock) / i64::from(rate);
        let mut inserted = Inserted::default();
        let place = match self
            .source
            .place(&packet, clock, now, self.store.capacity())
        {
            Continuity::Fits(place) => place,
            Continuity::Begins(place) => {
                inserted.restarted = true;
                self.begin(place);
                place
            }
            Continuity::Jumps => return Err(Dropped::Jump),
        };
        if self.store.find(place.seq).is_some() {
            return Err(Dropped::Duplicate);
        }
        let skips = place.seq > self.store.newest() + 1 && self.store.newest() >= 0;
        let recovers = skips && content == Content::Speech && decoder.has_fec(packet.payload);
        self.note_arrival(place, duration, recovers, now);
        self.accept(place, samples)?;
        inserted.displaced = self.make_room(place.seq);
        self.store.put(
            (place.seq, place.timestamp),
            (duration, samples),
            (content, packet.payload),
        );
        Ok(inserted)
    }

    /// A new stream begins with the packet at `place`.
    pub(super) fn begin(&mut self, place: Place) {
        if self.phase != Phase::Idle {
            self.stats.restarts += 1;
        }
        self.forget();
        self.phase = Phase::Buffering;
        self.next = place.seq;
    }

    pub(super) fn forget(&mut self) {
        self.store.clear();
        self.planner.reset();
        self.arrivals.clear();
        self.reset_decoder = true;
        self.quiet_on_purpose = false;
        self.noise = None;
        self.gap = 0;
        self.rest = 0;
    }

    pub(super) fn note_arrival(&mut self, place: Place, duration: i64, recovers: bool, now: i64) {
        if self.arrivals.len() == NEW_ARRIVALS {
            self.observe_arrivals(now);
        }
        self.arrivals.push(NewArrival {
            timestamp_us: self.source.micros(place.timestamp),
            duration: self.source.micros(duration) as f32 / 1_000.0,
            overtaken: self.store.newest() > place.seq,
            recovers,
        });
    }

    /// Refuses what has been played; while nothing is played, an earlier packet may still come.
    pub(super) fn accept(&mut self, place: Place, samples: usize) -> Result<(), Dropped> {
        if place.seq >= self.next {
            return Ok(());
        }
        let span = self.store.newest() - place.seq;
        if self.phase == Phase::Buffering && span < self.store.capacity() {
            self.next = place.seq;
            return Ok(());
        }
        self.stats.late_samples += samples as u64;
        Err(Dropped::Late)
    }

    /// Throws the oldest away until `seq` has its slot.
    pub(super) fn make_room(&mut self, seq: i64) -> u32 {
        let lowest = seq - self.store.capacity() + 1;
        let mut displaced = 0;
        while self.next < lowest {
            if self.discard_next() {
                displaced += 1;
            }
        }
        displaced
    }

    /// Gives up the packet that would be next; whether there was one.
    pub(super) fn discard_next(&mut self) -> bool {
        let removed = self.store.remove(self.next);
        self.next += 1;
        if let Some(packet) = removed {
            self.stats.discarded_samples += packet.samples as u64;
        }
        removed.is_some()
    }
}

/// Longest packet in µs (RFC 6716 §2.1.4).
const LONGEST_PACKET_US: u32 = 120_000;
