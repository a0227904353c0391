//! Calls without ICE, as desk phones and SIP providers make them: SRTP with keys in the description, and
//! plain RTP. Over real UDP sockets.

#[path = "session/side.rs"]
mod side;
#[path = "session/sound.rs"]
mod sound;

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket},
    time::Duration,
};

use side::{
    HIGH, LOW, Side, answered, call, config, is_first_audio, negotiate, sides, speak, until,
};
use voip_media::{
    CodecKind, ConfigFault, DtmfDigit, Engine, MediaProfile, NegotiationError, NullBackend,
    OpenError, SdpError, SessionConfig, SessionEvent,
};

const DIRECT: [MediaProfile; 2] = [MediaProfile::SdesSrtp, MediaProfile::PlainRtp];

/// On the loopback.
fn profile(profile: MediaProfile) -> SessionConfig {
    config(|config| {
        config.profiles = vec![profile];
        config.local_address = Some(Ipv4Addr::LOCALHOST.into());
    })
}

/// The port of the audio.
fn port(sdp: &str) -> u16 {
    let line = sdp.lines().find(|line| line.starts_with("m=audio "));
    let port = line.and_then(|line| line.split(' ').nth(1));
    port.expect("audio").parse().expect("a port")
}

/// The description with another port for the audio.
fn redirected(sdp: &str, to: u16) -> String {
    sdp.replace(
        &format!("m=audio {} ", port(sdp)),
        &format!("m=audio {to} "),
    )
}

/// The lines with keys.
fn keys(sdp: &str) -> Vec<&str> {
    let lines = sdp.lines();
    lines.filter(|line| line.starts_with("a=crypto:")).collect()
}

async fn both_hear(caller: &Side, callee: &Side) -> bool {
    caller.comes_to_hear(HIGH).await && callee.comes_to_hear(LOW).await
}

#[tokio::test]
async fn two_sessions_hear_each_other_in_each_profile() {
    for kind in DIRECT {
        let (caller, callee) = call(profile(kind)).await;
        assert!(caller.hears(HIGH).await && callee.hears(LOW).await);
        for side in [&caller, &callee] {
            let stats = side.session.stats();
            assert_eq!(stats.codec, Some(CodecKind::Opus));
            assert!(
                stats.packets_received > 20 && stats.connected_at.is_some(),
                "{stats:?}"
            );
            assert_eq!(
                (stats.packets_lost, stats.drops.total()),
                (0, 0),
                "{kind:?} {stats:?}"
            );
        }
        speak(1_500).await;
        let round_trip = caller.session.stats().round_trip;
        assert!(round_trip.is_some(), "reports went both ways: {kind:?}");
    }
}

#[tokio::test]
async fn telephone_codecs_carry_the_tone_too() {
    for codec in [CodecKind::G722, CodecKind::Pcmu, CodecKind::Pcma] {
        for kind in DIRECT {
            let mut config = profile(kind);
            config.codecs = vec![codec];
            let (caller, callee) = call(config).await;
            assert!(caller.hears(HIGH).await && callee.hears(LOW).await);
            assert_eq!(caller.session.stats().codec, Some(codec));
        }
    }
}

#[tokio::test]
async fn a_call_goes_over_ipv6() {
    if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        eprintln!("SKIPPED: there is no IPv6 here");
        return;
    }
    for kind in DIRECT {
        let mut config = profile(kind);
        config.local_address = Some(Ipv6Addr::LOCALHOST.into());
        let (caller, callee) = sides(config);
        let offer = caller.session.offer().await.expect("an offer");
        assert!(offer.contains("c=IN IP6 ::1\r\n"), "{offer}");
        answered(&caller.session, &callee.session, &offer).await;
        assert!(both_hear(&caller, &callee).await);
    }
}

#[tokio::test]
async fn without_a_chosen_address_the_one_that_leads_there_is_named() {
    let (caller, callee) = (
        Side::new(LOW, profile(MediaProfile::SdesSrtp)),
        Side::new(HIGH, SessionConfig::default()),
    );
    let offer = caller.session.offer().await.expect("an offer");
    let answer = callee.session.accept_offer(&offer).await;
    let answer = answer.expect("an answer");
    assert!(answer.contains("c=IN IP4 127.0.0.1\r\n"), "{answer}");
    caller
        .session
        .accept_answer(&answer)
        .await
        .expect("accepted");
    assert!(both_hear(&caller, &callee).await);
    // The one that routes outwards, or the loopback where nothing does.
    let alone = Side::new(
        LOW,
        config(|config| config.profiles = vec![MediaProfile::PlainRtp]),
    );
    let offer = alone.session.offer().await.expect("an offer");
    let line = offer.lines().find(|line| line.starts_with("c="));
    let ip = line.and_then(|line| line.split(' ').nth(2));
    let ip: IpAddr = ip.expect("a line").parse().expect("an address");
    assert!(!ip.is_unspecified());
}

#[tokio::test]
async fn reports_take_their_own_port_where_the_far_side_does_not_multiplex() {
    for kind in DIRECT {
        let (caller, callee) = sides(profile(kind));
        let offer = caller.session.offer().await.expect("an offer");
        assert!(offer.contains("a=rtcp-mux\r\n"), "{offer}");
        let offer = offer.replace("a=rtcp-mux\r\n", "");
        let answer = callee.session.accept_offer(&offer).await;
        let answer = answer.expect("an answer");
        assert!(!answer.contains("a=rtcp-mux"), "{answer}");
        caller
            .session
            .accept_answer(&answer)
            .await
            .expect("accepted");
        assert!(both_hear(&caller, &callee).await);
        speak(2_500).await;
        for side in [&caller, &callee] {
            let stats = side.session.stats();
            assert!(stats.round_trip.is_some(), "{kind:?} {stats:?}");
            assert_eq!(stats.drops.total(), 0, "{kind:?} {stats:?}");
        }
    }
}

#[tokio::test]
async fn a_held_call_is_silent_both_ways_and_comes_back() {
    for kind in DIRECT {
        let (caller, callee) = call(profile(kind)).await;
        caller.hold(1, true).await;
        let offer = caller.session.offer().await.expect("an offer");
        assert!(offer.contains("a=sendonly"), "{offer}");
        answered(&caller.session, &callee.session, &offer).await;
        speak(300).await;
        let sent = |side: &Side| side.session.stats().packets_sent;
        let before = (sent(&caller), sent(&callee));
        assert!(!caller.hears(HIGH).await && !callee.hears(LOW).await);
        assert_eq!((sent(&caller), sent(&callee)), before);
        caller.hold(2, false).await;
        negotiate(&caller.session, &callee.session).await;
        assert!(both_hear(&caller, &callee).await);
    }
}

#[tokio::test]
async fn a_far_side_that_holds_in_the_old_way_gets_nothing_until_it_is_back() {
    for kind in DIRECT {
        let (caller, callee) = call(profile(kind)).await;
        let offer = caller.session.offer().await.expect("an offer");
        let held = offer.replace("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0");
        assert!(held.contains("a=sendrecv"), "nothing else says it: {held}");
        let answer = callee.session.accept_offer(&held).await;
        let answer = answer.expect("an answer");
        assert!(answer.contains("a=recvonly"), "{answer}");
        caller
            .session
            .accept_answer(&answer)
            .await
            .expect("accepted");
        speak(300).await;
        let sent = callee.session.stats().packets_sent;
        assert!(!caller.hears(HIGH).await);
        assert_eq!(callee.session.stats().packets_sent, sent);
        negotiate(&caller.session, &callee.session).await;
        assert!(both_hear(&caller, &callee).await);
    }
}

#[tokio::test]
async fn keys_arrive_once_and_in_order() {
    for kind in DIRECT {
        let (caller, callee) = call(profile(kind)).await;
        let pressed = "159#".chars().filter_map(DtmfDigit::from_char);
        let pressed: Vec<_> = pressed.collect();
        let length = Duration::from_millis(100);
        let sent = caller.session.send_dtmf(&pressed, length).await;
        assert_eq!(sent, Ok(()));
        let mut arrived = String::new();
        while arrived.len() < 4 {
            let event = callee
                .until(|event| matches!(event, SessionEvent::Dtmf { .. }))
                .await;
            if let SessionEvent::Dtmf { digit } = event {
                arrived.push(digit.to_char());
            }
        }
        assert_eq!(arrived, "159#", "{kind:?}");
    }
}

#[tokio::test]
async fn a_call_is_offered_and_answered_as_its_sides_allow() {
    let side = |profiles: &[MediaProfile]| {
        let mut config = profile(MediaProfile::Webrtc);
        config.profiles = profiles.to_vec();
        Side::new(LOW, config)
    };
    let not_secured = Err(NegotiationError::Description(SdpError::NotSecured));
    let careful = side(&SessionConfig::default().profiles);
    let webrtc = side(&[MediaProfile::Webrtc]);
    let plain = side(&[MediaProfile::PlainRtp]);
    let sdes = side(&[MediaProfile::SdesSrtp]);
    let offer = plain.session.offer().await.expect("an offer");
    assert!(offer.contains(" RTP/AVP ") && keys(&offer).is_empty());
    for other in [&careful, &webrtc, &sdes] {
        assert_eq!(other.session.accept_offer(&offer).await, not_secured);
    }
    plain.session.roll_back().await.expect("rolled back");
    let offer = sdes.session.offer().await.expect("an offer");
    assert!(offer.contains(" RTP/SAVP ") && keys(&offer).len() == 2);
    for other in [&webrtc, &plain] {
        assert_eq!(other.session.accept_offer(&offer).await, not_secured);
    }
    // Refused, it still makes offers of its own; and what it accepts, it answers.
    let own = careful.session.offer().await.expect("an offer");
    assert!(own.contains(" UDP/TLS/RTP/SAVPF "), "{own}");
    careful.session.roll_back().await.expect("rolled back");
    answered(&sdes.session, &careful.session, &offer).await;
    until(&careful.session, is_first_audio).await;
}

#[tokio::test]
async fn an_answer_that_leaves_the_encryption_out_is_refused() {
    let (caller, callee) = sides(profile(MediaProfile::SdesSrtp));
    let offer = caller.session.offer().await.expect("an offer");
    let answer = callee.session.accept_offer(&offer).await;
    let answer = answer.expect("an answer");
    let weakened = answer.replace("RTP/SAVP", "RTP/AVP");
    let refused = caller.session.accept_answer(&weakened).await;
    let not_secured = NegotiationError::Description(SdpError::NotSecured);
    assert_eq!(refused, Err(not_secured));
    caller
        .session
        .accept_answer(&answer)
        .await
        .expect("the offer is still open");
    assert!(both_hear(&caller, &callee).await);
}

#[tokio::test]
async fn a_call_keeps_its_profile() {
    let any = || {
        let mut config = profile(MediaProfile::SdesSrtp);
        config.profiles.push(MediaProfile::PlainRtp);
        config
    };
    let (caller, callee) = call(any()).await;
    let offer = caller.session.offer().await.expect("an offer");
    let weakened = offer.replace("RTP/SAVP", "RTP/AVP");
    let refused = callee.session.accept_offer(&weakened).await;
    let other = NegotiationError::Description(SdpError::OtherProfile);
    assert_eq!(refused, Err(other));
    answered(&caller.session, &callee.session, &offer).await;
    assert!(both_hear(&caller, &callee).await);
}

#[tokio::test]
async fn under_another_key_nothing_is_heard_and_everything_counted() {
    let (caller, callee) = sides(profile(MediaProfile::SdesSrtp));
    let offer = caller.session.offer().await.expect("an offer");
    let answer = callee.session.accept_offer(&offer).await;
    let answer = answer.expect("an answer");
    let key = keys(&answer)[0].split("inline:").nth(1).expect("a key");
    let other = format!("AAAA{}", &key[4..]);
    caller
        .session
        .accept_answer(&answer.replace(key, &other))
        .await
        .expect("accepted");
    assert!(
        callee.comes_to_hear(LOW).await,
        "that direction has its key"
    );
    speak(600).await;
    let stats = caller.session.stats();
    assert_eq!(stats.packets_received, 0);
    assert!(stats.drops.unauthenticated > 20, "{stats:?}");
    assert!(caller.sound.heard().iter().all(|sample| *sample == 0));
}

#[tokio::test]
async fn renegotiation_keeps_keys_and_sockets_and_interrupts_nothing() {
    for kind in DIRECT {
        let (caller, callee) = sides(profile(kind));
        let first = caller.session.offer().await.expect("an offer");
        answered(&caller.session, &callee.session, &first).await;
        assert!(both_hear(&caller, &callee).await);
        speak(1_000).await;
        let (near, far) = (caller.sound.mark(), callee.sound.mark());
        for _ in 0..3 {
            let again = caller.session.offer().await.expect("an offer");
            assert_eq!(port(&again), port(&first));
            if kind == MediaProfile::SdesSrtp {
                assert_eq!(keys(&again), keys(&first)[..1]);
            }
            answered(&caller.session, &callee.session, &again).await;
            speak(200).await;
            negotiate(&callee.session, &caller.session).await;
            speak(200).await;
        }
        let gaps = (caller.sound.gap(HIGH, near), callee.sound.gap(LOW, far));
        assert!(gaps.0 <= LONGEST_GAP && gaps.1 <= LONGEST_GAP, "{gaps:?}");
    }
}

#[tokio::test]
async fn a_restart_moves_the_call_to_new_sockets_under_new_keys() {
    for kind in DIRECT {
        let (caller, callee) = sides(profile(kind));
        let first = caller.session.offer().await.expect("an offer");
        answered(&caller.session, &callee.session, &first).await;
        assert!(both_hear(&caller, &callee).await);
        speak(1_000).await;
        let (near, far) = (caller.sound.mark(), callee.sound.mark());
        let restart = caller.session.restart_ice().await.expect("an offer");
        assert_ne!(port(&restart), port(&first));
        assert!(keys(&restart).iter().all(|key| !first.contains(key)));
        answered(&caller.session, &callee.session, &restart).await;
        speak(600).await;
        let gaps = (caller.sound.gap(HIGH, near), callee.sound.gap(LOW, far));
        assert!(
            gaps.0 <= LONGEST_GAP && gaps.1 <= LONGEST_GAP,
            "{kind:?} {gaps:?}"
        );
        for side in [&caller, &callee] {
            assert_eq!(side.session.stats().drops.unauthenticated, 0);
        }
        // Nobody is at the old address any more.
        let old = UdpSocket::bind((Ipv4Addr::LOCALHOST, port(&first)));
        assert!(old.is_ok(), "the old sockets are closed");
        assert!(caller.hears(HIGH).await && callee.hears(LOW).await);
    }
}

#[tokio::test]
async fn a_restart_that_is_rolled_back_leaves_keys_and_path_as_they_were() {
    let (caller, callee) = call(profile(MediaProfile::SdesSrtp)).await;
    let before = caller.session.offer().await.expect("an offer");
    caller.session.roll_back().await.expect("rolled back");
    caller.session.restart_ice().await.expect("an offer");
    caller.session.roll_back().await.expect("rolled back");
    let after = caller.session.offer().await.expect("an offer");
    assert_eq!((port(&after), keys(&after)), (port(&before), keys(&before)));
    answered(&caller.session, &callee.session, &after).await;
    assert!(both_hear(&caller, &callee).await);
}

#[tokio::test]
async fn a_far_side_that_moves_is_followed_to_its_new_address() {
    for kind in DIRECT {
        let (caller, callee) = call(profile(kind)).await;
        let other = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        other
            .set_read_timeout(Some(Duration::from_secs(5)))
            .expect("a limit");
        let to = other.local_addr().expect("bound").port();
        let offer = caller.session.offer().await.expect("an offer");
        callee
            .session
            .accept_offer(&redirected(&offer, to))
            .await
            .expect("an answer");
        let mut packet = [0; 2_048];
        let arrives = move || other.recv(&mut packet).is_ok();
        let arrived = tokio::task::spawn_blocking(arrives).await;
        assert!(arrived.expect("no panic"), "{kind:?}");
    }
}

/// A call in which the callee believes the caller somewhere else, as behind a NAT.
async fn misled(kind: MediaProfile) -> (Side, Side, String, UdpSocket) {
    let (caller, callee) = sides(profile(kind));
    let nobody = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let offer = caller.session.offer().await.expect("an offer");
    let offer = redirected(&offer, nobody.local_addr().expect("bound").port());
    let answer = callee.session.accept_offer(&offer).await;
    let answer = answer.expect("an answer");
    caller
        .session
        .accept_answer(&answer)
        .await
        .expect("accepted");
    (caller, callee, answer, nobody)
}

#[tokio::test]
async fn a_caller_behind_a_nat_is_found_by_its_packets() {
    for kind in DIRECT {
        let (caller, callee, _, _nobody) = misled(kind).await;
        assert!(both_hear(&caller, &callee).await, "{kind:?}");
    }
}

#[tokio::test]
async fn a_stranger_does_not_get_the_call_once_the_far_side_is_heard() {
    for kind in DIRECT {
        let (caller, callee, answer, _nobody) = misled(kind).await;
        assert!(both_hear(&caller, &callee).await, "{kind:?}");
        let stranger = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        stranger.set_nonblocking(true).expect("set");
        for seq in 0..20u8 {
            let mut rtp = [0u8; 60];
            rtp[..4].copy_from_slice(&[0x80, 111, 0, seq]);
            let to = (Ipv4Addr::LOCALHOST, port(&answer));
            stranger.send_to(&rtp, to).expect("sent");
        }
        speak(300).await;
        assert!(stranger.recv(&mut [0; 2_048]).is_err(), "{kind:?}");
        assert!(both_hear(&caller, &callee).await, "{kind:?}");
        let drops = callee.session.stats().drops;
        let counted = match kind {
            MediaProfile::SdesSrtp => drops.unauthenticated,
            _ => drops.strangers,
        };
        assert!(counted >= 20, "{kind:?} {drops:?}");
    }
}

#[tokio::test]
async fn a_far_side_that_falls_silent_is_told_and_never_dropped() {
    for kind in DIRECT {
        let mut quick = profile(kind);
        quick.unheard_after = Duration::from_millis(1_500);
        quick.failed_after = Duration::from_millis(1_500);
        let (caller, callee) = call(quick).await;
        // Held, it may be silent for as long as it likes: nobody is there any more to send reports.
        caller.hold(1, true).await;
        negotiate(&caller.session, &callee.session).await;
        callee.session.close().await;
        speak(2_500).await;
        caller.hold(2, false).await;
        let offered = caller.session.offer().await.expect("not dropped");
        assert!(offered.contains("a=sendrecv"));
        caller.session.roll_back().await.expect("rolled back");
        let told = async { until(&caller.session, |e| *e == SessionEvent::Disconnected).await };
        let waited = tokio::time::timeout(Duration::from_millis(100), told).await;
        assert!(waited.is_err(), "a held call is not disconnected");

        // In a call that isn't held it is told, and the call goes on.
        let mut quick = profile(kind);
        quick.unheard_after = Duration::from_millis(1_500);
        quick.failed_after = Duration::from_millis(1_500);
        let (caller, callee) = call(quick).await;
        callee.session.close().await;
        caller
            .until(|event| *event == SessionEvent::Disconnected)
            .await;
        speak(2_000).await;
        let offered = caller.session.offer().await.expect("not dropped");
        assert_eq!(
            keys(&offered).len(),
            usize::from(kind == MediaProfile::SdesSrtp)
        );
    }
}

#[tokio::test]
async fn configurations_without_a_way_are_refused() {
    let engine = Engine::builder(std::sync::Arc::new(NullBackend));
    let engine = engine.build().expect("an engine");
    let fault = |change: fn(&mut SessionConfig)| engine.open_with(config(change)).err();
    assert_eq!(
        fault(|config| config.profiles.clear()),
        Some(OpenError::Config(ConfigFault::NoProfile))
    );
    for ip in ["0.0.0.0", "::", "224.0.0.1"] {
        let mut config = SessionConfig::default();
        config.local_address = Some(ip.parse().expect("an address"));
        let fault = engine.open_with(config).err();
        assert_eq!(fault, Some(OpenError::Config(ConfigFault::LocalAddress)));
    }
}

/// The longest gap that re-negotiation may leave.
const LONGEST_GAP: Duration = Duration::from_millis(40);
