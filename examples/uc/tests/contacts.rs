//! Contacts and conversations as a person runs the program, against the embedded server.

use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;
use uc_server::{RunningServer, Server};

/// Runs the program as 330 and gives what it printed, JSON a line.
async fn uc(server: &RunningServer, arguments: &[&str]) -> Result<Vec<Value>, String> {
    let pin = server
        .fingerprint()
        .map(|byte| format!("{byte:02x}"))
        .concat();
    let output = Command::new(env!("CARGO_BIN_EXE_uc"))
        .args([
            "--server",
            &server.address().to_string(),
            "--user",
            "330",
            "--json",
        ])
        .args(arguments)
        .env("UC_PIN", pin)
        .env("UC_PASSWORD", "demo-330")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("the program was built");
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = text.lines().map(serde_json::from_str);
    lines
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}

async fn server() -> RunningServer {
    let server = Server::builder().desk_phones(true);
    server.start().await.expect("the server starts")
}

#[tokio::test]
async fn a_contact_is_added_edited_found_exported_and_deleted() {
    let server = server().await;
    let add = ["contacts", "add", "--first", "Lena", "--last", "Linde"];
    let number = ["--number", "mobile=0171 39200-44"];
    let added = uc(&server, &[&add[..], &number].concat())
        .await
        .expect("it is added");
    assert_eq!(added[0]["numbers"][0]["number"], "+491713920044");
    let id = added[0]["id"].as_str().expect("an id").to_owned();

    let edited = uc(&server, &["contacts", "edit", &id, "--last", "Ulme"]).await;
    assert_eq!(edited.expect("it is edited")[0]["first_name"], "Lena");
    let found = uc(&server, &["search", "ulm", "--in", "personal"]).await;
    assert_eq!(found.expect("it is found")[0]["id"], *id);
    let listed = uc(&server, &["contacts", "list"])
        .await
        .expect("it is listed");
    assert_eq!(listed[0]["origin"], "manual");
    let exported = uc(&server, &["contacts", "export"])
        .await
        .expect("it is exported");
    assert!(
        exported[0]["csv"]
            .as_str()
            .is_some_and(|csv| csv.contains("Lena,Ulme"))
    );
    uc(&server, &["contacts", "delete", &id])
        .await
        .expect("it is deleted");
    assert!(
        uc(&server, &["contacts", "list"])
            .await
            .expect("a list")
            .is_empty()
    );
    let gone = uc(&server, &["contacts", "show", &id]).await;
    assert!(gone.expect_err("it is gone").contains("doesn't know it"));
}

#[tokio::test]
async fn a_file_is_imported_and_each_line_accounted_for() {
    let server = server().await;
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("uc-contacts.csv");
    std::fs::write(&file, "Last Name,Phone\nErle,030 1\n,\"\"\nErle,030 2\n").expect("a file");
    let file = file.to_string_lossy().into_owned();
    let report = uc(&server, &["contacts", "import", &file])
        .await
        .expect("it is imported");
    assert_eq!(report[0]["added"], serde_json::json!([2]));
    assert_eq!(report[0]["skipped"][0]["line"], 4);
    let missing = uc(&server, &["contacts", "import", "/nowhere/contacts.csv"]).await;
    assert!(
        missing
            .expect_err("there is none")
            .contains("can't be read")
    );
}

#[tokio::test]
async fn conversations_are_listed_read_and_deleted() {
    let server = server().await;
    // Nobody has this number: the attempt stays in the history.
    let nobody = uc(
        &server,
        &["call", "0171 39200-77", "--play", "/nowhere.wav"],
    )
    .await;
    assert!(nobody.is_err());
    assert!(
        uc(&server, &["conversations", "list"])
            .await
            .expect("a list")
            .is_empty()
    );
    let gone = uc(&server, &["conversations", "read", "nobodys"]).await;
    assert!(gone.expect_err("there is none").contains("doesn't know it"));
    uc(&server, &["conversations", "delete", "--all"])
        .await
        .expect("nothing is deleted");
}
