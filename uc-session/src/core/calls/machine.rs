#[cfg(test)]
mod tests;
mod wishes;

pub(super) use self::wishes::CONFIRMATION;

use std::{sync::Arc, time::Duration};

use uc_model::{
    Action, Call, CallDirection, CallId, ConnectionState, DeviceKind, FailureCause, PhoneNumber,
    Rev,
};

use super::{
    Key, Step,
    beside::Consulted,
    sound::{Made, Remote, Sound, Wish},
};
use crate::{
    core::{
        MediaCommand, MediaOutcome, Reply, Ticket, Why,
        io::{Io, Purpose},
    },
    error::CallError,
    events::Event,
    port::{
        BackendError, CallUpdate, DescriptionKind, MediaError, MediaEvent, Outcome, Service,
        SessionDescription,
    },
    view::{self, CallStatus},
};

/// One call: what the user wants, what the server has said, and the sound.
///
/// ```text
///   Preparing ── offer made ──▶ Dialling ── accepted ──▶ Known ──▶ Over
///       │ no sound                 │ refused               ▲ told by the server
///       └──────────▶ Over ◀────────┘
/// ```
///
/// `Preparing` and `Dialling` last as long as their media or backend command, which have deadlines.
/// Inside `Known` the server's connection states rule ([`Call::local`]), and the server ends what
/// rings too long; each service request has a deadline, see [`Pending`].
#[derive(Debug)]
enum Phase {
    Preparing(Dial),
    Dialling(Dial),
    Known(Call),
    Over(Option<Call>),
}

/// A call that the server has not accepted yet.
#[derive(Debug)]
struct Dial {
    ticket: Ticket,
    to: PhoneNumber,
    device: DeviceKind,
    way: Way,
    /// Given up; hung up as soon as it has an identity.
    unwanted: bool,
}

/// A call that the server has accepted, before its identity is known here.
#[derive(Debug)]
pub(super) struct Dialled {
    dial: Dial,
    sound: Option<Sound>,
    sound_error: Option<MediaError>,
}

/// How a call comes about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    /// Make Call.
    Make,
    /// Consultation Call: this one is held for it.
    Consult(CallId),
    /// Directed Pickup Call, after which it is answered.
    PickUp,
}

/// A service the user has asked for: finished by the event that shows it, by the server's refusal,
/// or 5 s after the server's yes.
#[derive(Debug)]
struct Pending {
    action: Action,
    /// Nobody waits for the answer to a call that was picked up.
    ticket: Option<Ticket>,
    until: Option<Duration>,
}

/// See [`Phase`].
#[derive(Debug)]
pub(super) struct Machine {
    key: Key,
    phase: Phase,
    pending: Option<Pending>,
    clearing: bool,
    waiting_for_end: Vec<Ticket>,
    untold: Option<Option<FailureCause>>,
    sound: Option<Sound>,
    sound_error: Option<MediaError>,
    remote: Remote,
    /// Counts how often somebody else's sound came to the far end.
    far_end: u32,
    /// A call that rings here and in which this side makes the first offer (RFC 3261 §13.2.1).
    offers_first: bool,
    carried_here: bool,
    /// It was taken from somebody else's phone, so it doesn't ring here.
    picked_up: bool,
    unconfirmed: bool,
    /// The conference that is mixed here.
    conference: Option<u64>,
    muted: bool,
    sends_candidates: bool,
    shown: Option<Arc<CallStatus>>,
}

impl Machine {
    /// A call the user makes or picks up.
    pub(super) fn dial(
        io: &mut Io,
        key: Key,
        ticket: Ticket,
        to: PhoneNumber,
        (device, way): (DeviceKind, Way),
    ) -> Self {
        let offers = device == DeviceKind::Voip && way != Way::PickUp;
        let dial = Dial {
            ticket,
            to,
            device,
            way,
            unwanted: false,
        };
        let mut machine = Self::at(key, Phase::Preparing(dial));
        if offers {
            machine.sound = Some(Sound::open(io, key, DescriptionKind::Offer, 0));
        } else {
            machine.place(io, None);
        }
        machine
    }

    /// A call the server tells of.
    pub(super) fn told(io: &mut Io, key: Key, update: CallUpdate) -> Self {
        let mut machine = Self::new(key, update.call.clone());
        machine.take(io, update);
        machine
    }

    /// A call that is known, of which nothing has been taken yet.
    pub(super) fn new(key: Key, call: Call) -> Self {
        Self::at(key, Phase::Known(call))
    }

    fn at(key: Key, phase: Phase) -> Self {
        Self {
            key,
            phase,
            pending: None,
            clearing: false,
            waiting_for_end: Vec::new(),
            untold: None,
            sound: None,
            sound_error: None,
            remote: Remote::default(),
            far_end: 0,
            offers_first: false,
            carried_here: false,
            picked_up: false,
            unconfirmed: false,
            conference: None,
            muted: false,
            sends_candidates: false,
            shown: None,
        }
    }

    pub(super) const fn key(&self) -> Key {
        self.key
    }

    /// The identity, once there is one.
    pub(super) const fn id(&self) -> Option<&CallId> {
        match &self.phase {
            Phase::Known(call) | Phase::Over(Some(call)) => Some(&call.id),
            Phase::Preparing(_) | Phase::Dialling(_) | Phase::Over(None) => None,
        }
    }

    pub(super) const fn call(&self) -> Option<&Call> {
        match &self.phase {
            Phase::Known(call) => Some(call),
            Phase::Preparing(_) | Phase::Dialling(_) | Phase::Over(_) => None,
        }
    }

    pub(super) const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over(_))
    }

    /// Whether the server may already know this call by an identity we don't know.
    pub(super) const fn is_dialling(&self) -> bool {
        matches!(self.phase, Phase::Dialling(_))
    }

    /// The call that is being held for this one, which isn't accepted yet.
    pub(super) const fn consults(&self) -> Option<&CallId> {
        match &self.phase {
            Phase::Preparing(dial) | Phase::Dialling(dial) => match &dial.way {
                Way::Consult(held) => Some(held),
                Way::Make | Way::PickUp => None,
            },
            Phase::Known(_) | Phase::Over(_) => None,
        }
    }

    /// The service that is being asked for.
    pub(super) fn asks(&self) -> Option<Action> {
        let clearing = self.clearing.then_some(Action::Clear);
        clearing.or_else(|| self.pending.as_ref().map(|pending| pending.action))
    }

    /// Whether this is the key of its sound.
    pub(super) fn sounds_by(&self, key: Key) -> bool {
        self.sound.as_ref().is_some_and(|sound| sound.key() == key)
    }

    /// Whether nothing stands in the way of closing the client.
    pub(super) const fn is_quiet(&self) -> bool {
        self.is_over() || (self.sound.is_none() && !self.clearing && !self.is_dialling())
    }

    fn service(&self, io: &mut Io, step: Step, service: Service) -> bool {
        io.service(Purpose::Call(self.key, step), service)
    }

    /// Sends Make Call or what stands for it.
    fn place(&mut self, io: &mut Io, description: Option<SessionDescription>) {
        let Phase::Preparing(dial) = std::mem::replace(&mut self.phase, Phase::Over(None)) else {
            return;
        };
        let key = io.request_key();
        let (to, device) = (dial.to.clone(), dial.device);
        let ticket = dial.ticket;
        let make = match dial.way.clone() {
            Way::Make => Service::MakeCall {
                to,
                device,
                description,
                key,
            },
            Way::Consult(call) => Service::Consult {
                call,
                to,
                device,
                description,
                key,
            },
            Way::PickUp => Service::PickUp { number: to, key },
        };
        self.phase = Phase::Dialling(dial);
        if !self.service(io, Step::Make, make) {
            self.not_made(io, ticket, CallError::NotConnected);
        }
    }

    fn not_made(&mut self, io: &mut Io, ticket: Ticket, error: CallError) {
        self.close_sound(io);
        self.phase = Phase::Over(None);
        io.reply(ticket, Reply::Call(Err(error)));
    }

    /// What is left of a machine whose call the server has accepted; `None` if it was given up.
    pub(super) fn into_dialled(self) -> Option<Dialled> {
        let Phase::Dialling(dial) = self.phase else {
            return None;
        };
        Some(Dialled {
            dial,
            sound: self.sound,
            sound_error: self.sound_error,
        })
    }

    /// This is the call that was dialled. `over`: it has ended meanwhile. Gives who still has to be
    /// told of a consultation.
    pub(super) fn claim(
        &mut self,
        io: &mut Io,
        dialled: Dialled,
        mut update: CallUpdate,
        over: Option<FailureCause>,
    ) -> Option<Consulted> {
        let Dial {
            ticket,
            unwanted,
            way,
            ..
        } = dialled.dial;
        self.picked_up = way == Way::PickUp;
        if dialled.sound.is_some() {
            self.sound = dialled.sound;
            self.described(io, Ok(()));
            self.bind(io);
        }
        self.sound_error = self.sound_error.take().or(dialled.sound_error);
        if let Some(cause) = over {
            end(&mut update.call, cause);
        }
        self.refresh_unless_older(io, update);
        match &self.phase {
            Phase::Over(call) => {
                let cause = call.as_ref().and_then(|call| call.cause);
                let error = CallError::Ended(cause.unwrap_or(FailureCause::Normal));
                io.reply(ticket, Reply::Call(Err(error)));
                None
            }
            _ if unwanted => {
                self.hang_up(io, None);
                io.reply(ticket, Reply::Call(Err(CallError::Closed)));
                None
            }
            _ => {
                let id = self.id().cloned();
                if self.picked_up && self.asks().is_none() {
                    self.answer_picked_up(io);
                }
                self.settle(io, true);
                match (way, id) {
                    (Way::Consult(held), Some(made)) => Some(Consulted { ticket, made, held }),
                    (_, made) => {
                        io.reply(ticket, made.map(|made| Reply::Call(Ok(made))));
                        None
                    }
                }
            }
        }
    }

    /// Takes the answer to Make Call, which may be older than what has been told of the call.
    fn refresh_unless_older(&mut self, io: &mut Io, update: CallUpdate) {
        if self.call().is_some_and(|call| update.call.rev >= call.rev) {
            self.take(io, update);
        }
    }

    fn bind(&self, io: &mut Io) {
        if let (Some(sound), Some(id)) = (&self.sound, self.id()) {
            io.media(sound.key(), MediaCommand::Bind { call: id.clone() });
        }
    }

    /// The conference mixed here in which the call is talked.
    pub(super) fn talks_in(&self) -> Option<u64> {
        let talks = |call: &&Call| call.local == ConnectionState::Connected;
        self.call().filter(talks).and(self.conference)
    }

    /// The server has told of the call; what isn't newer is ignored.
    pub(super) fn update(&mut self, io: &mut Io, update: CallUpdate) {
        let newer = self.call().is_some_and(|call| update.call.rev > call.rev);
        let whole = self.call().is_some_and(|call| update.call.rev == call.rev);
        if newer || (whole && (update.carried_here || update.call.is_over())) {
            self.take(io, update);
        }
    }

    /// The server's whole state has the call so, whatever came before.
    pub(super) fn refresh(&mut self, io: &mut Io, update: CallUpdate) {
        if matches!(self.phase, Phase::Known(_)) {
            self.take(io, update);
        }
    }

    fn take(&mut self, io: &mut Io, update: CallUpdate) {
        self.carried_here = update.carried_here;
        self.unconfirmed = update.unconfirmed;
        self.conference = update.conference;
        if update.far_end.number > self.far_end && !update.call.is_over() {
            self.far_end = update.far_end.number;
            self.meet_far_end(io, &update);
        }
        if update.description.is_some() {
            self.remote.description = update.description;
        }
        self.remote.candidates = update.candidates.or(self.remote.candidates.take());
        if update.call.is_over() {
            return self.finish(io, update.call);
        }
        self.phase = Phase::Known(update.call);
        self.confirm(io);
        self.check_pending(io);
    }

    /// Somebody else is at the far end: the old sound ends and another begins. It is heard as soon as
    /// the first round is done, which the other side or this one begins.
    fn meet_far_end(&mut self, io: &mut Io, update: &CallUpdate) {
        self.remote = Remote::default();
        if self.sound.is_none() {
            let rings = update.call.local == ConnectionState::Alerting;
            self.offers_first = rings && update.far_end.offers;
            return;
        }
        self.close_sound(io);
        let first = match update.far_end.offers {
            true => DescriptionKind::Offer,
            false => DescriptionKind::Answer,
        };
        let offered = update.description.as_ref();
        let offered = offered.filter(|description| description.kind == DescriptionKind::Offer);
        let seen = offered.map_or(update.far_end.generation, |d| {
            d.generation.saturating_sub(1)
        });
        let key = Key(io.number());
        let mut sound = Sound::open(io, key, first, seen);
        if self.asks() == Some(Action::Answer) {
            sound.expect(io);
        }
        self.sound = Some(sound);
        self.bind(io);
    }

    /// Tells a restarted server that the call still runs here.
    fn confirm(&mut self, io: &mut Io) {
        if self.unconfirmed
            && self.sound.is_some()
            && let Some(call) = self.id().cloned()
        {
            self.unconfirmed = !self.service(io, Step::Confirm, Service::Confirm { call });
        }
    }

    /// The snapshot as of `rev` lists these calls only.
    pub(super) fn missing_from(&mut self, io: &mut Io, listed: &[CallId], rev: Rev) {
        let Some(call) = self.call().filter(|call| !listed.contains(&call.id)) else {
            return;
        };
        if call.rev <= rev {
            let cause = match self.sound {
                Some(_) => FailureCause::ServerLost,
                None => FailureCause::Normal,
            };
            self.end_here(io, cause);
        }
    }

    /// Ends the call without the server's word.
    fn end_here(&mut self, io: &mut Io, cause: FailureCause) {
        if let Some(mut call) = self.call().cloned() {
            end(&mut call, cause);
            self.finish(io, call);
        }
    }

    fn finish(&mut self, io: &mut Io, call: Call) {
        let cause = call.cause.unwrap_or(FailureCause::Normal);
        self.phase = Phase::Over(Some(call));
        self.close_sound(io);
        for ticket in std::mem::take(&mut self.waiting_for_end) {
            io.reply(ticket, Reply::Act(Ok(())));
        }
        self.left(io, cause);
        self.fail_pending(io, CallError::Ended(cause));
    }

    fn close_sound(&mut self, io: &mut Io) {
        if let Some(mut sound) = self.sound.take() {
            sound.close(io);
        }
    }

    /// At the client's end: hangs up what would lose its sound.
    pub(super) fn hang_up_if_ours(&mut self, io: &mut Io) {
        match &mut self.phase {
            Phase::Preparing(dial) => {
                let ticket = dial.ticket;
                self.not_made(io, ticket, CallError::Closed);
            }
            Phase::Dialling(dial) => dial.unwanted = true,
            Phase::Known(_) if self.sound.is_some() => self.hang_up(io, None),
            Phase::Known(_) | Phase::Over(_) => {}
        }
    }

    /// Ends it without a word to the server.
    pub(super) fn close(&mut self, io: &mut Io) {
        match &self.phase {
            Phase::Preparing(dial) | Phase::Dialling(dial) => {
                let ticket = dial.ticket;
                self.not_made(io, ticket, CallError::Closed);
            }
            Phase::Known(_) if self.sound.is_some() => {
                self.end_here(io, FailureCause::ServerLost);
            }
            Phase::Known(_) => {
                for ticket in std::mem::take(&mut self.waiting_for_end) {
                    io.reply(ticket, Reply::Act(Err(CallError::Closed)));
                }
                self.fail_pending(io, CallError::Closed);
            }
            Phase::Over(_) => {}
        }
    }

    /// Lets the sound follow what is wanted.
    fn follow(&mut self, io: &mut Io) {
        let call = match &self.phase {
            Phase::Known(call) => Some(call),
            Phase::Preparing(_) | Phase::Dialling(_) | Phase::Over(_) => None,
        };
        let held = call.is_some_and(|call| call.local == ConnectionState::Hold);
        let up = |state| matches!(state, ConnectionState::Connected | ConnectionState::Hold);
        let both = call.is_some_and(|call| up(call.local) && up(call.remote.state));
        if let Some(sound) = &mut self.sound {
            let wish = Wish {
                muted: self.muted,
                held,
                music: call.is_some_and(|call| call.members.is_empty()),
                conference: self.conference,
            };
            sound.want(io, wish);
            let dials = matches!(self.phase, Phase::Preparing(_));
            // A far end that has changed may still ring while the first offer is made to it.
            let free = dials || ((both || self.far_end > 0) && io.link.is_some());
            if both && self.far_end > 0 {
                sound.expect(io);
            }
            sound.advance(io, &self.remote, free);
        }
    }

    /// Takes what became of a service.
    pub(super) fn completed(
        &mut self,
        io: &mut Io,
        step: Step,
        result: Result<Outcome, BackendError>,
    ) {
        let error = result.as_ref().err().cloned();
        match step {
            Step::Make => return self.make_failed(io, error),
            Step::Answer | Step::Describe => self.described(io, error.as_ref().map_or(Ok(()), Err)),
            Step::Candidates => self.sends_candidates = false,
            Step::Confirm
            | Step::Hold
            | Step::Retrieve
            | Step::PassOn
            | Step::Clear
            | Step::Beside => {}
        }
        if let Ok(Outcome::Call(update)) = result {
            self.update(io, *update);
        }
        match step {
            Step::Clear => self.cleared(io, error),
            Step::Answer | Step::Hold | Step::Retrieve | Step::PassOn => self.asked(io, error),
            Step::Make | Step::Describe | Step::Candidates | Step::Confirm | Step::Beside => {}
        }
    }

    fn make_failed(&mut self, io: &mut Io, error: Option<BackendError>) {
        let Phase::Dialling(dial) = &self.phase else {
            return;
        };
        let ticket = dial.ticket;
        let error = match error.unwrap_or(BackendError::Malformed) {
            BackendError::CallFailed(cause) => CallError::Ended(cause),
            other => CallError::Backend(other),
        };
        self.not_made(io, ticket, error);
    }

    fn described(&mut self, io: &mut Io, result: Result<(), &BackendError>) {
        if let Some(sound) = &mut self.sound {
            sound.described(io, result);
        }
    }

    /// Takes what became of a media command.
    pub(super) fn media_completed(
        &mut self,
        io: &mut Io,
        result: Result<MediaOutcome, MediaError>,
    ) {
        let Some(sound) = &mut self.sound else {
            return;
        };
        match sound.completed(io, result) {
            Made::Nothing => {}
            Made::Failed(error) => self.sound_failed(io, error),
            Made::Description(description) => self.send(io, description),
        }
    }

    fn send(&mut self, io: &mut Io, description: SessionDescription) {
        let answering = self
            .pending
            .as_ref()
            .is_some_and(|p| p.action == Action::Answer);
        let ringing = self
            .call()
            .is_some_and(|call| call.local == ConnectionState::Alerting);
        match &self.phase {
            Phase::Preparing(_) => self.place(io, Some(description)),
            Phase::Known(_) if answering && ringing => self.answer(io, Some(description)),
            Phase::Known(call) => {
                let call = call.id.clone();
                let describe = Service::Describe { call, description };
                if !self.service(io, Step::Describe, describe) {
                    let broken = BackendError::Broken {
                        before_answer: true,
                    };
                    self.described(io, Err(&broken));
                }
            }
            Phase::Dialling(_) | Phase::Over(_) => {}
        }
    }

    /// Sound could not be connected, or has ended: a call without it makes no sense, but for one
    /// that still rings here.
    fn sound_failed(&mut self, io: &mut Io, error: MediaError) {
        self.close_sound(io);
        match &self.phase {
            Phase::Preparing(dial) => {
                let ticket = dial.ticket;
                self.not_made(io, ticket, CallError::Media(error));
            }
            Phase::Dialling(_) => self.sound_error = Some(error),
            Phase::Known(call) if call.local == ConnectionState::Alerting => {
                self.fail_pending(io, CallError::Media(error));
            }
            Phase::Known(_) => {
                self.sound_error = Some(error);
                self.hang_up(io, Some(FailureCause::MediaFailed));
            }
            Phase::Over(_) => {}
        }
    }

    /// Takes an event of the sound.
    pub(super) fn media_event(&mut self, io: &mut Io, event: MediaEvent) {
        if let (MediaEvent::Device(error), Some(call)) = (&event, self.id().cloned()) {
            io.event(Event::SoundDevice {
                call,
                error: error.clone(),
            });
        }
        if let (MediaEvent::Digit(digit), Some(call)) = (&event, self.id().cloned()) {
            io.event(Event::Digit {
                call,
                digit: digit.clone(),
            });
        }
        let failure = self.sound.as_mut().and_then(|sound| sound.event(event));
        if let Some(error) = failure {
            self.sound_failed(io, error);
        }
    }

    /// The connection is back.
    pub(super) fn connection_live(&mut self, io: &mut Io) {
        self.confirm(io);
        if let Some(sound) = &mut self.sound {
            sound.try_anew();
        }
    }

    /// The sound needs a new path.
    pub(super) fn network_changed(&mut self) {
        if let Some(sound) = &mut self.sound {
            sound.restart();
        }
    }

    /// The connection is lost: a request that waits for its event waits in vain.
    pub(super) fn connection_lost(&mut self, io: &mut Io) {
        if self
            .pending
            .as_ref()
            .is_some_and(|pending| pending.until.is_some())
        {
            self.fail_pending(io, CallError::NotConnected);
        }
    }

    /// Does what follows from all that came, and shows it.
    pub(super) fn settle(&mut self, io: &mut Io, dialling: bool) {
        self.follow(io);
        self.send_found(io);
        self.drop_orphan(io, dialling);
        self.show(io);
    }

    fn send_found(&mut self, io: &mut Io) {
        let (Some(call), false, true) =
            (self.id().cloned(), self.sends_candidates, io.link.is_some())
        else {
            return;
        };
        let found = self.sound.as_mut().and_then(Sound::take_found);
        if let Some(candidates) = found.filter(|_| !self.is_over()) {
            let service = Service::Candidates { call, candidates };
            self.sends_candidates = self.service(io, Step::Candidates, service);
        }
    }

    /// A call that the server thinks is carried here, though nothing here makes its sound: its
    /// request broke after the server had accepted it. Nobody can hear it, so it ends.
    fn drop_orphan(&mut self, io: &mut Io, dialling: bool) {
        let Some(call) = self.call() else {
            return;
        };
        let ours = self.carried_here && call.device == DeviceKind::Voip;
        let awaited = dialling && call.direction == CallDirection::Outgoing;
        let orphan = ours && self.sound.is_none() && !awaited && !self.clearing;
        if orphan && io.link.is_some() {
            self.hang_up(io, Some(FailureCause::MediaFailed));
        }
    }

    fn show(&mut self, io: &mut Io) {
        let (Phase::Known(call) | Phase::Over(Some(call))) = &self.phase else {
            return;
        };
        let status = CallStatus {
            call: call.clone(),
            sound: self.report(),
            muted: self.muted,
        };
        if self.shown.as_deref().is_some_and(|shown| *shown == status) {
            return;
        }
        let status = Arc::new(status);
        let before = self.shown.replace(Arc::clone(&status));
        let id = status.call.id.clone();
        if self.is_over() {
            io.change().calls.remove(&id);
            return io.event(Event::CallEnded(status));
        }
        io.change().calls.insert(id, Arc::clone(&status));
        match before {
            None if status.rings_here() && !self.picked_up => io.event(Event::CallRinging(status)),
            Some(before) if differs_only_by_rev(&before, &status) => {}
            _ => io.event(Event::CallChanged(status)),
        }
    }

    fn report(&self) -> view::Sound {
        match (&self.sound, &self.sound_error) {
            (Some(sound), _) => sound.report.clone(),
            (None, Some(error)) => view::Sound::Failed(error.clone()),
            (None, None) if self.is_over() => view::Sound::Ended,
            (None, None) => view::Sound::Elsewhere,
        }
    }

    /// What is left to remember of a call that is over.
    pub(super) fn into_remains(
        self,
    ) -> Option<(CallId, FailureCause, Option<Option<FailureCause>>)> {
        let Phase::Over(Some(call)) = self.phase else {
            return None;
        };
        Some((
            call.id,
            call.cause.unwrap_or(FailureCause::Normal),
            self.untold,
        ))
    }

    pub(super) fn next_timeout(&self) -> Option<(Duration, Why)> {
        let pending = self.pending.as_ref().and_then(|pending| pending.until);
        let pending = pending.map(|until| (until, Why::Confirmation));
        let sound = self.sound.as_ref().and_then(Sound::next_timeout);
        pending.into_iter().chain(sound).min_by_key(|(at, _)| *at)
    }

    pub(super) fn handle_timeout(&mut self, io: &mut Io) {
        let overdue = |pending: &Pending| pending.until.is_some_and(|until| io.time() >= until);
        if self.pending.as_ref().is_some_and(overdue) {
            self.fail_pending(io, CallError::TimedOut);
        }
        let failure = self
            .sound
            .as_mut()
            .and_then(|sound| sound.handle_timeout(io));
        if let Some(error) = failure {
            self.sound_failed(io, error);
        }
    }
}

/// Makes a call one that is over.
fn end(call: &mut Call, cause: FailureCause) {
    call.local = ConnectionState::Null;
    call.cause.get_or_insert(cause);
}

fn differs_only_by_rev(before: &CallStatus, now: &CallStatus) -> bool {
    before.call.rev != now.call.rev && {
        let mut before = before.clone();
        before.call.rev = now.call.rev;
        before == *now
    }
}
