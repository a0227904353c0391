//! Real streams to real devices: PulseAudio's null sinks, which need no hardware.
//!
//! `tests/pulse/start.sh` makes them and says so in the environment (`UC_TEST_PULSE=1`). Without
//! it, only what holds on any machine is tested, and the output says so.
#![cfg(feature = "device")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on should panic")]

use std::{
    f64::consts::TAU,
    io::Write,
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use voip_media::{
    AudioBackend, AudioDevice, AudioDirection, AudioError, CaptureStream, DeviceBackend,
    DeviceChoice, DeviceId, PlayoutStream,
};

/// One test at a time: they share the sinks.
fn null_sinks() -> Option<MutexGuard<'static, ()>> {
    static SINKS: Mutex<()> = Mutex::new(());
    if std::env::var_os("UC_TEST_PULSE").is_none() {
        // Straight to the terminal: the test runner hides what passing tests print.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no PulseAudio null sinks; run voip-media/tests/pulse/start.sh first"
        );
        return None;
    }
    Some(SINKS.lock().unwrap_or_else(PoisonError::into_inner))
}

fn device(direction: AudioDirection, name: &str) -> AudioDevice {
    let devices = DeviceBackend::new().devices().unwrap();
    devices
        .iter()
        .find(|device| device.direction == direction && device.id.0.ends_with(name))
        .unwrap_or_else(|| panic!("no {name} among {devices:?}"))
        .clone()
}

fn fixed(direction: AudioDirection, name: &str) -> DeviceChoice {
    DeviceChoice::Fixed(device(direction, name).id)
}

/// Plays a tone of 1 kHz and gives what is captured meanwhile, as a media thread would.
fn play_and_capture(
    playout: &mut dyn PlayoutStream,
    capture: &mut dyn CaptureStream,
    samples: usize,
) -> Vec<i16> {
    let mut heard = Vec::new();
    let mut phase = 0_u32;
    for _ in 0..2_000 {
        let mut frame = vec![0; capture.available().unwrap()];
        assert_eq!(capture.read(&mut frame), frame.len());
        heard.extend(frame);
        let wanted = playout.wanted().unwrap();
        let tone: Vec<i16> = (phase..).take(wanted).map(tone_sample).collect();
        phase += wanted as u32;
        playout.write(&tone);
        if heard.len() >= samples {
            break;
        }
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(playout.take_error(), None);
    assert_eq!(capture.take_error(), None);
    heard
}

fn tone_sample(n: u32) -> i16 {
    ((f64::from(n) * TAU / 48.0).sin() * 8_000.0) as i16
}

/// The share of the energy that is the tone's, and the tone's peak.
fn tone_in(pcm: &[i16]) -> (f64, f64) {
    let (mut cosine, mut sine, mut energy) = (0.0, 0.0, 0.0);
    for (n, sample) in pcm.iter().enumerate() {
        let (sample, angle) = (f64::from(*sample), n as f64 * TAU / 48.0);
        cosine += sample * angle.cos();
        sine += sample * angle.sin();
        energy += sample * sample;
    }
    let peak = 2.0 * cosine.hypot(sine) / pcm.len() as f64;
    (peak * peak / 2.0 * pcm.len() as f64 / energy.max(1.0), peak)
}

/// The clearest tenth of a second among what was heard.
fn clearest(pcm: &[i16]) -> (f64, f64) {
    pcm.chunks_exact(4_800)
        .map(tone_in)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .unwrap()
}

fn assert_tone(pcm: &[i16]) {
    let clear = pcm
        .chunks_exact(4_800)
        .filter(|part| tone_in(part).0 > 0.99)
        .count();
    assert!(clear >= 10, "{clear} clear parts of {}", pcm.len() / 4_800);
    let (_, peak) = clearest(pcm);
    assert!((7_500.0..8_500.0).contains(&peak), "peak {peak}");
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
    let backend = DeviceBackend::new();
    let monitor = fixed(AudioDirection::Capture, "speaker.monitor");
    let mut capture = backend.open_capture(&monitor).unwrap();
    let mut playout = backend.open_playout(&DeviceChoice::Default).unwrap();
    let heard = play_and_capture(playout.as_mut(), capture.as_mut(), 120_000);
    assert_tone(&heard);
}

#[test]
fn the_default_microphone_hears_its_room() {
    let Some(_sinks) = null_sinks() else { return };
    let backend = DeviceBackend::new();
    let mut capture = backend.open_capture(&DeviceChoice::Default).unwrap();
    let voice = fixed(AudioDirection::Playout, "voice");
    let mut playout = backend.open_playout(&voice).unwrap();
    assert_tone(&play_and_capture(
        playout.as_mut(),
        capture.as_mut(),
        120_000,
    ));
}

#[test]
fn two_calls_share_a_device() {
    let Some(_sinks) = null_sinks() else { return };
    let backend = DeviceBackend::new();
    let headset = fixed(AudioDirection::Playout, "headset");
    let monitor = fixed(AudioDirection::Capture, "headset.monitor");
    let _held = backend.open_playout(&headset).unwrap();
    let mut playout = backend.open_playout(&headset).unwrap();
    let mut capture = backend.open_capture(&monitor).unwrap();
    assert_tone(&play_and_capture(
        playout.as_mut(),
        capture.as_mut(),
        120_000,
    ));
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
fn a_device_that_falls_silent_is_reported_as_lost_once() {
    let Some(_sinks) = null_sinks() else { return };
    let suspend = |suspended: &str| {
        let done = Command::new("pactl")
            .args(["suspend-sink", "headset", suspended])
            .status();
        assert!(done.unwrap().success());
    };
    let headset = fixed(AudioDirection::Playout, "headset");
    let mut playout = DeviceBackend::new().open_playout(&headset).unwrap();
    suspend("1");
    let error = (0..1_000).find_map(|_| {
        playout.write(&vec![0; playout.wanted().unwrap()]);
        thread::sleep(Duration::from_millis(10));
        playout.take_error()
    });
    suspend("0");
    assert_eq!(error, Some(AudioError::Lost(AudioDirection::Playout)));
    assert_eq!(playout.take_error(), None);
}
