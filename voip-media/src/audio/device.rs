//! Microphones and loudspeakers of this machine, through cpal.
//!
//! cpal's streams live on a thread of their own, since not every system lets them move; what the
//! media thread gets is one end of a lock-free ring.

mod capture;
mod format;
mod playout;
mod stream;
mod system;

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use self::system::System;
use super::{
    AudioBackend, AudioDevice, AudioDirection, AudioError, CaptureStream, DeviceChoice,
    DeviceCounts, PlayoutStream,
};

/// The microphones and loudspeakers of this machine: WASAPI on Windows, Core Audio on macOS,
/// PulseAudio (or PipeWire in its place) on Linux, and ALSA where neither runs.
///
/// Any rate, sample format and number of channels is converted to 48 kHz mono; devices are asked
/// for 10 ms buffers. Opening a stream may take as long as the sound server needs, at most 5 s;
/// dropping one waits until the device is closed. A device that stops calling for 2 s has
/// [stalled](AudioError::Stalled).
///
/// A sound server that was there once is waited for when it is gone, instead of taking the hardware
/// from it: [`AudioError::NoSystem`].
///
/// A clone counts together with its original.
#[derive(Debug, Clone, Default)]
pub struct DeviceBackend {
    counters: Arc<Counters>,
    system: Arc<System>,
}

impl DeviceBackend {
    /// All devices of this machine.
    pub fn new() -> Self {
        Self::default()
    }
}

impl AudioBackend for DeviceBackend {
    fn devices(&self) -> Result<Vec<AudioDevice>, AudioError> {
        self.system.devices()
    }

    fn open_capture(&self, device: &DeviceChoice) -> Result<Box<dyn CaptureStream>, AudioError> {
        Ok(Box::new(capture::open(device, self)?))
    }

    fn open_playout(&self, device: &DeviceChoice) -> Result<Box<dyn PlayoutStream>, AudioError> {
        Ok(Box::new(playout::open(device, self)?))
    }

    fn changes(&self) -> bool {
        true
    }

    fn counts(&self) -> DeviceCounts {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        DeviceCounts {
            capture_overrun: value(&self.counters.capture_overrun),
            capture_skipped: value(&self.counters.capture_skipped),
            playout_underrun: value(&self.counters.playout_underrun),
            playout_overrun: value(&self.counters.playout_overrun),
            system_gaps: value(&self.counters.system_gaps),
            xruns: value(&self.counters.xruns),
        }
    }
}

#[derive(Debug, Default)]
struct Counters {
    capture_overrun: AtomicU64,
    capture_skipped: AtomicU64,
    playout_underrun: AtomicU64,
    playout_overrun: AtomicU64,
    system_gaps: AtomicU64,
    xruns: AtomicU64,
}

impl Counters {
    /// Adds to one of its counters; anything but nothing is an xrun.
    fn note(&self, counter: &AtomicU64, count: usize) {
        if count > 0 {
            counter.fetch_add(count as u64, Ordering::Relaxed);
            self.xruns.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What a device's callback tells the other threads.
#[derive(Debug, Default)]
struct Pulse {
    /// How often the device has called.
    calls: AtomicU64,
    /// The most samples that it has handled in one call.
    largest_call: AtomicUsize,
}

impl Pulse {
    fn beat(&self, samples: usize) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.largest_call.fetch_max(samples, Ordering::Relaxed);
    }
}

fn refusal(direction: AudioDirection, error: &cpal::Error) -> AudioError {
    match error.kind() {
        cpal::ErrorKind::DeviceNotAvailable
        | cpal::ErrorKind::HostUnavailable
        | cpal::ErrorKind::StreamInvalidated => AudioError::Lost(direction),
        cpal::ErrorKind::UnsupportedConfig => AudioError::Format(direction),
        _ => AudioError::Refused {
            direction,
            reason: error.to_string(),
        },
    }
}
