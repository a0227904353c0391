//! Presence: `uc_protocol`'s resource and `uc_model`'s value.

use uc_model::{LineState, Presence, PresenceState, Redacted, Rev, Timestamp, UserId};
use uc_protocol::ucx as wire;

use super::Unreadable;
use crate::port::{BackendError, PresenceUpdate};

/// What the server says about somebody.
pub(super) fn read(resource: wire::PresenceResource) -> Result<PresenceUpdate, Unreadable> {
    let state = read_state(resource.state)?;
    let (until, note) = (
        resource.until.map(Timestamp),
        resource.note.map(Redacted::new),
    );
    Ok(PresenceUpdate {
        user: UserId::new(resource.user)?,
        rev: Rev(resource.rev),
        presence: Presence::new(state, until, note).map_err(|_| Unreadable)?,
        line: resource.line.and_then(read_line),
    })
}

/// A state that this version doesn't know isn't told.
const fn read_line(line: wire::LineState) -> Option<LineState> {
    Some(match line {
        wire::LineState::Idle => LineState::Idle,
        wire::LineState::Dialling => LineState::Dialling,
        wire::LineState::BusyInternal => LineState::BusyInternal,
        wire::LineState::BusyExternal => LineState::BusyExternal,
        wire::LineState::RingingInternal => LineState::RingingInternal,
        wire::LineState::RingingExternal => LineState::RingingExternal,
        _ => return None,
    })
}

/// What the user sets. A state that the contract has no word for is `Unsupported`.
pub(super) fn write(presence: &Presence) -> Result<wire::PresenceUpdate, BackendError> {
    Ok(wire::PresenceUpdate {
        state: write_state(presence.state)?,
        until: presence.until.map(|until| until.0),
        note: presence.note.as_ref().map(|note| note.expose().clone()),
    })
}

pub(super) fn read_state(state: wire::PresenceState) -> Result<PresenceState, Unreadable> {
    Ok(match state {
        wire::PresenceState::Office => PresenceState::Office,
        wire::PresenceState::Meeting => PresenceState::Meeting,
        wire::PresenceState::Sick => PresenceState::Sick,
        wire::PresenceState::Break => PresenceState::Break,
        wire::PresenceState::OutOfOffice => PresenceState::OutOfOffice,
        wire::PresenceState::Holiday => PresenceState::Holiday,
        wire::PresenceState::Lunch => PresenceState::Lunch,
        wire::PresenceState::Home => PresenceState::Home,
        wire::PresenceState::DoNotDisturb => PresenceState::DoNotDisturb,
        wire::PresenceState::CallMe => PresenceState::CallMe,
        wire::PresenceState::Invisible => PresenceState::Invisible,
        _ => return Err(Unreadable),
    })
}

pub(super) fn write_state(state: PresenceState) -> Result<wire::PresenceState, BackendError> {
    Ok(match state {
        PresenceState::Office => wire::PresenceState::Office,
        PresenceState::Meeting => wire::PresenceState::Meeting,
        PresenceState::Sick => wire::PresenceState::Sick,
        PresenceState::Break => wire::PresenceState::Break,
        PresenceState::OutOfOffice => wire::PresenceState::OutOfOffice,
        PresenceState::Holiday => wire::PresenceState::Holiday,
        PresenceState::Lunch => wire::PresenceState::Lunch,
        PresenceState::Home => wire::PresenceState::Home,
        PresenceState::DoNotDisturb => wire::PresenceState::DoNotDisturb,
        PresenceState::CallMe => wire::PresenceState::CallMe,
        PresenceState::Invisible => wire::PresenceState::Invisible,
        _ => return Err(BackendError::Unsupported),
    })
}

#[cfg(test)]
mod tests {
    use proptest::{option, prelude::*, sample::select};

    use super::*;
    use crate::ucx::sample;

    const STATES: [PresenceState; 11] = [
        PresenceState::Office,
        PresenceState::Meeting,
        PresenceState::Sick,
        PresenceState::Break,
        PresenceState::OutOfOffice,
        PresenceState::Holiday,
        PresenceState::Lunch,
        PresenceState::Home,
        PresenceState::DoNotDisturb,
        PresenceState::CallMe,
        PresenceState::Invisible,
    ];

    prop_compose! {
        fn presences()(
            state in select(STATES.to_vec()),
            until in option::of(any::<i64>()),
            note in option::of(".{0,40}"),
        ) -> Presence {
            Presence {
                state,
                until: until.filter(|_| !at_work(state)).map(Timestamp),
                note: note.map(Redacted::new),
            }
        }
    }

    fn at_work(state: PresenceState) -> bool {
        matches!(state, PresenceState::Office | PresenceState::CallMe)
    }

    fn echo(user: &str, rev: u64, update: wire::PresenceUpdate) -> wire::PresenceResource {
        wire::PresenceResource {
            user: user.into(),
            rev,
            state: update.state,
            until: update.until,
            note: update.note,
            line: None,
        }
    }

    proptest! {
        #[test]
        fn a_presence_survives_the_wire(
            presence in presences(), user in sample::id(), rev in any::<u64>()
        ) {
            let sent = sample::through_json(write(&presence).unwrap());
            let update = read(sample::through_json(echo(&user, rev, sent))).unwrap();
            let user = UserId::new(user).unwrap();
            prop_assert_eq!(update, PresenceUpdate { user, rev: Rev(rev), presence, line: None });
        }
    }

    #[test]
    fn a_return_time_in_the_office_and_an_impossible_user_are_unreadable() {
        let good = wire::PresenceResource {
            user: "330".into(),
            rev: 1,
            state: wire::PresenceState::Office,
            until: None,
            note: None,
            line: None,
        };
        assert!(read(good.clone()).is_ok());
        let bad_until = wire::PresenceResource {
            until: Some(1),
            ..good.clone()
        };
        assert_eq!(read(bad_until), Err(Unreadable));
        let bad_user = wire::PresenceResource {
            user: "a b".into(),
            ..good
        };
        assert_eq!(read(bad_user), Err(Unreadable));
    }
}
