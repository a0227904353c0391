//! Moving the delay to its target by playing faster and slower.

use super::buffer::{FRAME_US, JitterBuffer, Phase};
use super::stats::PlayedKind;
use super::stretch::{self, Likeness, Stretched};
use crate::Decoder;

impl JitterBuffer {
    /// Moves the delay towards the target by one pitch period, when it is time.
    pub(super) fn adapt(&mut self, decoder: &mut dyn Decoder, frame: usize, now: i64) {
        if self.phase != Phase::Playing || self.gap > 0 {
            return;
        }
        let delay = self.delay(now);
        let excess = delay - self.planner.target();
        let safe = delay - self.planner.recent();
        if let Some(likeness) = self.overdue(frame, now) {
            self.wait(likeness);
        } else if excess > 0 && safe > 0 {
            self.accelerate(decoder, frame, excess.min(safe));
        } else if -excess > DECELERATE_FROM_US {
            self.decelerate(-excess);
        }
    }

    /// Whether the sound is about to run out and the next packet should have been here: how alike
    /// periods must be to be repeated then. With the last sound any will do.
    pub(super) fn overdue(&self, frame: usize, now: i64) -> Option<Likeness> {
        let missing = match self.store.first_from(self.next) {
            None => true,
            Some(packet) => packet.seq > self.next && self.planner.reorders(),
        };
        let left = self.pcm.len().saturating_sub(frame);
        if !missing || self.quiet_on_purpose || left >= OVERDUE_FRAMES * frame {
            return None;
        }
        let transit = now - self.source.micros(self.tail);
        if left < frame && transit + OVERDUE_US >= self.planner.usual() {
            Some(WAIT_LIKENESS)
        } else if transit >= self.planner.rare() {
            Some(EARLY_LIKENESS)
        } else {
            None
        }
    }

    pub(super) fn accelerate(&mut self, decoder: &mut dyn Decoder, frame: usize, excess: i64) {
        let far = excess > FAR_US;
        if self.retry > 0 || self.rest > 0 && !far {
            return;
        }
        let wanted = stretch::samples(self.rate, ACCELERATE_AHEAD_US).max(frame);
        while self.pcm.len() < wanted {
            match self.store.find(self.next) {
                Some(packet) if packet.timestamp <= self.tail => self.decode(decoder, packet),
                _ => break,
            }
        }
        let most = self.source_samples(excess);
        let likeness = if far { FAR_LIKENESS } else { LIKENESS };
        let done = stretch::accelerate(&mut self.pcm, self.rate, most, likeness, &self.pauses);
        if let Some(done) = done {
            self.stats.accelerated_samples += done.samples as u64;
            self.frame_kind = self.frame_kind.heavier(PlayedKind::Accelerated);
            self.rest_after(done, if far { FAR_REST } else { REST });
        } else {
            self.retry = RETRY_FRAMES * frame;
        }
    }

    /// Plays slower while the next packet is overdue, within a budget.
    pub(super) fn wait(&mut self, likeness: Likeness) {
        let budget = stretch::samples(self.rate, WAIT_US).saturating_sub(self.waited);
        if self.rest > 0 || budget == 0 {
            return;
        }
        if let Some(done) = self.put_in(budget, likeness) {
            self.waited += done.samples;
            self.rest = done.samples;
        }
    }

    pub(super) fn decelerate(&mut self, deficit: i64) {
        if self.rest > 0 || self.retry > 0 {
            return;
        }
        if let Some(done) = self.put_in(self.source_samples(deficit), LIKENESS) {
            self.rest_after(done, REST);
        } else {
            self.retry = stretch::samples(self.rate, FRAME_US);
        }
    }

    pub(super) fn put_in(&mut self, most: usize, likeness: Likeness) -> Option<Stretched> {
        let done = stretch::decelerate(&mut self.pcm, self.rate, most, likeness, &self.pauses)?;
        self.stats.decelerated_samples += done.samples as u64;
        self.frame_kind = self.frame_kind.heavier(PlayedKind::Decelerated);
        Some(done)
    }

    /// Pauses are stretched without rest; speech is played for `times` as long as was changed.
    pub(super) fn rest_after(&mut self, done: Stretched, times: usize) {
        self.rest = if done.in_pause {
            0
        } else {
            done.samples * times / 2
        };
    }

    pub(super) fn source_samples(&self, micros: i64) -> usize {
        stretch::samples(self.rate, micros.clamp(0, 60_000) as u32)
    }
}

/// Sound that a search for a pitch period needs ahead, in µs.
const ACCELERATE_AHEAD_US: u32 = 30_000;
/// Delay over the target from which less alike periods are cut too, in µs.
const FAR_US: i64 = 60_000;
/// Frames to play before the next search when nothing fits.
const RETRY_FRAMES: usize = 1;
/// Halves of what was cut or put in that are played before the next time: usually, and far above
/// the target.
const REST: usize = 4;
const FAR_REST: usize = 1;
/// How alike periods must be to be cut or repeated: usually, far above the target, while waiting
/// with sound left, and with the last sound.
const LIKENESS: Likeness = Likeness(0.6);
const FAR_LIKENESS: Likeness = Likeness(0.3);
const EARLY_LIKENESS: Likeness = Likeness(0.3);
const WAIT_LIKENESS: Likeness = Likeness(-1.0);
/// Most that is put in while waiting for one packet, in µs.
const WAIT_US: u32 = 60_000;
/// Frames left below which waiting for a very late packet begins; for a late one, the last.
const OVERDUE_FRAMES: usize = 4;
/// A packet is overdue this long before the time that nine of ten packets keep, in µs.
const OVERDUE_US: i64 = 2_000;
/// Delay below the target that is left alone, in µs.
const DECELERATE_FROM_US: i64 = 5_000;
