//! No sound at all.

use super::{
    AudioBackend, AudioDevice, AudioError, CaptureStream, DeviceChoice, PlayoutStream,
    clip::{ClipCapture, check_choice, single_devices},
};

/// Silence in, nothing out: for servers, tests, and machines without sound.
///
/// Its streams have no clock of their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NullBackend;

impl AudioBackend for NullBackend {
    fn devices(&self) -> Result<Vec<AudioDevice>, AudioError> {
        Ok(single_devices(ID, "No sound"))
    }

    fn open_capture(&self, device: &DeviceChoice) -> Result<Box<dyn CaptureStream>, AudioError> {
        check_choice(self, device, super::AudioDirection::Capture)?;
        Ok(Box::new(ClipCapture::silent()))
    }

    fn open_playout(&self, device: &DeviceChoice) -> Result<Box<dyn PlayoutStream>, AudioError> {
        check_choice(self, device, super::AudioDirection::Playout)?;
        Ok(Box::new(NullPlayout))
    }
}

/// Discards what it is given.
pub(super) struct NullPlayout;

impl PlayoutStream for NullPlayout {
    fn wanted(&self) -> Option<usize> {
        None
    }

    fn write(&mut self, _: &[i16]) {}

    fn take_error(&mut self) -> Option<AudioError> {
        None
    }
}

const ID: &str = "null";
