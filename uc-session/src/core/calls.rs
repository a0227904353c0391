mod beside;
mod machine;
mod sound;
mod untold;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use uc_model::{
    Action, CallId, Capability, DeviceKind, DialMethod, Digits, FailureCause, Licence,
    OutgoingPath, PhoneNumber, PresenceState, Rev, Voip,
};

use self::{
    beside::Besides,
    machine::{Machine, Way},
    untold::Untold,
};
use super::{MediaId, MediaOutcome, Reply, Ticket, Why, io::Io, roster};
use crate::{
    error::CallError,
    port::{BackendError, CallUpdate, MediaError, MediaEvent, Outcome},
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
    PassOn,
    Clear,
    Describe,
    Candidates,
    Confirm,
    /// See [`Besides`].
    Beside,
}

/// All calls: finds the machine that something is for, makes and removes machines.
#[derive(Debug)]
pub(super) struct Calls {
    sound: bool,
    machines: BTreeMap<Key, Machine>,
    besides: Besides,
    /// Calls that are over, oldest first: what is told of them late doesn't bring them back.
    over: VecDeque<(CallId, FailureCause)>,
    untold: Untold,
    /// The revision of the last snapshot: what it doesn't list isn't brought back by older news.
    as_of: Rev,
}

impl Calls {
    pub(super) const fn new(sound: bool) -> Self {
        Self {
            sound,
            machines: BTreeMap::new(),
            besides: Besides::new(),
            over: VecDeque::new(),
            untold: Untold::new(),
            as_of: Rev(0),
        }
    }

    /// Make Call.
    pub(super) fn make(&mut self, io: &mut Io, ticket: Ticket, to: PhoneNumber) {
        let device = match is_placed_elsewhere(io, &to) {
            true => self.may_begin(io).map(|()| DeviceKind::DeskPhone),
            false => self.may_make(io),
        };
        // The server takes an emergency call whatever is switched off or missing (NUM-7).
        let device = match device {
            Err(CallError::VoipOff(_) | CallError::Backend(BackendError::NoLicence(_)))
                if self.sound && io.view.dial_plan().is_emergency(&to) =>
            {
                Ok(DeviceKind::Voip)
            }
            device => device,
        };
        match device {
            Ok(device) => {
                let key = Key(io.number());
                let machine = Machine::dial(io, key, ticket, to, (device, Way::Make));
                self.machines.insert(key, machine);
            }
            Err(error) => io.reply(ticket, Reply::Call(Err(error))),
        }
    }

    /// Consultation Call: the new call is carried as the one that is held for it.
    pub(super) fn consult(&mut self, io: &mut Io, ticket: Ticket, call: &CallId, to: PhoneNumber) {
        let action = Action::Consult;
        let device = match self.by_id(call).and_then(|machine| machine.call()) {
            None => Err(self.ended(call)),
            Some(_) if !io.can(Capability::Consult) => Err(CallError::Unsupported),
            Some(held) if !held.allowed_actions().has(action) => {
                Err(CallError::NotAllowed { action })
            }
            Some(held) => Ok(held.device),
        };
        let device = device.and_then(|device| match self.engaged(call) {
            Some(action) => Err(CallError::Pending { action }),
            None => self.may_make(io).map(|_| device),
        });
        match device {
            Ok(device) => {
                let key = Key(io.number());
                let way = Way::Consult(call.clone());
                let machine = Machine::dial(io, key, ticket, to, (device, way));
                self.machines.insert(key, machine);
            }
            Err(error) => io.reply(ticket, Reply::Call(Err(error))),
        }
    }

    /// Directed Pickup Call.
    pub(super) fn pick_up(&mut self, io: &mut Io, ticket: Ticket, number: PhoneNumber) {
        let device = match io.can(Capability::Pickup) {
            true => self.may_make(io),
            false if io.link.is_none() => Err(CallError::NotConnected),
            false => Err(CallError::Unsupported),
        };
        match device {
            Ok(device) => {
                let key = Key(io.number());
                let machine = Machine::dial(io, key, ticket, number, (device, Way::PickUp));
                self.machines.insert(key, machine);
            }
            Err(error) => io.reply(ticket, Reply::Call(Err(error))),
        }
    }

    /// What is being asked for that concerns this call.
    fn engaged(&self, call: &CallId) -> Option<Action> {
        let own = self.machines.values().find(|m| m.id() == Some(call));
        let own = own.and_then(Machine::asks);
        own.or_else(|| self.engaged_with_another(call))
    }

    /// What is being asked for that concerns this call and another one.
    fn engaged_with_another(&self, call: &CallId) -> Option<Action> {
        let consults = |machine: &Machine| machine.consults() == Some(call);
        let consulted = self.machines.values().any(consults);
        let beside = self.besides.engages(call);
        beside.or(consulted.then_some(Action::Consult))
    }

    /// Why nothing can be asked of a call that isn't known (any more).
    fn ended(&self, call: &CallId) -> CallError {
        CallError::Ended(self.cause_of(call).unwrap_or(FailureCause::Normal))
    }

    /// The device that calls: this computer where it can, else the desk phone.
    fn may_make(&self, io: &Io) -> Result<DeviceKind, CallError> {
        self.may_begin(io)?;
        match (io.view.voip(), self.sound) {
            (Voip::On, _) => Ok(DeviceKind::Voip),
            _ if io.can(Capability::DeskPhoneControl) => Ok(DeviceKind::DeskPhone),
            (Voip::Off(_), _) if io.lacks(Licence::Voip) => {
                Err(BackendError::NoLicence(Some(Licence::Voip)).into())
            }
            (Voip::Off(_), _) if !io.can(Capability::VoipCalls) => Err(CallError::Unsupported),
            (Voip::Off(_), false) => Err(CallError::NoSound),
            (Voip::Off(why), true) => Err(CallError::VoipOff(why)),
        }
    }

    fn may_begin(&self, io: &Io) -> Result<(), CallError> {
        match self.machines.len() {
            _ if io.link.is_none() => Err(CallError::NotConnected),
            many if many >= MOST_MADE => Err(CallError::TooMany),
            _ => Ok(()),
        }
    }

    /// A service about a call.
    pub(super) fn act(&mut self, io: &mut Io, ticket: Ticket, call: &CallId, action: Action) {
        let sound = self.sound;
        let engaged = self.engaged_with_another(call);
        match (engaged, self.by_id(call)) {
            (_, None) => {
                let error = self.ended(call);
                io.reply(ticket, Reply::Act(Err(error)));
            }
            (Some(pending), Some(_)) if !matches!(action, Action::Clear | Action::Reject) => {
                let error = CallError::Pending { action: pending };
                io.reply(ticket, Reply::Act(Err(error)));
            }
            (_, Some(machine)) => machine.act(io, ticket, action, sound),
        }
    }

    /// Lets a call go on without this user: `Deflect`, without a number to the mailbox, or
    /// `SingleStepTransfer`.
    pub(super) fn pass_on(
        &mut self,
        io: &mut Io,
        ticket: Ticket,
        call: &CallId,
        (action, to): (Action, Option<PhoneNumber>),
    ) {
        let engaged = self.engaged_with_another(call);
        match (engaged, self.by_id(call)) {
            (_, None) => {
                let error = self.ended(call);
                io.reply(ticket, Reply::Act(Err(error)));
            }
            (Some(action), Some(_)) => {
                io.reply(ticket, Reply::Act(Err(CallError::Pending { action })));
            }
            (None, Some(machine)) => machine.pass_on(io, ticket, action, to),
        }
    }

    /// Whether calls shall go through the built-in client from now on; those that run go on.
    pub(super) fn set_voip(&self, io: &mut Io, ticket: Ticket, wanted: bool) {
        let done = match self.sound || !wanted {
            true => {
                io.change().voip_wanted = wanted;
                Ok(())
            }
            false => Err(CallError::NoSound),
        };
        io.reply(ticket, Reply::Act(done));
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
        let forgotten = update.call.rev <= self.as_of;
        if update.call.is_over() || forgotten || self.machines.len() >= MOST_KNOWN {
            return;
        }
        let key = Key(io.number());
        self.machines.insert(key, Machine::told(io, key, update));
    }

    /// The calls as of a snapshot: what is missing is over.
    pub(super) fn replace(&mut self, io: &mut Io, snapshot: roster::Calls) {
        let listed: Vec<CallId> = snapshot.calls.iter().map(|u| u.call.id.clone()).collect();
        self.as_of = Rev(0);
        for update in snapshot.calls {
            match self.by_id(&update.call.id) {
                Some(machine) => machine.refresh(io, update),
                None => self.update(io, update),
            }
        }
        self.as_of = snapshot.rev;
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
        if step == Step::Beside {
            return self.beside_answered(io, key, result);
        }
        match (step, result) {
            (Step::Make, Ok(Outcome::Call(update))) => self.made(io, key, *update),
            (_, result) => match (self.machines.get_mut(&key), result) {
                (Some(machine), result) => machine.completed(io, step, result),
                (None, Ok(Outcome::Call(update))) => self.update(io, *update),
                (None, _) => {}
            },
        }
    }

    /// A call that was made has its identity now; its events may have come before, and the user may
    /// have asked something of it already.
    fn made(&mut self, io: &mut Io, key: Key, update: CallUpdate) {
        let known = self
            .machines
            .values()
            .find(|m| m.id() == Some(&update.call.id));
        let known = known.map(Machine::key);
        // Where a newer snapshot has come before and doesn't list it, it has ended meanwhile.
        let missing = known.is_none() && update.call.rev <= self.as_of;
        let missing = missing.then_some(FailureCause::Normal);
        let over = self.cause_of(&update.call.id).or(missing);
        match self.machines.remove(&key).and_then(Machine::into_dialled) {
            Some(dialled) => {
                let told = || Machine::new(key, update.call.clone());
                let machine = self
                    .machines
                    .entry(known.unwrap_or(key))
                    .or_insert_with(told);
                let consulted = machine.claim(io, dialled, update, over);
                self.besides.consulted(io, consulted);
            }
            None => {
                // Given up meanwhile.
                self.untold.add(io, update.call.id, None);
                self.untold.connection_live(io);
            }
        }
    }

    /// Takes what became of a hang-up of a call that is over here.
    pub(super) fn hung_up(&mut self, io: &Io, key: Key, result: &Result<Outcome, BackendError>) {
        self.untold.told(io, key, result);
    }

    /// Takes what became of a media command.
    pub(super) fn media_completed(
        &mut self,
        io: &mut Io,
        key: Key,
        result: Result<MediaOutcome, MediaError>,
    ) {
        let mut machines = self.machines.values_mut();
        if let Some(machine) = machines.find(|machine| machine.sounds_by(key)) {
            machine.media_completed(io, result);
        }
    }

    /// Takes an event of a call's sound.
    pub(super) fn media_event(&mut self, io: &mut Io, media: MediaId, event: MediaEvent) {
        let mut machines = self.machines.values_mut();
        if let Some(machine) = machines.find(|machine| machine.sounds_by(Key(media.0))) {
            machine.media_event(io, event);
        }
    }

    /// The connection is (again) there.
    pub(super) fn connection_live(&mut self, io: &mut Io) {
        self.untold.connection_live(io);
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
        self.besides.connection_lost(io);
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
        self.besides.close(io);
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
                self.bury(io, machine);
            }
        }
        self.settle_besides(io);
    }

    fn bury(&mut self, io: &mut Io, machine: Machine) {
        let Some((id, cause, untold)) = machine.into_remains() else {
            return;
        };
        if let Some(why) = untold {
            self.untold.add(io, id.clone(), why);
        }
        if self.over.len() >= MOST_OVER {
            self.over.pop_front();
        }
        self.over.push_back((id, cause));
    }

    pub(super) fn next_timeout(&self) -> Option<(Duration, Why)> {
        let timers = self.machines.values().filter_map(Machine::next_timeout);
        let besides = self.besides.next_timeout();
        let untold = self.untold.next_timeout();
        timers
            .chain(besides)
            .chain(untold)
            .min_by_key(|(at, _)| *at)
    }

    pub(super) fn handle_timeout(&mut self, io: &mut Io) {
        for machine in self.machines.values_mut() {
            machine.handle_timeout(io);
        }
        self.besides.handle_timeout(io);
        self.untold.handle_timeout(io);
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

/// Whether the system places a call to this number from another telephone (CALLME-1, CONN-10).
fn is_placed_elsewhere(io: &Io, to: &PhoneNumber) -> bool {
    let view = &io.view;
    let Some(user) = &view.user else {
        return false;
    };
    let account = view.account();
    let method = match io.can(Capability::DialMethods) {
        true => account.dial_method,
        false => DialMethod::DeskPhone,
    };
    let presence = view.presence(&user.user);
    let call_me =
        account.call_me.is_some() && presence.is_some_and(|own| own.state == PresenceState::CallMe);
    view.dial_plan().outgoing_path(to, method, call_me) != OutgoingPath::Direct
}

/// Calls at once, from which on no further one is made (our choice).
const MOST_MADE: usize = 32;
/// Calls at once that a server may tell of (our choice); more are ignored.
const MOST_KNOWN: usize = 256;
/// Calls remembered as over (our choice).
const MOST_OVER: usize = 256;
