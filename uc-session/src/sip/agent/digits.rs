//! Keys beside the sound: INFO with `application/dtmf-relay`, as telephones and gateways do it that have no
//! telephone events (RFC 4733) in a call. No RFC describes the body; all send and take it.

use std::collections::VecDeque;

use uc_model::{CallId, Digits};
use uc_protocol::sip::{Method, Request, Response};

use super::{Agent, Output, Purpose, leg::Leg, transactions::ServerKey};
use crate::{
    port::{BackendError, Outcome},
    sip::convert,
};

/// Keys that wait for those before them, and who waits for that.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) id: u64,
    left: VecDeque<char>,
}

impl Agent {
    /// Generate Digits. Each key waits until the one before was taken: nothing else keeps their order.
    pub(super) fn generate_digits(&mut self, id: u64, call: &CallId, digits: &Digits) {
        let leg = self.legs.get_mut(call).filter(|leg| leg.is_up());
        let Some(leg) = leg else {
            return self.done(id, Err(BackendError::NotFound));
        };
        if leg.keys.len() >= MOST_WAITING {
            return self.done(id, Err(BackendError::Full));
        }
        let idle = leg.keys.is_empty();
        let left = digits.expose().chars().collect();
        leg.keys.push_back(Keys { id, left });
        if idle {
            self.send_key(call);
        }
    }

    /// Sends the next key, or tells that all were taken.
    fn send_key(&mut self, call: &CallId) {
        let number = self.next_number();
        while let Some(leg) = self.legs.get_mut(call)
            && let Some(keys) = leg.keys.front_mut()
        {
            if let Some(key) = keys.left.pop_front() {
                let mut request = leg.dialog.request(Method::Info, number);
                request.headers.push("Content-Type", BODY);
                request.body = format!("Signal={key}\r\nDuration={DURATION_MS}\r\n").into_bytes();
                return self.ask(request, Purpose::Key(call.clone()));
            }
            let id = keys.id;
            leg.keys.pop_front();
            self.done(id, Ok(Outcome::Done));
        }
    }

    pub(super) fn key_answered(&mut self, call: &CallId, response: &Response) {
        match response.status {
            ..200 => {}
            200..300 => self.send_key(call),
            status => self.key_failed(call, status),
        }
    }

    /// Of keys of which one wasn't taken the others aren't sent.
    pub(super) fn key_failed(&mut self, call: &CallId, status: u16) {
        let leg = self.legs.get_mut(call);
        let Some(keys) = leg.and_then(|leg| leg.keys.pop_front()) else {
            return;
        };
        self.done(keys.id, Err(convert::failure(status)));
        self.send_key(call);
    }

    /// INFO inside a call.
    pub(super) fn informed(&mut self, key: &ServerKey, request: &Request, call: &CallId) {
        match digit(request) {
            Some(digit) => {
                self.reply(key, request, 200);
                self.outputs.push_back(Output::Digit(call.clone(), digit));
            }
            None => self.reply(key, request, 415),
        }
    }
}

impl Leg {
    /// Who waits for keys to be taken.
    pub(super) fn take_key_waiters(&mut self) -> Vec<u64> {
        let waiting = self.keys.drain(..);
        waiting.map(|keys| keys.id).collect()
    }
}

/// The key that an INFO carries, in either of the two bodies in use.
fn digit(request: &Request) -> Option<char> {
    let kind = request.headers.get("Content-Type")?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let body = std::str::from_utf8(&request.body).ok()?;
    let signal = if kind.eq_ignore_ascii_case(BODY) {
        let mut fields = body.lines().filter_map(|line| line.split_once('='));
        let (_, value) = fields.find(|(name, _)| name.trim().eq_ignore_ascii_case("Signal"))?;
        value
    } else if kind.eq_ignore_ascii_case(SHORT_BODY) {
        body
    } else {
        return None;
    };
    // Some write star and pound as the numbers of RFC 4733's events.
    match signal.trim() {
        "10" => Some('*'),
        "11" => Some('#'),
        one => {
            let mut keys = one.chars();
            let key = keys.next()?.to_ascii_uppercase();
            let known = matches!(key, '0'..='9' | '*' | '#' | 'A'..='D');
            (known && keys.next().is_none()).then_some(key)
        }
    }
}

const BODY: &str = "application/dtmf-relay";
const SHORT_BODY: &str = "application/dtmf";
/// How long a key sounds at the other side, in milliseconds (our choice, as for telephone events).
const DURATION_MS: u32 = 160;
/// Requests for keys that wait for each other (our choice).
const MOST_WAITING: usize = 16;
