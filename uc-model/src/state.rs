use std::{collections::BTreeMap, sync::Arc};

use crate::{Call, CallId, Conversation, ConversationId, Presence, Rev, UserId};

/// What a client knows of its server: everybody's presence, the user's calls and conversations.
///
/// A clone is a view that doesn't change any more; it costs three reference counts. Changing a
/// state of which views exist copies the touched map's pointers, never the resources.
///
/// Every resource carries a [`Rev`] from one numbering per user; what is not newer than what is
/// known, or than its removal, is ignored. So events may come twice or too late.
#[derive(Debug, Clone, Default)]
pub struct State {
    presences: Arc<BTreeMap<UserId, Arc<UserPresence>>>,
    calls: Arc<BTreeMap<CallId, Arc<Call>>>,
    conversations: Arc<BTreeMap<ConversationId, Arc<Conversation>>>,
    removed: Removed,
}

/// A presence with its owner and revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPresence {
    /// Whose.
    pub user: UserId,
    /// Its revision.
    pub rev: Rev,
    /// The presence.
    pub presence: Presence,
}

/// News of one resource, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Update {
    /// Somebody's presence.
    Presence(UserPresence),
    /// A call that is new, has changed or is over.
    Call(Call),
    /// A conversation that is new or has changed.
    Conversation(Conversation),
    /// A conversation that is gone.
    ConversationDeleted {
        /// Which.
        id: ConversationId,
        /// The tombstone's revision.
        rev: Rev,
    },
}

/// The user's whole state at one revision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The revision at which it was taken.
    pub as_of: Rev,
    /// Everybody's presence.
    pub presences: Vec<UserPresence>,
    /// The calls that are not over.
    pub calls: Vec<Call>,
    /// The conversations.
    pub conversations: Vec<Conversation>,
}

/// What became different in a [`State`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Somebody's presence is new or another one.
    Presence(UserId),
    /// Somebody's presence isn't known any more (the user was removed).
    PresenceGone(UserId),
    /// There is a new call.
    CallAdded(CallId),
    /// A call has changed.
    CallChanged(CallId),
    /// A call is over and no longer in the state. Holds its last state, with the cause where one
    /// is known; after a snapshot that lacks the call, the state before that.
    CallEnded(Arc<Call>),
    /// A conversation is new or has changed.
    Conversation(ConversationId),
    /// A conversation is gone.
    ConversationDeleted(ConversationId),
}

impl State {
    /// Nothing known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One user's presence.
    pub fn presence(&self, user: &UserId) -> Option<&Presence> {
        self.presences.get(user).map(|known| &known.presence)
    }

    /// Everybody's presence, in the order of the users.
    pub fn presences(&self) -> impl ExactSizeIterator<Item = (&UserId, &Presence)> {
        self.presences
            .iter()
            .map(|(user, known)| (user, &known.presence))
    }

    /// One call that is not over.
    pub fn call(&self, id: &CallId) -> Option<&Arc<Call>> {
        self.calls.get(id)
    }

    /// The calls that are not over, in the order of their ids.
    pub fn calls(&self) -> impl ExactSizeIterator<Item = &Arc<Call>> {
        self.calls.values()
    }

    /// One conversation.
    pub fn conversation(&self, id: &ConversationId) -> Option<&Arc<Conversation>> {
        self.conversations.get(id)
    }

    /// The conversations, in the order of their ids.
    pub fn conversations(&self) -> impl ExactSizeIterator<Item = &Arc<Conversation>> {
        self.conversations.values()
    }

    /// Takes one piece of news; `None` where it is not newer or makes no difference.
    pub fn apply(&mut self, update: Update) -> Option<Change> {
        match update {
            Update::Presence(presence) => self.apply_presence(presence),
            Update::Call(call) if call.is_over() => self.end_call(call),
            Update::Call(call) => self.apply_call(call),
            Update::Conversation(conversation) => self.apply_conversation(conversation),
            Update::ConversationDeleted { id, rev } => self.delete_conversation(id, rev),
        }
    }

    /// Replaces everything by a snapshot, whatever its revisions, because they may belong to a
    /// new numbering; gives the differences. What came while the snapshot was fetched is
    /// [applied](State::apply) after it.
    pub fn replace(&mut self, snapshot: Snapshot) -> Vec<Change> {
        let before = std::mem::take(self);
        self.removed.floor = snapshot.as_of;
        self.presences = by_key(snapshot.presences, |p| p.user.clone());
        let calls = snapshot.calls.into_iter().filter(|call| !call.is_over());
        self.calls = by_key(calls, |call| call.id.clone());
        self.conversations = by_key(snapshot.conversations, |c| c.id.clone());
        let mut changes = Vec::new();
        self.presence_changes(&before, &mut changes);
        self.call_changes(&before, &mut changes);
        self.conversation_changes(&before, &mut changes);
        changes
    }

    fn apply_presence(&mut self, news: UserPresence) -> Option<Change> {
        let known = self.presences.get(&news.user);
        let known_rev = known.map_or(self.removed.floor, |known| known.rev);
        if news.rev <= known_rev {
            return None;
        }
        let same = known.is_some_and(|known| known.presence == news.presence);
        let user = news.user.clone();
        Arc::make_mut(&mut self.presences).insert(user.clone(), Arc::new(news));
        (!same).then_some(Change::Presence(user))
    }

    fn apply_call(&mut self, news: Call) -> Option<Change> {
        let id = news.id.clone();
        let known = self.calls.get(&id).map(|known| known.rev);
        if news.rev <= known.unwrap_or_else(|| self.removed.rev(&Key::Call(id.clone()))) {
            return None;
        }
        Arc::make_mut(&mut self.calls).insert(id.clone(), Arc::new(news));
        Some(match known {
            None => Change::CallAdded(id),
            Some(_) => Change::CallChanged(id),
        })
    }

    fn end_call(&mut self, news: Call) -> Option<Change> {
        let known = self.calls.get(&news.id);
        if known.is_some_and(|known| news.rev <= known.rev) {
            return None;
        }
        let known = known.is_some();
        self.removed.note(Key::Call(news.id.clone()), news.rev);
        if !known {
            return None;
        }
        Arc::make_mut(&mut self.calls).remove(&news.id);
        Some(Change::CallEnded(Arc::new(news)))
    }

    fn apply_conversation(&mut self, news: Conversation) -> Option<Change> {
        let id = news.id.clone();
        let known = self.conversations.get(&id).map(|known| known.rev);
        if news.rev <= known.unwrap_or_else(|| self.removed.rev(&Key::Conversation(id.clone()))) {
            return None;
        }
        Arc::make_mut(&mut self.conversations).insert(id.clone(), Arc::new(news));
        Some(Change::Conversation(id))
    }

    fn delete_conversation(&mut self, id: ConversationId, rev: Rev) -> Option<Change> {
        let known = self.conversations.get(&id).map(|known| known.rev);
        if known.is_some_and(|known| rev <= known) {
            return None;
        }
        self.removed.note(Key::Conversation(id.clone()), rev);
        known?;
        Arc::make_mut(&mut self.conversations).remove(&id);
        Some(Change::ConversationDeleted(id))
    }

    fn presence_changes(&self, before: &Self, changes: &mut Vec<Change>) {
        for (user, presence) in self.presences() {
            if before.presence(user) != Some(presence) {
                changes.push(Change::Presence(user.clone()));
            }
        }
        let gone = before
            .presences()
            .filter(|(user, _)| self.presence(user).is_none());
        changes.extend(gone.map(|(user, _)| Change::PresenceGone(user.clone())));
    }

    fn call_changes(&self, before: &Self, changes: &mut Vec<Change>) {
        for call in self.calls() {
            match before.call(&call.id) {
                None => changes.push(Change::CallAdded(call.id.clone())),
                Some(known) if known != call => changes.push(Change::CallChanged(call.id.clone())),
                Some(_) => {}
            }
        }
        let gone = before.calls().filter(|call| self.call(&call.id).is_none());
        changes.extend(gone.cloned().map(Change::CallEnded));
    }

    fn conversation_changes(&self, before: &Self, changes: &mut Vec<Change>) {
        for conversation in self.conversations() {
            if before.conversation(&conversation.id) != Some(conversation) {
                changes.push(Change::Conversation(conversation.id.clone()));
            }
        }
        let gone = before
            .conversations()
            .filter(|c| self.conversation(&c.id).is_none());
        changes.extend(gone.map(|c| Change::ConversationDeleted(c.id.clone())));
    }
}

fn by_key<K: Ord, V>(
    values: impl IntoIterator<Item = V>,
    key: impl Fn(&V) -> K,
) -> Arc<BTreeMap<K, Arc<V>>> {
    let pairs = values
        .into_iter()
        .map(|value| (key(&value), Arc::new(value)));
    Arc::new(pairs.collect())
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Call(CallId),
    Conversation(ConversationId),
}

/// What was removed lately, so that late news doesn't bring it back.
///
/// Bounded: where it is full the oldest removal is forgotten and its revision becomes the floor,
/// below which nothing that is unknown is believed.
#[derive(Debug, Clone, Default)]
struct Removed {
    floor: Rev,
    revs: BTreeMap<Key, Rev>,
}

impl Removed {
    fn rev(&self, key: &Key) -> Rev {
        self.revs
            .get(key)
            .copied()
            .unwrap_or_default()
            .max(self.floor)
    }

    fn note(&mut self, key: Key, rev: Rev) {
        let newest = rev.max(self.rev(&key));
        self.revs.insert(key, newest);
        if self.revs.len() <= MAX_REMOVED {
            return;
        }
        let oldest = self.revs.iter().min_by_key(|(_, rev)| **rev);
        if let Some((key, rev)) = oldest.map(|(key, rev)| (key.clone(), *rev)) {
            self.revs.remove(&key);
            self.floor = self.floor.max(rev);
        }
    }
}

/// Most removals that are remembered (our choice: more than can be on their way at once).
const MAX_REMOVED: usize = 64;

#[cfg(test)]
mod tests;
