//! Calls between two sessions of one process, over real UDP sockets.

#[path = "session/keys.rs"]
mod keys;
#[path = "session/side.rs"]
mod side;
#[path = "session/sound.rs"]
mod sound;

use std::{net::UdpSocket, time::Duration};

use side::{
    HIGH, LOW, Side, answered, call, config, is_first_audio, negotiate, sides, speak, until,
};
use sound::ToneBackend;
use voip_media::{
    AudioDirection, AudioError, CodecKind, Complexity, ConfigFault, Engine, EngineError, IceServer,
    Impairment, Intent, NegotiationError, OpenError, SampleRate, SdpError, SessionConfig,
    SessionError, SessionEvent,
};

/// The address at which a description says to be reached.
fn address_in(sdp: &str) -> String {
    let line = sdp
        .lines()
        .find(|line| line.starts_with("a=candidate:"))
        .expect("a candidate");
    let fields: Vec<_> = line.split(' ').collect();
    format!("{}:{}", fields[4], fields[5])
}

#[tokio::test]
async fn two_sessions_hear_each_others_tone() {
    let (caller, callee) = call(SessionConfig::default()).await;
    assert!(caller.hears(HIGH).await);
    assert!(callee.hears(LOW).await);
    for side in [&caller, &callee] {
        let stats = side.session.stats();
        assert_eq!(stats.codec, Some(CodecKind::Opus));
        assert!(
            stats.packets_sent > 20 && stats.packets_received > 20,
            "{stats:?}"
        );
        assert_eq!(
            (stats.packets_lost, stats.drops.total()),
            (0, 0),
            "{stats:?}"
        );
        assert!(
            stats.first_audio_after.is_some() && stats.concealed_share < 0.1,
            "{stats:?}"
        );
        assert!(
            stats.playout_level > 0.1 && stats.capture_level > 0.1,
            "{stats:?}"
        );
    }
}

#[tokio::test]
async fn telephone_codecs_carry_the_tone_too() {
    for codec in [
        CodecKind::Pcmu,
        CodecKind::Pcma,
        CodecKind::G722,
        CodecKind::L16(SampleRate::HZ_16000),
        CodecKind::L16(SampleRate::HZ_44100),
        CodecKind::L16(SampleRate::HZ_48000),
    ] {
        let config = config(|config| config.codecs = vec![codec]);
        let (caller, callee) = call(config).await;
        assert!(caller.hears(HIGH).await);
        assert!(callee.hears(LOW).await);
        assert_eq!(caller.session.stats().codec, Some(codec));
    }
}

#[tokio::test]
async fn on_request_an_answer_names_one_codec_and_both_hear_it() {
    for (preselection, codecs) in [(true, 1), (false, 4)] {
        let (caller, callee) = sides(config(|config| config.codec_preselection = preselection));
        let offer = caller.session.offer().await.expect("an offer");
        let answer = callee.session.accept_offer(&offer).await;
        let answer = answer.expect("an answer");
        let named = ["opus", "G722", "PCMU", "PCMA"]
            .iter()
            .filter(|name| answer.contains(&format!(" {name}/")))
            .count();
        assert_eq!(named, codecs, "{answer}");
        caller
            .session
            .accept_answer(&answer)
            .await
            .expect("accepted");
        assert!(caller.comes_to_hear(HIGH).await && callee.comes_to_hear(LOW).await);
        assert_eq!(caller.session.stats().codec, Some(CodecKind::Opus));
    }
}

#[tokio::test]
async fn a_held_call_is_silent_both_ways_and_comes_back() {
    let (caller, callee) = call(SessionConfig::default()).await;
    caller.hold(1, true).await;
    let offer = caller.session.offer().await.expect("an offer");
    assert!(offer.contains("a=sendonly"), "{offer}");
    let answer = callee
        .session
        .accept_offer(&offer)
        .await
        .expect("an answer");
    assert!(answer.contains("a=recvonly"), "{answer}");
    caller
        .session
        .accept_answer(&answer)
        .await
        .expect("accepted");
    speak(300).await;
    let (sent_near, sent_far) = (
        caller.session.stats().packets_sent,
        callee.session.stats().packets_sent,
    );
    assert!(!caller.hears(HIGH).await);
    assert!(!callee.hears(LOW).await);
    assert_eq!(caller.session.stats().packets_sent, sent_near);
    assert_eq!(callee.session.stats().packets_sent, sent_far);
    for side in [&caller, &callee] {
        let stats = side.session.stats();
        assert!(
            stats.concealed_share < 0.3,
            "the hold counts as loss: {stats:?}"
        );
    }

    caller.hold(2, false).await;
    negotiate(&caller.session, &callee.session).await;
    assert!(caller.hears(HIGH).await);
    assert!(callee.hears(LOW).await);
}

#[tokio::test]
async fn muting_one_direction_leaves_the_other_alone() {
    let (caller, callee) = call(SessionConfig::default()).await;
    caller
        .applied(Intent {
            number: 1,
            muted: true,
            held: false,
            music: false,
        })
        .await;
    assert!(caller.hears(HIGH).await);
    assert!(!callee.hears(LOW).await);
    caller
        .applied(Intent {
            number: 2,
            muted: false,
            held: false,
            music: false,
        })
        .await;
    assert!(callee.hears(LOW).await);
}

#[tokio::test]
async fn a_certificate_that_was_not_announced_ends_the_call_before_any_sound() {
    let (caller, callee) = sides(SessionConfig::default());
    let offer = caller.session.offer().await.expect("an offer");
    let answer = callee
        .session
        .accept_offer(&offer)
        .await
        .expect("an answer");
    let line = answer
        .lines()
        .find(|line| line.starts_with("a=fingerprint"))
        .expect("one");
    let forged = format!("a=fingerprint:sha-256 {}", ["00"; 32].join(":"));
    caller
        .session
        .accept_answer(&answer.replace(line, &forged))
        .await
        .expect("accepted");
    let end = caller
        .until(|event| matches!(event, SessionEvent::Failed(_)))
        .await;
    assert_eq!(end, SessionEvent::Failed(SessionError::WrongFingerprint));
    caller.until(|event| *event == SessionEvent::Closed).await;
    let stats = caller.session.stats();
    assert_eq!((stats.packets_sent, stats.packets_received), (0, 0));
    assert_eq!(stats.connected_at, None);
    assert!(caller.sound.heard().iter().all(|sample| *sample == 0));
}

#[tokio::test]
async fn a_bad_description_is_a_typed_error_and_the_session_lives_on() {
    let (caller, callee) = sides(SessionConfig::default());
    let offer = caller.session.offer().await.expect("an offer");
    let video = offer.replace("m=audio", "m=video");
    let refused = |error| Err(NegotiationError::Description(error));
    assert_eq!(
        callee.session.accept_offer(&video).await,
        refused(SdpError::NoAudio)
    );
    assert_eq!(
        callee.session.accept_offer("hello").await,
        refused(SdpError::Malformed)
    );
    let malformed = Err(NegotiationError::Description(SdpError::Malformed));
    assert_eq!(caller.session.accept_answer("hello").await, malformed);
    answered(&caller.session, &callee.session, &offer).await;
    caller.until(is_first_audio).await;
}

#[tokio::test]
async fn descriptions_out_of_turn_are_refused() {
    let (caller, callee) = sides(SessionConfig::default());
    let offer = caller.session.offer().await.expect("an offer");
    assert_eq!(
        callee.session.accept_answer(&offer).await,
        Err(NegotiationError::WrongState)
    );
    let other = callee.session.offer().await.expect("an offer");
    assert_eq!(
        caller.session.accept_offer(&other).await,
        Err(NegotiationError::WrongState)
    );
    // Glare: one side gives way.
    callee.session.roll_back().await.expect("rolled back");
    answered(&caller.session, &callee.session, &offer).await;
    callee.until(is_first_audio).await;
}

#[tokio::test]
async fn strangers_and_giant_datagrams_are_counted_and_change_nothing() {
    let (caller, callee) = sides(SessionConfig::default());
    let offer = caller.session.offer().await.expect("an offer");
    answered(&caller.session, &callee.session, &offer).await;
    caller.until(is_first_audio).await;
    let stranger = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    let at = address_in(&offer);
    let mut rtp = [0u8; 172];
    rtp[0] = 0x80;
    rtp[1] = 111;
    for _ in 0..10 {
        stranger.send_to(&rtp, &at).expect("sent");
    }
    stranger.send_to(&[22; 100], &at).expect("sent");
    stranger.send_to(&[255; 100], &at).expect("sent");
    stranger.send_to(&vec![0x80; 65_000], &at).expect("sent");
    assert!(caller.hears(HIGH).await);
    let drops = caller.session.stats().drops;
    assert_eq!(
        (drops.strangers, drops.oversized, drops.malformed),
        (11, 1, 1),
        "{drops:?}"
    );
    assert_eq!(drops.total(), 13, "{drops:?}");
}

#[tokio::test]
async fn impairments_are_made_and_counted() {
    let impairment = Impairment {
        loss: 0.1,
        jitter: Duration::from_millis(5),
        seed: 7,
    };
    let (caller, callee) = call(config(|config| config.impairment = Some(impairment))).await;
    assert!(caller.hears(HIGH).await);
    speak(1_500).await;
    for side in [&caller, &callee] {
        let stats = side.session.stats();
        assert!(
            stats.impairment.dropped > 0 && stats.impairment.delayed > 0,
            "{stats:?}"
        );
        assert!(
            stats.packets_lost > 0 && stats.jitter > Duration::from_millis(1),
            "{stats:?}"
        );
    }
}

#[tokio::test]
async fn an_ice_restart_moves_the_call_to_a_new_path_without_a_pause() {
    let (caller, callee) = call(SessionConfig::default()).await;
    let before = caller.session.local_candidates();
    let offer = caller.session.restart_ice().await.expect("an offer");
    answered(&caller.session, &callee.session, &offer).await;
    speak(500).await;
    assert_ne!(caller.session.local_candidates(), before);
    assert!(caller.hears(HIGH).await);
    assert!(callee.hears(LOW).await);
    let stats = caller.session.stats();
    assert!(stats.concealed_share < 0.05, "{stats:?}");
    speak(1_500).await;
    let round_trip = caller
        .session
        .stats()
        .round_trip
        .expect("reports went both ways");
    assert!(round_trip < Duration::from_millis(500), "{round_trip:?}");
}

#[tokio::test]
async fn candidates_can_follow_the_description() {
    let (caller, callee) = sides(SessionConfig::default());
    let strip = |sdp: &str| {
        let (with, without): (Vec<_>, Vec<_>) = sdp
            .split_inclusive('\n')
            .partition(|line| line.starts_with("a=candidate"));
        let lines = with.iter().map(|line| line.trim()["a=".len()..].to_owned());
        (without.concat(), lines.collect::<Vec<_>>())
    };
    let (offer, near) = strip(&caller.session.offer().await.expect("an offer"));
    assert_eq!(near, caller.session.local_candidates());
    let (answer, far) = strip(
        &callee
            .session
            .accept_offer(&offer)
            .await
            .expect("an answer"),
    );
    caller
        .session
        .accept_answer(&answer)
        .await
        .expect("accepted");
    caller
        .session
        .add_remote_candidates(&far)
        .await
        .expect("taken");
    let broken = ["candidate:".to_owned(), "nonsense".to_owned()];
    caller
        .session
        .add_remote_candidates(&broken)
        .await
        .expect("passed over");
    caller.until(is_first_audio).await;
}

#[tokio::test]
async fn a_dead_stun_server_delays_nothing() {
    // Nobody answers at the discard port of a documentation address.
    let config = config(|config| config.ice_servers = vec![IceServer::stun("stun:192.0.2.200:9")]);
    let started = tokio::time::Instant::now();
    let (caller, callee) = call(config).await;
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
    assert!(callee.hears(LOW).await);
    caller
        .until(|event| *event == SessionEvent::GatheringComplete)
        .await;
}

#[tokio::test]
async fn one_engine_mixes_its_calls() {
    let hub = Side::new(LOW, SessionConfig::default());
    let second = hub.engine.open().expect("a session");
    let left = Side::new(700.0, SessionConfig::default());
    let right = Side::new(HIGH, SessionConfig::default());
    negotiate(&hub.session, &left.session).await;
    negotiate(&second, &right.session).await;
    hub.until(is_first_audio).await;
    until(&second, is_first_audio).await;
    speak(600).await;
    assert!(hub.sound.share_of(700.0, 200) > 0.3);
    assert!(hub.sound.share_of(HIGH, 200) > 0.3);
    assert!(left.hears(LOW).await && right.hears(LOW).await);
}

#[tokio::test]
async fn closing_tells_both_sides_and_answers_everything_afterwards() {
    let (caller, callee) = call(SessionConfig::default()).await;
    caller.session.close().await;
    callee
        .until(|event| *event == SessionEvent::RemoteClosed)
        .await;
    caller.until(|event| *event == SessionEvent::Closed).await;
    assert_eq!(caller.session.next_event().await, None);
    assert_eq!(caller.session.offer().await, Err(NegotiationError::Closed));
    caller.session.close().await;
    caller.engine.close().await;
    assert_eq!(caller.engine.open().err(), Some(OpenError::Closed));
    // The engine ends sessions that are still open.
    callee.engine.close().await;
    callee.until(|event| *event == SessionEvent::Closed).await;
}

#[tokio::test]
async fn a_missing_device_is_told_and_used_once_it_is_there() {
    let sound = ToneBackend::new(LOW);
    sound.unplug(true);
    let engine = Engine::builder(sound.clone()).build().expect("an engine");
    let session = engine.open().expect("a session");
    let callee = Side::new(HIGH, SessionConfig::default());
    negotiate(&session, &callee.session).await;
    let missing = AudioError::NoDevice(AudioDirection::Capture);
    until(&session, |event| {
        *event == SessionEvent::AudioDevice(missing.clone())
    })
    .await;
    sound.unplug(false);
    until(&session, |event| *event == SessionEvent::AudioRecovered).await;
    assert!(callee.hears(LOW).await);
}

#[tokio::test]
async fn a_device_that_goes_away_in_a_call_is_opened_again() {
    let (caller, callee) = call(SessionConfig::default()).await;
    caller.sound.break_now();
    let lost = AudioError::Lost(AudioDirection::Capture);
    caller
        .until(|event| *event == SessionEvent::AudioDevice(lost.clone()))
        .await;
    caller
        .until(|event| *event == SessionEvent::AudioRecovered)
        .await;
    assert!(callee.hears(LOW).await);
    assert!(caller.hears(HIGH).await);
}

#[test]
fn without_a_runtime_nothing_is_built_and_nothing_panics() {
    let sound = ToneBackend::new(LOW);
    let result = Engine::builder(sound.clone()).build();
    assert_eq!(result.err(), Some(EngineError::NoRuntime));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let engine = runtime
        .block_on(async { Engine::builder(sound).build() })
        .expect("an engine");
    assert_eq!(engine.open().err(), Some(OpenError::NoRuntime));
}

#[tokio::test]
async fn impossible_configurations_are_refused() {
    let engine = Engine::builder(ToneBackend::new(LOW))
        .build()
        .expect("an engine");
    let fault = |change: fn(&mut SessionConfig)| match engine.open_with(config(change)) {
        Err(OpenError::Config(fault)) => Some(fault),
        _ => None,
    };
    assert_eq!(
        fault(|config| config.codecs.clear()),
        Some(ConfigFault::NoCodec)
    );
    let odd = |config: &mut SessionConfig| config.packet_time = Duration::from_millis(33);
    assert_eq!(fault(odd), Some(ConfigFault::PacketTime));
    let loss = |config: &mut SessionConfig| {
        config.impairment = Some(Impairment {
            loss: 1.5,
            jitter: Duration::ZERO,
            seed: 0,
        });
    };
    assert_eq!(fault(loss), Some(ConfigFault::Loss));
    let decoder = |config: &mut SessionConfig| config.decoder_complexity = Complexity(11);
    assert_eq!(fault(decoder), Some(ConfigFault::Complexity));
    let encoder = |config: &mut SessionConfig| config.encoder.complexity = Complexity(11);
    assert_eq!(fault(encoder), Some(ConfigFault::Complexity));
    let server = |config: &mut SessionConfig| {
        config.ice_servers = vec![IceServer::stun("http://example.org")];
    };
    assert_eq!(fault(server), Some(ConfigFault::IceServer));
}

#[tokio::test]
async fn an_engine_carries_only_so_many_sessions() {
    let engine = Engine::builder(ToneBackend::new(LOW))
        .build()
        .expect("an engine");
    let sessions: Vec<_> = (0..64).map(|_| engine.open().expect("a session")).collect();
    assert_eq!(engine.open().err(), Some(OpenError::TooManySessions));
    sessions[0].close().await;
    engine.open().expect("a place is free");
}

#[test]
fn a_runtime_that_ends_under_a_call_takes_the_call_with_it() {
    let first = tokio::runtime::Runtime::new().expect("a runtime");
    let (caller, callee) = first.block_on(call(SessionConfig::default()));
    drop(first);
    let second = tokio::runtime::Runtime::new().expect("a runtime");
    let offer = second.block_on(caller.session.offer());
    assert_eq!(offer, Err(NegotiationError::Closed));
    second.block_on(callee.session.close());
}
