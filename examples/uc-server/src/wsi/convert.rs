//! The exchange's values in the words of WSI.

use uc_protocol::{
    ucx::{
        CallResource, Cause, ContactResource, Direction, Hello, Mode, NumberKind, PresenceResource,
        PresenceState, SearchResults,
    },
    wsi::{
        BookEntry, BookNumber, BookNumberKind, CallFailure, DeviceCall, Names, PersonPresence,
        PhoneBook, Presence, Refusal, Version,
    },
};

use crate::exchange;

/// What `Login` tells of the system.
pub(super) fn version(hello: &Hello) -> Version {
    let application = match hello.mode {
        Mode::Smart => "UCSMART",
        Mode::Suite => "UCSUITE",
    };
    Version {
        version: hello.version.clone(),
        branding: "1".to_owned(),
        variant: "demo".to_owned(),
        application: application.to_owned(),
        platform: hello.server.clone(),
    }
}

/// A refusal. What a person should read goes along; a call's failure is a code.
pub(super) fn refusal(refusal: exchange::Refusal) -> Refusal {
    use exchange::Refusal as Why;
    let code = |failure| Refusal::of_call(failure, &Names::default());
    match refusal {
        Why::NotSignedIn => Refusal::NotLoggedIn,
        Why::NotFound => code(CallFailure::NoSuchCall),
        Why::WrongState
        | Why::ConferenceFull
        | Why::CarriedElsewhere
        | Why::ControlsAnother
        | Why::AtDesk => code(CallFailure::WrongState),
        Why::AssignedPhone(_) => Refusal::NotMonitored,
        Why::CallFailed(Cause::NoSuchNumber) => code(CallFailure::NoSuchNumber),
        Why::CallFailed(Cause::Busy) => code(CallFailure::Busy),
        Why::CallFailed(_) => code(CallFailure::Unreachable),
        Why::BadCredentials
        | Why::OldPassword
        | Why::PasswordChangeRequired
        | Why::NoLicence(_)
        | Why::Presence(_)
        | Why::Password(_)
        | Why::Profile(_)
        | Why::Settings(_)
        | Why::Photo(_)
        | Why::Unsupported
        | Why::AccountLocked
        | Why::Glare
        | Why::Value(_)
        | Why::Description(_)
        | Why::TooManyCandidates
        | Why::CallMe(_)
        | Why::Forwarding(_)
        | Why::Key(_)
        | Why::Contact(_)
        | Why::Import(_)
        | Why::Favourite(_)
        | Why::Message(_)
        | Why::NoChat
        | Why::NoReceiver
        | Why::Undeliverable
        | Why::AnsweredAtPhone
        | Why::NoDeskPhones => Refusal::Other(refusal.to_string()),
    }
}

/// Who calls and who is called, as seen from `device`.
pub(super) fn parties(call: &CallResource, device: &str) -> (String, String) {
    let (own, other) = (device.to_owned(), call.party.number.clone());
    match call.direction {
        Direction::Incoming => (other, own),
        Direction::Outgoing => (own, other),
    }
}

/// A call at the device.
pub(super) fn call(call: CallResource, device: &str) -> DeviceCall {
    let (calling, called) = parties(&call, device);
    DeviceCall {
        call: call.id,
        calling,
        called,
        local: call.local,
        far: call.remote,
    }
}

/// Somebody's presence; nothing for a state that WSI has no number for.
pub(super) fn person(presence: &PresenceResource) -> Option<PersonPresence> {
    let known = Presence::ALL.into_iter();
    let mut known = known.filter(|known| state(*known) == presence.state);
    Some(PersonPresence {
        user: presence.user.clone(),
        presence: known.next()?,
    })
}

/// A state by its number.
pub(super) const fn state(presence: Presence) -> PresenceState {
    match presence {
        Presence::Office => PresenceState::Office,
        Presence::Meeting => PresenceState::Meeting,
        Presence::Sick => PresenceState::Sick,
        Presence::Break => PresenceState::Break,
        Presence::GoneOut => PresenceState::OutOfOffice,
        Presence::Holiday => PresenceState::Holiday,
        Presence::Lunch => PresenceState::Lunch,
        Presence::Home => PresenceState::Home,
        Presence::DoNotDisturb => PresenceState::DoNotDisturb,
    }
}

/// The matches of a search.
pub(super) fn book(found: SearchResults) -> PhoneBook {
    PhoneBook {
        entries: found.contacts.into_iter().map(entry).collect(),
        more: found.more,
    }
}

fn entry(contact: ContactResource) -> BookEntry {
    let numbers = contact.numbers.into_iter().filter_map(|number| {
        Some(BookNumber {
            kind: match number.kind {
                NumberKind::Internal => BookNumberKind::Extension,
                NumberKind::Business => BookNumberKind::Business,
                NumberKind::Mobile => BookNumberKind::Mobile,
                NumberKind::Private => BookNumberKind::Private,
                _ => return None,
            },
            number: number.number,
        })
    });
    BookEntry {
        id: contact.id,
        first_name: contact.first_name,
        last_name: contact.last_name,
        email: contact.email.unwrap_or_default(),
        numbers: numbers.collect(),
    }
}
