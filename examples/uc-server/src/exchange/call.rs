use serde::{Deserialize, Serialize};
use uc_protocol::ucx::{
    CallResource, Candidates, Cause, ConnectionState, Description, Device, Direction, Party,
};

use super::{Millis, SessionId, events::Audience};

/// A call between two users: two connections (ECMA-269 §6.1.5) and the media round between them.
///
/// ```text
///   caller     callee        by
///   initiated  alerting      make
///   initiated  alerting      deflect: another user's leg in place of the callee's
///   connected  connected     answer             hold/retrieve: each side by itself,
///   connected  hold          hold (callee)      connected <-> hold
///   null       null          clear, either side; no answer; nobody confirms; session gone
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Call {
    /// Which kind of device both sides use.
    #[serde(default = "voip")]
    pub(super) device: Device,
    pub(super) caller: Leg,
    pub(super) callee: Leg,
    pub(super) started: Millis,
    /// When it was last passed on to somebody else.
    #[serde(default)]
    pub(super) deflected: Option<Millis>,
    pub(super) answered: Option<Millis>,
    pub(super) ended: Option<(Millis, Cause)>,
    pub(super) round: Round,
    /// After a restart: when the call is given up unless both sides confirm.
    pub(super) confirm_by: Option<Millis>,
}

/// One user's side of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Leg {
    pub(super) id: String,
    pub(super) user: String,
    pub(super) rev: u64,
    pub(super) state: ConnectionState,
    /// The other side as this side knows it.
    pub(super) party: Party,
    /// The session that dialled or answered.
    pub(super) carrier: Option<SessionId>,
    /// What this side has sent last.
    pub(super) description: Option<Description>,
    pub(super) candidates: Option<Candidates>,
    pub(super) unconfirmed: bool,
}

/// The round of offer and answer (RFC 3264): one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Round {
    pub(super) generation: u32,
    /// Whose offer waits for its answer.
    pub(super) offered_by: Option<Side>,
}

/// A side of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Side {
    Caller,
    Callee,
}

impl Side {
    pub(super) const BOTH: [Self; 2] = [Self::Caller, Self::Callee];

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Caller => Self::Callee,
            Self::Callee => Self::Caller,
        }
    }
}

impl Call {
    pub(super) const fn leg(&self, side: Side) -> &Leg {
        match side {
            Side::Caller => &self.caller,
            Side::Callee => &self.callee,
        }
    }

    pub(super) const fn leg_mut(&mut self, side: Side) -> &mut Leg {
        match side {
            Side::Caller => &mut self.caller,
            Side::Callee => &mut self.callee,
        }
    }

    pub(super) const fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    /// Ringing, not answered yet.
    pub(super) const fn is_alerting(&self) -> bool {
        self.answered.is_none() && self.ended.is_none()
    }

    /// The call runs on this side, after a restart; returns whether that is news. With both sides
    /// it is no longer given up.
    pub(super) fn confirm(&mut self, side: Side) -> bool {
        let news = std::mem::replace(&mut self.leg_mut(side).unconfirmed, false);
        if Side::BOTH.iter().all(|side| !self.leg(*side).unconfirmed) {
            self.confirm_by = None;
        }
        news
    }

    /// The call as `side` sees it, before a session's own view of it.
    pub(super) fn seen_by(&self, side: Side) -> CallResource {
        let (own, far) = (self.leg(side), self.leg(side.other()));
        let over = self.is_over();
        CallResource {
            id: own.id.clone(),
            rev: own.rev,
            direction: match side {
                Side::Caller => Direction::Outgoing,
                Side::Callee => Direction::Incoming,
            },
            device: self.device,
            local: own.state,
            party: own.party.clone(),
            remote: far.state,
            started: self.started,
            answered: self.answered,
            cause: self.ended.map(|(_, cause)| cause),
            members: Vec::new(),
            far_end: 0,
            offers: false,
            generation: self.round.generation,
            description: far.description.clone().filter(|_| !over),
            candidates: far.candidates.clone().filter(|_| !over),
            unconfirmed: own.unconfirmed,
            carried_here: false,
        }
    }

    /// Who of the side's sessions sees the call how; `taken`: it is just being answered.
    pub(super) fn audience(&self, side: Side, taken: bool) -> Audience {
        match (side, &self.leg(side).carrier) {
            (_, None) => Audience::Everybody,
            (Side::Caller, Some(carrier)) => Audience::Carrier(carrier.clone()),
            (Side::Callee, Some(carrier)) if taken => Audience::Taken(carrier.clone()),
            (Side::Callee, Some(carrier)) => Audience::Only(carrier.clone()),
        }
    }

    /// Whether `session` carries the side's media.
    pub(super) fn carries(&self, side: Side, session: &SessionId) -> bool {
        self.leg(side).carrier.as_ref() == Some(session)
    }

    /// Whether `session` may act on the side: it carries the media, or the desk phone does.
    pub(super) fn obeys(&self, side: Side, session: &SessionId) -> bool {
        self.is_at_desk() || self.carries(side, session)
    }

    /// Whether desk phones carry the call. Any session of a user controls the user's desk phone.
    pub(super) fn is_at_desk(&self) -> bool {
        self.device == Device::DeskPhone
    }
}

/// Calls that were saved before there were desk phones.
const fn voip() -> Device {
    Device::Voip
}
