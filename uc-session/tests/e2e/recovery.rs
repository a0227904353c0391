//! Clients that are cut off alone, while others go on.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use uc_model::{Presence, PresenceState, UserId};
use uc_server::{RunningServer, Server};
use uc_session::{Client, ClientBuilder, Connection, Event, Events, LostReason, Trust};

use crate::{
    cable::Cable,
    client::{builder, event, until, within},
};

/// Rosa (330), whose way to the server is `cable`.
fn rosa(server: &RunningServer, cable: &Cable) -> ClientBuilder {
    Client::builder(&cable.address.to_string(), "330")
        .password("demo-330".to_owned())
        .trust(Trust::Pin(server.fingerprint()))
}

async fn bruno(server: &RunningServer) -> Client {
    let bruno = builder(server, "331").null_sound().unwrap();
    within(bruno.sign_in()).await.unwrap()
}

async fn lost(events: &mut Events) {
    event(events, |event| {
        matches!(event, Event::ConnectionLost { .. })
    })
    .await;
}

async fn sets(client: &Client, states: &[PresenceState]) {
    for state in states {
        within(client.set_presence(Presence::of(*state)))
            .await
            .unwrap();
    }
}

/// Everything that is told until the connection is back.
async fn told_until_restored(events: &mut Events) -> Vec<Event> {
    let mut told = Vec::new();
    loop {
        match within(events.next()).await.unwrap() {
            Event::ConnectionRestored => return told,
            other => told.push(other),
        }
    }
}

fn shown(client: &Client) -> impl PartialEq + std::fmt::Debug {
    let view = client.view();
    let presences = view.presences();
    let presences = presences.map(|(user, presence)| (user.clone(), presence.clone()));
    let conversations: Vec<_> = view.conversations().cloned().collect();
    (presences.collect::<Vec<_>>(), conversations)
}

#[tokio::test]
async fn what_a_client_misses_while_only_it_is_cut_off_is_told_once() {
    let server = Server::builder().start().await.unwrap();
    let cable = Cable::to(server.address()).await;
    let (rosa, bruno) = (
        within(rosa(&server, &cable).sign_in()).await.unwrap(),
        bruno(&server).await,
    );
    let mut events = rosa.events();
    cable.cut();
    lost(&mut events).await;
    use PresenceState::{Home, Lunch, Meeting};
    sets(&bruno, &[Lunch, Meeting, Home]).await;
    // Nobody answers: she misses both.
    for _ in 0..2 {
        let call = within(bruno.call("330")).await.unwrap();
        within(call.hang_up()).await.unwrap();
    }
    cable.mend();
    let told = told_until_restored(&mut events).await;
    let presences: Vec<_> = told
        .iter()
        .filter_map(|event| match event {
            Event::Presence { presence, .. } => Some(presence.state),
            _ => None,
        })
        .collect();
    assert_eq!(presences, [Home], "the newest, once");
    let missed: Vec<_> = told
        .iter()
        .filter_map(|event| match event {
            Event::Conversation(conversation) => {
                Some((conversation.entries.len(), conversation.unread))
            }
            _ => None,
        })
        .collect();
    assert_eq!(missed, [(2, 2)], "both calls, once");
    assert_eq!(told.len(), 2, "and nothing else: {told:?}");

    let fresh = within(builder(&server, "330").sign_in()).await.unwrap();
    assert_eq!(shown(&rosa), shown(&fresh));
    sets(&bruno, &[Lunch]).await;
    let next = within(events.next()).await.unwrap();
    assert!(matches!(next, Event::Presence { presence, .. } if presence.state == Lunch));
}

/// How long after the network's return the state is whole, of an outage that lasted `outage`.
async fn whole_after(server: &RunningServer, bruno: &Client, outage: Duration) -> Duration {
    let cable = Cable::to(server.address()).await;
    let rosa = within(rosa(server, &cable).sign_in()).await.unwrap();
    let mut events = rosa.events();
    cable.cut();
    lost(&mut events).await;
    sleep(outage).await;
    let missed = bruno.view();
    cable.mend();
    let returned = Instant::now();
    event(&mut events, |event| *event == Event::ConnectionRestored).await;
    let took = returned.elapsed();
    let user = UserId::new("331").unwrap();
    assert_eq!(rosa.view().presence(&user), missed.presence(&user));
    took
}

#[tokio::test]
async fn after_up_to_fifteen_seconds_the_state_is_whole_within_a_second() {
    let server = Server::builder().start().await.unwrap();
    let bruno = bruno(&server).await;
    let outage = |millis| whole_after(&server, &bruno, Duration::from_millis(millis));
    let change = async {
        sleep(Duration::from_millis(200)).await;
        sets(&bruno, &[PresenceState::Lunch]).await;
    };
    let (short, middle, long, ()) =
        tokio::join!(outage(700), outage(5_300), outage(14_400), change);
    for took in [short, middle, long] {
        assert!(
            took <= Duration::from_secs(1),
            "{short:?} {middle:?} {long:?}"
        );
    }
}

#[tokio::test]
async fn a_dead_connection_is_replaced_within_a_second_of_the_systems_word() {
    let server = Server::builder().start().await.unwrap();
    let cable = Cable::to(server.address()).await;
    let (rosa, bruno) = (
        within(rosa(&server, &cable).sign_in()).await.unwrap(),
        bruno(&server).await,
    );
    let mut events = rosa.events();
    // Another address of this computer, or awake again: the old connections lead nowhere.
    cable.hush();
    sets(&bruno, &[PresenceState::Lunch]).await;
    sleep(Duration::from_millis(300)).await;
    cable.mend();
    assert_eq!(
        rosa.view().connection,
        Connection::Live,
        "nothing has been noticed"
    );
    let word = Instant::now();
    rosa.network_changed();
    let reason = event(&mut events, |event| {
        matches!(event, Event::ConnectionLost { .. })
    })
    .await;
    assert_eq!(
        reason,
        Event::ConnectionLost {
            reason: LostReason::Silent
        }
    );
    event(&mut events, |event| *event == Event::ConnectionRestored).await;
    let took = word.elapsed();
    assert!(took <= Duration::from_secs(1), "{took:?}");
    let user = UserId::new("331").unwrap();
    until(|| rosa.view().presence(&user) == Some(&Presence::of(PresenceState::Lunch))).await;
}

#[tokio::test]
async fn an_event_stream_that_alone_is_dead_is_replaced_at_the_systems_word() {
    let server = Server::builder().start().await.unwrap();
    let cable = Cable::to(server.address()).await;
    let (rosa, bruno) = (
        within(rosa(&server, &cable).sign_in()).await.unwrap(),
        bruno(&server).await,
    );
    let shows =
        |state| rosa.view().presence(&UserId::new("331").unwrap()) == Some(&Presence::of(state));
    sets(&bruno, &[PresenceState::Lunch]).await;
    until(|| shows(PresenceState::Lunch)).await;
    let mut events = rosa.events();
    // Events came to the first connection, which was idle; requests go over the second.
    cable.sever(0);
    sets(&bruno, &[PresenceState::Home]).await;
    within(rosa.search("bruno")).await.unwrap();
    sleep(Duration::from_millis(300)).await;
    assert!(shows(PresenceState::Lunch), "the stream is dead");
    let word = Instant::now();
    rosa.network_changed();
    let is = |event: &Event, wanted| matches!(event, Event::Presence { presence, .. } if presence.state == wanted);
    event(&mut events, |event| is(event, PresenceState::Home)).await;
    let took = word.elapsed();
    assert!(took <= Duration::from_secs(1), "{took:?}");
    // Told once, and the new stream goes on.
    sets(&bruno, &[PresenceState::Office]).await;
    let told = within(events.next()).await.unwrap();
    assert!(is(&told, PresenceState::Office), "{told:?}");
}

#[tokio::test]
async fn a_server_behind_a_proxy_is_reached_and_found_again() {
    let server = Server::builder().start().await.unwrap();
    let proxy = Cable::proxy().await;
    let rosa = builder(&server, "330").proxy(&proxy.address.to_string());
    let rosa = within(rosa.sign_in()).await.unwrap();
    assert!(within(rosa.search("b")).await.is_ok());
    let mut events = rosa.events();
    proxy.cut();
    lost(&mut events).await;
    proxy.mend();
    event(&mut events, |event| *event == Event::ConnectionRestored).await;
    assert!(within(rosa.search("b")).await.is_ok());
}

#[tokio::test]
async fn a_proxy_that_leads_nowhere_is_told_from_a_server_that_is_not_there() {
    use uc_session::{SignInError, port::DialFailure};
    let server = Server::builder().start().await.unwrap();
    let strange = Cable::to(server.address()).await;
    let through = builder(&server, "330").proxy(&strange.address.to_string());
    let told = within(through.sign_in()).await.err();
    let nowhere = SignInError::Unreachable {
        lan: DialFailure::Proxy,
        wan: None,
    };
    assert_eq!(told, Some(nowhere));
}
