//! Calls between clients and desk phones: the server makes the sound of the phone.

use std::sync::LazyLock;

use uc_protocol::ucx::Cause;

use super::*;

/// Of four with desk phones, the first two have clients that take calls.
pub(super) fn company() -> Company {
    static COMPANY: LazyLock<Company> = LazyLock::new(|| {
        let user = |extension: u16| {
            let licences = if extension > 331 {
                "licences = [\"user\"]\n"
            } else {
                ""
            };
            format!(
                "[[user]]\nextension = \"{extension}\"\nlast_name = \"A\"\npassword = \"a\"\n{licences}"
            )
        };
        let users: String = (330..334).map(user).collect();
        let system = "[system]\nconfiguration = { desk_phones = true, voip = true, chat = true }\n";
        Company::from_toml(&format!("{system}{users}")).unwrap()
    });
    COMPANY.clone()
}

fn rig() -> Rig {
    let mut rig = Rig::of(company());
    for user in ["330", "331", "332", "333"] {
        rig.sign_in(user, user);
    }
    rig
}

impl Rig {
    fn lift(&mut self, user: &str) -> String {
        let (id, now) = (self.ringing(user), self.now);
        let nothing = Describe { description: None };
        self.step(|exchange| exchange.answer(&session_id(user), &id, nothing, now))
            .unwrap();
        id
    }

    /// 330, a client, calls 332, a desk phone: both ids.
    fn reaches_a_desk(&mut self) -> (String, String) {
        let made = self.dial("330", "332").unwrap();
        assert_eq!(made.device, Device::Voip);
        let desk = self.lift("332");
        (made.id, desk)
    }

    fn steps(&mut self) -> Vec<SoundStep> {
        self.sound.drain(..).collect()
    }
}

fn phone(leg: &str, user: &str) -> SoundStep {
    SoundStep::Open {
        leg: leg.to_owned(),
        role: Role::Phone(user.to_owned()),
    }
}

fn close(leg: &str) -> SoundStep {
    SoundStep::Close {
        leg: leg.to_owned(),
    }
}

#[test]
fn a_call_rings_at_the_desk_phone_where_no_client_takes_it() {
    let mut rig = rig();
    let made = rig.dial("330", "332").unwrap();
    let rings = rig.ringing("332");
    let seen = rig.look("332", &rings);
    assert_eq!(seen.device, Device::DeskPhone);
    assert_eq!(
        (seen.description, seen.offers),
        (None, false),
        "no sound here"
    );
    assert!(
        rig.steps().is_empty(),
        "nothing is said before it is lifted"
    );
    rig.trickle("330", &made.id, 1, 1).unwrap();
    rig.lift("332");
    let steps = rig.steps();
    let [
        open,
        SoundStep::AcceptOffer {
            leg, generation: 1, ..
        },
        SoundStep::Candidates { .. },
    ] = &steps[..]
    else {
        panic!("{steps:?}");
    };
    assert_eq!((open, leg), (&phone(&rings, "332"), &rings));
    rig.step(|e| e.endpoint_described(&rings, answer(1)));
    let seen = rig.look("330", &made.id);
    assert_eq!(seen.description, Some(answer(1)));
    assert_eq!(seen.remote, ConnectionState::Connected);
    rig.clear("332", &rings).unwrap();
    assert_eq!(rig.look("330", &made.id).cause, Some(Cause::Normal));
    assert_eq!(rig.steps(), [close(&rings)]);
}

#[test]
fn a_call_to_a_client_that_is_not_there_rings_at_the_desk_phone() {
    let mut rig = Rig::of(company());
    rig.sign_in("330", "330");
    rig.dial("330", "331").unwrap();
    rig.sign_in("331", "331");
    let rings = rig.ringing("331");
    assert_eq!(rig.look("331", &rings).device, Device::DeskPhone);
    rig.exchange.company.system.configuration.desk_phones = false;
    assert!(
        rig.dial("330", "332").is_err(),
        "without desk phones nothing rings"
    );
}

#[test]
fn a_call_rings_at_the_desk_phone_while_clients_take_none() {
    let mut rig = rig();
    let session = session_id("331");
    for (calls, device) in [(false, Device::DeskPhone), (true, Device::Voip)] {
        rig.step(|e| e.stream_opened(&session, calls));
        let made = rig.dial("330", "331").unwrap();
        let rings = rig.ringing("331");
        assert_eq!(rig.look("331", &rings).device, device);
        rig.clear("330", &made.id).unwrap();
    }
    rig.exchange.company.system.configuration.desk_phones = false;
    rig.step(|e| e.stream_opened(&session, false));
    rig.dial("330", "331").unwrap();
    let rings = rig.ringing("331");
    assert_eq!(
        rig.look("331", &rings).device,
        Device::Voip,
        "to be sent elsewhere"
    );
}

#[test]
fn whoever_a_desk_phone_holds_hears_music_and_may_hold_too() {
    let mut rig = rig();
    let (client, desk) = rig.reaches_a_desk();
    rig.step(|e| e.endpoint_described(&desk, answer(1)));
    rig.steps();
    rig.hold("332", &desk).unwrap();
    let hold = |held| SoundStep::Hold {
        leg: desk.clone(),
        held,
    };
    assert_eq!(rig.steps(), [hold(true)]);
    rig.hold("330", &client).unwrap();
    assert!(rig.steps().is_empty(), "that is said in a round of its own");
    rig.describe("330", &client, offer(2)).unwrap();
    let further = matches!(
        &rig.steps()[..],
        [SoundStep::AcceptOffer { generation: 2, .. }]
    );
    assert!(further);
    rig.retrieve("332", &desk).unwrap();
    assert_eq!(rig.steps(), [hold(false)]);
}

#[test]
fn a_desk_phone_in_a_conference_has_sound_until_it_leaves() {
    let mut rig = rig();
    let (held, desk) = rig.reaches_a_desk();
    let active = rig.consult("330", &held, "331").unwrap().id;
    let target = rig.ringing("331");
    rig.answer("331", &target).unwrap();
    rig.steps();
    rig.conference("330", &active, &held).unwrap();
    let at_desk = |step: &SoundStep| match step {
        SoundStep::Open {
            leg,
            role: Role::ConferencePhone { user, .. },
        } => leg == &desk && user == "332",
        _ => false,
    };
    let steps = rig.steps();
    assert!(steps.iter().any(at_desk), "{steps:?}");
    rig.hold("332", &desk).unwrap();
    let held = SoundStep::Hold {
        leg: desk.clone(),
        held: true,
    };
    assert_eq!(rig.steps(), [held]);
    rig.restart();
    assert!(rig.steps().iter().any(at_desk), "it sounds again");
    rig.clear("332", &desk).unwrap();
    assert!(rig.steps().contains(&close(&desk)));
}

#[test]
fn a_client_hands_a_desk_phone_over_to_a_client() {
    let mut rig = rig();
    let (held, desk) = rig.reaches_a_desk();
    let active = rig.consult("330", &held, "331").unwrap().id;
    let target = rig.ringing("331");
    rig.answer("331", &target).unwrap();
    rig.steps();
    rig.transfer("330", &active, &held).unwrap();
    assert_eq!(rig.steps(), [close(&desk), phone(&desk, "332")]);
    let seen = rig.look("331", &target);
    assert_eq!((seen.far_end, seen.offers), (1, true));
    let next = seen.generation + 1;
    rig.describe("331", &target, offer(next)).unwrap();
    rig.step(|e| e.endpoint_described(&desk, answer(next)));
    assert_eq!(rig.look("331", &target).description, Some(answer(next)));
}

#[test]
fn a_phone_that_is_handed_over_to_a_ringing_client_offers() {
    let mut rig = rig();
    let (held, desk) = rig.reaches_a_desk();
    let active = rig.consult("330", &held, "331").unwrap().id;
    let target = rig.ringing("331");
    rig.steps();
    rig.transfer("330", &active, &held).unwrap();
    let steps = rig.steps();
    let [closed, opened, SoundStep::Offer { leg, generation }] = &steps[..] else {
        panic!("{steps:?}");
    };
    assert_eq!((closed, opened), (&close(&desk), &phone(&desk, "332")));
    let (leg, generation) = (leg.clone(), *generation);
    rig.step(|e| e.endpoint_described(&leg, offer(generation)));
    let seen = rig.look("331", &target);
    assert_eq!(
        (seen.description, seen.offers),
        (Some(offer(generation)), false)
    );
    rig.answer_with("331", &target, answer(generation)).unwrap();
    let accepted =
        matches!(&rig.steps()[..], [SoundStep::AcceptAnswer { leg, .. }] if *leg == desk);
    assert!(accepted);
    assert_eq!(rig.look("331", &target).remote, ConnectionState::Connected);
}

#[test]
fn a_client_that_waits_offers_to_the_desk_phone_it_is_handed_to() {
    let mut rig = rig();
    let (waits, leaves) = rig.talking();
    rig.hand_over("331", &leaves, "333").unwrap();
    let seen = rig.look("330", &waits);
    assert_eq!((seen.far_end, seen.offers), (1, true));
    rig.describe("330", &waits, offer(2)).unwrap();
    assert!(rig.steps().is_empty());
    let desk = rig.lift("333");
    let steps = rig.steps();
    let taken = matches!(&steps[1..], [SoundStep::AcceptOffer { generation: 2, .. }]);
    assert!(taken && steps[0] == phone(&desk, "333"), "{steps:?}");
}

#[test]
fn two_desk_phones_that_are_left_alone_need_no_sound() {
    let mut rig = rig();
    let (held, desk) = rig.reaches_a_desk();
    let active = rig.consult("330", &held, "333").unwrap().id;
    let other = rig.lift("333");
    rig.transfer("330", &active, &held).unwrap();
    let opened = rig.steps().into_iter().filter_map(|step| match step {
        SoundStep::Open { leg, .. } => Some(leg),
        _ => None,
    });
    let opened: Vec<_> = opened.collect();
    assert_eq!(opened, [desk.clone(), other.clone()], "for the client each");
    assert!(
        rig.exchange
            .calls
            .values()
            .all(|call| call.endpoint.is_none())
    );
    rig.clear("332", &desk).unwrap();
    assert_eq!(rig.look("333", &other).cause, Some(Cause::Normal));
}

#[test]
fn after_a_restart_the_client_confirms_and_the_phone_sounds_anew() {
    let mut rig = rig();
    let (client, desk) = rig.reaches_a_desk();
    rig.step(|e| e.endpoint_described(&desk, answer(1)));
    rig.steps();
    rig.restart();
    assert_eq!(rig.steps(), [phone(&desk, "332")]);
    let seen = rig.look("330", &client);
    assert_eq!(
        (seen.unconfirmed, seen.far_end, seen.offers),
        (true, 1, true)
    );
    assert!(
        !rig.look("332", &desk).unconfirmed,
        "a phone needn't say that it is there"
    );
    let session = session_id("330");
    rig.step(|e| e.stream_opened(&session, true));
    rig.step(|e| e.confirm(&session, &client)).unwrap();
    rig.pass(600_000);
    assert_eq!(rig.look("330", &client).cause, None);
}

#[test]
fn a_phone_whose_sound_fails_ends_the_call() {
    let mut rig = rig();
    let (client, desk) = rig.reaches_a_desk();
    let now = rig.now;
    rig.step(|e| e.endpoint_failed("nothing", now));
    rig.step(|e| e.endpoint_failed(&client, now));
    assert_eq!(
        rig.look("330", &client).cause,
        None,
        "it isn't the server's"
    );
    rig.step(|e| e.endpoint_failed(&desk, now));
    assert_eq!(rig.look("330", &client).cause, Some(Cause::MediaFailed));
}
