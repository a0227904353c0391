//! What the user asks of calls.

use uc_model::{CallId, ConnectionState, DeviceKind, FailureCause};
use uc_protocol::sip::{Headers, Method, Request, Response};

use super::{
    Agent, Output, Purpose,
    dialog::Dialog,
    leg::{Invited, Leg, Round, Stage, Transfer},
};
use crate::{
    port::{
        BackendError, Beside, CallUpdate, DescriptionKind, Outcome, ServerChange, Service,
        SessionDescription,
    },
    sip::convert,
};

impl Agent {
    pub(super) fn serve(&mut self, id: u64, service: Service) {
        match service {
            Service::MakeCall {
                to,
                device: DeviceKind::Voip,
                description: Some(offer),
                key: _,
            } => match convert::target(&to, &self.account.domain) {
                Some(uri) => self.call(id, uri, offer.sdp.into_inner()),
                None => self.done(id, Err(BackendError::RefusedValue)),
            },
            Service::Consult {
                call,
                to,
                device: DeviceKind::Voip,
                description: Some(offer),
                key: _,
            } => match convert::target(&to, &self.account.domain) {
                Some(uri) => {
                    if self.hold(&call) {
                        self.changed(&call);
                    }
                    self.call(id, uri, offer.sdp.into_inner());
                }
                None => self.done(id, Err(BackendError::RefusedValue)),
            },
            Service::Answer {
                call,
                description: Some(description),
            } => self.answer_call(id, &call, description),
            Service::Clear { call, cause } => self.clear(id, &call, cause),
            Service::Hold { call } => match self.hold(&call) {
                true => self.done_with(id, &call),
                false => self.done(id, Err(BackendError::WrongState)),
            },
            Service::Retrieve { call } => match self.retrieve(&call) {
                true => self.done_with(id, &call),
                false => self.done(id, Err(BackendError::WrongState)),
            },
            Service::Beside {
                service,
                call,
                held,
            } => self.beside(id, service, &call, &held),
            Service::SingleStepTransfer { call, to } => {
                match convert::target(&to, &self.account.domain) {
                    Some(uri) => self.refer(id, &call, &uri.to_string(), None),
                    None => self.done(id, Err(BackendError::RefusedValue)),
                }
            }
            Service::Deflect { call, to: Some(to) } => {
                match convert::target(&to, &self.account.domain) {
                    Some(uri) => self.deflect(id, &call, &uri.to_string()),
                    None => self.done(id, Err(BackendError::RefusedValue)),
                }
            }
            Service::Describe { call, description } => self.describe(id, &call, description),
            Service::PickUp { number, key: _ } => {
                match convert::target(&number, &self.account.domain) {
                    Some(uri) => self.pick_up(id, uri),
                    None => self.done(id, Err(BackendError::RefusedValue)),
                }
            }
            Service::GenerateDigits { call, digits } => self.generate_digits(id, &call, &digits),
            // All of this side's candidates stand in its description, and a dialog needs no word.
            Service::Candidates { .. } | Service::Confirm { .. } => {
                self.done(id, Ok(Outcome::Done));
            }
            _ => self.done(id, Err(BackendError::Unsupported)),
        }
    }

    /// The session's own offer tells the other side.
    fn hold(&mut self, call: &CallId) -> bool {
        self.turn_all(call, ConnectionState::Connected, ConnectionState::Hold)
    }

    pub(super) fn retrieve(&mut self, call: &CallId) -> bool {
        self.turn_all(call, ConnectionState::Hold, ConnectionState::Connected)
    }

    /// A conference is held and retrieved as a whole.
    fn turn_all(&mut self, call: &CallId, from: ConnectionState, to: ConnectionState) -> bool {
        if !self.turn(call, from, to) {
            return false;
        }
        let all = self.conferring(call);
        for other in all.iter().filter(|other| *other != call) {
            self.turn(other, from, to);
        }
        if all.len() > 1 {
            self.changed(call);
        }
        true
    }

    fn turn(&mut self, call: &CallId, from: ConnectionState, to: ConnectionState) -> bool {
        let leg = self.legs.get_mut(call);
        match leg.filter(|leg| leg.is_up() && leg.call.local == from) {
            Some(leg) => {
                leg.call.local = to;
                true
            }
            None => false,
        }
    }

    fn beside(&mut self, id: u64, service: Beside, call: &CallId, held: &CallId) {
        let waits = self.legs.get(held);
        let waits = waits.is_some_and(|leg| leg.is_up() && leg.call.local == ConnectionState::Hold);
        if !waits || !self.legs.contains_key(call) {
            return self.done(id, Err(BackendError::WrongState));
        }
        match service {
            Beside::Alternate if self.hold(call) => {
                self.retrieve(held);
                self.changed(held);
                self.done_with(id, call);
            }
            Beside::Reconnect => {
                self.retrieve(held);
                self.changed(held);
                self.clear(id, call, None);
            }
            Beside::Transfer => self.hand_over(id, call, held),
            Beside::Alternate => self.done(id, Err(BackendError::WrongState)),
            Beside::Conference => self.confer(id, call, held),
        }
    }

    fn answer_call(&mut self, id: u64, call: &CallId, description: SessionDescription) {
        let Some(leg) = self.legs.get_mut(call) else {
            return self.done(id, Err(BackendError::NotFound));
        };
        if matches!(leg.stage, Stage::PickingUp(_)) {
            return self.take_over(id, call, description);
        }
        if !matches!(leg.stage, Stage::Ringing(_)) {
            return self.done(id, Err(BackendError::WrongState));
        }
        if let Stage::Ringing(invited) = std::mem::replace(&mut leg.stage, Stage::Up) {
            leg.connect(self.wall);
            if let Some(sdp) = leg
                .theirs
                .as_deref()
                .and_then(|body| std::str::from_utf8(body).ok())
                && super::sdp::is_hold(sdp)
            {
                leg.call.remote.state = ConnectionState::Hold;
            }
            self.accept(call, *invited, description);
        }
        self.done_with(id, call);
    }

    /// Clear Connection.
    fn clear(&mut self, id: u64, call: &CallId, cause: Option<FailureCause>) {
        let Some(leg) = self.legs.get_mut(call) else {
            return self.done(id, Err(BackendError::NotFound));
        };
        let cause = cause.unwrap_or(match leg.stage {
            Stage::Ringing(_) | Stage::PickingUp(_) => FailureCause::Rejected,
            Stage::Calling(_) => FailureCause::Cancelled,
            _ => FailureCause::Normal,
        });
        self.hang_up(call, cause);
        let ended = self.told_last(call).map(Outcome::Call);
        self.done(id, ended.ok_or(BackendError::NotFound));
    }

    /// What was told of a call just now.
    fn told_last(&self, call: &CallId) -> Option<Box<CallUpdate>> {
        self.outputs.iter().rev().find_map(|output| match output {
            Output::Change(ServerChange::Call(update)) if update.call.id == *call => {
                Some(update.clone())
            }
            _ => None,
        })
    }

    /// Ends a call in whatever state.
    pub(super) fn hang_up(&mut self, call: &CallId, cause: FailureCause) {
        let Some(leg) = self.legs.get_mut(call) else {
            return;
        };
        match std::mem::replace(&mut leg.stage, Stage::Cancelled) {
            Stage::Calling(calling) => {
                let mut ended = leg.ended_copy(cause);
                if calling.heard {
                    self.cancel(call);
                }
                self.tell_end(&mut ended);
                if let Some((id, _)) = calling.asked {
                    self.done(id, Err(BackendError::CallFailed(cause)));
                }
            }
            Stage::Ringing(invited) => {
                let lost = cause == FailureCause::ServerLost;
                self.refuse(&invited, if lost { 504 } else { 603 }, &[]);
                self.over(call, cause);
            }
            Stage::Up => {
                let follows = matches!(leg.transfer, Some(Transfer::Calling(_)));
                let dialogs = leg.all_dialogs();
                if follows {
                    self.cancel(call);
                }
                for dialog in dialogs {
                    self.say_bye(&dialog);
                }
                self.over(call, cause);
            }
            // Nothing was said yet to whom it is.
            Stage::PickingUp(_) => self.over(call, cause),
            Stage::Cancelled => {}
        }
    }

    /// The other side doesn't answer any more, or the session's time is over.
    pub(super) fn hang_up_lost(&mut self, call: &CallId) {
        self.hang_up(call, FailureCause::ServerLost);
    }

    pub(super) fn say_bye(&mut self, dialog: &Dialog) {
        let number = self.next_number();
        let bye = dialog.request(Method::Bye, number);
        self.ask(bye, Purpose::Other);
    }

    /// Passes a call on that rings here (RFC 3261 §21.3.3).
    fn deflect(&mut self, id: u64, call: &CallId, to: &str) {
        let leg = self.legs.get_mut(call);
        let Some(leg) = leg.filter(|leg| matches!(leg.stage, Stage::Ringing(_))) else {
            return self.done(id, Err(BackendError::WrongState));
        };
        if let Stage::Ringing(invited) = std::mem::replace(&mut leg.stage, Stage::Cancelled) {
            self.refuse(&invited, 302, &[("Contact", format!("<{to}>"))]);
        }
        self.over(call, FailureCause::Deflected);
        self.done(id, Ok(Outcome::Done));
    }

    /// Answers a request of theirs with a refusal.
    pub(super) fn refuse(&mut self, invited: &Invited, status: u16, more: &[(&str, String)]) {
        let mut response = reply(&invited.request, status, Some(&invited.tag));
        for (name, value) in more {
            response.headers.push(name, value.clone());
        }
        self.answer(&invited.key, response);
    }

    /// Whoever waits for something of a call that is over.
    pub(super) fn fail_waiting(&mut self, leg: &mut Leg, cause: FailureCause) {
        match std::mem::replace(&mut leg.round, Round::None) {
            Round::Ours(Some(id)) => self.done(id, Err(BackendError::NotFound)),
            Round::Theirs(invited) => self.refuse(&invited, 487, &[]),
            Round::Ours(None) | Round::None => {}
        }
        for id in leg.take_key_waiters() {
            self.done(id, Err(BackendError::NotFound));
        }
        if let Some(Transfer::Asked { id: Some(id), .. }) = leg.transfer.take() {
            match cause {
                FailureCause::Transferred => self.done(id, Ok(Outcome::Done)),
                cause => self.done(id, Err(BackendError::CallFailed(cause))),
            }
        }
    }

    /// Further offers and answers.
    fn describe(&mut self, id: u64, call: &CallId, description: SessionDescription) {
        if !self.legs.contains_key(call) {
            return self.done(id, Err(BackendError::NotFound));
        }
        match description.kind {
            DescriptionKind::Offer => self.offer(id, call, description),
            DescriptionKind::Answer => self.answer_offer(id, call, description),
        }
    }
}

impl Leg {
    /// The call as one that is over, while what is left of it lives on.
    fn ended_copy(&self, cause: FailureCause) -> uc_model::Call {
        let mut ended = Self::new(
            self.call.id.clone(),
            self.call.direction,
            self.call.remote.party.clone(),
            self.dialog.clone(),
            Stage::Cancelled,
            self.call.started,
        );
        ended.end(cause);
        ended.call
    }

    fn all_dialogs(&mut self) -> Vec<Dialog> {
        let left = std::mem::take(&mut self.left);
        let followed = match self.transfer.take() {
            Some(Transfer::Calling(dialog)) => Some(*dialog),
            other => {
                self.transfer = other;
                None
            }
        };
        let own = std::iter::once(self.dialog.clone());
        own.chain(left.into_iter().map(|(dialog, _)| dialog))
            .chain(followed.filter(|dialog| dialog.remote_tag().is_some()))
            .collect()
    }
}

impl Agent {
    fn tell_end(&mut self, call: &mut uc_model::Call) {
        self.rev += 1;
        call.rev = self.rev();
        let update = CallUpdate {
            call: call.clone(),
            description: None,
            candidates: None,
            far_end: Default::default(),
            carried_here: true,
            unconfirmed: false,
            conference: None,
        };
        let change = ServerChange::Call(Box::new(update));
        self.outputs.push_back(Output::Change(change));
    }
}

/// An answer to a request (RFC 3261 §8.2.6).
pub(in crate::sip) fn reply(request: &Request, status: u16, tag: Option<&str>) -> Response {
    let mut headers = Headers::new();
    for name in ["Via", "From", "To", "Call-ID", "CSeq", "Record-Route"] {
        for value in request.headers.all(name) {
            headers.push(name, value);
        }
    }
    if let (Some(tag), Ok(mut to)) = (tag, request.headers.to())
        && to.tag().is_none()
    {
        to.params.set("tag", tag);
        headers.set("To", to.to_string());
    }
    Response {
        status,
        reason: phrase(status).to_owned(),
        headers,
        body: Vec::new(),
    }
}

/// RFC 3261 §21, and those of its extensions that are used here.
const fn phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180 => "Ringing",
        200 => "OK",
        202 => "Accepted",
        302 => "Moved Temporarily",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        415 => "Unsupported Media Type",
        420 => "Bad Extension",
        422 => "Session Interval Too Small",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        500 => "Server Internal Error",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        603 => "Decline",
        _ => "Answer",
    }
}
