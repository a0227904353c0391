//! Calls that go on with somebody else.

use uc_model::{Capability, LineState};
use uc_protocol::ucx::{
    CallResource, CallRoute, Cause, ConnectionState, Deflect, Device, DirectedPickup, Direction,
    Event, HeldCall, Licence, NewDestination,
};

use super::{
    Exchange, Millis, Refusal, SessionId,
    call::{Call, Round, Side},
    events::Audience,
    forwarding::{Destination, Place},
    routing::{MAX_CALLS, Target, dialled},
    seats::Seat,
};
use crate::store::Write;

impl Exchange {
    /// Lets a call that rings at the session's user ring at another number instead, or go to the user's
    /// mailbox. Where it can't, it goes on ringing here.
    pub(crate) fn deflect(
        &mut self,
        session: &SessionId,
        id: &str,
        request: &Deflect,
        now: Millis,
    ) -> Result<CallResource, Refusal> {
        let seat = self.seat(session, id)?;
        if !self.running(&seat.call)?.leg(seat.side).is_alerting() {
            return Err(Refusal::WrongState);
        }
        self.refuse_ringing_elsewhere(&seat)?;
        let target = match &request.to {
            Some(to) => self.other_destination(&seat, to, now)?,
            None => self.own_mailbox(&seat, now)?,
        };
        let seat = self.single_out(seat, now);
        let before = self.redirect(&seat, target, now);
        self.settle(&seat.call, now);
        self.changed_for_all(&seat.call, false);
        Ok(self
            .leave(before, seat.side, Cause::Deflected, now)
            .at(session))
    }

    /// Lets a call that was answered ring at another number, without the session's user. Where it
    /// can't, it goes on here.
    pub(crate) fn single_step_transfer(
        &mut self,
        session: &SessionId,
        id: &str,
        request: &NewDestination,
        now: Millis,
    ) -> Result<CallResource, Refusal> {
        let seat = self.seat(session, id)?;
        let call = self.carried(session, &seat)?;
        if !(call.is_answered() && call.leg(seat.side.other()).user().is_some()) {
            return Err(Refusal::WrongState);
        }
        let target = self.other_destination(&seat, &request.to, now)?;
        let before = self.redirect(&seat, target, now);
        let call = self.calls.get_mut(&seat.call).expect("it is carried");
        call.leg_mut(seat.side).route = CallRoute::TransferredOrPickedUp;
        call.comes_back_to = before.leg(seat.side).user().map(str::to_owned);
        call.round.offered_by = None;
        call.leg_mut(seat.side.other()).renew(true);
        self.close_endpoint(&seat.call);
        self.settle(&seat.call, now);
        self.changed_for_all(&seat.call, false);
        Ok(self
            .leave(before, seat.side, Cause::Transferred, now)
            .at(session))
    }

    /// The others of the active and the held call go on with each other. The active one may still
    /// ring: then it rings for the held party. It may be a mailbox, which begins anew for the held party.
    pub(crate) fn transfer(
        &mut self,
        session: &SessionId,
        id: &str,
        request: &HeldCall,
        now: Millis,
    ) -> Result<CallResource, Refusal> {
        let pair = self.pair(session, id, &request.held)?;
        let (active, held) = (&self.calls[&pair.active.call], &self.calls[&pair.held.call]);
        let far = |call: &Call, seat: &Seat| call.leg(seat.side.other()).user().map(str::to_owned);
        let to_target = match far(active, &pair.active) {
            Some(target) => self.party(&target, None),
            None if active.is_at_mailbox() => active.leg(pair.active.side).party.clone(),
            None => return Err(Refusal::WrongState),
        };
        let waiting = far(held, &pair.held).ok_or(Refusal::WrongState)?;
        if to_target.user.as_ref() == Some(&waiting) {
            return Err(Refusal::WrongState);
        }
        let (active, held) = (active.clone(), held.clone());
        self.join(&pair.active, &held, pair.held.side.other());
        let to_waiting = self.party(&waiting, None);
        let call = self.calls.get_mut(&active.key).expect("it was joined");
        if call.is_at_mailbox() {
            call.ringing = now;
        }
        for side in call.far_sides(pair.active.side) {
            let leg = call.leg_mut(side);
            leg.party = to_waiting.clone();
            if leg.direction == Direction::Incoming {
                leg.route = CallRoute::TransferredOrPickedUp;
                leg.conversation = to_waiting.clone();
            }
        }
        call.leg_mut(pair.active.side).party = to_target;
        let rings = call.is_alerting();
        let transferring = active.leg(pair.active.side).user().map(str::to_owned);
        call.comes_back_to = transferring.filter(|_| rings);
        self.changed_for_all(&active.key, false);
        self.release_placed(&held, Cause::Transferred, now);
        self.leave(held, pair.held.side, Cause::Transferred, now);
        Ok(self
            .leave(active, pair.active.side, Cause::Transferred, now)
            .at(session))
    }

    /// Lets the call that rings longest at a number's user ring at this session instead.
    pub(crate) fn pick_up(
        &mut self,
        session: &SessionId,
        request: &DirectedPickup,
        now: Millis,
    ) -> Result<CallResource, Refusal> {
        self.require(Capability::Pickup)?;
        let user = self.user_of(session)?.to_owned();
        let from = self.reached_by(&dialled(&request.number)?);
        let from = from.ok_or(Refusal::CallFailed(Cause::NoSuchNumber))?;
        let mode = self.company.system.model_mode();
        if !LineState::RingingInternal.can_be_picked_up(mode, from.networked) {
            return Err(Refusal::Unsupported);
        }
        let seat = self.ringing_longest(&from.me.user, &user);
        let seat = seat.ok_or(Refusal::WrongState)?;
        self.refuse_ringing_elsewhere(&seat)?;
        let device = self.calls[&seat.call].leg(seat.side).device;
        let at_desk = device == Device::DeskPhone;
        if !at_desk && !self.has_licence(&user, Licence::Voip) {
            return Err(Refusal::NoLicence(Licence::Voip));
        }
        if self.running_count(&user) >= MAX_CALLS {
            return Err(Refusal::CallFailed(Cause::Busy));
        }
        let here = Target {
            party: self.party(&user, None),
            goes: Destination::User(
                Place {
                    user: user.clone(),
                    device,
                },
                None,
            ),
            user: Some(user),
        };
        let seat = self.single_out(seat, now);
        let before = self.redirect(&seat, here, now);
        let call = self.calls.get_mut(&seat.call).expect("it rings");
        let leg = call.leg_mut(seat.side);
        leg.route = CallRoute::TransferredOrPickedUp;
        leg.rings_at = (!at_desk).then(|| session.clone());
        self.settle(&seat.call, now);
        self.changed_for_all(&seat.call, false);
        self.leave(before, seat.side, Cause::PickedUp, now);
        self.view(&seat, session)
    }

    /// The call that rings longest at `at`, and isn't a call of `picker`'s.
    fn ringing_longest(&self, at: &str, picker: &str) -> Option<Seat> {
        let running = self.calls.values().filter(|call| !call.is_over());
        let seats = running.flat_map(|call| call.sides().map(move |side| (call, side)));
        let ringing = seats.filter_map(|(call, side)| {
            let (leg, far) = (call.leg(side), call.leg(side.other()));
            let rings = leg.is_alerting() && leg.is_of(at) && leg.rings_at.is_none();
            let others = at != picker && !far.is_of(picker);
            (rings && others).then_some((call.ringing, call, side))
        });
        let (_, call, side) = ringing.min_by_key(|(since, ..)| *since)?;
        Some(Seat {
            call: call.key.clone(),
            side,
        })
    }

    /// Whom a number reaches in place of the one who has the seat.
    fn other_destination(&self, seat: &Seat, to: &str, now: Millis) -> Result<Target, Refusal> {
        let call = &self.calls[&seat.call];
        let (own, far) = (call.leg(seat.side), call.leg(seat.side.other()));
        let user = own.user().unwrap_or_default();
        let far = far.user().unwrap_or_default();
        self.destination(user, far, to, own.device, now)
    }

    /// The mailbox of the one who has the seat: whoever sends a call there doesn't miss it.
    fn own_mailbox(&self, seat: &Seat, now: Millis) -> Result<Target, Refusal> {
        let user = self.calls[&seat.call].leg(seat.side).user();
        let user = user.and_then(|user| self.company.user(user));
        let user = user.ok_or(Refusal::NotFound)?;
        Ok(Target {
            party: self.party(&user.me.user, None),
            goes: Destination::Mailbox(self.mailbox(user, now)),
            user: None,
        })
    }

    /// The call goes to the target, in place of the seat's leg. Gives back the call as it was.
    fn redirect(&mut self, seat: &Seat, target: Target, now: Millis) -> Call {
        let missed_by = target.missed_by().cloned();
        let before = self.replace_leg(seat, target.goes, now);
        let call = self.calls.get_mut(&seat.call).expect("it was replaced");
        let far = call.leg_mut(seat.side.other());
        if !far.takes_part() {
            far.conversation = target.party.clone();
        }
        far.party = target.party;
        let caller = far.user().map(str::to_owned);
        if let Some((caller, user)) = caller.zip(missed_by) {
            self.write_missed(&caller, &user, now);
        }
        before
    }

    /// Legs at the destination in place of the seat's. Gives back the call as it was.
    pub(super) fn replace_leg(&mut self, seat: &Seat, goes: Destination, now: Millis) -> Call {
        let before = self.calls[&seat.call].clone();
        let spread = self.spread(&goes, before.leg(seat.side.other()), now);
        let call = self.calls.get_mut(&seat.call).expect("it was found above");
        *call.leg_mut(seat.side) = spread.leg;
        call.beside = spread.beside;
        call.later = spread.later;
        call.ringing = now;
        call.unanswered = goes.unanswered();
        let leg = call.leg_mut(seat.side);
        let was = before.leg(seat.side).route;
        if leg.route == CallRoute::Direct && was == CallRoute::TransferredOrPickedUp {
            leg.route = was;
        }
        for leg in call.legs() {
            self.legs.insert(leg.id.clone(), seat.call.clone());
        }
        before
    }

    /// Puts a leg of `from` in place of the seat's; `from` is no call of its own any more.
    fn join(&mut self, seat: &Seat, from: &Call, side: Side) {
        let leg = from.leg(side).clone();
        self.close_endpoint(&from.key);
        self.legs.insert(leg.id.clone(), seat.call.clone());
        self.calls.remove(&from.key);
        self.effects.writes.push(Write::CallGone(from.key.clone()));
        let call = self
            .calls
            .get_mut(&seat.call)
            .expect("callers name known calls");
        *call.leg_mut(seat.side) = leg;
        call.round = Round {
            generation: call.round.generation.max(from.round.generation),
            offered_by: None,
        };
        let both = [call.confirm_by, from.confirm_by].into_iter().flatten();
        call.confirm_by = both.min();
        call.forget_confirmation();
        // The one who has waited offers: the other may still ring.
        self.renew_sound(&seat.call, seat.side);
    }

    /// The end of a call for a user who leaves it to others: the history, and what the user's
    /// sessions are told. The leg is in no call any more.
    pub(super) fn leave(&mut self, mut call: Call, side: Side, cause: Cause, now: Millis) -> Left {
        let leg = call.leg_mut(side);
        let user = leg.user().unwrap_or_default().to_owned();
        leg.state = ConnectionState::Null;
        leg.unconfirmed = false;
        leg.rev = self.next_rev(&user);
        call.ended = Some((now, cause));
        self.legs.remove(&call.leg(side).id);
        let (seen, audience) = (call.seen_by(side), call.audience(side, false));
        self.log(&user, Event::Call(seen.clone()), audience.clone());
        // What a colleague answers in a group isn't missed.
        if cause != Cause::AnsweredElsewhere {
            self.write_leg(call.leg(side), now);
        }
        Left { seen, audience }
    }
}

/// The end of a call that goes on without its user.
pub(super) struct Left {
    seen: CallResource,
    audience: Audience,
}

impl Left {
    /// As `session` sees it.
    pub(super) fn at(self, session: &SessionId) -> CallResource {
        let seen = self.audience.view(self.seen.clone(), session);
        seen.unwrap_or(self.seen)
    }
}
