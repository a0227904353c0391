use std::time::Duration;

use uc_model::{CallId, ConnectionState, DeviceKind, FailureCause, PhoneNumber};
use uc_protocol::sip::Method;

use super::rig::*;
use crate::port::{BackendError, DescriptionKind, Outcome, RequestKey, Service};

fn pick_up(number: &str) -> Service {
    Service::PickUp {
        number: PhoneNumber::new(number).unwrap(),
        key: RequestKey("key".to_owned()),
    }
}

/// Answers a call that was picked up: this side offers.
fn take(call: &CallId) -> Service {
    Service::Answer {
        call: call.clone(),
        description: Some(description(1, DescriptionKind::Offer, SDP)),
    }
}

fn found(outcome: Option<Result<Outcome, BackendError>>) -> CallId {
    match outcome {
        Some(Ok(Outcome::Call(update))) => update.call.id,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_that_rings_at_another_telephone_is_taken_from_it() {
    let mut rig = Rig::registered(3);
    let (mine, theirs) = rig.ring(0, 1);
    let picked = found(rig.serve(2, pick_up("101")));
    let call = rig.call(2, &picked);
    assert_eq!(call.remote.party.number.as_str(), "100");
    assert_eq!(call.device, DeviceKind::Voip);
    assert!(rig.agents[2].calls[&picked].far_end.offers);
    assert_eq!(
        rig.call(1, &theirs).local,
        ConnectionState::Alerting,
        "still"
    );

    assert_eq!(
        rig.serve(2, take(&picked)),
        None,
        "the caller has to take it"
    );
    rig.keep_sound(0);
    assert_eq!(rig.call(2, &picked).local, ConnectionState::Connected);
    let call = rig.call(0, &mine);
    assert_eq!(call.local, ConnectionState::Connected);
    assert_eq!(call.remote.party.number.as_str(), "102");
    let elsewhere = Some(FailureCause::AnsweredElsewhere);
    assert_eq!(rig.call(1, &theirs).cause, elsewhere);

    rig.wait(Duration::from_secs(60));
    rig.serve_call(0, clear(&mine));
    assert_eq!(rig.call(2, &picked).cause, Some(FailureCause::Normal));
    rig.wait(Duration::from_secs(300));
    assert!(rig.agents.iter().all(|user| user.agent.legs.is_empty()));
}

#[test]
fn nothing_that_rings_is_told_and_so_is_nobody() {
    let mut rig = Rig::registered(3);
    assert_eq!(
        rig.serve(2, pick_up("101")),
        None,
        "another telephone may tell"
    );
    rig.wait(Duration::from_secs(2));
    let told: Vec<_> = rig.agents[2].done.values().cloned().collect();
    assert_eq!(told.last(), Some(&Err(BackendError::WrongState)));
    let nobody = BackendError::CallFailed(FailureCause::NoSuchNumber);
    assert_eq!(rig.serve(2, pick_up("109")), Some(Err(nobody)));
    // What is talked about is nobody's business.
    rig.talk(0, 1);
    rig.serve(2, pick_up("101"));
    rig.wait(Duration::from_secs(2));
    let told: Vec<_> = rig.agents[2].done.values().cloned().collect();
    assert_eq!(told.last(), Some(&Err(BackendError::WrongState)));
    assert!(rig.agents[2].calls.is_empty());
}

#[test]
fn a_call_that_was_answered_meanwhile_stays_where_it_is() {
    let mut rig = Rig::registered(3);
    let (mine, theirs) = rig.ring(0, 1);
    let picked = found(rig.serve(2, pick_up("101")));
    rig.serve_call(1, answer(&theirs));
    let lost = BackendError::CallFailed(FailureCause::Busy);
    assert_eq!(rig.serve(2, take(&picked)), Some(Err(lost)));
    assert_eq!(rig.call(0, &mine).remote.party.number.as_str(), "101");
    assert_eq!(rig.call(1, &theirs).local, ConnectionState::Connected);
}

#[test]
fn a_pickup_meets_the_answer_of_the_telephone_that_rings() {
    let mut rig = Rig::registered(3);
    let (mine, theirs) = rig.ring(0, 1);
    let picked = found(rig.serve(2, pick_up("101")));
    assert_eq!(rig.serve(2, take(&picked)), None);
    // The caller's session hasn't answered yet when the telephone does.
    rig.serve_call(1, answer(&theirs));
    rig.keep_sound(0);
    rig.wait(Duration::from_secs(60));
    let connected = |user: usize, call| rig.call(user, call).local == ConnectionState::Connected;
    assert!(connected(0, &mine));
    assert!(
        connected(1, &theirs) != connected(2, &picked),
        "one of them has the call"
    );
}

#[test]
fn only_colleagues_are_told_and_only_if_that_is_wanted() {
    let mut rig = Rig::registered(2);
    rig.ring(0, 1);
    let user = rig.agents[1].agent.registration.contact_user().to_owned();
    let mut statuses = Vec::new();
    for (index, (from, event, expires, wanted)) in [
        ("<sip:spy@192.0.2.66>;tag=1", "dialog", "0", true),
        ("<sip:100@office.example>;tag=1", "presence", "0", true),
        ("<sip:100@office.example>;tag=1", "dialog", "3600", true),
        ("<sip:100@office.example>;tag=1", "dialog", "0", false),
    ]
    .into_iter()
    .enumerate()
    {
        rig.agents[1].agent.account.tells_ringing = wanted;
        let call_id = format!("watch-{index}");
        let headers = [
            ("From", from),
            ("To", "<sip:101@office.example>"),
            ("Call-ID", &call_id),
            ("CSeq", "1 SUBSCRIBE"),
            ("Event", event),
            ("Expires", expires),
            ("Contact", "<sip:spy@192.0.2.66>"),
        ];
        let mut subscribe = request(Method::Subscribe, &user, &headers);
        let via = format!("SIP/2.0/UDP 192.0.2.66:5001;branch=z9hG4bKwatch{index};rport");
        subscribe.headers.set("Via", via);
        statuses.push(answered(&mut rig, 1, subscribe));
    }
    assert_eq!(statuses, [Some(403), Some(489), Some(403), Some(403)]);
    assert_eq!(rig.count("NOTIFY"), 0);
}
