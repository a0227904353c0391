use uc_protocol::{limits::CONFIRM_S, ucx::Cause};

use super::{Exchange, Millis, call::Call};

impl Exchange {
    /// When [`Exchange::handle_timeout`] is due next; `None`: nothing waits.
    pub(crate) fn poll_timeout(&self) -> Option<Millis> {
        let calls = self.calls.values().filter_map(Call::deadline);
        let returns = self.users.values().filter_map(|user| user.presence.until);
        let carriers = self.carrying().filter_map(|(_, gone_at)| gone_at);
        calls.chain(returns).chain(carriers).min()
    }

    /// Does what is due at `now`.
    pub(crate) fn handle_timeout(&mut self, now: Millis) {
        self.lapse_return_times(now);
        let gone: Vec<_> = self
            .carrying()
            .filter(|(_, gone_at)| gone_at.is_some_and(|at| at <= now))
            .map(|(session, _)| session.clone())
            .collect();
        for session in gone {
            self.end_carried(&session, Cause::Unreachable, now);
        }
        let due: Vec<_> = self
            .calls
            .iter()
            .filter(|(_, call)| call.deadline().is_some_and(|at| at <= now))
            .map(|(key, call)| (key.clone(), call.is_over(), call.confirm_by))
            .collect();
        for (key, over, confirm_by) in due {
            match (over, confirm_by) {
                (true, _) => self.forget(&key),
                (false, Some(_)) => self.end(&key, Cause::ServerLost, now),
                (false, None) if self.calls[&key].is_at_mailbox() => {
                    self.end(&key, Cause::Normal, now);
                }
                (false, None) => self.give_up(&key, now),
            }
        }
    }

    /// Calls that are over are kept for a while, but not without end.
    pub(super) fn limit_ended(&mut self) {
        let ended = || self.calls.iter().filter(|(_, call)| call.is_over());
        if ended().count() <= MAX_ENDED {
            return;
        }
        let oldest = ended().min_by_key(|(_, call)| call.ended.map(|(at, _)| at));
        if let Some((key, _)) = oldest {
            let key = key.clone();
            self.forget(&key);
        }
    }

    /// The sessions that carry running calls, and when each counts as gone. A session that isn't
    /// known at all is gone already.
    fn carrying(&self) -> impl Iterator<Item = (&super::SessionId, Option<Millis>)> {
        let running = self.calls.values().filter(|call| !call.is_over());
        running
            .flat_map(Call::legs)
            .filter_map(|leg| leg.carrier.as_ref())
            .map(|session| match self.sessions.get(session) {
                Some(state) => (session, state.gone_at()),
                None => (session, Some(0)),
            })
    }
}

impl Call {
    /// Alerting: no answer. Unconfirmed: given up. Over: forgotten. A call that was answered may
    /// last for ever; the sessions that carry it are watched instead.
    fn deadline(&self) -> Option<Millis> {
        match (self.ended, self.confirm_by) {
            (Some((at, _)), _) => Some(at + KEEP_ENDED_MS),
            (None, Some(at)) => Some(at),
            (None, None) if self.is_alerting() && !self.later.is_empty() => {
                Some(self.ringing + IN_TURN_MS)
            }
            (None, None) if self.is_alerting() => Some(self.ringing + NO_ANSWER_MS),
            (None, None) if self.is_at_mailbox() => Some(self.ringing + MAX_MESSAGE_MS),
            (None, None) => None,
        }
    }
}

/// How long a call rings, in milliseconds (our choice; telephone networks take 30 to 180 s).
pub(super) const NO_ANSWER_MS: Millis = 60_000;
/// How long a call rings at one of a group before it goes to the next, in milliseconds (our choice).
pub(super) const IN_TURN_MS: Millis = 20_000;
/// How long a mailbox listens, its announcement among it, in milliseconds (our choice).
pub(super) const MAX_MESSAGE_MS: Millis = 120_000;
/// How long a restarted server waits for both sides of a call.
pub(super) const CONFIRM_MS: Millis = CONFIRM_S as Millis * 1000;
/// How long a call that is over can still be asked for, so that a late request gets a right answer.
pub(super) const KEEP_ENDED_MS: Millis = 60_000;
/// Calls that are over kept at most, in the whole server.
const MAX_ENDED: usize = 1_000;
