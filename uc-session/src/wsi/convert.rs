//! Presence and directory entries: `uc_protocol`'s values of WSI and `uc_model`'s.

use uc_model::{
    Contact, ContactId, Directory, NumberKind, PhoneNumber, Presence, PresenceState, Redacted, Rev,
    TypedNumber, UserId,
};
use uc_protocol::wsi::{self, BookEntry, BookNumber, BookNumberKind, PersonPresence, PhoneBook};

use crate::port::{BackendError, Outcome, PresenceUpdate};

/// Somebody's presence as of `rev`.
pub(super) fn read_presence(
    person: &PersonPresence,
    rev: Rev,
) -> Result<PresenceUpdate, BackendError> {
    Ok(PresenceUpdate {
        user: UserId::new(&person.user).map_err(|_| BackendError::Malformed)?,
        rev,
        presence: Presence::of(read_state(person.presence)),
        line: None,
    })
}

/// What the user sets. Return times and notes can't be expressed.
pub(super) fn write_presence(presence: &Presence) -> Result<wsi::Presence, BackendError> {
    if presence.until.is_some() || presence.note.is_some() {
        return Err(BackendError::Unsupported);
    }
    let mut known = wsi::Presence::ALL.into_iter();
    let known = known.find(|known| read_state(*known) == presence.state);
    known.ok_or(BackendError::Unsupported)
}

const fn read_state(presence: wsi::Presence) -> PresenceState {
    match presence {
        wsi::Presence::Office => PresenceState::Office,
        wsi::Presence::Meeting => PresenceState::Meeting,
        wsi::Presence::Sick => PresenceState::Sick,
        wsi::Presence::Break => PresenceState::Break,
        wsi::Presence::GoneOut => PresenceState::OutOfOffice,
        wsi::Presence::Holiday => PresenceState::Holiday,
        wsi::Presence::Lunch => PresenceState::Lunch,
        wsi::Presence::Home => PresenceState::Home,
        wsi::Presence::DoNotDisturb => PresenceState::DoNotDisturb,
    }
}

/// The answer to a search.
pub(super) fn read_book(book: PhoneBook) -> Result<Outcome, BackendError> {
    let contacts = book.entries.into_iter().map(read_entry);
    Ok(Outcome::Found {
        contacts: contacts.collect::<Result<_, _>>()?,
        more: book.more,
    })
}

/// One entry. Whoever has an internal number is a user of the system. A number that can't be
/// dialled is left out, the entry stays.
fn read_entry(entry: BookEntry) -> Result<Contact, BackendError> {
    let extension = |number: &&BookNumber| number.kind == BookNumberKind::Extension;
    let extension = entry.numbers.iter().find(extension);
    let user = extension.and_then(|number| UserId::new(&number.number).ok());
    Ok(Contact {
        id: ContactId::new(&entry.id).map_err(|_| BackendError::Malformed)?,
        directory: match user {
            Some(_) => Directory::Internal,
            None => Directory::System,
        },
        first_name: entry.first_name.into(),
        last_name: entry.last_name.into(),
        numbers: entry.numbers.iter().filter_map(read_number).collect(),
        email: Some(entry.email)
            .filter(|email| !email.is_empty())
            .map(Redacted::new),
        user,
    })
}

fn read_number(number: &BookNumber) -> Option<TypedNumber> {
    Some(TypedNumber {
        kind: match number.kind {
            BookNumberKind::Extension => NumberKind::Internal,
            BookNumberKind::Business => NumberKind::Business,
            BookNumberKind::Mobile => NumberKind::Mobile,
            BookNumberKind::Private => NumberKind::Private,
        },
        number: PhoneNumber::new(&number.number).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use uc_model::Timestamp;

    use super::*;

    #[test]
    fn the_nine_states_go_there_and_back() {
        for state in wsi::Presence::ALL {
            let person = PersonPresence {
                user: "330".into(),
                presence: state,
            };
            let read = read_presence(&person, Rev(3)).unwrap();
            assert_eq!((read.user.as_str(), read.rev), ("330", Rev(3)));
            assert_eq!(write_presence(&read.presence), Ok(state));
        }
    }

    #[test]
    fn what_wsi_has_no_word_for_is_unsupported() {
        let lunch = Presence::of(PresenceState::Lunch);
        let until = Presence {
            until: Some(Timestamp(1)),
            ..lunch.clone()
        };
        let note = Presence {
            note: Some(Redacted::new("x".to_owned())),
            ..lunch
        };
        for presence in [until, note, Presence::of(PresenceState::Invisible)] {
            assert_eq!(write_presence(&presence), Err(BackendError::Unsupported));
        }
    }

    fn entry(numbers: &[(BookNumberKind, &str)]) -> Contact {
        let number = |(kind, number): &(BookNumberKind, &str)| BookNumber {
            kind: *kind,
            number: (*number).to_owned(),
        };
        let entry = BookEntry {
            id: "7".into(),
            first_name: "Jörg".into(),
            last_name: String::new(),
            email: String::new(),
            numbers: numbers.iter().map(number).collect(),
        };
        read_entry(entry).unwrap()
    }

    #[test]
    fn an_internal_number_makes_a_user() {
        let colleague = entry(&[
            (BookNumberKind::Mobile, "+49 171 1"),
            (BookNumberKind::Extension, "337"),
        ]);
        assert_eq!(colleague.user, UserId::new("337").ok());
        assert_eq!(colleague.directory, Directory::Internal);
        assert_eq!(colleague.email, None);
        let outside = entry(&[(BookNumberKind::Private, "ask her")]);
        assert_eq!((outside.user, outside.numbers.len()), (None, 0));
        assert_eq!(outside.directory, Directory::System);
    }

    #[test]
    fn an_impossible_identity_is_unreadable() {
        let nobody = PersonPresence {
            user: "a b".into(),
            presence: wsi::Presence::Home,
        };
        assert_eq!(read_presence(&nobody, Rev(1)), Err(BackendError::Malformed));
        let nothing = BookEntry::default();
        assert_eq!(read_entry(nothing), Err(BackendError::Malformed));
    }
}
