use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use uc_model::{CallId, Capability, Digits, Licence, Timestamp};

use super::{
    Command, CommandId, MediaCommand, MediaId, Output, Reply, Ticket, Why, calls, chat, connection,
    random::Random,
};
use crate::{
    clock::Now,
    events::Event,
    port::{BackendError, LinkId, Operation, Outcome, RequestKey, Service},
    trust::Pins,
    view::View,
};

/// What all parts of a core write to: outputs, commands under way, the view, and the time.
#[derive(Debug)]
pub(super) struct Io {
    pub(super) now: Now,
    pub(super) random: Random,
    pub(super) view: View,
    pub(super) pins: Pins,
    /// The link that services use, while the connection is live.
    pub(super) link: Option<LinkId>,
    /// What is kept for the next start has changed.
    pub(super) unsaved: bool,
    outputs: VecDeque<Output>,
    flights: BTreeMap<CommandId, Flight>,
    parked: Vec<Parked>,
    promised: Option<Duration>,
    last_number: u64,
}

/// A command under way.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) purpose: Purpose,
    /// When it must have ended: a port that breaks its word doesn't make us stuck.
    deadline: Duration,
    /// What may be sent once more, should the connection break before an answer; of keys what may be
    /// asked of the server, should the sound not be able to carry them.
    again: Option<Box<Service>>,
}

/// A service that waits for the next connection.
#[derive(Debug)]
struct Parked {
    purpose: Purpose,
    service: Box<Service>,
    until: Duration,
}

/// What a command is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Connection(connection::Step),
    Search(Ticket),
    Presence(Ticket),
    Edit(Ticket),
    Import(Ticket),
    Contact(Ticket),
    Message(chat::Errand),
    Password(Ticket),
    Photo(Ticket),
    FunctionKeys(Ticket),
    Call(calls::Key, calls::Step),
    Media(calls::Key),
    /// Keys in the call's sound.
    Digits(Ticket),
    /// Keys that the sound can't carry, by the server.
    DigitsByServer(Ticket),
    SignOut,
    Close,
    Save,
    /// A hang-up of a call that is over here.
    HangUp(calls::Key),
    /// What nobody waits for.
    Untold,
}

impl Purpose {
    /// Whether it is something the user asked of a live connection.
    pub(super) const fn is_service(self) -> bool {
        match self {
            Self::Message(_)
            | Self::Call(..)
            | Self::DigitsByServer(_)
            | Self::HangUp(_)
            | Self::Untold => true,
            asked => asked.is_request(),
        }
    }

    /// Whether it is one question with one answer.
    pub(super) const fn is_request(self) -> bool {
        match self {
            Self::Search(_)
            | Self::Presence(_)
            | Self::Edit(_)
            | Self::Import(_)
            | Self::Contact(_)
            | Self::Password(_)
            | Self::FunctionKeys(_)
            | Self::Photo(_) => true,
            Self::Connection(_)
            | Self::Message(_)
            | Self::Call(..)
            | Self::Media(_)
            | Self::Digits(_)
            | Self::DigitsByServer(_)
            | Self::SignOut
            | Self::Close
            | Self::Save
            | Self::HangUp(_)
            | Self::Untold => false,
        }
    }
}

impl Io {
    pub(super) fn new(seed: u64, now: Now, pins: Pins) -> Self {
        Self {
            now,
            random: Random::new(seed),
            view: View::default(),
            pins,
            link: None,
            unsaved: false,
            outputs: VecDeque::new(),
            flights: BTreeMap::new(),
            parked: Vec::new(),
            promised: None,
            last_number: 0,
        }
    }

    /// The monotonic clock.
    pub(super) const fn time(&self) -> Duration {
        self.now.monotonic
    }

    /// The view, to be changed.
    pub(super) const fn change(&mut self) -> &mut View {
        self.view.version += 1;
        &mut self.view
    }

    /// Whether the connection's capability set has this.
    pub(super) fn can(&self, capability: Capability) -> bool {
        let user = self.view.user.as_ref();
        user.is_some_and(|user| user.capabilities.has(capability))
    }

    /// Whether the user hasn't got this licence.
    pub(super) fn lacks(&self, licence: Licence) -> bool {
        let user = self.view.user.as_ref();
        user.is_some_and(|user| user.missing_licences.contains(&licence))
    }

    /// Sets the time; says whether the computer seems to have slept: the wall clock has moved
    /// against the other, or a timer comes late.
    pub(super) fn advance(&mut self, now: Now) -> bool {
        let before = self.now;
        self.now = Now {
            monotonic: now.monotonic.max(before.monotonic),
            ..now
        };
        let passed = self.now.monotonic - before.monotonic;
        let wall = now.wall_ms.saturating_sub(before.wall_ms);
        let drift = wall
            .saturating_sub(passed.as_millis() as i64)
            .unsigned_abs();
        let late = self
            .promised
            .take()
            .is_some_and(|at| self.now.monotonic > at.saturating_add(JUMP));
        drift > JUMP.as_millis() as u64 || late
    }

    /// Remembers which moment was promised to the driver.
    pub(super) const fn promise(&mut self, at: Duration) {
        self.promised = Some(at);
    }

    pub(super) fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub(super) fn event(&mut self, event: Event) {
        self.outputs.push_back(Output::Event(event));
    }

    pub(super) fn reply(&mut self, ticket: Ticket, reply: impl Into<Option<Reply>>) {
        let reply = reply.into();
        self.outputs.push_back(Output::Reply { ticket, reply });
    }

    /// A number that was never given before.
    pub(super) const fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// A key for a request that makes something.
    pub(super) fn request_key(&mut self) -> RequestKey {
        RequestKey(format!(
            "{:016x}{:016x}",
            self.random.next(),
            self.random.next()
        ))
    }

    pub(super) fn operate(&mut self, purpose: Purpose, operation: Operation) -> CommandId {
        let limit = limit(&operation);
        self.launch(purpose, Command::Backend(operation), limit, None)
    }

    /// Asks a service over the live link; `false` when there is none.
    pub(super) fn service(&mut self, purpose: Purpose, service: Service) -> bool {
        let chat = matches!(purpose, Purpose::Message(_));
        let again = may_be_repeated(&service) && !chat;
        let again = again.then(|| Box::new(service.clone()));
        self.send(purpose, service, again)
    }

    fn send(&mut self, purpose: Purpose, service: Service, again: Option<Box<Service>>) -> bool {
        let Some(link) = self.link else {
            return false;
        };
        let command = Command::Backend(Operation::Service { link, service });
        self.launch(purpose, command, SERVICE_LIMIT, again);
        true
    }

    pub(super) fn media(&mut self, key: calls::Key, command: MediaCommand) -> CommandId {
        let purpose = match command {
            MediaCommand::Close | MediaCommand::Bind { .. } | MediaCommand::Apply(_) => {
                Purpose::Close
            }
            _ => Purpose::Media(key),
        };
        self.command_media(purpose, key, command, None)
    }

    /// Sends keys in the sound, or else by the server; the ticket is answered by what becomes of it.
    pub(super) fn send_digits(
        &mut self,
        ticket: Ticket,
        key: calls::Key,
        call: CallId,
        digits: Digits,
    ) {
        let command = MediaCommand::SendDigits(digits.clone());
        let instead = Box::new(Service::GenerateDigits { call, digits });
        self.command_media(Purpose::Digits(ticket), key, command, Some(instead));
    }

    /// The sound can't carry the keys of a command: asks the server to. `false` without a connection.
    pub(super) fn send_digits_by_server(&mut self, ticket: Ticket, flight: Flight) -> bool {
        let purpose = Purpose::DigitsByServer(ticket);
        let service = flight.again;
        service.is_some_and(|service| self.send(purpose, *service, None))
    }

    fn command_media(
        &mut self,
        purpose: Purpose,
        key: calls::Key,
        command: MediaCommand,
        instead: Option<Box<Service>>,
    ) -> CommandId {
        let media = MediaId(key.0);
        let command = Command::Media { media, command };
        self.launch(purpose, command, MEDIA_LIMIT, instead)
    }

    /// Asks the driver to keep the view's state, which was so at `at`.
    pub(super) fn save(&mut self, at: Timestamp) {
        self.launch(Purpose::Save, Command::Save { at }, SAVE_LIMIT, None);
    }

    pub(super) fn close(&mut self, link: LinkId) {
        self.operate(Purpose::Close, Operation::Close { link });
    }

    fn launch(
        &mut self,
        purpose: Purpose,
        command: Command,
        limit: Duration,
        again: Option<Box<Service>>,
    ) -> CommandId {
        let id = CommandId(self.number());
        let deadline = self.time() + limit;
        self.flights.insert(
            id,
            Flight {
                purpose,
                deadline,
                again,
            },
        );
        self.outputs.push_back(Output::Command { id, command });
        id
    }

    /// The command of a completion; `None` if it was given up.
    pub(super) fn land(&mut self, id: CommandId) -> Option<Flight> {
        self.flights.remove(&id)
    }

    /// A command that took too long, or a parked service that waited too long.
    pub(super) fn expired(&mut self) -> Option<Flight> {
        let now = self.time();
        if let Some(index) = self.parked.iter().position(|parked| now >= parked.until) {
            let Parked { purpose, until, .. } = self.parked.remove(index);
            return Some(Flight {
                purpose,
                deadline: until,
                again: None,
            });
        }
        let late = self
            .flights
            .iter()
            .find(|(_, flight)| now >= flight.deadline);
        let id = *late?.0;
        self.flights.remove(&id)
    }

    /// Sends what broke before an answer once more, now or on the next connection; gives back
    /// what must be treated as completed.
    pub(super) fn once_more(
        &mut self,
        mut flight: Flight,
        result: Result<Outcome, BackendError>,
    ) -> Option<(Flight, Result<Outcome, BackendError>)> {
        let unanswered = matches!(
            result,
            Err(BackendError::Broken {
                before_answer: true
            } | BackendError::Closed)
        );
        match flight.again.take().filter(|_| unanswered) {
            None => return Some((flight, result)),
            Some(service) if self.link.is_some() => {
                self.send(flight.purpose, *service, None);
            }
            Some(service) => {
                let until = self.time() + PARKED_FOR;
                self.parked.push(Parked {
                    purpose: flight.purpose,
                    service,
                    until,
                });
            }
        }
        None
    }

    /// What is under way for such purposes isn't sent once more: something newer replaces it, and
    /// must not be overwritten by it.
    pub(super) fn supersede(&mut self, old: impl Fn(Purpose) -> bool) {
        let flights = self.flights.values_mut();
        for flight in flights.filter(|flight| old(flight.purpose)) {
            flight.again = None;
        }
    }

    /// Sends what waited for a connection.
    pub(super) fn unpark(&mut self) {
        for Parked {
            purpose, service, ..
        } in std::mem::take(&mut self.parked)
        {
            self.send(purpose, *service, None);
        }
    }

    /// Whether a command for any of these purposes is under way.
    pub(super) fn is_under_way(&self, wanted: impl Fn(Purpose) -> bool) -> bool {
        self.flights.values().any(|flight| wanted(flight.purpose))
    }

    /// How many commands for such purposes are under way or parked.
    pub(super) fn count(&self, wanted: impl Fn(Purpose) -> bool) -> usize {
        let flying = self.flights.values().map(|flight| flight.purpose);
        let parked = self.parked.iter().map(|parked| parked.purpose);
        flying
            .chain(parked)
            .filter(|purpose| wanted(*purpose))
            .count()
    }

    pub(super) fn next_timeout(&self) -> Option<(Duration, Why)> {
        let flights = self
            .flights
            .values()
            .map(|flight| (flight.deadline, Why::Command));
        let parked = self.parked.iter().map(|parked| (parked.until, Why::Resend));
        flights.chain(parked).min_by_key(|(at, _)| *at)
    }
}

/// Whether a second arrival of the same request does no harm.
const fn may_be_repeated(service: &Service) -> bool {
    match service {
        Service::Search { .. }
        | Service::SetPresence(_)
        | Service::Edit { .. }
        | Service::ImportContacts { .. }
        | Service::Contact(_)
        | Service::Photo { .. }
        | Service::FunctionKeys
        | Service::ProgramKey { .. }
        | Service::MakeCall { .. }
        | Service::Consult { .. }
        | Service::PickUp { .. }
        | Service::Clear { .. }
        | Service::Candidates { .. }
        | Service::Confirm { .. } => true,
        Service::ChangePassword(_)
        | Service::Answer { .. }
        | Service::Hold { .. }
        | Service::Retrieve { .. }
        | Service::Deflect { .. }
        | Service::SingleStepTransfer { .. }
        | Service::GenerateDigits { .. }
        | Service::Beside { .. }
        | Service::Describe { .. } => false,
    }
}

/// How long an operation may take: the sum of its phases in the wire contract, and some slack.
const fn limit(operation: &Operation) -> Duration {
    match operation {
        Operation::Dial { .. } => Duration::from_secs(12),
        Operation::SignIn { .. } => Duration::from_secs(25),
        Operation::SignOut { .. } | Operation::Close { .. } => Duration::from_secs(5),
        Operation::Resume { .. }
        | Operation::Subscribe { .. }
        | Operation::Snapshot { .. }
        | Operation::Probe { .. }
        | Operation::Service { .. } => SERVICE_LIMIT,
    }
}

/// Connect 5 s, TLS 5 s, answer 10 s (wire contract), and slack.
const SERVICE_LIMIT: Duration = Duration::from_secs(21);
/// Disks may be slow, and another program may hold the store for 2 s (our choice).
const SAVE_LIMIT: Duration = Duration::from_secs(20);
/// Devices may be slow to open (our choice).
const MEDIA_LIMIT: Duration = Duration::from_secs(10);
/// So long a request that may be sent once more waits for the next connection (our choice).
const PARKED_FOR: Duration = Duration::from_secs(10);
/// Clocks that disagree by more tell of a sleep (wire contract).
const JUMP: Duration = Duration::from_secs(5);
