//! The operating system's key store: GNOME's keyring in a session of its own, and a computer
//! without any.
#![cfg(all(feature = "keyring", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "a test that can't go on panics")]

use std::{
    env, fs,
    path::PathBuf,
    process::{Command, Output},
};

use uc_model::Redacted;
use uc_session::{
    KeyringStore, conformance,
    port::{SecretStore, SecretStoreError},
};

/// Set by `cargo xtask test` where the programs are missing that this needs.
const LEFT_OUT: &str = "UC_TEST_NO_KEYRING";
/// The test itself is also the program inside the session.
const INSIDE: &str = "UC_TEST_INSIDE_SESSION";

/// Runs this test once more in `command`.
fn again(mut command: Command, test: &str) -> Output {
    command
        .args([test, "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap()
}

fn this_program() -> PathBuf {
    env::current_exe().unwrap()
}

#[tokio::main(flavor = "current_thread")]
async fn keep_promises() {
    let store = KeyringStore::new("uc-session-test");
    conformance::store::all_secret(&store).await;
    let umlauts = Redacted::new("pässwörd \u{1f511}".to_owned());
    store.put("profile-1", &umlauts).await.unwrap();
    let other = KeyringStore::new("uc-session-other");
    assert_eq!(other.get("profile-1").await, Ok(None), "another program's");
    assert_eq!(store.get("profile-1").await, Ok(Some(umlauts)));
}

#[test]
fn gnomes_keyring_is_a_secret_store() {
    if env::var_os(INSIDE).is_some() {
        return keep_promises();
    }
    if env::var_os(LEFT_OUT).is_some() {
        return;
    }
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("keyring");
    let _ = fs::remove_dir_all(&home);
    fs::create_dir_all(&home).unwrap();
    let mut session = Command::new("dbus-run-session");
    session
        .args(["--", "sh", "-c", UNLOCKED, "sh"])
        .arg(this_program())
        .env("HOME", &home)
        .env("XDG_DATA_HOME", &home)
        .env("XDG_RUNTIME_DIR", &home);
    let done = again(session, "gnomes_keyring_is_a_secret_store");
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{done:?}");
    assert!(told.contains("1 passed"), "{told}");
}

/// Starts the keyring, unlocked by a password of its own, and then the program.
const UNLOCKED: &str = r#"printf 'unlock' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
"$@""#;

#[tokio::main(flavor = "current_thread")]
async fn find_nothing() {
    let store = KeyringStore::new("uc-session-test");
    assert_eq!(store.get("profile-1").await, Err(SecretStoreError::Absent));
    let secret = Redacted::new("hush".to_owned());
    let put = store.put("profile-1", &secret).await.unwrap_err();
    assert_eq!(put, SecretStoreError::Absent);
    let told = put.to_string();
    for alternative in ["file", "environment", "enter it"] {
        assert!(told.contains(alternative), "{told}");
    }
}

#[test]
fn a_computer_without_a_desktop_says_so_and_names_the_alternatives() {
    if env::var_os(INSIDE).is_some() {
        return find_nothing();
    }
    let mut bare = Command::new(this_program());
    bare.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/at/all")
        .env("XDG_RUNTIME_DIR", "/nowhere/at/all");
    let name = "a_computer_without_a_desktop_says_so_and_names_the_alternatives";
    let done = again(bare, name);
    assert!(done.status.success(), "{done:?}");
}
