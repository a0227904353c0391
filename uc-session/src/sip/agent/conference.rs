//! Conferences that this side mixes (RFC 4353 §3.1): each call stays what it is, their sounds come together
//! here. Held, it is held as a whole.

use uc_model::{CallId, ConnectionState};

use super::{Agent, leg::Leg};
use crate::port::{BackendError, CallUpdate};

impl Agent {
    /// Conference Call: the held call comes to the active one, and to all others of either's conference.
    pub(super) fn confer(&mut self, id: u64, call: &CallId, held: &CallId) {
        let talks = self.legs.get(call);
        let talks =
            talks.is_some_and(|leg| leg.is_up() && leg.call.local == ConnectionState::Connected);
        if !talks {
            return self.done(id, Err(BackendError::WrongState));
        }
        let (joining, joined) = (self.conferring(held), self.conferring(call));
        if joining.len() + joined.len() > MOST_OTHERS {
            return self.done(id, Err(BackendError::Full));
        }
        let known = self.legs.get(call).and_then(|leg| leg.conference);
        let number = known.unwrap_or_else(|| self.conference_number());
        self.retrieve(held);
        for call in joining.iter().chain(&joined) {
            if let Some(leg) = self.legs.get_mut(call) {
                leg.conference = Some(number);
            }
        }
        self.regroup(number);
        self.done_with(id, call);
    }

    /// The calls of a call's conference; of one that is in none, itself.
    pub(super) fn conferring(&self, call: &CallId) -> Vec<CallId> {
        let number = self.legs.get(call).and_then(|leg| leg.conference);
        let legs = self.legs.values();
        let is_in = |leg: &&Leg| match number {
            Some(_) => leg.conference == number,
            None => leg.call.id == *call,
        };
        legs.filter(is_in).map(|leg| leg.call.id.clone()).collect()
    }

    /// A call that is over leaves its conference.
    pub(super) fn leave_conference(&mut self, call: &CallId) {
        let leg = self.legs.get_mut(call);
        if let Some(number) = leg.and_then(|leg| leg.conference.take()) {
            self.regroup(number);
        }
    }

    /// Tells all of a conference who is in it; one alone is in none.
    fn regroup(&mut self, number: u64) {
        let is_in = |leg: &&mut Leg| leg.conference == Some(number);
        let mut legs: Vec<_> = self.legs.values_mut().filter(is_in).collect();
        if let [alone] = &mut legs[..] {
            alone.conference = None;
        }
        let one = legs.first().map(|leg| leg.call.id.clone());
        if let Some(one) = one {
            self.changed(&one);
        }
    }

    /// What the session is told of a call, with all others of its conference.
    pub(super) fn update_of(&self, leg: &Leg) -> CallUpdate {
        let mut update = leg.update();
        if leg.conference.is_some() {
            let others = self
                .legs
                .values()
                .filter(|other| other.conference == leg.conference);
            update.call.members = others.map(|other| other.call.remote.clone()).collect();
        }
        update
    }

    /// A number that no other client of the same sound has.
    fn conference_number(&mut self) -> u64 {
        let token = (self.token)();
        let digits = token.get(token.len().saturating_sub(16)..);
        let number = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok());
        number.unwrap_or_default()
    }
}

/// Others in a conference: eight with this side (CALL-6).
const MOST_OTHERS: usize = 7;
