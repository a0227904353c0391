//! Where a user's calls go, how the user dials, and the keys of the desk phone.

use uc_model::{
    CallMeDestination, Capability, ForwardingTarget, FunctionKeys, KeyFunction, Mailbox,
    PhoneNumber, PresenceState,
};
use uc_protocol::ucx::{
    self, CallMeUpdate, Changes, DialMethodUpdate, ForwardingEntry, FunctionKey,
};

use super::{
    Exchange, Refusal, SessionId,
    presence::{OwnPresence, read_state, write_state},
    routing::dialled,
};
use crate::company::Phone;

impl Exchange {
    /// Chooses where calls go in a presence state (PRES-3).
    pub(crate) fn set_forwarding(
        &mut self,
        session: &SessionId,
        entry: &ForwardingEntry,
    ) -> Result<Changes, Refusal> {
        self.require(Capability::Forwarding)?;
        self.edit(session, |exchange, user| {
            let account = exchange.company.user(user).ok_or(Refusal::NotFound)?;
            let mut forwarding = exchange.forwarding(account);
            let state = read_state(entry.state);
            let knows_mobile = exchange.users[user].account.profile.mobile.is_some();
            match &entry.target {
                Some(target) => {
                    let mailbox = exchange.mailbox_of(account);
                    let target = read_target(target, mailbox)?;
                    forwarding.choose(state, target, knows_mobile)?;
                }
                None => forwarding.reset(state)?,
            }
            let own = forwarding.own_targets().iter();
            let own = own.map(|(state, target)| write_forwarding(&(*state, target.clone())));
            let own = own.collect();
            exchange.change_account(user, |account| account.forwarding = own);
            Ok(())
        })
    }

    /// Begins or ends the CallMe service (CALLME-1).
    pub(crate) fn set_call_me(
        &mut self,
        session: &SessionId,
        update: &CallMeUpdate,
    ) -> Result<Changes, Refusal> {
        self.require(Capability::CallMe)?;
        self.edit(session, |exchange, user| {
            let number = update.number.as_deref().map(dialled).transpose()?;
            if let Some(number) = &number {
                let mode = exchange.company.system.model_mode();
                exchange.call_me_destination(user, number).check(mode)?;
            }
            let active = number.is_some();
            let number = number.map(|number| number.to_string());
            exchange.change_account(user, |account| account.call_me = number);
            let state = exchange.users[user].presence.presence().state;
            let next = match (active, state) {
                (true, PresenceState::CallMe) => return Ok(()),
                (true, _) => PresenceState::CallMe,
                (false, PresenceState::CallMe) => PresenceState::Office,
                (false, _) => return Ok(()),
            };
            let next = OwnPresence::of(uc_model::Presence::of(next));
            exchange.announce(user, |state| state.presence = next);
            Ok(())
        })
    }

    fn call_me_destination(&self, user: &str, number: &PhoneNumber) -> CallMeDestination {
        if self.company.group(number).is_some() {
            return CallMeDestination::Group;
        }
        match self.reached_by(number) {
            None => CallMeDestination::Nobody,
            Some(there) if there.me.user == user => CallMeDestination::Own,
            Some(there) => {
                let state = self.users[&there.me.user].presence.presence().state;
                let elsewhere = self.forwarding(there).target(state).is_some();
                CallMeDestination::Phone {
                    forwarded: elsewhere || state == PresenceState::CallMe,
                }
            }
        }
    }

    /// Chooses how calls are dialled (CONN-10).
    pub(crate) fn set_dial_method(
        &mut self,
        session: &SessionId,
        update: DialMethodUpdate,
    ) -> Result<Changes, Refusal> {
        self.require(Capability::DialMethods)?;
        self.edit(session, |exchange, user| {
            exchange.change_account(user, |account| account.dial_method = update.method);
            Ok(())
        })
    }

    /// The keys of the user's desk phone (KEYS-1).
    pub(crate) fn function_keys(&self, session: &SessionId) -> Result<ucx::FunctionKeys, Refusal> {
        self.require(Capability::KeyProgramming)?;
        let user = self.user_of(session)?;
        let phone = self.phone_at(session)?;
        let keys = &self.users[user].account.keys;
        Ok(ucx::FunctionKeys {
            phone: phone.kind(),
            keys: match phone {
                Phone::System => keys.clone(),
                _ => Vec::new(),
            },
        })
    }

    /// Programs a key of the user's desk phone, counted from 1.
    pub(crate) fn program_key(
        &mut self,
        session: &SessionId,
        number: u16,
        key: FunctionKey,
    ) -> Result<ucx::FunctionKeys, Refusal> {
        let known = self.function_keys(session)?;
        let user = self.user_of(session)?.to_owned();
        let mut keys = read_keys(&known)?;
        let index = number.checked_sub(1).ok_or(Refusal::NotFound)?;
        keys.set(index.into(), read_key(&key)?, self.company.plan())?;
        self.change_account(&user, |account| {
            if let Some(own) = account.keys.get_mut(usize::from(index)) {
                *own = key;
            }
        });
        self.function_keys(session)
    }
}

fn read_target(
    target: &ucx::ForwardingTarget,
    mailbox: Mailbox,
) -> Result<ForwardingTarget, Refusal> {
    Ok(match target {
        ucx::ForwardingTarget::Voicemail => ForwardingTarget::Voicemail(mailbox),
        ucx::ForwardingTarget::Mobile => ForwardingTarget::Mobile,
        ucx::ForwardingTarget::Number { number } => ForwardingTarget::Number(dialled(number)?),
        _ => return Err(Refusal::Value("calls can't be forwarded to that")),
    })
}

pub(super) fn write_forwarding(
    (state, target): &(PresenceState, ForwardingTarget),
) -> ForwardingEntry {
    ForwardingEntry {
        state: write_state(*state),
        target: match target {
            ForwardingTarget::Voicemail(_) => Some(ucx::ForwardingTarget::Voicemail),
            ForwardingTarget::Mobile => Some(ucx::ForwardingTarget::Mobile),
            ForwardingTarget::Number(number) => Some(ucx::ForwardingTarget::Number {
                number: number.to_string(),
            }),
            _ => None,
        },
    }
}

/// What an entry of the account means; one without a target, or with a number that can't be dialled,
/// means nothing.
pub(super) fn read_forwarding(
    entry: &ForwardingEntry,
    mailbox: &Mailbox,
) -> Option<(PresenceState, ForwardingTarget)> {
    let target = read_target(entry.target.as_ref()?, mailbox.clone()).ok()?;
    Some((read_state(entry.state), target))
}

pub(super) fn write_mailbox(mailbox: &Mailbox) -> ucx::Mailbox {
    match mailbox {
        Mailbox::Group(extension) => ucx::Mailbox::Group {
            extension: extension.as_str().to_owned(),
        },
        Mailbox::System => ucx::Mailbox::System,
        _ => ucx::Mailbox::Own,
    }
}

fn read_keys(keys: &ucx::FunctionKeys) -> Result<FunctionKeys, Refusal> {
    let kind = match keys.phone {
        ucx::PhoneKind::System => uc_model::PhoneKind::System,
        ucx::PhoneKind::Sip => uc_model::PhoneKind::Sip,
        ucx::PhoneKind::Isdn => uc_model::PhoneKind::Isdn,
        ucx::PhoneKind::Dect => uc_model::PhoneKind::Dect,
        ucx::PhoneKind::Webrtc => uc_model::PhoneKind::WebRtc,
        _ => uc_model::PhoneKind::Analogue,
    };
    let keys: Result<_, _> = keys.keys.iter().map(read_key).collect();
    Ok(FunctionKeys::new(kind, keys?))
}

fn read_key(key: &FunctionKey) -> Result<uc_model::FunctionKey, Refusal> {
    Ok(uc_model::FunctionKey {
        label: key.label.clone().map(Into::into),
        first: match &key.first {
            ucx::KeyFunction::None => KeyFunction::None,
            ucx::KeyFunction::Number { number } => KeyFunction::Number(dialled(number)?),
            ucx::KeyFunction::Shift => KeyFunction::Shift,
            ucx::KeyFunction::Feature { name } => KeyFunction::Feature(name.as_str().into()),
            _ => KeyFunction::LocalApplication,
        },
        second: key.second.as_deref().map(dialled).transpose()?,
    })
}
