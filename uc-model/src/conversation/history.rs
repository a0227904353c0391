use std::collections::BTreeMap;

use crate::{
    Contact, ContactId, Conversation, ConversationEntry, ConversationId, Delivery, DialPlan,
    EntryId, PhoneNumber, Redacted, Rev, Update,
};

/// Which numbers share a conversation (CONV-4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConversationGrouping {
    /// The manual's: the same number dialled in another format is another conversation.
    /// Separators don't make another format.
    #[default]
    ByFormat,
    /// One conversation per number, however it is written.
    ByNumber,
}

/// A user's conversations as the server keeps them, and the rules by which they change. What
/// changes is given back as an [`Update`] for all of the user's clients.
#[derive(Debug, Clone)]
pub struct History {
    grouping: ConversationGrouping,
    plan: DialPlan,
    most_conversations: usize,
    most_entries: usize,
    conversations: BTreeMap<Box<str>, Conversation>,
}

/// The other side of an event in the history.
#[derive(Debug, Clone, Copy)]
struct Other<'a> {
    number: &'a PhoneNumber,
    name: Option<&'a Redacted<String>>,
    contact: Option<&'a ContactId>,
}

impl History {
    /// Most conversations of a user; the one that changed longest ago is dropped for a new one
    /// (our choice).
    pub const MAX_CONVERSATIONS: usize = 10_000;
    /// Most entries of a conversation; the oldest are dropped (our choice).
    pub const MAX_ENTRIES: usize = 1000;

    /// No conversations.
    pub const fn new(grouping: ConversationGrouping, plan: DialPlan) -> Self {
        Self {
            grouping,
            plan,
            most_conversations: Self::MAX_CONVERSATIONS,
            most_entries: Self::MAX_ENTRIES,
            conversations: BTreeMap::new(),
        }
    }

    /// The same history that keeps less: at least one conversation of one entry, at most what is
    /// possible.
    #[must_use]
    pub fn limited_to(mut self, conversations: usize, entries: usize) -> Self {
        self.most_conversations = conversations.clamp(1, Self::MAX_CONVERSATIONS);
        self.most_entries = entries.clamp(1, Self::MAX_ENTRIES);
        self
    }

    /// Takes up a conversation that was kept elsewhere, as it was. One that was made by another
    /// grouping, and whose number has a conversation by this one, stays by itself.
    pub fn restore(&mut self, conversation: Conversation) {
        let mut key = self.key(&conversation.number);
        if self.conversations.contains_key(&key) {
            key = format!("{key} {}", conversation.id).into();
        }
        self.conversations.insert(key, conversation);
    }

    /// The conversations, in no meaningful order.
    pub fn conversations(&self) -> impl Iterator<Item = &Conversation> {
        self.conversations.values()
    }

    /// Writes down a call or message with `number`; `fresh` names the conversation if it is new. An
    /// entry that is known already replaces the former one in its place. Gives one update, and
    /// another where an old conversation had to go.
    pub fn record(
        &mut self,
        number: &PhoneNumber,
        name: Option<&Redacted<String>>,
        contact: Option<&ContactId>,
        entry: ConversationEntry,
        fresh: ConversationId,
        rev: Rev,
    ) -> Vec<Update> {
        let other = Other {
            number,
            name,
            contact,
        };
        let most_entries = self.most_entries;
        let conversation = self.with(&other, fresh, rev);
        conversation.rev = rev;
        let mut entries = conversation.entries.iter_mut();
        match entries.find(|known| known.id() == entry.id()) {
            Some(known) => *known = entry,
            None => add(conversation, entry, most_entries),
        }
        let mut updates = vec![Update::Conversation(conversation.clone())];
        updates.extend(self.drop_oldest(rev));
        updates
    }

    /// The user looked at a conversation; `None` where nothing was unread.
    pub fn mark_read(&mut self, id: &ConversationId, rev: Rev) -> Option<Update> {
        let conversation = self.find(id).filter(|known| known.unread > 0)?;
        conversation.unread = 0;
        conversation.rev = rev;
        Some(Update::Conversation(conversation.clone()))
    }

    /// Deletes one entry; with the last one the conversation goes (CONV-3).
    pub fn delete_entry(
        &mut self,
        id: &ConversationId,
        entry: &EntryId,
        rev: Rev,
    ) -> Option<Update> {
        let conversation = self.find(id)?;
        let unread = conversation
            .unread_entries()
            .any(|known| known.id() == entry);
        let before = conversation.entries.len();
        conversation.entries.retain(|known| known.id() != entry);
        if conversation.entries.len() == before {
            return None;
        }
        if conversation.entries.is_empty() {
            return self.delete(id, rev);
        }
        conversation.unread -= u32::from(unread);
        conversation.rev = rev;
        Some(Update::Conversation(conversation.clone()))
    }

    /// Deletes a conversation (CONV-3); `None` where there is none.
    pub fn delete(&mut self, id: &ConversationId, rev: Rev) -> Option<Update> {
        self.conversation(id)?;
        self.conversations.retain(|_, known| known.id != *id);
        Some(Update::ConversationDeleted {
            id: id.clone(),
            rev,
        })
    }

    /// Deletes all conversations (CONV-3); `next` numbers each deletion.
    pub fn delete_all(&mut self, mut next: impl FnMut() -> Rev) -> Vec<Update> {
        let all = std::mem::take(&mut self.conversations).into_values();
        let deleted = all.map(|conversation| Update::ConversationDeleted {
            id: conversation.id,
            rev: next(),
        });
        deleted.collect()
    }

    /// Conversations with the contact's numbers, in any format, that are nobody's yet are the
    /// contact's from now on (CONV-5), and those that are the contact's have its name; `next`
    /// numbers each change.
    pub fn identify(&mut self, contact: &Contact, mut next: impl FnMut() -> Rev) -> Vec<Update> {
        let keys: Vec<_> = contact
            .numbers
            .iter()
            .map(|own| self.plan.key(&own.number))
            .collect();
        let name = contact.display_name();
        let mut updates = Vec::new();
        for conversation in self.conversations.values_mut() {
            let is_own = match &conversation.contact {
                Some(known) => *known == contact.id,
                None => keys.contains(&self.plan.key(&conversation.number)),
            };
            let is_new = conversation.contact.is_none() || conversation.name != name;
            if is_own && is_new {
                conversation.contact = Some(contact.id.clone());
                conversation.name = name.clone().or(conversation.name.take());
                conversation.rev = next();
                updates.push(Update::Conversation(conversation.clone()));
            }
        }
        updates
    }

    /// The messages in a conversation that came from the other and that the other doesn't know to
    /// have arrived.
    pub fn unconfirmed(&self, id: &ConversationId) -> Vec<EntryId> {
        let conversation = self.conversation(id);
        let entries = conversation.into_iter().flat_map(|known| &known.entries);
        let waiting = entries.filter(|entry| entry.is_unconfirmed());
        waiting.map(|entry| entry.id().clone()).collect()
    }

    /// These messages have arrived at the other; `next` numbers each change.
    pub fn deliver(&mut self, messages: &[EntryId], mut next: impl FnMut() -> Rev) -> Vec<Update> {
        let mut updates = Vec::new();
        for conversation in self.conversations.values_mut() {
            let mut is_new = false;
            for entry in &mut conversation.entries {
                if let ConversationEntry::Message(message) = entry
                    && message.delivery != Delivery::Delivered
                    && messages.contains(&message.id)
                {
                    message.delivery = Delivery::Delivered;
                    is_new = true;
                }
            }
            if is_new {
                conversation.rev = next();
                updates.push(Update::Conversation(conversation.clone()));
            }
        }
        updates
    }

    /// The conversation that has this entry.
    pub fn having(&self, entry: &EntryId) -> Option<&Conversation> {
        let has = |known: &&Conversation| known.entries.iter().any(|own| own.id() == entry);
        self.conversations.values().find(has)
    }

    /// One conversation.
    pub fn conversation(&self, id: &ConversationId) -> Option<&Conversation> {
        self.conversations.values().find(|known| known.id == *id)
    }

    /// The conversation that calls and messages with `number` belong to.
    pub fn with_number(&self, number: &PhoneNumber) -> Option<&Conversation> {
        self.conversations.get(&self.key(number))
    }

    fn key(&self, number: &PhoneNumber) -> Box<str> {
        match self.grouping {
            ConversationGrouping::ByFormat => number.dialable().into(),
            ConversationGrouping::ByNumber => self.plan.key(number).as_str().into(),
        }
    }

    fn with(&mut self, other: &Other<'_>, fresh: ConversationId, rev: Rev) -> &mut Conversation {
        let key = self.key(other.number);
        let conversation = self
            .conversations
            .entry(key)
            .or_insert_with(|| Conversation {
                id: fresh,
                rev,
                contact: None,
                number: other.number.clone(),
                name: None,
                unread: 0,
                entries: Vec::new(),
            });
        // Who is known by now stays known.
        conversation.name = other.name.cloned().or(conversation.name.take());
        conversation.contact = other.contact.cloned().or(conversation.contact.take());
        conversation
    }

    fn find(&mut self, id: &ConversationId) -> Option<&mut Conversation> {
        self.conversations
            .values_mut()
            .find(|known| known.id == *id)
    }

    fn drop_oldest(&mut self, rev: Rev) -> Option<Update> {
        if self.conversations.len() <= self.most_conversations {
            return None;
        }
        let oldest = self.conversations.values().min_by_key(|known| known.rev);
        let id = oldest.map(|known| known.id.clone())?;
        self.delete(&id, rev)
    }
}

/// Adds an entry at its place in time, and counts it.
fn add(conversation: &mut Conversation, entry: ConversationEntry, most_entries: usize) {
    conversation.unread += u32::from(entry.asks_for_attention());
    let entries = &mut conversation.entries;
    let place = entries.partition_point(|known| known.at() <= entry.at());
    entries.insert(place, entry);
    let surplus = entries.len().saturating_sub(most_entries);
    entries.drain(..surplus);
    let asking = entries.iter().filter(|entry| entry.asks_for_attention());
    let asking = u32::try_from(asking.count()).unwrap_or(u32::MAX);
    conversation.unread = conversation.unread.min(asking);
}
