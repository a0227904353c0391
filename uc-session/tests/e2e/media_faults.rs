//! What bad media input gets: descriptions, certificates and packets that are not what they seem.

use std::{sync::Arc, time::Duration};

use tokio::{net::UdpSocket, time::sleep};
use uc_model::FailureCause;
use uc_server::Server;
use uc_session::{
    CallError, Client, Connection, Sound, Trust, VoipEngine, fake::TokioClock, port::MediaError,
};

use crate::{
    client::{builder, until, within},
    office::{BRUNO_HZ, ROSA_HZ, person, tone},
    rogue::{Rogue, Say, event as stream_event, good},
    tampering::Tampering,
};

/// A description of somebody else's certificate.
fn with_a_wrong_fingerprint(sdp: String) -> String {
    let (before, after) = sdp
        .split_once("a=fingerprint:sha-256 ")
        .expect("a fingerprint");
    let flipped = if after.starts_with("00") { "11" } else { "00" };
    format!("{before}a=fingerprint:sha-256 {flipped}{}", &after[2..])
}

#[tokio::test]
async fn a_certificate_that_was_not_announced_ends_the_call_before_any_sound() {
    let server = Server::builder().start().await.unwrap();
    let rosa = person(&server, "330", ROSA_HZ).await;
    let engine = VoipEngine::new(Arc::new(tone(BRUNO_HZ))).unwrap();
    let liar = Arc::new(Tampering::new(engine, with_a_wrong_fingerprint));
    let bruno = builder(&server, "331").media(liar).sign_in().await.unwrap();
    let outgoing = within(rosa.client.call("331")).await.unwrap();
    let incoming = within(bruno.incoming()).await.unwrap();
    let _ = within(incoming.answer()).await;
    let wrong = MediaError::WrongFingerprint;
    assert_eq!(
        within(outgoing.connected()).await,
        Err(CallError::Media(wrong.clone()))
    );
    assert_eq!(outgoing.status().sound, Sound::Failed(wrong));
    assert_eq!(
        within(incoming.ended()).await,
        Some(FailureCause::MediaFailed)
    );
    assert_eq!(outgoing.media_stats().map(|stats| stats.received), Some(0));
    assert!(rosa.sound.take_played().iter().all(|sample| *sample == 0));
    let clara = person(&server, "332", BRUNO_HZ).await;
    let outgoing = within(rosa.client.call("332")).await.unwrap();
    within(within(clara.client.incoming()).await.unwrap().answer())
        .await
        .unwrap();
    within(outgoing.connected()).await.unwrap();
    rosa.hears(BRUNO_HZ).await;
}

#[tokio::test]
async fn strangers_packets_are_counted_and_the_call_goes_on() {
    let server = Server::builder().start().await.unwrap();
    let rosa = person(&server, "330", ROSA_HZ).await;
    let engine = VoipEngine::new(Arc::new(tone(BRUNO_HZ))).unwrap();
    let observer = Tampering::new(engine, |sdp| sdp);
    let media = Arc::new(observer.clone());
    let bruno = builder(&server, "331")
        .media(media)
        .sign_in()
        .await
        .unwrap();
    let outgoing = within(rosa.client.call("331")).await.unwrap();
    within(within(bruno.incoming()).await.unwrap().answer())
        .await
        .unwrap();
    within(outgoing.connected()).await.unwrap();
    rosa.hears(BRUNO_HZ).await;
    let refused = || outgoing.media_stats().unwrap().refused;
    let before = refused();
    let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut rtp = vec![0x80, 111, 0, 1, 0, 0, 0, 1, 9, 9, 9, 9];
    rtp.resize(200, 7);
    let addresses = observer.far_addresses();
    assert!(!addresses.is_empty(), "no loopback address was offered");
    for datagram in [rtp, vec![0x80; 65_000], vec![255; 40], Vec::new()] {
        for address in &addresses {
            for _ in 0..10 {
                stranger.send_to(&datagram, address).await.unwrap();
            }
        }
        sleep(Duration::from_millis(20)).await;
    }
    until(|| refused() >= before + 20).await;
    rosa.hears(BRUNO_HZ).await;
    assert_eq!(outgoing.status().sound, Sound::Connected);
}

#[tokio::test]
async fn a_call_without_audio_is_refused_and_the_session_lives_on() {
    let rogue = Rogue::start(|heard| match heard.path.as_str() {
        "/uc/v1/calls/c1/clear" => Say::Json(200, video_call(3, "null")),
        _ => good(heard),
    })
    .await;
    let client = Client::builder(&rogue.address.to_string(), "330")
        .password("secret".to_owned())
        .trust(Trust::AcceptFirst)
        .clock(Arc::new(TokioClock::new()))
        .null_sound()
        .unwrap();
    let client = within(client.sign_in()).await.unwrap();
    let rings = video_call(2, "alerting").replacen('{', r#"{"type":"call","#, 1);
    rogue.push(&stream_event("e1-2", &rings));
    let incoming = within(client.incoming()).await.unwrap();
    let answered = within(incoming.answer()).await;
    assert_eq!(answered, Err(CallError::Media(MediaError::NoAudio)));
    assert_eq!(client.view().connection, Connection::Live);
    assert!(within(client.search("bruno")).await.is_ok());
}

fn video_call(rev: u32, local: &str) -> String {
    let sdp = "v=0\\r\\no=- 1 1 IN IP4 127.0.0.1\\r\\ns=-\\r\\nt=0 0\\r\\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96\\r\\nc=IN IP4 127.0.0.1\\r\\na=mid:0\\r\\na=rtcp-mux\\r\\n";
    format!(r#"{{"id":"c1","rev":{rev},"direction":"incoming","device":"voip","local":"{local}","#)
        + r#""party":{"number":"331"},"remote":"connected","started":1,"cause":null,"#
        + &format!(r#""description":{{"generation":1,"kind":"offer","sdp":"{sdp}"}}}}"#)
}
