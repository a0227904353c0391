use thiserror::Error;

use crate::{CallId, PhoneNumber, Redacted, Rev, Timestamp};

/// Who started the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallDirection {
    /// The other called.
    Incoming,
    /// This user called.
    Outgoing,
}

/// The state of one party's connection to a call (ECMA-269 §6.1.5, "connection states").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectionState {
    /// No relation to the call (any more).
    Null,
    /// The party is placing the call.
    Initiated,
    /// The party's device rings.
    Alerting,
    /// The party takes part.
    Connected,
    /// The party has put the call on hold.
    Hold,
    /// The call waits at the party's device.
    Queued,
    /// The call to this party has failed (busy, no such number).
    Fail,
}

/// Which device of the user carries the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviceKind {
    /// The built-in VoIP client: media flows through this process.
    Voip,
    /// A desk phone under remote control: no media here.
    DeskPhone,
}

/// Why a call or a connection ended or failed (ECMA-269 event causes, the part a person can use).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum FailureCause {
    /// Nobody has this number: check it.
    #[error("nobody has this number; check it")]
    NoSuchNumber,
    /// The other is in another call.
    #[error("the other is busy")]
    Busy,
    /// The other refused the call.
    #[error("the other refused the call")]
    Rejected,
    /// The other didn't answer in time.
    #[error("nobody answered")]
    NoAnswer,
    /// The caller gave up before the call was answered.
    #[error("the caller gave up")]
    Cancelled,
    /// Somebody else, or another device of this user, took the call.
    #[error("the call was answered elsewhere")]
    AnsweredElsewhere,
    /// The other has no device signed in.
    #[error("the other has no phone signed in")]
    Unreachable,
    /// A normal end.
    #[error("the call ended")]
    Normal,
    /// Sound could not be connected.
    #[error("the sound connection could not be made; see the diagnosis of the network")]
    MediaFailed,
    /// This user passed the call on to somebody else, unanswered.
    #[error("the call was passed on")]
    Deflected,
    /// The server lost the call, by a restart or because nobody confirmed it afterwards.
    #[error("the server gave the call up")]
    ServerLost,
}

/// The other side of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// The number as signalled.
    pub number: PhoneNumber,
    /// The name from the directories or from the network.
    pub name: Option<Redacted<String>>,
}

/// One party's part in the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Who.
    pub party: Party,
    /// In which state.
    pub state: ConnectionState,
}

/// A call as this user sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Its identity.
    pub id: CallId,
    /// Its revision.
    pub rev: Rev,
    /// Who started it.
    pub direction: CallDirection,
    /// Which device carries it.
    pub device: DeviceKind,
    /// This user's connection.
    pub local: ConnectionState,
    /// The other party and its connection (conferences will have more than one).
    pub remote: Connection,
    /// When it was dialled or began to ring.
    pub started: Timestamp,
    /// When it was answered.
    pub answered: Option<Timestamp>,
    /// Why it ended; set once `local` is [`ConnectionState::Null`] or [`ConnectionState::Fail`].
    pub cause: Option<FailureCause>,
}

/// A service a person can ask of a call (ECMA-269 call control services).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
pub enum Action {
    /// Answer Call.
    Answer,
    /// Refuse a ringing call (Clear Connection on an alerting connection).
    Reject,
    /// Hang up (Clear Connection).
    Clear,
    /// Hold Call.
    Hold,
    /// Retrieve Call.
    Retrieve,
    /// Deflect Call: a ringing call is passed on to another number.
    Deflect,
    /// Generate Digits: keys are sent into the call (CALL-8). Only where its sound runs here.
    SendDigits,
}

/// The services that are allowed now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct AllowedActions(u32);

impl AllowedActions {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// These and `action`.
    #[must_use]
    pub const fn with(self, action: Action) -> Self {
        Self(self.0 | (1 << action as u8))
    }

    /// These, but not `action`.
    #[must_use]
    pub const fn without(self, action: Action) -> Self {
        Self(self.0 & !(1 << action as u8))
    }

    /// Whether `action` is allowed.
    pub const fn has(self, action: Action) -> bool {
        self.0 & (1 << action as u8) != 0
    }
}

impl Call {
    /// Whether the call is over.
    pub const fn is_over(&self) -> bool {
        matches!(self.local, ConnectionState::Null | ConnectionState::Fail)
    }

    /// The services this user may ask for now.
    pub const fn allowed_actions(&self) -> AllowedActions {
        let none = AllowedActions::NONE;
        match self.local {
            ConnectionState::Null | ConnectionState::Fail => none,
            ConnectionState::Initiated | ConnectionState::Queued => none.with(Action::Clear),
            ConnectionState::Alerting => none
                .with(Action::Answer)
                .with(Action::Reject)
                .with(Action::Deflect),
            ConnectionState::Connected => match self.remote.state {
                ConnectionState::Connected if matches!(self.device, DeviceKind::Voip) => none
                    .with(Action::Clear)
                    .with(Action::Hold)
                    .with(Action::SendDigits),
                ConnectionState::Connected | ConnectionState::Hold => {
                    none.with(Action::Clear).with(Action::Hold)
                }
                _ => none.with(Action::Clear),
            },
            ConnectionState::Hold => none.with(Action::Clear).with(Action::Retrieve),
        }
    }
}

#[cfg(test)]
mod tests;
