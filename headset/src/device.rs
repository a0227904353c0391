use std::time::Duration;

use thiserror::Error;

use crate::{Action, Calls, Moment};

/// What the headset shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Lamps {
    /// A call rings that a button can answer (LED page: Ring).
    pub ringing: bool,
    /// A call is up or being dialled (LED page: Off-Hook). Stays on while a call is held.
    pub off_hook: bool,
    /// The microphone is muted (LED page: Mute).
    pub muted: bool,
    /// A call is on hold (LED page: Hold).
    pub held: bool,
}

impl Lamps {
    /// No call.
    pub const IDLE: Self = Self {
        ringing: false,
        off_hook: false,
        muted: false,
        held: false,
    };

    /// What these calls look like.
    pub fn of(calls: &Calls) -> Self {
        Self {
            ringing: calls.allow(Action::Answer),
            off_hook: calls.is_up(),
            muted: calls.is_up() && calls.muted,
            held: calls.held > 0,
        }
    }
}

/// Something about the headset that a person may want to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Notice {
    /// Another program has a call on this headset (`true`), or has no longer. Two programs that
    /// drive one headset confuse it: the other one's headset control should be switched off.
    InUseElsewhere(bool),
    /// The headset refuses to open the microphone: its arm is up, or a switch of its own mutes it.
    MuteLocked,
}

/// What comes from a headset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviceEvent {
    /// A button asks for this; the calls last told allow it.
    Request(Action),
    /// Something to know.
    Notice(Notice),
}

/// Why a headset can't be used (any more).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// It was unplugged or switched off.
    #[error("the headset is gone: plug it in or switch it on")]
    Gone,
    /// The system doesn't let this user open it.
    #[error(
        "no permission to use the headset: on Linux, install the udev rule and plug it in again"
    )]
    NoPermission,
    /// It refused what its descriptor allows.
    #[error("the headset doesn't behave as its descriptor says")]
    Misbehaved,
}

/// A headset at the level of actions and calls.
///
/// Used by one thread at a time. After [`DeviceError::Gone`] every call gives the same error; the
/// other errors may pass.
pub trait CallControlDevice: Send {
    /// The model, for "Connected with …".
    fn model(&self) -> &str;

    /// Waits until there may be something to poll, at most this long. The only method that blocks.
    fn wait(&mut self, timeout: Duration) -> Result<(), DeviceError>;

    /// The next event, or `None` when there is none at the moment. Also does what is due by time:
    /// ask at least ten times a second during a call, as often as suits without.
    fn poll(&mut self, now: Moment) -> Result<Option<DeviceEvent>, DeviceError>;

    /// Tells the calls. Telling the same twice changes nothing.
    fn set_calls(&mut self, now: Moment, calls: Calls) -> Result<(), DeviceError>;
}
