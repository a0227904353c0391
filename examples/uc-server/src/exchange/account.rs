use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use uc_model::{
    Capability, PhoneNumber, Photo, Profile as OwnProfile, Redacted, RedialList, ServerSettings,
};
use uc_protocol::ucx::{
    AccountResource, Changes, DialMethod, Event, ForwardingEntry, FunctionKey, Number, NumberKind,
    Profile, SettingsUpdate, Visibility,
};

use super::{
    Exchange, Refusal, SessionId,
    events::Audience,
    telephone::{write_forwarding, write_mailbox},
};
use crate::{
    company::User,
    store::{Kind, Owned, Write},
};

/// What the server keeps for a user beside presence, calls and conversations.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OwnAccount {
    pub(super) rev: u64,
    pub(super) visibility: Visibility,
    pub(super) profile: Profile,
    pub(super) photo: Option<u64>,
    settings: Option<String>,
    redial: Vec<String>,
    #[serde(default)]
    pub(super) call_me: Option<String>,
    #[serde(default)]
    pub(super) forwarding: Vec<ForwardingEntry>,
    #[serde(default)]
    pub(super) dial_method: DialMethod,
    /// Of the desk phone; they stay where the user goes over to VoIP (KEYS-1).
    #[serde(default)]
    pub(super) keys: Vec<FunctionKey>,
}

impl fmt::Debug for OwnAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnAccount")
            .field("rev", &self.rev)
            .finish_non_exhaustive()
    }
}

impl OwnAccount {
    /// What the company file says of the user.
    pub(super) fn of(user: &User) -> Self {
        let number = |kind| {
            let found = user.numbers.iter().find(|number| number.kind == kind);
            found.map(|number| number.number.clone())
        };
        Self {
            profile: Profile {
                mobile: number(NumberKind::Mobile),
                private: number(NumberKind::Private),
                email: user.email.clone(),
            },
            call_me: user.call_me.as_ref().map(ToString::to_string),
            forwarding: user.forwarding.iter().map(write_forwarding).collect(),
            keys: user.phone.keys(),
            ..Self::default()
        }
    }

    /// The user's numbers: the company's, then the profile's.
    pub(super) fn numbers(&self, user: &User) -> Vec<Number> {
        let own = |kind| matches!(kind, NumberKind::Mobile | NumberKind::Private);
        let company = user.numbers.iter().filter(|number| !own(number.kind));
        let of = |kind, number: &Option<String>| {
            let number = number.clone();
            number.map(|number| Number { kind, number })
        };
        let mobile = of(NumberKind::Mobile, &self.profile.mobile);
        let private = of(NumberKind::Private, &self.profile.private);
        company.cloned().chain(mobile).chain(private).collect()
    }
}

impl Exchange {
    /// What is kept for the session's user.
    pub(crate) fn account(&self, session: &SessionId) -> Result<AccountResource, Refusal> {
        Ok(self.account_of(self.user_of(session)?))
    }

    /// Sets what others are told of the session's user (PROF-1).
    pub(crate) fn set_profile(
        &mut self,
        session: &SessionId,
        profile: Profile,
    ) -> Result<Changes, Refusal> {
        self.edit(session, |exchange, user| {
            let profile = checked(profile)?;
            exchange.change_account(user, |own| own.profile = profile);
            exchange.list_again(user);
            Ok(())
        })
    }

    /// Stores settings that belong to the person (INST-2).
    pub(crate) fn set_settings(
        &mut self,
        session: &SessionId,
        update: SettingsUpdate,
    ) -> Result<Changes, Refusal> {
        self.edit(session, |exchange, user| {
            ServerSettings::read(&update.settings)?;
            let settings = Some(update.settings);
            exchange.change_account(user, |own| own.settings = settings);
            Ok(())
        })
    }

    /// Sets or removes the photo of the session's user (PROF-2).
    pub(crate) fn set_photo(
        &mut self,
        session: &SessionId,
        photo: Option<&Photo>,
    ) -> Result<Changes, Refusal> {
        self.require(Capability::Photo)?;
        let photo: Option<Arc<[u8]>> = photo.map(|photo| photo.png().into());
        self.edit(session, |exchange, user| {
            exchange.keep_photo(user, photo);
            Ok(())
        })
    }

    fn keep_photo(&mut self, user: &str, photo: Option<Arc<[u8]>>) {
        let rev = photo.as_ref().map(|_| self.next_rev(user));
        let write = match &photo {
            Some(file) => Write::Owned(Owned::new(user, Kind::Photo, "", &hex(file))),
            None => Write::OwnedGone(user.to_owned(), Kind::Photo, String::new()),
        };
        self.effects.writes.push(write);
        if let Some(state) = self.users.get_mut(user) {
            state.photo = photo;
        }
        self.change_account(user, |own| own.photo = rev);
    }

    /// A user's photo and its revision.
    pub(crate) fn photo(&self, session: &SessionId, of: &str) -> Result<(u64, Arc<[u8]>), Refusal> {
        self.user_of(session)?;
        let state = self.users.get(of);
        let photo = state.and_then(|state| Some((state.account.photo?, state.photo.clone()?)));
        photo.ok_or(Refusal::NotFound)
    }

    /// Notes what a user has dialled (NUM-5).
    pub(super) fn note_dialled(&mut self, user: &str, number: &PhoneNumber) {
        self.change_account(user, |own| {
            let mut list = RedialList::new();
            let known = own.redial.iter().rev();
            for number in known.filter_map(|known| PhoneNumber::new(known).ok()) {
                list.dialled(number);
            }
            list.dialled(number.clone());
            own.redial = list.numbers().iter().map(ToString::to_string).collect();
        });
    }

    pub(super) fn account_of(&self, user: &str) -> AccountResource {
        let own = self.users[user].account.clone();
        let account = self.company.user(user);
        AccountResource {
            rev: own.rev,
            visibility: own.visibility,
            profile: own.profile,
            photo: own.photo,
            settings: own.settings,
            redial: own.redial,
            in_mulap: account.is_some_and(|account| account.in_mulap),
            call_me: own.call_me,
            mailbox: account.map_or_else(Default::default, |user| {
                write_mailbox(&self.mailbox_of(user))
            }),
            forwarding: own.forwarding,
            dial_method: own.dial_method,
        }
    }

    /// Changes what is kept; the user's clients are told if it is different now.
    pub(super) fn change_account(&mut self, user: &str, change: impl FnOnce(&mut OwnAccount)) {
        let rev = self.next_rev(user);
        let Some(state) = self.users.get_mut(user) else {
            return;
        };
        let before = state.account.clone();
        change(&mut state.account);
        if state.account != before {
            state.account.rev = rev;
            let kept = Owned::new(user, Kind::Account, "", &state.account);
            self.effects.writes.push(Write::Owned(kept));
            let event = Event::Account(self.account_of(user));
            self.log(user, event, Audience::Everybody);
        }
    }

    pub(super) fn take_up_account(&mut self, kept: &Owned) {
        if let Some((state, account)) = self.users.get_mut(&kept.user).zip(kept.read()) {
            state.account = account;
        }
        self.list_again(&kept.user);
    }

    pub(super) fn take_up_photo(&mut self, kept: &Owned) {
        let file = kept.read::<String>().and_then(|text| unhex(&text));
        if let Some((state, file)) = self.users.get_mut(&kept.user).zip(file) {
            state.photo = Some(file.into());
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map(byte).collect()
}

/// The profile by the model's rules; empty texts are left out.
fn checked(profile: Profile) -> Result<Profile, Refusal> {
    let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let number = |text: Option<String>| filled(text).map(PhoneNumber::new).transpose();
    let bad = |_| Refusal::Value("what was entered is no telephone number");
    let own = OwnProfile {
        mobile: number(profile.mobile).map_err(bad)?,
        private: number(profile.private).map_err(bad)?,
        email: filled(profile.email).map(Redacted::new),
    };
    own.check()?;
    Ok(Profile {
        mobile: own.mobile.map(|number| number.to_string()),
        private: own.private.map(|number| number.to_string()),
        email: own.email.map(Redacted::into_inner),
    })
}
