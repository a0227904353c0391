use uc_model::Action;
use uc_protocol::ucx::ConnectionState as Wire;

use super::*;

const NOW: Timestamp = Timestamp(1_000);

fn desk() -> Desk {
    Desk::new("330".into(), Rev(10))
}

fn event(kind: CallEventKind) -> CallEvent {
    CallEvent {
        kind,
        device: "330".into(),
        call: Some("c1".into()),
        calling: Some("331".into()),
        called: Some("330".into()),
        by: None,
        cause: None,
    }
}

fn by(kind: CallEventKind, who: &str) -> CallEvent {
    CallEvent {
        by: Some(who.into()),
        ..event(kind)
    }
}

fn call(desk: &mut Desk, event: &CallEvent) -> Call {
    match desk.apply(event, NOW) {
        Applied::Call(update) => update.call,
        other => panic!("{event:?} gave {other:?}"),
    }
}

fn id() -> CallId {
    CallId::new("c1").unwrap()
}

fn listed(call: &str, local: Wire, far: Wire) -> DeviceCall {
    DeviceCall {
        call: call.into(),
        calling: "331".into(),
        called: "330".into(),
        local,
        far,
    }
}

#[test]
fn an_incoming_call_is_put_together_from_its_events() {
    use ConnectionState::{Alerting, Connected, Hold, Initiated, Null};
    let mut desk = desk();
    let mut rev = desk.rev();
    for (event, local, remote) in [
        (event(CallEventKind::Delivered), Alerting, Initiated),
        (event(CallEventKind::Established), Connected, Connected),
        (by(CallEventKind::Held, "330"), Hold, Connected),
        (by(CallEventKind::Held, "331"), Hold, Hold),
        (by(CallEventKind::Retrieved, "330"), Connected, Hold),
        (by(CallEventKind::Retrieved, "331"), Connected, Connected),
        (event(CallEventKind::ConnectionCleared), Null, Null),
    ] {
        let call = call(&mut desk, &event);
        assert_eq!(
            (call.local, call.remote.state),
            (local, remote),
            "{event:?}"
        );
        assert!(call.rev > rev, "every piece of news is newer");
        rev = call.rev;
        assert_eq!(call.direction, CallDirection::Incoming);
        assert_eq!(call.remote.party.number.as_str(), "331");
    }
    assert_eq!(desk.call(&id()), None, "what is over takes no room");
}

#[test]
fn an_outgoing_call_rings_at_the_other_side() {
    let mut desk = desk();
    let mine = |kind| CallEvent {
        calling: Some("330".into()),
        called: Some("+49 89 1".into()),
        ..event(kind)
    };
    let begun = call(&mut desk, &mine(CallEventKind::ServiceInitiated));
    assert_eq!(begun.local, ConnectionState::Initiated);
    let rings = call(&mut desk, &mine(CallEventKind::Delivered));
    assert_eq!(rings.remote.state, ConnectionState::Alerting);
    assert_eq!(rings.direction, CallDirection::Outgoing);
    assert_eq!(rings.remote.party.number.as_str(), "+49 89 1");
    assert!(rings.allowed_actions().has(Action::Clear));
    let waits = call(&mut desk, &mine(CallEventKind::Queued));
    assert_eq!(waits.remote.state, ConnectionState::Queued);
    let up = call(&mut desk, &mine(CallEventKind::Established));
    assert_eq!((up.started, up.answered), (NOW, Some(NOW)));
}

#[test]
fn the_end_has_its_cause_where_the_server_tells_one() {
    let ended = |cause| {
        let mut desk = desk();
        call(&mut desk, &event(CallEventKind::Delivered));
        let over = CallEvent {
            cause,
            ..event(CallEventKind::ConnectionCleared)
        };
        call(&mut desk, &over).cause
    };
    assert_eq!(ended(None), Some(FailureCause::Normal));
    assert_eq!(
        ended(Some(ucx::Cause::Cancelled)),
        Some(FailureCause::Cancelled)
    );
    assert_eq!(
        ended(Some(ucx::Cause::MediaFailed)),
        Some(FailureCause::Normal)
    );
}

#[test]
fn an_event_that_says_too_little_asks_for_the_whole_state() {
    let mut desk = desk();
    let bare = |kind| CallEvent {
        call: None,
        calling: None,
        called: None,
        ..event(kind)
    };
    assert_eq!(
        desk.apply(&bare(CallEventKind::Delivered), NOW),
        Applied::Unclear
    );
    let nobody = CallEvent {
        calling: None,
        ..event(CallEventKind::Delivered)
    };
    assert_eq!(desk.apply(&nobody, NOW), Applied::Unclear);
    call(&mut desk, &event(CallEventKind::Established));
    let held_by_whom = event(CallEventKind::Held);
    assert_eq!(desk.apply(&held_by_whom, NOW), Applied::Unclear);
}

#[test]
fn other_devices_and_unknown_ends_are_nothing_and_nonsense_is_unreadable() {
    let mut desk = desk();
    let elsewhere = CallEvent {
        device: "335".into(),
        ..event(CallEventKind::Delivered)
    };
    assert_eq!(desk.apply(&elsewhere, NOW), Applied::Nothing);
    let over = event(CallEventKind::ConnectionCleared);
    assert_eq!(desk.apply(&over, NOW), Applied::Nothing);
    let no_id = CallEvent {
        call: Some("a b".into()),
        ..event(CallEventKind::Delivered)
    };
    assert_eq!(desk.apply(&no_id, NOW), Applied::Unreadable);
    let no_number = CallEvent {
        calling: Some("ask".into()),
        ..event(CallEventKind::Delivered)
    };
    assert_eq!(desk.apply(&no_number, NOW), Applied::Unreadable);
}

#[test]
fn a_list_replaces_what_is_older_than_it() {
    let mut desk = desk();
    call(&mut desk, &event(CallEventKind::Established));
    let asked = desk.next_rev();
    let second = CallEvent {
        call: Some("c2".into()),
        ..event(CallEventKind::Delivered)
    };
    let later = Timestamp(9_000);
    desk.apply(&second, NOW);
    let list = [
        listed("c1", Wire::Hold, Wire::Connected),
        listed("c3", Wire::Null, Wire::Null),
    ];
    let calls = desk.replace(&list, asked, later).unwrap();
    let states: Vec<_> = calls
        .iter()
        .map(|u| (u.call.id.as_str(), u.call.local))
        .collect();
    assert_eq!(
        states,
        [
            ("c1", ConnectionState::Hold),
            ("c2", ConnectionState::Alerting)
        ]
    );
    assert_eq!(calls[0].call.started, NOW, "known from before");
    assert!(calls[0].call.rev == asked && calls[1].call.rev > asked);
    let gone = desk.next_rev();
    assert_eq!(desk.replace(&[], gone, later).unwrap(), []);
    assert_eq!(desk.call(&id()), None);
    let impossible = [listed("a b", Wire::Connected, Wire::Connected)];
    assert_eq!(desk.replace(&impossible, gone, later), None);
}

#[test]
fn a_service_that_was_carried_out_counts_before_its_event() {
    let mut desk = desk();
    let asked = call(&mut desk, &event(CallEventKind::Delivered)).rev;
    let answered = desk
        .served(&id(), CallService::Answer, asked, NOW)
        .unwrap()
        .call;
    assert_eq!(answered.local, ConnectionState::Connected);
    let held = desk
        .served(&id(), CallService::Hold, answered.rev, NOW)
        .unwrap()
        .call;
    assert_eq!(held.local, ConnectionState::Hold);
    let back = desk
        .served(&id(), CallService::Retrieve, held.rev, NOW)
        .unwrap()
        .call;
    assert_eq!(back.local, ConnectionState::Connected);
    let over = desk
        .served(&id(), CallService::Clear, back.rev, NOW)
        .unwrap()
        .call;
    assert_eq!(over.cause, Some(FailureCause::Normal));
    let again = desk
        .served(&id(), CallService::Hold, over.rev, NOW)
        .unwrap()
        .call;
    assert_eq!(again, over, "what is over stays over");
    let unknown = CallId::new("c9").unwrap();
    assert_eq!(
        desk.served(&unknown, CallService::Hold, over.rev, NOW),
        None
    );
}

#[test]
fn what_comes_late_brings_no_call_back() {
    let mut desk = desk();
    let rev = call(&mut desk, &event(CallEventKind::Delivered)).rev;
    let over = desk.served(&id(), CallService::Clear, rev, NOW).unwrap();
    for late in [CallEventKind::Established, CallEventKind::ConnectionCleared] {
        assert_eq!(desk.apply(&event(late), NOW), Applied::Nothing);
    }
    let rev = desk.rev();
    let list = [listed("c1", Wire::Connected, Wire::Connected)];
    assert_eq!(desk.replace(&list, rev, NOW).unwrap(), []);
    let to = PhoneNumber::new("331").unwrap();
    assert_eq!(desk.made(id(), &to, NOW), Some(over));
}

#[test]
fn a_late_answer_undoes_nothing_that_was_told_meanwhile() {
    let mut desk = desk();
    let asked = call(&mut desk, &event(CallEventKind::Established)).rev;
    call(&mut desk, &by(CallEventKind::Held, "330"));
    let told = call(&mut desk, &by(CallEventKind::Retrieved, "330"));
    let served = desk
        .served(&id(), CallService::Hold, asked, NOW)
        .unwrap()
        .call;
    assert_eq!(served, told);
}

#[test]
fn who_hangs_up_when_gives_the_cause() {
    let cause = |direction: &str, up: bool| {
        let mut desk = desk();
        let calling = Some(direction.to_owned());
        let called = Some(if direction == "330" { "331" } else { "330" }.to_owned());
        let of = |kind| CallEvent {
            calling: calling.clone(),
            called: called.clone(),
            ..event(kind)
        };
        let mut rev = call(&mut desk, &of(CallEventKind::Delivered)).rev;
        if up {
            rev = call(&mut desk, &of(CallEventKind::Established)).rev;
        }
        desk.served(&id(), CallService::Clear, rev, NOW)
            .unwrap()
            .call
            .cause
    };
    assert_eq!(cause("331", false), Some(FailureCause::Rejected));
    assert_eq!(cause("330", false), Some(FailureCause::Cancelled));
    assert_eq!(cause("330", true), Some(FailureCause::Normal));
}

#[test]
fn a_made_call_is_the_one_its_events_have_told_of() {
    let mut desk = desk();
    let to = PhoneNumber::new("331").unwrap();
    let first = desk.made(id(), &to, NOW).unwrap().call;
    assert_eq!(
        (first.local, first.direction),
        (ConnectionState::Initiated, CallDirection::Outgoing)
    );
    let rings = CallEvent {
        calling: Some("330".into()),
        called: Some("331".into()),
        ..event(CallEventKind::Delivered)
    };
    let told = call(&mut desk, &rings);
    assert_eq!(desk.made(id(), &to, NOW).unwrap().call, told);
}
