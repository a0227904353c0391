//! A conference mixed on this computer, and tones without a call.

#[path = "session/side.rs"]
mod side;
#[path = "session/sound.rs"]
mod sound;

use std::{ops::Range, sync::Arc};

use side::{HIGH, LOW, Side, is_first_audio, negotiate, speak, until};
use sound::ToneBackend;
use voip_media::{
    AudioBackend, AudioSession, Complexity, ConferenceId, DeviceChoice, Engine, JoinError,
    OwnSound, SessionConfig, Tone, ToneKind, TonePlan,
};

const OTHER: f32 = 1_700.0;
const PROGRAM: f32 = 2_500.0;

/// This side with two calls, and the far sides.
async fn two_calls() -> (Side, AudioSession, Side, Side) {
    // Enhancement is made for speech: of two equal tones it makes one 4 dB louder than the other.
    let mut config = SessionConfig::default();
    config.decoder_complexity = Complexity(0);
    let hub = Side::new(LOW, config.clone());
    let second = hub.engine.open().expect("a session");
    let left = Side::new(HIGH, config.clone());
    let right = Side::new(OTHER, config);
    negotiate(&hub.session, &left.session).await;
    negotiate(&second, &right.session).await;
    hub.until(is_first_audio).await;
    until(&second, is_first_audio).await;
    left.until(is_first_audio).await;
    right.until(is_first_audio).await;
    (hub, second, left, right)
}

/// Whether a tone makes up about half of what comes, as one of two does.
async fn comes_to_hear_half(sound: &Arc<ToneBackend>, hertz: f32) -> bool {
    comes_to_hear_share(sound, hertz, 0.3..0.7).await
}

/// The same of three.
async fn comes_to_hear_third(sound: &Arc<ToneBackend>, hertz: f32) -> bool {
    comes_to_hear_share(sound, hertz, 0.2..0.45).await
}

async fn comes_to_hear_share(sound: &Arc<ToneBackend>, hertz: f32, share: Range<f32>) -> bool {
    for _ in 0..100 {
        if share.contains(&sound.share_of(hertz, 200)) {
            return true;
        }
        speak(100).await;
    }
    false
}

#[tokio::test]
async fn joined_calls_hear_each_other_and_this_side_but_not_themselves() {
    let (hub, second, left, right) = two_calls().await;
    assert!(left.hears(LOW).await, "this side alone at first");
    hub.engine
        .join(&[&hub.session, &second])
        .await
        .expect("joined");
    assert!(comes_to_hear_half(&left.sound, OTHER).await);
    assert!(comes_to_hear_half(&left.sound, LOW).await);
    assert!(comes_to_hear_half(&right.sound, HIGH).await);
    assert!(comes_to_hear_half(&right.sound, LOW).await);
    assert!(left.sound.share_of(HIGH, 200) < 0.02, "its own voice");
    assert!(right.sound.share_of(OTHER, 200) < 0.02, "its own voice");
    assert!(
        comes_to_hear_half(&hub.sound, HIGH).await && comes_to_hear_half(&hub.sound, OTHER).await
    );

    hub.engine.part(&second).await.expect("parted");
    assert!(left.comes_to_hear(LOW).await, "as before");
    assert!(right.comes_to_hear(LOW).await);
}

#[tokio::test]
async fn who_enters_a_conference_interrupts_nobody_in_it() {
    let (hub, second, left, right) = two_calls().await;
    let conference = ConferenceId::new();
    hub.engine
        .enter(conference, &hub.session)
        .await
        .expect("in");
    assert!(left.comes_to_hear(LOW).await, "alone with this side");
    let mark = left.sound.mark();
    hub.engine.enter(conference, &second).await.expect("in");
    assert!(comes_to_hear_half(&left.sound, OTHER).await);
    hub.engine.enter(conference, &second).await.expect("again");
    assert!(comes_to_hear_half(&right.sound, HIGH).await);
    let heard = left.sound.heard();
    let quiet = |window: &[i16]| window.iter().all(|sample| sample.unsigned_abs() < 2_000);
    let silent = heard[mark..]
        .chunks_exact(480)
        .filter(|window| quiet(window));
    assert!(silent.count() <= 4, "40 ms are silent");
}

#[tokio::test]
async fn a_session_with_sound_of_its_own_leaves_the_devices_to_the_others() {
    let (near, far) = side::call(SessionConfig::default()).await;
    let own = ToneBackend::new(OTHER);
    let device = DeviceChoice::Default;
    let sound = OwnSound {
        capture: own.open_capture(&device).expect("a microphone"),
        playout: own.open_playout(&device).expect("a loudspeaker"),
    };
    let apart = near.engine.open_apart(SessionConfig::default(), sound);
    let apart = apart.expect("a session");
    let caller = Side::new(HIGH, SessionConfig::default());
    negotiate(&caller.session, &apart).await;
    assert!(caller.comes_to_hear(OTHER).await);
    for _ in 0..50 {
        if own.share_of(HIGH, 200) > 0.8 {
            break;
        }
        speak(100).await;
    }
    assert!(own.share_of(HIGH, 200) > 0.8);
    assert!(near.hears(HIGH).await && far.hears(LOW).await, "as before");
    let joined = near.engine.join(&[&near.session, &apart]).await;
    assert_eq!(joined, Err(JoinError::Unknown));
}

#[tokio::test]
async fn what_cannot_be_joined_is_told() {
    let here = Side::new(LOW, SessionConfig::default());
    let elsewhere = Side::new(HIGH, SessionConfig::default());
    let alone = here.engine.join(&[&here.session]).await;
    assert_eq!(alone, Err(JoinError::TooFew));
    let foreign = here.engine.join(&[&here.session, &elsewhere.session]).await;
    assert_eq!(foreign, Err(JoinError::Unknown));
    let ended = here.engine.open().expect("a session");
    ended.close().await;
    assert_eq!(here.engine.part(&ended).await, Err(JoinError::Unknown));
    assert_eq!(here.engine.part(&here.session).await, Ok(()));
}

#[tokio::test]
async fn a_tone_needs_no_call_and_no_microphone() {
    let sound = ToneBackend::new(LOW);
    sound.unplug(true);
    let engine = Engine::builder(sound.clone()).build().expect("an engine");
    engine
        .play_tone(Tone::new(TonePlan::Germany, ToneKind::Dial))
        .await;
    speak(300).await;
    assert!(sound.share_of(425.0, 100) > 0.95);
    engine
        .play_tone(Tone::new(TonePlan::UnitedStates, ToneKind::Dial))
        .await;
    speak(300).await;
    assert!(
        (0.4..0.6).contains(&sound.share_of(350.0, 100)),
        "the new one instead"
    );
    engine.stop_tone().await;
    let heard = sound.heard();
    let end = &heard[heard.len() - 40..];
    assert!(end.iter().all(|sample| *sample == 0), "faded out");
    speak(100).await;
    assert_eq!(
        sound.heard().len(),
        heard.len(),
        "nothing is played any more"
    );
    engine.stop_tone().await;
    engine.close().await;
}

#[tokio::test]
async fn a_tone_sounds_over_a_call_and_the_call_goes_on() {
    let (near, far) = side::call(SessionConfig::default()).await;
    let tone = Tone::new(TonePlan::UnitedKingdom, ToneKind::Dial);
    near.engine.play_tone(tone).await;
    speak(400).await;
    assert!(near.sound.share_of(350.0, 200) > 0.1);
    assert!(near.sound.share_of(HIGH, 200) > 0.2);
    near.engine.stop_tone().await;
    assert!(near.comes_to_hear(HIGH).await);
    assert!(far.hears(LOW).await, "the far side heard no tone");
}

#[tokio::test]
async fn a_program_takes_part_in_a_conference_without_a_call() {
    let (hub, second, left, right) = two_calls().await;
    let conference = ConferenceId::new();
    for session in [&hub.session, &second] {
        hub.engine.enter(conference, session).await.expect("in");
    }
    let own = ToneBackend::new(PROGRAM);
    let device = DeviceChoice::Default;
    let sound = OwnSound {
        capture: own.open_capture(&device).expect("a microphone"),
        playout: own.open_playout(&device).expect("a loudspeaker"),
    };
    let attendance = hub.engine.attend(conference, sound).await.expect("in");
    assert!(comes_to_hear_third(&left.sound, PROGRAM).await);
    assert!(comes_to_hear_third(&right.sound, PROGRAM).await);
    assert!(comes_to_hear_half(&own, HIGH).await && comes_to_hear_half(&own, OTHER).await);
    assert!(own.share_of(PROGRAM, 200) < 0.02, "its own voice");
    attendance.set_away(true);
    assert!(comes_to_hear_half(&left.sound, OTHER).await, "as before");
    attendance.set_away(false);
    assert!(comes_to_hear_third(&left.sound, PROGRAM).await);
    drop(attendance);
    assert!(comes_to_hear_half(&left.sound, OTHER).await, "as before");
}

#[tokio::test]
async fn programs_talk_with_each_other_where_nobody_calls() {
    let engine = Engine::builder(ToneBackend::new(LOW))
        .build()
        .expect("an engine");
    let conference = ConferenceId::new();
    let device = DeviceChoice::Default;
    let attend = async |own: &Arc<ToneBackend>| {
        let sound = OwnSound {
            capture: own.open_capture(&device).expect("a microphone"),
            playout: own.open_playout(&device).expect("a loudspeaker"),
        };
        engine.attend(conference, sound).await.expect("in")
    };
    let (one, other) = (ToneBackend::new(HIGH), ToneBackend::new(OTHER));
    let _both = (attend(&one).await, attend(&other).await);
    for (sound, hertz) in [(&one, OTHER), (&other, HIGH)] {
        let mut heard = false;
        for _ in 0..100 {
            heard = sound.share_of(hertz, 200) > 0.8;
            if heard {
                break;
            }
            speak(100).await;
        }
        assert!(heard, "{hertz} Hz");
    }
    // Whoever doesn't wait for it doesn't take part.
    let given_up = ToneBackend::new(PROGRAM);
    let soon = std::time::Duration::ZERO;
    drop(tokio::time::timeout(soon, attend(&given_up)).await);
    for _ in 0..10 {
        speak(100).await;
    }
    assert!(one.share_of(PROGRAM, 200) < 0.02 && one.share_of(OTHER, 200) > 0.8);
    engine.close().await;
    let sound = OwnSound {
        capture: one.open_capture(&device).expect("a microphone"),
        playout: one.open_playout(&device).expect("a loudspeaker"),
    };
    let late = engine.attend(conference, sound).await;
    assert_eq!(late.err(), Some(JoinError::Closed));
}
