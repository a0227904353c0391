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

const ACTIONS: [Action; 7] = [
    Action::Answer,
    Action::Reject,
    Action::Clear,
    Action::Hold,
    Action::Retrieve,
    Action::Deflect,
    Action::SendDigits,
];

const CAUSES: [FailureCause; 11] = [
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
    FailureCause::ServerLost,
];

fn call(local: ConnectionState, remote: ConnectionState) -> Call {
    let party = Party {
        number: PhoneNumber::new("+49 89 1234").unwrap(),
        name: Some("Anna".to_owned().into()),
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
            let allowed = call(local, remote).allowed_actions();
            let names: Vec<String> = ACTIONS
                .into_iter()
                .filter(|action| allowed.has(*action))
                .map(|action| format!("{action:?}"))
                .collect();
            writeln!(table, "{local:?} / {remote:?}: {}", names.join(" ")).unwrap();
        }
    }
    insta::assert_snapshot!(table);
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
