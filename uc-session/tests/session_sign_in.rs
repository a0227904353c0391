//! What can go wrong at a sign-in, and what a person reads then.

mod office;

use std::{fmt::Write, sync::Arc, time::Duration};

use office::{builder, event, server};
use tokio::time::Instant;
use uc_model::{Action, FailureCause};
use uc_session::{
    CallError, Client, Event, Pins, ServiceError, SignInError, Trust,
    fake::{Door, FakeServer, Fault, Kind},
    port::{BackendError, Certificate, DialFailure, MediaError, ServerAddress},
};

fn lan() -> ServerAddress {
    ServerAddress {
        host: "lan.example".into(),
        port: 8802,
    }
}

fn wan() -> ServerAddress {
    ServerAddress {
        host: "wan.example".into(),
        port: 443,
    }
}

fn certificate(byte: u8) -> Certificate {
    Certificate {
        sha256: [byte; 32],
        ..FakeServer::certificate()
    }
}

/// The server's own certificate, pinned for both addresses.
fn pins() -> Pins {
    let own = FakeServer::certificate().sha256;
    Pins::new().with(lan(), own).with(wan(), own)
}

async fn with_wan(server: &FakeServer, pins: Pins) -> Result<Client, SignInError> {
    builder(server, "330")
        .wan("wan.example:443")
        .trust(Trust::Ask)
        .pins(pins)
        .sign_in()
        .await
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_told_and_five_lock_the_account() {
    let server = server();
    for _ in 0..5 {
        let wrong = builder(&server, "330")
            .password("guess".to_owned())
            .sign_in()
            .await;
        assert_eq!(wrong.unwrap_err(), BackendError::BadCredentials.into());
    }
    let locked = builder(&server, "330").sign_in().await;
    assert_eq!(locked.unwrap_err(), BackendError::AccountLocked.into());
    assert_eq!(server.open_sessions(), 0);
}

#[tokio::test(start_paused = true)]
async fn every_failure_to_dial_is_told_as_what_it_is() {
    for failure in [
        DialFailure::Refused,
        DialFailure::NameNotFound,
        DialFailure::NotTls,
        DialFailure::TlsTooOld,
        DialFailure::Tls,
        DialFailure::NoRoute,
    ] {
        let server = server();
        server.set_door(lan(), Door::Fails(failure));
        let error = builder(&server, "330").sign_in().await.unwrap_err();
        assert_eq!(
            error,
            SignInError::Unreachable {
                lan: failure,
                wan: None
            }
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_host_is_told_after_five_seconds() {
    let server = server();
    server.set_door(lan(), Door::Silent);
    let start = Instant::now();
    let error = builder(&server, "330").sign_in().await.unwrap_err();
    assert_eq!(
        error,
        SignInError::Unreachable {
            lan: DialFailure::Silent,
            wan: None
        }
    );
    assert!(start.elapsed() < Duration::from_secs(6));
}

#[tokio::test(start_paused = true)]
async fn a_dead_first_address_costs_a_quarter_of_a_second() {
    for door in [Door::Silent, Door::Fails(DialFailure::Refused)] {
        let server = server();
        server.set_door(lan(), door);
        let start = Instant::now();
        with_wan(&server, pins()).await.unwrap();
        assert!(start.elapsed() < Duration::from_millis(300));
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_address_is_used_where_it_answers() {
    let server = server();
    with_wan(&server, pins()).await.unwrap();
    assert_eq!(server.arrived(Kind::Dial), 1);
}

#[tokio::test(start_paused = true)]
async fn two_dead_addresses_are_both_told() {
    let server = server();
    server.set_door(lan(), Door::Fails(DialFailure::Refused));
    server.set_door(wan(), Door::Fails(DialFailure::NameNotFound));
    let error = with_wan(&server, pins()).await.unwrap_err();
    let (lan, wan) = (DialFailure::Refused, Some(DialFailure::NameNotFound));
    assert_eq!(error, SignInError::Unreachable { lan, wan });
}

#[tokio::test(start_paused = true)]
async fn an_unknown_certificate_is_presented_before_any_password_is_sent() {
    let server = server();
    let error = builder(&server, "330")
        .trust(Trust::Ask)
        .sign_in()
        .await
        .unwrap_err();
    let SignInError::UnknownCertificate {
        address,
        certificate,
    } = error
    else {
        panic!("{error:?}");
    };
    assert_eq!((address, &certificate), (lan(), &FakeServer::certificate()));
    assert_eq!(server.arrived(Kind::SignIn), 0);

    let accepted = builder(&server, "330").trust(Trust::Pin(certificate.sha256));
    let client = accepted.sign_in().await.unwrap();
    assert_eq!(client.pins().get(&lan()), Some(&certificate.sha256));
}

#[tokio::test(start_paused = true)]
async fn a_changed_certificate_is_presented_as_changed() {
    let server = server();
    server.set_door(lan(), Door::Open(certificate(9)));
    let trusting = builder(&server, "330")
        .pins(pins())
        .trust(Trust::AcceptFirst);
    let error = trusting.sign_in().await.unwrap_err();
    let expected = FakeServer::certificate().sha256;
    assert_eq!(
        error,
        SignInError::ChangedCertificate {
            address: lan(),
            expected,
            certificate: certificate(9)
        }
    );
    assert_eq!(server.arrived(Kind::SignIn), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_at_the_first_address_is_reported_and_the_pinned_second_used() {
    let server = server();
    server.set_door(lan(), Door::Open(certificate(9)));
    let client = with_wan(&server, pins()).await.unwrap();
    let mut events = client.events();
    let stranger = event(&mut events, |event| match event {
        Event::CertificateStranger {
            address,
            certificate,
        } => Some((address.clone(), certificate.clone())),
        _ => None,
    });
    assert_eq!(stranger.await, (lan(), certificate(9)));
}

#[tokio::test(start_paused = true)]
async fn a_stranger_is_presented_when_the_second_address_is_dead_or_strange_too() {
    for door in [Door::Silent, Door::Open(certificate(8))] {
        let server = server();
        server.set_door(lan(), Door::Open(certificate(9)));
        server.set_door(wan(), door);
        let error = with_wan(&server, pins()).await.unwrap_err();
        assert!(matches!(
            error,
            SignInError::ChangedCertificate { address, .. } if address == lan()
        ));
        assert_eq!(server.arrived(Kind::SignIn), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_at_any_later_step_ends_the_sign_in_and_closes_everything() {
    for kind in [Kind::SignIn, Kind::Subscribe, Kind::Snapshot] {
        for error in [
            BackendError::Malformed,
            BackendError::TooLarge,
            BackendError::NoLicence(None),
        ] {
            let server = server();
            let backend = server.backend();
            server.fault(kind, Fault::Fails(error.clone()));
            let failed = builder(&server, "330")
                .backend(Arc::clone(&backend) as _)
                .sign_in();
            assert_eq!(failed.await.unwrap_err(), SignInError::Backend(error));
            assert_eq!((backend.open_links(), server.open_streams()), (0, 0));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_given_up() {
    for kind in [Kind::Dial, Kind::SignIn, Kind::Subscribe, Kind::Snapshot] {
        let server = server();
        server.fault(kind, Fault::Hangs);
        let start = Instant::now();
        let error = builder(&server, "330").sign_in().await.unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(30), "{kind:?}");
        let silent = SignInError::Unreachable {
            lan: DialFailure::Silent,
            wan: None,
        };
        assert!(
            error == silent || error == BackendError::TimedOut.into(),
            "{kind:?}: {error:?}"
        );
    }
}

#[tokio::test]
async fn what_is_missing_or_unreadable_is_told_before_anything_is_dialled() {
    let refused =
        |builder: uc_session::ClientBuilder| async { builder.sign_in().await.unwrap_err() };
    let named = |address, user| Client::builder(address, user);
    assert_eq!(
        refused(named("a b", "330").password("x".to_owned())).await,
        SignInError::Address
    );
    assert_eq!(refused(named("uc.example", "")).await, SignInError::NoUser);
    assert_eq!(
        refused(named("uc.example", "330")).await,
        SignInError::NoPassword
    );
    let trust = Trust::PinHex("12:34".into());
    let pinned = named("uc.example", "330")
        .password("x".to_owned())
        .trust(trust);
    assert_eq!(refused(pinned).await, SignInError::Fingerprint);
    let variable = named("uc.example", "330").password_from_env("UC_NO_SUCH_VARIABLE");
    assert_eq!(variable.unwrap_err(), SignInError::NoPassword);
}

#[test]
fn every_text_tells_a_person_what_to_do() {
    let mut texts = String::new();
    let backend = [
        BackendError::CertificateChanged,
        BackendError::BadCredentials,
        BackendError::SignInRefused,
        BackendError::AccountLocked,
        BackendError::NoLicence(None),
        BackendError::NotSignedIn,
        BackendError::Unsupported,
        BackendError::NotFound,
        BackendError::WrongState,
        BackendError::Glare,
        BackendError::RefusedValue,
        BackendError::CallFailed(FailureCause::Busy),
        BackendError::Broken {
            before_answer: true,
        },
        BackendError::TimedOut,
        BackendError::Malformed,
        BackendError::TooLarge,
        BackendError::Unavailable,
        BackendError::Closed,
    ];
    let unreachable = |lan, wan| SignInError::Unreachable { lan, wan };
    let certificate = certificate(9);
    let sign_in = [
        SignInError::Address,
        SignInError::NoUser,
        SignInError::NoPassword,
        SignInError::Fingerprint,
        SignInError::NoRuntime,
        SignInError::UnknownCertificate {
            address: lan(),
            certificate: certificate.clone(),
        },
        SignInError::ChangedCertificate {
            address: lan(),
            expected: [7; 32],
            certificate,
        },
        unreachable(DialFailure::NameNotFound, None),
        unreachable(DialFailure::Refused, None),
        unreachable(DialFailure::Silent, None),
        unreachable(DialFailure::NotTls, None),
        unreachable(DialFailure::TlsTooOld, None),
        unreachable(DialFailure::Tls, None),
        unreachable(DialFailure::NoRoute, None),
        unreachable(DialFailure::Refused, Some(DialFailure::Silent)),
        SignInError::Closed,
    ];
    let service = [
        ServiceError::NotConnected,
        ServiceError::Unsupported,
        ServiceError::TooMany,
        ServiceError::Closed,
    ];
    let action = Action::Hold;
    let call = [
        CallError::NoSound,
        CallError::Unsupported,
        CallError::NotAllowed { action },
        CallError::Pending { action },
        CallError::TooMany,
        CallError::NotConnected,
        CallError::Ended(FailureCause::NoAnswer),
        CallError::Media(MediaError::NoPath),
        CallError::Media(MediaError::WrongFingerprint),
        CallError::TimedOut,
        CallError::Closed,
    ];
    let mut add = |error: &dyn std::error::Error| writeln!(texts, "{error}").unwrap();
    sign_in.iter().for_each(|error| add(error));
    backend.iter().for_each(|error| add(error));
    service.iter().for_each(|error| add(error));
    call.iter().for_each(|error| add(error));
    insta::assert_snapshot!("texts", texts);
}
