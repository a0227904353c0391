//! Calls with sound between two clients, and what is left of them.

use std::time::Duration;

use uc_model::{
    Action, CallDirection, CallOutcome, ConversationEntry, FailureCause, Presence, PresenceState,
};
use uc_session::{
    Call, CallError, Client, Event, Sound,
    port::{BackendError, MediaStats},
};

use crate::{
    client::{event, until, within},
    office::{BRUNO_HZ, CLARA_HZ, Person, ROSA_HZ, choosing_one_codec, person, rosa_and_bruno},
};

/// A call that both have taken.
async fn connected(from: &Client, to: &Client, number: &str) -> (Call, Call) {
    let outgoing = within(from.call(number)).await.unwrap();
    let incoming = within(to.incoming()).await.unwrap();
    within(incoming.answer()).await.unwrap();
    within(outgoing.connected()).await.unwrap();
    within(incoming.connected()).await.unwrap();
    (outgoing, incoming)
}

/// The only entry of the only conversation: who called, how it ended.
fn entry(client: &Client) -> Option<(CallDirection, CallOutcome)> {
    let view = client.view();
    let mut conversations = view.conversations();
    let (conversation, None) = (conversations.next()?, conversations.next()) else {
        panic!("more than one conversation");
    };
    match conversation.entries.as_slice() {
        [
            ConversationEntry::Call {
                direction, outcome, ..
            },
        ] => Some((*direction, *outcome)),
        entries => panic!("{} entries", entries.len()),
    }
}

async fn both_remember(rosa: &Person, bruno: &Person, outcome: CallOutcome) {
    until(|| entry(&rosa.client).is_some() && entry(&bruno.client).is_some()).await;
    assert_eq!(
        entry(&rosa.client),
        Some((CallDirection::Outgoing, outcome))
    );
    assert_eq!(
        entry(&bruno.client),
        Some((CallDirection::Incoming, outcome))
    );
}

#[tokio::test]
async fn a_colleague_is_found_by_first_letters_and_her_presence_is_seen() {
    let (_server, rosa, bruno) = rosa_and_bruno().await;
    let found = within(bruno.client.search("ros ah")).await.unwrap();
    let user = found.contacts[0].user.clone().unwrap();
    assert_eq!(found.contacts[0].first_name.expose(), "Rosa");
    let mut events = bruno.client.events();
    let lunch = Presence {
        state: PresenceState::Lunch,
        until: None,
        note: None,
    };
    within(rosa.client.set_presence(lunch.clone()))
        .await
        .unwrap();
    event(&mut events, |event| matches!(event, Event::Presence { .. })).await;
    assert_eq!(bruno.client.view().presence(&user), Some(&lunch));
    assert_eq!(rosa.client.view().presence(&user), Some(&lunch));
}

#[tokio::test]
async fn a_call_whose_answer_names_one_codec_is_heard_on_both_sides() {
    let server = uc_server::Server::builder().start().await.unwrap();
    let rosa = person(&server, "330", ROSA_HZ).await;
    let bruno = choosing_one_codec(&server, "331", BRUNO_HZ).await;
    let (outgoing, incoming) = connected(&rosa.client, &bruno.client, "331").await;
    tokio::join!(rosa.hears(BRUNO_HZ), bruno.hears(ROSA_HZ));
    within(outgoing.hold()).await.unwrap();
    within(outgoing.retrieve()).await.unwrap();
    tokio::join!(rosa.hears(BRUNO_HZ), bruno.hears(ROSA_HZ));
    within(incoming.hang_up()).await.unwrap();
    within(outgoing.ended()).await;
}

#[tokio::test]
async fn both_hear_each_other_until_one_hangs_up_and_both_remember() {
    let (_server, rosa, bruno) = rosa_and_bruno().await;
    let (outgoing, incoming) = connected(&rosa.client, &bruno.client, "331").await;
    tokio::join!(rosa.hears(BRUNO_HZ), bruno.hears(ROSA_HZ));
    for call in [&outgoing, &incoming] {
        let stats = call.media_stats().unwrap();
        assert!(stats.sent > 0 && stats.received > 0);
        assert!(stats.first_heard.is_some());
        assert_eq!(stats.loss, 0.0);
    }
    within(outgoing.hang_up()).await.unwrap();
    assert_eq!(within(outgoing.ended()).await, Some(FailureCause::Normal));
    assert_eq!(within(incoming.ended()).await, Some(FailureCause::Normal));
    both_remember(&rosa, &bruno, CallOutcome::Answered).await;
    assert!(
        incoming.media_stats().unwrap().received > 0,
        "the last figures stay"
    );
}

#[tokio::test]
async fn whoever_is_held_hears_music_until_the_call_is_retrieved() {
    let (_server, rosa, bruno) = rosa_and_bruno().await;
    let (outgoing, incoming) = connected(&rosa.client, &bruno.client, "331").await;
    tokio::join!(rosa.hears(BRUNO_HZ), bruno.hears(ROSA_HZ));
    within(incoming.hold()).await.unwrap();
    tokio::join!(rosa.hears_music(), bruno.hears_nothing());
    assert!(outgoing.status().is_connected(), "being held is no end");
    tokio::time::sleep(PAUSE).await;
    within(incoming.retrieve()).await.unwrap();
    tokio::join!(rosa.hears(BRUNO_HZ), bruno.hears(ROSA_HZ));
    for call in [&outgoing, &incoming] {
        let concealed = concealed(&call.media_stats().unwrap());
        assert!(concealed < PAUSE / 2, "the pause is no loss: {concealed:?}");
    }
    within(incoming.hang_up()).await.unwrap();
    assert_eq!(within(outgoing.ended()).await, Some(FailureCause::Normal));
}

#[tokio::test]
async fn a_ringing_call_is_passed_on_and_both_ends_talk() {
    let (server, rosa, bruno) = rosa_and_bruno().await;
    let clara = person(&server, "332", CLARA_HZ).await;
    let outgoing = within(rosa.client.call("331")).await.unwrap();
    let incoming = within(bruno.client.incoming()).await.unwrap();
    assert!(incoming.allowed_actions().has(Action::Deflect));
    let nobody = within(incoming.deflect("999")).await;
    let no_such = BackendError::CallFailed(FailureCause::NoSuchNumber);
    assert_eq!(nobody, Err(CallError::Backend(no_such)));
    within(incoming.deflect("332")).await.unwrap();
    assert_eq!(
        within(incoming.ended()).await,
        Some(FailureCause::Deflected)
    );

    let passed_on = within(clara.client.incoming()).await.unwrap();
    assert_eq!(passed_on.state().remote.party.number.as_str(), "330");
    until(|| outgoing.state().remote.party.number.as_str() == "332").await;
    within(passed_on.answer()).await.unwrap();
    within(outgoing.connected()).await.unwrap();
    tokio::join!(rosa.hears(CLARA_HZ), clara.hears(ROSA_HZ));
    within(outgoing.hang_up()).await.unwrap();
    until(|| entry(&bruno.client) == Some((CallDirection::Incoming, CallOutcome::Unanswered)))
        .await;
}

#[tokio::test]
async fn a_muted_caller_is_silent_and_can_still_press_keys() {
    let (_server, rosa, bruno) = rosa_and_bruno().await;
    let (outgoing, incoming) = connected(&rosa.client, &bruno.client, "331").await;
    tokio::join!(rosa.hears(BRUNO_HZ), bruno.hears(ROSA_HZ));
    let mut events = bruno.client.events();
    within(outgoing.set_muted(true)).await.unwrap();
    tokio::join!(rosa.hears(BRUNO_HZ), bruno.hears_nothing());
    within(outgoing.send_digits("4711 #*A")).await.unwrap();
    let mut pressed = String::new();
    while pressed.len() < 7 {
        let told = event(&mut events, |event| matches!(event, Event::Digit { .. })).await;
        let Event::Digit { call, digit } = told else {
            unreachable!("only keys are waited for");
        };
        assert_eq!(call, *incoming.id());
        pressed.push(*digit.expose());
    }
    assert_eq!(pressed, "4711#*A");
    within(outgoing.set_muted(false)).await.unwrap();
    bruno.hears(ROSA_HZ).await;
    within(outgoing.hang_up()).await.unwrap();
}

/// How long speech was made up: beside the packets of 20 ms that came.
fn concealed(stats: &MediaStats) -> Duration {
    let received = Duration::from_millis(20) * stats.received as u32;
    received.mul_f32(stats.concealed / (1.0 - stats.concealed).max(0.01))
}

/// Long beside what a busy computer conceals while both talk.
const PAUSE: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_muted_microphone_is_not_heard() {
    let (_server, rosa, bruno) = rosa_and_bruno().await;
    let (outgoing, _incoming) = connected(&rosa.client, &bruno.client, "331").await;
    bruno.hears(ROSA_HZ).await;
    within(outgoing.set_muted(true)).await.unwrap();
    bruno.hears_nothing().await;
    rosa.hears(BRUNO_HZ).await;
    within(outgoing.set_muted(false)).await.unwrap();
    bruno.hears(ROSA_HZ).await;
}

#[tokio::test]
async fn several_calls_at_once_are_kept_apart() {
    let (server, rosa, bruno) = rosa_and_bruno().await;
    let clara = person(&server, "332", 700.0).await;
    let (first, to_bruno) = connected(&rosa.client, &bruno.client, "331").await;
    within(first.hold()).await.unwrap();
    let (from_clara, second) = connected(&clara.client, &rosa.client, "330").await;
    tokio::join!(rosa.hears(700.0), clara.hears(ROSA_HZ), bruno.hears_music());
    assert_eq!(rosa.client.calls().len(), 2);
    within(second.hold()).await.unwrap();
    within(first.retrieve()).await.unwrap();
    tokio::join!(
        rosa.hears(BRUNO_HZ),
        bruno.hears(ROSA_HZ),
        clara.hears_music()
    );
    within(from_clara.hang_up()).await.unwrap();
    within(second.ended()).await;
    assert!(first.status().is_connected() && to_bruno.status().is_connected());
    rosa.hears(BRUNO_HZ).await;
    within(first.hang_up()).await.unwrap();
    within(to_bruno.ended()).await;
    until(|| rosa.client.calls().is_empty()).await;
}

#[tokio::test]
async fn a_rejected_call_tells_the_caller_and_counts_as_unanswered() {
    let (_server, rosa, bruno) = rosa_and_bruno().await;
    let outgoing = within(rosa.client.call("331")).await.unwrap();
    let incoming = within(bruno.client.incoming()).await.unwrap();
    within(incoming.reject()).await.unwrap();
    assert_eq!(within(outgoing.ended()).await, Some(FailureCause::Rejected));
    both_remember(&rosa, &bruno, CallOutcome::Unanswered).await;
}

#[tokio::test]
async fn a_cancelled_call_stops_ringing() {
    let (_server, rosa, bruno) = rosa_and_bruno().await;
    let outgoing = within(rosa.client.call("331")).await.unwrap();
    let incoming = within(bruno.client.incoming()).await.unwrap();
    within(outgoing.hang_up()).await.unwrap();
    assert_eq!(
        within(incoming.ended()).await,
        Some(FailureCause::Cancelled)
    );
    both_remember(&rosa, &bruno, CallOutcome::Unanswered).await;
}

#[tokio::test]
async fn whoever_signs_out_hangs_up() {
    let (_server, rosa, bruno) = rosa_and_bruno().await;
    let (outgoing, incoming) = connected(&rosa.client, &bruno.client, "331").await;
    within(rosa.client.sign_out()).await;
    assert_eq!(within(incoming.ended()).await, Some(FailureCause::Normal));
    assert!(within(rosa.client.incoming()).await.is_none());
    assert!(!matches!(outgoing.status().sound, Sound::Connected));
}

#[tokio::test]
async fn dropping_the_client_hangs_up_too() {
    let (_server, rosa, bruno) = rosa_and_bruno().await;
    let (_outgoing, incoming) = connected(&rosa.client, &bruno.client, "331").await;
    drop(rosa);
    assert_eq!(within(incoming.ended()).await, Some(FailureCause::Normal));
}
