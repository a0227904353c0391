//! Contacts as they are kept.

use serde::{Deserialize, Serialize};
use uc_model::{
    Contact, ContactId, ContactOrigin, Directory, KnownContact, NumberKind, PhoneNumber, Redacted,
    Rev, TypedNumber, UserId,
};

use super::CacheError;

#[derive(Serialize, Deserialize)]
pub(super) struct ContactRow {
    id: String,
    rev: u64,
    directory: Place,
    first_name: String,
    last_name: String,
    numbers: Vec<(Kind, String)>,
    email: Option<String>,
    user: Option<String>,
    /// Of a personal one: whether it was imported and not changed since.
    imported: Option<bool>,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    Personal,
    Internal,
    System,
    General,
    External,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Internal,
    Business,
    Private,
    Mobile,
}

/// One contact; `None` where its directory isn't known here.
pub(super) fn write(known: &KnownContact) -> Option<ContactRow> {
    let contact = &known.contact;
    let number = |number: &TypedNumber| {
        let kind = KINDS.iter().find(|(_, kind)| *kind == number.kind)?.0;
        Some((kind, number.number.as_str().to_owned()))
    };
    let directory = PLACES.iter().find(|(_, known)| *known == contact.directory);
    Some(ContactRow {
        id: contact.id.to_string(),
        rev: known.rev.0,
        directory: directory?.0,
        first_name: contact.first_name.expose().clone(),
        last_name: contact.last_name.expose().clone(),
        numbers: contact.numbers.iter().filter_map(number).collect(),
        email: contact.email.as_ref().map(|email| email.expose().clone()),
        user: contact.user.as_ref().map(ToString::to_string),
        imported: known.origin.map(|origin| origin == ContactOrigin::Imported),
    })
}

pub(super) fn read(row: ContactRow) -> Result<KnownContact, CacheError> {
    read_row(row).ok_or(CacheError::Unreadable)
}

fn read_row(row: ContactRow) -> Option<KnownContact> {
    let number = |(kind, number): (Kind, String)| {
        Some(TypedNumber {
            kind: KINDS.iter().find(|(known, _)| *known == kind)?.1,
            number: PhoneNumber::new(number).ok()?,
        })
    };
    let origin = |imported| match imported {
        true => ContactOrigin::Imported,
        false => ContactOrigin::Manual,
    };
    Some(KnownContact {
        rev: Rev(row.rev),
        origin: row.imported.map(origin),
        contact: Contact {
            id: ContactId::new(row.id).ok()?,
            directory: PLACES.iter().find(|(known, _)| *known == row.directory)?.1,
            first_name: row.first_name.into(),
            last_name: row.last_name.into(),
            numbers: row.numbers.into_iter().map(number).collect::<Option<_>>()?,
            email: row.email.map(Redacted::new),
            user: row.user.map(UserId::new).transpose().ok()?,
        },
    })
}

const PLACES: [(Place, Directory); 5] = [
    (Place::Personal, Directory::Personal),
    (Place::Internal, Directory::Internal),
    (Place::System, Directory::System),
    (Place::General, Directory::General),
    (Place::External, Directory::External),
];

const KINDS: [(Kind, NumberKind); 4] = [
    (Kind::Internal, NumberKind::Internal),
    (Kind::Business, NumberKind::Business),
    (Kind::Private, NumberKind::Private),
    (Kind::Mobile, NumberKind::Mobile),
];
