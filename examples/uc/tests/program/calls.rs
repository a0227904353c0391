//! Calls with sound from files, and sound devices.

use std::path::{Path, PathBuf};

use serde_json::Value;
use uc_model::FailureCause;
use uc_server::RunningServer;
use uc_session::{CallError, Client, Trust};

use crate::run::{finish, folder, lines, server, uc};

pub(crate) fn speech(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../demo/speech")
        .join(name)
}

#[tokio::test]
async fn a_call_with_files_is_answered_held_and_hung_up() {
    let server = server().await;
    let (near, far) = (folder("uc-near.wav"), folder("uc-far.wav"));
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

#[tokio::test]
async fn a_call_is_passed_on_instead_of_taken() {
    let server = server().await;
    let (caller, target) = (person(&server, "330").await, person(&server, "332").await);
    let mut command = uc(&server, "331");
    command.args(["answer", "--deflect", "332", "--play"]);
    command.arg(speech("b.wav"));
    let program = tokio::spawn(finish(command));
    // It must be signed in before it can ring: dial until it does.
    let call = loop {
        match caller.call("331").await {
            Err(CallError::Ended(FailureCause::Unreachable)) => {}
            made => break made.expect("it rings"),
        }
    };
    let passed_on = target.incoming().await.expect("it rings there");
    passed_on.answer().await.expect("it can be taken");
    call.connected().await.expect("both are connected");
    let output = program.await.expect("joins");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(lines(&output)[0]["state"], "deflected");
}

pub(crate) async fn person(server: &RunningServer, user: &str) -> Client {
    let client = Client::builder(&server.address().to_string(), user)
        .password(format!("demo-{user}"))
        .trust(Trust::Pin(server.fingerprint()))
        .null_sound()
        .expect("there is a runtime");
    client.sign_in().await.expect("the demo company's user")
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
