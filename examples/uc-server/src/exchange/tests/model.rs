//! Any sequence of requests keeps the promises.

use super::*;
use crate::exchange::{call::Leg, routing::MAX_CALLS};
use proptest::prelude::*;

const USERS: [&str; 4] = ["330", "331", "332", "333"];

#[derive(Debug, Clone)]
enum Request {
    Dial(usize, usize),
    Place(usize, usize),
    Answer(usize, usize),
    Clear(usize, usize),
    Hold(usize, usize),
    Retrieve(usize, usize),
    Deflect(usize, usize, usize),
    Consult(usize, usize, usize),
    Alternate(usize, usize, usize),
    Reconnect(usize, usize, usize),
    Transfer(usize, usize, usize),
    Conference(usize, usize, usize),
    HandOver(usize, usize, usize),
    PickUp(usize, usize),
    Endpoint(usize, u32),
    Offer(usize, usize, u32),
    Reply(usize, usize, u32),
    Trickle(usize, usize, u32),
    Confirm(usize, usize),
    Pass(Millis),
    Restart,
}

fn requests() -> impl Strategy<Value = Request> {
    let user = || 0..USERS.len();
    let nth = || 0..6_usize;
    let generation = || 1..4_u32;
    prop_oneof![
        (user(), user()).prop_map(|(a, b)| Request::Dial(a, b)),
        (user(), user()).prop_map(|(a, b)| Request::Place(a, b)),
        (user(), nth()).prop_map(|(u, n)| Request::Answer(u, n)),
        (user(), nth()).prop_map(|(u, n)| Request::Clear(u, n)),
        (user(), nth()).prop_map(|(u, n)| Request::Hold(u, n)),
        (user(), nth()).prop_map(|(u, n)| Request::Retrieve(u, n)),
        (user(), nth(), 0..=USERS.len()).prop_map(|(u, n, to)| Request::Deflect(u, n, to)),
        (user(), nth(), user()).prop_map(|(u, n, to)| Request::Consult(u, n, to)),
        (user(), nth(), nth()).prop_map(|(u, n, held)| Request::Alternate(u, n, held)),
        (user(), nth(), nth()).prop_map(|(u, n, held)| Request::Reconnect(u, n, held)),
        (user(), nth(), nth()).prop_map(|(u, n, held)| Request::Transfer(u, n, held)),
        (user(), nth(), nth()).prop_map(|(u, n, held)| Request::Conference(u, n, held)),
        (user(), nth(), user()).prop_map(|(u, n, to)| Request::HandOver(u, n, to)),
        (user(), user()).prop_map(|(u, at)| Request::PickUp(u, at)),
        (nth(), generation()).prop_map(|(n, g)| Request::Endpoint(n, g)),
        (user(), nth(), generation()).prop_map(|(u, n, g)| Request::Offer(u, n, g)),
        (user(), nth(), generation()).prop_map(|(u, n, g)| Request::Reply(u, n, g)),
        (user(), nth(), generation()).prop_map(|(u, n, g)| Request::Trickle(u, n, g)),
        (user(), nth()).prop_map(|(u, n)| Request::Confirm(u, n)),
        (0..40_000_i64).prop_map(Request::Pass),
        Just(Request::Restart),
    ]
}

impl Rig {
    fn nth_call(&self, user: usize, n: usize) -> Option<String> {
        let legs: Vec<_> = self.exchange.legs.keys().collect();
        let own = legs
            .iter()
            .filter(|id| id.starts_with("call") && id.contains(&format!(".{}.", USERS[user])));
        own.map(|id| (**id).clone()).nth(n)
    }

    fn run(&mut self, request: Request) {
        let now = self.now;
        let on = |rig: &Self, user: usize, n| {
            let id = rig.nth_call(user, n)?;
            Some((session_id(USERS[user]), id))
        };
        match request {
            Request::Dial(from, to) => drop(self.dial(USERS[from], USERS[to])),
            Request::Place(from, to) => {
                let request = MakeCall {
                    to: USERS[to].into(),
                    device: Device::DeskPhone,
                    description: None,
                };
                let session = session_id(USERS[from]);
                let _ = self.step(|e| e.make_call(&session, request, now));
            }
            Request::Pass(millis) => self.pass(millis),
            Request::Restart => self.restart(),
            Request::Answer(u, n) => {
                if let Some((s, id)) = on(self, u, n) {
                    let call = self.exchange.call(&s, &id).ok();
                    let at_desk = call.as_ref().is_some_and(|c| c.device == Device::DeskPhone);
                    let generation = call.map_or(1, |c| c.generation);
                    let description = (!at_desk).then(|| answer(generation));
                    let request = Describe { description };
                    let _ = self.step(|e| e.answer(&s, &id, request, now));
                }
            }
            Request::Consult(u, n, to) => {
                if let Some(id) = self.nth_call(u, n) {
                    let _ = self.consult(USERS[u], &id, USERS[to]);
                }
            }
            Request::HandOver(u, n, to) => {
                if let Some(id) = self.nth_call(u, n) {
                    let _ = self.hand_over(USERS[u], &id, USERS[to]);
                }
            }
            Request::PickUp(u, at) => drop(self.pick_up(USERS[u], USERS[at])),
            Request::Alternate(u, n, held) => self.beside(u, [n, held], Self::alternate),
            Request::Reconnect(u, n, held) => self.beside(u, [n, held], Self::reconnect),
            Request::Transfer(u, n, held) => self.beside(u, [n, held], Self::transfer),
            Request::Conference(u, n, held) => self.beside(u, [n, held], Self::conference),
            Request::Endpoint(n, generation) => {
                let calls = self.exchange.calls.values();
                let mut legs = calls.filter_map(|call| call.endpoint.clone());
                if let Some(leg) = legs.nth(n) {
                    self.step(|e| e.endpoint_described(&leg, offer(generation)));
                    self.step(|e| e.endpoint_described(&leg, answer(generation)));
                }
            }
            Request::Clear(u, n) => {
                if let Some((s, id)) = on(self, u, n) {
                    let _ = self.step(|e| e.clear(&s, &id, &Clear::default(), now));
                }
            }
            Request::Hold(u, n) => {
                if let Some((s, id)) = on(self, u, n) {
                    let _ = self.step(|e| e.hold(&s, &id));
                }
            }
            Request::Retrieve(u, n) => {
                if let Some((s, id)) = on(self, u, n) {
                    let _ = self.step(|e| e.retrieve(&s, &id));
                }
            }
            Request::Deflect(u, n, to) => {
                if let Some((s, id)) = on(self, u, n) {
                    let to = Deflect {
                        to: USERS.get(to).map(|to| (*to).into()),
                    };
                    let _ = self.step(|e| e.deflect(&s, &id, &to, now));
                }
            }
            Request::Offer(u, n, g) => {
                if let Some((s, id)) = on(self, u, n) {
                    let _ = self.step(|e| e.describe(&s, &id, describe(offer(g))));
                }
            }
            Request::Reply(u, n, g) => {
                if let Some((s, id)) = on(self, u, n) {
                    let _ = self.step(|e| e.describe(&s, &id, describe(answer(g))));
                }
            }
            Request::Trickle(u, n, generation) => {
                if let Some((s, id)) = on(self, u, n) {
                    let candidates = Candidates {
                        generation,
                        candidates: vec!["candidate:1".into()],
                        complete: true,
                    };
                    let _ = self.step(|e| e.trickle(&s, &id, candidates));
                }
            }
            Request::Confirm(u, n) => {
                if let Some((s, id)) = on(self, u, n) {
                    let _ = self.step(|e| e.confirm(&s, &id));
                }
            }
        }
    }

    /// Until a restart, desk phones' calls are placed from the telephone of the next user.
    fn dial_by_callback(&mut self) {
        self.exchange.company.system.configuration.mobility = true;
        for (user, next) in USERS.into_iter().zip(USERS.into_iter().cycle().skip(1)) {
            let session = session_id(user);
            let profile = uc_protocol::ucx::Profile {
                mobile: Some(format!("+49 30 23125-{next}")),
                ..Default::default()
            };
            self.step(|e| e.set_profile(&session, profile)).unwrap();
            let update = uc_protocol::ucx::DialMethodUpdate {
                method: uc_protocol::ucx::DialMethod::Callback,
            };
            self.step(|e| e.set_dial_method(&session, update)).unwrap();
        }
        self.events.clear();
        self.lines.clear();
    }

    fn beside(
        &mut self,
        user: usize,
        calls: [usize; 2],
        service: fn(&mut Self, &str, &str, &str) -> Result<CallResource, Refusal>,
    ) {
        if let [Some(active), Some(held)] = calls.map(|n| self.nth_call(user, n)) {
            let _ = service(self, USERS[user], &active, &held);
        }
    }

    /// What holds after every step.
    fn check(&self) {
        use ConnectionState::{Connected, Hold, Initiated, Null};
        for (key, call) in &self.exchange.calls {
            assert_eq!(*key, call.key);
            let states = [call.first.state, call.second.state];
            let up = |state: ConnectionState| matches!(state, Connected | Hold);
            if call.is_over() {
                assert_eq!(states, [Null, Null]);
            } else if let Some(rings) = call.alerting_side() {
                let far = call.leg(rings.other());
                assert!(far.state == Initiated || up(far.state), "{states:?}");
                let rings_elsewhere = call.placed.as_ref().is_some_and(|p| p.to.is_some());
                assert!(call.leg(rings).carrier.is_none());
                assert_eq!(far.carrier.is_some(), far.is_client() && !rings_elsewhere);
            } else {
                assert!(states.into_iter().all(up), "{states:?}");
                let sides = [&call.first, &call.second].into_iter();
                let users: Vec<_> = sides.filter(|leg| leg.user().is_some()).collect();
                let heard =
                    |leg: &&Leg| leg.carrier.is_some() == leg.is_client() && leg.answered.is_some();
                assert!(users.iter().all(heard) && call.beside.is_empty());
                let alone = call.conference.is_some() || call.is_at_mailbox();
                assert_eq!(users.len() == 1, alone);
            }
            // One side makes the first offer, and nobody talks with themselves.
            let offering = call.legs().filter(|leg| leg.offers).count();
            let renewed = call.legs().any(|leg| leg.far_end > 0);
            let server_offers = call.has_client() && call.sounding().is_some() && offering == 0;
            let once = offering == 1 || (server_offers && offering == 0);
            assert!(offering <= 1 && (once || !renewed), "{offering}");
            assert_eq!(call.endpoint.is_some(), call.sounding().is_some());
            assert_ne!(call.first.owner, call.second.owner);
            assert!(call.legs().all(|leg| self.exchange.legs[&leg.id] == *key));
            if let (Some(conference), false) = (&call.conference, call.is_over()) {
                let members: Vec<_> = self.exchange.members(conference).collect();
                let users: std::collections::BTreeSet<_> =
                    members.iter().map(|leg| leg.user()).collect();
                assert!(members.len() > 1 && users.len() == members.len());
            }
        }
        self.check_sound();
        let legs = self.exchange.calls.values().flat_map(|call| call.legs());
        assert_eq!(self.exchange.legs.len(), legs.count());
        for user in USERS {
            assert!(self.exchange.running_calls(user, &session_id(user)).len() <= MAX_CALLS);
        }
    }
}

impl Rig {
    /// What the server is told of its own sound is in order, and the calls know what sounds.
    fn check_sound(&self) {
        let mut open = std::collections::BTreeSet::new();
        for step in &self.sound {
            match step {
                SoundStep::Open { leg, .. } => assert!(open.insert(leg)),
                SoundStep::Close { leg } => assert!(open.remove(leg)),
                SoundStep::AcceptOffer { leg, .. }
                | SoundStep::AcceptAnswer { leg, .. }
                | SoundStep::Offer { leg, .. }
                | SoundStep::Hold { leg, .. }
                | SoundStep::Candidates { leg, .. } => assert!(open.contains(leg)),
            }
        }
        let calls = self.exchange.calls.values();
        let sounding = calls.filter_map(|call| call.endpoint.as_ref());
        assert_eq!(open, sounding.collect());
    }

    /// Clients and desk phones.
    fn mixed() -> Self {
        let mut rig = Self::of(mixed::company());
        for user in USERS {
            rig.sign_in(user, user);
        }
        rig
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_requests_keep_calls_and_numbering_whole(
        requests in proptest::collection::vec(requests(), 1..60),
    ) {
        let mut rig = Rig::with(&USERS);
        rig.dial_by_callback();
        let mut newest = USERS.map(|user| rig.exchange.next_rev(user) - 1);
        for request in requests {
            rig.run(request);
            rig.check();
            let mut told: Vec<_> = rig.events.drain(..).chain(rig.lines.drain(..)).collect();
            told.sort_by_key(|(_, logged)| logged.number);
            for (user, logged) in told {
                let Some(index) = USERS.iter().position(|u| *u == user) else { continue };
                prop_assert_eq!(logged.number, newest[index] + 1);
                newest[index] = logged.number;
            }
        }
    }

    #[test]
    fn calls_between_clients_and_desk_phones_stay_whole(
        requests in proptest::collection::vec(requests(), 1..60),
    ) {
        let mut rig = Rig::mixed();
        for request in requests {
            rig.run(request);
            rig.check();
        }
    }

    #[test]
    fn the_state_after_a_restart_is_the_state_before_it(
        requests in proptest::collection::vec(requests(), 1..40),
    ) {
        let mut rig = Rig::with(&USERS);
        for request in requests {
            rig.run(request);
        }
        let settled = |exchange: &Exchange| {
            let snapshots = USERS.map(|user| exchange.snapshot(&session_id(user)).unwrap());
            snapshots.map(|mut snapshot| {
                snapshot.as_of.number = 0;
                for call in &mut snapshot.calls {
                    call.unconfirmed = true;
                    call.rev = 0;
                    let seat = exchange.seat_of(&call.id).unwrap();
                    if exchange.calls[&seat.call].sounding().is_some() {
                        // Their sound is made anew.
                        call.far_end = 0;
                        call.offers = false;
                        call.description = None;
                        call.candidates = None;
                    }
                }
                snapshot
            })
        };
        let before = settled(&rig.exchange);
        rig.restart();
        prop_assert_eq!(settled(&rig.exchange), before);
    }

    #[test]
    fn the_same_requests_give_the_same_events(
        requests in proptest::collection::vec(requests(), 1..30),
    ) {
        let run = || {
            let mut rig = Rig::with(&USERS);
            rig.dial_by_callback();
            requests.iter().cloned().for_each(|request| rig.run(request));
            rig.events
        };
        prop_assert_eq!(run(), run());
    }
}
