use std::time::Duration;

use proptest::prelude::*;
use uc_model::ConnectionState;
use uc_protocol::sip::{Message, Method, Request};

use super::rig::*;
use crate::port::DescriptionKind;

fn own_contact(rig: &Rig, user: usize) -> String {
    rig.agents[user]
        .agent
        .registration
        .contact_user()
        .to_owned()
}

#[test]
fn a_call_to_another_name_than_the_registered_one_is_refused() {
    let mut rig = Rig::registered(2);
    for user in ["100", "admin", ""] {
        let branch = format!("SIP/2.0/UDP 192.0.2.66:5001;branch=z9hG4bK{user}x");
        let mut invite = request(
            Method::Invite,
            user,
            &[
                ("From", "<sip:scanner@192.0.2.66>;tag=1"),
                ("To", "<sip:100@office.example>"),
                ("Call-ID", "scan"),
                ("CSeq", "1 INVITE"),
            ],
        );
        invite.headers.set("Via", branch);
        assert_eq!(answered(&mut rig, 0, invite), Some(404));
    }
    assert!(rig.agents[0].calls.is_empty());
}

#[test]
fn a_bye_of_a_stranger_ends_nothing() {
    let mut rig = Rig::registered(2);
    let (mine, _) = rig.talk(0, 1);
    let dialog = rig.agents[0].agent.legs[&mine].dialog.clone();
    let to = dialog.local.to_string();
    for from in [
        "<sip:101@office.example>;tag=guess",
        "<sip:101@office.example>",
    ] {
        let mut bye = request(
            Method::Bye,
            &own_contact(&rig, 0),
            &[
                ("From", from),
                ("To", &to),
                ("Call-ID", &dialog.call_id),
                ("CSeq", "999 BYE"),
            ],
        );
        bye.headers.set(
            "Via",
            format!("SIP/2.0/UDP 192.0.2.66:5001;branch=z9hG4bK{}", from.len()),
        );
        assert_eq!(answered(&mut rig, 0, bye), Some(481));
    }
    assert_eq!(rig.call(0, &mine).local, ConnectionState::Connected);
}

#[test]
fn a_request_that_was_recorded_changes_nothing() {
    let mut rig = Rig::registered(2);
    let (mine, theirs) = rig.talk(0, 1);
    let offer = describe(&theirs, 2, DescriptionKind::Offer, HELD_SDP);
    rig.serve(1, offer);
    rig.keep_sound(0);
    let recorded = rig
        .seen
        .iter()
        .rev()
        .find_map(|(from, _, message)| match message {
            Message::Request(request) if *from == 1 && request.method == Method::Invite => {
                Some(request.clone())
            }
            _ => None,
        });
    let mut replayed = recorded.unwrap();
    let before = rig.agents[0].calls[&mine].clone();
    replayed
        .headers
        .set("Via", "SIP/2.0/UDP 192.0.2.66:5001;branch=z9hG4bKreplay");
    assert_eq!(answered(&mut rig, 0, replayed), Some(500));
    assert_eq!(rig.agents[0].calls[&mine], before);
}

#[test]
fn nobody_makes_this_telephone_call_what_costs_money() {
    let mut rig = Rig::registered(2);
    let (mine, _) = rig.talk(0, 1);
    let dialog = rig.agents[0].agent.legs[&mine].dialog.clone();
    let (from, to) = (dialog.remote.to_string(), dialog.local.to_string());
    let wanted = [
        "<sip:0090012345@office.example>",
        "<sip:+4990012345@office.example>",
        "<sip:102@elsewhere.example>",
        "<tel:+4990012345>",
        "<sip:0090012345@office.example?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>",
    ];
    for (index, refer_to) in wanted.into_iter().enumerate() {
        let cseq = format!("{} REFER", 1000 + index);
        let mut refer = request(
            Method::Refer,
            &own_contact(&rig, 0),
            &[
                ("From", &from),
                ("To", &to),
                ("Call-ID", &dialog.call_id),
                ("CSeq", &cseq),
                ("Refer-To", refer_to),
            ],
        );
        refer.headers.set(
            "Via",
            format!("SIP/2.0/UDP 192.0.2.66:5001;branch=z9hG4bK{index}"),
        );
        assert_eq!(answered(&mut rig, 0, refer), Some(603), "{refer_to}");
    }
    let outside = request(
        Method::Refer,
        &own_contact(&rig, 0),
        &[
            ("From", "<sip:101@office.example>;tag=9"),
            ("To", "<sip:100@office.example>"),
            ("Call-ID", "unsolicited"),
            ("CSeq", "1 REFER"),
            ("Refer-To", "<sip:102@office.example>"),
        ],
    );
    assert_eq!(answered(&mut rig, 0, outside), Some(603));
    assert_eq!(rig.call(0, &mine).local, ConnectionState::Connected);
}

#[test]
fn what_is_not_understood_is_refused_by_name() {
    let mut rig = Rig::registered(1);
    let user = own_contact(&rig, 0);
    let cases = [
        (Method::Message, "1 MESSAGE", 405),
        (Method::Bye, "2 BYE", 481),
        (Method::Notify, "3 NOTIFY", 489),
        (Method::Options, "4 OPTIONS", 200),
        (Method::Cancel, "5 CANCEL", 481),
        (Method::Options, "6 INVITE", 400),
    ];
    for (method, cseq, status) in cases {
        let mut asked = request(
            method,
            &user,
            &[
                ("From", "<sip:x@office.example>;tag=1"),
                ("To", "<sip:100@office.example>"),
                ("Call-ID", &cseq[..1]),
                ("CSeq", cseq),
            ],
        );
        asked.headers.set(
            "Via",
            format!("SIP/2.0/UDP 192.0.2.66:5001;branch=z9hG4bK{}", &cseq[..1]),
        );
        assert_eq!(answered(&mut rig, 0, asked), Some(status), "{cseq}");
    }
}

/// What can happen to a recorded message on its way to somebody who means no good.
#[derive(Debug, Clone)]
struct Mischief {
    which: usize,
    to: usize,
    header: usize,
    change: Change,
    fresh: bool,
}

#[derive(Debug, Clone)]
enum Change {
    None,
    Remove,
    Value(String),
    Method(u8),
    Status(u16),
    Body(Vec<u8>),
}

fn mischief() -> impl Strategy<Value = Mischief> {
    let change = prop_oneof![
        Just(Change::None),
        Just(Change::Remove),
        "[ -~]{0,40}".prop_map(Change::Value),
        "<sip:[0-9]{1,4}@office.example>(;tag=[a-f0-9]{1,4})?".prop_map(Change::Value),
        (0_u8..8).prop_map(Change::Method),
        (100_u16..700).prop_map(Change::Status),
        proptest::collection::vec(any::<u8>(), 0..64).prop_map(Change::Body),
    ];
    let place = (any::<usize>(), 0_usize..3, any::<usize>());
    (place, change, any::<bool>()).prop_map(|((which, to, header), change, fresh)| Mischief {
        which,
        to,
        header,
        change,
        fresh,
    })
}

const METHODS: [Method; 8] = [
    Method::Invite,
    Method::Ack,
    Method::Bye,
    Method::Cancel,
    Method::Update,
    Method::Refer,
    Method::Notify,
    Method::Prack,
];

fn spoiled(message: &Message, mischief: &Mischief, number: usize) -> Message {
    let mut message = message.clone();
    let names: Vec<String> = message
        .headers()
        .iter()
        .map(|(name, _)| name.to_owned())
        .collect();
    let name = names[mischief.header % names.len()].clone();
    match (&mischief.change, &mut message) {
        (Change::None, _) => {}
        (Change::Remove, message) => message.headers_mut().remove(&name),
        (Change::Value(value), message) => message.headers_mut().set(&name, value.clone()),
        (Change::Method(index), Message::Request(request)) => {
            request.method = METHODS[usize::from(*index)].clone();
            if let Ok(cseq) = request.headers.cseq() {
                let cseq = format!("{} {}", cseq.number.saturating_add(1), request.method);
                request.headers.set("CSeq", cseq);
            }
        }
        (Change::Status(status), Message::Response(response)) => response.status = *status,
        (Change::Body(body), Message::Request(request)) => request.body.clone_from(body),
        (Change::Body(body), Message::Response(response)) => response.body.clone_from(body),
        (Change::Method(_), Message::Response(_)) | (Change::Status(_), Message::Request(_)) => {}
    }
    if mischief.fresh && matches!(message, Message::Request(_)) {
        let via = format!("SIP/2.0/UDP 192.0.2.66:5001;branch=z9hG4bKm{number}");
        message.headers_mut().set("Via", via);
    }
    message
}

proptest! {
    /// Whatever comes, in whatever order: nothing panics, nothing grows without bound, what is sent can be
    /// read, and a new call can be made afterwards.
    #[test]
    fn recorded_and_spoiled_messages_do_no_harm(
        all in proptest::collection::vec(mischief(), 1..40),
    ) {
        let mut rig = Rig::registered(3);
        let (first, _) = rig.talk(0, 1);
        rig.serve_call(0, consult(&first, "102"));
        let recorded: Vec<Message> = rig.seen.iter().map(|(_, _, message)| message.clone()).collect();
        for (number, mischief) in all.iter().enumerate() {
            let message = &recorded[mischief.which % recorded.len()];
            let message = spoiled(message, mischief, number);
            rig.hand(9, mischief.to, message);
            for user in 0..3 {
                rig.keep_sound(user);
            }
            rig.wait(Duration::from_millis(100));
        }
        rig.wait(Duration::from_secs(400));
        for user in &rig.agents {
            prop_assert!(user.agent.legs.len() <= 16);
        }
        let id = rig.take_path(2);
        prop_assert!(matches!(rig.agents[2].done.remove(&id), Some(Ok(_))));
    }
}

#[test]
fn a_description_that_is_no_text_changes_nothing() {
    let mut rig = Rig::registered(2);
    let spoil = |request: &mut Request| {
        let via = "SIP/2.0/UDP 192.0.2.66:5001;branch=z9hG4bKspoiled;rport";
        request.headers.push_front("Via", via);
        request.headers.push("Content-Type", "application/sdp");
        request.body = b"v=0\r\nm=audio \xff RTP/AVP 0\r\n".to_vec();
    };
    let headers = [
        ("From", "<sip:scanner@192.0.2.66>;tag=1"),
        ("To", "<sip:100@office.example>"),
        ("Call-ID", "spoiled"),
        ("CSeq", "1 INVITE"),
    ];
    let mut invite = request(Method::Invite, &own_contact(&rig, 0), &headers);
    invite.headers.remove("Via");
    spoil(&mut invite);
    assert_eq!(answered(&mut rig, 0, invite), Some(415), "it rang for ever");
    let (mine, theirs) = rig.talk(0, 1);
    let number = rig.agents[0].agent.next_number();
    let dialog = &rig.agents[0].agent.legs[&mine].dialog;
    let mut again = dialog.request(Method::Invite, number);
    spoil(&mut again);
    assert_eq!(answered(&mut rig, 1, again), Some(415));
    // The next round fits: both count the same.
    rig.serve(0, describe(&mine, 2, DescriptionKind::Offer, HELD_SDP));
    rig.serve_call(1, describe(&theirs, 2, DescriptionKind::Answer, SDP));
    assert_eq!(rig.call(1, &theirs).remote.state, ConnectionState::Hold);
}

#[test]
fn many_requests_keep_no_call_from_ending() {
    let mut rig = Rig::registered(2);
    let (mine, theirs) = rig.talk(0, 1);
    for number in 0..2_000 {
        let call_id = format!("flood-{number}");
        let headers = [
            ("From", "<sip:scanner@192.0.2.66>;tag=1"),
            ("To", "<sip:100@office.example>"),
            ("Call-ID", call_id.as_str()),
            ("CSeq", "1 OPTIONS"),
        ];
        let mut options = request(Method::Options, "100", &headers);
        let via = format!("SIP/2.0/UDP 192.0.2.66:5001;branch=z9hG4bK{number}flood");
        options.headers.set("Via", via);
        rig.hand(9, 0, Message::Request(options));
    }
    rig.serve_call(1, clear(&theirs));
    assert!(rig.call(0, &mine).is_over());
}
