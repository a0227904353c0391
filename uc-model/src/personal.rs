use std::collections::BTreeMap;

use thiserror::Error;

use crate::{
    Contact, ContactDraft, ContactFile, ContactId, DialPlan, Directory, ImportError, Mode,
    Redacted, SkipReason, TypedNumber, import::MAX_FIELD,
};

/// Where a personal contact comes from (DIR-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ContactOrigin {
    /// Added or changed by hand: no import touches it.
    Manual,
    /// Imported, and not changed since.
    Imported,
}

/// Why the personal directory can't be changed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PersonalDirectoryError {
    /// Suite: another client changes personal contacts.
    #[error("personal contacts are changed with another client of this account")]
    SmartOnly,
    /// 3000 contacts are there.
    #[error("there are {MAX_CONTACTS} personal contacts already; delete some first")]
    Full,
    /// There is no such contact.
    #[error("there is no such personal contact any more")]
    NoSuchContact,
    /// Neither a name nor a number.
    #[error("a contact needs a name or a number")]
    Empty,
    /// A field longer than 256 characters.
    #[error("a name or an e-mail address has at most {MAX_FIELD} characters; shorten it")]
    FieldTooLong,
    /// More than 16 numbers.
    #[error(
        "a contact has at most {} numbers; leave some out",
        Contact::MAX_NUMBERS
    )]
    TooManyNumbers,
}

/// What became of each contact of a file (DIR-5); lines count from 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportReport {
    /// The lines of contacts that are new.
    pub added: Vec<u32>,
    /// The lines of contacts that changed imported ones.
    pub changed: Vec<u32>,
    /// The lines that changed nothing, and why.
    pub skipped: Vec<(u32, SkipReason)>,
    /// The lines, among those added and changed, with a number that isn't canonical (DIR-7).
    pub flagged: Vec<u32>,
}

/// A user's personal contacts (DIR-4 to DIR-7): at most 3000, seen by nobody else.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonalDirectory {
    contacts: BTreeMap<ContactId, (Contact, ContactOrigin)>,
}

impl PersonalDirectory {
    /// Most contacts (the manual).
    pub const CAPACITY: usize = MAX_CONTACTS;

    /// No contacts.
    pub const fn new() -> Self {
        Self {
            contacts: BTreeMap::new(),
        }
    }

    /// Whether personal contacts can be changed at all.
    ///
    /// # Errors
    /// Suite.
    pub const fn check_mode(mode: Mode) -> Result<(), PersonalDirectoryError> {
        match mode {
            Mode::Smart => Ok(()),
            Mode::Suite => Err(PersonalDirectoryError::SmartOnly),
        }
    }

    /// Takes up a contact that was kept elsewhere, as it was.
    pub fn restore(&mut self, contact: Contact, origin: ContactOrigin) {
        self.contacts.insert(contact.id.clone(), (contact, origin));
    }

    /// The contacts with their origin, in the order of their ids.
    pub fn contacts(&self) -> impl ExactSizeIterator<Item = (&Contact, ContactOrigin)> {
        self.contacts
            .values()
            .map(|(contact, origin)| (contact, *origin))
    }

    /// One contact and its origin.
    pub fn contact(&self, id: &ContactId) -> Option<(&Contact, ContactOrigin)> {
        let (contact, origin) = self.contacts.get(id)?;
        Some((contact, *origin))
    }

    /// Adds a contact by hand; its numbers are brought into canonical form where the plan finds
    /// one.
    ///
    /// # Errors
    /// Suite, a full directory, or a contact without name and number.
    pub fn add(
        &mut self,
        contact: Contact,
        mode: Mode,
        plan: &DialPlan,
    ) -> Result<(), PersonalDirectoryError> {
        Self::check_mode(mode)?;
        let is_new = !self.contacts.contains_key(&contact.id);
        if is_new && self.contacts.len() >= Self::CAPACITY {
            return Err(PersonalDirectoryError::Full);
        }
        self.put_by_hand(contact, plan)
    }

    /// Changes a contact by hand: from now on it counts as added by hand (DIR-6).
    ///
    /// # Errors
    /// Suite, no such contact, or one without name and number.
    pub fn change(
        &mut self,
        contact: Contact,
        mode: Mode,
        plan: &DialPlan,
    ) -> Result<(), PersonalDirectoryError> {
        Self::check_mode(mode)?;
        if !self.contacts.contains_key(&contact.id) {
            return Err(PersonalDirectoryError::NoSuchContact);
        }
        self.put_by_hand(contact, plan)
    }

    /// Deletes a contact.
    ///
    /// # Errors
    /// Suite, or no such contact.
    pub fn delete(&mut self, id: &ContactId, mode: Mode) -> Result<(), PersonalDirectoryError> {
        Self::check_mode(mode)?;
        let gone = self.contacts.remove(id);
        gone.map(drop).ok_or(PersonalDirectoryError::NoSuchContact)
    }

    /// Imports a file: contacts of the same name that were imported before are changed, new ones
    /// added under ids from `next_id`. All or nothing, except for the lines in the report.
    ///
    /// # Errors
    /// More contacts than fit; nothing is changed then.
    pub fn import(
        &mut self,
        file: &ContactFile,
        mut next_id: impl FnMut() -> ContactId,
    ) -> Result<ImportReport, ImportError> {
        let mut next = self.contacts.clone();
        let mut known: BTreeMap<String, ContactId> = BTreeMap::new();
        for (id, (contact, origin)) in &self.contacts {
            // Of several with one name, one that was changed by hand decides.
            match origin {
                ContactOrigin::Manual => drop(known.insert(identity_of(contact), id.clone())),
                ContactOrigin::Imported => {
                    known.entry(identity_of(contact)).or_insert(id.clone());
                }
            }
        }
        let mut seen: BTreeMap<String, u32> = BTreeMap::new();
        let mut report = ImportReport::default();
        for (line, draft) in &file.0 {
            let judged = draft.as_ref().map_err(|reason| *reason).and_then(|draft| {
                let name = identity(draft);
                if let Some(first) = seen.get(&name) {
                    return Err(SkipReason::Duplicate(*first));
                }
                let before = known.get(&name).and_then(|id| next.get(id));
                seen.insert(name, *line);
                check_against(draft, before).map(|()| draft)
            });
            let draft = match judged {
                Ok(draft) => draft,
                Err(reason) => {
                    report.skipped.push((*line, reason));
                    continue;
                }
            };
            let before = known.get(&identity(draft)).cloned();
            report.note(*line, draft, before.is_some());
            let id = before.unwrap_or_else(&mut next_id);
            let contact = draft.clone().into_contact(id.clone());
            next.insert(id, (contact, ContactOrigin::Imported));
        }
        if next.len() > Self::CAPACITY {
            return Err(ImportError::DirectoryFull(next.len()));
        }
        self.contacts = next;
        Ok(report)
    }

    fn put_by_hand(
        &mut self,
        mut contact: Contact,
        plan: &DialPlan,
    ) -> Result<(), PersonalDirectoryError> {
        check(
            &contact.first_name,
            &contact.last_name,
            contact.email.as_ref(),
            &contact.numbers,
        )?;
        for number in &mut contact.numbers {
            if let Some(canonical) = plan.canonical(&number.number) {
                number.number = canonical;
            }
        }
        contact.directory = Directory::Personal;
        self.contacts
            .insert(contact.id.clone(), (contact, ContactOrigin::Manual));
        Ok(())
    }
}

impl ImportReport {
    fn note(&mut self, line: u32, draft: &ContactDraft, was_known: bool) {
        let lines = match was_known {
            true => &mut self.changed,
            false => &mut self.added,
        };
        lines.push(line);
        if draft.numbers.iter().any(|one| !one.number.is_canonical()) {
            self.flagged.push(line);
        }
    }
}

impl ContactDraft {
    /// Whether a contact can be so (DIR-4).
    ///
    /// # Errors
    /// Neither name nor number, or too much of something.
    pub fn check(&self) -> Result<(), PersonalDirectoryError> {
        check(
            &self.first_name,
            &self.last_name,
            self.email.as_ref(),
            &self.numbers,
        )
    }

    /// The personal contact of this identity.
    pub fn into_contact(self, id: ContactId) -> Contact {
        Contact {
            id,
            directory: Directory::Personal,
            first_name: self.first_name,
            last_name: self.last_name,
            numbers: self.numbers,
            email: self.email,
            user: None,
        }
    }
}

/// A contact, to be changed or kept elsewhere.
impl From<Contact> for ContactDraft {
    fn from(contact: Contact) -> Self {
        Self {
            first_name: contact.first_name,
            last_name: contact.last_name,
            numbers: contact.numbers,
            email: contact.email,
        }
    }
}

fn check(
    first_name: &Redacted<String>,
    last_name: &Redacted<String>,
    email: Option<&Redacted<String>>,
    numbers: &[TypedNumber],
) -> Result<(), PersonalDirectoryError> {
    let names = [first_name, last_name];
    let unnamed = names.iter().all(|name| name.expose().trim().is_empty());
    let mut fields = names.into_iter().chain(email);
    match numbers.len() {
        0 if unnamed => Err(PersonalDirectoryError::Empty),
        many if many > Contact::MAX_NUMBERS => Err(PersonalDirectoryError::TooManyNumbers),
        _ if fields.any(|field| field.expose().chars().count() > MAX_FIELD) => {
            Err(PersonalDirectoryError::FieldTooLong)
        }
        _ => Ok(()),
    }
}

/// What tells a contact of a file from others: its name in any case, without one its first number.
fn identity(draft: &ContactDraft) -> String {
    match draft.has_name() {
        true => name_identity(draft.first_name.expose(), draft.last_name.expose()),
        false => draft
            .numbers
            .first()
            .map_or_else(String::new, |one| one.number.dialable()),
    }
}

fn identity_of(contact: &Contact) -> String {
    let name = name_identity(contact.first_name.expose(), contact.last_name.expose());
    let first = contact.numbers.first();
    match (name.is_empty(), first) {
        (true, Some(one)) => one.number.dialable(),
        _ => name,
    }
}

fn name_identity(first: &str, last: &str) -> String {
    let whole = format!("{first} {last}").to_lowercase();
    whole.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn check_against(
    draft: &ContactDraft,
    known: Option<&(Contact, ContactOrigin)>,
) -> Result<(), SkipReason> {
    let Some((known, origin)) = known else {
        return Ok(());
    };
    let same = known.numbers == draft.numbers
        && known.email == draft.email
        && known.first_name == draft.first_name
        && known.last_name == draft.last_name;
    match origin {
        ContactOrigin::Manual => Err(SkipReason::ChangedByHand),
        ContactOrigin::Imported if same => Err(SkipReason::Unchanged),
        ContactOrigin::Imported => Ok(()),
    }
}

/// Most contacts (the manual, 6.4.6).
const MAX_CONTACTS: usize = 3000;

#[cfg(test)]
mod tests;
