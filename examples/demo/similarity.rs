//! How much a recording sounds like what was said.
//!
//! Both files become log-mel spectrograms (16 kHz, 25 ms windows every 10 ms, 40 bands from 80 to
//! 7,000 Hz, 45 dB below the loudest frame is silence). Speech is compared in pieces of 500 ms, since a
//! jitter buffer stretches and shortens: each piece is looked for near the place where its
//! forerunner was found. The similarity is the correlation of all cells of all pieces with the
//! cells where they were found, 1 for the same sound and about 0 for silence.

use std::{path::Path, sync::Arc};

use rustfft::{Fft, FftPlanner, num_complex::Complex};

use crate::sound::{Sound, SoundFileError};

/// One column a frame, one row a band.
type Spectrogram = Vec<[f32; BANDS]>;

/// How alike the files sound, −1.0 to 1.0.
///
/// `said` is taken whole; `heard` may begin earlier and end later.
pub fn similarity(said: &Path, heard: &Path) -> Result<f32, SoundFileError> {
    Ok(compare(&Sound::read(said)?, &Sound::read(heard)?))
}

/// As [`similarity`], of sounds in memory.
pub fn compare(said: &Sound, heard: &Sound) -> f32 {
    let analyser = Analyser::new();
    let said = analyser.spectrogram(&said.resampled(RATE_HZ), HOP);
    let heard = analyser.spectrogram(&heard.resampled(RATE_HZ), HOP / FINE);
    if said.len() < PIECE || heard.len() < PIECE * FINE {
        return 0.0;
    }
    let mut found = Vec::with_capacity(said.len());
    let mut lag = first_lag(&said, &heard);
    for start in (0..said.len() - PIECE + 1).step_by(PIECE) {
        let piece = &said[start..start + PIECE];
        let expected = (start * FINE) as isize + lag;
        let position = best_position(piece, &heard, expected, WANDER);
        lag += position - expected;
        found.extend(columns(&heard, position, PIECE));
    }
    let whole = found.len();
    correlation(&said[..whole], &found)
}

/// Where the first two seconds are found, anywhere in the recording, in its fine columns.
fn first_lag(said: &Spectrogram, heard: &Spectrogram) -> isize {
    let opening = &said[..said.len().min(OPENING)];
    best_position(opening, heard, 0, heard.len() as isize)
}

/// The position near `centre` where `piece` fits best; of equals, the nearest.
fn best_position(
    piece: &[[f32; BANDS]],
    heard: &Spectrogram,
    centre: isize,
    reach: isize,
) -> isize {
    let mut best = (f32::MIN, centre);
    for distance in 0..=reach {
        for position in [centre - distance, centre + distance] {
            if position <= -((PIECE * FINE) as isize) || position >= heard.len() as isize {
                continue;
            }
            let there: Vec<_> = columns(heard, position, piece.len()).collect();
            let score = correlation(piece, &there);
            if score > best.0 {
                best = (score, position);
            }
        }
    }
    best.1
}

/// `count` columns 10 ms apart, from a position in the fine columns; silence outside.
fn columns(
    heard: &Spectrogram,
    position: isize,
    count: usize,
) -> impl Iterator<Item = [f32; BANDS]> {
    (0..count).map(move |i| {
        let index = usize::try_from(position + (i * FINE) as isize).ok();
        index
            .and_then(|index| heard.get(index))
            .copied()
            .unwrap_or([FLOOR_DB; BANDS])
    })
}

/// Pearson's correlation over all cells, each against the mean of its band, so that a voice's
/// colour alone makes nothing alike; 0 where one side doesn't vary.
fn correlation(a: &[[f32; BANDS]], b: &[[f32; BANDS]]) -> f32 {
    let (mean_a, mean_b) = (band_means(a), band_means(b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        for band in 0..BANDS {
            let (x, y) = (x[band] - mean_a[band], y[band] - mean_b[band]);
            ab += x * y;
            aa += x * x;
            bb += y * y;
        }
    }
    if aa <= f32::EPSILON || bb <= f32::EPSILON {
        0.0
    } else {
        ab / (aa * bb).sqrt()
    }
}

fn band_means(columns: &[[f32; BANDS]]) -> [f32; BANDS] {
    let mut means = [0.0; BANDS];
    for column in columns {
        for (mean, cell) in means.iter_mut().zip(column) {
            *mean += cell;
        }
    }
    means.map(|sum| sum / columns.len() as f32)
}

struct Analyser {
    fft: Arc<dyn Fft<f32>>,
    window: Vec<f32>,
    /// First and last bin of each band's triangle and the bin of its top.
    bands: Vec<[f32; 3]>,
}

impl Analyser {
    fn new() -> Self {
        let window = (0..WINDOW)
            .map(|i| 0.5 - 0.5 * (std::f32::consts::TAU * i as f32 / WINDOW as f32).cos())
            .collect();
        let mel = |hz: f32| 2595.0 * (1.0 + hz / 700.0).log10();
        let hz = |mel: f32| 700.0 * (10f32.powf(mel / 2595.0) - 1.0);
        let (low, high) = (mel(LOWEST_HZ), mel(HIGHEST_HZ));
        let edge = |i: usize| {
            hz(low + (high - low) * i as f32 / (BANDS + 1) as f32) * FFT_SIZE as f32
                / RATE_HZ as f32
        };
        let bands = (0..BANDS)
            .map(|b| [edge(b), edge(b + 1), edge(b + 2)])
            .collect();
        Self {
            fft: FftPlanner::new().plan_fft_forward(FFT_SIZE),
            window,
            bands,
        }
    }

    fn spectrogram(&self, samples: &[f32], hop: usize) -> Spectrogram {
        let mut frames: Spectrogram = samples
            .windows(WINDOW)
            .step_by(hop)
            .map(|frame| self.column(frame))
            .collect();
        let loudest = frames.iter().flatten().copied().fold(FLOOR_DB, f32::max);
        let floor = (loudest - RANGE_DB).max(FLOOR_DB);
        for cell in frames.iter_mut().flatten() {
            *cell = (*cell - floor).max(0.0) + FLOOR_DB;
        }
        frames
    }

    fn column(&self, frame: &[f32]) -> [f32; BANDS] {
        let mut bins: Vec<Complex<f32>> = frame
            .iter()
            .zip(&self.window)
            .map(|(x, w)| Complex::new(x * w, 0.0))
            .collect();
        bins.resize(FFT_SIZE, Complex::default());
        self.fft.process(&mut bins);
        std::array::from_fn(|band| {
            let [from, top, to] = self.bands[band];
            let energy: f32 = (from.ceil() as usize..=to.floor() as usize)
                .map(|bin| {
                    let x = bin as f32;
                    let weight = if x <= top {
                        (x - from) / (top - from)
                    } else {
                        (to - x) / (to - top)
                    };
                    bins[bin].norm_sqr() * weight
                })
                .sum();
            10.0 * (energy + 1e-10).log10()
        })
    }
}

/// Sampling rate of the comparison.
const RATE_HZ: u32 = 16_000;
/// 25 ms, the usual window of speech analysis.
const WINDOW: usize = 400;
/// 10 ms.
const HOP: usize = 160;
/// The recording's columns are this much denser, for an alignment to 2.5 ms.
const FINE: usize = 4;
const FFT_SIZE: usize = 512;
const BANDS: usize = 40;
const LOWEST_HZ: f32 = 80.0;
/// Below the upper edge of wideband speech, where codecs of 16 kHz still agree.
const HIGHEST_HZ: f32 = 7_000.0;
/// What lies further below the loudest cell can't be heard beside it.
const RANGE_DB: f32 = 45.0;
const FLOOR_DB: f32 = -100.0;
/// 500 ms of frames.
const PIECE: usize = 50;
/// Two seconds of frames.
const OPENING: usize = 200;
/// How far a piece may have moved against its forerunner, in fine columns: 100 ms.
const WANDER: isize = 40;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::speech;

    fn shifted(sound: &Sound, by: usize) -> Sound {
        let mut samples = vec![0.0; by];
        samples.extend(&sound.samples);
        Sound {
            rate_hz: sound.rate_hz,
            samples,
        }
    }

    #[test]
    fn the_same_sound_later_and_quieter_is_fully_alike() {
        let said = speech::first();
        let mut heard = shifted(&said, said.rate_hz as usize / 3);
        heard.samples.iter_mut().for_each(|s| *s *= 0.5);
        assert!(compare(&said, &heard) > 0.99, "{}", compare(&said, &heard));
    }

    #[test]
    fn silence_is_not_alike() {
        let said = speech::first();
        let silence = Sound {
            rate_hz: 48_000,
            samples: vec![0.0; 48_000 * 8],
        };
        assert!(compare(&said, &silence).abs() < 0.1);
    }

    #[test]
    fn another_speaker_is_not_alike() {
        let score = compare(&speech::first(), &speech::second());
        assert!(score < 0.8, "{score}");
    }

    #[test]
    fn a_third_of_the_packets_silent_is_not_alike() {
        let said = speech::first();
        let mut heard = said.clone();
        let packet = said.rate_hz as usize / 50;
        // Every third packet of 20 ms: as a receiver without concealment would play it.
        for piece in heard.samples.chunks_mut(packet).step_by(3) {
            piece.fill(0.0);
        }
        let score = compare(&said, &heard);
        assert!(score < 0.9, "{score}");
    }

    #[test]
    fn a_sound_too_short_to_compare_scores_nothing() {
        let blip = Sound {
            rate_hz: 16_000,
            samples: vec![0.5; 100],
        };
        assert_eq!(compare(&speech::first(), &blip), 0.0);
    }
}
