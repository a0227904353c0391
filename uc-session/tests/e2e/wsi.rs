//! A client of WSI and one of UCX at the same server.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use uc_model::{Capability, FailureCause, Presence, PresenceState, UserId};
use uc_protocol::wsi::Name;
use uc_server::{RunningServer, Server};
use uc_session::{
    CallError, Client, ClientBuilder, Connection, Event, ServiceError, SignInError, Trust,
    WsiBackend, port::BackendError,
};

use crate::{
    client::{builder, event, until, within},
    rogue::{Heard, Rogue, Say},
};

async fn server() -> RunningServer {
    Server::builder().desk_phones(true).start().await.unwrap()
}

fn over_wsi(server: &RunningServer, user: &str) -> ClientBuilder {
    builder(server, user).backend(Arc::new(WsiBackend::default()))
}

/// 330 over WSI, 331 over UCX.
async fn rosa_and_bruno(server: &RunningServer) -> (Client, Client) {
    let rosa = within(over_wsi(server, "330").sign_in()).await.unwrap();
    let bruno = within(builder(server, "331").sign_in()).await.unwrap();
    (rosa, bruno)
}

async fn sees(client: &Client, user: &str, state: PresenceState) {
    let user = UserId::new(user).unwrap();
    let presence = Presence::of(state);
    until(|| client.view().presence(&user) == Some(&presence)).await;
}

#[tokio::test]
async fn each_sees_the_others_presence() {
    let server = server().await;
    let (rosa, bruno) = rosa_and_bruno(&server).await;
    within(rosa.set_presence(Presence::of(PresenceState::Meeting)))
        .await
        .unwrap();
    within(bruno.set_presence(Presence::of(PresenceState::Lunch)))
        .await
        .unwrap();
    for client in [&rosa, &bruno] {
        sees(client, "330", PresenceState::Meeting).await;
        sees(client, "331", PresenceState::Lunch).await;
    }
}

#[tokio::test]
async fn a_call_of_desk_phones_is_the_same_on_both_sides() {
    let server = server().await;
    let (rosa, bruno) = rosa_and_bruno(&server).await;
    let outgoing = within(rosa.call("331")).await.unwrap();
    let incoming = within(bruno.incoming()).await.unwrap();
    within(incoming.answer()).await.unwrap();
    within(outgoing.connected()).await.unwrap();
    within(incoming.hold()).await.unwrap();
    within(incoming.retrieve()).await.unwrap();
    within(outgoing.hold()).await.unwrap();
    within(outgoing.retrieve()).await.unwrap();
    within(outgoing.hang_up()).await.unwrap();
    assert_eq!(within(incoming.ended()).await, Some(FailureCause::Normal));

    let outgoing = within(bruno.call("330")).await.unwrap();
    let incoming = within(rosa.incoming()).await.unwrap();
    within(incoming.reject()).await.unwrap();
    assert_eq!(within(outgoing.ended()).await, Some(FailureCause::Rejected));
    until(|| rosa.calls().is_empty() && bruno.calls().is_empty()).await;
}

#[tokio::test]
async fn what_wsi_lacks_is_absent_and_refused() {
    let server = server().await;
    let (rosa, bruno) = rosa_and_bruno(&server).await;
    let (has, lacks) = (rosa.capabilities(), bruno.capabilities());
    for capability in [Capability::VoipCalls, Capability::Conversations] {
        assert!(!has.has(capability) && lacks.has(capability));
    }
    for capability in [
        Capability::Presence,
        Capability::DirectorySearch,
        Capability::Hold,
    ] {
        assert!(has.has(capability));
    }
    let away = Presence {
        note: Some("back soon".to_owned().into()),
        ..Presence::of(PresenceState::Break)
    };
    let refused = within(rosa.set_presence(away)).await.unwrap_err();
    assert_eq!(refused, ServiceError::Backend(BackendError::Unsupported));
    let nobody = within(rosa.call("999")).await.unwrap_err();
    assert_eq!(nobody, CallError::Ended(FailureCause::NoSuchNumber));
}

#[tokio::test]
async fn a_colleague_is_found_in_the_telephone_book() {
    let server = server().await;
    let (rosa, _bruno) = rosa_and_bruno(&server).await;
    let found = within(rosa.search("lär")).await.unwrap();
    assert_eq!(found.contacts[0].user, UserId::new("337").ok());
    assert_eq!(found.contacts[0].last_name.expose(), "Lärche");
}

#[tokio::test]
async fn a_cut_is_restored_and_what_was_missed_is_fetched() {
    let server = server().await;
    let (rosa, bruno) = rosa_and_bruno(&server).await;
    let mut events = rosa.events();
    server.cut_connections();
    within(bruno.set_presence(Presence::of(PresenceState::Home)))
        .await
        .ok();
    event(&mut events, |e| matches!(e, Event::ConnectionRestored)).await;
    until(|| matches!(bruno.view().connection, Connection::Live)).await;
    within(bruno.set_presence(Presence::of(PresenceState::Sick)))
        .await
        .unwrap();
    sees(&rosa, "331", PresenceState::Sick).await;
}

#[tokio::test]
async fn a_refused_sign_in_names_every_reason_that_there_can_be() {
    let server = server().await;
    let wrong = over_wsi(&server, "330").password("wrong".to_owned());
    // 341 is locked.
    for refused in [wrong, over_wsi(&server, "341")] {
        let refused = within(refused.sign_in()).await.unwrap_err();
        assert_eq!(refused, SignInError::Backend(BackendError::SignInRefused));
        for reason in ["password", "locked", "licence"] {
            assert!(refused.to_string().contains(reason), "{refused}");
        }
    }
}

#[tokio::test]
async fn a_client_finds_out_that_a_server_speaks_wsi_alone() {
    let server = Server::builder().desk_phones(true).ucx(false);
    let server = server.start().await.unwrap();
    let rosa = within(builder(&server, "330").sign_in()).await.unwrap();
    let bruno = within(builder(&server, "331").sign_in()).await.unwrap();
    assert!(!rosa.capabilities().has(Capability::VoipCalls));
    within(rosa.call("331")).await.unwrap();
    within(within(bruno.incoming()).await.unwrap().answer())
        .await
        .unwrap();
    within(rosa.sign_out()).await;
}

/// A server that tells no more than was ever seen of a real one.
fn terse(heard: &Heard) -> Say {
    let asked = |command: &str| heard.path.contains(&format!("cmd={command}"));
    let answer = if heard.path.starts_with("/cgi-bin/gadgetapi/GetEvents") {
        return match heard.path.contains("deviceObject=330&gsSession=3b06a3af") {
            true => Say::Nothing,
            false => Say::Json(200, "<GetEvents local=\"false\"/>".into()),
        };
    } else if asked("Login") {
        "<LOGIN><ID>3b06a3af</ID><CNT>1</CNT></LOGIN>"
    } else if asked("EventStart") {
        "<EVENTSTART/>"
    } else if asked("GetServerParam") {
        "<ERROR><REASON>NOT_LOGGED_IN</REASON></ERROR>"
    } else if asked("GetPresenceXML") {
        "<PRESENCES><USER><ID>331</ID><PRESENCE>8</PRESENCE></USER></PRESENCES>"
    } else if asked("GetDeviceState") {
        "<STATE><call><callID>17</callID><callingDevice>331</callingDevice>\
         <calledDevice>330</calledDevice><localConnectionInfo>alerting</localConnectionInfo>\
         <farConnectionInfo>initiated</farConnectionInfo></call></STATE>"
    } else {
        return Say::Raw(b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n".to_vec());
    };
    Say::Json(200, answer.into())
}

fn at(rogue: &Rogue) -> ClientBuilder {
    Client::builder(&rogue.address.to_string(), "330")
        .password("canary-password".to_owned())
        .trust(Trust::Pin(rogue.sha256))
}

#[tokio::test]
async fn an_event_without_a_call_makes_the_client_ask_how_things_stand() {
    let (polls, rings) = (AtomicUsize::new(0), AtomicBool::new(false));
    let rogue = Rogue::start(move |heard: &Heard| {
        if heard.path.contains("GetDeviceState") && !rings.load(Ordering::SeqCst) {
            return Say::Json(200, "<GetDeviceState/>".into());
        }
        if heard.path.contains("/GetEvents") && polls.fetch_add(1, Ordering::SeqCst) == 1 {
            rings.store(true, Ordering::SeqCst);
            let bare = r#"{"events":[{"type":"DeliveredEvent","deviceID":"330"}]}"#;
            return Say::Json(200, bare.into());
        }
        match terse(heard) {
            Say::Nothing if polls.load(Ordering::SeqCst) == 1 => Say::Json(200, String::new()),
            say => say,
        }
    })
    .await;
    let client = within(at(&rogue).sign_in()).await.unwrap();
    let incoming = within(client.incoming()).await.unwrap();
    assert_eq!(incoming.id().as_str(), "17");
    sees(&client, "331", PresenceState::Home).await;
}

#[tokio::test]
async fn a_session_that_has_died_is_made_again_with_the_kept_password() {
    let logins = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&logins);
    let rogue = Rogue::start(move |heard: &Heard| {
        if heard.path.contains("cmd=Login") {
            count.fetch_add(1, Ordering::SeqCst);
        }
        if heard.path.contains("/GetEvents") && count.load(Ordering::SeqCst) == 1 {
            return Say::Json(
                200,
                "<GetEvents><REASON>NOT_LOGGED_IN</REASON></GetEvents>".into(),
            );
        }
        terse(heard)
    })
    .await;
    let client = within(at(&rogue).sign_in()).await.unwrap();
    until(|| logins.load(Ordering::SeqCst) == 2).await;
    until(|| matches!(client.view().connection, Connection::Live)).await;
}

#[tokio::test]
async fn dropping_the_client_closes_the_long_poll() {
    let rogue = Rogue::start(terse).await;
    let client = within(at(&rogue).sign_in()).await.unwrap();
    drop(client);
    within(rogue.deserted()).await;
}

#[tokio::test]
async fn a_diagnosis_can_say_what_was_assumed() {
    let server = server().await;
    let backend = Arc::new(WsiBackend::default());
    assert_eq!(backend.relied_on(), []);
    let rosa = builder(&server, "330").backend(Arc::clone(&backend) as _);
    let _rosa = within(rosa.sign_in()).await.unwrap();
    let assumed = backend.relied_on();
    assert!(assumed.contains(&Name::StateDevice) && assumed.contains(&Name::PresencePerson));
    assert!(!assumed.contains(&Name::CallToBeHeld), "no call was held");
}

#[tokio::test]
async fn some_other_web_server_gets_no_password() {
    let heard_secret = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&heard_secret);
    let rogue = Rogue::start(move |heard: &Heard| {
        let all = [&heard.path, &heard.head, &heard.body];
        if all.iter().any(|part| part.contains("canary")) {
            flag.store(true, Ordering::SeqCst);
        }
        match heard.path.starts_with("/uc/") {
            true => Say::Raw(b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n".to_vec()),
            false => Say::Json(200, "<html><br>It works!</html>".into()),
        }
    })
    .await;
    let refused = within(at(&rogue).sign_in()).await.unwrap_err();
    assert_eq!(refused, SignInError::Backend(BackendError::NoUcx));
    assert!(!heard_secret.load(Ordering::SeqCst));
}
