use std::fmt;

use serde::{Deserialize, Serialize};

/// A presence state (PRES-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// Not to be disturbed.
    DoNotDisturb,
    /// Reached at another workplace (Suite); others see `office`.
    CallMe,
    /// Hidden from this user.
    Invisible,
}

/// What a colleague's telephone does (PRES-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LineState {
    /// Nothing.
    Idle,
    /// It places a call.
    Dialling,
    /// It is in a call with a colleague.
    BusyInternal,
    /// It is in a call with somebody outside.
    BusyExternal,
    /// A colleague's call rings.
    RingingInternal,
    /// A call from outside rings.
    RingingExternal,
}

/// One user's presence as another sees it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceResource {
    /// Whose.
    pub user: String,
    /// The revision, in the numbering of the user who reads it.
    pub rev: u64,
    /// The state.
    pub state: PresenceState,
    /// Expected return, milliseconds since the Unix epoch; never with `office` or `call_me`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// A note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What the user's telephone does; absent where it isn't told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<LineState>,
}

impl fmt::Debug for PresenceResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresenceResource")
            .field("user", &self.user)
            .field("rev", &self.rev)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// `PUT /uc/v1/me/presence`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceUpdate {
    /// The new state; `invisible` is refused.
    pub state: PresenceState,
    /// Expected return, milliseconds since the Unix epoch; refused with `office` and
    /// `call_me`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// A note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl fmt::Debug for PresenceUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresenceUpdate")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
