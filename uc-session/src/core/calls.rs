mod machine;
mod sound;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use uc_model::{
    Action, CallId, Capability, DeviceKind, Digits, FailureCause, Licence, PhoneNumber,
};

use self::machine::Machine;
use super::{
    MediaId, MediaOutcome, Reply, Ticket, Why,
    io::{Io, Purpose},
    roster,
};
use crate::{
    error::CallError,
    port::{BackendError, CallUpdate, MediaError, MediaEvent, Outcome, Service},
};

/// One call inside the core; also the number of its sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(pub(super) u64);

/// What a service about a call was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Make,
    Answer,
    Hold,
    Retrieve,
    Deflect,
    Clear,
    Describe,
    Candidates,
    Confirm,
}

/// All calls: finds the machine that something is for, makes and removes machines.
#[derive(Debug)]
pub(super) struct Calls {
    sound: bool,
    machines: BTreeMap<Key, Machine>,
    /// Calls that are over, oldest first: what is told of them late doesn't bring them back.
    over: VecDeque<(CallId, FailureCause)>,
    /// Calls that were hung up while the server could not be told.
    untold: BTreeMap<CallId, Option<FailureCause>>,
}

impl Calls {
    pub(super) const fn new(sound: bool) -> Self {
        Self {
            sound,
            machines: BTreeMap::new(),
            over: VecDeque::new(),
            untold: BTreeMap::new(),
        }
    }

    /// Make Call.
    pub(super) fn make(&mut self, io: &mut Io, ticket: Ticket, to: PhoneNumber) {
        match self.may_make(io) {
            Ok(device) => {
                let key = Key(io.number());
                self.machines
                    .insert(key, Machine::dial(io, key, ticket, to, device));
            }
            Err(error) => io.reply(ticket, Reply::Call(Err(error))),
        }
    }

    /// The device that calls: this computer where it can, else the desk phone.
    fn may_make(&self, io: &Io) -> Result<DeviceKind, CallError> {
        if io.link.is_none() {
            return Err(CallError::NotConnected);
        }
        if self.machines.len() >= MOST_MADE {
            return Err(CallError::TooMany);
        }
        match (io.can(Capability::VoipCalls), self.sound) {
            (true, true) => Ok(DeviceKind::Voip),
            _ if io.can(Capability::DeskPhoneControl) => Ok(DeviceKind::DeskPhone),
            (true, false) => Err(CallError::NoSound),
            (false, _) if io.lacks(Licence::Voip) => {
                Err(BackendError::NoLicence(Some(Licence::Voip)).into())
            }
            (false, _) => Err(CallError::Unsupported),
        }
    }

    /// A service about a call.
    pub(super) fn act(&mut self, io: &mut Io, ticket: Ticket, call: &CallId, action: Action) {
        let sound = self.sound;
        match self.by_id(call) {
            Some(machine) => machine.act(io, ticket, action, sound),
            None => {
                let cause = self.cause_of(call).unwrap_or(FailureCause::Normal);
                io.reply(ticket, Reply::Act(Err(CallError::Ended(cause))));
            }
        }
    }

    /// Passes a ringing call on.
    pub(super) fn deflect(&mut self, io: &mut Io, ticket: Ticket, call: &CallId, to: PhoneNumber) {
        match self.by_id(call) {
            Some(machine) => machine.deflect(io, ticket, to),
            None => {
                let cause = self.cause_of(call).unwrap_or(FailureCause::Normal);
                io.reply(ticket, Reply::Act(Err(CallError::Ended(cause))));
            }
        }
    }

    /// Cuts the microphone off or on.
    pub(super) fn mute(&mut self, io: &mut Io, ticket: Ticket, call: &CallId, muted: bool) {
        let result = match self.by_id(call) {
            Some(machine) => machine.mute(io, muted),
            None => Err(CallError::Ended(FailureCause::Normal)),
        };
        io.reply(ticket, Reply::Act(result));
    }

    /// Sends keys into a call.
    pub(super) fn send_digits(
        &mut self,
        io: &mut Io,
        ticket: Ticket,
        call: &CallId,
        digits: Digits,
    ) {
        match self.by_id(call) {
            Some(machine) => machine.send_digits(io, ticket, digits),
            None => {
                let ended = CallError::Ended(FailureCause::Normal);
                io.reply(ticket, Reply::Act(Err(ended)));
            }
        }
    }

    /// Nobody holds the call that was made.
    pub(super) fn hang_up_unclaimed(&mut self, io: &mut Io, call: &CallId) {
        if let Some(machine) = self.by_id(call) {
            machine.hang_up(io, None);
        }
    }

    /// The server tells of a call.
    pub(super) fn update(&mut self, io: &mut Io, update: CallUpdate) {
        let id = update.call.id.clone();
        if self.cause_of(&id).is_some() {
            return;
        }
        if let Some(machine) = self.by_id(&id) {
            return machine.update(io, update);
        }
        if update.call.is_over() || self.machines.len() >= MOST_KNOWN {
            return;
        }
        let key = Key(io.number());
        self.machines.insert(key, Machine::told(io, key, update));
    }

    /// The calls as of a snapshot: what is missing is over.
    pub(super) fn replace(&mut self, io: &mut Io, snapshot: roster::Calls) {
        let listed: Vec<CallId> = snapshot.calls.iter().map(|u| u.call.id.clone()).collect();
        for update in snapshot.calls {
            match self.by_id(&update.call.id) {
                Some(machine) => machine.refresh(io, update),
                None => self.update(io, update),
            }
        }
        for machine in self.machines.values_mut() {
            machine.missing_from(io, &listed, snapshot.rev);
        }
    }

    /// Takes what became of a service.
    pub(super) fn completed(
        &mut self,
        io: &mut Io,
        key: Key,
        step: Step,
        result: Result<Outcome, BackendError>,
    ) {
        if let (Step::Make, Ok(Outcome::Call(update))) = (step, &result) {
            let id = update.call.id.clone();
            return self.made(io, key, &id, result);
        }
        if let Some(machine) = self.machines.get_mut(&key) {
            machine.completed(io, step, result);
        } else if let Ok(Outcome::Call(update)) = result {
            self.update(io, *update);
        }
    }

    /// A call that was made has its identity now; its events may have come before.
    fn made(&mut self, io: &mut Io, key: Key, id: &CallId, result: Result<Outcome, BackendError>) {
        let earlier = self
            .machines
            .iter()
            .find(|(_, machine)| machine.id() == Some(id));
        let earlier = earlier
            .map(|(key, _)| *key)
            .filter(|earlier| *earlier != key);
        let earlier = earlier.and_then(|earlier| self.machines.remove(&earlier));
        let over = self.cause_of(id);
        match self.machines.get_mut(&key) {
            Some(machine) => machine.made(io, result, earlier, over),
            None => {
                // Given up meanwhile: the server is told so.
                io.service(
                    Purpose::Untold,
                    Service::Clear {
                        call: id.clone(),
                        cause: None,
                    },
                );
            }
        }
    }

    /// Takes what became of a media command.
    pub(super) fn media_completed(
        &mut self,
        io: &mut Io,
        key: Key,
        result: Result<MediaOutcome, MediaError>,
    ) {
        if let Some(machine) = self.machines.get_mut(&key) {
            machine.media_completed(io, result);
        }
    }

    /// Takes an event of a call's sound.
    pub(super) fn media_event(&mut self, io: &mut Io, media: MediaId, event: MediaEvent) {
        if let Some(machine) = self.machines.get_mut(&Key(media.0)) {
            machine.media_event(io, event);
        }
    }

    /// The connection is (again) there.
    pub(super) fn connection_live(&mut self, io: &mut Io) {
        for (call, cause) in std::mem::take(&mut self.untold) {
            io.service(Purpose::Untold, Service::Clear { call, cause });
        }
        io.unpark();
        for machine in self.machines.values_mut() {
            machine.connection_live(io);
        }
    }

    /// The computer slept or its network is another one: each call's sound needs a new path.
    pub(super) fn network_changed(&mut self) {
        for machine in self.machines.values_mut() {
            machine.network_changed();
        }
    }

    /// The connection is lost: sound goes on.
    pub(super) fn connection_lost(&mut self, io: &mut Io) {
        for machine in self.machines.values_mut() {
            machine.connection_lost(io);
        }
    }

    /// The connection will not come back: no call can be controlled any more.
    pub(super) fn connection_ended(&mut self, io: &mut Io) {
        self.close(io);
    }

    /// Hangs up every call whose sound runs here.
    pub(super) fn hang_up_all(&mut self, io: &mut Io) {
        for machine in self.machines.values_mut() {
            machine.hang_up_if_ours(io);
        }
        self.settle(io);
    }

    /// Whether no hang-up is under way and no sound runs.
    pub(super) fn are_quiet(&self) -> bool {
        self.machines.values().all(Machine::is_quiet)
    }

    /// Ends what is left, without a word to the server.
    pub(super) fn close(&mut self, io: &mut Io) {
        for machine in self.machines.values_mut() {
            machine.close(io);
        }
        self.settle(io);
    }

    /// Shows what has changed and removes what is over.
    pub(super) fn settle(&mut self, io: &mut Io) {
        let dialling = self.machines.values().any(Machine::is_dialling);
        for machine in self.machines.values_mut() {
            machine.settle(io, dialling);
        }
        let over: Vec<Key> = self
            .machines
            .iter()
            .filter(|(_, machine)| machine.is_over())
            .map(|(key, _)| *key)
            .collect();
        for key in over {
            if let Some(machine) = self.machines.remove(&key) {
                self.bury(machine);
            }
        }
    }

    fn bury(&mut self, machine: Machine) {
        let Some((id, cause, untold)) = machine.into_remains() else {
            return;
        };
        if let Some(why) = untold.filter(|_| self.untold.len() < MOST_UNTOLD) {
            self.untold.insert(id.clone(), why);
        }
        if self.over.len() >= MOST_OVER {
            self.over.pop_front();
        }
        self.over.push_back((id, cause));
    }

    pub(super) fn next_timeout(&self) -> Option<(Duration, Why)> {
        let timers = self.machines.values().filter_map(Machine::next_timeout);
        timers.min_by_key(|(at, _)| *at)
    }

    pub(super) fn handle_timeout(&mut self, io: &mut Io) {
        for machine in self.machines.values_mut() {
            machine.handle_timeout(io);
        }
    }

    fn by_id(&mut self, id: &CallId) -> Option<&mut Machine> {
        self.machines
            .values_mut()
            .find(|machine| machine.id() == Some(id))
    }

    fn cause_of(&self, id: &CallId) -> Option<FailureCause> {
        let found = self.over.iter().find(|(over, _)| over == id);
        found.map(|(_, cause)| *cause)
    }
}

/// Calls at once, from which on no further one is made (our choice).
const MOST_MADE: usize = 32;
/// Calls at once that a server may tell of (our choice); more are ignored.
const MOST_KNOWN: usize = 256;
/// Calls remembered as over (our choice).
const MOST_OVER: usize = 256;
/// Hang-ups kept for the next connection (our choice).
const MOST_UNTOLD: usize = 64;
