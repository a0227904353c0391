//! Calls of this side: INVITE and what becomes of it (RFC 3261 §13.2).

use std::time::Duration;

use uc_model::{CallDirection, CallId, ConnectionState, FailureCause};
use uc_protocol::sip::{Address, Headers, Message, Method, Request, Response, Uri};

use super::{
    Agent, Output, Purpose, Sent,
    dialog::Dialog,
    leg::{Calling, LEAST_SESSION, Leg, Stage},
    registration::USER_AGENT,
};
use crate::{port::BackendError, sip::convert};

impl Agent {
    /// Make Call. Answered once it rings or fails, or after a while.
    pub(super) fn call(&mut self, id: u64, uri: Uri, sdp: String) {
        if self.legs.len() >= MOST_LEGS {
            return self.done(id, Err(BackendError::Full));
        }
        let Ok(call) = CallId::new((self.token)()) else {
            return self.done(id, Err(BackendError::RefusedValue));
        };
        let remote = Address::new(uri);
        let party = convert::party(&remote, &self.account.domain);
        let (local, call_id) = (self.own_address(), (self.token)());
        let dialog = Dialog::new(call_id, local, remote, self.registration.route());
        let stage = Stage::Calling(Calling::new(Some((id, self.now + ACCEPTANCE))));
        let direction = CallDirection::Outgoing;
        let mut leg = Leg::new(call.clone(), direction, party, dialog, stage, self.wall);
        leg.ours = Some(sdp.clone());
        let number = self.next_number();
        let request = leg.dialog.request(Method::Invite, number);
        self.legs.insert(call.clone(), leg);
        let request = self.with_offer(request, sdp);
        self.ask(request, Purpose::Invite(call));
    }

    /// Adds to an INVITE what every INVITE carries.
    pub(super) fn with_offer(&self, mut request: Request, sdp: String) -> Request {
        let headers = &mut request.headers;
        headers.push("Contact", self.contact().to_string());
        headers.push("Allow", ALLOW);
        headers.push("Supported", SUPPORTED);
        headers.push("Session-Expires", SESSION.to_string());
        headers.push("Min-SE", LEAST_SESSION.to_string());
        headers.push("User-Agent", USER_AGENT);
        headers.push("Content-Type", "application/sdp");
        request.body = sdp.into_bytes();
        request
    }

    pub(super) fn invite_answered(
        &mut self,
        call: &CallId,
        request: &Request,
        response: &Response,
    ) {
        match response.status {
            ..=100 => self.heard_of(call),
            101..200 => self.rings(call, request, response),
            200..300 => self.invite_accepted(call, request, response),
            300..400 => self.redirected(call, request, response),
            422 => self.wants_longer_session(call, request, response),
            status => self.invite_failed(call, status),
        }
    }

    /// The INVITE is somewhere: from now on it can be cancelled.
    fn heard_of(&mut self, call: &CallId) {
        match self.legs.get_mut(call).map(|leg| &mut leg.stage) {
            Some(Stage::Calling(calling)) => calling.heard = true,
            Some(Stage::Cancelled) => self.cancel(call),
            _ => {}
        }
    }

    /// It rings there, perhaps with sound already; with several phones each has a dialog of its own.
    fn rings(&mut self, call: &CallId, request: &Request, response: &Response) {
        self.heard_of(call);
        let Some(leg) = self.legs.get_mut(call) else {
            return;
        };
        let tag = response.headers.to().ok();
        let tag = tag.and_then(|to| to.tag().map(str::to_owned));
        let early = leg.dialog.opened_by(response).ok();
        let has_sdp = is_sdp(&response.headers, &response.body);
        let Stage::Calling(calling) = &mut leg.stage else {
            return;
        };
        // Of a call that is picked up the other side calls.
        let ours = leg.call.direction == CallDirection::Outgoing;
        let rang = !ours || leg.call.remote.state == ConnectionState::Alerting;
        if ours {
            leg.call.remote.state = ConnectionState::Alerting;
        }
        if let Some(tag) = tag.clone().filter(|tag| !calling.rang.contains(tag))
            && calling.rang.len() < MOST_TELEPHONES
        {
            calling.rang.push(tag);
        }
        let sounds = has_sdp && calling.early.is_none();
        let asked = calling.asked.take().map(|(id, _)| id);
        if sounds {
            calling.early.clone_from(&tag);
            leg.answered(&response.body);
        }
        match asked {
            Some(id) => self.done_with(id, call),
            None if sounds || !rang => self.changed(call),
            None => {}
        }
        if let Some(early) = early {
            self.acknowledge_provisional(request, response, &early);
        }
    }

    fn invite_accepted(&mut self, call: &CallId, request: &Request, response: &Response) {
        let Some(leg) = self.legs.get_mut(call) else {
            return self.refuse_accepted(request, response, None);
        };
        let Ok(dialog) = leg.dialog.opened_by(response) else {
            return self.invite_failed(call, 500);
        };
        let waiting = match &mut leg.stage {
            Stage::Calling(calling) => {
                let other =
                    calling.early.is_some() && calling.early.as_deref() != dialog.remote_tag();
                Some((
                    calling.asked.take().map(|(id, _)| id),
                    calling.early.is_some(),
                    other,
                ))
            }
            _ => None,
        };
        let Some((asked, early, other)) = waiting else {
            // Given up, or taken from us, while it was being answered.
            self.refuse_accepted(request, response, Some(dialog));
            if let Some(Stage::Cancelled) = self.legs.get(call).map(|leg| &leg.stage) {
                self.legs.remove(call);
            }
            return;
        };
        leg.dialog = dialog;
        leg.connect(self.wall);
        leg.agree(&response.headers, true, self.now);
        let has_sdp = is_sdp(&response.headers, &response.body);
        let fits = match (early, other) {
            (true, false) => true,
            // Another phone than the one that sounded has answered: its sound begins anew.
            (true, true) => {
                leg.meet(true);
                true
            }
            _ => has_sdp && leg.answered(&response.body).is_some(),
        };
        self.acknowledge(call, request);
        if !fits {
            if let Some(id) = asked {
                self.done(id, Err(BackendError::CallFailed(FailureCause::MediaFailed)));
            }
            return self.hang_up(call, FailureCause::MediaFailed);
        }
        match asked {
            Some(id) => self.done_with(id, call),
            None => self.changed(call),
        }
    }

    /// Sends the ACK of an accepted INVITE, and keeps it for answers that come again.
    pub(super) fn acknowledge(&mut self, call: &CallId, invite: &Request) {
        let Some(leg) = self.legs.get(call) else {
            return;
        };
        let ack = self.ack_of(&leg.dialog, invite);
        let Ok(cseq) = invite.headers.cseq() else {
            return;
        };
        let sent = self.tell(ack);
        if let Some(leg) = self.legs.get_mut(call) {
            leg.acknowledged = Some((cseq.number, sent));
        }
    }

    pub(super) fn ack_of(&self, dialog: &Dialog, invite: &Request) -> Request {
        let number = invite.headers.cseq().map_or(0, |cseq| cseq.number);
        let mut ack = dialog.request(Method::Ack, number);
        for name in ["Authorization", "Proxy-Authorization"] {
            if let Some(value) = invite.headers.get(name) {
                ack.headers.push(name, value);
            }
        }
        ack
    }

    /// A call that was accepted though nobody wants it any more: acknowledged and ended.
    pub(super) fn refuse_accepted(
        &mut self,
        invite: &Request,
        response: &Response,
        dialog: Option<Dialog>,
    ) {
        let dialog = dialog.or_else(|| {
            let headers = &invite.headers;
            let (from, to) = (headers.from().ok()?, headers.to().ok()?);
            let call_id = headers.call_id().ok()?.to_owned();
            let asked = Dialog::new(call_id, from, to, Vec::new());
            asked.opened_by(response).ok()
        });
        let Some(dialog) = dialog else {
            return;
        };
        let ack = self.ack_of(&dialog, invite);
        self.tell(ack);
        self.say_bye(&dialog);
    }

    /// An accepted INVITE's answer has come once more (its ACK was lost), or from another phone that
    /// answered in the same moment (RFC 3261 §13.2.2.4).
    pub(super) fn accepted_again(&mut self, response: &Response) {
        let headers = &response.headers;
        let (Ok(cseq), Ok(call_id), Ok(from), Ok(to)) = (
            headers.cseq(),
            headers.call_id(),
            headers.from(),
            headers.to(),
        ) else {
            return;
        };
        if cseq.method != Method::Invite {
            return;
        }
        let ours =
            |leg: &&Leg| leg.dialog.call_id == call_id && leg.dialog.local.tag() == from.tag();
        let Some(leg) = self.legs.values().find(ours) else {
            return;
        };
        let same = leg.dialog.remote_tag() == to.tag();
        match leg.acknowledged.clone() {
            Some((number, ack)) if same && number == cseq.number => {
                self.outputs.push_back(Output::Send(Message::Request(ack)));
            }
            Some((_, ack)) if !same => {
                let Ok(dialog) = leg.dialog.opened_by(response) else {
                    return;
                };
                let mut second = self.ack_of(&dialog, &ack);
                second.headers.set("CSeq", format!("{} ACK", cseq.number));
                self.tell(second);
                self.say_bye(&dialog);
            }
            _ => {}
        }
    }

    /// RFC 3261 §8.1.3.4: to the first of the addresses.
    fn redirected(&mut self, call: &CallId, request: &Request, response: &Response) {
        let contacts = response.headers.contacts().unwrap_or_default();
        let to = contacts.into_iter().next().map(|contact| contact.uri);
        let Some(leg) = self.legs.get_mut(call) else {
            return;
        };
        match (&mut leg.stage, to) {
            (Stage::Calling(calling), Some(to)) if calling.redirected < MOST_REDIRECTIONS => {
                calling.redirected += 1;
                let mut request = request.clone();
                request.headers.remove("Via");
                request.uri = to.clone();
                leg.dialog.target = to;
                let number = self.next_number();
                request.headers.set("CSeq", format!("{number} INVITE"));
                self.ask(request, Purpose::Invite(call.clone()));
            }
            _ => self.invite_failed(call, 480),
        }
    }

    /// RFC 4028 §7.3.
    fn wants_longer_session(&mut self, call: &CallId, request: &Request, response: &Response) {
        let asked = request.headers.session_expires();
        let least = response.headers.min_se();
        match (asked, least) {
            (Some(asked), Some(least)) if least > asked.seconds => {
                let mut request = request.clone();
                request.headers.remove("Via");
                request.headers.set("Session-Expires", least.to_string());
                request.headers.set("Min-SE", least.to_string());
                let number = self.next_number();
                request.headers.set("CSeq", format!("{number} INVITE"));
                self.ask(request, Purpose::Invite(call.clone()));
            }
            _ => self.invite_failed(call, 422),
        }
    }

    pub(super) fn invite_failed(&mut self, call: &CallId, status: u16) {
        let cause = convert::cause(status);
        match self.legs.get_mut(call).map(|leg| &mut leg.stage) {
            Some(Stage::Cancelled) => drop(self.legs.remove(call)),
            Some(Stage::Calling(calling)) => match calling.asked.take() {
                Some((id, _)) => {
                    self.legs.remove(call);
                    self.done(id, Err(BackendError::CallFailed(cause)));
                }
                None => self.over(call, cause),
            },
            _ => {}
        }
    }

    /// CANCEL (RFC 3261 §9.1): the same INVITE by the same way.
    pub(super) fn cancel(&mut self, call: &CallId) {
        self.cancel_because(call, None);
    }

    /// CANCEL with a reason (RFC 3326).
    pub(super) fn cancel_because(&mut self, call: &CallId, reason: Option<&str>) {
        let first = Purpose::Invite(call.clone());
        let followed = Purpose::Follow(call.clone());
        let found = |sent: &Sent| sent.purpose == first || sent.purpose == followed;
        let Some(invite) = self.clients.find(found) else {
            return;
        };
        let mut headers = Headers::new();
        for name in ["Via", "Max-Forwards", "From", "To", "Call-ID", "Route"] {
            for value in invite.headers.all(name) {
                headers.push(name, value);
            }
        }
        let number = invite.headers.cseq().map_or(0, |cseq| cseq.number);
        headers.push("CSeq", format!("{number} CANCEL"));
        if let Some(reason) = reason {
            headers.push("Reason", reason);
        }
        let Some(branch) = invite
            .headers
            .via()
            .ok()
            .and_then(|via| Some(via.branch()?.to_owned()))
        else {
            return;
        };
        let cancel = Request {
            method: Method::Cancel,
            uri: invite.uri.clone(),
            headers,
            body: Vec::new(),
        };
        self.outputs
            .push_back(Output::Send(Message::Request(cancel.clone())));
        let sent = Sent {
            purpose: Purpose::Other,
            tries: 0,
        };
        let reliable = self.is_reliable();
        self.clients.begin(branch, cancel, sent, self.now, reliable);
    }
}

/// Whether a body is a description, which is text (RFC 8866 §5).
pub(super) fn is_sdp(headers: &Headers, body: &[u8]) -> bool {
    let kind = headers.get("Content-Type").unwrap_or("application/sdp");
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_text = std::str::from_utf8(body).is_ok();
    !body.is_empty() && is_text && kind.eq_ignore_ascii_case("application/sdp")
}

/// What this side understands (RFC 3261 §20.5).
pub(super) const ALLOW: &str =
    "INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE, REFER, NOTIFY, INFO, SUBSCRIBE";
/// RFC 3262, 4028, 3891.
pub(super) const SUPPORTED: &str = "100rel, timer, replaces, outbound";
/// The session timer that we ask for, in seconds (RFC 4028 §4 recommends it).
pub(super) const SESSION: u32 = 1800;
/// Until then a call counts as accepted, even if nothing but "trying" is heard (our choice; within the
/// time that a service may take).
pub(super) const ACCEPTANCE: Duration = Duration::from_secs(6);
/// Calls at the same time (our choice: as many as the session's core knows).
pub(super) const MOST_LEGS: usize = 256;
/// Telephones that a call is remembered to ring at (our choice).
const MOST_TELEPHONES: usize = 32;
/// How often a call is sent elsewhere (our choice).
const MOST_REDIRECTIONS: u8 = 5;
