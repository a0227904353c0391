use uc_protocol::ucx::{CallResource, ConnectionState, Event, Member};

use super::{
    Exchange, Refusal, SessionId,
    call::{Call, Leg, Owner, Side},
    events::answered_elsewhere,
};
use crate::store::Write;

/// A call and the side of it that a session asks about.
#[derive(Clone)]
pub(super) struct Seat {
    pub(super) call: String,
    pub(super) side: Side,
}

impl Exchange {
    /// Finds the call of this id and makes sure that the session's user takes part.
    pub(super) fn seat(&self, session: &SessionId, id: &str) -> Result<Seat, Refusal> {
        let user = self.user_of(session)?;
        let seat = self.seat_of(id).ok_or(Refusal::NotFound)?;
        let leg = self.calls[&seat.call].leg(seat.side);
        let picked_up_elsewhere = leg.rings_at.as_ref().is_some_and(|there| there != session);
        if leg.is_of(user) && !picked_up_elsewhere {
            return Ok(seat);
        }
        Err(Refusal::NotFound)
    }

    /// The call in which the leg is.
    pub(super) fn seat_of(&self, leg: &str) -> Option<Seat> {
        let key = self.legs.get(leg)?;
        let call = &self.calls[key];
        let side = call.sides().find(|side| call.leg(*side).id == leg)?;
        Some(Seat {
            call: key.clone(),
            side,
        })
    }

    /// The call, unless it is over.
    pub(super) fn running(&self, key: &str) -> Result<&Call, Refusal> {
        let call = self.calls.get(key).ok_or(Refusal::NotFound)?;
        (!call.is_over()).then_some(call).ok_or(Refusal::WrongState)
    }

    /// The call, unless it is over, to be changed.
    pub(super) fn running_mut(&mut self, key: &str) -> Result<&mut Call, Refusal> {
        let call = self.calls.get_mut(key).ok_or(Refusal::NotFound)?;
        (!call.is_over()).then_some(call).ok_or(Refusal::WrongState)
    }

    /// The call in which the session's side takes part, and which it may act on.
    pub(super) fn carried(
        &mut self,
        session: &SessionId,
        seat: &Seat,
    ) -> Result<&mut Call, Refusal> {
        let call = self.running(&seat.call)?;
        if !call.leg(seat.side).takes_part() {
            return Err(Refusal::WrongState);
        }
        if !self.obeys(call, seat.side, session) {
            return Err(Refusal::CarriedElsewhere);
        }
        self.running_mut(&seat.call)
    }

    /// The call as `session` sees it.
    pub(super) fn view(&self, seat: &Seat, session: &SessionId) -> Result<CallResource, Refusal> {
        let call = self.calls.get(&seat.call).ok_or(Refusal::NotFound)?;
        let audience = call.audience(seat.side, false);
        let seen = self.seen(call, seat.side);
        Ok(audience.view(seen.clone(), session).unwrap_or_else(|| {
            let mut seen = seen;
            answered_elsewhere(&mut seen);
            seen
        }))
    }

    /// The calls of `user` that run, as `session` sees them.
    pub(super) fn running_calls(&self, user: &str, session: &SessionId) -> Vec<CallResource> {
        let running = self.calls.values().filter(|call| !call.is_over());
        running
            .flat_map(|call| call.sides().map(move |side| (call, side)))
            .filter(|(call, side)| call.leg(*side).is_of(user))
            .filter_map(|(call, side)| {
                let seen = self.seen(call, side);
                call.audience(side, false).view(seen, session)
            })
            .collect()
    }

    /// How many calls of the user run, those on hold and those ringing among them.
    pub(super) fn running_count(&self, user: &str) -> usize {
        let running = self.calls.values().filter(|call| !call.is_over());
        let legs = running.flat_map(|call| call.legs());
        legs.filter(|leg| leg.is_of(user)).count()
    }

    /// The call as a side sees it, with the others of its conference.
    pub(super) fn seen(&self, call: &Call, side: Side) -> CallResource {
        let mut seen = call.seen_by(side);
        if let (Some(conference), false) = (&call.conference, call.is_over()) {
            let own = &call.leg(side).id;
            let others = self.members(conference).filter(|leg| leg.id != *own);
            seen.members = others.map(|leg| self.member(leg)).collect();
        }
        seen
    }

    /// Everybody's leg in a conference.
    pub(super) fn members<'a>(&'a self, conference: &'a str) -> impl Iterator<Item = &'a Leg> {
        let calls = self
            .calls
            .values()
            .filter(move |call| !call.is_over() && call.conference.as_deref() == Some(conference));
        let legs = calls.flat_map(|call| call.legs());
        legs.filter(|leg| matches!(leg.owner, Owner::User(_)))
    }

    fn member(&self, leg: &Leg) -> Member {
        Member {
            party: self.party(leg.user().unwrap_or_default(), None),
            state: leg.state,
        }
    }

    /// The sides' resources have changed: new revisions, a row and an event for each.
    pub(super) fn changed(&mut self, key: &str, sides: &[Side], taken: bool) {
        for &side in sides {
            let Some(user) = self.calls[key].leg(side).user().map(str::to_owned) else {
                continue;
            };
            let rev = self.next_rev(&user);
            let call = self.calls.get_mut(key).expect("callers name known calls");
            call.leg_mut(side).rev = rev;
            let call = &self.calls[key];
            let (seen, audience) = (self.seen(call, side), call.audience(side, taken));
            self.log(&user, Event::Call(seen), audience);
        }
        let call = Box::new(self.calls[key].clone());
        self.effects.writes.push(Write::Call(key.to_owned(), call));
    }

    /// As [`Exchange::changed`], for those who hear the side.
    pub(super) fn changed_for_far(&mut self, key: &str, side: Side) {
        let sides = self.calls[key].far_sides(side);
        self.changed(key, &sides, false);
    }

    /// As [`Exchange::changed`], for every side.
    pub(super) fn changed_for_all(&mut self, key: &str, taken: bool) {
        let sides: Vec<_> = self.calls[key].sides().collect();
        self.changed(key, &sides, taken);
    }

    /// One of the states has changed: both sides are told, and everybody in the conference.
    pub(super) fn moved(&mut self, key: &str) {
        self.changed_for_all(key, false);
        if let Some(conference) = self.calls[key].conference.clone() {
            self.tell_conference(&conference, Some(key));
        }
    }

    /// Everybody in a conference is told who takes part; `told` of them is already.
    pub(super) fn tell_conference(&mut self, conference: &str, told: Option<&str>) {
        let within = |call: &&Call| call.conference.as_deref() == Some(conference);
        let running = self.calls.values().filter(|call| !call.is_over());
        let keys: Vec<_> = running
            .filter(within)
            .map(|call| call.key.clone())
            .collect();
        for key in keys.iter().filter(|key| Some(key.as_str()) != told) {
            self.changed_for_all(key, false);
        }
    }

    /// Puts a side from one state into another.
    pub(super) fn switch(
        &mut self,
        session: &SessionId,
        seat: &Seat,
        [from, to]: [ConnectionState; 2],
    ) -> Result<(), Refusal> {
        let leg = self.carried(session, seat)?.leg_mut(seat.side);
        if leg.state != from {
            return Err(Refusal::WrongState);
        }
        leg.state = to;
        self.hold_endpoint(seat);
        self.moved(&seat.call);
        Ok(())
    }
}
