//! What a product's tests may rely on.

use headset::{Action, CallControlDevice, DeviceError, Lamps, ScriptedHeadset};
use proptest::prelude::*;

#[test]
fn buttons_come_out_in_the_order_they_were_pressed() {
    let (mut headset, script) = ScriptedHeadset::new("Model");
    script.press(Action::Answer);
    script.press(Action::Mute(true));
    assert_eq!(headset.poll_action(), Ok(Some(Action::Answer)));
    assert_eq!(headset.poll_action(), Ok(Some(Action::Mute(true))));
    assert_eq!(headset.poll_action(), Ok(None));
    assert_eq!(headset.model(), "Model");
}

#[test]
fn showing_the_same_lamps_twice_is_one_change() {
    let (mut headset, script) = ScriptedHeadset::new("Model");
    let ringing = Lamps {
        ringing: true,
        ..Lamps::IDLE
    };
    for _ in 0..2 {
        headset.show(ringing).expect("a healthy headset");
    }
    assert_eq!(script.shown(), [ringing]);
}

#[test]
fn a_failed_headset_keeps_what_was_pressed_until_it_is_mended() {
    let (mut headset, script) = ScriptedHeadset::new("Model");
    script.press(Action::End);
    script.fail(DeviceError::NoPermission);
    assert_eq!(headset.poll_action(), Err(DeviceError::NoPermission));
    assert_eq!(headset.show(Lamps::IDLE), Err(DeviceError::NoPermission));
    script.mend();
    assert_eq!(headset.poll_action(), Ok(Some(Action::End)));
}

#[test]
fn a_missing_permission_says_what_cures_it() {
    assert!(DeviceError::NoPermission.to_string().contains("udev rule"));
}

proptest! {
    #[test]
    fn the_last_lamps_shown_are_the_lamps_seen(
        states in prop::collection::vec((any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()), 0..40),
    ) {
        let (mut headset, script) = ScriptedHeadset::new("Model");
        let mut last = Lamps::IDLE;
        for (ringing, off_hook, muted, held) in states {
            last = Lamps { ringing, off_hook, muted, held };
            headset.show(last).expect("a healthy headset");
        }
        prop_assert_eq!(script.lamps(), last);
        prop_assert!(script.shown().windows(2).all(|pair| pair[0] != pair[1]), "no change is shown twice");
    }
}
