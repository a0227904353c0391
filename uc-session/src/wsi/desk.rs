//! The calls at the user's desk phone, put together from events: WSI tells what happened, the core
//! wants to know how things stand.

use std::collections::{BTreeMap, VecDeque};

use uc_model::{
    Call, CallDirection, CallId, Connection, ConnectionState, DeviceKind, FailureCause, Party,
    PhoneNumber, Rev, Timestamp,
};
use uc_protocol::{
    ucx,
    wsi::{CallEvent, CallEventKind, CallService, DeviceCall},
};

use crate::port::{CallUpdate, FarEnd};

/// What an event came to.
#[derive(Debug, PartialEq)]
pub(super) enum Applied {
    /// The call stands so now.
    Call(Box<CallUpdate>),
    /// Nothing that matters here: another device's event, or the end of an unknown call.
    Nothing,
    /// Something happened, but the event doesn't say to which call or how: ask for the whole state.
    Unclear,
    /// It can't be read.
    Unreadable,
}

/// The running calls of one device, and the revisions of all that this session learns: WSI has none
/// of its own, so news are numbered as they come.
#[derive(Debug)]
pub(super) struct Desk {
    device: String,
    rev: u64,
    calls: BTreeMap<CallId, Call>,
    /// Calls that are over, oldest first: what is told of them late doesn't bring them back.
    over: VecDeque<Call>,
}

impl Desk {
    /// The device of this number, with revisions after `rev`.
    pub(super) const fn new(device: String, rev: Rev) -> Self {
        Self {
            device,
            rev: rev.0,
            calls: BTreeMap::new(),
            over: VecDeque::new(),
        }
    }

    /// The own internal number.
    pub(super) fn device(&self) -> &str {
        &self.device
    }

    /// The newest revision.
    pub(super) const fn rev(&self) -> Rev {
        Rev(self.rev)
    }

    /// A new revision, for news.
    pub(super) const fn next_rev(&mut self) -> Rev {
        self.rev += 1;
        Rev(self.rev)
    }

    /// One running call.
    pub(super) fn call(&self, id: &CallId) -> Option<CallUpdate> {
        self.calls.get(id).cloned().map(update)
    }

    /// Takes an event.
    pub(super) fn apply(&mut self, event: &CallEvent, now: Timestamp) -> Applied {
        if event.device != self.device {
            return Applied::Nothing;
        }
        let Some(id) = &event.call else {
            return Applied::Unclear;
        };
        let Ok(id) = CallId::new(id) else {
            return Applied::Unreadable;
        };
        if self.ended(&id).is_some() {
            return Applied::Nothing;
        }
        let over = event.kind == CallEventKind::ConnectionCleared;
        let known = self.calls.get(&id).cloned();
        let mut call = match (known, &event.calling, &event.called) {
            (Some(call), ..) => call,
            (None, ..) if over => return Applied::Nothing,
            (None, Some(calling), Some(called)) => match self.new_call(id, calling, called, now) {
                Some(call) => call,
                None => return Applied::Unreadable,
            },
            (None, ..) => return Applied::Unclear,
        };
        if over {
            let cause = event.cause.map_or(FailureCause::Normal, read_cause);
            return self.end(call, cause);
        }
        if !self.step(&mut call, event, now) {
            return Applied::Unclear;
        }
        Applied::Call(Box::new(self.keep(call)))
    }

    /// Takes the calls that the server has listed; `rev` was the newest revision when it was asked.
    /// What has changed since then is newer than the list.
    pub(super) fn replace(
        &mut self,
        listed: &[DeviceCall],
        rev: Rev,
        now: Timestamp,
    ) -> Option<Vec<CallUpdate>> {
        let mut before = std::mem::take(&mut self.calls);
        let over = |state| {
            matches!(
                read_state(state),
                ConnectionState::Null | ConnectionState::Fail
            )
        };
        for listed in listed.iter().filter(|listed| !over(listed.local)) {
            let id = CallId::new(&listed.call).ok()?;
            if self.ended(&id).is_some() {
                continue;
            }
            let call = match before.remove(&id) {
                Some(newer) if newer.rev > rev => newer,
                known => {
                    let mut call = self.new_call(id, &listed.calling, &listed.called, now)?;
                    call.rev = rev;
                    call.local = read_state(listed.local);
                    call.remote.state = read_state(listed.far);
                    call.started = known.as_ref().map_or(now, |known| known.started);
                    let talks =
                        |state| matches!(state, ConnectionState::Connected | ConnectionState::Hold);
                    let answered = known.and_then(|known| known.answered);
                    call.answered = answered.or(talks(call.local).then_some(now));
                    call
                }
            };
            self.calls.insert(call.id.clone(), call);
        }
        let newer = before.into_iter().filter(|(_, call)| call.rev > rev);
        self.calls.extend(newer);
        Some(self.calls.values().cloned().map(update).collect())
    }

    /// The server has carried out a service: its event may come before or after its answer.
    /// `asked` is the call's revision when the service was sent; what is newer is known already.
    pub(super) fn served(
        &mut self,
        id: &CallId,
        service: CallService,
        asked: Rev,
        now: Timestamp,
    ) -> Option<CallUpdate> {
        let Some(call) = self.calls.get(id) else {
            return self.ended(id).cloned().map(update);
        };
        let mut call = call.clone();
        if service == CallService::Clear {
            let cause = match (call.local, call.direction) {
                (ConnectionState::Alerting, _) => FailureCause::Rejected,
                (ConnectionState::Initiated, _) => FailureCause::Cancelled,
                _ => FailureCause::Normal,
            };
            return match self.end(call, cause) {
                Applied::Call(update) => Some(*update),
                _ => None,
            };
        }
        if call.rev > asked {
            return Some(update(call));
        }
        match service {
            CallService::Answer => answer(&mut call, now),
            CallService::Hold => call.local = ConnectionState::Hold,
            CallService::Retrieve => call.local = ConnectionState::Connected,
            _ => {}
        }
        Some(self.keep(call))
    }

    /// The server has made a call; its events may have come before.
    pub(super) fn made(
        &mut self,
        id: CallId,
        to: &PhoneNumber,
        now: Timestamp,
    ) -> Option<CallUpdate> {
        let known = self.calls.get(&id).or_else(|| self.ended(&id));
        if let Some(known) = known {
            return Some(update(known.clone()));
        }
        let (device, called) = (self.device.clone(), to.as_str());
        let call = self.new_call(id, &device, called, now)?;
        Some(self.keep(call))
    }

    /// A call that nobody has told of yet: as dialled, or about to ring.
    fn new_call(&self, id: CallId, calling: &str, called: &str, now: Timestamp) -> Option<Call> {
        let (direction, other) = if calling == self.device {
            (CallDirection::Outgoing, called)
        } else {
            (CallDirection::Incoming, calling)
        };
        let (local, remote) = match direction {
            CallDirection::Outgoing => (ConnectionState::Initiated, ConnectionState::Null),
            CallDirection::Incoming => (ConnectionState::Alerting, ConnectionState::Initiated),
        };
        Some(Call {
            id,
            rev: Rev(self.rev),
            direction,
            device: DeviceKind::DeskPhone,
            local,
            remote: Connection {
                party: Party {
                    number: PhoneNumber::new(other).ok()?,
                    name: None,
                    user: None,
                },
                state: remote,
            },
            members: Vec::new(),
            started: now,
            answered: None,
            cause: None,
        })
    }

    /// What the event says of the call; false where it doesn't say enough.
    fn step(&self, call: &mut Call, event: &CallEvent, now: Timestamp) -> bool {
        let side = |call: &mut Call, state| match &event.by {
            None => false,
            Some(by) if *by == self.device => {
                call.local = state;
                true
            }
            Some(_) => {
                call.remote.state = state;
                true
            }
        };
        match event.kind {
            CallEventKind::Held => return side(call, ConnectionState::Hold),
            CallEventKind::Retrieved => return side(call, ConnectionState::Connected),
            CallEventKind::Established => answer(call, now),
            CallEventKind::Delivered => match call.direction {
                CallDirection::Outgoing => call.remote.state = ConnectionState::Alerting,
                CallDirection::Incoming => call.local = ConnectionState::Alerting,
            },
            CallEventKind::Queued => match call.direction {
                CallDirection::Outgoing => call.remote.state = ConnectionState::Queued,
                CallDirection::Incoming => call.local = ConnectionState::Queued,
            },
            _ => {}
        }
        true
    }

    fn ended(&self, id: &CallId) -> Option<&Call> {
        self.over.iter().find(|call| call.id == *id)
    }

    fn keep(&mut self, mut call: Call) -> CallUpdate {
        call.rev = self.next_rev();
        self.calls.insert(call.id.clone(), call.clone());
        update(call)
    }

    fn end(&mut self, mut call: Call, cause: FailureCause) -> Applied {
        call.rev = self.next_rev();
        call.local = ConnectionState::Null;
        call.remote.state = ConnectionState::Null;
        call.cause = Some(cause);
        self.calls.remove(&call.id);
        if self.over.len() == MOST_OVER {
            self.over.pop_front();
        }
        self.over.push_back(call.clone());
        Applied::Call(Box::new(update(call)))
    }
}

fn answer(call: &mut Call, now: Timestamp) {
    call.local = ConnectionState::Connected;
    call.remote.state = ConnectionState::Connected;
    call.answered = call.answered.or(Some(now));
}

/// A desk phone's call has no sound here, and lives on in the system.
const fn update(call: Call) -> CallUpdate {
    CallUpdate {
        call,
        description: None,
        candidates: None,
        far_end: FarEnd {
            number: 0,
            offers: false,
            generation: 0,
        },
        carried_here: false,
        unconfirmed: false,
        conference: None,
    }
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

/// A cause that isn't known here ends a call as well.
const fn read_cause(cause: ucx::Cause) -> FailureCause {
    match cause {
        ucx::Cause::NoSuchNumber => FailureCause::NoSuchNumber,
        ucx::Cause::Busy => FailureCause::Busy,
        ucx::Cause::Rejected => FailureCause::Rejected,
        ucx::Cause::NoAnswer => FailureCause::NoAnswer,
        ucx::Cause::Cancelled => FailureCause::Cancelled,
        ucx::Cause::AnsweredElsewhere => FailureCause::AnsweredElsewhere,
        ucx::Cause::Unreachable => FailureCause::Unreachable,
        _ => FailureCause::Normal,
    }
}

/// Calls remembered as over (our choice).
const MOST_OVER: usize = 64;

#[cfg(test)]
mod tests;
