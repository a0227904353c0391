use std::{fmt::Write, time::Duration};

use super::Phase;
use crate::{
    core::{
        Input, Request,
        rig::{Rig, dialled, signed_in, snapshot},
    },
    port::{BackendError, BackendEvent, DialFailure, LinkId, Operation, Outcome},
};

fn name(rig: &Rig) -> &'static str {
    match &rig.core.connection.phase {
        Phase::Idle => "Idle",
        Phase::Racing(_) => "Racing",
        Phase::Entering(_) => "Entering",
        Phase::Subscribing(..) => "Subscribing",
        Phase::Fetching(..) => "Fetching",
        Phase::Live(_, _, None) => "Live",
        Phase::Live(_, _, Some(_)) => "Live, fetching",
        Phase::Waiting { .. } => "Waiting",
        Phase::Ended => "Ended",
    }
}

/// A rig in a phase, before or after it was live for the first time.
fn reach(phase: &str, again: bool) -> Rig {
    let mut rig = if again { Rig::live() } else { Rig::new() };
    if again && phase != "Live" && phase != "Live, fetching" {
        event(&mut rig, BackendEvent::StreamEnded(BackendError::Closed));
        if phase == "Waiting" {
            return rig;
        }
        rig.pass(Duration::from_millis(1));
    } else if !again && phase != "Idle" {
        rig.request(Request::SignIn);
    }
    let reached = |rig: &Rig| name(rig) == phase;
    if !reached(&rig) && phase != "Live, fetching" {
        rig.complete(|o| matches!(o, Operation::Dial { .. }), Ok(dialled()));
    }
    if !reached(&rig) && phase != "Live, fetching" {
        enter(&mut rig);
    }
    if !reached(&rig) && phase != "Live, fetching" {
        rig.complete(
            |o| matches!(o, Operation::Subscribe { .. }),
            Ok(Outcome::Subscribed),
        );
    }
    if phase == "Live, fetching" {
        event(&mut rig, BackendEvent::Reset { cursor: None });
    }
    assert_eq!(name(&rig), phase);
    rig
}

fn enter(rig: &mut Rig) {
    rig.complete(|o| matches!(o, Operation::Resume { .. }), Ok(Outcome::Done));
    rig.complete(|o| matches!(o, Operation::SignIn { .. }), Ok(signed_in()));
}

fn event(rig: &mut Rig, event: BackendEvent) {
    let link = rig.core.connection.link().unwrap_or(LinkId(0));
    rig.input(Input::Backend { link, event });
}

type Happening = fn(&mut Rig);

/// Everything that can happen to a connection.
const HAPPENINGS: &[(&str, Happening)] = &[
    ("dialled", |rig| {
        rig.complete(|o| matches!(o, Operation::Dial { .. }), Ok(dialled()));
    }),
    ("dial failed twice", |rig| {
        for _ in 0..2 {
            let refused = Err(DialFailure::Refused.into());
            rig.complete(|o| matches!(o, Operation::Dial { .. }), refused);
        }
    }),
    ("let in", enter),
    ("not signed in", |rig| {
        let enters = |o: &Operation| matches!(o, Operation::Resume { .. });
        rig.complete(enters, Err(BackendError::NotSignedIn));
    }),
    ("bad credentials", |rig| {
        let enters =
            |o: &Operation| matches!(o, Operation::SignIn { .. } | Operation::Resume { .. });
        rig.complete(enters, Err(BackendError::BadCredentials));
    }),
    ("subscribed", |rig| {
        rig.complete(
            |o| matches!(o, Operation::Subscribe { .. }),
            Ok(Outcome::Subscribed),
        );
    }),
    ("snapshot", |rig| {
        rig.complete(
            |o| matches!(o, Operation::Snapshot { .. }),
            Ok(snapshot(2, Vec::new())),
        );
    }),
    ("command failed", |rig| {
        let any = |o: &Operation| !matches!(o, Operation::Close { .. } | Operation::Dial { .. });
        rig.complete(any, Err(BackendError::Malformed));
    }),
    ("reset", |rig| {
        event(rig, BackendEvent::Reset { cursor: None })
    }),
    ("undecodable", |rig| event(rig, BackendEvent::Undecodable)),
    ("stream ended", |rig| {
        event(rig, BackendEvent::StreamEnded(BackendError::Closed))
    }),
    ("session ended", |rig| {
        event(rig, BackendEvent::SessionEnded)
    }),
    ("network changed", |rig| {
        rig.request(Request::NetworkChanged)
    }),
    ("30 s", |rig| {
        for _ in 0..300 {
            rig.pass(Duration::from_millis(100));
        }
    }),
    ("shutdown", |rig| {
        rig.request(Request::Shutdown { sign_out: false })
    }),
];

#[test]
fn the_table_of_transitions_is_whole() {
    let phases = [
        ("Idle", false),
        ("Racing", false),
        ("Entering", false),
        ("Subscribing", false),
        ("Fetching", false),
        ("Live", true),
        ("Live, fetching", true),
        ("Waiting", true),
        ("Racing", true),
        ("Entering", true),
        ("Subscribing", true),
        ("Fetching", true),
    ];
    let mut table = String::new();
    for (phase, again) in phases {
        for (happening, make) in HAPPENINGS {
            let mut rig = reach(phase, again);
            make(&mut rig);
            let after = name(&rig);
            if after != phase {
                let from = format!("{phase}{}", if again { " again" } else { "" });
                writeln!(table, "{from:<18} {happening:<18} {after}").unwrap();
            }
        }
    }
    insta::assert_snapshot!("connection", table);
}

#[test]
fn what_comes_between_subscription_and_snapshot_is_applied_only_if_newer() {
    use uc_model::{Presence, PresenceState, Rev, UserId};

    use crate::port::{Cursor, PresenceUpdate, ServerChange};

    let mut rig = reach("Fetching", false);
    for (user, rev) in [("331", 1), ("332", 3)] {
        let presence = Presence {
            state: PresenceState::Lunch,
            until: None,
            note: None,
        };
        let user = UserId::new(user).unwrap();
        let change = ServerChange::Presence(PresenceUpdate {
            user,
            rev: Rev(rev),
            presence,
            line: None,
        });
        event(
            &mut rig,
            BackendEvent::Change {
                cursor: Cursor(format!("e-{rev}")),
                change,
            },
        );
    }
    rig.complete(
        |o| matches!(o, Operation::Snapshot { .. }),
        Ok(snapshot(2, Vec::new())),
    );
    let known: Vec<_> = rig
        .core
        .view()
        .presences()
        .map(|(user, _)| user.as_str())
        .collect();
    assert_eq!(
        known,
        ["332"],
        "revision 1 is part of the snapshot that lacks it"
    );
    assert_eq!(rig.core.connection.cursor, Some(Cursor("e-3".into())));
}

#[test]
fn a_changed_network_is_probed_and_gets_a_new_stream_after_the_last_event() {
    let renewed = |o: &Operation| matches!(o, Operation::Subscribe { after: Some(after), .. } if after.0 == "e-1");
    let probed = |o: &Operation| matches!(o, Operation::Probe { .. });
    let renewing = || {
        let mut rig = Rig::live();
        rig.request(Request::NetworkChanged);
        rig.request(Request::NetworkChanged);
        assert!(rig.complete(probed, Ok(Outcome::Done)));
        rig
    };

    let mut rig = renewing();
    assert!(rig.complete(renewed, Ok(Outcome::Subscribed)));
    assert!(
        !rig.complete(renewed, Ok(Outcome::Subscribed)),
        "once is enough"
    );
    assert_eq!(name(&rig), "Live");

    let mut rig = renewing();
    assert!(rig.complete(renewed, Err(BackendError::TimedOut)));
    assert_eq!(name(&rig), "Waiting");
}

#[test]
fn a_new_stream_waits_for_the_snapshot_that_says_where_to_go_on() {
    let subscribes = |o: &Operation| matches!(o, Operation::Subscribe { .. });
    let mut rig = reach("Live, fetching", true);
    rig.request(Request::NetworkChanged);
    assert!(rig.complete(|o| matches!(o, Operation::Probe { .. }), Ok(Outcome::Done)));
    assert!(
        !rig.complete(subscribes, Ok(Outcome::Subscribed)),
        "no place"
    );
    assert!(rig.complete(
        |o| matches!(o, Operation::Snapshot { .. }),
        Ok(snapshot(2, Vec::new())),
    ));
    let after_it = |o: &Operation| matches!(o, Operation::Subscribe { after: Some(after), .. } if after.0 == "e-2");
    assert!(rig.complete(after_it, Ok(Outcome::Subscribed)));
    assert_eq!(name(&rig), "Live");
}

#[test]
fn a_flood_before_the_snapshot_makes_another_snapshot_necessary() {
    let mut rig = reach("Fetching", false);
    for rev in 0..3000 {
        let change = crate::port::ServerChange::ConversationDeleted {
            id: uc_model::ConversationId::new("c").unwrap(),
            rev: uc_model::Rev(rev),
        };
        let cursor = crate::port::Cursor(format!("e-{rev}"));
        event(&mut rig, BackendEvent::Change { cursor, change });
    }
    let fetched = |o: &Operation| matches!(o, Operation::Snapshot { .. });
    assert!(rig.complete(fetched, Ok(snapshot(1, Vec::new()))));
    assert_eq!(name(&rig), "Fetching");
    assert!(rig.complete(fetched, Ok(snapshot(4000, Vec::new()))));
    assert_eq!(name(&rig), "Live");
}
