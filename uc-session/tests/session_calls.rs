//! Sign-in, search, presence and calls through the public API, against the server in memory.

#![allow(clippy::unwrap_used, reason = "a test")]

mod office;

use office::{Desk, desk, server, settle, talk};
use uc_model::{
    Action, Capability, CapabilitySet, ConnectionState, DigitsError, FailureCause, Presence,
    PresenceState,
};
use uc_session::{
    Call, CallError, Event, ServiceError, Sound,
    fake::{FakeServer, Fault, Kind},
    port::{BackendError, MediaError},
};

#[tokio::test(start_paused = true)]
async fn a_colleague_is_found_by_the_first_letters_and_her_presence_is_seen() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let found = ada.client.search("gr").await.unwrap();
    assert_eq!(found.contacts.len(), 1);
    let user = found.contacts[0].user.clone().unwrap();

    let mut events = ada.client.events();
    let presence = Presence {
        state: PresenceState::Lunch,
        until: None,
        note: None,
    };
    grace.client.set_presence(presence.clone()).await.unwrap();
    let event = events.next().await.unwrap();
    assert_eq!(
        event,
        Event::Presence {
            user: user.clone(),
            presence: presence.clone()
        }
    );
    assert_eq!(ada.client.view().presence(&user), Some(&presence));
    assert_eq!(grace.client.view().presence(&user), Some(&presence));
}

#[tokio::test(start_paused = true)]
async fn a_call_rings_is_answered_held_retrieved_and_ended() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let outgoing = ada.client.call("331").await.unwrap();
    let incoming = grace.client.incoming().await.unwrap();
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
    settle().await;
    assert_eq!(ada.client.view().conversations().len(), 1);
    assert_eq!(grace.client.view().conversations().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn keys_are_sent_only_where_a_call_can_take_them() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let not_allowed = Err(CallError::NotAllowed {
        action: Action::SendDigits,
    });
    let outgoing = ada.client.call("331").await.unwrap();
    assert!(!outgoing.allowed_actions().has(Action::SendDigits));
    assert_eq!(outgoing.send_digits("1").await, not_allowed);

    let incoming = grace.client.incoming().await.unwrap();
    incoming.answer().await.unwrap();
    outgoing.connected().await.unwrap();
    outgoing.set_muted(true).await.unwrap();
    assert!(outgoing.allowed_actions().has(Action::SendDigits));
    outgoing.send_digits("47 11#").await.unwrap();
    assert_eq!(ada.engine.digits_sent(), "4711#");
    let no_key = Err(CallError::Digits(DigitsError::NoSuchKey));
    assert_eq!(outgoing.send_digits("call me").await, no_key);

    outgoing.hold().await.unwrap();
    assert_eq!(outgoing.send_digits("1").await, not_allowed);
    outgoing.retrieve().await.unwrap();
    incoming.hang_up().await.unwrap();
    outgoing.ended().await;
    let ended = Err(CallError::Ended(FailureCause::Normal));
    assert_eq!(outgoing.send_digits("1").await, ended);
    assert_eq!(ada.engine.digits_sent(), "4711#");
}

#[tokio::test(start_paused = true)]
async fn a_change_of_the_network_and_a_sleep_each_get_a_call_a_new_path() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let (outgoing, _incoming) = talk(&ada, &grace).await;
    settle().await;
    ada.client.network_changed();
    settle().await;
    assert_eq!(ada.engine.stats().restarts, 1);

    ada.clock.jump(60_000);
    tokio::time::sleep(std::time::Duration::from_secs(15)).await;
    settle().await;
    assert_eq!(ada.engine.stats().restarts, 2);
    assert_eq!(grace.engine.stats().restarts, 0);
    assert_eq!(outgoing.status().sound, Sound::Connected);
}

#[tokio::test(start_paused = true)]
async fn a_number_nobody_has_fails_with_its_cause() {
    let server = server();
    let ada = desk(&server, "330").await;
    let error = ada.client.call("999").await.unwrap_err();
    assert_eq!(error, CallError::Ended(FailureCause::NoSuchNumber));
}

#[tokio::test(start_paused = true)]
async fn a_rejected_call_tells_the_caller_and_a_cancelled_one_the_called() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let outgoing = ada.client.call("331").await.unwrap();
    grace
        .client
        .incoming()
        .await
        .unwrap()
        .reject()
        .await
        .unwrap();
    assert_eq!(outgoing.ended().await, Some(FailureCause::Rejected));
    assert_eq!(
        outgoing.connected().await,
        Err(CallError::Ended(FailureCause::Rejected))
    );
    let outgoing = ada.client.call("331").await.unwrap();
    let incoming = grace.client.incoming().await.unwrap();
    outgoing.hang_up().await.unwrap();
    assert_eq!(incoming.ended().await, Some(FailureCause::Cancelled));
    assert_eq!(ada.engine.stats().open, 0);
    assert_eq!(outgoing.hang_up().await, Ok(()), "twice is no error");
}

#[tokio::test(start_paused = true)]
async fn several_calls_at_once_keep_their_own_states() {
    let server = server().with_user("332", "secret", "Alan", "Turing");
    let ada = desk(&server, "330").await;
    let (grace, alan) = (desk(&server, "331").await, desk(&server, "332").await);
    let (first, _) = talk(&ada, &grace).await;
    first.hold().await.unwrap();
    let (second, _) = talk(&ada, &alan).await;
    assert_eq!(first.state().local, ConnectionState::Hold);
    assert_eq!(second.state().local, ConnectionState::Connected);
    assert_eq!(ada.client.calls().len(), 2);
    second.hang_up().await.unwrap();
    first.retrieve().await.unwrap();
    assert_eq!(ada.client.calls().len(), 1);
    assert_eq!(ada.engine.stats().open, 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_allowed_now_is_refused_and_changes_nothing() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let outgoing = ada.client.call("331").await.unwrap();
    let before = outgoing.state();
    assert_eq!(
        outgoing.hold().await,
        Err(CallError::NotAllowed {
            action: Action::Hold
        })
    );
    assert_eq!(
        outgoing.set_muted(true).await,
        Ok(()),
        "muting before the answer is fine"
    );
    assert_eq!(outgoing.state().local, before.local);
    assert!(outgoing.allowed_actions().has(Action::Clear));
    let incoming = grace.client.incoming().await.unwrap();
    assert_eq!(incoming.set_muted(true).await, Err(CallError::NoSound));
}

#[tokio::test(start_paused = true)]
async fn a_refused_hold_leaves_the_call_as_it_was() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let (call, _) = talk(&ada, &grace).await;
    let refused = BackendError::Unavailable;
    server.fault(Kind::Hold, Fault::Fails(refused.clone()));
    assert_eq!(call.hold().await, Err(CallError::Backend(refused)));
    assert_eq!(call.state().local, ConnectionState::Connected);
    assert_eq!(call.status().sound, Sound::Connected);
    call.hold().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn both_sides_may_hold_and_retrieve_at_the_same_time() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let (one, other) = talk(&ada, &grace).await;
    for _ in 0..3 {
        let (a, b) = tokio::join!(one.hold(), other.hold());
        assert_eq!((a, b), (Ok(()), Ok(())));
        let (a, b) = tokio::join!(one.retrieve(), other.retrieve());
        assert_eq!((a, b), (Ok(()), Ok(())));
    }
    // Glares are settled by rounds that follow.
    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    assert_eq!(one.status().sound, Sound::Connected);
    assert_eq!(one.state().remote.state, ConnectionState::Connected);
}

#[tokio::test(start_paused = true)]
async fn without_a_microphone_a_call_fails_before_it_rings_and_a_ringing_one_rings_on() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let broken = MediaError::Device("no microphone".into());
    ada.engine.fail_next(broken.clone());
    let error = ada.client.call("331").await.unwrap_err();
    assert_eq!(error, CallError::Media(broken.clone()));
    assert_eq!(server.open_calls(), 0);

    let outgoing = ada.client.call("331").await.unwrap();
    let incoming = grace.client.incoming().await.unwrap();
    grace.engine.fail_next(broken.clone());
    assert_eq!(incoming.answer().await, Err(CallError::Media(broken)));
    assert_eq!(incoming.state().local, ConnectionState::Alerting);
    incoming.answer().await.unwrap();
    outgoing.connected().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_path_for_its_sound_ends_with_that_cause() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    ada.engine.without_path();
    let outgoing = ada.client.call("331").await.unwrap();
    let incoming = grace.client.incoming().await.unwrap();
    incoming.answer().await.unwrap();
    assert_eq!(
        outgoing.connected().await,
        Err(CallError::Media(MediaError::NoPath))
    );
    assert_eq!(incoming.ended().await, Some(FailureCause::MediaFailed));
    assert_eq!(outgoing.ended().await, Some(FailureCause::MediaFailed));
    assert_eq!((ada.engine.stats().open, grace.engine.stats().open), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_answered_at_another_client_of_the_user_stops_ringing_here() {
    let server = server();
    let ada = desk(&server, "330").await;
    let (grace, laptop) = (desk(&server, "331").await, desk(&server, "331").await);
    let outgoing = ada.client.call("331").await.unwrap();
    let here = grace.client.incoming().await.unwrap();
    let there = laptop.client.incoming().await.unwrap();
    let (a, b) = tokio::join!(here.answer(), there.answer());
    assert_ne!(a.is_ok(), b.is_ok(), "one of them takes it: {a:?} {b:?}");
    outgoing.connected().await.unwrap();
    settle().await;
    let open = grace.engine.stats().open + laptop.engine.stats().open;
    assert_eq!(open, 1, "the other's sound is closed");
}

#[tokio::test(start_paused = true)]
async fn what_the_capability_set_lacks_is_refused_without_asking_the_server() {
    let server = server();
    server.set_capabilities(CapabilitySet::EMPTY.with(Capability::VoipCalls));
    let ada = desk(&server, "330").await;
    assert_eq!(
        ada.client.search("a").await.err(),
        Some(ServiceError::Unsupported)
    );
    let office = Presence {
        state: PresenceState::Office,
        until: None,
        note: None,
    };
    assert_eq!(
        ada.client.set_presence(office).await,
        Err(ServiceError::Unsupported)
    );
    assert_eq!(
        (
            server.arrived(Kind::Search),
            server.arrived(Kind::SetPresence)
        ),
        (0, 0)
    );
    server.set_capabilities(CapabilitySet::EMPTY);
    let ada = desk(&server, "330").await;
    assert_eq!(
        ada.client.call("331").await.unwrap_err(),
        CallError::Unsupported
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_lines_drive_a_desk_phone() {
    let server = server();
    let control = [Capability::DeskPhoneControl, Capability::Hold];
    server.set_capabilities(control.into_iter().collect());
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let (call, _) = talk(&ada, &grace).await;
    assert_eq!(call.status().sound, Sound::Elsewhere);
    call.hold().await.unwrap();
    call.retrieve().await.unwrap();
    call.hang_up().await.unwrap();
    assert_eq!(ada.engine.stats().opened, 0);
}

#[tokio::test(start_paused = true)]
async fn without_an_engine_a_voip_call_says_what_is_missing() {
    let server = server();
    let client = office::builder(&server, "330").sign_in().await.unwrap();
    assert_eq!(client.call("331").await.unwrap_err(), CallError::NoSound);
    assert!(matches!(client.call("x").await, Err(CallError::Number(_))));
}

#[tokio::test(start_paused = true)]
async fn a_ringing_call_is_passed_on_or_goes_on_ringing() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let outgoing = ada.client.call("331").await.unwrap();
    let incoming = grace.client.incoming().await.unwrap();
    let refused = CallError::NotAllowed {
        action: Action::Deflect,
    };
    assert_eq!(
        outgoing.deflect("332").await,
        Err(refused.clone()),
        "it doesn't ring here"
    );
    let away = BackendError::CallFailed(FailureCause::Unreachable);
    assert_eq!(incoming.deflect("332").await, Err(CallError::Backend(away)));
    assert_eq!(incoming.state().local, ConnectionState::Alerting);

    let joan = desk(&server, "332").await;
    incoming.deflect("332").await.unwrap();
    assert_eq!(incoming.ended().await, Some(FailureCause::Deflected));
    assert_eq!(
        incoming.deflect("332").await,
        Err(CallError::Ended(FailureCause::Deflected))
    );
    let passed_on = joan.client.incoming().await.unwrap();
    passed_on.answer().await.unwrap();
    outgoing.connected().await.unwrap();
    assert_eq!(outgoing.state().remote.party.number.as_str(), "332");
    assert_eq!(
        passed_on.deflect("331").await,
        Err(refused),
        "it was answered"
    );

    let cannot = [Capability::VoipCalls, Capability::Hold];
    server.set_capabilities(cannot.into_iter().collect());
    let ada = desk(&server, "330").await;
    grace.client.call("330").await.unwrap();
    let incoming = ada.client.incoming().await.unwrap();
    assert_eq!(incoming.deflect("332").await, Err(CallError::Unsupported));
}

/// Ada talks to Grace, then consults Joan, who answers.
async fn consultation(server: &FakeServer) -> (Vec<Desk>, Vec<Call>) {
    let mut desks = Vec::new();
    for user in ["330", "331", "332"] {
        desks.push(desk(server, user).await);
    }
    let (first, at_grace) = talk(&desks[0], &desks[1]).await;
    let second = first.consult("332").await.unwrap();
    assert_eq!(first.state().local, ConnectionState::Hold);
    let at_joan = desks[2].client.incoming().await.unwrap();
    at_joan.answer().await.unwrap();
    second.connected().await.unwrap();
    (desks, vec![first, at_grace, second, at_joan])
}

#[tokio::test(start_paused = true)]
async fn a_consultation_alternates_and_comes_back() {
    let server = server();
    let (_desks, calls) = consultation(&server).await;
    let [first, at_grace, second, at_joan] = &calls[..] else {
        unreachable!("there are four")
    };
    let beside = second.actions_beside(first);
    assert!(beside.has(Action::Alternate) && beside.has(Action::Transfer));
    let not_allowed = CallError::NotAllowed {
        action: Action::Alternate,
    };
    assert_eq!(
        first.alternate(second).await,
        Err(not_allowed),
        "it is held itself"
    );

    second.alternate(first).await.unwrap();
    assert_eq!(first.state().local, ConnectionState::Connected);
    assert_eq!(second.state().local, ConnectionState::Hold);
    first.reconnect(second).await.unwrap();
    assert_eq!(first.ended().await, Some(FailureCause::Normal));
    assert_eq!(second.state().local, ConnectionState::Connected);
    assert_eq!(at_grace.ended().await, Some(FailureCause::Normal));
    at_joan.connected().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_consultation_that_cannot_be_made_leaves_the_first_call_as_it_was() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let (first, _at_grace) = talk(&ada, &grace).await;
    let error = first.consult("999").await.unwrap_err();
    assert_eq!(error, CallError::Ended(FailureCause::NoSuchNumber));
    assert_eq!(first.state().local, ConnectionState::Connected);
    first.hold().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_announced_transfer_joins_the_two_others_with_new_sound() {
    let server = server();
    let (desks, calls) = consultation(&server).await;
    let [first, at_grace, second, at_joan] = &calls[..] else {
        unreachable!("there are four")
    };
    second.transfer(first).await.unwrap();
    assert_eq!(first.ended().await, Some(FailureCause::Transferred));
    assert_eq!(second.ended().await, Some(FailureCause::Transferred));
    settle().await;
    for (call, other) in [(at_grace, "332"), (at_joan, "331")] {
        let status = call.status();
        assert_eq!(status.call.remote.party.number.as_str(), other);
        assert_eq!(status.sound, Sound::Connected);
        call.connected().await.unwrap();
    }
    for desk in &desks[1..] {
        let stats = desk.engine.stats();
        assert_eq!(
            (stats.opened, stats.open),
            (2, 1),
            "the old sound is closed"
        );
    }
    assert_eq!(desks[0].engine.stats().open, 0);
    assert_eq!(desks[0].client.calls().len(), 0);
    at_joan.hang_up().await.unwrap();
    assert_eq!(at_grace.ended().await, Some(FailureCause::Normal));
}

#[tokio::test(start_paused = true)]
async fn a_blind_transfer_rings_the_target_for_the_one_who_is_handed_over() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let (first, at_grace) = talk(&ada, &grace).await;
    let away = BackendError::CallFailed(FailureCause::Unreachable);
    assert_eq!(
        first.transfer_to("332").await,
        Err(CallError::Backend(away))
    );
    assert_eq!(first.state().local, ConnectionState::Connected);

    let joan = desk(&server, "332").await;
    first.transfer_to("332").await.unwrap();
    assert_eq!(first.ended().await, Some(FailureCause::Transferred));
    settle().await;
    assert_eq!(at_grace.state().remote.state, ConnectionState::Alerting);
    let at_joan = joan.client.incoming().await.unwrap();
    assert_eq!(at_joan.state().remote.party.number.as_str(), "331");
    at_joan.answer().await.unwrap();
    at_joan.connected().await.unwrap();
    at_grace.connected().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_colleagues_ringing_call_is_picked_up_and_answered_at_once() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let joan = desk(&server, "332").await;
    let nothing = CallError::Backend(BackendError::WrongState);
    assert_eq!(joan.client.pick_up("331").await.unwrap_err(), nothing);

    let outgoing = ada.client.call("331").await.unwrap();
    let rings = grace.client.incoming().await.unwrap();
    let mut events = joan.client.events();
    let picked_up = joan.client.pick_up("331").await.unwrap();
    picked_up.connected().await.unwrap();
    outgoing.connected().await.unwrap();
    assert_eq!(rings.ended().await, Some(FailureCause::PickedUp));
    assert_eq!(outgoing.state().remote.party.number.as_str(), "332");
    let first = events.next().await;
    assert!(
        matches!(first, Some(Event::CallChanged(_))),
        "it doesn't ring: {first:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn two_services_never_cross_on_the_same_calls() {
    let server = server();
    let (_desks, calls) = consultation(&server).await;
    let [first, _, second, _] = &calls[..] else {
        unreachable!("there are four")
    };
    server.fault(Kind::Beside, Fault::Hangs);
    let asked = tokio::spawn({
        let (first, second) = (first.clone(), second.clone());
        async move { second.transfer(&first).await }
    });
    settle().await;
    let pending = Err(CallError::Pending {
        action: Action::Transfer,
    });
    assert_eq!(second.hold().await, pending);
    assert_eq!(first.retrieve().await, pending);
    assert_eq!(second.alternate(first).await, pending);
    let timed_out = CallError::Backend(BackendError::TimedOut);
    assert_eq!(asked.await.unwrap(), Err(timed_out));
    second.alternate(first).await.unwrap();
}
