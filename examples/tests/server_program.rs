//! The embedded server as a program.

use std::{
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tokio::time::timeout;
use uc_session::{Client, Trust};

/// A running program that ends with the test.
struct Program(Child);

impl Program {
    fn start(arguments: &[&str]) -> Self {
        let child = Command::new(env!("CARGO_BIN_EXE_uc-server"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Self(child.expect("the program was built"))
    }

    /// The first line that it prints.
    fn line(&mut self) -> String {
        let mut line = String::new();
        let output = self.0.stdout.as_mut().expect("it is piped");
        BufReader::new(output)
            .read_line(&mut line)
            .expect("it prints");
        line
    }

    fn errors(&mut self) -> String {
        let mut errors = String::new();
        let output = self.0.stderr.as_mut().expect("it is piped");
        output.read_to_string(&mut errors).expect("it prints");
        errors
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Rosa, at the server that printed this line.
async fn rosa(printed: &str) -> Client {
    let printed: serde_json::Value = serde_json::from_str(printed).expect("it is JSON");
    assert_eq!(printed["users"].as_array().map(Vec::len), Some(12));
    let fingerprint = printed["fingerprint"].as_str().expect("a fingerprint");
    let address = printed["address"].as_str().expect("an address");
    let signing_in = Client::builder(address, "330")
        .password("demo-330".to_owned())
        .trust(Trust::PinHex(fingerprint.to_owned()))
        .null_sound()
        .expect("no sound is always there")
        .sign_in();
    signing_in.await.expect("the server is there")
}

#[tokio::test]
async fn it_prints_where_it_listens_and_who_can_sign_in_but_no_password() {
    let mut program = Program::start(&["--listen", "127.0.0.1:0", "--json"]);
    let line = program.line();
    assert!(!line.contains("demo-"), "{line}");
    rosa(&line).await.sign_out().await;
}

#[tokio::test]
async fn its_virtual_people_answer_and_the_json_is_the_same() {
    let mut program = Program::start(&["--listen", "127.0.0.1:0", "--json", "--office", "2"]);
    let rosa = rosa(&program.line()).await;
    let answered = timeout(PATIENCE, async {
        // They sign in once the line is printed, and may be away.
        loop {
            if let Ok(call) = rosa.call("340").await
                && call.connected().await.is_ok()
                && call.state().remote.party.number.as_str() == "340"
            {
                return call.hang_up().await;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    answered.await.expect("in time").expect("hung up");
    rosa.sign_out().await;
}

#[test]
fn an_office_of_more_than_there_are_is_refused() {
    let mut program = Program::start(&["--listen", "127.0.0.1:0", "--office", "12"]);
    let errors = program.errors();
    assert!(errors.contains("ask for fewer"), "{errors}");
    assert_eq!(program.0.wait().expect("it ends").code(), Some(1));
}

#[test]
fn a_company_file_that_is_wrong_is_named_by_its_line() {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("wrong-company.toml");
    std::fs::write(&file, "[[user]]\nextension = 330\n").expect("a file");
    let mut program = Program::start(&["--company", file.to_str().expect("UTF-8")]);
    let errors = program.errors();
    assert!(errors.contains("line 2"), "{errors}");
    assert_eq!(program.0.wait().expect("it ends").code(), Some(1));
}

/// Much longer than a busy computer needs.
const PATIENCE: Duration = Duration::from_secs(60);
