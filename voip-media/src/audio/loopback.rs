//! A scripted microphone and a loudspeaker that remembers: for tests.

use std::{
    f64::consts::TAU,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rtrb::{Consumer, Producer, RingBuffer};

use super::{
    AudioBackend, AudioDevice, AudioDirection, AudioError, CaptureStream, DeviceChoice,
    PlayoutStream,
    clip::{ClipCapture, check_choice, single_devices},
};
use crate::SampleRate;

/// What a scripted microphone hears, piece after piece; 48 kHz, 16 bits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Script(Vec<i16>);

impl Script {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Then silence.
    #[must_use]
    pub fn silence(mut self, duration: Duration) -> Self {
        let samples = SampleRate::HZ_48000.samples_in(duration);
        self.0.extend(std::iter::repeat_n(0, samples));
        self
    }

    /// Then a sine of `hertz` with this peak value, starting at zero.
    #[must_use]
    pub fn tone(mut self, hertz: f64, peak: i16, duration: Duration) -> Self {
        let step = hertz * TAU / f64::from(SampleRate::HZ_48000.hz());
        let samples = SampleRate::HZ_48000.samples_in(duration);
        self.0.extend(
            (0..samples).map(|n| ((n as f64 * step).sin() * f64::from(peak)).round() as i16),
        );
        self
    }

    /// Then these samples.
    #[must_use]
    pub fn samples(mut self, samples: &[i16]) -> Self {
        self.0.extend_from_slice(samples);
        self
    }
}

/// A test tool: its microphone plays a [`Script`], its loudspeaker remembers what it was given.
///
/// Its streams have no clock of their own. A clone is the same backend.
#[derive(Clone)]
pub struct LoopbackBackend {
    script: Arc<[i16]>,
    repeat: bool,
    played: Arc<Mutex<Vec<Consumer<i16>>>>,
}

impl LoopbackBackend {
    /// A microphone that hears `script` once and then silence.
    pub fn new(script: Script) -> Self {
        Self {
            script: script.0.into(),
            repeat: false,
            played: Arc::default(),
        }
    }

    /// A microphone that hears `script` again and again.
    pub fn repeating(script: Script) -> Self {
        Self {
            repeat: true,
            ..Self::new(script)
        }
    }

    /// What was played since the last time this was asked, one stream after the other. A stream
    /// remembers up to 60 s; what comes later is lost.
    pub fn take_played(&self) -> Vec<i16> {
        let mut played = Vec::new();
        for consumer in self.rings().iter_mut() {
            let start = played.len();
            played.resize(start + consumer.slots(), 0);
            let (filled, _) = consumer.pop_partial_slice(&mut played[start..]);
            let count = filled.len();
            played.truncate(start + count);
        }
        played
    }

    fn rings(&self) -> std::sync::MutexGuard<'_, Vec<Consumer<i16>>> {
        self.played.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for LoopbackBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopbackBackend")
            .field("script_samples", &self.script.len())
            .field("repeat", &self.repeat)
            .finish_non_exhaustive()
    }
}

impl AudioBackend for LoopbackBackend {
    fn devices(&self) -> Result<Vec<AudioDevice>, AudioError> {
        Ok(single_devices(ID, "Test script"))
    }

    fn open_capture(&self, device: &DeviceChoice) -> Result<Box<dyn CaptureStream>, AudioError> {
        check_choice(self, device, AudioDirection::Capture)?;
        let script = Arc::clone(&self.script);
        Ok(Box::new(ClipCapture::new(script, self.repeat)))
    }

    fn open_playout(&self, device: &DeviceChoice) -> Result<Box<dyn PlayoutStream>, AudioError> {
        check_choice(self, device, AudioDirection::Playout)?;
        let (producer, consumer) = RingBuffer::new(REMEMBERED_SAMPLES);
        self.rings().push(consumer);
        Ok(Box::new(RememberingPlayout(producer)))
    }
}

struct RememberingPlayout(Producer<i16>);

impl PlayoutStream for RememberingPlayout {
    fn wanted(&self) -> Option<usize> {
        None
    }

    fn write(&mut self, frame: &[i16]) {
        // What doesn't fit is lost, as `take_played` says.
        let _ = self.0.push_partial_slice(frame);
    }

    fn take_error(&mut self) -> Option<AudioError> {
        None
    }
}

const ID: &str = "loopback";
/// 60 s at 48 kHz.
const REMEMBERED_SAMPLES: usize = 60 * 48_000;
