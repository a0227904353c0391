//! A user agent (RFC 3261) without sockets and clocks: messages, wishes and time go in, messages and
//! news come out. What it is told in the same order gives the same.

mod conference;
mod dialog;
mod digits;
mod incoming;
mod leg;
mod outgoing;
mod pickup;
mod provisional;
mod registration;
mod rounds;
mod sdp;
mod services;
mod transactions;
mod transfer;

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use uc_model::{CallId, FailureCause, Redacted, Rev, Timestamp};
use uc_protocol::{
    sip::{
        Address, Message, Params, Request, Response, Uri, Via,
        digest::{Challenge, Credentials},
        flow::Transport,
    },
    ucx::Secret,
};

pub(super) use self::services::reply;
use self::{
    leg::Leg,
    pickup::Watch,
    registration::Registration,
    transactions::{Clients, ServerKey, Servers},
};
use crate::{
    clock::Now,
    port::{BackendError, CallUpdate, Outcome, ServerChange, Service},
};

/// Whose agent it is.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) user: String,
    pub(super) password: Redacted<String>,
    /// The domain of the user's address; names the registrar.
    pub(super) domain: String,
    /// Whether users of the domain may ask what rings here.
    pub(super) tells_ringing: bool,
}

/// By which way messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) transport: Transport,
    pub(super) local: SocketAddr,
}

/// What reaches the agent. `id`: who waits for [`Output::Done`].
#[derive(Debug)]
pub(super) enum Input {
    /// There is a path: registers over it.
    Path { id: u64, path: Path },
    /// The path is gone; what is unanswered waits for the next one.
    PathLost,
    /// Something came over the path.
    Received(Message),
    /// Something the user wants.
    Serve { id: u64, service: Service },
    /// Whether calls ring here.
    Listen { id: u64, calls: bool },
    /// Whether the server still answers.
    Probe { id: u64 },
    /// Ends the registration.
    SignOut { id: u64 },
    /// Time has passed.
    Time,
}

/// What the agent wants.
#[derive(Debug)]
pub(super) enum Output {
    /// To send this over the path.
    Send(Message),
    /// The end of what was asked.
    Done(u64, Result<Outcome, BackendError>),
    /// News.
    Change(ServerChange),
    /// The far end of a call has pressed a key.
    Digit(CallId, char),
    /// The registrar doesn't take the user any more.
    SignedOut,
    /// The registrar doesn't answer any more.
    Silent,
}

/// What a request of this side is for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Purpose {
    Register {
        id: Option<u64>,
    },
    Probe {
        id: u64,
    },
    /// The first INVITE of a call.
    Invite(CallId),
    /// An INVITE or UPDATE with an offer inside a call.
    Offer(CallId),
    /// One that only keeps the session alive or tells where we are now.
    Refresh(CallId),
    Refer(CallId),
    /// A key of a call.
    Key(CallId),
    /// What rings at a telephone; for whom.
    Watch(u64),
    /// The INVITE to whom a transfer has sent us.
    Follow(CallId),
    /// Whatever comes of it changes nothing.
    Other,
}

/// A purpose, and how often it was tried with credentials.
#[derive(Debug, Clone)]
struct Sent {
    purpose: Purpose,
    tries: u8,
}

/// See the module.
pub(super) struct Agent {
    account: Account,
    /// Text that nobody can guess, for tags, branches and the like.
    token: Box<dyn FnMut() -> String + Send + Sync>,
    path: Option<Path>,
    now: Duration,
    wall: Timestamp,
    registration: Registration,
    clients: Clients<Sent>,
    servers: Servers,
    legs: BTreeMap<CallId, Leg>,
    /// Telephones that were asked what rings there.
    watches: Vec<Watch>,
    /// The newest challenge of the server, one for `WWW-` and one for `Proxy-Authenticate`, and how
    /// often it was answered.
    challenges: [Option<(Challenge, u32)>; 2],
    number: u32,
    rev: u64,
    outputs: VecDeque<Output>,
}

impl Agent {
    pub(super) fn new(
        account: Account,
        mut token: Box<dyn FnMut() -> String + Send + Sync>,
    ) -> Self {
        Self {
            registration: Registration::new(token()),
            account,
            token,
            path: None,
            now: Duration::ZERO,
            wall: Timestamp(0),
            clients: Clients::new(),
            servers: Servers::new(),
            legs: BTreeMap::new(),
            watches: Vec::new(),
            challenges: [None, None],
            number: 0,
            rev: 0,
            outputs: VecDeque::new(),
        }
    }

    pub(super) fn handle_input(&mut self, input: Input, now: Now) {
        self.now = now.monotonic;
        self.wall = Timestamp(now.wall_ms);
        match input {
            Input::Path { id, path } => self.take_path(id, path),
            Input::PathLost => self.lose_path(),
            Input::Received(message) => self.received(message),
            Input::Serve { id, service } => self.serve(id, service),
            Input::Listen { id, calls } => self.listen(id, calls),
            Input::Probe { id } => self.probe(id),
            Input::SignOut { id } => self.sign_out(id),
            Input::Time => {}
        }
        self.pass_time();
    }

    /// An answer that isn't in order belongs to nothing; a request is refused.
    fn received(&mut self, message: Message) {
        let in_order = message.check().is_ok();
        match message {
            Message::Request(request) => self.requested(request),
            Message::Response(response) if in_order => self.responded(&response),
            Message::Response(_) => {}
        }
    }

    pub(super) fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to come back.
    pub(super) fn next_timeout(&self) -> Option<Duration> {
        let legs = self.legs.values().filter_map(Leg::next_timeout);
        [
            self.registration.next_timeout(),
            self.clients.next_timeout(),
            self.servers.next_timeout(),
            self.next_timeout_of_watches(),
        ]
        .into_iter()
        .flatten()
        .chain(legs)
        .min()
    }

    /// The calls that are not over.
    pub(super) fn calls(&self) -> Vec<CallUpdate> {
        self.legs.values().map(|leg| self.update_of(leg)).collect()
    }

    /// The newest revision.
    pub(super) const fn rev(&self) -> Rev {
        Rev(self.rev)
    }

    fn pass_time(&mut self) {
        let (again, silent) = self.clients.handle_timeout(self.now);
        let again = again
            .into_iter()
            .chain(self.servers.handle_timeout(self.now));
        self.outputs.extend(again.map(Output::Send));
        for sent in silent {
            self.unanswered(sent.purpose);
        }
        self.refresh_registration();
        self.pass_time_of_watches();
        let due = |leg: &&Leg| leg.next_timeout().is_some_and(|at| self.now >= at);
        let due = self.legs.values().filter(due);
        let due: Vec<CallId> = due.map(|leg| leg.call.id.clone()).collect();
        for call in due {
            self.pass_time_of(&call);
        }
    }

    /// A new path replaces the old one; what is unanswered is asked anew, and the others of running
    /// calls are told where we are.
    fn take_path(&mut self, id: u64, path: Path) {
        let moved = self.path != Some(path) && self.registration.was_accepted();
        self.path = Some(path);
        let tag = (self.token)();
        self.registration.moves(tag);
        self.clients
            .forget(|sent| matches!(sent.purpose, Purpose::Register { .. }));
        for (request, sent) in self.clients.take_unanswered() {
            self.ask_again(request, sent);
        }
        self.register(Some(id), true);
        if moved {
            self.tell_where_we_are();
        }
    }

    /// What is asked of the server itself has failed; what is asked of others waits.
    fn lose_path(&mut self) {
        self.path = None;
        for (request, sent) in self.clients.take_unanswered() {
            let broken = BackendError::Broken {
                before_answer: true,
            };
            match sent.purpose {
                Purpose::Register { id: Some(id) } | Purpose::Probe { id } => {
                    self.done(id, Err(broken));
                }
                Purpose::Register { id: None } => {}
                _ => self.clients.keep(request, sent),
            }
        }
    }

    /// A number for a request: higher than all before, whatever the dialog.
    const fn next_number(&mut self) -> u32 {
        self.number += 1;
        self.number
    }

    /// Where the other side of a call reaches this one: by an address that outlives the path, if the
    /// registrar has given one (RFC 5627).
    fn contact(&self) -> Address {
        match self.registration.gruu() {
            Some(gruu) => Address::new(gruu),
            None => self.bound_contact(),
        }
    }

    /// Where this side is reached by the path in use.
    fn bound_contact(&self) -> Address {
        let user = self.registration.contact_user();
        let mut uri = match self.path {
            Some(path) if !is_web_socket(path.transport) => {
                let mut uri = Uri::sip(user, path.local.ip().to_string());
                uri.port = Some(path.local.port());
                uri
            }
            // A WebSocket client can't be reached but by its connection (RFC 7118 §5.2).
            _ => Uri::sip(user, format!("{user}.invalid")),
        };
        if let Some(path) = self.path.filter(|path| path.transport != Transport::Udp) {
            uri.params.set("transport", path.transport.as_param());
        }
        Address::new(uri)
    }

    /// This user's address.
    fn own_address(&mut self) -> Address {
        let mut own = Address::new(Uri::sip(&self.account.user, &self.account.domain));
        own.params.set("tag", &*(self.token)());
        own
    }

    /// Sends a request and remembers what it is for.
    fn ask(&mut self, request: Request, purpose: Purpose) {
        let sent = Sent { purpose, tries: 0 };
        let request = self.with_credentials(request);
        self.transact(request, sent);
    }

    /// Sends the same request over another path.
    fn ask_again(&mut self, mut request: Request, sent: Sent) {
        request.headers.remove("Via");
        if request.headers.get("Contact").is_some() {
            request.headers.set("Contact", self.contact().to_string());
        }
        self.transact(request, sent);
    }

    fn transact(&mut self, mut request: Request, sent: Sent) {
        let branch = format!("{MAGIC}{}", (self.token)());
        request.headers.push_front("Via", self.via(&branch));
        self.outputs
            .push_back(Output::Send(Message::Request(request.clone())));
        let reliable = self.is_reliable();
        self.clients
            .begin(branch, request, sent, self.now, reliable);
    }

    /// Sends a request that has no answer: an ACK.
    fn tell(&mut self, mut request: Request) -> Request {
        let branch = format!("{MAGIC}{}", (self.token)());
        request.headers.push_front("Via", self.via(&branch));
        self.outputs
            .push_back(Output::Send(Message::Request(request.clone())));
        request
    }

    fn via(&self, branch: &str) -> String {
        let mut params = Params::new();
        params.set("branch", branch);
        params.set("rport", None);
        let (transport, host, port) = match self.path {
            Some(path) if !is_web_socket(path.transport) => {
                let ip = path.local.ip().to_string();
                (path.transport, ip, Some(path.local.port()))
            }
            path => (
                path.map_or(Transport::Wss, |path| path.transport),
                format!("{}.invalid", self.registration.contact_user()),
                None,
            ),
        };
        let transport = transport.to_string();
        Via {
            transport,
            host,
            port,
            params,
        }
        .to_string()
    }

    fn is_reliable(&self) -> bool {
        self.path.is_none_or(|path| path.transport.is_reliable())
    }

    fn answer(&mut self, key: &ServerKey, response: Response) {
        let reliable = self.is_reliable();
        self.servers.answer(key, &response, self.now, reliable);
        self.outputs
            .push_back(Output::Send(Message::Response(response)));
    }

    fn done(&mut self, id: u64, result: Result<Outcome, BackendError>) {
        self.outputs.push_back(Output::Done(id, result));
    }

    /// Tells of a call as it is now, and so of all others of its conference.
    fn changed(&mut self, call: &CallId) {
        for call in self.conferring(call) {
            let told = self.newest(&call).map(ServerChange::Call);
            self.outputs.extend(told.map(Output::Change));
        }
    }

    /// A call as it is now, under a new revision.
    fn newest(&mut self, call: &CallId) -> Option<Box<CallUpdate>> {
        self.rev += 1;
        let leg = self.legs.get_mut(call)?;
        leg.call.rev = Rev(self.rev);
        let leg = self.legs.get(call)?;
        Some(Box::new(self.update_of(leg)))
    }

    /// Answers who asked with a call as it is now.
    fn done_with(&mut self, id: u64, call: &CallId) {
        let outcome = self.newest(call).map(Outcome::Call);
        self.done(id, outcome.ok_or(BackendError::NotFound));
    }

    /// A call is over: told, then forgotten, with the dialogs that it has left behind.
    fn over(&mut self, call: &CallId, cause: FailureCause) {
        self.leave_conference(call);
        let Some(mut leg) = self.legs.remove(call) else {
            return;
        };
        for (dialog, _) in std::mem::take(&mut leg.left) {
            self.say_bye(&dialog);
        }
        self.rev += 1;
        leg.call.rev = Rev(self.rev);
        leg.end(cause);
        let cause = leg.call.cause.unwrap_or(cause);
        self.fail_waiting(&mut leg, cause);
        let change = ServerChange::Call(Box::new(leg.update()));
        self.outputs.push_back(Output::Change(change));
    }

    /// Takes an answer.
    fn responded(&mut self, response: &Response) {
        let (answered, ack) = self.clients.answered(response, self.now);
        self.outputs.extend(ack.map(Output::Send));
        let Some(answered) = answered else {
            if (200..300).contains(&response.status) {
                self.accepted_again(response);
            }
            return;
        };
        let sent = answered.purpose;
        if matches!(response.status, 401 | 407)
            && let Some(request) = self.challenged(&answered.request, response, &sent)
        {
            let tries = sent.tries + 1;
            let purpose = sent.purpose;
            return self.transact(request, Sent { purpose, tries });
        }
        let request = answered.request;
        match sent.purpose {
            Purpose::Register { id } => self.registered(id, response),
            Purpose::Probe { id } if response.status >= 200 => self.done(id, Ok(Outcome::Done)),
            Purpose::Probe { .. } | Purpose::Other => {}
            Purpose::Invite(call) => self.invite_answered(&call, &request, response),
            Purpose::Offer(call) => self.offer_answered(&call, &request, response),
            Purpose::Refresh(call) => self.refresh_answered(&call, &request, response),
            Purpose::Refer(call) => self.refer_answered(&call, response),
            Purpose::Key(call) => self.key_answered(&call, response),
            Purpose::Watch(id) => self.watch_answered(id, response),
            Purpose::Follow(call) => self.follow_answered(&call, &request, response),
        }
    }

    /// Nobody has answered a request.
    fn unanswered(&mut self, purpose: Purpose) {
        match purpose {
            Purpose::Register { id } => self.registrar_is_silent(id),
            Purpose::Probe { id } => self.done(id, Err(BackendError::TimedOut)),
            Purpose::Invite(call) => self.invite_failed(&call, 408),
            Purpose::Offer(call) => self.offer_failed(&call, 408),
            // The session's timer decides; another attempt may follow.
            Purpose::Refresh(call) => self.refresh_unanswered(&call),
            Purpose::Refer(call) => self.refer_failed(&call, 408),
            Purpose::Key(call) => self.key_failed(&call, 408),
            Purpose::Watch(id) => self.watch_failed(id, BackendError::TimedOut),
            Purpose::Follow(call) => self.follow_failed(&call, 408),
            Purpose::Other => {}
        }
    }

    /// The request once more with credentials (RFC 3261 §22, RFC 8760); `None` where they were refused
    /// already.
    fn challenged(
        &mut self,
        request: &Request,
        response: &Response,
        sent: &Sent,
    ) -> Option<Request> {
        let proxy = response.status == 407;
        let challenge = Challenge::strongest(&response.headers, proxy).ok()?;
        let known = request.headers.get(challenge.answer_in());
        let same = known.is_some_and(|value| value.contains(&challenge.nonce));
        // With an older number of the server's, which was used without being asked, nothing is lost.
        let refused = same || (known.is_some() && sent.tries > 0 && !challenge.stale);
        if refused || sent.tries >= MOST_TRIES {
            self.challenges[usize::from(proxy)] = None;
            return None;
        }
        self.challenges[usize::from(proxy)] = Some((challenge, 0));
        let mut request = request.clone();
        request.headers.remove("Via");
        let number = self.next_number();
        let cseq = format!("{number} {}", request.method);
        request.headers.set("CSeq", cseq);
        Some(self.with_credentials(request))
    }

    /// Adds the credentials that the server wanted last.
    fn with_credentials(&mut self, mut request: Request) -> Request {
        let cnonce = (self.token)();
        let credentials = Credentials {
            user: self.account.user.clone(),
            password: Secret(self.account.password.expose().clone()),
        };
        for (challenge, count) in self.challenges.iter_mut().flatten() {
            *count += 1;
            let Request {
                method, uri, body, ..
            } = &request;
            let answer = challenge.answer(&credentials, method, uri, &cnonce, *count, body);
            request.headers.set(challenge.answer_in(), answer);
        }
        request
    }
}

const fn is_web_socket(transport: Transport) -> bool {
    matches!(transport, Transport::Ws | Transport::Wss)
}

/// What every branch begins with (RFC 3261 §8.1.1.7).
const MAGIC: &str = "z9hG4bK";
/// How often a request is sent with credentials (our choice: an old number, then the new one).
const MOST_TRIES: u8 = 2;

#[cfg(test)]
mod tests;
