use uc_protocol::ucx::{Cause, ConnectionState};

use super::{
    Exchange, Millis, SessionId,
    call::{Call, Side},
    forwarding::Destination,
    seats::Seat,
};
use crate::store::Write;

impl Exchange {
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

    /// Ends a call on both sides and writes the history. Whoever is alone in a conference then
    /// leaves it too.
    pub(super) fn end(&mut self, key: &str, cause: Cause, now: Millis) {
        if self.calls.get(key).is_none_or(Call::is_over) {
            return;
        }
        self.stop_beside(key, cause, now);
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        call.ended = Some((now, cause));
        call.confirm_by = None;
        let placing = call.placed.as_ref().map(|_| Side::Placing);
        for side in Side::BOTH.into_iter().chain(placing) {
            let leg = call.leg_mut(side);
            leg.state = ConnectionState::Null;
            leg.unconfirmed = false;
        }
        let conference = call.conference.clone();
        self.close_endpoint(key);
        self.changed_for_all(key, false);
        self.write_history(key);
        self.limit_ended();
        if let Some(conference) = conference {
            self.leave_alone(&conference, now);
        }
    }

    /// Nobody has answered: a mailbox takes the call where there is one, else it is over.
    pub(super) fn give_up(&mut self, key: &str, now: Millis) {
        if self.next_in_turn(key, Cause::NoAnswer, now).is_some() {
            return;
        }
        let call = self.calls.get_mut(key);
        let rings = call.and_then(|call| Some((call.alerting_side()?, call.unanswered.take()?)));
        let Some((side, (user, role))) = rings else {
            if self.come_back(key, Cause::NoAnswer, now).is_none() {
                self.end(key, Cause::NoAnswer, now);
            }
            return;
        };
        let seat = Seat {
            call: key.to_owned(),
            side,
        };
        let before = self.replace_leg(&seat, Destination::Mailbox(role), now);
        if let Some(caller) = before.leg(side.other()).user() {
            self.write_missed(caller, &user, now);
        }
        self.settle(key, now);
        self.changed_for_all(key, false);
        self.leave(before, side, Cause::NoAnswer, now);
    }

    /// Somebody has left the conference: the others are told, unless it was the last but one.
    fn leave_alone(&mut self, conference: &str, now: Millis) {
        let mut left = self.members(conference);
        let last = left.next().map(|leg| self.legs[&leg.id].clone());
        let alone = left.next().is_none();
        drop(left);
        match last {
            Some(last) if alone => self.end(&last, Cause::Normal, now),
            Some(_) => self.tell_conference(conference, None),
            None => {}
        }
    }

    /// What is known of a call that is over.
    pub(super) fn forget(&mut self, key: &str) {
        if let Some(call) = self.calls.remove(key) {
            for leg in call.legs() {
                self.legs.remove(&leg.id);
            }
            self.effects.writes.push(Write::CallGone(key.to_owned()));
        }
    }
}
