use std::fmt;

use async_trait::async_trait;

/// What a person asks with a headset's buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeadsetAction {
    /// Answer the ringing call.
    Answer,
    /// Refuse the ringing call.
    Reject,
    /// End the active call.
    End,
    /// Mute on or off.
    Mute(bool),
    /// Hold, retrieve or swap, by the calls there are.
    Flash,
}

/// What a headset should show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct HeadsetLamps {
    /// A call rings.
    pub ringing: bool,
    /// A call is up or being dialled.
    pub off_hook: bool,
    /// The microphone is cut off.
    pub muted: bool,
    /// A call is on hold.
    pub held: bool,
}

/// A headset's buttons and lamps.
#[async_trait]
pub trait HeadsetPort: Send + Sync + fmt::Debug {
    /// The next action; `None` once there is no headset any more. Cancel-safe.
    async fn next_action(&self) -> Option<HeadsetAction>;
    /// Shows this.
    fn show(&self, lamps: HeadsetLamps);
}
