use std::fmt;

use serde::{Deserialize, Serialize};

use super::{ContactResource, Number};

/// Where a personal contact comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactOrigin {
    /// Added or changed by hand: no import touches it.
    Manual,
    /// Imported, and not changed since.
    Imported,
}

/// A contact that the user's clients keep: a personal one, or one of another directory that is
/// among the favourites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownContact {
    /// Revision in this user's numbering.
    pub rev: u64,
    /// The contact.
    pub contact: ContactResource,
    /// Where a personal one comes from; absent with others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<ContactOrigin>,
}

/// `GET /uc/v1/contacts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactList {
    /// The personal contacts, in no meaningful order.
    pub contacts: Vec<KnownContact>,
}

/// `POST /uc/v1/contacts` and `PUT /uc/v1/contacts/{id}`: a personal contact as it should be. Needs
/// a name or a number.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ContactDraft {
    /// First name; may be empty.
    pub first_name: String,
    /// Last name; may be empty.
    pub last_name: String,
    /// Its numbers, the preferred one first.
    pub numbers: Vec<Number>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// Shows how many numbers there are.
impl fmt::Debug for ContactDraft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContactDraft")
            .field("numbers", &self.numbers.len())
            .finish_non_exhaustive()
    }
}

/// The answer to `POST /uc/v1/contact-imports`: what became of each contact of the file, by the
/// line where it stands, counted from 1. What the import changed is in the contacts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// New contacts.
    pub added: Vec<u32>,
    /// Contacts that changed imported ones.
    pub changed: Vec<u32>,
    /// Contacts, among those added and changed, with a number that isn't canonical.
    pub flagged: Vec<u32>,
    /// Contacts that changed nothing.
    pub skipped: Vec<SkippedLine>,
}

/// A contact of a file that was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedLine {
    /// Where it stands.
    pub line: u32,
    /// Why.
    pub reason: SkipReason,
    /// With `duplicate`: where the same name stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_as: Option<u32>,
}

/// Why a contact of a file was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SkipReason {
    /// Neither a name nor a number.
    Empty,
    /// A number that can't be one.
    BadNumber,
    /// A field is too long.
    FieldTooLong,
    /// Too many numbers.
    TooManyNumbers,
    /// The same name stands in an earlier line.
    Duplicate,
    /// The contact was changed by hand.
    ChangedByHand,
    /// The contact is there already.
    Unchanged,
    /// A reason that this version doesn't know.
    #[serde(other)]
    Other,
}
