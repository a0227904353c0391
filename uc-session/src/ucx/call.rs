//! Calls and what media needs of them: `uc_protocol`'s resources and `uc_model`'s values.

use uc_model::{
    Call, CallDirection, CallId, Connection, ConnectionState, DeviceKind, FailureCause, Party,
    PhoneNumber, Redacted, Rev, Timestamp, UserId,
};
use uc_protocol::ucx as wire;

use super::Unreadable;
use crate::port::{
    BackendError, CallUpdate, Candidates, DescriptionKind, FarEnd, SessionDescription,
};

/// A call as the server has it now.
pub(super) fn read(resource: wire::CallResource) -> Result<CallUpdate, Unreadable> {
    let call = Call {
        id: CallId::new(resource.id)?,
        rev: Rev(resource.rev),
        direction: read_direction(resource.direction),
        device: read_device(resource.device)?,
        local: read_state(resource.local),
        remote: Connection {
            party: read_party(resource.party)?,
            state: read_state(resource.remote),
        },
        members: resource
            .members
            .into_iter()
            .map(read_member)
            .collect::<Result<_, _>>()?,
        started: Timestamp(resource.started),
        answered: resource.answered.map(Timestamp),
        cause: resource.cause.map(read_cause).transpose()?,
    };
    Ok(CallUpdate {
        call,
        description: resource.description.map(read_description),
        candidates: resource.candidates.map(read_candidates),
        far_end: FarEnd {
            number: resource.far_end,
            offers: resource.offers,
            generation: resource.generation,
        },
        carried_here: resource.carried_here,
        unconfirmed: resource.unconfirmed,
        conference: None,
    })
}

/// The other side.
pub(super) fn read_party(party: wire::Party) -> Result<Party, Unreadable> {
    Ok(Party {
        number: PhoneNumber::new(party.number)?,
        name: party.name.map(Redacted::new),
        user: party.user.map(UserId::new).transpose()?,
    })
}

fn read_member(member: wire::Member) -> Result<Connection, Unreadable> {
    Ok(Connection {
        party: read_party(member.party)?,
        state: read_state(member.state),
    })
}

/// Who started a call.
pub(super) const fn read_direction(direction: wire::Direction) -> CallDirection {
    match direction {
        wire::Direction::Incoming => CallDirection::Incoming,
        wire::Direction::Outgoing => CallDirection::Outgoing,
    }
}

/// Why a call ended or failed.
pub(super) fn read_cause(cause: wire::Cause) -> Result<FailureCause, Unreadable> {
    Ok(match cause {
        wire::Cause::NoSuchNumber => FailureCause::NoSuchNumber,
        wire::Cause::Busy => FailureCause::Busy,
        wire::Cause::Rejected => FailureCause::Rejected,
        wire::Cause::NoAnswer => FailureCause::NoAnswer,
        wire::Cause::Cancelled => FailureCause::Cancelled,
        wire::Cause::AnsweredElsewhere => FailureCause::AnsweredElsewhere,
        wire::Cause::Unreachable => FailureCause::Unreachable,
        wire::Cause::Normal => FailureCause::Normal,
        wire::Cause::MediaFailed => FailureCause::MediaFailed,
        wire::Cause::Deflected => FailureCause::Deflected,
        wire::Cause::Transferred => FailureCause::Transferred,
        wire::Cause::Conferenced => FailureCause::Conferenced,
        wire::Cause::PickedUp => FailureCause::PickedUp,
        wire::Cause::DoNotDisturb => FailureCause::DoNotDisturb,
        wire::Cause::ServerLost => FailureCause::ServerLost,
        _ => return Err(Unreadable),
    })
}

/// The body of a Make Call.
pub(super) fn write_make(
    to: &PhoneNumber,
    device: DeviceKind,
    description: Option<&SessionDescription>,
) -> Result<wire::MakeCall, BackendError> {
    Ok(wire::MakeCall {
        to: to.as_str().into(),
        device: write_device(device)?,
        description: description.map(write_description),
    })
}

/// The body of an Answer Call and of a further offer or answer.
pub(super) fn write_describe(description: Option<&SessionDescription>) -> wire::Describe {
    wire::Describe {
        description: description.map(write_description),
    }
}

/// The body of a Clear Connection: nothing but a media failure is told.
pub(super) fn write_clear(cause: Option<FailureCause>) -> wire::Clear {
    wire::Clear {
        cause: (cause == Some(FailureCause::MediaFailed)).then_some(wire::Cause::MediaFailed),
    }
}

/// The body of a Deflect Call; without a number it goes to the mailbox.
pub(super) fn write_deflect(to: Option<&PhoneNumber>) -> wire::Deflect {
    wire::Deflect {
        to: to.map(|to| to.as_str().into()),
    }
}

/// The body of a Single Step Transfer Call.
pub(super) fn write_destination(to: &PhoneNumber) -> wire::NewDestination {
    wire::NewDestination {
        to: to.as_str().into(),
    }
}

/// The body of the services about two calls.
pub(super) fn write_held(held: &CallId) -> wire::HeldCall {
    wire::HeldCall {
        held: held.as_str().into(),
    }
}

/// The body of a Directed Pickup Call.
pub(super) fn write_pickup(number: &PhoneNumber) -> wire::DirectedPickup {
    wire::DirectedPickup {
        number: number.as_str().into(),
    }
}

/// Our candidates.
pub(super) fn write_candidates(candidates: Candidates) -> wire::Candidates {
    wire::Candidates {
        generation: candidates.generation,
        candidates: candidates.candidates,
        complete: candidates.complete,
    }
}

const fn read_state(state: wire::ConnectionState) -> ConnectionState {
    match state {
        wire::ConnectionState::Null => ConnectionState::Null,
        wire::ConnectionState::Initiated => ConnectionState::Initiated,
        wire::ConnectionState::Alerting => ConnectionState::Alerting,
        wire::ConnectionState::Connected => ConnectionState::Connected,
        wire::ConnectionState::Hold => ConnectionState::Hold,
        wire::ConnectionState::Queued => ConnectionState::Queued,
        wire::ConnectionState::Fail => ConnectionState::Fail,
    }
}

fn read_device(device: wire::Device) -> Result<DeviceKind, Unreadable> {
    Ok(match device {
        wire::Device::Voip => DeviceKind::Voip,
        wire::Device::DeskPhone => DeviceKind::DeskPhone,
        _ => return Err(Unreadable),
    })
}

fn write_device(device: DeviceKind) -> Result<wire::Device, BackendError> {
    Ok(match device {
        DeviceKind::Voip => wire::Device::Voip,
        DeviceKind::DeskPhone => wire::Device::DeskPhone,
        _ => return Err(BackendError::Unsupported),
    })
}

fn read_description(description: wire::Description) -> SessionDescription {
    SessionDescription {
        generation: description.generation,
        kind: match description.kind {
            wire::DescriptionKind::Offer => DescriptionKind::Offer,
            wire::DescriptionKind::Answer => DescriptionKind::Answer,
        },
        sdp: description.sdp.into(),
    }
}

fn write_description(description: &SessionDescription) -> wire::Description {
    wire::Description {
        generation: description.generation,
        kind: match description.kind {
            DescriptionKind::Offer => wire::DescriptionKind::Offer,
            DescriptionKind::Answer => wire::DescriptionKind::Answer,
        },
        sdp: description.sdp.expose().clone(),
    }
}

fn read_candidates(candidates: wire::Candidates) -> Candidates {
    Candidates {
        generation: candidates.generation,
        candidates: candidates.candidates,
        complete: candidates.complete,
    }
}

#[cfg(test)]
pub(super) mod tests;
