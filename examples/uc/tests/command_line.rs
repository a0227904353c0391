//! The program as a person runs it, against the embedded server.

use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use serde_json::Value;
use tokio::{process::Command, time::timeout};
use uc_server::{RunningServer, Server};

async fn server() -> RunningServer {
    Server::builder().start().await.expect("the server starts")
}

fn uc(server: &RunningServer, user: &str) -> Command {
    let pin: String = server
        .fingerprint()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mut command = Command::new(env!("CARGO_BIN_EXE_uc"));
    command
        .args([
            "--server",
            &server.address().to_string(),
            "--user",
            user,
            "--json",
        ])
        .env("UC_PIN", pin)
        .env("UC_PASSWORD", format!("demo-{user}"))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn finish(mut command: Command) -> Output {
    let output = timeout(Duration::from_secs(30), command.output()).await;
    output
        .expect("it ends by itself")
        .expect("the program was built")
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON a line"))
        .collect()
}

fn speech(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../demo/speech")
        .join(name)
}

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
async fn search_finds_by_first_letters_and_presence_is_set_and_shown() {
    let server = server().await;
    let mut command = uc(&server, "330");
    command.args(["search", "bi"]);
    let found = lines(&finish(command).await);
    assert!(
        found.iter().any(|contact| contact["last_name"] == "Birke"),
        "{found:?}"
    );

    let mut command = uc(&server, "330");
    command.args(["presence", "lunch", "--note", "soup"]);
    let set = lines(&finish(command).await);
    assert_eq!(
        (&set[0]["state"], &set[0]["note"]),
        (&"lunch".into(), &"soup".into())
    );
    let mut command = uc(&server, "331");
    command.arg("presence");
    let seen = lines(&finish(command).await);
    let caller = seen
        .iter()
        .find(|presence| presence["user"] == "330")
        .expect("a colleague");
    assert_eq!(caller["state"], "lunch");
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
async fn a_call_with_files_is_answered_held_and_hung_up() {
    let server = server().await;
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (near, far) = (folder.join("uc-near.wav"), folder.join("uc-far.wav"));
    let mut answer = uc(&server, "331");
    answer
        .arg("answer")
        .arg("--play")
        .arg(speech("b.wav"))
        .arg("--record")
        .arg(&far);
    let answering = tokio::spawn(finish(answer));
    // The callee must be signed in before it can ring: dial until it does.
    let output = loop {
        let mut call = uc(&server, "330");
        call.args(["call", "331", "--hold-after", "1", "--hang-up-after", "3"]);
        call.arg("--play")
            .arg(speech("a.wav"))
            .arg("--record")
            .arg(&near);
        let output = finish(call).await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() || !told.contains("no phone signed in") {
            break output;
        }
    };
    assert!(output.status.success(), "{output:?}");
    let states: Vec<Value> = lines(&output)
        .iter()
        .map(|line| line["state"].clone())
        .collect();
    assert_eq!(states, ["connected", "held", "retrieved", "ended"]);
    let answered = answering.await.expect("joins");
    assert!(answered.status.success(), "{answered:?}");
    let heard = lines(&answered).last().expect("a last line").clone();
    assert!(heard["received"].as_u64() > Some(50), "{heard}");
    for recording in [near, far] {
        let length = std::fs::metadata(&recording)
            .expect("the recording is there")
            .len();
        assert!(
            length > 48_000,
            "{} holds {length} bytes",
            recording.display()
        );
    }
}

#[cfg(feature = "device")]
#[tokio::test]
async fn devices_are_listed_and_one_that_is_not_there_is_refused() {
    if std::env::var_os("UC_TEST_PULSE").is_none() {
        eprintln!("SKIPPED: no PulseAudio null sinks; see voip-media/tests/pulse/start.sh");
        return;
    }
    let server = server().await;
    let mut command = uc(&server, "330");
    command.arg("devices");
    let listed = lines(&finish(command).await);
    let speaker = listed.iter().find(|device| device["name"] == "Speaker");
    let speaker = speaker.expect("the null sink is listed");
    assert_eq!(speaker["kind"], "loudspeaker");
    let mut command = uc(&server, "330");
    command.args(["call", "331", "--speaker", "nonsense"]);
    let refused = finish(command).await;
    assert!(!refused.status.success());
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(words.contains("uc devices lists them"), "{words}");
    server.stop().await;
}
