use std::{collections::VecDeque, time::Duration};

use proptest::prelude::*;
use uc_model::{CallDirection, ConnectionState, FailureCause};
use uc_protocol::sip::{Message, Method};

use super::rig::*;
use crate::port::{BackendError, Beside, DescriptionKind, Outcome, Service};

#[test]
fn a_wrong_password_is_told_and_asked_for_once() {
    let mut rig = Rig::new(1, uc_protocol::sip::flow::Transport::Udp);
    rig.password = "another";
    let id = rig.take_path(0);
    let refused = rig.agents[0].done.remove(&id);
    assert_eq!(refused, Some(Err(BackendError::BadCredentials)));
    assert_eq!(
        rig.count("401"),
        2,
        "once without and once with credentials"
    );
}

#[test]
fn a_registration_is_renewed_before_it_ends() {
    let mut rig = Rig::registered(1);
    let before = rig.count("REGISTER") + rig.seen.len();
    rig.wait(Duration::from_secs(530));
    assert_eq!(rig.seen.len() + rig.count("REGISTER"), before);
    rig.wait(Duration::from_secs(30));
    assert!(rig.seen.len() > before);
    assert!(!rig.agents[0].signed_out && !rig.agents[0].silent);
}

#[test]
fn a_password_that_was_changed_ends_the_session() {
    let mut rig = Rig::registered(1);
    rig.password = "another";
    rig.wait(Duration::from_secs(600));
    assert!(rig.agents[0].signed_out);
}

#[test]
fn a_call_rings_is_answered_held_retrieved_and_ended() {
    let mut rig = Rig::registered(2);
    let (mine, theirs) = rig.ring(0, 1);
    let call = rig.call(1, &theirs);
    assert_eq!(call.direction, CallDirection::Incoming);
    assert_eq!(call.remote.party.number.as_str(), "100");
    assert_eq!(rig.call(0, &mine).remote.state, ConnectionState::Alerting);
    rig.serve_call(1, answer(&theirs));
    assert_eq!(rig.call(0, &mine).local, ConnectionState::Connected);
    let answered = rig.agents[0].calls[&mine].description.clone().unwrap();
    assert_eq!(
        (answered.kind, answered.generation),
        (DescriptionKind::Answer, 1)
    );

    let held = rig.serve_call(0, Service::Hold { call: mine.clone() });
    assert_eq!(held.call.local, ConnectionState::Hold);
    let offer = describe(&mine, 2, DescriptionKind::Offer, HELD_SDP);
    assert_eq!(rig.serve(0, offer), None, "the other has to answer first");
    assert_eq!(rig.call(1, &theirs).remote.state, ConnectionState::Hold);
    rig.serve_call(1, describe(&theirs, 2, DescriptionKind::Answer, SDP));
    let answered = rig.agents[0].calls[&mine].description.clone().unwrap();
    assert_eq!(
        (answered.kind, answered.generation),
        (DescriptionKind::Answer, 2)
    );

    rig.serve_call(0, Service::Retrieve { call: mine.clone() });
    rig.serve(0, describe(&mine, 3, DescriptionKind::Offer, SDP));
    rig.serve_call(1, describe(&theirs, 3, DescriptionKind::Answer, SDP));
    assert_eq!(
        rig.call(1, &theirs).remote.state,
        ConnectionState::Connected
    );

    assert!(rig.serve_call(1, clear(&theirs)).call.is_over());
    assert_eq!(rig.call(0, &mine).cause, Some(FailureCause::Normal));
    assert_eq!(rig.call(1, &theirs).cause, Some(FailureCause::Normal));
    rig.wait(Duration::from_secs(300));
    assert!(rig.agents.iter().all(|user| user.agent.legs.is_empty()));
}

#[test]
fn a_call_that_can_not_be_made_tells_why() {
    let mut rig = Rig::registered(2);
    let nobody = rig.serve(0, make("999"));
    let failed = Err(BackendError::CallFailed(FailureCause::NoSuchNumber));
    assert_eq!(nobody, Some(failed));

    let (mine, theirs) = rig.ring(0, 1);
    rig.serve(1, clear(&theirs));
    assert_eq!(rig.call(0, &mine).cause, Some(FailureCause::Rejected));
    assert_eq!(rig.call(0, &mine).local, ConnectionState::Fail);
}

#[test]
fn a_caller_gives_up_and_the_ringing_ends() {
    let mut rig = Rig::registered(2);
    let (mine, theirs) = rig.ring(0, 1);
    rig.serve(0, clear(&mine));
    assert_eq!(rig.call(0, &mine).cause, Some(FailureCause::Cancelled));
    assert_eq!(rig.call(1, &theirs).cause, Some(FailureCause::Cancelled));
    rig.wait(Duration::from_secs(300));
    assert!(rig.agents.iter().all(|user| user.agent.legs.is_empty()));
}

#[test]
fn a_call_that_is_answered_while_it_is_given_up_is_ended() {
    let mut rig = Rig::registered(2);
    let (mine, theirs) = rig.ring(0, 1);
    // The CANCEL is lost, the answer comes first.
    rig.lost = vec![rig.sent()];
    rig.serve(0, clear(&mine));
    rig.lost.clear();
    rig.serve_call(1, answer(&theirs));
    assert_eq!(rig.call(0, &mine).cause, Some(FailureCause::Cancelled));
    assert_eq!(rig.call(1, &theirs).cause, Some(FailureCause::Normal));
}

#[test]
fn a_call_is_passed_on_and_rings_elsewhere() {
    let mut rig = Rig::registered(3);
    let (mine, theirs) = rig.ring(0, 1);
    let to = Some(uc_model::PhoneNumber::new("102").unwrap());
    let deflect = Service::Deflect {
        call: theirs.clone(),
        to,
    };
    assert_eq!(rig.serve(1, deflect), Some(Ok(Outcome::Done)));
    assert_eq!(rig.call(1, &theirs).cause, Some(FailureCause::Deflected));
    let third = rig.only_call(2).call.id;
    rig.serve_call(2, answer(&third));
    assert_eq!(rig.call(0, &mine).local, ConnectionState::Connected);
}

#[test]
fn a_call_answered_at_another_telephone_says_so() {
    let mut rig = Rig::registered(2);
    let (_, theirs) = rig.ring(0, 1);
    let invite = rig
        .seen
        .iter()
        .rev()
        .find_map(|(_, _, message)| match message {
            Message::Request(request) if request.method == Method::Invite => Some(request.clone()),
            _ => None,
        });
    let mut cancel = invite.unwrap();
    cancel.method = Method::Cancel;
    cancel.body.clear();
    let number = cancel.headers.cseq().unwrap().number;
    cancel.headers.set("CSeq", format!("{number} CANCEL"));
    cancel
        .headers
        .push("Reason", "SIP;cause=200;text=\"Call completed elsewhere\"");
    rig.hand(0, 1, Message::Request(cancel));
    assert_eq!(
        rig.call(1, &theirs).cause,
        Some(FailureCause::AnsweredElsewhere)
    );
}

#[test]
fn offers_from_both_sides_at_once_are_refused_on_both() {
    let mut rig = Rig::registered(2);
    let (mine, theirs) = rig.talk(0, 1);
    // Ours is on its way (lost for now) when theirs comes.
    rig.lost = vec![rig.sent()];
    rig.serve(0, describe(&mine, 2, DescriptionKind::Offer, HELD_SDP));
    rig.lost.clear();
    let refused = rig.serve(1, describe(&theirs, 2, DescriptionKind::Offer, SDP));
    assert_eq!(refused, Some(Err(BackendError::Glare)));
    rig.wait(Duration::from_secs(1));
    assert_eq!(
        rig.agents[1].calls[&theirs]
            .description
            .as_ref()
            .unwrap()
            .generation,
        2
    );
}

#[test]
fn an_offer_without_an_answer_is_refused_and_the_call_goes_on() {
    let mut rig = Rig::registered(2);
    let (mine, theirs) = rig.talk(0, 1);
    let offer = describe(&mine, 2, DescriptionKind::Offer, HELD_SDP);
    assert_eq!(rig.serve(0, offer), None);
    rig.wait(Duration::from_secs(10));
    let refused = rig.agents[0].done.values().last();
    assert_eq!(refused, Some(&Err(BackendError::RefusedValue)));
    let again = describe(&theirs, 3, DescriptionKind::Offer, HELD_SDP);
    assert_eq!(rig.serve(1, again), None, "another round can begin");
    let offered = rig.agents[0].calls[&mine].description.clone().unwrap();
    rig.serve_call(
        0,
        describe(&mine, offered.generation, DescriptionKind::Answer, SDP),
    );
    assert_eq!(rig.call(0, &mine).local, ConnectionState::Connected);
    assert!(!rig.call(1, &theirs).is_over());
}

#[test]
fn a_call_without_an_offer_gets_ours() {
    let mut rig = Rig::registered(1);
    let user = rig.agents[0].agent.registration.contact_user().to_owned();
    let invite = request(
        Method::Invite,
        &user,
        &[
            ("From", "<sip:200@office.example>;tag=1"),
            ("To", "<sip:100@office.example>"),
            ("Call-ID", "late"),
            ("CSeq", "1 INVITE"),
            ("Contact", "<sip:200@192.0.2.66>"),
        ],
    );
    rig.hand(9, 0, Message::Request(invite.clone()));
    let ringing = rig.only_call(0);
    assert!(ringing.far_end.offers, "this side begins");
    let ours = Service::Answer {
        call: ringing.call.id.clone(),
        description: Some(description(1, DescriptionKind::Offer, SDP)),
    };
    rig.serve_call(0, ours);
    let accepted = rig
        .seen
        .iter()
        .rev()
        .find_map(|(_, _, message)| match message {
            Message::Response(response) if response.status == 200 && !response.body.is_empty() => {
                Some(response.clone())
            }
            _ => None,
        });
    let accepted = accepted.expect("the call is accepted with our offer");
    assert_eq!(accepted.body, SDP.as_bytes());
    let mut ack = invite;
    ack.method = Method::Ack;
    ack.headers.set("CSeq", "1 ACK");
    ack.headers
        .set("To", accepted.headers.get("To").unwrap().to_owned());
    ack.body = SDP.as_bytes().to_vec();
    rig.hand(9, 0, Message::Request(ack));
    let answered = rig.only_call(0).description.unwrap();
    assert_eq!(
        (answered.kind, answered.generation),
        (DescriptionKind::Answer, 1)
    );
}

#[test]
fn an_offer_that_stays_the_same_is_answered_without_anybody() {
    let mut rig = Rig::registered(2);
    let (mine, theirs) = rig.talk(0, 1);
    let before = rig.agents[1].calls[&theirs].clone();
    rig.agents[0].agent.tell_where_we_are();
    rig.wait(Duration::from_secs(1));
    assert_eq!(rig.agents[1].calls[&theirs], before);
    assert_eq!(rig.call(0, &mine).local, ConnectionState::Connected);
}

#[test]
fn a_session_is_kept_alive_and_ends_with_a_far_end_that_is_gone() {
    let mut rig = Rig::registered(2);
    let (mine, theirs) = rig.talk(0, 1);
    rig.wait(Duration::from_secs(4 * 3600));
    assert!(
        rig.agents.iter().all(|user| user.agent.legs.len() == 1),
        "alive for hours"
    );
    rig.agents[0].agent.legs.clear();
    rig.wait(Duration::from_secs(3600));
    assert!(rig.call(1, &theirs).is_over());
    assert!(!rig.call(0, &mine).is_over(), "nobody was told of it");
}

#[test]
fn a_call_runs_on_over_another_path() {
    let mut rig = Rig::registered(2);
    let (mine, theirs) = rig.talk(0, 1);
    rig.input(0, crate::sip::agent::Input::PathLost);
    rig.wait(Duration::from_secs(5));
    rig.take_path(0);
    let offer = describe(&mine, 2, DescriptionKind::Offer, SDP);
    rig.serve(0, offer);
    rig.keep_sound(1);
    assert_eq!(
        rig.agents[0].calls[&mine]
            .description
            .as_ref()
            .unwrap()
            .generation,
        2
    );
    rig.serve(1, clear(&theirs));
    assert_eq!(rig.call(0, &mine).cause, Some(FailureCause::Normal));
}

#[test]
fn twenty_calls_a_second_are_taken_for_a_minute_by_one_account() {
    let mut rig = Rig::registered(2);
    let mut up = VecDeque::new();
    for _ in 0..20 * 60 {
        up.push_back(rig.talk(0, 1));
        // A call lasts for two seconds.
        if up.len() > 40 {
            let (mine, theirs) = up.pop_front().unwrap();
            rig.serve_call(0, clear(&mine));
            assert!(rig.call(1, &theirs).is_over());
        }
        rig.wait(Duration::from_millis(50));
    }
}

#[test]
fn two_calls_are_consulted_alternated_and_reconnected() {
    let mut rig = Rig::registered(3);
    let (first, _) = rig.talk(0, 1);
    let second = rig.serve_call(0, consult(&first, "102")).call.id;
    assert_eq!(rig.call(0, &first).local, ConnectionState::Hold);
    let third = rig.only_call(2).call.id;
    rig.serve_call(2, answer(&third));
    rig.serve_call(0, beside(Beside::Alternate, &second, &first));
    assert_eq!(rig.call(0, &first).local, ConnectionState::Connected);
    assert_eq!(rig.call(0, &second).local, ConnectionState::Hold);
    let reconnected = rig.serve_call(0, beside(Beside::Reconnect, &first, &second));
    assert_eq!(reconnected.call.id, first);
    assert_eq!(rig.call(0, &second).local, ConnectionState::Connected);
    assert!(rig.call(0, &first).is_over());
}

proptest! {
    /// Whatever is lost on the way, a call comes about, both see the same, and it ends on both sides. The same
    /// message four times is enough: what is lost for 32 s is given up (RFC 3261 §17.1.1.2).
    #[test]
    fn lost_messages_cost_no_call(
        lost in proptest::collection::btree_set(0_usize..24, 0..5),
    ) {
        let mut rig = Rig::registered(2);
        let from = rig.sent();
        rig.lost = lost.iter().map(|index| from + index).collect();
        let id = rig.serve(0, make("101"));
        prop_assert!(!matches!(id, Some(Err(_))));
        rig.wait(Duration::from_secs(12));
        let theirs = rig.only_call(1).call.id;
        let mine = rig.only_call(0).call.id;
        rig.serve_call(1, answer(&theirs));
        rig.wait(Duration::from_secs(12));
        prop_assert_eq!(rig.call(0, &mine).local, ConnectionState::Connected);
        prop_assert_eq!(rig.call(1, &theirs).local, ConnectionState::Connected);
        rig.serve(0, clear(&mine));
        rig.wait(Duration::from_secs(20));
        prop_assert!(rig.call(0, &mine).is_over());
        prop_assert!(rig.call(1, &theirs).is_over());
    }
}

#[test]
fn an_offer_that_meets_the_end_of_the_call_is_answered() {
    let mut rig = Rig::registered(2);
    let (mine, theirs) = rig.talk(0, 1);
    let offer = describe(&mine, 2, DescriptionKind::Offer, HELD_SDP);
    assert_eq!(rig.serve(0, offer), None, "the other has to answer first");
    rig.serve_call(1, clear(&theirs));
    let waited: Vec<_> = rig.agents[0].done.values().collect();
    assert_eq!(waited, [&Err(BackendError::NotFound)]);
}
