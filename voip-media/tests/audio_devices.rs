//! Real streams to real devices: PulseAudio's null sinks, which need no hardware.
//!
//! `tests/pulse/start.sh` makes them and says so in the environment (`UC_TEST_PULSE=1`). Without
//! it, only what holds on any machine is tested, and the output says so.
#![cfg(feature = "device")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on should panic")]
#![allow(clippy::disallowed_methods, reason = "devices keep their own time")]

#[path = "pulse/sinks.rs"]
mod sinks;

use std::{
    f64::consts::TAU,
    thread,
    time::{Duration, Instant},
};

use sinks::{device, fixed, null_sinks, pactl};
use voip_media::{
    AudioBackend, AudioDirection, AudioError, CaptureStream, DeviceBackend, DeviceChoice, DeviceId,
    PlayoutStream,
};

/// A loudspeaker with a tone to play.
struct Speaking {
    stream: Box<dyn PlayoutStream>,
    hertz: f64,
    played: u32,
}

impl Speaking {
    fn new(choice: &DeviceChoice, hertz: f64) -> Self {
        Self {
            stream: DeviceBackend::new().open_playout(choice).unwrap(),
            hertz,
            played: 0,
        }
    }

    /// Gives the device what it wants now, as a media thread does.
    fn feed(&mut self) {
        let wanted = self.stream.wanted().unwrap() as u32;
        let sample = |n| ((f64::from(n) * TAU * self.hertz / 48_000.0).sin() * LEVEL) as i16;
        let tone: Vec<i16> = (self.played..self.played + wanted).map(sample).collect();
        self.stream.write(&tone);
        self.played += wanted;
        assert_eq!(self.stream.take_error(), None);
    }
}

/// Waits until the microphone has heard all the tones, and nothing beside them, for a second
/// altogether. On a busy machine the device runs dry now and then, which spoils some of the sound:
/// what counts is that the tones come, and how loud.
fn assert_heard(capture: &mut dyn CaptureStream, speaking: &mut [Speaking]) {
    let tones: Vec<f64> = speaking.iter().map(|speaking| speaking.hertz).collect();
    let (mut heard, mut clear, begun) = (Vec::new(), 0, Instant::now());
    while clear < PARTS_IN_A_SECOND {
        assert!(begun.elapsed() < PATIENCE, "{clear} clear parts of 20 ms");
        let mut frame = vec![0; capture.available().unwrap()];
        assert_eq!(capture.read(&mut frame), frame.len());
        assert_eq!(capture.take_error(), None);
        speaking.iter_mut().for_each(Speaking::feed);
        heard.extend(frame);
        let rest = heard.split_off(heard.len() / PART * PART);
        let parts = heard.chunks_exact(PART);
        clear += parts.filter(|part| is_clear(part, &tones)).count();
        heard = rest;
        thread::sleep(Duration::from_millis(5));
    }
}

/// Whether a part of 20 ms is these tones, each as loud as it was played, and little else. A
/// device whose clock is followed may be read up to 2 % faster, which raises all tones alike.
fn is_clear(part: &[i16], tones: &[f64]) -> bool {
    let square = |sample: &i16| f64::from(*sample).powi(2);
    let energy: f64 = part.iter().map(square).sum();
    [1.0, 1.005, 1.01, 1.015, 1.02].iter().any(|speed| {
        let levels = tones.iter().map(|hertz| level(part, hertz * speed));
        let levels: Vec<f64> = levels.collect();
        let tonal: f64 = levels.iter().map(|level| level * level).sum();
        let loud = |level: &f64| (level / LEVEL - 1.0).abs() < 0.1;
        levels.iter().all(loud) && tonal / 2.0 * PART as f64 > 0.95 * energy
    })
}

/// The peak of a tone within a part.
fn level(part: &[i16], hertz: f64) -> f64 {
    let (mut cosine, mut sine) = (0.0, 0.0);
    for (n, sample) in part.iter().enumerate() {
        let (sample, angle) = (f64::from(*sample), n as f64 * TAU * hertz / 48_000.0);
        cosine += sample * angle.cos();
        sine += sample * angle.sin();
    }
    2.0 * f64::hypot(cosine, sine) / part.len() as f64
}

/// A tone's peak as it is played.
const LEVEL: f64 = 8_000.0;
/// 20 ms: whole periods of multiples of 50 Hz.
const PART: usize = 960;
const PARTS_IN_A_SECOND: usize = 50;
/// How long a busy machine may take for what an idle one does in two seconds.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn the_measure_tells_tones_from_what_they_are_not() {
    let mix = |tones: &[(f64, f64)]| -> Vec<i16> {
        let wave = |n: u32, (hertz, level): &(f64, f64)| {
            (f64::from(n) * TAU * hertz / 48_000.0).sin() * level
        };
        let sample = |n| tones.iter().map(|tone| wave(n, tone)).sum::<f64>() as i16;
        (0..PART as u32).map(sample).collect()
    };
    let both = [1_000.0, 1_500.0];
    assert!(is_clear(&mix(&[(1_000.0, LEVEL)]), &[1_000.0]));
    assert!(is_clear(&mix(&[(1_020.0, LEVEL)]), &[1_000.0]), "2 % fast");
    assert!(is_clear(&mix(&[(1_000.0, LEVEL), (1_500.0, LEVEL)]), &both));
    assert!(is_clear(&mix(&[(1_020.0, LEVEL), (1_530.0, LEVEL)]), &both));
    assert!(!is_clear(&[0; PART], &[1_000.0]), "silence");
    assert!(!is_clear(&mix(&[(1_000.0, LEVEL)]), &both), "one of two");
    assert!(!is_clear(
        &mix(&[(1_000.0, LEVEL), (1_500.0, LEVEL)]),
        &[1_000.0]
    ));
    assert!(
        !is_clear(&mix(&[(1_000.0, LEVEL / 2.0)]), &[1_000.0]),
        "too quiet"
    );
    let mut broken = mix(&[(1_000.0, LEVEL)]);
    broken[400..500].fill(0);
    assert!(!is_clear(&broken, &[1_000.0]), "a hole of 2 ms");
}

#[test]
fn listing_devices_never_panics() {
    let _ = DeviceBackend::new().devices();
}

#[test]
fn a_device_that_does_not_exist_is_not_found() {
    let backend = DeviceBackend::new();
    for id in [
        "",
        "nonsense",
        "alsa:no-such-device",
        "pulseaudio:no-such-device",
    ] {
        let choice = DeviceChoice::Fixed(DeviceId(id.to_owned()));
        let error = backend.open_capture(&choice).err();
        assert_eq!(error, Some(AudioError::NotFound(AudioDirection::Capture)));
        let error = backend.open_playout(&choice).err();
        assert_eq!(error, Some(AudioError::NotFound(AudioDirection::Playout)));
    }
}

#[test]
fn devices_are_listed_with_names_and_defaults() {
    let Some(_sinks) = null_sinks() else { return };
    let speaker = device(AudioDirection::Playout, "speaker");
    assert_eq!(
        (speaker.name.as_str(), speaker.is_default),
        ("Speaker", true)
    );
    assert!(!device(AudioDirection::Playout, "headset").is_default);
    assert!(device(AudioDirection::Capture, "microphone").is_default);
}

#[test]
fn what_is_played_on_the_default_speaker_is_heard_there() {
    let Some(_sinks) = null_sinks() else { return };
    let monitor = fixed(AudioDirection::Capture, "speaker.monitor");
    let mut capture = DeviceBackend::new().open_capture(&monitor).unwrap();
    let speaking = Speaking::new(&DeviceChoice::Default, 1_000.0);
    assert_heard(capture.as_mut(), &mut [speaking]);
}

#[test]
fn the_default_microphone_hears_its_room() {
    let Some(_sinks) = null_sinks() else { return };
    let backend = DeviceBackend::new();
    let mut capture = backend.open_capture(&DeviceChoice::Default).unwrap();
    let voice = fixed(AudioDirection::Playout, "voice");
    let speaking = Speaking::new(&voice, 1_000.0);
    assert_heard(capture.as_mut(), &mut [speaking]);
}

#[test]
fn two_calls_share_a_device() {
    let Some(_sinks) = null_sinks() else { return };
    let headset = fixed(AudioDirection::Playout, "headset");
    let monitor = fixed(AudioDirection::Capture, "headset.monitor");
    let mut capture = DeviceBackend::new().open_capture(&monitor).unwrap();
    let first = Speaking::new(&headset, 1_000.0);
    let second = Speaking::new(&headset, 1_500.0);
    assert_heard(capture.as_mut(), &mut [first, second]);
}

#[test]
fn streams_end_and_begin_again() {
    let Some(_sinks) = null_sinks() else { return };
    let backend = DeviceBackend::new();
    for _ in 0..5 {
        drop(backend.open_capture(&DeviceChoice::Default).unwrap());
        drop(backend.open_playout(&DeviceChoice::Default).unwrap());
    }
}

#[test]
fn a_device_that_stands_still_is_reported_once() {
    let Some(_sinks) = null_sinks() else { return };
    let headset = fixed(AudioDirection::Playout, "headset");
    let mut playout = DeviceBackend::new().open_playout(&headset).unwrap();
    pactl(&["suspend-sink", "headset", "1"]);
    let begun = Instant::now();
    let mut error = None;
    while error.is_none() && begun.elapsed() < PATIENCE {
        playout.write(&vec![0; playout.wanted().unwrap()]);
        thread::sleep(Duration::from_millis(10));
        error = playout.take_error();
    }
    pactl(&["suspend-sink", "headset", "0"]);
    assert_eq!(error, Some(AudioError::Stalled(AudioDirection::Playout)));
    assert_eq!(playout.take_error(), None);
}

#[test]
fn a_suspended_device_cannot_be_opened_and_delays_nobody_for_long() {
    let Some(_sinks) = null_sinks() else { return };
    pactl(&["suspend-sink", "headset", "1"]);
    let headset = fixed(AudioDirection::Playout, "headset");
    let error = DeviceBackend::new().open_playout(&headset).err();
    pactl(&["suspend-sink", "headset", "0"]);
    assert_eq!(error, Some(AudioError::Stalled(AudioDirection::Playout)));
}
