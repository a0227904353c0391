//! Making the sound that is played next.

use std::time::Duration;

use super::buffer::{FRAME_US, JitterBuffer, Phase, Step};
use super::concealment::NoiseLevel;
use super::planner::Arrival;
use super::source::Ratio;
use super::stats::PlayedKind;
use super::store::{Content, Waiting};
use super::stretch::{self, PauseDetector};
use crate::Decoder;

impl JitterBuffer {
    /// Another rate makes waiting samples worthless.
    pub(super) fn follow_rate(&mut self, rate: u32) {
        let rate = rate.clamp(1_000, 48_000);
        if self.rate != rate {
            self.rate = rate;
            self.sample = Ratio::new(1_000_000, i64::from(rate));
            self.pcm.clear();
            self.provisional = 0;
            self.pauses = PauseDetector::new();
        }
    }

    /// What a frame is that nothing new is made for.
    pub(super) fn continued_kind(&self) -> PlayedKind {
        match self.phase {
            Phase::Playing if self.provisional == 0 => PlayedKind::Speech,
            Phase::Playing if self.quiet_on_purpose => PlayedKind::ComfortNoise,
            Phase::Playing => PlayedKind::Concealed,
            Phase::Idle | Phase::Buffering => PlayedKind::Silence,
        }
    }

    pub(super) fn observe_arrivals(&mut self, now: i64) {
        for index in 0..self.arrivals.len() {
            let arrival = self.arrivals[index];
            self.planner.observe(Arrival {
                transit: now - arrival.timestamp_us,
                duration: arrival.duration,
                overtaken: arrival.overtaken,
                recovers: arrival.recovers,
            });
        }
        self.arrivals.clear();
    }

    pub(super) fn start_if_due(&mut self, now: i64) {
        if self.phase != Phase::Buffering {
            return;
        }
        let Some(first) = self.store.first_from(self.next) else {
            return;
        };
        let delay = now - self.source.micros(first.timestamp) + self.micros_of(self.real());
        if delay >= self.start_delay() {
            self.phase = Phase::Playing;
            self.next = first.seq;
            self.tail = first.timestamp;
        }
    }

    /// A new stream's first sound doesn't wait for a target that nothing was learnt for yet: it
    /// comes early, and stretching brings the delay up to the target.
    fn start_delay(&self) -> i64 {
        let target = self.planner.target();
        if self.planner.is_new() {
            target.min(self.planner.floor() + FIRST_START_US)
        } else {
            target
        }
    }

    /// Plays at most 10 ms.
    pub(super) fn play(&mut self, decoder: &mut dyn Decoder, out: &mut [i16], now: i64) {
        if self.phase == Phase::Playing {
            self.fill(decoder, out.len(), now);
            self.adapt(decoder, out.len(), now);
            self.fill(decoder, out.len(), now);
            self.note_delays(now);
        }
        let played = self.pcm.pop(out);
        self.provisional = self.provisional.min(self.pcm.len());
        self.stats.silent_samples += (out.len() - played) as u64;
        self.rest = self.rest.saturating_sub(out.len());
        self.retry = self.retry.saturating_sub(out.len());
        if self.phase == Phase::Playing && self.frame_kind != PlayedKind::Concealed {
            self.pauses.observe(out);
        }
    }

    /// Brings the waiting samples to `count`, or stops the stream if nothing comes any more.
    pub(super) fn fill(&mut self, decoder: &mut dyn Decoder, count: usize, now: i64) {
        while self.phase == Phase::Playing && self.pcm.len() < count {
            match self.next_step(decoder, now) {
                Step::Decode(packet) => self.decode(decoder, packet),
                Step::Redundancy(packet) => self.decode_redundancy(decoder, packet),
                Step::Conceal => self.conceal(decoder),
            }
        }
    }

    pub(super) fn next_step(&mut self, decoder: &dyn Decoder, now: i64) -> Step {
        let Some(packet) = self.first_playable(now) else {
            return Step::Conceal;
        };
        let gap = packet.timestamp - self.tail;
        if gap <= 0 {
            return Step::Decode(packet);
        }
        let lost = packet.seq > self.next;
        let redundant = lost
            && packet.content == Content::Speech
            && decoder.has_fec(self.store.payload(&packet));
        let start = if redundant {
            packet.timestamp - packet.duration
        } else {
            packet.timestamp
        };
        let delay = now - self.source.micros(start) + self.micros_of(self.real());
        if start > self.tail && delay + self.slack() < self.planner.target() {
            return Step::Conceal;
        }
        if redundant {
            Step::Redundancy(packet)
        } else {
            Step::Decode(packet)
        }
    }

    /// How much below the target the delay may fall when a gap is skipped, in µs.
    pub(super) fn slack(&self) -> i64 {
        SKIP_SLACK_US
    }

    /// The earliest waiting packet that isn't so late that it is better thrown away.
    pub(super) fn first_playable(&mut self, now: i64) -> Option<Waiting> {
        let oldest = self.planner.floor() + self.config.max_delay.as_micros() as i64;
        loop {
            let packet = self.store.first_from(self.next)?;
            let delay = now - self.source.micros(packet.timestamp);
            if delay <= oldest || self.store.waiting() == 1 {
                return Some(packet);
            }
            self.next = packet.seq;
            self.discard_next();
            self.stats.discarded_packets += 1;
        }
    }

    pub(super) fn decode(&mut self, decoder: &mut dyn Decoder, packet: Waiting) {
        self.prepare(decoder);
        self.count_lost(&packet, packet.timestamp);
        self.bridge(decoder, &packet);
        let faded = self.fade_source();
        let made = match packet.content {
            Content::Speech => self.decode_speech(decoder, &packet),
            Content::Noise => self.begin_noise(decoder, &packet),
        };
        self.fade_into(faded, made);
        self.store.remove(packet.seq);
        self.next = packet.seq + 1;
        self.tail = packet.timestamp + packet.duration;
        self.gap = 0;
        self.waited = 0;
        if made < packet.samples {
            self.conceal_samples(decoder, packet.samples - made);
        }
    }

    fn decode_speech(&mut self, decoder: &mut dyn Decoder, packet: &Waiting) -> usize {
        let payload = self.store.payload(packet);
        let room = self.pcm.room(packet.samples);
        let made = decoder
            .decode(payload, room)
            .map_or(0, |made| made.min(room.len()));
        self.quiet_on_purpose = payload.len() <= SILENCE_BYTES;
        self.noise = None;
        self.pcm.commit(made);
        self.stats.decoded_samples += made as u64;
        self.frame_kind = self.frame_kind.heavier(PlayedKind::Speech);
        made
    }

    /// A pause begins, or its noise changes.
    fn begin_noise(&mut self, decoder: &mut dyn Decoder, packet: &Waiting) -> usize {
        let parameters = self.store.payload(packet);
        let level = NoiseLevel::of(parameters);
        let room = self.pcm.room(packet.samples);
        let made = match decoder.comfort_noise(Some(parameters), room) {
            Some(made) => made.min(room.len()),
            None => self.concealment.noise(room, level),
        };
        self.quiet_on_purpose = true;
        self.noise = Some(level);
        self.pcm.commit(made);
        self.stats.comfort_noise_samples += made as u64;
        self.frame_kind = self.frame_kind.heavier(PlayedKind::ComfortNoise);
        made
    }

    pub(super) fn decode_redundancy(&mut self, decoder: &mut dyn Decoder, packet: Waiting) {
        self.prepare(decoder);
        let samples = packet.samples;
        self.count_lost(&packet, packet.timestamp - packet.duration);
        let faded = self.fade_source();
        let room = self.pcm.room(samples);
        let made = decoder
            .decode_fec(self.store.payload(&packet), room)
            .map_or(0, |made| made.min(room.len()));
        self.pcm.commit(made);
        self.stats.fec_samples += made as u64;
        self.frame_kind = self.frame_kind.heavier(PlayedKind::Fec);
        self.fade_into(faded, made);
        self.next = packet.seq;
        self.tail = packet.timestamp;
        self.gap = 0;
        self.waited = 0;
        if made < samples {
            self.conceal_samples(decoder, samples - made);
        }
    }

    /// Counts the packets before `packet` as lost, and as skipped what of them until `start`
    /// (timestamp of the first real sample) nobody has heard a substitute for.
    fn count_lost(&mut self, packet: &Waiting, start: i64) {
        self.stats.lost_packets += (packet.seq - self.next).max(0) as u64;
        if packet.seq > self.next && !self.quiet_on_purpose {
            let missing = self.source.micros((start - self.tail).max(0)) as u32;
            let heard = self.gap.saturating_sub(self.provisional);
            let skipped = stretch::samples(self.rate, missing).saturating_sub(heard);
            self.stats.skipped_samples += skipped as u64;
        }
    }

    /// Before a packet is skipped to without any concealment so far, the codec learns of the loss,
    /// and what it makes up is there to fade from.
    pub(super) fn bridge(&mut self, decoder: &mut dyn Decoder, packet: &Waiting) {
        if packet.seq > self.next && self.gap == 0 {
            self.conceal_samples(decoder, stretch::samples(self.rate, FRAME_US));
        }
    }

    pub(super) fn prepare(&mut self, decoder: &mut dyn Decoder) {
        if std::mem::take(&mut self.reset_decoder) {
            decoder.reset();
        }
    }

    /// Makes up 10 ms; after a long time without packets the stream counts as stopped.
    pub(super) fn conceal(&mut self, decoder: &mut dyn Decoder) {
        let outage = if self.noise.is_some() {
            PAUSE_US
        } else {
            OUTAGE_US
        };
        if self.gap > stretch::samples(self.rate, outage) && self.store.waiting() == 0 {
            self.phase = Phase::Buffering;
            return;
        }
        self.conceal_samples(decoder, stretch::samples(self.rate, FRAME_US));
    }

    pub(super) fn conceal_samples(&mut self, decoder: &mut dyn Decoder, count: usize) {
        let room = self.pcm.room(count);
        let count = room.len();
        let own = match self.noise {
            Some(level) => {
                if decoder.comfort_noise(None, room).is_none() {
                    self.concealment.noise(room, level);
                }
                true
            }
            None => decoder.conceal(room).is_some(),
        };
        if own {
            self.pcm.commit(count);
        } else {
            self.concealment
                .extend(&mut self.pcm, count, self.rate, self.pauses.noise());
        }
        if self.quiet_on_purpose {
            self.stats.comfort_noise_samples += count as u64;
            self.frame_kind = self.frame_kind.heavier(PlayedKind::ComfortNoise);
        } else {
            self.stats.concealment_events += u64::from(self.gap == 0);
            self.stats.concealed_samples += count as u64;
            self.frame_kind = self.frame_kind.heavier(PlayedKind::Concealed);
        }
        self.gap += count;
        self.provisional += count;
    }

    /// Made up samples at the end of the queue to fade real sound in from: those that nobody has
    /// heard, and where the codec has made none, a few more.
    pub(super) fn fade_source(&mut self) -> usize {
        let unheard = std::mem::take(&mut self.provisional);
        self.uncount_concealed(unheard);
        let wanted = stretch::samples(self.rate, FADE_IN_US);
        let running = self.concealment.is_running();
        self.concealment.end();
        if !running || unheard >= wanted {
            return unheard;
        }
        let before = self.pcm.len();
        let more = wanted - unheard;
        self.concealment
            .extend(&mut self.pcm, more, self.rate, self.pauses.noise());
        self.concealment.end();
        unheard + self.pcm.len() - before
    }

    pub(super) fn uncount_concealed(&mut self, count: usize) {
        let counter = if self.quiet_on_purpose {
            &mut self.stats.comfort_noise_samples
        } else {
            &mut self.stats.concealed_samples
        };
        *counter = counter.saturating_sub(count as u64);
    }

    /// Fades from `faded` made up samples to the `made` real ones behind them.
    pub(super) fn fade_into(&mut self, faded: usize, made: usize) {
        if faded == 0 {
            return;
        }
        let at = self.pcm.len() - made - faded;
        let length = faded.min(made);
        let made_up = &mut self.pcm.waiting_mut()[at..];
        let (old, new) = made_up.split_at_mut(faded);
        stretch::cross_fade(&mut old[..length], &new[..length]);
        new[..length].copy_from_slice(&old[..length]);
        self.pcm.remove(at, faded);
    }

    /// Waiting samples without the provisional ones.
    pub(super) fn real(&self) -> usize {
        self.pcm.len() - self.provisional
    }

    pub(super) fn micros_of(&self, samples: usize) -> i64 {
        self.sample.of(samples as i64)
    }

    /// Timestamp of the first waiting sample.
    pub(super) fn head(&self) -> i64 {
        self.tail - self.source.units(self.micros_of(self.real()))
    }

    /// Transit of the first waiting sample if it is played now, in µs.
    pub(super) fn delay(&self, now: i64) -> i64 {
        now - self.source.micros(self.tail) + self.micros_of(self.real())
    }

    pub(super) fn note_delays(&mut self, now: i64) {
        let floor = self.planner.floor();
        let over = |transit: i64| Duration::from_micros((transit - floor).max(0) as u64);
        self.stats.current_delay = over(self.delay(now));
        self.stats.target_delay = over(self.planner.target());
    }
}

/// A payload this short says that the far side pauses (RFC 6716 §2.1.9: DTX).
const SILENCE_BYTES: usize = 2;
/// Without a packet for this long the stream has stopped, in µs.
const OUTAGE_US: u32 = 2_000_000;
/// The same in a pause of comfort noise, which the far side need not refresh (RFC 3389 §4), in µs.
const PAUSE_US: u32 = 60_000_000;
/// From concealment without codec to real sound, in µs.
const FADE_IN_US: u32 = 4_000;
/// Delay over the fastest packet with which a new stream begins, in µs: two pulls of 10 ms, so that
/// a packet that comes a little later than the first is still in time.
const FIRST_START_US: i64 = 20_000;
/// Skipping a gap may take the delay this much below the target, in µs.
const SKIP_SLACK_US: i64 = 5_000;
