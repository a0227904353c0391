use std::time::Duration;

/// A moment on the caller's clock: the time since any fixed start, the same for all calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub Duration);

impl Moment {
    /// This much later.
    pub(crate) fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }
}

/// What a person asks with a button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Answer the ringing call.
    Answer,
    /// Refuse the ringing call.
    Reject,
    /// End the active call; the held one if it is the only call.
    End,
    /// Cut the microphone off (`true`) or open it again.
    Mute(bool),
    /// Put the active call on hold.
    Hold,
    /// Take the held call back.
    Retrieve,
    /// Hold the active call and retrieve the held one.
    Swap,
}

/// The application's calls, as far as a headset has to know. The whole state each time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Calls {
    /// How many ring here.
    pub ringing: u8,
    /// How many are connected or being dialled.
    pub active: u8,
    /// How many are on hold.
    pub held: u8,
    /// The microphone is cut off.
    pub muted: bool,
}

impl Calls {
    /// No call.
    pub const NONE: Self = Self {
        ringing: 0,
        active: 0,
        held: 0,
        muted: false,
    };

    /// Whether a button may do this now. With calls in parallel no button answers or rejects.
    pub fn allow(&self, action: Action) -> bool {
        match action {
            Action::Answer | Action::Reject => self.ringing == 1 && self.total() == 1,
            Action::End => self.active > 0 || self.held == 1 && self.total() == 1,
            Action::Mute(_) => self.is_up(),
            Action::Hold => self.active > 0 && self.held == 0,
            Action::Retrieve => self.active == 0 && self.held == 1,
            Action::Swap => self.active > 0 && self.held > 0,
        }
    }

    /// What Flash means now.
    pub(crate) fn flash(&self) -> Option<Action> {
        let meanings = [Action::Hold, Action::Retrieve, Action::Swap];
        meanings.into_iter().find(|action| self.allow(*action))
    }

    /// Some call is connected, being dialled or held.
    pub(crate) fn is_up(&self) -> bool {
        self.active > 0 || self.held > 0
    }

    pub(crate) fn total(&self) -> u16 {
        u16::from(self.ringing) + u16::from(self.active) + u16::from(self.held)
    }
}
