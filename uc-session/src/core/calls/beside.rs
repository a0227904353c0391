use std::time::Duration;

use uc_model::{Action, Call, CallId, Capability, ConnectionState, FailureCause};

use super::{
    Calls, Key, Step,
    machine::{CONFIRMATION, Machine},
};
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
///
/// Consultation Call is among them once its call is made, until the other one shows that it is held:
/// its event may come after the answer, and whoever asked may want to go on with both at once. After 2 s
/// the answer is given all the same.
#[derive(Debug)]
pub(super) struct Besides {
    asked: Vec<Asked>,
    consulted: Vec<(Consulted, Duration)>,
}

/// Whom to tell that `made` was made while `held` waits.
#[derive(Debug)]
pub(super) struct Consulted {
    pub(super) ticket: Ticket,
    pub(super) made: CallId,
    pub(super) held: CallId,
}

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
        Self {
            asked: Vec::new(),
            consulted: Vec::new(),
        }
    }

    /// The service that concerns this call.
    pub(super) fn engages(&self, call: &CallId) -> Option<Action> {
        let concerns = |asked: &&Asked| asked.active == *call || asked.held == *call;
        let asked = self.asked.iter().find(concerns);
        let consults = self.consulted.iter().any(|(one, _)| one.held == *call);
        asked
            .map(|asked| action(asked.service))
            .or(consults.then_some(Action::Consult))
    }

    /// A consultation was made.
    pub(super) fn consulted(&mut self, io: &Io, consulted: Option<Consulted>) {
        let until = io.time() + HELD;
        self.consulted.extend(consulted.map(|one| (one, until)));
    }

    /// What waits for its events waits in vain.
    pub(super) fn connection_lost(&mut self, io: &mut Io) {
        self.fail(io, &CallError::NotConnected, |asked| asked.until.is_some());
        self.answer(io, |_, _| true);
    }

    pub(super) fn close(&mut self, io: &mut Io) {
        self.fail(io, &CallError::Closed, |_| true);
        self.answer(io, |_, _| true);
    }

    pub(super) fn next_timeout(&self) -> Option<(Duration, Why)> {
        let asked = self.asked.iter().filter_map(|asked| asked.until);
        let limits = asked.chain(self.consulted.iter().map(|(_, until)| *until));
        limits.min().map(|until| (until, Why::Confirmation))
    }

    pub(super) fn handle_timeout(&mut self, io: &mut Io) {
        let now = io.time();
        self.answer(io, |_, until| now >= until);
        self.fail(io, &CallError::TimedOut, |asked| {
            asked.until.is_some_and(|until| now >= until)
        });
    }

    /// Tells those of a consultation for whom `ready` holds.
    fn answer(&mut self, io: &mut Io, ready: impl Fn(&Consulted, Duration) -> bool) {
        self.consulted.retain(|(one, until)| {
            let ready = ready(one, *until);
            if ready {
                io.reply(one.ticket, Reply::Call(Ok(one.made.clone())));
            }
            !ready
        });
    }

    fn fail(&mut self, io: &mut Io, error: &CallError, wanted: impl Fn(&Asked) -> bool) {
        self.asked.retain(|asked| {
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
        self.besides.asked.push(Asked {
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

    /// Whether both talk in a conference that is mixed here, where both go on.
    fn mixes(&self, one: &CallId, other: &CallId) -> bool {
        let conference = |id: &CallId| {
            let machine = self
                .machines
                .values()
                .find(|machine| machine.id() == Some(id));
            machine.and_then(Machine::talks_in)
        };
        conference(one).is_some() && conference(one) == conference(other)
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
                let asked = self.besides.asked.iter_mut().find(|asked| asked.key == key);
                if let Some(asked) = asked {
                    asked.until = Some(until);
                }
            }
        }
    }

    /// Finishes what both calls show.
    pub(super) fn settle_besides(&mut self, io: &mut Io) {
        let talks = |call: &Call| call.local == ConnectionState::Connected;
        let consulted = self.besides.consulted.iter().map(|(one, _)| one);
        let told = consulted.filter(|one| {
            let waits = !self.running(&one.held).is_some_and(talks);
            waits || self.running(&one.made).is_none()
        });
        let told: Vec<_> = told.map(|one| one.made.clone()).collect();
        self.besides.answer(io, |one, _| told.contains(&one.made));
        for asked in std::mem::take(&mut self.besides.asked) {
            let known = |id: &CallId| match self.running(id) {
                Some(call) => Known::Running(call),
                None => Known::Over(self.cause_of(id).unwrap_or(FailureCause::Normal)),
            };
            let shown = match self.mixes(&asked.active, &asked.held) {
                true if asked.service == Beside::Conference => Some(Ok(())),
                _ => outcome(asked.service, &known(&asked.active), &known(&asked.held)),
            };
            match shown {
                Some(result) => io.reply(asked.ticket, Reply::Act(result)),
                None => self.besides.asked.push(asked),
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

/// How long a call that was made besides waits to see the other one held (our choice; events come
/// within milliseconds).
const HELD: Duration = Duration::from_secs(2);
