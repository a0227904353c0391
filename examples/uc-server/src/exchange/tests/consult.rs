//! A second call beside a held one.

use uc_protocol::ucx::Cause;

use super::*;
use ConnectionState::{Alerting, Connected, Hold, Initiated, Null};

#[test]
fn a_consultation_holds_the_first_call_and_rings_at_the_second() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    let (waiting, held) = rig.talking();
    let active = rig.consult("331", &held, "332").unwrap();
    assert_eq!((active.local, active.remote), (Initiated, Alerting));
    assert!(active.carried_here);
    assert_eq!(rig.look("331", &held).local, Hold);
    assert_eq!(rig.look("330", &waiting).remote, Hold);
}

#[test]
fn a_consultation_that_cannot_be_made_holds_nothing() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    let (_, held) = rig.talking();
    for (to, cause) in [("999", Cause::NoSuchNumber), ("333", Cause::Unreachable)] {
        let refused = rig.consult("331", &held, to);
        assert_eq!(refused, Err(Refusal::CallFailed(cause)));
        assert_eq!(rig.look("331", &held).local, Connected);
    }
    let nonsense = rig.consult("331", &held, "Rosa");
    assert!(matches!(nonsense, Err(Refusal::Value(_))));
    let desk = MakeCall {
        to: "332".into(),
        device: Device::DeskPhone,
        description: None,
    };
    let now = rig.now;
    let refused = rig.step(|e| e.consult(&session_id("331"), &held, desk, now));
    assert!(matches!(refused, Err(Refusal::Value(_))));
    assert_eq!(rig.look("331", &held).local, Connected);
}

#[test]
fn only_an_active_call_is_consulted_about() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    let ringing = rig.dial("330", "331").unwrap().id;
    let refused = rig.consult("330", &ringing, "332");
    assert_eq!(refused, Err(Refusal::WrongState));
    let callee = rig.ringing("331");
    rig.answer("331", &callee).unwrap();
    rig.hold("331", &callee).unwrap();
    let refused = rig.consult("331", &callee, "332");
    assert_eq!(refused, Err(Refusal::WrongState));
    rig.clear("331", &callee).unwrap();
    let refused = rig.consult("331", &callee, "332");
    assert_eq!(refused, Err(Refusal::WrongState));
}

#[test]
fn alternating_swaps_the_calls() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    let [waiting, target, held, active] = rig.consulting();
    assert_eq!(rig.alternate("331", &active, &held).unwrap().local, Hold);
    assert_eq!(rig.look("331", &held).local, Connected);
    assert_eq!(rig.look("330", &waiting).remote, Connected);
    assert_eq!(rig.look("332", &target).remote, Hold);
    let again = rig.alternate("331", &active, &held);
    assert_eq!(again, Err(Refusal::WrongState), "they have changed places");
    rig.alternate("331", &held, &active).unwrap();
}

#[test]
fn reconnecting_ends_the_consultation_and_retrieves_the_first_call() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    let [waiting, target, held, active] = rig.consulting();
    let over = rig.reconnect("331", &active, &held).unwrap();
    assert_eq!((over.local, over.cause), (Null, Some(Cause::Normal)));
    assert_eq!(rig.look("332", &target).cause, Some(Cause::Normal));
    assert_eq!(rig.look("331", &held).local, Connected);
    assert_eq!(rig.look("330", &waiting).remote, Connected);

    let ringing = rig.consult("331", &held, "332").unwrap().id;
    let over = rig.reconnect("331", &ringing, &held).unwrap();
    assert_eq!(over.cause, Some(Cause::Cancelled));
    assert_eq!(rig.look("331", &held).local, Connected);
}

#[test]
fn a_pair_is_an_active_and_a_held_call_of_one_client() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    rig.sign_in("331", "second");
    let [_, _, held, active] = rig.consulting();
    type Service = fn(&mut Rig, &str, &str, &str) -> Result<CallResource, Refusal>;
    let services: [Service; 4] = [
        Rig::alternate,
        Rig::reconnect,
        Rig::transfer,
        Rig::conference,
    ];
    for service in services {
        for (active, held) in [(&held, &active), (&active, &active), (&held, &held)] {
            let refused = service(&mut rig, "331", active, held);
            assert_eq!(refused, Err(Refusal::WrongState));
        }
        let elsewhere = service(&mut rig, "second", &active, &held);
        assert_eq!(elsewhere, Err(Refusal::CarriedElsewhere));
        let foreign = service(&mut rig, "330", &active, &held);
        assert_eq!(foreign, Err(Refusal::NotFound));
    }
}

#[test]
fn what_still_rings_is_neither_alternated_nor_joined() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    let (_, held) = rig.talking();
    let active = rig.consult("331", &held, "332").unwrap().id;
    for refused in [
        rig.alternate("331", &active, &held),
        rig.conference("331", &active, &held),
    ] {
        assert_eq!(refused, Err(Refusal::WrongState));
    }
    assert_eq!(rig.look("331", &held).local, Hold);
}
