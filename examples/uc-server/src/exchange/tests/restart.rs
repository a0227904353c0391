use uc_protocol::ucx::{Cause, ConnectionState, PresenceState, PresenceUpdate};

use super::*;

#[test]
fn everything_a_user_has_survives_a_restart() {
    let mut rig = Rig::with(&["330", "331"]);
    let update = PresenceUpdate {
        state: PresenceState::Meeting,
        until: None,
        note: Some("room 7".into()),
    };
    rig.step(|e| e.set_presence(&session_id("330"), update))
        .unwrap();
    let call = rig.dial("330", "331").unwrap().id;
    rig.clear("330", &call).unwrap();
    let before = rig.exchange.snapshot(&session_id("331")).unwrap();
    rig.restart();
    assert_eq!(rig.exchange.snapshot(&session_id("331")), Ok(before));
}

#[test]
fn a_subscriber_goes_on_across_a_restart() {
    let mut rig = Rig::with(&["330", "331"]);
    let call = rig.dial("330", "331").unwrap().id;
    let seen = EventId {
        epoch: "e1".into(),
        number: 3,
    };
    rig.clear("330", &call).unwrap();
    rig.restart();
    let backlog = rig
        .exchange
        .subscribe(&session_id("330"), Some(&seen))
        .unwrap();
    let numbers: Vec<_> = backlog.events.iter().map(|logged| logged.number).collect();
    assert_eq!((numbers, backlog.reset_at), (vec![4, 5, 6], None));
}

#[test]
fn a_call_goes_on_when_both_sides_confirm() {
    let mut rig = Rig::with(&["330", "331"]);
    let (caller, callee) = rig.talking();
    rig.restart();
    let taken_up = rig.look("330", &caller);
    assert!(taken_up.unconfirmed && taken_up.carried_here);
    assert_eq!(taken_up.local, ConnectionState::Connected);
    assert!(matches!(rig.newest("331", "331"), Some(Event::Call(call)) if call.unconfirmed));
    for (user, id) in [("330", &caller), ("331", &callee)] {
        let session = session_id(user);
        let confirmed = rig.step(|exchange| exchange.confirm(&session, id)).unwrap();
        assert!(!confirmed.unconfirmed);
        rig.step(|exchange| exchange.stream_opened(&session, true));
    }
    rig.pass(3_600_000);
    assert_eq!(rig.look("330", &caller).cause, None);
    rig.step(|exchange| exchange.hold(&session_id("330"), &caller))
        .unwrap();
}

#[test]
fn a_call_that_one_side_does_not_confirm_is_given_up() {
    let mut rig = Rig::with(&["330", "331"]);
    let (caller, _) = rig.talking();
    rig.restart();
    rig.step(|exchange| exchange.confirm(&session_id("330"), &caller))
        .unwrap();
    rig.pass(timers::CONFIRM_MS - 1);
    assert_eq!(rig.look("330", &caller).cause, None);
    rig.pass(1);
    assert_eq!(rig.look("330", &caller).cause, Some(Cause::ServerLost));
}

#[test]
fn a_ringing_call_is_confirmed_by_its_caller_and_answered() {
    let mut rig = Rig::with(&["330", "331"]);
    let caller = rig.dial("330", "331").unwrap().id;
    rig.restart();
    rig.step(|exchange| exchange.confirm(&session_id("330"), &caller))
        .unwrap();
    let callee = rig.ringing("331");
    rig.answer("331", &callee).unwrap();
    for user in ["330", "331"] {
        rig.step(|exchange| exchange.stream_opened(&session_id(user), true));
    }
    rig.pass(timers::CONFIRM_MS + 1);
    assert_eq!(rig.look("330", &caller).cause, None);
}

#[test]
fn only_the_client_that_carries_a_call_confirms_it() {
    let mut rig = Rig::with(&["330", "331"]);
    rig.sign_in("331", "second");
    let (_, callee) = rig.talking();
    rig.restart();
    let refused = rig.step(|exchange| exchange.confirm(&session_id("second"), &callee));
    assert_eq!(refused, Err(Refusal::CarriedElsewhere));
}

#[test]
fn confirming_a_call_that_needs_none_changes_nothing() {
    let mut rig = Rig::with(&["330", "331"]);
    let (caller, _) = rig.talking();
    let told = rig.events.len();
    rig.step(|exchange| exchange.confirm(&session_id("330"), &caller))
        .unwrap();
    assert_eq!(rig.events.len(), told);
}
