//! Calls that go on with somebody else: consultation, transfer, conference and pickup, with sound.

use uc_model::{
    Action, CallDirection, CallRoute, ConnectionState, ConversationEntry, FailureCause,
};
use uc_server::{RunningServer, Server};
use uc_session::{Call, CallError, port::BackendError};

use crate::{
    client::{until, within},
    office::{BRUNO_HZ, CLARA_HZ, Person, ROSA_HZ, person},
};

/// Rosa (330), Bruno (331) and Clara (332), who hear each other's tones.
async fn three() -> (RunningServer, [Person; 3]) {
    let server = Server::builder().start().await.unwrap();
    let rosa = person(&server, "330", ROSA_HZ).await;
    let bruno = person(&server, "331", BRUNO_HZ).await;
    let clara = person(&server, "332", CLARA_HZ).await;
    (server, [rosa, bruno, clara])
}

/// Bruno takes Rosa's call.
async fn rosa_calls_bruno([rosa, bruno, _]: &[Person; 3]) -> (Call, Call) {
    let outgoing = within(rosa.client.call("331")).await.unwrap();
    let incoming = within(bruno.client.incoming()).await.unwrap();
    within(incoming.answer()).await.unwrap();
    within(outgoing.connected()).await.unwrap();
    within(incoming.connected()).await.unwrap();
    (outgoing, incoming)
}

/// Rosa talks to Bruno, then to Clara while Bruno waits.
async fn rosa_consults_clara(people: &[Person; 3]) -> [Call; 4] {
    let (first, at_bruno) = rosa_calls_bruno(people).await;
    let second = within(first.consult("332")).await.unwrap();
    assert_eq!(first.state().local, ConnectionState::Hold);
    let at_clara = within(people[2].client.incoming()).await.unwrap();
    within(at_clara.answer()).await.unwrap();
    within(second.connected()).await.unwrap();
    [first, at_bruno, second, at_clara]
}

#[tokio::test]
async fn a_consultation_alternates_between_two_and_comes_back() {
    let (_server, people) = three().await;
    let [rosa, bruno, clara] = &people;
    let [first, at_bruno, second, at_clara] = rosa_consults_clara(&people).await;
    tokio::join!(
        rosa.hears(CLARA_HZ),
        clara.hears(ROSA_HZ),
        bruno.hears_music()
    );
    assert!(second.actions_beside(&first).has(Action::Alternate));

    within(second.alternate(&first)).await.unwrap();
    tokio::join!(
        rosa.hears(BRUNO_HZ),
        bruno.hears(ROSA_HZ),
        clara.hears_music()
    );
    assert_eq!(second.state().local, ConnectionState::Hold);

    within(first.reconnect(&second)).await.unwrap();
    assert_eq!(within(at_bruno.ended()).await, Some(FailureCause::Normal));
    tokio::join!(rosa.hears(CLARA_HZ), clara.hears(ROSA_HZ));
    within(second.hang_up()).await.unwrap();
    assert_eq!(within(at_clara.ended()).await, Some(FailureCause::Normal));
}

#[tokio::test]
async fn an_announced_transfer_lets_the_two_others_hear_each_other() {
    let (_server, people) = three().await;
    let [rosa, bruno, clara] = &people;
    let [first, at_bruno, second, at_clara] = rosa_consults_clara(&people).await;
    within(second.transfer(&first)).await.unwrap();
    for left in [&first, &second] {
        assert_eq!(within(left.ended()).await, Some(FailureCause::Transferred));
    }
    tokio::join!(
        bruno.hears(CLARA_HZ),
        clara.hears(BRUNO_HZ),
        rosa.hears_nothing()
    );
    assert_eq!(at_bruno.state().remote.party.number.as_str(), "332");
    assert_eq!(at_clara.state().remote.party.number.as_str(), "331");
    within(at_bruno.hang_up()).await.unwrap();
    assert_eq!(within(at_clara.ended()).await, Some(FailureCause::Normal));
}

#[tokio::test]
async fn a_blind_transfer_rings_and_the_two_others_hear_each_other() {
    let (_server, people) = three().await;
    let [_, bruno, clara] = &people;
    let (first, at_bruno) = rosa_calls_bruno(&people).await;
    let no_such = BackendError::CallFailed(FailureCause::NoSuchNumber);
    let refused = within(first.transfer_to("999")).await;
    assert_eq!(refused, Err(CallError::Backend(no_such)));
    assert_eq!(first.state().local, ConnectionState::Connected);

    within(first.transfer_to("332")).await.unwrap();
    assert_eq!(within(first.ended()).await, Some(FailureCause::Transferred));
    let at_clara = within(clara.client.incoming()).await.unwrap();
    assert_eq!(at_clara.state().remote.party.number.as_str(), "331");
    within(at_clara.answer()).await.unwrap();
    tokio::join!(bruno.hears(CLARA_HZ), clara.hears(BRUNO_HZ));
    within(at_bruno.hang_up()).await.unwrap();
    within(at_clara.ended()).await;
}

#[tokio::test]
async fn a_colleagues_ringing_call_is_picked_up_and_heard() {
    let (_server, people) = three().await;
    let [rosa, bruno, clara] = &people;
    let outgoing = within(rosa.client.call("331")).await.unwrap();
    let rings = within(bruno.client.incoming()).await.unwrap();
    let picked_up = within(clara.client.pick_up("331")).await.unwrap();
    within(picked_up.connected()).await.unwrap();
    assert_eq!(within(rings.ended()).await, Some(FailureCause::PickedUp));
    tokio::join!(rosa.hears(CLARA_HZ), clara.hears(ROSA_HZ));
    until(|| outgoing.state().remote.party.number.as_str() == "332").await;
    within(outgoing.hang_up()).await.unwrap();
    within(picked_up.ended()).await;
    until(|| route(clara) == Some((CallDirection::Incoming, CallRoute::TransferredOrPickedUp)))
        .await;
    until(|| route(bruno) == Some((CallDirection::Incoming, CallRoute::Direct))).await;

    let nothing = CallError::Backend(BackendError::WrongState);
    assert_eq!(
        within(clara.client.pick_up("331")).await.unwrap_err(),
        nothing
    );
}

/// Which way the call in the only conversation took.
fn route(person: &Person) -> Option<(CallDirection, CallRoute)> {
    let view = person.client.view();
    let conversation = view.conversations().next()?;
    match conversation.entries.first()? {
        ConversationEntry::Call {
            direction, route, ..
        } => Some((*direction, *route)),
        _ => None,
    }
}

#[tokio::test]
async fn in_a_conference_each_hears_the_two_others() {
    let (_server, people) = three().await;
    let [first, at_bruno, second, at_clara] = rosa_consults_clara(&people).await;
    within(second.conference(&first)).await.unwrap();
    assert_eq!(within(first.ended()).await, Some(FailureCause::Conferenced));
    for call in [&second, &at_bruno, &at_clara] {
        until(|| call.state().members.len() == 2).await;
    }
    let [rosa, bruno, clara] = &people;
    tokio::join!(
        rosa.hears_both(BRUNO_HZ, CLARA_HZ),
        bruno.hears_both(ROSA_HZ, CLARA_HZ),
        clara.hears_both(ROSA_HZ, BRUNO_HZ)
    );
    within(second.hang_up()).await.unwrap();
    tokio::join!(bruno.hears(CLARA_HZ), clara.hears(BRUNO_HZ));
    within(at_bruno.hang_up()).await.unwrap();
    assert_eq!(within(at_clara.ended()).await, Some(FailureCause::Normal));
}
