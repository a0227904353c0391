use uc_protocol::ucx::{CallOutcome, Cause, ConversationEntry, Direction};

use super::*;
use crate::exchange::{routing::MAX_CALLS, timers::NO_ANSWER_MS};

#[test]
fn a_call_rings_at_every_client_of_the_callee_with_the_offer() {
    let mut rig = Rig::with(&["330", "331"]);
    rig.sign_in("331", "second");
    let call = rig.dial("330", "331").unwrap();
    assert_eq!(
        (call.local, call.remote),
        (ConnectionState::Initiated, ConnectionState::Alerting)
    );
    assert_eq!(
        (call.direction, call.carried_here),
        (Direction::Outgoing, true)
    );
    for session in ["331", "second"] {
        let Some(Event::Call(ringing)) = rig.newest("331", session) else {
            panic!("no ring");
        };
        assert_eq!(ringing.local, ConnectionState::Alerting);
        assert_eq!(ringing.description, Some(offer(1)));
        assert_eq!(ringing.party.number, "330");
        assert!(!ringing.carried_here);
        assert_ne!(ringing.id, call.id);
    }
}

#[test]
fn answering_connects_both_and_ends_the_ringing_elsewhere() {
    let mut rig = Rig::with(&["330", "331"]);
    rig.sign_in("331", "second");
    let (caller, callee) = rig.talking();
    let ours = rig.look("330", &caller);
    assert_eq!(
        (ours.local, ours.remote),
        (ConnectionState::Connected, ConnectionState::Connected)
    );
    assert_eq!(ours.description, Some(answer(1)));
    assert!(rig.look("331", &callee).carried_here);
    let Some(Event::Call(elsewhere)) = rig.newest("331", "second") else {
        panic!("the other client isn't told");
    };
    assert_eq!(elsewhere.local, ConnectionState::Null);
    assert_eq!(elsewhere.cause, Some(Cause::AnsweredElsewhere));
    assert!(!elsewhere.carried_here);
    let session = session_id("second");
    assert!(rig.exchange.running_calls("331", &session).is_empty());
    assert_eq!(rig.answer("second", &callee), Err(Refusal::WrongState));
    assert_eq!(rig.clear("second", &callee), Err(Refusal::CarriedElsewhere));
}

#[test]
fn what_follows_an_answer_concerns_only_the_client_that_answered() {
    let mut rig = Rig::with(&["330", "331"]);
    rig.sign_in("331", "second");
    let (caller, _) = rig.talking();
    rig.step(|exchange| exchange.hold(&session_id("330"), &caller))
        .unwrap();
    assert_eq!(rig.newest("331", "second"), None);
    assert!(rig.newest("331", "331").is_some());
}

#[test]
fn an_outgoing_call_is_seen_by_the_callers_other_clients() {
    let mut rig = Rig::with(&["330", "331"]);
    rig.sign_in("330", "second");
    let (caller, _) = rig.talking();
    let seen = rig.look("second", &caller);
    assert_eq!(
        (seen.local, seen.carried_here),
        (ConnectionState::Connected, false)
    );
    let held = rig.step(|exchange| exchange.hold(&session_id("second"), &caller));
    assert_eq!(held, Err(Refusal::CarriedElsewhere));
    assert!(rig.clear("second", &caller).is_ok());
}

#[test]
fn the_cause_says_who_ended_the_call_and_when() {
    let mut rig = Rig::listening(&["330", "331"]);
    let cancelled = rig.dial("330", "331").unwrap().id;
    assert_eq!(
        rig.clear("330", &cancelled).unwrap().cause,
        Some(Cause::Cancelled)
    );
    let rejected = rig.dial("330", "331").unwrap().id;
    let ringing = rig.ringing("331");
    rig.clear("331", &ringing).unwrap();
    assert_eq!(rig.look("330", &rejected).cause, Some(Cause::Rejected));
    let (caller, callee) = rig.talking();
    rig.clear("331", &callee).unwrap();
    let over = rig.look("330", &caller);
    assert_eq!(
        (over.local, over.cause),
        (ConnectionState::Null, Some(Cause::Normal))
    );
    let unanswered = rig.dial("330", "331").unwrap().id;
    rig.pass(NO_ANSWER_MS);
    assert_eq!(rig.look("330", &unanswered).cause, Some(Cause::NoAnswer));
}

#[test]
fn only_failed_media_may_be_given_as_a_cause() {
    let mut rig = Rig::with(&["330", "331"]);
    let (caller, _) = rig.talking();
    let (session, now) = (session_id("330"), rig.now);
    let mut clear = |cause| {
        let request = Clear { cause: Some(cause) };
        rig.step(|exchange| exchange.clear(&session, &caller, &request, now))
    };
    assert!(matches!(clear(Cause::Busy), Err(Refusal::Value(_))));
    assert_eq!(
        clear(Cause::MediaFailed).unwrap().cause,
        Some(Cause::MediaFailed)
    );
}

#[test]
fn clearing_twice_is_no_error_and_changes_nothing() {
    let mut rig = Rig::with(&["330", "331"]);
    let (caller, callee) = rig.talking();
    let over = rig.clear("330", &caller).unwrap();
    assert_eq!(rig.clear("330", &caller), Ok(over));
    assert!(rig.clear("331", &callee).is_ok());
    assert_eq!(rig.answer("331", &callee), Err(Refusal::WrongState));
}

#[test]
fn a_call_that_is_over_is_forgotten_after_a_while() {
    let mut rig = Rig::with(&["330", "331"]);
    let (caller, _) = rig.talking();
    rig.clear("330", &caller).unwrap();
    rig.pass(timers::KEEP_ENDED_MS);
    assert_eq!(rig.clear("330", &caller), Err(Refusal::NotFound));
    assert!(rig.database.load().unwrap().calls.is_empty());
}

#[test]
fn each_side_holds_for_itself() {
    use ConnectionState::{Connected, Hold};
    let mut rig = Rig::with(&["330", "331"]);
    let (caller, callee) = rig.talking();
    let (ours, theirs) = (session_id("330"), session_id("331"));
    let held = rig.step(|e| e.hold(&ours, &caller)).unwrap();
    assert_eq!((held.local, held.remote), (Hold, Connected));
    assert_eq!(
        rig.step(|e| e.hold(&ours, &caller)),
        Err(Refusal::WrongState)
    );
    let both = rig.step(|e| e.hold(&theirs, &callee)).unwrap();
    assert_eq!((both.local, both.remote), (Hold, Hold));
    let back = rig.step(|e| e.retrieve(&ours, &caller)).unwrap();
    assert_eq!((back.local, back.remote), (Connected, Hold));
    assert_eq!(
        rig.step(|e| e.retrieve(&ours, &caller)),
        Err(Refusal::WrongState)
    );
}

#[test]
fn a_ringing_call_is_not_held_and_a_caller_does_not_answer() {
    let mut rig = Rig::with(&["330", "331"]);
    let call = rig.dial("330", "331").unwrap().id;
    let held = rig.step(|exchange| exchange.hold(&session_id("330"), &call));
    assert_eq!(held, Err(Refusal::WrongState));
    assert_eq!(rig.answer("330", &call), Err(Refusal::WrongState));
}

#[test]
fn a_call_is_nobody_elses_business() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    let (caller, callee) = rig.talking();
    for id in [&caller, &callee] {
        assert_eq!(rig.clear("332", id), Err(Refusal::NotFound));
    }
    assert_eq!(rig.clear("330", &callee), Err(Refusal::NotFound));
}

#[test]
fn numbers_that_cannot_be_reached_say_why() {
    let mut rig = Rig::with(&["330"]);
    assert_eq!(
        rig.dial("330", "999"),
        Err(Refusal::CallFailed(Cause::NoSuchNumber))
    );
    assert_eq!(
        rig.dial("330", "331"),
        Err(Refusal::CallFailed(Cause::Unreachable))
    );
    for refused in ["330", "+49 30 23125-330", "Rosa", ""] {
        assert!(
            matches!(rig.dial("330", refused), Err(Refusal::Value(_))),
            "{refused}"
        );
    }
}

#[test]
fn a_number_of_the_directory_reaches_its_user() {
    let mut rig = Rig::with(&["330", "331"]);
    let call = rig.dial("330", "+49 (30) 23125/331").unwrap();
    assert_eq!(call.party.user.as_deref(), Some("331"));
    assert_eq!(call.party.number, "+49 (30) 23125/331");
}

#[test]
fn calls_wait_until_the_limit_and_then_the_callee_is_busy() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    for caller in ["330", "332"] {
        for _ in 0..MAX_CALLS / 2 {
            rig.dial(caller, "331").unwrap();
        }
    }
    assert_eq!(
        rig.dial("330", "331"),
        Err(Refusal::CallFailed(Cause::Busy))
    );
    let ringing = rig.ringing("331");
    rig.clear("331", &ringing).unwrap();
    assert!(rig.dial("330", "331").is_ok());
}

#[test]
fn both_sides_get_the_call_in_their_history() {
    let mut rig = Rig::listening(&["330", "331"]);
    let (caller, _) = rig.talking();
    rig.pass(61_500);
    rig.clear("330", &caller).unwrap();
    for (user, expected) in [("330", Direction::Outgoing), ("331", Direction::Incoming)] {
        let [conversation] = &rig.conversations(user)[..] else {
            panic!("one conversation is expected");
        };
        assert_eq!(conversation.unread, 0);
        let [
            ConversationEntry::Call {
                direction,
                outcome,
                duration_s,
                ..
            },
        ] = &conversation.entries[..]
        else {
            panic!("one entry is expected");
        };
        assert_eq!(*direction, expected);
        assert_eq!((*outcome, *duration_s), (CallOutcome::Answered, 61));
    }
}

#[test]
fn a_missed_call_is_unread_even_where_nobody_was_signed_in() {
    let mut rig = Rig::with(&["330", "331"]);
    let rang = rig.dial("330", "331").unwrap().id;
    rig.clear("330", &rang).unwrap();
    let _ = rig.dial("330", "332");
    rig.sign_in("332", "332");
    assert_eq!(rig.conversations("331")[0].unread, 1);
    assert_eq!(rig.conversations("332")[0].unread, 1);
    assert!(rig.conversations("330").iter().all(|c| c.unread == 0));
}

#[test]
fn another_notation_is_another_conversation() {
    let mut rig = Rig::with(&["330", "331"]);
    for to in ["331", "+49 30 23125-331", "331"] {
        let call = rig.dial("330", to).unwrap().id;
        rig.clear("330", &call).unwrap();
    }
    let conversations = rig.conversations("330");
    let entries: Vec<_> = conversations.iter().map(|c| c.entries.len()).collect();
    assert_eq!(entries, [2, 1], "the one with the newest call is first");
    assert_eq!(rig.conversations("331").len(), 1);
}

#[test]
fn a_conversation_keeps_its_newest_hundred_entries() {
    let mut rig = Rig::with(&["330"]);
    for _ in 0..105 {
        let _ = rig.dial("330", "331");
    }
    assert_eq!(rig.conversations("330")[0].entries.len(), 100);
}

#[test]
fn the_conversation_that_was_quiet_longest_goes_when_there_are_too_many() {
    let mut rig = Rig::with(&["330"]);
    for n in 0..=500 {
        let _ = rig.dial("330", &format!("9{n:03}"));
    }
    assert_eq!(rig.conversations("330").len(), 500);
    let gone =
        |(_, l): &(String, Arc<Logged>)| matches!(l.event, Event::ConversationDeleted { .. });
    assert_eq!(rig.events.iter().filter(|event| gone(event)).count(), 1);
    let kept = rig.database.load().unwrap().owned;
    let conversations = kept.iter().filter(|owned| owned.kind == Kind::Conversation);
    assert_eq!(conversations.count(), 501 - 1);
}

/// 330 calls 331: the caller's and the callee's id.
fn ringing(rig: &mut Rig) -> (String, String) {
    let caller = rig.dial("330", "331").unwrap().id;
    let Some(Event::Call(ringing)) = rig.newest("331", "331") else {
        panic!("no ring");
    };
    (caller, ringing.id)
}

#[test]
fn a_call_that_is_passed_on_rings_there_with_the_callers_offer_and_is_over_here() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    rig.sign_in("331", "second");
    let (caller, callee) = ringing(&mut rig);
    rig.pass(NO_ANSWER_MS / 3 * 2);
    let now = rig.now;
    rig.exchange.touch(&session_id("330"), now).unwrap();
    let left = rig.deflect("331", &callee, "332").unwrap();
    let end = (ConnectionState::Null, Some(Cause::Deflected));
    assert_eq!((left.local, left.cause), end);
    let told = rig.events.iter().rev().find_map(|(user, logged)| {
        match logged.view(&session_id("second")) {
            Some(Event::Call(call)) if user == "331" => Some(call),
            _ => None,
        }
    });
    assert_eq!(told.map(|call| (call.local, call.cause)), Some(end));
    let Some(Event::Call(there)) = rig.newest("332", "332") else {
        panic!("no ring");
    };
    assert_eq!(
        (there.local, &there.description),
        (ConnectionState::Alerting, &Some(offer(1)))
    );
    assert_eq!(there.party.number, "330");
    let ours = rig.look("330", &caller);
    assert_eq!(
        (ours.remote, ours.party.number.as_str()),
        (ConnectionState::Alerting, "332")
    );
    assert_eq!(rig.answer("331", &callee), Err(Refusal::NotFound));

    // It rings there as long as any call, and can be taken.
    rig.pass(NO_ANSWER_MS / 3 * 2);
    let taken = rig.answer("332", &there.id).unwrap();
    assert_eq!(taken.local, ConnectionState::Connected);
    assert_eq!(rig.look("330", &caller).description, Some(answer(1)));
    // The one who passed it on has it in the history, as not answered.
    let known = rig.exchange.conversations("331");
    let [
        ConversationEntry::Call {
            outcome, direction, ..
        },
    ] = known[0].entries.as_slice()
    else {
        panic!("{known:?}");
    };
    assert_eq!(
        (*outcome, *direction),
        (CallOutcome::Unanswered, Direction::Incoming)
    );
}

#[test]
fn a_call_that_cannot_be_passed_on_goes_on_ringing() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    let (caller, callee) = ringing(&mut rig);
    let refused = [
        ("333", Refusal::CallFailed(Cause::Unreachable)),
        ("999", Refusal::CallFailed(Cause::NoSuchNumber)),
        (
            "330",
            Refusal::Value("this is the caller's own number; choose another"),
        ),
        (
            "331",
            Refusal::Value("this is your own number; call another"),
        ),
        (
            "",
            Refusal::Value("what was dialled is no telephone number"),
        ),
    ];
    for (to, refusal) in refused {
        assert_eq!(rig.deflect("331", &callee, to), Err(refusal), "{to}");
        assert_eq!(rig.look("331", &callee).local, ConnectionState::Alerting);
    }
    assert_eq!(
        rig.deflect("330", &caller, "332"),
        Err(Refusal::WrongState),
        "the caller"
    );
    rig.answer("331", &callee).unwrap();
    assert_eq!(
        rig.deflect("331", &callee, "332"),
        Err(Refusal::WrongState),
        "answered"
    );
}

#[test]
fn a_call_that_was_passed_on_survives_a_restart() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    let (caller, callee) = ringing(&mut rig);
    rig.deflect("331", &callee, "332").unwrap();
    rig.restart();
    let listed = |user: &str| rig.exchange.running_calls(user, &session_id(user));
    assert_eq!(listed("331"), []);
    assert_eq!(listed("330")[0].id, caller);
    assert_eq!(listed("332")[0].local, ConnectionState::Alerting);
}
