//! Lost connections: noticed, restored, nothing lost and nothing doubled.

mod office;

use std::time::Duration;

use office::{desk, event, lost, restored, server, settle, talk};
use tokio::time::Instant;
use uc_model::{FailureCause, Presence, PresenceState};
use uc_session::{
    CallError, Connection, Event, ServiceError, Sound,
    fake::{Door, Fault, Kind},
    port::{BackendError, BackendEvent, DialFailure, ServerAddress},
};

fn lan() -> ServerAddress {
    ServerAddress {
        host: "lan.example".into(),
        port: 8802,
    }
}

fn open() -> Door {
    Door::Open(uc_session::fake::FakeServer::certificate())
}

fn state(state: PresenceState) -> Presence {
    Presence {
        state,
        until: None,
        note: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_connection_is_restored_at_once_and_what_was_missed_is_told_once() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let mut events = ada.client.events();
    server.set_door(lan(), Door::Fails(DialFailure::Refused));
    server.drop_connections();
    lost(&mut events).await;
    assert_eq!(ada.client.view().connection, Connection::Restoring);
    assert_eq!(
        ada.client.search("a").await.err(),
        Some(ServiceError::NotConnected)
    );
    assert_eq!(
        ada.client.call("331").await.err(),
        Some(CallError::NotConnected)
    );

    server.set_door(lan(), open());
    let back = Instant::now();
    let mut graces = grace.client.events();
    restored(&mut graces).await;
    assert!(back.elapsed() <= Duration::from_secs(1));
    restored(&mut events).await;

    server.set_door(lan(), Door::Fails(DialFailure::Refused));
    server.send(
        "330",
        BackendEvent::StreamEnded(BackendError::Broken {
            before_answer: false,
        }),
    );
    lost(&mut events).await;
    for wanted in [PresenceState::Lunch, PresenceState::Meeting] {
        grace.client.set_presence(state(wanted)).await.unwrap();
    }
    server.set_door(lan(), open());
    let user = grace.client.view().user.as_ref().unwrap().user.clone();
    let told = events.next().await.unwrap();
    let presence = state(PresenceState::Meeting);
    assert_eq!(told, Event::Presence { user, presence });
    assert_eq!(events.next().await, Some(Event::ConnectionRestored));
}

#[tokio::test(start_paused = true)]
async fn attempts_are_half_a_second_apart_for_fifteen_seconds_and_rarer_later() {
    let server = server();
    let ada = desk(&server, "330").await;
    let mut events = ada.client.events();
    server.set_door(lan(), Door::Fails(DialFailure::Refused));
    let before = server.arrived(Kind::Dial);
    server.drop_connections();
    lost(&mut events).await;
    tokio::time::sleep(Duration::from_secs(15)).await;
    let fast = server.arrived(Kind::Dial) - before;
    assert!((29..=32).contains(&fast), "{fast}");
    tokio::time::sleep(Duration::from_secs(600)).await;
    let slow = server.arrived(Kind::Dial) - before - fast;
    assert!((20..=60).contains(&slow), "{slow}");

    server.set_door(lan(), open());
    let hint = Instant::now();
    ada.client.network_changed();
    restored(&mut events).await;
    assert!(
        hint.elapsed() < Duration::from_millis(100),
        "a hint is followed at once"
    );
}

#[tokio::test(start_paused = true)]
async fn silently_dropped_packets_are_noticed_within_25_seconds() {
    let server = server();
    let ada = desk(&server, "330").await;
    let mut events = ada.client.events();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(
        ada.client.view().connection,
        Connection::Live,
        "heartbeats keep it"
    );
    server.set_silent(true);
    let start = Instant::now();
    lost(&mut events).await;
    assert!(start.elapsed() <= Duration::from_secs(25));
    tokio::time::sleep(Duration::from_secs(10)).await;
    server.set_silent(false);
    let back = Instant::now();
    restored(&mut events).await;
    assert!(
        back.elapsed() <= Duration::from_secs(1),
        "dials overlap: {:?}",
        back.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_clock_jump_is_followed_by_a_probe_at_once() {
    let server = server();
    let ada = desk(&server, "330").await;
    let mut events = ada.client.events();
    tokio::time::sleep(Duration::from_secs(12)).await;
    ada.clock.jump(60_000);
    server.set_silent(true);
    let start = Instant::now();
    ada.client.network_changed();
    lost(&mut events).await;
    assert!(
        start.elapsed() <= Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );

    server.set_silent(false);
    restored(&mut events).await;
    let probes = server.arrived(Kind::Probe);
    ada.clock.jump(-60_000);
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert_eq!(server.arrived(Kind::Probe), probes + 1);
    assert_eq!(ada.client.view().connection, Connection::Live);
}

#[tokio::test(start_paused = true)]
async fn an_ended_session_is_entered_again_with_the_kept_password_once() {
    let server = server();
    let ada = desk(&server, "330").await;
    let mut events = ada.client.events();
    server.end_sessions();
    lost(&mut events).await;
    restored(&mut events).await;
    assert_eq!(server.open_sessions(), 1);

    tokio::time::sleep(Duration::from_secs(120)).await;
    server.set_password("330", "another");
    server.end_sessions();
    let ended = |event: &Event| matches!(event, Event::SessionEnded).then_some(());
    event(&mut events, ended).await;
    while events.next().await.is_some() {}
    assert_eq!(ada.client.view().connection, Connection::Ended);
    assert_eq!(ada.backend.open_links(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_every_session_is_not_asked_for_ever() {
    let server = server();
    let ada = desk(&server, "330").await;
    let mut events = ada.client.events();
    server.end_sessions();
    restored(&mut events).await;
    server.end_sessions();
    event(&mut events, |event| {
        matches!(event, Event::SessionEnded).then_some(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_call_survives_the_servers_restart_and_is_confirmed() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let (outgoing, incoming) = talk(&ada, &grace).await;
    let mut events = ada.client.events();
    server.set_door(lan(), Door::Fails(DialFailure::Refused));
    server.restart();
    lost(&mut events).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(outgoing.status().sound, Sound::Connected, "speech goes on");
    server.set_door(lan(), open());
    restored(&mut events).await;
    settle().await;
    outgoing.hold().await.unwrap();
    outgoing.retrieve().await.unwrap();
    incoming.hang_up().await.unwrap();
    assert_eq!(outgoing.ended().await, Some(FailureCause::Normal));
    assert_eq!(
        ada.engine.stats().opened,
        1,
        "it was the same sound all the time"
    );
}

#[tokio::test(start_paused = true)]
async fn hanging_up_without_a_connection_ends_the_call_here_and_later_there() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let (outgoing, incoming) = talk(&ada, &grace).await;
    let mut events = ada.client.events();
    server.set_door(lan(), Door::Fails(DialFailure::Refused));
    server.send(
        "330",
        BackendEvent::StreamEnded(BackendError::Broken {
            before_answer: false,
        }),
    );
    lost(&mut events).await;
    outgoing.hang_up().await.unwrap();
    assert!(outgoing.state().is_over());
    settle().await;
    assert_eq!((ada.engine.stats().open, server.open_calls()), (0, 1));
    server.set_door(lan(), open());
    incoming.ended().await.unwrap();
    assert!(
        ada.client.calls().is_empty(),
        "the snapshot doesn't bring it back"
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_request_broke_before_an_answer_is_asked_once_more_and_made_once() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let broken = BackendError::Broken {
        before_answer: true,
    };
    server.fault(Kind::MakeCall, Fault::DoneBut(broken.clone()));
    let outgoing = ada.client.call("331").await.unwrap();
    assert_eq!(
        (server.arrived(Kind::MakeCall), server.open_calls()),
        (2, 1)
    );
    grace
        .client
        .incoming()
        .await
        .unwrap()
        .answer()
        .await
        .unwrap();
    outgoing.connected().await.unwrap();
    outgoing.hang_up().await.unwrap();

    for _ in 0..2 {
        server.fault(Kind::MakeCall, Fault::Fails(broken.clone()));
    }
    let error = ada.client.call("331").await.unwrap_err();
    assert_eq!(error, CallError::Backend(broken), "but never a third time");
    assert_eq!(server.arrived(Kind::MakeCall), 4);
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_request_broke_later_fails_and_is_not_left_behind() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    for error in [
        BackendError::Broken {
            before_answer: false,
        },
        BackendError::TimedOut,
    ] {
        let before = server.arrived(Kind::MakeCall);
        server.fault(Kind::MakeCall, Fault::DoneBut(error.clone()));
        let failed = ada.client.call("331").await.unwrap_err();
        assert_eq!(failed, CallError::Backend(error));
        assert_eq!(server.arrived(Kind::MakeCall), before + 1);
        settle().await;
        assert_eq!((server.open_calls(), ada.engine.stats().open), (0, 0));
        assert!(grace.client.calls().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_reset_is_followed_by_the_whole_state() {
    let server = server();
    let ada = desk(&server, "330").await;
    let before = server.arrived(Kind::Snapshot);
    for _ in 0..3 {
        server.send("330", BackendEvent::Reset { cursor: None });
    }
    settle().await;
    let fetched = server.arrived(Kind::Snapshot) - before;
    assert!((1..=3).contains(&fetched), "{fetched}");
    assert_eq!(ada.client.view().connection, Connection::Live);
    server.fault(Kind::Snapshot, Fault::Fails(BackendError::Malformed));
    let mut events = ada.client.events();
    server.send("330", BackendEvent::Reset { cursor: None });
    lost(&mut events).await;
    restored(&mut events).await;
}
