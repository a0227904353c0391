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
    let waiting = pcm.waiting_mut();
    for index in 0..overlap {
        let (old, new) = (waiting[index], waiting[index + found.lag]);
        waiting[index] = cross_fade(old, new, index, overlap);
    }
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
    for index in 0..lag {
        let repeated = all[at + index - lag];
        all[at + index] = if index < overlap {
            cross_fade(all[at + lag + index], repeated, index, overlap)
        } else {
            repeated
        };
    }
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

/// From `old` to `new` over `length` samples.
pub(super) fn cross_fade(old: i16, new: i16, index: usize, length: usize) -> i16 {
    let length = length as i32;
    let share = index as i32 + 1;
    ((i32::from(old) * (length + 1 - share) + i32::from(new) * share) / (length + 1)) as i16
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

/// Mean square of some eighty samples.
fn power(sound: &[i16]) -> f32 {
    let step = (sound.len() / POWER_SAMPLES).max(1);
    let (sum, count) = sound
        .iter()
        .step_by(step)
        .fold((0i64, 0i64), |(sum, count), &sample| {
            let value = i32::from(sample);
            (sum + i64::from(value * value), count + 1)
        });
    sum as f32 / count.max(1) as f32
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
        let mut coarse = [0.0f32; COARSE_LENGTH];
        let length = ((to - from) / factor).min(COARSE_LENGTH);
        for (value, block) in coarse
            .iter_mut()
            .zip(self.all[from..to].chunks_exact(factor))
        {
            *value = block.iter().map(|&sample| i32::from(sample)).sum::<i32>() as f32;
        }
        let window = (self.window / factor).min(length);
        let lags = SHORTEST_US as usize * COARSE_RATE as usize / 1_000_000
            ..=(longest / factor).min(length - window);
        let template = if self.forward { 0 } else { length - window };
        let pattern = &coarse[template..template + window];
        let energy = product(pattern, pattern) + 1.0;
        let (lag, likeness) = lags
            .map(|lag| {
                let other = if self.forward { lag } else { template - lag };
                let candidate = &coarse[other..other + window];
                let scale = (energy * (product(candidate, candidate) + 1.0)).sqrt();
                (lag, product(pattern, candidate) / scale)
            })
            .fold(
                (0, -1.0f32),
                |best, next| if next.1 > best.1 { next } else { best },
            );
        (lag > 0).then(|| Best {
            lag: self.refine(lag * factor, factor / 2 + 1, longest),
            likeness,
        })
    }

    fn refine(&self, lag: usize, reach: usize, longest: usize) -> usize {
        let step = (self.rate / FINE_RATE).max(1) as usize;
        let shortest = samples(self.rate, SHORTEST_US);
        let from = lag.saturating_sub(reach).max(shortest);
        let to = (lag + reach).min(longest);
        let mut best = (lag.clamp(shortest, longest), i64::MAX);
        for lag in from..=to {
            let distance = self.distance(lag, step);
            if distance < best.1 {
                best = (lag, distance);
            }
        }
        best.0
    }

    /// Sum of absolute differences at a lag.
    fn distance(&self, lag: usize, step: usize) -> i64 {
        let other = if self.forward {
            self.at + lag
        } else {
            self.at - lag
        };
        let length = self.window.min(self.all.len() - other.max(self.at));
        let a = &self.all[self.at..self.at + length];
        let b = &self.all[other..other + length];
        let sum: i32 = a
            .iter()
            .step_by(step)
            .zip(b.iter().step_by(step))
            .map(|(&a, &b)| (i32::from(a) - i32::from(b)).abs())
            .sum();
        i64::from(sum)
    }
}

struct Best {
    lag: usize,
    likeness: f32,
}

/// The product of two equally long windows. Eight sums side by side, for the vector unit.
fn product(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let (a, rest_a) = a.as_chunks::<8>();
    let (b, rest_b) = b.as_chunks::<8>();
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// Shortest and longest pitch period in µs: 400 Hz and 67 Hz.
const SHORTEST_US: u32 = 2_500;
const LONGEST_US: u32 = 15_000;
/// Sound that is compared, in µs.
const WINDOW_US: u32 = 10_000;
/// Least sound behind a cut, in µs.
const OVERLAP_US: u32 = 2_500;
/// Samples that loudness is measured by.
const POWER_SAMPLES: usize = 80;
/// Rate in Hz of the coarse and of the fine search.
const COARSE_RATE: u32 = 4_000;
const FINE_RATE: u32 = 8_000;
/// 25 ms at [`COARSE_RATE`].
const COARSE_LENGTH: usize = 104;
/// Per 10 ms: the peak falls by half in 3.5 s, the floor rises by half in 0.8 s.
const PEAK_DECAY: f32 = 0.998;
const FLOOR_RISE: f32 = 1.005;
/// A pause is at most 6 dB above the floor and at least 25 dB below the peak.
const ABOVE_FLOOR: f32 = 4.0;
const BELOW_PEAK: f32 = 0.003;

#[cfg(test)]
mod tests;
