//! Where sound comes from and goes to. All streams are 48 kHz, one channel, 16 bits.

mod clip;
#[cfg(feature = "device")]
mod device;
mod loopback;
mod null;
mod preference;
mod split;
mod watch;
mod wav;

use thiserror::Error;

pub(crate) use self::clip::ClipCapture;
#[cfg(feature = "device")]
pub use self::device::DeviceBackend;
pub use self::{
    loopback::{LoopbackBackend, Script},
    null::NullBackend,
    preference::{DevicePreference, WantedDevice},
    split::SplitBackend,
    watch::{DeviceChange, DeviceList, DeviceWatcher},
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

/// What a device is used for. Each can be another device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AudioRole {
    /// What the far side hears.
    Microphone,
    /// What the user hears of a call.
    Loudspeaker,
    /// What tells that somebody calls.
    Ringer,
}

impl AudioRole {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Microphone, Self::Loudspeaker, Self::Ringer];

    /// Which way the sound flows.
    pub const fn direction(self) -> AudioDirection {
        match self {
            Self::Microphone => AudioDirection::Capture,
            Self::Loudspeaker | Self::Ringer => AudioDirection::Playout,
        }
    }
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
    /// The device is there but takes or gives no sound, such as a suspended one.
    #[error("the {0:?} device stands still: unplug it and plug it in again, or choose another one")]
    Stalled(AudioDirection),
    /// The sound server that was there doesn't answer.
    #[error("the sound system of this computer doesn't answer: it may come back by itself")]
    NoSystem,
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
    /// Whether devices come and go; an engine then looks at the list twice a second. Default: no.
    fn changes(&self) -> bool {
        false
    }
    /// What went amiss between its devices and the media thread so far. Default: nothing.
    fn counts(&self) -> DeviceCounts {
        DeviceCounts::default()
    }
}

/// What went amiss between the devices and the media thread, in samples of the devices' rates,
/// since the backend was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
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
    /// How often any of this has happened, in number.
    pub xruns: u64,
}

impl DeviceCounts {
    /// Adds what another backend has counted.
    pub(crate) fn add(&mut self, other: &Self) {
        self.capture_overrun += other.capture_overrun;
        self.capture_skipped += other.capture_skipped;
        self.playout_underrun += other.playout_underrun;
        self.playout_overrun += other.playout_overrun;
        self.system_gaps += other.system_gaps;
        self.xruns += other.xruns;
    }
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
