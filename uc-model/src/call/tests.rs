use std::fmt::Write;

use super::*;

const STATES: [ConnectionState; 7] = [
    ConnectionState::Null,
    ConnectionState::Initiated,
    ConnectionState::Alerting,
    ConnectionState::Connected,
    ConnectionState::Hold,
    ConnectionState::Queued,
    ConnectionState::Fail,
];

const ACTIONS: [Action; 13] = [
    Action::Answer,
    Action::Reject,
    Action::Clear,
    Action::Hold,
    Action::Retrieve,
    Action::Deflect,
    Action::Consult,
    Action::Alternate,
    Action::Reconnect,
    Action::Transfer,
    Action::SingleStepTransfer,
    Action::Conference,
    Action::SendDigits,
];

const CAUSES: [FailureCause; 15] = [
    FailureCause::NoSuchNumber,
    FailureCause::Busy,
    FailureCause::Rejected,
    FailureCause::NoAnswer,
    FailureCause::Cancelled,
    FailureCause::AnsweredElsewhere,
    FailureCause::Unreachable,
    FailureCause::Normal,
    FailureCause::MediaFailed,
    FailureCause::Deflected,
    FailureCause::Transferred,
    FailureCause::Conferenced,
    FailureCause::PickedUp,
    FailureCause::DoNotDisturb,
    FailureCause::ServerLost,
];

fn call(local: ConnectionState, remote: ConnectionState) -> Call {
    let party = Party {
        number: PhoneNumber::new("+49 89 1234").unwrap(),
        name: Some("Anna".to_owned().into()),
        user: None,
    };
    Call {
        id: CallId::new("c1").unwrap(),
        rev: Rev(1),
        direction: CallDirection::Outgoing,
        device: DeviceKind::Voip,
        local,
        remote: Connection {
            party,
            state: remote,
        },
        members: Vec::new(),
        started: Timestamp(0),
        answered: None,
        cause: None,
    }
}

#[test]
fn the_whole_table_of_allowed_actions() {
    let mut table = String::from("local / remote: actions\n");
    for local in STATES {
        for remote in STATES {
            let allowed = names(call(local, remote).allowed_actions());
            writeln!(table, "{local:?} / {remote:?}: {allowed}").unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

fn names(allowed: AllowedActions) -> String {
    let names = ACTIONS.into_iter().filter(|action| allowed.has(*action));
    let names: Vec<String> = names.map(|action| format!("{action:?}")).collect();
    names.join(" ")
}

#[test]
fn the_whole_table_of_actions_beside_a_held_call() {
    let mut table = String::from("active local / remote: actions beside a held call\n");
    let mut held = call(ConnectionState::Hold, ConnectionState::Connected);
    held.id = CallId::new("c2").unwrap();
    for local in STATES {
        for remote in STATES {
            let allowed = names(call(local, remote).actions_beside(&held));
            writeln!(table, "{local:?} / {remote:?}: {allowed}").unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn only_an_answered_call_on_hold_stands_beside_another() {
    let active = call(ConnectionState::Connected, ConnectionState::Connected);
    assert_eq!(active.actions_beside(&active), AllowedActions::NONE);
    for local in STATES {
        for remote in STATES {
            let mut other = call(local, remote);
            other.id = CallId::new("c2").unwrap();
            let waits = local == ConnectionState::Hold
                && matches!(remote, ConnectionState::Connected | ConnectionState::Hold);
            let allowed = active.actions_beside(&other);
            assert_eq!(
                waits,
                allowed != AllowedActions::NONE,
                "{local:?} / {remote:?}"
            );
        }
    }
}

#[test]
fn a_conference_is_extended_but_not_handed_over() {
    let mut conference = call(ConnectionState::Hold, ConnectionState::Connected);
    conference.members = vec![conference.remote.clone(), conference.remote.clone()];
    assert!(!conference.allowed_actions().has(Action::SingleStepTransfer));
    let mut active = call(ConnectionState::Connected, ConnectionState::Connected);
    active.id = CallId::new("c2").unwrap();
    let beside = active.actions_beside(&conference);
    assert!(beside.has(Action::Conference) && !beside.has(Action::Transfer));
}

#[test]
fn a_call_that_is_over_allows_nothing() {
    for local in STATES {
        let call = call(local, ConnectionState::Connected);
        assert_eq!(
            call.is_over(),
            call.allowed_actions() == AllowedActions::NONE
        );
    }
}

#[test]
fn every_cause_has_a_text_for_people() {
    let texts: Vec<String> = CAUSES.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn debug_shows_neither_name_nor_number() {
    let shown = format!("{:?}", call(ConnectionState::Hold, ConnectionState::Hold));
    assert!(
        !shown.contains("Anna") && !shown.contains("1234"),
        "{shown}"
    );
}
