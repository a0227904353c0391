//! Where sound comes from and goes to. All streams are 48 kHz, one channel, 16 bits.

mod clip;
#[cfg(feature = "device")]
mod device;
mod loopback;
mod null;
mod split;
mod wav;

use thiserror::Error;

#[cfg(feature = "device")]
pub use self::device::{DeviceBackend, DeviceCounts};
pub use self::{
    loopback::{LoopbackBackend, Script},
    null::NullBackend,
    split::SplitBackend,
    wav::WavBackend,
};

/// Which way the sound flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AudioDirection {
    /// From a microphone.
    Capture,
    /// To a loudspeaker.
    Playout,
}

/// A device's identity: stable over restarts where the system has one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeviceId(pub String);

/// A device as an application lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioDevice {
    /// Its identity.
    pub id: DeviceId,
    /// Its name for a person.
    pub name: String,
    /// Which way it works.
    pub direction: AudioDirection,
    /// Whether it is the system's default.
    pub is_default: bool,
}

/// Which device to open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// The system's default.
    #[default]
    Default,
    /// This one.
    Fixed(DeviceId),
}

/// What can go wrong with sound devices.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AudioError {
    /// There is no microphone or loudspeaker.
    #[error("there is no {0:?} device: plug one in, or choose a WAV file or null sound")]
    NoDevice(AudioDirection),
    /// The chosen device is not there.
    #[error("the chosen {0:?} device is not there: choose another one")]
    NotFound(AudioDirection),
    /// The device is gone, or the sound server has died.
    #[error("the {0:?} device has gone away")]
    Lost(AudioDirection),
    /// The device can't do 48 kHz (or any rate we can convert).
    #[error("the {0:?} device offers no usable format")]
    Format(AudioDirection),
    /// The system refused; its own words follow.
    #[error("the system refused the {direction:?} device: {reason}")]
    Refused {
        /// Which way.
        direction: AudioDirection,
        /// The system's words.
        reason: String,
    },
    /// A sound file can't be read or written.
    #[error("the sound file {path} can't be used: {reason}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        reason: String,
    },
}

/// A source and a sink of sound: real devices, WAV files, nothing, or a loop.
///
/// Called from any thread that may block; the streams it gives are used by the media thread.
pub trait AudioBackend: Send + Sync {
    /// The devices there are.
    fn devices(&self) -> Result<Vec<AudioDevice>, AudioError>;
    /// Starts capturing.
    fn open_capture(&self, device: &DeviceChoice) -> Result<Box<dyn CaptureStream>, AudioError>;
    /// Starts playing.
    fn open_playout(&self, device: &DeviceChoice) -> Result<Box<dyn PlayoutStream>, AudioError>;
}

/// Captured sound. Used by one thread; no method blocks, locks or allocates.
pub trait CaptureStream: Send {
    /// Samples that can be read now. `None`: the stream has no clock of its own (a file) and gives
    /// whatever is asked; the media thread then reads 10 ms every 10 ms.
    fn available(&self) -> Option<usize>;
    /// Fills `frame`; what isn't there is silence. Gives the number of real samples.
    fn read(&mut self, frame: &mut [i16]) -> usize;
    /// The error that has ended the stream, once.
    fn take_error(&mut self) -> Option<AudioError>;
}

/// Sound to play. Used by one thread; no method blocks, locks or allocates.
pub trait PlayoutStream: Send {
    /// Samples the device wants now to keep its buffer at its target. `None`: no clock of its own;
    /// the media thread then writes 10 ms every 10 ms.
    fn wanted(&self) -> Option<usize>;
    /// Hands over samples to play. What doesn't fit is dropped and counted.
    fn write(&mut self, frame: &[i16]);
    /// The error that has ended the stream, once.
    fn take_error(&mut self) -> Option<AudioError>;
}
