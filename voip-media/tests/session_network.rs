//! The computer's address goes away under a call: in a network namespace of the test's own, where that
//! harms nobody. Left out, loudly, where the system doesn't let one be made.
#![cfg(target_os = "linux")]

#[path = "session/side.rs"]
mod side;
#[path = "session/sound.rs"]
mod sound;

use std::{env, io::Write, process::Command, time::Duration};

use side::{HIGH, LOW, answered, call, config, speak};
use voip_media::{MediaProfile, SessionEvent};

#[test]
fn a_call_moves_to_a_new_address_by_itself_within_two_seconds() {
    alone(
        "a_call_moves_to_a_new_address_by_itself_within_two_seconds",
        MediaProfile::Webrtc,
    );
}

#[test]
fn a_call_without_ice_moves_to_a_new_address_too() {
    alone(
        "a_call_without_ice_moves_to_a_new_address_too",
        MediaProfile::SdesSrtp,
    );
}

/// In a namespace that only this test of that name sees.
fn alone(test: &str, profile: MediaProfile) {
    if env::var_os(INSIDE).is_some() {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        return runtime.block_on(lose_address(profile));
    }
    if !namespace("true").status().is_ok_and(|done| done.success()) {
        // Straight to the terminal: the test runner hides what passing tests print.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no network namespaces (Debian: iproute2 and util-linux)"
        );
        return;
    }
    let mut inside = namespace(r#"exec "$0" --exact "$1" --nocapture"#);
    inside.arg(env::current_exe().expect("a test has a path"));
    inside.arg(test);
    let status = inside.env(INSIDE, "1").status().expect("it starts");
    assert!(status.success());
}

/// A shell in a namespace with one address.
fn namespace(script: &str) -> Command {
    let mut command = Command::new("unshare");
    let first = "ip link set lo up && ip address add 192.0.2.10/24 dev lo";
    command.args(["--user", "--map-root-user", "--net", "sh", "-c"]);
    command.arg(format!("{first} && {script}"));
    command
}

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status();
    assert!(status.expect("ip is there").success(), "{arguments}");
}

async fn lose_address(profile: MediaProfile) {
    let away = config(|config| {
        config.include_loopback = false;
        config.profiles = vec![profile];
    });
    let (caller, callee) = call(away).await;
    speak(1_000).await;
    let (near, far) = (caller.sound.mark(), callee.sound.mark());
    ip("address add 198.51.100.20/24 dev lo");
    ip("address del 192.0.2.10/24 dev lo");
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

/// Set in the namespace.
const INSIDE: &str = "UC_TEST_IN_NAMESPACE";
