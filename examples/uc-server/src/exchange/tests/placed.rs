//! Calls that are placed from another telephone (CALLME-1, CONN-10).

use uc_protocol::ucx::{
    CallMeUpdate, CallOutcome, Cause, DialMethod, DialMethodUpdate, PresenceState, Profile,
};

use super::{
    forwarding::{outcomes, rig, set},
    *,
};
use crate::exchange::timers::NO_ANSWER_MS;
use ConnectionState::{Alerting, Connected, Hold, Initiated, Null};

/// 331 is at 332's telephone.
fn at_another_workplace() -> Rig {
    let mut rig = rig("mode = \"suite\"", "");
    let update = CallMeUpdate {
        number: Some("332".into()),
    };
    rig.step(|e| e.set_call_me(&session_id("331"), &update))
        .unwrap();
    rig
}

fn place(rig: &mut Rig, to: &str) -> Result<CallResource, Refusal> {
    let request = MakeCall {
        to: to.into(),
        device: Device::DeskPhone,
        description: None,
    };
    let now = rig.now;
    rig.step(|exchange| exchange.make_call(&session_id("331"), request, now))
}

/// The other telephone rings: its call, after the system's offer has come.
fn rings_elsewhere(rig: &mut Rig) -> String {
    let call = rig.ringing("332");
    let [.., SoundStep::Open { .. }, SoundStep::Offer { leg, .. }] = &rig.sound[..] else {
        panic!("{:?}", rig.sound);
    };
    let leg = leg.clone();
    rig.step(|e| e.endpoint_described(&leg, offer(1)));
    call
}

/// It is answered there: the call now rings at who was dialled, with the offer of that telephone.
fn answered_elsewhere(rig: &mut Rig, there: &str) {
    rig.answer("332", there).unwrap();
    rig.describe("332", there, offer(2)).unwrap();
}

#[test]
fn a_call_rings_at_the_other_workplace_and_then_at_who_was_dialled() {
    let mut rig = at_another_workplace();
    let own = place(&mut rig, "333").unwrap();
    assert_eq!(own.device, Device::DeskPhone, "no sound here");
    assert_eq!((own.local, own.remote), (Initiated, Null));
    assert_eq!(own.party.number, "333");
    let there = rings_elsewhere(&mut rig);
    let seen = rig.look("332", &there);
    assert_eq!(seen.party.number, "331", "who calls from here");
    assert!(seen.description.is_some());
    answered_elsewhere(&mut rig, &there);
    assert_eq!(rig.look("332", &there).party.number, "333");
    let called = rig.ringing("333");
    assert_eq!(rig.look("333", &called).party.number, "331", "one number");
    let own = rig.look("331", &own.id);
    assert_eq!((own.local, own.remote), (Initiated, Alerting));
    rig.answer_with("333", &called, answer(2)).unwrap();
    let own = rig.look("331", &own.id);
    assert_eq!((own.local, own.remote), (Connected, Connected));
    assert!(own.description.is_none(), "the sound isn't here");
    rig.clear("331", &own.id).unwrap();
    for (user, call) in [("332", &there), ("333", &called)] {
        assert_eq!(rig.look(user, call).cause, Some(Cause::Normal), "{user}");
    }
    assert_eq!(outcomes(&rig, "331"), [CallOutcome::Answered]);
}

#[test]
fn the_other_telephone_carries_the_call_and_holds_it() {
    let mut rig = at_another_workplace();
    let own = place(&mut rig, "333").unwrap().id;
    let there = rings_elsewhere(&mut rig);
    answered_elsewhere(&mut rig, &there);
    let called = rig.ringing("333");
    rig.answer_with("333", &called, answer(2)).unwrap();
    assert_eq!(rig.hold("331", &own), Err(Refusal::CarriedElsewhere));
    rig.hold("332", &there).unwrap();
    assert_eq!(rig.look("333", &called).remote, Hold);
    rig.retrieve("332", &there).unwrap();
    rig.hand_over("332", &there, "334").unwrap();
    let last = rig.ringing("334");
    assert_eq!(rig.look("331", &own).local, Connected);
    rig.clear("333", &called).unwrap();
    assert_eq!(rig.look("334", &last).cause, Some(Cause::Cancelled));
    assert_eq!(rig.look("331", &own).local, Null);
}

#[test]
fn whoever_placed_a_call_takes_no_part_in_what_a_transfer_makes_of_it() {
    let mut rig = at_another_workplace();
    let own = place(&mut rig, "333").unwrap().id;
    let there = rings_elsewhere(&mut rig);
    answered_elsewhere(&mut rig, &there);
    let called = rig.ringing("333");
    rig.answer_with("333", &called, answer(2)).unwrap();
    let active = rig.consult("333", &called, "334").unwrap().id;
    let last = rig.ringing("334");
    rig.answer("334", &last).unwrap();
    rig.transfer("333", &active, &called).unwrap();
    let told = rig.newest_call("331");
    assert_eq!((told.id, told.cause), (own, Some(Cause::Transferred)));
    assert_eq!(rig.look("332", &there).party.number, "334");
}

#[test]
fn nobody_takes_it_at_the_other_workplace_or_the_dialled_one_is_not_there() {
    let mut rig = at_another_workplace();
    let own = place(&mut rig, "333").unwrap().id;
    rings_elsewhere(&mut rig);
    rig.pass(NO_ANSWER_MS);
    assert_eq!(rig.look("331", &own).cause, Some(Cause::NoAnswer));

    set(&mut rig, "333", PresenceState::DoNotDisturb, None);
    let own = place(&mut rig, "333").unwrap().id;
    let there = rings_elsewhere(&mut rig);
    rig.answer("332", &there).unwrap();
    for (user, call) in [("331", &own), ("332", &there)] {
        assert_eq!(
            rig.look(user, call).cause,
            Some(Cause::DoNotDisturb),
            "{user}"
        );
    }
    assert_eq!(rig.exchange.running_count("331"), 0);
}

#[test]
fn a_placed_call_is_given_up_before_it_is_answered() {
    let mut rig = at_another_workplace();
    let own = place(&mut rig, "333").unwrap().id;
    let there = rings_elsewhere(&mut rig);
    rig.clear("331", &own).unwrap();
    assert_eq!(rig.look("332", &there).cause, Some(Cause::Cancelled));
    let late = rig.answer("332", &there);
    assert_eq!(late, Err(Refusal::WrongState));
    let closed = rig
        .sound
        .iter()
        .filter(|step| matches!(step, SoundStep::Close { .. }));
    assert_eq!(closed.count(), 1);
}

#[test]
fn a_restart_ends_what_rings_elsewhere_only() {
    let mut rig = Rig::listening(&["330", "331", "332", "333"]);
    rig.exchange.company.system.configuration.mobility = true;
    by_callback(&mut rig);
    let own = place(&mut rig, "333").unwrap().id;
    rings_elsewhere(&mut rig);
    rig.restart();
    assert_eq!(rig.look("331", &own).cause, Some(Cause::ServerLost));
}

/// 331 dials by callback; the mobile number is that of 332's telephone.
fn by_callback(rig: &mut Rig) {
    let profile = Profile {
        mobile: Some("+49 30 23125-332".into()),
        ..Profile::default()
    };
    rig.step(|e| e.set_profile(&session_id("331"), profile))
        .unwrap();
    let update = DialMethodUpdate {
        method: DialMethod::Callback,
    };
    rig.step(|e| e.set_dial_method(&session_id("331"), update))
        .unwrap();
}

#[test]
fn with_callback_the_mobile_phone_rings_first_but_not_for_emergencies() {
    let mut rig = Rig::listening(&["330", "331", "332", "333"]);
    rig.exchange.company.system.configuration.mobility = true;
    by_callback(&mut rig);
    let own = place(&mut rig, "333").unwrap();
    assert_eq!(own.remote, Null);
    let there = rings_elsewhere(&mut rig);
    answered_elsewhere(&mut rig, &there);
    rig.ringing("333");
    rig.clear("331", &own.id).unwrap();
    let before = rig.sound.len();
    let emergency = place(&mut rig, "112");
    assert_eq!(emergency, Err(Refusal::NoDeskPhones), "it goes its own way");
    assert_eq!(rig.sound.len(), before);
}

#[test]
fn with_desk_phones_alone_the_other_desk_phone_rings() {
    let mut rig = at_another_workplace();
    rig.exchange.company.system.configuration.desk_phones = true;
    let session = session_id("332");
    rig.step(|e| e.sign_out(&session, 1_000));
    let own = place(&mut rig, "339");
    assert_eq!(own.unwrap().remote, Null, "who it is comes out later");
    rig.pass(NO_ANSWER_MS);
    assert_eq!(rig.exchange.running_count("331"), 0);
}
