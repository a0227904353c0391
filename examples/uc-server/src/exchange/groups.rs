//! Calls to groups: they ring at several users, at once or in turn.

use uc_protocol::ucx::{CallResource, Cause};

use super::{
    Exchange, Millis, SessionId, call::Side, forwarding::Destination, handover::Left, seats::Seat,
};
use crate::company::Ring;

impl Exchange {
    /// The call rings at this seat's user only; for the others a colleague has answered it. Gives
    /// the seat as it is then.
    pub(super) fn single_out(&mut self, seat: Seat, now: Millis) -> Seat {
        let Some(call) = self.calls.get_mut(&seat.call) else {
            return seat;
        };
        call.later.clear();
        if let Side::Beside(n) = seat.side {
            std::mem::swap(&mut call.second, &mut call.beside[usize::from(n)]);
        }
        self.stop_beside(&seat.call, Cause::AnsweredElsewhere, now);
        Seat {
            side: match seat.side {
                Side::Beside(_) => Side::Second,
                side => side,
            },
            ..seat
        }
    }

    /// The call doesn't ring besides any more.
    pub(super) fn stop_beside(&mut self, key: &str, cause: Cause, now: Millis) {
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        call.later.clear();
        if call.beside.is_empty() {
            return;
        }
        let before = call.clone();
        call.beside.clear();
        for side in before
            .sides()
            .filter(|side| matches!(side, Side::Beside(_)))
        {
            self.leave(before.clone(), side, cause, now);
        }
    }

    /// One of a group doesn't want the call, and it goes on ringing at others; `None` where it
    /// rings at nobody else.
    pub(super) fn drop_out(
        &mut self,
        seat: &Seat,
        session: &SessionId,
        now: Millis,
    ) -> Option<CallResource> {
        let call = self.calls.get_mut(&seat.call)?;
        let before = call.clone();
        match seat.side {
            Side::First | Side::Placing => return None,
            Side::Second if call.beside.is_empty() => {
                let left = self.next_in_turn(&seat.call, Cause::Rejected, now);
                return left.map(|left| left.at(session));
            }
            Side::Second => call.second = call.beside.remove(0),
            Side::Beside(n) => drop(call.beside.remove(usize::from(n))),
        }
        self.changed(&seat.call, &[Side::First], false);
        let left = self.leave(before, seat.side, Cause::Rejected, now);
        Some(left.at(session))
    }

    /// Lets the call ring at the next one of a group instead, where there is one.
    pub(super) fn next_in_turn(&mut self, key: &str, cause: Cause, now: Millis) -> Option<Left> {
        let call = &self.calls[key];
        let side = call.alerting_side()?;
        let known = call.later.iter().filter_map(|user| self.company.user(user));
        let device = call.leg(side.other()).device;
        let left = known.filter_map(|user| self.rings(user, device, now).ok());
        let left: Vec<_> = left.collect();
        if left.is_empty() {
            return None;
        }
        let seat = Seat {
            call: key.to_owned(),
            side,
        };
        let route = call.leg(side).route;
        let before = self.replace_leg(&seat, Destination::Group(left, Ring::InTurn), now);
        let call = self.calls.get_mut(key).expect("it rings");
        call.leg_mut(side).route = route;
        self.settle(key, now);
        self.changed_for_all(key, false);
        Some(self.leave(before, side, cause, now))
    }
}
