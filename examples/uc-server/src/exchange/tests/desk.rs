//! Calls of desk phones: no sound here, and every session of a user controls them.

use uc_protocol::ucx::Cause;

use super::*;

fn rig() -> Rig {
    let mut rig = Rig::with(&["330", "331"]);
    rig.exchange.company.system.configuration.desk_phones = true;
    rig
}

fn request(to: &str) -> MakeCall {
    MakeCall {
        to: to.into(),
        device: Device::DeskPhone,
        description: None,
    }
}

fn dial(rig: &mut Rig, to: &str) -> Result<CallResource, Refusal> {
    let now = rig.now;
    rig.step(|exchange| exchange.make_call(&session_id("330"), request(to), now))
}

fn pick_up(rig: &mut Rig, call: &str) -> Result<CallResource, Refusal> {
    let now = rig.now;
    let nothing = Describe { description: None };
    rig.step(|exchange| exchange.answer(&session_id("331"), call, nothing, now))
}

#[test]
fn nobody_has_a_desk_phone_unless_they_are_installed() {
    let mut rig = Rig::with(&["330", "331"]);
    assert_eq!(dial(&mut rig, "331"), Err(Refusal::NoDeskPhones));
}

#[test]
fn a_desk_phone_rings_though_nobody_is_signed_in() {
    let mut rig = rig();
    let call = dial(&mut rig, "339").unwrap();
    assert_eq!(
        (call.device, call.remote),
        (Device::DeskPhone, ConnectionState::Alerting)
    );
    rig.pass(600_000);
    assert_eq!(rig.newest_call("330").cause, Some(Cause::NoAnswer));
}

#[test]
fn any_session_of_the_user_controls_the_call_and_none_carries_it() {
    let mut rig = rig();
    rig.sign_in("331", "another");
    let made = dial(&mut rig, "331").unwrap();
    let rings = rig.ringing("331");
    let answered = pick_up(&mut rig, &rings).unwrap();
    assert!(!answered.carried_here && !made.carried_here);
    let held = rig
        .step(|exchange| exchange.hold(&session_id("another"), &rings))
        .unwrap();
    assert_eq!(held.local, ConnectionState::Hold);
    assert_eq!(rig.newest_call("330").remote, ConnectionState::Hold);
    let now = rig.now;
    let clear = Clear::default();
    let over = rig
        .step(|e| e.clear(&session_id("another"), &rings, &clear, now))
        .unwrap();
    assert_eq!(over.cause, Some(Cause::Normal));
}

#[test]
fn a_call_at_the_desk_outlives_sessions_and_restarts() {
    let mut rig = rig();
    dial(&mut rig, "331").unwrap();
    let rings = rig.ringing("331");
    pick_up(&mut rig, &rings).unwrap();
    let now = rig.now;
    rig.step(|exchange| exchange.sign_out(&session_id("330"), now));
    rig.restart();
    rig.exchange.company.system.configuration.desk_phones = true;
    rig.pass(3_600_000);
    let calls = rig.exchange.snapshot(&session_id("331")).unwrap().calls;
    assert_eq!(calls.len(), 1);
    assert!(!calls[0].unconfirmed && calls[0].device == Device::DeskPhone);
}

#[test]
fn descriptions_are_no_business_of_desk_phones() {
    let mut rig = rig();
    let now = rig.now;
    let with_offer = MakeCall {
        description: Some(offer(1)),
        ..request("331")
    };
    let refused = rig.step(|e| e.make_call(&session_id("330"), with_offer, now));
    assert_eq!(refused, Err(Refusal::AtDesk));
    let made = dial(&mut rig, "331").unwrap();
    let rings = rig.ringing("331");
    let with_answer = describe(answer(1));
    let refused = rig.step(|e| e.answer(&session_id("331"), &rings, with_answer, now));
    assert_eq!(refused, Err(Refusal::AtDesk));
    pick_up(&mut rig, &rings).unwrap();
    let further = describe(offer(2));
    let refused = rig.step(|e| e.describe(&session_id("330"), &made.id, further));
    assert_eq!(refused, Err(Refusal::AtDesk));
}

#[test]
fn an_analogue_or_dect_phone_is_answered_at_the_phone_only() {
    for (phone, answered) in [
        ("system", true),
        ("sip", true),
        ("isdn", true),
        ("analogue", false),
        ("dect", false),
    ] {
        let user = |user: &str, phone: &str| {
            format!(
                "[[user]]\nextension = \"{user}\"\nlast_name = \"A\"\npassword = \"a\"\n\
                 phone = \"{phone}\"\n"
            )
        };
        let system = "[system]\nconfiguration = { desk_phones = true }\n";
        let company = format!("{system}{}{}", user("330", "system"), user("331", phone));
        let mut rig = Rig::new();
        let company = Company::from_toml(&company).unwrap();
        rig.exchange = Exchange::new(company, "e1".into(), Saved::default(), 1_000);
        for user in ["330", "331"] {
            rig.sign_in(user, user);
        }
        let made = dial(&mut rig, "331").unwrap();
        let rings = rig.ringing("331");
        let refused = pick_up(&mut rig, &rings).err();
        let expected = (!answered).then_some(Refusal::AnsweredAtPhone);
        assert_eq!(refused, expected, "{phone}");
        assert_eq!(rig.look("330", &made.id).cause, None);
        assert_eq!(
            rig.clear("331", &rings).unwrap().local,
            ConnectionState::Null
        );
    }
}
