use super::*;

#[test]
fn a_further_round_goes_to_the_other_side_with_its_number() {
    let mut rig = Rig::with(&["330", "331"]);
    let (caller, callee) = rig.talking();
    rig.describe("331", &callee, offer(2)).unwrap();
    assert_eq!(rig.look("330", &caller).description, Some(offer(2)));
    rig.describe("330", &caller, answer(2)).unwrap();
    assert_eq!(rig.look("331", &callee).description, Some(answer(2)));
    rig.describe("330", &caller, offer(3)).unwrap();
}

#[test]
fn two_offers_at_once_are_glare_for_the_later_one() {
    let mut rig = Rig::with(&["330", "331"]);
    let (caller, callee) = rig.talking();
    rig.describe("330", &caller, offer(2)).unwrap();
    assert_eq!(rig.describe("331", &callee, offer(2)), Err(Refusal::Glare));
    rig.describe("331", &callee, answer(2)).unwrap();
    rig.describe("331", &callee, offer(3)).unwrap();
}

#[test]
fn sending_the_same_description_again_changes_nothing() {
    let mut rig = Rig::with(&["330", "331"]);
    let (caller, _) = rig.talking();
    rig.describe("330", &caller, offer(2)).unwrap();
    let told = rig.events.len();
    rig.describe("330", &caller, offer(2)).unwrap();
    assert_eq!(rig.events.len(), told);
}

#[test]
fn rounds_out_of_order_are_refused() {
    let mut rig = Rig::with(&["330", "331"]);
    let (caller, callee) = rig.talking();
    assert!(matches!(
        rig.describe("330", &caller, offer(3)),
        Err(Refusal::Value(_))
    ));
    assert_eq!(
        rig.describe("331", &callee, answer(2)),
        Err(Refusal::WrongState)
    );
    rig.describe("330", &caller, offer(2)).unwrap();
    let other = Description {
        sdp: SDP.replace("o=- 1 1", "o=- 1 2"),
        ..offer(3)
    };
    assert_eq!(
        rig.describe("330", &caller, other),
        Err(Refusal::WrongState)
    );
    assert!(matches!(
        rig.describe("331", &callee, answer(1)),
        Err(Refusal::WrongState | Refusal::Value(_)) | Ok(_)
    ));
    assert_eq!(rig.look("330", &caller).description, Some(answer(1)));
}

#[test]
fn descriptions_that_cannot_carry_sound_are_refused() {
    let mut rig = Rig::with(&["330", "331"]);
    let (caller, _) = rig.talking();
    for sdp in [
        "",
        "hello",
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n",
    ] {
        let silent = Description {
            sdp: sdp.into(),
            ..offer(2)
        };
        let refused = rig.describe("330", &caller, silent);
        assert!(
            matches!(refused, Err(Refusal::Description(_))),
            "{refused:?}"
        );
    }
}

#[test]
fn an_offer_does_not_answer_and_an_answer_does_not_dial() {
    let mut rig = Rig::with(&["330", "331"]);
    rig.dial("330", "331").unwrap();
    let (id, now) = (rig.ringing("331"), rig.now);
    let request = describe(offer(1));
    let refused = rig.step(|e| e.answer(&session_id("331"), &id, request, now));
    assert!(matches!(refused, Err(Refusal::Value(_))));
    let request = MakeCall {
        to: "331".into(),
        device: Device::Voip,
        description: Some(answer(1)),
    };
    let refused = rig.step(|e| e.make_call(&session_id("330"), request, now));
    assert!(matches!(refused, Err(Refusal::Value(_))));
}

#[test]
fn desk_phones_are_not_offered() {
    let mut rig = Rig::with(&["330", "331"]);
    let request = MakeCall {
        to: "331".into(),
        device: Device::DeskPhone,
        description: None,
    };
    let refused = rig.step(|e| e.make_call(&session_id("330"), request, 0));
    assert_eq!(refused, Err(Refusal::NoDeskPhones));
}

#[test]
fn candidates_gather_at_the_other_side_while_it_rings_and_later() {
    let mut rig = Rig::with(&["330", "331"]);
    let caller = rig.dial("330", "331").unwrap().id;
    rig.trickle("330", &caller, 1, 2).unwrap();
    rig.trickle("330", &caller, 1, 3).unwrap();
    let callee = rig.ringing("331");
    let seen = rig.look("331", &callee).candidates.unwrap();
    assert_eq!((seen.generation, seen.candidates.len()), (1, 3));
    assert_eq!(
        rig.trickle("331", &callee, 1, 1),
        Err(Refusal::CarriedElsewhere)
    );
    rig.answer("331", &callee).unwrap();
    rig.trickle("331", &callee, 1, 1).unwrap();
    assert_eq!(
        rig.look("330", &caller)
            .candidates
            .unwrap()
            .candidates
            .len(),
        1
    );
}

#[test]
fn candidates_belong_to_a_round() {
    let mut rig = Rig::with(&["330", "331"]);
    let (caller, callee) = rig.talking();
    rig.trickle("330", &caller, 1, 1).unwrap();
    assert!(matches!(
        rig.trickle("330", &caller, 2, 1),
        Err(Refusal::Value(_))
    ));
    rig.describe("330", &caller, offer(2)).unwrap();
    assert_eq!(rig.look("331", &callee).candidates, None);
    rig.trickle("330", &caller, 1, 1).unwrap();
    assert_eq!(
        rig.look("331", &callee).candidates,
        None,
        "late ones are dropped"
    );
}

#[test]
fn candidates_are_limited() {
    let mut rig = Rig::with(&["330", "331"]);
    let (caller, callee) = rig.talking();
    rig.trickle("330", &caller, 1, 64).unwrap();
    assert_eq!(
        rig.trickle("330", &caller, 1, 65),
        Err(Refusal::TooManyCandidates)
    );
    assert_eq!(
        rig.look("331", &callee)
            .candidates
            .unwrap()
            .candidates
            .len(),
        64
    );
}
