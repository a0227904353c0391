//! What a product's tests may rely on.

use headset::{
    Action, CallControlDevice, Calls, DeviceError, DeviceEvent, Lamps, Moment, ScriptedHeadset,
};
use proptest::prelude::*;

const NOW: Moment = Moment(std::time::Duration::ZERO);

const RINGING: Calls = Calls {
    ringing: 1,
    ..Calls::NONE
};

const ACTIVE: Calls = Calls {
    active: 1,
    ..Calls::NONE
};

#[test]
fn buttons_come_out_in_the_order_they_were_pressed() {
    let (mut headset, script) = ScriptedHeadset::new("Model");
    headset.set_calls(NOW, ACTIVE).expect("a healthy headset");
    script.press(Action::Hold);
    script.press(Action::Mute(true));
    let request = |action| Ok(Some(DeviceEvent::Request(action)));
    assert_eq!(headset.poll(NOW), request(Action::Hold));
    assert_eq!(headset.poll(NOW), request(Action::Mute(true)));
    assert_eq!(headset.poll(NOW), Ok(None));
    assert_eq!(headset.model(), "Model");
}

#[test]
fn a_button_does_nothing_that_the_calls_do_not_allow() {
    let (mut headset, script) = ScriptedHeadset::new("Model");
    script.press(Action::End);
    assert_eq!(headset.poll(NOW), Ok(None));
}

#[test]
fn telling_the_same_calls_twice_is_one_change_of_lamps() {
    let (mut headset, script) = ScriptedHeadset::new("Model");
    for _ in 0..2 {
        headset.set_calls(NOW, RINGING).expect("a healthy headset");
    }
    let ringing = Lamps {
        ringing: true,
        ..Lamps::IDLE
    };
    assert_eq!(script.shown(), [ringing]);
}

#[test]
fn a_failed_headset_keeps_what_was_pressed_until_it_is_mended() {
    let (mut headset, script) = ScriptedHeadset::new("Model");
    headset.set_calls(NOW, ACTIVE).expect("a healthy headset");
    script.press(Action::End);
    script.fail(DeviceError::NoPermission);
    assert_eq!(headset.poll(NOW), Err(DeviceError::NoPermission));
    let refused = headset.set_calls(NOW, Calls::NONE);
    assert_eq!(refused, Err(DeviceError::NoPermission));
    script.mend();
    let end = DeviceEvent::Request(Action::End);
    assert_eq!(headset.poll(NOW), Ok(Some(end)));
}

#[test]
fn a_missing_permission_says_what_cures_it() {
    assert!(DeviceError::NoPermission.to_string().contains("udev rule"));
}

proptest! {
    #[test]
    fn the_last_calls_told_are_the_lamps_seen(
        states in prop::collection::vec((0u8..3, 0u8..3, 0u8..3, any::<bool>()), 0..40),
    ) {
        let (mut headset, script) = ScriptedHeadset::new("Model");
        let mut last = Calls::NONE;
        for (ringing, active, held, muted) in states {
            last = Calls { ringing, active, held, muted };
            headset.set_calls(NOW, last).expect("a healthy headset");
        }
        prop_assert_eq!(script.lamps(), Lamps::of(&last));
        prop_assert!(script.shown().windows(2).all(|pair| pair[0] != pair[1]), "no change is shown twice");
    }
}
