use std::time::Duration;

use uc_model::{Action, Call, CallId, Capability, ConnectionState, FailureCause};

use super::{Calls, Key, Step, machine::CONFIRMATION};
use crate::{
    core::{
        Reply, Ticket, Why,
        io::{Io, Purpose},
    },
    error::CallError,
    port::{BackendError, Beside, Outcome, Service},
};

/// The services about an active and a held call that are under way: each is finished by the events
/// that show it of both calls, by the server's refusal, or 5 s after the server's yes.
#[derive(Debug)]
pub(super) struct Besides(Vec<Asked>);

#[derive(Debug)]
struct Asked {
    key: Key,
    service: Beside,
    ticket: Ticket,
    active: CallId,
    held: CallId,
    until: Option<Duration>,
}

/// What is known of one of the two calls.
enum Known<'a> {
    Running(&'a Call),
    Over(FailureCause),
}

impl Besides {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// The service that concerns this call.
    pub(super) fn engages(&self, call: &CallId) -> Option<Action> {
        let concerns = |asked: &&Asked| asked.active == *call || asked.held == *call;
        let asked = self.0.iter().find(concerns);
        asked.map(|asked| action(asked.service))
    }

    /// What waits for its events waits in vain.
    pub(super) fn connection_lost(&mut self, io: &mut Io) {
        self.fail(io, &CallError::NotConnected, |asked| asked.until.is_some());
    }

    pub(super) fn close(&mut self, io: &mut Io) {
        self.fail(io, &CallError::Closed, |_| true);
    }

    pub(super) fn next_timeout(&self) -> Option<(Duration, Why)> {
        let limits = self.0.iter().filter_map(|asked| asked.until);
        limits.min().map(|until| (until, Why::Confirmation))
    }

    pub(super) fn handle_timeout(&mut self, io: &mut Io) {
        let now = io.time();
        self.fail(io, &CallError::TimedOut, |asked| {
            asked.until.is_some_and(|until| now >= until)
        });
    }

    fn fail(&mut self, io: &mut Io, error: &CallError, wanted: impl Fn(&Asked) -> bool) {
        self.0.retain(|asked| {
            let fails = wanted(asked);
            if fails {
                io.reply(asked.ticket, Reply::Act(Err(error.clone())));
            }
            !fails
        });
    }
}

impl Calls {
    /// Alternate, Reconnect, Transfer or Conference Call.
    pub(in crate::core) fn beside(
        &mut self,
        io: &mut Io,
        ticket: Ticket,
        service: Beside,
        (active, held): (&CallId, &CallId),
    ) {
        if let Err(error) = self.may_ask(io, service, active, held) {
            return io.reply(ticket, Reply::Act(Err(error)));
        }
        let key = Key(io.number());
        self.besides.0.push(Asked {
            key,
            service,
            ticket,
            active: active.clone(),
            held: held.clone(),
            until: None,
        });
        let ask = Service::Beside {
            service,
            call: active.clone(),
            held: held.clone(),
        };
        if !io.service(Purpose::Call(key, Step::Beside), ask) {
            let own = |asked: &Asked| asked.key == key;
            self.besides.fail(io, &CallError::NotConnected, own);
        }
    }

    fn may_ask(
        &mut self,
        io: &Io,
        service: Beside,
        active: &CallId,
        held: &CallId,
    ) -> Result<(), CallError> {
        let action = action(service);
        for call in [active, held] {
            if self.running(call).is_none() {
                return Err(self.ended(call));
            }
            if let Some(action) = self.engaged(call) {
                return Err(CallError::Pending { action });
            }
        }
        let (Some(one), Some(other)) = (self.running(active), self.running(held)) else {
            return Err(CallError::Ended(FailureCause::Normal));
        };
        if !io.can(capability(service)) {
            Err(CallError::Unsupported)
        } else if !one.actions_beside(other).has(action) {
            Err(CallError::NotAllowed { action })
        } else if io.link.is_none() {
            Err(CallError::NotConnected)
        } else {
            Ok(())
        }
    }

    fn running(&self, id: &CallId) -> Option<&Call> {
        let calls = self.machines.values().filter_map(|machine| machine.call());
        calls.into_iter().find(|call| call.id == *id)
    }

    /// The server has said yes or no.
    pub(super) fn beside_answered(
        &mut self,
        io: &mut Io,
        key: Key,
        result: Result<Outcome, BackendError>,
    ) {
        let error = match result {
            Ok(Outcome::Call(update)) => {
                self.update(io, *update);
                None
            }
            Ok(_) => None,
            Err(error) => Some(CallError::Backend(error)),
        };
        match error {
            Some(error) => self.besides.fail(io, &error, |asked| asked.key == key),
            None => {
                let until = io.time() + CONFIRMATION;
                let asked = self.besides.0.iter_mut().find(|asked| asked.key == key);
                if let Some(asked) = asked {
                    asked.until = Some(until);
                }
            }
        }
    }

    /// Finishes what both calls show.
    pub(super) fn settle_besides(&mut self, io: &mut Io) {
        for asked in std::mem::take(&mut self.besides.0) {
            let known = |id: &CallId| match self.running(id) {
                Some(call) => Known::Running(call),
                None => Known::Over(self.cause_of(id).unwrap_or(FailureCause::Normal)),
            };
            match outcome(asked.service, &known(&asked.active), &known(&asked.held)) {
                Some(result) => io.reply(asked.ticket, Reply::Act(result)),
                None => self.besides.0.push(asked),
            }
        }
    }
}

/// What two calls show of a service; `None` as long as they show nothing.
fn outcome(service: Beside, active: &Known<'_>, held: &Known<'_>) -> Option<Result<(), CallError>> {
    use Known::{Over, Running};
    let ended = |cause: FailureCause| Some(Err(CallError::Ended(cause)));
    match (service, active, held) {
        (Beside::Alternate, Running(active), Running(held)) => {
            let done =
                active.local == ConnectionState::Hold && held.local == ConnectionState::Connected;
            done.then_some(Ok(()))
        }
        (Beside::Reconnect, Over(_), Running(held)) => {
            (held.local == ConnectionState::Connected).then_some(Ok(()))
        }
        (Beside::Transfer, Over(FailureCause::Transferred), Over(FailureCause::Transferred)) => {
            Some(Ok(()))
        }
        (Beside::Transfer, Over(FailureCause::Transferred), Running(_))
        | (Beside::Transfer, Running(_), Over(FailureCause::Transferred)) => None,
        (Beside::Conference, Over(FailureCause::Conferenced), Running(rest))
        | (Beside::Conference, Running(rest), Over(FailureCause::Conferenced)) => {
            rest.is_conference().then_some(Ok(()))
        }
        (_, Running(_), Running(_)) => None,
        (_, Over(cause), _) | (_, _, Over(cause)) => ended(*cause),
    }
}

const fn action(service: Beside) -> Action {
    match service {
        Beside::Alternate => Action::Alternate,
        Beside::Reconnect => Action::Reconnect,
        Beside::Transfer => Action::Transfer,
        Beside::Conference => Action::Conference,
    }
}

const fn capability(service: Beside) -> Capability {
    match service {
        Beside::Alternate | Beside::Reconnect => Capability::Consult,
        Beside::Transfer => Capability::Transfer,
        Beside::Conference => Capability::PhoneConferences,
    }
}
