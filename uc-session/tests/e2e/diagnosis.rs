//! What a diagnosis says about servers of all kinds.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::{io::AsyncWriteExt, net::TcpListener};
use uc_model::Mode;
use uc_server::{RunningServer, Server};
use uc_session::{
    Bad, Client, ClientBuilder, Diagnosis, Good, SignInError, Step, Trust,
    port::{BackendError, DialFailure},
};

use crate::{
    client::{builder, within},
    rogue::{Rogue, Say, good as good_answer},
};

async fn diagnosis(of: ClientBuilder) -> Diagnosis {
    let mut told = Vec::new();
    let diagnosis = of.diagnose(|check| told.push(check.clone()));
    let diagnosis = within(diagnosis).await.unwrap();
    assert_eq!(told, diagnosis.checks, "each is told as it comes");
    diagnosis
}

fn at(address: SocketAddr) -> ClientBuilder {
    Client::builder(&address.to_string(), "330").password("demo-330".to_owned())
}

/// The first step that doesn't work, and why.
fn obstacle(diagnosis: &Diagnosis) -> (Step, Bad) {
    let check = diagnosis.obstacle().expect("something doesn't work");
    (check.step, check.result.clone().expect_err("an obstacle"))
}

fn good(diagnosis: &Diagnosis, step: Step) -> Good {
    let check = diagnosis.checks.iter().find(|check| check.step == step);
    check.unwrap().result.clone().unwrap()
}

#[tokio::test]
async fn where_everything_works_each_step_says_so_in_order() {
    let server = Server::builder().start().await.unwrap();
    let diagnosis = diagnosis(builder(&server, "330")).await;
    assert!(diagnosis.works(), "{diagnosis:?}");
    assert_eq!(diagnosis.obstacle(), None);
    let steps: Vec<_> = diagnosis.checks.iter().map(|check| check.step).collect();
    assert_eq!(
        steps,
        [
            Step::Name,
            Step::Route,
            Step::Port,
            Step::Tls,
            Step::Certificate,
            Step::Credentials,
            Step::Licence,
            Step::Version,
            Step::Events,
        ]
    );
    let Good::Accepted(certificate) = good(&diagnosis, Step::Certificate) else {
        panic!("an accepted certificate");
    };
    assert_eq!(certificate.sha256, server.fingerprint());
    let Good::Server { product, mode } = good(&diagnosis, Step::Version) else {
        panic!("a server");
    };
    assert!(!product.is_empty() && mode == Some(Mode::Smart));
    assert_eq!(diagnosis.relied_on, [], "nothing of UCX is inferred");
}

#[tokio::test]
async fn a_dead_lan_address_beside_a_live_wan_address_is_named_and_the_rest_works() {
    let server = Server::builder().start().await.unwrap();
    let closed = closed_port().await;
    let of = at(closed)
        .wan(&server.address().to_string())
        .trust(Trust::Pin(server.fingerprint()));
    let diagnosis = diagnosis(of).await;
    assert!(diagnosis.works(), "{diagnosis:?}");
    let failed: Vec<_> = diagnosis
        .checks
        .iter()
        .filter(|check| check.result.is_err())
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].step, Step::Port);
    assert_eq!(failed[0].result, Err(Bad::Dial(DialFailure::Refused)));
    assert_eq!(failed[0].address.as_ref().unwrap().port, closed.port());
}

/// A port at which nothing listens.
async fn closed_port() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    listener.local_addr().unwrap()
}

#[tokio::test]
async fn names_ports_and_other_services_are_told_apart() {
    let nobody = Client::builder("nobody.invalid", "330").password("hush".to_owned());
    let told = diagnosis(nobody).await;
    assert_eq!(
        obstacle(&told),
        (Step::Name, Bad::Dial(DialFailure::NameNotFound))
    );
    let last = told.checks.last().unwrap();
    assert_eq!(
        (last.step, &last.result),
        (Step::Events, &Err(Bad::NotReached))
    );

    let told = diagnosis(at(closed_port().await)).await;
    assert_eq!(
        obstacle(&told),
        (Step::Port, Bad::Dial(DialFailure::Refused))
    );

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let mail = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"220 mail.example ESMTP\r\n").await;
        }
    });
    let told = diagnosis(at(mail)).await;
    assert_eq!(obstacle(&told), (Step::Tls, Bad::Dial(DialFailure::NotTls)));
}

#[tokio::test]
async fn before_the_certificate_is_accepted_nothing_is_sent() {
    let rogue = Rogue::start(|_| Say::Json(500, "{}".into())).await;
    let told = diagnosis(at(rogue.address)).await;
    let (step, bad) = obstacle(&told);
    assert_eq!(step, Step::Certificate);
    let Bad::Certificate(SignInError::UnknownCertificate { certificate, .. }) = bad else {
        panic!("{bad:?}");
    };
    assert_eq!(certificate.sha256, rogue.sha256);
    let told = diagnosis(at(rogue.address).trust(Trust::Pin([7; 32]))).await;
    let (step, bad) = obstacle(&told);
    assert_eq!(step, Step::Certificate);
    assert!(matches!(
        bad,
        Bad::Certificate(SignInError::ChangedCertificate { .. })
    ));
    assert_eq!(rogue.requests(), 0, "neither password nor anything else");
}

async fn locked_out(server: &RunningServer, user: &str, password: &str) -> (Step, Bad) {
    let of = builder(server, user).password(password.to_owned());
    obstacle(&diagnosis(of).await)
}

#[tokio::test]
async fn wrong_passwords_and_locked_accounts_are_told_apart() {
    let server = Server::builder().start().await.unwrap();
    let told = locked_out(&server, "330", "wrong").await;
    let wrong = Bad::Backend(BackendError::BadCredentials);
    assert_eq!(told, (Step::Credentials, wrong));
    let told = locked_out(&server, "341", "demo-341").await;
    let locked = Bad::Backend(BackendError::AccountLocked);
    assert_eq!(told, (Step::Credentials, locked));
}

#[tokio::test]
async fn a_missing_licence_and_a_foreign_service_have_steps_of_their_own() {
    let licence = r#"{"type":"urn:ucx:problem:no-licence","title":"none left","status":403}"#;
    let rogue = Rogue::start(move |heard| match heard.path.as_str() {
        "/uc/v1/session" => Say::Json(403, licence.into()),
        _ => good_answer(heard),
    })
    .await;
    let told = diagnosis(at(rogue.address).trust(Trust::Pin(rogue.sha256))).await;
    let none = Bad::Backend(BackendError::NoLicence(None));
    assert_eq!(obstacle(&told), (Step::Licence, none));
    assert_eq!(good(&told, Step::Credentials), Good::Yes);

    let web =
        Rogue::start(|_| Say::Raw(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_vec()))
            .await;
    let told = diagnosis(at(web.address).trust(Trust::Pin(web.sha256))).await;
    let (step, _) = told
        .checks
        .iter()
        .find_map(|check| match &check.result {
            Err(Bad::Backend(error)) => Some((check.step, error.clone())),
            _ => None,
        })
        .unwrap();
    assert_eq!(step, Step::Version);
}

#[tokio::test]
async fn events_that_are_held_back_on_the_way_are_found() {
    let rogue = Rogue::start(|heard| match heard.path.split('?').next() {
        Some("/uc/v1/events") => Say::Stream(String::new()),
        _ => good_answer(heard),
    })
    .await;
    let told = diagnosis(at(rogue.address).trust(Trust::Pin(rogue.sha256))).await;
    assert_eq!(obstacle(&told), (Step::Events, Bad::NoEvents));
}

#[tokio::test]
async fn the_inferred_names_of_wsi_that_a_connection_relied_on_are_listed() {
    let server = Server::builder()
        .ucx(false)
        .desk_phones(true)
        .start()
        .await
        .unwrap();
    let diagnosis = diagnosis(builder(&server, "330")).await;
    assert!(diagnosis.works(), "{diagnosis:?}");
    assert!(!diagnosis.relied_on.is_empty());
}
