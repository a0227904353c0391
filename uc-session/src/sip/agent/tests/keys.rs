use std::time::Duration;

use uc_model::Digits;
use uc_protocol::sip::{Message, Method};

use super::rig::*;
use crate::port::{BackendError, Outcome, Service};

fn generate(call: &uc_model::CallId, keys: &str) -> Service {
    Service::GenerateDigits {
        call: call.clone(),
        digits: Digits::new(keys).unwrap(),
    }
}

#[test]
fn keys_beside_the_sound_arrive_in_their_order() {
    let mut rig = Rig::registered(2);
    let (mine, theirs) = rig.talk(0, 1);
    assert_eq!(
        rig.serve(0, generate(&mine, "12#")),
        Some(Ok(Outcome::Done))
    );
    assert_eq!(
        rig.serve(1, generate(&theirs, "*D")),
        Some(Ok(Outcome::Done))
    );
    assert_eq!(rig.agents[1].digits, "12#");
    assert_eq!(rig.agents[0].digits, "*D");
}

#[test]
fn keys_that_are_lost_on_the_way_are_sent_again_and_none_overtakes_another() {
    let mut rig = Rig::registered(2);
    let (mine, _) = rig.talk(0, 1);
    rig.lose_next(2);
    assert_eq!(rig.serve(0, generate(&mine, "159")), None, "one is lost");
    assert_eq!(rig.serve(0, generate(&mine, "7")), None, "waits for it");
    rig.wait(Duration::from_secs(3));
    assert_eq!(rig.agents[1].digits, "1597");
}

#[test]
fn keys_that_the_other_does_not_take_are_told_once_and_not_sent_on() {
    let mut rig = Rig::registered(2);
    let (mine, theirs) = rig.talk(0, 1);
    // Their side of the call is gone: 481.
    rig.agents[1].agent.legs.remove(&theirs);
    let refused = Some(Err(BackendError::NotFound));
    assert_eq!(rig.serve(0, generate(&mine, "12")), refused);
    assert_eq!(rig.count("INFO"), 1);
}

#[test]
fn both_bodies_are_read_and_others_refused() {
    for (kind, body, heard) in [
        (
            "application/dtmf-relay",
            "Signal=5\r\nDuration=160\r\n",
            "5",
        ),
        (
            "application/dtmf-relay",
            "Duration = 100\nsignal = 11\n",
            "#",
        ),
        ("application/dtmf", "a", "A"),
        ("application/dtmf-relay", "Signal=12\r\n", ""),
        ("application/dtmf-relay", "Signal=\r\n", ""),
        ("application/dtmf", "\u{fffd}", ""),
        ("text/plain", "Signal=5", ""),
    ] {
        let mut rig = Rig::registered(2);
        let (mine, _) = rig.talk(0, 1);
        let mut info = rig.agents[0].agent.legs[&mine]
            .dialog
            .request(Method::Info, 1000);
        info.headers.push("Content-Type", kind);
        info.headers
            .push_front("Via", "SIP/2.0/UDP 192.0.2.66:5001;branch=z9hG4bKkey;rport");
        info.body = body.as_bytes().to_vec();
        rig.hand(9, 1, Message::Request(info));
        assert_eq!(rig.agents[1].digits, heard, "{kind} {body}");
    }
}
