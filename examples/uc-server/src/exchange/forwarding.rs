//! Where a call to somebody goes (PRES-3, CALLME-1).

use uc_model::{
    Capability, Forwarding, ForwardingTarget, Mailbox, Observer, PhoneNumber, Timestamp,
};
use uc_protocol::ucx::{Cause, Device, Licence};

use super::{
    Exchange, Millis, Role,
    presence::{read_visibility, write_state},
    routing::MAX_CALLS,
    telephone::read_forwarding,
};
use crate::company::{Group, Ring, User};

/// Where a call goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    /// It rings at this user; then this one's mailbox takes it, where one is named.
    User(Place, Option<(String, Role)>),
    /// It rings at all of these, or at one after the other.
    Group(Vec<Place>, Ring),
    /// A mailbox takes it at once.
    Mailbox(Role),
}

/// At whom a call rings, and at which of the user's devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) user: String,
    pub(super) device: Device,
}

impl Destination {
    /// Whether it rings at this user.
    pub(super) fn rings_at(&self, user: &str) -> bool {
        match self {
            Self::User(there, _) => there.user == user,
            Self::Group(members, _) => members.iter().any(|member| member.user == user),
            Self::Mailbox(_) => false,
        }
    }

    /// Whose mailbox takes what isn't answered.
    pub(super) fn unanswered(self) -> Option<(String, Role)> {
        match self {
            Self::User(_, unanswered) => unanswered,
            Self::Group(..) | Self::Mailbox(_) => None,
        }
    }
}

impl Exchange {
    /// Where a call of `caller`'s to a number of `callee`'s goes now, or what stands against it.
    pub(super) fn route(
        &self,
        caller: &str,
        callee: &User,
        dialled: &PhoneNumber,
        device: Device,
        now: Millis,
    ) -> Result<Destination, Cause> {
        let user = &callee.me.user;
        let presence = self.users[user].presence.presence();
        // Who answers emergencies is never kept from it (NUM-7).
        if self.company.plan().is_emergency(dialled) {
            let there = Place {
                user: user.clone(),
                device: self.device_of(user, device, now).unwrap_or(device),
            };
            return Ok(Destination::User(there, None));
        }
        if presence.refuses_calls() {
            return Err(Cause::DoNotDisturb);
        }
        if let Some(number) = self.call_me(user) {
            let there = self.other(caller, callee, &number)?;
            let there = self.rings(there, device, now)?;
            let mailbox = (user.clone(), self.mailbox(callee, now));
            return Ok(Destination::User(there, Some(mailbox)));
        }
        let own = &self.users[user].account;
        match self.forwarding(callee).target(presence.state) {
            None => self.rings(callee, device, now),
            Some(ForwardingTarget::Voicemail(_)) => {
                return Ok(Destination::Mailbox(self.mailbox(callee, now)));
            }
            Some(ForwardingTarget::Number(number)) => {
                self.rings(self.other(caller, callee, &number)?, device, now)
            }
            Some(_) => {
                let mobile = own.profile.mobile.as_ref().map(PhoneNumber::new);
                let mobile = mobile.and_then(Result::ok).ok_or(Cause::Unreachable)?;
                self.rings(self.other(caller, callee, &mobile)?, device, now)
            }
        }
        .map(|there| Destination::User(there, None))
    }

    /// Those of a group at whom a call of `caller`'s can ring.
    pub(super) fn route_to_group(
        &self,
        caller: &str,
        group: &Group,
        device: Device,
        now: Millis,
    ) -> Result<Destination, Cause> {
        let members = group.members.iter().filter(|member| *member != caller);
        let known = members.filter_map(|member| self.company.user(member));
        let ringing = known.filter_map(|member| self.rings(member, device, now).ok());
        let ringing: Vec<_> = ringing.collect();
        match ringing.is_empty() {
            true => Err(Cause::Unreachable),
            false => Ok(Destination::Group(ringing, group.ring)),
        }
    }

    /// Who has the number to which `callee`'s calls go: not one of the two.
    fn other(&self, caller: &str, callee: &User, number: &PhoneNumber) -> Result<&User, Cause> {
        let found = self.reached_among(number, |user| user.me.user != callee.me.user);
        let found = found.filter(|user| user.me.user != caller);
        found.ok_or(Cause::Unreachable)
    }

    /// At which of a user's devices a call rings, if at any. A desk phone calls a desk phone; else it
    /// rings at the user's clients, where one takes calls, or at the desk phone.
    fn device_of(&self, user: &str, wanted: Device, now: Millis) -> Option<Device> {
        let voip = self.has_licence(user, Licence::Voip) && self.is_reachable(user, now);
        let account = self.company.user(user);
        let desk = self.can(Capability::DeskPhoneControl)
            && account.is_some_and(|account| self.has_phone(account));
        match wanted {
            Device::DeskPhone if desk => Some(Device::DeskPhone),
            _ if voip && self.takes_calls(user, now) => Some(Device::Voip),
            _ if desk => Some(Device::DeskPhone),
            // Who can't take it may still send it elsewhere.
            _ if voip => Some(Device::Voip),
            _ => None,
        }
    }

    /// Where the call rings; it isn't forwarded once more.
    pub(super) fn rings(&self, at: &User, wanted: Device, now: Millis) -> Result<Place, Cause> {
        let user = &at.me.user;
        if self.users[user].presence.presence().refuses_calls() {
            return Err(Cause::DoNotDisturb);
        }
        let device = self.device_of(user, wanted, now);
        let device = device.ok_or(Cause::Unreachable)?;
        if self.running_count(user) >= MAX_CALLS {
            return Err(Cause::Busy);
        }
        let user = user.clone();
        Ok(Place { user, device })
    }

    /// Where CallMe sends the user's calls, while it does.
    pub(super) fn call_me(&self, user: &str) -> Option<PhoneNumber> {
        let state = &self.users[user];
        let active = state.presence.presence().state == uc_model::PresenceState::CallMe;
        let number = state.account.call_me.as_ref().filter(|_| active)?;
        PhoneNumber::new(number).ok()
    }

    /// The user's forwarding by presence state.
    pub(super) fn forwarding(&self, user: &User) -> Forwarding {
        let mailbox = self.mailbox_of(user);
        let own = self.users[&user.me.user].account.forwarding.iter();
        let own: Vec<_> = own
            .filter_map(|entry| read_forwarding(entry, &mailbox))
            .collect();
        let mut forwarding = Forwarding::new(self.company.system.model_mode(), mailbox);
        for (state, target) in own {
            forwarding.tell(state, target);
        }
        forwarding
    }

    /// Which mailbox takes the user's calls.
    pub(super) fn mailbox_of(&self, user: &User) -> Mailbox {
        let own = match self.has_licence(&user.me.user, Licence::Voicemail) {
            true => Mailbox::Own,
            false => Mailbox::System,
        };
        user.mailbox.clone().unwrap_or(own)
    }

    /// What a caller hears who gets to the user's mailbox: the reason and the return time, as far
    /// as colleagues are told (PRES-4).
    pub(super) fn mailbox(&self, user: &User, now: Millis) -> Role {
        let state = &self.users[&user.me.user];
        let visibility = read_visibility(state.account.visibility);
        let presence = state.presence.presence();
        let heard = presence.announcement(visibility, Observer::Internal, Timestamp(now));
        Role::Announcement {
            reason: heard.map(|heard| write_state(heard.reason)),
            until: heard.and_then(|heard| heard.until).map(|until| until.0),
        }
    }
}
