//! A microphone of one kind and a loudspeaker of another.

use std::sync::Arc;

use super::{
    AudioBackend, AudioDevice, AudioDirection, AudioError, CaptureStream, DeviceChoice,
    DeviceCounts, PlayoutStream,
};

/// Captures with one backend and plays with another, such as a WAV file and a real loudspeaker.
#[derive(Clone)]
pub struct SplitBackend {
    /// Where sound comes from.
    pub capture: Arc<dyn AudioBackend>,
    /// Where sound goes to.
    pub playout: Arc<dyn AudioBackend>,
}

impl AudioBackend for SplitBackend {
    fn devices(&self) -> Result<Vec<AudioDevice>, AudioError> {
        let of = |backend: &dyn AudioBackend, direction| {
            let mut devices = backend.devices()?;
            devices.retain(|device| device.direction == direction);
            Ok(devices)
        };
        let mut devices = of(self.capture.as_ref(), AudioDirection::Capture)?;
        devices.extend(of(self.playout.as_ref(), AudioDirection::Playout)?);
        Ok(devices)
    }

    fn open_capture(&self, device: &DeviceChoice) -> Result<Box<dyn CaptureStream>, AudioError> {
        self.capture.open_capture(device)
    }

    fn open_playout(&self, device: &DeviceChoice) -> Result<Box<dyn PlayoutStream>, AudioError> {
        self.playout.open_playout(device)
    }

    fn changes(&self) -> bool {
        self.capture.changes() || self.playout.changes()
    }

    fn counts(&self) -> DeviceCounts {
        let (mut counts, played) = (self.capture.counts(), self.playout.counts());
        counts.add(&played);
        counts
    }
}
