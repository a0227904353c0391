use serde::{Deserialize, Serialize};
use uc_protocol::{
    limits::MAX_CANDIDATES,
    ucx::{
        CallResource, CallRoute, Candidates, Cause, ConnectionState, Description, Device,
        Direction, Party,
    },
};

use super::{Millis, Refusal, Role, SessionId, events::Audience};

/// A call: two legs (connections, ECMA-269 §6.1.5) and the media round between them.
///
/// ```text
///   first      second     by
///   initiated  alerting   make, consult
///   initiated  alerting   deflect, pickup: another's leg in place of the second
///   connected  connected  answer           hold/retrieve/alternate: each leg by itself,
///   connected  hold       hold (second)    connected <-> hold
///   initiated  alerting   group: it rings at others beside the second, or later
///   connected  alerting   transfer while it rings, single-step transfer
///   connected  connected  a mailbox takes the call: the second leg is the system's
///   alerting   connected  placed from another telephone: it rings there (first), the second leg is
///                         the system's until it is answered; then alerting, at who was dialled
///   connected  alerting   nobody answers a transferred call: it rings at who transferred it
///   connected  connected  transfer: another's leg in place of the one who transfers;
///                         conference: a leg of the system's in place of the other's
///   null       null       clear, either side; no answer; nobody confirms; session gone;
///                         alone in a conference
/// ```
///
/// Everybody in a conference has a call with the system, and these calls share the conference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Call {
    /// Its own identity, as its legs may come to be others'.
    pub(super) key: String,
    /// The one who called, until the call is handed over.
    pub(super) first: Leg,
    pub(super) second: Leg,
    /// Where it rings too, in a group: the first to answer becomes the second leg.
    #[serde(default)]
    pub(super) beside: Vec<Leg>,
    /// At whom it rings next when it isn't answered where it rings, in a group.
    #[serde(default)]
    pub(super) later: Vec<String>,
    /// Since when it rings where it rings now, or last did.
    pub(super) ringing: Millis,
    /// Whose mailbox takes it when nobody answers.
    #[serde(default)]
    pub(super) unanswered: Option<(String, Role)>,
    pub(super) ended: Option<(Millis, Cause)>,
    pub(super) round: Round,
    /// After a restart: when the call is given up unless both sides confirm.
    pub(super) confirm_by: Option<Millis>,
    /// The conference that it leads into.
    #[serde(default)]
    pub(super) conference: Option<String>,
    /// Who places it, where that is from another telephone.
    #[serde(default)]
    pub(super) placed: Option<Placed>,
    /// Who has transferred it, and gets it back when nobody answers.
    #[serde(default)]
    pub(super) comes_back_to: Option<String>,
    /// The leg whose sound is the server's own, while it is. A restart ends it.
    #[serde(skip)]
    pub(super) endpoint: Option<String>,
}

/// The part of somebody who places a call from another telephone (CALLME-1, CONN-10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Placed {
    pub(super) leg: Leg,
    /// The number to dial once the other telephone is answered.
    pub(super) to: Option<String>,
}

/// One side of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Leg {
    pub(super) id: String,
    pub(super) owner: Owner,
    /// What the owner takes part with.
    #[serde(default = "voip")]
    pub(super) device: Device,
    pub(super) rev: u64,
    pub(super) direction: Direction,
    pub(super) state: ConnectionState,
    /// The other side as this side knows it.
    pub(super) party: Party,
    /// The other side as the history will have it.
    pub(super) conversation: Party,
    /// Which way it came, as the history will have it.
    #[serde(default)]
    pub(super) route: CallRoute,
    /// When this side dialled or began to ring.
    pub(super) started: Millis,
    pub(super) answered: Option<Millis>,
    /// The only session that it rings at, after a pickup.
    #[serde(default)]
    pub(super) rings_at: Option<SessionId>,
    /// Which of the owner's telephones it is at, where the number is shared by several.
    #[serde(default)]
    pub(super) phone: Option<String>,
    /// The session that dialled or answered.
    pub(super) carrier: Option<SessionId>,
    /// How often the other side's sound has become another's.
    #[serde(default)]
    pub(super) far_end: u32,
    /// Whether this side makes the first offer to that far end.
    #[serde(default)]
    pub(super) offers: bool,
    /// What this side has sent last.
    pub(super) description: Option<Description>,
    pub(super) candidates: Option<Candidates>,
    pub(super) unconfirmed: bool,
}

/// Whose leg it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Owner {
    User(String),
    /// The server's own sound.
    System(Role),
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
    First,
    Second,
    /// One of those at whom it rings besides the second.
    Beside(u8),
    /// Who places the call from the first side's telephone.
    Placing,
}

impl Side {
    pub(super) const BOTH: [Self; 2] = [Self::First, Self::Second];

    pub(super) const fn other(self) -> Self {
        match self {
            Self::First | Self::Placing => Self::Second,
            Self::Second | Self::Beside(_) => Self::First,
        }
    }
}

impl Leg {
    /// The user whose leg it is.
    pub(super) fn user(&self) -> Option<&str> {
        match &self.owner {
            Owner::User(user) => Some(user),
            Owner::System(_) => None,
        }
    }

    pub(super) fn is_of(&self, user: &str) -> bool {
        self.user() == Some(user)
    }

    /// Whether a desk phone carries it. Any session of its user controls that.
    pub(super) fn is_at_desk(&self) -> bool {
        self.user().is_some() && self.device == Device::DeskPhone
    }

    /// Whether a client carries it, which negotiates its sound.
    pub(super) fn is_client(&self) -> bool {
        self.user().is_some() && !self.is_at_desk()
    }

    /// Whether its owner takes part, on hold or not.
    pub(super) const fn takes_part(&self) -> bool {
        matches!(
            self.state,
            ConnectionState::Connected | ConnectionState::Hold
        )
    }

    pub(super) const fn is_alerting(&self) -> bool {
        matches!(self.state, ConnectionState::Alerting)
    }

    /// Takes trickled candidates; says whether some are new. Those of an earlier round are late and
    /// dropped.
    pub(super) fn gather(&mut self, request: Candidates) -> Result<bool, Refusal> {
        let described = self.description.as_ref().ok_or(Refusal::WrongState)?;
        if request.generation > described.generation {
            return Err(Refusal::Value(
                "candidates belong to a description sent before",
            ));
        }
        if request.generation < described.generation {
            return Ok(false);
        }
        let mut known = self.candidates.clone().unwrap_or_else(|| Candidates {
            generation: request.generation,
            ..Candidates::default()
        });
        known.complete |= request.complete;
        for candidate in request.candidates {
            if !known.candidates.contains(&candidate) {
                known.candidates.push(candidate);
            }
        }
        if known.candidates.len() > MAX_CANDIDATES {
            return Err(Refusal::TooManyCandidates);
        }
        let news = self.candidates.as_ref() != Some(&known);
        self.candidates = Some(known);
        Ok(news)
    }

    /// The other side's sound becomes another's: what was described is over.
    pub(super) fn renew(&mut self, offers: bool) {
        if self.is_client() {
            self.far_end = self.far_end.saturating_add(1);
            self.offers = offers;
        }
        self.description = None;
        self.candidates = None;
    }

    /// Who of the owner's sessions sees the call how; `taken`: it is just being answered.
    fn audience(&self, taken: bool) -> Audience {
        match (self.direction, &self.carrier, &self.rings_at) {
            (_, None, None) => Audience::Everybody,
            (_, None, Some(session)) => Audience::Ringing(session.clone()),
            (Direction::Outgoing, Some(carrier), _) => Audience::Carrier(carrier.clone()),
            (Direction::Incoming, Some(carrier), None) if taken => Audience::Taken(carrier.clone()),
            (Direction::Incoming, Some(carrier), _) => Audience::Only(carrier.clone()),
        }
    }
}

impl Call {
    pub(super) fn leg(&self, side: Side) -> &Leg {
        match side {
            Side::Beside(n) => &self.beside[usize::from(n)],
            Side::First => &self.first,
            Side::Second => &self.second,
            Side::Placing => self
                .placed
                .as_ref()
                .map_or(&self.first, |placed| &placed.leg),
        }
    }

    pub(super) fn leg_mut(&mut self, side: Side) -> &mut Leg {
        match side {
            Side::Beside(n) => &mut self.beside[usize::from(n)],
            Side::First => &mut self.first,
            Side::Second => &mut self.second,
            Side::Placing => match &mut self.placed {
                Some(placed) => &mut placed.leg,
                None => &mut self.first,
            },
        }
    }

    pub(super) fn legs(&self) -> impl Iterator<Item = &Leg> {
        let placed = self.placed.iter().map(|placed| &placed.leg);
        let both = [&self.first, &self.second].into_iter();
        both.chain(&self.beside).chain(placed)
    }

    /// Every side that there is.
    pub(super) fn sides(&self) -> impl Iterator<Item = Side> + use<> {
        let beside = (0..self.beside.len()).filter_map(|n| u8::try_from(n).ok());
        let placing = self.placed.as_ref().map(|_| Side::Placing);
        Side::BOTH
            .into_iter()
            .chain(beside.map(Side::Beside))
            .chain(placing)
    }

    /// The sides that hear `side`.
    pub(super) fn far_sides(&self, side: Side) -> Vec<Side> {
        self.sides().filter(|far| far.other() == side).collect()
    }

    pub(super) const fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    /// Rings somewhere.
    pub(super) const fn is_alerting(&self) -> bool {
        !self.is_over() && (self.first.is_alerting() || self.second.is_alerting())
    }

    /// Both take part.
    pub(super) const fn is_answered(&self) -> bool {
        self.first.takes_part() && self.second.takes_part()
    }

    /// The side at which it rings.
    pub(super) fn alerting_side(&self) -> Option<Side> {
        let rings = |side: &Side| !self.is_over() && self.leg(*side).is_alerting();
        self.sides().find(rings)
    }

    /// Whether one of the sides is the system.
    pub(super) fn is_with_system(&self) -> bool {
        Side::BOTH
            .into_iter()
            .any(|side| self.leg(side).user().is_none())
    }

    /// Whether a client takes part, or rings.
    pub(super) fn has_client(&self) -> bool {
        self.legs().any(Leg::is_client)
    }

    /// The side whose sound the server makes for a client at the other one, and what it is: the
    /// system, or a desk phone off the hook; a phone's in a conference is heard by the others there.
    pub(super) fn sounding(&self) -> Option<(Side, Role)> {
        self.sounding_for_client()
            .or_else(|| self.sounding_in_conference())
    }

    fn sounding_in_conference(&self) -> Option<(Side, Role)> {
        let conference = self.conference.clone().filter(|_| !self.is_over())?;
        let at_desk = |side: &Side| self.leg(*side).is_at_desk() && self.leg(*side).takes_part();
        let side = Side::BOTH.into_iter().find(at_desk)?;
        let user = self.leg(side).user()?.to_owned();
        Some((side, Role::ConferencePhone { user, conference }))
    }

    fn sounding_for_client(&self) -> Option<(Side, Role)> {
        let heard = |side: &Side| {
            let far = self.far_sides(*side);
            !self.is_over() && far.into_iter().any(|far| self.leg(far).is_client())
        };
        let heard = Side::BOTH.into_iter().filter(heard);
        let mut sounds = heard.filter_map(|side| match &self.leg(side).owner {
            Owner::System(role) => Some((side, role.clone())),
            Owner::User(_) if self.leg(side).is_client() || self.leg(side).is_alerting() => None,
            Owner::User(user) => Some((side, Role::Phone(user.clone()))),
        });
        sounds.next()
    }

    /// Whether a mailbox has taken the call.
    pub(super) fn is_at_mailbox(&self) -> bool {
        let mailbox = |leg: &&Leg| matches!(leg.owner, Owner::System(Role::Announcement { .. }));
        self.legs().any(|leg| mailbox(&leg))
    }

    /// The call runs on this side, after a restart; returns whether that is news. With both sides
    /// it is no longer given up.
    pub(super) fn confirm(&mut self, side: Side) -> bool {
        let news = std::mem::replace(&mut self.leg_mut(side).unconfirmed, false);
        self.forget_confirmation();
        news
    }

    /// What nobody has to confirm (any more) isn't given up.
    pub(super) fn forget_confirmation(&mut self) {
        if self.legs().all(|leg| !leg.unconfirmed) {
            self.confirm_by = None;
        }
    }

    /// The call as `side` sees it, before a session's own view of it and without the others in a
    /// conference.
    pub(super) fn seen_by(&self, side: Side) -> CallResource {
        let (own, far) = (self.leg(side), self.leg(side.other()));
        let placing = side == Side::Placing;
        let untold = self.is_over() || !own.is_client();
        let dialled = self
            .placed
            .as_ref()
            .is_none_or(|placed| placed.to.is_none());
        CallResource {
            id: own.id.clone(),
            rev: own.rev,
            direction: own.direction,
            device: own.device,
            local: own.state,
            party: own.party.clone(),
            remote: match placing && !dialled {
                true => ConnectionState::Null,
                false => far.state,
            },
            started: own.started,
            answered: own.answered,
            cause: self.ended.map(|(_, cause)| cause),
            members: Vec::new(),
            far_end: own.far_end,
            offers: own.offers,
            generation: self.round.generation,
            description: far.description.clone().filter(|_| !untold),
            candidates: far.candidates.clone().filter(|_| !untold),
            unconfirmed: own.unconfirmed,
            carried_here: false,
        }
    }

    /// Who of the side's sessions sees the call how; `taken`: it is just being answered.
    pub(super) fn audience(&self, side: Side, taken: bool) -> Audience {
        self.leg(side).audience(taken)
    }

    /// Whether `session` carries the side's media.
    pub(super) fn carries(&self, side: Side, session: &SessionId) -> bool {
        self.leg(side).carrier.as_ref() == Some(session)
    }

    /// Neither side has described its sound to the other as it is now.
    pub(super) const fn is_undescribed(&self) -> bool {
        self.first.description.is_none() && self.second.description.is_none()
    }

    /// The sound between both sides begins anew, with an offer of `offering`'s if that is a client,
    /// else of the other's. Its numbers count on.
    pub(super) fn renew_sound(&mut self, offering: Side) {
        self.round.offered_by = None;
        let offering = match self.leg(offering).is_client() {
            true => offering,
            false => offering.other(),
        };
        for side in self.sides().filter(|side| *side != Side::Placing) {
            let leg = self.leg_mut(side);
            leg.renew(side == offering && !leg.is_alerting());
        }
    }
}

const fn voip() -> Device {
    Device::Voip
}
