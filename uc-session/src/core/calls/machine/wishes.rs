use std::time::Duration;

use uc_model::{
    Action, CallId, Capability, ConnectionState, DeviceKind, Digits, FailureCause, PhoneNumber,
};

use super::{Machine, Pending};
use crate::{
    core::{
        Reply, Ticket,
        calls::{Key, Step, sound::Sound},
        io::Io,
    },
    error::CallError,
    port::{BackendError, DescriptionKind, Service, SessionDescription},
};

/// What the user asks of a call, and what becomes of it.
impl Machine {
    /// A service the user asks for; `sound`: there is something that makes sound.
    pub(in crate::core::calls) fn act(
        &mut self,
        io: &mut Io,
        ticket: Ticket,
        action: Action,
        sound: bool,
    ) {
        if let Some(error) = self.refusal(io, action, sound) {
            return io.reply(ticket, Reply::Act(Err(error)));
        }
        if matches!(action, Action::Clear | Action::Reject) {
            self.waiting_for_end.push(ticket);
            return self.hang_up(io, None);
        }
        self.pending = Some(Pending {
            action,
            ticket: Some(ticket),
            until: None,
        });
        let at_desk = self
            .call()
            .is_some_and(|call| call.device != DeviceKind::Voip);
        match action {
            Action::Answer if !at_desk => self.open_answer(io),
            Action::Answer => self.answer(io, None),
            Action::Hold => self.ask(io, Step::Hold, |call| Service::Hold { call }),
            Action::Retrieve => self.ask(io, Step::Retrieve, |call| Service::Retrieve { call }),
            _ => self.fail_pending(io, CallError::Unsupported),
        }
    }

    /// Why a service isn't asked for.
    fn refusal(&self, io: &Io, action: Action, sound: bool) -> Option<CallError> {
        let Some(call) = self.call() else {
            return Some(CallError::Ended(FailureCause::Normal));
        };
        let allowed = action == Action::Clear || call.allowed_actions().has(action);
        let voip = call.device == DeviceKind::Voip;
        let busy = self.pending.as_ref().map(|pending| pending.action);
        let ends = matches!(action, Action::Clear | Action::Reject);
        match busy {
            _ if !allowed => Some(CallError::NotAllowed { action }),
            _ if ends && self.waiting_for_end.len() >= MOST_WAITING => Some(CallError::TooMany),
            _ if ends => None,
            _ if self.clearing => Some(CallError::Pending {
                action: Action::Clear,
            }),
            Some(action) => Some(CallError::Pending { action }),
            None if io.link.is_none() => Some(CallError::NotConnected),
            None if action == Action::Answer && voip && !sound => Some(CallError::NoSound),
            None => None,
        }
    }

    /// Lets the call go on without this user: `Deflect` or `SingleStepTransfer`.
    pub(in crate::core::calls) fn pass_on(
        &mut self,
        io: &mut Io,
        ticket: Ticket,
        action: Action,
        to: Option<PhoneNumber>,
    ) {
        let rings = action == Action::Deflect;
        let capability = match rings {
            true => Capability::Deflect,
            false => Capability::Transfer,
        };
        let refusal = match io.can(capability) {
            true => self.refusal(io, action, true),
            false => Some(CallError::Unsupported),
        };
        if let Some(error) = refusal {
            return io.reply(ticket, Reply::Act(Err(error)));
        }
        self.pending = Some(Pending {
            action,
            ticket: Some(ticket),
            until: None,
        });
        self.ask(io, Step::PassOn, |call| match to {
            Some(to) if !rings => Service::SingleStepTransfer { call, to },
            to => Service::Deflect { call, to },
        });
    }

    /// The call is over, for `cause`: that may be what was asked.
    pub(super) fn left(&mut self, io: &mut Io, cause: FailureCause) {
        let asked = |pending: &mut Pending| match pending.action {
            Action::Deflect => cause == FailureCause::Deflected,
            Action::SingleStepTransfer => cause == FailureCause::Transferred,
            _ => false,
        };
        if let Some(pending) = self.pending.take_if(asked) {
            pending.done(io, Ok(()));
        }
    }

    /// Answers what was just picked up. Where that can't be done it rings here, and can be answered or
    /// refused.
    pub(super) fn answer_picked_up(&mut self, io: &mut Io) {
        let Some(call) = self.call().filter(|c| c.local == ConnectionState::Alerting) else {
            return;
        };
        let voip = call.device == DeviceKind::Voip;
        self.pending = Some(Pending {
            action: Action::Answer,
            ticket: None,
            until: None,
        });
        match voip {
            true => self.open_answer(io),
            false => self.answer(io, None),
        }
    }

    fn ask(&mut self, io: &mut Io, step: Step, service: impl FnOnce(CallId) -> Service) {
        let Some(call) = self.id().cloned() else {
            return;
        };
        if !self.service(io, step, service(call)) {
            self.fail_pending(io, CallError::NotConnected);
        }
    }

    fn open_answer(&mut self, io: &mut Io) {
        self.sound_error = None;
        let key = Key(io.number());
        let first = match self.offers_first {
            true => DescriptionKind::Offer,
            false => DescriptionKind::Answer,
        };
        let mut sound = Sound::open(io, key, first, 0);
        // A far end that has just changed may never say what is to be answered.
        sound.expect(io);
        self.sound = Some(sound);
        self.bind(io);
    }

    pub(super) fn answer(&mut self, io: &mut Io, description: Option<SessionDescription>) {
        self.ask(io, Step::Answer, |call| Service::Answer {
            call,
            description,
        });
    }

    /// Ends the call: its sound at once, then at the server, as soon as it can be told.
    pub(in crate::core::calls) fn hang_up(&mut self, io: &mut Io, cause: Option<FailureCause>) {
        if std::mem::replace(&mut self.clearing, true) {
            return;
        }
        self.close_sound(io);
        let Some(call) = self.id().cloned() else {
            return;
        };
        if !self.service(io, Step::Clear, Service::Clear { call, cause }) {
            self.untold = Some(cause);
            self.end_here(io, cause.unwrap_or(FailureCause::Normal));
        }
    }

    /// Cuts the microphone off or on.
    pub(in crate::core::calls) fn mute(
        &mut self,
        io: &mut Io,
        muted: bool,
    ) -> Result<(), CallError> {
        if self.sound.is_none() {
            return Err(CallError::NoSound);
        }
        self.muted = muted;
        self.follow(io);
        Ok(())
    }

    /// Sends keys into the call's sound. The server has no part in it, so it works without a
    /// connection, and beside a pending request; only where the sound can't carry them it is asked.
    pub(in crate::core::calls) fn send_digits(
        &mut self,
        io: &mut Io,
        ticket: Ticket,
        digits: Digits,
    ) {
        let action = Action::SendDigits;
        let refusal = match (self.call(), &self.sound) {
            (None, _) => CallError::Ended(FailureCause::Normal),
            (Some(_), _) if !io.can(Capability::Dtmf) => CallError::Unsupported,
            (Some(call), _) if !call.allowed_actions().has(action) => {
                CallError::NotAllowed { action }
            }
            (Some(_), None) => CallError::NoSound,
            (Some(call), Some(sound)) => {
                return io.send_digits(ticket, sound.key(), call.id.clone(), digits);
            }
        };
        io.reply(ticket, Reply::Act(Err(refusal)));
    }

    /// The server has said yes or no to the pending request.
    pub(super) fn asked(&mut self, io: &mut Io, error: Option<BackendError>) {
        match error {
            Some(error) => self.fail_pending(io, CallError::Backend(error)),
            None => {
                if let Some(pending) = &mut self.pending {
                    pending.until = Some(io.time() + CONFIRMATION);
                }
                self.check_pending(io);
            }
        }
    }

    /// A hang-up always ends the call here; what the server could not be told is told later.
    pub(super) fn cleared(&mut self, io: &mut Io, error: Option<BackendError>) {
        self.clearing = false;
        if self.is_over() {
            return;
        }
        match error {
            None | Some(BackendError::NotFound | BackendError::WrongState) => {}
            Some(BackendError::Unsupported | BackendError::RefusedValue) => {
                let error = error.unwrap_or(BackendError::Unsupported);
                for ticket in std::mem::take(&mut self.waiting_for_end) {
                    io.reply(ticket, Reply::Act(Err(CallError::Backend(error.clone()))));
                }
                return;
            }
            Some(_) => self.untold = Some(None),
        }
        let failed = self.sound_error.is_some();
        let cause = if failed {
            FailureCause::MediaFailed
        } else {
            FailureCause::Normal
        };
        self.end_here(io, cause);
    }

    /// Finishes the pending request if the call's state shows it.
    pub(super) fn check_pending(&mut self, io: &mut Io) {
        let (Some(pending), Some(call)) = (&self.pending, self.call()) else {
            return;
        };
        let up = matches!(
            call.local,
            ConnectionState::Connected | ConnectionState::Hold
        );
        let elsewhere = call.device == DeviceKind::Voip && !self.carried_here;
        let done = match pending.action {
            Action::Answer if up && elsewhere => {
                self.close_sound(io);
                let cause = FailureCause::AnsweredElsewhere;
                return self.fail_pending(io, CallError::Ended(cause));
            }
            Action::Answer => up,
            Action::Hold => call.local == ConnectionState::Hold,
            Action::Retrieve => call.local == ConnectionState::Connected,
            _ => false,
        };
        if let Some(pending) = self.pending.take_if(|_| done) {
            pending.done(io, Ok(()));
        }
    }

    pub(super) fn fail_pending(&mut self, io: &mut Io, error: CallError) {
        if let Some(pending) = self.pending.take() {
            let answering = pending.action == Action::Answer;
            if answering
                && self
                    .call()
                    .is_some_and(|c| c.local == ConnectionState::Alerting)
            {
                // It goes on ringing, without a microphone that is open.
                self.close_sound(io);
            }
            pending.done(io, Err(error));
        }
    }
}

impl Pending {
    fn done(self, io: &mut Io, result: Result<(), CallError>) {
        if let Some(ticket) = self.ticket {
            io.reply(ticket, Reply::Act(result));
        }
    }
}

/// From the server's yes to the event that shows it (our choice).
pub(in crate::core::calls) const CONFIRMATION: Duration = Duration::from_secs(5);
/// Requests to end the same call that wait at once (our choice).
const MOST_WAITING: usize = 16;
