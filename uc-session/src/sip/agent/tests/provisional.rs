use std::time::Duration;

use uc_model::{ConnectionState, FailureCause};
use uc_protocol::sip::{Message, Method, Request, Response};

use super::rig::*;

const CALLER: &str = "<sip:stranger@192.0.2.66>;tag=1";

/// A call to user 100 by somebody who insists on acknowledged provisional answers.
fn invited() -> Rig {
    let mut rig = Rig::registered(1);
    let user = rig.agents[0].agent.registration.contact_user().to_owned();
    let mut invite = inside(Method::Invite, &user, "<sip:100@office.example>", 1);
    invite.headers.push("Require", "100rel");
    invite
        .headers
        .push("Contact", "<sip:stranger@192.0.2.66:5001>");
    invite.headers.push("Content-Type", "application/sdp");
    invite.body = SDP.as_bytes().to_vec();
    rig.hand(9, 0, Message::Request(invite));
    rig.wait(Duration::ZERO);
    rig
}

fn inside(method: Method, user: &str, to: &str, number: u32) -> Request {
    let cseq = format!("{number} {method}");
    let headers = [
        ("From", CALLER),
        ("To", to),
        ("Call-ID", "reliable"),
        ("CSeq", &cseq),
    ];
    let mut request = request(method, user, &headers);
    let via = format!("SIP/2.0/UDP 192.0.2.66:5001;branch=z9hG4bK{number};rport");
    request.headers.set("Via", via);
    request
}

fn prack(rig: &Rig, number: u32, rack: &str) -> Request {
    let user = rig.agents[0].agent.registration.contact_user().to_owned();
    let to = ringing(rig)[0].headers.get("To").unwrap().to_owned();
    let mut prack = inside(Method::Prack, &user, &to, number);
    prack.headers.push("RAck", rack);
    prack
}

fn answers(rig: &Rig, status: u16) -> Vec<Response> {
    let seen = rig.seen.iter();
    let answers = seen.filter_map(|(_, _, message)| match message {
        Message::Response(response)
            if response.status == status && response.headers.get("Call-ID") == Some("reliable") =>
        {
            Some(response.clone())
        }
        _ => None,
    });
    answers.collect()
}

fn ringing(rig: &Rig) -> Vec<Response> {
    answers(rig, 180)
}

#[test]
fn ringing_is_told_until_it_is_acknowledged() {
    let mut rig = invited();
    let first = ringing(&rig).remove(0);
    assert!(first.headers.has_token("Require", "100rel"));
    let rseq = first.headers.rseq().unwrap();
    rig.wait(Duration::from_secs(4));
    let told = ringing(&rig).len();
    assert!(told >= 3, "told {told} times");
    assert_eq!(
        ringing(&rig)[1].headers.rseq(),
        Some(rseq),
        "the same once more"
    );

    let wrong = prack(&rig, 2, &format!("{} 1 INVITE", rseq + 1));
    rig.hand(9, 0, Message::Request(wrong));
    rig.wait(Duration::ZERO);
    assert_eq!(answers(&rig, 481).len(), 1);
    let right = prack(&rig, 3, &format!("{rseq} 1 INVITE"));
    rig.hand(9, 0, Message::Request(right));
    rig.wait(Duration::ZERO);
    assert_eq!(answers(&rig, 200).len(), 1);
    let told = ringing(&rig).len();
    rig.wait(Duration::from_secs(20));
    assert_eq!(ringing(&rig).len(), told, "acknowledged");
    assert_eq!(rig.only_call(0).call.local, ConnectionState::Alerting);
}

#[test]
fn a_caller_that_never_acknowledges_is_refused_after_a_while() {
    let mut rig = invited();
    let call = rig.only_call(0).call.id;
    rig.wait(Duration::from_secs(33));
    assert_eq!(rig.call(0, &call).cause, Some(FailureCause::ServerLost));
    assert!(!answers(&rig, 504).is_empty());
}

#[test]
fn a_call_can_be_answered_before_its_ringing_is_acknowledged() {
    let mut rig = invited();
    let call = rig.only_call(0).call.id;
    rig.serve_call(0, answer(&call));
    let to = ringing(&rig)[0].headers.get("To").unwrap().to_owned();
    let user = rig.agents[0].agent.registration.contact_user().to_owned();
    let ack = inside(Method::Ack, &user, &to, 1);
    rig.hand(9, 0, Message::Request(ack));
    rig.wait(Duration::from_secs(40));
    assert_eq!(rig.call(0, &call).local, ConnectionState::Connected);
}
