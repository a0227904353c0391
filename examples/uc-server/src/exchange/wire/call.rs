use uc_model::{
    Call, CallId, Connection, ConnectionState, DeviceKind, LineState, Party, PhoneNumber, Rev,
    Timestamp,
};
use uc_protocol::ucx::{self, CallResource, Device};

use super::conversation::read_direction;

/// A call by the model, as far as a line is seen by it.
pub(in crate::exchange) fn read_call(call: CallResource) -> Option<Call> {
    Some(Call {
        id: CallId::new(call.id).ok()?,
        rev: Rev(call.rev),
        direction: read_direction(call.direction),
        device: match call.device {
            Device::DeskPhone => DeviceKind::DeskPhone,
            _ => DeviceKind::Voip,
        },
        local: read_state(call.local),
        remote: Connection {
            party: Party {
                number: PhoneNumber::new(call.party.number).ok()?,
                name: None,
                user: None,
            },
            state: read_state(call.remote),
        },
        members: Vec::new(),
        started: Timestamp(call.started),
        answered: call.answered.map(Timestamp),
        cause: None,
    })
}

const fn read_state(state: ucx::ConnectionState) -> ConnectionState {
    match state {
        ucx::ConnectionState::Null => ConnectionState::Null,
        ucx::ConnectionState::Initiated => ConnectionState::Initiated,
        ucx::ConnectionState::Alerting => ConnectionState::Alerting,
        ucx::ConnectionState::Connected => ConnectionState::Connected,
        ucx::ConnectionState::Hold => ConnectionState::Hold,
        ucx::ConnectionState::Queued => ConnectionState::Queued,
        ucx::ConnectionState::Fail => ConnectionState::Fail,
    }
}

pub(in crate::exchange) const fn write_line(line: LineState) -> ucx::LineState {
    match line {
        LineState::Dialling => ucx::LineState::Dialling,
        LineState::BusyInternal => ucx::LineState::BusyInternal,
        LineState::BusyExternal => ucx::LineState::BusyExternal,
        LineState::RingingInternal => ucx::LineState::RingingInternal,
        LineState::RingingExternal => ucx::LineState::RingingExternal,
        _ => ucx::LineState::Idle,
    }
}
