//! A recording in memory as a microphone, and what backends with one device per direction share.

use std::sync::Arc;

use super::{
    AudioBackend, AudioDevice, AudioDirection, AudioError, CaptureStream, DeviceChoice, DeviceId,
};

/// Captures from samples in memory; silence after their end, or the same again.
pub(crate) struct ClipCapture {
    samples: Arc<[i16]>,
    position: usize,
    repeat: bool,
}

impl ClipCapture {
    pub(crate) fn new(samples: Arc<[i16]>, repeat: bool) -> Self {
        Self {
            samples,
            position: 0,
            repeat,
        }
    }

    pub(super) fn silent() -> Self {
        Self::new(Arc::new([]), false)
    }

    fn copy_into(&mut self, out: &mut [i16]) -> usize {
        let rest = &self.samples[self.position..];
        let count = rest.len().min(out.len());
        out[..count].copy_from_slice(&rest[..count]);
        self.position += count;
        if self.repeat && self.position == self.samples.len() {
            self.position = 0;
        }
        count
    }
}

impl CaptureStream for ClipCapture {
    fn available(&self) -> Option<usize> {
        None
    }

    fn read(&mut self, frame: &mut [i16]) -> usize {
        let mut filled = 0;
        while filled < frame.len() {
            match self.copy_into(&mut frame[filled..]) {
                0 => break,
                count => filled += count,
            }
        }
        frame[filled..].fill(0);
        filled
    }

    fn take_error(&mut self) -> Option<AudioError> {
        None
    }
}

/// The one capture and the one playout device of a backend without hardware.
pub(super) fn single_devices(id: &str, name: &str) -> Vec<AudioDevice> {
    [AudioDirection::Capture, AudioDirection::Playout]
        .map(|direction| AudioDevice {
            id: DeviceId(id.to_owned()),
            name: name.to_owned(),
            direction,
            is_default: true,
        })
        .to_vec()
}

/// Refuses a choice that the backend doesn't list.
pub(super) fn check_choice(
    backend: &dyn AudioBackend,
    choice: &DeviceChoice,
    direction: AudioDirection,
) -> Result<(), AudioError> {
    let DeviceChoice::Fixed(id) = choice else {
        return Ok(());
    };
    let listed = backend
        .devices()?
        .iter()
        .any(|device| device.direction == direction && device.id == *id);
    if listed {
        Ok(())
    } else {
        Err(AudioError::NotFound(direction))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_followed_by_silence() {
        let mut clip = ClipCapture::new(Arc::new([1, 2, 3]), false);
        let mut frame = [9; 2];
        assert_eq!((clip.read(&mut frame), frame), (2, [1, 2]));
        assert_eq!((clip.read(&mut frame), frame), (1, [3, 0]));
        assert_eq!((clip.read(&mut frame), frame), (0, [0, 0]));
    }

    #[test]
    fn a_repeated_recording_has_no_gap() {
        let mut clip = ClipCapture::new(Arc::new([1, 2, 3]), true);
        let mut frame = [0; 7];
        assert_eq!(clip.read(&mut frame), 7);
        assert_eq!(frame, [1, 2, 3, 1, 2, 3, 1]);
    }

    #[test]
    fn an_empty_recording_is_silence_even_when_repeated() {
        let mut clip = ClipCapture::new(Arc::new([]), true);
        let mut frame = [9; 4];
        assert_eq!((clip.read(&mut frame), frame), (0, [0; 4]));
    }
}
