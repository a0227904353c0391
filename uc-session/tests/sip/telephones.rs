//! Calls with a telephone by others, by way of the server.

use tokio::{task::block_in_place, time::timeout};
use uc_model::{ConnectionState, FailureCause};
use uc_session::VoipEngine;
use voip_media::{MediaProfile, SessionConfig};

use crate::{
    baresip::{Baresip, Sound},
    ear::hears,
    kamailio::Kamailio,
    person::{PATIENCE, Person, becomes},
};

const ROSA_HZ: f64 = 440.0;
const BARESIP_HZ: f64 = 1_000.0;

fn profiles(sound: Sound) -> impl FnOnce(VoipEngine) -> VoipEngine {
    move |engine| match sound {
        Sound::Plain => engine.profiles([MediaProfile::PlainRtp]),
        Sound::Sdes => engine.profiles([MediaProfile::SdesSrtp]),
        // It doesn't take an answer from another of this computer's addresses.
        Sound::WebRtc => {
            let mut session = SessionConfig::default();
            session.include_loopback = false;
            engine.session(session)
        }
    }
}

async fn hear_each_other(rosa: &Person, telephone: &Baresip) {
    hears(&rosa.sound, BARESIP_HZ).await;
    block_in_place(|| telephone.hears(ROSA_HZ));
}

/// Both call each other, either holds, either ends.
async fn a_telephone(sound: Sound) {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let rosa = Person::with(&server, "tcp", "100", ROSA_HZ, profiles(sound)).await;
    let telephone = block_in_place(|| Baresip::start(&server, "101", BARESIP_HZ as u32, sound));

    let mine = rosa.client.call("101").await.unwrap();
    timeout(PATIENCE, mine.connected()).await.unwrap().unwrap();
    hear_each_other(&rosa, &telephone).await;
    mine.hold().await.unwrap();
    mine.retrieve().await.unwrap();
    hear_each_other(&rosa, &telephone).await;
    mine.hang_up().await.unwrap();

    block_in_place(|| telephone.command("dial", "sip:100@office.test"));
    let mine = rosa.rings().await;
    mine.answer().await.unwrap();
    hear_each_other(&rosa, &telephone).await;
    block_in_place(|| telephone.command("hold", ""));
    becomes(&mine, |call| call.remote.state == ConnectionState::Hold).await;
    block_in_place(|| telephone.command("resume", ""));
    becomes(&mine, |call| {
        call.remote.state == ConnectionState::Connected
    })
    .await;
    hear_each_other(&rosa, &telephone).await;
    block_in_place(|| telephone.command("hangup", ""));
    let ended = timeout(PATIENCE, mine.ended()).await.unwrap();
    assert_eq!(ended, Some(FailureCause::Normal));
}

/// This version of it has an RSA certificate, which our DTLS doesn't take.
#[tokio::test(flavor = "multi_thread")]
async fn baresip_with_webrtc_sound_is_refused_for_its_certificate() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let webrtc = Sound::WebRtc;
    let rosa = Person::with(&server, "tcp", "100", ROSA_HZ, profiles(webrtc)).await;
    let _telephone = block_in_place(|| Baresip::start(&server, "101", BARESIP_HZ as u32, webrtc));
    let mine = rosa.client.call("101").await.unwrap();
    let refused = timeout(PATIENCE, mine.connected()).await.unwrap();
    let not_secured = uc_session::CallError::Media(uc_session::port::MediaError::NotSecured);
    assert_eq!(refused, Err(not_secured));
}

#[tokio::test(flavor = "multi_thread")]
async fn baresip_is_called_and_calls_with_sdes_keys() {
    a_telephone(Sound::Sdes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn baresip_is_called_and_calls_without_encryption_where_that_is_wanted() {
    a_telephone(Sound::Plain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn baresip_without_encryption_is_refused_unless_it_is_wanted() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let rosa = Person::new(&server, "tcp", "100", ROSA_HZ).await;
    let telephone =
        block_in_place(|| Baresip::start(&server, "101", BARESIP_HZ as u32, Sound::Plain));
    block_in_place(|| telephone.command("dial", "sip:100@office.test"));
    let mine = rosa.rings().await;
    let refused = mine.answer().await.err();
    let not_secured = uc_session::CallError::Media(uc_session::port::MediaError::NotSecured);
    assert_eq!(refused, Some(not_secured));
}

#[tokio::test(flavor = "multi_thread")]
async fn baresip_is_handed_over_and_hands_over() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let rosa = Person::with(&server, "udp", "100", ROSA_HZ, profiles(Sound::Sdes)).await;
    let clara = Person::with(&server, "tls", "102", 700.0, profiles(Sound::Sdes)).await;
    let telephone =
        block_in_place(|| Baresip::start(&server, "101", BARESIP_HZ as u32, Sound::Sdes));

    let mine = rosa.client.call("101").await.unwrap();
    timeout(PATIENCE, mine.connected()).await.unwrap().unwrap();
    hear_each_other(&rosa, &telephone).await;
    mine.transfer_to("102").await.unwrap();
    let third = clara.rings().await;
    third.answer().await.unwrap();
    hears(&clara.sound, BARESIP_HZ).await;
    third.hang_up().await.unwrap();

    let mine = rosa.client.call("101").await.unwrap();
    timeout(PATIENCE, mine.connected()).await.unwrap().unwrap();
    hear_each_other(&rosa, &telephone).await;
    block_in_place(|| telephone.command("transfer", "sip:102@office.test"));
    let third = clara.rings().await;
    third.answer().await.unwrap();
    hears(&clara.sound, ROSA_HZ).await;
    hears(&rosa.sound, 700.0).await;
}
