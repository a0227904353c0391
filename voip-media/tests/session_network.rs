//! The computer's address goes away under a call: in a network namespace of the test's own, where that
//! harms nobody. Left out, loudly, where the system doesn't let one be made.
#![cfg(target_os = "linux")]

#[path = "session/namespace.rs"]
mod namespace;
#[path = "session/side.rs"]
mod side;
#[path = "session/sound.rs"]
mod sound;

use std::time::Duration;

use namespace::{alone, change_address};
use side::{HIGH, LOW, answered, call, config, speak};
use voip_media::{MediaProfile, SessionEvent};

#[test]
fn a_call_moves_to_a_new_address_by_itself_within_two_seconds() {
    alone(
        "a_call_moves_to_a_new_address_by_itself_within_two_seconds",
        lose_address(MediaProfile::Webrtc),
    );
}

#[test]
fn a_call_without_ice_moves_to_a_new_address_too() {
    alone(
        "a_call_without_ice_moves_to_a_new_address_too",
        lose_address(MediaProfile::SdesSrtp),
    );
}

async fn lose_address(profile: MediaProfile) {
    let away = config(|config| {
        config.include_loopback = false;
        config.profiles = vec![profile];
    });
    let (caller, callee) = call(away).await;
    speak(1_000).await;
    let (near, far) = (caller.sound.mark(), callee.sound.mark());
    change_address();
    caller
        .until(|event| *event == SessionEvent::NetworkChanged)
        .await;
    let offer = caller.session.restart_ice().await.expect("an offer");
    assert!(
        offer.contains(" 198.51.100.20") && !offer.contains(" 192.0.2.10"),
        "{offer}"
    );
    answered(&caller.session, &callee.session, &offer).await;
    speak(3_000).await;
    assert!(caller.comes_to_hear(HIGH).await && callee.comes_to_hear(LOW).await);
    let (near, far) = (caller.sound.gap(HIGH, near), callee.sound.gap(LOW, far));
    let limit = Duration::from_secs(2);
    assert!(near < limit && far < limit, "{near:?} {far:?}");
    println!("missing after the address changed: {near:?} and {far:?}");
}
