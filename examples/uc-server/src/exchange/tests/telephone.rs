//! What users say of their own telephones: forwarding, CallMe, dialling, function keys.

use uc_model::{CallMeError, ForwardingError, FunctionKeyError};
use uc_protocol::ucx::{
    CallMeUpdate, CallOutcome, CallRoute, Cause, Changes, ConversationEntry, DialMethod,
    DialMethodUpdate, ForwardingEntry, ForwardingTarget, FunctionKey, FunctionKeys, KeyFunction,
    PresenceState, PresenceUpdate,
};

use super::{
    forwarding::{self, outcomes, rig, set},
    *,
};
use ConnectionState::{Alerting, Connected};

fn forward(
    rig: &mut Rig,
    state: PresenceState,
    target: Option<ForwardingTarget>,
) -> Result<Changes, Refusal> {
    let entry = ForwardingEntry { state, target };
    rig.step(|e| e.set_forwarding(&session_id("331"), &entry))
}

fn call_me(rig: &mut Rig, number: Option<&str>) -> Result<Changes, Refusal> {
    let update = CallMeUpdate {
        number: number.map(Into::into),
    };
    rig.step(|e| e.set_call_me(&session_id("331"), &update))
}

fn to(number: &str) -> Option<ForwardingTarget> {
    Some(ForwardingTarget::Number {
        number: number.into(),
    })
}

#[test]
fn calls_go_where_the_user_sends_them_in_each_state() {
    let mut rig = rig("", "");
    forward(&mut rig, PresenceState::Lunch, to("332")).unwrap();
    set(&mut rig, "331", PresenceState::Lunch, None);
    let call = rig.dial("330", "331").unwrap();
    rig.ringing("332");
    rig.clear("330", &call.id).unwrap();
    let changes = forward(&mut rig, PresenceState::Lunch, None).unwrap();
    let [Event::Account(account)] = &changes.changes[..] else {
        panic!("{changes:?}");
    };
    assert!(account.forwarding.is_empty());
    let at_mailbox = rig.dial("330", "331").unwrap();
    assert_eq!(at_mailbox.remote, Connected);
}

#[test]
fn what_can_not_be_forwarded_is_refused_and_changes_nothing() {
    let mut rig = rig("", "");
    for (state, target, refusal) in [
        (
            PresenceState::DoNotDisturb,
            to("332"),
            ForwardingError::NotInThisState,
        ),
        (
            PresenceState::Home,
            Some(ForwardingTarget::Mobile),
            ForwardingError::NoMobile,
        ),
    ] {
        let refused = forward(&mut rig, state, target);
        assert_eq!(refused, Err(Refusal::Forwarding(refusal)));
    }
    let refused = forward(&mut rig, PresenceState::Home, to("*"));
    assert!(matches!(refused, Err(Refusal::Value(_))));
    let mut suite = forwarding::rig("mode = \"suite\"", "");
    let refused = forward(&mut suite, PresenceState::Home, to("332"));
    assert_eq!(refused, Err(Refusal::Unsupported));
}

#[test]
fn forwarding_and_keys_survive_a_restart() {
    let mut rig = Rig::with(&["330", "331"]);
    rig.exchange.company.system.configuration.key_programming = true;
    forward(&mut rig, PresenceState::Lunch, to("332")).unwrap();
    program(&mut rig, 3, dials("332")).unwrap();
    rig.restart();
    rig.exchange.company.system.configuration.key_programming = true;
    let account = rig.exchange.account(&session_id("331")).unwrap();
    assert_eq!(account.forwarding[0].target, to("332"));
    assert_eq!(keys(&rig).keys[2], dials("332"));
}

#[test]
fn call_me_goes_to_one_telephone_and_ends_with_its_number() {
    let mut rig = rig("mode = \"suite\"", "");
    let refused = |refusal| Err(Refusal::CallMe(refusal));
    assert_eq!(call_me(&mut rig, Some("331")), refused(CallMeError::Own));
    let nobody = call_me(&mut rig, Some("999"));
    assert_eq!(nobody, refused(CallMeError::NoSuchNumber));
    set(&mut rig, "333", PresenceState::Sick, None);
    let forwarded = call_me(&mut rig, Some("333"));
    assert_eq!(forwarded, refused(CallMeError::Forwarded));

    call_me(&mut rig, Some("332")).unwrap();
    let own = |rig: &Rig| rig.exchange.users["331"].presence.state;
    assert_eq!(own(&rig), PresenceState::CallMe);
    rig.dial("330", "331").unwrap();
    rig.ringing("332");
    call_me(&mut rig, None).unwrap();
    assert_eq!(own(&rig), PresenceState::Office);
    let refused = rig.step(|e| {
        let update = PresenceUpdate {
            state: PresenceState::CallMe,
            until: None,
            note: None,
        };
        e.set_presence(&session_id("331"), update)
    });
    assert!(
        matches!(refused, Err(Refusal::Presence(_))),
        "without a number"
    );
    let mut smart = forwarding::rig("", "");
    assert_eq!(call_me(&mut smart, Some("332")), Err(Refusal::Unsupported));
}

#[test]
fn a_group_is_no_call_me_destination() {
    let text = "[system]\nmode = \"suite\"\n[[user]]\nextension = \"331\"\nlast_name = \"A\"\n\
        password = \"a\"\n[[group]]\nextension = \"500\"\nname = \"Sales\"\nmembers = [\"331\"]\n\
        ring = \"all\"\n";
    let mut rig = Rig::new();
    let company = Company::from_toml(text).unwrap();
    rig.exchange = Exchange::new(company, "e1".into(), Saved::default(), 1_000);
    rig.sign_in("331", "331");
    let refused = call_me(&mut rig, Some("500"));
    assert_eq!(refused, Err(Refusal::CallMe(CallMeError::Group)));
}

#[test]
fn how_calls_are_dialled_is_chosen_where_there_is_mobility() {
    let mut rig = rig("", "");
    let update = DialMethodUpdate {
        method: DialMethod::Callback,
    };
    let refused = rig.step(|e| e.set_dial_method(&session_id("331"), update));
    assert_eq!(refused, Err(Refusal::Unsupported));
    rig.exchange.company.system.configuration.mobility = true;
    rig.step(|e| e.set_dial_method(&session_id("331"), update))
        .unwrap();
    let account = rig.exchange.account(&session_id("331")).unwrap();
    assert_eq!(account.dial_method, DialMethod::Callback);
}

#[test]
fn a_ringing_call_is_sent_to_the_own_mailbox() {
    let mut rig = rig("", "");
    let call = rig.dial("330", "331").unwrap();
    let here = rig.ringing("331");
    let left = rig.deflect("331", &here, "voicemail").unwrap();
    assert_eq!(left.cause, Some(Cause::Deflected));
    assert_eq!(rig.look("330", &call.id).remote, Connected);
    assert!(matches!(
        &rig.sound[..],
        [SoundStep::Open { .. }, SoundStep::AcceptOffer { .. }]
    ));
    let entries = rig.conversations("331")[0].entries.clone();
    assert!(
        matches!(
            entries[..],
            [ConversationEntry::Call {
                outcome: CallOutcome::Unanswered,
                route: CallRoute::Direct,
                ..
            }]
        ),
        "once: {entries:?}"
    );
    assert_eq!(outcomes(&rig, "331"), [CallOutcome::Unanswered]);
}

fn keys(rig: &Rig) -> FunctionKeys {
    rig.exchange.function_keys(&session_id("331")).unwrap()
}

fn program(rig: &mut Rig, number: u16, key: FunctionKey) -> Result<FunctionKeys, Refusal> {
    rig.step(|e| e.program_key(&session_id("331"), number, key))
}

fn dials(number: &str) -> FunctionKey {
    FunctionKey {
        label: Some("Clara".into()),
        first: KeyFunction::Number {
            number: number.into(),
        },
        second: None,
    }
}

#[test]
fn keys_are_read_and_programmed_by_the_rules() {
    let mut rig = rig("", "");
    let off = rig.exchange.function_keys(&session_id("331"));
    assert_eq!(off, Err(Refusal::Unsupported));
    rig.exchange.company.system.configuration.key_programming = true;
    assert_eq!(keys(&rig).keys.len(), 16);
    let told = program(&mut rig, 1, dials("332")).unwrap();
    assert_eq!(told, keys(&rig));
    assert_eq!(told.keys[0], dials("332"));
    let shifted = FunctionKey {
        second: Some("+49 40 66969 1".into()),
        ..dials("332")
    };
    for (number, key, refusal) in [
        (0, dials("332"), Refusal::NotFound),
        (17, dials("332"), FunctionKeyError::NoSuchKey.into()),
        (16, dials("332"), FunctionKeyError::LocalApplication.into()),
        (2, shifted.clone(), FunctionKeyError::NoShiftKey.into()),
    ] {
        assert_eq!(program(&mut rig, number, key), Err(refusal));
    }
    assert_eq!(keys(&rig), told);
    let shift = FunctionKey {
        first: KeyFunction::Shift,
        ..FunctionKey::default()
    };
    program(&mut rig, 5, shift).unwrap();
    assert_eq!(
        program(&mut rig, 2, shifted.clone()).unwrap().keys[1],
        shifted
    );
}

#[test]
fn phones_without_programmable_keys_say_so() {
    let mut rig = rig("", "phone = \"sip\"");
    rig.exchange.company.system.configuration.key_programming = true;
    assert!(keys(&rig).keys.is_empty());
    let refused = program(&mut rig, 1, dials("332"));
    assert_eq!(refused, Err(FunctionKeyError::NotProgrammable.into()));
}

#[test]
fn a_forwarded_call_still_rings_for_the_caller() {
    let mut rig = rig("", "");
    forward(&mut rig, PresenceState::Office, to("333")).unwrap();
    assert_eq!(rig.dial("330", "331").unwrap().remote, Alerting);
    rig.ringing("333");
}
