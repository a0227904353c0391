//! Calls that are handed over or picked up.

use uc_protocol::ucx::{CallOutcome, CallRoute, Cause, ConversationEntry};

use super::*;
use crate::exchange::timers::NO_ANSWER_MS;
use ConnectionState::{Alerting, Connected, Hold, Null};

/// Direction aside, how the newest call stands in a user's history with a number.
fn history(rig: &Rig, user: &str, number: &str) -> (CallOutcome, CallRoute) {
    let known = rig.exchange.conversations(user);
    let with = known.iter().find(|c| c.party.number == number);
    match with.and_then(|c| c.entries.last()) {
        Some(ConversationEntry::Call { outcome, route, .. }) => (*outcome, *route),
        other => panic!("{user} has {other:?} with {number}"),
    }
}

#[test]
fn after_a_transfer_the_others_talk_and_both_calls_are_over() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    let [waiting, target, held, active] = rig.consulting();
    rig.now += 5_000;
    let over = rig.transfer("331", &active, &held).unwrap();
    assert_eq!((over.local, over.cause), (Null, Some(Cause::Transferred)));
    assert!(over.carried_here);
    assert!(
        rig.exchange
            .running_calls("331", &session_id("331"))
            .is_empty()
    );
    let (one, other) = (rig.look("330", &waiting), rig.look("332", &target));
    for (call, with) in [(&one, "332"), (&other, "330")] {
        assert_eq!((call.local, call.remote), (Connected, Connected));
        assert_eq!(call.party.number, with);
        assert_eq!((call.far_end, call.generation), (1, 1));
        assert_eq!((&call.description, &call.candidates), (&None, &None));
    }
    assert!(one.offers && !other.offers, "one side offers");
    let told: Vec<_> = rig
        .events
        .iter()
        .rev()
        .filter(|(user, _)| user == "331")
        .collect();
    let over = told
        .iter()
        .filter_map(|(_, logged)| match logged.view(&session_id("331")) {
            Some(Event::Call(call)) => Some((call.id, call.cause)),
            _ => None,
        });
    let over: Vec<_> = over.take(2).collect();
    assert!(over.contains(&(active, Some(Cause::Transferred))));
    assert!(over.contains(&(held, Some(Cause::Transferred))));

    // The speech goes on, and so does the numbering.
    assert_eq!(rig.describe("332", &target, offer(2)), Err(Refusal::Glare));
    let again = rig.describe("330", &waiting, offer(1));
    assert!(matches!(again, Err(Refusal::Value(_))));
    rig.trickle("330", &waiting, 1, 1).unwrap();
    assert_eq!(rig.look("332", &target).candidates, None, "late ones");
    rig.describe("330", &waiting, offer(2)).unwrap();
    rig.trickle("330", &waiting, 2, 1).unwrap();
    let heard = rig.look("332", &target);
    assert_eq!((heard.description, heard.generation), (Some(offer(2)), 2));
    assert!(heard.candidates.is_some());
    rig.describe("332", &target, answer(2)).unwrap();
    rig.describe("332", &target, offer(3)).unwrap();
    rig.clear("332", &target).unwrap();
    assert_eq!(rig.look("330", &waiting).cause, Some(Cause::Normal));
}

#[test]
fn the_numbers_of_a_joined_call_go_on_from_the_greater_one() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    let [waiting, target, held, active] = rig.consulting();
    for generation in 2..5 {
        rig.describe("330", &waiting, offer(generation)).unwrap();
        rig.describe("331", &held, answer(generation)).unwrap();
    }
    rig.transfer("331", &active, &held).unwrap();
    assert_eq!(rig.look("332", &target).generation, 4);
    rig.describe("330", &waiting, offer(5)).unwrap();
    rig.describe("332", &target, answer(5)).unwrap();
}

#[test]
fn an_unanswered_offer_does_not_outlive_a_transfer() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    let [waiting, target, held, active] = rig.consulting();
    rig.describe("331", &held, offer(2)).unwrap();
    rig.describe("332", &target, offer(2)).unwrap();
    rig.transfer("331", &active, &held).unwrap();
    assert_eq!(
        rig.describe("330", &waiting, answer(2)),
        Err(Refusal::WrongState)
    );
    rig.describe("330", &waiting, offer(3)).unwrap();
    assert_eq!(rig.look("332", &target).description, Some(offer(3)));
}

#[test]
fn a_ringing_consultation_goes_on_ringing_for_the_held_party() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    let (waiting, held) = rig.talking();
    let active = rig.consult("331", &held, "332").unwrap().id;
    let target = rig.ringing("332");
    rig.transfer("331", &active, &held).unwrap();
    let one = rig.look("330", &waiting);
    assert_eq!((one.local, one.remote), (Connected, Alerting));
    assert!(one.offers);
    let rings = rig.look("332", &target);
    assert_eq!(rings.party.number, "330");
    assert_eq!((rings.local, rings.remote), (Alerting, Connected));
    assert_eq!(rings.description, None, "the old offer was another's");
    let early = rig.answer_with("332", &target, answer(1));
    assert_eq!(early, Err(Refusal::WrongState), "nothing is offered yet");

    rig.describe("330", &waiting, offer(2)).unwrap();
    rig.trickle("330", &waiting, 2, 2).unwrap();
    let rings = rig.look("332", &target);
    assert_eq!((rings.generation, rings.description), (2, Some(offer(2))));
    assert_eq!(rings.candidates.unwrap().candidates.len(), 2);
    let wrong = rig.answer_with("332", &target, answer(1));
    assert!(matches!(wrong, Err(Refusal::Value(_))));
    rig.now += 1_000;
    rig.answer_with("332", &target, answer(2)).unwrap();
    let one = rig.look("330", &waiting);
    assert_eq!((one.local, one.remote), (Connected, Connected));
    assert_eq!(one.description, Some(answer(2)));
    assert!(one.answered < rig.look("332", &target).answered);
    rig.clear("330", &waiting).unwrap();
    let taken = (CallOutcome::Answered, CallRoute::TransferredOrPickedUp);
    assert_eq!(history(&rig, "332", "330"), taken);
}

#[test]
fn a_transferred_call_that_nobody_takes_comes_back() {
    for refused in [false, true] {
        let mut rig = Rig::listening(&["330", "331", "332"]);
        let (waiting, held) = rig.talking();
        rig.hand_over("331", &held, "332").unwrap();
        let target = rig.ringing("332");
        let cause = match refused {
            true => {
                let left = rig.clear("332", &target).unwrap();
                assert_eq!(left.cause, Some(Cause::Rejected));
                Cause::Rejected
            }
            false => {
                rig.pass(NO_ANSWER_MS);
                Cause::NoAnswer
            }
        };
        assert_eq!(rig.newest_call("332").cause, Some(cause));
        let seen = rig.look("330", &waiting);
        assert_eq!((seen.remote, seen.cause), (Alerting, None));
        assert_eq!(seen.party.number, "331", "it rings there again");
        let back = rig.ringing("331");
        rig.pass(NO_ANSWER_MS);
        assert_eq!(
            rig.look("331", &back).cause,
            Some(Cause::NoAnswer),
            "but once"
        );
        assert_eq!(rig.look("330", &waiting).cause, Some(Cause::NoAnswer));
    }
}

#[test]
fn a_call_that_a_whole_group_leaves_unanswered_comes_back_and_stops_ringing_there() {
    let mut rig = Rig::listening(&["330", "331", "337", "338", "339"]);
    let (_, held) = rig.talking();
    rig.hand_over("331", &held, "350").unwrap();
    let members = ["337", "338", "339"].map(|user| (user, rig.ringing(user)));
    rig.pass(NO_ANSWER_MS);
    rig.ringing("331");
    for (user, call) in members {
        let told = rig.newest_call(user);
        assert_eq!((told.id, told.local), (call, Null), "{user}");
        assert_eq!(rig.exchange.running_count(user), 0, "{user}");
    }
    let legs = rig.exchange.calls.values().flat_map(|call| call.legs());
    assert_eq!(rig.exchange.legs.len(), legs.count(), "none is left over");
}

#[test]
fn a_call_that_came_back_is_answered_by_who_transferred_it() {
    let mut rig = Rig::listening(&["330", "331", "332"]);
    let [waiting, _, held, active] = {
        let (waiting, held) = rig.talking();
        let active = rig.consult("331", &held, "332").unwrap().id;
        [waiting, rig.ringing("332"), held, active]
    };
    rig.transfer("331", &active, &held).unwrap();
    rig.pass(NO_ANSWER_MS);
    let back = rig.ringing("331");
    let generation = rig.look("330", &waiting).generation + 1;
    rig.describe("330", &waiting, offer(generation)).unwrap();
    rig.answer_with("331", &back, answer(generation)).unwrap();
    assert_eq!(rig.look("330", &waiting).remote, Connected);
}

#[test]
fn a_transfer_meets_the_hang_up_of_either_party() {
    for leaves in ["330", "332"] {
        let mut rig = Rig::with(&["330", "331", "332"]);
        let [waiting, target, held, active] = rig.consulting();
        let id = if leaves == "330" { &waiting } else { &target };
        rig.clear(leaves, id).unwrap();
        let late = rig.transfer("331", &active, &held);
        assert_eq!(late, Err(Refusal::WrongState), "{leaves}");
        let left = if leaves == "330" { &active } else { &held };
        assert_eq!(rig.look("331", left).cause, None);
    }
}

#[test]
fn the_transferring_one_hangs_up_too_late() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    let [waiting, target, held, active] = rig.consulting();
    rig.transfer("331", &active, &held).unwrap();
    for id in [&held, &active] {
        assert_eq!(rig.clear("331", id), Err(Refusal::NotFound));
    }
    assert_eq!(rig.look("330", &waiting).cause, None);
    assert_eq!(rig.look("332", &target).cause, None);
}

#[test]
fn whoever_holds_goes_on_holding_across_a_transfer() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    let [waiting, target, held, active] = rig.consulting();
    rig.hold("330", &waiting).unwrap();
    rig.hold("332", &target).unwrap();
    rig.transfer("331", &active, &held).unwrap();
    let one = rig.look("330", &waiting);
    assert_eq!((one.local, one.remote), (Hold, Hold));
    rig.retrieve("330", &waiting).unwrap();
    assert_eq!(rig.look("332", &target).remote, Connected);
}

#[test]
fn nobody_is_transferred_to_themselves() {
    let mut rig = Rig::with(&["330", "331"]);
    let (_, held) = rig.talking();
    let active = rig.consult("331", &held, "330").unwrap().id;
    let again = rig.ringing("330");
    rig.answer("330", &again).unwrap();
    let refused = rig.transfer("331", &active, &held);
    assert_eq!(refused, Err(Refusal::WrongState));
    assert!(matches!(
        rig.hand_over("331", &active, "330"),
        Err(Refusal::Value(_))
    ));
}

#[test]
fn two_former_callees_and_two_former_callers_are_joined() {
    // 331 has called both.
    let mut rig = Rig::with(&["330", "331", "332"]);
    let held = rig.dial("331", "330").unwrap().id;
    let waiting = rig.ringing("330");
    rig.answer("330", &waiting).unwrap();
    let active = rig.consult("331", &held, "332").unwrap().id;
    let target = rig.ringing("332");
    rig.answer("332", &target).unwrap();
    rig.transfer("331", &active, &held).unwrap();
    for (user, id) in [("330", &waiting), ("332", &target)] {
        let call = rig.look(user, id);
        assert_eq!(call.direction, uc_protocol::ucx::Direction::Incoming);
        assert!(call.carried_here);
    }
    // Both have called 331.
    let mut rig = Rig::with(&["330", "331", "332"]);
    let (waiting, held) = rig.talking();
    let target = rig.dial("332", "331").unwrap().id;
    let active = rig.ringing("331");
    rig.hold("331", &held).unwrap();
    rig.answer("331", &active).unwrap();
    rig.transfer("331", &active, &held).unwrap();
    assert_eq!(rig.look("330", &waiting).party.number, "332");
    assert_eq!(rig.look("332", &target).party.number, "330");
    rig.clear("330", &waiting).unwrap();
    // Who has dialled finds the call where it was dialled to.
    let direct = (CallOutcome::Answered, CallRoute::Direct);
    assert_eq!(history(&rig, "330", "331"), direct);
    assert_eq!(history(&rig, "332", "331"), direct);
}

#[test]
fn a_call_is_handed_over_in_one_step() {
    let mut rig = Rig::listening(&["330", "331", "332"]);
    let (waiting, own) = rig.talking();
    rig.pass(7_000);
    let over = rig.hand_over("331", &own, "332").unwrap();
    assert_eq!((over.local, over.cause), (Null, Some(Cause::Transferred)));
    let one = rig.look("330", &waiting);
    assert_eq!((one.local, one.remote), (Connected, Alerting));
    assert_eq!((one.far_end, one.offers, one.generation), (1, true, 1));
    assert_eq!(one.party.number, "332");
    let target = rig.ringing("332");
    rig.describe("330", &waiting, offer(2)).unwrap();
    assert_eq!(rig.look("332", &target).description, Some(offer(2)));
    rig.answer_with("332", &target, answer(2)).unwrap();
    assert_eq!(rig.look("330", &waiting).remote, Connected);
    rig.clear("332", &target).unwrap();
    let direct = (CallOutcome::Answered, CallRoute::Direct);
    assert_eq!(history(&rig, "331", "330"), direct);
    assert_eq!(history(&rig, "330", "331"), direct);
    let taken = (CallOutcome::Answered, CallRoute::TransferredOrPickedUp);
    assert_eq!(history(&rig, "332", "330"), taken);
}

#[test]
fn a_call_that_cannot_be_handed_over_goes_on() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    let ringing = rig.dial("331", "332").unwrap().id;
    let early = rig.hand_over("331", &ringing, "330");
    assert_eq!(early, Err(Refusal::WrongState));
    rig.clear("331", &ringing).unwrap();
    let (waiting, own) = rig.talking();
    for (to, cause) in [("999", Cause::NoSuchNumber), ("333", Cause::Unreachable)] {
        let refused = rig.hand_over("331", &own, to);
        assert_eq!(refused, Err(Refusal::CallFailed(cause)));
    }
    let both = (rig.look("330", &waiting), rig.look("331", &own));
    assert_eq!((both.0.remote, both.1.local), (Connected, Connected));
    assert_eq!((both.0.far_end, both.1.far_end), (0, 0));
    rig.hold("331", &own).unwrap();
    rig.hand_over("331", &own, "332").unwrap();
}

#[test]
fn a_transferred_call_survives_a_restart() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    let [waiting, target, held, active] = rig.consulting();
    rig.transfer("331", &active, &held).unwrap();
    rig.restart();
    for (user, id) in [("330", &waiting), ("332", &target)] {
        assert!(rig.look(user, id).unconfirmed);
        rig.step(|e| e.confirm(&session_id(user), id)).unwrap();
        assert!(!rig.look(user, id).unconfirmed);
    }
    rig.describe("330", &waiting, offer(2)).unwrap();
}

#[test]
fn a_picked_up_call_rings_at_the_session_that_asked() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    rig.sign_in("332", "second");
    let caller = rig.dial("330", "331").unwrap().id;
    let callee = rig.ringing("331");
    rig.trickle("330", &caller, 1, 2).unwrap();
    let here = rig.pick_up("332", "331").unwrap();
    assert_eq!((here.local, here.carried_here), (Alerting, false));
    assert_eq!(here.description, Some(offer(1)));
    assert!(here.candidates.is_some());
    assert_eq!(here.party.number, "330");
    assert!(
        rig.exchange
            .running_calls("332", &session_id("second"))
            .is_empty()
    );
    assert_eq!(rig.newest("332", "second"), None);
    assert_eq!(rig.answer("second", &here.id), Err(Refusal::NotFound));
    let Some(Event::Conversation(missed)) = rig.newest("331", "331") else {
        panic!("the one it rang at has missed it");
    };
    assert_eq!(missed.unread, 1);
    assert_eq!(rig.answer("331", &callee), Err(Refusal::NotFound));
    let taken = rig.answer("332", &here.id).unwrap();
    assert_eq!((taken.local, taken.carried_here), (Connected, true));
    assert_eq!(rig.newest("332", "second"), None, "it never rang there");
    let ours = rig.look("330", &caller);
    assert_eq!(
        (ours.remote, ours.party.number.as_str()),
        (Connected, "332")
    );
    rig.clear("330", &caller).unwrap();
    let missed = (CallOutcome::Unanswered, CallRoute::Direct);
    assert_eq!(history(&rig, "331", "330"), missed);
    let taken = (CallOutcome::Answered, CallRoute::TransferredOrPickedUp);
    assert_eq!(history(&rig, "332", "330"), taken);
}

#[test]
fn the_one_whose_call_was_picked_up_is_told_why_it_is_over() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    rig.dial("330", "331").unwrap();
    let callee = rig.ringing("331");
    rig.pick_up("332", "331").unwrap();
    let told = rig
        .events
        .iter()
        .find_map(|(_, logged)| match logged.view(&session_id("331")) {
            Some(Event::Call(call)) if call.id == callee && call.local == Null => Some(call.cause),
            _ => None,
        });
    assert_eq!(told, Some(Some(Cause::PickedUp)));
}

#[test]
fn where_nothing_rings_nothing_is_picked_up() {
    let mut rig = Rig::with(&["330", "331", "332"]);
    assert_eq!(rig.pick_up("332", "331"), Err(Refusal::WrongState));
    let unknown = rig.pick_up("332", "999");
    assert_eq!(unknown, Err(Refusal::CallFailed(Cause::NoSuchNumber)));
    let (caller, callee) = rig.talking();
    assert_eq!(rig.pick_up("332", "331"), Err(Refusal::WrongState));
    rig.clear("331", &callee).unwrap();
    assert_eq!(rig.look("330", &caller).cause, Some(Cause::Normal));
    rig.dial("330", "331").unwrap();
    assert_eq!(
        rig.pick_up("330", "331"),
        Err(Refusal::WrongState),
        "the caller"
    );
    assert_eq!(
        rig.pick_up("331", "331"),
        Err(Refusal::WrongState),
        "the callee"
    );
    rig.pick_up("332", "331").unwrap();
    assert_eq!(
        rig.pick_up("332", "331"),
        Err(Refusal::WrongState),
        "it is gone"
    );
}

#[test]
fn a_networked_users_call_is_not_picked_up_in_suite() {
    let users: String = ["330", "331", "332"]
        .map(|user| {
            let networked = user == "331";
            format!(
                "[[user]]\nextension = \"{user}\"\nlast_name = \"A\"\npassword = \"a\"\n\
                 networked = {networked}\n"
            )
        })
        .concat();
    for (mode, refused) in [("smart", None), ("suite", Some(Refusal::Unsupported))] {
        let text = format!("[system]\nmode = \"{mode}\"\n{users}");
        let company = Company::from_toml(&text).unwrap();
        let mut rig = Rig::new();
        rig.exchange = Exchange::new(company, "e1".into(), Saved::default(), 1_000);
        for user in ["330", "331", "332"] {
            rig.sign_in(user, user);
        }
        rig.dial("330", "331").unwrap();
        assert_eq!(rig.pick_up("332", "331").err(), refused, "{mode}");
    }
}
