use std::f64::consts::TAU;

/// The share of the energy that a tone of `hertz` has, 0 to 1 (Goertzel); of samples at 48 kHz. Of
/// silence nothing has a share.
pub(super) fn share_of(samples: &[i16], hertz: f64) -> f64 {
    let coefficient = 2.0 * (TAU * hertz / RATE_HZ).cos();
    let (mut last, mut before, mut energy) = (0.0, 0.0, 0.0);
    for &sample in samples {
        let sample = f64::from(sample);
        energy += sample * sample;
        (before, last) = (last, sample + coefficient * last - before);
    }
    let power = last * last + before * before - coefficient * last * before;
    let count = samples.len() as f64;
    match energy < count * SILENCE {
        true => 0.0,
        false => 2.0 * power / (count * energy),
    }
}

/// The mean share of a tone over whole windows: a jitter buffer shifts the phase between them.
pub(super) fn mean_share_of(samples: &[i16], hertz: f64) -> f64 {
    let windows = samples.chunks_exact(WINDOW);
    let count = windows.len().max(1) as f64;
    windows.map(|window| share_of(window, hertz)).sum::<f64>() / count
}

/// Whether all of these tones are there, about equally loud, and little else.
pub(super) fn are_heard(samples: &[i16], voices: &[f64]) -> bool {
    let shares: Vec<_> = voices.iter().map(|hz| share_of(samples, *hz)).collect();
    let quiet = 0.4 / voices.len() as f64;
    shares.iter().all(|share| *share > quiet) && shares.iter().sum::<f64>() > MOSTLY
}

/// Whether it is made of these notes, whichever.
pub(super) fn is_music(samples: &[i16], notes: &[f64]) -> bool {
    notes.iter().map(|hz| share_of(samples, *hz)).sum::<f64>() > MOSTLY
}

/// Whether nothing is heard.
pub(super) fn is_silence(samples: &[i16]) -> bool {
    samples.iter().all(|sample| sample.unsigned_abs() < 100)
}

/// 200 ms at 48 kHz.
pub(super) const WINDOW: usize = 9_600;
const RATE_HZ: f64 = 48_000.0;
/// A mean square below this is silence.
const SILENCE: f64 = 100.0;
/// Less than this is made of other things.
const MOSTLY: f64 = 0.8;

#[cfg(test)]
mod tests {
    use super::*;

    fn tones(hertz: &[f64]) -> Vec<i16> {
        let sample = |n: usize| {
            let voice = |hz: &f64| (n as f64 * hz * TAU / RATE_HZ).sin() * 3_000.0;
            hertz.iter().map(voice).sum::<f64>() as i16
        };
        (0..WINDOW).map(sample).collect()
    }

    #[test]
    fn all_voices_must_be_there_and_no_others() {
        let heard = tones(&[410.0, 720.0]);
        assert!(are_heard(&heard, &[410.0, 720.0]));
        assert!(!are_heard(&heard, &[410.0, 720.0, 1_110.0]));
        assert!(!are_heard(&heard, &[410.0]));
        assert!(share_of(&heard, 1_110.0) < 0.001);
    }

    #[test]
    fn of_silence_nothing_is_heard() {
        assert!(is_silence(&[0; WINDOW]) && !is_silence(&tones(&[410.0])));
        assert!(!are_heard(&[0; WINDOW], &[410.0]));
        assert_eq!(mean_share_of(&[], 410.0), 0.0);
    }
}
