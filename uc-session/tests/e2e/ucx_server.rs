//! The UCX backend at the embedded server.

use uc_model::{
    Capability, DeviceKind, FailureCause, PhoneNumber, Presence, PresenceState, UserId,
};
use uc_server::{RunningServer, Server, Storage};
use uc_session::port::{
    BackendError, BackendEvent, CallUpdate, Candidates, Cursor, DescriptionKind, Operation,
    Outcome, RequestKey, ServerChange, Service, SessionDescription, SignedIn,
};

use crate::{
    party::{LINK, Party},
    place::empty_place,
};

async fn party_of(server: &RunningServer, user: &str) -> Party {
    let party = Party::new();
    party.dial(server.address()).await.unwrap();
    sign_in(&party, user).await;
    party
}

async fn sign_in(party: &Party, user: &str) -> SignedIn {
    match party.sign_in(user, &format!("demo-{user}")).await {
        Ok(Outcome::SignedIn(signed_in)) => signed_in,
        other => panic!("not signed in: {other:?}"),
    }
}

fn at_lunch() -> Presence {
    Presence {
        state: PresenceState::Lunch,
        until: None,
        note: None,
    }
}

fn description(kind: DescriptionKind, generation: u32) -> SessionDescription {
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 127.0.0.1\r\na=mid:0\r\na=rtcp-mux\r\n\
        a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=setup:actpass\r\n\
        a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:\
        00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\na=rtpmap:111 opus/48000/2\r\n\
        a=sendrecv\r\n";
    SessionDescription {
        generation,
        kind,
        sdp: sdp.to_owned().into(),
    }
}

fn make_call(to: &str, key: &str) -> Service {
    Service::MakeCall {
        to: PhoneNumber::new(to).unwrap(),
        device: DeviceKind::Voip,
        description: Some(description(DescriptionKind::Offer, 1)),
        key: RequestKey(key.into()),
    }
}

fn call(outcome: Result<Outcome, BackendError>) -> CallUpdate {
    match outcome {
        Ok(Outcome::Call(update)) => *update,
        other => panic!("no call: {other:?}"),
    }
}

#[tokio::test]
async fn a_sign_in_tells_who_and_what_can_be_done() {
    let server = Server::builder().start().await.unwrap();
    let party = Party::new();
    let Ok(Outcome::Dialed(certificate)) = party.dial(server.address()).await else {
        panic!("no certificate");
    };
    assert_eq!(certificate.sha256, server.fingerprint());
    let signed_in = sign_in(&party, "330").await;
    assert_eq!(signed_in.user, UserId::new("330").unwrap());
    assert_eq!(signed_in.name.expose(), "Rosa Ahorn");
    for capability in [
        Capability::Presence,
        Capability::DirectorySearch,
        Capability::Conversations,
        Capability::VoipCalls,
        Capability::Hold,
    ] {
        assert!(signed_in.capabilities.has(capability), "{capability:?}");
    }
    assert!(!signed_in.capabilities.has(Capability::Conferences));
}

#[tokio::test]
async fn wrong_passwords_are_refused_and_at_last_lock_the_account() {
    let server = Server::builder().start().await.unwrap();
    let party = Party::new();
    party.dial(server.address()).await.unwrap();
    assert_eq!(
        party.sign_in("330", "wrong").await,
        Err(BackendError::BadCredentials)
    );
    assert_eq!(
        party.sign_in("nobody", "wrong").await,
        Err(BackendError::BadCredentials)
    );
    let mut refused = BackendError::BadCredentials;
    for _ in 0..20 {
        refused = party.sign_in("330", "wrong").await.unwrap_err();
    }
    assert_eq!(refused, BackendError::AccountLocked);
    server.unlock("330").await.unwrap();
    sign_in(&party, "330").await;
}

#[tokio::test]
async fn a_change_of_presence_reaches_the_other_and_stands_in_the_snapshot() {
    let server = Server::builder().start().await.unwrap();
    let (rosa, bruno) = (
        party_of(&server, "330").await,
        party_of(&server, "331").await,
    );
    assert_eq!(rosa.subscribe(None).await, Ok(Outcome::Subscribed));
    let Ok(Outcome::Presence(own)) = bruno.ask(Service::SetPresence(at_lunch())).await else {
        panic!("not set");
    };
    assert_eq!(own.presence, at_lunch());
    let (cursor, change) = rosa.next_change().await;
    let ServerChange::Presence(seen) = change else {
        panic!("no presence");
    };
    assert_eq!((seen.user.as_str(), &seen.presence), ("331", &at_lunch()));
    let state = rosa.snapshot().await;
    assert_eq!(state.as_of, cursor);
    assert!(state.presences.contains(&seen));
}

#[tokio::test]
async fn a_search_by_first_letters_finds_the_colleague() {
    let server = Server::builder().start().await.unwrap();
    let rosa = party_of(&server, "330").await;
    let Ok(Outcome::Found { contacts, more }) = rosa.search("bru bi").await else {
        panic!("nothing found");
    };
    let users: Vec<_> = contacts.iter().filter_map(|c| c.user.as_ref()).collect();
    assert_eq!(users, [&UserId::new("331").unwrap()]);
    assert!(!more);
}

#[tokio::test]
async fn the_same_key_is_the_same_call_also_over_another_link() {
    let server = Server::builder().start().await.unwrap();
    let rosa = party_of(&server, "330").await;
    let _bruno = party_of(&server, "331").await;
    let first = call(rosa.ask(make_call("331", "key-1")).await);
    rosa.close().await;
    rosa.dial(server.address()).await.unwrap();
    assert_eq!(
        rosa.execute(Operation::Resume { link: LINK }).await,
        Ok(Outcome::Done)
    );
    let again = call(rosa.ask(make_call("331", "key-1")).await);
    assert_eq!(first.call.id, again.call.id);
    assert_eq!(rosa.snapshot().await.calls.len(), 1);
}

#[tokio::test]
async fn every_service_of_a_call_is_carried_out_and_seen_by_the_other() {
    let server = Server::builder().start().await.unwrap();
    let (rosa, bruno) = (
        party_of(&server, "330").await,
        party_of(&server, "331").await,
    );
    bruno.subscribe(None).await.unwrap();
    rosa.subscribe(None).await.unwrap();
    let out = call(rosa.ask(make_call("331", "key-1")).await).call.id;
    let rings = bruno.next_call().await;
    assert_eq!(
        rings.description,
        Some(description(DescriptionKind::Offer, 1))
    );
    let here = rings.call.id.clone();
    let answer = Some(description(DescriptionKind::Answer, 1));
    let answered = bruno
        .ask(Service::Answer {
            call: here.clone(),
            description: answer,
        })
        .await;
    assert!(call(answered).carried_here);
    let candidates = Candidates {
        generation: 1,
        candidates: vec!["candidate:1 1 udp 1 127.0.0.1 9 typ host".into()],
        complete: true,
    };
    let trickle = Service::Candidates {
        call: here.clone(),
        candidates: candidates.clone(),
    };
    assert_eq!(bruno.ask(trickle).await, Ok(Outcome::Done));
    while rosa.next_call().await.candidates != Some(candidates.clone()) {}
    let held = call(rosa.ask(Service::Hold { call: out.clone() }).await);
    assert_eq!(held.call.local, uc_model::ConnectionState::Hold);
    let retrieved = call(rosa.ask(Service::Retrieve { call: out.clone() }).await);
    assert_eq!(retrieved.call.local, uc_model::ConnectionState::Connected);
    let again = description(DescriptionKind::Offer, 2);
    let describe = Service::Describe {
        call: out.clone(),
        description: again.clone(),
    };
    call(rosa.ask(describe).await);
    while bruno.next_call().await.description != Some(again.clone()) {}
    let over = call(
        rosa.ask(Service::Clear {
            call: out,
            cause: None,
        })
        .await,
    );
    assert!(over.call.is_over());
    while !bruno.next_call().await.call.is_over() {}
    let (_, change) = bruno.next_change().await;
    assert!(matches!(change, ServerChange::Conversation(c) if c.entries.len() == 1));
}

#[tokio::test]
async fn a_number_nobody_has_says_so() {
    let server = Server::builder().start().await.unwrap();
    let rosa = party_of(&server, "330").await;
    let failed = rosa.ask(make_call("999", "key-1")).await;
    assert_eq!(
        failed,
        Err(BackendError::CallFailed(FailureCause::NoSuchNumber))
    );
}

#[tokio::test]
async fn after_a_cut_the_session_goes_on_where_the_events_stopped() {
    let server = Server::builder().start().await.unwrap();
    let (rosa, bruno) = (
        party_of(&server, "330").await,
        party_of(&server, "331").await,
    );
    rosa.subscribe(None).await.unwrap();
    let cursor = rosa.snapshot().await.as_of;
    server.cut_connections();
    let ended = rosa.sink.next().await;
    assert!(
        matches!(
            ended,
            BackendEvent::StreamEnded(BackendError::Broken { .. })
        ),
        "{ended:?}"
    );
    bruno.ask(Service::SetPresence(at_lunch())).await.unwrap();
    rosa.close().await;
    rosa.dial(server.address()).await.unwrap();
    assert_eq!(
        rosa.execute(Operation::Resume { link: LINK }).await,
        Ok(Outcome::Done)
    );
    rosa.subscribe(Some(&cursor)).await.unwrap();
    let (_, change) = rosa.next_change().await;
    assert!(matches!(change, ServerChange::Presence(seen) if seen.presence == at_lunch()));
}

#[tokio::test]
async fn a_place_the_server_does_not_know_is_answered_by_a_reset() {
    let server = Server::builder().start().await.unwrap();
    let rosa = party_of(&server, "330").await;
    rosa.subscribe(Some(&Cursor("elsewhere-7".into())))
        .await
        .unwrap();
    assert!(matches!(rosa.sink.next().await, BackendEvent::Reset { .. }));
}

#[tokio::test]
async fn a_server_that_forgot_its_sessions_wants_the_password_again() {
    let server = Server::builder().start().await.unwrap();
    let (listen, rosa) = (server.address(), party_of(&server, "330").await);
    server.kill().await;
    let dialed = rosa.dial(listen).await;
    let refused = uc_session::port::DialFailure::Refused;
    assert_eq!(dialed, Err(BackendError::Dial(refused)));
    let server = Server::builder().listen(listen).start().await.unwrap();
    rosa.dial(server.address()).await.unwrap();
    let resumed = rosa.execute(Operation::Resume { link: LINK }).await;
    assert_eq!(resumed, Err(BackendError::NotSignedIn));
    sign_in(&rosa, "330").await;
    assert!(rosa.search("b").await.is_ok());
}

#[tokio::test]
async fn a_durable_server_takes_session_and_events_up_again() {
    let place = empty_place("a_durable_server");
    let durable = || Server::builder().storage(Storage::Directory(place.clone()));
    let server = durable().start().await.unwrap();
    let (listen, rosa) = (server.address(), party_of(&server, "330").await);
    let cursor = rosa.snapshot().await.as_of;
    server.kill().await;
    let server = durable().listen(listen).start().await.unwrap();
    let bruno = party_of(&server, "331").await;
    bruno.ask(Service::SetPresence(at_lunch())).await.unwrap();
    rosa.dial(server.address()).await.unwrap();
    assert_eq!(
        rosa.execute(Operation::Resume { link: LINK }).await,
        Ok(Outcome::Done)
    );
    rosa.subscribe(Some(&cursor)).await.unwrap();
    let (_, change) = rosa.next_change().await;
    assert!(matches!(change, ServerChange::Presence(seen) if seen.presence == at_lunch()));
}

#[tokio::test]
async fn a_sign_out_ends_the_session() {
    let server = Server::builder().start().await.unwrap();
    let rosa = party_of(&server, "330").await;
    assert_eq!(
        rosa.execute(Operation::SignOut { link: LINK }).await,
        Ok(Outcome::Done)
    );
    assert_eq!(rosa.search("b").await, Err(BackendError::NotSignedIn));
    let resumed = rosa.execute(Operation::Resume { link: LINK }).await;
    assert_eq!(resumed, Err(BackendError::NotSignedIn));
}

#[tokio::test]
async fn a_link_keeps_to_the_certificate_it_was_dialled_with() {
    let server = Server::builder().start().await.unwrap();
    let (listen, rosa) = (server.address(), party_of(&server, "330").await);
    server.kill().await;
    let other = Server::builder().listen(listen).start().await.unwrap();
    assert_eq!(
        rosa.search("b").await,
        Err(BackendError::CertificateChanged)
    );
    drop(other);
}
