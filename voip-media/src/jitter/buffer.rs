use std::time::Duration;

use super::concealment::Concealment;
use super::config::JitterConfig;
use super::packet::{Dropped, Inserted, RtpPacketRef};
use super::pcm::PcmQueue;
use super::planner::{Arrival, DelayPlanner};
use super::source::{Continuity, Place, Source};
use super::stats::{JitterStats, Played, PlayedKind};
use super::store::{PacketStore, Waiting};
use super::stretch::{self, Likeness, PauseDetector, Stretched};
use crate::{Decoder, MediaTime};

/// The adaptive jitter buffer of one received stream: packets in, 10 ms frames out.
///
/// Deterministic, without clock, and without allocation after construction (what a decoder
/// allocates is its own affair). One buffer serves one decoder: when the codec changes, call
/// [`JitterBuffer::restart`] and go on with the new decoder.
#[derive(Debug)]
pub struct JitterBuffer {
    config: JitterConfig,
    source: Source,
    store: PacketStore,
    planner: DelayPlanner,
    pcm: PcmQueue,
    pauses: PauseDetector,
    concealment: Concealment,
    stats: JitterStats,
    arrivals: Vec<NewArrival>,
    phase: Phase,
    /// Sequence number that is played next (or, while buffering, the lowest that waits).
    next: i64,
    /// Timestamp after the newest decoded sample.
    tail: i64,
    rate: u32,
    /// The decoder must forget the past before the next packet.
    reset_decoder: bool,
    /// The far side has stopped sending on purpose.
    quiet_on_purpose: bool,
    /// Samples to play before the next stretch.
    rest: usize,
    /// Samples made up since the last decoded one.
    gap: usize,
    /// Made up samples at the end of the queue that real ones may still replace.
    provisional: usize,
    /// Samples put in while waiting for the next packet.
    waited: usize,
    frame_kind: PlayedKind,
}

/// Idle → Buffering (first packet) → Playing (enough waited) → Buffering (restart, or nothing
/// came for long). No state has a timeout of its own: time only passes in `get`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing has come.
    Idle,
    /// Packets gather until the target delay is reached.
    Buffering,
    /// Sound comes out.
    Playing,
}

#[derive(Debug, Clone, Copy)]
struct NewArrival {
    timestamp_us: i64,
    duration: f32,
    overtaken: bool,
    recovers: bool,
}

/// What to do when samples are needed.
enum Step {
    /// Decode this packet; `gap` timestamp units before it are skipped.
    Decode(Waiting),
    /// Decode what the redundancy in this packet holds of the one before.
    Redundancy(Waiting),
    /// Make up 10 ms.
    Conceal,
}

impl JitterBuffer {
    /// Takes all memory that the buffer will ever use.
    pub fn new(config: JitterConfig) -> Self {
        let config = config.in_range();
        let planner = DelayPlanner::new(
            config.concealment_weight,
            config.min_delay.as_secs_f32() * 1_000.0,
            config.max_delay.as_secs_f32() * 1_000.0,
        );
        Self {
            source: Source::new(),
            store: PacketStore::new(config.max_packets, config.max_payload),
            planner,
            pcm: PcmQueue::new(HISTORY, WAITING),
            pauses: PauseDetector::new(),
            concealment: Concealment::new(),
            stats: JitterStats::default(),
            arrivals: Vec::with_capacity(NEW_ARRIVALS),
            phase: Phase::Idle,
            next: 0,
            tail: 0,
            rate: 0,
            reset_decoder: false,
            quiet_on_purpose: false,
            rest: 0,
            gap: 0,
            provisional: 0,
            waited: 0,
            frame_kind: PlayedKind::Silence,
            config,
        }
    }

    /// Copies a packet that arrived at `now`. `decoder` only tells the packet's length.
    ///
    /// # Errors
    /// Says why the packet is not kept; the buffer goes on in any case.
    pub fn insert(
        &mut self,
        packet: RtpPacketRef<'_>,
        decoder: &dyn Decoder,
        now: MediaTime,
    ) -> Result<Inserted, Dropped> {
        let taken = self.take(packet, decoder, now.as_micros() as i64);
        match &taken {
            Ok(inserted) => {
                self.stats.inserted_packets += 1;
                self.stats.discarded_packets += u64::from(inserted.displaced);
            }
            Err(Dropped::Late) => self.stats.late_packets += 1,
            Err(Dropped::Duplicate) => self.stats.duplicate_packets += 1,
            Err(_) => self.stats.refused_packets += 1,
        }
        taken
    }

    /// Fills `out` with the next sound at the decoder's rate, 10 ms or any other length.
    pub fn get(&mut self, decoder: &mut dyn Decoder, out: &mut [i16], now: MediaTime) -> Played {
        let now = now.as_micros() as i64;
        self.follow_rate(decoder.sample_rate().hz());
        self.observe_arrivals(now);
        self.start_if_due(now);
        self.frame_kind = self.continued_kind();
        let timestamp = (self.phase == Phase::Playing).then(|| self.head() as u32);
        let frame = stretch::samples(self.rate, FRAME_US).max(1);
        let mut kind = self.frame_kind;
        for (index, part) in out.chunks_mut(frame).enumerate() {
            let ahead = index as i64 * i64::from(FRAME_US);
            self.play(decoder, part, now - ahead);
            kind = kind.heavier(self.frame_kind);
        }
        self.stats.played_samples += out.len() as u64;
        Played { kind, timestamp }
    }

    /// Forgets the source and all waiting packets, as when the codec changes. Counters stay.
    pub fn restart(&mut self) {
        self.source.reset();
        self.forget();
        self.phase = Phase::Idle;
    }

    /// The counters and delays now.
    pub fn stats(&self) -> JitterStats {
        self.stats
    }
}

// Taking packets.
impl JitterBuffer {
    fn take(
        &mut self,
        packet: RtpPacketRef<'_>,
        decoder: &dyn Decoder,
        now: i64,
    ) -> Result<Inserted, Dropped> {
        if packet.payload.is_empty() {
            return Err(Dropped::Empty);
        }
        if packet.payload.len() > self.config.max_payload {
            return Err(Dropped::TooLarge);
        }
        let samples = decoder
            .packet_samples(packet.payload)
            .ok_or(Dropped::Malformed)?;
        let rate = decoder.sample_rate().hz().max(1);
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
        let recovers = skips && decoder.has_fec(packet.payload);
        self.note_arrival(place, duration, recovers, now);
        self.accept(place, samples)?;
        inserted.displaced = self.make_room(place.seq);
        self.store.put(
            (place.seq, place.timestamp),
            (duration, samples),
            packet.payload,
        );
        Ok(inserted)
    }

    /// A new stream begins with the packet at `place`.
    fn begin(&mut self, place: Place) {
        if self.phase != Phase::Idle {
            self.stats.restarts += 1;
        }
        self.forget();
        self.phase = Phase::Buffering;
        self.next = place.seq;
    }

    fn forget(&mut self) {
        self.store.clear();
        self.planner.reset();
        self.arrivals.clear();
        self.reset_decoder = true;
        self.quiet_on_purpose = false;
        self.gap = 0;
        self.rest = 0;
    }

    fn note_arrival(&mut self, place: Place, duration: i64, recovers: bool, now: i64) {
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
    fn accept(&mut self, place: Place, samples: usize) -> Result<(), Dropped> {
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
    fn make_room(&mut self, seq: i64) -> u32 {
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
    fn discard_next(&mut self) -> bool {
        let removed = self.store.remove(self.next);
        self.next += 1;
        if let Some(packet) = removed {
            self.stats.discarded_samples += packet.samples as u64;
        }
        removed.is_some()
    }
}

// Playing.
impl JitterBuffer {
    /// Another rate makes waiting samples worthless.
    fn follow_rate(&mut self, rate: u32) {
        let rate = rate.clamp(1_000, 48_000);
        if self.rate != rate {
            self.rate = rate;
            self.pcm.clear();
            self.pauses = PauseDetector::new();
        }
    }

    /// What a frame is that nothing new is made for.
    fn continued_kind(&self) -> PlayedKind {
        match self.phase {
            Phase::Playing if self.provisional == 0 => PlayedKind::Speech,
            Phase::Playing if self.quiet_on_purpose => PlayedKind::ComfortNoise,
            Phase::Playing => PlayedKind::Concealed,
            Phase::Idle | Phase::Buffering => PlayedKind::Silence,
        }
    }

    fn observe_arrivals(&mut self, now: i64) {
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

    fn start_if_due(&mut self, now: i64) {
        if self.phase != Phase::Buffering {
            return;
        }
        let Some(first) = self.store.first_from(self.next) else {
            return;
        };
        let delay = now - self.source.micros(first.timestamp) + self.micros_of(self.real());
        if delay >= self.planner.target() {
            self.phase = Phase::Playing;
            self.next = first.seq;
            self.tail = first.timestamp;
        }
    }

    /// Plays at most 10 ms.
    fn play(&mut self, decoder: &mut dyn Decoder, out: &mut [i16], now: i64) {
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
        if self.phase == Phase::Playing && self.frame_kind != PlayedKind::Concealed {
            self.pauses.observe(out);
        }
    }

    /// Brings the waiting samples to `count`, or stops the stream if nothing comes any more.
    fn fill(&mut self, decoder: &mut dyn Decoder, count: usize, now: i64) {
        while self.phase == Phase::Playing && self.pcm.len() < count {
            match self.next_step(decoder, now) {
                Step::Decode(packet) => self.decode(decoder, packet),
                Step::Redundancy(packet) => self.decode_redundancy(decoder, packet),
                Step::Conceal => self.conceal(decoder),
            }
        }
    }

    fn next_step(&mut self, decoder: &dyn Decoder, now: i64) -> Step {
        let Some(packet) = self.first_playable(now) else {
            return Step::Conceal;
        };
        let gap = packet.timestamp - self.tail;
        if gap <= 0 {
            return Step::Decode(packet);
        }
        let lost = packet.seq > self.next;
        let redundant = lost && decoder.has_fec(self.store.payload(&packet));
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
    fn slack(&self) -> i64 {
        SKIP_SLACK_US
    }

    /// The earliest waiting packet that isn't so late that it is better thrown away.
    fn first_playable(&mut self, now: i64) -> Option<Waiting> {
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

    fn decode(&mut self, decoder: &mut dyn Decoder, packet: Waiting) {
        self.prepare(decoder);
        self.stats.lost_packets += (packet.seq - self.next).max(0) as u64;
        let faded = self.fade_source();
        let payload = self.store.payload(&packet);
        let room = self.pcm.room(packet.samples);
        let made = decoder
            .decode(payload, room)
            .map_or(0, |made| made.min(room.len()));
        self.quiet_on_purpose = payload.len() <= SILENCE_BYTES;
        self.pcm.commit(made);
        self.stats.decoded_samples += made as u64;
        self.frame_kind = self.frame_kind.heavier(PlayedKind::Speech);
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

    fn decode_redundancy(&mut self, decoder: &mut dyn Decoder, packet: Waiting) {
        self.prepare(decoder);
        let samples = packet.samples;
        let faded = self.fade_source();
        let room = self.pcm.room(samples);
        let made = decoder
            .decode_fec(self.store.payload(&packet), room)
            .map_or(0, |made| made.min(room.len()));
        self.pcm.commit(made);
        self.stats.fec_samples += made as u64;
        self.stats.lost_packets += (packet.seq - self.next).max(0) as u64;
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

    fn prepare(&mut self, decoder: &mut dyn Decoder) {
        if std::mem::take(&mut self.reset_decoder) {
            decoder.reset();
        }
    }

    /// Makes up 10 ms; after a long time without packets the stream counts as stopped.
    fn conceal(&mut self, decoder: &mut dyn Decoder) {
        if self.gap > stretch::samples(self.rate, OUTAGE_US) && self.store.waiting() == 0 {
            self.phase = Phase::Buffering;
            return;
        }
        self.conceal_samples(decoder, stretch::samples(self.rate, FRAME_US));
    }

    fn conceal_samples(&mut self, decoder: &mut dyn Decoder, count: usize) {
        let room = self.pcm.room(count);
        let count = room.len();
        let own = decoder.conceal(room).is_some();
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
    fn fade_source(&mut self) -> usize {
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

    fn uncount_concealed(&mut self, count: usize) {
        let counter = if self.quiet_on_purpose {
            &mut self.stats.comfort_noise_samples
        } else {
            &mut self.stats.concealed_samples
        };
        *counter = counter.saturating_sub(count as u64);
    }

    /// Fades from `faded` made up samples to the `made` real ones behind them.
    fn fade_into(&mut self, faded: usize, made: usize) {
        if faded == 0 {
            return;
        }
        let at = self.pcm.len() - made - faded;
        let length = faded.min(made);
        let waiting = self.pcm.waiting_mut();
        for index in 0..length {
            let old = waiting[at + index];
            let new = waiting[at + faded + index];
            waiting[at + faded + index] = stretch::cross_fade(old, new, index, length);
        }
        self.pcm.remove(at, faded);
    }

    /// Waiting samples without the provisional ones.
    fn real(&self) -> usize {
        self.pcm.len() - self.provisional
    }

    fn micros_of(&self, samples: usize) -> i64 {
        samples as i64 * 1_000_000 / i64::from(self.rate.max(1))
    }

    /// Timestamp of the first waiting sample.
    fn head(&self) -> i64 {
        self.tail - self.source.units(self.micros_of(self.real()))
    }

    /// Transit of the first waiting sample if it is played now, in µs.
    fn delay(&self, now: i64) -> i64 {
        now - self.source.micros(self.tail) + self.micros_of(self.real())
    }

    fn note_delays(&mut self, now: i64) {
        let floor = self.planner.floor();
        let over = |transit: i64| Duration::from_micros((transit - floor).max(0) as u64);
        self.stats.current_delay = over(self.delay(now));
        self.stats.target_delay = over(self.planner.target());
    }
}

// Playing faster and slower.
impl JitterBuffer {
    /// Moves the delay towards the target by one pitch period, when it is time.
    fn adapt(&mut self, decoder: &mut dyn Decoder, frame: usize, now: i64) {
        if self.phase != Phase::Playing || self.gap > 0 {
            return;
        }
        let delay = self.delay(now);
        let excess = delay - self.planner.target();
        let safe = delay - self.planner.recent();
        if self.is_overdue(frame, now) {
            self.wait();
        } else if excess > 0 && safe > 0 {
            self.accelerate(decoder, frame, excess.min(safe));
        } else if -excess > DECELERATE_FROM_US {
            self.decelerate(-excess);
        }
    }

    /// The sound is about to run out and the next packet should have been here.
    fn is_overdue(&self, frame: usize, now: i64) -> bool {
        let missing = match self.store.first_from(self.next) {
            None => true,
            Some(packet) => packet.seq > self.next && self.planner.reorders(),
        };
        let left = self.pcm.len().saturating_sub(frame);
        let transit = now - self.source.micros(self.tail);
        let late = transit + OVERDUE_US >= self.planner.usual();
        let very_late = transit >= self.planner.rare();
        missing && (left < frame && late || left < OVERDUE_FRAMES * frame && very_late)
    }

    fn accelerate(&mut self, decoder: &mut dyn Decoder, frame: usize, excess: i64) {
        let far = excess > FAR_US;
        if self.rest > 0 && !far {
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
        }
    }

    /// Plays slower while the next packet is overdue, within a budget.
    fn wait(&mut self) {
        let budget = stretch::samples(self.rate, WAIT_US).saturating_sub(self.waited);
        if self.rest > 0 || budget == 0 {
            return;
        }
        if let Some(done) = self.put_in(budget, WAIT_LIKENESS) {
            self.waited += done.samples;
            self.rest = done.samples;
        }
    }

    fn decelerate(&mut self, deficit: i64) {
        if self.rest > 0 {
            return;
        }
        if let Some(done) = self.put_in(self.source_samples(deficit), LIKENESS) {
            self.rest_after(done, REST);
        }
    }

    fn put_in(&mut self, most: usize, likeness: Likeness) -> Option<Stretched> {
        let done = stretch::decelerate(&mut self.pcm, self.rate, most, likeness, &self.pauses)?;
        self.stats.decelerated_samples += done.samples as u64;
        self.frame_kind = self.frame_kind.heavier(PlayedKind::Decelerated);
        Some(done)
    }

    /// Pauses are stretched without rest; speech is played for `times` as long as was changed.
    fn rest_after(&mut self, done: Stretched, times: usize) {
        self.rest = if done.in_pause {
            0
        } else {
            done.samples * times / 2
        };
    }

    fn source_samples(&self, micros: i64) -> usize {
        stretch::samples(self.rate, micros.clamp(0, 60_000) as u32)
    }
}

/// Samples kept behind and ahead of the playout position: 30 ms and 240 ms at 48 kHz.
const HISTORY: usize = 1_440;
const WAITING: usize = 11_520;
/// Arrivals between two frames that are looked at one by one.
const NEW_ARRIVALS: usize = 64;
/// A frame in µs.
const FRAME_US: u32 = 10_000;
/// Longest packet in µs (RFC 6716 §2.1.4).
const LONGEST_PACKET_US: u32 = 120_000;
/// A payload this short says that the far side pauses (RFC 6716 §2.1.9: DTX).
const SILENCE_BYTES: usize = 2;
/// Without a packet for this long the stream has stopped, in µs.
const OUTAGE_US: u32 = 2_000_000;
/// From concealment without codec to real sound, in µs.
const FADE_IN_US: u32 = 4_000;
/// Skipping a gap may take the delay this much below the target, in µs.
const SKIP_SLACK_US: i64 = 5_000;
/// Sound that a search for a pitch period needs ahead, in µs.
const ACCELERATE_AHEAD_US: u32 = 30_000;
/// Delay over the target from which less alike periods are cut too, in µs.
const FAR_US: i64 = 60_000;
/// Halves of what was cut or put in that are played before the next time: usually, and far above
/// the target.
const REST: usize = 4;
const FAR_REST: usize = 1;
/// How alike periods must be to be cut or repeated: usually, far above the target, and while
/// waiting.
const LIKENESS: Likeness = Likeness(0.6);
const FAR_LIKENESS: Likeness = Likeness(0.3);
const WAIT_LIKENESS: Likeness = Likeness(-1.0);
/// Most that is put in while waiting for one packet, in µs.
const WAIT_US: u32 = 35_000;
/// Frames left below which waiting for a very late packet begins; for a late one, the last.
const OVERDUE_FRAMES: usize = 4;
/// A packet is overdue this long before the time that nine of ten packets keep, in µs.
const OVERDUE_US: i64 = 2_000;
/// Delay below the target that is left alone, in µs.
const DECELERATE_FROM_US: i64 = 5_000;
