//! Several agents at a registrar that is nothing but a function: it asks for the password, keeps contacts
//! and hands everything else on.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    time::Duration,
};

use uc_model::{Call, CallId, ConnectionState, DeviceKind, PhoneNumber, Redacted};
use uc_protocol::sip::{Headers, Message, Method, Request, Response, Uri, flow::Transport};

use crate::{
    clock::Now,
    port::{
        BackendError, Beside, CallUpdate, DescriptionKind, Outcome, RequestKey, ServerChange,
        Service, SessionDescription,
    },
    sip::agent::{Account, Agent, Input, Output, Path, services::reply},
};

pub(super) const DOMAIN: &str = "office.example";

/// Descriptions are only handed through; hold is the one thing that is read.
pub(super) const SDP: &str = "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=sendrecv\r\n";
pub(super) const HELD_SDP: &str = "v=0\r\nm=audio 4000 RTP/AVP 0\r\na=sendonly\r\n";

pub(super) struct Rig {
    pub(super) agents: Vec<User>,
    pub(super) now: Duration,
    contacts: BTreeMap<String, usize>,
    /// Messages that are lost, counted from the next one.
    pub(super) lost: Vec<usize>,
    sent: usize,
    /// Everything that was handed on, oldest first: the method or status, from whom to whom.
    pub(super) seen: Vec<(usize, usize, Message)>,
    pub(super) password: &'static str,
    on_the_way: VecDeque<(usize, Message)>,
}

pub(super) struct User {
    pub(super) agent: Agent,
    pub(super) done: BTreeMap<u64, Result<Outcome, BackendError>>,
    pub(super) calls: BTreeMap<CallId, CallUpdate>,
    /// The far end and the round that were dealt with last.
    described: BTreeMap<CallId, (u32, u32)>,
    /// Keys of the far ends that came beside the sound.
    pub(super) digits: String,
    pub(super) signed_out: bool,
    pub(super) silent: bool,
    next: u64,
}

impl Rig {
    /// Users 100, 101 and so on, registered.
    pub(super) fn registered(count: usize) -> Self {
        let mut rig = Self::new(count, Transport::Udp);
        for user in 0..count {
            let id = rig.take_path(user);
            let signed_in = rig.agents[user].done.remove(&id);
            assert!(
                matches!(signed_in, Some(Ok(Outcome::SignedIn(_)))),
                "{signed_in:?}"
            );
        }
        rig
    }

    pub(super) fn new(count: usize, _transport: Transport) -> Self {
        let agents = (0..count).map(User::new).collect();
        Self {
            agents,
            now: Duration::from_secs(1),
            contacts: BTreeMap::new(),
            lost: Vec::new(),
            sent: 0,
            seen: Vec::new(),
            password: "secret",
            on_the_way: VecDeque::new(),
        }
    }

    pub(super) fn take_path(&mut self, user: usize) -> u64 {
        let id = self.agents[user].id();
        let path = Path {
            transport: Transport::Udp,
            local: address(user),
        };
        self.input(user, Input::Path { id, path });
        id
    }

    /// Asks for a service and lets everything happen that follows at once.
    pub(super) fn serve(
        &mut self,
        user: usize,
        service: Service,
    ) -> Option<Result<Outcome, BackendError>> {
        let id = self.agents[user].id();
        self.input(user, Input::Serve { id, service });
        self.agents[user].done.remove(&id)
    }

    pub(super) fn serve_call(&mut self, user: usize, service: Service) -> CallUpdate {
        match self.serve(user, service) {
            Some(Ok(Outcome::Call(update))) => *update,
            other => panic!("a service gave {other:?}"),
        }
    }

    pub(super) fn input(&mut self, user: usize, input: Input) {
        let now = self.clock();
        self.agents[user].agent.handle_input(input, now);
        self.collect(user);
        self.deliver();
    }

    fn clock(&self) -> Now {
        Now {
            monotonic: self.now,
            wall_ms: self.now.as_millis() as i64,
        }
    }

    /// Lets time pass, with everything that is due on the way.
    pub(super) fn wait(&mut self, pause: Duration) {
        let end = self.now + pause;
        loop {
            let due = self
                .agents
                .iter()
                .filter_map(|user| user.agent.next_timeout());
            let next = due.min().filter(|at| *at <= end);
            self.now = next.unwrap_or(end).max(self.now);
            for user in 0..self.agents.len() {
                let now = self.clock();
                self.agents[user].agent.handle_input(Input::Time, now);
                self.collect(user);
            }
            self.deliver();
            if next.is_none() {
                return;
            }
            self.now += Duration::from_micros(1);
        }
    }

    fn collect(&mut self, user: usize) {
        while let Some(output) = self.agents[user].agent.poll_output() {
            match output {
                Output::Send(message) => {
                    let lost = self.lost.contains(&self.sent);
                    self.sent += 1;
                    if !lost {
                        self.on_the_way.push_back((user, message));
                    }
                }
                Output::Done(id, result) => {
                    if let Ok(Outcome::Call(update)) = &result {
                        self.agents[user].learn((**update).clone());
                    }
                    let twice = self.agents[user].done.insert(id, result);
                    assert!(twice.is_none(), "answered twice");
                }
                Output::Change(ServerChange::Call(update)) => self.agents[user].learn(*update),
                Output::Change(other) => panic!("{other:?}"),
                Output::Digit(_, digit) => self.agents[user].digits.push(digit),
                Output::SignedOut => self.agents[user].signed_out = true,
                Output::Silent => self.agents[user].silent = true,
            }
        }
    }

    fn deliver(&mut self) {
        while let Some((from, message)) = self.on_the_way.pop_front() {
            let mut bytes = Vec::new();
            message.write(&mut bytes);
            let message = Message::read(&bytes).expect("an agent's message can be read");
            // An answer repeats what was asked, however strange.
            if let Message::Request(_) = message {
                message.check().expect("an agent's request is in order");
            }
            match message {
                Message::Request(request) => self.route(from, request),
                Message::Response(response) => {
                    let to = response.headers.via().unwrap().port.unwrap();
                    let to = usize::from(to - 5000).min(self.agents.len());
                    match to < self.agents.len() && !is_strangers(&response) {
                        true => self.hand(from, to, Message::Response(response)),
                        false => self.seen.push((from, 9, Message::Response(response))),
                    }
                }
            }
        }
    }

    /// Loses so many of the next messages.
    pub(super) fn lose_next(&mut self, count: usize) {
        self.lost.extend(self.sent..self.sent + count);
    }

    pub(super) fn hand(&mut self, from: usize, to: usize, message: Message) {
        self.seen.push((from, to, message.clone()));
        let now = self.clock();
        self.agents[to]
            .agent
            .handle_input(Input::Received(message), now);
        self.collect(to);
    }

    fn route(&mut self, from: usize, mut request: Request) {
        if request.method == Method::Register {
            let answer = self.register(from, &request);
            return self.hand(from, from, Message::Response(answer));
        }
        let user = request.uri.user.clone().unwrap_or_default();
        if request.method == Method::Options && user.is_empty() {
            let answer = reply(&request, 200, Some("registrar"));
            return self.hand(from, from, Message::Response(answer));
        }
        let to = self
            .contacts
            .get(&user)
            .copied()
            .or_else(|| self.owner(&user));
        match to {
            Some(to) => {
                request.uri.user = Some(self.contact_of(to));
                self.hand(from, to, Message::Request(request));
            }
            None if request.method == Method::Ack => {}
            None => {
                let answer = reply(&request, 404, Some("registrar"));
                self.hand(from, from, Message::Response(answer));
            }
        }
    }

    fn contact_of(&self, user: usize) -> String {
        self.agents[user]
            .agent
            .registration
            .contact_user()
            .to_owned()
    }

    fn owner(&self, contact: &str) -> Option<usize> {
        (0..self.agents.len()).find(|user| self.contact_of(*user) == contact)
    }

    fn register(&mut self, from: usize, request: &Request) -> Response {
        let given = request.headers.get("Authorization").unwrap_or_default();
        let number = 100 + from;
        if !given.contains(&format!("username=\"{number}\"")) || self.password != "secret" {
            let mut answer = reply(request, 401, Some("registrar"));
            let question = "Digest realm=\"office\", nonce=\"n1\", qop=\"auth\", algorithm=SHA-256";
            answer.headers.push("WWW-Authenticate", question);
            return answer;
        }
        let contact = request.headers.contacts().unwrap().remove(0);
        let mut answer = reply(request, 200, Some("registrar"));
        match contact.params.value("expires") {
            Some("0") => drop(self.contacts.remove(&number.to_string())),
            _ => {
                self.contacts.insert(number.to_string(), from);
                answer.headers.push("Contact", contact.to_string());
            }
        }
        answer.headers.push("Server", "function/1");
        answer
    }

    /// A call from one to another that rings.
    pub(super) fn ring(&mut self, from: usize, to: usize) -> (CallId, CallId) {
        let number = (100 + to).to_string();
        let made = self.serve_call(from, make(&number));
        let ringing = self.agents[to].calls.values();
        let mut ringing = ringing.filter(|update| update.call.local == ConnectionState::Alerting);
        let theirs = ringing.next().expect("it rings").call.id.clone();
        (made.call.id, theirs)
    }

    /// A call that was answered.
    pub(super) fn talk(&mut self, from: usize, to: usize) -> (CallId, CallId) {
        let (mine, theirs) = self.ring(from, to);
        let answered = self.serve_call(to, answer(&theirs));
        assert_eq!(answered.call.local, ConnectionState::Connected);
        assert_eq!(self.call(from, &mine).local, ConnectionState::Connected);
        (mine, theirs)
    }

    pub(super) fn call(&self, user: usize, call: &CallId) -> Call {
        self.agents[user].calls[call].call.clone()
    }

    /// The one call of this user that isn't over.
    pub(super) fn only_call(&self, user: usize) -> CallUpdate {
        let mut running = self.agents[user]
            .calls
            .values()
            .filter(|update| !update.call.is_over());
        let found = running.next().expect("there is a call").clone();
        assert!(running.next().is_none(), "there is one only");
        found
    }

    /// Plays the session's part: answers every offer and makes every offer that is waited for.
    pub(super) fn keep_sound(&mut self, user: usize) {
        for _ in 0..8 {
            let updates: Vec<CallUpdate> = self.agents[user].calls.values().cloned().collect();
            for update in updates {
                let call = update.call.id.clone();
                let known = self.agents[user].agent.legs.contains_key(&call);
                let described = self.agents[user]
                    .described
                    .get(&call)
                    .copied()
                    .unwrap_or((0, 0));
                if !known || update.call.local == ConnectionState::Alerting {
                    continue;
                }
                let (far_end, generation) = described;
                if update.far_end.number > far_end && update.far_end.offers {
                    let generation = update.far_end.generation + 1;
                    self.agents[user]
                        .described
                        .insert(call.clone(), (update.far_end.number, generation));
                    self.serve(
                        user,
                        describe(&call, generation, DescriptionKind::Offer, SDP),
                    );
                } else if let Some(offer) = update.description.filter(|d| {
                    d.kind == DescriptionKind::Offer && d.generation > generation.max(1)
                }) {
                    let done = (update.far_end.number, offer.generation);
                    self.agents[user].described.insert(call.clone(), done);
                    self.serve(
                        user,
                        describe(&call, offer.generation, DescriptionKind::Answer, SDP),
                    );
                }
            }
        }
    }

    /// How many messages were sent, lost ones included.
    pub(super) const fn sent(&self) -> usize {
        self.sent
    }

    pub(super) fn count(&self, what: &str) -> usize {
        let named = |message: &Message| match message {
            Message::Request(request) => request.method.to_string() == what,
            Message::Response(response) => response.status.to_string() == what,
        };
        self.seen
            .iter()
            .filter(|(_, _, message)| named(message))
            .count()
    }
}

impl User {
    fn new(index: usize) -> Self {
        let account = Account {
            user: (100 + index).to_string(),
            password: Redacted::new("secret".to_owned()),
            domain: DOMAIN.to_owned(),
            tells_ringing: true,
        };
        let mut count = 0_u64;
        let token = move || {
            count += 1;
            format!("{:08x}{index:08x}{count:016x}", 0xabcd)
        };
        Self {
            agent: Agent::new(account, Box::new(token)),
            done: BTreeMap::new(),
            calls: BTreeMap::new(),
            described: BTreeMap::new(),
            digits: String::new(),
            signed_out: false,
            silent: false,
            next: 0,
        }
    }

    fn id(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    fn learn(&mut self, update: CallUpdate) {
        let known = self.calls.get(&update.call.id);
        if let Some(known) = known {
            if update == *known {
                return;
            }
            assert!(update.call.rev > known.call.rev, "revisions go up");
            assert!(!known.call.is_over(), "what is over stays so");
        }
        self.calls.insert(update.call.id.clone(), update);
    }
}

fn is_strangers(response: &Response) -> bool {
    response.headers.via().unwrap().host == "192.0.2.66"
}

pub(super) fn address(user: usize) -> SocketAddr {
    ([127, 0, 0, 1], 5000 + user as u16).into()
}

pub(super) fn make(number: &str) -> Service {
    Service::MakeCall {
        to: PhoneNumber::new(number).unwrap(),
        device: DeviceKind::Voip,
        description: Some(description(1, DescriptionKind::Offer, SDP)),
        key: RequestKey("key".to_owned()),
    }
}

pub(super) fn consult(call: &CallId, number: &str) -> Service {
    Service::Consult {
        call: call.clone(),
        to: PhoneNumber::new(number).unwrap(),
        device: DeviceKind::Voip,
        description: Some(description(1, DescriptionKind::Offer, SDP)),
        key: RequestKey("key".to_owned()),
    }
}

pub(super) fn answer(call: &CallId) -> Service {
    Service::Answer {
        call: call.clone(),
        description: Some(description(1, DescriptionKind::Answer, SDP)),
    }
}

pub(super) fn clear(call: &CallId) -> Service {
    Service::Clear {
        call: call.clone(),
        cause: None,
    }
}

pub(super) fn beside(service: Beside, call: &CallId, held: &CallId) -> Service {
    Service::Beside {
        service,
        call: call.clone(),
        held: held.clone(),
    }
}

pub(super) fn describe(
    call: &CallId,
    generation: u32,
    kind: DescriptionKind,
    sdp: &str,
) -> Service {
    Service::Describe {
        call: call.clone(),
        description: description(generation, kind, sdp),
    }
}

pub(super) fn description(generation: u32, kind: DescriptionKind, sdp: &str) -> SessionDescription {
    SessionDescription {
        generation,
        kind,
        sdp: sdp.to_owned().into(),
    }
}

/// A request that an agent has never made.
pub(super) fn request(method: Method, to: &str, headers: &[(&str, &str)]) -> Request {
    let mut all = Headers::new();
    all.push(
        "Via",
        "SIP/2.0/UDP 192.0.2.66:5001;branch=z9hG4bKstranger;rport",
    );
    all.push("Max-Forwards", "70");
    for (name, value) in headers {
        all.push(name, *value);
    }
    Request {
        method,
        uri: Uri::sip(to, "192.0.2.1"),
        headers: all,
        body: Vec::new(),
    }
}

/// What an agent answers to a message.
pub(super) fn answered(rig: &mut Rig, user: usize, request: Request) -> Option<u16> {
    let before = rig.seen.len();
    rig.hand(9, user, Message::Request(request));
    rig.wait(Duration::ZERO);
    rig.seen[before..]
        .iter()
        .find_map(|(from, _, message)| match message {
            Message::Response(response) if *from == user => Some(response.status),
            _ => None,
        })
}
