//! Who answers, who signed in, what the connection can do, and the whole state.

use uc_model::{
    AssignedPhone, Capability, CapabilitySet, Configuration, ContactId, ConversationGrouping,
    ConversationId, Extension, Licence, Mode, Redacted, Rev, UserId,
};
use uc_protocol::ucx as wire;

use super::{Unreadable, account, call, contact, conversation, favourites, keys, presence};
use crate::port::{BackendEvent, Cursor, ServerChange, SignedIn, StateSnapshot};

/// The version of UCX that is spoken here.
pub(super) const UCX_VERSION: u32 = 1;

/// What a sign-in gives: the server's hello and its answer to the credentials.
pub(super) fn read(hello: wire::Hello, session: wire::Session) -> Result<SignedIn, Unreadable> {
    let phones = session.assigned_phones.into_iter().map(|phone| {
        Ok::<_, Unreadable>(AssignedPhone {
            number: Extension::new(phone.number)?,
            kind: keys::read_kind(phone.kind),
        })
    });
    let me = session.me;
    let missing = session.missing_licences.into_iter();
    let missing: Vec<_> = missing.filter_map(read_licence).collect();
    Ok(SignedIn {
        user: UserId::new(me.user)?,
        extension: Some(Extension::new(me.extension)?),
        name: Redacted::new(me.name),
        server: format!("{} {}", hello.server, hello.version),
        mode: Some(read_mode(hello.mode)),
        dial_plan: hello.location.as_ref().and_then(account::read_location),
        capabilities: capabilities(hello.mode, &hello.configuration, &missing),
        grouping: match hello.configuration.conversations_by_number {
            true => ConversationGrouping::ByNumber,
            false => ConversationGrouping::ByFormat,
        },
        must_change_password: session.must_change_password,
        missing_licences: missing,
        phone: session.phone.and_then(keys::read_kind),
        assigned_phones: Some(phones.collect::<Result<_, _>>()?),
    })
}

/// What this backend can do for a user with a server of this mode and configuration: what the
/// server offers, as far as version 1 of UCX has requests for it.
pub(super) fn capabilities(
    mode: wire::Mode,
    on: &wire::Configuration,
    missing: &[Licence],
) -> CapabilitySet {
    let on = read_configuration(on);
    CapabilitySet::licensed(read_mode(mode), &on, missing).intersection(spoken())
}

/// A licence by its name; `None` for one that is not known here.
pub(super) const fn read_licence(licence: wire::Licence) -> Option<Licence> {
    match licence {
        wire::Licence::User => Some(Licence::User),
        wire::Licence::Voip => Some(Licence::Voip),
        wire::Licence::Conference => Some(Licence::Conference),
        wire::Licence::Voicemail => Some(Licence::Voicemail),
        _ => None,
    }
}

const fn read_configuration(on: &wire::Configuration) -> Configuration {
    let wire::Configuration {
        chat,
        voip,
        conferences,
        desk_phones,
        mobility,
        mulap,
        web_collaboration,
        key_programming,
        conversations_by_number: _,
    } = *on;
    Configuration {
        chat,
        voip,
        conferences,
        desk_phones,
        mobility,
        mulap,
        web_collaboration,
        key_programming,
    }
}

/// What version 1 of UCX has requests for: the one place where that is said.
fn spoken() -> CapabilitySet {
    [
        Capability::Presence,
        Capability::DirectorySearch,
        Capability::Conversations,
        Capability::VoipCalls,
        Capability::DeskPhoneControl,
        Capability::Hold,
        Capability::Deflect,
        Capability::Consult,
        Capability::Transfer,
        Capability::PhoneConferences,
        Capability::Pickup,
        Capability::Dtmf,
        Capability::CallMe,
        Capability::Forwarding,
        Capability::DialMethods,
        Capability::AssignedPhone,
        Capability::KeyProgramming,
        Capability::PresenceVisibility,
        Capability::Profile,
        Capability::Photo,
        Capability::ServerSettings,
        Capability::PasswordChange,
        Capability::OldPassword,
        Capability::Redial,
        Capability::EditContacts,
        Capability::ExternalDirectory,
        Capability::Favourites,
        Capability::DeleteFavouriteGroups,
        Capability::DefaultNumbers,
        Capability::Chat,
    ]
    .into_iter()
    .collect()
}

/// The whole state.
pub(super) fn read_snapshot(snapshot: wire::Snapshot) -> Result<StateSnapshot, Unreadable> {
    let wire::Snapshot {
        as_of,
        me: _,
        account,
        presences,
        calls,
        conversations,
        contacts,
        favourites,
    } = snapshot;
    Ok(StateSnapshot {
        rev: Rev(as_of.number),
        as_of: Cursor(as_of.to_string()),
        account: account::read(account)?,
        presences: presences
            .into_iter()
            .map(presence::read)
            .collect::<Result<_, _>>()?,
        calls: calls
            .into_iter()
            .map(call::read)
            .collect::<Result<_, _>>()?,
        conversations: conversations
            .into_iter()
            .map(conversation::read)
            .collect::<Result<_, _>>()?,
        contacts: contacts
            .into_iter()
            .map(contact::read_known)
            .collect::<Result<_, _>>()?,
        favourites: favourites::read(favourites),
    })
}

/// An event of the stream: where it stands and what it says. An event of a kind that this version
/// doesn't know gives `None`: its place is passed over.
pub(super) fn read_event(
    id: &wire::EventId,
    event: wire::Event,
) -> Result<Option<BackendEvent>, Unreadable> {
    let cursor = Cursor(id.to_string());
    Ok(match event {
        wire::Event::Reset => Some(BackendEvent::Reset {
            cursor: Some(cursor),
        }),
        wire::Event::SessionEnded => Some(BackendEvent::SessionEnded),
        event => read_change(event)?.map(|change| BackendEvent::Change { cursor, change }),
    })
}

/// What an edit has changed.
pub(super) fn read_changes(changes: wire::Changes) -> Result<Vec<ServerChange>, Unreadable> {
    let changes = changes.changes.into_iter();
    changes
        .filter_map(|event| read_change(event).transpose())
        .collect()
}

/// What an event changes; nothing where this version doesn't know its kind.
fn read_change(event: wire::Event) -> Result<Option<ServerChange>, Unreadable> {
    Ok(Some(match event {
        wire::Event::Presence(resource) => ServerChange::Presence(presence::read(resource)?),
        wire::Event::Account(resource) => ServerChange::Account(Box::new(account::read(resource)?)),
        wire::Event::Call(resource) => ServerChange::Call(Box::new(call::read(resource)?)),
        wire::Event::Conversation(resource) => {
            ServerChange::Conversation(Box::new(conversation::read(resource)?))
        }
        wire::Event::ConversationDeleted { id, rev } => ServerChange::ConversationDeleted {
            id: ConversationId::new(id)?,
            rev: Rev(rev),
        },
        wire::Event::Contact(known) => ServerChange::Contact(Box::new(contact::read_known(known)?)),
        wire::Event::ContactDeleted { id, rev } => ServerChange::ContactDeleted {
            id: ContactId::new(id)?,
            rev: Rev(rev),
        },
        wire::Event::Favourites(resource) => {
            let (rev, favourites) = favourites::read(resource);
            ServerChange::Favourites { rev, favourites }
        }
        _ => return Ok(None),
    }))
}

const fn read_mode(mode: wire::Mode) -> Mode {
    match mode {
        wire::Mode::Smart => Mode::Smart,
        wire::Mode::Suite => Mode::Suite,
    }
}

#[cfg(test)]
mod tests;
