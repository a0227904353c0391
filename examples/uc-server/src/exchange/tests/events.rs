use uc_protocol::ucx::{EventId, PresenceState, PresenceUpdate};

use super::*;

fn id(epoch: &str, number: u64) -> EventId {
    EventId {
        epoch: epoch.into(),
        number,
    }
}

fn change_presence(rig: &mut Rig, times: usize) {
    for n in 0..times {
        let update = PresenceUpdate {
            state: PresenceState::Break,
            until: None,
            note: Some(n.to_string()),
        };
        rig.step(|exchange| exchange.set_presence(&session_id("330"), update))
            .unwrap();
    }
}

fn numbers(backlog: &Backlog) -> Vec<u64> {
    backlog.events.iter().map(|logged| logged.number).collect()
}

#[test]
fn each_user_has_an_own_numbering_without_gaps() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    rig.talking();
    change_presence(&mut rig, 1);
    for (user, expected) in [("330", 6), ("331", 5), ("332", 5)] {
        let own = rig.events.iter().chain(&rig.lines);
        let own = own.filter(|(u, _)| u == user);
        let mut numbers: Vec<_> = own.map(|(_, logged)| logged.number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=expected).collect::<Vec<_>>(), "{user}");
    }
}

#[test]
fn a_subscriber_goes_on_after_what_it_has_seen() {
    let mut rig = Rig::with(&["330"]);
    change_presence(&mut rig, 5);
    let session = session_id("330");
    let resumed = rig
        .exchange
        .subscribe(&session, Some(&id("e1", 3)))
        .unwrap();
    assert_eq!((numbers(&resumed), resumed.reset_at), (vec![4, 5], None));
    let fresh = rig.exchange.subscribe(&session, None).unwrap();
    assert_eq!((numbers(&fresh), fresh.reset_at), (vec![], None));
}

#[test]
fn an_unknown_epoch_or_a_number_from_nowhere_gives_a_reset() {
    let mut rig = Rig::with(&["330"]);
    change_presence(&mut rig, 5);
    for strange in [id("e0", 3), id("e1", 6), id("e1", u64::MAX)] {
        let backlog = rig
            .exchange
            .subscribe(&session_id("330"), Some(&strange))
            .unwrap();
        assert_eq!((numbers(&backlog), backlog.reset_at), (vec![], Some(5)));
    }
}

#[test]
fn the_window_is_bounded_and_what_fell_out_gives_a_reset() {
    let mut rig = Rig::with(&["330"]);
    change_presence(&mut rig, 1_010);
    let session = session_id("330");
    let gone = rig
        .exchange
        .subscribe(&session, Some(&id("e1", 9)))
        .unwrap();
    assert_eq!(gone.reset_at, Some(1_010));
    let kept = rig
        .exchange
        .subscribe(&session, Some(&id("e1", 10)))
        .unwrap();
    assert_eq!((kept.reset_at, kept.events.len()), (None, 1_000));
    let saved = rig.database.load().unwrap().events;
    assert_eq!(
        saved.iter().filter(|(user, _)| user == "330").count(),
        1_000
    );
}

#[test]
fn large_descriptions_shorten_the_window() {
    let mut rig = Rig::with(&["330", "331"]);
    let (_, callee) = rig.talking();
    let padding = format!("a=x:{}\r\n", "x".repeat(60_000));
    for round in 2..=100 {
        let large = Description {
            sdp: format!("{SDP}{padding}"),
            ..offer(round)
        };
        rig.step(|e| e.describe(&session_id("331"), &callee, describe(large)))
            .unwrap();
        let caller = rig.exchange.running_calls("330", &session_id("330"))[0]
            .id
            .clone();
        let reply = describe(answer(round));
        rig.step(|e| e.describe(&session_id("330"), &caller, reply))
            .unwrap();
    }
    let kept = rig
        .exchange
        .subscribe(&session_id("330"), Some(&id("e1", 80)))
        .unwrap();
    let bytes: usize = kept
        .events
        .iter()
        .map(|l| serde_json::to_vec(&l.event).unwrap().len())
        .sum();
    assert!(kept.reset_at.is_none() && bytes < 4 * 1024 * 1024);
    let gone = rig
        .exchange
        .subscribe(&session_id("330"), Some(&id("e1", 5)))
        .unwrap();
    assert!(gone.reset_at.is_some());
}

#[test]
fn an_answer_is_recalled_for_the_same_request_only_and_for_a_day() {
    let mut rig = Rig::with(&["330"]);
    let key = AnswerKey {
        user: "330".into(),
        key: "k".into(),
    };
    let answer = Answer {
        request: vec![1],
        status: 201,
        body: "{}".into(),
        at: 0,
    };
    rig.step(|exchange| exchange.remember(key.clone(), answer.clone()));
    rig.restart();
    let day = 24 * 3_600_000;
    assert_eq!(rig.exchange.recall(&key, &[1], day), Ok(Some(&answer)));
    assert!(matches!(
        rig.exchange.recall(&key, &[2], day),
        Err(Refusal::Value(_))
    ));
    assert_eq!(rig.exchange.recall(&key, &[1], day + 1), Ok(None));
}

#[test]
fn answers_are_bounded_per_user() {
    let mut rig = Rig::with(&["330"]);
    for n in 0..300 {
        let key = AnswerKey {
            user: "330".into(),
            key: n.to_string(),
        };
        let answer = Answer {
            request: vec![],
            status: 201,
            body: String::new(),
            at: n,
        };
        rig.step(|exchange| exchange.remember(key, answer));
    }
    assert_eq!(rig.database.load().unwrap().answers.len(), 256);
}
