use thiserror::Error;

/// What a person asks with a button.
///
/// The names are those of the HID Telephony page (0x0B) where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Answer the ringing call (Hook Switch, off hook).
    Answer,
    /// Refuse the ringing call (Drop, or a vendor's reject).
    Reject,
    /// End the active call (Hook Switch, on hook, or Drop).
    End,
    /// Mute the microphone (`true`) or open it again (Phone Mute).
    Mute(bool),
    /// Hold, retrieve or swap, by the calls there are (Flash).
    Flash,
    /// Dial the last number again (Redial).
    Redial,
}

/// What the headset should show. The whole state each time, so that a lost write heals itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Lamps {
    /// A call rings (LED page: Ring).
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
    /// More than [`super::MAX_REPORT_BYTES`] or otherwise no use.
    #[error("the headset doesn't behave as its descriptor says")]
    Misbehaved,
}

/// A headset at the level of actions and lamps.
///
/// Used by one thread at a time. After [`DeviceError::Gone`] every call gives the same error; the
/// other errors may pass.
pub trait CallControlDevice: Send {
    /// The model, for "Connected with …".
    fn model(&self) -> &str;

    /// The next action, or `None` when there is none at the moment. Never blocks.
    fn poll_action(&mut self) -> Result<Option<Action>, DeviceError>;

    /// Shows this state. Showing the same state twice changes nothing.
    fn show(&mut self, lamps: Lamps) -> Result<(), DeviceError>;
}
