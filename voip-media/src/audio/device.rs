//! Microphones and loudspeakers of this machine, through cpal.
//!
//! cpal's streams live on a thread of their own, since not every system lets them move; what the
//! media thread gets is one end of a lock-free ring.

mod capture;
mod format;
mod playout;
mod stream;

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use cpal::traits::{DeviceTrait, HostTrait};

use super::{
    AudioBackend, AudioDevice, AudioDirection, AudioError, CaptureStream, DeviceChoice, DeviceId,
    PlayoutStream,
};

/// The microphones and loudspeakers of this machine: WASAPI on Windows, Core Audio on macOS,
/// PulseAudio (or PipeWire in its place) on Linux, and ALSA where neither runs.
///
/// Any rate, sample format and number of channels is converted to 48 kHz mono; devices are asked
/// for 10 ms buffers. Opening a stream may take as long as the sound server needs, at most 5 s;
/// dropping one waits until the device is closed. A device that stops calling for 2 s counts as
/// lost.
///
/// A clone counts together with its original.
#[derive(Debug, Clone, Default)]
pub struct DeviceBackend {
    counters: Arc<Counters>,
}

/// What went amiss between the devices and the media thread, in samples of the devices' rates,
/// since the backend was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeviceCounts {
    /// Captured, but the media thread didn't fetch them in time.
    pub capture_overrun: u64,
    /// Captured, and left out to catch up with the device's clock after a long pause.
    pub capture_skipped: u64,
    /// Silence that was played because the media thread gave nothing in time. Counted from the
    /// first sample of a stream on.
    pub playout_underrun: u64,
    /// To be played, but there was no room.
    pub playout_overrun: u64,
    /// Gaps that the system itself reported, in number.
    pub system_gaps: u64,
}

impl DeviceBackend {
    /// All devices of this machine.
    pub fn new() -> Self {
        Self::default()
    }

    /// What went amiss so far.
    pub fn counts(&self) -> DeviceCounts {
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        DeviceCounts {
            capture_overrun: value(&self.counters.capture_overrun),
            capture_skipped: value(&self.counters.capture_skipped),
            playout_underrun: value(&self.counters.playout_underrun),
            playout_overrun: value(&self.counters.playout_overrun),
            system_gaps: value(&self.counters.system_gaps),
        }
    }
}

impl AudioBackend for DeviceBackend {
    fn devices(&self) -> Result<Vec<AudioDevice>, AudioError> {
        let host = cpal::default_host();
        let mut devices = Vec::new();
        for direction in [AudioDirection::Capture, AudioDirection::Playout] {
            let default = default_device(&host, direction).and_then(|device| device.id().ok());
            let listed = host
                .devices()
                .map_err(|error| refusal(direction, &error))?
                .filter(|device| works(device, direction))
                .filter_map(|device| describe(&device, direction, default.as_ref()));
            devices.extend(listed);
        }
        Ok(devices)
    }

    fn open_capture(&self, device: &DeviceChoice) -> Result<Box<dyn CaptureStream>, AudioError> {
        Ok(Box::new(capture::open(device, Arc::clone(&self.counters))?))
    }

    fn open_playout(&self, device: &DeviceChoice) -> Result<Box<dyn PlayoutStream>, AudioError> {
        Ok(Box::new(playout::open(device, Arc::clone(&self.counters))?))
    }
}

#[derive(Debug, Default)]
struct Counters {
    capture_overrun: AtomicU64,
    capture_skipped: AtomicU64,
    playout_underrun: AtomicU64,
    playout_overrun: AtomicU64,
    system_gaps: AtomicU64,
}

impl Counters {
    fn add(counter: &AtomicU64, count: usize) {
        if count > 0 {
            counter.fetch_add(count as u64, Ordering::Relaxed);
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

fn works(device: &cpal::Device, direction: AudioDirection) -> bool {
    match direction {
        AudioDirection::Capture => device.supports_input(),
        AudioDirection::Playout => device.supports_output(),
    }
}

fn default_device(host: &cpal::Host, direction: AudioDirection) -> Option<cpal::Device> {
    match direction {
        AudioDirection::Capture => host.default_input_device(),
        AudioDirection::Playout => host.default_output_device(),
    }
}

/// A device that can't even say its name isn't listed.
fn describe(
    device: &cpal::Device,
    direction: AudioDirection,
    default: Option<&cpal::DeviceId>,
) -> Option<AudioDevice> {
    let id = device.id().ok()?;
    Some(AudioDevice {
        is_default: default == Some(&id),
        id: DeviceId(id.to_string()),
        name: device.description().ok()?.name().to_owned(),
        direction,
    })
}

fn find(choice: &DeviceChoice, direction: AudioDirection) -> Result<cpal::Device, AudioError> {
    let host = cpal::default_host();
    match choice {
        DeviceChoice::Default => {
            default_device(&host, direction).ok_or(AudioError::NoDevice(direction))
        }
        DeviceChoice::Fixed(id) => {
            id.0.parse()
                .ok()
                .and_then(|id| host.device_by_id(&id))
                .filter(|device| works(device, direction))
                .ok_or(AudioError::NotFound(direction))
        }
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
