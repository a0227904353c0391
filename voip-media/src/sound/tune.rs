//! Music on hold: a tune of our own, so that no recording and nobody's rights are needed.

use std::fmt;

use super::oscillator::Oscillator;
use crate::SampleRate;

/// A tune of 32 s without a seam and without end, at 48 kHz and −14 dBFS at the loudest: what those
/// hear who wait.
///
/// ```
/// let mut tune = voip_media::Tune::new();
/// let mut second = vec![0; 48_000];
/// tune.fill(&mut second);
/// assert!(second.iter().any(|sample| *sample > 3_000));
/// ```
#[derive(Clone)]
pub struct Tune {
    /// The beat that is played, and how many of its samples have been.
    beat: usize,
    done: usize,
    /// Plucked in this beat, and in the one before.
    strings: [Option<PluckedString>; 2],
    /// What is left of a string's loudness a sample later.
    decay: f64,
}

impl Tune {
    /// Its notes in hertz, C, D, E, G and A, by which it can be recognised: no tone of a telephone
    /// network lies there.
    pub const NOTES: [f64; 5] = [523.0, 587.0, 659.0, 784.0, 880.0];

    /// From its beginning.
    pub fn new() -> Self {
        let decay = (-1.0 / (DECAY * f64::from(SampleRate::HZ_48000.hz()))).exp();
        let mut tune = Self {
            beat: 0,
            done: 0,
            strings: [None, None],
            decay,
        };
        tune.pluck();
        tune
    }

    /// Plays on.
    pub fn fill(&mut self, frame: &mut [i16]) {
        for sample in frame {
            if self.done == BEAT {
                self.beat = (self.beat + 1) % TUNE.len();
                self.done = 0;
                self.pluck();
            }
            self.done += 1;
            let decay = self.decay;
            let strings = self.strings.iter_mut().flatten();
            let sum: f64 = strings.map(|string| string.advance(decay)).sum();
            *sample = sum as i16;
        }
    }

    fn pluck(&mut self) {
        let note = TUNE[self.beat].checked_sub(1);
        let string = note.map(|note| PluckedString::new(Self::NOTES[usize::from(note)]));
        self.strings = [string, self.strings[0]];
    }
}

impl Default for Tune {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Tune {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tune").field("beat", &self.beat).finish()
    }
}

/// Rings for two beats.
#[derive(Clone, Copy)]
struct PluckedString {
    fundamental: Oscillator,
    octave: Oscillator,
    loudness: f64,
    rung: usize,
}

impl PluckedString {
    fn new(hertz: f64) -> Self {
        Self {
            fundamental: Oscillator::new(hertz, SampleRate::HZ_48000),
            octave: Oscillator::new(2.0 * hertz, SampleRate::HZ_48000),
            loudness: PEAK,
            rung: 0,
        }
    }

    fn advance(&mut self, decay: f64) -> f64 {
        let rises = (self.rung as f64 / ATTACK).min(1.0);
        let ends = 1.0 - self.rung as f64 / (2 * BEAT) as f64;
        let tone = self.fundamental.advance() + 0.12 * self.octave.advance();
        let sample = tone * rises * ends * self.loudness;
        self.loudness *= decay;
        self.rung += 1;
        sample
    }
}

/// Sixteen bars of four beats: notes of the scale, counted from 1; 0 is none.
#[rustfmt::skip]
const TUNE: [u8; 64] = [
    3, 4, 5, 4,  3, 1, 2, 0,  2, 3, 4, 3,  2, 1, 3, 0,
    4, 5, 4, 3,  4, 3, 2, 0,  1, 2, 3, 2,  1, 3, 1, 0,
    5, 4, 3, 4,  5, 3, 4, 0,  4, 3, 2, 3,  4, 2, 3, 0,
    3, 4, 5, 4,  3, 2, 1, 0,  2, 3, 2, 1,  2, 3, 1, 0,
];

/// Samples of a beat: 120 a minute.
const BEAT: usize = 24_000;
/// Samples until a string is at its loudest: 10 ms.
const ATTACK: f64 = 480.0;
/// Seconds until it has fallen by 8.7 dB.
const DECAY: f64 = 0.22;
/// Of a sample; with what still rings from before, −14 dBFS.
const PEAK: f64 = 5_500.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_never_too_loud_never_long_silent_and_has_no_seam() {
        let mut tune = Tune::new();
        let mut sound = vec![0; TUNE.len() * BEAT + 1];
        tune.fill(&mut sound);
        let peak = sound.iter().map(|sample| sample.unsigned_abs()).max();
        assert!((4_000..9_000).contains(&peak.unwrap()), "{peak:?}");
        let silent = |second: &[i16]| second.iter().all(|sample| sample.unsigned_abs() < 300);
        assert!(!sound.chunks_exact(48_000).any(silent));
        let step = sound.windows(2).map(|pair| pair[0].abs_diff(pair[1])).max();
        assert!(step.unwrap() < 1_000, "{step:?}");
        let mut again = vec![0; BEAT];
        tune.fill(&mut again);
        assert_eq!(again[..BEAT - 1], sound[1..BEAT], "it repeats");
    }

    #[test]
    fn each_beat_is_its_note() {
        let mut tune = Tune::new();
        let mut beat = vec![0; BEAT];
        for (number, note) in TUNE.iter().enumerate() {
            tune.fill(&mut beat);
            let energy = |hertz: f64| {
                let mut oscillator = Oscillator::new(hertz, SampleRate::HZ_48000);
                let product = |sample: &i16| f64::from(*sample) * oscillator.advance();
                beat.iter().map(product).sum::<f64>().abs()
            };
            let loudest =
                (0..5).max_by(|a, b| energy(Tune::NOTES[*a]).total_cmp(&energy(Tune::NOTES[*b])));
            if let Some(note) = note.checked_sub(1) {
                assert_eq!(loudest, Some(usize::from(note)), "beat {number}");
            }
        }
    }
}
