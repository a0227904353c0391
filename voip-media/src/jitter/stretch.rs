//! Playing faster and slower without changing the pitch: whole pitch periods are cut out or
//! repeated with a cross-fade (pitch-synchronous overlap-add).

use super::pcm::PcmQueue;

/// What a stretch did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretched {
    /// Samples cut out or put in.
    pub(super) samples: usize,
    /// It was done in a pause, where it isn't heard.
    pub(super) in_pause: bool,
}

/// How alike two periods must be, −1 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Likeness(pub(super) f32);

/// Cuts up to `most` samples out of the front of the waiting ones. `None`: nothing fits.
pub(super) fn accelerate(
    pcm: &mut PcmQueue,
    rate: u32,
    most: usize,
    likeness: Likeness,
    pauses: &PauseDetector,
) -> Option<Stretched> {
    let (all, at) = pcm.around();
    let ahead = all.len() - at;
    let overlap = samples(rate, OVERLAP_US);
    let longest = most
        .min(samples(rate, LONGEST_US))
        .min(ahead.saturating_sub(overlap));
    let window = (ahead.saturating_sub(longest)).min(samples(rate, WINDOW_US));
    let search = Search {
        all,
        at,
        window,
        forward: true,
        rate,
    };
    let found = search.run(longest, likeness, pauses)?;
    let overlap = found
        .lag
        .min(ahead - found.lag)
        .min(samples(rate, LONGEST_US));
    let (old, new) = pcm.waiting_mut().split_at_mut(found.lag);
    cross_fade(&mut old[..overlap], &new[..overlap]);
    pcm.remove(overlap, found.lag);
    Some(Stretched {
        samples: found.lag,
        in_pause: found.in_pause,
    })
}

/// Puts up to `most` samples in before the waiting ones. `None`: nothing fits.
pub(super) fn decelerate(
    pcm: &mut PcmQueue,
    rate: u32,
    most: usize,
    likeness: Likeness,
    pauses: &PauseDetector,
) -> Option<Stretched> {
    let (all, at) = pcm.around();
    let ahead = all.len() - at;
    let window = ahead.min(samples(rate, WINDOW_US));
    let longest = most.min(samples(rate, LONGEST_US)).min(at);
    let search = Search {
        all,
        at,
        window,
        forward: false,
        rate,
    };
    let found = search.run(longest, likeness, pauses)?;
    let overlap = found.lag.min(window);
    if !pcm.open(found.lag) {
        return None;
    }
    let (all, at) = pcm.around_mut();
    let lag = found.lag;
    let (past, waiting) = all.split_at_mut(at);
    let (hole, next) = waiting.split_at_mut(lag);
    hole[..overlap].copy_from_slice(&next[..overlap]);
    let repeated = &past[at - lag..];
    cross_fade(&mut hole[..overlap], &repeated[..overlap]);
    hole[overlap..].copy_from_slice(&repeated[overlap..]);
    Some(Stretched {
        samples: lag,
        in_pause: found.in_pause,
    })
}

/// The pitch period at the end of `past` in samples, for concealment without a codec's help.
pub(super) fn period_at_end(past: &[i16], rate: u32) -> usize {
    let window = samples(rate, WINDOW_US).min(past.len() / 2);
    let at = past.len() - window;
    let longest = samples(rate, LONGEST_US).min(at);
    let search = Search {
        all: past,
        at,
        window,
        forward: false,
        rate,
    };
    search
        .best(longest)
        .map_or(longest.max(1), |found| found.lag)
}

/// From `old` to `new`, in place. Both are equally long.
pub(super) fn cross_fade(old: &mut [i16], new: &[i16]) {
    let step = UNITY / (old.len() as i32 + 1);
    for (index, (old, &new)) in old.iter_mut().zip(new).enumerate() {
        let share = (step * (index as i32 + 1)) >> (UNITY_BITS - SHARE_BITS);
        let difference = i32::from(new) - i32::from(*old);
        // 14 bits of share and 16 of difference fit; the sum lies between old and new.
        *old = (i32::from(*old) + ((difference * share) >> SHARE_BITS)) as i16;
    }
}

/// Samples in a number of microseconds.
pub(super) fn samples(rate: u32, us: u32) -> usize {
    (u64::from(rate) * u64::from(us) / 1_000_000) as usize
}

/// Knows the loudness of speech and of what lies between.
#[derive(Debug, Clone, Copy)]
pub(super) struct PauseDetector {
    floor: f32,
    peak: f32,
}

impl PauseDetector {
    pub(super) fn new() -> Self {
        Self {
            floor: f32::MAX,
            peak: 0.0,
        }
    }

    /// Learns from 10 ms of sound that is played.
    pub(super) fn observe(&mut self, frame: &[i16]) {
        let power = power(frame);
        self.peak = power.max(self.peak * PEAK_DECAY);
        self.floor = power.min(self.floor * FLOOR_RISE).max(1.0);
    }

    /// Amplitude of the noise in pauses.
    pub(super) fn noise(&self) -> i16 {
        // Uniform noise of amplitude a has the mean square a²/3.
        if self.floor == f32::MAX {
            0
        } else {
            (self.floor * 3.0).sqrt().min(300.0) as i16
        }
    }

    /// Whether this sound lies in a pause.
    pub(super) fn is_pause(&self, sound: &[i16]) -> bool {
        let limit = (self.floor * ABOVE_FLOOR)
            .min(self.peak * BELOW_PEAK)
            .max(16.0);
        power(sound) <= limit
    }
}

/// Mean square of some hundred samples.
fn power(sound: &[i16]) -> f32 {
    let apart = (sound.len() / POWER_BLOCKS).max(BLOCK);
    let (mut sum, mut count) = (0i64, 0);
    for block in blocks(sound, apart) {
        // Two bits less, so that the squares of a block fit.
        let quieter = block.iter().map(|&sample| i32::from(sample >> 2));
        sum += i64::from(quieter.map(|value| value * value).sum::<i32>());
        count += BLOCK;
    }
    sum as f32 * 16.0 / count.max(1) as f32
}

/// A vector unit's handful of samples every `apart` samples.
fn blocks(sound: &[i16], apart: usize) -> impl Iterator<Item = &[i16; BLOCK]> {
    sound.chunks(apart).filter_map(<[i16]>::first_chunk)
}

struct Found {
    lag: usize,
    in_pause: bool,
}

/// Compares a window of sound with the same a lag later (`forward`) or earlier.
struct Search<'a> {
    all: &'a [i16],
    at: usize,
    window: usize,
    forward: bool,
    rate: u32,
}

impl Search<'_> {
    fn run(&self, longest: usize, likeness: Likeness, pauses: &PauseDetector) -> Option<Found> {
        let shortest = samples(self.rate, SHORTEST_US);
        if longest < shortest || self.window < shortest {
            return None;
        }
        let (from, to) = self.span(longest);
        if pauses.is_pause(&self.all[from..to]) {
            return Some(Found {
                lag: longest,
                in_pause: true,
            });
        }
        let best = self.best(longest)?;
        (best.likeness >= likeness.0).then_some(Found {
            lag: best.lag,
            in_pause: false,
        })
    }

    /// Everything that the search reads.
    fn span(&self, longest: usize) -> (usize, usize) {
        if self.forward {
            (
                self.at,
                (self.at + self.window + longest).min(self.all.len()),
            )
        } else {
            (self.at - longest, self.at + self.window)
        }
    }

    /// The best lag: coarse at 4 kHz, then fine.
    fn best(&self, longest: usize) -> Option<Best> {
        let factor = (self.rate / COARSE_RATE).max(1) as usize;
        let (from, to) = self.span(longest);
        let mut coarse = [0i16; COARSE_LENGTH];
        let coarse = coarsen(&self.all[from..to], factor, &mut coarse);
        let window = (self.window / factor).min(coarse.len());
        let lags = SHORTEST_US as usize * COARSE_RATE as usize / 1_000_000
            ..=(longest / factor).min(coarse.len() - window);
        let template = if self.forward {
            0
        } else {
            coarse.len() - window
        };
        let (lag, likeness) = most_alike(coarse, template, window, self.forward, lags);
        (lag > 0).then(|| Best {
            lag: self.refine(lag * factor, factor / 2 + 1, longest),
            likeness,
        })
    }

    /// The lag within `reach` of `lag` where the sounds differ least: every third, then between.
    fn refine(&self, lag: usize, reach: usize, longest: usize) -> usize {
        let shortest = samples(self.rate, SHORTEST_US);
        let from = lag.saturating_sub(reach).max(shortest);
        let to = (lag + reach).min(longest);
        let start = (lag.clamp(shortest, longest), u32::MAX);
        let rough = self.least_different((from..=to).step_by(REFINE_STEP), start);
        let from = (rough.0 + 1).saturating_sub(REFINE_STEP).max(from);
        let to = (rough.0 + REFINE_STEP - 1).min(to);
        let between = (from..=to).filter(|&lag| lag != rough.0);
        self.least_different(between, rough).0
    }

    fn least_different(
        &self,
        lags: impl Iterator<Item = usize>,
        start: (usize, u32),
    ) -> (usize, u32) {
        lags.map(|lag| (lag, self.difference(lag)))
            .fold(
                start,
                |best, next| if next.1 < best.1 { next } else { best },
            )
    }

    /// Sum of absolute differences at a lag.
    fn difference(&self, lag: usize) -> u32 {
        let other = if self.forward {
            self.at + lag
        } else {
            self.at - lag
        };
        let length = self.window.min(self.all.len() - other.max(self.at));
        let apart = (length / FINE_BLOCKS).max(BLOCK);
        let a = blocks(&self.all[self.at..self.at + length], apart);
        let b = blocks(&self.all[other..other + length], apart);
        let mut sums = [0u32; BLOCK];
        for (a, b) in a.zip(b) {
            for ((sum, &a), &b) in sums.iter_mut().zip(a).zip(b) {
                *sum += u32::from(a.abs_diff(b));
            }
        }
        sums.iter().sum()
    }
}

struct Best {
    lag: usize,
    likeness: f32,
}

/// `sound` at one `factor`th of its rate, as loud as [`product`] can take it.
fn coarsen<'a>(sound: &[i16], factor: usize, coarse: &'a mut [i16; COARSE_LENGTH]) -> &'a [i16] {
    let mut sums = [0i32; COARSE_LENGTH];
    let length = match factor {
        12 => sum_blocks::<12>(sound, &mut sums),
        4 => sum_blocks::<4>(sound, &mut sums),
        2 => sum_blocks::<2>(sound, &mut sums),
        _ => {
            let blocks = sound.chunks_exact(factor);
            for (sum, block) in sums.iter_mut().zip(blocks.clone()) {
                *sum = block.iter().map(|&sample| i32::from(sample)).sum();
            }
            blocks.len().min(COARSE_LENGTH)
        }
    };
    let loudest = sums[..length].iter().fold(0, |bits, &sum| bits | sum.abs());
    let shift = (COARSE_BITS + loudest.leading_zeros()).saturating_sub(32);
    let excess = 32u32.saturating_sub(COARSE_BITS + loudest.leading_zeros());
    for (value, &sum) in coarse.iter_mut().zip(&sums[..length]) {
        *value = ((sum << shift) >> excess) as i16;
    }
    &coarse[..length]
}

fn sum_blocks<const N: usize>(sound: &[i16], sums: &mut [i32; COARSE_LENGTH]) -> usize {
    let (blocks, _rest) = sound.as_chunks::<N>();
    for (sum, block) in sums.iter_mut().zip(blocks) {
        *sum = block.iter().map(|&sample| i32::from(sample)).sum();
    }
    blocks.len().min(COARSE_LENGTH)
}

/// The lag at which a window of `coarse`, a lag after the `template` (or before it), is most like
/// it, and how much (−1 to 1). Lag 0: none.
fn most_alike(
    coarse: &[i16],
    template: usize,
    window: usize,
    forward: bool,
    lags: std::ops::RangeInclusive<usize>,
) -> (usize, f32) {
    let pattern = &coarse[template..template + window];
    let energy = product(pattern, pattern) as f32 + 1.0;
    let place = |lag| {
        if forward {
            template + lag
        } else {
            template - lag
        }
    };
    let mut best = (0, -1.0f32);
    if lags.is_empty() {
        return best;
    }
    let first = place(*lags.start());
    let mut loudness = product(
        &coarse[first..first + window],
        &coarse[first..first + window],
    );
    for lag in lags {
        let at = place(lag);
        let alike = product(pattern, &coarse[at..at + window]) as f32;
        let likeness = alike / (energy * (loudness as f32 + 1.0)).sqrt();
        if likeness > best.1 {
            best = (lag, likeness);
        }
        loudness += slide(coarse, at, window, forward);
    }
    best
}

/// What the loudness of the window at `at` gains when it moves on by one.
fn slide(coarse: &[i16], at: usize, window: usize, forward: bool) -> i32 {
    let square = |index: usize| {
        coarse
            .get(index)
            .map_or(0, |&value| i32::from(value) * i32::from(value))
    };
    if forward {
        square(at + window) - square(at)
    } else {
        square(at.wrapping_sub(1)) - square(at + window - 1)
    }
}

/// The product of two equally long windows of at most [`COARSE_BITS`] bits a sample.
fn product(a: &[i16], b: &[i16]) -> i32 {
    a.iter()
        .zip(b)
        .map(|(&a, &b)| i32::from(a) * i32::from(b))
        .sum()
}

/// Shortest and longest pitch period in µs: 400 Hz and 67 Hz.
const SHORTEST_US: u32 = 2_500;
const LONGEST_US: u32 = 15_000;
/// Sound that is compared, in µs.
const WINDOW_US: u32 = 10_000;
/// Least sound behind a cut, in µs.
const OVERLAP_US: u32 = 2_500;
/// Samples that are looked at together.
const BLOCK: usize = 8;
/// Blocks by which loudness is measured, and lags are compared.
const POWER_BLOCKS: usize = 12;
const FINE_BLOCKS: usize = 16;
/// Rate in Hz of the coarse search.
const COARSE_RATE: u32 = 4_000;
/// 25 ms at [`COARSE_RATE`].
const COARSE_LENGTH: usize = 104;
/// Bits of a sample there without its sign: 40 products of them fit into 31 bits.
const COARSE_BITS: u32 = 12;
/// Samples between two lags of the first fine search.
const REFINE_STEP: usize = 3;
/// Binary places of a cross-fade's steps and of its shares.
const UNITY_BITS: u32 = 30;
const UNITY: i32 = 1 << UNITY_BITS;
const SHARE_BITS: u32 = 14;
/// Per 10 ms: the peak falls by half in 3.5 s, the floor rises by half in 0.8 s.
const PEAK_DECAY: f32 = 0.998;
const FLOOR_RISE: f32 = 1.005;
/// A pause is at most 6 dB above the floor and at least 25 dB below the peak.
const ABOVE_FLOOR: f32 = 4.0;
const BELOW_PEAK: f32 = 0.003;

#[cfg(test)]
mod tests;
