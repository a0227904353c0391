//! Passwords, session ids, names, numbers and texts set to known strings: they stand in no log at
//! TRACE of client or server, in no text of an error, in no `Debug`; secrets stand in no file.
#![cfg(feature = "media")]
#![expect(clippy::unwrap_used, reason = "a test that can't go on panics")]

#[path = "e2e/rogue.rs"]
#[allow(dead_code, reason = "others need more of it")]
mod rogue;

use std::{
    fmt::Debug,
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tracing::Level;
use uc_model::{Presence, PresenceState, Redacted};
use uc_server::{Company, RunningServer, Server, Storage};
use uc_session::{
    Client, ClientBuilder, Connection, Event, Events, Preferences, ServerProfile, Trust,
    fake::{MemorySecretStore, MemoryStore},
    port::Store,
};

use self::rogue::{Rogue, Say, good};

const PASSWORD: &str = "canary-password-Q7";
const WRONG: &str = "canary-wrong-password-Q7";
const SESSION: &str = "canary-session-Q7";
const NAME: &str = "Canaryname";
const NOTE: &str = "canary-note-Q7";
const QUERY: &str = "canaryq";
const NUMBER: &str = "+498912345678";
const TITLE: &str = "canary-title-Q7";

/// What must not be told, by a part that is seen in any notation.
const CANARIES: [&str; 7] = [
    "canary-password",
    "canary-wrong",
    "canary-session",
    "anaryname",
    "canary-note",
    "canaryq",
    "12345678",
];

/// Everything that is logged, by anybody.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn begin() -> Self {
        let log = Self::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        log
    }

    fn text(&self) -> String {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&log).into_owned()
    }
}

/// Fails where a canary sings in `text`.
#[track_caller]
fn silent(what: &str, text: &str) {
    let lower = text.to_lowercase();
    for canary in CANARIES {
        if let Some(at) = lower.find(canary) {
            let from = at.saturating_sub(200);
            let around: String = lower.chars().skip(from).take(400).collect();
            panic!("{canary} in {what}: …{around}…");
        }
    }
}

#[track_caller]
fn shows_nothing(value: &impl Debug) {
    silent("Debug", &format!("{value:?} {value:#?}"));
}

#[track_caller]
fn says_nothing(error: &impl std::error::Error) {
    silent("an error", &error.to_string());
    shows_nothing(error);
    let mut source = error.source();
    while let Some(error) = source {
        silent("an error's source", &format!("{error} {error:?}"));
        source = error.source();
    }
}

/// No file under `place` holds what is secret. Names and texts are the user's own copy.
fn no_secret_under(place: &Path) {
    for entry in fs::read_dir(place).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            no_secret_under(&path);
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        for secret in [PASSWORD, WRONG, SESSION] {
            let found = bytes
                .windows(secret.len())
                .any(|bytes| bytes == secret.as_bytes());
            assert!(!found, "{secret} in {}", path.display());
        }
    }
}

fn company() -> Company {
    let user = |extension: &str, first: &str, numbers: &str| {
        format!(
            "[[user]]\nextension = \"{extension}\"\nfirst_name = \"{first}\"\n\
             last_name = \"{NAME}\"\npassword = \"{PASSWORD}\"\nnumbers = [{numbers}]\n"
        )
    };
    let mobile = format!("{{ kind = \"mobile\", number = \"{NUMBER}\" }}");
    Company::from_toml(&(user("330", "Ada", "") + &user("331", "Bea", &mobile))).unwrap()
}

fn builder(server: &RunningServer, user: &str) -> ClientBuilder {
    let builder = Client::builder(&server.address().to_string(), user)
        .password(PASSWORD.to_owned())
        .trust(Trust::Pin(server.fingerprint()))
        .null_sound()
        .unwrap();
    shows_nothing(&builder);
    builder
}

fn presence() -> Presence {
    let note = Some(Redacted::new(NOTE.to_owned()));
    Presence::new(PresenceState::Lunch, None, note).unwrap()
}

async fn within<T>(work: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(Duration::from_secs(30), work).await;
    done.expect("it should not take so long")
}

/// Reads events until one fits; none of them tells anything.
async fn event(events: &mut Events, fits: impl Fn(&Event) -> bool) {
    within(async {
        loop {
            let event = events.next().await.unwrap();
            shows_nothing(&event);
            if fits(&event) {
                return;
            }
        }
    })
    .await;
}

/// A day of a user: sign-in, presence, search, calls, an outage, a sign-out.
async fn a_day(server: &RunningServer, store: Arc<dyn Store>) {
    let ada = builder(server, "330").cache(store, "office");
    let ada = within(ada.sign_in()).await.unwrap();
    let bea = within(builder(server, "331").sign_in()).await.unwrap();
    let mut events = ada.events();
    within(bea.set_presence(presence())).await.unwrap();
    event(&mut events, |event| matches!(event, Event::Presence { .. })).await;
    let found = within(ada.search(&NAME[..4])).await.unwrap();
    assert_eq!(found.contacts.len(), 2, "the canaries are there to sing");
    shows_nothing(&found);
    assert!(within(ada.search(QUERY)).await.unwrap().contacts.is_empty());

    let outgoing = within(ada.call(NUMBER)).await.unwrap();
    let incoming = within(bea.incoming()).await.unwrap();
    shows_nothing(&(&outgoing, &incoming, ada.calls()));
    within(incoming.answer()).await.unwrap();
    within(outgoing.connected()).await.unwrap();
    within(outgoing.hold()).await.unwrap();
    within(outgoing.hang_up()).await.unwrap();
    event(&mut events, |event| matches!(event, Event::Conversation(_))).await;
    let view = ada.view();
    let conversation = view.conversations().next().unwrap().id.clone();
    within(ada.mark_read(&conversation)).await.unwrap();
    says_nothing(&within(ada.call(&format!("{NUMBER}x"))).await.unwrap_err());
    says_nothing(&within(ada.call("+4989876543210")).await.unwrap_err());
    shows_nothing(&(view, &ada));

    server.cut_connections();
    event(&mut events, |event| *event == Event::ConnectionRestored).await;
    within(ada.sign_out()).await;
    drop(bea);
}

/// Sign-ins that fail, and what a diagnosis says of them.
async fn failures(server: &RunningServer) {
    let wrong = || builder(server, "330").password(WRONG.to_owned());
    says_nothing(&within(wrong().sign_in()).await.unwrap_err());
    let diagnosis = within(wrong().diagnose(|check| shows_nothing(check)))
        .await
        .unwrap();
    for check in &diagnosis.checks {
        if let Err(bad) = &check.result {
            says_nothing(bad);
        }
    }
    let unknown = || builder(server, "330").trust(Trust::Ask);
    says_nothing(&within(unknown().sign_in()).await.unwrap_err());
    let other = builder(server, "330").trust(Trust::Pin([1; 32]));
    says_nothing(&within(other.sign_in()).await.unwrap_err());
    let closed = Client::builder("127.0.0.1:1", "330").password(PASSWORD.to_owned());
    says_nothing(&within(closed.sign_in()).await.unwrap_err());
}

/// A server that puts canaries wherever it can, and breaks.
async fn rogues() {
    let rogue = Rogue::start(|heard| {
        assert!(
            !heard.head.contains("canary-password"),
            "passwords go into bodies"
        );
        let query = heard.path.split_once("q=").map_or("", |(_, query)| query);
        match (heard.method.as_str(), heard.path.split('?').next().unwrap()) {
            ("POST", "/uc/v1/session") => Say::Json(
                201,
                format!(
                    r#"{{"session":"{SESSION}","me":{{"user":"330","extension":"330",
                        "name":"Ada {NAME}"}}}}"#
                ),
            ),
            ("GET", "/uc/v1/directory") if query.starts_with("half") => {
                Say::Json(200, format!(r#"{{"contacts":[{{"first_name":"{NAME}""#))
            }
            ("GET", "/uc/v1/directory") if query.starts_with("no") => Say::Json(
                500,
                format!(r#"{{"type":"about:blank","status":500,"title":"{TITLE} {NOTE}"}}"#),
            ),
            _ => good(heard),
        }
    })
    .await;
    let client = Client::builder(&rogue.address.to_string(), "330")
        .password(PASSWORD.to_owned())
        .trust(Trust::Pin(rogue.sha256))
        .sign_in();
    let client = within(client).await.unwrap();
    for query in ["half", "no"] {
        says_nothing(&within(client.search(query)).await.unwrap_err());
    }
    let mut events = client.events();
    let unreadable = format!(r#"{{"type":"presence","note":"{NOTE}","user":7}}"#);
    rogue.push(&rogue::event("e1-2", &unreadable));
    event(&mut events, |event| {
        matches!(event, Event::Undecodable { .. })
    })
    .await;
    let readable =
        format!(r#"{{"type":"presence","user":"331","rev":4,"state":"home","note":"{NOTE}"}}"#);
    rogue.push(&rogue::event("e1-3", &readable));
    event(&mut events, |event| matches!(event, Event::Presence { .. })).await;
    rogue.push(&rogue::event("e1-4", r#"{"type":"session_ended"}"#));
    event(&mut events, |event| *event == Event::ConnectionRestored).await;
    assert_eq!(client.view().connection, Connection::Live);
    within(client.sign_out()).await;
}

/// Settings, profiles and passwords where they are kept.
async fn preferences(store: Arc<dyn Store>) {
    let secrets = Arc::new(MemorySecretStore::default());
    let preferences = Preferences::open(store, secrets).await.unwrap();
    let profile = ServerProfile::new("Office", "330", "127.0.0.1:1", None).unwrap();
    let id = preferences.add(profile).await.unwrap();
    let password = Redacted::new(PASSWORD.to_owned());
    preferences.keep_password(id, &password).await.unwrap();
    shows_nothing(&preferences);
    let client = within(preferences.builder(id).await.unwrap().sign_in()).await;
    says_nothing(&client.unwrap_err());
}

#[cfg(feature = "sqlite")]
fn store(place: &Path) -> Arc<dyn Store> {
    Arc::new(uc_session::SqliteStore::open(place.join("client/uc.sqlite")).unwrap())
}

#[cfg(not(feature = "sqlite"))]
fn store(_: &Path) -> Arc<dyn Store> {
    Arc::new(MemoryStore::default())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_no_error_and_no_debug_tells_a_secret_a_name_or_a_text() {
    let log = Log::begin();
    let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("canaries");
    let _ = fs::remove_dir_all(&place);
    let storage = Storage::Directory(place.join("server"));
    let server = Server::builder().company(company()).storage(storage);
    let server = server.start().await.unwrap();
    let store = store(&place);
    shows_nothing(&(&store, &MemoryStore::default()));
    a_day(&server, Arc::clone(&store)).await;
    failures(&server).await;
    rogues().await;
    preferences(store).await;
    server.stop().await;
    let text = log.text();
    assert!(
        text.contains("TRACE"),
        "the log is listened to: {} bytes",
        text.len()
    );
    silent("the log", &text);
    no_secret_under(&place);
}
