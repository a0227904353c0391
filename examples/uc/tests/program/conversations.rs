//! Conversations and messages.

use std::process::Stdio;

use serde_json::Value;
use uc_server::RunningServer;

use crate::run::{answer, server, told, uc};

const HELLO: &str = "hello 👋 שלום";

/// Rosa (330) writes to Bruno (331) while he watches.
async fn say_hello(server: &RunningServer) {
    let mut watching = uc(server, "331");
    watching.arg("watch");
    watching.stdout(Stdio::null()).stderr(Stdio::null());
    let mut watching = watching.spawn().expect("the program was built");
    // He must be signed in before he can be reached: write until he is.
    while let Err(why) = answer(server, "330", &["message", "send", "331", HELLO]).await {
        assert!(why.contains("can't be reached"), "{why}");
    }
    watching.kill().await.expect("it is there");
}

#[tokio::test]
async fn conversations_are_listed_read_and_deleted() {
    let server = server().await;
    say_hello(&server).await;
    let listed = told(&server, "331", &["conversations", "list"]).await;
    assert_eq!(
        (&listed["name"], &listed["unread"]),
        (&"Rosa Ahorn".into(), &1.into())
    );
    let id = listed["id"].as_str().expect("an identity").to_owned();
    let shown = told(&server, "331", &["conversations", "show", &id]).await;
    assert_eq!(shown["text"], HELLO);
    told(&server, "331", &["conversations", "read", &id]).await;
    let listed = told(&server, "331", &["conversations", "list"]).await;
    assert_eq!(listed["unread"], 0);
    let entry = shown["id"].as_str().expect("an identity");
    let delete = ["conversations", "delete", &id, "--entry", entry];
    told(&server, "331", &delete).await;
    told(&server, "331", &["conversations", "delete", "--all"]).await;
    let listed = told(&server, "331", &["conversations", "list"]).await;
    assert_eq!(listed, Value::Null);
    let kept = told(&server, "330", &["conversations", "list"]).await;
    assert_eq!(kept["newest"]["text"], HELLO, "hers is her own");
    let gone = answer(&server, "330", &["conversations", "read", "nobodys"]).await;
    assert!(gone.expect_err("there is none").contains("doesn't know it"));
}

#[tokio::test]
async fn a_message_is_sent_and_listed_on_both_sides() {
    let server = server().await;
    let nobody = answer(&server, "330", &["message", "send", "331", HELLO]).await;
    let nobody = nobody.expect_err("nobody is there");
    assert!(nobody.contains("can't be reached"), "{nobody}");
    let unknown = answer(&server, "330", &["message", "send", "399", HELLO]).await;
    let unknown = unknown.expect_err("nobody has it");
    for part in ["399", "nobody with this number", "internal number"] {
        assert!(unknown.contains(part), "{unknown}");
    }
    say_hello(&server).await;
    for (user, other, direction) in [("330", "331", "outgoing"), ("331", "330", "incoming")] {
        let last = told(&server, user, &["message", "list", other]).await;
        assert_eq!(
            (&last["text"], &last["direction"]),
            (&HELLO.into(), &direction.into())
        );
    }
}
