//! Telling by ear who speaks: everybody's microphone hears another tone.

use std::time::Duration;

use tokio::time::{sleep, timeout};
use voip_media::{LoopbackBackend, Script};

/// A microphone that hears a tone of `hertz` for ever.
pub(crate) fn tone(hertz: f64) -> LoopbackBackend {
    LoopbackBackend::repeating(Script::new().tone(hertz, 8_000, Duration::from_secs(1)))
}

/// Waits until 100 ms in a row are mostly a tone of `hertz`.
pub(crate) async fn hears(sound: &LoopbackBackend, hertz: f64) {
    let mut heard = sound.take_played();
    let hearing = async {
        loop {
            heard.extend(sound.take_played());
            let last = &heard[heard.len().saturating_sub(WINDOW)..];
            if last.len() == WINDOW && share_of(last, hertz) > 0.8 {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    let in_time = timeout(PATIENCE, hearing).await;
    assert!(in_time.is_ok(), "no {hertz} Hz in {} samples", heard.len());
}

/// The share of the energy that a tone of `hertz` has (Goertzel).
pub(crate) fn share_of(samples: &[i16], hertz: f64) -> f64 {
    let coefficient = 2.0 * (std::f64::consts::TAU * hertz / 48_000.0).cos();
    let (mut last, mut before, mut energy) = (0.0, 0.0, 0.0);
    for &sample in samples {
        let sample = f64::from(sample);
        energy += sample * sample;
        (before, last) = (last, sample + coefficient * last - before);
    }
    let power = last * last + before * before - coefficient * last * before;
    let count = samples.len() as f64;
    if energy < count * 100.0 {
        0.0
    } else {
        2.0 * power / (count * energy)
    }
}

/// Waits until 100 ms in a row are mostly these two tones, both to be heard.
#[allow(dead_code, reason = "not everybody who listens is in a conference")]
pub(crate) async fn hears_both(sound: &LoopbackBackend, tones: [f64; 2]) {
    let mut heard = sound.take_played();
    let hearing = async {
        loop {
            heard.extend(sound.take_played());
            let last = &heard[heard.len().saturating_sub(WINDOW)..];
            let [one, other] = tones.map(|hertz| share_of(last, hertz));
            if last.len() == WINDOW && one.min(other) > 0.2 && one + other > 0.8 {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    let in_time = timeout(PATIENCE, hearing).await;
    assert!(
        in_time.is_ok(),
        "no {tones:?} Hz in {} samples",
        heard.len()
    );
}

/// The longest time without a tone, in steps of 20 ms.
#[allow(dead_code, reason = "not everybody who listens counts")]
pub(crate) fn longest_gap(samples: &[i16], hertz: f64) -> Duration {
    let windows = samples.chunks_exact(WINDOW / 5);
    let (mut longest, mut gap) = (0, 0);
    for window in windows {
        gap = if share_of(window, hertz) > 0.8 {
            0
        } else {
            gap + 1
        };
        longest = longest.max(gap);
    }
    Duration::from_millis(20) * longest
}

/// 100 ms at 48 kHz.
pub(crate) const WINDOW: usize = 4_800;
/// How long it may take until somebody is heard.
const PATIENCE: Duration = Duration::from_secs(20);
