//! Where calls go, how they are dialled, keys, and colleagues' telephones.

use uc_server::{Configuration, Mode, RunningServer, Server};

use crate::{
    control::{at_desk, at_desks},
    run::{answer, finish, lines, plain, told, uc, within},
};

async fn with(configuration: Configuration, mode: Mode) -> RunningServer {
    let server = Server::builder().configuration(configuration).mode(mode);
    server.start().await.expect("the server starts")
}

#[tokio::test]
async fn where_calls_go_is_listed_and_chosen() {
    let server = crate::run::server().await;
    let set = told(&server, "330", &["forward", "lunch", "332"]).await;
    assert_eq!(
        (&set["state"], &set["to"]),
        (&"lunch".into(), &"332".into())
    );
    let listed = lines(&finish(arguments(&server, &["forward"])).await);
    let to = |state: &str| {
        let row = listed.iter().find(|row| row["state"] == state);
        row.expect("a state")["to"].clone()
    };
    assert_eq!(
        [to("lunch"), to("home"), to("office")],
        ["332".into(), "voicemail".into(), serde_json::Value::Null]
    );
    let refusing = listed.iter().find(|row| row["state"] == "do-not-disturb");
    assert_eq!(refusing.expect("a state")["refused"], true);
    let reset = told(&server, "330", &["forward", "lunch", "default"]).await;
    assert_eq!(reset["to"], "voicemail");
    let refused = answer(&server, "330", &["forward", "do-not-disturb", "332"]).await;
    assert!(refused.expect_err("never").contains("choose another state"));
    let plain = plain(&server, "330", &["forward", "office"]).await;
    assert!(plain.contains("rings here"), "{plain}");
}

fn arguments(server: &RunningServer, arguments: &[&str]) -> tokio::process::Command {
    let mut command = uc(server, "330");
    command.args(arguments);
    command
}

#[tokio::test]
async fn call_me_is_shown_begun_and_ended_in_suite() {
    let server = with(Configuration::default(), Mode::Suite).await;
    assert!(told(&server, "330", &["callme"]).await["call_me"].is_null());
    let begun = told(&server, "330", &["callme", "332"]).await;
    assert_eq!(begun["call_me"], "332");
    let presence = lines(&finish(arguments(&server, &["presence"])).await);
    let own = presence.iter().find(|row| row["user"] == "330");
    assert_eq!(own.expect("oneself")["state"], "call-me");
    let refused = answer(&server, "330", &["callme", "330"]).await;
    assert!(refused.expect_err("oneself").contains("one telephone"));
    assert!(told(&server, "330", &["callme", "off"]).await["call_me"].is_null());
    let smart = crate::run::server().await;
    let refused = answer(&smart, "330", &["callme", "332"]).await;
    assert!(refused.expect_err("Smart").contains("doesn't offer that"));
}

#[tokio::test]
async fn the_dial_method_is_shown_and_chosen_where_there_is_mobility() {
    let on = Configuration {
        mobility: true,
        ..Configuration::default()
    };
    let server = with(on, Mode::Smart).await;
    let shown = told(&server, "330", &["dial-method"]).await;
    assert_eq!(shown["dial_method"], "desk-phone");
    let set = told(&server, "330", &["dial-method", "callback"]).await;
    assert_eq!(set["dial_method"], "callback");
}

#[tokio::test]
async fn keys_are_listed_and_programmed() {
    let on = Configuration {
        key_programming: true,
        ..Configuration::default()
    };
    let server = with(on, Mode::Smart).await;
    let shift = ["keys", "set", "1", "--shift", "--label", "2nd"];
    finish(arguments(&server, &shift)).await;
    let dial = [
        "keys",
        "set",
        "2",
        "--dial",
        "332",
        "--second",
        "+49 40 66969 1",
    ];
    let keys = lines(&finish(arguments(&server, &dial)).await);
    assert_eq!(keys.len(), 16);
    assert_eq!(keys[0]["first"]["kind"], "shift");
    assert_eq!(keys[1]["first"]["number"], "332");
    assert_eq!(keys[1]["second"], "+49 40 66969 1");
    assert_eq!(keys[15]["first"]["kind"], "local-application");
    let refused = answer(&server, "330", &["keys", "set", "16", "--dial", "332"]).await;
    assert!(refused.expect_err("the phone's").contains("application"));
    let plain = plain(&server, "330", &["keys", "list"]).await;
    assert!(plain.contains("dials 332"), "{plain}");
}

#[tokio::test]
async fn phones_show_who_talks() {
    let server = at_desks().await;
    let bruno = at_desk(&server, "331").await;
    within(bruno.call("332")).await.expect("it rings");
    let phones = lines(&finish(arguments(&server, &["phones"])).await);
    let line = |user: &str| {
        let row = phones.iter().find(|row| row["user"] == user);
        row.expect("a colleague")["line"].clone()
    };
    assert_eq!(
        [line("331"), line("332"), line("333")],
        ["dialling", "ringing-internal", "idle"]
    );
    assert!(phones.iter().all(|row| row["user"] != "330"), "not oneself");
}

#[tokio::test]
async fn a_ringing_call_is_sent_to_voicemail_by_a_command() {
    let server = at_desks().await;
    let bruno = at_desk(&server, "331").await;
    let call = within(bruno.call("330")).await.expect("it rings");
    let sent = told(&server, "330", &["deflect", "voicemail"]).await;
    assert_eq!(sent["state"], "deflected");
    within(call.connected()).await.expect("the mailbox answers");
}

#[tokio::test]
async fn of_several_telephones_the_named_one_is_controlled() {
    let company = uc_server::Company::from_toml(
        "[system.configuration]\ndesk_phones = true\nmulap = true\n\
         [[user]]\nextension = \"330\"\nfirst_name = \"Rosa\"\npassword = \"demo-330\"\nmulap = true\n\
         phones = [{ number = \"361\", phone = \"system\" }, { number = \"363\", phone = \"webrtc\" }]\n",
    );
    let company = company.expect("a company");
    let server = Server::builder().company(company).start().await;
    let server = server.expect("the server starts");
    let controlled = async |options: &[&str]| {
        let options = [options, &["assigned-phones"]].concat();
        let listed = lines(&finish(arguments(&server, &options)).await);
        let marked = listed.iter().find(|row| row["controlled"] == true);
        let marked = marked.expect("one of them");
        format!("{} {}", marked["number"], marked["kind"])
    };
    assert_eq!(controlled(&[]).await, r#""361" "system""#);
    assert_eq!(controlled(&["--phone", "363"]).await, r#""363" "voip""#);
    let refused = answer(&server, "330", &["--phone", "330", "assigned-phones"]).await;
    let refused = refused.expect_err("none of them");
    assert!(
        refused.contains("ask the administrator which one"),
        "{refused}"
    );
}
