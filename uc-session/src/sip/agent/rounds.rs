//! Rounds of offer and answer inside a call (RFC 3261 §14, RFC 3311), and the timers of a call.

use std::time::Duration;

use uc_model::{CallId, FailureCause};
use uc_protocol::sip::{Method, Request, Response};

use super::{
    Agent, Purpose,
    leg::{Awaited, Invited, Leg, Round, SessionTimer, Stage, Transfer, Unacknowledged},
    outgoing::{ALLOW, SESSION, SUPPORTED, is_sdp},
    services::reply,
    transactions::{GIVE_UP, ServerKey, T1, T2},
};
use crate::{
    port::{BackendError, DescriptionKind, Outcome, SessionDescription},
    sip::convert,
};

impl Agent {
    /// Our offer inside a call: to the far end, or to the one who has taken its place.
    pub(super) fn offer(&mut self, id: u64, call: &CallId, offer: SessionDescription) {
        let Some(leg) = self.legs.get_mut(call) else {
            return self.done(id, Err(BackendError::NotFound));
        };
        let sdp = offer.sdp.into_inner();
        if matches!(leg.transfer, Some(Transfer::Obeying { .. })) {
            leg.generation = offer.generation;
            return self.follow(id, call, sdp);
        }
        if let Round::Theirs(invited) = &leg.round
            && invited.request.body.is_empty()
            && let Round::Theirs(invited) = std::mem::replace(&mut leg.round, Round::None)
        {
            leg.generation = offer.generation;
            let description = SessionDescription {
                generation: offer.generation,
                kind: DescriptionKind::Offer,
                sdp: sdp.into(),
            };
            self.accept(call, *invited, description);
            return self.done(id, Ok(Outcome::Done));
        }
        if !leg.is_up() {
            return self.done(id, Err(BackendError::WrongState));
        }
        if !matches!(leg.round, Round::None) || leg.unacknowledged.is_some() {
            return self.done(id, Err(BackendError::Glare));
        }
        leg.generation = offer.generation;
        leg.ours = Some(sdp.clone());
        leg.round = Round::Ours(Some(id));
        let number = self.next_number();
        let Some(leg) = self.legs.get(call) else {
            return;
        };
        let request = leg.dialog.request(Method::Invite, number);
        let request = self.with_offer(request, sdp);
        self.ask(request, Purpose::Offer(call.clone()));
    }

    pub(super) fn offer_answered(&mut self, call: &CallId, request: &Request, response: &Response) {
        match response.status {
            ..200 => {}
            200..300 => {
                if request.method == Method::Invite {
                    self.acknowledge(call, request);
                }
                self.offer_accepted(call, response);
            }
            status => self.offer_failed(call, status),
        }
    }

    fn offer_accepted(&mut self, call: &CallId, response: &Response) {
        let Some(leg) = self.legs.get_mut(call) else {
            return;
        };
        leg.dialog.refresh_target(&response.headers);
        leg.agree(&response.headers, true, self.now);
        let has_sdp = is_sdp(&response.headers, &response.body);
        let taken = has_sdp && leg.answered(&response.body).is_some();
        let round = std::mem::replace(&mut leg.round, Round::None);
        match (round, taken) {
            (Round::Ours(Some(id)), true) => self.done_with(id, call),
            (Round::Ours(Some(id)), false) => self.done(id, Err(BackendError::Malformed)),
            (Round::Ours(None), _) => self.changed(call),
            (other, _) => leg.round = other,
        }
    }

    pub(super) fn offer_failed(&mut self, call: &CallId, status: u16) {
        let Some(leg) = self.legs.get_mut(call) else {
            return;
        };
        let error = convert::failure(status);
        if error == BackendError::Glare {
            leg.generation = leg.generation.saturating_sub(1);
        }
        if let Round::Ours(Some(id)) = std::mem::replace(&mut leg.round, Round::None) {
            self.done(id, Err(error));
        }
        // The other side doesn't know the call any more (RFC 3261 §12.2.1.2).
        if matches!(status, 481 | 408) {
            self.hang_up(call, FailureCause::ServerLost);
        }
    }

    /// Their INVITE or UPDATE inside a call.
    pub(super) fn invited_again(&mut self, key: ServerKey, request: Request, call: &CallId) {
        let Some(leg) = self.legs.get_mut(call) else {
            return self.reply(&key, &request, 481);
        };
        if !request.body.is_empty() && !is_sdp(&request.headers, &request.body) {
            return self.reply(&key, &request, 415);
        }
        let invite = request.method == Method::Invite;
        match (&leg.round, &leg.stage) {
            // Both sides offer at once (RFC 3261 §14.2, RFC 3311 §5.2).
            (Round::Ours(_), _) if invite || !request.body.is_empty() => {
                return self.reply(&key, &request, 491);
            }
            (Round::Theirs(_), _) => return self.reply(&key, &request, 500),
            (_, Stage::Up) => {}
            _ if invite => return self.reply(&key, &request, 500),
            _ => {}
        }
        leg.dialog.refresh_target(&request.headers);
        leg.agree(&request.headers, false, self.now);
        let tag = leg.dialog.local_tag().to_owned();
        let invited = Invited {
            key,
            tag,
            replacing: None,
            request,
            until: self.now + ROUND,
        };
        let empty = invited.request.body.is_empty();
        let same = leg.theirs.as_deref() == Some(&invited.request.body[..]);
        match leg.ours.clone() {
            // The session is only kept alive (RFC 4028 §7.4), or tells where the other is now.
            _ if empty && !invite => self.accept_refresh(invited, None),
            Some(ours) if same && !empty => self.accept_again(call, invited, ours),
            _ => {
                match empty {
                    true => leg.meet(true),
                    false => {
                        leg.generation += 1;
                        if leg.offered(&invited.request.body.clone()).is_none() {
                            return self.refuse(&invited, 488, &[]);
                        }
                    }
                }
                leg.round = Round::Theirs(Box::new(invited));
                self.changed(call);
            }
        }
    }

    /// Our answer to their offer.
    pub(super) fn answer_offer(&mut self, id: u64, call: &CallId, answer: SessionDescription) {
        let Some(leg) = self.legs.get_mut(call) else {
            return self.done(id, Err(BackendError::NotFound));
        };
        match std::mem::replace(&mut leg.round, Round::None) {
            Round::Theirs(invited) if answer.generation == leg.generation => {
                self.accept(call, *invited, answer);
                self.done_with(id, call);
            }
            other => {
                leg.round = other;
                self.done(id, Err(BackendError::WrongState));
            }
        }
    }

    /// 200 with our description, sent until its ACK comes. Where it takes another call's place, that
    /// one's dialog is left.
    pub(super) fn accept(&mut self, call: &CallId, invited: Invited, ours: SessionDescription) {
        let Some(leg) = self.legs.get_mut(call) else {
            return self.refuse(&invited, 481, &[]);
        };
        let offers = ours.kind == DescriptionKind::Offer;
        let sdp = ours.sdp.into_inner();
        leg.generation = ours.generation;
        leg.ours = Some(sdp.clone());
        let replaced = invited.replacing.clone();
        if let Some(dialog) = replaced.clone() {
            let was_up = leg.is_up();
            let former = std::mem::replace(&mut leg.dialog, dialog);
            match was_up {
                true => self.leave(call, former),
                false => self.picked_up(call),
            }
        }
        let mut response = self.positive(call, &invited);
        response.headers.push("Content-Type", "application/sdp");
        response.body = sdp.into_bytes();
        self.answer(&invited.key, response.clone());
        if invited.request.method == Method::Invite {
            self.await_ack(call, &invited, response, offers);
        }
    }

    /// The same offer again gets the same answer, and nobody notices.
    fn accept_again(&mut self, call: &CallId, invited: Invited, ours: String) {
        let mut response = self.positive(call, &invited);
        response.headers.push("Content-Type", "application/sdp");
        response.body = ours.into_bytes();
        self.answer(&invited.key, response.clone());
        if invited.request.method == Method::Invite {
            self.await_ack(call, &invited, response, false);
        }
    }

    fn accept_refresh(&mut self, invited: Invited, call: Option<&CallId>) {
        let response = match call {
            Some(call) => self.positive(call, &invited),
            None => {
                let mut response = reply(&invited.request, 200, Some(&invited.tag));
                response.headers.push("Contact", self.contact().to_string());
                copy_timer(&invited.request, &mut response);
                response
            }
        };
        self.answer(&invited.key, response);
    }

    fn positive(&mut self, call: &CallId, invited: &Invited) -> Response {
        let mut response = reply(&invited.request, 200, Some(&invited.tag));
        response.headers.push("Contact", self.contact().to_string());
        response.headers.push("Allow", ALLOW);
        response.headers.push("Supported", SUPPORTED);
        if let Some(seconds) = copy_timer(&invited.request, &mut response)
            && let Some(leg) = self.legs.get_mut(call)
        {
            let expires = invited.request.headers.session_expires();
            let theirs = expires.and_then(|expires| expires.refresher);
            let ours = theirs == Some(uc_protocol::sip::Refresher::Uas);
            leg.timer = Some(SessionTimer::new(seconds, ours, self.now));
        }
        response
    }

    fn await_ack(&mut self, call: &CallId, invited: &Invited, response: Response, offers: bool) {
        let number = invited.request.headers.cseq().map_or(0, |cseq| cseq.number);
        if let Some(leg) = self.legs.get_mut(call) {
            leg.unacknowledged = Some(Unacknowledged {
                number,
                response,
                at: self.now + T1,
                pause: T1,
                until: self.now + GIVE_UP,
                awaits: if offers {
                    Awaited::Answer
                } else {
                    Awaited::Ack
                },
            });
        }
    }

    /// ACK of an accepted INVITE.
    pub(super) fn acknowledged(&mut self, request: &Request) {
        let headers = &request.headers;
        let tags = (
            headers.to(),
            headers.from(),
            headers.call_id(),
            headers.cseq(),
        );
        let (Ok(to), Ok(from), Ok(call_id), Ok(cseq)) = tags else {
            return;
        };
        let mut legs = self.legs.values_mut();
        let is_it = |leg: &&mut Leg| leg.dialog.has(call_id, to.tag(), from.tag());
        let Some(leg) = legs.find(is_it) else {
            return;
        };
        let call = leg.call.id.clone();
        let numbered = |waiting: &mut Unacknowledged| {
            waiting.awaits != Awaited::Prack && waiting.number == cseq.number
        };
        let Some(waited) = leg.unacknowledged.take_if(numbered) else {
            return;
        };
        if waited.awaits == Awaited::Answer {
            match is_sdp(headers, &request.body) && leg.answered(&request.body).is_some() {
                true => self.changed(&call),
                false => self.hang_up(&call, FailureCause::MediaFailed),
            }
        }
    }

    /// After a change of our address the others are told in each call (RFC 3261 §12.2, target
    /// refresh).
    pub(super) fn tell_where_we_are(&mut self) {
        let up = self.legs.values().filter(|leg| leg.is_up());
        let up: Vec<CallId> = up.map(|leg| leg.call.id.clone()).collect();
        for call in up {
            if let Some(leg) = self.legs.get_mut(&call) {
                leg.renewal = Some((self.now + RENEWAL, 0));
            }
            self.refresh(&call);
        }
    }

    /// Keeps a session alive: UPDATE without a description, or else the last one once more.
    fn refresh(&mut self, call: &CallId) {
        let number = self.next_number();
        let Some(leg) = self.legs.get_mut(call) else {
            return;
        };
        if !matches!(leg.round, Round::None) || leg.unacknowledged.is_some() {
            return;
        }
        let seconds = leg.timer.map_or(SESSION, |timer| timer.seconds);
        let request = match (leg.takes_update, leg.ours.clone()) {
            (false, Some(sdp)) => {
                leg.round = Round::Ours(None);
                let request = leg.dialog.request(Method::Invite, number);
                self.with_offer(request, sdp)
            }
            _ => {
                let mut request = leg.dialog.request(Method::Update, number);
                request.headers.push("Contact", self.contact().to_string());
                request.headers.push("Supported", SUPPORTED);
                let expires = format!("{seconds};refresher=uac");
                request.headers.push("Session-Expires", expires);
                request
            }
        };
        self.ask(request, Purpose::Refresh(call.clone()));
    }

    pub(super) fn refresh_answered(
        &mut self,
        call: &CallId,
        request: &Request,
        response: &Response,
    ) {
        if response.status < 200 {
            return;
        }
        let accepted = response.status < 300;
        if accepted && request.method == Method::Invite {
            self.acknowledge(call, request);
        }
        let Some(leg) = self.legs.get_mut(call) else {
            return;
        };
        if request.method == Method::Invite {
            leg.round = Round::None;
        }
        match response.status {
            200..300 => {
                leg.renewal = None;
                leg.dialog.refresh_target(&response.headers);
                leg.agree(&response.headers, true, self.now);
            }
            481 => self.hang_up(call, FailureCause::ServerLost),
            // The other isn't back yet either, or does it in a moment: tried again for a while.
            _ => {
                if let Some(timer) = leg.timer.as_mut().filter(|timer| timer.ours) {
                    timer.at = self.now + REFRESH_AGAIN;
                }
            }
        }
    }

    pub(super) fn refresh_unanswered(&mut self, call: &CallId) {
        if let Some(leg) = self.legs.get_mut(call)
            && let Round::Ours(None) = leg.round
        {
            leg.round = Round::None;
        }
    }

    /// Looks at what is due of a call.
    pub(super) fn pass_time_of(&mut self, call: &CallId) {
        let now = self.now;
        let Some(leg) = self.legs.get_mut(call) else {
            return;
        };
        if let Stage::Calling(calling) = &mut leg.stage
            && let Some((id, _)) = calling.asked.take_if(|(_, until)| now >= *until)
        {
            return self.done_with(id, call);
        }
        if let Round::Theirs(invited) = &leg.round
            && now >= invited.until
            && let Round::Theirs(invited) = std::mem::replace(&mut leg.round, Round::None)
        {
            // What was agreed before still holds (RFC 3261 §14.2).
            return self.refuse(&invited, 488, &[]);
        }
        let left: Vec<_> = leg
            .left
            .extract_if(.., |(_, until)| now >= *until)
            .collect();
        for (dialog, _) in left {
            self.say_bye(&dialog);
        }
        let Some(leg) = self.legs.get_mut(call) else {
            return;
        };
        if let Some(waiting) = &mut leg.unacknowledged {
            if now >= waiting.until {
                leg.unacknowledged = None;
                return self.hang_up_lost(call);
            }
            if now >= waiting.at {
                waiting.pause = (waiting.pause * 2).min(T2);
                waiting.at = now + waiting.pause;
                let again = uc_protocol::sip::Message::Response(waiting.response.clone());
                self.outputs.push_back(super::Output::Send(again));
            }
        }
        let Some(leg) = self.legs.get_mut(call) else {
            return;
        };
        if let Some(timer) = leg.timer.filter(|timer| now >= timer.at && leg.is_up()) {
            if !timer.ours {
                return self.hang_up_lost(call);
            }
            leg.timer = Some(SessionTimer::new(timer.seconds, true, now));
            self.refresh(call);
        }
        let Some(leg) = self.legs.get_mut(call) else {
            return;
        };
        if let Some((at, tries)) = leg.renewal.filter(|(at, _)| now >= *at) {
            leg.renewal = (tries < MOST_RENEWALS).then_some((at + RENEWAL, tries + 1));
            let purpose = Purpose::Refresh(call.clone());
            if self.clients.find(|sent| sent.purpose == purpose).is_none() {
                self.refresh(call);
            }
        }
        self.pass_time_of_transfer(call);
    }
}

/// Repeats what was asked of the session's timer: the other refreshes, unless it wants us to.
fn copy_timer(request: &Request, response: &mut Response) -> Option<u32> {
    let expires = request.headers.session_expires()?;
    let refresher = match expires.refresher {
        Some(uc_protocol::sip::Refresher::Uas) => "uas",
        _ => "uac",
    };
    let value = format!("{};refresher={refresher}", expires.seconds);
    response.headers.push("Session-Expires", value);
    if request.headers.has_token("Supported", "timer") {
        response.headers.push("Require", "timer");
    }
    Some(expires.seconds)
}

impl Leg {
    pub(super) fn next_timeout(&self) -> Option<Duration> {
        let calling = match &self.stage {
            Stage::Calling(calling) => calling.asked.map(|(_, until)| until),
            _ => None,
        };
        let unacknowledged = self.unacknowledged.as_ref();
        let unacknowledged = unacknowledged.map(|waiting| waiting.at.min(waiting.until));
        let timer = self.timer.filter(|_| self.is_up()).map(|timer| timer.at);
        let left = self.left.iter().map(|(_, until)| *until).min();
        let transfer = match &self.transfer {
            Some(Transfer::Asked { until, .. }) => Some(*until),
            _ => None,
        };
        let renewal = self.renewal.map(|(at, _)| at);
        let round = match &self.round {
            Round::Theirs(invited) => Some(invited.until),
            _ => None,
        };
        [
            calling,
            round,
            unacknowledged,
            timer,
            left,
            transfer,
            renewal,
        ]
        .into_iter()
        .flatten()
        .min()
    }
}

/// How long this side may take for an answer to a further offer (our choice: the other side's transaction lasts
/// 32 s).
pub(super) const ROUND: Duration = Duration::from_secs(8);
/// So often the other is told where this side is, until it has answered (our choice: after a server's
/// restart it may not be back yet).
const RENEWAL: Duration = Duration::from_secs(2);
/// See [`RENEWAL`].
const MOST_RENEWALS: u8 = 15;
/// The pause before a refresh that was refused is tried again (our choice).
const REFRESH_AGAIN: Duration = Duration::from_secs(5);
