use thiserror::Error;

use crate::{CallId, PhoneNumber, Redacted, Rev, Timestamp, UserId};

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
    /// This user handed the call over to somebody else.
    #[error("the call was handed over")]
    Transferred,
    /// The call was joined to another one of this user, which goes on as a conference.
    #[error("the call became part of a conference")]
    Conferenced,
    /// Somebody else picked the call up while it rang here.
    #[error("somebody else picked the call up")]
    PickedUp,
    /// The other doesn't want to be disturbed.
    #[error("the other doesn't want to be disturbed")]
    DoNotDisturb,
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
    /// The user behind an internal number, whose photo can be asked for (CALL-10).
    pub user: Option<UserId>,
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
    /// The other party and its connection; in a conference the one that it began with.
    pub remote: Connection,
    /// All others of a phone-controlled conference (CALL-6); empty in a call between two.
    pub members: Vec<Connection>,
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
    /// Consultation Call: this call is held, and another one is made.
    Consult,
    /// Alternate Call: this call is held, and the held one is retrieved.
    Alternate,
    /// Reconnect Call: this call ends, and the held one is retrieved.
    Reconnect,
    /// Transfer Call: the others of this call and of the held one talk, without this user.
    Transfer,
    /// Single Step Transfer Call: the other of this call rings somebody else, without this user.
    SingleStepTransfer,
    /// Conference Call: this call and the held one become one.
    Conference,
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

    /// Whether it is a conference.
    pub const fn is_conference(&self) -> bool {
        !self.members.is_empty()
    }

    /// The services this user may ask for now, of this call alone. Those that need a held call
    /// besides are told by [`Self::actions_beside`].
    pub const fn allowed_actions(&self) -> AllowedActions {
        let none = AllowedActions::NONE;
        match self.local {
            ConnectionState::Null | ConnectionState::Fail => none,
            ConnectionState::Initiated | ConnectionState::Queued => none.with(Action::Clear),
            ConnectionState::Alerting => none
                .with(Action::Answer)
                .with(Action::Reject)
                .with(Action::Deflect),
            ConnectionState::Connected if !self.is_answered() => none.with(Action::Clear),
            ConnectionState::Connected => {
                let heard = matches!(self.remote.state, ConnectionState::Connected)
                    && matches!(self.device, DeviceKind::Voip);
                let up = none
                    .with(Action::Clear)
                    .with(Action::Hold)
                    .with(Action::Consult);
                let up = if heard {
                    up.with(Action::SendDigits)
                } else {
                    up
                };
                self.with_transfer(up)
            }
            ConnectionState::Hold if !self.is_answered() => {
                none.with(Action::Clear).with(Action::Retrieve)
            }
            ConnectionState::Hold => {
                self.with_transfer(none.with(Action::Clear).with(Action::Retrieve))
            }
        }
    }

    /// The services this user may ask for now about this active call and the `held` one: Alternate,
    /// Reconnect, Transfer and Conference Call.
    pub fn actions_beside(&self, held: &Self) -> AllowedActions {
        let none = AllowedActions::NONE;
        let waits = held.local == ConnectionState::Hold && held.is_answered();
        if !waits || self.id == held.id || self.device != held.device {
            return none;
        }
        let ends = none.with(Action::Reconnect);
        let joins = match self.is_conference() || held.is_conference() {
            true => none,
            false => none.with(Action::Transfer),
        };
        match self.local {
            ConnectionState::Initiated => AllowedActions(ends.0 | joins.0),
            ConnectionState::Connected if self.is_answered() => {
                let all = AllowedActions(ends.0 | joins.0);
                all.with(Action::Alternate).with(Action::Conference)
            }
            _ => none,
        }
    }

    /// Whether the other takes part, or has put the call on hold.
    const fn is_answered(&self) -> bool {
        matches!(
            self.remote.state,
            ConnectionState::Connected | ConnectionState::Hold
        )
    }

    /// A conference isn't handed over.
    const fn with_transfer(&self, actions: AllowedActions) -> AllowedActions {
        if self.is_conference() {
            actions
        } else {
            actions.with(Action::SingleStepTransfer)
        }
    }
}

#[cfg(test)]
mod tests;
