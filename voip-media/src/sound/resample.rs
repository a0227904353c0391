//! Conversion between sample rates, by rubato's windowed sincs.

use std::fmt;

use rubato::{
    Adjustable, Async, FixedAsync, Resampler as _, SincInterpolationParameters,
    SincInterpolationType, WindowFunction, audioadapter_buffers::direct::InterleavedSlice,
};

use crate::SampleRate;

/// Converts one channel from one rate to another; the speed may be trimmed while it runs, so that
/// a device whose clock drifts can be followed.
///
/// Delays by [`Resampler::delay`]: 0.7 ms at 44.1 kHz and above, 2 ms at 16 and 8 kHz (the lower rate
/// counts). Tones below 83 % of half the lower rate (75 % at 8 kHz) keep their level within 0.5 dB;
/// what the lower rate can't hold comes out at −70 dB or less. Never allocates after `new`.
///
/// ```
/// use voip_media::{Resampler, SampleRate};
///
/// let mut resampler = Resampler::new(SampleRate::HZ_44100, SampleRate::HZ_48000);
/// resampler.set_speed(1.000_1); // the source's clock is 100 ppm fast
/// let mut captured = [0_i16; 441].iter().copied();
/// let mut frame = [0_i16; 480];
/// let made = resampler.process(|| captured.next(), &mut frame);
/// assert!(made > 460);
/// ```
pub struct Resampler {
    filter: Async<f32>,
    /// The filter's length in input samples.
    taps: usize,
    /// Input samples for each output sample, at normal speed.
    ratio: f64,
    speed: f64,
    /// Input that doesn't make a piece yet.
    gathered: Vec<f32>,
    held: usize,
    /// The last piece, and how much of it has been given out.
    piece: Vec<f32>,
    given: usize,
}

impl Resampler {
    /// From one rate to another.
    pub fn new(from: SampleRate, to: SampleRate) -> Self {
        Self::with(from, to, PIECE, PHASES, SincInterpolationType::Linear)
    }

    fn with(
        from: SampleRate,
        to: SampleRate,
        piece: usize,
        phases: usize,
        interpolation: SincInterpolationType,
    ) -> Self {
        let (from, to) = (from.hz(), to.hz());
        let ratio = f64::from(from) / f64::from(to);
        let taps = taps(from, to);
        let parameters = SincInterpolationParameters::new(taps, WindowFunction::Blackman)
            .f_cutoff(cutoff(from, to))
            .oversampling_factor(phases)
            .interpolation(interpolation);
        let filter = Async::new_sinc(
            ratio.recip(),
            1.0 / SLOWEST,
            &parameters,
            piece,
            1,
            FixedAsync::Output,
        )
        .expect("a sample rate is positive, and so is a piece");
        Self {
            gathered: vec![0.0; filter.input_frames_max() + SLACK],
            held: 0,
            piece: vec![0.0; piece],
            given: piece,
            filter,
            taps,
            ratio,
            speed: 1.0,
        }
    }

    /// Uses the input up faster (above 1) or slower (below 1), from the next piece of 16 output
    /// samples on, without a click. Limited to 0.9 to 1.1; anything but a number is ignored.
    pub fn set_speed(&mut self, speed: f64) {
        let speed = speed.clamp(SLOWEST, FASTEST);
        if speed != self.speed && !speed.is_nan() {
            self.speed = speed;
            self.filter
                .set_resample_ratio_relative(speed.recip(), true)
                .expect("the speed is within what the filter was made for");
        }
    }

    /// How many output samples at least `input` more input samples make.
    pub fn output_of(&self, input: usize) -> usize {
        let left = self.piece.len() - self.given;
        let Some(spare) = (self.held + input).checked_sub(self.filter.input_frames_next()) else {
            return left;
        };
        let each = self.piece.len() as f64 * self.ratio * self.speed;
        // One more each time a piece's share is no whole number of samples.
        let more = (spare.saturating_sub(1) as f64 / each) as usize;
        left + (1 + more) * self.piece.len()
    }

    /// By how many input samples the output is late.
    pub fn delay(&self) -> usize {
        self.taps / 2
    }

    /// Fills `out` as far as `source` lasts; gives the number of output samples. Input that makes
    /// no whole piece of 16 output samples yet is kept.
    pub fn process(&mut self, mut source: impl FnMut() -> Option<i16>, out: &mut [i16]) -> usize {
        let mut filled = 0;
        while filled < out.len() {
            if self.given == self.piece.len() && !self.gather_piece(&mut source) {
                break;
            }
            let ready = &self.piece[self.given..];
            let count = ready.len().min(out.len() - filled);
            for (sample, value) in out[filled..].iter_mut().zip(&ready[..count]) {
                *sample = to_sample(*value);
            }
            self.given += count;
            filled += count;
        }
        filled
    }

    /// Whether there was input enough.
    fn gather_piece(&mut self, source: &mut impl FnMut() -> Option<i16>) -> bool {
        while self.held < self.filter.input_frames_next() {
            let Some(sample) = source() else {
                return false;
            };
            self.gathered[self.held] = f32::from(sample);
            self.held += 1;
        }
        self.make_piece();
        true
    }

    fn make_piece(&mut self) {
        let needed = self.filter.input_frames_next();
        let input = InterleavedSlice::new(&self.gathered[..needed], 1, needed);
        let length = self.piece.len();
        let output = InterleavedSlice::new_mut(&mut self.piece, 1, length);
        let (input, mut output) = input
            .and_then(|input| Ok((input, output?)))
            .expect("one channel has as many frames as samples");
        self.filter
            .process_into_buffer(&input, &mut output, None)
            .expect("the filter gets the frames that it asked for");
        // A change of speed may have left more than was needed.
        self.gathered.copy_within(needed..self.held, 0);
        self.held -= needed;
        self.given = 0;
    }
}

impl fmt::Debug for Resampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resampler")
            .field("ratio", &self.ratio)
            .field("speed", &self.speed)
            .finish_non_exhaustive()
    }
}

/// Converts whole frames: 10 ms in, 10 ms out, between two rates of one clock.
///
/// As good as a [`Resampler`], cheaper, and late by two input samples more. Between equal rates it copies.
#[derive(Debug)]
pub struct FrameResampler {
    /// `None` between equal rates.
    resampler: Option<Box<Resampler>>,
    /// Samples of 10 ms.
    input: usize,
}

impl FrameResampler {
    /// From one rate to another; both must be multiples of 100 Hz (10 ms are a whole number of
    /// samples), or there is none.
    pub fn new(from: SampleRate, to: SampleRate) -> Option<Self> {
        let frame = |rate: SampleRate| {
            (rate.hz().is_multiple_of(FRAMES_PER_SECOND))
                .then_some((rate.hz() / FRAMES_PER_SECOND) as usize)
        };
        let (input, output) = (frame(from)?, frame(to)?);
        if from == to {
            return Some(Self {
                resampler: None,
                input,
            });
        }
        // One tabulated phase for each place an output can have between two inputs: exact.
        let phases = (to.hz() / gcd(from.hz(), to.hz())) as usize;
        let nearest = SincInterpolationType::Nearest;
        let mut resampler = Resampler::with(from, to, output, phases, nearest);
        // The filter looks one sample ahead, and rounding may ask for another one early.
        resampler.held = LOOK_AHEAD;
        Some(Self {
            resampler: Some(Box::new(resampler)),
            input,
        })
    }

    /// Converts 10 ms. What `input` is too short for is silence; what either is too long for is left alone.
    pub fn process(&mut self, input: &[i16], output: &mut [i16]) {
        let Some(resampler) = &mut self.resampler else {
            let length = input.len().min(output.len());
            return output[..length].copy_from_slice(&input[..length]);
        };
        let samples = input.iter().copied().chain(std::iter::repeat(0));
        let places = &mut resampler.gathered[resampler.held..resampler.held + self.input];
        for (place, sample) in places.iter_mut().zip(samples) {
            *place = f32::from(sample);
        }
        resampler.held += self.input;
        resampler.make_piece();
        for (place, value) in output.iter_mut().zip(&resampler.piece) {
            *place = to_sample(*value);
        }
    }
}

/// All of `samples` from one rate to another, without the filter's delay.
pub(crate) fn resample_all(samples: &[i16], from: SampleRate, to: SampleRate) -> Vec<i16> {
    if from == to {
        return samples.to_vec();
    }
    let mut resampler = Resampler::new(from, to);
    let length = (samples.len() as u64 * u64::from(to.hz())).div_ceil(u64::from(from.hz()));
    // Silence in front, until an output falls exactly on the first sample.
    let divisor = gcd(from.hz(), to.hz());
    let period = (from.hz() / divisor) as usize;
    let behind = resampler.delay();
    let periods = behind.div_ceil(period);
    let silence = periods * period - behind;
    let mut skip = (periods as u64 * u64::from(to.hz() / divisor) - 1) as usize;
    let silence = std::iter::repeat_n(0, silence);
    let mut input = silence.chain(samples.iter().copied());
    let mut source = || Some(input.next().unwrap_or(0));
    let mut skipped = [0; 1_024];
    while skip > 0 {
        let count = skip.min(skipped.len());
        resampler.process(&mut source, &mut skipped[..count]);
        skip -= count;
    }
    let mut out = vec![0; length as usize];
    resampler.process(source, &mut out);
    out
}

/// Rounds, and limits to what 16 bits hold.
fn to_sample(value: f32) -> i16 {
    // The conversion saturates.
    value.round() as i16
}

/// Filter length in samples of `from`.
fn taps(from: u32, to: u32) -> usize {
    let lower = from.min(to);
    let of_lower = ((lower as usize * REACH_MS).div_ceil(1_000)).clamp(FEWEST_TAPS, MOST_TAPS);
    (of_lower * from as usize)
        .div_ceil(lower as usize)
        .next_multiple_of(8)
}

/// Where the filter has fallen to one half, as a share of half the lower rate. Equal rates need no
/// filter, only the interpolation.
fn cutoff(from: u32, to: u32) -> f32 {
    if from == to { 1.0 } else { CUTOFF }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Output samples made at a time: a third of a millisecond at 48 kHz.
const PIECE: usize = 16;
/// Tabulated positions between two samples; linear interpolation between them leaves an error
/// below −90 dB.
const PHASES: usize = 256;
/// Length of the filter at the lower rate …
const REACH_MS: usize = 4;
/// … within these bounds.
const FEWEST_TAPS: usize = 32;
const MOST_TAPS: usize = 64;
/// Half a Blackman window's transition below half the lower rate, less a little: only what lies above
/// any telephone band may fold back.
const CUTOFF: f32 = 0.92;
const SLOWEST: f64 = 0.9;
const FASTEST: f64 = 1.1;
/// What a change of speed may leave over.
const SLACK: usize = 16;
const FRAMES_PER_SECOND: u32 = 100;
const LOOK_AHEAD: usize = 2;

#[cfg(test)]
mod tests;
