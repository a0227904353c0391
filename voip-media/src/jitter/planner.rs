//! How long to wait: delay weighed against concealment.
//!
//! A set of policies ("keep `offset` ms above the recent floor") is played in miniature on every
//! arrival. Each has a running cost, its mean delay plus the weight times its concealment. The
//! cheapest policy of the recent past is the one to follow.

/// A packet's arrival as the planner sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Arrival {
    /// First playout instant after the arrival, less the packet's timestamp, in µs.
    pub(super) transit: i64,
    /// The packet's length in ms.
    pub(super) duration: f32,
    /// A packet with a higher sequence number was here before.
    pub(super) overtaken: bool,
    /// It carries redundancy for a lost packet before it.
    pub(super) recovers: bool,
}

/// Finds the playout delay with the least cost.
#[derive(Debug)]
pub(super) struct DelayPlanner {
    weight: f32,
    min_delay: f32,
    max_delay: f32,
    /// The transit that counts as zero, in µs; `None` before the first arrival.
    origin: Option<i64>,
    banks: [Bank; 2],
    chosen: (usize, usize),
    /// Running estimate of the transit that nine of ten packets keep, ms from the origin.
    usual: Quantile,
    /// And the one that few exceed.
    rare: Quantile,
    /// Running mean of the transit, ms from the origin. While a queue comes and goes it is high,
    /// and the next wave is likely.
    mean: f32,
    /// Transits of the newest arrivals, ms from the origin.
    recent: [f32; RECENT],
    /// Running share of overtaken packets.
    reordered: f32,
    arrivals: u32,
    /// What was concluded from all that, asked for many times a frame.
    conclusions: Conclusions,
}

/// Transits in µs.
#[derive(Debug, Clone, Copy, Default)]
struct Conclusions {
    target: i64,
    floor: i64,
    recent: i64,
    usual: i64,
    rare: i64,
}

impl DelayPlanner {
    /// `weight`, `min_delay` and `max_delay` as in the configuration; delays in ms.
    pub(super) fn new(weight: f32, min_delay: f32, max_delay: f32) -> Self {
        Self {
            weight,
            min_delay,
            max_delay,
            origin: None,
            banks: [Bank::new(SHORT_MEMORY), Bank::new(LONG_MEMORY)],
            chosen: (1, 0),
            usual: Quantile::new(USUAL_ODDS),
            rare: Quantile::new(RARE_ODDS),
            mean: 0.0,
            recent: [f32::MIN; RECENT],
            reordered: 0.0,
            arrivals: 0,
            conclusions: Conclusions::default(),
        }
    }

    /// Forgets everything.
    pub(super) fn reset(&mut self) {
        *self = Self::new(self.weight, self.min_delay, self.max_delay);
    }

    /// Learns from an arrival.
    pub(super) fn observe(&mut self, arrival: Arrival) {
        let origin = *self.origin.get_or_insert(arrival.transit);
        let transit = (arrival.transit - origin) as f32 / 1_000.0;
        if self.arrivals == 0 {
            self.usual.value = transit;
            self.rare.value = transit;
            self.mean = transit;
            for bank in &mut self.banks {
                bank.start(transit, self.weight);
            }
        }
        self.arrivals = self.arrivals.saturating_add(1);
        let steady = arrival.duration / COST_MEMORY;
        let share = steady
            .max(1.0 / (self.arrivals as f32 + PRIOR_PACKETS))
            .min(0.2);
        self.recent[self.arrivals as usize % RECENT] = transit;
        let seen = Seen {
            transit,
            duration: arrival.duration,
            overtaken: arrival.overtaken,
            recovers: arrival.recovers,
            recent: self.recent_peak(),
            floor: self.banks[1].level.value().min(transit),
        };
        for bank in &mut self.banks {
            bank.observe(&seen, self.usual.value, self.weight, share);
        }
        let overtaken = if arrival.overtaken { 1.0 } else { 0.0 };
        self.reordered += share * (overtaken - self.reordered);
        self.mean += (arrival.duration / MEAN_MEMORY).min(1.0) * (transit - self.mean);
        self.usual.observe(transit, arrival.duration);
        self.rare.observe(transit, arrival.duration);
        if self.arrivals.is_multiple_of(CHOOSE_EVERY) || self.arrivals < 50 {
            self.choose();
        }
        self.conclude(origin, seen.recent);
    }

    fn conclude(&mut self, origin: i64, recent: f32) {
        let absolute = |ms: f32| origin + (ms * 1_000.0) as i64;
        self.conclusions = Conclusions {
            target: absolute(self.wanted()),
            floor: absolute(self.banks[1].level.value()),
            recent: absolute(recent),
            usual: absolute(self.usual.value),
            rare: absolute(self.rare.value),
        };
    }

    /// Whether too little has come for a judgement of its own.
    pub(super) fn is_new(&self) -> bool {
        (self.arrivals as f32) < PRIOR_PACKETS
    }

    /// The transit in µs at which speech should be played.
    pub(super) fn target(&self) -> i64 {
        self.conclusions.target
    }

    /// The same in ms from the origin.
    fn wanted(&self) -> f32 {
        let (bank, policy) = self.chosen;
        let level = self.banks[bank].level.value();
        let floor = self.banks[1].level.value();
        let wave = level + WAVE_TIMES * (self.mean - level) - WAVE_FROM;
        (level + OFFSETS[policy])
            .max(wave)
            .min(floor + self.max_delay)
            .max(floor + self.min_delay)
    }

    /// Whether packets overtake each other more than now and then.
    pub(super) fn reorders(&self) -> bool {
        self.reordered > REORDERS_FROM
    }

    /// The transit in µs of the fastest recent packets.
    pub(super) fn floor(&self) -> i64 {
        self.conclusions.floor
    }

    /// The highest transit in µs of the newest packets: playing earlier than this isn't safe now.
    pub(super) fn recent(&self) -> i64 {
        self.conclusions.recent
    }

    /// The transit in µs that nine of ten packets keep.
    pub(super) fn usual(&self) -> i64 {
        self.conclusions.usual
    }

    /// The transit in µs that few packets exceed.
    pub(super) fn rare(&self) -> i64 {
        self.conclusions.rare
    }

    fn recent_peak(&self) -> f32 {
        self.recent.iter().copied().fold(f32::MIN, f32::max)
    }

    fn choose(&mut self) {
        let (bank, policy) = self.chosen;
        let mut best = self.banks[bank].cost[policy] - RELUCTANCE;
        for (index, bank) in self.banks.iter().enumerate() {
            for (policy, &cost) in bank.cost.iter().enumerate() {
                if cost < best {
                    best = cost;
                    self.chosen = (index, policy);
                }
            }
        }
    }
}

/// An arrival in ms from the origin.
struct Seen {
    transit: f32,
    duration: f32,
    overtaken: bool,
    recovers: bool,
    recent: f32,
    /// The fastest recent transit, the long bank's level.
    floor: f32,
}

/// Policies that measure their offset from the same floor.
#[derive(Debug)]
struct Bank {
    level: SlidingMinimum,
    delay: [f32; POLICIES],
    cost: [f32; POLICIES],
}

impl Bank {
    fn new(memory: f32) -> Self {
        Self {
            level: SlidingMinimum::new(memory),
            delay: [0.0; POLICIES],
            cost: [0.0; POLICIES],
        }
    }

    fn start(&mut self, transit: f32, weight: f32) {
        for (policy, &offset) in OFFSETS.iter().enumerate() {
            self.delay[policy] = transit + offset;
            let concealed = PRIOR_CONCEALED / (1.0 + (offset / PRIOR_JITTER).powi(3));
            self.cost[policy] = delay_cost(offset) + weight * concealed;
        }
    }

    fn observe(&mut self, seen: &Seen, usual: f32, weight: f32, share: f32) {
        let floor = seen.floor;
        self.level.observe(seen.transit, seen.duration);
        let level = self.level.value();
        let faster = ACCELERATION * seen.duration;
        let slower = DECELERATION * seen.duration;
        let keep = if seen.overtaken { 0.0 } else { 1.0 };
        let most = if seen.overtaken {
            seen.duration
        } else {
            f32::MAX
        };
        let early = if seen.recovers { seen.duration } else { 0.0 };
        let weight = weight * 1_000.0 / seen.duration;
        let policies = self.delay.iter_mut().zip(&mut self.cost).zip(OFFSETS);
        for ((delay_now, cost_now), offset) in policies {
            let target = level + offset;
            let before = *delay_now;
            let lowest = higher(before - faster, lower(seen.recent, before));
            let delay = lower(higher(target, lowest), before + slower);
            let excess = higher(seen.transit - delay, 0.0);
            let stretched = higher(STRETCH_WHILE_WAITING * (delay - usual), 0.0);
            let unrecovered = lower(higher(seen.transit + early - delay, 0.0), early);
            let missed = lower(higher(excess - stretched, 0.0), most);
            let long_part = missed * (1.0 / LONG_EVENT);
            let long = missed * long_part * long_part * long_part;
            let event = if missed + unrecovered > 0.0 {
                EVENT
            } else {
                0.0
            };
            let concealed = missed + event + long + unrecovered;
            let after = delay + keep * excess;
            *delay_now = after;
            let cost = delay_cost(after - floor) + weight * concealed;
            *cost_now += share * (cost - *cost_now);
        }
    }
}

/// Follows a quantile: a step up when it is exceeded, a smaller one down when not.
#[derive(Debug)]
struct Quantile {
    odds: f32,
    value: f32,
}

impl Quantile {
    /// `odds`: values below to each above.
    fn new(odds: f32) -> Self {
        Self { odds, value: 0.0 }
    }

    fn observe(&mut self, value: f32, duration: f32) {
        let step = duration / QUANTILE_STEP;
        if value > self.value {
            self.value += (self.odds * step).min(value - self.value);
        } else {
            self.value -= step.min(self.value - value);
        }
    }
}

/// What `offset` ms over the floor cost.
fn delay_cost(offset: f32) -> f32 {
    offset + offset * offset * (0.5 / LONG_DELAY)
}

/// `f32::max` without its care for what isn't a number: one instruction for four policies.
fn higher(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// `f32::min`, likewise.
fn lower(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

/// The minimum of the last seconds, in steps of an eighth of them.
#[derive(Debug)]
struct SlidingMinimum {
    parts: [f32; PARTS],
    part: usize,
    filled: f32,
    part_length: f32,
    minimum: f32,
}

impl SlidingMinimum {
    fn new(memory: f32) -> Self {
        Self {
            parts: [f32::MAX; PARTS],
            part: 0,
            filled: 0.0,
            part_length: memory / PARTS as f32,
            minimum: f32::MAX,
        }
    }

    fn observe(&mut self, value: f32, duration: f32) {
        self.filled += duration;
        if self.filled > self.part_length {
            self.filled = 0.0;
            self.part = (self.part + 1) % PARTS;
            self.parts[self.part] = value;
            self.minimum = self.parts.iter().copied().fold(f32::MAX, f32::min);
        }
        let part = &mut self.parts[self.part];
        *part = part.min(value);
        self.minimum = self.minimum.min(value);
    }

    fn value(&self) -> f32 {
        if self.minimum == f32::MAX {
            0.0
        } else {
            self.minimum
        }
    }
}

/// What beginning to conceal costs, in concealed ms: both ends of a gap are heard.
const EVENT: f32 = 32.0;
/// Concealed ms in a row that count double: a codec conceals a syllable, not a word.
const LONG_EVENT: f32 = 274.0;
/// Delay in ms over the floor from which each more counts double: talkers begin to collide.
const LONG_DELAY: f32 = 50.0;
/// Share of overtaken packets from which a hole is waited for.
const REORDERS_FROM: f32 = 0.005;
/// Arrivals that count as the newest.
const RECENT: usize = 8;
const PARTS: usize = 8;
const POLICIES: usize = 32;
/// Offsets of the policies in ms.
const OFFSETS: [f32; POLICIES] = [
    0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 55.0, 60.0, 65.0, 70.0, 80.0,
    90.0, 100.0, 110.0, 120.0, 130.0, 140.0, 160.0, 180.0, 200.0, 220.0, 240.0, 260.0, 280.0,
    320.0, 380.0, 440.0,
];
/// Memory of the floor in ms of media: one bank follows level shifts at once, one is steady.
const SHORT_MEMORY: f32 = 1_000.0;
const LONG_MEMORY: f32 = 8_000.0;
/// Memory of the costs in ms of media.
const COST_MEMORY: f32 = 20_000.0;
/// Packets that what is assumed at the beginning is worth.
const PRIOR_PACKETS: f32 = 10.0;
/// Concealment assumed at the beginning at no offset, in ms per second.
const PRIOR_CONCEALED: f32 = 100.0;
/// Jitter in ms assumed at the beginning.
const PRIOR_JITTER: f32 = 30.0;
/// How fast a policy's delay falls and rises, as a share of media time.
const ACCELERATION: f32 = 0.25;
const DECELERATION: f32 = 0.2;
/// Share of the time between usual arrival and playout that stretching wins while waiting.
const STRETCH_WHILE_WAITING: f32 = 0.3;
/// How much of the mean transit over the floor is kept as delay, less this many ms.
const WAVE_TIMES: f32 = 2.9;
const WAVE_FROM: f32 = 40.0;
/// Memory of the mean transit in ms of media.
const MEAN_MEMORY: f32 = 1_700.0;
/// Packets that keep the usual transit, and the rare one, to each that doesn't.
const USUAL_ODDS: f32 = 9.0;
const RARE_ODDS: f32 = 16.0;
/// ms of media in which a quantile falls by 1 ms.
const QUANTILE_STEP: f32 = 200.0;
/// Packets between two choices.
const CHOOSE_EVERY: u32 = 4;
/// ms by which another policy must be cheaper.
const RELUCTANCE: f32 = 0.5;

#[cfg(test)]
mod tests;
