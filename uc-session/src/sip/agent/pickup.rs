//! Directed pickup: whoever watches a telephone that rings (RFC 4235) takes the call's place at its caller
//! (RFC 3891, RFC 5359 §2.15), in all three roles.

use std::time::Duration;

use uc_model::{CallDirection, CallId};
use uc_protocol::sip::{
    Address, DialogInfo, DialogState, Method, Replaces, Request, Response, Uri, WatchedDialog,
};

use super::{
    Agent, Purpose,
    dialog::Dialog,
    leg::{Calling, Leg, Stage},
    outgoing::{ACCEPTANCE, MOST_LEGS},
    services::reply,
    transactions::ServerKey,
};
use crate::{
    port::{BackendError, SessionDescription},
    sip::convert,
};

/// A telephone that was asked what rings there.
#[derive(Debug)]
pub(super) struct Watch {
    /// Who waits for the call that rings there.
    id: u64,
    dialog: Dialog,
    until: Duration,
}

/// This side takes the call.
impl Agent {
    /// Directed Pickup Call, first half: asks the telephones of an address what rings there.
    pub(super) fn pick_up(&mut self, id: u64, uri: Uri) {
        if self.legs.len() + self.watches.len() >= MOST_LEGS {
            return self.done(id, Err(BackendError::Full));
        }
        let (local, call_id, number) = (self.own_address(), (self.token)(), self.next_number());
        let route = self.registration.route();
        let dialog = Dialog::new(call_id, local, Address::new(uri), route);
        let mut request = dialog.request(Method::Subscribe, number);
        request.headers.push("Contact", self.contact().to_string());
        request.headers.push("Event", EVENT);
        request.headers.push("Accept", DialogInfo::TYPE);
        // Once: nobody is watched for longer than that.
        request.headers.push("Expires", "0");
        self.watches.push(Watch {
            id,
            dialog,
            until: self.now + PATIENCE,
        });
        self.ask(request, Purpose::Watch(id));
    }

    pub(super) fn watch_answered(&mut self, id: u64, response: &Response) {
        let error = match response.status {
            ..300 => return,
            403 | 405 | 489 | 501 | 603 => BackendError::Unsupported,
            status => BackendError::CallFailed(convert::cause(status)),
        };
        self.watch_failed(id, error);
    }

    pub(super) fn watch_failed(&mut self, id: u64, error: BackendError) {
        let waited = self.watches.extract_if(.., |watch| watch.id == id);
        if waited.count() > 0 {
            self.done(id, Err(error));
        }
    }

    /// Takes a NOTIFY of a telephone that was asked; `false` if none was.
    pub(super) fn is_told(&mut self, key: &ServerKey, request: &Request) -> bool {
        let headers = &request.headers;
        let (Ok(to), Ok(call_id)) = (headers.to(), headers.call_id()) else {
            return false;
        };
        // One address may be that of several telephones, and each tells.
        let is_of =
            |watch: &Watch| watch.dialog.call_id == call_id && watch.dialog.local.tag() == to.tag();
        let Some(at) = self.watches.iter().position(is_of) else {
            return false;
        };
        if request.method != Method::Notify || headers.event() != Some(EVENT) {
            self.reply(key, request, 489);
            return true;
        }
        self.reply(key, request, 200);
        let info = DialogInfo::read(&request.body).ok();
        let ringing = info.and_then(|info| info.dialogs.into_iter().find_map(Ringing::of));
        match ringing {
            Some(ringing) => {
                let id = self.watches.remove(at).id;
                self.found_ringing(id, ringing);
            }
            None => {
                let soon = self.now + OTHERS;
                let until = &mut self.watches[at].until;
                *until = soon.min(*until);
            }
        }
        true
    }

    fn found_ringing(&mut self, id: u64, ringing: Ringing) {
        let Ok(call) = CallId::new((self.token)()) else {
            return self.done(id, Err(BackendError::RefusedValue));
        };
        let (local, call_id) = (self.own_address(), (self.token)());
        let party = convert::party(&ringing.remote, &self.account.domain);
        let mut dialog = Dialog::new(call_id, local, ringing.remote, self.registration.route());
        dialog.target = ringing.target;
        let stage = Stage::PickingUp(ringing.replaces);
        let direction = CallDirection::Incoming;
        let mut leg = Leg::new(call.clone(), direction, party, dialog, stage, self.wall);
        leg.generation = 0;
        leg.meet(true);
        self.legs.insert(call.clone(), leg);
        self.done_with(id, &call);
    }

    /// Second half, once this side has an offer: its caller is asked to talk with us instead.
    pub(super) fn take_over(&mut self, id: u64, call: &CallId, ours: SessionDescription) {
        let number = self.next_number();
        let asked = Some((id, self.now + ACCEPTANCE));
        let Some(leg) = self.legs.get_mut(call) else {
            return self.done(id, Err(BackendError::NotFound));
        };
        let calling = Stage::Calling(Calling::new(asked));
        let Stage::PickingUp(replaces) = std::mem::replace(&mut leg.stage, calling) else {
            return self.done(id, Err(BackendError::WrongState));
        };
        let sdp = ours.sdp.into_inner();
        leg.generation = ours.generation;
        leg.ours = Some(sdp.clone());
        let mut request = leg.dialog.request(Method::Invite, number);
        request.headers.push("Replaces", replaces.to_string());
        request.headers.push("Require", "replaces");
        let request = self.with_offer(request, sdp);
        self.ask(request, Purpose::Invite(call.clone()));
    }

    /// Nothing rings at those who were asked.
    pub(super) fn pass_time_of_watches(&mut self) {
        let now = self.now;
        let silent: Vec<u64> = self
            .watches
            .extract_if(.., |watch| now >= watch.until)
            .map(|watch| watch.id)
            .collect();
        for id in silent {
            self.done(id, Err(BackendError::WrongState));
        }
    }

    pub(super) fn next_timeout_of_watches(&self) -> Option<Duration> {
        self.watches.iter().map(|watch| watch.until).min()
    }
}

/// A call that rings at another telephone.
struct Ringing {
    remote: Address,
    target: Uri,
    /// As its caller sees it.
    replaces: Replaces,
}

impl Ringing {
    fn of(dialog: WatchedDialog) -> Option<Self> {
        let rings = dialog.is_recipient && dialog.state == DialogState::Early;
        let to_tag = dialog.remote_tag.filter(|_| rings)?;
        let remote = dialog
            .remote
            .or_else(|| dialog.target.clone().map(Address::new))?;
        Some(Self {
            target: dialog.target.unwrap_or_else(|| remote.uri.clone()),
            remote,
            replaces: Replaces {
                call_id: dialog.call_id,
                to_tag,
                from_tag: dialog.local_tag,
                early_only: true,
            },
        })
    }
}

/// Calls ring here, and somebody asks which.
impl Agent {
    /// SUBSCRIBE: told once, to users of the same domain, what rings here and nothing else. Watching for
    /// longer is the part of servers.
    pub(super) fn watched(&mut self, key: &ServerKey, request: &Request) {
        let headers = &request.headers;
        if headers.event() != Some(EVENT) {
            return self.reply(key, request, 489);
        }
        let from = headers.from().ok().map(|from| from.uri.host);
        let colleague = from.is_some_and(|host| host.eq_ignore_ascii_case(&self.account.domain));
        if !self.account.tells_ringing || !colleague || headers.expires() != Some(0) {
            return self.reply(key, request, 403);
        }
        let tag = (self.token)();
        let Ok(dialog) = Dialog::asked_for_by(request, &tag) else {
            return self.reply(key, request, 400);
        };
        let mut response = reply(request, 200, Some(&tag));
        response.headers.push("Contact", self.contact().to_string());
        response.headers.push("Expires", "0");
        self.answer(key, response);
        let own = Uri::sip(&self.account.user, &self.account.domain);
        let info = DialogInfo {
            entity: own.to_string(),
            dialogs: self.legs.values().filter_map(Leg::ringing).collect(),
        };
        let number = self.next_number();
        let mut notify = dialog.request(Method::Notify, number);
        notify.headers.push("Contact", self.contact().to_string());
        notify.headers.push("Event", EVENT);
        let state = "terminated;reason=timeout";
        notify.headers.push("Subscription-State", state);
        notify.headers.push("Content-Type", DialogInfo::TYPE);
        notify.body = info.write();
        self.ask(notify, Purpose::Other);
    }
}

impl Leg {
    /// This call as one that others may take, while it rings here.
    fn ringing(&self) -> Option<WatchedDialog> {
        let Stage::Ringing(invited) = &self.stage else {
            return None;
        };
        let mut remote = self.dialog.remote.clone();
        let remote_tag = remote.tag().map(str::to_owned);
        remote.params = Default::default();
        Some(WatchedDialog {
            call_id: self.dialog.call_id.clone(),
            local_tag: invited.tag.clone(),
            remote_tag,
            is_recipient: true,
            state: DialogState::Early,
            remote: Some(remote),
            target: Some(self.dialog.target.clone()),
        })
    }

    /// Whether this is a call of ours that rings at the telephone which `replaces` names.
    pub(super) fn rings_as(&self, replaces: &Replaces) -> bool {
        match &self.stage {
            Stage::Calling(calling) => calling.rang.contains(&replaces.from_tag),
            _ => false,
        }
    }
}

/// Somebody takes the call that this side makes.
impl Agent {
    /// Whoever has taken the call's place is connected: it rings nowhere any more.
    pub(super) fn picked_up(&mut self, call: &CallId) {
        let wall = self.wall;
        let Some(leg) = self.legs.get_mut(call) else {
            return;
        };
        let Stage::Calling(calling) = &mut leg.stage else {
            return;
        };
        let asked = calling.asked.take();
        self.cancel_because(call, Some(ELSEWHERE));
        if let Some(leg) = self.legs.get_mut(call) {
            leg.connect(wall);
        }
        if let Some((id, _)) = asked {
            self.done_with(id, call);
        }
    }
}

/// RFC 4235 §3.1.
const EVENT: &str = "dialog";
/// RFC 3326: what the telephones are told that rang.
const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";
/// How long a telephone may take to tell what rings there (our choice).
const PATIENCE: Duration = Duration::from_secs(6);
/// So long after the first that has nothing the others are waited for (our choice).
const OTHERS: Duration = Duration::from_secs(1);
