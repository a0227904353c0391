//! Calls whose real devices come and go: PulseAudio's null sinks, which need no hardware
//! (`tests/pulse/start.sh`). Each test waits for what is to happen, however busy the machine is.
#![cfg(feature = "device")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on should panic")]
#![allow(clippy::disallowed_methods, reason = "devices keep their own time")]
#![allow(
    clippy::await_holding_lock,
    reason = "each test has a runtime of its own"
)]

#[path = "session/side.rs"]
mod side;
#[path = "pulse/sinks.rs"]
mod sinks;
#[path = "session/sound.rs"]
mod sound;

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use side::{HIGH, LOW, Side, is_first_audio, negotiate, until};
use sinks::{Guest, fixed, kill_server, null_sinks, pactl, start_server};
use sound::{share_of, tone};
use voip_media::{
    AudioBackend, AudioDirection, AudioError, AudioRole, AudioSession, DeviceBackend, DeviceChange,
    DeviceWatcher, Engine, SessionConfig, SoundEvent, SoundEvents, Tone, ToneKind, TonePlan,
    WantedDevice,
};

/// This side with real devices, in a call with a far side that has none.
struct Desk {
    engine: Engine,
    events: SoundEvents,
    session: AudioSession,
    far: Side,
}

impl Desk {
    async fn in_a_call(loudspeaker: &str) -> Self {
        let engine = engine(AudioRole::Loudspeaker, loudspeaker);
        let events = engine.sound_events();
        let session = engine.open().unwrap();
        let far = Side::new(HIGH, SessionConfig::default());
        negotiate(&session, &far.session).await;
        until(&session, is_first_audio).await;
        Self {
            engine,
            events,
            session,
            far,
        }
    }

    async fn end(self) {
        self.session.close().await;
        self.engine.close().await;
    }
}

fn engine(role: AudioRole, name: &str) -> Engine {
    Engine::builder(Arc::new(DeviceBackend::new()))
        .device(role, WantedDevice::named(name))
        .build()
        .unwrap()
}

/// Waits for an event.
async fn told(events: &mut SoundEvents, wanted: impl Fn(&SoundEvent) -> bool) {
    let search = async { while !wanted(&events.next().await.unwrap()) {} };
    tokio::time::timeout(PATIENCE, search).await.unwrap();
}

/// Waits until a role uses the device of this name.
async fn uses(events: &mut SoundEvents, role: AudioRole, name: &str) {
    told(events, |event| match event {
        SoundEvent::InUse {
            role: used,
            device: Some(device),
        } => *used == role && device.name == name,
        _ => false,
    })
    .await;
}

/// Waits until a tone is heard on a sink for half a second altogether.
async fn plays(sink: &str, hertz: f32) {
    let monitor = format!("{sink}.monitor");
    let listening = tokio::task::spawn_blocking(move || {
        let monitor = fixed(AudioDirection::Capture, &monitor);
        let mut capture = DeviceBackend::new().open_capture(&monitor).unwrap();
        let (begun, mut heard, mut clear) = (Instant::now(), Vec::new(), 0);
        while clear < 25 {
            assert!(begun.elapsed() < PATIENCE, "{clear} clear parts of 20 ms");
            let mut frame = vec![0; capture.available().unwrap()];
            capture.read(&mut frame);
            heard.extend(frame);
            let rest = heard.split_off(heard.len() / 960 * 960);
            let is_clear = |part: &&[i16]| {
                part.iter().any(|sample| *sample > 2_000) && share_of(part, hertz) > 0.8
            };
            clear += heard.chunks_exact(960).filter(is_clear).count();
            heard = rest;
            thread::sleep(Duration::from_millis(5));
        }
    });
    listening.await.unwrap();
}

/// Somebody who hums into the virtual microphone until it is dropped.
#[expect(dead_code, reason = "held for its end")]
struct Voice(std::sync::mpsc::Sender<()>);

impl Voice {
    fn hums(hertz: f32) -> Self {
        let (stop, stopped) = std::sync::mpsc::channel();
        let mut stream = DeviceBackend::new()
            .open_playout(&fixed(AudioDirection::Playout, "voice"))
            .unwrap();
        thread::spawn(move || {
            let mut at = 0;
            while stopped.try_recv() != Err(std::sync::mpsc::TryRecvError::Disconnected) {
                let wanted = stream.wanted().unwrap() as u32;
                let hum: Vec<i16> = (at..at + wanted).map(|n| tone(hertz, n)).collect();
                stream.write(&hum);
                at += wanted;
                thread::sleep(Duration::from_millis(5));
            }
        });
        Self(stop)
    }
}

#[tokio::test]
async fn a_device_is_noticed_within_a_second_when_it_comes_and_when_it_goes() {
    let Some(_sinks) = null_sinks() else { return };
    let mut watcher = DeviceWatcher::start(Arc::new(DeviceBackend::new()));
    let mut fastest = Duration::MAX;
    for _ in 0..5 {
        let begun = Instant::now();
        let guest = Guest::plug_in(48_000);
        changed(&mut watcher, |change| match change {
            DeviceChange::Arrived(device) => device.name == "Guest",
            _ => false,
        })
        .await;
        let came = begun.elapsed();
        let begun = Instant::now();
        drop(guest);
        changed(&mut watcher, |change| match change {
            DeviceChange::Removed(device) => device.name == "Guest",
            _ => false,
        })
        .await;
        fastest = fastest.min(came.max(begun.elapsed()));
        if fastest < Duration::from_secs(1) {
            return;
        }
    }
    panic!("noticed after {fastest:?} at the best of five times");
}

async fn changed(watcher: &mut DeviceWatcher, wanted: impl Fn(&DeviceChange) -> bool) {
    let search = async { while !wanted(&watcher.next().await.unwrap()) {} };
    tokio::time::timeout(PATIENCE, search).await.unwrap();
}

#[tokio::test]
async fn another_default_is_told_and_followed() {
    let Some(_sinks) = null_sinks() else { return };
    let mut desk = Desk::in_a_call("no such device").await;
    plays("speaker", HIGH).await;
    pactl(&["set-default-sink", "headset"]);
    uses(&mut desk.events, AudioRole::Loudspeaker, "Headset").await;
    plays("headset", HIGH).await;
    pactl(&["set-default-sink", "speaker"]);
    uses(&mut desk.events, AudioRole::Loudspeaker, "Speaker").await;
    plays("speaker", HIGH).await;
    desk.end().await;
}

#[tokio::test]
async fn a_call_leaves_a_device_that_goes_and_returns_to_it_even_at_another_rate() {
    let Some(_sinks) = null_sinks() else { return };
    let guest = Guest::plug_in(44_100);
    let voice = Voice::hums(LOW);
    let mut desk = Desk::in_a_call("Guest").await;
    plays("guest", HIGH).await;
    assert!(desk.far.comes_to_hear(LOW).await);
    drop(guest);
    uses(&mut desk.events, AudioRole::Loudspeaker, "Speaker").await;
    plays("speaker", HIGH).await;
    assert!(desk.far.comes_to_hear(LOW).await, "the other direction");
    let guest = Guest::plug_in(32_000);
    uses(&mut desk.events, AudioRole::Loudspeaker, "Guest").await;
    plays("guest", HIGH).await;
    assert!(desk.far.comes_to_hear(LOW).await);
    desk.end().await;
    drop((voice, guest));
}

#[tokio::test]
async fn a_loudspeaker_that_stands_still_is_left_and_taken_again_when_it_runs() {
    let Some(_sinks) = null_sinks() else { return };
    let mut desk = Desk::in_a_call("Headset").await;
    plays("headset", HIGH).await;
    pactl(&["suspend-sink", "headset", "1"]);
    let stalled = SoundEvent::Failed {
        role: AudioRole::Loudspeaker,
        error: AudioError::Stalled(AudioDirection::Playout),
    };
    told(&mut desk.events, |event| *event == stalled).await;
    uses(&mut desk.events, AudioRole::Loudspeaker, "Speaker").await;
    plays("speaker", HIGH).await;
    pactl(&["suspend-sink", "headset", "0"]);
    uses(&mut desk.events, AudioRole::Loudspeaker, "Headset").await;
    plays("headset", HIGH).await;
    desk.end().await;
}

#[tokio::test]
async fn a_call_survives_the_death_of_the_sound_server() {
    let Some(_sinks) = null_sinks() else { return };
    let mut desk = Desk::in_a_call("Headset").await;
    plays("headset", HIGH).await;
    kill_server();
    let died = SoundEvent::Devices(DeviceChange::SystemLost(AudioError::NoSystem));
    told(&mut desk.events, |event| *event == died).await;
    start_server();
    told(&mut desk.events, |event| {
        *event == SoundEvent::Devices(DeviceChange::SystemBack)
    })
    .await;
    plays("headset", HIGH).await;
    let voice = Voice::hums(LOW);
    assert!(desk.far.comes_to_hear(LOW).await);
    desk.end().await;
    drop(voice);
}

#[tokio::test]
async fn it_rings_on_the_ringer_and_not_on_the_loudspeaker() {
    let Some(_sinks) = null_sinks() else { return };
    let engine = engine(AudioRole::Ringer, "Headset");
    let mut events = engine.sound_events();
    // A tone without pauses, which is easily told.
    let steady = Tone::new(TonePlan::Germany, ToneKind::Dial);
    engine.ring(steady).await;
    uses(&mut events, AudioRole::Ringer, "Headset").await;
    plays("headset", 425.0).await;
    assert_eq!(playing("speaker"), 0);
    engine.stop_ringing().await;
    assert_eq!(playing("headset"), 0);
    engine.close().await;
}

/// How many streams play on a sink.
fn playing(sink: &str) -> usize {
    let sinks = pactl(&["list", "short", "sinks"]);
    let index = sinks.lines().find(|line| line.contains(sink));
    let index = index.and_then(|line| line.split('\t').next()).unwrap();
    let inputs = pactl(&["list", "short", "sink-inputs"]);
    let on_it = |line: &&str| line.split('\t').nth(1) == Some(index);
    inputs.lines().filter(on_it).count()
}

/// How long a busy machine may take.
const PATIENCE: Duration = Duration::from_secs(60);
