//! Calls from and to another telephone, and to the mailbox, with sound.

use uc_model::{ConnectionState, FailureCause, Presence, PresenceState, Profile};
use uc_server::{Configuration, Mode, RunningServer, Server};

use crate::{
    client::{until, within},
    office::{BRUNO_HZ, CLARA_HZ, Person, ROSA_HZ, person},
};

async fn three(server: RunningServer) -> (RunningServer, [Person; 3]) {
    let rosa = person(&server, "330", ROSA_HZ).await;
    let bruno = person(&server, "331", BRUNO_HZ).await;
    let clara = person(&server, "332", CLARA_HZ).await;
    (server, [rosa, bruno, clara])
}

/// Rosa's call to Clara rings at Bruno's telephone first; then the two talk.
async fn rosa_calls_from_brunos_telephone([rosa, bruno, clara]: &[Person; 3]) {
    let call = within(rosa.client.call("332")).await.unwrap();
    let there = within(bruno.client.incoming()).await.unwrap();
    assert_eq!(there.state().remote.party.number.as_str(), "330");
    within(there.answer()).await.unwrap();
    let at_clara = within(clara.client.incoming()).await.unwrap();
    assert_eq!(at_clara.state().remote.party.number.as_str(), "330");
    within(at_clara.answer()).await.unwrap();
    tokio::join!(
        bruno.hears(CLARA_HZ),
        clara.hears(BRUNO_HZ),
        rosa.hears_nothing()
    );
    until(|| call.state().local == ConnectionState::Connected).await;
    within(call.hang_up()).await.unwrap();
    assert_eq!(within(there.ended()).await, Some(FailureCause::Normal));
    assert_eq!(within(at_clara.ended()).await, Some(FailureCause::Normal));
}

#[tokio::test]
async fn with_call_me_calls_are_placed_from_and_ring_at_the_other_workplace() {
    let server = Server::builder().mode(Mode::Suite).start().await.unwrap();
    let (_server, people) = three(server).await;
    let [rosa, bruno, clara] = &people;
    within(rosa.client.set_call_me(Some("331"))).await.unwrap();
    rosa_calls_from_brunos_telephone(&people).await;

    let call = within(clara.client.call("330")).await.unwrap();
    let there = within(bruno.client.incoming()).await.unwrap();
    within(there.answer()).await.unwrap();
    tokio::join!(bruno.hears(CLARA_HZ), clara.hears(BRUNO_HZ));
    assert!(rosa.client.calls().is_empty(), "no pop-up");
    within(call.hang_up()).await.unwrap();
    within(rosa.client.set_call_me(None)).await.unwrap();
    let own = within(rosa.client.call("332")).await.unwrap();
    let at_clara = within(clara.client.incoming()).await.unwrap();
    within(at_clara.answer()).await.unwrap();
    tokio::join!(rosa.hears(CLARA_HZ), clara.hears(ROSA_HZ));
    within(own.hang_up()).await.unwrap();
}

#[tokio::test]
async fn with_callback_calls_are_placed_from_the_mobile_phone() {
    let on = Configuration {
        mobility: true,
        voip: true,
        ..Configuration::default()
    };
    let server = Server::builder().configuration(on).start().await.unwrap();
    let (_server, people) = three(server).await;
    let rosa = &people[0].client;
    // Bruno's telephone stands for the mobile one.
    let profile = Profile {
        mobile: uc_model::PhoneNumber::new("+49 30 23125-331").ok(),
        ..Profile::default()
    };
    within(rosa.set_profile(profile)).await.unwrap();
    within(rosa.set_dial_method(uc_model::DialMethod::Callback))
        .await
        .unwrap();
    rosa_calls_from_brunos_telephone(&people).await;
}

#[tokio::test]
async fn a_ringing_call_is_sent_to_the_mailbox_which_speaks() {
    let (_server, people) = three(Server::builder().start().await.unwrap()).await;
    let [rosa, bruno, _] = &people;
    let call = within(rosa.client.call("331")).await.unwrap();
    let ringing = within(bruno.client.incoming()).await.unwrap();
    within(ringing.deflect_to_voicemail()).await.unwrap();
    assert_eq!(within(ringing.ended()).await, Some(FailureCause::Deflected));
    within(call.connected()).await.unwrap();
    rosa.hears_something().await;
    within(call.hang_up()).await.unwrap();
}

#[tokio::test]
async fn a_transferred_call_that_is_refused_comes_back_and_is_heard() {
    let (_server, people) = three(Server::builder().start().await.unwrap()).await;
    let [rosa, bruno, clara] = &people;
    let outgoing = within(rosa.client.call("331")).await.unwrap();
    let incoming = within(bruno.client.incoming()).await.unwrap();
    within(incoming.answer()).await.unwrap();
    within(incoming.connected()).await.unwrap();
    within(incoming.transfer_to("332")).await.unwrap();
    let at_clara = within(clara.client.incoming()).await.unwrap();
    within(at_clara.reject()).await.unwrap();
    let back = within(bruno.client.incoming()).await.unwrap();
    within(back.answer()).await.unwrap();
    tokio::join!(rosa.hears(BRUNO_HZ), bruno.hears(ROSA_HZ));
    within(outgoing.hang_up()).await.unwrap();
    assert_eq!(within(back.ended()).await, Some(FailureCause::Normal));
}

#[tokio::test]
async fn away_the_mailbox_is_heard_and_a_message_ends_with_the_call() {
    let (_server, people) = three(Server::builder().start().await.unwrap()).await;
    let [rosa, bruno, _] = &people;
    let away = Presence::of(PresenceState::Meeting);
    within(bruno.client.set_presence(away)).await.unwrap();
    let call = within(rosa.client.call("331")).await.unwrap();
    within(call.connected()).await.unwrap();
    rosa.hears_something().await;
    within(call.hang_up()).await.unwrap();
    until(|| bruno.client.view().conversations().next().is_some()).await;
}
