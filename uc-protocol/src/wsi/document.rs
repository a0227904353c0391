//! Answers that hold data. Their shapes are inferred: see [`Names`].

use std::fmt;

use super::{Name, Names, WsiError, answer::Document, presence::Presence};
use crate::{
    limits::{MAX_CONTACT_NUMBERS, MAX_CONTACTS, MAX_ID_BYTES, MAX_NUMBER_BYTES, MAX_TEXT_BYTES},
    ucx::ConnectionState,
    xml::Element,
};

/// The answer to `GetDeviceState`: the calls at a device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceState {
    /// The calls.
    pub calls: Vec<DeviceCall>,
}

/// A call at a device. `Debug` shows no numbers.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceCall {
    /// The call.
    pub call: String,
    /// Who calls.
    pub calling: String,
    /// Who is called.
    pub called: String,
    /// The device's own connection.
    pub local: ConnectionState,
    /// The other side's connection.
    pub far: ConnectionState,
}

impl fmt::Debug for DeviceCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCall")
            .field("call", &self.call)
            .field("local", &self.local)
            .field("far", &self.far)
            .finish_non_exhaustive()
    }
}

impl DeviceCall {
    fn read(element: &Element, names: &Names) -> Option<Self> {
        let text = |name, limit| bounded(element.text_of(names.of(name)), limit);
        let state = |name| names.find(element.text_of(names.of(name))?, STATES);
        Some(Self {
            call: text(Name::CallId, MAX_ID_BYTES)?,
            calling: text(Name::CallingDevice, MAX_NUMBER_BYTES)?,
            called: text(Name::CalledDevice, MAX_NUMBER_BYTES)?,
            local: state(Name::LocalState)?,
            far: state(Name::FarState)?,
        })
    }

    fn write(&self, names: &Names) -> Element {
        let state = |state| names.text(&state, STATES);
        Element::new(names.of(Name::StateCall))
            .with_text(names.of(Name::CallId), &self.call)
            .with_text(names.of(Name::CallingDevice), &self.calling)
            .with_text(names.of(Name::CalledDevice), &self.called)
            .with_text(names.of(Name::LocalState), state(self.local))
            .with_text(names.of(Name::FarState), state(self.far))
    }
}

impl Document for DeviceState {
    fn read(_: &str, root: &Element, names: &Names) -> Result<Self, WsiError> {
        let call = |element| DeviceCall::read(element, names).ok_or(WsiError::Shape("a call"));
        let calls = root.all(names.of(Name::StateCall)).map(call);
        Ok(Self {
            calls: calls.collect::<Result<_, _>>()?,
        })
    }

    fn write(&self, command: &str, names: &Names) -> Element {
        let calls = self.calls.iter().map(|call| call.write(names));
        calls.fold(Element::new(command), Element::with)
    }
}

/// The answer to `GetPresenceXML`: everybody's presence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presences {
    /// One for each person.
    pub people: Vec<PersonPresence>,
}

/// One person's presence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonPresence {
    /// Whose.
    pub user: String,
    /// The state.
    pub presence: Presence,
}

impl Document for Presences {
    fn read(_: &str, root: &Element, names: &Names) -> Result<Self, WsiError> {
        let person = |element: &Element| {
            let state = element.text_of(names.of(Name::PresencePersonState))?;
            Some(PersonPresence {
                user: bounded(
                    element.text_of(names.of(Name::PresencePersonId)),
                    MAX_ID_BYTES,
                )?,
                presence: Presence::from_digits(state)?,
            })
        };
        let people = root
            .all(names.of(Name::PresencePerson))
            .map(|element| person(element).ok_or(WsiError::Shape("a presence")));
        Ok(Self {
            people: people.collect::<Result<_, _>>()?,
        })
    }

    fn write(&self, command: &str, names: &Names) -> Element {
        let person = |person: &PersonPresence| {
            let state = person.presence.number().to_string();
            Element::new(names.of(Name::PresencePerson))
                .with_text(names.of(Name::PresencePersonId), &person.user)
                .with_text(names.of(Name::PresencePersonState), &state)
        };
        let people = self.people.iter().map(person);
        people.fold(Element::new(command), Element::with)
    }
}

/// The answer to `PhBookSearch`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PhoneBook {
    /// Best first; at most [`MAX_CONTACTS`].
    pub entries: Vec<BookEntry>,
    /// Whether there are more.
    pub more: bool,
}

/// An entry of the telephone book. `Debug` shows nothing of the person.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct BookEntry {
    /// Its identity.
    pub id: String,
    /// First name; may be empty.
    pub first_name: String,
    /// Last name; may be empty.
    pub last_name: String,
    /// E-mail address; may be empty.
    pub email: String,
    /// Numbers; at most [`MAX_CONTACT_NUMBERS`].
    pub numbers: Vec<BookNumber>,
}

/// A number of an entry, as a person has typed it.
#[derive(Clone, PartialEq, Eq)]
pub struct BookNumber {
    /// Where it rings.
    pub kind: BookNumberKind,
    /// The number.
    pub number: String,
}

/// Where a number rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookNumberKind {
    /// At the desk: an internal number.
    Extension,
    /// At work, from outside.
    Business,
    /// In a pocket.
    Mobile,
    /// At home.
    Private,
}

impl fmt::Debug for BookNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BookNumber({:?})", self.kind)
    }
}

impl fmt::Debug for BookEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BookEntry")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl BookEntry {
    fn read(element: &Element, names: &Names) -> Option<Self> {
        let text = |name| {
            let text = element.text_of(names.of(name)).unwrap_or_default();
            (text.len() <= MAX_TEXT_BYTES).then(|| text.to_owned())
        };
        let mut numbers = Vec::new();
        for child in &element.children {
            if let Some(kind) = names.find(&child.name, KINDS) {
                let number = bounded(Some(&child.text), MAX_NUMBER_BYTES)?;
                numbers.push(BookNumber { kind, number });
            }
        }
        (numbers.len() <= MAX_CONTACT_NUMBERS).then_some(())?;
        Some(Self {
            id: bounded(element.text_of(names.of(Name::BookId)), MAX_ID_BYTES)?,
            first_name: text(Name::BookFirstName)?,
            last_name: text(Name::BookLastName)?,
            email: text(Name::BookEmail)?,
            numbers,
        })
    }

    fn write(&self, names: &Names) -> Element {
        let texts = [
            (Name::BookId, &self.id),
            (Name::BookFirstName, &self.first_name),
            (Name::BookLastName, &self.last_name),
            (Name::BookEmail, &self.email),
        ];
        let entry = Element::new(names.of(Name::BookEntry));
        let entry = texts
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .fold(entry, |entry, (name, text)| {
                entry.with_text(names.of(name), text)
            });
        self.numbers.iter().fold(entry, |entry, number| {
            entry.with_text(names.text(&number.kind, KINDS), &number.number)
        })
    }
}

impl Document for PhoneBook {
    fn read(_: &str, root: &Element, names: &Names) -> Result<Self, WsiError> {
        let entries: Vec<_> = root
            .all(names.of(Name::BookEntry))
            .map(|element| BookEntry::read(element, names).ok_or(WsiError::Shape("an entry")))
            .collect::<Result<_, _>>()?;
        if entries.len() > MAX_CONTACTS {
            return Err(WsiError::Shape("no more entries than were asked for"));
        }
        Ok(Self {
            entries,
            more: root.child(names.of(Name::BookMore)).is_some(),
        })
    }

    fn write(&self, command: &str, names: &Names) -> Element {
        let entries = self.entries.iter().map(|entry| entry.write(names));
        let more = self.more.then(|| Element::new(names.of(Name::BookMore)));
        entries
            .chain(more)
            .fold(Element::new(command), Element::with)
    }
}

/// A text that must be there, within its limit.
fn bounded(text: Option<&str>, limit: usize) -> Option<String> {
    let fits = |text: &&str| (1..=limit).contains(&text.len());
    text.filter(fits).map(str::to_owned)
}

const STATES: &[(Name, ConnectionState)] = &[
    (Name::Null, ConnectionState::Null),
    (Name::Initiated, ConnectionState::Initiated),
    (Name::Alerting, ConnectionState::Alerting),
    (Name::Connected, ConnectionState::Connected),
    (Name::Hold, ConnectionState::Hold),
    (Name::Queued, ConnectionState::Queued),
    (Name::Fail, ConnectionState::Fail),
];

const KINDS: &[(Name, BookNumberKind)] = &[
    (Name::BookExtension, BookNumberKind::Extension),
    (Name::BookBusiness, BookNumberKind::Business),
    (Name::BookMobile, BookNumberKind::Mobile),
    (Name::BookPrivate, BookNumberKind::Private),
];
