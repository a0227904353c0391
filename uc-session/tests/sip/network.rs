//! The computer's address goes away under a call.

use std::time::Duration;

use tokio::time::sleep;
use uc_session::VoipEngine;
use voip_media::SessionConfig;

use crate::{
    ear::longest_gap,
    kamailio::Kamailio,
    namespace::{alone, change_address},
    person::{Person, hear_each_other, talk},
};

/// The path of the sound is the address that goes.
fn by_the_address(engine: VoipEngine) -> VoipEngine {
    let mut session = SessionConfig::default();
    session.include_loopback = false;
    engine.session(session)
}

#[test]
fn a_call_is_heard_again_after_both_sides_have_lost_their_address() {
    alone(
        "network::a_call_is_heard_again_after_both_sides_have_lost_their_address",
        lose_address(),
    );
}

async fn lose_address() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let rosa = Person::with(&server, "tcp", "100", 440.0, by_the_address).await;
    let bruno = Person::with(&server, "udp", "101", 1_000.0, by_the_address).await;
    let (mine, _) = talk(&rosa, "101", &bruno).await;
    change_address();
    sleep(Duration::from_secs(9)).await;
    let gaps = [(&rosa, 1_000.0), (&bruno, 440.0)]
        .map(|(person, hertz)| longest_gap(&person.sound.take_played(), hertz));
    println!("missing after the address changed: {gaps:?}");
    // Both offer at once, so both may have to wait for up to a second, seldom twice.
    assert!(
        gaps.iter().all(|gap| *gap < Duration::from_secs(7)),
        "{gaps:?}"
    );
    hear_each_other(&rosa, &bruno).await;
    mine.hang_up().await.unwrap();
}
