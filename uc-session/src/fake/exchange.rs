use std::collections::BTreeMap;

use uc_model::{
    Call, CallDirection, CallId, CallOutcome, CallRoute, Connection, ConnectionState,
    ConversationEntry, ConversationId, DeviceKind, EntryId, FailureCause, Party, PhoneNumber,
    Redacted, Rev, Timestamp, UserId,
};

use super::server::World;
use crate::port::{
    BackendError, Beside, CallUpdate, Candidates, DescriptionKind, FarEnd, RequestKey,
    ServerChange, SessionDescription,
};

/// The calls between the users of a [`FakeServer`](super::FakeServer).
#[derive(Debug, Default)]
pub(super) struct Exchange {
    pub(super) calls: BTreeMap<u64, Pair>,
    keys: BTreeMap<String, CallId>,
}

/// One call: the caller's side and the callee's.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) sides: [Side; 2],
    device: DeviceKind,
    pub(super) answered: bool,
    /// The side whose offer waits for an answer.
    offer_of: Option<usize>,
    /// The newest round of offer and answer.
    generation: u32,
    pub(super) cause: Option<FailureCause>,
}

/// One user's side of a call.
#[derive(Debug)]
pub(super) struct Side {
    id: CallId,
    user: UserId,
    direction: CallDirection,
    far_end: FarEnd,
    state: ConnectionState,
    session: Option<u64>,
    description: Option<SessionDescription>,
    candidates: Option<Candidates>,
    unconfirmed: bool,
    rev: Rev,
}

impl Side {
    fn new(id: CallId, user: UserId, direction: CallDirection) -> Self {
        let state = match direction {
            CallDirection::Outgoing => ConnectionState::Connected,
            CallDirection::Incoming => ConnectionState::Alerting,
        };
        Self {
            id,
            user,
            direction,
            far_end: FarEnd::default(),
            state,
            session: None,
            description: None,
            candidates: None,
            unconfirmed: false,
            rev: Rev(0),
        }
    }
}

impl Pair {
    /// Both sides have somebody else at the far end, for whom the side `offers` begins.
    fn join(&mut self, offers: usize) {
        self.offer_of = None;
        for side in 0..2 {
            let own = &mut self.sides[side];
            if own.state != ConnectionState::Alerting || own.description.is_some() {
                own.far_end.number += 1;
            }
            own.far_end.offers = side == offers;
            own.description = None;
            own.candidates = None;
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
    pub(super) fn find(&self, id: &CallId, user: &UserId) -> Result<(u64, usize), BackendError> {
        let open = self.calls.iter().filter(|(_, pair)| pair.cause.is_none());
        let mut seats = open.flat_map(|(number, pair)| [0, 1].map(|side| (*number, pair, side)));
        let named = |side: &Side| side.id == *id && side.user == *user;
        let seat = seats.find(|(_, pair, side)| named(&pair.sides[*side]));
        let (number, _, side) = seat.ok_or(BackendError::NotFound)?;
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
        if let Some(id) = self.exchange.keys.get(&key.0) {
            let (number, side) = self.exchange.find(id, user)?;
            return Ok(self.seen_by(number, side, session));
        }
        let callee = self.reach(user, to)?;
        let number = self.number();
        let own = identity(number, 0);
        let mut caller = Side::new(own.clone(), user.clone(), CallDirection::Outgoing);
        caller.session = Some(session);
        let mut called = Side::new(identity(number, 1), callee, CallDirection::Incoming);
        let offer_of = offer.as_ref().map(|_| 0);
        called.description = offer;
        let sides = [caller, called];
        let pair = Pair {
            sides,
            device,
            answered: false,
            offer_of,
            generation: 1,
            cause: None,
        };
        self.exchange.calls.insert(number, pair);
        self.exchange.keys.insert(key.0, own);
        self.tell_call(number);
        Ok(self.seen_by(number, 0, session))
    }

    pub(super) fn reach(&self, user: &UserId, to: &PhoneNumber) -> Result<UserId, BackendError> {
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
        to: Option<&PhoneNumber>,
    ) -> Result<CallUpdate, BackendError> {
        let (number, side) = self.exchange.find(id, user)?;
        // There are no mailboxes here.
        let target = self.reach(user, to.ok_or(BackendError::Unsupported)?)?;
        if self.exchange.calls[&number].sides[side].state != ConnectionState::Alerting {
            return Err(BackendError::WrongState);
        }
        let left = self.leave(number, side, session, FailureCause::Deflected);
        let fresh = identity(self.number(), 1);
        if let Some(pair) = self.exchange.calls.get_mut(&number) {
            let old = &mut pair.sides[side];
            old.id = fresh;
            old.user = target;
        }
        self.tell_call(number);
        Ok(left)
    }

    /// Holds a call and makes another one, or neither.
    pub(super) fn consult_call(
        &mut self,
        session: u64,
        user: &UserId,
        held: &CallId,
        make: impl FnOnce(&mut Self) -> Result<CallUpdate, BackendError>,
    ) -> Result<CallUpdate, BackendError> {
        let (number, side) = self.exchange.find(held, user)?;
        let pair = &self.exchange.calls[&number];
        if !pair.answered || pair.sides[side].state != ConnectionState::Connected {
            return Err(BackendError::WrongState);
        }
        let made = make(self)?;
        self.hold_call(session, user, held, true)?;
        Ok(made)
    }

    /// A service about an active and a held call. Conferences need sound that this server hasn't got.
    pub(super) fn beside_call(
        &mut self,
        session: u64,
        user: &UserId,
        service: Beside,
        (call, held): (&CallId, &CallId),
    ) -> Result<CallUpdate, BackendError> {
        let (waiting, waits) = self.exchange.find(held, user)?;
        let (active, acts) = self.exchange.find(call, user)?;
        let waiting = &self.exchange.calls[&waiting];
        if waiting.sides[waits].state != ConnectionState::Hold || !waiting.answered {
            return Err(BackendError::WrongState);
        }
        match service {
            Beside::Alternate => {
                let switched = self.hold_call(session, user, call, true)?;
                self.hold_call(session, user, held, false)?;
                Ok(switched)
            }
            Beside::Reconnect => {
                let cleared = self.clear_call(session, user, call, None)?;
                self.hold_call(session, user, held, false)?;
                Ok(cleared)
            }
            Beside::Transfer => self.transfer_call(session, (active, acts), held, user),
            Beside::Conference => Err(BackendError::Unsupported),
        }
    }

    /// The one who was held takes this user's place in the active call.
    fn transfer_call(
        &mut self,
        session: u64,
        (active, acts): (u64, usize),
        held: &CallId,
        user: &UserId,
    ) -> Result<CallUpdate, BackendError> {
        let (waiting, waits) = self.exchange.find(held, user)?;
        self.leave(waiting, waits, session, FailureCause::Transferred);
        let left = self.leave(active, acts, session, FailureCause::Transferred);
        let (Some(old), Some(pair)) = (
            self.exchange.calls.remove(&waiting),
            self.exchange.calls.get_mut(&active),
        ) else {
            return Err(BackendError::NotFound);
        };
        let [first, second] = old.sides;
        let mut joining = if waits == 0 { second } else { first };
        joining.state = ConnectionState::Connected;
        pair.sides[acts] = joining;
        pair.generation = pair.generation.max(old.generation);
        pair.join(acts);
        self.tell_call(active);
        Ok(left)
    }

    /// The other of a call rings somebody else.
    pub(super) fn single_step_transfer(
        &mut self,
        session: u64,
        user: &UserId,
        id: &CallId,
        to: &PhoneNumber,
    ) -> Result<CallUpdate, BackendError> {
        let (number, side) = self.exchange.find(id, user)?;
        let target = self.reach(user, to)?;
        if !self.exchange.calls[&number].answered {
            return Err(BackendError::WrongState);
        }
        let left = self.leave(number, side, session, FailureCause::Transferred);
        let fresh = identity(self.number(), 1);
        if let Some(pair) = self.exchange.calls.get_mut(&number) {
            pair.sides[side] = Side::new(fresh, target, CallDirection::Incoming);
            pair.answered = false;
            pair.join(1 - side);
        }
        self.tell_call(number);
        Ok(left)
    }

    /// A call that rings at another rings at `user` instead.
    pub(super) fn pick_up(
        &mut self,
        session: u64,
        user: &UserId,
        number: &PhoneNumber,
        key: RequestKey,
    ) -> Result<CallUpdate, BackendError> {
        if let Some(id) = self.exchange.keys.get(&key.0) {
            let (number, side) = self.exchange.find(id, user)?;
            return Ok(self.seen_by(number, side, session));
        }
        let rings = |side: &Side| {
            side.user.as_str() == number.dialable() && side.state == ConnectionState::Alerting
        };
        let open = self
            .exchange
            .calls
            .iter()
            .filter(|(_, p)| p.cause.is_none());
        let seat = open
            .flat_map(|(number, pair)| [0, 1].map(|side| (*number, side, rings(&pair.sides[side]))))
            .find(|(.., rings)| *rings);
        let (number, side, _) = seat.ok_or(BackendError::WrongState)?;
        self.leave(number, side, session, FailureCause::PickedUp);
        let fresh = identity(self.number(), 1);
        self.exchange.keys.insert(key.0, fresh.clone());
        if let Some(pair) = self.exchange.calls.get_mut(&number) {
            let old = &mut pair.sides[side];
            old.id = fresh;
            old.user = user.clone();
        }
        self.tell_call(number);
        Ok(self.seen_by(number, side, session))
    }

    /// Tells a side that the call is over for it; the side is somebody else's from then on.
    fn leave(&mut self, number: u64, side: usize, session: u64, cause: FailureCause) -> CallUpdate {
        let user = self.exchange.calls[&number].sides[side].user.clone();
        let mut left = self.seen_by(number, side, session);
        left.call.rev = self.next_rev(&user);
        left.call.local = ConnectionState::Null;
        left.call.cause = Some(cause);
        self.tell(&user, |_| ServerChange::Call(Box::new(left.clone())));
        left
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
            if !pair.answered && pair.sides[side].far_end.number == 0 {
                return Err(BackendError::WrongState);
            }
            pair.generation = pair.generation.max(description.generation);
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
    pub(super) fn seen_by(&self, number: u64, side: usize, session: u64) -> CallUpdate {
        let pair = &self.exchange.calls[&number];
        let (own, other) = (&pair.sides[side], &pair.sides[1 - side]);
        let name = self
            .users
            .get(&other.user)
            .map(|user| format!("{} {}", user.first, user.last));
        let call = Call {
            id: own.id.clone(),
            rev: own.rev,
            direction: own.direction,
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
            far_end: FarEnd {
                generation: pair.generation,
                ..own.far_end
            },
            carried_here: own.session == Some(session),
            unconfirmed: own.unconfirmed,
            conference: None,
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
