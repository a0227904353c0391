//! Servers that vanish, come back, or fall silent.

use std::{fs, path::Path, sync::Arc, time::Duration};

use tokio::time::Instant;
use uc_model::{Presence, PresenceState};
use uc_server::{RunningServer, Server, Storage};
use uc_session::{Connection, Event, Events, LostReason, Sound, fake::TokioClock};

use crate::{
    client::{builder, event, until, within},
    office::{BRUNO_HZ, ROSA_HZ, person},
    place::empty_place,
};

fn durable(place: &Path) -> Server {
    Server::builder().storage(Storage::Directory(place.into()))
}

fn presence(state: PresenceState) -> Presence {
    Presence {
        state,
        until: None,
        note: None,
    }
}

async fn lost(events: &mut Events) -> LostReason {
    match event(events, |event| {
        matches!(event, Event::ConnectionLost { .. })
    })
    .await
    {
        Event::ConnectionLost { reason } => reason,
        other => panic!("{other:?}"),
    }
}

async fn restored(events: &mut Events) {
    event(events, |event| *event == Event::ConnectionRestored).await;
}

async fn restarted(server: RunningServer, how: Server) -> RunningServer {
    let listen = server.address();
    server.kill().await;
    how.listen(listen).start().await.unwrap()
}

#[tokio::test]
async fn a_restart_is_an_event_and_nothing_is_lost_or_doubled() {
    let how = durable(&empty_place("a_restart"));
    let server = how.clone().start().await.unwrap();
    let rosa = builder(&server, "330")
        .null_sound()
        .unwrap()
        .sign_in()
        .await
        .unwrap();
    let bruno = builder(&server, "331")
        .null_sound()
        .unwrap()
        .sign_in()
        .await
        .unwrap();
    let mut events = rosa.events();
    within(bruno.set_presence(presence(PresenceState::Lunch)))
        .await
        .unwrap();
    let server = restarted(server, how).await;
    lost(&mut events).await;
    restored(&mut events).await;
    until(|| bruno.view().connection == Connection::Live).await;
    within(bruno.set_presence(presence(PresenceState::Meeting)))
        .await
        .unwrap();
    within(bruno.set_presence(presence(PresenceState::Office)))
        .await
        .unwrap();
    let mut seen = Vec::new();
    while seen.last() != Some(&PresenceState::Office) {
        if let Event::Presence { presence, .. } = within(events.next()).await.unwrap() {
            seen.push(presence.state);
        }
    }
    assert_eq!(seen, [PresenceState::Meeting, PresenceState::Office]);
    drop(server);
}

#[tokio::test]
async fn a_server_that_forgot_everything_is_signed_in_at_again() {
    let place = empty_place("a_server_that_forgot");
    let how = durable(&place);
    let server = how.clone().start().await.unwrap();
    let rosa = builder(&server, "330").sign_in().await.unwrap();
    let mut events = rosa.events();
    // The certificate stays, the store is gone.
    let listen = server.address();
    server.kill().await;
    let entries = fs::read_dir(&place).unwrap();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.to_string_lossy().contains("sqlite") {
            fs::remove_file(path).unwrap();
        }
    }
    let server = how.listen(listen).start().await.unwrap();
    lost(&mut events).await;
    restored(&mut events).await;
    assert!(within(rosa.search("b")).await.is_ok());
    assert_eq!(rosa.view().presences().len(), 12);
    drop(server);
}

#[tokio::test]
async fn speech_goes_on_while_the_server_is_gone_and_the_call_is_known_again() {
    let how = durable(&empty_place("speech_goes_on"));
    let server = how.clone().start().await.unwrap();
    let rosa = person(&server, "330", ROSA_HZ).await;
    let bruno = person(&server, "331", BRUNO_HZ).await;
    let outgoing = within(rosa.client.call("331")).await.unwrap();
    let incoming = within(bruno.client.incoming()).await.unwrap();
    within(incoming.answer()).await.unwrap();
    within(outgoing.connected()).await.unwrap();
    tokio::join!(rosa.hears(BRUNO_HZ), bruno.hears(ROSA_HZ));
    let (mut at_rosa, mut at_bruno) = (rosa.client.events(), bruno.client.events());
    let listen = server.address();
    server.kill().await;
    tokio::join!(lost(&mut at_rosa), lost(&mut at_bruno));
    tokio::join!(rosa.hears(BRUNO_HZ), bruno.hears(ROSA_HZ));
    assert_eq!(outgoing.status().sound, Sound::Connected);
    let server = how.listen(listen).start().await.unwrap();
    tokio::join!(restored(&mut at_rosa), restored(&mut at_bruno));
    assert_eq!(rosa.client.calls().len(), 1);
    assert_eq!(rosa.client.calls()[0].id(), outgoing.id());
    tokio::join!(rosa.hears(BRUNO_HZ), bruno.hears(ROSA_HZ));
    within(outgoing.hold()).await.unwrap();
    within(outgoing.retrieve()).await.unwrap();
    within(outgoing.hang_up()).await.unwrap();
    within(incoming.ended()).await;
    drop(server);
}

#[tokio::test]
async fn packets_that_vanish_are_noticed_within_25_seconds() {
    let server = Server::builder().start().await.unwrap();
    let rosa = builder(&server, "330").sign_in().await.unwrap();
    let mut events = rosa.events();
    tokio::time::pause();
    server.silence(true);
    let start = Instant::now();
    assert_eq!(lost(&mut events).await, LostReason::Silent);
    let noticed = start.elapsed();
    assert!(noticed <= Duration::from_secs(25), "{noticed:?}");
    tokio::time::resume();
    server.silence(false);
    restored(&mut events).await;
    assert!(within(rosa.search("b")).await.is_ok());
}

#[tokio::test]
async fn after_a_jump_of_the_clock_they_are_noticed_at_once() {
    let server = Server::builder().start().await.unwrap();
    let clock = Arc::new(TokioClock::new());
    let rosa = builder(&server, "330")
        .clock(clock.clone())
        .sign_in()
        .await
        .unwrap();
    let mut events = rosa.events();
    tokio::time::pause();
    server.silence(true);
    let start = Instant::now();
    clock.jump(60_000);
    assert_eq!(lost(&mut events).await, LostReason::Silent);
    let noticed = start.elapsed();
    // At once a probe; a second to see the jump, five for the probe.
    assert!(noticed <= Duration::from_secs(7), "{noticed:?}");
}
