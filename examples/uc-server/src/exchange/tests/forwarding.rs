//! Calls that go elsewhere by the presence of whom they are for.

use uc_protocol::ucx::{CallOutcome, Cause, ConversationEntry, PresenceState, PresenceUpdate};

use super::*;
use crate::exchange::{Role, SoundStep, timers::MAX_MESSAGE_MS, timers::NO_ANSWER_MS};
use ConnectionState::{Alerting, Connected, Null};

/// Five users; `more` is said of 331.
pub(super) fn rig(system: &str, more: &str) -> Rig {
    let user = |user: &str, more: &str| {
        format!("[[user]]\nextension = \"{user}\"\nlast_name = \"A\"\npassword = \"a\"\n{more}\n")
    };
    let users = ["330", "332", "333", "334"].map(|name| user(name, ""));
    let text = format!(
        "[system]\n{system}\n{}{}",
        user("331", more),
        users.concat()
    );
    let mut rig = Rig::new();
    let company = Company::from_toml(&text).unwrap();
    rig.exchange = Exchange::new(company, "e1".into(), Saved::default(), 1_000);
    for user in ["330", "331", "332", "333", "334"] {
        rig.sign_in(user, user);
        rig.exchange.stream_opened(&session_id(user), true);
    }
    rig
}

pub(super) fn set(rig: &mut Rig, user: &str, state: PresenceState, until: Option<Millis>) {
    let update = PresenceUpdate {
        state,
        until,
        note: None,
    };
    rig.step(|e| e.set_presence(&session_id(user), update))
        .unwrap();
}

fn is_quiet(rig: &Rig, user: &str) -> bool {
    let running = rig.exchange.running_calls(user, &session_id(user));
    running.is_empty()
}

pub(super) fn outcomes(rig: &Rig, user: &str) -> Vec<CallOutcome> {
    let known = rig.exchange.conversations(user);
    let entries = known.iter().flat_map(|c| &c.entries);
    let outcome = |entry: &ConversationEntry| match entry {
        ConversationEntry::Call { outcome, .. } => *outcome,
        other => panic!("{other:?}"),
    };
    entries.map(outcome).collect()
}

#[test]
fn do_not_disturb_refuses_calls_and_says_so() {
    let mut rig = rig("", "");
    set(&mut rig, "331", PresenceState::DoNotDisturb, None);
    let refused = rig.dial("330", "331");
    assert_eq!(refused, Err(Refusal::CallFailed(Cause::DoNotDisturb)));
    assert!(is_quiet(&rig, "331"));
    assert_eq!(rig.conversations("331")[0].unread, 1, "it was missed");
    let ringing = rig.dial("330", "332").unwrap().id;
    let there = rig.ringing("332");
    let refused = rig.deflect("332", &there, "331");
    assert_eq!(refused, Err(Refusal::CallFailed(Cause::DoNotDisturb)));
    rig.answer("332", &there).unwrap();
    let refused = rig.hand_over("330", &ringing, "331");
    assert_eq!(refused, Err(Refusal::CallFailed(Cause::DoNotDisturb)));
}

#[test]
fn away_the_mailbox_answers_with_the_reason_and_the_return_time() {
    let mut rig = rig("", "");
    set(&mut rig, "331", PresenceState::Lunch, Some(900_000));
    let call = rig.dial("330", "331").unwrap();
    assert_eq!((call.local, call.remote), (Connected, Connected));
    assert_eq!(call.party.number, "331");
    assert!(call.answered.is_some());
    let [
        SoundStep::Open { leg, role },
        SoundStep::AcceptOffer { generation: 1, .. },
    ] = &rig.sound[..]
    else {
        panic!("{:?}", rig.sound);
    };
    let reason = Role::Announcement {
        reason: Some(PresenceState::Lunch),
        until: Some(900_000),
    };
    assert_eq!(*role, reason);
    let leg = leg.clone();
    rig.step(|e| e.endpoint_described(&leg, answer(1)));
    assert_eq!(rig.look("330", &call.id).description, Some(answer(1)));
    assert!(is_quiet(&rig, "331"));
    assert_eq!(rig.conversations("331")[0].unread, 1, "it was missed");

    rig.pass(MAX_MESSAGE_MS - 1);
    assert_eq!(rig.look("330", &call.id).cause, None);
    rig.pass(1);
    assert_eq!(rig.look("330", &call.id).cause, Some(Cause::Normal));
    assert_eq!(rig.sound.last(), Some(&SoundStep::Close { leg }));
    assert_eq!(outcomes(&rig, "330"), [CallOutcome::Answered]);
}

#[test]
fn hidden_presence_is_not_announced_and_passed_return_times_lapse() {
    let mut rig = rig("", "");
    set(&mut rig, "331", PresenceState::Lunch, Some(5_000));
    rig.pass(5_000);
    rig.dial("330", "331").unwrap();
    let lapsed = Role::Announcement {
        reason: Some(PresenceState::Lunch),
        until: None,
    };
    assert!(matches!(&rig.sound[0], SoundStep::Open { role, .. } if *role == lapsed));
    rig.sound.clear();
    let hide = uc_protocol::ucx::Visibility::NotVisible;
    rig.step(|e| e.set_visibility(&session_id("331"), hide))
        .unwrap();
    rig.dial("332", "331").unwrap();
    let silent = Role::Announcement {
        reason: None,
        until: None,
    };
    assert!(matches!(&rig.sound[0], SoundStep::Open { role, .. } if *role == silent));
}

#[test]
fn a_call_to_a_mailbox_is_held_and_joined_to_nothing() {
    let mut rig = rig("", "");
    set(&mut rig, "331", PresenceState::Meeting, None);
    let (_, own) = {
        let caller = rig.dial("332", "330").unwrap().id;
        let callee = rig.ringing("330");
        rig.answer("330", &callee).unwrap();
        (caller, callee)
    };
    let mailbox = rig.consult("330", &own, "331").unwrap().id;
    for refused in [
        rig.conference("330", &mailbox, &own),
        rig.hand_over("330", &mailbox, "333"),
    ] {
        assert_eq!(refused, Err(Refusal::WrongState));
    }
    rig.alternate("330", &mailbox, &own).unwrap();
    rig.reconnect("330", &own, &mailbox).unwrap();
    assert_eq!(rig.look("330", &mailbox).local, Connected);
}

#[test]
fn whoever_waits_is_handed_over_to_a_mailbox_which_begins_anew() {
    let mut rig = rig("", "");
    set(&mut rig, "331", PresenceState::Meeting, None);
    let caller = rig.dial("332", "330").unwrap().id;
    let own = rig.ringing("330");
    rig.answer("330", &own).unwrap();
    let mailbox = rig.consult("330", &own, "331").unwrap().id;
    rig.pass(MAX_MESSAGE_MS - 1);
    rig.sound.clear();
    let left = rig.transfer("330", &mailbox, &own).unwrap();
    assert_eq!(left.cause, Some(Cause::Transferred));
    let meeting = Some(PresenceState::Meeting);
    assert!(matches!(
        &rig.sound[..],
        [SoundStep::Close { .. }, SoundStep::Open { role: Role::Announcement { reason, .. }, .. }]
            if *reason == meeting
    ));
    let seen = rig.look("332", &caller);
    assert_eq!(
        (seen.party.number.as_str(), seen.remote),
        ("331", Connected)
    );
    assert_eq!((seen.far_end, seen.offers), (1, true));
    // There is time for a whole message.
    rig.pass(MAX_MESSAGE_MS - 1);
    assert_eq!(rig.look("332", &caller).cause, None);
    rig.pass(1);
    assert_eq!(rig.look("332", &caller).cause, Some(Cause::Normal));
}

#[test]
fn ringing_and_answered_calls_go_to_a_mailbox_too() {
    let mut rig = rig("", "");
    set(&mut rig, "331", PresenceState::Sick, None);
    let caller = rig.dial("330", "332").unwrap().id;
    let there = rig.ringing("332");
    let over = rig.deflect("332", &there, "331").unwrap();
    assert_eq!(over.cause, Some(Cause::Deflected));
    assert_eq!(rig.look("330", &caller).local, Connected);
    assert_eq!(rig.sound.len(), 2, "the offer goes along");
    rig.clear("330", &caller).unwrap();

    rig.sound.clear();
    let caller = rig.dial("330", "332").unwrap().id;
    let there = rig.ringing("332");
    rig.answer("332", &there).unwrap();
    rig.hand_over("332", &there, "331").unwrap();
    let one = rig.look("330", &caller);
    assert_eq!((one.remote, one.far_end, one.offers), (Connected, 1, true));
    assert_eq!(rig.sound.len(), 1, "a new offer is due");
    rig.describe("330", &caller, offer(2)).unwrap();
    assert_eq!(rig.sound.len(), 2);
}

#[test]
fn each_state_has_its_target() {
    let targets = "numbers = [{ kind = \"mobile\", number = \"334\" }]\nforwarding = [\
        { state = \"lunch\", to = \"332\" }, { state = \"home\", to = \"mobile\" }, \
        { state = \"holiday\", to = \"voicemail\" }, { state = \"office\", to = \"333\" }, \
        { state = \"sick\", to = \"330\" }, { state = \"break\", to = \"999\" }]";
    for (mode, office) in [("smart", "333"), ("suite", "331")] {
        let mut rig = rig(&format!("mode = \"{mode}\""), targets);
        for (state, there) in [
            (PresenceState::Lunch, "332"),
            (PresenceState::Home, "334"),
            (PresenceState::Office, office),
        ] {
            set(&mut rig, "331", state, None);
            let call = rig.dial("330", "331").unwrap();
            assert_eq!((call.remote, &*call.party.number), (Alerting, "331"));
            let rings = rig.ringing(there);
            assert_eq!(rig.look(there, &rings).party.number, "330");
            assert_eq!(is_quiet(&rig, "331"), there != "331");
            rig.clear("330", &call.id).unwrap();
        }
        set(&mut rig, "331", PresenceState::Holiday, None);
        let call = rig.dial("330", "331").unwrap();
        assert_eq!(call.remote, Connected);
        rig.clear("330", &call.id).unwrap();
        for state in [PresenceState::Sick, PresenceState::Break] {
            set(&mut rig, "331", state, None);
            let refused = rig.dial("330", "331");
            assert_eq!(refused, Err(Refusal::CallFailed(Cause::Unreachable)));
        }
    }
}

#[test]
fn a_forwarded_call_is_not_forwarded_again() {
    let mut rig = rig("", "forwarding = [{ state = \"lunch\", to = \"332\" }]");
    set(&mut rig, "331", PresenceState::Lunch, None);
    set(&mut rig, "332", PresenceState::Meeting, None);
    let call = rig.dial("330", "331").unwrap();
    assert_eq!(call.remote, Alerting);
    rig.clear("330", &call.id).unwrap();
    set(&mut rig, "332", PresenceState::DoNotDisturb, None);
    let refused = rig.dial("330", "331");
    assert_eq!(refused, Err(Refusal::CallFailed(Cause::DoNotDisturb)));
}

#[test]
fn with_call_me_calls_ring_elsewhere_and_then_the_mailbox_takes_them() {
    let mut rig = rig("mode = \"suite\"", "call_me = \"332\"");
    set(&mut rig, "331", PresenceState::CallMe, None);
    let call = rig.dial("330", "331").unwrap();
    let there = rig.ringing("332");
    assert!(is_quiet(&rig, "331"), "no pop-up");
    rig.pass(NO_ANSWER_MS - 1);
    assert_eq!(rig.look("330", &call.id).remote, Alerting);
    assert!(rig.sound.is_empty());
    rig.pass(1);
    assert_eq!(rig.look("330", &call.id).remote, Connected);
    assert_eq!(rig.sound.len(), 2);
    let told = rig.newest_call("332");
    let told = (told.id, told.local, told.cause);
    assert_eq!(told, (there, Null, Some(Cause::NoAnswer)));
    assert_eq!(outcomes(&rig, "331"), [CallOutcome::Unanswered]);

    rig.clear("330", &call.id).unwrap();
    let call = rig.dial("330", "331").unwrap();
    let there = rig.ringing("332");
    rig.answer("332", &there).unwrap();
    assert_eq!(rig.look("330", &call.id).remote, Connected);
    assert_eq!(rig.sound.len(), 3, "the first mailbox's end only");
}

#[test]
fn emergency_calls_are_never_kept_from_whoever_answers_them() {
    let system = "[system.location]\ncountry = \"de\"\nemergency = [\"112\"]";
    let number = "numbers = [{ kind = \"business\", number = \"112\" }]";
    let mut rig = rig(system, number);
    set(&mut rig, "331", PresenceState::DoNotDisturb, None);
    assert_eq!(rig.dial("330", "112").unwrap().remote, Alerting);
    for _ in 0..routing::MAX_CALLS {
        rig.dial("330", "112").unwrap();
    }
    let refused = rig.dial("330", "331");
    assert!(matches!(refused, Err(Refusal::CallFailed(_))));
}

#[test]
fn an_emergency_rings_at_the_desk_phone_of_whoever_has_no_client_that_takes_calls() {
    let system = "[system.location]\ncountry = \"de\"\nemergency = [\"112\"]";
    let number = "numbers = [{ kind = \"business\", number = \"112\" }]";
    let mut rig = rig(system, number);
    rig.exchange.company.system.configuration.desk_phones = true;
    rig.step(|e| e.stream_opened(&session_id("331"), false));
    rig.dial("330", "112").unwrap();
    let rings = rig.ringing("331");
    assert_eq!(rig.look("331", &rings).device, Device::DeskPhone);
}

#[test]
fn a_mailbox_still_listens_after_a_restart() {
    let mut rig = Rig::with(&["330", "331"]);
    set(&mut rig, "331", PresenceState::Meeting, None);
    let call = rig.dial("330", "331").unwrap().id;
    rig.sound.clear();
    rig.restart();
    assert!(matches!(&rig.sound[..], [SoundStep::Open { .. }]));
    rig.step(|e| e.confirm(&session_id("330"), &call)).unwrap();
    rig.describe("330", &call, offer(2)).unwrap();
    assert_eq!(rig.look("330", &call).far_end, 1);
}
