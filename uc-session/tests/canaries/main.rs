//! Passwords, session ids, PINs, names, numbers and texts set to known strings: they stand in no log
//! at TRACE of client or server, in no text of an error, in no `Debug`; secrets stand in no file.
//!
//! A PIN has no type of its own yet (voicemail and conferences have none): what carries one are the
//! keys pressed in a call. Texts of messages stand in files on purpose: in the cache of a client that
//! keeps them, for its owner alone, and in the server's store, since it is the server.
#![cfg(feature = "media")]
#![expect(clippy::unwrap_used, reason = "a test that can't go on panics")]

mod listening;
#[path = "../e2e/rogue.rs"]
#[allow(dead_code, reason = "others need more of it")]
mod rogue;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use uc_model::{PhoneNumber, Presence, PresenceState, Redacted};
use uc_server::{Company, RunningServer, Server, Storage};
use uc_session::{
    Client, ClientBuilder, Connection, Event, Events, Preferences, ServerProfile, Trust,
    WsiBackend,
    fake::{MemorySecretStore, MemoryStore},
    port::Store,
};

use self::{
    listening::{Log, files_with, is_private, says_nothing, shows_nothing, silent},
    rogue::{Rogue, Say, good},
};

const PASSWORD: &str = "canary-password-Q7";
const WRONG: &str = "canary-wrong-password-Q7";
/// As WSI's are: letters and digits.
const SESSION: &str = "canarysessionQ7";
const NAME: &str = "Canaryname";
const NOTE: &str = "canary-note-Q7";
const TEXT: &str = "canary-text-Q7";
const QUERY: &str = "canaryq";
const NUMBER: &str = "+498912345678";
const TITLE: &str = "canary-title-Q7";
/// Longer than a PIN is, so that no time stamp has it by chance.
const PIN: &str = "739164058293";

fn company() -> Company {
    let user = |extension: &str, first: &str, numbers: &str| {
        format!(
            "[[user]]\nextension = \"{extension}\"\nfirst_name = \"{first}\"\n\
             last_name = \"{NAME}\"\npassword = \"{PASSWORD}\"\nnumbers = [{numbers}]\n"
        )
    };
    let mobile = format!("{{ kind = \"mobile\", number = \"{NUMBER}\" }}");
    let users = user("330", "Ada", "") + &user("331", "Bea", &mobile) + &user("332", "Cora", "");
    Company::from_toml(&users).unwrap()
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

/// A day of a user: sign-in, presence, search, calls, messages, an outage, a sign-out. Ada keeps what
/// she knows without texts of messages, Bea with them.
async fn a_day(server: &RunningServer, adas: Arc<dyn Store>, beas: Arc<dyn Store>) {
    let ada = builder(server, "330")
        .cache(adas, "office")
        .keep_texts(false);
    let ada = within(ada.sign_in()).await.unwrap();
    let bea = builder(server, "331").cache(beas, "office");
    let bea = within(bea.sign_in()).await.unwrap();
    let mut events = ada.events();
    within(bea.set_presence(presence())).await.unwrap();
    event(&mut events, |event| matches!(event, Event::Presence { .. })).await;
    let found = within(ada.search(&NAME[..4])).await.unwrap();
    assert_eq!(found.contacts.len(), 3, "the canaries are there to sing");
    shows_nothing(&found);
    assert!(within(ada.search(QUERY)).await.unwrap().contacts.is_empty());
    // At lunch the mailbox would answer.
    let office = Presence::of(PresenceState::Office);
    within(bea.set_presence(office)).await.unwrap();
    event(&mut events, |event| matches!(event, Event::Presence { .. })).await;
    calls(&ada, &bea).await;
    messages(server, &ada, &bea).await;
    within(ada.sign_out()).await;
    within(bea.sign_out()).await;
}

async fn calls(ada: &Client, bea: &Client) {
    let (mut events, mut pressed) = (ada.events(), bea.events());
    let outgoing = within(ada.call(NUMBER)).await.unwrap();
    let incoming = within(bea.incoming()).await.unwrap();
    shows_nothing(&(&outgoing, &incoming, ada.calls()));
    within(incoming.answer()).await.unwrap();
    within(outgoing.connected()).await.unwrap();
    within(outgoing.send_digits(PIN)).await.unwrap();
    for _ in PIN.chars() {
        event(&mut pressed, |event| matches!(event, Event::Digit { .. })).await;
    }
    let no_key = format!("{PIN}x");
    says_nothing(&within(outgoing.send_digits(&no_key)).await.unwrap_err());
    within(outgoing.hold()).await.unwrap();
    says_nothing(&within(outgoing.send_digits(PIN)).await.unwrap_err());
    within(outgoing.hang_up()).await.unwrap();
    event(&mut events, |event| matches!(event, Event::Conversation(_))).await;
    let view = ada.view();
    let conversation = view.conversations().next().unwrap().id.clone();
    within(ada.mark_read(&conversation)).await.unwrap();
    says_nothing(&within(ada.call(&format!("{NUMBER}x"))).await.unwrap_err());
    says_nothing(&within(ada.call("+4989876543210")).await.unwrap_err());
    shows_nothing(&(view, ada));
}

/// Messages that arrive, are refused, find nobody, and wait for a connection.
async fn messages(server: &RunningServer, ada: &Client, bea: &Client) {
    let number = |text| PhoneNumber::new(text).unwrap();
    let (beas, nobodys, coras) = (number("331"), number("399"), number("332"));
    let mut events = bea.events();
    let sent = within(ada.send_message(&beas, TEXT)).await.unwrap();
    within(ada.message_sent(&beas, &sent)).await.unwrap();
    event(&mut events, |event| matches!(event, Event::Conversation(_))).await;
    for to in [&nobodys, &coras] {
        let text = format!("{TEXT} to nobody");
        let lost = within(ada.send_message(to, &text)).await.unwrap();
        says_nothing(&within(ada.message_sent(to, &lost)).await.unwrap_err());
    }
    let endless = format!("{TEXT} {}", "x".repeat(100_000));
    says_nothing(&within(ada.send_message(&beas, &endless)).await.unwrap_err());
    for client in [ada, bea] {
        let view = client.view();
        let unsent: Vec<_> = view.unsent_to().map(|to| view.unsent(to)).collect();
        let conversations: Vec<_> = view.conversations().collect();
        shows_nothing(&(client, &view, unsent, conversations));
    }

    let mut events = ada.events();
    server.silence(true);
    let text = format!("{TEXT} in between");
    let waits = within(ada.send_message(&beas, &text)).await.unwrap();
    server.cut_connections();
    event(&mut events, |event| {
        matches!(event, Event::ConnectionLost { .. })
    })
    .await;
    server.silence(false);
    event(&mut events, |event| *event == Event::ConnectionRestored).await;
    within(ada.message_sent(&beas, &waits)).await.unwrap();
}

/// The same over the vendor's interface, which has password and session in its URLs.
async fn over_wsi(server: &RunningServer) {
    let ada = || builder(server, "330").backend(Arc::new(WsiBackend::default()));
    let wrong = ada().password(WRONG.to_owned());
    says_nothing(&within(wrong.sign_in()).await.unwrap_err());
    let ada = within(ada().sign_in()).await.unwrap();
    let found = within(ada.search(&NAME[..4])).await.unwrap();
    assert_eq!(found.contacts.len(), 3);
    shows_nothing(&(found, &ada, ada.view()));
    says_nothing(&within(ada.call(NUMBER)).await.unwrap_err());
    let to = PhoneNumber::new("331").unwrap();
    says_nothing(&within(ada.send_message(&to, TEXT)).await.unwrap_err());
    within(ada.sign_out()).await;
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

/// A server of the vendor's interface whose session is a canary, and which doesn't know it again.
async fn rogue_over_wsi() {
    let rogue = Rogue::start(|heard| {
        let asked = |command: &str| heard.path.contains(&format!("cmd={command}"));
        if heard.path.contains("/GetEvents") {
            return Say::Nothing;
        }
        let answer = if asked("Login") {
            format!("<LOGIN><ID>{SESSION}</ID><CNT>1</CNT></LOGIN>")
        } else if asked("PhBookSearch") {
            assert!(heard.path.contains(SESSION), "sessions go into URLs");
            format!("<ERROR><REASON>{TITLE} {SESSION} {NOTE}</REASON></ERROR>")
        } else if asked("GetPresenceXML") {
            "<PRESENCES/>".to_owned()
        } else {
            let command = heard.path.split("cmd=").nth(1).unwrap();
            format!("<{}/>", command.split('&').next().unwrap())
        };
        Say::Json(200, answer)
    })
    .await;
    let client = Client::builder(&rogue.address.to_string(), "330")
        .password(PASSWORD.to_owned())
        .backend(Arc::new(WsiBackend::default()))
        .trust(Trust::Pin(rogue.sha256));
    let client = within(client.sign_in()).await.unwrap();
    says_nothing(&within(client.search(QUERY)).await.unwrap_err());
    shows_nothing(&(&client, client.view()));
    within(client.sign_out()).await;
}

/// Settings, profiles and passwords where they are kept.
async fn preferences(store: Arc<dyn Store>) {
    let secrets = Arc::new(MemorySecretStore::default());
    let preferences = Preferences::open(store, Arc::clone(&secrets) as _);
    let preferences = preferences.await.unwrap();
    let profile = ServerProfile::new("Office", "330", "127.0.0.1:1", None).unwrap();
    let id = preferences.add(profile).await.unwrap();
    let password = Redacted::new(PASSWORD.to_owned());
    preferences.keep_password(id, &password).await.unwrap();
    shows_nothing(&(&preferences, &secrets));
    let client = within(preferences.builder(id).await.unwrap().sign_in()).await;
    says_nothing(&client.unwrap_err());
}

#[cfg(feature = "sqlite")]
fn store(place: &Path) -> Arc<dyn Store> {
    Arc::new(uc_session::SqliteStore::open(place.join("uc.sqlite")).unwrap())
}

#[cfg(not(feature = "sqlite"))]
fn store(_: &Path) -> Arc<dyn Store> {
    Arc::new(MemoryStore::default())
}

/// Secrets stand in no file at all; texts only where they are kept on purpose.
fn look_into_files(server: &Path, adas: &Path, beas: &Path) {
    for secret in [PASSWORD, WRONG, SESSION, PIN] {
        for place in [server, adas, beas] {
            let found = files_with(secret, place);
            assert!(found.is_empty(), "{secret} in {found:?}");
        }
    }
    assert!(!files_with(TEXT, server).is_empty(), "it keeps them");
    if cfg!(feature = "sqlite") {
        let found = files_with(TEXT, adas);
        assert!(found.is_empty(), "Ada's client keeps none: {found:?}");
        let kept = files_with(TEXT, beas);
        assert!(!kept.is_empty(), "Bea's client keeps them");
        for file in kept {
            assert!(is_private(&file), "{}", file.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_no_error_no_debug_and_no_file_tells_a_secret_a_name_or_a_text() {
    let log = Log::begin();
    let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("canaries");
    let _ = fs::remove_dir_all(&place);
    let [servers, adas, beas] = ["server", "ada", "bea"].map(|name| place.join(name));
    for place in [&servers, &adas, &beas] {
        fs::create_dir_all(place).unwrap();
    }
    let storage = Storage::Directory(servers.clone());
    let server = Server::builder().company(company()).storage(storage);
    shows_nothing(&server);
    let server = server.start().await.unwrap();
    let (kept_by_ada, kept_by_bea) = (store(&adas), store(&beas));
    a_day(&server, Arc::clone(&kept_by_ada), Arc::clone(&kept_by_bea)).await;
    shows_nothing(&(&server, &kept_by_ada, &kept_by_bea, MemoryStore::default()));
    over_wsi(&server).await;
    failures(&server).await;
    rogues().await;
    rogue_over_wsi().await;
    preferences(kept_by_ada).await;
    drop(kept_by_bea);
    server.stop().await;
    let text = log.text();
    assert!(
        text.contains("TRACE"),
        "the log is listened to: {} bytes",
        text.len()
    );
    silent("the log", &text);
    look_into_files(&servers, &adas, &beas);
}
