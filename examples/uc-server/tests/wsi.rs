//! The server's end of WSI over real connections, held to the published transcripts.
#![expect(clippy::unwrap_used, reason = "a test that can't go on panics")]

mod client;

use client::Client;
use serde_json::{Value, json};
use uc_protocol::ucx::{Cause, ConnectionState, Device, Event, PresenceState};
use uc_server::{Mode, RunningServer, Server};

/// The answers of the transcripts: their shapes are the oracle, not their values.
fn transcript(name: &str) -> &'static str {
    let text = include_str!("../../../uc-protocol/wsi-transcripts.txt");
    let mut lines = text.lines();
    lines
        .find(|line| line.strip_prefix("== ") == Some(name))
        .unwrap();
    let answer = lines.find(|line| line.starts_with('<')).unwrap();
    answer.strip_prefix('<').unwrap().trim_start()
}

async fn server() -> RunningServer {
    let server = Server::builder().desk_phones(true).mode(Mode::Suite);
    server.start().await.unwrap()
}

/// A client that writes its own queries.
struct Poller {
    client: Client,
    device: String,
    session: String,
}

impl Poller {
    async fn signed_in(server: &RunningServer, user: &str) -> Self {
        let mut client = Client::connect(server.address()).await;
        let login = format!("/cgi-bin/gadgetapi?cmd=Login&gsUser={user}&gsPass=demo-{user}");
        let answer = text(&mut client, &login).await;
        let session = between(&answer, "<ID>", "</ID>").to_owned();
        let device = user.to_owned();
        Self {
            client,
            device,
            session,
        }
    }

    async fn listening(server: &RunningServer, user: &str) -> Self {
        let mut poller = Self::signed_in(server, user).await;
        let started = poller
            .command(&format!("EventStart&deviceObject={user}"))
            .await;
        assert_eq!(started, transcript("event start"));
        poller
    }

    async fn command(&mut self, command: &str) -> String {
        let path = format!(
            "/cgi-bin/gadgetapi?cmd={command}&gsSession={}",
            self.session
        );
        text(&mut self.client, &path).await
    }

    async fn poll(&mut self) -> String {
        let (device, session) = (&self.device, &self.session);
        let path =
            format!("/cgi-bin/gadgetapi/GetEvents?deviceObject={device}&gsSession={session}");
        text(&mut self.client, &path).await
    }

    async fn events(&mut self) -> Vec<Value> {
        let body = self.poll().await;
        let poll: Value = serde_json::from_str(&body).unwrap();
        poll["events"].as_array().unwrap().clone()
    }

    /// The next call events, as (type, call).
    async fn call_events(&mut self, count: usize) -> Vec<Value> {
        let mut found = Vec::new();
        while found.len() < count {
            let events = self.events().await;
            found.extend(events.into_iter().filter(|e| e["deviceID"].is_string()));
        }
        assert_eq!(found.len(), count, "{found:?}");
        found
    }

    async fn service(&mut self, service: &str, parameter: &str, call: &str) -> String {
        let device = self.device.clone();
        let command = format!("{service}&{parameter}.callID={call}&{parameter}.deviceID={device}");
        self.command(&command).await
    }
}

async fn text(client: &mut Client, path: &str) -> String {
    let answer = client.get(path).await;
    assert_eq!(answer.status, 200, "{path}");
    String::from_utf8(answer.body).unwrap()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap();
    rest.split_once(end).unwrap().0
}

/// The names of the elements in their order.
fn shape(xml: &str) -> Vec<&str> {
    let tags = xml
        .split('<')
        .skip(1)
        .filter_map(|tag| tag.split(['>', ' ', '/']).next());
    tags.filter(|name| !name.is_empty()).collect()
}

fn kind(event: &Value) -> &str {
    event["type"].as_str().unwrap()
}

#[tokio::test]
async fn answers_have_the_shapes_of_the_transcripts() {
    let server = server().await;
    let mut client = Client::connect(server.address()).await;
    let login = "/cgi-bin/gadgetapi?cmd=Login&gsUser=330&gsPass=";
    let good = text(&mut client, &format!("{login}demo-330")).await;
    assert_eq!(shape(&good), shape(transcript("login")));
    assert!(good.contains("<APPLICATION>UCSUITE</APPLICATION>"));
    let bad = text(&mut client, &format!("{login}wrong")).await;
    assert_eq!(shape(&bad), shape(transcript("login refused")));
    assert!(bad.contains("<ID>0</ID>"));

    let mut poller = Poller::listening(&server, "330").await;
    let foreign = poller.command("EventStart&deviceObject=331").await;
    assert_eq!(foreign, transcript("event start refused"));
    let set = poller.command("SetPresence&user=330&presence=2").await;
    assert_eq!(set, transcript("set presence"));
    let refused = poller.command("SetPresence&user=331&presence=2").await;
    assert_eq!(refused, transcript("set presence refused"));
    let failed = poller
        .command("MakeCall&callingDevice=330&calledDirectoryNumber=999")
        .await;
    assert_eq!(failed, transcript("call failure"));
    assert_eq!(poller.command("Logout").await, transcript("logout"));
    let dead = poller.command("GetServerParam").await;
    assert_eq!(dead, transcript("dead session"));
    assert!(poller.poll().await.contains("NOT_LOGGED_IN"));
}

#[tokio::test]
async fn a_call_between_desk_phones_is_told_event_by_event() {
    let server = server().await;
    let mut rosa = Poller::listening(&server, "330").await;
    let mut bruno = Poller::listening(&server, "331").await;
    let made = rosa
        .command("MakeCall&callingDevice=330&calledDirectoryNumber=331")
        .await;
    let call = between(&made, "<callID>", "</callID>").to_owned();
    let dialled = rosa.call_events(2).await;
    assert_eq!(kind(&dialled[0]), "ServiceInitiatedEvent");
    assert_eq!(
        (kind(&dialled[1]), &dialled[1]["callID"]),
        ("DeliveredEvent", &json!(call))
    );
    let rings = bruno.call_events(1).await.remove(0);
    assert_eq!(
        (kind(&rings), &rings["deviceID"]),
        ("DeliveredEvent", &json!("331"))
    );
    assert_eq!(
        (&rings["callingDevice"], &rings["calledDevice"]),
        (&json!("330"), &json!("331"))
    );
    let theirs = rings["callID"].as_str().unwrap().to_owned();

    let answered = bruno
        .service("AnswerCall", "callToBeAnswered", &theirs)
        .await;
    assert_eq!(answered, "<AnswerCall/>");
    assert_eq!(kind(&rosa.call_events(1).await[0]), "EstablishedEvent");
    assert_eq!(kind(&bruno.call_events(1).await[0]), "EstablishedEvent");

    rosa.service("HoldCall", "callToBeHeld", &call).await;
    let again = rosa.service("HoldCall", "callToBeHeld", &call).await;
    assert!(
        again.contains("<CSTAErrorCode>invalidConnectionState<"),
        "{again}"
    );
    for poller in [&mut rosa, &mut bruno] {
        let held = poller.call_events(1).await.remove(0);
        assert_eq!(
            (kind(&held), &held["holdingDevice"]),
            ("HeldEvent", &json!("330"))
        );
    }
    let state = rosa.command("GetDeviceState&device=330").await;
    assert!(
        state.contains("<localConnectionInfo>hold</localConnectionInfo>"),
        "{state}"
    );

    bruno
        .service("ClearConnection", "connectionToBeCleared", &theirs)
        .await;
    let over = rosa.call_events(1).await.remove(0);
    assert_eq!(kind(&over), "ConnectionClearedEvent");
    assert_eq!(over["cause"], "normalClearing");
    let unknown = rosa.service("HoldCall", "callToBeHeld", "nothing").await;
    assert!(unknown.contains("invalidConnectionID"), "{unknown}");
}

#[tokio::test]
async fn both_interfaces_show_the_same_server() {
    let server = server().await;
    let mut poller = Poller::listening(&server, "330").await;
    let mut client = Client::signed_in(&server, "331").await;
    let mut events = client.events(None).await;

    poller.command("SetPresence&user=330&presence=7").await;
    match events.next().await {
        Some(Event::Presence(p)) => {
            assert_eq!((p.user.as_str(), p.state), ("330", PresenceState::Lunch))
        }
        other => panic!("{other:?}"),
    }
    let lunch = json!({"state": "lunch"});
    client.put("/uc/v1/me/presence", lunch).await;
    let told = json!([{"user": "331", "presence": "7"}]);
    let mut seen = poller.events().await;
    while !seen.iter().any(|e| e["jsonEvent"]["PresenceEvent"] == told) {
        seen = poller.events().await;
    }
    events.next().await;
    poller.command("SetPresence&user=330&presence=1").await;

    let to = json!({"to": "330", "device": "desk_phone"});
    let placed = client.post("/uc/v1/calls", to).await.call();
    assert_eq!(placed.device, Device::DeskPhone);
    let rings = poller.call_events(1).await.remove(0);
    let call = rings["callID"].as_str().unwrap().to_owned();
    poller
        .service("ClearConnection", "connectionToBeCleared", &call)
        .await;
    events.call().await;
    let over = events.call().await;
    assert_eq!(
        (over.local, over.cause),
        (ConnectionState::Null, Some(Cause::Rejected))
    );
}

#[tokio::test]
async fn the_book_and_everybodys_presence_are_read() {
    let server = server().await;
    let mut poller = Poller::signed_in(&server, "330").await;
    let found = poller.command("PhBookSearch&search=l%C3%A4r&max=5").await;
    assert_eq!(between(&found, "<EXTENSION>", "</EXTENSION>"), "337");
    assert_eq!(between(&found, "<LASTNAME>", "</LASTNAME>"), "Lärche");
    let people = poller.command("GetPresenceXML").await;
    assert_eq!(people.matches("<USER>").count(), 12);
    assert!(people.contains("<ID>331</ID><PRESENCE>1</PRESENCE>"));
}

#[tokio::test]
async fn a_session_of_one_interface_is_none_of_the_other() {
    let server = server().await;
    let poller = Poller::signed_in(&server, "330").await;
    let mut client = Client::connect(server.address()).await;
    client.token = Some(poller.session.clone());
    assert_eq!(client.get("/uc/v1/snapshot").await.status, 401);
    let token = Client::signed_in(&server, "330").await.token.unwrap();
    let stolen = format!("/cgi-bin/gadgetapi?cmd=GetPresenceXML&gsSession={token}");
    assert!(text(&mut client, &stolen).await.contains("NOT_LOGGED_IN"));
}

#[tokio::test]
async fn bad_requests_get_answers_and_the_connection_lives_on() {
    let server = server().await;
    let mut client = Client::connect(server.address()).await;
    let long = "x".repeat(9_000);
    for (path, status) in [
        ("/cgi-bin/gadgetapi", 400),
        ("/cgi-bin/gadgetapi?cmd=%FF", 400),
        ("/cgi-bin/gadgetapi?cmd=FormatDisk", 404),
        (&format!("/cgi-bin/gadgetapi?cmd=Login&gsUser={long}"), 400),
        ("/cgi-bin/gadgetapi?cmd=Login&gsUser=330", 200),
        ("/cgi-bin/gadgetapi?cmd=JournalRead", 200),
    ] {
        assert_eq!(client.get(path).await.status, status);
    }
    let posted = client
        .post("/cgi-bin/gadgetapi?cmd=Logout", json!({}))
        .await;
    assert_eq!(posted.status, 400);
    let mut poller = Poller::signed_in(&server, "330").await;
    let unheard = poller.poll().await;
    assert!(unheard.contains("local=\"false\""), "{unheard}");
}

#[tokio::test]
async fn without_ucx_only_wsi_answers() {
    let server = Server::builder()
        .desk_phones(true)
        .ucx(false)
        .start()
        .await
        .unwrap();
    let mut client = Client::connect(server.address()).await;
    assert_eq!(client.get("/uc/v1/hello").await.status, 404);
    assert_eq!(client.sign_in("330", "demo-330").await.status, 404);
    Poller::listening(&server, "330").await;
}

#[tokio::test]
async fn without_desk_phones_no_call_can_be_made() {
    let server = Server::builder().start().await.unwrap();
    let mut poller = Poller::signed_in(&server, "330").await;
    let refused = poller
        .command("MakeCall&callingDevice=330&calledDirectoryNumber=331")
        .await;
    assert!(refused.contains("<ERROR>"), "{refused}");
}
