//! The limits of what the server keeps for the signed-in user.

use super::{Checked, at_most, maybe, number, text};
use crate::{
    limits::{MAX_FORWARDING, MAX_KEY_TEXT_BYTES, MAX_KEYS, MAX_REDIAL, MAX_SETTINGS_BYTES},
    ucx::{
        AccountResource, CallMeUpdate, DialMethodUpdate, ForwardingEntry, ForwardingTarget,
        FunctionKey, FunctionKeys, KeyFunction, Mailbox, PasswordUpdate, Profile, Resource,
        SettingsUpdate, VisibilityUpdate,
    },
};

fn settings(value: &str) -> Checked {
    at_most("settings", value.len(), MAX_SETTINGS_BYTES)
}

impl Resource for AccountResource {
    fn check(&self) -> Checked {
        self.profile.check()?;
        maybe(self.settings.as_deref(), settings)?;
        at_most("redial", self.redial.len(), MAX_REDIAL)?;
        self.redial.iter().try_for_each(|n| number(n))?;
        maybe(self.call_me.as_deref(), number)?;
        if let Mailbox::Group { extension } = &self.mailbox {
            number(extension)?;
        }
        at_most("forwarding", self.forwarding.len(), MAX_FORWARDING)?;
        self.forwarding.iter().try_for_each(Resource::check)
    }
}

impl Resource for Profile {
    fn check(&self) -> Checked {
        maybe(self.mobile.as_deref(), number)?;
        maybe(self.private.as_deref(), number)?;
        maybe(self.email.as_deref(), |email| text("email", email))
    }
}

impl Resource for VisibilityUpdate {
    fn check(&self) -> Checked {
        Ok(())
    }
}

impl Resource for SettingsUpdate {
    fn check(&self) -> Checked {
        settings(&self.settings)
    }
}

impl Resource for PasswordUpdate {
    fn check(&self) -> Checked {
        maybe(self.old.as_ref(), |old| text("old", &old.0))?;
        text("new", &self.new.0)
    }
}

impl Resource for CallMeUpdate {
    fn check(&self) -> Checked {
        maybe(self.number.as_deref(), number)
    }
}

impl Resource for ForwardingEntry {
    fn check(&self) -> Checked {
        match &self.target {
            Some(ForwardingTarget::Number { number: to }) => number(to),
            _ => Ok(()),
        }
    }
}

impl Resource for DialMethodUpdate {
    fn check(&self) -> Checked {
        Ok(())
    }
}

impl Resource for FunctionKey {
    fn check(&self) -> Checked {
        let short = |field, value: &str| at_most(field, value.len(), MAX_KEY_TEXT_BYTES);
        maybe(self.label.as_deref(), |label| short("label", label))?;
        maybe(self.second.as_deref(), number)?;
        match &self.first {
            KeyFunction::Number { number: to } => number(to),
            KeyFunction::Feature { name } => short("name", name),
            _ => Ok(()),
        }
    }
}

impl Resource for FunctionKeys {
    fn check(&self) -> Checked {
        at_most("keys", self.keys.len(), MAX_KEYS)?;
        self.keys.iter().try_for_each(Resource::check)
    }
}
