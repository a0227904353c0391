//! Headsets under a real kernel: virtual devices that come and go through `/dev/uhid` are found, opened
//! and driven by hidapi as real ones are.
//!
//! Needs the kernel's modules, the superuser, and a computer without headsets of its own; so it is built
//! and run by `cargo xtask test headset-vm`, in a micro-VM. Nothing here asserts how long anything takes;
//! who waits in vain fails.
#![allow(clippy::unwrap_used, reason = "a test that can't go on should panic")]

mod device;
mod figures;
mod program;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use device::{Key, Model, REPORT_PER_LAMP, SHARED_REPORT, VirtualHeadset};
use headset::{Action, Calls, DeviceError, Lamps, Notice};
use program::{Monitor, Program};

/// So long something may take, on a slow computer without virtualisation.
const PATIENCE: Duration = Duration::from_secs(30);

/// The superuser, and somebody who is not.
const ROOT: u32 = 0;
const NOBODY: u32 = 65_534;

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

#[test]
fn a_headset_with_one_report_controls_a_call_through_the_kernel() {
    call_by_buttons(SHARED_REPORT);
}

#[test]
fn a_headset_with_a_report_for_each_lamp_controls_a_call_through_the_kernel() {
    call_by_buttons(REPORT_PER_LAMP);
}

/// Answers, mutes, opens, holds, retrieves, swaps and ends; then rejects another call.
fn call_by_buttons(model: Model) {
    let device = VirtualHeadset::plug_in(model);
    let mut program = Program::start();
    program.until_headsets(1);
    assert_eq!(program.models(), [model.name]);
    let both = Calls { held: 1, ..ACTIVE };
    let muted = Calls {
        muted: true,
        ..ACTIVE
    };
    program.tell(RINGING);
    device.until_lamps(Lamps::of(&RINGING));
    for (key, action, then) in [
        (Key::Hook, Action::Answer, ACTIVE),
        (Key::Mute, Action::Mute(true), muted),
        (Key::Mute, Action::Mute(false), ACTIVE),
        (Key::Flash, Action::Hold, HELD),
        (Key::Flash, Action::Retrieve, ACTIVE),
    ] {
        device.press(key);
        assert_eq!(program.asked(), action);
        program.tell(then);
        device.until_lamps(Lamps::of(&then));
    }
    program.tell(both);
    device.until_lamps(Lamps::of(&both));
    device.press(Key::Flash);
    assert_eq!(program.asked(), Action::Swap);
    program.tell(ACTIVE);
    device.until_lamps(Lamps::of(&ACTIVE));
    device.press(Key::Hook);
    assert_eq!(program.asked(), Action::End);
    program.tell(Calls::NONE);
    device.until_lamps(Lamps::IDLE);
    program.tell(RINGING);
    device.until_lamps(Lamps::of(&RINGING));
    device.press(Key::Reject);
    assert_eq!(program.asked(), Action::Reject);
    program.tell(Calls::NONE);
    device.until_lamps(Lamps::IDLE);
}

#[test]
fn headsets_are_found_when_they_are_plugged_in_and_missed_when_they_are_gone() {
    let mut program = Program::start();
    program.until_headsets(0);
    let jabra = VirtualHeadset::plug_in(SHARED_REPORT);
    program.until_headsets(1);
    let poly = VirtualHeadset::plug_in(REPORT_PER_LAMP);
    program.until_headsets(2);
    drop(jabra);
    program.until_headsets(1);
    assert_eq!(program.models(), [REPORT_PER_LAMP.name]);
    drop(poly);
    program.until_headsets(0);
}

#[test]
fn a_headset_that_is_pulled_out_during_a_call_is_gone_at_once_and_usable_when_it_comes_back() {
    let device = VirtualHeadset::plug_in(SHARED_REPORT);
    let mut program = Program::start();
    program.until_headsets(1);
    program.tell(ACTIVE);
    device.until_lamps(Lamps::of(&ACTIVE));
    drop(device);
    let gone = program.until("the end", |program| program.poll().err());
    assert_eq!(gone, DeviceError::Gone);
    program.lose();
    let device = VirtualHeadset::plug_in(SHARED_REPORT);
    program.until_headsets(1);
    program.tell(RINGING);
    device.until_lamps(Lamps::of(&RINGING));
    device.press(Key::Hook);
    assert_eq!(program.asked(), Action::Answer);
}

#[test]
fn a_program_that_ends_leaves_the_headset_idle() {
    let device = VirtualHeadset::plug_in(REPORT_PER_LAMP);
    let mut program = Program::start();
    program.until_headsets(1);
    program.tell(ACTIVE);
    device.until_lamps(Lamps::of(&ACTIVE));
    drop(program);
    device.until_lamps(Lamps::IDLE);
}

#[test]
fn another_programs_call_is_told_and_its_buttons_are_not_ours() {
    let device = VirtualHeadset::plug_in(SHARED_REPORT);
    let mut program = Program::start();
    program.until_headsets(1);
    let other = Monitor::start(ROOT);
    other.until_it_says("Connected with");
    device.until_lamps(Lamps::of(&RINGING));
    device.press(Key::Hook);
    other.until_it_says("event answer");
    assert_eq!(program.noticed(), Notice::InUseElsewhere(true));
    device.press(Key::Mute);
    other.until_it_says("event mute");
    device.press(Key::Hook);
    other.until_it_says("event end");
    // The press of mute came to both: here it would be the next event, if it had been ours.
    assert_eq!(program.noticed(), Notice::InUseElsewhere(false));
}

#[test]
fn without_permission_a_person_is_told_the_rule_that_cures_it() {
    let program = Monitor::start(NOBODY);
    let _device = VirtualHeadset::plug_in(SHARED_REPORT);
    let told = program.until_it_says("no permission for /dev/hidraw");
    assert!(told.contains("70-headset.rules"), "{told}");
    assert!(told.contains("/etc/udev/rules.d"), "{told}");
}

#[test]
fn rights_that_come_a_moment_after_the_device_are_enough() {
    let program = Monitor::start(NOBODY);
    let before = nodes();
    let _device = VirtualHeadset::plug_in(SHARED_REPORT);
    let fresh = Program::start().until("a node", |_| {
        nodes().into_iter().find(|node| !before.contains(node))
    });
    // As udev does, after the first attempt in most runs; whichever comes first, it has to work.
    std::thread::sleep(Duration::from_millis(500));
    std::fs::set_permissions(&fresh, Permissions::from_mode(0o666)).unwrap();
    program.until_it_says("Connected with");
}

fn nodes() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new("/dev")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_node = |path: &PathBuf| path.to_string_lossy().starts_with("/dev/hidraw");
    paths.filter(is_node).collect()
}
