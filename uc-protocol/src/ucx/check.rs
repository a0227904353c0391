//! The limits of each resource's fields, in the order of the table in the module's front page.

use super::{
    CallResource, Candidates, Changes, Clear, ContactDraft, ContactList, ContactResource,
    ConversationEntry, ConversationList, ConversationResource, Deflect, Describe, Description,
    DirectedPickup, Event, FavouriteChange, FavouritesResource, FieldError, HeldCall, Hello,
    ImportReport, KnownContact, Location, MakeCall, Me, NewDestination, Party, PresenceResource,
    PresenceUpdate, Problem, Resource, SearchResults, SendMessage, Session, SignIn, Snapshot,
};
use crate::limits::{
    MAX_ASSIGNED_PHONES, MAX_CANDIDATE_BYTES, MAX_CANDIDATES, MAX_CHANGES, MAX_CONTACT_NUMBERS,
    MAX_CONTACTS, MAX_CONVERSATION_ENTRIES, MAX_CONVERSATIONS, MAX_EMERGENCY_NUMBERS,
    MAX_FAVOURITES, MAX_GROUPS, MAX_ID_BYTES, MAX_KNOWN_CONTACTS, MAX_LICENCES, MAX_MEMBERS,
    MAX_MESSAGE_BYTES, MAX_NUMBER_BYTES, MAX_REPORT_LINES, MAX_SDP_BYTES, MAX_STATE_BYTES,
    MAX_TEXT_BYTES, MAX_USERS,
};

mod me;

type Checked = Result<(), FieldError>;

fn at_most(field: &'static str, found: usize, limit: usize) -> Checked {
    if found > limit {
        return Err(FieldError {
            field,
            found,
            limit,
        });
    }
    Ok(())
}

fn id(field: &'static str, value: &str) -> Checked {
    at_most(field, value.len(), MAX_ID_BYTES)
}

fn text(field: &'static str, value: &str) -> Checked {
    at_most(field, value.len(), MAX_TEXT_BYTES)
}

fn number(value: &str) -> Checked {
    at_most("number", value.len(), MAX_NUMBER_BYTES)
}

fn maybe<T: ?Sized>(value: Option<&T>, check: impl FnOnce(&T) -> Checked) -> Checked {
    value.map_or(Ok(()), check)
}

impl Resource for Hello {
    fn check(&self) -> Checked {
        text("server", &self.server)?;
        text("version", &self.version)?;
        maybe(self.location.as_ref(), Resource::check)
    }
}

impl Resource for Location {
    fn check(&self) -> Checked {
        maybe(self.area_code.as_deref(), number)?;
        maybe(self.system_number.as_deref(), number)?;
        maybe(self.trunk_code.as_deref(), number)?;
        maybe(self.emergency.as_ref(), |numbers| {
            at_most("emergency", numbers.len(), MAX_EMERGENCY_NUMBERS)?;
            numbers.iter().try_for_each(|n| number(n))
        })
    }
}

impl Resource for SignIn {
    fn check(&self) -> Checked {
        id("user", &self.user)?;
        text("password", &self.password.0)?;
        text("client", &self.client)
    }
}

impl Resource for Session {
    fn check(&self) -> Checked {
        text("session", &self.session.0)?;
        at_most("licences", self.missing_licences.len(), MAX_LICENCES)?;
        at_most(
            "assigned_phones",
            self.assigned_phones.len(),
            MAX_ASSIGNED_PHONES,
        )?;
        let mut phones = self.assigned_phones.iter();
        phones.try_for_each(|phone| number(&phone.number))?;
        self.me.check()
    }
}

impl Resource for Me {
    fn check(&self) -> Checked {
        id("user", &self.user)?;
        number(&self.extension)?;
        text("name", &self.name)
    }
}

impl Resource for Snapshot {
    const MAX_BYTES: usize = MAX_STATE_BYTES;

    fn check(&self) -> Checked {
        self.me.check()?;
        self.account.check()?;
        at_most("presences", self.presences.len(), MAX_USERS)?;
        self.presences.iter().try_for_each(Resource::check)?;
        at_most("calls", self.calls.len(), MAX_USERS)?;
        self.calls.iter().try_for_each(Resource::check)?;
        at_most("conversations", self.conversations.len(), MAX_CONVERSATIONS)?;
        self.conversations.iter().try_for_each(Resource::check)?;
        at_most("contacts", self.contacts.len(), MAX_KNOWN_CONTACTS)?;
        self.contacts.iter().try_for_each(Resource::check)?;
        self.favourites.check()
    }
}

impl Resource for Event {
    fn check(&self) -> Checked {
        match self {
            Self::Presence(presence) => presence.check(),
            Self::Account(account) => account.check(),
            Self::Call(call) => call.check(),
            Self::Conversation(conversation) => conversation.check(),
            Self::ConversationDeleted {
                id: deleted,
                rev: _,
            } => id("id", deleted),
            Self::Contact(contact) => contact.check(),
            Self::Favourites(favourites) => favourites.check(),
            Self::ContactDeleted {
                id: deleted,
                rev: _,
            } => id("id", deleted),
            Self::Reset | Self::SessionEnded | Self::Unknown => Ok(()),
        }
    }
}

impl Resource for Changes {
    fn check(&self) -> Checked {
        at_most("changes", self.changes.len(), MAX_CHANGES)?;
        self.changes.iter().try_for_each(Resource::check)
    }
}

impl Resource for SearchResults {
    fn check(&self) -> Checked {
        at_most("contacts", self.contacts.len(), MAX_CONTACTS)?;
        self.contacts.iter().try_for_each(Resource::check)
    }
}

impl Resource for ContactResource {
    fn check(&self) -> Checked {
        id("id", &self.id)?;
        text("first_name", &self.first_name)?;
        text("last_name", &self.last_name)?;
        at_most("numbers", self.numbers.len(), MAX_CONTACT_NUMBERS)?;
        self.numbers.iter().try_for_each(|n| number(&n.number))?;
        maybe(self.email.as_ref(), |email| text("email", email))?;
        maybe(self.user.as_ref(), |user| id("user", user))
    }
}

impl Resource for ContactDraft {
    fn check(&self) -> Checked {
        text("first_name", &self.first_name)?;
        text("last_name", &self.last_name)?;
        at_most("numbers", self.numbers.len(), MAX_CONTACT_NUMBERS)?;
        self.numbers.iter().try_for_each(|n| number(&n.number))?;
        maybe(self.email.as_ref(), |email| text("email", email))
    }
}

impl Resource for KnownContact {
    fn check(&self) -> Checked {
        self.contact.check()
    }
}

impl Resource for ContactList {
    const MAX_BYTES: usize = MAX_STATE_BYTES;

    fn check(&self) -> Checked {
        at_most("contacts", self.contacts.len(), MAX_KNOWN_CONTACTS)?;
        self.contacts.iter().try_for_each(Resource::check)
    }
}

impl Resource for ImportReport {
    const MAX_BYTES: usize = MAX_STATE_BYTES;

    fn check(&self) -> Checked {
        let lists = [&self.added, &self.changed, &self.flagged];
        let lengths = lists.map(|list| list.len());
        let longest = lengths.into_iter().fold(self.skipped.len(), usize::max);
        at_most("a list of lines", longest, MAX_REPORT_LINES)
    }
}

impl Resource for FavouritesResource {
    fn check(&self) -> Checked {
        at_most("groups", self.groups.len(), MAX_GROUPS)?;
        let members = || self.groups.iter().flat_map(|group| &group.members);
        at_most("members", members().count(), MAX_FAVOURITES)?;
        self.groups
            .iter()
            .try_for_each(|group| text("name", &group.name))?;
        members().try_for_each(|member| {
            id("contact", &member.contact)?;
            maybe(member.default_number.as_ref(), |own| number(own))
        })
    }
}

impl Resource for FavouriteChange {
    fn check(&self) -> Checked {
        let (who, names): (Option<&String>, [Option<&String>; 2]) = match self {
            Self::Add { contact, group }
            | Self::Remove { contact, group }
            | Self::MoveMember { contact, group, .. } => (Some(contact), [Some(group), None]),
            Self::CreateGroup { group }
            | Self::DeleteGroup { group }
            | Self::MoveGroup { group, .. } => (None, [Some(group), None]),
            Self::RenameGroup { group, name } => (None, [Some(group), Some(name)]),
            Self::SetDefaultNumber {
                contact,
                number: own,
            } => {
                maybe(own.as_ref(), |own| number(own))?;
                (Some(contact), [None, None])
            }
        };
        maybe(who, |contact| id("contact", contact))?;
        names
            .into_iter()
            .flatten()
            .try_for_each(|name| text("group", name))
    }
}

impl Resource for SendMessage {
    fn check(&self) -> Checked {
        id("id", &self.id)?;
        at_most("to", self.to.len(), MAX_NUMBER_BYTES)?;
        at_most("text", self.text.len(), MAX_MESSAGE_BYTES)
    }
}

impl Resource for PresenceResource {
    fn check(&self) -> Checked {
        id("user", &self.user)?;
        maybe(self.note.as_ref(), |note| text("note", note))
    }
}

impl Resource for PresenceUpdate {
    fn check(&self) -> Checked {
        maybe(self.note.as_ref(), |note| text("note", note))
    }
}

impl Resource for Party {
    fn check(&self) -> Checked {
        number(&self.number)?;
        maybe(self.name.as_ref(), |name| text("name", name))?;
        maybe(self.user.as_ref(), |user| id("user", user))
    }
}

impl Resource for Description {
    fn check(&self) -> Checked {
        at_most("sdp", self.sdp.len(), MAX_SDP_BYTES)
    }
}

impl Resource for MakeCall {
    fn check(&self) -> Checked {
        at_most("to", self.to.len(), MAX_NUMBER_BYTES)?;
        maybe(self.description.as_ref(), Resource::check)
    }
}

impl Resource for Describe {
    fn check(&self) -> Checked {
        maybe(self.description.as_ref(), Resource::check)
    }
}

impl Resource for Clear {
    fn check(&self) -> Checked {
        Ok(())
    }
}

impl Resource for NewDestination {
    fn check(&self) -> Checked {
        at_most("to", self.to.len(), MAX_NUMBER_BYTES)
    }
}

impl Resource for Deflect {
    fn check(&self) -> Checked {
        maybe(self.to.as_deref(), number)
    }
}

impl Resource for HeldCall {
    fn check(&self) -> Checked {
        id("held", &self.held)
    }
}

impl Resource for DirectedPickup {
    fn check(&self) -> Checked {
        number(&self.number)
    }
}

impl Resource for Candidates {
    fn check(&self) -> Checked {
        at_most("candidates", self.candidates.len(), MAX_CANDIDATES)?;
        self.candidates
            .iter()
            .try_for_each(|c| at_most("candidate", c.len(), MAX_CANDIDATE_BYTES))
    }
}

impl Resource for CallResource {
    fn check(&self) -> Checked {
        id("id", &self.id)?;
        self.party.check()?;
        at_most("members", self.members.len(), MAX_MEMBERS)?;
        self.members.iter().try_for_each(|m| m.party.check())?;
        maybe(self.description.as_ref(), Resource::check)?;
        maybe(self.candidates.as_ref(), Resource::check)
    }
}

impl Resource for ConversationResource {
    fn check(&self) -> Checked {
        id("id", &self.id)?;
        self.party.check()?;
        maybe(self.contact.as_ref(), |contact| id("contact", contact))?;
        at_most("entries", self.entries.len(), MAX_CONVERSATION_ENTRIES)?;
        self.entries.iter().try_for_each(|entry| match entry {
            ConversationEntry::Call { id: entry, .. } => id("id", entry),
            ConversationEntry::Message(message) => {
                id("id", &message.id)?;
                at_most("text", message.text.len(), MAX_MESSAGE_BYTES)
            }
        })
    }
}

impl Resource for ConversationList {
    const MAX_BYTES: usize = MAX_STATE_BYTES;

    fn check(&self) -> Checked {
        at_most("conversations", self.conversations.len(), MAX_CONVERSATIONS)?;
        self.conversations.iter().try_for_each(Resource::check)
    }
}

impl Resource for Problem {
    fn check(&self) -> Checked {
        text("title", &self.title)
    }
}
