//! Contacts and conversations as a person runs the program, against the embedded server.

use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;
use uc_server::{RunningServer, Server};

/// Runs the program as 330 and gives what it printed, JSON a line.
async fn uc(server: &RunningServer, arguments: &[&str]) -> Result<Vec<Value>, String> {
    uc_as(server, "330", arguments).await
}

async fn uc_as(
    server: &RunningServer,
    user: &str,
    arguments: &[&str],
) -> Result<Vec<Value>, String> {
    let pin = server
        .fingerprint()
        .map(|byte| format!("{byte:02x}"))
        .concat();
    let output = Command::new(env!("CARGO_BIN_EXE_uc"))
        .args([
            "--server",
            &server.address().to_string(),
            "--user",
            user,
            "--json",
        ])
        .args(arguments)
        .env("UC_PIN", pin)
        .env("UC_PASSWORD", format!("demo-{user}"))
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

#[tokio::test]
async fn favourites_are_grouped_ordered_and_given_a_default_number() {
    let server = server().await;
    let add = |contact| ["favourites", "add", contact, "Team"];
    uc(&server, &add("internal.331"))
        .await
        .expect("it is added");
    uc(&server, &add("internal.330"))
        .await
        .expect("it is added");
    let twice = uc(&server, &add("internal.330")).await;
    assert!(twice.expect_err("it is there").contains("already"));
    let number = [
        "favourites",
        "default-number",
        "internal.331",
        "+49 30 23125-331",
    ];
    uc(&server, &number).await.expect("it is set");
    let moved = [
        "favourites",
        "move",
        "Team",
        "1",
        "--contact",
        "internal.330",
    ];
    let groups = uc(&server, &moved).await.expect("it is moved");
    let members = groups[0]["members"].as_array().expect("a list");
    let names: Vec<_> = members.iter().map(|member| &member["name"]).collect();
    assert_eq!(names, ["Rosa Ahorn", "Bruno Birke"]);
    assert_eq!(members[1]["number"], "+49 30 23125-331");
    assert_eq!(members[1]["presence"], "office");
    uc(&server, &["favourites", "delete-group", "team"])
        .await
        .expect("it is deleted");
    assert!(
        uc(&server, &["favourites", "list"])
            .await
            .expect("a list")
            .is_empty()
    );
}

#[tokio::test]
async fn a_message_is_sent_and_listed_on_both_sides() {
    let server = server().await;
    let hello = ["message", "send", "331", "hello 👋 שלום"];
    let nobody = uc(&server, &hello).await;
    assert!(
        nobody
            .expect_err("nobody is there")
            .contains("can't be reached")
    );
    // A session counts as reachable for a while after it was heard of.
    let bruno = tokio::spawn({
        let pin = server
            .fingerprint()
            .map(|byte| format!("{byte:02x}"))
            .concat();
        let mut watching = Command::new(env!("CARGO_BIN_EXE_uc"));
        watching
            .args([
                "--server",
                &server.address().to_string(),
                "--user",
                "331",
                "watch",
            ])
            .env("UC_PIN", pin)
            .env("UC_PASSWORD", "demo-331")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        async move { watching.status().await }
    });
    while let Err(why) = uc(&server, &hello).await {
        assert!(why.contains("can't be reached"), "{why}");
    }
    bruno.abort();
    let _ = bruno.await;
    for (user, other, direction) in [("330", "331", "outgoing"), ("331", "330", "incoming")] {
        let listed = uc_as(&server, user, &["message", "list", other])
            .await
            .expect("a list");
        let last = listed.last().expect("a message");
        assert_eq!(
            (&last["text"], &last["direction"]),
            (&hello[3].into(), &direction.into())
        );
    }
}
