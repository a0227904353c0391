//! Music on hold: a tune of our own, computed, so that no recording and nobody's rights are needed.

use std::f64::consts::TAU;

use super::announcement::SCALE;

/// The tune, 48 kHz: sixteen bars of two seconds each that can be repeated without a seam.
pub(super) fn melody() -> Vec<i16> {
    let mut sound = vec![0.0; TUNE.len() * BEAT];
    let length = sound.len();
    for (beat, note) in TUNE.iter().enumerate() {
        let Some(hertz) = note.map(|note| SCALE[usize::from(note)]) else {
            continue;
        };
        for n in 0..RING {
            // What still rings at the end goes on at the beginning.
            sound[(beat * BEAT + n) % length] += string(hertz, n);
        }
    }
    sound.into_iter().map(|value| value as i16).collect()
}

/// A plucked string, so many samples after it was plucked.
fn string(hertz: f64, n: usize) -> f64 {
    let seconds = n as f64 / 48_000.0;
    let turn = TAU * hertz * seconds;
    let rises = (seconds / ATTACK).min(1.0);
    let ends = (RING - n) as f64 / RING as f64;
    let decays = (-seconds / DECAY).exp() * ends;
    (turn.sin() + 0.12 * (2.0 * turn).sin()) * rises * decays * PEAK
}

/// Notes of the scale, one a beat.
const TUNE: [Option<u8>; 64] = {
    const fn bar(notes: [i8; 4]) -> [Option<u8>; 4] {
        let mut bar = [None; 4];
        let mut index = 0;
        while index < 4 {
            if notes[index] >= 0 {
                bar[index] = Some(notes[index] as u8);
            }
            index += 1;
        }
        bar
    }
    const BARS: [[Option<u8>; 4]; 16] = [
        bar([2, 3, 4, 3]),
        bar([2, 0, 1, -1]),
        bar([1, 2, 3, 2]),
        bar([1, 0, 2, -1]),
        bar([3, 4, 3, 2]),
        bar([3, 2, 1, -1]),
        bar([0, 1, 2, 1]),
        bar([0, 2, 0, -1]),
        bar([4, 3, 2, 3]),
        bar([4, 2, 3, -1]),
        bar([3, 2, 1, 2]),
        bar([3, 1, 2, -1]),
        bar([2, 3, 4, 3]),
        bar([2, 1, 0, -1]),
        bar([1, 2, 1, 0]),
        bar([1, 2, 0, -1]),
    ];
    let mut tune = [None; 64];
    let mut beat = 0;
    while beat < 64 {
        tune[beat] = BARS[beat / 4][beat % 4];
        beat += 1;
    }
    tune
};

/// Samples of a beat: 120 a minute.
const BEAT: usize = 24_000;
/// Samples that a string rings.
const RING: usize = 2 * BEAT;
/// Seconds until a string is at its loudest, and until it has fallen by 8.7 dB.
const ATTACK: f64 = 0.01;
const DECAY: f64 = 0.22;
/// Of a sample; with what still rings from before, −14 dBFS.
const PEAK: f64 = 5_500.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_never_too_loud_never_long_silent_and_has_no_seam() {
        let sound = melody();
        assert_eq!(sound.len(), 32 * 48_000);
        let peak = sound.iter().map(|sample| sample.unsigned_abs()).max();
        assert!((4_000..9_000).contains(&peak.unwrap()), "{peak:?}");
        let silent = |second: &[i16]| second.iter().all(|sample| sample.unsigned_abs() < 300);
        assert!(!sound.chunks_exact(48_000).any(silent));
        let seam = sound[0].abs_diff(sound[sound.len() - 1]);
        assert!(seam < 500, "{seam}");
    }
}
