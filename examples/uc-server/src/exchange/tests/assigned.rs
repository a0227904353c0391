//! A number that several telephones share (CONN-10).

use uc_model::AssignedPhoneError;

use super::*;

/// Rosa (330) with a system telephone (361), a DECT one (362) and a number for VoIP (363), and a session
/// for each of them; Bruno (331).
fn rig() -> Rig {
    let company = Company::from_toml(
        r#"
        [system.configuration]
        desk_phones = true
        voip = true
        mulap = true

        [[user]]
        extension = "330"
        first_name = "Rosa"
        password = "demo-330"
        mulap = true
        phones = [
            { number = "361", phone = "system" },
            { number = "362", phone = "dect" },
            { number = "363", phone = "webrtc" },
        ]

        [[user]]
        extension = "331"
        first_name = "Bruno"
        password = "demo-331"
        "#,
    );
    let mut rig = Rig::of(company.unwrap());
    for phone in ["361", "362", "363"] {
        let session = rig.sign_in("330", phone);
        rig.exchange.control(&session, Some(phone)).unwrap();
    }
    rig.sign_in("331", "331");
    rig
}

fn at_desk(rig: &mut Rig, session: &str, to: &str) -> Result<CallResource, Refusal> {
    let request = MakeCall {
        to: to.to_owned(),
        device: Device::DeskPhone,
        description: None,
    };
    let (session, now) = (session_id(session), rig.now);
    rig.step(|exchange| exchange.make_call(&session, request, now))
}

#[test]
fn only_an_assigned_telephone_is_controlled() {
    let mut rig = rig();
    let mut control = |session: &str, phone| rig.exchange.control(&session_id(session), phone);
    assert_eq!(
        control("361", Some("331")),
        Err(AssignedPhoneError::NotAssigned.into())
    );
    assert_eq!(
        control("331", Some("361")),
        Err(AssignedPhoneError::NotShared.into())
    );
    assert_eq!(control("361", None), Ok(()));
    assert_eq!(control("331", None), Ok(()));
}

#[test]
fn each_telephone_has_its_own_calls() {
    let mut rig = rig();
    let call = at_desk(&mut rig, "361", "331").unwrap();
    let (rings, now) = (rig.ringing("331"), rig.now);
    let nothing = Describe { description: None };
    rig.step(|exchange| exchange.answer(&session_id("331"), &rings, nothing, now))
        .unwrap();
    assert_eq!(rig.hold("362", &call.id), Err(Refusal::CarriedElsewhere));
    rig.hold("361", &call.id).unwrap();
    // What somebody has dialled can be ended from everywhere.
    rig.clear("362", &call.id).unwrap();
}

#[test]
fn a_call_is_made_and_taken_with_what_is_controlled() {
    let mut rig = rig();
    assert_eq!(
        at_desk(&mut rig, "363", "331"),
        Err(Refusal::ControlsAnother)
    );
    assert_eq!(rig.dial("361", "331"), Err(Refusal::ControlsAnother));
    let call = rig.dial("363", "331").unwrap();
    rig.clear("363", &call.id).unwrap();
    // A call with sound is no telephone's.
    rig.dial("331", "330").unwrap();
    let rings = rig.ringing("330");
    assert_eq!(rig.answer("361", &rings), Err(Refusal::ControlsAnother));
    rig.answer("363", &rings).unwrap();
}

#[test]
fn calls_ring_at_the_telephones_where_nobody_is_signed_in_with_the_number_for_voip() {
    let mut rig = rig();
    let now = rig.now;
    rig.step(|exchange| exchange.sign_out(&session_id("363"), now));
    let call = rig.dial("331", "362").unwrap();
    assert_eq!(call.party.number, "362");
    let rings = rig.exchange.running_calls("330", &session_id("361"));
    assert_eq!(
        rings.first().map(|call| call.device),
        Some(Device::DeskPhone)
    );
}

#[test]
fn without_mulap_every_session_controls_everything() {
    let mut rig = rig();
    rig.exchange.company.system.configuration.mulap = false;
    let entered = rig.exchange.control(&session_id("361"), Some("361"));
    assert_eq!(entered, Err(AssignedPhoneError::NotShared.into()));
    assert!(rig.exchange.assigned_phones("330").is_empty());
    rig.dial("361", "331").unwrap();
}
