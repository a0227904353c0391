//! Requests of the other side (RFC 3261 §8.2): what isn't for us, not expected or a replay is refused.

use std::time::Duration;

use uc_model::{CallDirection, CallId, ConnectionState, FailureCause};
use uc_protocol::sip::{Method, Request};

use super::{
    Agent,
    dialog::Dialog,
    leg::{Invited, LEAST_SESSION, Leg, Stage},
    outgoing::{ALLOW, MOST_LEGS, SUPPORTED, is_sdp},
    provisional::OPTION,
    services::reply,
    transactions::ServerKey,
};
use crate::sip::convert;

impl Agent {
    /// Takes a request.
    pub(super) fn requested(&mut self, request: Request) {
        let method = match request.method {
            Method::Ack => Method::Invite,
            ref method => method.clone(),
        };
        // Without a branch nothing can be answered.
        let Some(key) = ServerKey::of(&request, method) else {
            return;
        };
        if request.method == Method::Ack {
            if !self.servers.acknowledged(&key) {
                self.acknowledged(&request);
            }
            return;
        }
        if let Some(again) = self.servers.known(&key) {
            self.outputs.extend(again.map(super::Output::Send));
            return;
        }
        if !self.servers.begin(key.clone(), self.now) {
            return;
        }
        let headers = &request.headers;
        let readable = headers
            .cseq()
            .is_ok_and(|cseq| cseq.method == request.method)
            && headers.call_id().is_ok()
            && headers.from().is_ok()
            && headers.to().is_ok();
        if !readable {
            return self.reply(&key, &request, 400);
        }
        if let Some(unknown) = unknown_requirement(&request) {
            let mut response = reply(&request, 420, Some(&(self.token)()));
            response.headers.push("Unsupported", unknown);
            return self.answer(&key, response);
        }
        if request.method == Method::Cancel {
            return self.cancelled(&key, &request);
        }
        match headers.to().ok().and_then(|to| to.tag().map(str::to_owned)) {
            Some(_) => self.requested_inside(key, request),
            None => self.requested_outside(key, request),
        }
    }

    pub(super) fn reply(&mut self, key: &ServerKey, request: &Request, status: u16) {
        let tag = (self.token)();
        let mut response = reply(request, status, Some(&tag));
        if matches!(status, 405 | 200) {
            response.headers.push("Allow", ALLOW);
        }
        self.answer(key, response);
    }

    /// A request that belongs to no call yet.
    fn requested_outside(&mut self, key: ServerKey, request: Request) {
        match request.method {
            Method::Invite => self.invited(key, request),
            Method::Options => {
                let mut response = reply(&request, 200, Some(&(self.token)()));
                response.headers.push("Allow", ALLOW);
                response.headers.push("Supported", SUPPORTED);
                response.headers.push("Accept", "application/sdp");
                self.answer(&key, response);
            }
            Method::Bye | Method::Update | Method::Prack | Method::Info => {
                self.reply(&key, &request, 481);
            }
            Method::Subscribe if self.registration.is_meant_by(&request.uri) => {
                self.watched(&key, &request);
            }
            Method::Subscribe => self.reply(&key, &request, 404),
            Method::Notify => self.reply(&key, &request, 489),
            // Nobody outside of a call tells this user whom to call.
            Method::Refer => self.reply(&key, &request, 603),
            _ => self.reply(&key, &request, 405),
        }
    }

    /// A call for this user.
    fn invited(&mut self, key: ServerKey, request: Request) {
        if !self.registration.is_meant_by(&request.uri) {
            return self.reply(&key, &request, 404);
        }
        if self.is_merged(&request) {
            return self.reply(&key, &request, 482);
        }
        if !request.body.is_empty() && !is_sdp(&request.headers, &request.body) {
            return self.reply(&key, &request, 415);
        }
        if let Some(expires) = request.headers.session_expires()
            && expires.seconds < LEAST_SESSION
        {
            let mut response = reply(&request, 422, Some(&(self.token)()));
            response.headers.push("Min-SE", LEAST_SESSION.to_string());
            return self.answer(&key, response);
        }
        let tag = (self.token)();
        let Ok(dialog) = Dialog::asked_for_by(&request, &tag) else {
            return self.reply(&key, &request, 400);
        };
        match request.headers.replaces() {
            None => self.ring(key, request, tag, dialog),
            Some(Ok(replaces)) => self.replaced(key, request, tag, dialog, &replaces),
            Some(Err(_)) => self.reply(&key, &request, 400),
        }
    }

    fn ring(&mut self, key: ServerKey, request: Request, tag: String, dialog: Dialog) {
        if self.legs.len() >= MOST_LEGS {
            return self.reply(&key, &request, 486);
        }
        let Ok(id) = CallId::new((self.token)()) else {
            return self.reply(&key, &request, 500);
        };
        let mut ringing = reply(&request, 180, Some(&tag));
        ringing.headers.push("Contact", self.contact().to_string());
        let unacknowledged = self.make_reliable(&request, &mut ringing);
        self.answer(&key, ringing);
        let party = convert::party(&dialog.remote, &self.account.domain);
        let (headers, body) = (request.headers.clone(), request.body.clone());
        let stage = Stage::Ringing(Box::new(Invited {
            key,
            request,
            tag,
            until: Duration::MAX,
            replacing: None,
        }));
        let mut leg = Leg::new(
            id.clone(),
            CallDirection::Incoming,
            party,
            dialog,
            stage,
            self.wall,
        );
        leg.agree(&headers, false, self.now);
        leg.timer = None;
        leg.unacknowledged = unacknowledged;
        match body.is_empty() {
            // The other wants our offer (RFC 3261 §13.2.1).
            true => {
                leg.generation = 0;
                leg.meet(true);
            }
            false => {
                if leg.offered(&body).is_none() {
                    return self.hang_up(&id, FailureCause::MediaFailed);
                }
                leg.call.remote.state = ConnectionState::Connected;
            }
        }
        self.legs.insert(id.clone(), leg);
        self.changed(&id);
    }

    /// The same request by two ways (RFC 3261 §8.2.2.2).
    fn is_merged(&self, request: &Request) -> bool {
        let headers = &request.headers;
        let same = |other: &Request| {
            let theirs = &other.headers;
            theirs.get("Call-ID") == headers.get("Call-ID")
                && theirs.get("CSeq") == headers.get("CSeq")
                && theirs
                    .from()
                    .ok()
                    .and_then(|from| from.tag().map(str::to_owned))
                    == headers
                        .from()
                        .ok()
                        .and_then(|from| from.tag().map(str::to_owned))
        };
        self.legs.values().any(|leg| match &leg.stage {
            Stage::Ringing(invited) => same(&invited.request),
            _ => false,
        })
    }

    /// CANCEL: the INVITE of the same branch, as long as it rings (RFC 3261 §9.2).
    fn cancelled(&mut self, key: &ServerKey, request: &Request) {
        let invite = ServerKey::of(request, Method::Invite);
        let rings = |leg: &&Leg| match &leg.stage {
            Stage::Ringing(invited) => Some(&invited.key) == invite.as_ref(),
            _ => false,
        };
        let leg = self.legs.values_mut().find(|leg| rings(&&**leg));
        let Some(leg) = leg else {
            let known = invite.is_some_and(|invite| self.servers.known(&invite).is_some());
            return self.reply(key, request, if known { 200 } else { 481 });
        };
        let call = leg.call.id.clone();
        let stage = std::mem::replace(&mut leg.stage, Stage::Cancelled);
        self.reply(key, request, 200);
        if let Stage::Ringing(invited) = stage {
            self.refuse(&invited, 487, &[]);
        }
        self.over(&call, convert::cancelled(&request.headers));
    }

    /// A request of a call: both tags and the Call-ID say which, and it is newer than those before.
    fn requested_inside(&mut self, key: ServerKey, request: Request) {
        if self.is_told(&key, &request) {
            return;
        }
        let headers = &request.headers;
        let tags = (
            headers.to(),
            headers.from(),
            headers.call_id(),
            headers.cseq(),
        );
        let (Ok(to), Ok(from), Ok(call_id), Ok(cseq)) = tags else {
            return self.reply(&key, &request, 400);
        };
        let is_of = |dialog: &Dialog| dialog.has(call_id, to.tag(), from.tag());
        let mut legs = self.legs.values_mut();
        let Some(leg) = legs.find(|leg| leg.dialogs().any(is_of)) else {
            return self.reply(&key, &request, 481);
        };
        let call = leg.call.id.clone();
        let current = is_of(&leg.dialog);
        let dialog = leg.dialogs_mut().find(|dialog| is_of(dialog));
        if !dialog.is_some_and(|dialog| dialog.is_next(cseq.number)) {
            return self.reply(&key, &request, 500);
        }
        match request.method {
            Method::Bye => self.ended(&key, &request, &call, current),
            Method::Notify => self.notified(&key, &request, &call),
            _ if !current => self.reply(&key, &request, 481),
            Method::Invite | Method::Update => self.invited_again(key, request, &call),
            Method::Refer => self.referred(&key, &request, &call),
            Method::Options => self.reply(&key, &request, 200),
            Method::Prack => self.provisionally_acknowledged(&key, &request, &call),
            Method::Info => self.informed(&key, &request, &call),
            _ => self.reply(&key, &request, 405),
        }
    }

    /// BYE. Of a dialog that another has taken the place of it is awaited.
    fn ended(&mut self, key: &ServerKey, request: &Request, call: &CallId, current: bool) {
        self.reply(key, request, 200);
        let Some(leg) = self.legs.get_mut(call) else {
            return;
        };
        if !current {
            let headers = &request.headers;
            if let (Ok(to), Ok(from), Ok(id)) = (headers.to(), headers.from(), headers.call_id()) {
                leg.left
                    .retain(|(dialog, _)| !dialog.has(id, to.tag(), from.tag()));
            }
            return;
        }
        if self.is_followed(call) {
            return self.left_while_following(call);
        }
        let cause = match self.hands_over(call) {
            true => FailureCause::Transferred,
            false => FailureCause::Normal,
        };
        self.over(call, cause);
    }
}

impl Leg {
    fn dialogs(&self) -> impl Iterator<Item = &Dialog> {
        let left = self.left.iter().map(|(dialog, _)| dialog);
        std::iter::once(&self.dialog).chain(left)
    }

    fn dialogs_mut(&mut self) -> impl Iterator<Item = &mut Dialog> {
        let left = self.left.iter_mut().map(|(dialog, _)| dialog);
        std::iter::once(&mut self.dialog).chain(left)
    }
}

/// An extension that the other insists on and that isn't known here (RFC 3261 §8.2.2.3).
fn unknown_requirement(request: &Request) -> Option<String> {
    if matches!(request.method, Method::Ack | Method::Cancel) {
        return None;
    }
    let unknown = request.headers.all("Require").find(|wanted| {
        let known = ["timer", "replaces", "outbound", "path", OPTION];
        !known.iter().any(|known| known.eq_ignore_ascii_case(wanted))
    });
    unknown.map(str::to_owned)
}
