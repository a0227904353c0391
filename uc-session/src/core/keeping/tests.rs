use uc_model::{Conversation, ConversationId, PhoneNumber, Rev, Snapshot};

use super::*;
use crate::{
    core::{Input, Output, Request, rig::Rig},
    port::{BackendEvent, Cursor, Operation, Outcome, ServerChange, StoreError},
    view::Connection,
};

fn conversation(id: &str, rev: u64) -> Conversation {
    Conversation {
        id: ConversationId::new(id).unwrap(),
        rev: Rev(rev),
        contact: None,
        number: PhoneNumber::new("331").unwrap(),
        name: None,
        unread: 0,
        entries: Vec::new(),
    }
}

fn yesterday() -> Cached {
    Cached {
        at: Timestamp(5),
        state: Snapshot {
            conversations: vec![conversation("old", 3), conversation("same", 4)],
            ..Snapshot::default()
        },
        unsent: Vec::new(),
    }
}

/// A live core that keeps what it knows, its first save done.
fn live() -> Rig {
    let mut rig = Rig::with_cache(Some(Ok(None)));
    rig.request(Request::SignIn);
    rig.enter();
    rig.pass(Duration::ZERO);
    assert_eq!(rig.complete_save(Ok(())), Some(Timestamp(rig.now.wall_ms)));
    rig
}

fn change(rig: &mut Rig, rev: u64) {
    let change = ServerChange::Conversation(Box::new(conversation("c", rev)));
    let cursor = Cursor(format!("e-{rev}"));
    rig.input(Input::Backend {
        link: rig.link(),
        event: BackendEvent::Change { cursor, change },
    });
}

/// Time passes, and the server is heard all the while.
fn pass_alive(rig: &mut Rig, time: Duration) {
    for _ in 0..time.as_secs() {
        rig.input(Input::Backend {
            link: rig.link(),
            event: BackendEvent::Heartbeat,
        });
        rig.pass(Duration::from_secs(1));
    }
}

fn failures(rig: &Rig) -> usize {
    let failed = |output: &&Output| matches!(output, Output::Event(Event::CacheFailed(_)));
    rig.last.iter().filter(failed).count()
}

#[test]
fn what_was_kept_is_shown_before_anything_is_asked() {
    let rig = Rig::with_cache(Some(Ok(Some(yesterday()))));
    let view = rig.core.view();
    assert_eq!(view.as_of, Known::Cached { at: Timestamp(5) });
    assert_eq!(view.conversations().len(), 2);
    assert_eq!(view.connection, Connection::SigningIn);
}

#[test]
fn of_the_first_snapshot_only_what_differs_is_told() {
    let mut rig = Rig::with_cache(Some(Ok(Some(yesterday()))));
    rig.request(Request::SignIn);
    rig.complete(
        |o| matches!(o, Operation::Dial { .. }),
        Ok(crate::core::rig::dialled()),
    );
    rig.complete(
        |o| matches!(o, Operation::SignIn { .. }),
        Ok(crate::core::rig::signed_in()),
    );
    rig.complete(
        |o| matches!(o, Operation::Subscribe { .. }),
        Ok(Outcome::Subscribed),
    );
    let Outcome::Snapshot(mut snapshot) = crate::core::rig::snapshot(9, Vec::new()) else {
        panic!("a snapshot");
    };
    snapshot.conversations = vec![conversation("same", 4), conversation("new", 8)];
    rig.complete(
        |o| matches!(o, Operation::Snapshot { .. }),
        Ok(Outcome::Snapshot(snapshot)),
    );
    let told: Vec<_> = rig
        .last
        .iter()
        .filter_map(|output| match output {
            Output::Event(Event::Conversation(conversation)) => Some(conversation.id.to_string()),
            Output::Event(Event::ConversationDeleted(id)) => Some(format!("{id} is gone")),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["new", "old is gone"]);
    assert_eq!(rig.core.view().as_of, Known::Live);
}

#[test]
fn nothing_is_saved_before_the_server_has_told_anything() {
    let mut rig = Rig::with_cache(Some(Ok(Some(yesterday()))));
    rig.request(Request::SignIn);
    rig.pass(Duration::from_secs(3));
    rig.request(Request::Shutdown { sign_out: false });
    assert_eq!(rig.complete_save(Ok(())), None);
}

#[test]
fn changes_are_saved_together_two_seconds_after_the_first() {
    let mut rig = live();
    change(&mut rig, 5);
    rig.pass(Duration::from_secs(1));
    change(&mut rig, 6);
    assert_eq!(rig.complete_save(Ok(())), None);
    rig.pass(Duration::from_secs(1));
    assert!(rig.complete_save(Ok(())).is_some());
    rig.pass(Duration::from_secs(60));
    assert_eq!(rig.complete_save(Ok(())), None, "nothing has changed since");
}

#[test]
fn as_of_stays_true_without_changes_and_ends_with_the_connection() {
    let mut rig = live();
    pass_alive(&mut rig, Duration::from_secs(310));
    let saved = rig.complete_save(Ok(())).unwrap();
    assert!(saved >= Timestamp(rig.now.wall_ms - 11_000), "{saved:?}");
    let lost_at = rig.now.wall_ms;
    rig.input(Input::Backend {
        link: rig.link(),
        event: BackendEvent::StreamEnded(crate::port::BackendError::Closed),
    });
    rig.pass(Duration::from_secs(20));
    rig.request(Request::Shutdown { sign_out: false });
    assert_eq!(rig.complete_save(Ok(())), Some(Timestamp(lost_at)));
}

#[test]
fn a_failure_is_told_once_and_tried_again_half_a_minute_later() {
    let mut rig = live();
    let failed = || Err(CacheError::Store(StoreError::Unavailable));
    change(&mut rig, 5);
    rig.pass(PAUSE);
    assert!(rig.complete_save(failed()).is_some());
    assert_eq!(failures(&rig), 1);
    pass_alive(&mut rig, RETRY - Duration::from_secs(1));
    assert_eq!(rig.complete_save(Ok(())), None);
    pass_alive(&mut rig, Duration::from_secs(1));
    assert!(rig.complete_save(failed()).is_some());
    assert_eq!(failures(&rig), 0, "it was told already");
    pass_alive(&mut rig, RETRY);
    assert!(rig.complete_save(Ok(())).is_some());
    change(&mut rig, 6);
    rig.pass(PAUSE);
    assert!(rig.complete_save(failed()).is_some());
    assert_eq!(failures(&rig), 1, "it is another failure");
}

#[test]
fn a_save_that_never_ends_keeps_nobody() {
    let mut rig = live();
    change(&mut rig, 5);
    rig.pass(PAUSE);
    rig.pass(Duration::from_secs(20));
    assert_eq!(failures(&rig), 1);
    rig.request(Request::Shutdown { sign_out: false });
    rig.pass(Duration::from_secs(2));
    rig.pass(Duration::from_secs(2));
    assert!(matches!(rig.core.poll_output(), Output::Stopped));
}

#[test]
fn the_end_waits_for_the_last_save_and_for_what_changed_during_one() {
    let mut rig = live();
    change(&mut rig, 5);
    rig.pass(PAUSE);
    change(&mut rig, 6);
    rig.request(Request::Shutdown { sign_out: false });
    let close = |operation: &Operation| matches!(operation, Operation::Close { .. });
    while rig.complete(close, Ok(Outcome::Done)) {}
    assert!(rig.complete_save(Ok(())).is_some());
    assert!(
        rig.complete_save(Ok(())).is_some(),
        "what changed meanwhile"
    );
    assert!(matches!(rig.core.poll_output(), Output::Stopped));
}
