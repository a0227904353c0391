//! Settings, and what obeys them.

use std::{path::Path, process::Stdio, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    time::timeout,
};
use uc_model::FailureCause;
use uc_server::{RunningServer, Server};
use uc_session::{CallError, Client, Trust};

use crate::run::{answer, bare, complaint, data, finish, lines, pin, plain, server, told, uc_with};

async fn run(data: &Path, arguments: &[&str]) -> Vec<Value> {
    let mut command = uc_with(data);
    command.args(arguments);
    let output = finish(command).await;
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    lines(&output)
}

/// With a profile of Rosa's (330).
async fn computer(name: &str, server: &RunningServer) -> std::path::PathBuf {
    let data = data(name);
    let address = server.address().to_string();
    let pin = pin(server);
    let add = ["profile", "add", "Office", "--user", "330"];
    run(
        &data,
        &[&add[..], &["--server", &address, "--pin", &pin]].concat(),
    )
    .await;
    data
}

async fn setting(data: &Path, name: &str) -> String {
    let told = run(data, &["settings", "get", name]).await;
    told[0]["value"].as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn settings_are_listed_and_set_and_follow_their_user() {
    let server = server().await;
    let office = computer("uc-settings-office", &server).await;
    let home = computer("uc-settings-home", &server).await;
    for (name, value) in [
        ("language", "nl"),
        ("date-format", "day-month-year"),
        ("pop-up", "5s"),
        ("hot-key", "Ctrl+Alt+D"),
        ("conversations", "by-number"),
        ("telephony-links", "on"),
        ("automatic-sign-in", "off"),
        ("voip", "on"),
        ("codec-preselection", "on"),
        ("headset-jabra", "off"),
        ("headset-plantronics", "hub"),
        ("log", "info"),
    ] {
        run(&office, &["settings", "set", name, value]).await;
        assert_eq!(setting(&office, name).await, value);
    }
    let listed = run(&office, &["settings", "list"]).await;
    assert_eq!(listed.len(), 14, "{listed:?}");

    assert_eq!(setting(&home, "language").await, "en", "not signed in yet");
    run(&home, &["sign-in"]).await;
    for (name, value) in [
        ("language", "nl"),
        ("hot-key", "Ctrl+Alt+D"),
        ("telephony-links", "off"),
        ("automatic-sign-in", "on"),
    ] {
        assert_eq!(setting(&home, name).await, value, "{name}");
    }
    run(&home, &["settings", "set", "language", "de"]).await;
    run(&office, &["sign-in"]).await;
    assert_eq!(
        setting(&office, "language").await,
        "de",
        "the server's wins"
    );
    assert_eq!(setting(&office, "pop-up").await, "5s");

    let there = told(&server, "330", &["settings", "get", "pop-up"]).await;
    assert_eq!(there["value"], "5s", "without a profile, the server's");
}

#[tokio::test]
async fn a_setting_that_can_not_be_is_refused_with_those_that_can() {
    let data = data("uc-settings-refused");
    for (name, value, told) in [
        ("language", "fr", "en, de, nl"),
        ("hot-key", "F1", "F3 to F12"),
        ("colour", "red", "date-format"),
    ] {
        let mut command = uc_with(&data);
        command.args(["settings", "set", name, value]);
        let refused = complaint(&finish(command).await);
        assert!(refused.contains(told), "{refused}");
    }
    run(&data, &["settings", "set", "language", "de"]).await;
    assert_eq!(
        setting(&data, "language").await,
        "de",
        "without any account"
    );
}

#[tokio::test]
async fn a_server_of_wsi_keeps_no_settings_but_a_profile_does() {
    let server = Server::builder().ucx(false).start().await;
    let server = server.expect("the server starts");
    let set = ["settings", "set", "language", "nl"];
    let refused = answer(&server, "330", &set).await;
    assert!(
        refused
            .expect_err("nobody would keep it")
            .contains("uc profile add")
    );
    let data = computer("uc-settings-wsi", &server).await;
    run(&data, &set).await;
    run(&data, &["sign-in"]).await;
    assert_eq!(setting(&data, "language").await, "nl");
}

#[tokio::test]
async fn what_a_person_reads_is_in_the_persons_language_and_dates() {
    let server = server().await;
    for (name, value) in [("language", "de"), ("date-format", "day.month.year")] {
        told(&server, "330", &["settings", "set", name, value]).await;
    }
    let away = ["presence", "holiday", "--until", "2099-01-31T08:00Z"];
    let set = told(&server, "330", &away).await;
    assert_eq!(set["state"], "holiday", "a program reads the same always");
    let shown = plain(&server, "330", &["presence"]).await;
    let rosa = shown.lines().find(|line| line.starts_with("330"));
    let rosa = rosa.expect("her own");
    for part in ["Rosa Ahorn", "Urlaub", "31.01.2099 08:00 UTC", "sichtbar"] {
        assert!(rosa.contains(part), "{rosa}");
    }
    let english = plain(&server, "331", &["presence"]).await;
    let rosa = english.lines().find(|line| line.starts_with("330"));
    let rosa = rosa.expect("a colleague");
    assert!(
        rosa.contains("Holiday") && rosa.contains("2099-01-31"),
        "{rosa}"
    );
}

/// Lines that Bruno (331) sees of calls that he doesn't answer.
async fn watched(server: &RunningServer) -> Vec<String> {
    let mut watch = bare();
    watch
        .args(["--server", &server.address().to_string(), "--user", "331"])
        .arg("watch")
        .env("UC_PIN", pin(server))
        .env("UC_PASSWORD", "demo-331")
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut watching = watch.spawn().expect("the program was built");
    let mut screen = BufReader::new(watching.stdout.take().expect("piped")).lines();
    let rosa = Client::builder(&server.address().to_string(), "330")
        .password("demo-330".to_owned())
        .trust(Trust::Pin(server.fingerprint()))
        .null_sound()
        .expect("silence is there");
    let rosa = rosa.sign_in().await.expect("the server is there");
    // Calls reach him once he is signed in, and are shown once he watches.
    let calls = async {
        loop {
            match rosa.call("331").await {
                Ok(call) => call.hang_up().await.expect("it rings"),
                Err(why) => assert_eq!(why, CallError::Ended(FailureCause::Unreachable)),
            }
        }
    };
    // The second call that ends has begun under his eyes.
    let watches = async {
        let (mut seen, mut ended) = (Vec::new(), 0);
        while ended < 2 {
            let line = screen.next_line().await.expect("lines");
            let line = line.expect("it goes on");
            ended += usize::from(line.starts_with("ended:"));
            seen.push(line);
        }
        seen
    };
    let seen = tokio::select! {
        seen = timeout(Duration::from_secs(30), watches) => seen.expect("calls end"),
        never = calls => never,
    };
    watching.kill().await.expect("it is there");
    seen
}

#[tokio::test]
async fn watch_shows_no_ringing_call_where_pop_ups_are_never_seen() {
    let server = server().await;
    let rings = |seen: &[String]| seen.iter().any(|line| line.starts_with("rings:"));
    let seen = watched(&server).await;
    assert!(rings(&seen), "{seen:?}");
    told(&server, "331", &["settings", "set", "pop-up", "never"]).await;
    let seen = watched(&server).await;
    assert!(!rings(&seen), "{seen:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn starting_at_log_in_is_an_entry_of_the_desktop() {
    let data = data("uc-settings-log-in");
    let set = async |value: &str| {
        let mut command = uc_with(&data);
        command
            .args(["settings", "set", "start-at-log-in", value])
            .env("XDG_CONFIG_HOME", data.join("config"));
        let output = finish(command).await;
        assert!(output.status.success(), "{output:?}");
        assert_eq!(setting(&data, "start-at-log-in").await, value);
    };
    let entry = data.join("config/autostart/uc.desktop");
    set("on").await;
    let written = std::fs::read_to_string(&entry).expect("an entry");
    let exec = written.lines().find(|line| line.starts_with("Exec="));
    let exec = exec.expect("a command");
    assert!(
        exec.contains(env!("CARGO_BIN_EXE_uc")) && exec.ends_with("watch"),
        "{exec}"
    );
    assert!(
        exec.contains(data.to_str().expect("a plain name")),
        "{exec}"
    );
    set("off").await;
    assert!(!entry.exists());
    set("off").await;
}

#[tokio::test]
async fn a_telephony_link_is_dialled_only_where_the_settings_say_so() {
    let server = server().await;
    let data = computer("uc-settings-links", &server).await;
    let call = async || {
        let mut command = uc_with(&data);
        command.args(["call", "tel:+49-30-99999999"]);
        let silence = crate::run::folder("uc-settings-links.wav");
        command.arg("--record").arg(silence);
        complaint(&finish(command).await)
    };
    let refused = call().await;
    assert!(
        refused.contains("settings set telephony-links on"),
        "{refused}"
    );
    run(&data, &["settings", "set", "telephony-links", "on"]).await;
    let dialled = call().await;
    assert!(dialled.contains("nobody has this number"), "{dialled}");
}
