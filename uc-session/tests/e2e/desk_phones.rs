//! Calls between clients with sound and desk phones, whose sound the server makes.

use uc_model::{DeviceKind, FailureCause};
use uc_server::{Configuration, PhoneVoice, RunningServer, Server};
use uc_session::{Call, Client};

use crate::{
    client::{builder, until, within},
    office::{BRUNO_HZ, Person, ROSA_HZ, person},
};

/// Rosa (330) and Bruno (331) with sound, and Clara (332) with a telephone that her client controls.
async fn three() -> (RunningServer, Person, Person, Client) {
    let on = Configuration {
        desk_phones: true,
        voip: true,
        ..Configuration::default()
    };
    let server = Server::builder().configuration(on).start().await.unwrap();
    let rosa = person(&server, "330", ROSA_HZ).await;
    let bruno = person(&server, "331", BRUNO_HZ).await;
    let clara = builder(&server, "332").sign_in().await.unwrap();
    (server, rosa, bruno, clara)
}

/// What is said into a desk phone.
fn said_at(number: &str) -> f64 {
    match PhoneVoice::of(number) {
        PhoneVoice::Tone(hertz) => f64::from(hertz),
        voice => panic!("{voice:?}"),
    }
}

/// Clara lifts her receiver.
async fn rosa_calls_clara(rosa: &Person, clara: &Client) -> (Call, Call) {
    let call = within(rosa.client.call("332")).await.unwrap();
    let at_desk = within(clara.incoming()).await.unwrap();
    assert_eq!(at_desk.state().device, DeviceKind::DeskPhone);
    within(at_desk.answer()).await.unwrap();
    within(call.connected()).await.unwrap();
    (call, at_desk)
}

#[tokio::test]
async fn a_client_and_a_desk_phone_talk_hold_and_hang_up() {
    let (_server, rosa, _, clara) = three().await;
    let (call, at_desk) = rosa_calls_clara(&rosa, &clara).await;
    rosa.hears(said_at("332")).await;
    within(at_desk.hold()).await.unwrap();
    rosa.hears_music().await;
    within(at_desk.retrieve()).await.unwrap();
    rosa.hears(said_at("332")).await;
    within(call.hold()).await.unwrap();
    rosa.hears_nothing().await;
    within(call.retrieve()).await.unwrap();
    rosa.hears(said_at("332")).await;
    let sent = call.media_stats().unwrap().sent;
    until(|| call.media_stats().unwrap().sent > sent + 10).await;
    within(at_desk.hang_up()).await.unwrap();
    assert_eq!(within(call.ended()).await, Some(FailureCause::Normal));
}

#[tokio::test]
async fn a_desk_phone_is_handed_over_to_a_client_talking_or_ringing() {
    let (_server, rosa, bruno, clara) = three().await;
    for rings in [false, true] {
        let (first, at_desk) = rosa_calls_clara(&rosa, &clara).await;
        let second = within(first.consult("331")).await.unwrap();
        let at_bruno = within(bruno.client.incoming()).await.unwrap();
        if rings {
            within(second.transfer(&first)).await.unwrap();
            until(|| at_bruno.state().remote.party.number.as_str() == "332").await;
        }
        within(at_bruno.answer()).await.unwrap();
        if !rings {
            within(second.connected()).await.unwrap();
            within(second.transfer(&first)).await.unwrap();
        }
        tokio::join!(bruno.hears(said_at("332")), rosa.hears_nothing());
        until(|| at_desk.state().remote.party.number.as_str() == "331").await;
        within(at_bruno.hang_up()).await.unwrap();
        assert_eq!(within(at_desk.ended()).await, Some(FailureCause::Normal));
    }
}

#[tokio::test]
async fn a_client_that_waits_is_handed_over_to_a_desk_phone() {
    let (_server, rosa, bruno, clara) = three().await;
    let call = within(rosa.client.call("331")).await.unwrap();
    let at_bruno = within(bruno.client.incoming()).await.unwrap();
    within(at_bruno.answer()).await.unwrap();
    rosa.hears(BRUNO_HZ).await;
    within(at_bruno.transfer_to("332")).await.unwrap();
    let at_desk = within(clara.incoming()).await.unwrap();
    within(at_desk.answer()).await.unwrap();
    rosa.hears(said_at("332")).await;
    within(call.hang_up()).await.unwrap();
    assert_eq!(within(at_desk.ended()).await, Some(FailureCause::Normal));
}

#[tokio::test]
async fn a_desk_phone_in_a_conference_is_heard_by_all_and_holds() {
    let (_server, rosa, bruno, clara) = three().await;
    let (first, at_desk) = rosa_calls_clara(&rosa, &clara).await;
    let second = within(first.consult("331")).await.unwrap();
    let at_bruno = within(bruno.client.incoming()).await.unwrap();
    within(at_bruno.answer()).await.unwrap();
    within(second.connected()).await.unwrap();
    within(second.conference(&first)).await.unwrap();
    let desk = said_at("332");
    tokio::join!(
        rosa.hears_both(BRUNO_HZ, desk),
        bruno.hears_both(ROSA_HZ, desk)
    );
    within(at_desk.hold()).await.unwrap();
    tokio::join!(rosa.hears(BRUNO_HZ), bruno.hears(ROSA_HZ));
    within(at_desk.retrieve()).await.unwrap();
    rosa.hears_both(BRUNO_HZ, desk).await;
    within(at_desk.hang_up()).await.unwrap();
    tokio::join!(rosa.hears(BRUNO_HZ), bruno.hears(ROSA_HZ));
}

#[tokio::test]
async fn with_voip_off_calls_ring_at_the_desk_phone() {
    let (_server, rosa, bruno, _) = three().await;
    let rings_at = async || {
        let call = within(rosa.client.call("331")).await.unwrap();
        let rings = within(bruno.client.incoming()).await.unwrap();
        let device = rings.state().device;
        within(call.hang_up()).await.unwrap();
        within(rings.ended()).await;
        device
    };
    assert_eq!(rings_at().await, DeviceKind::Voip);
    for (on, device) in [(false, DeviceKind::DeskPhone), (true, DeviceKind::Voip)] {
        within(bruno.client.set_voip(on)).await.unwrap();
        // The server is told a moment later.
        within(async { while rings_at().await != device {} }).await;
    }
}
