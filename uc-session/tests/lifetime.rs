//! What dropping, cancelling, being slow and shutting down mean.

mod office;

use std::{future::Future, sync::Arc, time::Duration};

use office::{builder, desk, event, server, settle, talk};
use uc_model::{FailureCause, Presence, PresenceState};
use uc_session::{
    Call, CallError, Client, ClientBuilder, Connection, Event, Events, ServiceError, SignInError,
    View,
    fake::{FakeServer, Fault, Kind},
    port::BackendEvent,
};

fn lunch() -> Presence {
    Presence {
        state: PresenceState::Lunch,
        until: None,
        note: None,
    }
}

/// Starts a future, lets it run as far as it can, and drops it.
async fn cancel(future: impl Future) {
    let _ = tokio::time::timeout(Duration::from_millis(1), future).await;
}

#[test]
fn handles_can_be_sent_and_shared() {
    fn assert<T: Send + Sync + Clone>() {}
    fn assert_send<T: Send>() {}
    assert::<Client>();
    assert::<Call>();
    assert::<ClientBuilder>();
    assert::<Arc<View>>();
    assert_send::<Events>();
}

#[test]
fn without_a_runtime_there_is_an_error_and_no_panic() {
    struct Nothing;
    impl std::task::Wake for Nothing {
        fn wake(self: Arc<Self>) {}
    }
    let waker = Arc::new(Nothing).into();
    let mut context = std::task::Context::from_waker(&waker);
    let future = Client::builder("uc.example", "330")
        .password("secret".to_owned())
        .sign_in();
    let mut future = Box::pin(future);
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(result) => assert_eq!(result.unwrap_err(), SignInError::NoRuntime),
        std::task::Poll::Pending => panic!("nothing will ever wake it"),
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_the_last_client_hangs_up_and_closes_everything_but_the_session() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let (outgoing, incoming) = talk(&ada, &grace).await;
    let mut events = ada.client.events();
    let clone = ada.client.clone();
    drop(ada.client);
    settle().await;
    assert_eq!(
        clone.view().connection,
        Connection::Live,
        "a clone keeps it"
    );
    drop(clone);
    assert_eq!(incoming.ended().await, Some(FailureCause::Normal));
    while events.next().await.is_some() {}
    settle().await;
    assert_eq!(outgoing.hold().await, Err(CallError::Closed));
    assert_eq!((ada.engine.stats().open, ada.backend.open_links()), (0, 0));
    assert_eq!((server.open_streams(), server.open_sessions()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn signing_out_returns_when_nothing_is_left() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let (outgoing, incoming) = talk(&ada, &grace).await;
    ada.client.sign_out().await;
    assert_eq!((ada.engine.stats().open, ada.backend.open_links()), (0, 0));
    assert_eq!(
        Arc::strong_count(&ada.backend),
        1,
        "the client's task is gone"
    );
    assert_eq!((server.open_streams(), server.open_sessions()), (1, 1));
    assert_eq!(incoming.ended().await, Some(FailureCause::Normal));
    assert_eq!(outgoing.ended().await, Some(FailureCause::Normal));

    assert_eq!(ada.client.view().connection, Connection::Ended);
    assert_eq!(
        ada.client.search("a").await.err(),
        Some(ServiceError::Closed)
    );
    assert_eq!(ada.client.call("331").await.err(), Some(CallError::Closed));
    assert!(ada.client.incoming().await.is_none());
    ada.client.sign_out().await;
}

#[tokio::test(start_paused = true)]
async fn signing_out_of_a_silent_server_takes_a_few_seconds() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let _talk = talk(&ada, &grace).await;
    server.set_silent(true);
    let start = tokio::time::Instant::now();
    ada.client.sign_out().await;
    assert!(start.elapsed() < Duration::from_secs(7));
    assert_eq!((ada.engine.stats().open, ada.backend.open_links()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_dropped_while_a_request_waits_ends_as_well() {
    let server = server();
    let ada = desk(&server, "330").await;
    let mut events = ada.client.events();
    ada.client.network_changed();
    drop(ada.client);
    let ended = async { while events.next().await.is_some() {} };
    let in_time = tokio::time::timeout(Duration::from_secs(10), ended).await;
    assert!(in_time.is_ok(), "nobody is left to end it");
    assert_eq!(ada.backend.open_links(), 0);
}

#[tokio::test(start_paused = true)]
async fn dropping_a_call_does_not_hang_up() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let (outgoing, incoming) = talk(&ada, &grace).await;
    let id = outgoing.id().clone();
    drop(outgoing);
    settle().await;
    assert_eq!(server.open_calls(), 1);
    let again = ada.client.calls().remove(0);
    assert_eq!(*again.id(), id);
    again.hang_up().await.unwrap();
    incoming.ended().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_future_was_dropped_is_hung_up() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    {
        let mut call = Box::pin(ada.client.call("331"));
        tokio::select! {
            biased;
            _ = &mut call => panic!("the server hasn't been asked yet"),
            () = std::future::ready(()) => {}
        }
    }
    let mut events = grace.client.events();
    let cause = event(&mut events, |event| match event {
        Event::CallEnded(status) => status.call.cause,
        _ => None,
    });
    assert_eq!(cause.await, FailureCause::Cancelled);
    settle().await;
    assert_eq!((server.open_calls(), ada.engine.stats().open), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_whose_future_was_dropped_leaves_nothing_behind() {
    for kind in [Kind::Dial, Kind::SignIn, Kind::Subscribe, Kind::Snapshot] {
        let server = server();
        let backend = server.backend();
        server.fault(kind, Fault::Hangs);
        cancel(
            builder(&server, "330")
                .backend(Arc::clone(&backend) as _)
                .sign_in(),
        )
        .await;
        settle().await;
        assert_eq!(backend.open_links(), 0, "{kind:?}");
        assert_eq!(Arc::strong_count(&backend), 1, "{kind:?}: the task is gone");
    }
}

#[tokio::test(start_paused = true)]
async fn every_other_future_can_be_dropped_and_asked_again() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let mut events = ada.client.events();
    cancel(ada.client.incoming()).await;
    cancel(events.next()).await;
    for kind in [Kind::Search, Kind::SetPresence] {
        server.fault(kind, Fault::Hangs);
    }
    cancel(ada.client.search("gr")).await;
    cancel(ada.client.set_presence(lunch())).await;
    assert_eq!(ada.client.search("gr").await.unwrap().contacts.len(), 1);
    ada.client.set_presence(lunch()).await.unwrap();

    let outgoing = ada.client.call("331").await.unwrap();
    cancel(outgoing.connected()).await;
    cancel(outgoing.ended()).await;
    cancel(outgoing.changed(&outgoing.status())).await;
    let incoming = grace.client.incoming().await.unwrap();
    cancel(incoming.answer()).await;
    outgoing.connected().await.unwrap();
    cancel(outgoing.hold()).await;
    outgoing.retrieve().await.unwrap();
    cancel(outgoing.retrieve()).await;
    cancel(outgoing.set_muted(true)).await;
    cancel(outgoing.hang_up()).await;
    assert_eq!(incoming.ended().await, Some(FailureCause::Normal));
    event(&mut events, |event| {
        matches!(event, Event::CallEnded(_)).then_some(())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_slow_reader_is_told_how_much_it_missed_and_starts_again_from_the_view() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let mut slow = ada.client.events();
    for index in 0..400 {
        let state = [PresenceState::Lunch, PresenceState::Meeting][index % 2];
        grace
            .client
            .set_presence(Presence { state, ..lunch() })
            .await
            .unwrap();
    }
    settle().await;
    assert_eq!(slow.next().await, Some(Event::Lagged(400 - 256)));
    let user = grace.client.view().user.as_ref().unwrap().user.clone();
    let seen = ada.client.view().presence(&user).cloned().unwrap();
    assert_eq!(seen.state, PresenceState::Meeting);
    for _ in 0..256 {
        assert!(matches!(slow.next().await, Some(Event::Presence { .. })));
    }
    grace.client.set_presence(lunch()).await.unwrap();
    assert!(matches!(slow.next().await, Some(Event::Presence { .. })));
}

#[tokio::test(start_paused = true)]
async fn an_unread_subscription_holds_up_nobody() {
    let server = server();
    let ada = desk(&server, "330").await;
    let _never_read = ada.client.events();
    for _ in 0..2000 {
        server.send("330", BackendEvent::Undecodable);
    }
    settle().await;
    assert_eq!(ada.client.view().undecodable, 2000);
    assert!(ada.client.search("a").await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn handles_kept_after_the_end_keep_nothing_alive() {
    let server: FakeServer = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let (outgoing, _incoming) = talk(&ada, &grace).await;
    ada.client.sign_out().await;
    let last = outgoing.state();
    assert!(last.is_over());
    assert_eq!(
        outgoing.connected().await,
        Err(CallError::Ended(FailureCause::Normal))
    );
    assert!(outgoing.changed(&outgoing.status()).await.is_none());
    assert!(outgoing.media_stats().is_some(), "the last figures stay");
}
