//! The server as a program.

mod client;

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
};

use client::{Client, TestDirectory};

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
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn it_prints_where_it_listens_and_who_can_sign_in_but_no_password() {
    let mut program = Program::start(&["--listen", "127.0.0.1:0", "--json"]);
    let mut line = String::new();
    let output = program.0.stdout.take().expect("it is piped");
    BufReader::new(output)
        .read_line(&mut line)
        .expect("it prints");
    assert!(!line.contains("demo-"), "{line}");
    let printed: serde_json::Value = serde_json::from_str(&line).expect("it is JSON");
    assert_eq!(printed["users"].as_array().map(Vec::len), Some(12));
    assert_eq!(printed["fingerprint"].as_str().map(str::len), Some(64));
    let address = printed["address"].as_str().and_then(|a| a.parse().ok());
    let mut client = Client::connect(address.expect("an address")).await;
    assert_eq!(client.sign_in("330", "demo-330").await.status, 201);
}

#[test]
fn a_company_file_that_is_wrong_is_named_by_its_line() {
    let directory = TestDirectory::new("company");
    std::fs::create_dir_all(&directory.0).expect("a directory");
    let file = directory.0.join("company.toml");
    std::fs::write(&file, "[[user]]\nextension = 330\n").expect("a file");
    let mut program = Program::start(&["--company", file.to_str().expect("UTF-8")]);
    let mut errors = String::new();
    let output = program.0.stderr.as_mut().expect("it is piped");
    output.read_to_string(&mut errors).expect("it prints");
    assert!(errors.contains("line 2"), "{errors}");
    assert_eq!(program.0.wait().expect("it ends").code(), Some(1));
}
