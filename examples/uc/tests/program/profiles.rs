//! Server profiles and the key store.

use std::process::Stdio;

use tokio::process::Command;

use crate::run::{bare, data, finish, folder, lines, pin, server, uc_with};

#[tokio::test]
async fn profiles_are_added_listed_changed_used_and_removed() {
    let (here, there) = (server().await, server().await);
    let data = data("uc-profiles");
    let run = async |arguments: &[&str]| {
        let mut command = uc_with(&data);
        command.args(arguments);
        finish(command).await
    };
    let (address, elsewhere) = (here.address().to_string(), there.address().to_string());
    let added = [
        "profile", "add", "Office", "--server", &address, "--user", "330", "--pin",
    ];
    let output = run(&[&added[..], &[&pin(&here)]].concat()).await;
    assert!(output.status.success(), "{output:?}");
    let output = run(&[
        "profile", "add", "Home", "--server", &elsewhere, "--user", "331",
    ])
    .await;
    let listed = lines(&output);
    assert_eq!(listed.len(), 2, "{output:?}");
    assert_eq!(
        (&listed[0]["name"], &listed[0]["in_use"]),
        (&"Office".into(), &true.into())
    );
    assert_eq!(listed[1]["lan"], *elsewhere);

    let output = run(&["sign-in"]).await;
    assert_eq!(
        lines(&output)[0]["extension"],
        "330",
        "the profile in use: {output:?}"
    );
    let output = run(&[
        "profile", "change", "home", "--user", "330", "--rename", "Cabin",
    ])
    .await;
    assert_eq!(lines(&output)[1]["user"], "330", "{output:?}");
    let output = run(&["profile", "change", "Cabin", "--pin", &pin(&there)]).await;
    assert_eq!(lines(&output)[1]["pins"], 1, "{output:?}");
    let output = run(&["profile", "change", "Cabin", "--phone", "361"]).await;
    assert_eq!(lines(&output)[1]["phone"], "361", "{output:?}");
    let output = run(&["sign-in", "--profile", "Cabin"]).await;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.contains("leave the assigned telephone empty"),
        "{told}"
    );
    let output = run(&["profile", "change", "Cabin", "--phone", ""]).await;
    assert!(lines(&output)[1]["phone"].is_null(), "{output:?}");
    let output = run(&["profile", "use", "Cabin"]).await;
    assert_eq!(lines(&output)[1]["in_use"], true);
    for arguments in [&["sign-in"][..], &["sign-in", "--profile", "office"]] {
        let output = run(arguments).await;
        assert_eq!(lines(&output)[0]["extension"], "330", "{output:?}");
    }
    let output = run(&["profile", "remove", "Office"]).await;
    assert_eq!(lines(&output).len(), 1);
    let output = run(&["sign-in", "--profile", "Office"]).await;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && told.contains("no such profile"),
        "{told}"
    );
}

#[tokio::test]
async fn a_computer_without_a_key_store_says_that_the_password_is_not_kept() {
    let data = data("uc-no-key-store");
    let mut command = bare();
    command
        .args([
            "profile",
            "add",
            "Office",
            "--server",
            "pbx.example",
            "--user",
            "330",
        ])
        .env("UC_DATA", &data)
        .env("UC_PASSWORD", "demo-330");
    let output = finish(command).await;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("isn't kept") && told.contains("environment"),
        "{told}"
    );
}

/// Set by `cargo xtask test` where the programs are missing that this needs.
const LEFT_OUT: &str = "UC_TEST_NO_KEYRING";

/// The program in a desktop session of its own, whose key store keeps what it has until the next.
fn uc_in_a_session(name: &str, number: u32) -> Command {
    let (home, runtime) = (folder(name), folder(name).join(number.to_string()));
    std::fs::create_dir_all(&runtime).expect("made");
    let mut command = Command::new("dbus-run-session");
    command
        .args(["--", "sh", "-c", UNLOCKED, "sh"])
        .args([env!("CARGO_BIN_EXE_uc"), "--json"])
        .env("HOME", &home)
        .env("XDG_DATA_HOME", &home)
        .env("XDG_RUNTIME_DIR", &runtime)
        .env("UC_DATA", home.join("uc"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("UC_PASSWORD")
        .env_remove("UC_PIN")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Starts the keyring, unlocked by a password of its own, and then the program.
const UNLOCKED: &str = r#"printf 'unlock' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
"$@""#;

#[tokio::test]
async fn a_changed_password_takes_the_place_of_the_one_that_a_profile_keeps() {
    if std::env::var_os(LEFT_OUT).is_some() {
        return;
    }
    let (server, name) = (server().await, "uc-key-store");
    let file = data(name).join("new");
    let sessions = std::cell::Cell::new(0);
    let next = || {
        sessions.set(sessions.get() + 1);
        uc_in_a_session(name, sessions.get())
    };
    let mut add = next();
    let address = server.address().to_string();
    add.args(["profile", "add", "Office", "--user", "330"])
        .args(["--server", &address, "--pin", &pin(&server)])
        .env("UC_PASSWORD", "demo-330");
    let added = finish(add).await;
    assert_eq!(lines(&added)[0]["password_kept"], true, "{added:?}");

    std::fs::write(&file, "Abcdef1!\n").expect("written");
    let mut change = next();
    change.args(["password", "--new-password-file"]).arg(&file);
    let changed = finish(change).await;
    assert!(changed.status.success(), "{changed:?}");
    assert_eq!(lines(&changed)[0]["password_kept"], true);

    let mut again = next();
    again.arg("sign-in");
    let again = finish(again).await;
    assert!(again.status.success(), "{again:?}");
    assert_eq!(lines(&again)[0]["extension"], "330");

    let mut forget = next();
    forget.args(["profile", "forget", "Office"]);
    assert_eq!(lines(&finish(forget).await)[0]["password_kept"], false);
    let newer = folder(name).join("newer");
    std::fs::write(&newer, "Ghijkl2?\n").expect("written");
    let mut change = next();
    change
        .args(["password", "--new-password-file"])
        .arg(&newer)
        .env("UC_PASSWORD", "Abcdef1!");
    let changed = finish(change).await;
    let kept = &lines(&changed)[0]["password_kept"];
    assert_eq!(*kept, false, "nobody asked for it: {changed:?}");
}
