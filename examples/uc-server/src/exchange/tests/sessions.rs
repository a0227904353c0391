use uc_protocol::ucx::{Cause, Licence, PresenceState, PresenceUpdate};

use super::*;
use crate::exchange::sessions::GRACE_MS;

#[test]
fn signing_out_clears_the_sessions_calls_at_once() {
    let mut rig = Rig::with(&["330", "331"]);
    let (caller, _) = rig.talking();
    let now = rig.now;
    rig.step(|exchange| exchange.sign_out(&session_id("331"), now));
    assert_eq!(rig.look("330", &caller).cause, Some(Cause::Normal));
    assert_eq!(rig.ended, [session_id("331")]);
}

#[test]
fn a_session_that_is_gone_loses_its_calls_after_the_grace() {
    let mut rig = Rig::with(&["330", "331"]);
    let (caller, _) = rig.talking();
    rig.step(|exchange| exchange.stream_opened(&session_id("330"), true));
    rig.pass(GRACE_MS - 1);
    assert_eq!(rig.look("330", &caller).cause, None);
    rig.pass(1);
    assert_eq!(rig.look("330", &caller).cause, Some(Cause::Unreachable));
}

#[test]
fn an_event_stream_or_a_request_keeps_a_session_and_its_calls() {
    let mut rig = Rig::with(&["330", "331"]);
    let (caller, _) = rig.talking();
    for user in ["330", "331"] {
        rig.step(|exchange| exchange.stream_opened(&session_id(user), true));
    }
    rig.pass(24 * 3_600_000);
    let now = rig.now;
    rig.step(|exchange| exchange.stream_closed(&session_id("331"), now));
    rig.pass(GRACE_MS - 1);
    let now = rig.now;
    rig.step(|exchange| exchange.touch(&session_id("331"), now))
        .unwrap();
    rig.pass(GRACE_MS - 1);
    assert_eq!(rig.look("330", &caller).cause, None);
}

#[test]
fn a_user_whose_sessions_are_all_gone_is_unreachable() {
    let mut rig = Rig::with(&["330", "331"]);
    rig.pass(GRACE_MS);
    assert_eq!(
        rig.dial("330", "331"),
        Err(Refusal::CallFailed(Cause::Unreachable))
    );
    rig.step(|exchange| exchange.stream_opened(&session_id("331"), true));
    assert!(rig.dial("330", "331").is_ok());
}

#[test]
fn the_seventeenth_session_ends_the_oldest() {
    let mut rig = Rig::new();
    for n in 0..17 {
        rig.now += 1;
        rig.sign_in("330", &format!("session {n}"));
    }
    assert_eq!(rig.ended, [session_id("session 0")]);
    assert_eq!(
        rig.exchange.snapshot(&session_id("session 0")),
        Err(Refusal::NotSignedIn)
    );
}

#[test]
fn failed_sign_ins_survive_a_restart() {
    let mut rig = Rig::new();
    for _ in 0..5 {
        let refused = rig.step(|e| e.sign_in("330", Verdict::Wrong, session_id("x"), 0));
        assert_eq!(refused, Err(Refusal::BadCredentials));
    }
    rig.restart();
    assert_eq!(
        rig.exchange.check_account("330"),
        Err(Refusal::AccountLocked)
    );
    rig.step(|exchange| exchange.unlock("330"));
    rig.restart();
    assert_eq!(rig.exchange.check_account("330"), Ok(()));
}

#[test]
fn a_return_time_lapses_and_the_state_stays() {
    let mut rig = Rig::with(&["330", "331"]);
    let update = PresenceUpdate {
        state: PresenceState::Lunch,
        until: Some(5_000),
        note: None,
    };
    rig.step(|e| e.set_presence(&session_id("330"), update))
        .unwrap();
    rig.pass(5_000);
    let Some(Event::Presence(presence)) = rig.newest("331", "331") else {
        panic!("nobody is told");
    };
    assert_eq!(
        (presence.state, presence.until),
        (PresenceState::Lunch, None)
    );
}

#[test]
fn a_session_shows_no_token() {
    let shown = format!("{:?}", SessionId::of_token("secret"));
    assert!(!shown.contains("secret") && shown.len() < 24);
}

#[test]
fn who_has_no_voip_licence_makes_no_voip_call_whatever_the_client_thinks() {
    let user = |extension: &str, more: &str| {
        format!(
            "[[user]]\nextension = \"{extension}\"\nlast_name = \"A\"\npassword = \"a\"\n{more}\n"
        )
    };
    let text = user("330", "licences = [\"user\"]") + &user("331", "");
    let company = Company::from_toml(&text).unwrap();
    let mut rig = Rig::new();
    rig.exchange = Exchange::new(company, "e1".into(), Saved::default(), 1_000);
    for user in ["330", "331"] {
        rig.sign_in(user, user);
    }
    let refused = rig.dial("330", "331");
    assert_eq!(refused, Err(Refusal::NoLicence(Licence::Voip)));
    let unreachable = rig.dial("331", "330");
    assert_eq!(unreachable, Err(Refusal::CallFailed(Cause::Unreachable)));
}
