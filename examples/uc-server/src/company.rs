use std::{collections::BTreeSet, fmt, path::Path, sync::LazyLock};

use serde::Deserialize;
use thiserror::Error;
use uc_model::{
    Contact, ContactDraft, ContactId, DialPlan, DialPlanError, Directory, Extension,
    ForwardingTarget, Mailbox, PhoneNumber, PresenceState, TypedNumber, UserId,
};
use uc_protocol::{
    limits::{MAX_ASSIGNED_PHONES, MAX_TEXT_BYTES},
    ucx::{self, FunctionKey, KeyFunction, Licence, Me, Number, NumberKind, PhoneKind},
};

use crate::{
    exchange,
    password::PasswordHash,
    system::{System, SystemEntry},
};

/// The people who can sign in and the system they use, as read from a company file.
#[derive(Clone)]
pub struct Company {
    pub(crate) system: System,
    users: Vec<User>,
    groups: Vec<Group>,
    /// The system, general and external directories.
    contacts: Vec<Contact>,
}

impl Company {
    /// The built-in company: twelve users with the extensions 330 to 341, passwords `demo-330` to
    /// `demo-341`, the last account locked. Its file, `company.toml`, documents the format.
    pub fn twelve() -> Self {
        // Hashing twelve passwords takes a while, which tests with many servers would notice.
        static TWELVE: LazyLock<Company> = LazyLock::new(|| {
            Company::from_toml(include_str!("../company.toml"))
                .expect("the built-in file is tested")
        });
        TWELVE.clone()
    }

    /// Reads a company file.
    ///
    /// # Errors
    /// See [`CompanyError`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self, CompanyError> {
        Self::from_toml(&std::fs::read_to_string(path)?)
    }

    /// Reads the text of a company file. Passwords are hashed here, about a millisecond each.
    ///
    /// # Errors
    /// See [`CompanyError`].
    pub fn from_toml(text: &str) -> Result<Self, CompanyError> {
        let file: CompanyFile = toml::from_str(text).map_err(|error| CompanyError::Syntax {
            at: error.span().map_or(0, |span| line_of(text, span.start)),
        })?;
        let system = file.system.check()?;
        let mut seen = BTreeSet::new();
        let mut users = Vec::with_capacity(file.user.len());
        for entry in file.user {
            let user = entry.check(users.len() + 1)?;
            let fresh = seen.insert(user.me.extension.clone());
            let name_is_own =
                user.me.user == user.me.extension || seen.insert(user.me.user.clone());
            if !(fresh && name_is_own) {
                return Err(CompanyError::Twice(users.len() + 1));
            }
            users.push(user);
        }
        if users.is_empty() {
            return Err(CompanyError::Nobody);
        }
        let group = |(at, entry): (usize, GroupEntry)| entry.check(at + 1, &users, &mut seen);
        let groups = file.group.into_iter().enumerate().map(group);
        let groups = groups.collect::<Result<_, _>>()?;
        let mut company = Self {
            system,
            users,
            groups,
            contacts: Vec::new(),
        };
        for (at, entry) in file.contact.into_iter().enumerate() {
            let (directory, draft) = entry.check(at + 1)?;
            company = company.with_contacts(directory, [draft]);
        }
        Ok(company)
    }

    /// The same company with these entries in a directory besides: the system's (speed dials), the
    /// general or, in Suite, an external one.
    #[must_use]
    pub fn with_contacts(
        mut self,
        directory: Directory,
        contacts: impl IntoIterator<Item = ContactDraft>,
    ) -> Self {
        for draft in contacts {
            let id = format!("company.{}", self.contacts.len() + 1);
            let id = ContactId::new(id).expect("made of letters and digits");
            let contact = draft.into_contact(id);
            self.contacts.push(Contact {
                directory,
                ..contact
            });
        }
        self
    }

    /// The entries of the directories other than the users.
    pub(crate) fn contacts(&self) -> &[Contact] {
        &self.contacts
    }

    /// How numbers are written and dialled where the company is.
    pub fn plan(&self) -> &DialPlan {
        &self.system.plan
    }

    /// The group that has the number.
    pub(crate) fn group(&self, number: &PhoneNumber) -> Option<&Group> {
        let key = self.plan().key(number);
        let same = |group: &&Group| {
            PhoneNumber::new(&group.extension).is_ok_and(|known| self.plan().key(&known) == key)
        };
        self.groups.iter().find(same)
    }

    /// The users, in the order of the file.
    pub fn users(&self) -> &[User] {
        &self.users
    }

    /// The user of this name.
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.me.user == name)
    }
}

/// Shows how many there are, not who.
impl fmt::Debug for Company {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Company({} users)", self.users.len())
    }
}

/// One user of the company.
#[derive(Clone)]
pub struct User {
    pub(crate) me: Me,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) email: Option<String>,
    pub(crate) numbers: Vec<Number>,
    pub(crate) locked: bool,
    pub(crate) password: PasswordHash,
    pub(crate) initial_password: bool,
    pub(crate) in_mulap: bool,
    /// The number of the CallMe service.
    pub(crate) call_me: Option<PhoneNumber>,
    /// The mailbox that takes the user's calls, where it isn't the usual one.
    pub(crate) mailbox: Option<Mailbox>,
    pub(crate) forwarding: Vec<(PresenceState, ForwardingTarget)>,
    /// On another node of the network.
    pub(crate) networked: bool,
    pub(crate) phone: Phone,
    /// The telephones that share the number, with their own ones, where it is a MULAP's.
    pub(crate) phones: Vec<(Extension, Phone)>,
    /// Those that the user hasn't got.
    pub(crate) missing_licences: Vec<Licence>,
}

impl User {
    /// The user name for signing in.
    pub fn user_name(&self) -> &str {
        &self.me.user
    }

    /// The internal number.
    pub fn extension(&self) -> &str {
        &self.me.extension
    }

    /// First and last name.
    pub fn display_name(&self) -> &str {
        &self.me.name
    }

    /// Whether the company file locks the account.
    pub fn is_locked(&self) -> bool {
        self.locked
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("user", &self.me.user)
            .finish_non_exhaustive()
    }
}

/// Several users under one number: a hunt group, or a MULAP.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) extension: String,
    pub(crate) name: String,
    /// The names of users.
    pub(crate) members: Vec<String>,
    pub(crate) ring: Ring,
}

/// At whom of a group it rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ring {
    /// At everybody.
    All,
    /// At one after the other.
    InTurn,
}

/// What stands on a user's desk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phone {
    #[default]
    System,
    Sip,
    Isdn,
    Analogue,
    Dect,
    /// None: a client with sound.
    Webrtc,
}

impl Phone {
    /// As UCX tells it.
    pub(crate) const fn kind(self) -> PhoneKind {
        match self {
            Self::System => PhoneKind::System,
            Self::Sip => PhoneKind::Sip,
            Self::Isdn => PhoneKind::Isdn,
            Self::Analogue => PhoneKind::Analogue,
            Self::Dect => PhoneKind::Dect,
            Self::Webrtc => PhoneKind::Webrtc,
        }
    }

    /// The keys of a new phone: all free, but for the last one, which opens the directory inside the
    /// telephone. Only system phones have keys that the system knows.
    pub(crate) fn keys(self) -> Vec<FunctionKey> {
        let mut keys = match self {
            Self::System => vec![FunctionKey::default(); 16],
            _ => Vec::new(),
        };
        if let Some(last) = keys.last_mut() {
            last.label = Some("Directory".to_owned());
            last.first = KeyFunction::LocalApplication;
        }
        keys
    }

    /// Whether calls are answered by remote control (CALL-11).
    pub(crate) const fn answers_remotely(self) -> bool {
        !matches!(self, Self::Analogue | Self::Dect | Self::Webrtc)
    }
}

/// Why a company file is refused. The texts name the place, never what stands there.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CompanyError {
    /// The file can't be read.
    #[error("the company file can't be read: {0}")]
    Read(#[from] std::io::Error),
    /// Not TOML, or a field that is missing or unknown.
    #[error(
        "line {at} of the company file isn't understood; compare it with the built-in company.toml"
    )]
    Syntax {
        /// The line, counted from 1; 0 where the parser can't say.
        at: usize,
    },
    /// No users.
    #[error("the company file names nobody; add at least one [[user]]")]
    Nobody,
    /// An extension or user name stands twice.
    #[error("user {0} of the company file has the name or extension of an earlier one")]
    Twice(usize),
    /// A value of a directory's entry is out of range.
    #[error(
        "contact {index} of the company file: {field} is refused; its comments say what may stand there"
    )]
    Contact {
        /// Which contact, counted from 1.
        index: usize,
        /// Which field.
        field: &'static str,
    },
    /// A value of a group is out of range.
    #[error(
        "group {index} of the company file: {field} is refused; its comments say what may stand there"
    )]
    Group {
        /// Which group, counted from 1.
        index: usize,
        /// Which field.
        field: &'static str,
    },
    /// A value of the system is out of range.
    #[error(
        "the company file's [system] has a location that is refused: {0}; its codes are digits"
    )]
    Location(#[from] DialPlanError),
    /// A value is out of range.
    #[error(
        "user {index} of the company file: {field} is refused; its comments say what may stand there"
    )]
    Value {
        /// Which user, counted from 1.
        index: usize,
        /// Which field.
        field: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CompanyFile {
    #[serde(default)]
    system: SystemEntry,
    #[serde(default)]
    user: Vec<UserEntry>,
    #[serde(default)]
    contact: Vec<ContactEntry>,
    #[serde(default)]
    group: Vec<GroupEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupEntry {
    extension: String,
    name: String,
    members: Vec<String>,
    ring: Ring,
}

impl GroupEntry {
    /// `seen`: the extensions and names that stand before.
    fn check(
        self,
        index: usize,
        users: &[User],
        seen: &mut BTreeSet<String>,
    ) -> Result<Group, CompanyError> {
        let refuse = |field| CompanyError::Group { index, field };
        Extension::new(&self.extension).map_err(|_| refuse("extension"))?;
        if !seen.insert(self.extension.clone()) {
            return Err(refuse("extension"));
        }
        if self.name.is_empty() || self.name.len() > MAX_TEXT_BYTES {
            return Err(refuse("name"));
        }
        let members: BTreeSet<_> = self.members.iter().collect();
        let known = |member: &&String| users.iter().any(|user| user.me.user == **member);
        let count = members.iter().filter(|member| known(member)).count();
        if count != self.members.len() || !(1..=MAX_GROUP).contains(&count) {
            return Err(refuse("members"));
        }
        Ok(Group {
            extension: self.extension,
            name: self.name,
            members: self.members,
            ring: self.ring,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContactEntry {
    directory: String,
    #[serde(default)]
    first_name: String,
    #[serde(default)]
    last_name: String,
    email: Option<String>,
    #[serde(default)]
    numbers: Vec<Number>,
}

impl ContactEntry {
    fn check(self, index: usize) -> Result<(Directory, ContactDraft), CompanyError> {
        let refuse = |field| CompanyError::Contact { index, field };
        let directory = match &*self.directory {
            "system" => Directory::System,
            "general" => Directory::General,
            "external" => Directory::External,
            _ => return Err(refuse("directory")),
        };
        let mut draft = ContactDraft::default();
        draft.first_name = self.first_name.into();
        draft.last_name = self.last_name.into();
        draft.email = self.email.map(Into::into);
        for Number { kind, number } in self.numbers {
            let number = PhoneNumber::new(number).map_err(|_| refuse("numbers"))?;
            let kind = match kind {
                NumberKind::Internal => uc_model::NumberKind::Internal,
                NumberKind::Business => uc_model::NumberKind::Business,
                NumberKind::Mobile => uc_model::NumberKind::Mobile,
                _ => uc_model::NumberKind::Private,
            };
            draft.numbers.push(TypedNumber { kind, number });
        }
        let is_system = directory == Directory::System;
        // Speed dials have a name and a number only.
        if is_system && (draft.numbers.len() != 1 || draft.email.is_some()) {
            return Err(refuse("numbers or email"));
        }
        draft.check().map_err(|_| refuse("names or numbers"))?;
        Ok((directory, draft))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserEntry {
    extension: String,
    user: Option<String>,
    #[serde(default)]
    first_name: String,
    #[serde(default)]
    last_name: String,
    password: String,
    email: Option<String>,
    #[serde(default)]
    numbers: Vec<Number>,
    #[serde(default)]
    locked: bool,
    #[serde(default)]
    initial_password: bool,
    #[serde(default)]
    mulap: bool,
    #[serde(default)]
    call_me: Option<String>,
    mailbox: Option<String>,
    #[serde(default)]
    forwarding: Vec<ForwardingEntry>,
    #[serde(default)]
    networked: bool,
    #[serde(default)]
    phone: Phone,
    #[serde(default)]
    phones: Vec<AssignedEntry>,
    licences: Option<Vec<Licence>>,
}

impl UserEntry {
    fn check(self, index: usize) -> Result<User, CompanyError> {
        let refuse = |field| CompanyError::Value { index, field };
        Extension::new(&self.extension).map_err(|_| refuse("extension"))?;
        let user = self.user.unwrap_or_else(|| self.extension.clone());
        UserId::new(&user).map_err(|_| refuse("user"))?;
        let name = format!("{} {}", self.first_name, self.last_name)
            .trim()
            .to_owned();
        if name.is_empty() || name.len() > MAX_TEXT_BYTES {
            return Err(refuse("first_name or last_name"));
        }
        if self.password.is_empty() || self.password.chars().count() > 256 {
            return Err(refuse("password"));
        }
        if self
            .numbers
            .iter()
            .any(|n| PhoneNumber::new(&n.number).is_err())
        {
            return Err(refuse("numbers"));
        }
        let call_me = self.call_me.as_ref().map(PhoneNumber::new).transpose();
        let call_me = call_me.map_err(|_| refuse("call_me"))?;
        let mailbox = self.mailbox.as_deref().map(mailbox).transpose();
        let mailbox = mailbox.map_err(|_| refuse("mailbox"))?;
        let forwarding = self.forwarding.into_iter().map(ForwardingEntry::read);
        let forwarding = forwarding.collect::<Option<_>>();
        let forwarding = forwarding.ok_or(refuse("forwarding"))?;
        if self.phones.len() > MAX_ASSIGNED_PHONES || !(self.mulap || self.phones.is_empty()) {
            return Err(refuse("phones"));
        }
        let phones = self.phones.into_iter().map(AssignedEntry::read);
        let phones: Result<Vec<_>, _> = phones.collect();
        let phones = phones.map_err(|_| refuse("phones"))?;
        let missing_licences = match &self.licences {
            None => Vec::new(),
            Some(own) if own.contains(&Licence::Other) => return Err(refuse("licences")),
            Some(own) => {
                let missing = LICENCES.into_iter().filter(|known| !own.contains(known));
                missing.collect()
            }
        };
        let mut numbers = vec![Number {
            kind: NumberKind::Internal,
            number: self.extension.clone(),
        }];
        numbers.extend(self.numbers);
        Ok(User {
            me: Me {
                user,
                extension: self.extension,
                name,
            },
            first_name: self.first_name,
            last_name: self.last_name,
            email: self.email,
            numbers,
            locked: self.locked,
            password: PasswordHash::of(&self.password),
            initial_password: self.initial_password,
            in_mulap: self.mulap,
            call_me,
            mailbox,
            forwarding,
            networked: self.networked,
            phone: self.phone,
            phones,
            missing_licences,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AssignedEntry {
    number: String,
    phone: Phone,
}

impl AssignedEntry {
    fn read(self) -> Result<(Extension, Phone), uc_model::ExtensionError> {
        Ok((Extension::new(self.number)?, self.phone))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ForwardingEntry {
    state: ucx::PresenceState,
    to: String,
}

impl ForwardingEntry {
    fn read(self) -> Option<(PresenceState, ForwardingTarget)> {
        let target = match &*self.to {
            "voicemail" => ForwardingTarget::Voicemail(Mailbox::Own),
            "mobile" => ForwardingTarget::Mobile,
            number => ForwardingTarget::Number(PhoneNumber::new(number).ok()?),
        };
        Some((exchange::read_state(self.state), target))
    }
}

fn mailbox(text: &str) -> Result<Mailbox, uc_model::ExtensionError> {
    Ok(match text {
        "own" => Mailbox::Own,
        "system" => Mailbox::System,
        group => Mailbox::Group(Extension::new(group)?),
    })
}

/// Most members of a group (our choice).
const MAX_GROUP: usize = 32;
/// What a user may have to have.
const LICENCES: [Licence; 4] = [
    Licence::User,
    Licence::Voip,
    Licence::Conference,
    Licence::Voicemail,
];

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_company_has_twelve_users_from_330_to_341() {
        let company = Company::twelve();
        let extensions: Vec<_> = company.users().iter().map(User::extension).collect();
        let expected: Vec<_> = (330..=341).map(|n| n.to_string()).collect();
        assert_eq!(extensions, expected);
        for user in company.users() {
            assert!(user.password.verify(&format!("demo-{}", user.extension())));
            assert_eq!(user.is_locked(), user.extension() == "341");
        }
    }

    #[test]
    fn refusals_name_the_place_and_never_the_value() {
        let texts = [
            "",
            "[[user]]\nextension = 330",
            "[[user]]\nextension = \"33x\"\nlast_name = \"A\"\npassword = \"hush\"",
            "[[user]]\nextension = \"330\"\npassword = \"hush\"",
            "[[user]]\nextension = \"330\"\nlast_name = \"A\"\npassword = \"\"",
            "[[user]]\nextension = \"330\"\nlast_name = \"A\"\npassword = \"hush\"\nage = 3",
            "[[user]]\nextension = \"330\"\nlast_name = \"A\"\npassword = \"hush\"\n\
             licences = [\"driving\"]",
            "[[user]]\nextension = \"330\"\nlast_name = \"A\"\npassword = \"hush\"\n\
             phones = [{ number = \"361\", phone = \"sip\" }]",
            "[[user]]\nextension = \"330\"\nlast_name = \"A\"\npassword = \"hush\"\nmulap = true\n\
             phones = [{ number = \"33x\", phone = \"sip\" }]",
            "[[user]]\nextension = \"330\"\nlast_name = \"A\"\npassword = \"hush\"\n\
             [[user]]\nextension = \"330\"\nlast_name = \"B\"\npassword = \"hush\"",
        ];
        for text in texts {
            let error = Company::from_toml(text).unwrap_err();
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("hush") && !shown.contains("33x"), "{shown}");
        }
    }

    #[test]
    fn debug_names_nobody() {
        let company = Company::twelve();
        assert_eq!(format!("{company:?}"), "Company(12 users)");
        assert!(!format!("{:?}", company.users()[0]).contains("Ahorn"));
    }
}
