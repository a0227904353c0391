use std::time::Duration;

use tokio::time::timeout;
use uc_model::{ConnectionState, FailureCause};
use uc_session::{CallError, Client, SignInError, Trust, port::BackendError};

use crate::{
    ear::{hears, hears_both},
    kamailio::{Kamailio, TRANSPORTS},
    person::{PATIENCE, Person, address_of, becomes, hear_each_other, talk},
};

async fn transport(transport: &str, algorithm: &str) {
    let Some(server) = Kamailio::start(algorithm) else {
        return;
    };
    let rosa = Person::new(&server, transport, "100", 440.0).await;
    let bruno = Person::new(&server, transport, "101", 1_000.0).await;
    let (mine, theirs) = talk(&rosa, "101", &bruno).await;
    mine.hold().await.unwrap();
    mine.retrieve().await.unwrap();
    hear_each_other(&rosa, &bruno).await;
    theirs.hang_up().await.unwrap();
    let ended = timeout(PATIENCE, mine.ended())
        .await
        .expect("the end isn't told");
    assert_eq!(ended, Some(FailureCause::Normal));
    rosa.client.sign_out().await;
    bruno.client.sign_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_talk_by_udp() {
    transport(TRANSPORTS[0], "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_talk_by_tcp() {
    transport(TRANSPORTS[1], "SHA-256").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_talk_by_tls() {
    transport(TRANSPORTS[2], "SHA-256").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_talk_by_a_web_socket() {
    transport(TRANSPORTS[3], "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_talk_by_a_secured_web_socket() {
    transport(TRANSPORTS[4], "SHA-256").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_transport_reaches_the_others() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let rosa = Person::new(&server, "udp", "100", 440.0).await;
    for (index, transport) in TRANSPORTS.into_iter().enumerate().skip(1) {
        let number = format!("10{index}");
        let other = Person::new(&server, transport, &number, 1_000.0).await;
        let (mine, _) = talk(&rosa, &number, &other).await;
        mine.hang_up().await.unwrap();
        other.client.sign_out().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_ipv6_and_ipv4_talk() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let bruno = Person::new(&server, "tcp", "101", 1_000.0).await;
    for transport in ["udp", "tcp", "tls"] {
        let Some(address) = server.address_ipv6(transport) else {
            eprintln!("left out: this computer has no IPv6");
            return;
        };
        let rosa = Person::at(&address, "100", 440.0, |engine| engine).await;
        let (mine, _) = talk(&rosa, "101", &bruno).await;
        mine.hang_up().await.unwrap();
        let (mine, _) = talk(&bruno, "100", &rosa).await;
        mine.hang_up().await.unwrap();
        rosa.client.sign_out().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_a_missing_user_are_told() {
    let Some(server) = Kamailio::start("SHA-256") else {
        return;
    };
    for (user, password) in [("100", "wrong"), ("999", "secret")] {
        let builder = Client::builder(&server.address("tcp"), &address_of(user))
            .password(password.to_owned());
        let refused = timeout(PATIENCE, builder.sign_in()).await.unwrap();
        let refused = refused.err();
        let expected = SignInError::Backend(BackendError::BadCredentials);
        assert_eq!(refused, Some(expected), "{user}");
    }
    let unknown =
        Client::builder(&server.address("tls"), &address_of("100")).password("secret".to_owned());
    let asked = unknown.trust(Trust::Ask).sign_in().await;
    assert!(matches!(asked, Err(SignInError::UnknownCertificate { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_nobody_has_and_a_refusal_are_told() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let rosa = Person::new(&server, "udp", "100", 440.0).await;
    let bruno = Person::new(&server, "tcp", "101", 1_000.0).await;
    let nobody = rosa.client.call("109").await.err();
    assert_eq!(nobody, Some(CallError::Ended(FailureCause::NoSuchNumber)));
    let mine = rosa.client.call("sip:101@office.test").await.unwrap();
    bruno.rings().await.reject().await.unwrap();
    let ended = timeout(PATIENCE, mine.ended()).await.unwrap();
    assert_eq!(ended, Some(FailureCause::Rejected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_handed_over_announced_and_unannounced() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let rosa = Person::new(&server, "udp", "100", 440.0).await;
    let bruno = Person::new(&server, "tls", "101", 1_000.0).await;
    let clara = Person::new(&server, "wss", "102", 700.0).await;

    let (mine, _) = talk(&rosa, "101", &bruno).await;
    mine.transfer_to("102").await.unwrap();
    let third = clara.rings().await;
    third.answer().await.unwrap();
    hear_each_other(&bruno, &clara).await;
    third.hang_up().await.unwrap();

    let (first, _) = talk(&rosa, "101", &bruno).await;
    let second = first.consult("102").await.unwrap();
    let third = clara.rings().await;
    third.answer().await.unwrap();
    timeout(PATIENCE, second.connected())
        .await
        .unwrap()
        .unwrap();
    hears(&rosa.sound, 700.0).await;
    second.transfer(&first).await.unwrap();
    hear_each_other(&bruno, &clara).await;
    assert_eq!(
        timeout(PATIENCE, first.ended()).await.unwrap(),
        Some(FailureCause::Transferred)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_passed_on_while_it_rings() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let rosa = Person::new(&server, "udp", "100", 440.0).await;
    let bruno = Person::new(&server, "tcp", "101", 1_000.0).await;
    let clara = Person::new(&server, "ws", "102", 700.0).await;
    let mine = rosa.client.call("101").await.unwrap();
    bruno.rings().await.deflect("102").await.unwrap();
    clara.rings().await.answer().await.unwrap();
    timeout(PATIENCE, mine.connected()).await.unwrap().unwrap();
    hear_each_other(&rosa, &clara).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_call_waits_and_the_first_is_held() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let rosa = Person::new(&server, "udp", "100", 440.0).await;
    let bruno = Person::new(&server, "tcp", "101", 1_000.0).await;
    let clara = Person::new(&server, "ws", "102", 700.0).await;
    let (mine, theirs) = talk(&rosa, "101", &bruno).await;
    let waiting = clara.client.call("101").await.unwrap();
    let second = bruno.rings().await;
    theirs.hold().await.unwrap();
    second.answer().await.unwrap();
    timeout(PATIENCE, waiting.connected())
        .await
        .unwrap()
        .unwrap();
    hear_each_other(&bruno, &clara).await;
    let told = async {
        let mut seen = mine.status();
        while seen.call.remote.state != ConnectionState::Hold {
            seen = mine.changed(&seen).await.expect("the call runs");
        }
    };
    timeout(PATIENCE, told).await.expect("the hold isn't told");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_rings_at_two_telephones_and_one_is_told_of_the_other() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let rosa = Person::new(&server, "udp", "100", 440.0).await;
    let desk = Person::new(&server, "tcp", "101", 1_000.0).await;
    let sofa = Person::new(&server, "wss", "101", 700.0).await;
    let mine = rosa.client.call("101").await.unwrap();
    let at_desk = desk.rings().await;
    sofa.rings().await.answer().await.unwrap();
    timeout(PATIENCE, mine.connected()).await.unwrap().unwrap();
    hear_each_other(&rosa, &sofa).await;
    let ended = timeout(PATIENCE, at_desk.ended()).await.unwrap();
    assert_eq!(ended, Some(FailureCause::AnsweredElsewhere));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_rings_at_a_colleague_is_picked_up() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let rosa = Person::new(&server, "udp", "100", 440.0).await;
    let bruno = Person::new(&server, "tcp", "101", 1_000.0).await;
    let clara = Person::new(&server, "wss", "102", 700.0).await;
    let nothing = clara.client.pick_up("101").await.err();
    assert_eq!(nothing, Some(CallError::Backend(BackendError::WrongState)));
    let mine = rosa.client.call("101").await.unwrap();
    let rings = bruno.rings().await;
    let picked = clara.client.pick_up("101").await.unwrap();
    timeout(PATIENCE, picked.connected())
        .await
        .unwrap()
        .unwrap();
    timeout(PATIENCE, mine.connected()).await.unwrap().unwrap();
    hear_each_other(&rosa, &clara).await;
    let ended = timeout(PATIENCE, rings.ended()).await.unwrap();
    assert_eq!(ended, Some(FailureCause::AnsweredElsewhere));
    picked.hang_up().await.unwrap();
    timeout(PATIENCE, mine.ended()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn three_talk_in_a_conference_of_ones_own_sound() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let rosa = Person::new(&server, "udp", "100", 440.0).await;
    let bruno = Person::new(&server, "tcp", "101", 1_000.0).await;
    let clara = Person::new(&server, "wss", "102", 700.0).await;
    let (first, _) = talk(&rosa, "101", &bruno).await;
    let second = first.consult("102").await.unwrap();
    clara.rings().await.answer().await.unwrap();
    timeout(PATIENCE, second.connected())
        .await
        .unwrap()
        .unwrap();
    second.conference(&first).await.unwrap();
    assert!(first.state().is_conference() && second.state().is_conference());
    hears_both(&rosa.sound, [1_000.0, 700.0]).await;
    hears_both(&bruno.sound, [440.0, 700.0]).await;
    hears_both(&clara.sound, [440.0, 1_000.0]).await;
    first.hold().await.unwrap();
    becomes(&second, |call| call.local == ConnectionState::Hold).await;
    second.retrieve().await.unwrap();
    becomes(&first, |call| call.local == ConnectionState::Connected).await;
    hears_both(&bruno.sound, [440.0, 700.0]).await;
    hears_both(&clara.sound, [440.0, 1_000.0]).await;
    second.hang_up().await.unwrap();
    hear_each_other(&rosa, &bruno).await;
    assert!(!first.state().is_conference());
    first.hang_up().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_survives_the_servers_restart() {
    let Some(mut server) = Kamailio::start("") else {
        return;
    };
    let rosa = Person::new(&server, "tcp", "100", 440.0).await;
    let bruno = Person::new(&server, "tcp", "101", 1_000.0).await;
    let (mine, theirs) = talk(&rosa, "101", &bruno).await;
    tokio::task::block_in_place(|| server.restart());
    hear_each_other(&rosa, &bruno).await;
    for client in [&rosa.client, &bruno.client] {
        let back = async {
            while client.view().connection != uc_session::Connection::Live {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, back)
            .await
            .expect("the connection doesn't come back");
    }
    // Where each is now was told to the other, so that the call can be ended and a new one made.
    tokio::time::sleep(Duration::from_secs(1)).await;
    mine.hang_up().await.unwrap();
    assert_eq!(
        timeout(PATIENCE, theirs.ended()).await.unwrap(),
        Some(FailureCause::Normal)
    );
    talk(&rosa, "101", &bruno).await;
}
