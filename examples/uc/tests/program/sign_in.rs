//! Signing in, or why not, and the trace log.

use std::path::PathBuf;

use serde_json::Value;

use crate::run::{data, finish, lines, server, uc};

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
    let written = std::fs::read_to_string(&path).expect("the log is there");
    assert!(written.contains("TRACE"), "{} bytes", written.len());
    for secret in ["demo-330", "birke", "Birke", "Bearer"] {
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
