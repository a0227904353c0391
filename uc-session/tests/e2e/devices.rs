//! Sound devices under a client: where it rings, where it talks, what is told.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::sleep;
use uc_server::Server;
use uc_session::{
    Event, VoipEngine,
    port::{MediaError, SoundChange, SoundRole},
};
use voip_media::{
    AudioBackend, AudioDevice, AudioDirection, AudioError, CaptureStream, DeviceChoice, DeviceId,
    LoopbackBackend, PlayoutStream,
};

use crate::{
    client::{builder, event, until, within},
    office::{self, BRUNO_HZ, ROSA_HZ, person, tone},
};

/// A microphone, and loudspeakers that can be unplugged; the first that is there is the default.
struct Desk {
    microphone: LoopbackBackend,
    loudspeakers: Vec<Loudspeaker>,
}

struct Loudspeaker {
    name: &'static str,
    sound: LoopbackBackend,
    unplugged: Arc<AtomicBool>,
}

impl Desk {
    fn with(names: &[&'static str]) -> Arc<Self> {
        let loudspeaker = |name: &&'static str| Loudspeaker {
            name,
            sound: tone(ROSA_HZ),
            unplugged: Arc::default(),
        };
        Arc::new(Self {
            microphone: tone(ROSA_HZ),
            loudspeakers: names.iter().map(loudspeaker).collect(),
        })
    }

    fn loudspeaker(&self, name: &str) -> &Loudspeaker {
        let mut all = self.loudspeakers.iter();
        all.find(|loudspeaker| loudspeaker.name == name).unwrap()
    }

    fn unplug(&self, name: &str, unplugged: bool) {
        self.loudspeaker(name).unplugged.store(unplugged, Relaxed);
    }

    /// Whether a loudspeaker plays anything within a quarter of a second.
    async fn sounds(&self, name: &str) -> bool {
        let sound = &self.loudspeaker(name).sound;
        sound.take_played();
        sleep(Duration::from_millis(250)).await;
        sound.take_played().iter().any(|sample| *sample != 0)
    }

    fn plugged(&self) -> impl Iterator<Item = &Loudspeaker> {
        let all = self.loudspeakers.iter();
        all.filter(|loudspeaker| !loudspeaker.unplugged.load(Relaxed))
    }
}

impl AudioBackend for Desk {
    fn devices(&self) -> Result<Vec<AudioDevice>, AudioError> {
        let describe = |name: &str, direction, is_default| AudioDevice {
            id: DeviceId(format!("test:{name}")),
            name: name.to_owned(),
            direction,
            is_default,
        };
        let mut devices = vec![describe("microphone", AudioDirection::Capture, true)];
        for (index, loudspeaker) in self.plugged().enumerate() {
            devices.push(describe(
                loudspeaker.name,
                AudioDirection::Playout,
                index == 0,
            ));
        }
        Ok(devices)
    }

    fn open_capture(&self, _: &DeviceChoice) -> Result<Box<dyn CaptureStream>, AudioError> {
        self.microphone.open_capture(&DeviceChoice::Default)
    }

    fn open_playout(&self, choice: &DeviceChoice) -> Result<Box<dyn PlayoutStream>, AudioError> {
        let chosen = |loudspeaker: &&Loudspeaker| match choice {
            DeviceChoice::Default => true,
            DeviceChoice::Fixed(id) => id.0.ends_with(loudspeaker.name),
        };
        let missing = AudioError::NotFound(AudioDirection::Playout);
        let loudspeaker = self.plugged().find(chosen).ok_or(missing)?;
        Ok(Box::new(Plugged {
            stream: loudspeaker.sound.open_playout(&DeviceChoice::Default)?,
            unplugged: Arc::clone(&loudspeaker.unplugged),
            told: Mutex::new(false),
        }))
    }

    fn changes(&self) -> bool {
        true
    }
}

struct Plugged {
    stream: Box<dyn PlayoutStream>,
    unplugged: Arc<AtomicBool>,
    told: Mutex<bool>,
}

impl PlayoutStream for Plugged {
    fn wanted(&self) -> Option<usize> {
        self.stream.wanted()
    }

    fn write(&mut self, frame: &[i16]) {
        if !self.unplugged.load(Relaxed) {
            self.stream.write(frame);
        }
    }

    fn take_error(&mut self) -> Option<AudioError> {
        let told = self.told.get_mut().unwrap();
        let gone = self.unplugged.load(Relaxed) && !std::mem::replace(told, true);
        gone.then_some(AudioError::Lost(AudioDirection::Playout))
    }
}

fn in_use(event: &Event, wanted: SoundRole, name: &str) -> bool {
    match event {
        Event::SoundChanged(SoundChange::InUse {
            role,
            device: Some(device),
        }) => *role == wanted && device.name == name,
        _ => false,
    }
}

#[tokio::test]
async fn a_call_rings_on_the_ringer_is_heard_on_the_headset_and_moves_when_that_goes() {
    let server = Server::builder().start().await.unwrap();
    let desk = Desk::with(&["speaker", "headset", "bell"]);
    let rosa = builder(&server, "330")
        .media(Arc::new(VoipEngine::new(desk.clone()).unwrap()))
        .device(SoundRole::Loudspeaker, &["test:headset"])
        .device(SoundRole::Ringer, &["no such bell", "Bell"])
        .sign_in()
        .await
        .unwrap();
    let mut events = rosa.events();
    let bruno = person(&server, "331", BRUNO_HZ).await;
    let outgoing = within(bruno.client.call("330")).await.unwrap();
    let incoming = within(rosa.incoming()).await.unwrap();
    event(&mut events, |event| {
        in_use(event, SoundRole::Ringer, "bell")
    })
    .await;
    until(|| !desk.loudspeaker("bell").sound.take_played().is_empty()).await;
    within(incoming.answer()).await.unwrap();
    within(outgoing.connected()).await.unwrap();
    event(&mut events, |event| {
        in_use(event, SoundRole::Loudspeaker, "headset")
    })
    .await;
    hears(&desk, "headset").await;
    bruno.hears(ROSA_HZ).await;
    assert!(!desk.sounds("bell").await, "it was answered");
    assert!(!desk.sounds("speaker").await);

    desk.unplug("headset", true);
    event(&mut events, |event| {
        matches!(event, Event::SoundChanged(SoundChange::Failed { .. }))
    })
    .await;
    event(&mut events, |event| {
        in_use(event, SoundRole::Loudspeaker, "speaker")
    })
    .await;
    hears(&desk, "speaker").await;
    desk.unplug("headset", false);
    event(&mut events, |event| {
        in_use(event, SoundRole::Loudspeaker, "headset")
    })
    .await;
    hears(&desk, "headset").await;
    bruno.hears(ROSA_HZ).await;

    let bell = &["bell"];
    within(rosa.choose_device(SoundRole::Loudspeaker, bell))
        .await
        .unwrap();
    hears(&desk, "bell").await;
    assert!(!outgoing.status().call.is_over());
    rosa.sign_out().await;
    assert_eq!(
        rosa.choose_device(SoundRole::Loudspeaker, bell).await,
        Err(MediaError::Closed)
    );
}

async fn hears(desk: &Arc<Desk>, name: &'static str) {
    office::hears(&desk.loudspeaker(name).sound, BRUNO_HZ).await;
}

#[tokio::test]
async fn the_list_of_devices_follows_what_is_plugged_in() {
    let server = Server::builder().start().await.unwrap();
    let desk = Desk::with(&["speaker", "headset"]);
    let rosa = builder(&server, "330")
        .media(Arc::new(VoipEngine::new(desk.clone()).unwrap()))
        .sign_in()
        .await
        .unwrap();
    let mut events = rosa.events();
    let listed = within(rosa.sound_devices()).await.unwrap();
    let headset = listed.iter().find(|device| device.name == "headset");
    let headset = headset.unwrap().clone();
    assert!(!headset.is_microphone && !headset.is_default);
    assert_eq!(headset.id, "test:headset");
    desk.unplug("headset", true);
    let gone = Event::SoundChanged(SoundChange::Removed(headset));
    event(&mut events, |event| *event == gone).await;
    assert_eq!(within(rosa.sound_devices()).await.unwrap().len(), 2);
    rosa.sign_out().await;
}

#[tokio::test]
async fn a_caller_who_gives_up_stops_the_ringing() {
    let server = Server::builder().start().await.unwrap();
    let desk = Desk::with(&["speaker"]);
    let rosa = builder(&server, "330")
        .media(Arc::new(VoipEngine::new(desk.clone()).unwrap()))
        .sign_in()
        .await
        .unwrap();
    let bruno = person(&server, "331", BRUNO_HZ).await;
    let call = within(bruno.client.call("330")).await.unwrap();
    until(|| !desk.loudspeaker("speaker").sound.take_played().is_empty()).await;
    within(call.hang_up()).await.unwrap();
    within(async {
        while desk.sounds("speaker").await {
            sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
    rosa.sign_out().await;
}
