//! Conferences that this side mixes (RFC 4353 §3.1): each call stays what it is, their sounds come together
//! here. Held, it is held as a whole.

use uc_model::{CallId, Connection, ConnectionState};

use super::{Agent, leg::Leg};
use crate::port::BackendError;

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
    pub(super) fn regroup(&mut self, number: u64) {
        let is_in = |leg: &&mut Leg| leg.conference == Some(number);
        let others: Vec<Connection> = self
            .legs
            .values_mut()
            .filter(is_in)
            .map(|leg| leg.call.remote.clone())
            .collect();
        let alone = others.len() < 2;
        let mut changed = Vec::new();
        for leg in self.legs.values_mut().filter(is_in) {
            leg.call.members = if alone { Vec::new() } else { others.clone() };
            leg.conference = leg.conference.filter(|_| !alone);
            changed.push(leg.call.id.clone());
        }
        for call in changed {
            self.changed(&call);
        }
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
