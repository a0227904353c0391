//! A computer whose sound devices a test plugs in and out, and whose sound system dies when told to.
//! Each microphone hears a tone of its own; each loudspeaker remembers what it played.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use voip_media::{
    AudioBackend, AudioDevice, AudioDirection, AudioError, CaptureStream, DeviceChoice,
    DeviceCounts, DeviceId, PlayoutStream,
};

use crate::sound::{longest_gap, share_of, tone};

/// The devices; the first of each direction is the default.
#[derive(Default)]
pub(crate) struct Shelf {
    state: Mutex<State>,
    /// Streams that are open.
    open: Arc<AtomicUsize>,
}

#[derive(Default)]
struct State {
    devices: Vec<Plugged>,
    dead: bool,
    heard: HashMap<String, Arc<Mutex<Vec<i16>>>>,
}

struct Plugged {
    name: &'static str,
    direction: AudioDirection,
    hertz: f32,
    /// Tells the open streams of the device that it is gone.
    gone: Arc<AtomicBool>,
}

impl Shelf {
    /// A microphone that hears a tone, and a loudspeaker.
    pub(crate) fn new(hertz: f32) -> Arc<Self> {
        let shelf = Arc::new(Self::default());
        shelf.plug_microphone("built-in microphone", hertz);
        shelf.plug_loudspeaker("built-in speaker");
        shelf
    }

    pub(crate) fn plug_microphone(&self, name: &'static str, hertz: f32) {
        self.plug(name, AudioDirection::Capture, hertz);
    }

    pub(crate) fn plug_loudspeaker(&self, name: &'static str) {
        self.plug(name, AudioDirection::Playout, 0.0);
    }

    fn plug(&self, name: &'static str, direction: AudioDirection, hertz: f32) {
        let gone = Arc::default();
        self.state().devices.push(Plugged {
            name,
            direction,
            hertz,
            gone,
        });
    }

    pub(crate) fn unplug(&self, name: &str) {
        let mut state = self.state();
        let unplugged = state.devices.iter().filter(|device| device.name == name);
        unplugged.for_each(|device| device.gone.store(true, Relaxed));
        state.devices.retain(|device| device.name != name);
    }

    /// The sound system dies, and every stream with it.
    pub(crate) fn die(&self) {
        let mut state = self.state();
        state.dead = true;
        let devices = state.devices.iter();
        devices.for_each(|device| device.gone.store(true, Relaxed));
    }

    pub(crate) fn come_back(&self) {
        let mut state = self.state();
        state.dead = false;
        let devices = state.devices.iter_mut();
        devices.for_each(|device| device.gone = Arc::default());
    }

    pub(crate) fn open_streams(&self) -> usize {
        self.open.load(Relaxed)
    }

    /// How many samples a loudspeaker has played: where to look for a gap from.
    pub(crate) fn mark(&self, name: &str) -> usize {
        self.heard(name).len()
    }

    /// The longest time without a tone of `hertz` since a mark, as it was played.
    pub(crate) fn gap(&self, name: &str, hertz: f32, mark: usize) -> Duration {
        longest_gap(&self.heard(name)[mark..], hertz)
    }

    /// Whether a loudspeaker comes to play a tone, and goes on with it: its last 200 ms are new.
    pub(crate) async fn comes_to_play(&self, name: &str, hertz: f32) -> bool {
        let before = self.mark(name);
        for _ in 0..100 {
            let heard = self.heard(name);
            if heard.len() > before + LAST && share_of(&heard[heard.len() - LAST..], hertz) > 0.8 {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        false
    }

    fn heard(&self, name: &str) -> Vec<i16> {
        let state = self.state();
        let heard = state.heard.get(name);
        heard.map_or_else(Vec::new, |heard| {
            heard.lock().expect("not poisoned").clone()
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }

    fn open(
        &self,
        choice: &DeviceChoice,
        direction: AudioDirection,
    ) -> Result<(Stream, f32), AudioError> {
        let mut state = self.state();
        if state.dead {
            return Err(AudioError::NoSystem);
        }
        let mut devices = state.devices.iter();
        let found = devices.find(|device| {
            let chosen = match choice {
                DeviceChoice::Default => true,
                DeviceChoice::Fixed(id) => id.0 == device.name,
            };
            device.direction == direction && chosen
        });
        let device = found.ok_or(AudioError::NotFound(direction))?;
        let (name, hertz, gone) = (device.name, device.hertz, Arc::clone(&device.gone));
        self.open.fetch_add(1, Relaxed);
        let stream = Stream {
            direction,
            gone,
            told: false,
            heard: Arc::clone(state.heard.entry(name.to_owned()).or_default()),
            open: Arc::clone(&self.open),
        };
        Ok((stream, hertz))
    }
}

impl AudioBackend for Shelf {
    fn devices(&self) -> Result<Vec<AudioDevice>, AudioError> {
        let state = self.state();
        if state.dead {
            return Err(AudioError::NoSystem);
        }
        let first = |direction| {
            let mut devices = state.devices.iter();
            devices.find(|device| device.direction == direction)
        };
        let describe = |device: &Plugged| AudioDevice {
            id: DeviceId(device.name.to_owned()),
            name: device.name.to_uppercase(),
            direction: device.direction,
            is_default: first(device.direction).is_some_and(|first| first.name == device.name),
        };
        Ok(state.devices.iter().map(describe).collect())
    }

    fn open_capture(&self, choice: &DeviceChoice) -> Result<Box<dyn CaptureStream>, AudioError> {
        let (stream, hertz) = self.open(choice, AudioDirection::Capture)?;
        Ok(Box::new(Microphone {
            stream,
            hertz,
            at: 0,
        }))
    }

    fn open_playout(&self, choice: &DeviceChoice) -> Result<Box<dyn PlayoutStream>, AudioError> {
        Ok(Box::new(self.open(choice, AudioDirection::Playout)?.0))
    }

    fn changes(&self) -> bool {
        true
    }

    fn counts(&self) -> DeviceCounts {
        let mut counts = DeviceCounts::default();
        counts.xruns = 7;
        counts
    }
}

struct Stream {
    direction: AudioDirection,
    gone: Arc<AtomicBool>,
    told: bool,
    heard: Arc<Mutex<Vec<i16>>>,
    open: Arc<AtomicUsize>,
}

impl Stream {
    fn error(&mut self) -> Option<AudioError> {
        let gone = self.gone.load(Relaxed) && !std::mem::replace(&mut self.told, true);
        gone.then_some(AudioError::Lost(self.direction))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Relaxed);
    }
}

impl PlayoutStream for Stream {
    fn wanted(&self) -> Option<usize> {
        None
    }

    fn write(&mut self, frame: &[i16]) {
        if !self.gone.load(Relaxed) {
            let mut heard = self.heard.lock().expect("not poisoned");
            heard.extend_from_slice(frame);
        }
    }

    fn take_error(&mut self) -> Option<AudioError> {
        self.error()
    }
}

struct Microphone {
    stream: Stream,
    hertz: f32,
    at: u32,
}

impl CaptureStream for Microphone {
    fn available(&self) -> Option<usize> {
        None
    }

    fn read(&mut self, frame: &mut [i16]) -> usize {
        for sample in &mut *frame {
            *sample = tone(self.hertz, self.at);
            self.at += 1;
        }
        frame.len()
    }

    fn take_error(&mut self) -> Option<AudioError> {
        self.stream.error()
    }
}

/// 200 ms.
const LAST: usize = 9_600;
