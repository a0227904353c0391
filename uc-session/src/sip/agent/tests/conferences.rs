use uc_model::ConnectionState;

use super::rig::*;
use crate::port::{BackendError, Beside, Service};

/// User 0 talks with `count` others in a conference; the calls, the newest first.
fn conference(count: usize) -> (Rig, Vec<uc_model::CallId>) {
    let mut rig = Rig::registered(count + 1);
    let mut calls = vec![rig.talk(0, 1).0];
    for other in 2..=count {
        let active = calls[0].clone();
        hold(&mut rig, &active);
        let (next, _) = rig.talk(0, other);
        rig.serve_call(0, beside(Beside::Conference, &next, &active));
        rig.keep_sound(0);
        calls.insert(0, next);
    }
    (rig, calls)
}

fn hold(rig: &mut Rig, call: &uc_model::CallId) {
    rig.serve_call(0, Service::Hold { call: call.clone() });
    rig.keep_sound(0);
}

#[test]
fn two_calls_become_a_conference_and_one_alone_is_none() {
    let (mut rig, calls) = conference(2);
    let [second, first] = &calls[..] else {
        panic!("{calls:?}");
    };
    let number = rig.agents[0].calls[first].conference;
    assert!(number.is_some());
    assert_eq!(rig.agents[0].calls[second].conference, number);
    for call in &calls {
        let call = rig.call(0, call);
        assert_eq!(call.local, ConnectionState::Connected);
        let members = call
            .members
            .iter()
            .map(|one| one.party.number.as_str().to_owned());
        let mut members: Vec<_> = members.collect();
        members.sort();
        assert_eq!(members, ["101", "102"]);
    }
    rig.serve_call(0, clear(second));
    assert!(rig.call(0, second).is_over());
    assert!(!rig.call(0, first).is_conference());
    assert_eq!(rig.agents[0].calls[first].conference, None);
    assert_eq!(rig.call(0, first).local, ConnectionState::Connected);
}

#[test]
fn a_conference_is_held_and_retrieved_as_a_whole() {
    let (mut rig, calls) = conference(3);
    let all = |rig: &Rig, state| {
        let mut calls = calls.iter().map(|call| rig.call(0, call));
        calls.all(|call| call.local == state && call.members.len() == 3)
    };
    assert!(all(&rig, ConnectionState::Connected));
    hold(&mut rig, &calls[1]);
    assert!(all(&rig, ConnectionState::Hold));
    let call = calls[2].clone();
    rig.serve_call(0, Service::Retrieve { call });
    assert!(all(&rig, ConnectionState::Connected));
}

#[test]
fn eight_talk_and_no_more() {
    let (mut rig, calls) = conference(7);
    let members = |rig: &Rig| rig.call(0, &calls[6]).members.len();
    assert_eq!(members(&rig), 7);
    hold(&mut rig, &calls[0]);
    let (next, _) = rig.talk(0, 1);
    let join = beside(Beside::Conference, &next, &calls[0]);
    assert_eq!(rig.serve(0, join), Some(Err(BackendError::Full)));
    assert_eq!(members(&rig), 7);
}

#[test]
fn a_far_end_that_leaves_is_missing_from_the_conference() {
    let (mut rig, calls) = conference(2);
    let theirs = rig.only_call(2).call.id;
    rig.serve_call(2, clear(&theirs));
    assert!(rig.call(0, &calls[0]).is_over());
    assert!(!rig.call(0, &calls[1]).is_conference());
}

#[test]
fn a_conference_needs_an_active_and_a_held_call() {
    let mut rig = Rig::registered(3);
    let (first, _) = rig.talk(0, 1);
    let (second, _) = rig.talk(0, 2);
    let refused = Some(Err(BackendError::WrongState));
    let join = || beside(Beside::Conference, &second, &first);
    assert_eq!(rig.serve(0, join()), refused, "none is held");
    hold(&mut rig, &first);
    hold(&mut rig, &second);
    assert_eq!(rig.serve(0, join()), refused, "none is active");
}
