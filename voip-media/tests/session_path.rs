//! What becomes of a call when its path changes, breaks, or is negotiated anew: over real UDP sockets,
//! counting the sound that is missing in what was played.

#[path = "session/side.rs"]
mod side;
#[path = "session/sound.rs"]
mod sound;
#[path = "session/wire.rs"]
mod wire;

use std::time::Duration;

use side::{HIGH, LOW, Side, answered, call, config, is_first_audio, negotiate, sides, speak};
use voip_media::{CodecKind, SessionConfig, SessionError, SessionEvent};
use wire::Wire;

/// A call whose packets all go through a wire that can be cut.
async fn wired_call(config: SessionConfig) -> (Side, Side, Wire) {
    let (caller, callee) = sides(config);
    let offer = caller.session.offer().await.expect("an offer");
    let wire = Wire::new().await;
    let answer = callee.session.accept_offer(&wire.near(&offer)).await;
    let answer = wire.far(&answer.expect("an answer"));
    caller
        .session
        .accept_answer(&answer)
        .await
        .expect("accepted");
    caller.until(is_first_audio).await;
    callee.until(is_first_audio).await;
    // The jitter buffer has settled.
    speak(1_000).await;
    (caller, callee, wire)
}

fn is_silent(event: &SessionEvent) -> bool {
    *event == SessionEvent::Disconnected
}

#[tokio::test]
async fn negotiating_again_interrupts_neither_direction() {
    let (caller, callee) = call(SessionConfig::default()).await;
    speak(1_000).await;
    let (near, far) = (caller.sound.mark(), callee.sound.mark());
    for _ in 0..3 {
        negotiate(&caller.session, &callee.session).await;
        speak(200).await;
        negotiate(&callee.session, &caller.session).await;
        speak(200).await;
    }
    let (near, far) = (caller.sound.gap(HIGH, near), callee.sound.gap(LOW, far));
    assert!(
        near <= LONGEST_GAP && far <= LONGEST_GAP,
        "{near:?} {far:?}"
    );
}

#[tokio::test]
async fn a_far_side_that_holds_goes_on_being_heard() {
    let (caller, callee) = call(SessionConfig::default()).await;
    speak(1_000).await;
    let mark = callee.sound.mark();
    // It stops listening, not speaking: music on hold.
    for (direction, listens) in [("a=sendonly", false), ("a=sendrecv", true)] {
        let offer = caller.session.offer().await.expect("an offer");
        let offer = offer.replace("a=sendrecv", direction);
        answered(&caller.session, &callee.session, &offer).await;
        speak(300).await;
        let sent = callee.session.stats().packets_sent;
        speak(300).await;
        let sends = callee.session.stats().packets_sent > sent;
        assert_eq!(sends, listens, "{direction}");
    }
    let gap = callee.sound.gap(LOW, mark);
    assert!(gap <= LONGEST_GAP, "{gap:?}");
}

#[tokio::test]
async fn another_codec_for_one_direction_leaves_the_other_alone() {
    let (caller, callee) = call(SessionConfig::default()).await;
    speak(1_000).await;
    let (near, mark) = (caller.sound.mark(), callee.sound.mark());
    // The callee comes to prefer PCMU: the caller still sends Opus, which its offer puts first.
    let offer = caller.session.offer().await.expect("an offer");
    let answer = callee
        .session
        .accept_offer(&offer)
        .await
        .expect("an answer");
    let preferred = answer.replace(" 111 9 0 8", " 0 111 9 8");
    assert_ne!(preferred, answer);
    caller
        .session
        .accept_answer(&preferred)
        .await
        .expect("accepted");
    speak(500).await;
    assert_eq!(caller.session.stats().codec, Some(CodecKind::Pcmu));
    let gap = caller.sound.gap(HIGH, near);
    assert!(
        gap <= LONGEST_GAP,
        "the caller is not to miss anything: {gap:?}"
    );
    assert!(callee.hears(LOW).await);
    let gap = callee.sound.gap(LOW, mark);
    assert!(
        gap <= Duration::from_millis(100),
        "a change of codec: {gap:?}"
    );
}

#[tokio::test]
async fn a_restart_carries_the_sound_over_to_the_new_path_without_a_gap() {
    let (caller, callee) = call(SessionConfig::default()).await;
    speak(1_000).await;
    let (near, far) = (caller.sound.mark(), callee.sound.mark());
    let offer = caller.session.restart_ice().await.expect("an offer");
    answered(&caller.session, &callee.session, &offer).await;
    speak(600).await;
    let (near, far) = (caller.sound.gap(HIGH, near), callee.sound.gap(LOW, far));
    assert!(
        near <= LONGEST_GAP && far <= LONGEST_GAP,
        "{near:?} {far:?}"
    );
}

#[tokio::test]
async fn speech_is_back_within_two_seconds_when_the_network_changes() {
    let (caller, callee, wire) = wired_call(SessionConfig::default()).await;
    let (near, far) = (caller.sound.mark(), callee.sound.mark());
    wire.cut();
    caller.engine.network_changed();
    caller
        .until(|event| *event == SessionEvent::NetworkChanged)
        .await;
    let offer = caller.session.restart_ice().await.expect("an offer");
    answered(&caller.session, &callee.session, &offer).await;
    speak(3_000).await;
    assert!(caller.comes_to_hear(HIGH).await && callee.comes_to_hear(LOW).await);
    let (near, far) = (caller.sound.gap(HIGH, near), callee.sound.gap(LOW, far));
    let limit = Duration::from_secs(2);
    assert!(near < limit && far < limit, "{near:?} {far:?}");
    eprintln!("missing after a restart on a dead path: {near:?} and {far:?}");
}

#[tokio::test]
async fn a_far_end_that_vanishes_is_noticed_and_heard_again_when_it_comes_back() {
    let (caller, callee, wire) = wired_call(SessionConfig::default()).await;
    let mark = caller.sound.mark();
    wire.cut();
    caller.until(is_silent).await;
    callee.until(is_silent).await;
    let missing = caller.sound.gap(HIGH, mark);
    assert!(missing < Duration::from_secs(5), "{missing:?}");
    wire.mend();
    for side in [&caller, &callee] {
        side.until(|event| *event == SessionEvent::Reconnected)
            .await;
    }
    assert!(caller.comes_to_hear(HIGH).await && callee.comes_to_hear(LOW).await);
}

#[tokio::test]
async fn a_held_call_notices_too_and_is_not_taken_for_a_dead_one() {
    let (caller, callee, wire) = wired_call(SessionConfig::default()).await;
    caller.hold(1, true).await;
    negotiate(&caller.session, &callee.session).await;
    // Nothing but checks and reports: longer than silence is borne.
    speak(5_000).await;
    callee.session.close().await;
    caller
        .until(|event| {
            assert!(!is_silent(event), "checks keep a held call");
            *event == SessionEvent::RemoteClosed
        })
        .await;
    wire.cut();
    caller.until(is_silent).await;
}

#[tokio::test]
async fn without_consent_a_call_ends_and_says_so() {
    let quick = config(|config| {
        config.disconnected_after = Duration::from_millis(400);
        config.failed_after = Duration::from_millis(2_500);
    });
    let (caller, callee, wire) = wired_call(quick).await;
    // Sound still comes, but no answer to a check.
    wire.lose_answers();
    let end = caller
        .until(|event| matches!(event, SessionEvent::Failed(_)))
        .await;
    assert_eq!(end, SessionEvent::Failed(SessionError::PathLost));
    assert!(callee.session.stats().packets_sent > 0);
}

/// The longest gap that re-negotiation may leave in a direction that it doesn't concern.
const LONGEST_GAP: Duration = Duration::from_millis(40);
