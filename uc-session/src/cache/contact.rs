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
    directory: u8,
    first_name: String,
    last_name: String,
    /// Kind and number.
    numbers: Vec<(u8, String)>,
    email: Option<String>,
    user: Option<String>,
    imported: Option<bool>,
}

/// One contact; one of a directory that is not known here is left out.
pub(super) fn write(known: &KnownContact) -> Option<ContactRow> {
    let contact = &known.contact;
    let number = |own: &TypedNumber| {
        let kind = place(&KINDS, &own.kind)?;
        Some((kind, own.number.as_str().to_owned()))
    };
    Some(ContactRow {
        id: contact.id.to_string(),
        rev: known.rev.0,
        directory: place(&Directory::ALL, &contact.directory)?,
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
    let number = |(kind, number): (u8, String)| {
        Some(TypedNumber {
            kind: *KINDS.get(usize::from(kind))?,
            number: PhoneNumber::new(number).ok()?,
        })
    };
    Some(KnownContact {
        rev: Rev(row.rev),
        contact: Contact {
            id: ContactId::new(row.id).ok()?,
            directory: *Directory::ALL.get(usize::from(row.directory))?,
            first_name: row.first_name.into(),
            last_name: row.last_name.into(),
            numbers: row.numbers.into_iter().map(number).collect::<Option<_>>()?,
            email: row.email.map(Redacted::new),
            user: row.user.map(UserId::new).transpose().ok()?,
        },
        origin: row.imported.map(|imported| match imported {
            true => ContactOrigin::Imported,
            false => ContactOrigin::Manual,
        }),
    })
}

fn place<T: PartialEq>(table: &[T], value: &T) -> Option<u8> {
    let place = table.iter().position(|known| known == value)?;
    u8::try_from(place).ok()
}

/// In this order they are numbered: never changed, only added to.
const KINDS: [NumberKind; 4] = [
    NumberKind::Internal,
    NumberKind::Business,
    NumberKind::Private,
    NumberKind::Mobile,
];
