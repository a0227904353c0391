//! A user whose number is shared by several telephones, of which each client controls one (CONN-10).

use std::sync::Arc;

use uc_model::{AssignedPhoneError, DeviceKind, FailureCause, PhoneKind, Voip, VoipOff};
use uc_server::{Company, RunningServer, Server};
use uc_session::{
    Client, EditError, Event, SignInError, VoipEngine, WsiBackend, port::BackendError,
};

use crate::{
    client::{builder, event, within},
    ear::tone,
    office::{BRUNO_HZ, Person, ROSA_HZ, person},
};

/// Rosa (330) has a system telephone (361), a DECT one (362) and a number for VoIP (363); Bruno (331) has
/// a number of his own.
async fn server() -> RunningServer {
    let company = Company::from_toml(
        r#"
        [system.configuration]
        desk_phones = true
        voip = true
        mulap = true

        [[user]]
        extension = "330"
        first_name = "Rosa"
        password = "demo-330"
        mulap = true
        phones = [
            { number = "361", phone = "system" },
            { number = "362", phone = "dect" },
            { number = "363", phone = "webrtc" },
        ]

        [[user]]
        extension = "331"
        first_name = "Bruno"
        password = "demo-331"
        "#,
    );
    let company = company.unwrap();
    Server::builder().company(company).start().await.unwrap()
}

async fn controlling(server: &RunningServer, phone: &str) -> Client {
    let builder = builder(server, "330").controlled_phone(phone);
    within(builder.sign_in()).await.unwrap()
}

/// Rosa with sound, and with a telephone to control where one is entered.
async fn rosa_with_sound(server: &RunningServer, phone: Option<&str>) -> Person {
    let sound = tone(ROSA_HZ);
    let engine = VoipEngine::new(Arc::new(sound.clone())).unwrap();
    let mut builder = builder(server, "330").media(Arc::new(engine));
    if let Some(phone) = phone {
        builder = builder.controlled_phone(phone);
    }
    let client = within(builder.sign_in()).await.unwrap();
    Person { client, sound }
}

fn controlled(client: &Client) -> Option<(String, Option<PhoneKind>)> {
    let phone = client.view().controlled_phone.clone()?;
    Some((phone.number.to_string(), phone.kind))
}

#[tokio::test]
async fn a_client_controls_the_telephone_that_was_entered() {
    let server = server().await;
    let (at_system, at_dect) = (
        controlling(&server, "361").await,
        controlling(&server, "362").await,
    );
    assert_eq!(
        controlled(&at_dect),
        Some(("362".to_owned(), Some(PhoneKind::Dect)))
    );
    let bruno = within(builder(&server, "331").sign_in()).await.unwrap();
    let call = within(bruno.call("330")).await.unwrap();
    // It rings at all of them, and each is answered in its own way.
    let rings = within(at_dect.incoming()).await.unwrap();
    let refused = within(rings.answer()).await;
    assert_eq!(refused, Err(BackendError::AnsweredAtPhone.into()));
    let at_desk = within(at_system.incoming()).await.unwrap();
    within(at_desk.answer()).await.unwrap();
    within(call.connected()).await.unwrap();
    // The other telephone isn't this one.
    let refused = within(rings.hold()).await;
    assert_eq!(refused, Err(BackendError::WrongState.into()));
    within(at_desk.hold()).await.unwrap();
    within(at_desk.retrieve()).await.unwrap();
    within(at_desk.hang_up()).await.unwrap();
    assert_eq!(within(call.ended()).await, Some(FailureCause::Normal));

    let made = within(at_dect.call("331")).await.unwrap();
    let rings = within(bruno.incoming()).await.unwrap();
    assert_eq!(rings.state().remote.party.number.as_str(), "330");
    within(rings.reject()).await.unwrap();
    assert_eq!(within(made.ended()).await, Some(FailureCause::Rejected));
}

#[tokio::test]
async fn calls_go_through_the_client_with_the_number_kept_for_voip_only() {
    let server = server().await;
    let rosa = rosa_with_sound(&server, None).await;
    let bruno = person(&server, "331", BRUNO_HZ).await;
    assert_eq!(
        controlled(&rosa.client)
            .map(|(number, _)| number)
            .as_deref(),
        Some("361")
    );
    assert_eq!(
        rosa.client.view().voip(),
        Voip::Off(VoipOff::ControlsAnother)
    );
    let call = within(bruno.client.call("330")).await.unwrap();
    let rings = within(rosa.client.incoming()).await.unwrap();
    assert_eq!(rings.state().device, DeviceKind::DeskPhone);
    within(call.hang_up()).await.unwrap();

    let mut told = rosa.client.events();
    within(rosa.client.control_phone(Some("363")))
        .await
        .unwrap();
    event(&mut told, |event| {
        matches!(event, Event::ConnectionRestored)
    })
    .await;
    assert_eq!(rosa.client.view().voip(), Voip::On);
    let call = within(bruno.client.call("330")).await.unwrap();
    let rings = within(rosa.client.incoming()).await.unwrap();
    assert_eq!(rings.state().device, DeviceKind::Voip);
    within(rings.answer()).await.unwrap();
    tokio::join!(rosa.hears(BRUNO_HZ), bruno.hears(ROSA_HZ));

    // A call goes on where it is.
    within(rosa.client.control_phone(Some("361")))
        .await
        .unwrap();
    event(&mut told, |event| {
        matches!(event, Event::ConnectionRestored)
    })
    .await;
    tokio::join!(rosa.hears(BRUNO_HZ), bruno.hears(ROSA_HZ));
    within(rings.hold()).await.unwrap();
    within(rings.hang_up()).await.unwrap();
    assert_eq!(within(call.ended()).await, Some(FailureCause::Normal));
}

#[tokio::test]
async fn a_telephone_of_somebody_else_is_refused() {
    let server = server().await;
    let sign_in = async |user: &str, phone: &str| {
        let builder = builder(&server, user).controlled_phone(phone);
        within(builder.sign_in()).await.map(drop)
    };
    let not_assigned = SignInError::AssignedPhone(AssignedPhoneError::NotAssigned);
    let not_shared = SignInError::AssignedPhone(AssignedPhoneError::NotShared);
    assert_eq!(sign_in("330", "331").await, Err(not_assigned));
    assert_eq!(sign_in("331", "361").await, Err(not_shared));
    assert!(matches!(
        sign_in("330", "desk").await,
        Err(SignInError::PhoneNumber(_))
    ));

    let rosa = controlling(&server, "361").await;
    let refused = within(rosa.control_phone(Some("331"))).await;
    assert_eq!(
        refused,
        Err(EditError::AssignedPhone(AssignedPhoneError::NotAssigned))
    );
    assert_eq!(
        controlled(&rosa).map(|(number, _)| number).as_deref(),
        Some("361")
    );
}

#[tokio::test]
async fn over_wsi_the_assigned_telephone_is_the_one_that_is_monitored() {
    let server = server().await;
    let over_wsi = |phone: &str| {
        let backend = Arc::new(WsiBackend::default());
        builder(&server, "330")
            .backend(backend)
            .controlled_phone(phone)
    };
    let rosa = within(over_wsi("361").sign_in()).await.unwrap();
    let bruno = within(builder(&server, "331").sign_in()).await.unwrap();
    let call = within(rosa.call("331")).await.unwrap();
    let rings = within(bruno.incoming()).await.unwrap();
    within(rings.answer()).await.unwrap();
    within(call.connected()).await.unwrap();
    within(rings.hang_up()).await.unwrap();
    assert_eq!(within(call.ended()).await, Some(FailureCause::Normal));
    let refused = within(over_wsi("331").sign_in()).await.map(drop);
    assert_eq!(
        refused,
        Err(SignInError::AssignedPhone(AssignedPhoneError::NotAssigned))
    );
}
