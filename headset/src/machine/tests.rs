//! The machine on our own descriptors: behaviour by behaviour, the whole transition table, and what
//! must hold whatever a device sends.

use proptest::prelude::*;

use super::*;
use crate::Vendor;
use crate::exercise::follow;
use crate::read_hex;

mod table;

const SHARED: &str = include_str!("../../tests/fixtures/shared-report.hex");
const PER_LAMP: &str = include_str!("../../tests/fixtures/report-per-lamp.hex");
const NESTED: &str = include_str!("../../tests/fixtures/nested.hex");
const UNNUMBERED: &str = include_str!("../../tests/fixtures/unnumbered.hex");

const RINGING: Calls = Calls {
    ringing: 1,
    ..Calls::NONE
};
const ACTIVE: Calls = Calls {
    active: 1,
    ..Calls::NONE
};
const HELD: Calls = Calls {
    held: 1,
    ..Calls::NONE
};

fn at(milliseconds: u64) -> Moment {
    Moment(Duration::from_millis(milliseconds))
}

fn machine(descriptor: &str, overlay: Overlay) -> Machine {
    let map = TelephonyMap::parse(&read_hex(descriptor).unwrap()).unwrap();
    Machine::new(&map, overlay)
}

/// Everything that the machine wants done, in words.
fn outputs(machine: &mut Machine) -> Vec<String> {
    let mut list = Vec::new();
    while let Some(output) = machine.poll() {
        list.push(match output {
            Output::Write(report) => format!("write {}", crate::write_hex(report)),
            Output::Event(DeviceEvent::Request(action)) => format!("{action:?}"),
            Output::Event(DeviceEvent::Notice(notice)) => format!("{notice:?}"),
        });
    }
    list
}

fn told(machine: &mut Machine, ms: u64, calls: Calls) -> Vec<String> {
    machine.handle_calls(at(ms), calls);
    outputs(machine)
}

fn sent(machine: &mut Machine, ms: u64, report: &[u8]) -> Vec<String> {
    machine.handle_report(at(ms), report);
    outputs(machine)
}

/// The buttons of `shared-report.hex`: bits of report 5.
const HOOK: u8 = 1;
const BUSY: u8 = 2;
const MUTE: u8 = 4;
const FLASH: u8 = 8;
const REJECT: u8 = 32;

fn shared(bits: u8) -> [u8; 3] {
    [5, bits, 0]
}

#[test]
fn a_call_is_answered_muted_held_and_ended_by_buttons() {
    let mut m = machine(SHARED, Overlay::GENERIC);
    assert_eq!(
        told(&mut m, 0, RINGING),
        ["write 05 24 00"],
        "ring and ringer"
    );
    // The press is acknowledged before the application is asked.
    assert_eq!(
        sent(&mut m, 100, &shared(HOOK)),
        ["write 05 01 00", "Answer"]
    );
    assert_eq!(told(&mut m, 300, ACTIVE), [""; 0]);
    assert_eq!(
        sent(&mut m, 5_000, &shared(HOOK | MUTE)),
        ["write 05 03 00", "Mute(true)"]
    );
    assert_eq!(sent(&mut m, 5_100, &shared(HOOK)), [""; 0], "the release");
    let muted = Calls {
        muted: true,
        ..ACTIVE
    };
    assert_eq!(told(&mut m, 5_100, muted), [""; 0]);
    assert_eq!(sent(&mut m, 6_000, &shared(HOOK | FLASH)), ["Hold"]);
    let held = Calls {
        muted: true,
        ..HELD
    };
    assert_eq!(
        told(&mut m, 6_100, held),
        ["write 05 0b 00"],
        "off-hook stays"
    );
    sent(&mut m, 6_200, &shared(HOOK));
    assert_eq!(sent(&mut m, 7_000, &shared(HOOK | FLASH)), ["Retrieve"]);
    assert_eq!(told(&mut m, 7_100, muted), ["write 05 03 00"]);
    assert_eq!(
        sent(&mut m, 9_000, &shared(FLASH)),
        ["write 05 00 00", "End"]
    );
    assert_eq!(
        told(&mut m, 9_100, Calls::NONE),
        [""; 0],
        "idle already, and only once"
    );
}

#[test]
fn the_echo_of_our_own_off_hook_is_no_press() {
    let mut m = machine(SHARED, Overlay::GENERIC);
    told(&mut m, 0, RINGING);
    assert_eq!(
        told(&mut m, 1_000, ACTIVE),
        ["write 05 01 00"],
        "answered in the application"
    );
    assert_eq!(sent(&mut m, 1_700, &shared(HOOK)), [""; 0]);
    assert_eq!(sent(&mut m, 3_000, &shared(0)), ["write 05 00 00", "End"]);
}

#[test]
fn one_opposite_report_after_answering_in_the_application_is_swallowed() {
    let mut m = machine(SHARED, Overlay::GENERIC);
    told(&mut m, 0, RINGING);
    told(&mut m, 1_000, ACTIVE);
    sent(&mut m, 1_100, &shared(HOOK));
    assert_eq!(sent(&mut m, 1_400, &shared(0)), [""; 0]);
    sent(&mut m, 1_450, &shared(HOOK));
    assert_eq!(
        sent(&mut m, 1_480, &shared(0)),
        ["write 05 00 00", "End"],
        "only one"
    );
}

#[test]
fn an_application_that_does_not_answer_gets_the_lamps_back_after_five_seconds() {
    let mut m = machine(SHARED, Overlay::GENERIC);
    told(&mut m, 0, RINGING);
    sent(&mut m, 100, &shared(HOOK));
    assert_eq!(m.timeout(), Some(at(5_100)));
    m.handle_timeout(at(5_100));
    assert_eq!(outputs(&mut m), ["write 05 24 00"]);
    assert_eq!(m.timeout(), None);
}

#[test]
fn a_call_that_the_application_does_not_end_is_off_hook_again_after_five_seconds() {
    let mut m = machine(SHARED, Overlay::GENERIC);
    told(&mut m, 0, ACTIVE);
    sent(&mut m, 100, &shared(HOOK));
    assert_eq!(sent(&mut m, 2_000, &shared(0)), ["write 05 00 00", "End"]);
    m.handle_timeout(at(7_000));
    assert_eq!(outputs(&mut m), ["write 05 01 00"]);
}

#[test]
fn ending_one_of_two_calls_leaves_the_headset_off_hook() {
    let two = Calls { held: 1, ..ACTIVE };
    let mut m = machine(SHARED, Overlay::GENERIC);
    told(&mut m, 0, two);
    sent(&mut m, 100, &shared(HOOK));
    assert_eq!(sent(&mut m, 2_000, &shared(0)), ["write 05 00 00", "End"]);
    assert_eq!(told(&mut m, 2_200, HELD), ["write 05 09 00"]);
}

#[test]
fn with_parallel_calls_no_button_answers_or_rejects_but_the_others_work() {
    let mut m = machine(SHARED, Overlay::GENERIC);
    let waiting = Calls {
        ringing: 1,
        ..ACTIVE
    };
    assert_eq!(
        told(&mut m, 0, waiting),
        ["write 05 01 00"],
        "it doesn't ring in the headset"
    );
    sent(&mut m, 100, &shared(HOOK));
    assert_eq!(sent(&mut m, 1_000, &shared(HOOK | REJECT)), [""; 0]);
    assert_eq!(sent(&mut m, 1_100, &shared(HOOK | FLASH)), ["Hold"]);
    let two = Calls { held: 1, ..ACTIVE };
    told(&mut m, 1_200, two);
    sent(&mut m, 1_300, &shared(HOOK));
    assert_eq!(sent(&mut m, 1_400, &shared(HOOK | FLASH)), ["Swap"]);
    let mut m = machine(SHARED, Overlay::GENERIC);
    told(
        &mut m,
        0,
        Calls {
            ringing: 2,
            ..Calls::NONE
        },
    );
    assert_eq!(sent(&mut m, 100, &shared(HOOK)), [""; 0]);
}

#[test]
fn the_reject_button_rejects_a_ringing_call_and_does_nothing_else() {
    let mut m = machine(SHARED, Overlay::GENERIC);
    told(&mut m, 0, RINGING);
    assert_eq!(sent(&mut m, 100, &shared(REJECT)), ["Reject"]);
    told(&mut m, 200, Calls::NONE);
    told(&mut m, 300, ACTIVE);
    sent(&mut m, 400, &shared(HOOK));
    assert_eq!(sent(&mut m, 1_000, &shared(HOOK | REJECT)), [""; 0]);
}

#[test]
fn without_a_call_nothing_is_written_and_no_button_does_anything() {
    let mut m = machine(SHARED, Overlay::GENERIC);
    assert_eq!(told(&mut m, 0, Calls::NONE), [""; 0]);
    for bits in [HOOK, MUTE, FLASH, REJECT, 0] {
        assert_eq!(sent(&mut m, 100, &shared(bits)), [""; 0]);
    }
}

#[test]
fn a_request_that_the_calls_no_longer_allow_is_withdrawn() {
    let mut m = machine(SHARED, Overlay::GENERIC);
    told(&mut m, 0, RINGING);
    m.handle_report(at(100), &shared(HOOK));
    m.handle_calls(at(110), Calls::NONE);
    assert_eq!(outputs(&mut m), ["write 05 00 00"]);
}

#[test]
fn mute_falls_back_to_the_application_that_does_not_follow() {
    let mut m = machine(SHARED, Overlay::GENERIC);
    told(&mut m, 0, ACTIVE);
    assert_eq!(
        sent(&mut m, 1_000, &shared(MUTE)),
        ["write 05 03 00", "Mute(true)"]
    );
    assert_eq!(m.timeout(), Some(at(2_000)));
    m.handle_timeout(at(2_000));
    assert_eq!(outputs(&mut m), ["write 05 01 00"]);
}

#[test]
fn a_toggle_right_after_our_opening_of_the_microphone_is_a_refusal() {
    let mut m = machine(SHARED, Overlay::GENERIC);
    told(
        &mut m,
        0,
        Calls {
            muted: true,
            ..ACTIVE
        },
    );
    assert_eq!(told(&mut m, 1_000, ACTIVE), ["write 05 01 00"]);
    let refused = ["write 05 03 00", "Mute(true)", "MuteLocked"];
    assert_eq!(sent(&mut m, 1_600, &shared(MUTE)), refused);
}

#[test]
fn mute_is_written_at_every_off_hook() {
    let mut m = machine(PER_LAMP, Overlay::GENERIC);
    let calls = ["write 30 01", "write 33 00"];
    assert_eq!(told(&mut m, 0, ACTIVE), calls);
    assert_eq!(told(&mut m, 10, Calls::NONE), ["write 30 00"]);
    assert_eq!(told(&mut m, 20, ACTIVE), calls);
}

#[test]
fn drop_rejects_what_rings_and_ends_what_is_up() {
    let mut m = machine(PER_LAMP, Overlay::GENERIC);
    assert_eq!(told(&mut m, 0, RINGING), ["write 31 01"]);
    assert_eq!(sent(&mut m, 100, &[0x32, 8]), ["Reject"]);
    sent(&mut m, 150, &[0x32, 0]);
    told(&mut m, 200, ACTIVE);
    assert_eq!(sent(&mut m, 1_000, &[0x32, 8]), ["write 30 00", "End"]);
}

#[test]
fn a_hook_switch_that_returns_by_itself_answers_and_ends_with_a_press_each() {
    let mut m = machine(NESTED, Overlay::GENERIC);
    told(&mut m, 0, RINGING);
    assert_eq!(sent(&mut m, 100, &[0x0A, 1]), ["write 0b 01", "Answer"]);
    sent(&mut m, 200, &[0x0A, 0]);
    told(&mut m, 300, ACTIVE);
    assert_eq!(
        sent(&mut m, 700, &[0x0A, 1]),
        [""; 0],
        "our Off-Hook coming back"
    );
    sent(&mut m, 800, &[0x0A, 0]);
    assert_eq!(sent(&mut m, 3_000, &[0x0A, 1]), ["write 0b 00", "End"]);
}

#[test]
fn an_overlay_makes_such_a_hook_switch_a_state() {
    let mut m = machine(NESTED, Overlay::of(Vendor::Epos));
    told(&mut m, 0, ACTIVE);
    sent(&mut m, 100, &[0x0A, 1]);
    assert_eq!(sent(&mut m, 3_000, &[0x0A, 0]), ["write 0b 00", "End"]);
}

#[test]
fn a_one_bit_array_is_pressed_at_one() {
    let mut m = machine(NESTED, Overlay::GENERIC);
    told(&mut m, 0, RINGING);
    assert_eq!(sent(&mut m, 100, &[0x0A, 0]), [""; 0]);
    assert_eq!(sent(&mut m, 200, &[0x0A, 8]), ["Reject"]);
}

#[test]
fn a_pair_of_on_and_off_answers_and_ends_without_report_ids() {
    let mut m = machine(UNNUMBERED, Overlay::GENERIC);
    assert_eq!(told(&mut m, 0, RINGING), ["write 00 02"]);
    assert_eq!(sent(&mut m, 100, &[0b01]), ["write 00 01", "Answer"]);
    told(&mut m, 200, ACTIVE);
    sent(&mut m, 300, &[0]);
    assert_eq!(sent(&mut m, 3_000, &[0b11]), ["write 00 00", "End"]);
}

#[test]
fn an_overlay_clears_off_hook_for_a_held_call_and_hook_retrieves_it() {
    let mut m = machine(SHARED, Overlay::of(Vendor::Yealink));
    told(&mut m, 0, ACTIVE);
    sent(&mut m, 100, &shared(HOOK));
    assert_eq!(told(&mut m, 1_000, HELD), ["write 05 08 00"]);
    assert_eq!(
        sent(&mut m, 1_100, &shared(0)),
        [""; 0],
        "its acknowledgement"
    );
    assert_eq!(sent(&mut m, 4_000, &shared(HOOK)), ["Retrieve"]);
}

#[test]
fn a_call_of_another_program_is_reported_once_it_is_certain_and_when_it_ends() {
    let mut m = machine(SHARED, Overlay::GENERIC);
    assert_eq!(sent(&mut m, 0, &shared(HOOK | BUSY)), [""; 0]);
    assert_eq!(m.timeout(), Some(at(2_500)));
    m.handle_timeout(at(2_500));
    assert_eq!(outputs(&mut m), ["InUseElsewhere(true)"]);
    assert_eq!(sent(&mut m, 9_000, &shared(0)), ["InUseElsewhere(false)"]);
    // A press that the device takes back by itself is nobody's call.
    sent(&mut m, 10_000, &shared(HOOK));
    assert_eq!(sent(&mut m, 12_000, &shared(0)), [""; 0]);
    assert_eq!(m.timeout(), None);
}

#[test]
fn a_report_that_is_short_or_unknown_changes_nothing() {
    let mut m = machine(SHARED, Overlay::GENERIC);
    told(&mut m, 0, RINGING);
    for report in [&[][..], &[5], &[6, 255], &[9; 300]] {
        assert_eq!(sent(&mut m, 100, report), [""; 0]);
    }
}

/// What a device, an application and time do.
#[derive(Debug, Clone)]
enum Step {
    Report(u8, [u8; 3]),
    Calls(Calls),
    Wait(u64),
    /// The application carries out what it was asked.
    Follow,
}

fn step() -> impl Strategy<Value = Step> {
    let calls = (0u8..3, 0u8..3, 0u8..3, any::<bool>());
    let calls = calls.prop_map(|(ringing, active, held, muted)| Calls {
        ringing,
        active,
        held,
        muted,
    });
    let id = prop::sample::select(vec![5u8, 0x32, 0x0A, 0]);
    prop_oneof![
        4 => (id, any::<[u8; 3]>()).prop_map(|(id, bytes)| Step::Report(id, bytes)),
        2 => calls.prop_map(Step::Calls),
        2 => (0u64..3_000).prop_map(Step::Wait),
        2 => Just(Step::Follow),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_only_allowed_actions_come_lamps_agree_and_the_end_is_idle(
        descriptor in prop::sample::select(vec![SHARED, PER_LAMP, NESTED, UNNUMBERED]),
        steps in prop::collection::vec(step(), 0..60),
    ) {
        let mut m = machine(descriptor, Overlay::GENERIC);
        let (mut now, mut calls) = (0, Calls::NONE);
        let mut asked = Vec::new();
        for step in steps {
            match step {
                Step::Report(id, bytes) => m.handle_report(at(now), &[&[id][..], &bytes].concat()),
                Step::Calls(new) => { calls = new; asked.clear(); m.handle_calls(at(now), calls) }
                Step::Wait(ms) => { now += ms; m.handle_timeout(at(now)) }
                Step::Follow => {
                    for action in asked.drain(..) {
                        follow(&mut calls, action)
                    }
                    m.handle_calls(at(now), calls);
                }
            }
            while let Some(output) = m.poll() {
                if let Output::Event(DeviceEvent::Request(action)) = output {
                    prop_assert!(calls.allow(action), "{action:?} with {calls:?}");
                    asked.push(action);
                }
            }
            prop_assert!(m.timeout().is_none_or(|due| due > at(now)), "a time-out makes progress");
        }
        // One round trip later the lamp is the state.
        for action in asked.drain(..) {
            follow(&mut calls, action)
        }
        m.handle_calls(at(now), calls);
        m.handle_timeout(at(now + 1_000));
        if m.hook == Hook::Engaged {
            prop_assert_eq!(m.mute_lit, calls.muted);
        }
        while m.poll().is_some() {}
        // After the last call every report is written once at most, and then the device is idle.
        m.handle_calls(at(now + 1_000), Calls::NONE);
        let mut written = Vec::new();
        while let Some(output) = m.poll() {
            if let Output::Write(report) = output {
                prop_assert!(report[1..].iter().all(|byte| *byte == 0));
                prop_assert!(!written.contains(&report[0]));
                written.push(report[0]);
            }
        }
        m.handle_report(at(now + 9_000), &[5, 255, 255]);
        let wrote = matches!(m.poll(), Some(Output::Write(_)));
        prop_assert!(!wrote, "idle is idle");
    }
}
