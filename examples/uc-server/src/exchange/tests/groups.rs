//! Calls to hunt groups and MULAPs.

use uc_protocol::ucx::{CallOutcome, CallRoute, Cause, ConversationEntry};

use super::*;
use crate::exchange::timers::{IN_TURN_MS, NO_ANSWER_MS};
use ConnectionState::{Alerting, Connected, Null};

const USERS: [&str; 5] = ["330", "331", "332", "333", "334"];

/// 500 rings at 331, 332 and 333.
fn rig(ring: &str) -> Rig {
    let user = |user: &str| {
        format!("[[user]]\nextension = \"{user}\"\nlast_name = \"A\"\npassword = \"a\"\n")
    };
    let group = format!(
        "[[group]]\nextension = \"500\"\nname = \"Sales\"\nring = \"{ring}\"\n\
         members = [\"331\", \"332\", \"333\"]\n"
    );
    let company = Company::from_toml(&(USERS.map(user).concat() + &group)).unwrap();
    let mut rig = Rig::new();
    rig.exchange = Exchange::new(company, "e1".into(), Saved::default(), 1_000);
    for user in USERS {
        rig.sign_in(user, user);
        rig.exchange.stream_opened(&session_id(user), true);
    }
    rig
}

fn rings(rig: &Rig) -> Vec<&'static str> {
    let rings = |user: &&str| {
        let running = rig.exchange.running_calls(user, &session_id(user));
        running.iter().any(|call| call.local == Alerting)
    };
    USERS.into_iter().filter(rings).collect()
}

/// What a user was told last of a call.
fn last(rig: &Rig, user: &str) -> CallResource {
    let told =
        rig.events
            .iter()
            .rev()
            .find_map(|(to, logged)| match logged.view(&session_id(user)) {
                Some(Event::Call(call)) if to == user => Some(call),
                _ => None,
            });
    told.unwrap()
}

fn history(rig: &Rig, user: &str) -> Vec<(CallOutcome, CallRoute)> {
    let known = rig.exchange.conversations(user);
    let entries = known.iter().flat_map(|c| &c.entries);
    let kind = |entry: &ConversationEntry| match entry {
        ConversationEntry::Call { outcome, route, .. } => (*outcome, *route),
        other => panic!("{other:?}"),
    };
    entries.map(kind).collect()
}

const ANSWERED: (CallOutcome, CallRoute) = (CallOutcome::Answered, CallRoute::Group);
const MISSED: (CallOutcome, CallRoute) = (CallOutcome::Unanswered, CallRoute::Group);

#[test]
fn a_group_rings_at_everybody_until_one_answers() {
    let mut rig = rig("all");
    let call = rig.dial("330", "500").unwrap();
    assert_eq!(
        (&*call.party.number, call.party.name.as_deref()),
        ("500", Some("Sales"))
    );
    assert_eq!(rings(&rig), ["331", "332", "333"]);
    rig.trickle("330", &call.id, 1, 1).unwrap();
    for user in ["331", "332", "333"] {
        let here = rig.look(user, &rig.ringing(user));
        assert_eq!(here.description, Some(offer(1)));
        assert!(here.candidates.is_some());
    }
    let here = rig.ringing("333");
    let taken = rig.answer("333", &here).unwrap();
    assert_eq!((taken.local, taken.carried_here), (Connected, true));
    assert_eq!(rings(&rig), <[&str; 0]>::default());
    for user in ["331", "332"] {
        let over = last(&rig, user);
        let end = (Null, Some(Cause::AnsweredElsewhere));
        assert_eq!((over.local, over.cause), end, "{user}");
    }
    assert_eq!(rig.look("330", &call.id).description, Some(answer(1)));
    rig.clear("330", &call.id).unwrap();
    assert_eq!(history(&rig, "330"), [ANSWERED]);
    assert_eq!(history(&rig, "333"), [ANSWERED]);
    assert_eq!(history(&rig, "331"), [], "a colleague has answered");
}

#[test]
fn whoever_rejects_a_groups_call_leaves_it_to_the_others() {
    let mut rig = rig("all");
    let call = rig.dial("330", "500").unwrap().id;
    for (user, left) in [("331", &["332", "333"][..]), ("333", &["332"])] {
        let here = rig.ringing(user);
        let over = rig.clear(user, &here).unwrap();
        assert_eq!((over.local, over.cause), (Null, Some(Cause::Rejected)));
        assert_eq!(rings(&rig), left);
        assert_eq!(rig.look("330", &call).remote, Alerting);
    }
    let here = rig.ringing("332");
    rig.clear("332", &here).unwrap();
    assert_eq!(rig.look("330", &call).cause, Some(Cause::Rejected));
}

#[test]
fn nobody_answers_and_all_have_missed_it() {
    let mut rig = rig("all");
    let call = rig.dial("330", "500").unwrap().id;
    rig.pass(NO_ANSWER_MS);
    assert_eq!(rig.look("330", &call).cause, Some(Cause::NoAnswer));
    assert_eq!(history(&rig, "330"), [MISSED]);
    for user in ["331", "332", "333"] {
        assert_eq!(last(&rig, user).cause, Some(Cause::NoAnswer));
        assert_eq!(history(&rig, user), [MISSED], "{user}");
        assert_eq!(rig.conversations(user)[0].unread, 1);
    }
}

#[test]
fn in_turn_it_rings_at_one_after_the_other() {
    let mut rig = rig("in_turn");
    let call = rig.dial("330", "500").unwrap().id;
    assert_eq!(rings(&rig), ["331"]);
    rig.pass(IN_TURN_MS - 1);
    assert_eq!(rings(&rig), ["331"]);
    rig.pass(1);
    assert_eq!(rings(&rig), ["332"]);
    assert_eq!(last(&rig, "331").cause, Some(Cause::NoAnswer));
    let here = rig.ringing("332");
    assert_eq!(rig.look("332", &here).description, Some(offer(1)));
    let over = rig.clear("332", &here).unwrap();
    assert_eq!(over.cause, Some(Cause::Rejected));
    assert_eq!(rings(&rig), ["333"]);
    rig.pass(NO_ANSWER_MS);
    assert_eq!(rig.look("330", &call).cause, Some(Cause::NoAnswer));
    assert_eq!(history(&rig, "331"), [MISSED]);
}

#[test]
fn a_group_passes_over_those_who_cannot_be_called() {
    let mut rig = rig("in_turn");
    let busy = uc_protocol::ucx::PresenceUpdate {
        state: uc_protocol::ucx::PresenceState::DoNotDisturb,
        until: None,
        note: None,
    };
    rig.step(|e| e.set_presence(&session_id("331"), busy))
        .unwrap();
    let now = rig.now;
    rig.step(|e| e.sign_out(&session_id("333"), now));
    let call = rig.dial("330", "500").unwrap().id;
    assert_eq!(rings(&rig), ["332"]);
    rig.clear("330", &call).unwrap();
    let call = rig.dial("332", "500");
    assert_eq!(
        call,
        Err(Refusal::CallFailed(Cause::Unreachable)),
        "nobody else is there"
    );
}

#[test]
fn a_groups_call_is_picked_up_and_passed_on_from_one_of_them() {
    let mut rig = rig("all");
    let call = rig.dial("330", "500").unwrap().id;
    let here = rig.pick_up("334", "332").unwrap();
    assert_eq!(rings(&rig), ["334"]);
    assert_eq!(last(&rig, "332").cause, Some(Cause::PickedUp));
    assert_eq!(last(&rig, "331").cause, Some(Cause::AnsweredElsewhere));
    rig.clear("334", &here.id).unwrap();
    assert_eq!(rig.look("330", &call).cause, Some(Cause::Rejected));

    rig.dial("330", "500").unwrap();
    let here = rig.ringing("333");
    rig.deflect("333", &here, "334").unwrap();
    assert_eq!(rings(&rig), ["334"]);
}

#[test]
fn a_call_is_handed_over_to_a_group() {
    let mut rig = rig("all");
    let caller = rig.dial("330", "334").unwrap().id;
    let own = rig.ringing("334");
    rig.answer("334", &own).unwrap();
    let active = rig.consult("334", &own, "500").unwrap().id;
    rig.transfer("334", &active, &own).unwrap();
    assert_eq!(rings(&rig), ["331", "332", "333"]);
    rig.describe("330", &caller, offer(2)).unwrap();
    for user in ["331", "332", "333"] {
        let here = rig.look(user, &rig.ringing(user));
        assert_eq!(here.party.number, "330");
        assert_eq!(here.description, Some(offer(2)));
    }
    let here = rig.ringing("332");
    rig.answer_with("332", &here, answer(2)).unwrap();
    assert_eq!(rig.look("330", &caller).remote, Connected);
}

#[test]
fn a_groups_call_survives_a_restart() {
    let mut rig = rig("all");
    let call = rig.dial("330", "500").unwrap().id;
    let company = rig.exchange.company.clone();
    let saved = rig.database.load().unwrap();
    rig.exchange = Exchange::new(company, "e1".into(), saved, rig.now);
    rig.step(|_| ());
    assert_eq!(rings(&rig), ["331", "332", "333"]);
    rig.step(|e| e.confirm(&session_id("330"), &call)).unwrap();
    let here = rig.ringing("333");
    rig.answer("333", &here).unwrap();
    for user in USERS {
        rig.exchange.stream_opened(&session_id(user), true);
    }
    rig.pass(timers::CONFIRM_MS + 1);
    assert_eq!(rig.look("330", &call).cause, None);
}

#[test]
fn a_group_that_cannot_be_is_refused() {
    let user = "[[user]]\nextension = \"330\"\nlast_name = \"A\"\npassword = \"a\"\n";
    let group = |extension: &str, name: &str, members: &str| {
        format!(
            "{user}[[group]]\nextension = \"{extension}\"\nname = \"{name}\"\nring = \"all\"\n\
             members = [{members}]\n"
        )
    };
    assert!(Company::from_toml(&group("500", "Sales", "\"330\"")).is_ok());
    for (extension, name, members) in [
        ("5x0", "Sales", "\"330\""),
        ("330", "Sales", "\"330\""),
        ("500", "", "\"330\""),
        ("500", "Sales", ""),
        ("500", "Sales", "\"331\""),
        ("500", "Sales", "\"330\", \"330\""),
    ] {
        let refused = Company::from_toml(&group(extension, name, members));
        assert!(matches!(
            refused,
            Err(crate::CompanyError::Group { index: 1, .. })
        ));
    }
}
