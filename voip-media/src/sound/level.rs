//! How loud sound is.

use crate::SampleRate;

/// A level in decibels below overload, −127 to 0: dBov, as RFC 6464 counts.
///
/// For a mean (RMS), overload is a square wave of full scale, so that the loudest sine is at −3.01.
/// For a peak, it is a sample of full scale, also called 0 dBFS.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Level(f32);

impl Level {
    /// No sound at all.
    pub const SILENCE: Self = Self(-127.0);

    /// The mean level of `samples` (their RMS): what RFC 6464 puts into a packet.
    pub fn mean_of(samples: &[i16]) -> Self {
        Self::of_amplitude(rms(samples))
    }

    /// The level of the largest sample.
    pub fn peak_of(samples: &[i16]) -> Self {
        Self::of_amplitude(peak(samples))
    }

    fn of_amplitude(amplitude: f32) -> Self {
        let decibels = 20.0 * (amplitude / FULL_SCALE).log10();
        Self(decibels.clamp(Self::SILENCE.0, 0.0))
    }

    /// Decibels, −127.0 to 0.0.
    pub const fn db(self) -> f32 {
        self.0
    }

    /// The level field of the RTP header extension (RFC 6464 §3): 0 (overload) to 127 (silence).
    pub fn header_value(self) -> u8 {
        (-self.0).round() as u8
    }

    /// From the level field of the RTP header extension; only its seven lower bits count.
    pub fn from_header_value(value: u8) -> Self {
        Self(-f32::from(value & 0x7F))
    }
}

/// Shows how loud a stream is, as an eye can follow it: rises at once, falls by 20 dB in 1.7 s.
///
/// ```
/// use voip_media::{LevelMeter, SampleRate};
///
/// let mut meter = LevelMeter::new(SampleRate::HZ_48000);
/// meter.measure(&[16_384; 480]);
/// assert!((meter.peak().db() + 6.0).abs() < 0.1);
/// meter.measure(&[0; 48_000]);
/// assert!((meter.peak().db() + 17.8).abs() < 0.1);
/// ```
#[derive(Debug, Clone)]
pub struct LevelMeter {
    /// Decibels for a sample.
    fall: f32,
    peak: Level,
    mean: Level,
}

impl LevelMeter {
    /// Shows silence.
    pub fn new(rate: SampleRate) -> Self {
        Self {
            fall: FALL / rate.hz() as f32,
            peak: Level::SILENCE,
            mean: Level::SILENCE,
        }
    }

    /// Takes a frame; 10 or 20 ms suit the mean.
    pub fn measure(&mut self, frame: &[i16]) {
        let fall = self.fall * frame.len() as f32;
        let follow = |shown: Level, now: Level| Level((shown.0 - fall).max(now.0));
        self.peak = follow(self.peak, Level::peak_of(frame));
        self.mean = follow(self.mean, Level::mean_of(frame));
    }

    /// The highest samples of late, in dBFS.
    pub const fn peak(&self) -> Level {
        self.peak
    }

    /// The loudest frames of late, by their mean, in dBov.
    pub const fn mean(&self) -> Level {
        self.mean
    }
}

fn peak(samples: &[i16]) -> f32 {
    let peak = samples.iter().map(|sample| sample.unsigned_abs()).max();
    f32::from(peak.unwrap_or(0))
}

fn rms(samples: &[i16]) -> f32 {
    // 2^30 fits 2^33 times.
    let sum: u64 = samples
        .iter()
        .map(|sample| u64::from(sample.unsigned_abs()).pow(2))
        .sum();
    (sum as f64 / samples.len().max(1) as f64).sqrt() as f32
}

const FULL_SCALE: f32 = 32_768.0;
/// Decibels a second; IEC 60268-10 lets the needle of a peak meter (type I) fall by 20 dB in 1.7 s.
const FALL: f32 = 20.0 / 1.7;

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(amplitude: f32) -> Vec<i16> {
        let step = std::f32::consts::TAU / 48.0;
        (0..480)
            .map(|n| ((n as f32 * step).sin() * amplitude) as i16)
            .collect()
    }

    #[test]
    fn the_reference_levels_of_rfc_6464_come_out() {
        let square: Vec<i16> = (0..480)
            .map(|n| if n % 2 == 0 { i16::MAX } else { i16::MIN })
            .collect();
        assert!(Level::mean_of(&square).db().abs() < 0.01);
        let loudest_sine = Level::mean_of(&sine(32_767.0));
        assert!((loudest_sine.db() + 3.01).abs() < 0.01);
        assert_eq!(loudest_sine.header_value(), 3);
        assert!(Level::peak_of(&sine(32_767.0)).db().abs() < 0.01);
        assert!((Level::mean_of(&sine(3_276.7)).db() + 23.01).abs() < 0.05);
    }

    #[test]
    fn silence_is_minus_127_whole_or_empty() {
        for samples in [&[0; 480][..], &[]] {
            assert_eq!(Level::mean_of(samples), Level::SILENCE);
            assert_eq!(Level::peak_of(samples).header_value(), 127);
        }
    }

    #[test]
    fn header_values_come_back() {
        for value in 0..=127 {
            assert_eq!(Level::from_header_value(value).header_value(), value);
        }
        assert_eq!(Level::from_header_value(0x80 | 30).header_value(), 30);
    }

    #[test]
    fn a_meter_rises_at_once_and_falls_evenly() {
        let mut meter = LevelMeter::new(SampleRate::HZ_48000);
        meter.measure(&sine(32_767.0));
        assert!(meter.peak().db() > -0.1);
        let mut before = meter.mean().db();
        for _ in 0..100 {
            meter.measure(&[0; 480]);
            let fallen = before - meter.mean().db();
            assert!((fallen - 0.1176).abs() < 0.001, "{fallen} in 10 ms");
            before = meter.mean().db();
        }
        for _ in 0..1_000 {
            meter.measure(&[0; 480]);
        }
        assert_eq!(
            (meter.peak(), meter.mean()),
            (Level::SILENCE, Level::SILENCE)
        );
    }

    #[test]
    fn full_scale_of_either_sign_is_zero() {
        assert_eq!(Level::peak_of(&[i16::MIN]).db(), 0.0);
        assert_eq!(Level::mean_of(&[i16::MIN; 3]).header_value(), 0);
    }
}
