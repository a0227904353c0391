//! What colleagues know of each other's telephones (PRES-6).

use std::collections::BTreeSet;

use uc_model::PhoneNumber;
use uc_protocol::ucx::{Event, LineState};

use super::{
    Exchange,
    call::{Call, Leg},
    wire,
};

impl Exchange {
    /// Tells what the lines do of those whose calls have changed.
    pub(super) fn tell_lines(&mut self) {
        let told = self.effects.events.iter();
        let calls = told.filter(|(_, logged)| matches!(logged.event, Event::Call(_)));
        let users: BTreeSet<_> = calls.map(|(user, _)| user.clone()).collect();
        for user in users {
            let line = self.line(&user, self.calls.values());
            if let Some(state) = self.users.get_mut(&user)
                && std::mem::replace(&mut state.line, line) != line
                && self.line_told(&user).is_some()
            {
                self.show_colleagues(&user);
            }
        }
    }

    /// The lines as they were told before a restart.
    pub(super) fn take_up_lines(&mut self, calls: &[Call]) {
        let legs = calls.iter().flat_map(Call::legs);
        let users: BTreeSet<_> = legs.filter_map(Leg::user).collect();
        for user in users {
            let line = self.line(user, calls);
            if let Some(state) = self.users.get_mut(user) {
                state.line = line;
            }
        }
    }

    /// What colleagues are told of a user's line: nothing of a networked user's in Suite.
    pub(super) fn line_told(&self, user: &str) -> Option<LineState> {
        let account = self.company.user(user)?;
        let suite = self.company.system.model_mode() == uc_model::Mode::Suite;
        let told = !(account.networked && suite);
        told.then(|| self.users[user].line)
    }

    /// What a user's line does with these calls, by the model's rule.
    fn line<'a>(&self, user: &str, calls: impl IntoIterator<Item = &'a Call>) -> LineState {
        let running = calls.into_iter().filter(|call| !call.is_over());
        let seats = running.flat_map(|call| call.sides().map(move |side| (call, side)));
        let own = seats.filter(|(call, side)| call.leg(*side).is_of(user));
        let seen = own.filter_map(|(call, side)| wire::read_call(call.seen_by(side)));
        let seen: Vec<_> = seen.collect();
        let is_external = |number: &PhoneNumber| self.reached_by(number).is_none();
        wire::write_line(uc_model::LineState::of(&seen, is_external))
    }
}
