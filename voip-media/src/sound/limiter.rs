//! Brings a sum of many voices back into 16 bits.

use crate::SampleRate;

/// Turns the sound down while it would be too loud: nothing is clipped, and what is soft enough isn't
/// touched at all.
///
/// Looks 1 ms ahead, which is its delay. The gain falls along a line within that millisecond and recovers by
/// 20 dB a second, slowly enough not to bend the wave of a voice.
#[derive(Debug, Clone)]
pub struct Limiter {
    /// The last millisecond, to come out next.
    held: Vec<i32>,
    /// The gain that its loudest sample allows.
    allowed: f32,
    /// The gain at its beginning.
    gain: f32,
}

impl Limiter {
    /// For sound of this rate, a multiple of 1 kHz, or there is none.
    pub fn new(rate: SampleRate) -> Option<Self> {
        let whole = rate.hz().is_multiple_of(1_000);
        whole.then(|| Self {
            held: vec![0; rate.hz() as usize / 1_000],
            allowed: 1.0,
            gain: 1.0,
        })
    }

    /// Limits whole milliseconds, as long as both sides last. The output is 1 ms late and never
    /// above 29,204 (−1 dBFS).
    pub fn process(&mut self, input: &[i32], output: &mut [i16]) {
        let length = self.held.len();
        for (input, output) in input
            .chunks_exact(length)
            .zip(output.chunks_exact_mut(length))
        {
            self.step(input, output);
        }
    }

    /// Forgets the past.
    pub fn clear(&mut self) {
        self.held.fill(0);
        (self.allowed, self.gain) = (1.0, 1.0);
    }

    fn step(&mut self, input: &[i32], output: &mut [i16]) {
        let allowed = allowed(input);
        let recovered = (self.gain * RECOVERY).min(1.0);
        let end = recovered.min(self.allowed).min(allowed);
        if self.gain == 1.0 && end == 1.0 {
            for (output, held) in output.iter_mut().zip(&self.held) {
                *output = *held as i16;
            }
        } else {
            self.ramp(end, output);
        }
        self.held.copy_from_slice(input);
        self.allowed = allowed;
        self.gain = end;
    }

    /// Neither end of the line is above what the loudest sample allows, and so nothing between is.
    fn ramp(&self, end: f32, output: &mut [i16]) {
        let slope = (end - self.gain) / self.held.len() as f32;
        for (n, (output, held)) in output.iter_mut().zip(&self.held).enumerate() {
            let gain = self.gain + slope * n as f32;
            *output = (*held as f32 * gain).round() as i16;
        }
    }
}

fn allowed(samples: &[i32]) -> f32 {
    let mut loudest = 0;
    for sample in samples {
        loudest = loudest.max(sample.unsigned_abs());
    }
    (CEILING / loudest.max(1) as f32).min(1.0)
}

/// −1 dBFS: room for what a decoder or a converter behind us adds.
const CEILING: f32 = 29_204.0;
/// 0.02 dB for a millisecond.
const RECOVERY: f32 = 1.002_305;

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    fn limiter() -> Limiter {
        Limiter::new(SampleRate::HZ_48000).unwrap()
    }

    fn tone(hertz: f64, amplitude: f64, samples: usize) -> Vec<i32> {
        (0..samples)
            .map(|n| ((n as f64 * TAU * hertz / 48_000.0).sin() * amplitude) as i32)
            .collect()
    }

    fn limited(input: &[i32]) -> Vec<i16> {
        let mut limiter = limiter();
        let mut output = vec![0; input.len()];
        for (input, output) in input.chunks(480).zip(output.chunks_mut(480)) {
            limiter.process(input, output);
        }
        output
    }

    /// What isn't the tone, in decibels below it.
    fn distortion(samples: &[i16], hertz: f64) -> f64 {
        let (mut sine, mut cosine, mut power) = (0.0, 0.0, 0.0);
        for (n, sample) in samples.iter().enumerate() {
            let (s, c) = (n as f64 * TAU * hertz / 48_000.0).sin_cos();
            let x = f64::from(*sample);
            (sine, cosine, power) = (sine + x * s, cosine + x * c, power + x * x);
        }
        let tone = (sine * sine + cosine * cosine) * 2.0 / samples.len() as f64;
        10.0 * ((power - tone) / tone).log10()
    }

    #[test]
    fn what_is_soft_enough_comes_out_as_it_went_in() {
        let input = tone(300.0, 29_000.0, 48_000);
        let output = limited(&input);
        for (n, sample) in output[48..].iter().enumerate() {
            assert_eq!(i32::from(*sample), input[n]);
        }
    }

    #[test]
    fn nothing_overshoots_however_loud_and_sudden() {
        let mut input = vec![0; 4_800];
        for (n, sample) in input.iter_mut().enumerate() {
            // Bursts from silence to 16 voices at full scale, and single clicks.
            *sample = match n % 960 {
                100..300 => 16 * 32_767 * if n % 2 == 0 { 1 } else { -1 },
                700 => -2_000_000,
                _ => 1_000,
            };
        }
        input[4_000] = i32::MIN;
        input[4_001] = i32::MAX;
        let output = limited(&input);
        let loudest = output.iter().map(|sample| sample.unsigned_abs()).max();
        assert!(loudest.unwrap() <= 29_204, "{loudest:?}");
        assert!(loudest.unwrap() > 28_000);
    }

    #[test]
    fn a_loud_tone_stays_clean() {
        for (hertz, bar) in [
            (100.0, -50.0),
            (200.0, -60.0),
            (440.0, -60.0),
            (1_000.0, -60.0),
            (3_400.0, -60.0),
        ] {
            let output = limited(&tone(hertz, 60_000.0, 96_000));
            let distortion = distortion(&output[48_000..], hertz);
            println!("{hertz} Hz: {distortion:.1} dB");
            assert!(distortion < bar, "{hertz} Hz: {distortion:.1} dB");
        }
    }

    #[test]
    fn the_gain_comes_back_within_half_a_second_and_without_steps() {
        let mut input = tone(500.0, 50_000.0, 4_800);
        input.extend(tone(500.0, 10_000.0, 48_000));
        let output = limited(&input);
        let loudest = |from: usize| output[from..from + 480].iter().max().copied().unwrap();
        assert!(loudest(4_800 + 960) < 7_000, "held down at first");
        assert!(
            loudest(4_800 + 24_000) >= 9_900,
            "as before after half a second"
        );
        // From frame to frame at most 0.2 dB: no pumping.
        for n in (4_800 + 960..40_000).step_by(480) {
            assert!(f64::from(loudest(n + 480)) < f64::from(loudest(n)) * 1.025);
        }
    }

    #[test]
    fn two_people_talking_at_once_are_not_pumped() {
        let speech = |name: &str| {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/demo/speech/");
            let mut file = hound::WavReader::open(format!("{folder}{name}")).unwrap();
            let samples = file.samples::<i16>();
            samples.map(|s| i32::from(s.unwrap())).collect::<Vec<_>>()
        };
        // Either reader's loudest sample is at −6 dB: 4.4 dB louder they are close to the edge.
        let (a, b) = (speech("a.wav"), speech("b.wav"));
        let sum: Vec<i32> = a.iter().zip(&b).map(|(a, b)| (a + b) * 5 / 3).collect();
        let mut limiter = Limiter::new(SampleRate::HZ_16000).unwrap();
        let mut lowest: f32 = 1.0;
        let mut touched = 0;
        for frame in sum.chunks_exact(160) {
            limiter.process(frame, &mut [0; 160]);
            lowest = lowest.min(limiter.gain);
            touched += usize::from(limiter.gain < 1.0);
        }
        println!(
            "gain down to {lowest:.3}, in {touched} of {} frames",
            sum.len() / 160
        );
        assert!(lowest > 0.794, "by less than 2 dB: {lowest}");
        assert!(touched * 10 < sum.len() / 160, "in {touched} frames");
    }

    #[test]
    fn only_whole_milliseconds_can_be_limited() {
        assert!(Limiter::new(SampleRate::HZ_44100).is_none());
        let mut output = [7; 100];
        limiter().process(&[0; 100], &mut output);
        assert_eq!(output[96..], [7; 4]);
    }
}
