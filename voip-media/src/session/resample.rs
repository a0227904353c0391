//! Between 48 kHz, the rate of all streams, and the 8 kHz of G.711: a factor of six, a low-pass
//! at 3.6 kHz.

use std::f32::consts::PI;

/// From 8 to 48 kHz. Delays by 1 ms.
pub(crate) struct Upsampler {
    taps: [f32; TAPS],
    history: [f32; PHASE_TAPS],
}

impl Upsampler {
    pub(crate) fn new() -> Self {
        Self {
            taps: low_pass(FACTOR as f32),
            history: [0.0; PHASE_TAPS],
        }
    }

    /// Fills `output`, which is six times as long as `input`.
    pub(crate) fn process(&mut self, input: &[i16], output: &mut [i16]) {
        for (sample, group) in input.iter().zip(output.chunks_exact_mut(FACTOR)) {
            self.history.rotate_right(1);
            self.history[0] = f32::from(*sample);
            for (phase, output) in group.iter_mut().enumerate() {
                let taps = self.taps[phase..].iter().step_by(FACTOR);
                let sum: f32 = taps.zip(&self.history).map(|(tap, past)| tap * past).sum();
                *output = to_sample(sum);
            }
        }
    }
}

/// From 48 to 8 kHz. Delays by 1 ms.
pub(crate) struct Downsampler {
    taps: [f32; TAPS],
    /// The past, and room for a frame of 10 ms.
    line: [f32; TAPS + FRAME],
}

impl Downsampler {
    pub(crate) fn new() -> Self {
        Self {
            taps: low_pass(1.0),
            line: [0.0; TAPS + FRAME],
        }
    }

    /// Fills `output` from `input`, which is six times as long and at most 10 ms.
    pub(crate) fn process(&mut self, input: &[i16], output: &mut [i16]) {
        let length = input.len().min(FRAME);
        for (place, sample) in self.line[TAPS..].iter_mut().zip(input) {
            *place = f32::from(*sample);
        }
        for (index, output) in output.iter_mut().enumerate().take(length / FACTOR) {
            let end = TAPS + (index + 1) * FACTOR;
            let past = self.line[end - TAPS..end].iter().rev();
            let sum: f32 = self
                .taps
                .iter()
                .zip(past)
                .map(|(tap, past)| tap * past)
                .sum();
            *output = to_sample(sum);
        }
        self.line.copy_within(length..length + TAPS, 0);
    }
}

fn to_sample(value: f32) -> i16 {
    value
        .round()
        .clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16
}

/// A Hann-windowed sinc.
fn low_pass(gain: f32) -> [f32; TAPS] {
    let mut taps = [0.0; TAPS];
    let middle = (TAPS - 1) as f32 / 2.0;
    let cutoff = 2.0 * CUTOFF / RATE;
    for (index, tap) in taps.iter_mut().enumerate() {
        let at = index as f32 - middle;
        let window = 0.5 - 0.5 * (2.0 * PI * (index as f32 + 0.5) / TAPS as f32).cos();
        *tap = (PI * cutoff * at).sin() / (PI * at) * window;
    }
    let sum: f32 = taps.iter().sum();
    taps.map(|tap| tap * gain / sum)
}

/// 48 kHz over 8 kHz.
pub(crate) const FACTOR: usize = 6;
const PHASE_TAPS: usize = 16;
const TAPS: usize = FACTOR * PHASE_TAPS;
/// 10 ms at 48 kHz.
const FRAME: usize = 480;
const RATE: f32 = 48_000.0;
/// Hertz; telephone speech ends at 3,400.
const CUTOFF: f32 = 3_600.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: f32, hertz: f32, length: usize) -> Vec<i16> {
        let sample = |index| (2.0 * PI * hertz * index as f32 / rate).sin() * 10_000.0;
        (0..length).map(|index| sample(index) as i16).collect()
    }

    fn loudness(samples: &[i16]) -> f32 {
        let sum: f32 = samples
            .iter()
            .map(|sample| f32::from(*sample).powi(2))
            .sum();
        (sum / samples.len() as f32).sqrt()
    }

    fn down(input: &[i16]) -> Vec<i16> {
        let mut filter = Downsampler::new();
        let mut output = vec![0; input.len() / FACTOR];
        for (input, output) in input.chunks(480).zip(output.chunks_mut(80)) {
            filter.process(input, output);
        }
        output
    }

    #[test]
    fn a_speech_tone_keeps_its_loudness_both_ways() {
        let narrow = down(&tone(RATE, 1_000.0, 4_800));
        assert!((loudness(&narrow[100..]) / 7_071.0 - 1.0).abs() < 0.02);
        let mut wide = vec![0; narrow.len() * FACTOR];
        Upsampler::new().process(&narrow, &mut wide);
        assert!((loudness(&wide[1_000..]) / 7_071.0 - 1.0).abs() < 0.02);
    }

    #[test]
    fn what_would_alias_is_taken_away() {
        let narrow = down(&tone(RATE, 5_500.0, 4_800));
        assert!(
            loudness(&narrow[100..]) < 150.0,
            "{}",
            loudness(&narrow[100..])
        );
    }

    #[test]
    fn full_scale_is_clipped_not_wrapped() {
        let mut wide = vec![0; 600];
        Upsampler::new().process(&[i16::MAX; 100], &mut wide);
        assert!(wide[200..].iter().all(|sample| *sample > 30_000));
    }
}
