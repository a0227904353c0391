use uc_model::{
    Contact, ContactDraft, ContactId, ContactOrigin, Directory, NumberKind, PhoneNumber, Redacted,
    SkipReason, TypedNumber, UserId,
};
use uc_protocol::ucx::{self, ContactResource, KnownContact, Number};

use crate::exchange::Refusal;

/// A contact as clients see it.
pub(in crate::exchange) fn write_contact(contact: &Contact) -> ContactResource {
    ContactResource {
        id: contact.id.to_string(),
        directory: write_directory(contact.directory),
        first_name: contact.first_name.expose().clone(),
        last_name: contact.last_name.expose().clone(),
        numbers: contact.numbers.iter().map(write_number).collect(),
        email: contact.email.as_ref().map(|email| email.expose().clone()),
        user: contact.user.as_ref().map(UserId::to_string),
    }
}

/// A contact that the user's clients keep.
pub(in crate::exchange) fn write_known(
    contact: &Contact,
    origin: Option<ContactOrigin>,
    rev: u64,
) -> KnownContact {
    KnownContact {
        rev,
        contact: write_contact(contact),
        origin: origin.map(|origin| match origin {
            ContactOrigin::Manual => ucx::ContactOrigin::Manual,
            ContactOrigin::Imported => ucx::ContactOrigin::Imported,
        }),
    }
}

/// A personal contact that was kept; `None` where it is none any more.
pub(in crate::exchange) fn read_known(
    known: KnownContact,
) -> Option<(Contact, ContactOrigin, u64)> {
    let contact = known.contact;
    let numbers = contact.numbers.into_iter();
    let contact = Contact {
        id: ContactId::new(contact.id).ok()?,
        directory: Directory::Personal,
        first_name: contact.first_name.into(),
        last_name: contact.last_name.into(),
        numbers: numbers.map(read_number).collect::<Option<_>>()?,
        email: contact.email.map(Redacted::new),
        user: None,
    };
    let origin = match known.origin? {
        ucx::ContactOrigin::Manual => ContactOrigin::Manual,
        ucx::ContactOrigin::Imported => ContactOrigin::Imported,
    };
    Some((contact, origin, known.rev))
}

/// What a user wants a contact to be.
pub(in crate::exchange) fn read_draft(draft: ucx::ContactDraft) -> Result<ContactDraft, Refusal> {
    let numbers = draft.numbers.into_iter().map(read_number);
    let mut read = ContactDraft::default();
    read.first_name = draft.first_name.into();
    read.last_name = draft.last_name.into();
    read.email = draft.email.map(Redacted::new);
    read.numbers = numbers.collect::<Option<_>>().ok_or(Refusal::Value(
        "a number of the contact is no telephone number",
    ))?;
    Ok(read)
}

/// What became of each line of a file.
pub(in crate::exchange) fn write_report(report: uc_model::ImportReport) -> ucx::ImportReport {
    let skipped = report.skipped.into_iter();
    ucx::ImportReport {
        added: report.added,
        changed: report.changed,
        flagged: report.flagged,
        skipped: skipped.map(write_skipped).collect(),
    }
}

fn write_skipped((line, reason): (u32, SkipReason)) -> ucx::SkippedLine {
    let (reason, same_as) = match reason {
        SkipReason::Empty => (ucx::SkipReason::Empty, None),
        SkipReason::BadNumber => (ucx::SkipReason::BadNumber, None),
        SkipReason::FieldTooLong => (ucx::SkipReason::FieldTooLong, None),
        SkipReason::TooManyNumbers => (ucx::SkipReason::TooManyNumbers, None),
        SkipReason::Duplicate(line) => (ucx::SkipReason::Duplicate, Some(line)),
        SkipReason::ChangedByHand => (ucx::SkipReason::ChangedByHand, None),
        SkipReason::Unchanged => (ucx::SkipReason::Unchanged, None),
        _ => (ucx::SkipReason::Other, None),
    };
    ucx::SkippedLine {
        line,
        reason,
        same_as,
    }
}

/// The directory that a query names.
pub(in crate::exchange) const fn read_directory(directory: ucx::Directory) -> Directory {
    match directory {
        ucx::Directory::Personal => Directory::Personal,
        ucx::Directory::System => Directory::System,
        ucx::Directory::General => Directory::General,
        ucx::Directory::External => Directory::External,
        _ => Directory::Internal,
    }
}

/// What a number is for; a purpose that isn't known here is a private one.
pub(in crate::exchange) const fn read_kind(kind: ucx::NumberKind) -> NumberKind {
    match kind {
        ucx::NumberKind::Internal => NumberKind::Internal,
        ucx::NumberKind::Business => NumberKind::Business,
        ucx::NumberKind::Mobile => NumberKind::Mobile,
        _ => NumberKind::Private,
    }
}

const fn write_directory(directory: Directory) -> ucx::Directory {
    match directory {
        Directory::Personal => ucx::Directory::Personal,
        Directory::System => ucx::Directory::System,
        Directory::General => ucx::Directory::General,
        Directory::External => ucx::Directory::External,
        _ => ucx::Directory::Internal,
    }
}

fn write_number(number: &TypedNumber) -> Number {
    Number {
        kind: match number.kind {
            NumberKind::Internal => ucx::NumberKind::Internal,
            NumberKind::Business => ucx::NumberKind::Business,
            NumberKind::Mobile => ucx::NumberKind::Mobile,
            _ => ucx::NumberKind::Private,
        },
        number: number.number.as_str().to_owned(),
    }
}

fn read_number(number: Number) -> Option<TypedNumber> {
    Some(TypedNumber {
        kind: read_kind(number.kind),
        number: PhoneNumber::new(number.number).ok()?,
    })
}
