//! Decides which device each role uses: what is opened, moved, tried again and closed. Does no I/O;
//! time is passed in.

use std::{collections::VecDeque, time::Duration};

use crate::{
    AudioDevice, AudioError, AudioRole, DeviceChoice, DeviceId, DeviceList, DevicePreference,
    MediaTime, SoundEvent,
};

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Order {
    /// Open this device and put it into its place; [`DevicePlan::opened`] tells the outcome. The one
    /// before works until then.
    Open {
        role: AudioRole,
        choice: DeviceChoice,
    },
    /// Close what is open; [`DevicePlan::closed`] tells that it is done.
    Close(AudioRole),
    /// Tell the application.
    Tell(SoundEvent),
}

/// The devices of the three roles.
///
/// ```text
///          needed                opened
///  closed ────────▶ opening ───────────────▶ open
///    ▲                ▲ │ refused: another device, or again after 1 s
///    │                └─┘                     │ another device is better: opening, beside it
///    └───────────────────── not needed ───────┘ failed: opening, without it
/// ```
///
/// One order a role is under way at a time. The only state that lasts is open; opening has the
/// limits of the one who opens.
#[derive(Debug, Default)]
pub(super) struct DevicePlan {
    list: DeviceList,
    roles: [Role; 3],
    /// Devices that have failed though they are listed, and until when they are passed over.
    shunned: Vec<(DeviceId, MediaTime)>,
    orders: VecDeque<Order>,
}

#[derive(Debug, Default)]
struct Role {
    preference: DevicePreference,
    needed: bool,
    /// What sounds.
    open: Option<Target>,
    /// What is being opened.
    opening: Option<Target>,
    closing: bool,
    /// There was an error, and since then no device.
    failed: bool,
    retry_at: Option<MediaTime>,
}

/// A device to open.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    choice: DeviceChoice,
    /// Which one that is, as far as the system lists its devices.
    device: Option<AudioDevice>,
}

impl Target {
    /// Whether both are one device. The system moves what follows its default by itself at times, but
    /// not everywhere.
    fn is_same(&self, other: &Self) -> bool {
        match (&self.device, &other.device) {
            (Some(ours), Some(theirs)) => ours.id == theirs.id,
            _ => self.choice == other.choice,
        }
    }
}

impl DevicePlan {
    /// With the devices that there are.
    pub(super) fn new(list: DeviceList) -> Self {
        Self {
            list,
            ..Self::default()
        }
    }

    /// What to do next, until there is nothing more.
    pub(super) fn poll(&mut self) -> Option<Order> {
        self.orders.pop_front()
    }

    /// When [`DevicePlan::wake`] is to be called at the latest.
    pub(super) fn next_wake(&self) -> Option<MediaTime> {
        let retries = self.roles.iter().filter_map(|role| role.retry_at);
        retries
            .chain(self.shunned.iter().map(|(_, until)| *until))
            .min()
    }

    pub(super) fn wake(&mut self, now: MediaTime) {
        self.shunned.retain(|(_, until)| *until > now);
        for role in &mut self.roles {
            role.retry_at = role.retry_at.filter(|at| *at > now);
        }
        self.review();
    }

    /// The user wants other devices for a role.
    pub(super) fn choose(&mut self, role: AudioRole, preference: DevicePreference) {
        // What was passed over is worth another look if a person asks for it.
        self.shunned.clear();
        self.role(role).preference = preference;
        self.role(role).retry_at = None;
        self.review();
    }

    /// Whether a role is to sound.
    pub(super) fn need(&mut self, role: AudioRole, needed: bool) {
        let state = self.role(role);
        if !needed {
            state.retry_at = None;
            state.failed = false;
        }
        state.needed = needed;
        self.review();
    }

    /// The devices are these now.
    pub(super) fn listed(&mut self, list: DeviceList) {
        let devices = self.list.devices();
        let was_there = |id: &DeviceId| devices.iter().any(|device| device.id == *id);
        let is_back = self.list.is_lost() && !list.is_lost();
        // One that was unplugged and is plugged in again may work again.
        self.shunned.retain(|(id, _)| was_there(id) && !is_back);
        self.list = list;
        for role in &mut self.roles {
            role.retry_at = None;
        }
        self.review();
    }

    /// What came of [`Order::Open`].
    pub(super) fn opened(
        &mut self,
        role: AudioRole,
        result: Result<(), AudioError>,
        now: MediaTime,
    ) {
        let Some(target) = self.role(role).opening.take() else {
            return;
        };
        match result {
            Ok(()) => self.is_open(role, target),
            Err(error) => self.refused(role, target, error, now),
        }
        self.review();
    }

    /// What came of [`Order::Close`].
    pub(super) fn closed(&mut self, role: AudioRole) {
        let state = self.role(role);
        state.closing = false;
        state.open = None;
        self.review();
    }

    /// What was open has failed.
    pub(super) fn failed(&mut self, role: AudioRole, error: AudioError, now: MediaTime) {
        let Some(target) = self.role(role).open.take() else {
            return;
        };
        self.shun(target, now);
        self.tell_failure(role, error);
        self.review();
    }

    /// Whether a role has all it can have for now: open, failed, or closed.
    pub(super) fn is_settled(&self, role: AudioRole) -> bool {
        let role = &self.roles[role as usize];
        let under_way = role.opening.is_some() || role.closing;
        match role.needed {
            true => role.open.is_some() || role.failed && !under_way,
            false => role.open.is_none() && !under_way,
        }
    }

    fn role(&mut self, role: AudioRole) -> &mut Role {
        &mut self.roles[role as usize]
    }

    fn is_open(&mut self, role: AudioRole, target: Target) {
        let state = self.role(role);
        state.open = Some(target.clone());
        state.failed = false;
        if state.needed {
            let device = target.device;
            self.orders
                .push_back(Order::Tell(SoundEvent::InUse { role, device }));
        }
    }

    fn refused(&mut self, role: AudioRole, target: Target, error: AudioError, now: MediaTime) {
        let another_may_do = matches!(target.choice, DeviceChoice::Fixed(_));
        self.shun(target, now);
        let state = self.role(role);
        if !state.needed {
            return;
        }
        if !another_may_do {
            state.retry_at = Some(now.after(RETRY));
        }
        if state.open.is_none() {
            self.tell_failure(role, error);
        }
    }

    /// Passes a chosen device over for a while. The default is never passed over: the system may mean
    /// another one by it next time.
    fn shun(&mut self, target: Target, now: MediaTime) {
        if let DeviceChoice::Fixed(id) = target.choice {
            self.shunned.retain(|(known, _)| *known != id);
            self.shunned.push((id, now.after(SHUN)));
        }
    }

    /// Once, until the role sounds again.
    fn tell_failure(&mut self, role: AudioRole, error: AudioError) {
        if !std::mem::replace(&mut self.role(role).failed, true) {
            self.orders
                .push_back(Order::Tell(SoundEvent::Failed { role, error }));
        }
    }

    /// Looks at each role that has nothing under way.
    fn review(&mut self) {
        for role in AudioRole::ALL {
            let target = self.target(role);
            let state = self.role(role);
            if state.opening.is_some() || state.closing || state.retry_at.is_some() {
                continue;
            }
            if !state.needed {
                if state.open.is_some() {
                    state.closing = true;
                    self.orders.push_back(Order::Close(role));
                }
                continue;
            }
            if state
                .open
                .as_ref()
                .is_some_and(|open| open.is_same(&target))
            {
                continue;
            }
            let choice = target.choice.clone();
            state.opening = Some(target);
            self.orders.push_back(Order::Open { role, choice });
        }
    }

    fn target(&self, role: AudioRole) -> Target {
        let shunned = |device: &AudioDevice| self.shunned.iter().any(|(id, _)| *id == device.id);
        let preference = &self.roles[role as usize].preference;
        let (choice, device) = preference.resolve(role.direction(), self.list.devices(), shunned);
        Target {
            choice,
            device: device.cloned(),
        }
    }
}

/// Between attempts to open what is refused.
const RETRY: Duration = Duration::from_secs(1);
/// How long a device that fails though it is listed is passed over. Trying it disturbs nothing: the one in
/// use goes on until the other one works.
const SHUN: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
