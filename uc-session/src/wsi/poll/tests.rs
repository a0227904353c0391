use uc_model::{PresenceState, Rev};
use uc_protocol::{
    ucx::Secret,
    wsi::{CallEvent, CallEventKind, Names, PersonPresence, Presence},
};

use super::*;
use crate::clock::SystemClock;

fn account() -> Account {
    let clock = Arc::new(SystemClock::default());
    let session = Secret("3b06a3af".into());
    Account::new(
        "330".into(),
        session,
        Arc::new(Names::default()),
        clock,
        Rev(4),
    )
}

fn rings(call: Option<&str>) -> Event {
    Event::Call(CallEvent {
        kind: CallEventKind::Delivered,
        device: "330".into(),
        call: call.map(str::to_owned),
        calling: Some("331".into()),
        called: Some("330".into()),
        by: None,
        cause: None,
    })
}

#[tokio::test]
async fn news_are_numbered_as_they_come() {
    let account = account();
    let person = PersonPresence {
        user: "331".into(),
        presence: Presence::Lunch,
    };
    let told = read(
        &account,
        &[rings(Some("c1")), Event::Presence(vec![person])],
    );
    let [
        BackendEvent::Change {
            cursor: first,
            change: ServerChange::Call(call),
        },
        BackendEvent::Change {
            cursor: second,
            change: ServerChange::Presence(presence),
        },
    ] = told.as_slice()
    else {
        panic!("{told:?}");
    };
    assert_eq!((call.call.rev, first), (Rev(5), &Cursor("wsi-5".into())));
    assert_eq!((presence.rev, second), (Rev(6), &Cursor("wsi-6".into())));
    assert_eq!(presence.presence.state, PresenceState::Lunch);
}

#[tokio::test]
async fn whatever_is_left_open_is_asked_for_once_and_last() {
    let account = account();
    let open = Event::Presence(Vec::new());
    let told = read(&account, &[rings(None), open, rings(Some("c1"))]);
    assert!(matches!(
        told.as_slice(),
        [
            BackendEvent::Change { .. },
            BackendEvent::Reset { cursor: None }
        ]
    ));
}

#[tokio::test]
async fn what_is_unreadable_is_counted_and_what_is_foreign_is_a_sign_of_life() {
    let account = account();
    let nobody = PersonPresence {
        user: "a b".into(),
        presence: Presence::Home,
    };
    let told = read(
        &account,
        &[
            Event::Unreadable,
            Event::Presence(vec![nobody]),
            Event::Device,
            Event::Other,
        ],
    );
    let (lost, alive) = (BackendEvent::Undecodable, BackendEvent::Heartbeat);
    assert_eq!(told, [lost.clone(), lost, alive.clone(), alive]);
}
