//! Signing in, or why not, and the trace log.

use std::path::PathBuf;

use serde_json::Value;

use uc_server::{Mode, Server};

use crate::run::{answer, bare, complaint, data, finish, lines, plain, server, told, uc};

#[tokio::test]
async fn sign_in_says_who_and_what_the_connection_can() {
    let server = server().await;
    let mut command = uc(&server, "330");
    command.arg("sign-in");
    let output = finish(command).await;
    assert!(output.status.success(), "{output:?}");
    let told = &lines(&output)[0];
    assert_eq!(told["extension"], "330");
    assert_eq!(told["mode"], "smart");
    let able = told["capabilities"].as_array().expect("a list");
    assert!(able.contains(&Value::from("VoipCalls")), "{told}");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_certificate_say_what_to_do() {
    let server = server().await;
    let mut command = uc(&server, "330");
    command.env("UC_PASSWORD", "wrong").arg("sign-in");
    let output = finish(command).await;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && told.contains("password"),
        "{told}"
    );
    assert!(!told.contains("wrong\""), "the password is shown: {told}");

    let mut command = uc(&server, "330");
    command.env_remove("UC_PIN").arg("sign-in");
    let output = finish(command).await;
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && told.contains("--pin"), "{told}");
}

#[tokio::test]
async fn diagnose_says_what_works_step_by_step_and_what_to_do() {
    let server = server().await;
    let mut command = uc(&server, "330");
    command.arg("diagnose");
    let output = finish(command).await;
    assert!(output.status.success(), "{output:?}");
    let told = lines(&output);
    let steps: Vec<_> = told
        .iter()
        .filter_map(|line| line["step"].as_str())
        .collect();
    let wanted = [
        "name",
        "route",
        "port",
        "TLS",
        "certificate",
        "credentials",
        "licence",
        "version",
        "events",
    ];
    assert_eq!(steps, wanted);
    assert_eq!(told.last().expect("a verdict")["works"], true);

    let mut command = uc(&server, "330");
    command
        .env("UC_PASSWORD", "s3cret-but-wrong")
        .arg("diagnose");
    let output = finish(command).await;
    assert!(!output.status.success());
    let told = lines(&output);
    let verdict = told.last().expect("a verdict");
    assert_eq!(
        (&verdict["works"], &verdict["obstacle"]),
        (&false.into(), &"credentials".into())
    );
    let problem = told
        .iter()
        .find(|line| line["step"] == "credentials")
        .expect("a step");
    assert!(
        problem["problem"]
            .as_str()
            .is_some_and(|text| text.contains("check both"))
    );
    assert!(!format!("{output:?}").contains("s3cret"));
}

#[tokio::test]
async fn the_trace_log_is_switched_on_and_off_and_holds_no_secret() {
    let server = server().await;
    let data = data("uc-trace-log");
    let run = async |arguments: &[&str]| {
        let mut command = uc(&server, "330");
        command.env("UC_DATA", &data).args(arguments);
        let output = finish(command).await;
        assert!(output.status.success(), "{output:?}");
        output
    };
    run(&["sign-in"]).await;
    assert!(!data.exists(), "nothing is kept that nobody asked for");
    let shown = lines(&run(&["log", "on", "--level", "trace"]).await);
    assert_eq!(shown[0]["level"], "trace");
    let path = PathBuf::from(shown[0]["path"].as_str().expect("a path"));
    run(&["search", "birke"]).await;
    let mut command = uc(&server, "330");
    command.env("UC_DATA", &data);
    command.args(["message", "send", "331", "canary-text"]);
    let nobody_there = complaint(&finish(command).await);
    assert!(!nobody_there.contains("canary"), "{nobody_there}");
    let written = std::fs::read_to_string(&path).expect("the log is there");
    assert!(written.contains("TRACE"), "{} bytes", written.len());
    for secret in ["demo-330", "birke", "Birke", "Bearer", "canary-text"] {
        assert!(!written.contains(secret), "{secret} stands in the log");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path)
            .expect("the log")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    run(&["log", "off"]).await;
    let before = std::fs::metadata(&path).expect("the log").len();
    run(&["search", "birke"]).await;
    assert_eq!(std::fs::metadata(&path).expect("the log").len(), before);
}

#[tokio::test]
async fn whoever_names_nobody_is_told_before_a_password_is_asked_for() {
    let mut command = bare();
    command.arg("sign-in");
    let told = complaint(&finish(command).await);
    assert!(
        told.contains("--user") && told.contains("profile add"),
        "{told}"
    );
}

#[tokio::test]
async fn over_wsi_nothing_is_said_to_be_empty_that_the_server_does_not_offer() {
    let server = Server::builder().ucx(false).start().await;
    let server = server.expect("the server starts");
    for arguments in [
        &["favourites", "list"][..],
        &["conversations", "list"],
        &["message", "list", "331"],
        &["me", "show"],
        &["redial"],
        &["photo", "delete"],
    ] {
        let refused = answer(&server, "330", arguments).await;
        let refused = refused.expect_err("WSI has none");
        assert!(
            refused.contains("doesn't offer that: uc sign-in"),
            "{arguments:?}: {refused}"
        );
    }
    let unable = answer(&server, "330", &["message", "send", "331", "hi"]).await;
    let unable = unable.expect_err("WSI has no messages");
    assert!(unable.contains("instant messages"), "{unable}");
    let shown = plain(&server, "330", &["presence"]).await;
    let rosa = shown.lines().find(|line| line.starts_with("330"));
    let rosa = rosa.expect("her own");
    assert!(
        rosa.contains("Rosa Ahorn") && !rosa.contains("seen by"),
        "{rosa}"
    );
}

#[tokio::test]
async fn in_suite_what_only_smart_has_is_refused_and_the_rest_works() {
    let server = Server::builder().mode(Mode::Suite).start().await;
    let server = server.expect("the server starts");
    for arguments in [
        &["contacts", "add", "--first", "Anna"][..],
        &["favourites", "default-number", "internal.331", "331"],
        &["photo", "save", "331", "/nowhere/at/all.png"],
        &["message", "send", "331", "hi"],
    ] {
        let refused = answer(&server, "330", arguments).await;
        let refused = refused.expect_err("Suite has it not");
        assert!(
            refused.contains("server") && refused.contains("offer"),
            "{refused}"
        );
    }
    assert_eq!(told(&server, "330", &["sign-in"]).await["mode"], "suite");
    let favourite = ["favourites", "add", "internal.331", "Team"];
    assert_eq!(told(&server, "330", &favourite).await["group"], "Team");
    let set = ["settings", "set", "language", "nl"];
    assert_eq!(told(&server, "330", &set).await["value"], "nl");
    let unknown = answer(&server, "330", &["contacts", "show", "nobody"]).await;
    assert!(
        unknown
            .expect_err("there is none")
            .contains("no such contact")
    );
}
