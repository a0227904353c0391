//! Sound for tests: a tone as microphone, a list of samples as loudspeaker. Both without a clock.

use std::{
    f32::consts::TAU,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use voip_media::{
    AudioBackend, AudioDevice, AudioDirection, AudioError, CaptureStream, DeviceChoice,
    PlayoutStream,
};

/// A microphone that hears a tone, and a loudspeaker that remembers.
pub(crate) struct ToneBackend {
    hertz: f32,
    heard: Arc<Mutex<Vec<i16>>>,
    unplugged: AtomicBool,
    broken: Arc<AtomicBool>,
}

impl ToneBackend {
    #[allow(dead_code, reason = "not every test binary talks")]
    pub(crate) fn new(hertz: f32) -> Arc<Self> {
        Arc::new(Self {
            hertz,
            heard: Arc::default(),
            unplugged: AtomicBool::new(false),
            broken: Arc::default(),
        })
    }

    /// Whether there is no microphone.
    #[allow(dead_code, reason = "not every test binary unplugs")]
    pub(crate) fn unplug(&self, unplugged: bool) {
        self.unplugged.store(unplugged, Relaxed);
    }

    /// The microphone that is open goes away.
    #[allow(dead_code, reason = "not every test binary breaks devices")]
    pub(crate) fn break_now(&self) {
        self.broken.store(true, Relaxed);
    }

    /// Samples played so far.
    #[allow(dead_code, reason = "not every test binary listens")]
    pub(crate) fn heard(&self) -> Vec<i16> {
        self.heard.lock().expect("not poisoned").clone()
    }

    /// Now, in samples played: where to look for a gap from.
    #[allow(dead_code, reason = "not every test binary looks for gaps")]
    pub(crate) fn mark(&self) -> usize {
        self.heard.lock().expect("not poisoned").len()
    }

    /// The longest time without a tone of `hertz` since a mark: media time, as it was played.
    #[allow(dead_code, reason = "not every test binary looks for gaps")]
    pub(crate) fn gap(&self, hertz: f32, mark: usize) -> std::time::Duration {
        longest_gap(&self.heard()[mark..], hertz)
    }

    #[allow(dead_code, reason = "not every test binary listens")]
    /// The share of the last `milliseconds` that is a tone of `hertz` (Goertzel), 0.0 to 1.0.
    pub(crate) fn share_of(&self, hertz: f32, milliseconds: usize) -> f32 {
        let heard = self.heard();
        share_of(
            &heard[heard.len().saturating_sub(milliseconds * 48)..],
            hertz,
        )
    }
}

/// The longest time without a tone of `hertz`.
#[allow(dead_code, reason = "not every test binary looks for gaps")]
pub(crate) fn longest_gap(heard: &[i16], hertz: f32) -> std::time::Duration {
    let mut longest = 0;
    let mut run = 0;
    for window in heard.chunks_exact(GAP_WINDOW) {
        let level = window.iter().map(|sample| sample.unsigned_abs()).max();
        let present = level > Some(AUDIBLE) && share_of_window(window, hertz) > 0.5;
        run = if present { 0 } else { run + 1 };
        longest = longest.max(run);
    }
    std::time::Duration::from_micros((longest * GAP_WINDOW * 1_000 / 48) as u64)
}

#[allow(dead_code, reason = "not every test binary listens")]
/// The mean over windows of 20 ms: a jitter buffer that stretches time moves the phase.
pub(crate) fn share_of(samples: &[i16], hertz: f32) -> f32 {
    let windows = samples.chunks_exact(960);
    let count = windows.len().max(1) as f32;
    windows
        .map(|window| share_of_window(window, hertz))
        .sum::<f32>()
        / count
}

#[allow(dead_code, reason = "not every test binary listens")]
fn share_of_window(samples: &[i16], hertz: f32) -> f32 {
    let (mut real, mut imaginary, mut energy) = (0.0f64, 0.0f64, 0.0f64);
    for (index, sample) in samples.iter().enumerate() {
        let angle = f64::from(TAU) * f64::from(hertz) * index as f64 / 48_000.0;
        let value = f64::from(*sample);
        real += value * angle.cos();
        imaginary += value * angle.sin();
        energy += value * value;
    }
    let tone = 2.0 * (real * real + imaginary * imaginary) / samples.len() as f64;
    if energy > 0.0 {
        (tone / energy) as f32
    } else {
        0.0
    }
}

/// Samples of 5 ms: more than two periods of the lowest tone, so that there is one to be seen.
const GAP_WINDOW: usize = 240;
/// A quarter of the tone's level: concealment that has faded so far is a gap.
const AUDIBLE: u16 = 2_000;

impl AudioBackend for ToneBackend {
    fn devices(&self) -> Result<Vec<AudioDevice>, AudioError> {
        Ok(Vec::new())
    }

    fn open_capture(&self, _: &DeviceChoice) -> Result<Box<dyn CaptureStream>, AudioError> {
        if self.unplugged.load(Relaxed) {
            return Err(AudioError::NoDevice(AudioDirection::Capture));
        }
        let broken = Arc::clone(&self.broken);
        Ok(Box::new(Tone {
            hertz: self.hertz,
            at: 0,
            broken,
        }))
    }

    fn open_playout(&self, _: &DeviceChoice) -> Result<Box<dyn PlayoutStream>, AudioError> {
        Ok(Box::new(Memory(Arc::clone(&self.heard))))
    }
}

/// A sample of a tone at 48 kHz, a quarter of full scale.
pub(crate) fn tone(hertz: f32, at: u32) -> i16 {
    let angle = TAU * hertz * (at % 48_000) as f32 / 48_000.0;
    (angle.sin() * 8_000.0) as i16
}

struct Tone {
    hertz: f32,
    at: u32,
    broken: Arc<AtomicBool>,
}

impl CaptureStream for Tone {
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
        let lost = AudioError::Lost(AudioDirection::Capture);
        self.broken.swap(false, Relaxed).then_some(lost)
    }
}

struct Memory(Arc<Mutex<Vec<i16>>>);

impl PlayoutStream for Memory {
    fn wanted(&self) -> Option<usize> {
        None
    }

    fn write(&mut self, frame: &[i16]) {
        self.0
            .lock()
            .expect("not poisoned")
            .extend_from_slice(frame);
    }

    fn take_error(&mut self) -> Option<AudioError> {
        None
    }
}
