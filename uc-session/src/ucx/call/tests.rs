use proptest::{collection::vec, option, prelude::*, sample::select};

use super::*;
use crate::ucx::sample;

const STATES: [(ConnectionState, wire::ConnectionState); 7] = [
    (ConnectionState::Null, wire::ConnectionState::Null),
    (ConnectionState::Initiated, wire::ConnectionState::Initiated),
    (ConnectionState::Alerting, wire::ConnectionState::Alerting),
    (ConnectionState::Connected, wire::ConnectionState::Connected),
    (ConnectionState::Hold, wire::ConnectionState::Hold),
    (ConnectionState::Queued, wire::ConnectionState::Queued),
    (ConnectionState::Fail, wire::ConnectionState::Fail),
];

const CAUSES: [(FailureCause, wire::Cause); 15] = [
    (FailureCause::NoSuchNumber, wire::Cause::NoSuchNumber),
    (FailureCause::Busy, wire::Cause::Busy),
    (FailureCause::Rejected, wire::Cause::Rejected),
    (FailureCause::NoAnswer, wire::Cause::NoAnswer),
    (FailureCause::Cancelled, wire::Cause::Cancelled),
    (
        FailureCause::AnsweredElsewhere,
        wire::Cause::AnsweredElsewhere,
    ),
    (FailureCause::Unreachable, wire::Cause::Unreachable),
    (FailureCause::Normal, wire::Cause::Normal),
    (FailureCause::MediaFailed, wire::Cause::MediaFailed),
    (FailureCause::ServerLost, wire::Cause::ServerLost),
    (FailureCause::Deflected, wire::Cause::Deflected),
    (FailureCause::Transferred, wire::Cause::Transferred),
    (FailureCause::Conferenced, wire::Cause::Conferenced),
    (FailureCause::PickedUp, wire::Cause::PickedUp),
    (FailureCause::DoNotDisturb, wire::Cause::DoNotDisturb),
];

const DEVICES: [DeviceKind; 2] = [DeviceKind::Voip, DeviceKind::DeskPhone];

fn partner<A: Copy + PartialEq, B: Copy>(pairs: &[(A, B)], left: A) -> B {
    pairs
        .iter()
        .find(|(a, _)| *a == left)
        .expect("every value has a partner")
        .1
}

pub(in crate::ucx) fn write_direction(direction: CallDirection) -> wire::Direction {
    match direction {
        CallDirection::Incoming => wire::Direction::Incoming,
        CallDirection::Outgoing => wire::Direction::Outgoing,
    }
}

/// What a server sends for `update`.
fn write(update: &CallUpdate) -> wire::CallResource {
    let call = &update.call;
    wire::CallResource {
        id: call.id.to_string(),
        rev: call.rev.0,
        direction: write_direction(call.direction),
        device: write_device(call.device).unwrap(),
        local: partner(&STATES, call.local),
        party: write_party(&call.remote.party),
        remote: partner(&STATES, call.remote.state),
        started: call.started.0,
        answered: call.answered.map(|at| at.0),
        cause: call.cause.map(|cause| partner(&CAUSES, cause)),
        members: call.members.iter().map(write_member).collect(),
        far_end: update.far_end.number,
        offers: update.far_end.offers,
        generation: update.far_end.generation,
        description: update.description.as_ref().map(write_description),
        candidates: update.candidates.clone().map(write_candidates),
        unconfirmed: update.unconfirmed,
        carried_here: update.carried_here,
    }
}

fn write_party(party: &Party) -> wire::Party {
    wire::Party {
        number: party.number.as_str().into(),
        name: party.name.as_ref().map(|name| name.expose().clone()),
        user: party.user.as_ref().map(ToString::to_string),
    }
}

fn write_member(member: &Connection) -> wire::Member {
    wire::Member {
        party: write_party(&member.party),
        state: partner(&STATES, member.state),
    }
}

prop_compose! {
    fn descriptions()(generation: u32, offer: bool, sdp in ".{0,60}") -> SessionDescription {
        let kind = if offer { DescriptionKind::Offer } else { DescriptionKind::Answer };
        SessionDescription { generation, kind, sdp: sdp.into() }
    }
}

prop_compose! {
    fn candidates()(
        generation: u32, candidates in vec(".{0,40}", 0..4), complete: bool
    ) -> Candidates {
        Candidates { generation, candidates, complete }
    }
}

prop_compose! {
    pub(in crate::ucx) fn parties()(
        number in sample::number(), name in option::of(".{0,20}"), user in option::of(sample::id())
    ) -> Party {
        Party {
            number: PhoneNumber::new(number).unwrap(),
            name: name.map(Redacted::new),
            user: user.map(|user| UserId::new(user).unwrap()),
        }
    }
}

pub(in crate::ucx) fn directions() -> impl Strategy<Value = CallDirection> {
    select(vec![CallDirection::Incoming, CallDirection::Outgoing])
}

prop_compose! {
    fn calls()(
        id in sample::id(),
        rev: u64,
        direction in directions(),
        device in select(DEVICES.to_vec()),
        states in (select(STATES.to_vec()), select(STATES.to_vec())),
        party in parties(),
        members in vec((parties(), select(STATES.to_vec())), 0..3),
        times in (any::<i64>(), any::<Option<i64>>()),
        cause in option::of(select(CAUSES.to_vec())),
    ) -> Call {
        Call {
            id: CallId::new(id).unwrap(),
            rev: Rev(rev),
            direction,
            device,
            local: states.0.0,
            remote: Connection { party, state: states.1.0 },
            members: members
                .into_iter()
                .map(|(party, state)| Connection { party, state: state.0 })
                .collect(),
            started: Timestamp(times.0),
            answered: times.1.map(Timestamp),
            cause: cause.map(|cause| cause.0),
        }
    }
}

prop_compose! {
    fn updates()(
        call in calls(),
        description in option::of(descriptions()),
        candidates in option::of(candidates()),
        far_end: (u32, bool, u32),
        carried_here: bool,
        unconfirmed: bool,
    ) -> CallUpdate {
        let (number, offers, generation) = far_end;
        let far_end = FarEnd { number, offers, generation };
        CallUpdate { call, description, candidates, far_end, carried_here, unconfirmed, conference: None }
    }
}

proptest! {
    #[test]
    fn a_call_survives_the_wire(update in updates()) {
        let resource = sample::through_json(write(&update));
        prop_assert_eq!(read(resource).unwrap(), update);
    }

    #[test]
    fn what_is_sent_for_a_call_holds_all_that_was_given(
        to in sample::number(),
        device in select(DEVICES.to_vec()),
        description in option::of(descriptions()),
    ) {
        let to = PhoneNumber::new(to).unwrap();
        let make = write_make(&to, device, description.as_ref()).unwrap();
        let make = sample::through_json(make);
        prop_assert_eq!(make.to.as_str(), to.as_str());
        prop_assert_eq!(read_device(make.device).unwrap(), device);
        prop_assert_eq!(make.description.map(read_description), description.clone());
        let describe = sample::through_json(write_describe(description.as_ref()));
        prop_assert_eq!(describe.description.map(read_description), description);
    }

    #[test]
    fn candidates_survive_the_wire(candidates in candidates()) {
        let sent = sample::through_json(write_candidates(candidates.clone()));
        prop_assert_eq!(read_candidates(sent), candidates);
    }
}

#[test]
fn only_a_media_failure_is_told_when_a_call_is_cleared() {
    for (cause, _) in CAUSES {
        let told = write_clear(Some(cause)).cause;
        let expected = (cause == FailureCause::MediaFailed).then_some(wire::Cause::MediaFailed);
        assert_eq!(told, expected, "{cause:?}");
    }
    assert_eq!(write_clear(None).cause, None);
}

#[test]
fn impossible_ids_and_numbers_are_unreadable() {
    let good = sample::call("c1", 1);
    assert!(read(good.clone()).is_ok());
    let no_id = wire::CallResource {
        id: String::new(),
        ..good.clone()
    };
    assert_eq!(read(no_id), Err(Unreadable));
    let party = wire::Party {
        number: "nobody".into(),
        name: None,
        user: None,
    };
    assert_eq!(read(wire::CallResource { party, ..good }), Err(Unreadable));
}
