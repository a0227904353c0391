//! Directory entries: `uc_protocol`'s resource and `uc_model`'s value.

use uc_model::{
    Contact, ContactDraft, ContactId, ContactOrigin, Directory, KnownContact, NumberKind,
    PhoneNumber, Redacted, Rev, TypedNumber, UserId,
};
use uc_protocol::ucx as wire;

use super::Unreadable;
use crate::port::{Outcome, ServerChange};

/// The answer to a search.
pub(super) fn read_results(results: wire::SearchResults) -> Result<Outcome, Unreadable> {
    let contacts = results
        .contacts
        .into_iter()
        .map(read)
        .collect::<Result<_, _>>()?;
    Ok(Outcome::Found {
        contacts,
        more: results.more,
    })
}

/// One entry. Numbers are typed by people: one that can't be dialled ("ask reception") is left
/// out, the entry stays. Anything else that doesn't fit is the server's fault.
pub(super) fn read(resource: wire::ContactResource) -> Result<Contact, Unreadable> {
    Ok(Contact {
        id: ContactId::new(resource.id)?,
        directory: read_directory(resource.directory)?,
        first_name: resource.first_name.into(),
        last_name: resource.last_name.into(),
        numbers: resource
            .numbers
            .into_iter()
            .filter_map(read_number)
            .collect(),
        email: resource.email.map(Redacted::new),
        user: resource.user.map(UserId::new).transpose()?,
    })
}

/// A contact that the client keeps.
pub(super) fn read_known(known: wire::KnownContact) -> Result<KnownContact, Unreadable> {
    Ok(KnownContact {
        rev: Rev(known.rev),
        contact: read(known.contact)?,
        origin: known.origin.map(|origin| match origin {
            wire::ContactOrigin::Manual => ContactOrigin::Manual,
            wire::ContactOrigin::Imported => ContactOrigin::Imported,
        }),
    })
}

/// All personal contacts, as changes.
pub(super) fn read_list(list: wire::ContactList) -> Result<Vec<ServerChange>, Unreadable> {
    let contacts = list.contacts.into_iter();
    contacts
        .map(|known| Ok(ServerChange::Contact(Box::new(read_known(known)?))))
        .collect()
}

/// A personal contact as the user wants it.
pub(super) fn write_draft(draft: &ContactDraft) -> wire::ContactDraft {
    wire::ContactDraft {
        first_name: draft.first_name.expose().clone(),
        last_name: draft.last_name.expose().clone(),
        numbers: draft.numbers.iter().filter_map(write_number).collect(),
        email: draft.email.as_ref().map(|email| email.expose().clone()),
    }
}

/// The name of a directory in a query.
pub(super) const fn write_directory(directory: Directory) -> Option<wire::Directory> {
    Some(match directory {
        Directory::Personal => wire::Directory::Personal,
        Directory::Internal => wire::Directory::Internal,
        Directory::System => wire::Directory::System,
        Directory::General => wire::Directory::General,
        Directory::External => wire::Directory::External,
        _ => return None,
    })
}

fn write_number(number: &TypedNumber) -> Option<wire::Number> {
    let kind = match number.kind {
        NumberKind::Internal => wire::NumberKind::Internal,
        NumberKind::Business => wire::NumberKind::Business,
        NumberKind::Private => wire::NumberKind::Private,
        NumberKind::Mobile => wire::NumberKind::Mobile,
        _ => return None,
    };
    let number = number.number.as_str().to_owned();
    Some(wire::Number { kind, number })
}

fn read_number(number: wire::Number) -> Option<TypedNumber> {
    Some(TypedNumber {
        kind: read_kind(number.kind)?,
        number: PhoneNumber::new(number.number).ok()?,
    })
}

fn read_kind(kind: wire::NumberKind) -> Option<NumberKind> {
    Some(match kind {
        wire::NumberKind::Internal => NumberKind::Internal,
        wire::NumberKind::Business => NumberKind::Business,
        wire::NumberKind::Private => NumberKind::Private,
        wire::NumberKind::Mobile => NumberKind::Mobile,
        _ => return None,
    })
}

fn read_directory(directory: wire::Directory) -> Result<Directory, Unreadable> {
    Ok(match directory {
        wire::Directory::Personal => Directory::Personal,
        wire::Directory::Internal => Directory::Internal,
        wire::Directory::System => Directory::System,
        wire::Directory::General => Directory::General,
        wire::Directory::External => Directory::External,
        _ => return Err(Unreadable),
    })
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*, sample::select};

    use super::*;
    use crate::ucx::sample;

    const DIRECTORIES: [(Directory, wire::Directory); 5] = [
        (Directory::Personal, wire::Directory::Personal),
        (Directory::Internal, wire::Directory::Internal),
        (Directory::System, wire::Directory::System),
        (Directory::General, wire::Directory::General),
        (Directory::External, wire::Directory::External),
    ];

    const KINDS: [(NumberKind, wire::NumberKind); 4] = [
        (NumberKind::Internal, wire::NumberKind::Internal),
        (NumberKind::Business, wire::NumberKind::Business),
        (NumberKind::Private, wire::NumberKind::Private),
        (NumberKind::Mobile, wire::NumberKind::Mobile),
    ];

    prop_compose! {
        fn numbers()(kind in select(KINDS.to_vec()), number in sample::number()) -> TypedNumber {
            TypedNumber { kind: kind.0, number: PhoneNumber::new(number).unwrap() }
        }
    }

    prop_compose! {
        fn contacts()(
            id in sample::id(),
            directory in select(DIRECTORIES.to_vec()),
            first in ".{0,20}",
            last in ".{0,20}",
            numbers in vec(numbers(), 0..5),
            email in option::of(".{0,20}"),
            user in option::of(sample::id()),
        ) -> Contact {
            Contact {
                id: ContactId::new(id).unwrap(),
                directory: directory.0,
                first_name: first.into(),
                last_name: last.into(),
                numbers,
                email: email.map(Redacted::new),
                user: user.map(|user| UserId::new(user).unwrap()),
            }
        }
    }

    fn write(contact: &Contact) -> wire::ContactResource {
        wire::ContactResource {
            id: contact.id.to_string(),
            directory: write_directory(contact.directory).unwrap(),
            first_name: contact.first_name.expose().clone(),
            last_name: contact.last_name.expose().clone(),
            numbers: contact.numbers.iter().filter_map(write_number).collect(),
            email: contact.email.as_ref().map(|email| email.expose().clone()),
            user: contact.user.as_ref().map(UserId::to_string),
        }
    }

    proptest! {
        #[test]
        fn search_results_survive_the_wire(contacts in vec(contacts(), 0..5), more: bool) {
            let wire = wire::SearchResults { contacts: contacts.iter().map(write).collect(), more };
            let read = read_results(sample::through_json(wire)).unwrap();
            prop_assert_eq!(read, Outcome::Found { contacts, more });
        }
    }

    proptest! {
        #[test]
        fn a_kept_contact_and_a_draft_survive_the_wire(
            contact in contacts(),
            rev: u64,
            origin in option::of(select(vec![ContactOrigin::Manual, ContactOrigin::Imported])),
        ) {
            let known = wire::KnownContact {
                rev,
                contact: write(&contact),
                origin: origin.map(|origin| match origin {
                    ContactOrigin::Manual => wire::ContactOrigin::Manual,
                    ContactOrigin::Imported => wire::ContactOrigin::Imported,
                }),
            };
            let read = read_known(sample::through_json(known)).unwrap();
            let draft = ContactDraft::from(contact.clone());
            prop_assert_eq!(read, KnownContact { rev: Rev(rev), contact, origin });
            let sent = sample::through_json(write_draft(&draft));
            prop_assert_eq!(sent.last_name.as_str(), draft.last_name.expose());
            prop_assert_eq!(sent.numbers.len(), draft.numbers.len());
        }
    }

    fn anna() -> wire::ContactResource {
        wire::ContactResource {
            id: "c1".into(),
            directory: wire::Directory::Internal,
            first_name: "Anna".into(),
            last_name: String::new(),
            numbers: Vec::new(),
            email: None,
            user: None,
        }
    }

    #[test]
    fn a_number_that_cannot_be_dialled_is_left_out_and_the_entry_stays() {
        let kind = wire::NumberKind::Business;
        let numbers = ["ask reception", "+49 89 1234"].map(|number| wire::Number {
            kind,
            number: number.into(),
        });
        let contact = read(wire::ContactResource {
            numbers: numbers.into(),
            ..anna()
        })
        .unwrap();
        let left: Vec<_> = contact.numbers.iter().map(|n| n.number.as_str()).collect();
        assert_eq!(left, ["+49 89 1234"]);
    }

    #[test]
    fn impossible_identities_are_unreadable() {
        let no_id = wire::ContactResource {
            id: String::new(),
            ..anna()
        };
        assert_eq!(read(no_id), Err(Unreadable));
        let bad_user = wire::ContactResource {
            user: Some("../x".into()),
            ..anna()
        };
        assert_eq!(read(bad_user), Err(Unreadable));
    }
}
