use std::collections::BTreeMap;

use uc_model::{
    Call, CallDirection, CallId, CallOutcome, CallRoute, Connection, ConnectionState,
    ConversationEntry, ConversationId, DeviceKind, EntryId, FailureCause, Party, PhoneNumber,
    Redacted, Rev, Timestamp, UserId,
};

use super::server::World;
use crate::port::{
    BackendError, CallUpdate, Candidates, DescriptionKind, RequestKey, ServerChange,
    SessionDescription,
};

/// The calls between the users of a [`FakeServer`](super::FakeServer).
#[derive(Debug, Default)]
pub(super) struct Exchange {
    calls: BTreeMap<u64, Pair>,
    keys: BTreeMap<String, u64>,
}

/// One call: the caller's side and the callee's.
#[derive(Debug)]
struct Pair {
    sides: [Side; 2],
    device: DeviceKind,
    answered: bool,
    /// The side whose offer waits for an answer.
    offer_of: Option<usize>,
    cause: Option<FailureCause>,
}

/// One user's side of a call.
#[derive(Debug)]
struct Side {
    user: UserId,
    state: ConnectionState,
    session: Option<u64>,
    description: Option<SessionDescription>,
    candidates: Option<Candidates>,
    unconfirmed: bool,
    rev: Rev,
}

impl Side {
    const fn new(user: UserId, state: ConnectionState) -> Self {
        Self {
            user,
            state,
            session: None,
            description: None,
            candidates: None,
            unconfirmed: false,
            rev: Rev(0),
        }
    }
}

impl Exchange {
    pub(super) fn open(&self) -> usize {
        self.calls
            .values()
            .filter(|pair| pair.cause.is_none())
            .count()
    }

    /// After a restart every side must say that it is still there.
    pub(super) fn unconfirm(&mut self) -> Vec<u64> {
        let open = self
            .calls
            .iter_mut()
            .filter(|(_, pair)| pair.cause.is_none());
        open.map(|(id, pair)| {
            for side in &mut pair.sides {
                side.unconfirmed = true;
            }
            *id
        })
        .collect()
    }

    /// The call and the side that an identity names.
    fn find(&self, id: &CallId, user: &UserId) -> Result<(u64, usize), BackendError> {
        let (number, side) = id.as_str().split_once('-').ok_or(BackendError::NotFound)?;
        let number = number.parse().map_err(|_| BackendError::NotFound)?;
        let side = usize::from(side == "b");
        let pair = self.calls.get(&number).ok_or(BackendError::NotFound)?;
        if pair.sides[side].user != *user || pair.cause.is_some() {
            return Err(BackendError::NotFound);
        }
        Ok((number, side))
    }
}

fn identity(number: u64, side: usize) -> CallId {
    let letter = if side == 0 { 'a' } else { 'b' };
    CallId::new(format!("{number}-{letter}")).expect("made of digits and a letter")
}

fn number_of(user: &UserId) -> PhoneNumber {
    PhoneNumber::new(user.as_str()).expect("a user's name is an extension")
}

impl World {
    pub(super) fn make_call(
        &mut self,
        session: u64,
        user: &UserId,
        to: &PhoneNumber,
        device: DeviceKind,
        offer: Option<SessionDescription>,
        key: RequestKey,
    ) -> Result<CallUpdate, BackendError> {
        if let Some(number) = self.exchange.keys.get(&key.0) {
            return Ok(self.seen_by(*number, 0, session));
        }
        let callee = self.reach(user, to)?;
        let number = self.number();
        let mut caller = Side::new(user.clone(), ConnectionState::Connected);
        caller.session = Some(session);
        let mut called = Side::new(callee, ConnectionState::Alerting);
        let offer_of = offer.as_ref().map(|_| 0);
        called.description = offer;
        let sides = [caller, called];
        let pair = Pair {
            sides,
            device,
            answered: false,
            offer_of,
            cause: None,
        };
        self.exchange.calls.insert(number, pair);
        self.exchange.keys.insert(key.0, number);
        self.tell_call(number);
        Ok(self.seen_by(number, 0, session))
    }

    fn reach(&self, user: &UserId, to: &PhoneNumber) -> Result<UserId, BackendError> {
        let callee = UserId::new(to.dialable()).map_err(|_| BackendError::RefusedValue)?;
        if !self.users.contains_key(&callee) || callee == *user {
            return Err(BackendError::CallFailed(FailureCause::NoSuchNumber));
        }
        if !self.sessions.values().any(|signed_in| *signed_in == callee) {
            return Err(BackendError::CallFailed(FailureCause::Unreachable));
        }
        Ok(callee)
    }

    pub(super) fn deflect_call(
        &mut self,
        session: u64,
        user: &UserId,
        id: &CallId,
        to: &PhoneNumber,
    ) -> Result<CallUpdate, BackendError> {
        let (number, side) = self.exchange.find(id, user)?;
        let target = self.reach(user, to)?;
        let mut left = self.seen_by(number, side, session);
        if left.call.local != ConnectionState::Alerting {
            return Err(BackendError::WrongState);
        }
        left.call.rev = self.next_rev(user);
        left.call.local = ConnectionState::Null;
        left.call.cause = Some(FailureCause::Deflected);
        self.tell(user, |_| ServerChange::Call(Box::new(left.clone())));
        if let Some(pair) = self.exchange.calls.get_mut(&number) {
            pair.sides[side].user = target;
        }
        self.tell_call(number);
        Ok(left)
    }

    pub(super) fn answer_call(
        &mut self,
        session: u64,
        user: &UserId,
        id: &CallId,
        answer: Option<SessionDescription>,
    ) -> Result<CallUpdate, BackendError> {
        self.change(session, user, id, |pair, side| {
            if pair.sides[side].state != ConnectionState::Alerting {
                return Err(BackendError::WrongState);
            }
            pair.answered = true;
            pair.offer_of = None;
            pair.sides[side].state = ConnectionState::Connected;
            pair.sides[side].session = Some(session);
            pair.sides[1 - side].description = answer;
            Ok(())
        })
    }

    pub(super) fn hold_call(
        &mut self,
        session: u64,
        user: &UserId,
        id: &CallId,
        hold: bool,
    ) -> Result<CallUpdate, BackendError> {
        let (from, to) = match hold {
            true => (ConnectionState::Connected, ConnectionState::Hold),
            false => (ConnectionState::Hold, ConnectionState::Connected),
        };
        self.change(session, user, id, |pair, side| {
            if pair.sides[side].state != from || !pair.answered {
                return Err(BackendError::WrongState);
            }
            pair.sides[side].state = to;
            Ok(())
        })
    }

    pub(super) fn describe_call(
        &mut self,
        session: u64,
        user: &UserId,
        id: &CallId,
        description: SessionDescription,
    ) -> Result<CallUpdate, BackendError> {
        self.change(session, user, id, |pair, side| {
            if !pair.answered {
                return Err(BackendError::WrongState);
            }
            pair.offer_of = match (description.kind, pair.offer_of) {
                (DescriptionKind::Offer, Some(other)) if other != side => {
                    return Err(BackendError::Glare);
                }
                (DescriptionKind::Offer, _) => Some(side),
                (DescriptionKind::Answer, _) => None,
            };
            let other = &mut pair.sides[1 - side];
            other.description = Some(description);
            other.candidates = None;
            Ok(())
        })
    }

    pub(super) fn add_candidates(
        &mut self,
        session: u64,
        user: &UserId,
        id: &CallId,
        candidates: Candidates,
    ) -> Result<CallUpdate, BackendError> {
        self.change(session, user, id, |pair, side| {
            let known = &mut pair.sides[1 - side].candidates;
            match known
                .as_mut()
                .filter(|known| known.generation == candidates.generation)
            {
                Some(known) => {
                    known.candidates.extend(candidates.candidates);
                    known.complete |= candidates.complete;
                }
                None => *known = Some(candidates),
            }
            Ok(())
        })
    }

    pub(super) fn confirm_call(
        &mut self,
        session: u64,
        user: &UserId,
        id: &CallId,
    ) -> Result<CallUpdate, BackendError> {
        self.change(session, user, id, |pair, side| {
            pair.sides[side].unconfirmed = false;
            pair.sides[side].session = Some(session);
            Ok(())
        })
    }

    pub(super) fn clear_call(
        &mut self,
        session: u64,
        user: &UserId,
        id: &CallId,
        cause: Option<FailureCause>,
    ) -> Result<CallUpdate, BackendError> {
        let (number, side) = self.exchange.find(id, user)?;
        let update = self.change(session, user, id, |pair, side| {
            let usual = match (pair.answered, side) {
                (true, _) => FailureCause::Normal,
                (false, 0) => FailureCause::Cancelled,
                (false, _) => FailureCause::Rejected,
            };
            pair.cause = Some(cause.unwrap_or(usual));
            for side in &mut pair.sides {
                side.state = ConnectionState::Null;
            }
            Ok(())
        });
        self.remember(number);
        update.map(|_| self.seen_by(number, side, session))
    }

    /// Changes a call and tells both sides.
    fn change(
        &mut self,
        session: u64,
        user: &UserId,
        id: &CallId,
        change: impl FnOnce(&mut Pair, usize) -> Result<(), BackendError>,
    ) -> Result<CallUpdate, BackendError> {
        let (number, side) = self.exchange.find(id, user)?;
        if let Some(pair) = self.exchange.calls.get_mut(&number) {
            change(pair, side)?;
        }
        self.tell_call(number);
        Ok(self.seen_by(number, side, session))
    }

    /// Tells both sides of a call.
    pub(super) fn tell_call(&mut self, number: u64) {
        for side in 0..2 {
            let Some(user) = self
                .exchange
                .calls
                .get(&number)
                .map(|p| p.sides[side].user.clone())
            else {
                return;
            };
            let rev = self.next_rev(&user);
            if let Some(pair) = self.exchange.calls.get_mut(&number) {
                pair.sides[side].rev = rev;
            }
            self.tell(&user, |session| {
                ServerChange::Call(Box::new(self.seen_by(number, side, session)))
            });
        }
    }

    /// A user's calls that are not over.
    pub(super) fn calls_of(&self, user: &UserId, session: u64) -> Vec<CallUpdate> {
        let open = self
            .exchange
            .calls
            .iter()
            .filter(|(_, pair)| pair.cause.is_none());
        open.flat_map(|(number, pair)| {
            let sides = (0..2).filter(|side| pair.sides[*side].user == *user);
            sides.map(|side| self.seen_by(*number, side, session))
        })
        .collect()
    }

    /// A call as one session of one side sees it.
    fn seen_by(&self, number: u64, side: usize, session: u64) -> CallUpdate {
        let pair = &self.exchange.calls[&number];
        let (own, other) = (&pair.sides[side], &pair.sides[1 - side]);
        let directions = [CallDirection::Outgoing, CallDirection::Incoming];
        let name = self
            .users
            .get(&other.user)
            .map(|user| format!("{} {}", user.first, user.last));
        let call = Call {
            id: identity(number, side),
            rev: own.rev,
            direction: directions[side],
            device: pair.device,
            local: own.state,
            remote: Connection {
                party: Party {
                    number: number_of(&other.user),
                    name: name.map(Redacted::new),
                    user: Some(other.user.clone()),
                },
                state: other.state,
            },
            members: Vec::new(),
            started: Timestamp(1),
            answered: pair.answered.then_some(Timestamp(2)),
            cause: pair.cause,
        };
        CallUpdate {
            call,
            description: own.description.clone(),
            candidates: own.candidates.clone(),
            carried_here: own.session == Some(session),
            unconfirmed: own.unconfirmed,
        }
    }

    /// Notes a call that is over in both users' conversations.
    fn remember(&mut self, number: u64) {
        let Some(pair) = self.exchange.calls.get(&number) else {
            return;
        };
        let outcome = match pair.answered {
            true => CallOutcome::Answered,
            false => CallOutcome::Unanswered,
        };
        let users = [pair.sides[0].user.clone(), pair.sides[1].user.clone()];
        for side in 0..2 {
            let direction = [CallDirection::Outgoing, CallDirection::Incoming][side];
            let entry = ConversationEntry::Call {
                id: EntryId::new(format!("entry-{number}")).expect("made of a number"),
                direction,
                outcome,
                route: CallRoute::Direct,
                at: Timestamp(1),
                duration_s: 0,
            };
            self.note(&users[side], &users[1 - side], entry);
        }
    }

    pub(super) fn note(
        &mut self,
        user: &UserId,
        other: &UserId,
        entry: ConversationEntry,
    ) -> Vec<ServerChange> {
        let rev = self.next_rev(user);
        let Some(known) = self.users.get_mut(user) else {
            return Vec::new();
        };
        let id = ConversationId::new(format!("with-{other}")).expect("made of an identifier");
        let number = number_of(other);
        let updates = known.history.record(&number, None, None, entry, id, rev);
        self.tell_updates(user, updates)
    }
}
