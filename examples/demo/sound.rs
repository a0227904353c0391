//! Sound files as samples.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Samples of one channel, −1.0 to 1.0.
#[derive(Debug, Clone, PartialEq)]
pub struct Sound {
    /// Samples per second.
    pub rate_hz: u32,
    /// The samples.
    pub samples: Vec<f32>,
}

/// A sound file that can't be used.
#[derive(Debug, Error)]
#[error("{path} is no readable WAV file")]
pub struct SoundFileError {
    /// Which file.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: hound::Error,
}

impl Sound {
    /// Reads a 16-bit WAV file; of several channels the first.
    pub fn read(path: &Path) -> Result<Self, SoundFileError> {
        let failed = |source| SoundFileError {
            path: path.into(),
            source,
        };
        let file = hound::WavReader::open(path).map_err(failed)?;
        Self::decode(file).map_err(failed)
    }

    pub(crate) fn decode<R: std::io::Read>(
        mut file: hound::WavReader<R>,
    ) -> Result<Self, hound::Error> {
        let spec = file.spec();
        let samples = file
            .samples::<i16>()
            .step_by(usize::from(spec.channels.max(1)))
            .map(|sample| sample.map(|s| f32::from(s) / 32_768.0))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            rate_hz: spec.sample_rate,
            samples,
        })
    }

    /// The samples at another rate: a windowed sinc of 32 points a side, cut off at the lower of
    /// the two Nyquist frequencies.
    pub fn resampled(&self, rate_hz: u32) -> Vec<f32> {
        if rate_hz == self.rate_hz {
            return self.samples.clone();
        }
        let step = f64::from(self.rate_hz) / f64::from(rate_hz);
        let cutoff = (1.0 / step).min(1.0);
        let reach = (HALF_TAPS as f64 / cutoff).ceil() as isize;
        let count = (self.samples.len() as f64 / step) as usize;
        (0..count)
            .map(|i| self.at(i as f64 * step, cutoff, reach))
            .collect()
    }

    fn at(&self, position: f64, cutoff: f64, reach: isize) -> f32 {
        let centre = position.floor() as isize;
        let sum: f64 = (centre - reach..=centre + reach)
            .filter_map(|i| {
                let sample = *self.samples.get(usize::try_from(i).ok()?)?;
                let x = i as f64 - position;
                let window = 0.5 + 0.5 * (std::f64::consts::PI * x / (reach as f64 + 1.0)).cos();
                Some(f64::from(sample) * sinc(x * cutoff) * cutoff * window)
            })
            .sum();
        sum as f32
    }

    /// The part between two times, in seconds; what lies outside is left out.
    pub fn between(&self, from_s: f64, to_s: f64) -> Self {
        let index =
            |s: f64| ((s * f64::from(self.rate_hz)).max(0.0) as usize).min(self.samples.len());
        let (from, to) = (index(from_s), index(to_s));
        Self {
            rate_hz: self.rate_hz,
            samples: self.samples[from..to.max(from)].to_vec(),
        }
    }

    /// How long it lasts, in seconds.
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.rate_hz.max(1))
    }
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 {
        1.0
    } else {
        (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x)
    }
}

/// Points of the interpolation on each side, at the lower rate.
const HALF_TAPS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_keeps_its_pitch_and_level_at_another_rate() {
        let tone = |rate: u32, n: usize| -> Vec<f32> {
            (0..n)
                .map(|i| (std::f32::consts::TAU * 440.0 * i as f32 / rate as f32).sin() * 0.5)
                .collect()
        };
        let sound = Sound {
            rate_hz: 48_000,
            samples: tone(48_000, 48_000),
        };
        let resampled = sound.resampled(16_000);
        let wanted = tone(16_000, 16_000);
        for (got, wanted) in resampled.iter().zip(&wanted).skip(200).take(15_000) {
            assert!((got - wanted).abs() < 0.01, "{got} {wanted}");
        }
    }

    #[test]
    fn a_part_outside_the_sound_is_empty() {
        let sound = Sound {
            rate_hz: 8_000,
            samples: vec![0.1; 8_000],
        };
        assert_eq!(sound.between(0.25, 0.5).samples.len(), 2_000);
        assert_eq!(sound.between(2.0, 3.0).samples.len(), 0);
        assert_eq!(sound.between(0.5, 0.25).samples.len(), 0);
    }
}
