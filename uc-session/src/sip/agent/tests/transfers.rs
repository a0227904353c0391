use std::time::Duration;

use uc_model::{ConnectionState, FailureCause, PhoneNumber};
use uc_protocol::sip::{Message, Method};

use super::rig::*;
use crate::port::{BackendError, Beside, Outcome, Service};

#[test]
fn an_answered_call_is_handed_over_without_announcement() {
    let mut rig = Rig::registered(3);
    let (mine, theirs) = rig.talk(0, 1);
    let to = PhoneNumber::new("102").unwrap();
    let transfer = Service::SingleStepTransfer {
        call: mine.clone(),
        to,
    };
    assert_eq!(rig.serve(0, transfer), None, "it doesn't ring there yet");
    rig.keep_sound(1);
    assert_eq!(rig.call(0, &mine).cause, Some(FailureCause::Transferred));
    let third = rig.only_call(2);
    assert_eq!(third.call.remote.party.number.as_str(), "101");
    rig.serve_call(2, answer(&third.call.id));
    let call = rig.call(1, &theirs);
    assert_eq!(call.local, ConnectionState::Connected);
    assert_eq!(call.remote.party.number.as_str(), "102");
    rig.wait(Duration::from_secs(60));
    rig.serve(2, clear(&third.call.id));
    assert_eq!(rig.call(1, &theirs).cause, Some(FailureCause::Normal));
}

#[test]
fn a_far_end_that_tells_nothing_of_a_transfer_is_believed() {
    let mut rig = Rig::registered(3);
    let (mine, _) = rig.talk(0, 1);
    let to = PhoneNumber::new("102").unwrap();
    let transfer = Service::SingleStepTransfer {
        call: mine.clone(),
        to,
    };
    // The session of the far end is slow: neither an offer nor news come from it.
    assert_eq!(rig.serve(0, transfer), None);
    rig.wait(Duration::from_secs(3));
    assert!(!rig.call(0, &mine).is_over());
    rig.wait(Duration::from_secs(2));
    assert_eq!(rig.call(0, &mine).cause, Some(FailureCause::Transferred));
}

#[test]
fn whoever_hangs_up_while_being_sent_elsewhere_rings_there_no_longer() {
    let mut rig = Rig::registered(3);
    let (mine, theirs) = rig.talk(0, 1);
    let to = PhoneNumber::new("102").unwrap();
    rig.serve(0, Service::SingleStepTransfer { call: mine, to });
    rig.keep_sound(1);
    let third = rig.only_call(2).call.id;
    rig.serve(1, clear(&theirs));
    assert_eq!(rig.call(2, &third).cause, Some(FailureCause::Cancelled));
    rig.wait(Duration::from_secs(300));
    assert!(rig.agents.iter().all(|user| user.agent.legs.is_empty()));
}

#[test]
fn the_call_that_was_left_ends_with_the_one_that_followed_it() {
    let mut rig = Rig::registered(3);
    let (mine, theirs) = rig.talk(0, 1);
    let to = PhoneNumber::new("102").unwrap();
    let call = mine.clone();
    rig.serve(0, Service::SingleStepTransfer { call, to });
    // Whoever hands over leaves it to the other to end their call.
    rig.agents[0].agent.legs.remove(&mine);
    rig.keep_sound(1);
    let third = rig.only_call(2).call.id;
    rig.serve_call(2, answer(&third));
    rig.serve(2, clear(&third));
    assert!(rig.call(1, &theirs).is_over());
    let said = rig.seen.iter().any(|(from, to, message)| {
        matches!(message, Message::Request(bye) if bye.method == Method::Bye)
            && (*from, *to) == (1, 0)
    });
    assert!(said, "the first call was never ended");
}

#[test]
fn a_transfer_to_nobody_leaves_the_call_as_it_was() {
    let mut rig = Rig::registered(2);
    let (mine, theirs) = rig.talk(0, 1);
    let to = PhoneNumber::new("999").unwrap();
    let transfer = Service::SingleStepTransfer {
        call: mine.clone(),
        to,
    };
    let id = rig.serve(0, transfer);
    assert_eq!(id, None);
    rig.keep_sound(1);
    rig.keep_sound(0);
    rig.keep_sound(1);
    let failed = Err(BackendError::CallFailed(FailureCause::NoSuchNumber));
    assert_eq!(rig.agents[0].done.values().last(), Some(&failed));
    assert_eq!(rig.call(0, &mine).local, ConnectionState::Connected);
    assert_eq!(rig.call(1, &theirs).local, ConnectionState::Connected);
}

#[test]
fn two_calls_are_joined_and_the_others_talk() {
    let mut rig = Rig::registered(3);
    let (first, one) = rig.talk(0, 1);
    let second = rig.serve_call(0, consult(&first, "102")).call.id;
    let other = rig.only_call(2).call.id;
    rig.serve_call(2, answer(&other));
    assert_eq!(
        rig.serve(0, beside(Beside::Transfer, &second, &first)),
        None
    );
    for _ in 0..3 {
        rig.keep_sound(1);
        rig.keep_sound(2);
    }
    assert_eq!(rig.call(0, &first).cause, Some(FailureCause::Transferred));
    assert_eq!(rig.call(0, &second).cause, Some(FailureCause::Transferred));
    assert_eq!(rig.agents[0].done.values().last(), Some(&Ok(Outcome::Done)));
    rig.wait(Duration::from_secs(60));
    assert_eq!(rig.call(1, &one).remote.party.number.as_str(), "102");
    assert_eq!(rig.call(2, &other).remote.party.number.as_str(), "101");
    assert_eq!(rig.call(1, &one).local, ConnectionState::Connected);
    assert_eq!(rig.call(2, &other).local, ConnectionState::Connected);
    rig.serve(1, clear(&one));
    assert_eq!(rig.call(2, &other).cause, Some(FailureCause::Normal));
}

#[test]
fn a_call_is_handed_over_while_it_still_rings_there() {
    let mut rig = Rig::registered(3);
    let (first, one) = rig.talk(0, 1);
    let second = rig.serve_call(0, consult(&first, "102")).call.id;
    assert_eq!(
        rig.serve(0, beside(Beside::Transfer, &second, &first)),
        None
    );
    rig.keep_sound(1);
    assert_eq!(rig.call(0, &first).cause, Some(FailureCause::Transferred));
    assert_eq!(rig.call(0, &second).cause, Some(FailureCause::Transferred));
    let rings = rig.only_call(2).call.id;
    rig.serve_call(2, answer(&rings));
    assert_eq!(rig.call(1, &one).remote.party.number.as_str(), "102");
}
