//! WAV files as microphone and loudspeaker.

mod read;
mod record;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    AudioBackend, AudioDevice, AudioDirection, AudioError, CaptureStream, DeviceChoice,
    PlayoutStream,
    clip::{ClipCapture, check_choice, single_devices},
    null::NullPlayout,
};

/// Speaks a WAV file and records what is played into another one.
///
/// Both are optional: without a file to speak there is silence, without one to record to, what is
/// played is discarded. Its streams have no clock of their own.
///
/// ```no_run
/// # use voip_media::{AudioError, WavBackend};
/// # fn main() -> Result<(), AudioError> {
/// let sound = WavBackend::new().play("question.wav")?.record("answer.wav");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct WavBackend {
    clip: Option<Arc<[i16]>>,
    repeat: bool,
    recording: Option<PathBuf>,
}

impl WavBackend {
    /// Silence in, nothing out, until told otherwise.
    pub fn new() -> Self {
        Self::default()
    }

    /// Speaks this file, once, and is then silent. It is read and converted to 48 kHz mono now:
    /// PCM of 8 to 32 bits or floating point, any number of channels, 4 to 384 kHz, at most an
    /// hour.
    ///
    /// # Errors
    /// [`AudioError::File`] if it can't be read or isn't such a file.
    pub fn play(mut self, path: impl AsRef<Path>) -> Result<Self, AudioError> {
        self.clip = Some(read::read(path.as_ref())?.into());
        Ok(self)
    }

    /// Speaks the file again and again.
    #[must_use]
    pub fn repeat(mut self) -> Self {
        self.repeat = true;
        self
    }

    /// Records what is played into this file: 48 kHz, 16 bits, mono. It is written while the call
    /// goes on and complete when the playout stream has been dropped; each stream starts the file
    /// anew.
    #[must_use]
    pub fn record(mut self, path: impl Into<PathBuf>) -> Self {
        self.recording = Some(path.into());
        self
    }

    pub(crate) fn clip(&self) -> Arc<[i16]> {
        self.clip.clone().unwrap_or_default()
    }

    /// The length of the file to speak, in samples at 48 kHz; 0 without one.
    pub fn clip_samples(&self) -> usize {
        self.clip.as_ref().map_or(0, |clip| clip.len())
    }
}

impl AudioBackend for WavBackend {
    fn devices(&self) -> Result<Vec<AudioDevice>, AudioError> {
        Ok(single_devices(ID, "WAV file"))
    }

    fn open_capture(&self, device: &DeviceChoice) -> Result<Box<dyn CaptureStream>, AudioError> {
        check_choice(self, device, AudioDirection::Capture)?;
        Ok(Box::new(ClipCapture::new(self.clip(), self.repeat)))
    }

    fn open_playout(&self, device: &DeviceChoice) -> Result<Box<dyn PlayoutStream>, AudioError> {
        check_choice(self, device, AudioDirection::Playout)?;
        Ok(match &self.recording {
            Some(path) => Box::new(record::RecordingPlayout::create(path)?),
            None => Box::new(NullPlayout),
        })
    }
}

fn file_error(path: &Path, reason: impl ToString) -> AudioError {
    AudioError::File {
        path: path.display().to_string(),
        reason: reason.to_string(),
    }
}

const ID: &str = "wav";
