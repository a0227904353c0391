//! Keys pressed in a call, and which codecs an answer names.

use std::time::Duration;

use voip_media::{
    AudioSession, CodecKind, DtmfDigit, DtmfError, Impairment, Intent, SessionConfig, SessionEvent,
};

use super::side::{HIGH, LOW, Side, call, config, speak};

const PRESSED: Duration = Duration::from_millis(100);

fn keys(text: &str) -> Vec<DtmfDigit> {
    let key = |key| DtmfDigit::from_char(key).expect("a key");
    text.chars().map(key).collect()
}

/// The keys that arrive until the caller has sent them all, and a little longer.
async fn arrive(caller: &Side, callee: &Side) -> String {
    caller.until(|event| *event == SessionEvent::DtmfSent).await;
    speak(300).await;
    let mut arrived = String::new();
    let waiting = Duration::from_millis(10);
    while let Ok(Some(event)) = tokio::time::timeout(waiting, callee.session.next_event()).await {
        if let SessionEvent::Dtmf { digit } = event {
            arrived.push(digit.to_char());
        }
    }
    arrived
}

#[tokio::test]
async fn keys_arrive_once_and_in_order_with_every_codec() {
    for codec in [CodecKind::Opus, CodecKind::G722, CodecKind::Pcma] {
        let (caller, callee) = call(config(|config| config.codecs = vec![codec])).await;
        let sent = caller.session.send_dtmf(&keys("159#0"), PRESSED).await;
        assert_eq!(sent, Ok(()));
        assert_eq!(arrive(&caller, &callee).await, "159#0", "{codec:?}");
        assert!(callee.hears(LOW).await, "the voice goes on");
        assert!(caller.hears(HIGH).await);
        assert_eq!(callee.session.stats().drops.unknown_payload, 0);
    }
}

#[tokio::test]
async fn keys_survive_the_loss_of_every_fifth_packet() {
    let bad = |config: &mut SessionConfig| {
        config.impairment = Some(Impairment {
            loss: 0.2,
            jitter: Duration::from_millis(8),
            seed: 3,
        });
    };
    let (caller, callee) = call(config(bad)).await;
    let sent = caller
        .session
        .send_dtmf(&keys("*1234567890"), PRESSED)
        .await;
    assert_eq!(sent, Ok(()));
    assert_eq!(arrive(&caller, &callee).await, "*1234567890");
}

#[tokio::test]
async fn a_muted_caller_can_still_press_keys() {
    let (caller, callee) = call(SessionConfig::default()).await;
    let muted = Intent {
        number: 1,
        muted: true,
        held: false,
        music: false,
    };
    caller.applied(muted).await;
    let sent = caller.session.send_dtmf(&keys("AD"), PRESSED).await;
    assert_eq!(sent, Ok(()));
    assert_eq!(arrive(&caller, &callee).await, "AD");
}

#[tokio::test]
async fn the_voice_is_replaced_while_a_key_is_down_and_nothing_is_made_up_for_it() {
    let (caller, callee) = call(SessionConfig::default()).await;
    assert!(callee.hears(LOW).await);
    let before = callee.session.stats();
    let second = Duration::from_secs(1);
    let sent = caller.session.send_dtmf(&keys("55"), second).await;
    assert_eq!(sent, Ok(()));
    caller.until(|event| *event == SessionEvent::DtmfSent).await;
    let heard = callee.sound.heard();
    // Two seconds of keys, 70 ms of voice between them: look where the second key has been down.
    let quiet = &heard[heard.len() - 36_000..heard.len() - 12_000];
    let loudest = quiet.iter().map(|sample| sample.unsigned_abs()).max();
    assert!(loudest < Some(100), "{loudest:?}");
    assert!(callee.hears(LOW).await);
    let after = callee.session.stats();
    let share = |stats: &voip_media::SessionStats| {
        f64::from(stats.concealed_share) * stats.played.as_secs_f64()
    };
    let made_up = share(&after) - share(&before);
    assert!(made_up < 0.3, "{made_up} s were made up");
}

#[tokio::test]
async fn what_stands_against_sending_keys_is_told() {
    let press = async |session: &AudioSession| session.send_dtmf(&keys("1"), PRESSED).await;
    let (caller, callee) = (
        Side::new(LOW, SessionConfig::default()),
        Side::new(HIGH, SessionConfig::default()),
    );
    assert_eq!(press(&caller.session).await, Err(DtmfError::NotConnected));
    let short = caller.session.send_dtmf(&keys("1"), PRESSED / 5).await;
    assert_eq!(short, Err(DtmfError::Duration));
    let offer = caller.session.offer().await.expect("an offer");
    let offer = offer.replace("telephone-event", "x-event");
    let answer = callee
        .session
        .accept_offer(&offer)
        .await
        .expect("an answer");
    caller
        .session
        .accept_answer(&answer)
        .await
        .expect("accepted");
    callee
        .until(|event| *event == SessionEvent::Connected)
        .await;
    assert_eq!(press(&callee.session).await, Err(DtmfError::NotNegotiated));

    let (caller, _callee) = call(SessionConfig::default()).await;
    let many = keys(&"1".repeat(64));
    assert_eq!(caller.session.send_dtmf(&many, PRESSED).await, Ok(()));
    assert_eq!(press(&caller.session).await, Err(DtmfError::TooMany));
    let held = Intent {
        number: 1,
        muted: false,
        held: true,
        music: false,
    };
    caller.applied(held).await;
    assert_eq!(press(&caller.session).await, Err(DtmfError::Held));
    caller.session.close().await;
    assert_eq!(press(&caller.session).await, Err(DtmfError::Closed));
}

#[tokio::test]
async fn pauses_of_a_telephone_codec_are_described_instead_of_sent() {
    let pauses = |config: &mut SessionConfig| {
        config.codecs = vec![CodecKind::Pcma];
        config.encoder.dtx = true;
    };
    let (caller, callee) = call(config(pauses)).await;
    let muted = Intent {
        number: 1,
        muted: true,
        held: false,
        music: false,
    };
    caller.applied(muted).await;
    speak(600).await;
    let before = (caller.session.stats(), callee.session.stats());
    speak(1_000).await;
    let after = (caller.session.stats(), callee.session.stats());
    let sent = after.0.packets_sent - before.0.packets_sent;
    assert!(
        (1..=10).contains(&sent),
        "{sent} packets in a second of pause"
    );
    let share = |stats: &voip_media::SessionStats| {
        f64::from(stats.concealed_share) * stats.played.as_secs_f64()
    };
    let made_up = share(&after.1) - share(&before.1);
    assert!(made_up < 0.1, "{made_up} s of the pause count as made up");
    let speaking = Intent {
        number: 2,
        muted: false,
        held: false,
        music: false,
    };
    caller.applied(speaking).await;
    assert!(callee.hears(LOW).await, "the voice comes back");
}

/// The payload types of the audio line.
fn formats(sdp: &str) -> Vec<&str> {
    let line = sdp.lines().find(|line| line.starts_with("m=audio"));
    line.expect("audio").split(' ').skip(3).collect()
}

#[tokio::test]
async fn an_answer_names_one_codec_on_request_and_both_speak_it() {
    let one = config(|config| config.codec_preselection = true);
    let (caller, callee) = (
        Side::new(LOW, SessionConfig::default()),
        Side::new(HIGH, one),
    );
    let offer = caller.session.offer().await.expect("an offer");
    assert!(formats(&offer).len() > 5, "{offer}");
    let answer = callee
        .session
        .accept_offer(&offer)
        .await
        .expect("an answer");
    // Opus, and keys at its clock.
    assert_eq!(formats(&answer), ["111", "110"]);
    caller
        .session
        .accept_answer(&answer)
        .await
        .expect("accepted");
    assert!(callee.hears(LOW).await);
    for side in [&caller, &callee] {
        assert_eq!(side.session.stats().codec, Some(CodecKind::Opus));
    }
}
