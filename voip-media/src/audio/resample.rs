//! Conversion between sample rates: a windowed sinc, interpolated between tabulated phases.

/// Converts one channel from one rate to another; the speed may be trimmed while it runs.
///
/// Delays by 24 periods of the lower rate. Never allocates after `new`.
pub(super) struct Resampler {
    /// `PHASES + 1` rows of `taps` weights: row `p` is the filter for a position `p / PHASES`
    /// between two input samples.
    table: Vec<f32>,
    taps: usize,
    /// The last `taps` input samples twice in a row, so that they always lie together.
    history: Vec<f32>,
    newest: usize,
    /// Where the next output lies behind the filter's centre, in input samples.
    position: f64,
    /// Input samples for each output sample, at normal speed.
    ratio: f64,
    speed: f64,
}

impl Resampler {
    /// From `from` to `to` hertz.
    pub(super) fn new(from: u32, to: u32) -> Self {
        let ratio = f64::from(from) / f64::from(to);
        let half = (HALF_WIDTH as f64 * ratio.max(1.0)).ceil() as usize;
        let taps = 2 * half;
        // Equal rates need no filter: then position 0 is the sample itself.
        let cutoff = match ratio {
            1.0 => 1.0,
            _ => PASS_BAND * ratio.recip().min(1.0),
        };
        Self {
            table: filter_table(half, cutoff),
            taps,
            history: vec![0.0; 2 * taps],
            newest: 0,
            position: 0.0,
            ratio,
            speed: 1.0,
        }
    }

    /// Plays faster (above 1) or slower (below 1).
    #[cfg(any(test, feature = "device"))]
    pub(super) fn set_speed(&mut self, speed: f64) {
        self.speed = speed;
    }

    /// How many output samples at least `input` more input samples make.
    #[cfg(any(test, feature = "device"))]
    pub(super) fn output_of(&self, input: usize) -> usize {
        // Each output moves the position on; the input must keep up with it.
        let reach = input as f64 + 1.0 - self.position;
        (reach / self.step()).floor().max(0.0) as usize
    }

    /// Fills `out` as far as `source` lasts; gives the number of output samples.
    pub(super) fn process(
        &mut self,
        mut source: impl FnMut() -> Option<i16>,
        out: &mut [i16],
    ) -> usize {
        let step = self.step();
        for (count, sample) in out.iter_mut().enumerate() {
            while self.position >= 1.0 {
                let Some(input) = source() else {
                    return count;
                };
                self.push(input);
                self.position -= 1.0;
            }
            *sample = self.interpolate();
            self.position += step;
        }
        out.len()
    }

    fn step(&self) -> f64 {
        self.ratio * self.speed
    }

    fn push(&mut self, input: i16) {
        self.newest = (self.newest + 1) % self.taps;
        self.history[self.newest] = f32::from(input);
        self.history[self.newest + self.taps] = f32::from(input);
    }

    fn interpolate(&self) -> i16 {
        let phase = self.position * PHASES as f64;
        let lower = phase as usize;
        let between = (phase - lower as f64) as f32;
        let oldest = self.newest + 1;
        let samples = &self.history[oldest..oldest + self.taps];
        let rows = &self.table[lower * self.taps..(lower + 2) * self.taps];
        let (lower, upper) = rows.split_at(self.taps);
        let (mut a, mut b) = (0.0, 0.0);
        for ((sample, lower), upper) in samples.iter().zip(lower).zip(upper) {
            a += sample * lower;
            b += sample * upper;
        }
        (a + (b - a) * between).round() as i16
    }
}

/// All of `samples` from one rate to another, without the filter's delay.
pub(super) fn resample_all(samples: &[i16], from: u32, to: u32) -> Vec<i16> {
    if from == to {
        return samples.to_vec();
    }
    let mut resampler = Resampler::new(from, to);
    let length = (samples.len() as u64 * u64::from(to)).div_ceil(u64::from(from)) as usize;
    let mut rest = samples.iter().copied();
    let mut source = || Some(rest.next().unwrap_or(0));
    for _ in 0..=resampler.taps / 2 {
        resampler.push(source().unwrap_or(0));
    }
    let mut out = vec![0; length];
    resampler.process(source, &mut out);
    out
}

/// The filters for all positions between two samples: a sinc at `cutoff` (of half the input
/// rate), Kaiser-windowed, each with a gain of 1 at 0 Hz.
fn filter_table(half: usize, cutoff: f64) -> Vec<f32> {
    let mut table = Vec::with_capacity((PHASES + 1) * 2 * half);
    for phase in 0..=PHASES {
        let offset = phase as f64 / PHASES as f64;
        // Tap 0 meets the oldest sample, tap `half − 1` the one at the centre.
        let weights = (0..2 * half).map(|tap| {
            let x = tap as f64 - (half as f64 - 1.0) - offset;
            cutoff * sinc(cutoff * x) * kaiser(x / half as f64)
        });
        let weights: Vec<f64> = weights.collect();
        let gain: f64 = weights.iter().sum();
        table.extend(weights.iter().map(|weight| (weight / gain) as f32));
    }
    table
}

fn sinc(x: f64) -> f64 {
    let x = x * std::f64::consts::PI;
    if x.abs() < 1e-9 { 1.0 } else { x.sin() / x }
}

fn kaiser(x: f64) -> f64 {
    if x.abs() >= 1.0 {
        return 0.0;
    }
    bessel_i0(KAISER_BETA * (1.0 - x * x).sqrt()) / bessel_i0(KAISER_BETA)
}

/// The modified Bessel function of order zero, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 1..40 {
        term *= quarter / f64::from(k * k);
        sum += term;
    }
    sum
}

/// Tabulated positions between two samples; linear interpolation between them leaves an error
/// below −90 dB.
const PHASES: usize = 256;
/// Periods of the lower rate on each side of the filter's centre.
const HALF_WIDTH: usize = 24;
/// Where the filter begins to fall, as a share of half the lower rate.
const PASS_BAND: f64 = 0.93;
/// About 85 dB of stop-band attenuation (Kaiser's formula β = 0.1102 (A − 8.7)).
const KAISER_BETA: f64 = 8.4;

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f64, rate: u32, samples: usize) -> Vec<i16> {
        let step = hertz * std::f64::consts::TAU / f64::from(rate);
        (0..samples)
            .map(|n| ((n as f64 * step).sin() * 10_000.0).round() as i16)
            .collect()
    }

    /// The worst difference, away from the ends.
    fn worst(a: &[i16], b: &[i16]) -> u16 {
        let middle = a.len() / 10..a.len() * 9 / 10;
        a[middle.clone()]
            .iter()
            .zip(&b[middle])
            .map(|(a, b)| a.abs_diff(*b))
            .max()
            .unwrap()
    }

    #[test]
    fn tones_keep_pitch_loudness_and_place() {
        for rate in [
            8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 44_099, 96_000, 192_000,
        ] {
            let seconds = 0.3;
            let samples = (f64::from(rate) * seconds) as usize;
            let converted = resample_all(&tone(1_000.0, rate, samples), rate, 48_000);
            let expected = tone(1_000.0, 48_000, converted.len());
            assert!(converted.len().abs_diff(14_400) <= 6, "{rate} Hz");
            let worst = worst(&converted, &expected);
            assert!(worst <= 12, "{rate} Hz: off by {worst} of 10,000");
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_hold_is_filtered_out() {
        let converted = resample_all(&tone(30_000.0, 96_000, 9_600), 96_000, 48_000);
        let middle = &converted[480..4_000];
        assert!(middle.iter().all(|sample| sample.abs() < 10));
    }

    #[test]
    fn equal_rates_change_nothing() {
        let pcm = tone(440.0, 48_000, 960);
        let mut resampler = Resampler::new(48_000, 48_000);
        let mut source = pcm.iter().copied();
        let mut out = vec![0; 960];
        assert_eq!(resampler.process(|| source.next(), &mut out), 960);
        // The first output comes before any input; the rest is late by the filter's half.
        assert_eq!(out[HALF_WIDTH + 1..], pcm[..960 - HALF_WIDTH - 1]);
    }

    #[test]
    fn pieces_sound_like_the_whole() {
        let pcm = tone(700.0, 16_000, 3_200);
        let whole = {
            let mut source = pcm.iter().copied();
            let mut out = vec![0; 9_600];
            Resampler::new(16_000, 48_000).process(|| source.next(), &mut out);
            out
        };
        let mut resampler = Resampler::new(16_000, 48_000);
        let mut source = pcm.iter().copied();
        let mut pieces = Vec::new();
        while pieces.len() < whole.len() {
            let mut piece = vec![0; 77.min(whole.len() - pieces.len())];
            let count = resampler.process(|| source.next(), &mut piece);
            pieces.extend_from_slice(&piece[..count]);
            if count < piece.len() {
                break;
            }
        }
        assert_eq!(pieces[..], whole[..pieces.len()]);
    }

    #[test]
    fn the_promised_output_is_there() {
        for (from, to) in [
            (44_100, 48_000),
            (8_000, 48_000),
            (96_000, 48_000),
            (48_000, 44_100),
        ] {
            let mut resampler = Resampler::new(from, to);
            for input in [0, 1, 7, 441, 480, 1_000] {
                let promised = resampler.output_of(input);
                let mut left = input;
                let mut out = vec![0; promised];
                let got = resampler.process(
                    || {
                        left = left.checked_sub(1)?;
                        Some(0)
                    },
                    &mut out,
                );
                assert_eq!(got, promised, "{from} to {to}, {input} samples");
                assert!(left as f64 <= f64::from(from) / f64::from(to) + 1.0);
            }
        }
    }

    #[test]
    fn speed_uses_up_input_faster() {
        let mut resampler = Resampler::new(48_000, 48_000);
        resampler.set_speed(1.01);
        let mut used = 0;
        let source = || {
            used += 1;
            Some(0)
        };
        resampler.process(source, &mut [0; 4_800]);
        assert!((4_845..=4_850).contains(&used), "{used}");
    }

    #[test]
    fn full_scale_never_wraps() {
        let square: Vec<i16> = (0..4_000)
            .map(|n| if n / 40 % 2 == 0 { i16::MAX } else { i16::MIN })
            .collect();
        let converted = resample_all(&square, 16_000, 48_000);
        // A wrapped overshoot would show as the wrong sign amid a half-wave.
        for (n, sample) in converted.iter().enumerate().skip(240).take(11_000) {
            if (30..90).contains(&(n % 120)) {
                assert_eq!(n / 120 % 2 == 0, *sample > 0, "sample {n}");
            }
        }
    }
}
