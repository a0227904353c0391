//! What is asked of calls: by commands of their own, and by lines typed while a call is up.

use std::process::Stdio;

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout},
};
use uc_model::FailureCause;
use uc_server::{RunningServer, Server};
use uc_session::{Client, Trust};

use crate::{
    calls::{person, speech},
    run::{answer, complaint, finish, folder, told, uc, within},
};

/// A running program to which lines are typed.
pub(crate) struct Typing {
    child: Child,
    keyboard: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Typing {
    /// The program as 330 calls 331, with sound from files.
    pub(crate) fn call(server: &RunningServer, name: &str, arguments: &[&str]) -> Self {
        let mut command = uc(server, "330");
        command
            .args(arguments)
            .arg("--play")
            .arg(speech("a.wav"))
            .arg("--record")
            .arg(folder(&format!("uc-control-{name}.wav")))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program was built");
        let keyboard = child.stdin.take().expect("piped");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        Self {
            child,
            keyboard,
            lines,
        }
    }

    pub(crate) async fn line(&mut self, line: &str) {
        let line = format!("{line}\n");
        let written = self.keyboard.write_all(line.as_bytes()).await;
        written.expect("it reads");
    }

    /// What it prints next.
    async fn next(&mut self) -> Value {
        let line = within(self.lines.next_line()).await.expect("readable");
        serde_json::from_str(&line.expect("it goes on")).expect("JSON a line")
    }

    /// What it prints until it is in this state.
    pub(crate) async fn until(&mut self, state: &str) -> Value {
        loop {
            let told = self.next().await;
            if told["state"] == state {
                return told;
            }
        }
    }

    /// What it prints until it ends.
    pub(crate) async fn rest(&mut self) -> Vec<Value> {
        let mut rest = Vec::new();
        while let Some(line) = within(self.lines.next_line()).await.expect("readable") {
            rest.push(serde_json::from_str(&line).expect("JSON a line"));
        }
        rest
    }

    pub(crate) async fn ends_well(&mut self) {
        let status = within(self.child.wait()).await.expect("an end");
        assert!(status.success(), "{status:?}");
    }
}

pub(crate) async fn at_desks() -> RunningServer {
    let server = Server::builder().desk_phones(true).start().await;
    server.expect("the server starts")
}

/// A colleague whose calls a desk phone has.
pub(crate) async fn at_desk(server: &RunningServer, user: &str) -> Client {
    let client = Client::builder(&server.address().to_string(), user)
        .password(format!("demo-{user}"))
        .trust(Trust::Pin(server.fingerprint()));
    client.sign_in().await.expect("the demo company's user")
}

#[tokio::test]
async fn a_desk_phones_call_obeys_one_command_after_the_other() {
    let server = at_desks().await;
    let bruno = at_desk(&server, "331").await;
    let told = async |arguments: &[&str]| told(&server, "330", arguments).await;
    let made = told(&["call", "331", "--desk-phone"]).await;
    assert_eq!(made["state"], "at_desk_phone", "{made}");
    let call = within(bruno.incoming()).await.expect("it rings");
    call.answer().await.expect("he may");
    let listed = told(&["calls"]).await;
    assert_eq!(
        (&listed["carried_by"], &listed["local"], &listed["number"]),
        (&"desk phone".into(), &"connected".into(), &"331".into())
    );
    let id = listed["id"].as_str().expect("an identity").to_owned();
    assert_eq!(told(&["hold"]).await["state"], "held");
    assert_eq!(told(&["calls"]).await["local"], "hold");
    assert_eq!(told(&["retrieve", &id]).await["state"], "retrieved");
    let no_sound = answer(&server, "330", &["mute"]).await;
    assert!(no_sound.expect_err("none here").contains("allows that now"));
    assert_eq!(told(&["hang-up"]).await["state"], "hung_up");
    assert_eq!(within(call.ended()).await, Some(FailureCause::Normal));
    for arguments in [&["hold"][..], &["hang-up", &id]] {
        let over = answer(&server, "330", arguments).await;
        assert!(over.expect_err("it is over").contains("there is no"));
    }
}

#[tokio::test]
async fn a_ringing_call_is_refused_or_passed_on_by_a_command() {
    let server = at_desks().await;
    let (bruno, clara) = (at_desk(&server, "331").await, at_desk(&server, "332").await);
    let call = bruno.call("330").await.expect("it rings");
    assert_eq!(told(&server, "330", &["calls"]).await["local"], "alerting");
    let refused = told(&server, "330", &["reject"]).await;
    assert_eq!(refused["state"], "rejected");
    assert_eq!(within(call.ended()).await, Some(FailureCause::Rejected));
    let call = bruno.call("330").await.expect("it rings");
    let passed_on = told(&server, "330", &["deflect", "332"]).await;
    assert_eq!(passed_on["state"], "deflected");
    let incoming = within(clara.incoming()).await.expect("it rings there");
    incoming.answer().await.expect("she may");
    within(call.connected()).await.expect("both talk");
}

#[tokio::test]
async fn a_running_call_obeys_lines_and_other_programs_say_where_to_ask() {
    let server = crate::run::server().await;
    let bruno = person(&server, "331").await;
    let mut program = Typing::call(&server, "typed", &["call", "331"]);
    let call = within(bruno.incoming()).await.expect("it rings");
    call.answer().await.expect("he may");
    program.until("connected").await;
    let listed = told(&server, "330", &["calls"]).await;
    assert_eq!(listed["carried_by"], "another program");
    let elsewhere = answer(&server, "330", &["hold"]).await;
    let elsewhere = elsewhere.expect_err("another program has the sound");
    assert!(
        elsewhere.contains("another program of yours"),
        "{elsewhere}"
    );
    for (line, state) in [
        ("hold", "held"),
        ("retrieve", "retrieved"),
        ("nonsense", ""),
        ("mute", "muted"),
        ("unmute", "unmuted"),
        ("dtmf 12#", "digits_sent"),
    ] {
        program.line(line).await;
        if !state.is_empty() {
            assert_eq!(program.next().await["state"], state, "{line}");
        }
    }
    program.line("calls").await;
    assert_eq!(program.next().await["carried_by"], "here");
    program.line("end").await;
    assert_eq!(within(call.ended()).await, Some(FailureCause::Normal));
    let ended = program.until("ended").await;
    assert!(ended["sent"].as_u64() > Some(0), "{ended}");
    assert!(
        within(program.child.wait())
            .await
            .expect("an end")
            .success()
    );
}

#[tokio::test]
async fn a_number_dialled_before_is_dialled_again_by_its_place() {
    let server = crate::run::server().await;
    let bruno = person(&server, "331").await;
    for arguments in [&["call", "331"][..], &["redial", "1"]] {
        let mut program = Typing::call(&server, "redial", arguments);
        let call = within(bruno.incoming()).await.expect("it rings");
        call.reject().await.expect("he may");
        let status = within(program.child.wait()).await.expect("an end");
        assert!(!status.success(), "it was refused");
    }
    let mut command = uc(&server, "330");
    let silence = folder("uc-control-redial.wav");
    command.args(["redial", "2", "--record"]).arg(silence);
    let unknown = complaint(&finish(command).await);
    assert!(unknown.contains("uc redial lists them"), "{unknown}");
}
