//! Sign-in, search, presence and calls through the public API, against the server in memory.

use std::sync::Arc;

use uc_model::{ConnectionState, FailureCause, Presence, PresenceState, UserId};
use uc_session::{
    CallError, Client, Event, SignInError, Sound, Trust,
    fake::{FakeServer, NullMediaEngine, TokioClock},
};

fn server() -> FakeServer {
    FakeServer::new()
        .with_user("330", "secret", "Ada", "Lovelace")
        .with_user("331", "secret", "Grace", "Hopper")
}

async fn sign_in(server: &FakeServer, user: &str) -> Client {
    sign_in_with(server, user, &NullMediaEngine::default())
        .await
        .unwrap()
}

async fn sign_in_with(
    server: &FakeServer,
    user: &str,
    engine: &NullMediaEngine,
) -> Result<Client, SignInError> {
    Client::builder("uc.example", user)
        .password("secret".to_owned())
        .trust(Trust::AcceptFirst)
        .backend(server.backend())
        .media(Arc::new(engine.clone()))
        .clock(Arc::new(TokioClock::new()))
        .sign_in()
        .await
}

#[tokio::test(start_paused = true)]
async fn a_colleague_is_found_by_the_first_letters_and_her_presence_is_seen() {
    let server = server();
    let (ada, grace) = (sign_in(&server, "330").await, sign_in(&server, "331").await);
    let found = ada.search("gr").await.unwrap();
    assert_eq!(found.contacts.len(), 1);
    let user = found.contacts[0].user.clone().unwrap();

    let mut events = ada.events();
    let presence = Presence {
        state: PresenceState::Lunch,
        until: None,
        note: None,
    };
    grace.set_presence(presence.clone()).await.unwrap();
    let event = events.next().await.unwrap();
    assert_eq!(
        event,
        Event::Presence {
            user: user.clone(),
            presence: presence.clone()
        }
    );
    assert_eq!(ada.view().presence(&user), Some(&presence));
    assert_eq!(grace.view().presence(&user), Some(&presence));
}

#[tokio::test(start_paused = true)]
async fn a_call_rings_is_answered_held_retrieved_and_ended() {
    let server = server();
    let (ada, grace) = (sign_in(&server, "330").await, sign_in(&server, "331").await);
    let outgoing = ada.call("331").await.unwrap();
    let incoming = grace.incoming().await.unwrap();
    assert_eq!(incoming.state().local, ConnectionState::Alerting);
    incoming.answer().await.unwrap();
    incoming.connected().await.unwrap();
    outgoing.connected().await.unwrap();
    assert_eq!(outgoing.status().sound, Sound::Connected);

    outgoing.hold().await.unwrap();
    assert_eq!(outgoing.state().local, ConnectionState::Hold);
    while incoming.state().remote.state != ConnectionState::Hold {
        incoming.changed(&incoming.status()).await.unwrap();
    }
    outgoing.retrieve().await.unwrap();
    assert_eq!(outgoing.state().local, ConnectionState::Connected);

    incoming.hang_up().await.unwrap();
    assert_eq!(outgoing.ended().await, Some(FailureCause::Normal));
    assert_eq!(incoming.ended().await, Some(FailureCause::Normal));
    assert_eq!(server.open_calls(), 0);
    let other = UserId::new("331").unwrap();
    assert!(ada.view().presence(&other).is_some());
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    assert_eq!(ada.view().conversations().len(), 1);
    assert_eq!(grace.view().conversations().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_number_nobody_has_fails_with_its_cause() {
    let server = server();
    let ada = sign_in(&server, "330").await;
    let error = ada.call("999").await.unwrap_err();
    assert_eq!(error, CallError::Ended(FailureCause::NoSuchNumber));
}
