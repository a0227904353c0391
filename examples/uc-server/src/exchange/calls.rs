use uc_model::{CallDirection, Capability, PhoneNumber};
use uc_protocol::ucx::{
    CallResource, Cause, Clear, ConnectionState, Describe, Description, DescriptionKind, Device,
    Event, Licence, MakeCall, NewDestination, Party,
};

use super::{
    Exchange, Millis, Refusal, SessionId,
    call::{Call, Leg, Round, Side},
    events::{Audience, answered_elsewhere},
    history::call_entry,
    media::check_description,
};
use crate::store::Write;

/// A call, one side of it, and whether the session may act on it.
pub(super) struct Seat {
    pub(super) call: String,
    pub(super) side: Side,
}

/// Whom a number reaches; with a hindrance the call can't be made.
struct Reached {
    user: Option<String>,
    hindrance: Option<Cause>,
}

impl Exchange {
    /// Calls a number.
    pub(crate) fn make_call(
        &mut self,
        session: &SessionId,
        request: MakeCall,
        now: Millis,
    ) -> Result<CallResource, Refusal> {
        let caller = self.user_of(session)?.to_owned();
        let device = request.device;
        let offer = match (device, request.description) {
            (Device::Voip, _) if !self.can(Capability::VoipCalls) => {
                return Err(Refusal::Unsupported);
            }
            (Device::Voip, _) if !self.has_licence(&caller, Licence::Voip) => {
                return Err(Refusal::NoLicence(Licence::Voip));
            }
            (Device::Voip, Some(offer)) => Some(first_offer(offer)?),
            (Device::Voip, None) => {
                return Err(Refusal::Value("a VoIP call needs an offer in description"));
            }
            (Device::DeskPhone, _) if !self.can(Capability::DeskPhoneControl) => {
                return Err(Refusal::NoDeskPhones);
            }
            (Device::DeskPhone, None) => None,
            (Device::DeskPhone, Some(_)) => return Err(Refusal::AtDesk),
            _ => return Err(Refusal::NoDeskPhones),
        };
        let dialled = dialled(&request.to)?;
        let to = self.wanted(&caller, &dialled).to_string();
        let callee = self.callee(&caller, &dialled, &to, device, now)?;
        let key = self.place(&caller, &callee, to, device, now);
        let call = self.calls.get_mut(&key).expect("it was placed above");
        call.caller.carrier = offer.is_some().then(|| session.clone());
        call.caller.description = offer;
        self.changed(&key, &Side::BOTH, false);
        self.view(&key, Side::Caller, session)
    }

    /// One call of the session's user.
    pub(crate) fn call(&self, session: &SessionId, id: &str) -> Result<CallResource, Refusal> {
        let seat = self.seat(session, id)?;
        self.view(&seat.call, seat.side, session)
    }

    /// Answers a ringing call.
    pub(crate) fn answer(
        &mut self,
        session: &SessionId,
        id: &str,
        request: Describe,
        now: Millis,
    ) -> Result<CallResource, Refusal> {
        let Seat { call: key, side } = self.seat(session, id)?;
        let call = self.running(&key)?;
        if !(call.is_alerting() && side == Side::Callee) {
            return Err(Refusal::WrongState);
        }
        let answer = match (call.is_at_desk(), request.description) {
            (false, Some(answer)) => Some(first_answer(answer, call.round)?),
            (false, None) => {
                return Err(Refusal::Value("a VoIP client answers with a description"));
            }
            (true, None) => None,
            (true, Some(_)) => return Err(Refusal::AtDesk),
        };
        call.answered = Some(now);
        call.round.offered_by = None;
        call.caller.state = ConnectionState::Connected;
        call.callee.state = ConnectionState::Connected;
        call.callee.carrier = answer.is_some().then(|| session.clone());
        call.callee.description = answer;
        call.confirm(Side::Callee);
        self.changed(&key, &Side::BOTH, true);
        self.view(&key, side, session)
    }

    /// Hangs up, rejects or cancels, by the state. Clearing what is over changes nothing.
    pub(crate) fn clear(
        &mut self,
        session: &SessionId,
        id: &str,
        request: &Clear,
        now: Millis,
    ) -> Result<CallResource, Refusal> {
        let Seat { call: key, side } = self.seat(session, id)?;
        let call = &self.calls[&key];
        let cause = match (request.cause, call.is_alerting(), side) {
            (Some(Cause::MediaFailed), ..) => Cause::MediaFailed,
            (Some(_), ..) => return Err(Refusal::Value("the only cause to give is media_failed")),
            (None, true, Side::Caller) => Cause::Cancelled,
            (None, true, Side::Callee) => Cause::Rejected,
            (None, false, _) => Cause::Normal,
        };
        if !call.is_over() {
            if side == Side::Callee && !call.is_alerting() && !call.obeys(side, session) {
                return Err(Refusal::CarriedElsewhere);
            }
            self.end(&key, cause, now);
        }
        self.view(&key, side, session)
    }

    /// Lets a call that rings at the session's user ring at another number instead. Where it can't,
    /// it goes on ringing here.
    pub(crate) fn deflect(
        &mut self,
        session: &SessionId,
        id: &str,
        request: &NewDestination,
        now: Millis,
    ) -> Result<CallResource, Refusal> {
        let Seat { call: key, side } = self.seat(session, id)?;
        let call = self.running(&key)?.clone();
        if !(call.is_alerting() && side == Side::Callee) {
            return Err(Refusal::WrongState);
        }
        let user = call.callee.user.clone();
        let to = dialled(&request.to)?;
        let reached = self.reach(&user, &to, call.device, now)?;
        let target = match (reached.user, reached.hindrance) {
            (_, Some(cause)) => return Err(Refusal::CallFailed(cause)),
            (Some(target), None) if target != call.caller.user => target,
            _ => {
                return Err(Refusal::Value(
                    "this is the caller's own number; choose another",
                ));
            }
        };
        let before = self.replace_callee(&key, &target, now);
        self.changed(&key, &Side::BOTH, false);
        Ok(self.leave(before, &call, now))
    }

    /// Another user's leg in place of the callee's, which is given back.
    fn replace_callee(&mut self, key: &str, target: &str, now: Millis) -> Leg {
        let caller = self.calls[key].caller.user.clone();
        let party = self.party(&caller, None);
        let leg = self.new_leg(target, ConnectionState::Alerting, party);
        let shown = self.party(target, None);
        self.legs.insert(leg.id.clone(), key.to_owned());
        let call = self.calls.get_mut(key).expect("callers name known calls");
        call.caller.party = shown;
        call.deflected = Some(now);
        std::mem::replace(&mut call.callee, leg)
    }

    /// The end of the call for the one who has passed it on.
    fn leave(&mut self, mut leg: Leg, call: &Call, now: Millis) -> CallResource {
        self.legs.remove(&leg.id);
        leg.state = ConnectionState::Null;
        leg.rev = self.next_rev(&leg.user);
        let (user, party, id) = (leg.user.clone(), leg.party.clone(), leg.id.clone());
        let left = Call {
            callee: leg,
            ended: Some((now, Cause::Deflected)),
            ..call.clone()
        };
        let seen = left.seen_by(Side::Callee);
        self.log(&user, Event::Call(seen.clone()), Audience::Everybody);
        let entry = call_entry(&id, CallDirection::Incoming, call.started, None);
        self.record(&user, &party, entry);
        seen
    }

    /// Puts the session's side on hold.
    pub(crate) fn hold(&mut self, session: &SessionId, id: &str) -> Result<CallResource, Refusal> {
        use ConnectionState::{Connected, Hold};
        self.switch(session, id, Connected, Hold)
    }

    /// Takes the session's side off hold.
    pub(crate) fn retrieve(
        &mut self,
        session: &SessionId,
        id: &str,
    ) -> Result<CallResource, Refusal> {
        use ConnectionState::{Connected, Hold};
        self.switch(session, id, Hold, Connected)
    }

    /// After a restart: the call still runs on the session's side.
    pub(crate) fn confirm(
        &mut self,
        session: &SessionId,
        id: &str,
    ) -> Result<CallResource, Refusal> {
        let Seat { call: key, side } = self.seat(session, id)?;
        let call = self.running(&key)?;
        let ringing_here = side == Side::Callee && call.is_alerting();
        if !(ringing_here || call.obeys(side, session)) {
            return Err(Refusal::CarriedElsewhere);
        }
        if call.confirm(side) {
            self.changed(&key, &[side], false);
        }
        self.view(&key, side, session)
    }

    /// The calls of `user` that run, as `session` sees them.
    pub(super) fn running_calls(&self, user: &str, session: &SessionId) -> Vec<CallResource> {
        let running = self.calls.values().filter(|call| !call.is_over());
        running
            .flat_map(|call| Side::BOTH.map(|side| (call, side)))
            .filter(|(call, side)| call.leg(*side).user == user)
            .filter_map(|(call, side)| {
                let view = call.seen_by(side);
                call.audience(side, false).view(view, session)
            })
            .collect()
    }

    /// Ends the calls that the session carries.
    pub(super) fn clear_calls_of(&mut self, session: &SessionId, now: Millis) {
        self.end_carried(session, Cause::Normal, now);
    }

    /// Ends the calls that the session carries, for this reason.
    pub(super) fn end_carried(&mut self, session: &SessionId, cause: Cause, now: Millis) {
        let carried = |call: &Call| Side::BOTH.iter().any(|side| call.carries(*side, session));
        let keys: Vec<_> = self
            .calls
            .iter()
            .filter(|(_, call)| !call.is_over() && carried(call))
            .map(|(key, call)| (key.clone(), call.is_alerting()))
            .collect();
        for (key, alerting) in keys {
            let cause = if alerting { Cause::Cancelled } else { cause };
            self.end(&key, cause, now);
        }
    }

    /// Ends a call on both sides and writes the history.
    pub(super) fn end(&mut self, key: &str, cause: Cause, now: Millis) {
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        call.ended = Some((now, cause));
        call.confirm_by = None;
        for side in Side::BOTH {
            let leg = call.leg_mut(side);
            leg.state = ConnectionState::Null;
            leg.unconfirmed = false;
        }
        self.changed(key, &Side::BOTH, false);
        self.write_history(key);
        self.limit_ended();
    }

    /// The sides' resources have changed: new revisions, a row and an event for each.
    pub(super) fn changed(&mut self, key: &str, sides: &[Side], taken: bool) {
        for &side in sides {
            let rev = self.next_rev(&self.calls[key].leg(side).user);
            let call = self.calls.get_mut(key).expect("callers name known calls");
            call.leg_mut(side).rev = rev;
            let (view, audience) = (call.seen_by(side), call.audience(side, taken));
            let user = call.leg(side).user.clone();
            self.log(&user, Event::Call(view), audience);
        }
        let call = Box::new(self.calls[key].clone());
        self.effects.writes.push(Write::Call(key.to_owned(), call));
    }

    /// Finds the call of this id and makes sure that the session's user takes part.
    pub(super) fn seat(&self, session: &SessionId, id: &str) -> Result<Seat, Refusal> {
        let user = self.user_of(session)?;
        let key = self.legs.get(id).ok_or(Refusal::NotFound)?;
        let call = &self.calls[key];
        Side::BOTH
            .into_iter()
            .find(|side| call.leg(*side).id == id && call.leg(*side).user == user)
            .map(|side| Seat {
                call: key.clone(),
                side,
            })
            .ok_or(Refusal::NotFound)
    }

    /// The call, unless it is over.
    pub(super) fn running(&mut self, key: &str) -> Result<&mut Call, Refusal> {
        let call = self.calls.get_mut(key).ok_or(Refusal::NotFound)?;
        if call.is_over() {
            return Err(Refusal::WrongState);
        }
        Ok(call)
    }

    /// The call, answered and carried by this session.
    pub(super) fn carried(
        &mut self,
        session: &SessionId,
        seat: &Seat,
    ) -> Result<&mut Call, Refusal> {
        let call = self.running(&seat.call)?;
        if call.answered.is_none() {
            return Err(Refusal::WrongState);
        }
        if !call.obeys(seat.side, session) {
            return Err(Refusal::CarriedElsewhere);
        }
        Ok(call)
    }

    pub(super) fn view(
        &self,
        key: &str,
        side: Side,
        session: &SessionId,
    ) -> Result<CallResource, Refusal> {
        let call = self.calls.get(key).ok_or(Refusal::NotFound)?;
        let view = call.seen_by(side);
        let audience = call.audience(side, false);
        Ok(audience.view(view, session).unwrap_or_else(|| {
            let mut view = call.seen_by(side);
            answered_elsewhere(&mut view);
            view
        }))
    }

    pub(super) fn forget(&mut self, key: &str) {
        if let Some(call) = self.calls.remove(key) {
            self.legs.remove(&call.caller.id);
            self.legs.remove(&call.callee.id);
            self.effects.writes.push(Write::CallGone(key.to_owned()));
        }
    }

    pub(super) fn take_up_calls(&mut self, calls: Vec<Call>, now: Millis) {
        for call in calls {
            let known = |leg: &Leg| self.users.contains_key(&leg.user);
            if !(known(&call.caller) && known(&call.callee)) {
                continue;
            }
            let key = call.caller.id.clone();
            for side in Side::BOTH {
                self.legs.insert(call.leg(side).id.clone(), key.clone());
            }
            // Desk phones and their calls outlive a restart of the server.
            let asks = !call.is_over() && !call.is_at_desk();
            self.calls.insert(key.clone(), call);
            if asks {
                self.ask_for_confirmation(&key, now);
            }
        }
    }

    fn ask_for_confirmation(&mut self, key: &str, now: Millis) {
        if let Some(call) = self.calls.get_mut(key) {
            call.confirm_by = Some(now + super::timers::CONFIRM_MS);
            call.caller.unconfirmed = true;
            call.callee.unconfirmed = true;
            self.changed(key, &Side::BOTH, false);
        }
    }

    /// Finds whom a number reaches, or leaves a trace of the attempt and says why not.
    fn callee(
        &mut self,
        caller: &str,
        dialled: &PhoneNumber,
        to: &str,
        device: Device,
        now: Millis,
    ) -> Result<String, Refusal> {
        if self.running_count(caller) >= MAX_CALLS {
            return Err(Refusal::CallFailed(Cause::Busy));
        }
        self.note_dialled(caller, dialled);
        let reached = self.reach(caller, dialled, device, now)?;
        match (reached.user, reached.hindrance) {
            (Some(callee), None) => Ok(callee),
            (callee, hindrance) => {
                self.write_attempt(caller, callee.as_deref(), to, now);
                Err(Refusal::CallFailed(
                    hindrance.unwrap_or(Cause::NoSuchNumber),
                ))
            }
        }
    }

    /// Whom a number reaches for `user`, and what stands against a call.
    fn reach(
        &self,
        user: &str,
        dialled: &PhoneNumber,
        device: Device,
        now: Millis,
    ) -> Result<Reached, Refusal> {
        let Some(callee) = self.reached_by(dialled).map(|u| u.me.user.clone()) else {
            return Ok(Reached {
                user: None,
                hindrance: Some(Cause::NoSuchNumber),
            });
        };
        if callee == user {
            return Err(Refusal::Value("this is your own number; call another"));
        }
        let rings = match device {
            Device::DeskPhone => true,
            _ => self.is_reachable(&callee, now) && self.has_licence(&callee, Licence::Voip),
        };
        let hindrance = if !rings {
            Some(Cause::Unreachable)
        } else if self.running_count(&callee) >= MAX_CALLS {
            Some(Cause::Busy)
        } else {
            None
        };
        Ok(Reached {
            user: Some(callee),
            hindrance,
        })
    }

    fn running_count(&self, user: &str) -> usize {
        let takes_part = |call: &Call| Side::BOTH.iter().any(|side| call.leg(*side).user == user);
        let running = self.calls.values().filter(|call| !call.is_over());
        running.filter(|call| takes_part(call)).count()
    }

    fn place(
        &mut self,
        caller: &str,
        callee: &str,
        to: String,
        device: Device,
        now: Millis,
    ) -> String {
        let call = Call {
            device,
            caller: self.new_leg(
                caller,
                ConnectionState::Initiated,
                self.party(callee, Some(to)),
            ),
            callee: self.new_leg(callee, ConnectionState::Alerting, self.party(caller, None)),
            started: now,
            deflected: None,
            answered: None,
            ended: None,
            round: Round {
                generation: 1,
                offered_by: Some(Side::Caller),
            },
            confirm_by: None,
        };
        let key = call.caller.id.clone();
        for side in Side::BOTH {
            self.legs.insert(call.leg(side).id.clone(), key.clone());
        }
        self.calls.insert(key.clone(), call);
        key
    }

    fn new_leg(&self, user: &str, state: ConnectionState, party: Party) -> Leg {
        let rev = self.next_rev(user);
        Leg {
            id: self.new_id("call", user, rev),
            user: user.to_owned(),
            rev,
            state,
            party,
            carrier: None,
            description: None,
            candidates: None,
            unconfirmed: false,
        }
    }

    /// A new identifier: a revision is used once, an epoch ends where the numbering can't go on.
    pub(super) fn new_id(&self, kind: &str, user: &str, rev: u64) -> String {
        format!("{kind}.{}.{user}.{rev}", self.epoch)
    }

    /// `user` as somebody else knows them, under the number that was dialled or the extension.
    pub(super) fn party(&self, user: &str, dialled: Option<String>) -> Party {
        let account = self.company.user(user);
        let extension = || account.map(|a| a.me.extension.clone()).unwrap_or_default();
        Party {
            number: dialled.unwrap_or_else(extension),
            name: account.map(|a| a.me.name.clone()),
            user: account.map(|a| a.me.user.clone()),
        }
    }

    fn switch(
        &mut self,
        session: &SessionId,
        id: &str,
        from: ConnectionState,
        to: ConnectionState,
    ) -> Result<CallResource, Refusal> {
        let seat = self.seat(session, id)?;
        let leg = self.carried(session, &seat)?.leg_mut(seat.side);
        if leg.state != from {
            return Err(Refusal::WrongState);
        }
        leg.state = to;
        self.changed(&seat.call, &Side::BOTH, false);
        self.view(&seat.call, seat.side, session)
    }
}

fn dialled(to: &str) -> Result<PhoneNumber, Refusal> {
    PhoneNumber::new(to).map_err(|_| Refusal::Value("what was dialled is no telephone number"))
}

/// The offer that a call begins with.
fn first_offer(offer: Description) -> Result<Description, Refusal> {
    check_description(&offer, DescriptionKind::Offer)?;
    let first = offer.generation == 1;
    let refusal = Refusal::Value("the first offer has generation 1");
    first.then_some(offer).ok_or(refusal)
}

/// The answer that a call is answered with.
fn first_answer(answer: Description, round: Round) -> Result<Description, Refusal> {
    check_description(&answer, DescriptionKind::Answer)?;
    let fits = answer.generation == round.generation;
    let refusal = Refusal::Value("an answer has its offer's generation");
    fits.then_some(answer).ok_or(refusal)
}

/// Calls of one user at once, those on hold and those ringing among them.
pub(super) const MAX_CALLS: usize = 8;
