use crate::{Redacted, Timestamp};

/// A presence state (PRES-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PresenceState {
    /// At the own workplace.
    Office,
    /// In a meeting.
    Meeting,
    /// Off sick.
    Sick,
    /// On a break.
    Break,
    /// Out of the office.
    OutOfOffice,
    /// On holiday.
    Holiday,
    /// At lunch.
    Lunch,
    /// Gone home.
    Home,
    /// Not to be disturbed (not in a MULAP).
    DoNotDisturb,
    /// The other hides their presence from this user.
    Invisible,
}

/// Someone's presence: a state, and for every state but office an expected return time (PRES-2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// The state.
    pub state: PresenceState,
    /// When the person expects to be back; never set for [`PresenceState::Office`].
    pub until: Option<Timestamp>,
    /// A note for those who see the state; any state may carry one.
    pub note: Option<Redacted<String>>,
}
