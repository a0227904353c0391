//! Provisional answers that are acknowledged (RFC 3262), from either side.

use uc_model::CallId;
use uc_protocol::sip::{Method, Request, Response};

use super::{
    Agent, Purpose,
    dialog::Dialog,
    leg::{Awaited, Unacknowledged},
    transactions::{GIVE_UP, ServerKey, T1},
};

impl Agent {
    /// Marks our answer as one that the other has to acknowledge, if it has insisted on that. Without
    /// need it isn't done: the call itself waits for nothing then.
    pub(super) fn make_reliable(
        &self,
        request: &Request,
        response: &mut Response,
    ) -> Option<Unacknowledged> {
        if !request.headers.has_token("Require", OPTION) {
            return None;
        }
        response.headers.push("Require", OPTION);
        response.headers.push("RSeq", RSEQ.to_string());
        Some(Unacknowledged {
            number: RSEQ,
            response: response.clone(),
            at: self.now + T1,
            pause: T1,
            until: self.now + GIVE_UP,
            awaits: Awaited::Prack,
        })
    }

    /// PRACK for our answer.
    pub(super) fn provisionally_acknowledged(
        &mut self,
        key: &ServerKey,
        request: &Request,
        call: &CallId,
    ) {
        let named = request.headers.rack();
        let is_meant = |waiting: &mut Unacknowledged| {
            let cseq = waiting.response.headers.cseq();
            matches!((&named, cseq), (Some(named), Ok(cseq))
                if waiting.awaits == Awaited::Prack
                    && (named.rseq, named.cseq, &named.method)
                        == (waiting.number, cseq.number, &Method::Invite))
        };
        let leg = self.legs.get_mut(call);
        let known = leg.and_then(|leg| leg.unacknowledged.take_if(is_meant));
        self.reply(key, request, if known.is_some() { 200 } else { 481 });
    }

    /// Sends the PRACK for an answer of theirs that wants one.
    pub(super) fn acknowledge_provisional(
        &mut self,
        request: &Request,
        response: &Response,
        early: &Dialog,
    ) {
        let reliable = response.headers.has_token("Require", OPTION);
        let (true, Some(rseq), Ok(cseq)) =
            (reliable, response.headers.rseq(), request.headers.cseq())
        else {
            return;
        };
        let number = self.next_number();
        let mut prack = early.request(Method::Prack, number);
        let acknowledged = format!("{rseq} {} INVITE", cseq.number);
        prack.headers.push("RAck", acknowledged);
        self.ask(prack, Purpose::Other);
    }
}

/// RFC 3262 §8.
pub(super) const OPTION: &str = "100rel";
/// The number of our answer: each INVITE has one such answer only.
const RSEQ: u32 = 1;
