use uc_model::{
    CallDirection, ChatMessage, Contact, ContactId, ContactOrigin, ConversationEntry,
    ConversationId, Delivery, EntryId, FavouriteChange, KnownContact, MessageText, Mode,
    PhoneNumber, Rev, Timestamp, Update, UserId,
};

use super::server::World;
use crate::port::{
    BackendError, ContactEdit, ConversationEdit, Edit, MessageEdit, RequestKey, ServerChange,
};

impl World {
    /// Changes the user's own data; the same request again is answered as before.
    pub(super) fn edit_once(
        &mut self,
        user: &UserId,
        edit: Edit,
        key: RequestKey,
    ) -> Result<Vec<ServerChange>, BackendError> {
        if edit.is_idempotent() {
            return self.edit(user, edit);
        }
        if let Some(known) = self.edited.get(&key.0) {
            return Ok(known.clone());
        }
        let changes = self.edit(user, edit)?;
        self.edited.insert(key.0, changes.clone());
        Ok(changes)
    }

    /// Changes the user's own data and tells all of the user's clients.
    fn edit(&mut self, user: &UserId, edit: Edit) -> Result<Vec<ServerChange>, BackendError> {
        match edit {
            Edit::Conversations(edit) => self.edit_conversations(user, edit),
            Edit::Contacts(edit) => self.edit_contacts(user, edit),
            Edit::Favourites(change) => self.change_favourites(user, &change),
            Edit::Messages(MessageEdit::Send { id, to, text }) => {
                self.send_message(user, id, &to, text)
            }
            Edit::Messages(MessageEdit::ConfirmReceived(id)) => {
                Ok(self.confirm_messages(user, &id))
            }
            Edit::Account(_) => Err(BackendError::Unsupported),
        }
    }

    fn edit_conversations(
        &mut self,
        user: &UserId,
        edit: ConversationEdit,
    ) -> Result<Vec<ServerChange>, BackendError> {
        let mut rev = self.next_rev(user);
        let known = self.users.get_mut(user).ok_or(BackendError::NotFound)?;
        let updates = match edit {
            ConversationEdit::MarkRead(id) => {
                let history = &mut known.history;
                history.conversation(&id).ok_or(BackendError::NotFound)?;
                history.mark_read(&id, rev).into_iter().collect()
            }
            ConversationEdit::DeleteEntry {
                conversation,
                entry,
            } => {
                let update = known.history.delete_entry(&conversation, &entry, rev);
                update.into_iter().collect()
            }
            ConversationEdit::Delete(id) => known.history.delete(&id, rev).into_iter().collect(),
            ConversationEdit::DeleteAll => {
                let deleted = known.history.delete_all(|| {
                    rev = Rev(rev.0 + 1);
                    rev
                });
                known.rev = rev.0;
                deleted
            }
        };
        Ok(self.tell_updates(user, updates))
    }

    fn edit_contacts(
        &mut self,
        user: &UserId,
        edit: ContactEdit,
    ) -> Result<Vec<ServerChange>, BackendError> {
        let rev = self.next_rev(user);
        let known = self.users.get_mut(user).ok_or(BackendError::NotFound)?;
        let (id, draft) = match edit {
            ContactEdit::Add(draft) => {
                let id = ContactId::new(format!("personal-{}", rev.0));
                (id.map_err(|_| BackendError::RefusedValue)?, draft)
            }
            ContactEdit::Change(id, draft) if known.contacts.contains_key(&id) => (id, draft),
            ContactEdit::Change(..) => return Err(BackendError::NotFound),
            ContactEdit::Delete(id) => {
                let gone = known.contacts.remove(&id).is_some();
                let update = gone.then_some(Update::ContactDeleted { id, rev });
                return Ok(self.tell_updates(user, update));
            }
        };
        let contact = KnownContact {
            rev,
            contact: draft.into_contact(id.clone()),
            origin: Some(ContactOrigin::Manual),
        };
        known.contacts.insert(id, contact.clone());
        Ok(self.tell_updates(user, [Update::Contact(contact)]))
    }

    fn change_favourites(
        &mut self,
        user: &UserId,
        change: &FavouriteChange,
    ) -> Result<Vec<ServerChange>, BackendError> {
        let (FavouriteChange::Add { contact, .. }
        | FavouriteChange::SetDefaultNumber { contact, .. }) = change
        else {
            return self.put_favourites(user, change, None);
        };
        let contact = self.contact(user, contact);
        self.put_favourites(user, change, contact.as_ref())
    }

    fn put_favourites(
        &mut self,
        user: &UserId,
        change: &FavouriteChange,
        contact: Option<&Contact>,
    ) -> Result<Vec<ServerChange>, BackendError> {
        let rev = self.next_rev(user);
        let known = self.users.get_mut(user).ok_or(BackendError::NotFound)?;
        let mut favourites = known.favourites.1.clone();
        let made = favourites.make(change, Mode::Smart, |_| contact);
        made.map_err(|_| BackendError::RefusedValue)?;
        known.favourites = (rev, favourites.clone());
        Ok(self.tell_updates(user, [Update::Favourites { rev, favourites }]))
    }

    /// Takes a message into both users' conversations, once.
    fn send_message(
        &mut self,
        user: &UserId,
        id: EntryId,
        to: &PhoneNumber,
        text: MessageText,
    ) -> Result<Vec<ServerChange>, BackendError> {
        let other = UserId::new(to.dialable()).map_err(|_| BackendError::NotFound)?;
        if other == *user || !self.users.contains_key(&other) {
            return Err(BackendError::NotFound);
        }
        if !self.sessions.values().any(|signed_in| *signed_in == other) {
            return Err(BackendError::Undeliverable);
        }
        let own = self.users.get(user).ok_or(BackendError::NotFound)?;
        if own.history.having(&id).is_some() {
            return Ok(Vec::new());
        }
        let entry = |direction| {
            ConversationEntry::Message(ChatMessage {
                id: id.clone(),
                direction,
                at: Timestamp(1),
                text: text.clone(),
                delivery: Delivery::Sent,
            })
        };
        self.note(&other, user, entry(CallDirection::Incoming));
        Ok(self.note(user, &other, entry(CallDirection::Outgoing)))
    }

    fn confirm_messages(&mut self, user: &UserId, id: &ConversationId) -> Vec<ServerChange> {
        let arrived = self
            .users
            .get(user)
            .map(|known| known.history.unconfirmed(id));
        let arrived = arrived.unwrap_or_default();
        let users: Vec<_> = self.users.keys().cloned().collect();
        let mut own = Vec::new();
        for one in users {
            let rev = self.next_rev(&one);
            let Some(known) = self.users.get_mut(&one) else {
                continue;
            };
            let updates = known.history.deliver(&arrived, || rev);
            let changes = self.tell_updates(&one, updates);
            if one == *user {
                own = changes;
            }
        }
        own
    }

    /// Tells a user's clients what has changed.
    pub(super) fn tell_updates(
        &self,
        user: &UserId,
        updates: impl IntoIterator<Item = Update>,
    ) -> Vec<ServerChange> {
        let changes: Vec<_> = updates.into_iter().filter_map(change).collect();
        for change in &changes {
            self.tell(user, |_| change.clone());
        }
        changes
    }
}

fn change(update: Update) -> Option<ServerChange> {
    match update {
        Update::Conversation(conversation) => {
            Some(ServerChange::Conversation(Box::new(conversation)))
        }
        Update::ConversationDeleted { id, rev } => {
            Some(ServerChange::ConversationDeleted { id, rev })
        }
        Update::Favourites { rev, favourites } => {
            Some(ServerChange::Favourites { rev, favourites })
        }
        Update::Contact(contact) => Some(ServerChange::Contact(Box::new(contact))),
        Update::ContactDeleted { id, rev } => Some(ServerChange::ContactDeleted { id, rev }),
        _ => None,
    }
}
