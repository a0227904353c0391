//! Calls between two clients over real connections.

mod client;

use client::{Client, answer, make_call, offer, server};
use serde_json::json;
use uc_protocol::ucx::{
    Cause, ConnectionState, ConversationList, Description, DescriptionKind, Event,
};

#[tokio::test]
async fn a_call_from_ring_to_history() {
    let server = server().await;
    let mut caller = Client::signed_in(&server, "330").await;
    let mut callee = Client::signed_in(&server, "331").await;
    let (mut at_caller, mut at_callee) = (caller.events(None).await, callee.events(None).await);

    let placed = caller.call("331").await;
    assert_eq!(placed.remote, ConnectionState::Alerting);
    let ringing = at_callee.call().await;
    assert_eq!(ringing.local, ConnectionState::Alerting);
    assert_eq!(
        ringing.description.map(|d| d.kind),
        Some(DescriptionKind::Offer)
    );

    let taken = callee
        .service(&ringing.id, "answer", answer(1))
        .await
        .call();
    assert!(taken.carried_here);
    assert_eq!(at_caller.call().await.remote, ConnectionState::Alerting);
    let connected = at_caller.call().await;
    assert_eq!(connected.local, ConnectionState::Connected);
    let Some(Description {
        generation: 1,
        kind: DescriptionKind::Answer,
        ..
    }) = connected.description
    else {
        panic!("no answer reached the caller");
    };

    let held = caller.service(&placed.id, "hold", json!({})).await.call();
    assert_eq!(held.local, ConnectionState::Hold);
    let again = caller.service(&placed.id, "hold", json!({})).await;
    assert_eq!(
        (again.status, again.problem().as_str()),
        (409, "wrong-state")
    );
    let further = json!({"description": offer(2)});
    caller
        .service(&placed.id, "description", further.clone())
        .await
        .call();
    let glare = callee.service(&ringing.id, "description", further).await;
    assert_eq!((glare.status, glare.problem().as_str()), (409, "glare"));
    let candidates = json!({"generation": 2, "candidates": ["candidate:1"], "complete": true});
    let trickled = caller.service(&placed.id, "candidates", candidates).await;
    assert_eq!((trickled.status, trickled.body.len()), (204, 0));
    callee
        .service(&ringing.id, "description", answer(2))
        .await
        .call();
    caller
        .service(&placed.id, "retrieve", json!({}))
        .await
        .call();

    let over = callee.service(&ringing.id, "clear", json!({})).await.call();
    assert_eq!(
        (over.local, over.cause),
        (ConnectionState::Null, Some(Cause::Normal))
    );
    for client in [&mut caller, &mut callee] {
        let list: ConversationList = client.get("/uc/v1/conversations").await.resource(200);
        assert_eq!(list.conversations.len(), 1);
        assert!(client.snapshot().await.calls.is_empty());
    }
}

#[tokio::test]
async fn a_call_that_is_answered_elsewhere_ends_at_the_other_clients() {
    let server = server().await;
    let mut caller = Client::signed_in(&server, "330").await;
    let mut one = Client::signed_in(&server, "331").await;
    let other = Client::signed_in(&server, "331").await;
    let mut at_other = other.events(None).await;
    caller.call("331").await;
    let ringing = at_other.call().await;
    one.service(&ringing.id, "answer", answer(1)).await.call();
    let ended = at_other.call().await;
    assert_eq!(ended.local, ConnectionState::Null);
    assert_eq!(ended.cause, Some(Cause::AnsweredElsewhere));
    one.service(&ringing.id, "clear", json!({})).await.call();
    let mut next = at_other.next().await;
    while matches!(next, Some(Event::Presence(_))) {
        next = at_other.next().await;
    }
    assert!(matches!(next, Some(Event::Conversation(_))), "{next:?}");
}

#[tokio::test]
async fn calls_that_cannot_be_connected_say_why() {
    let server = server().await;
    let mut caller = Client::signed_in(&server, "330").await;
    for (to, cause) in [("999", Cause::NoSuchNumber), ("331", Cause::Unreachable)] {
        let failed = caller.post("/uc/v1/calls", make_call(to)).await;
        assert_eq!(
            (failed.status, failed.problem().as_str()),
            (422, "call-failed")
        );
        let problem: uc_protocol::ucx::Problem = failed.resource(422);
        assert_eq!(problem.cause, Some(cause));
    }
    let own = caller.post("/uc/v1/calls", make_call("330")).await;
    assert_eq!(own.problem(), "refused-value");
    let desk = json!({"to": "331", "device": "desk_phone"});
    let answer = caller.post("/uc/v1/calls", desk).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (501, "unsupported")
    );
}

#[tokio::test]
async fn the_same_request_with_the_same_key_makes_one_call() {
    let server = server().await;
    let mut caller = Client::signed_in(&server, "330").await;
    let mut callee = Client::signed_in(&server, "331").await;
    let body = make_call("331").to_string().into_bytes();
    let key = [("idempotency-key", "8e03978e-40d5-43dd-bc93-6894a57f9324")];
    let first = caller
        .send("POST", "/uc/v1/calls", body.clone(), &key)
        .await;
    let mut elsewhere = caller.again(server.address()).await;
    let again = elsewhere
        .send("POST", "/uc/v1/calls", body.clone(), &key)
        .await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body, again.body);
    assert_eq!(callee.snapshot().await.calls.len(), 1);

    let other = make_call("332").to_string().into_bytes();
    let misused = caller.send("POST", "/uc/v1/calls", other, &key).await;
    assert_eq!(misused.problem(), "refused-value");
    let other_user = callee.send("POST", "/uc/v1/calls", body, &key).await;
    assert_eq!(
        other_user.problem(),
        "refused-value",
        "331 calls itself: no answer of 330's"
    );
}

#[tokio::test]
async fn signing_out_ends_a_call_at_the_other_side() {
    let server = server().await;
    let mut caller = Client::signed_in(&server, "330").await;
    let mut callee = Client::signed_in(&server, "331").await;
    let mut at_callee = callee.events(None).await;
    caller.call("331").await;
    let ringing = at_callee.call().await;
    callee
        .service(&ringing.id, "answer", answer(1))
        .await
        .call();
    caller.delete("/uc/v1/session").await;
    assert_eq!(at_callee.call().await.local, ConnectionState::Connected);
    assert_eq!(at_callee.call().await.cause, Some(Cause::Normal));
}
