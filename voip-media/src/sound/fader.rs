//! Gains, and changes of gain that can't be heard as clicks.

use crate::SampleRate;

/// How much louder or softer: a factor, 0 to 10 (silence to +20 dB).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Gain(f32);

impl Gain {
    /// Nothing comes through.
    pub const SILENT: Self = Self(0.0);
    /// Unchanged.
    pub const UNITY: Self = Self(1.0);

    /// From decibels; limited to +20. Minus infinity, and what is no number, is silence.
    pub fn from_db(decibels: f32) -> Self {
        if decibels.is_nan() {
            return Self::SILENT;
        }
        Self(10.0_f32.powf(decibels / 20.0).min(LOUDEST))
    }

    /// The factor for a sample.
    pub const fn factor(self) -> f32 {
        self.0
    }
}

/// A gain that moves to a new value within 8 ms, along a smooth curve: mute, hold and volume without
/// clicks.
///
/// ```
/// use voip_media::{Fader, Gain, SampleRate};
///
/// let mut fader = Fader::new(SampleRate::HZ_48000, Gain::UNITY);
/// fader.fade_to(Gain::SILENT);
/// let mut frame = [1_000; 480];
/// fader.apply(&mut frame);
/// assert!(frame[1] > 990);
/// assert_eq!(frame[400], 0);
/// assert!(fader.is_silent());
/// ```
#[derive(Debug, Clone)]
pub struct Fader {
    from: f32,
    to: f32,
    /// Samples of a whole fade, and how many are left.
    length: u32,
    left: u32,
}

impl Fader {
    /// Stands at `gain`.
    pub fn new(rate: SampleRate, gain: Gain) -> Self {
        Self {
            from: gain.0,
            to: gain.0,
            length: rate.hz() * FADE_MS / 1_000,
            left: 0,
        }
    }

    /// Begins to move to `gain`, from wherever it stands.
    pub fn fade_to(&mut self, gain: Gain) {
        if gain.0 != self.to {
            self.from = self.current();
            self.to = gain.0;
            self.left = self.length;
        }
    }

    /// Whether nothing comes through, now and until it is told otherwise.
    pub fn is_silent(&self) -> bool {
        self.left == 0 && self.to == 0.0
    }

    /// Whether it changes nothing.
    pub fn is_open(&self) -> bool {
        self.left == 0 && self.to == 1.0
    }

    /// Fades a frame.
    pub fn apply(&mut self, frame: &mut [i16]) {
        if self.is_open() {
            return;
        }
        for sample in frame {
            *sample = (f32::from(*sample) * self.advance()).round() as i16;
        }
    }

    /// The factor for the next sample.
    pub(crate) fn advance(&mut self) -> f32 {
        self.left = self.left.saturating_sub(1);
        self.current()
    }

    fn current(&self) -> f32 {
        if self.left == 0 {
            return self.to;
        }
        let done = 1.0 - self.left as f32 / self.length as f32;
        // Level at both ends, so that no corner can be heard.
        let share = done * done * (3.0 - 2.0 * done);
        self.from + (self.to - self.from) * share
    }
}

/// +20 dB.
const LOUDEST: f32 = 10.0;
/// Milliseconds; shorter ones are heard as a click, longer ones as a delay.
const FADE_MS: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    const HZ_48000: SampleRate = SampleRate::HZ_48000;

    fn tone(samples: usize) -> Vec<i16> {
        let step = std::f32::consts::TAU * 1_000.0 / 48_000.0;
        (0..samples)
            .map(|n| ((n as f32 * step).sin() * 20_000.0) as i16)
            .collect()
    }

    fn largest_step(samples: &[i16]) -> u16 {
        let steps = samples.windows(2).map(|pair| pair[0].abs_diff(pair[1]));
        steps.max().unwrap()
    }

    #[test]
    fn muting_and_unmuting_at_any_time_makes_no_step() {
        let natural = largest_step(&tone(960));
        for at in (0..480).step_by(7) {
            let mut pcm = tone(1_440);
            let mut fader = Fader::new(HZ_48000, Gain::UNITY);
            let (before, rest) = pcm.split_at_mut(at);
            let (during, after) = rest.split_at_mut(480);
            fader.apply(before);
            fader.fade_to(Gain::SILENT);
            fader.apply(during);
            fader.fade_to(Gain::UNITY);
            fader.apply(after);
            // The fade itself moves a full tone by 1.5 / 384 of it a sample at most.
            assert!(largest_step(&pcm) <= natural + 80, "muted at sample {at}");
        }
    }

    #[test]
    fn a_hard_cut_would_have_been_a_step() {
        let mut pcm = tone(960);
        pcm[492..].fill(0);
        assert!(largest_step(&pcm) > 10_000, "the measure sees a click");
    }

    #[test]
    fn a_change_of_mind_in_the_middle_makes_no_step_either() {
        let mut fader = Fader::new(HZ_48000, Gain::UNITY);
        let mut pcm = [20_000; 600];
        for (n, piece) in pcm.chunks_mut(100).enumerate() {
            fader.fade_to(if n % 2 == 0 {
                Gain::SILENT
            } else {
                Gain::UNITY
            });
            fader.apply(piece);
        }
        assert!(largest_step(&pcm) <= 80);
    }

    #[test]
    fn a_fade_takes_eight_milliseconds_at_any_rate() {
        for (rate, samples) in [(SampleRate::HZ_8000, 64), (HZ_48000, 384)] {
            let mut fader = Fader::new(rate, Gain::UNITY);
            fader.fade_to(Gain::SILENT);
            fader.apply(&mut vec![1; samples - 1]);
            assert!(!fader.is_silent());
            fader.apply(&mut [1]);
            assert!(fader.is_silent());
        }
    }

    #[test]
    fn unity_leaves_every_sample_alone() {
        let mut pcm = tone(480);
        Fader::new(HZ_48000, Gain::UNITY).apply(&mut pcm);
        assert_eq!(pcm, tone(480));
    }

    #[test]
    fn gains_are_limited_and_never_wrap() {
        assert_eq!(Gain::from_db(0.0), Gain::UNITY);
        assert_eq!(Gain::from_db(f32::NEG_INFINITY), Gain::SILENT);
        assert_eq!(Gain::from_db(f32::NAN), Gain::SILENT);
        assert_eq!(Gain::from_db(200.0).factor(), LOUDEST);
        assert!((Gain::from_db(-6.0).factor() - 0.501).abs() < 0.001);
        let mut pcm = [i16::MAX, i16::MIN];
        Fader::new(HZ_48000, Gain::from_db(20.0)).apply(&mut pcm);
        assert_eq!(pcm, [i16::MAX, i16::MIN]);
    }
}
