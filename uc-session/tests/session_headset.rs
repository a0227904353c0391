//! Headsets at the calls of clients of the server in memory.
#![cfg(feature = "headset")]
#![allow(clippy::unwrap_used, reason = "a test")]

mod office;

use std::time::Duration;

use headset::{Action, Calls, DeviceError, Lamps, Script, ScriptedHeadset};
use office::{Desk, builder, desk, server, talk};
use tokio::time::{sleep, timeout};
use uc_model::{Capability, ConnectionState, DeviceKind};
use uc_session::{
    CallError, Client, HeadsetConfig, HeadsetEvent, HeadsetEvents, Headsets,
    fake::{FakeServer, Fault, Kind},
    port::BackendError,
};

/// A headset on a client.
async fn wear(client: &Client, config: HeadsetConfig) -> (Headsets, Script, HeadsetEvents) {
    let headsets = client.headsets(config);
    let mut events = headsets.events();
    let script = plug(&headsets, "Test 1").await;
    let event = next(&mut events).await;
    assert_eq!(event.to_string(), "Connected with Test 1.");
    (headsets, script, events)
}

async fn plug(headsets: &Headsets, model: &str) -> Script {
    let (device, script) = ScriptedHeadset::new(model);
    headsets.attach(Box::new(device)).await.unwrap();
    script
}

async fn next(events: &mut HeadsetEvents) -> HeadsetEvent {
    let event = timeout(PATIENCE, events.next()).await;
    event
        .expect("something is told")
        .expect("headsets are there")
}

/// Waits until the headset was told so.
async fn told(script: &Script, calls: Calls) {
    let told = timeout(PATIENCE, async {
        while script.calls() != calls {
            sleep(Duration::from_millis(1)).await;
        }
    });
    let told = told.await;
    assert!(told.is_ok(), "{:?} instead of {calls:?}", script.calls());
}

const PATIENCE: Duration = Duration::from_secs(10);

/// Much longer than a headset takes to say something.
const A_WHILE: Duration = Duration::from_secs(1);

const RINGING: Calls = Calls {
    ringing: 1,
    ..Calls::NONE
};

const TALKING: Calls = Calls {
    active: 1,
    ..Calls::NONE
};

const MUTED: Calls = Calls {
    muted: true,
    ..TALKING
};

const HELD: Calls = Calls {
    held: 1,
    ..Calls::NONE
};

async fn two() -> (FakeServer, Desk, Desk) {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    (server, ada, grace)
}

#[tokio::test(start_paused = true)]
async fn mute_is_in_step_whoever_changes_it() {
    let (_server, ada, grace) = two().await;
    let (_headsets, script, _events) = wear(&grace.client, HeadsetConfig::default()).await;
    let (_outgoing, incoming) = talk(&ada, &grace).await;
    told(&script, TALKING).await;
    incoming.set_muted(true).await.unwrap();
    told(&script, MUTED).await;
    assert!(script.lamps().muted);
    script.press(Action::Mute(false));
    told(&script, TALKING).await;
    assert!(!incoming.status().muted);
    script.press(Action::Mute(true));
    script.press(Action::Mute(false));
    script.press(Action::Mute(true));
    told(&script, MUTED).await;
    sleep(A_WHILE).await;
    assert!(incoming.status().muted, "the last press counts");
}

#[tokio::test(start_paused = true)]
async fn every_headset_shows_the_calls_and_is_obeyed() {
    let (server, ada, grace) = two().await;
    let (headsets, one, _events) = wear(&grace.client, HeadsetConfig::default()).await;
    let other = plug(&headsets, "Test 2").await;
    let outgoing = ada.client.call("331").await.unwrap();
    told(&one, RINGING).await;
    told(&other, RINGING).await;
    one.press(Action::Answer);
    other.press(Action::Answer);
    outgoing.connected().await.unwrap();
    told(&one, TALKING).await;
    assert_eq!(server.arrived(Kind::Answer), 1, "it is answered once");

    let late = plug(&headsets, "Test 3").await;
    told(&late, TALKING).await;
    late.press(Action::End);
    outgoing.ended().await;
    for script in [&one, &other, &late] {
        told(script, Calls::NONE).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_button_that_is_pressed_twice_asks_once() {
    let (server, ada, grace) = two().await;
    let (_headsets, script, mut events) = wear(&grace.client, HeadsetConfig::default()).await;
    talk(&ada, &grace).await;
    told(&script, TALKING).await;
    server.fault(Kind::Hold, Fault::Hangs);
    for _ in 0..5 {
        script.press(Action::Hold);
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(server.arrived(Kind::Hold), 1);
    script.press(Action::End);
    told(&script, Calls::NONE).await;
    let nothing = timeout(A_WHILE, events.next()).await;
    assert!(
        nothing.is_err(),
        "that a call has ended is no news: {nothing:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_the_server_refuses_is_told_and_the_lamps_stay_true() {
    let (server, ada, grace) = two().await;
    let (_headsets, script, mut events) = wear(&grace.client, HeadsetConfig::default()).await;
    talk(&ada, &grace).await;
    told(&script, TALKING).await;
    let refused = BackendError::WrongState;
    server.fault(Kind::Hold, Fault::Fails(refused.clone()));
    script.press(Action::Hold);
    let event = next(&mut events).await;
    let HeadsetEvent::NotDone { action, error, .. } = &event else {
        panic!("{event:?}");
    };
    assert_eq!(*action, Action::Hold);
    assert_eq!(*error, CallError::Backend(refused));
    assert_eq!(script.calls(), TALKING);
    script.press(Action::Hold);
    told(&script, HELD).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_of_the_desk_phone_is_controlled_only_if_that_is_wanted() {
    let server = server();
    let control = [Capability::DeskPhoneControl, Capability::Hold];
    server.set_capabilities(control.into_iter().collect());
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let (_unwanted, off, _) = wear(&grace.client, HeadsetConfig::default()).await;
    let wanted = HeadsetConfig::default().desk_phones(true);
    let (_wanted, on, _) = wear(&grace.client, wanted).await;
    let outgoing = ada.client.call("331").await.unwrap();
    told(&on, RINGING).await;
    assert_eq!(off.calls(), Calls::NONE);
    off.press(Action::Answer);
    sleep(A_WHILE).await;
    assert_eq!(outgoing.state().remote.state, ConnectionState::Alerting);

    on.press(Action::Answer);
    told(&on, TALKING).await;
    assert_eq!(outgoing.state().device, DeviceKind::DeskPhone);
    on.press(Action::Mute(true));
    on.press(Action::Hold);
    told(&on, HELD).await;
    on.press(Action::Retrieve);
    told(&on, TALKING).await;
    on.press(Action::End);
    outgoing.ended().await;
    told(&on, Calls::NONE).await;
    assert!(off.shown().is_empty(), "{:?}", off.shown());
}

#[tokio::test(start_paused = true)]
async fn a_client_without_sound_rings_no_headset() {
    let server = server();
    let ada = desk(&server, "330").await;
    let mute = builder(&server, "331").sign_in().await.unwrap();
    let (_headsets, script, _events) = wear(&mute, HeadsetConfig::default()).await;
    let call = ada.client.call("331").await.unwrap();
    sleep(A_WHILE).await;
    call.hang_up().await.unwrap();
    assert!(script.shown().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_headset_that_goes_is_told_and_takes_no_call_with_it() {
    let (_server, ada, grace) = two().await;
    let (headsets, script, mut events) = wear(&grace.client, HeadsetConfig::default()).await;
    let (outgoing, incoming) = talk(&ada, &grace).await;
    told(&script, TALKING).await;
    script.press(Action::Mute(true));
    told(&script, MUTED).await;
    script.fail(DeviceError::Misbehaved);
    let failed = next(&mut events).await;
    assert!(matches!(failed, HeadsetEvent::Failed { .. }), "{failed:?}");
    script.mend();
    script.press(Action::Mute(false));
    told(&script, TALKING).await;

    script.fail(DeviceError::Gone);
    assert_eq!(next(&mut events).await.to_string(), "Test 1 is gone.");
    sleep(A_WHILE).await;
    assert!(outgoing.status().is_connected() && incoming.status().is_connected());
    let back = plug(&headsets, "Test 1").await;
    told(&back, TALKING).await;
    back.press(Action::End);
    outgoing.ended().await;
}

#[tokio::test(start_paused = true)]
async fn a_detached_headset_is_idle_and_its_buttons_do_nothing() {
    let (_server, ada, grace) = two().await;
    let headsets = grace.client.headsets(HeadsetConfig::default());
    let (device, script) = ScriptedHeadset::new("Test 1");
    let id = headsets.attach(Box::new(device)).await.unwrap();
    let (outgoing, _incoming) = talk(&ada, &grace).await;
    told(&script, TALKING).await;
    headsets.detach(id).await;
    told(&script, Calls::NONE).await;
    script.press(Action::End);
    sleep(A_WHILE).await;
    assert!(outgoing.status().is_connected());
}

#[tokio::test(start_paused = true)]
async fn however_it_ends_the_headset_is_left_idle() {
    let server = server();
    let ada = desk(&server, "330").await;
    for end in ["sign out", "drop the client", "drop the headsets", "close"] {
        let grace = desk(&server, "331").await;
        let (headsets, script, mut events) = wear(&grace.client, HeadsetConfig::default()).await;
        let (outgoing, _) = talk(&ada, &grace).await;
        told(&script, TALKING).await;
        let mut headsets = Some(headsets);
        let mut client = Some(grace.client);
        match end {
            "sign out" => client.take().unwrap().sign_out().await,
            "drop the client" => drop(client.take()),
            "drop the headsets" => drop(headsets.take()),
            _ => {
                headsets.take().unwrap().close().await;
                assert_eq!(script.lamps(), Lamps::IDLE, "it is idle by then");
            }
        }
        told(&script, Calls::NONE).await;
        let over = timeout(PATIENCE, events.next()).await;
        assert_eq!(over, Ok(None), "{end}");
        if client.is_none() {
            let (device, _) = ScriptedHeadset::new("late");
            let late = headsets.unwrap().attach(Box::new(device)).await;
            assert_eq!(late, None);
        }
        outgoing.hang_up().await.unwrap();
    }
}
