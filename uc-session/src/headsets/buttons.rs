use std::sync::Arc;

use headset::{Action, Calls};
use uc_model::{Action as Service, CallId, ConnectionState, DeviceKind};

use crate::view::{CallStatus, Sound};

/// Which calls headsets control at all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reach {
    /// Those of the desk phone.
    pub(super) desk_phones: bool,
    /// The client can make sound: without, it answers none of its own.
    pub(super) sound: bool,
}

/// The calls that headsets control, by what they are to a headset; the newest first.
#[derive(Debug, Default)]
pub(super) struct Controlled<'a> {
    ringing: Vec<&'a CallStatus>,
    active: Vec<&'a CallStatus>,
    held: Vec<&'a CallStatus>,
}

/// What a button asks of which call. The calls allowed it when it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    Answer(CallId),
    Reject(CallId),
    HangUp(CallId),
    Hold(CallId),
    Retrieve(CallId),
    Alternate { active: CallId, held: CallId },
    Mute { calls: Vec<CallId>, muted: bool },
}

impl<'a> Controlled<'a> {
    pub(super) fn of(calls: impl IntoIterator<Item = &'a Arc<CallStatus>>, reach: Reach) -> Self {
        let mut controlled = Self::default();
        let within = calls.into_iter().filter(|status| reach.has(status));
        for status in within {
            match status.call.local {
                ConnectionState::Alerting => controlled.ringing.push(status),
                ConnectionState::Initiated
                | ConnectionState::Queued
                | ConnectionState::Connected => controlled.active.push(status),
                ConnectionState::Hold => controlled.held.push(status),
                ConnectionState::Null | ConnectionState::Fail => {}
            }
        }
        let age = |status: &&CallStatus| (status.call.started, status.call.id.clone());
        for calls in [
            &mut controlled.ringing,
            &mut controlled.active,
            &mut controlled.held,
        ] {
            calls.sort_by_cached_key(age);
            calls.reverse();
        }
        controlled
    }

    /// What a headset is told.
    pub(super) fn counts(&self) -> Calls {
        let count = |calls: &[&CallStatus]| u8::try_from(calls.len()).unwrap_or(u8::MAX);
        Calls {
            ringing: count(&self.ringing),
            active: count(&self.active),
            held: count(&self.held),
            muted: self.muted(),
        }
    }

    /// What an action means now: `None` unless the calls allow it.
    pub(super) fn wish(&self, action: Action) -> Option<Wish> {
        if !self.counts().allow(action) {
            return None;
        }
        match action {
            Action::Answer => first(&self.ringing, Service::Answer).map(Wish::Answer),
            Action::Reject => first(&self.ringing, Service::Reject).map(Wish::Reject),
            Action::End => first(&self.active, Service::Clear)
                .or_else(|| first(&self.held, Service::Clear))
                .map(Wish::HangUp),
            Action::Mute(muted) => self.mute(muted),
            Action::Hold => first(&self.active, Service::Hold).map(Wish::Hold),
            Action::Retrieve => first(&self.held, Service::Retrieve).map(Wish::Retrieve),
            Action::Swap => self.alternate(),
            _ => None,
        }
    }

    /// The microphone reaches nobody: no active call, or if there is none, no held one when it is
    /// retrieved.
    fn muted(&self) -> bool {
        let speaking = |calls: &[&CallStatus]| {
            let with_sound = calls.iter().filter(|status| has_microphone(status));
            let open: Vec<_> = with_sound.map(|status| !status.muted).collect();
            (!open.is_empty()).then(|| open.contains(&true))
        };
        let speaking = speaking(&self.active).or_else(|| speaking(&self.held));
        speaking == Some(false)
    }

    /// All calls: a person who cuts the microphone off means the microphone, not a call.
    fn mute(&self, muted: bool) -> Option<Wish> {
        let calls = self.active.iter().chain(&self.held);
        let others = calls.filter(|status| has_microphone(status) && status.muted != muted);
        let calls: Vec<_> = others.map(|status| status.call.id.clone()).collect();
        (!calls.is_empty()).then_some(Wish::Mute { calls, muted })
    }

    fn alternate(&self) -> Option<Wish> {
        let held_beside = |active: &&CallStatus| {
            let may = |held: &&&CallStatus| {
                let together = active.call.actions_beside(&held.call);
                together.has(Service::Alternate)
            };
            let held = self.held.iter().find(may)?;
            Some(Wish::Alternate {
                active: active.call.id.clone(),
                held: held.call.id.clone(),
            })
        };
        self.active.iter().find_map(held_beside)
    }
}

impl Reach {
    /// A call whose sound another program of the user's carries obeys that one.
    fn has(self, status: &CallStatus) -> bool {
        match status.call.device {
            DeviceKind::DeskPhone => self.desk_phones,
            DeviceKind::Voip if status.rings_here() => self.sound,
            DeviceKind::Voip => status.sound != Sound::Elsewhere,
            _ => false,
        }
    }
}

impl Wish {
    /// Whether `other` must not be asked while this is under way: it would come twice, or be refused.
    /// Hanging up always works; muting needs no server.
    pub(super) fn hinders(&self, other: &Self) -> bool {
        let apart = self.is_mute() || other.is_mute() || other.ends() && !self.ends();
        !apart && other.calls().iter().any(|id| self.calls().contains(id))
    }

    pub(super) const fn is_mute(&self) -> bool {
        matches!(self, Self::Mute { .. })
    }

    const fn ends(&self) -> bool {
        matches!(self, Self::HangUp(_) | Self::Reject(_))
    }

    fn calls(&self) -> Vec<&CallId> {
        match self {
            Self::Answer(id)
            | Self::Reject(id)
            | Self::HangUp(id)
            | Self::Hold(id)
            | Self::Retrieve(id) => vec![id],
            Self::Alternate { active, held } => vec![active, held],
            Self::Mute { calls, .. } => calls.iter().collect(),
        }
    }
}

/// The first that allows it.
fn first(calls: &[&CallStatus], service: Service) -> Option<CallId> {
    let allowing = calls
        .iter()
        .find(|status| status.allowed_actions().has(service));
    allowing.map(|status| status.call.id.clone())
}

/// Whether what is said here goes into the call.
fn has_microphone(status: &CallStatus) -> bool {
    match status.sound {
        Sound::Connecting | Sound::Connected | Sound::Interrupted => true,
        Sound::Elsewhere | Sound::Failed(_) | Sound::Ended => false,
    }
}

#[cfg(test)]
mod tests;
