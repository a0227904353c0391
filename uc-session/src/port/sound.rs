//! The devices that sound comes from and goes to.

use super::MediaError;

/// What a sound device is used for. Each can be another device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SoundRole {
    /// What the far end hears.
    Microphone,
    /// What the user hears of a call.
    Loudspeaker,
    /// What tells that somebody calls.
    Ringer,
}

impl SoundRole {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Microphone, Self::Loudspeaker, Self::Ringer];
}

/// A device of this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoundDevice {
    /// Its identity: the same after a restart, as far as the system has such a thing.
    pub id: String,
    /// Its name for a person.
    pub name: String,
    /// Whether it is a microphone; else a loudspeaker.
    pub is_microphone: bool,
    /// Whether it is the system's default.
    pub is_default: bool,
}

/// What has happened to the sound devices; calls go on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SoundChange {
    /// A device is there that was not.
    Arrived(SoundDevice),
    /// A device is gone.
    Removed(SoundDevice),
    /// The system has another default microphone or loudspeaker.
    DefaultChanged,
    /// A role has its sound from or on this device now: at first, after a move, after a failure.
    InUse {
        /// Which role.
        role: SoundRole,
        /// Which device; `None` where the system doesn't list it.
        device: Option<SoundDevice>,
    },
    /// A role is without sound; what else there is is tried by itself.
    Failed {
        /// Which role.
        role: SoundRole,
        /// Why, in words for a person.
        error: MediaError,
    },
    /// The sound system of the computer doesn't answer.
    SystemLost,
    /// It answers again.
    SystemBack,
}

/// How the user is told that somebody calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Alert {
    /// Nobody calls.
    #[default]
    None,
    /// By the ringer.
    Ringing,
    /// By a tone in the running call.
    CallWaiting,
}
