//! The office of the demonstration, and the server's virtual people.

use std::{path::PathBuf, time::Duration};

use demo::{Options, Pace, Staff, StaffError, run_office};
use tokio::time::timeout;
use uc_model::{CallDirection, ConversationEntry, FailureCause};
use uc_server::{RunningServer, Server};
use uc_session::{Client, Event, Trust};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_people_use_every_function_and_eight_hear_each_other_in_a_conference() {
    let options = Options {
        folder: PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("office"),
        impairment: None,
    };
    let report = run_office(&options, |step| eprintln!("{step:?}")).await;
    let report = report.expect("the office opens");
    assert!(report.is_ok(), "{report}");
    let conference = report.conference.expect("it came about");
    assert_eq!(conference.parties, 8);
    assert!(conference.loudest_own < conference.quietest_other / 10.0);
    assert_eq!(
        std::fs::read_dir(&options.folder)
            .expect("recordings")
            .count(),
        8
    );
}

/// Everything ten times as fast.
fn brisk() -> Pace {
    let ms = |from, to| Duration::from_millis(from)..Duration::from_millis(to);
    Pace {
        idle: ms(200, 800),
        ring: ms(100, 300),
        talk: ms(500, 1_500),
        away: ms(300, 900),
    }
}

async fn client(server: &RunningServer, user: &str) -> Client {
    let client = Client::builder(&server.address().to_string(), user)
        .password(format!("demo-{user}"))
        .trust(Trust::Pin(server.fingerprint()))
        .null_sound()
        .expect("no sound is always there");
    within(client.sign_in()).await.expect("the server is there")
}

async fn within<T>(work: impl Future<Output = T>) -> T {
    timeout(PATIENCE, work).await.expect("in time")
}

#[tokio::test]
async fn virtual_people_change_their_presence_answer_speak_and_hang_up() {
    let server = Server::builder().start().await.expect("a free port");
    let staff = Staff::arrive(&server, 4, brisk()).await.expect("signed in");
    let rosa = client(&server, "330").await;
    let mut told = rosa.events();
    within(async { while !matches!(told.next().await, Some(Event::Presence { .. })) {} }).await;
    // Who is away has a mailbox, which never hangs up: only a person does.
    within(async {
        loop {
            let called = rosa.call("339").await;
            let Ok(call) = called else { continue };
            let ended = timeout(4 * brisk().talk.end, call.ended()).await;
            let spoke = call.media_stats().is_some_and(|s| s.first_heard.is_some());
            if spoke && ended == Ok(Some(FailureCause::Normal)) {
                return;
            }
            call.hang_up().await.expect("it always works");
        }
    })
    .await;
    let view = rosa.view();
    let entries = view.conversations().flat_map(|one| &one.entries);
    for entry in entries {
        let called = matches!(entry, ConversationEntry::Call { direction, .. } if *direction == CallDirection::Outgoing);
        assert!(called, "nobody calls who is there from outside: {entry:?}");
    }
    staff.leave().await;
    server.stop().await;
}

#[tokio::test]
async fn virtual_people_call_each_other_and_give_way_to_whom_they_stand_for() {
    let server = Server::builder().start().await.expect("a free port");
    let staff = Staff::arrive(&server, 2, brisk()).await.expect("signed in");
    let lena = client(&server, "340").await;
    assert_eq!(server.attendance().clients_of("340"), 2);
    lena.sign_out().await;
    within(async {
        loop {
            let lena = client(&server, "340").await;
            let called = lena.view().conversations().len() > 0;
            lena.sign_out().await;
            if called {
                return;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    })
    .await;

    let (rosa, lena) = (client(&server, "330").await, client(&server, "340").await);
    let (call, incoming) = within(async {
        loop {
            // While the virtual Lena is away, her mailbox answers.
            let call = rosa.call("340").await.expect("she is there");
            let rings = timeout(Duration::from_secs(1), lena.incoming()).await;
            if let Ok(Some(incoming)) = rings {
                return (call, incoming);
            }
            call.hang_up().await.expect("it always works");
        }
    })
    .await;
    tokio::time::sleep(2 * brisk().ring.end).await;
    within(incoming.answer()).await.expect("nobody else has");
    within(call.connected()).await.expect("with sound");
    within(call.hang_up()).await.expect("it always works");
    staff.leave().await;
    server.stop().await;
}

#[tokio::test]
async fn more_virtual_people_than_users_are_refused() {
    let server = Server::builder().start().await.expect("a free port");
    let refused = Staff::arrive(&server, 12, Pace::default()).await;
    assert!(matches!(refused, Err(StaffError::TooMany(11))));
    server.stop().await;
}

/// Much longer than a busy computer needs.
const PATIENCE: Duration = Duration::from_secs(45);
