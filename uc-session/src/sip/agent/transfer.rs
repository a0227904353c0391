//! Transfers: REFER (RFC 3515, RFC 5589) and `Replaces` (RFC 3891), in every role.

use std::time::Duration;

use uc_model::{CallId, ConnectionState, FailureCause};
use uc_protocol::sip::{Address, Method, Replaces, Request, Response, Uri};

use super::{
    Agent, Purpose,
    dialog::Dialog,
    leg::{Invited, Leg, Round, Stage, Transfer},
    outgoing::is_sdp,
    rounds::ROUND,
    transactions::ServerKey,
};
use crate::{
    port::{BackendError, Outcome},
    sip::convert,
};

/// This side hands a call over.
impl Agent {
    /// Transfer Call: the far end of `held` is sent to the far end of `call`. One that still rings can't
    /// be taken over (RFC 3891 §3), so the other is sent to its number.
    pub(super) fn hand_over(&mut self, id: u64, call: &CallId, held: &CallId) {
        let Some(active) = self.legs.get(call) else {
            return self.done(id, Err(BackendError::NotFound));
        };
        let to = active.dialog.remote.uri.clone();
        match &active.stage {
            Stage::Up => {
                let remote = active.dialog.remote_tag().unwrap_or_default();
                let replaces = format!(
                    "{};to-tag={remote};from-tag={}",
                    active.dialog.call_id,
                    active.dialog.local_tag()
                );
                let mut to = to;
                to.headers = vec![("Replaces".to_owned(), replaces)];
                self.refer(id, held, &to.to_string(), Some(call.clone()));
            }
            Stage::Calling(_) => {
                self.hang_up(call, FailureCause::Transferred);
                self.refer(id, held, &to.to_string(), None);
            }
            _ => self.done(id, Err(BackendError::WrongState)),
        }
    }

    /// Asks the far end of a call to call `to`.
    pub(super) fn refer(&mut self, id: u64, call: &CallId, to: &str, with: Option<CallId>) {
        let number = self.next_number();
        let until = self.now + REFER_LIMIT;
        let own = Uri::sip(&self.account.user, &self.account.domain);
        let leg = self.legs.get_mut(call);
        let Some(leg) = leg.filter(|leg| leg.is_up() && leg.transfer.is_none()) else {
            return self.done(id, Err(BackendError::WrongState));
        };
        leg.transfer = Some(Transfer::Asked {
            id: Some(id),
            with,
            accepted: false,
            until,
        });
        let mut request = leg.dialog.request(Method::Refer, number);
        request.headers.push("Contact", self.contact().to_string());
        request.headers.push("Refer-To", format!("<{to}>"));
        request.headers.push("Referred-By", format!("<{own}>"));
        self.ask(request, Purpose::Refer(call.clone()));
    }

    pub(super) fn refer_answered(&mut self, call: &CallId, response: &Response) {
        match response.status {
            ..200 => {}
            200..300 => {
                let limit = self.now + NEWS;
                let leg = self.legs.get_mut(call);
                if let Some(Transfer::Asked {
                    accepted, until, ..
                }) = leg.and_then(|leg| leg.transfer.as_mut())
                {
                    *accepted = true;
                    *until = limit;
                }
            }
            status => self.refer_failed(call, status),
        }
    }

    pub(super) fn refer_failed(&mut self, call: &CallId, status: u16) {
        let Some(leg) = self.legs.get_mut(call) else {
            return;
        };
        if let Some(Transfer::Asked { id, .. }) = &leg.transfer {
            let id = *id;
            leg.transfer = None;
            if let Some(id) = id {
                let error = match status {
                    405 | 501 | 489 => BackendError::Unsupported,
                    status => BackendError::CallFailed(convert::cause(status)),
                };
                self.done(id, Err(error));
            }
        }
    }

    /// The far end tells how its call to the third goes (RFC 3515 §2.4.5).
    pub(super) fn notified(&mut self, key: &ServerKey, request: &Request, call: &CallId) {
        let refers = request.headers.get("Event").is_some_and(|event| {
            let package = event.split(';').next().unwrap_or_default().trim();
            package.eq_ignore_ascii_case("refer")
        });
        let asked = self.legs.get(call);
        let asked = asked.is_some_and(|leg| matches!(leg.transfer, Some(Transfer::Asked { .. })));
        if !refers || !asked {
            return self.reply(key, request, if refers { 481 } else { 489 });
        }
        self.reply(key, request, 200);
        match fragment_status(&request.body) {
            Some(..=179) | None => {}
            // It rings there: for a person the call is handed over.
            Some(180..300) => self.handed_over(call),
            Some(status) => self.refer_failed(call, status),
        }
    }

    /// Whether a call's far end is about to leave because of a transfer.
    pub(super) fn hands_over(&self, call: &CallId) -> bool {
        let leg = self.legs.get(call);
        leg.is_some_and(|leg| matches!(leg.transfer, Some(Transfer::Asked { .. })))
    }

    fn handed_over(&mut self, call: &CallId) {
        let Some(leg) = self.legs.get_mut(call) else {
            return;
        };
        let Some(Transfer::Asked { id, with, .. }) = leg.transfer.take() else {
            return;
        };
        if let Some(id) = id {
            self.done(id, Ok(Outcome::Done));
        }
        for call in with.into_iter().chain([call.clone()]) {
            self.hang_up(&call, FailureCause::Transferred);
        }
    }

    pub(super) fn pass_time_of_transfer(&mut self, call: &CallId) {
        let now = self.now;
        let leg = self.legs.get(call);
        match leg.and_then(|leg| leg.transfer.as_ref()) {
            // Many tell nothing before somebody has answered: it rings there, as far as is known.
            Some(Transfer::Asked {
                accepted: true,
                until,
                ..
            }) if now >= *until => self.handed_over(call),
            Some(Transfer::Asked { until, .. }) if now >= *until => self.refer_failed(call, 408),
            _ => {}
        }
    }
}

/// This side is sent to somebody else.
impl Agent {
    /// REFER inside a call. Only to who is one of this domain and not outside of the house: a far end
    /// doesn't make this user's telephone call what costs money.
    pub(super) fn referred(&mut self, key: &ServerKey, request: &Request, call: &CallId) {
        let to = request.headers.refer_to().ok();
        let Some(to) = to.map(|to| to.uri) else {
            return self.reply(key, request, 400);
        };
        let replaces = to.headers.iter();
        let replaces = replaces
            .clone()
            .find(|(name, _)| name.eq_ignore_ascii_case("Replaces"));
        let replaces = replaces.map(|(_, value)| value.clone());
        // A dialog to take over is easily made up, so it opens no way outside.
        let allowed = to.host.eq_ignore_ascii_case(&self.account.domain) && is_inside(&to);
        let Some(leg) = self.legs.get_mut(call) else {
            return self.reply(key, request, 481);
        };
        if !leg.is_up() || leg.transfer.is_some() || !matches!(leg.round, Round::None) {
            return self.reply(key, request, 491);
        }
        if !allowed {
            return self.reply(key, request, 603);
        }
        let mut to = to;
        to.headers.clear();
        to.params.remove("method");
        leg.transfer = Some(Transfer::Obeying { to, replaces });
        leg.meet(true);
        leg.call.remote.state = ConnectionState::Connected;
        self.reply(key, request, 202);
        self.notify(call, 100, false);
        self.changed(call);
    }

    /// Our offer for the third is there: calls it.
    pub(super) fn follow(&mut self, id: u64, call: &CallId, sdp: String) {
        let (local, call_id, number) = (self.own_address(), (self.token)(), self.next_number());
        let route = self.registration.route();
        let Some(leg) = self.legs.get_mut(call) else {
            return self.done(id, Err(BackendError::NotFound));
        };
        let Some(Transfer::Obeying { to, replaces }) = leg.transfer.take() else {
            return self.done(id, Err(BackendError::WrongState));
        };
        let dialog = Dialog::new(call_id, local, Address::new(to), route);
        let mut request = dialog.request(Method::Invite, number);
        if let Some(replaces) = replaces {
            request.headers.push("Replaces", replaces);
            request.headers.push("Require", "replaces");
        }
        request
            .headers
            .push("Referred-By", format!("<{}>", leg.dialog.remote.uri));
        leg.ours = Some(sdp.clone());
        leg.transfer = Some(Transfer::Calling(Box::new(dialog)));
        let request = self.with_offer(request, sdp);
        self.ask(request, Purpose::Follow(call.clone()));
        self.done(id, Ok(Outcome::Done));
    }

    pub(super) fn follow_answered(
        &mut self,
        call: &CallId,
        request: &Request,
        response: &Response,
    ) {
        match response.status {
            ..=100 => {}
            101..200 => self.notify(call, response.status, false),
            200..300 => self.followed(call, request, response),
            status => self.follow_failed(call, status),
        }
    }

    fn followed(&mut self, call: &CallId, request: &Request, response: &Response) {
        let leg = self.legs.get_mut(call);
        let transfer = leg.and_then(|leg| leg.transfer.take());
        let Some(Transfer::Calling(asked)) = transfer else {
            // Given up while it was being answered.
            return self.refuse_accepted(request, response, None);
        };
        let Ok(dialog) = asked.opened_by(response) else {
            return self.follow_failed(call, 500);
        };
        self.notify(call, 200, true);
        let domain = self.account.domain.clone();
        let Some(leg) = self.legs.get_mut(call) else {
            return;
        };
        leg.call.remote.party = convert::party(&dialog.remote, &domain);
        leg.call.remote.state = ConnectionState::Connected;
        leg.call.local = ConnectionState::Connected;
        leg.agree(&response.headers, true, self.now);
        let former = std::mem::replace(&mut leg.dialog, dialog);
        let has_sdp = is_sdp(&response.headers, &response.body);
        let taken = has_sdp && leg.answered(&response.body).is_some();
        self.acknowledge(call, request);
        self.leave(call, former);
        match taken {
            true => self.changed(call),
            false => self.hang_up(call, FailureCause::MediaFailed),
        }
    }

    /// The third can't be had: back to whom it was.
    pub(super) fn follow_failed(&mut self, call: &CallId, status: u16) {
        self.notify(call, status, true);
        if let Some(leg) = self.legs.get_mut(call) {
            leg.transfer = None;
            leg.meet(true);
            self.changed(call);
        }
    }

    /// Whether this call's far end has sent us to somebody whom we are calling.
    pub(super) fn is_followed(&self, call: &CallId) -> bool {
        let leg = self.legs.get(call);
        leg.is_some_and(|leg| {
            matches!(
                leg.transfer,
                Some(Transfer::Calling(_) | Transfer::Obeying { .. })
            )
        })
    }

    /// Whom we were sent by has gone before the third has answered; that is how many do it.
    pub(super) fn left_while_following(&mut self, call: &CallId) {
        if let Some(leg) = self.legs.get_mut(call)
            && let Some(Transfer::Obeying { .. }) = leg.transfer
        {
            // Not even our offer is there: nothing has been sent yet, it will be.
            leg.far_end.generation = leg.generation;
        }
    }

    /// Tells whom we were sent by how it goes (RFC 3515 §2.4.4).
    fn notify(&mut self, call: &CallId, status: u16, last: bool) {
        let number = self.next_number();
        let Some(leg) = self.legs.get(call) else {
            return;
        };
        let mut request = leg.dialog.request(Method::Notify, number);
        let state = match last {
            true => "terminated;reason=noresource",
            false => "active;expires=60",
        };
        request.headers.push("Contact", self.contact().to_string());
        request.headers.push("Event", "refer");
        request.headers.push("Subscription-State", state);
        request
            .headers
            .push("Content-Type", "message/sipfrag;version=2.0");
        request.body = format!("SIP/2.0 {status} {}\r\n", fragment_phrase(status)).into_bytes();
        self.ask(request, Purpose::Other);
    }

    /// A dialog that another has taken the place of: the other ends it, or we do after a while.
    pub(super) fn leave(&mut self, call: &CallId, former: Dialog) {
        let until = self.now + LEAVE;
        if let Some(leg) = self.legs.get_mut(call) {
            leg.left.push((former, until));
        }
    }
}

/// Somebody takes the place of the far end.
impl Agent {
    /// INVITE with `Replaces`: only that of a running call is taken, or of one of ours that rings there
    /// and is picked up (RFC 3891 §3).
    pub(super) fn replaced(
        &mut self,
        key: ServerKey,
        request: Request,
        tag: String,
        dialog: Dialog,
        replaces: &Replaces,
    ) {
        let is_it = |leg: &&mut Leg| {
            leg.dialog.call_id == replaces.call_id
                && leg.dialog.local_tag() == replaces.to_tag
                && match &leg.stage {
                    Stage::Up => leg.dialog.remote_tag() == Some(&replaces.from_tag),
                    _ => leg.rings_as(replaces),
                }
        };
        let domain = self.account.domain.clone();
        let Some(leg) = self.legs.values_mut().find(is_it) else {
            return self.reply(&key, &request, 481);
        };
        if replaces.early_only && leg.is_up() {
            return self.reply(&key, &request, 486);
        }
        if !matches!(leg.round, Round::None) || leg.transfer.is_some() {
            return self.reply(&key, &request, 491);
        }
        let call = leg.call.id.clone();
        let body = request.body.clone();
        leg.call.remote.party = convert::party(&dialog.remote, &domain);
        if leg.is_up() {
            leg.call.local = ConnectionState::Connected;
        }
        leg.meet(body.is_empty());
        if !body.is_empty() {
            leg.generation += 1;
            if leg.offered(&body).is_none() {
                return self.reply(&key, &request, 488);
            }
        }
        leg.round = Round::Theirs(Box::new(Invited {
            key,
            request,
            tag,
            until: self.now + ROUND,
            replacing: Some(dialog),
        }));
        self.changed(&call);
    }
}

/// Whether an address is a telephone of the house or a name: what a stranger may have us call.
fn is_inside(uri: &Uri) -> bool {
    let user = uri.user.as_deref().unwrap_or_default();
    let digits = user.chars().filter(char::is_ascii_digit).count();
    let named = user.chars().any(|c| c.is_ascii_alphabetic());
    named || (digits <= MOST_INSIDE && !user.starts_with(['0', '+']))
}

/// The status in a fragment of an answer (RFC 3420).
fn fragment_status(body: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(body).ok()?;
    let mut words = text.split_whitespace();
    words.next().filter(|version| *version == "SIP/2.0")?;
    words.next()?.parse().ok()
}

const fn fragment_phrase(status: u16) -> &'static str {
    match status {
        100 => "Trying",
        180..=189 => "Ringing",
        200 => "OK",
        _ => "Failed",
    }
}

/// From REFER to its success (our choice: within what a service may take).
const REFER_LIMIT: Duration = Duration::from_secs(18);
/// So long after its yes the far end may tell that the third can't be had (our choice).
const NEWS: Duration = Duration::from_secs(4);
/// How long a dialog is kept that another has taken the place of, before this side ends it (our
/// choice: the transferor ends it at once).
const LEAVE: Duration = Duration::from_secs(3);
/// The longest number that counts as one of the house (our choice).
const MOST_INSIDE: usize = 6;
