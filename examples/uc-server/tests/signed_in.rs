//! Sign-in, snapshot, events, directory and presence over a real connection.

mod client;

use client::{Client, server};
use serde_json::json;
use uc_protocol::ucx::{Event, Hello, PresenceState, SearchResults};

#[tokio::test]
async fn hello_needs_no_session() {
    let server = server().await;
    let mut client = Client::connect(server.address()).await;
    let hello: Hello = client.get("/uc/v1/hello").await.resource(200);
    assert_eq!(hello.ucx, [1]);
    assert!(hello.configuration.voip);
}

#[tokio::test]
async fn everything_else_needs_one() {
    let server = server().await;
    let mut client = Client::connect(server.address()).await;
    for path in [
        "snapshot",
        "events",
        "directory?q=a",
        "conversations",
        "calls/1",
    ] {
        let answer = client.get(&format!("/uc/v1/{path}")).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (401, "not-signed-in"),
            "{path}"
        );
    }
    client.token = Some("guess".into());
    assert_eq!(
        client.get("/uc/v1/snapshot").await.problem(),
        "not-signed-in"
    );
    assert_eq!(
        client.post("/uc/v1/calls", json!({})).await.problem(),
        "not-signed-in"
    );
}

#[tokio::test]
async fn a_signed_in_user_sees_themselves_and_everybodys_presence() {
    let server = server().await;
    let mut client = Client::signed_in(&server, "330").await;
    let snapshot = client.snapshot().await;
    assert_eq!(snapshot.me.extension, "330");
    assert_eq!(snapshot.presences.len(), 12);
    assert!(
        snapshot
            .presences
            .iter()
            .all(|p| p.state == PresenceState::Office)
    );
    assert!(snapshot.calls.is_empty() && snapshot.conversations.is_empty());
}

#[tokio::test]
async fn wrong_passwords_lock_the_account_until_it_is_unlocked() {
    let server = server().await;
    let mut client = Client::connect(server.address()).await;
    for _ in 0..4 {
        assert_eq!(
            client.sign_in("330", "wrong").await.problem(),
            "bad-credentials"
        );
    }
    assert_eq!(
        client.sign_in("330", "demo-330").await.status,
        201,
        "the count starts anew"
    );
    for _ in 0..5 {
        assert_eq!(
            client.sign_in("330", "wrong").await.problem(),
            "bad-credentials"
        );
    }
    assert_eq!(
        client.sign_in("330", "demo-330").await.problem(),
        "account-locked"
    );
    server.unlock("330").await.unwrap();
    assert_eq!(client.sign_in("330", "demo-330").await.status, 201);
}

#[tokio::test]
async fn unknown_users_and_locked_accounts_are_refused() {
    let server = server().await;
    let mut client = Client::connect(server.address()).await;
    assert_eq!(
        client.sign_in("999", "demo-999").await.problem(),
        "bad-credentials"
    );
    assert_eq!(
        client.sign_in("341", "demo-341").await.problem(),
        "account-locked"
    );
}

#[tokio::test]
async fn a_presence_change_reaches_colleagues_and_the_users_other_clients() {
    let server = server().await;
    let mut one = Client::signed_in(&server, "330").await;
    let other_client = Client::signed_in(&server, "330").await;
    let colleague = Client::signed_in(&server, "331").await;
    let streams = [
        other_client.events(None).await,
        colleague.events(None).await,
    ];
    let update = json!({"state": "meeting", "until": 4_000_000_000_000_i64, "note": "room 7"});
    assert_eq!(one.put("/uc/v1/me/presence", update).await.status, 200);
    for mut events in streams {
        let Some(Event::Presence(presence)) = events.next().await else {
            panic!("no presence");
        };
        assert_eq!(presence.user, "330");
        assert_eq!(presence.state, PresenceState::Meeting);
        assert_eq!(presence.note.as_deref(), Some("room 7"));
    }
    let snapshot = one.snapshot().await;
    assert_eq!(snapshot.presences[0].rev, snapshot.as_of.number);
}

#[tokio::test]
async fn presences_that_make_no_sense_are_refused() {
    let server = server().await;
    let mut client = Client::signed_in(&server, "330").await;
    for update in [
        json!({"state": "invisible"}),
        json!({"state": "office", "until": 1}),
        json!({"state": "break", "note": "x".repeat(2000)}),
    ] {
        let answer = client.put("/uc/v1/me/presence", update).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (422, "refused-value")
        );
    }
}

#[tokio::test]
async fn the_directory_is_searched_by_first_letters() {
    let server = server().await;
    let mut client = Client::signed_in(&server, "330").await;
    let found: SearchResults = client.get("/uc/v1/directory?q=bir").await.resource(200);
    assert_eq!(found.contacts.len(), 1);
    assert_eq!(found.contacts[0].user.as_deref(), Some("331"));
    let folded: SearchResults = client.get("/uc/v1/directory?q=laerche").await.resource(200);
    assert_eq!(folded.contacts[0].user.as_deref(), Some("337"));
    let some: SearchResults = client
        .get("/uc/v1/directory?q=33&limit=5")
        .await
        .resource(200);
    assert_eq!((some.contacts.len(), some.more), (5, true));
    let none: SearchResults = client.get("/uc/v1/directory?q=").await.resource(200);
    assert_eq!((none.contacts.len(), none.more), (0, false));
    assert_eq!(
        client.get("/uc/v1/directory?q=a&limit=0").await.problem(),
        "refused-value"
    );
}

#[tokio::test]
async fn signing_out_ends_the_sessions_streams_and_only_those() {
    let server = server().await;
    let mut one = Client::signed_in(&server, "330").await;
    let mut other = Client::signed_in(&server, "330").await;
    let mut events = one.events(None).await;
    assert_eq!(one.delete("/uc/v1/session").await.status, 204);
    assert_eq!(events.next().await, Some(Event::SessionEnded));
    assert_eq!(events.next().await, None);
    assert_eq!(one.get("/uc/v1/snapshot").await.problem(), "not-signed-in");
    assert_eq!(other.get("/uc/v1/snapshot").await.status, 200);
}
