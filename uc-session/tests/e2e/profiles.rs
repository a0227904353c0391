//! Profiles, automatic sign-in, and going from one server to another.

use std::{path::Path, sync::Arc};

use uc_model::{Language, PopUp, Redacted, ServerSettings};
use uc_server::{RunningServer, Server};
use uc_session::{
    Client, Connection, Event, Known, LostReason, Preferences, PreferencesError, ProfileId,
    ServerProfile, SignInError, Trust,
    fake::MemorySecretStore,
    port::{SecretStore, Store},
};

use crate::{
    client::{event, until, within},
    place::empty_place,
};

/// A person's computer: a file for the settings, and a key store.
struct Computer {
    secrets: Arc<MemorySecretStore>,
    #[cfg(feature = "sqlite")]
    file: std::path::PathBuf,
    #[cfg(not(feature = "sqlite"))]
    store: Arc<uc_session::fake::MemoryStore>,
}

impl Computer {
    fn new(name: &str) -> Self {
        let place = empty_place(name);
        Self::at(&place)
    }

    #[cfg(feature = "sqlite")]
    fn at(place: &Path) -> Self {
        Self {
            secrets: Arc::default(),
            file: place.join("uc.sqlite"),
        }
    }

    #[cfg(not(feature = "sqlite"))]
    fn at(_: &Path) -> Self {
        Self {
            secrets: Arc::default(),
            store: Arc::default(),
        }
    }

    #[cfg(feature = "sqlite")]
    fn store(&self) -> Arc<dyn Store> {
        Arc::new(uc_session::SqliteStore::open(&self.file).unwrap())
    }

    #[cfg(not(feature = "sqlite"))]
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store) as _
    }

    /// The program as it starts: it knows what is on the disk and in the key store, and no more.
    async fn started(&self) -> Preferences {
        let secrets: Arc<dyn SecretStore> = Arc::clone(&self.secrets) as _;
        Preferences::open(self.store(), secrets).await.unwrap()
    }
}

fn profile(name: &str, server: &RunningServer, user: &str) -> ServerProfile {
    ServerProfile::new(name, user, &server.address().to_string(), None).unwrap()
}

fn password(user: &str) -> Redacted<String> {
    Redacted::new(format!("demo-{user}"))
}

/// The first sign-in at a profile: a person enters the password and accepts the certificate.
async fn first_sign_in(preferences: &Preferences, id: ProfileId, user: &str) -> Client {
    let builder = || {
        let builder = preferences.builder_without_password(id).unwrap();
        builder.password(password(user))
    };
    let shown = within(builder().sign_in()).await.err();
    let Some(SignInError::UnknownCertificate { certificate, .. }) = shown else {
        panic!("nobody has accepted the certificate: {shown:?}");
    };
    let accepting = builder().trust(Trust::Pin(certificate.sha256));
    let client = within(accepting.sign_in()).await.unwrap();
    preferences.keep_pins(id, &client.pins()).await.unwrap();
    preferences
        .keep_password(id, &password(user))
        .await
        .unwrap();
    client
}

async fn quit(client: Client) {
    let mut events = client.events();
    drop(client);
    within(async { while events.next().await.is_some() {} }).await;
}

/// Signs in as a starting program does, without asking anybody.
async fn signs_in_by_itself(preferences: &Preferences) -> Client {
    let id = preferences
        .automatic()
        .await
        .unwrap()
        .expect("a password is kept");
    let client = preferences.builder(id).await.unwrap();
    let client = within(client.start()).await.unwrap();
    within(client.signed_in()).await.unwrap();
    client
}

#[tokio::test]
async fn quitting_keeps_the_password_and_signing_out_forgets_it() {
    let server = Server::builder().start().await.unwrap();
    let computer = Computer::new("quitting_keeps");
    let preferences = computer.started().await;
    let id = preferences
        .add(profile("Office", &server, "330"))
        .await
        .unwrap();
    quit(first_sign_in(&preferences, id, "330").await).await;
    drop(preferences);

    let preferences = computer.started().await;
    let client = signs_in_by_itself(&preferences).await;
    assert_eq!(client.view().as_of, Known::Live);
    within(preferences.sign_out(id, &client)).await.unwrap();
    drop(preferences);

    let preferences = computer.started().await;
    assert_eq!(preferences.automatic().await, Ok(None));
    let told = preferences.builder(id).await.err();
    assert_eq!(
        told,
        Some(PreferencesError::NoPassword),
        "it must be entered again"
    );
    assert_eq!(preferences.profiles().iter().len(), 1, "the profile stays");
}

#[tokio::test]
async fn automatic_sign_in_is_an_option() {
    let server = Server::builder().start().await.unwrap();
    let computer = Computer::new("automatic_sign_in");
    let preferences = computer.started().await;
    let id = preferences
        .add(profile("Office", &server, "330"))
        .await
        .unwrap();
    quit(first_sign_in(&preferences, id, "330").await).await;
    preferences
        .set(|settings| settings.automatic_sign_in = false)
        .await
        .unwrap();
    preferences
        .set(|settings| settings.start_at_log_in = true)
        .await
        .unwrap();
    drop(preferences);
    let preferences = computer.started().await;
    assert_eq!(preferences.automatic().await, Ok(None));
    assert!(preferences.settings().start_at_log_in);
    assert!(
        preferences.builder(id).await.is_ok(),
        "at a click it needs no password"
    );
}

#[tokio::test]
async fn a_servers_settings_win_at_the_sign_in_and_are_its_users_alone() {
    let server = Server::builder().start().await.unwrap();
    let computer = Computer::new("servers_settings_win");
    let preferences = computer.started().await;
    let rosas = preferences.add(profile("Rosa", &server, "330")).await;
    let brunos = preferences.add(profile("Bruno", &server, "331")).await;
    let (rosas, brunos) = (rosas.unwrap(), brunos.unwrap());
    let set = preferences.set_of(rosas, |settings| {
        settings.language = Language::German;
        settings.start_at_log_in = true;
    });
    set.await.unwrap();
    let rosa = first_sign_in(&preferences, rosas, "330").await;
    preferences.take_over(rosas, &rosa).await.unwrap();
    assert_eq!(
        preferences.settings().language,
        Language::German,
        "the server keeps nothing yet"
    );
    let mut elsewhere = preferences.settings();
    elsewhere.language = Language::Dutch;
    elsewhere.pop_up = PopUp::Never;
    let elsewhere = ServerSettings::of(&elsewhere);
    within(rosa.set_settings(elsewhere)).await.unwrap();
    quit(rosa).await;
    drop(preferences);

    let preferences = computer.started().await;
    let rosa = signs_in_by_itself(&preferences).await;
    preferences.take_over(rosas, &rosa).await.unwrap();
    drop(preferences);
    let preferences = computer.started().await;
    let settings = preferences.settings();
    assert_eq!(
        (settings.language, settings.pop_up, settings.start_at_log_in),
        (Language::Dutch, PopUp::Never, true)
    );
    let bruno = first_sign_in(&preferences, brunos, "331").await;
    preferences.take_over(brunos, &bruno).await.unwrap();
    assert_eq!(preferences.settings_of(brunos).language, Language::English);
}

#[tokio::test]
async fn four_profiles_are_switched_without_entering_a_password_again() {
    let servers = [
        Server::builder().start().await.unwrap(),
        Server::builder().start().await.unwrap(),
    ];
    let computer = Computer::new("four_profiles");
    let preferences = computer.started().await;
    let mut sign_in_screen = preferences.watch();
    for (number, user) in ["330", "331", "332", "333"].into_iter().enumerate() {
        let made = profile(&format!("Profile {number}"), &servers[number % 2], user);
        let id = preferences.add(made).await.unwrap();
        quit(first_sign_in(&preferences, id, user).await).await;
    }
    let shown = Arc::clone(&sign_in_screen.borrow_and_update().profiles);
    assert_eq!(
        shown.iter().len(),
        4,
        "the screen shows what the settings have"
    );
    drop(preferences);

    let preferences = computer.started().await;
    for (id, profile) in preferences.profiles().iter() {
        preferences.choose(id).await.unwrap();
        let client = signs_in_by_itself(&preferences).await;
        let user = client.view().user.clone().unwrap();
        assert_eq!(user.user.as_str(), profile.user().as_str());
        quit(client).await;
    }
}

#[tokio::test]
async fn a_changed_certificate_is_never_accepted_by_a_profile() {
    let server = Server::builder().start().await.unwrap();
    let computer = Computer::new("a_changed_certificate");
    let preferences = computer.started().await;
    let id = preferences
        .add(profile("Office", &server, "330"))
        .await
        .unwrap();
    quit(first_sign_in(&preferences, id, "330").await).await;
    let listen = server.address();
    server.kill().await;
    // Another server takes its place, with a certificate of its own.
    let _other = Server::builder().listen(listen).start().await.unwrap();
    let told = within(preferences.builder(id).await.unwrap().sign_in())
        .await
        .err();
    assert!(
        matches!(told, Some(SignInError::ChangedCertificate { .. })),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_person_can_ask_for_another_connection_at_any_time() {
    let server = Server::builder().start().await.unwrap();
    let client = within(crate::client::builder(&server, "330").sign_in())
        .await
        .unwrap();
    let mut events = client.events();
    for _ in 0..2 {
        client.reconnect();
        let reason = LostReason::Asked;
        event(&mut events, |event| {
            *event
                == Event::ConnectionLost {
                    reason: reason.clone(),
                }
        })
        .await;
        event(&mut events, |event| *event == Event::ConnectionRestored).await;
    }
    until(|| client.view().connection == Connection::Live).await;
    assert!(within(client.search("b")).await.is_ok());
}
