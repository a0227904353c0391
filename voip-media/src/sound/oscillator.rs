use std::f64::consts::TAU;

use crate::SampleRate;

/// A sine wave, sample by sample, by turning a pointer: no trigonometry while it runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Oscillator {
    cosine: f64,
    sine: f64,
    /// The turn of a sample.
    turn: (f64, f64),
}

impl Oscillator {
    /// Begins at zero. 0 Hz is silence.
    pub(super) fn new(hertz: f64, rate: SampleRate) -> Self {
        let (sine, cosine) = (TAU * hertz / f64::from(rate.hz())).sin_cos();
        Self {
            cosine: 1.0,
            sine: 0.0,
            turn: (cosine, sine),
        }
    }

    /// −1.0 to 1.0.
    pub(super) fn advance(&mut self) -> f64 {
        let now = self.sine;
        let (cosine, sine) = self.turn;
        (self.cosine, self.sine) = (
            self.cosine * cosine - self.sine * sine,
            self.sine * cosine + self.cosine * sine,
        );
        now
    }
}

/// The amplitude of a sine of a level as telephony counts it: 0 dBm0 is 3.14 dB below the loudest
/// sine that A-law can carry (ITU-T G.711).
pub(super) fn amplitude(dbm0: f64) -> f64 {
    32_768.0 * 10.0_f64.powf((dbm0 - LOUDEST_SINE_DBM0) / 20.0)
}

#[expect(clippy::approx_constant, reason = "a level, not π")]
const LOUDEST_SINE_DBM0: f64 = 3.14;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_oscillator_keeps_pitch_and_strength_for_hours() {
        let mut oscillator = Oscillator::new(425.0, SampleRate::HZ_8000);
        // 425 Hz repeat every 320 samples at 8 kHz.
        for _ in 0..90_000 {
            for _ in 0..320 {
                oscillator.advance();
            }
        }
        let strength = oscillator.sine.hypot(oscillator.cosine);
        assert!((strength - 1.0).abs() < 1e-6, "after an hour: {strength}");
        assert!(
            oscillator.sine.abs() < 1e-6,
            "in phase: {}",
            oscillator.sine
        );
    }

    #[test]
    fn zero_hertz_is_silence() {
        let mut oscillator = Oscillator::new(0.0, SampleRate::HZ_48000);
        assert!((0..100).all(|_| oscillator.advance() == 0.0));
    }

    #[test]
    fn the_loudest_sine_is_3_14_dbm0() {
        assert_eq!(amplitude(LOUDEST_SINE_DBM0), 32_768.0);
        assert!((amplitude(0.0) / 32_768.0 - 0.697).abs() < 0.001);
    }
}
