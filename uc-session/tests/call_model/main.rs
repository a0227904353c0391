//! The calls of a client against a telephone system and a user that share no code with it: any
//! sequence of wishes, events and faults ends in the same state on both sides.
//!
//! `UC_CALL_MODEL_STEPS=10000000 cargo test --test call_model -- --nocapture` plays longer and prints what was seen.

#![allow(clippy::unwrap_used, reason = "a test")]

mod count;
mod dice;
mod exchange;
mod phone;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Duration,
};

use uc_model::{
    Action, CallId, Capability, ConnectionState, ConversationGrouping, Extension, Mode,
    PhoneNumber, Redacted, Rev, UserId,
};
use uc_session::{
    CallError, Now, Pins, Trust,
    core::{
        Command, CommandId, Config, Core, Input, MediaCommand, MediaId, MediaOutcome, Output,
        Reply, Request, Ticket,
    },
    port::{
        BackendError, BackendEvent, Beside, CallUpdate, Certificate, Cursor, LinkId, MediaError,
        MediaEvent, Operation, Outcome, ServerAddress, ServerChange, Service, SignedIn,
        StateSnapshot,
    },
};

use count::{Counts, Crossing};
use dice::Dice;
use exchange::Exchange;
use phone::{Ask, Kind, Look};

/// A wish that waits for its reply.
#[derive(Debug, Clone)]
enum Wish {
    Make,
    PickUp,
    Of {
        ask: Ask,
        call: CallId,
        held: Option<CallId>,
    },
}

impl Wish {
    fn concerns(&self, id: &CallId) -> bool {
        match self {
            Self::Make | Self::PickUp => false,
            Self::Of { call, held, .. } => call == id || held.as_ref() == Some(id),
        }
    }
}

struct World {
    random: Dice,
    core: Core,
    now: Now,
    link: Option<LinkId>,
    exchange: Exchange,
    counts: Counts,
    /// Services that are on their way to the system.
    asked: Vec<(CommandId, Service)>,
    /// Answers that are on their way to the client.
    answers: Vec<(CommandId, Result<Outcome, BackendError>)>,
    media: Vec<(CommandId, MediaId, MediaCommand)>,
    open_sounds: BTreeSet<MediaId>,
    events: VecDeque<CallUpdate>,
    seen: VecDeque<CallUpdate>,
    wishes: BTreeMap<Ticket, Wish>,
    replies: Vec<(Ticket, Reply)>,
    picked_up: BTreeSet<CallId>,
    tickets: u64,
    leaps: bool,
    /// Prints everything that is said: `UC_CALL_MODEL_TRACE`.
    traced: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        let config = Config {
            lan: ServerAddress {
                host: "lan".into(),
                port: 8802,
            },
            wan: None,
            user: "330".into(),
            password: Redacted::new("secret".into()),
            new_password: None,
            trust: Trust::AcceptFirst,
            phone: None,
            pins: Pins::new(),
            sound: true,
            patient: true,
            cached: None,
        };
        let now = Now {
            monotonic: Duration::from_secs(9),
            wall_ms: 9_000,
        };
        let mut world = Self {
            random: Dice::new(seed),
            core: Core::new(config, seed, now),
            now,
            link: None,
            exchange: Exchange::default(),
            counts: Counts::default(),
            asked: Vec::new(),
            answers: Vec::new(),
            media: Vec::new(),
            open_sounds: BTreeSet::new(),
            events: VecDeque::new(),
            seen: VecDeque::new(),
            wishes: BTreeMap::new(),
            replies: Vec::new(),
            picked_up: BTreeSet::new(),
            tickets: 0,
            leaps: false,
            traced: std::env::var_os("UC_CALL_MODEL_TRACE").is_some(),
        };
        world.request(Request::SignIn);
        world
    }

    fn request(&mut self, request: Request) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.input(Input::Request { ticket, request });
        ticket
    }

    fn input(&mut self, input: Input) {
        if self.traced {
            println!("{input:?}");
        }
        // A snapshot comes with the events that waited for it: several states in one step.
        self.leaps = matches!(
            input,
            Input::Completed {
                result: Ok(Outcome::Snapshot(_)),
                ..
            }
        );
        self.core.handle_input(input, self.now);
        loop {
            match self.core.poll_output() {
                Output::Timeout(..) | Output::Stopped => break,
                Output::Command { id, command } => {
                    if self.traced {
                        println!("    {id:?} {command:?}");
                    }
                    self.command(id, command);
                }
                Output::Reply { ticket, reply } => {
                    if let Some(reply) = reply {
                        self.replies.push((ticket, reply));
                    }
                }
                Output::Event(_) => {}
            }
        }
        self.events.extend(self.exchange.told.drain(..));
        self.check_replies();
    }

    /// What isn't about calls is done at once.
    fn command(&mut self, id: CommandId, command: Command) {
        match command {
            Command::Backend(Operation::Service { service, .. }) => self.asked.push((id, service)),
            Command::Backend(operation) => {
                let result = Ok(self.connect(&operation));
                self.answers.push((id, result));
            }
            Command::Media { media, command } => {
                match command {
                    MediaCommand::Open => {
                        self.open_sounds.insert(media);
                    }
                    MediaCommand::Close => {
                        self.open_sounds.remove(&media);
                        self.media.retain(|(_, other, _)| *other != media);
                    }
                    _ => {}
                }
                self.media.push((id, media, command));
            }
            Command::Save { .. } => unreachable!("nothing is kept"),
        }
    }

    fn connect(&mut self, operation: &Operation) -> Outcome {
        match operation {
            Operation::Dial { .. } => Outcome::Dialed(Certificate {
                sha256: [7; 32],
                subject: String::new(),
                issuer: String::new(),
                not_before: 0,
                not_after: 1,
            }),
            Operation::SignIn { .. } => Outcome::SignedIn(signed_in()),
            Operation::Subscribe { link, .. } => {
                self.link = Some(*link);
                Outcome::Subscribed
            }
            Operation::Snapshot { .. } => {
                self.events.clear();
                let running = self.exchange.running().map(exchange::Line::update);
                let calls: Vec<_> = running.collect();
                let all = self.exchange.lines.iter().map(|line| line.rev);
                let rev = all.max().unwrap_or(0);
                Outcome::Snapshot(Box::new(StateSnapshot {
                    as_of: Cursor(format!("e-{rev}")),
                    rev: Rev(rev),
                    calls,
                    ..StateSnapshot::default()
                }))
            }
            _ => Outcome::Done,
        }
    }

    fn look(&self, id: &CallId) -> Option<Kind> {
        let status = self.core.view().calls.get(id)?;
        Kind::of(Look {
            local: status.call.local,
            remote: status.call.remote.state,
            conference: !status.call.members.is_empty(),
        })
    }

    fn step(&mut self) {
        match self.random.range(0..100) {
            0..34 => self.wish(),
            34..36 => self.ring(),
            36..50 => {
                self.others();
            }
            50..63 => self.serve(),
            63..76 => self.answer(),
            76..88 => self.tell(),
            88..96 => self.sound(),
            96..99 => {
                let ms = self.random.range(1..400);
                self.pass(ms as u64);
            }
            _ => self.trouble(),
        }
    }

    fn pass(&mut self, ms: u64) {
        self.now.monotonic += Duration::from_millis(ms);
        self.now.wall_ms += ms as i64;
        self.input(Input::Time);
    }

    fn ring(&mut self) {
        self.exchange.rings_elsewhere |= self.random.coin();
        if self.exchange.running().count() < MOST_CALLS {
            self.exchange.ring();
            self.events.extend(self.exchange.told.drain(..));
        }
    }

    fn others(&mut self) -> bool {
        let running: Vec<_> = (0..self.exchange.lines.len())
            .filter(|at| !self.exchange.lines[*at].is_over())
            .collect();
        let Some(at) = self.random.choose(&running) else {
            return false;
        };
        // Calls last: those that end are a part of what happens.
        let what = match self.random.range(0..40) {
            0..14 => 0,
            14 => 1,
            15 => 2,
            16..22 => 3,
            22..24 => 4,
            24 => 5,
            25 => 6,
            26..30 => 7,
            30..34 => 8,
            34..38 => 9,
            _ => 10,
        };
        let done = self.exchange.others(*at, what);
        self.events.extend(self.exchange.told.drain(..));
        done
    }

    /// The user asks something, now and then what isn't possible.
    fn wish(&mut self) {
        let ids: Vec<_> = self.core.view().calls.keys().cloned().collect();
        let free = self.exchange.running().count() + self.wishes.len() < MOST_CALLS;
        let number = PhoneNumber::new("331").unwrap();
        let (Some(call), 2..) = (self.random.choose(&ids).cloned(), self.random.range(0..20))
        else {
            if free && self.random.coin() {
                let ticket = self.request(Request::Call { to: number });
                self.expect(ticket, Wish::Make);
            } else if free {
                let ticket = self.request(Request::PickUp { number });
                self.expect(ticket, Wish::PickUp);
            }
            return;
        };
        let held: Vec<_> = ids
            .iter()
            .filter(|id| self.look(id).is_some_and(is_held))
            .collect();
        let held = self.random.choose(&held).map(|id| (*id).clone());
        let held = held.unwrap_or_else(|| call.clone());
        let Some(kind) = self.look(&call) else {
            return;
        };
        let odd = self.random.range(0..10) == 0;
        let possible = |ask: &Ask| match (ask.takes_two(), self.look(&held)) {
            (true, Some(held)) => kind.allows_beside(*ask, held),
            _ => kind.allows(*ask),
        };
        let wanted: Vec<_> = match odd {
            true => Ask::ALL.to_vec(),
            false => Ask::ALL.into_iter().filter(|ask| possible(ask)).collect(),
        };
        let Some(ask) = self.random.choose(&wanted).copied() else {
            return;
        };
        // Otherwise hardly a call would live to be held beside another one.
        let parts = matches!(
            ask,
            Ask::Clear | Ask::Reject | Ask::Deflect | Ask::SingleStepTransfer
        );
        if parts && self.random.range(0..8) > 0 || (ask == Ask::Consult && !free) {
            return;
        }
        self.ask(ask, call, held);
    }

    fn ask(&mut self, ask: Ask, call: CallId, held: CallId) {
        let two = ask.takes_two();
        let kind = self.look(&call);
        let other = self.look(&held);
        let allowed = match (kind, other) {
            (Some(kind), Some(other)) if two => call != held && kind.allows_beside(ask, other),
            (Some(kind), _) => kind.allows(ask),
            (None, _) => false,
        };
        let busy = |id: &CallId| {
            let mut wishes = self.wishes.values();
            wishes.any(|wish| wish.concerns(id)) || self.is_being_picked_up(id)
        };
        let busy = busy(&call) || (two && busy(&held));
        let expected = allowed && (ask.ends() || !busy);
        let to = PhoneNumber::new("332").unwrap();
        let wish = Wish::Of {
            ask,
            call: call.clone(),
            held: two.then(|| held.clone()),
        };
        let beside = |service| Request::Beside {
            service,
            call: call.clone(),
            held: held.clone(),
        };
        let act = |action| Request::Act {
            call: call.clone(),
            action,
        };
        let request = match ask {
            Ask::Answer => act(Action::Answer),
            Ask::Reject => act(Action::Reject),
            Ask::Clear => act(Action::Clear),
            Ask::Hold => act(Action::Hold),
            Ask::Retrieve => act(Action::Retrieve),
            Ask::Deflect => Request::Deflect {
                call: call.clone(),
                to: Some(to),
            },
            Ask::Consult => Request::Consult {
                call: call.clone(),
                to,
            },
            Ask::SingleStepTransfer => Request::SingleStepTransfer {
                call: call.clone(),
                to,
            },
            Ask::Alternate => beside(Beside::Alternate),
            Ask::Reconnect => beside(Beside::Reconnect),
            Ask::Transfer => beside(Beside::Transfer),
            Ask::Conference => beside(Beside::Conference),
        };
        let picked_up = self.is_being_picked_up(&call) || self.is_being_picked_up(&held);
        let ticket = self.request(request);
        let refusal = self.replies.iter().find_map(|(t, reply)| match reply {
            Reply::Act(Err(error)) | Reply::Call(Err(error)) if *t == ticket => Some(error.clone()),
            _ => None,
        });
        match &refusal {
            None => {
                assert!(
                    expected || picked_up,
                    "{ask:?} in {kind:?} was asked, busy {busy}"
                );
                let beside = if two {
                    format!(" beside {other:?}")
                } else {
                    String::new()
                };
                self.counts.cell(format!("{ask:?} in {kind:?}{beside}"));
            }
            Some(CallError::NotConnected) => {}
            // Without sound a call is hung up by the client itself.
            Some(CallError::Pending {
                action: Action::Clear,
            }) => {}
            Some(error) => {
                assert!(
                    !expected || picked_up,
                    "{ask:?} in {kind:?} was refused: {error}"
                );
                match error {
                    CallError::NotAllowed { .. } => assert!(!allowed),
                    CallError::Pending { .. } => assert!(busy),
                    other => panic!("{ask:?} in {kind:?}: {other}"),
                }
            }
        }
        self.expect(ticket, wish);
    }

    /// Nobody waits for the answer to a call that was picked up.
    fn is_being_picked_up(&self, id: &CallId) -> bool {
        self.picked_up.contains(id) && self.look(id) == Some(Kind::Ringing)
    }

    fn expect(&mut self, ticket: Ticket, wish: Wish) {
        self.wishes.insert(ticket, wish);
        self.check_replies();
    }

    /// Every reply is the only one to its wish, and what it says is so.
    fn check_replies(&mut self) {
        for (ticket, reply) in std::mem::take(&mut self.replies) {
            if matches!(reply, Reply::SignIn(_)) {
                continue;
            }
            let Some(wish) = self.wishes.remove(&ticket) else {
                // Refused at once, before the wish was noted.
                assert_eq!(ticket.0, self.tickets, "one reply to each wish");
                self.replies.push((ticket, reply));
                continue;
            };
            match (wish, reply) {
                (Wish::PickUp, Reply::Call(Ok(id))) => {
                    self.picked_up.insert(id);
                }
                (Wish::Of { ask, call, held }, Reply::Act(Ok(()))) => {
                    self.check_done(ask, &call, held.as_ref());
                }
                (Wish::Of { ask, call, held }, Reply::Act(Err(CallError::Ended(cause)))) => {
                    let gone = |id: &CallId| self.look(id).is_none();
                    assert!(
                        gone(&call) || held.as_ref().is_some_and(gone),
                        "{ask:?}: {cause}"
                    );
                }
                _ => {}
            }
        }
    }

    fn check_done(&self, ask: Ask, call: &CallId, held: Option<&CallId>) {
        let local = |id: &CallId| Some(self.core.view().calls.get(id)?.call.local);
        let here = local(call);
        let there = held.and_then(local);
        use ConnectionState::{Connected, Hold};
        let so = match ask {
            Ask::Answer => matches!(here, Some(Connected | Hold)),
            Ask::Hold => here == Some(Hold),
            Ask::Retrieve => here == Some(Connected),
            Ask::Clear | Ask::Reject | Ask::Deflect | Ask::SingleStepTransfer => here.is_none(),
            Ask::Alternate => (here, there) == (Some(Hold), Some(Connected)),
            Ask::Reconnect => (here, there) == (None, Some(Connected)),
            Ask::Transfer => (here, there) == (None, None),
            Ask::Conference => here.is_none() != there.is_none(),
            Ask::Consult => true,
        };
        assert!(
            so || self.leaps,
            "{ask:?} is said to be done: {here:?}, {there:?}"
        );
    }

    /// A request reaches the system; or is lost on the way.
    fn serve(&mut self) {
        if self.asked.is_empty() {
            return;
        }
        let at = self.random.range(0..self.asked.len());
        let (id, service) = self.asked.remove(at);
        if self.random.range(0..60) == 0 {
            self.counts.cross(Crossing::RequestLost);
            let lost = BackendError::Broken {
                before_answer: true,
            };
            return self.answers.push((id, Err(lost)));
        }
        self.carry_out(id, &service);
        if self.random.range(0..40) == 0
            && let Some((_, answer)) = self.answers.last_mut()
        {
            self.counts.cross(Crossing::AnswerLost);
            let before_answer = self.random.coin();
            *answer = Err(BackendError::Broken { before_answer });
        }
    }

    fn carry_out(&mut self, id: CommandId, service: &Service) {
        let result = self.exchange.serve(service, &mut self.counts);
        self.events.extend(self.exchange.told.drain(..));
        let result = result.map(|update| match update {
            Some(update) => Outcome::Call(Box::new(update)),
            None => Outcome::Done,
        });
        self.answers.push((id, result));
    }

    /// An answer reaches the client.
    fn answer(&mut self) {
        if !self.answers.is_empty() {
            let at = self.random.range(0..self.answers.len());
            let (id, result) = self.answers.remove(at);
            self.input(Input::Completed { id, result });
        }
    }

    /// An event reaches the client, now and then once more, or again later.
    fn tell(&mut self) {
        let again = self.random.range(0..12);
        if again < 2 && !self.seen.is_empty() {
            let at = match again {
                0 => self.seen.len() - 1,
                _ => self.random.range(0..self.seen.len()),
            };
            let late = at + 1 < self.seen.len();
            self.counts.cross(if late {
                Crossing::EventLate
            } else {
                Crossing::EventTwice
            });
            let update = self.seen[at].clone();
            return self.deliver(update);
        }
        if let Some(update) = self.events.pop_front() {
            let answered = |(_, answer): &(_, Result<Outcome, _>)| match answer {
                Ok(Outcome::Call(told)) => told.call.rev == update.call.rev,
                _ => false,
            };
            if self.answers.iter().any(answered) {
                self.counts.cross(Crossing::EventBeforeAnswer);
            }
            self.seen.push_back(update.clone());
            if self.seen.len() > 8 {
                self.seen.pop_front();
            }
            self.deliver(update);
        }
    }

    fn deliver(&mut self, update: CallUpdate) {
        let Some(link) = self.link else {
            return;
        };
        let cursor = Cursor(format!("e-{}", update.call.rev.0));
        let change = ServerChange::Call(Box::new(update));
        let event = BackendEvent::Change { cursor, change };
        self.input(Input::Backend { link, event });
    }

    /// A command to the sound is done; seldom it fails.
    fn sound(&mut self) {
        if self.media.is_empty() {
            return;
        }
        let at = self.random.range(0..self.media.len());
        let fails = self.random.range(0..200) == 0;
        self.media_done(at, fails);
    }

    fn media_done(&mut self, at: usize, fails: bool) {
        let (id, media, command) = self.media.remove(at);
        let sdp = MediaOutcome::Description(Redacted::new("v=0".to_owned()));
        let result = match &command {
            MediaCommand::Close | MediaCommand::Bind { .. } | MediaCommand::Apply(_) => {
                Ok(MediaOutcome::Done)
            }
            _ if fails => Err(MediaError::NoAudio),
            MediaCommand::Offer { .. } | MediaCommand::AcceptOffer(_) => Ok(sdp),
            _ => Ok(MediaOutcome::Done),
        };
        let connects = result.is_ok()
            && matches!(
                command,
                MediaCommand::AcceptAnswer(_) | MediaCommand::AcceptOffer(_)
            );
        self.input(Input::MediaCompleted { id, result });
        if connects {
            let event = MediaEvent::Connected;
            self.input(Input::Media { media, event });
        }
    }

    /// The stream breaks, or has a hole; or the client is told that the network has changed.
    fn trouble(&mut self) {
        let Some(link) = self.link else {
            return;
        };
        let event = match self.random.range(0..30) {
            0 => BackendEvent::StreamEnded(BackendError::Closed),
            1 => BackendEvent::Reset { cursor: None },
            2 => {
                self.request(Request::NetworkChanged);
                return;
            }
            _ => BackendEvent::Heartbeat,
        };
        self.input(Input::Backend { link, event });
    }

    /// Lets everything arrive, and compares.
    fn rest(&mut self) {
        for _ in 0..400 {
            while !self.asked.is_empty() {
                let (id, service) = self.asked.remove(0);
                self.carry_out(id, &service);
            }
            while !self.answers.is_empty() {
                let (id, result) = self.answers.remove(0);
                self.input(Input::Completed { id, result });
            }
            while let Some(update) = self.events.pop_front() {
                self.deliver(update);
            }
            while !self.media.is_empty() {
                self.media_done(0, false);
            }
            self.exchange.rest();
            self.events.extend(self.exchange.told.drain(..));
            let idle = self.asked.is_empty() && self.answers.is_empty() && self.events.is_empty();
            if idle && self.media.is_empty() {
                if self.agrees() && self.wishes.is_empty() {
                    return;
                }
                // Pauses after failures pass, and what waits for its confirmation is given up.
                self.pass(500);
            }
        }
        panic!("no rest: {}\n{}", self.difference(), self.counts);
    }

    fn agrees(&self) -> bool {
        self.difference().is_empty()
    }

    /// Where the client and the system differ.
    fn difference(&self) -> String {
        let mut found = String::new();
        let shown = &self.core.view().calls;
        let running: BTreeSet<_> = self.exchange.running().map(|line| &line.id).collect();
        for id in shown.keys().filter(|id| !running.contains(id)) {
            found += &format!("{id} is over; ");
        }
        let mut sounds = 0;
        for line in self.exchange.running() {
            let Some(status) = shown.get(&line.id) else {
                found += &format!("{} isn't known; ", line.id);
                continue;
            };
            let call = &status.call;
            let same = (call.local, call.remote.state, call.members.len())
                == (line.local, line.remote, line.members);
            if !same {
                found += &format!("{}: {call:?}; ", line.id);
            }
            sounds += usize::from(line.carried);
        }
        if self.open_sounds.len() != sounds {
            found += &format!("{} sounds instead of {sounds}; ", self.open_sounds.len());
        }
        if !self.wishes.is_empty() {
            found += &format!("no reply: {:?}", self.wishes);
        }
        found
    }
}

fn is_held(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Holding | Kind::BothHold | Kind::ConferenceHolding
    )
}

fn signed_in() -> SignedIn {
    let all = [
        Capability::VoipCalls,
        Capability::Hold,
        Capability::Pickup,
        Capability::Deflect,
        Capability::Consult,
        Capability::Transfer,
        Capability::PhoneConferences,
    ];
    SignedIn {
        user: UserId::new("330").unwrap(),
        extension: Extension::new("330").ok(),
        name: Redacted::default(),
        server: String::new(),
        mode: Some(Mode::Smart),
        capabilities: all.into_iter().collect(),
        grouping: ConversationGrouping::default(),
        dial_plan: None,
        must_change_password: false,
        missing_licences: Vec::new(),
        phone: None,
        assigned_phones: Some(Vec::new()),
    }
}

/// Every cell that the table of the reference allows.
fn cells() -> Vec<String> {
    let mut cells = Vec::new();
    for kind in Kind::ALL {
        for ask in Ask::ALL {
            if kind.allows(ask) {
                cells.push(format!("{ask:?} in {:?}", Some(kind)));
            }
            for held in Kind::ALL {
                if ask.takes_two() && kind.allows_beside(ask, held) {
                    let (kind, held) = (Some(kind), Some(held));
                    cells.push(format!("{ask:?} in {kind:?} beside {held:?}"));
                }
            }
        }
    }
    cells
}

#[test]
fn client_and_system_agree_whatever_crosses() {
    let steps = std::env::var("UC_CALL_MODEL_STEPS").ok();
    let steps: u32 = steps
        .and_then(|steps| steps.parse().ok())
        .unwrap_or(2_000_000);
    let mut world = World::new(7);
    world.rest();
    for step in 0..steps {
        world.step();
        if step % 97 == 96 {
            world.rest();
        }
    }
    world.rest();
    println!("{}", world.counts);
    for cell in cells() {
        let asked = world.counts.asked(&cell);
        assert!(asked >= 20, "{cell}: {asked} times");
    }
    for crossing in Crossing::ALL {
        let crossed = world.counts.crossed(crossing);
        assert!(crossed >= 100, "{crossing:?}: {crossed} times");
    }
}

/// Calls at once: enough for a conference beside two calls.
const MOST_CALLS: usize = 5;
