//! Calls that somebody places from another telephone: it rings there first, and then at who was
//! dialled (CALLME-1, CONN-10). Who is called sees the number of the one who places the call.

use uc_model::{Capability, OutgoingPath, PhoneNumber};
use uc_protocol::ucx::{self, CallResource, Cause, Device, DialMethod, Direction, MakeCall};

use super::{
    Exchange, Millis, Refusal, Role, SessionId,
    call::{Call, Leg, Placed, Round, Side},
    forwarding::{Destination, Place},
    handover::Left,
    routing::{Spread, dialled},
    seats::Seat,
};

impl Exchange {
    /// Places a call from another telephone, where the user's calls are; `None` where they aren't.
    pub(super) fn place(
        &mut self,
        session: &SessionId,
        request: &MakeCall,
        now: Millis,
    ) -> Result<Option<CallResource>, Refusal> {
        if request.device != Device::DeskPhone || request.description.is_some() {
            return Ok(None);
        }
        let user = self.user_of(session)?.to_owned();
        let to = dialled(&request.to)?;
        let Some(from) = self.placed_from(&user, &to, now)? else {
            return Ok(None);
        };
        self.note_dialled(&user, &to);
        let wanted = self.wanted(&user, &to);
        let party = self.dialled_party(&wanted);
        let leg = Leg {
            device: Device::DeskPhone,
            ..self.new_leg(&user, Direction::Outgoing, party, now)
        };
        let id = leg.id.clone();
        let own = self.party(&user, None);
        let first = Leg {
            device: from.device,
            ..self.new_leg(&from.user, Direction::Incoming, own, now)
        };
        let key = first.id.clone();
        let second = Leg::endpoint(Role::Waiting, &first, now);
        self.insert(Call {
            key: key.clone(),
            first,
            second,
            beside: Vec::new(),
            later: Vec::new(),
            ringing: now,
            unanswered: None,
            ended: None,
            round: Round {
                generation: 0,
                offered_by: None,
            },
            confirm_by: None,
            conference: None,
            placed: Some(Placed {
                leg,
                to: Some(to.to_string()),
            }),
            comes_back_to: None,
            endpoint: None,
        });
        self.settle_endpoint(&key);
        self.changed_for_all(&key, false);
        self.call(session, &id).map(Some)
    }

    /// The telephone that the user's calls to this number are placed from, where that is another.
    fn placed_from(
        &self,
        user: &str,
        to: &PhoneNumber,
        now: Millis,
    ) -> Result<Option<Place>, Refusal> {
        let account = &self.users[user].account;
        let callback = account.dial_method == DialMethod::Callback;
        let method = match callback && self.can(Capability::DialMethods) {
            true => uc_model::DialMethod::Callback,
            false => uc_model::DialMethod::DeskPhone,
        };
        let call_me = self.call_me(user);
        let path = self.plan().outgoing_path(to, method, call_me.is_some());
        let mobile = || PhoneNumber::new(account.profile.mobile.as_ref()?).ok();
        let number = match path {
            OutgoingPath::CallMe => call_me,
            OutgoingPath::Callback => mobile(),
            _ => return Ok(None),
        };
        let unreachable = || Refusal::CallFailed(Cause::Unreachable);
        let number = number.ok_or_else(unreachable)?;
        let there = self.reached_among(&number, |other| other.me.user != user);
        let there = there.ok_or_else(unreachable)?;
        let found = self.rings(there, Device::Voip, now);
        found.map(Some).map_err(|_| unreachable())
    }

    /// Whom a number seems to reach, before it is dialled.
    fn dialled_party(&self, to: &PhoneNumber) -> ucx::Party {
        match self.reached_by(to) {
            Some(user) => self.party(&user.me.user, Some(to.to_string())),
            None => ucx::Party {
                number: to.to_string(),
                name: None,
                user: None,
            },
        }
    }

    /// The other telephone is answered: now it rings at who was dialled.
    pub(super) fn dial_on(&mut self, key: &str, now: Millis) {
        let call = self.calls.get_mut(key);
        let placed =
            call.and_then(|call| Some((call.placed.as_mut()?.to.take()?, call.first.device)));
        let Some((to, device)) = placed else {
            return;
        };
        let placing = self.calls[key].leg(Side::Placing).clone();
        let user = placing.user().unwrap_or_default().to_owned();
        let to = dialled(&to);
        let reached = to.and_then(|to| self.reach([&user, &user], &to, None, device, now));
        let here = self.calls[key].first.user().unwrap_or_default().to_owned();
        let target = match reached {
            // Who is there already can't be called from there.
            Ok(Ok(target)) if target.goes.rings_at(&here) => {
                return self.end(key, Cause::Busy, now);
            }
            Ok(Ok(target)) => target,
            Ok(Err((callee, cause))) => {
                if let Some(callee) = callee {
                    self.write_missed(&user, &callee, now);
                }
                return self.end(key, cause, now);
            }
            Err(_) => return self.end(key, Cause::NoSuchNumber, now),
        };
        if let Some(callee) = target.missed_by() {
            self.write_missed(&user, callee, now);
        }
        self.close_endpoint(key);
        let Spread { leg, beside, later } = self.spread(&target.goes, &placing, now);
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        self.legs.remove(&call.second.id);
        call.second = leg;
        call.beside = beside;
        call.later = later;
        call.ringing = now;
        call.unanswered = target.goes.unanswered();
        call.first.party = target.party;
        call.round.offered_by = None;
        call.first.renew(true);
        for leg in call.legs() {
            self.legs.insert(leg.id.clone(), key.to_owned());
        }
        self.settle(key, now);
        self.changed_for_all(key, false);
    }

    /// Whoever has placed the call takes no part in what it becomes.
    pub(super) fn release_placed(&mut self, call: &Call, cause: Cause, now: Millis) {
        if call.placed.is_some() {
            self.leave(call.clone(), Side::Placing, cause, now);
        }
    }

    /// The same for a call that goes on.
    pub(super) fn drop_placed(&mut self, key: &str, now: Millis) {
        let call = self.calls[key].clone();
        self.release_placed(&call, Cause::Conferenced, now);
        if let Some(call) = self.calls.get_mut(key) {
            call.placed = None;
        }
    }

    /// A call that rings at the other telephone first is answered there or not at all.
    pub(super) fn refuse_ringing_elsewhere(&self, seat: &Seat) -> Result<(), Refusal> {
        let placed = self.calls[&seat.call].placed.as_ref();
        match placed.is_some_and(|placed| placed.to.is_some()) {
            true => Err(Refusal::WrongState),
            false => Ok(()),
        }
    }

    /// Nobody has answered a call that was transferred: it rings at who transferred it.
    pub(super) fn come_back(&mut self, key: &str, cause: Cause, now: Millis) -> Option<Left> {
        let call = self.calls.get_mut(key)?;
        let side = call.alerting_side()?;
        let device = call.leg(side).device;
        let user = call.comes_back_to.take()?;
        let there = self.company.user(&user)?;
        let there = self.rings(there, device, now).ok()?;
        // In a group it rings at others too.
        self.stop_beside(key, cause, now);
        let seat = Seat {
            call: key.to_owned(),
            side,
        };
        let party = self.party(&user, None);
        let goes = Destination::User(there, None);
        let before = self.replace_leg(&seat, goes, now);
        if let Some(call) = self.calls.get_mut(key) {
            call.leg_mut(side.other()).party = party;
        }
        self.settle(key, now);
        self.changed_for_all(key, false);
        Some(self.leave(before, side, cause, now))
    }
}
