//! Devices that come and go under a call: which one is used, what is told, what is heard.

#[path = "session/shelf.rs"]
mod shelf;
#[path = "session/side.rs"]
mod side;
#[path = "session/sound.rs"]
mod sound;

use std::{sync::Arc, time::Duration};

use shelf::Shelf;
use side::{HIGH, LOW, Side, is_first_audio, negotiate, speak, until};
use voip_media::{
    AudioError, AudioRole, AudioSession, DeviceChange, DevicePreference, Engine, SessionConfig,
    SessionEvent, SoundEvent, SoundEvents, Tone, WantedDevice,
};

const OTHER: f32 = 1_700.0;
const SPEAKER: &str = "built-in speaker";

/// This side, whose devices come and go, in a call with a far side.
struct Desk {
    shelf: Arc<Shelf>,
    engine: Engine,
    events: SoundEvents,
    session: AudioSession,
    far: Side,
}

impl Desk {
    /// In a call, with these devices wanted.
    async fn in_a_call(shelf: Arc<Shelf>, wanted: &[(AudioRole, &str)]) -> Self {
        let mut builder = Engine::builder(shelf.clone());
        for (role, name) in wanted {
            builder = builder.device(*role, WantedDevice::named(name));
        }
        let engine = builder.build().expect("an engine");
        let events = engine.sound_events();
        let session = engine.open().expect("a session");
        let far = Side::new(HIGH, SessionConfig::default());
        negotiate(&session, &far.session).await;
        until(&session, is_first_audio).await;
        far.until(is_first_audio).await;
        Self {
            shelf,
            engine,
            events,
            session,
            far,
        }
    }

    /// Waits until a role uses a device.
    async fn uses(&mut self, role: AudioRole, name: &str) {
        uses(&mut self.events, role, name).await;
    }
}

async fn told(events: &mut SoundEvents, wanted: impl Fn(&SoundEvent) -> bool) -> SoundEvent {
    let search = async {
        loop {
            let event = events.next().await.expect("the engine lives");
            if wanted(&event) {
                return event;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), search)
        .await
        .expect("in time")
}

async fn uses(events: &mut SoundEvents, role: AudioRole, name: &str) {
    told(events, |event| match event {
        SoundEvent::InUse {
            role: used,
            device: Some(device),
        } => *used == role && device.id.0 == name,
        _ => false,
    })
    .await;
}

#[tokio::test]
async fn a_call_moves_to_the_next_loudspeaker_and_back_and_the_far_side_hears_no_gap() {
    let shelf = Shelf::new(LOW);
    shelf.plug_loudspeaker("headset");
    let mut desk = Desk::in_a_call(shelf, &[(AudioRole::Loudspeaker, "headset")]).await;
    assert!(desk.shelf.comes_to_play("headset", HIGH).await);
    assert!(desk.far.hears(LOW).await);
    let mark = desk.far.sound.mark();
    desk.shelf.unplug("headset");
    desk.uses(AudioRole::Loudspeaker, SPEAKER).await;
    assert!(desk.shelf.comes_to_play(SPEAKER, HIGH).await);
    desk.shelf.plug_loudspeaker("headset");
    desk.uses(AudioRole::Loudspeaker, "headset").await;
    assert!(desk.shelf.comes_to_play("headset", HIGH).await);
    let gap = desk.far.sound.gap(LOW, mark);
    assert!(gap <= Duration::from_millis(40), "{gap:?}");
    desk.session.close().await;
    assert_eq!(desk.shelf.open_streams(), 0);
}

#[tokio::test]
async fn a_call_moves_to_the_next_microphone_and_back_and_this_side_hears_no_gap() {
    let shelf = Shelf::new(LOW);
    shelf.plug_microphone("headset", OTHER);
    let mut desk = Desk::in_a_call(shelf, &[(AudioRole::Microphone, "headset")]).await;
    assert!(desk.far.comes_to_hear(OTHER).await);
    assert!(desk.shelf.comes_to_play(SPEAKER, HIGH).await);
    let mark = desk.shelf.mark(SPEAKER);
    desk.shelf.unplug("headset");
    let lost = AudioError::Lost(AudioRole::Microphone.direction());
    until(&desk.session, |event| {
        *event == SessionEvent::AudioDevice(lost.clone())
    })
    .await;
    until(&desk.session, |event| {
        *event == SessionEvent::AudioRecovered
    })
    .await;
    assert!(desk.far.comes_to_hear(LOW).await);
    desk.shelf.plug_microphone("headset", OTHER);
    desk.uses(AudioRole::Microphone, "headset").await;
    assert!(desk.far.comes_to_hear(OTHER).await);
    let gap = desk.shelf.gap(SPEAKER, HIGH, mark);
    assert!(gap <= Duration::from_millis(40), "{gap:?}");
}

#[tokio::test]
async fn a_device_chosen_during_a_call_takes_over() {
    let shelf = Shelf::new(LOW);
    shelf.plug_loudspeaker("headset");
    let desk = Desk::in_a_call(shelf, &[]).await;
    assert!(desk.shelf.comes_to_play(SPEAKER, HIGH).await);
    // By its name, in whatever case.
    let headset = WantedDevice::named("Headset");
    desk.engine
        .choose_device(AudioRole::Loudspeaker, headset)
        .await;
    assert!(desk.shelf.comes_to_play("headset", HIGH).await);
    desk.engine
        .choose_device(AudioRole::Loudspeaker, DevicePreference::default())
        .await;
    assert!(desk.shelf.comes_to_play(SPEAKER, HIGH).await);
    assert_eq!(desk.shelf.open_streams(), 2, "the former ones are closed");
}

#[tokio::test]
async fn who_follows_the_default_moves_with_it() {
    let shelf = Shelf::new(LOW);
    shelf.plug_loudspeaker("headset");
    let mut desk = Desk::in_a_call(shelf, &[]).await;
    desk.shelf.unplug(SPEAKER);
    desk.uses(AudioRole::Loudspeaker, "headset").await;
    assert!(desk.shelf.comes_to_play("headset", HIGH).await);
    assert!(desk.far.hears(LOW).await);
}

#[tokio::test]
async fn a_sound_system_that_dies_is_told_and_waited_for() {
    let mut desk = Desk::in_a_call(Shelf::new(LOW), &[]).await;
    desk.shelf.die();
    let died = SoundEvent::Devices(DeviceChange::SystemLost(AudioError::NoSystem));
    told(&mut desk.events, |event| *event == died).await;
    desk.shelf.come_back();
    let back = SoundEvent::Devices(DeviceChange::SystemBack);
    told(&mut desk.events, |event| *event == back).await;
    assert!(desk.shelf.comes_to_play(SPEAKER, HIGH).await);
    assert!(desk.far.comes_to_hear(LOW).await);
}

#[tokio::test]
async fn it_rings_on_the_ringer_alone_and_only_while_it_rings() {
    let shelf = Shelf::new(LOW);
    shelf.plug_loudspeaker("bell");
    let engine = Engine::builder(shelf.clone())
        .device(AudioRole::Ringer, WantedDevice::named("bell"))
        .build()
        .expect("an engine");
    engine.ring(Tone::RINGING).await;
    speak(300).await;
    assert!(shelf.mark("bell") > 4_800);
    assert_eq!(shelf.mark(SPEAKER), 0);
    assert_eq!(shelf.open_streams(), 1, "no microphone");
    engine.stop_ringing().await;
    assert_eq!(shelf.open_streams(), 0);
    let rung = shelf.mark("bell");
    speak(100).await;
    assert_eq!(shelf.mark("bell"), rung);
}

#[tokio::test]
async fn a_ringer_that_goes_away_rings_on_elsewhere() {
    let shelf = Shelf::new(LOW);
    shelf.plug_loudspeaker("bell");
    let engine = Engine::builder(shelf.clone())
        .device(AudioRole::Ringer, WantedDevice::named("bell"))
        .build()
        .expect("an engine");
    let mut events = engine.sound_events();
    engine.ring(Tone::RINGING).await;
    shelf.unplug("bell");
    uses(&mut events, AudioRole::Ringer, SPEAKER).await;
    speak(300).await;
    assert!(shelf.mark(SPEAKER) > 4_800);
    engine.close().await;
    assert_eq!(shelf.open_streams(), 0);
}

#[tokio::test]
async fn devices_that_come_and_go_are_told_without_a_call() {
    let shelf = Shelf::new(LOW);
    let engine = Engine::builder(shelf.clone()).build().expect("an engine");
    let mut events = engine.sound_events();
    // The first list is there once something has been asked.
    engine.stop_ringing().await;
    shelf.plug_loudspeaker("headset");
    let arrived = told(&mut events, |event| {
        matches!(event, SoundEvent::Devices(DeviceChange::Arrived(_)))
    });
    let SoundEvent::Devices(DeviceChange::Arrived(headset)) = arrived.await else {
        unreachable!("that is what was waited for");
    };
    assert_eq!(headset.name, "HEADSET");
    assert!(engine.devices().expect("a list").contains(&headset));
    shelf.unplug("headset");
    let removed = SoundEvent::Devices(DeviceChange::Removed(headset));
    told(&mut events, |event| *event == removed).await;
    engine.close().await;
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn what_went_amiss_at_the_devices_is_in_the_figures() {
    let engine = Engine::builder(Shelf::new(LOW)).build().expect("an engine");
    let session = engine.open().expect("a session");
    assert_eq!(session.stats().devices.xruns, 7);
}
