//! The rules, without any I/O and in virtual time.

mod assigned;
mod calls;
mod conference;
mod consult;
mod desk;
mod events;
mod forwarding;
mod groups;
mod lines;
mod media;
mod mixed;
mod model;
mod placed;
mod restart;
mod sessions;
mod telephone;
mod transfer;

use std::sync::Arc;

use uc_protocol::ucx::{
    CallResource, Candidates, Clear, ConnectionState, ConversationResource, Deflect, Describe,
    Description, DescriptionKind, Device, DirectedPickup, Event, HeldCall, MakeCall,
    NewDestination,
};

use super::*;

pub(super) const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 127.0.0.1\r\na=rtpmap:111 opus/48000/2\r\n\
    a=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n\
    a=setup:actpass\r\na=fingerprint:sha-256 \
    00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n";

/// An exchange with a clock, and everything that it wrote and told.
pub(super) struct Rig {
    pub(super) exchange: Exchange,
    pub(super) now: Millis,
    pub(super) events: Vec<(String, Arc<Logged>)>,
    /// What is told of lines, which most tests don't care about.
    pub(super) lines: Vec<(String, Arc<Logged>)>,
    pub(super) ended: Vec<SessionId>,
    pub(super) sound: Vec<SoundStep>,
    pub(super) database: crate::store::Database,
    company: Company,
}

impl Rig {
    pub(super) fn new() -> Self {
        Self::of(Company::twelve())
    }

    pub(super) fn of(company: Company) -> Self {
        let database = crate::store::Database::open(":memory:".as_ref()).unwrap();
        let exchange = Exchange::new(company.clone(), "e1".into(), Saved::default(), 1_000);
        Self {
            exchange,
            company,
            now: 1_000,
            events: Vec::new(),
            lines: Vec::new(),
            ended: Vec::new(),
            sound: Vec::new(),
            database,
        }
    }

    /// A rig in which these users have one session each, named after them.
    pub(super) fn with(users: &[&str]) -> Self {
        let mut rig = Self::new();
        for user in users {
            rig.sign_in(user, user);
        }
        rig
    }

    /// As [`Rig::with`], and each session has an open event stream.
    pub(super) fn listening(users: &[&str]) -> Self {
        let mut rig = Self::with(users);
        for user in users {
            rig.exchange.stream_opened(&session_id(user), true);
        }
        rig
    }

    pub(super) fn sign_in(&mut self, user: &str, session: &str) -> SessionId {
        let id = session_id(session);
        let (now, signing) = (self.now, id.clone());
        self.step(|exchange| exchange.sign_in(user, Verdict::Fits, signing, now))
            .unwrap();
        id
    }

    /// One step; its effects are written and collected.
    pub(super) fn step<T>(&mut self, step: impl FnOnce(&mut Exchange) -> T) -> T {
        let outcome = step(&mut self.exchange);
        let told = self.exchange.effects.events.len();
        let mut effects = self.exchange.take_effects();
        self.database.apply(&effects.writes).unwrap();
        self.lines.extend(effects.events.drain(told..));
        self.events.extend(effects.events);
        self.ended.extend(effects.ended);
        self.sound.extend(effects.sound);
        outcome
    }

    /// Lets time pass, doing what is due when it is due.
    pub(super) fn pass(&mut self, millis: Millis) {
        let end = self.now + millis;
        while let Some(due) = self.exchange.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            let now = self.now;
            self.step(|exchange| exchange.handle_timeout(now));
            let next = self.exchange.poll_timeout();
            assert!(
                next.is_none_or(|next| next > now),
                "a timeout makes progress"
            );
        }
        self.now = end;
    }

    /// The server dies and comes back with what was written.
    pub(super) fn restart(&mut self) {
        let saved = self.database.load().unwrap();
        self.exchange = Exchange::new(self.company.clone(), "e1".into(), saved, self.now);
        self.events.clear();
        self.sound.clear();
        self.step(|_| ());
    }

    pub(super) fn dial(&mut self, from: &str, to: &str) -> Result<CallResource, Refusal> {
        let (session, now, to) = (session_id(from), self.now, to.to_owned());
        let request = MakeCall {
            to,
            device: Device::Voip,
            description: Some(offer(1)),
        };
        self.step(|exchange| exchange.make_call(&session, request, now))
    }

    /// The id of the call that rings at the user.
    pub(super) fn ringing(&self, user: &str) -> String {
        let session = session_id(user);
        let mut calls = self.exchange.running_calls(user, &session);
        calls.retain(|call| call.local == ConnectionState::Alerting);
        calls.last().expect("a call rings").id.clone()
    }

    pub(super) fn answer(&mut self, session: &str, id: &str) -> Result<CallResource, Refusal> {
        let (session, now) = (session_id(session), self.now);
        self.step(|exchange| exchange.answer(&session, id, describe(answer(1)), now))
    }

    pub(super) fn clear(&mut self, session: &str, id: &str) -> Result<CallResource, Refusal> {
        let (session, now) = (session_id(session), self.now);
        self.step(|exchange| exchange.clear(&session, id, &Clear::default(), now))
    }

    pub(super) fn deflect(
        &mut self,
        session: &str,
        id: &str,
        to: &str,
    ) -> Result<CallResource, Refusal> {
        let to = Deflect {
            to: Some(to.to_owned()).filter(|to| to != "voicemail"),
        };
        let (session, now) = (session_id(session), self.now);
        self.step(|exchange| exchange.deflect(&session, id, &to, now))
    }

    pub(super) fn hold(&mut self, session: &str, id: &str) -> Result<CallResource, Refusal> {
        let session = session_id(session);
        self.step(|exchange| exchange.hold(&session, id))
    }

    pub(super) fn retrieve(&mut self, session: &str, id: &str) -> Result<CallResource, Refusal> {
        let session = session_id(session);
        self.step(|exchange| exchange.retrieve(&session, id))
    }

    pub(super) fn consult(
        &mut self,
        session: &str,
        id: &str,
        to: &str,
    ) -> Result<CallResource, Refusal> {
        let (session, now) = (session_id(session), self.now);
        let device = self.exchange.call(&session, id)?.device;
        let request = MakeCall {
            to: to.to_owned(),
            device,
            description: (device == Device::Voip).then(|| offer(1)),
        };
        self.step(|exchange| exchange.consult(&session, id, request, now))
    }

    pub(super) fn alternate(
        &mut self,
        session: &str,
        id: &str,
        held: &str,
    ) -> Result<CallResource, Refusal> {
        let (session, held) = (session_id(session), beside(held));
        self.step(|exchange| exchange.alternate(&session, id, &held))
    }

    pub(super) fn reconnect(
        &mut self,
        session: &str,
        id: &str,
        held: &str,
    ) -> Result<CallResource, Refusal> {
        let (session, held, now) = (session_id(session), beside(held), self.now);
        self.step(|exchange| exchange.reconnect(&session, id, &held, now))
    }

    pub(super) fn transfer(
        &mut self,
        session: &str,
        id: &str,
        held: &str,
    ) -> Result<CallResource, Refusal> {
        let (session, held, now) = (session_id(session), beside(held), self.now);
        self.step(|exchange| exchange.transfer(&session, id, &held, now))
    }

    pub(super) fn conference(
        &mut self,
        session: &str,
        id: &str,
        held: &str,
    ) -> Result<CallResource, Refusal> {
        let (session, held, now) = (session_id(session), beside(held), self.now);
        self.step(|exchange| exchange.conference(&session, id, &held, now))
    }

    pub(super) fn hand_over(
        &mut self,
        session: &str,
        id: &str,
        to: &str,
    ) -> Result<CallResource, Refusal> {
        let (session, now, to) = (session_id(session), self.now, to.to_owned());
        let to = NewDestination { to };
        self.step(|exchange| exchange.single_step_transfer(&session, id, &to, now))
    }

    pub(super) fn pick_up(&mut self, session: &str, number: &str) -> Result<CallResource, Refusal> {
        let (session, now) = (session_id(session), self.now);
        let number = DirectedPickup {
            number: number.to_owned(),
        };
        self.step(|exchange| exchange.pick_up(&session, &number, now))
    }

    /// A further offer or answer.
    pub(super) fn describe(
        &mut self,
        session: &str,
        id: &str,
        description: Description,
    ) -> Result<CallResource, Refusal> {
        let session = session_id(session);
        self.step(|exchange| exchange.describe(&session, id, describe(description)))
    }

    pub(super) fn answer_with(
        &mut self,
        session: &str,
        id: &str,
        answer: Description,
    ) -> Result<CallResource, Refusal> {
        let (session, now) = (session_id(session), self.now);
        self.step(|exchange| exchange.answer(&session, id, describe(answer), now))
    }

    pub(super) fn trickle(
        &mut self,
        session: &str,
        id: &str,
        generation: u32,
        n: usize,
    ) -> Result<(), Refusal> {
        let session = session_id(session);
        let request = Candidates {
            generation,
            candidates: (0..n).map(|n| format!("candidate:{n}")).collect(),
            complete: false,
        };
        self.step(|exchange| exchange.trickle(&session, id, request))
    }

    /// 331 speaks with 330, holds that and speaks with 332: the ids at 330 and at 332, and at 331
    /// of the held and the active call.
    pub(super) fn consulting(&mut self) -> [String; 4] {
        let (waiting, held) = self.talking();
        let active = self.consult("331", &held, "332").unwrap().id;
        let target = self.ringing("332");
        self.answer("332", &target).unwrap();
        [waiting, target, held, active]
    }

    pub(super) fn look(&self, session: &str, id: &str) -> CallResource {
        self.exchange.call(&session_id(session), id).unwrap()
    }

    /// A call from 330 to 331 that was answered: the caller's and the callee's id.
    pub(super) fn talking(&mut self) -> (String, String) {
        let caller = self.dial("330", "331").unwrap().id;
        let callee = self.ringing("331");
        self.answer("331", &callee).unwrap();
        (caller, callee)
    }

    /// The newest event of a user as a session sees it.
    pub(super) fn newest(&self, user: &str, session: &str) -> Option<Event> {
        let newest = self.events.iter().rev().find(|(u, _)| u == user);
        newest.and_then(|(_, logged)| logged.view(&session_id(session)))
    }

    /// The newest state of a call that the user was told of.
    pub(super) fn newest_call(&self, user: &str) -> CallResource {
        let own = self.events.iter().filter(|(to, _)| to == user);
        let mut calls = own.filter_map(|(_, logged)| match logged.view(&session_id(user)) {
            Some(Event::Call(call)) => Some(call),
            _ => None,
        });
        calls.next_back().unwrap()
    }

    pub(super) fn conversations(&self, user: &str) -> Vec<ConversationResource> {
        self.exchange
            .snapshot(&session_id(user))
            .unwrap()
            .conversations
    }
}

fn beside(held: &str) -> HeldCall {
    HeldCall {
        held: held.to_owned(),
    }
}

pub(super) fn session_id(name: &str) -> SessionId {
    SessionId::of_token(name)
}

pub(super) fn offer(generation: u32) -> Description {
    Description {
        generation,
        kind: DescriptionKind::Offer,
        sdp: SDP.into(),
    }
}

pub(super) fn answer(generation: u32) -> Description {
    Description {
        kind: DescriptionKind::Answer,
        ..offer(generation)
    }
}

pub(super) fn describe(description: Description) -> Describe {
    Describe {
        description: Some(description),
    }
}
