//! Any sequence of requests keeps the promises.

use proptest::prelude::*;
use uc_protocol::ucx::{Candidates, ConnectionState, NewDestination};

use super::*;
use crate::exchange::calls::MAX_CALLS;

const USERS: [&str; 3] = ["330", "331", "332"];

#[derive(Debug, Clone)]
enum Request {
    Dial(usize, usize),
    Answer(usize, usize),
    Clear(usize, usize),
    Hold(usize, usize),
    Retrieve(usize, usize),
    Deflect(usize, usize, usize),
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
        (user(), nth()).prop_map(|(u, n)| Request::Answer(u, n)),
        (user(), nth()).prop_map(|(u, n)| Request::Clear(u, n)),
        (user(), nth()).prop_map(|(u, n)| Request::Hold(u, n)),
        (user(), nth()).prop_map(|(u, n)| Request::Retrieve(u, n)),
        (user(), nth(), user()).prop_map(|(u, n, to)| Request::Deflect(u, n, to)),
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
            .filter(|id| id.contains(&format!(".{}.", USERS[user])));
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
            Request::Pass(millis) => self.pass(millis),
            Request::Restart => self.restart(),
            Request::Answer(u, n) => {
                if let Some((s, id)) = on(self, u, n) {
                    let _ = self.step(|e| e.answer(&s, &id, describe(answer(1)), now));
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
                    let to = NewDestination {
                        to: USERS[to].into(),
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

    /// What holds after every step.
    fn check(&self) {
        for call in self.exchange.calls.values() {
            let (one, other) = (call.caller.state, call.callee.state);
            let expected: &[ConnectionState] = if call.is_over() {
                &[ConnectionState::Null]
            } else if call.is_alerting() {
                &[ConnectionState::Initiated, ConnectionState::Alerting]
            } else {
                &[ConnectionState::Connected, ConnectionState::Hold]
            };
            assert!(expected.contains(&one) && expected.contains(&other));
            assert!(call.is_over() || call.answered.is_none() || call.callee.carrier.is_some());
        }
        assert_eq!(self.exchange.legs.len(), 2 * self.exchange.calls.len());
        for user in USERS {
            assert!(self.exchange.running_calls(user, &session_id(user)).len() <= MAX_CALLS);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_requests_keep_calls_and_numbering_whole(
        requests in proptest::collection::vec(requests(), 1..60),
    ) {
        let mut rig = Rig::with(&USERS);
        let mut newest = [0_u64; USERS.len()];
        for request in requests {
            rig.run(request);
            rig.check();
            for (user, logged) in rig.events.drain(..) {
                let Some(index) = USERS.iter().position(|u| *u == user) else { continue };
                prop_assert_eq!(logged.number, newest[index] + 1);
                newest[index] = logged.number;
            }
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
            requests.iter().cloned().for_each(|request| rig.run(request));
            rig.events
        };
        prop_assert_eq!(run(), run());
    }
}
