//! Conferences out of an active and a held call.

use uc_protocol::ucx::{CallRoute, Cause, ConversationEntry};

use super::*;
use crate::exchange::{Role, SoundStep};
use ConnectionState::{Connected, Hold, Null};

const USERS: [&str; 10] = [
    "330", "331", "332", "333", "334", "335", "336", "337", "338", "339",
];

fn members(call: &CallResource) -> Vec<(&str, ConnectionState)> {
    let members = call.members.iter();
    let mut members: Vec<_> = members
        .map(|m| (m.party.number.as_str(), m.state))
        .collect();
    members.sort_by_key(|(number, _)| *number);
    members
}

/// 331 has called 330 and 332 together: the ids at 330, 331 and 332.
fn three(rig: &mut Rig) -> [String; 3] {
    let [waiting, target, held, active] = rig.consulting();
    rig.conference("331", &active, &held).unwrap();
    [waiting, active, target]
}

/// 331, whose call this is, takes another one in.
fn take_in(rig: &mut Rig, own: &str, user: &str) -> Result<CallResource, Refusal> {
    let next = rig.consult("331", own, user).unwrap().id;
    let there = rig.ringing(user);
    rig.answer(user, &there).unwrap();
    rig.conference("331", &next, own)
}

#[test]
fn an_active_and_a_held_call_become_a_conference() {
    let mut rig = Rig::with(&USERS);
    let [waiting, target, held, active] = rig.consulting();
    let host = rig.conference("331", &active, &held).unwrap();
    assert_eq!((host.id.as_str(), host.local), (active.as_str(), Connected));
    assert_eq!(host.party.number, "332", "the one that it began with");
    assert_eq!(members(&host), [("330", Connected), ("332", Connected)]);
    let one = rig.look("330", &waiting);
    assert_eq!(members(&one), [("331", Connected), ("332", Connected)]);
    let other = rig.look("332", &target);
    assert_eq!(members(&other), [("330", Connected), ("331", Connected)]);
    for call in [&host, &one, &other] {
        assert_eq!((call.far_end, call.offers), (1, true), "the system answers");
        assert_eq!(call.description, None);
        assert!(call.carried_here);
    }
    let over =
        rig.events
            .iter()
            .rev()
            .find_map(|(_, logged)| match logged.view(&session_id("331")) {
                Some(Event::Call(call)) if call.id == held => Some((call.local, call.cause)),
                _ => None,
            });
    assert_eq!(over, Some((Null, Some(Cause::Conferenced))));
    assert_eq!(rig.clear("331", &held), Err(Refusal::NotFound));
}

#[test]
fn a_conference_grows_to_eight_and_no_further() {
    let mut rig = Rig::with(&USERS);
    let [_, host, _] = three(&mut rig);
    for user in &USERS[3..8] {
        let over = take_in(&mut rig, &host, user).unwrap();
        assert_eq!(
            over.cause,
            Some(Cause::Conferenced),
            "the conference goes on"
        );
    }
    let all = rig.look("331", &host);
    assert_eq!((all.members.len(), all.far_end), (7, 1));
    let ninth = take_in(&mut rig, &host, "338");
    assert_eq!(ninth, Err(Refusal::ConferenceFull));
    assert_eq!(rig.look("331", &host).local, Hold);
}

#[test]
fn everybody_sees_who_holds_and_who_leaves() {
    let mut rig = Rig::with(&USERS);
    let [one, host, other] = three(&mut rig);
    rig.hold("330", &one).unwrap();
    let seen = rig.look("332", &other);
    assert_eq!(members(&seen), [("330", Hold), ("331", Connected)]);
    assert!(
        matches!(rig.newest("331", "331"), Some(Event::Call(call)) if members(&call)[0].1 == Hold)
    );
    take_in(&mut rig, &host, "333").unwrap();
    rig.clear("331", &host).unwrap();
    let seen = rig.look("332", &other);
    assert_eq!(members(&seen), [("330", Hold), ("333", Connected)]);
    assert_eq!(
        rig.look("330", &one).cause,
        None,
        "it goes on without the host"
    );
}

#[test]
fn a_conference_ends_when_one_is_left() {
    let mut rig = Rig::with(&USERS);
    let [one, host, other] = three(&mut rig);
    rig.clear("330", &one).unwrap();
    assert_eq!(members(&rig.look("331", &host)), [("332", Connected)]);
    rig.clear("332", &other).unwrap();
    let last = rig.look("331", &host);
    assert_eq!((last.local, last.cause), (Null, Some(Cause::Normal)));
    assert!(last.members.is_empty());
}

#[test]
fn a_conference_is_held_left_for_another_call_and_not_handed_over() {
    let mut rig = Rig::with(&USERS);
    let [_, host, other] = three(&mut rig);
    let beside = rig.consult("331", &host, "333").unwrap().id;
    assert_eq!(
        members(&rig.look("332", &other)),
        [("330", Connected), ("331", Hold)]
    );
    let there = rig.ringing("333");
    let rings = rig.transfer("331", &beside, &host);
    assert_eq!(rings, Err(Refusal::WrongState));
    rig.answer("333", &there).unwrap();
    assert_eq!(
        rig.transfer("331", &beside, &host),
        Err(Refusal::WrongState)
    );
    rig.alternate("331", &beside, &host).unwrap();
    assert_eq!(rig.hand_over("331", &host, "334"), Err(Refusal::WrongState));
    rig.reconnect("331", &host, &beside).unwrap();
    assert_eq!(members(&rig.look("332", &other)), [("330", Connected)]);
    assert_eq!(rig.look("331", &beside).local, Connected);
}

#[test]
fn nobody_takes_part_twice_and_two_conferences_stay_two() {
    let mut rig = Rig::with(&USERS);
    let [_, host, other] = three(&mut rig);
    assert_eq!(take_in(&mut rig, &host, "330"), Err(Refusal::WrongState));
    // 332 has a conference of its own besides.
    rig.hold("332", &other).unwrap();
    let first = rig.dial("332", "335").unwrap().id;
    let there = rig.ringing("335");
    rig.answer("335", &there).unwrap();
    let second = rig.consult("332", &first, "336").unwrap().id;
    let there = rig.ringing("336");
    rig.answer("336", &there).unwrap();
    rig.conference("332", &second, &first).unwrap();
    let both = rig.conference("332", &second, &other);
    assert_eq!(both, Err(Refusal::WrongState));
}

#[test]
fn each_has_a_sound_of_the_systems_from_offer_to_end() {
    let mut rig = Rig::with(&USERS);
    let [one, host, _] = three(&mut rig);
    let opened: Vec<_> = rig.sound.drain(..).collect();
    let mut legs = Vec::new();
    for step in &opened {
        let SoundStep::Open { leg, role } = step else {
            panic!("{step:?}");
        };
        let Role::Conference(conference) = role else {
            panic!("{role:?}");
        };
        legs.push((leg.clone(), conference.clone()));
    }
    assert_eq!(legs.len(), 3);
    assert!(
        legs.iter().all(|(_, name)| *name == legs[0].1),
        "one conference"
    );

    rig.describe("330", &one, offer(2)).unwrap();
    let [
        SoundStep::AcceptOffer {
            leg,
            generation: 2,
            sdp,
        },
    ] = &rig.sound[..]
    else {
        panic!("{:?}", rig.sound);
    };
    assert!(sdp == SDP && legs.iter().any(|(known, _)| known == leg));
    let leg = leg.clone();
    rig.step(|e| e.endpoint_described(&leg, offer(2)));
    assert_eq!(rig.look("330", &one).description, None, "it never offers");
    rig.step(|e| e.endpoint_described(&leg, answer(2)));
    assert_eq!(rig.look("330", &one).description, Some(answer(2)));
    let candidates = Candidates {
        generation: 2,
        candidates: vec!["candidate:1".into()],
        complete: true,
    };
    let theirs = candidates.clone();
    rig.step(|e| e.endpoint_candidates(&leg, theirs));
    assert_eq!(rig.look("330", &one).candidates, Some(candidates));
    rig.sound.clear();
    rig.trickle("330", &one, 2, 1).unwrap();
    assert!(matches!(&rig.sound[..], [SoundStep::Candidates { .. }]));

    rig.sound.clear();
    rig.clear("330", &one).unwrap();
    assert_eq!(rig.sound, [SoundStep::Close { leg: leg.clone() }]);
    let told = rig.events.len();
    rig.step(|e| e.endpoint_described(&leg, answer(2)));
    rig.step(|e| e.endpoint_described("nothing", answer(2)));
    assert_eq!(rig.events.len(), told);
    rig.sound.clear();
    rig.clear("331", &host).unwrap();
    assert_eq!(rig.sound.len(), 2, "the last one's goes too");
}

#[test]
fn who_has_no_sound_leaves_the_conference() {
    let mut rig = Rig::with(&USERS);
    let [one, host, _] = three(&mut rig);
    rig.sound.clear();
    rig.describe("330", &one, offer(2)).unwrap();
    let [SoundStep::AcceptOffer { leg, .. }] = &rig.sound[..] else {
        panic!("{:?}", rig.sound);
    };
    let (leg, now) = (leg.clone(), rig.now);
    rig.step(|e| e.endpoint_failed(&leg, now));
    assert_eq!(rig.look("330", &one).cause, Some(Cause::MediaFailed));
    assert_eq!(members(&rig.look("331", &host)).len(), 1);
    rig.step(|e| e.endpoint_failed(&host, now));
    assert_eq!(rig.look("331", &host).cause, None, "a user's leg is none");
}

#[test]
fn after_a_restart_the_sound_is_made_anew() {
    let mut rig = Rig::with(&USERS);
    let [one, host, other] = three(&mut rig);
    rig.describe("330", &one, offer(2)).unwrap();
    rig.sound.clear();
    rig.restart();
    assert_eq!(rig.sound.len(), 3);
    let again = rig.look("330", &one);
    assert_eq!(
        (again.far_end, again.offers, again.generation),
        (2, true, 2)
    );
    for (user, id) in [("330", &one), ("331", &host), ("332", &other)] {
        rig.step(|e| e.confirm(&session_id(user), id)).unwrap();
        rig.step(|exchange| exchange.stream_opened(&session_id(user), true));
    }
    rig.pass(timers::CONFIRM_MS + 1);
    rig.describe("330", &one, offer(3)).unwrap();
    assert_eq!(members(&rig.look("331", &host)).len(), 2);
}

#[test]
fn the_desk_phones_of_a_conference_hear_each_other() {
    let mut rig = Rig::with(&USERS);
    rig.exchange.company.system.configuration.desk_phones = true;
    let dial = |to: &str| MakeCall {
        to: to.into(),
        device: Device::DeskPhone,
        description: None,
    };
    let nothing = || Describe { description: None };
    let now = rig.now;
    let own = session_id("331");
    let held = rig
        .step(|e| e.make_call(&own, dial("330"), now))
        .unwrap()
        .id;
    let there = rig.ringing("330");
    rig.step(|e| e.answer(&session_id("330"), &there, nothing(), now))
        .unwrap();
    let active = rig
        .step(|e| e.consult(&own, &held, dial("332"), now))
        .unwrap()
        .id;
    let there = rig.ringing("332");
    rig.step(|e| e.answer(&session_id("332"), &there, nothing(), now))
        .unwrap();
    let host = rig.conference("331", &active, &held).unwrap();
    assert_eq!(
        (host.members.len(), host.far_end, host.offers),
        (2, 0, false)
    );
    let takes_part = |step: &SoundStep| match step {
        SoundStep::Open {
            role: Role::ConferencePhone { user, .. },
            ..
        } => Some(user.clone()),
        step => panic!("nobody negotiates: {step:?}"),
    };
    let mut users: Vec<_> = rig.sound.iter().filter_map(takes_part).collect();
    users.sort();
    assert_eq!(users, ["330", "331", "332"]);
    let offered = rig.describe("331", &active, offer(1));
    assert_eq!(offered, Err(Refusal::AtDesk));
}

#[test]
fn each_call_of_a_conference_is_in_the_history() {
    let mut rig = Rig::with(&USERS);
    let [one, host, _] = three(&mut rig);
    rig.clear("330", &one).unwrap();
    rig.clear("331", &host).unwrap();
    let known = rig.exchange.conversations("331");
    let calls = known
        .iter()
        .flat_map(|c| c.entries.iter().map(|e| (&*c.party.number, e)));
    let mut calls: Vec<_> = calls
        .map(|(number, entry)| match entry {
            ConversationEntry::Call { route, .. } => (number, *route),
            other => panic!("{other:?}"),
        })
        .collect();
    calls.sort_by_key(|(number, _)| *number);
    assert_eq!(
        calls,
        [("330", CallRoute::Direct), ("332", CallRoute::Direct)]
    );
}
