//! From Plantronics Hub to a client's calls and back; the Hub is a stand-in, with the time of the clock on the wall
//! since it is asked over a socket.
#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, reason = "a test")]

mod office;
#[path = "../../headset/tests/stand_in/mod.rs"]
mod stand_in;

use headset::{HubConfig, Vendor};
use office::{desk, server};
use stand_in::{Manner, StandIn};
use tokio::{task::block_in_place, time::timeout};
use uc_model::FailureCause;
use uc_session::{HeadsetConfig, HeadsetEvent, HeadsetEvents};

async fn told(events: &mut HeadsetEvents) -> HeadsetEvent {
    let event = timeout(stand_in::PATIENCE, events.next()).await;
    event
        .expect("something is told")
        .expect("there are headsets")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_answered_and_ended_through_plantronics_hub() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let hub = StandIn::start(Manner::Proper);
    let headsets = grace.client.headsets(HeadsetConfig::default());
    let mut events = headsets.events();
    headsets
        .find_hub(HubConfig::new("Test").port(hub.port))
        .await;
    assert_eq!(
        told(&mut events).await.to_string(),
        "Connected with Stand-in."
    );

    let outgoing = ada.client.call("331").await.unwrap();
    block_in_place(|| hub.until_asked("IncomingCall"));
    hub.says(1, 1);
    outgoing.connected().await.unwrap();
    block_in_place(|| hub.until_asked("AnswerCall"));
    hub.says(2, 1);
    assert_eq!(outgoing.ended().await, Some(FailureCause::Normal));
    block_in_place(|| hub.until_asked("TerminateCall"));

    headsets.switch(Vendor::Poly, false);
    let gone = told(&mut events).await;
    assert!(matches!(gone, HeadsetEvent::Gone { .. }), "{gone:?}");
    block_in_place(|| hub.until_asked("UnRegister"));
    headsets.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_is_not_running_is_told_with_what_cures_it() {
    let server = server();
    let grace = desk(&server, "331").await;
    let headsets = grace.client.headsets(HeadsetConfig::default());
    let mut events = headsets.events();
    let port = StandIn::unused_port();
    headsets.find_hub(HubConfig::new("Test").port(port)).await;
    let told = told(&mut events).await.to_string();
    assert_eq!(
        told,
        "Plantronics' headsets can't be used: Plantronics Hub isn't running: install or start it."
    );
    headsets.close().await;
}
