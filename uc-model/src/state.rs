use std::{collections::BTreeMap, sync::Arc};

use crate::{
    Account, Call, CallId, Contact, ContactId, ContactOrigin, Conversation, ConversationId,
    Favourites, LineState, Presence, Rev, UserId,
    table::{Difference, Keyed, Table},
};

/// What a client knows of its server: everybody's presence and line, the user's calls,
/// conversations, favourites and contacts.
///
/// A clone is a view that doesn't change any more; it costs a few reference counts. Changing a
/// state of which views exist copies some pointers around the touched resource, never other
/// resources. Of two views [`State::changes_since`] gives the differences, in time that grows with
/// what has changed.
///
/// Every resource carries a [`Rev`] from one numbering per user; what is not newer than what is
/// known, or than its removal, is ignored. So events may come twice or too late.
#[derive(Debug, Clone, Default)]
pub struct State {
    presences: Table<UserPresence>,
    lines: Table<UserLine>,
    calls: Table<Call>,
    conversations: Table<Conversation>,
    contacts: Table<KnownContact>,
    favourites: Arc<(Rev, Favourites)>,
    account: Arc<(Rev, Account)>,
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

/// A line's state with its owner and revision (PRES-6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserLine {
    /// Whose.
    pub user: UserId,
    /// Its revision.
    pub rev: Rev,
    /// What the telephone does.
    pub line: LineState,
}

/// A contact that the client keeps, with its revision: a personal one, or one of another directory
/// that is among the favourites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownContact {
    /// Its revision.
    pub rev: Rev,
    /// The contact.
    pub contact: Contact,
    /// Where a personal one comes from.
    pub origin: Option<ContactOrigin>,
}

/// News of one resource, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Update {
    /// Somebody's presence.
    Presence(UserPresence),
    /// Somebody's line.
    Line(UserLine),
    /// The user's favourites.
    Favourites {
        /// Their revision.
        rev: Rev,
        /// All of them.
        favourites: Favourites,
    },
    /// What the server keeps for the user.
    Account {
        /// Its revision.
        rev: Rev,
        /// All of it.
        account: Account,
    },
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
    /// A contact that is new or has changed.
    Contact(KnownContact),
    /// A contact that is gone.
    ContactDeleted {
        /// Which.
        id: ContactId,
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
    /// The lines that are not idle, and any others.
    pub lines: Vec<UserLine>,
    /// The favourites and their revision.
    pub favourites: (Rev, Favourites),
    /// What the server keeps for the user, and its revision.
    pub account: (Rev, Account),
    /// The calls that are not over.
    pub calls: Vec<Call>,
    /// The conversations.
    pub conversations: Vec<Conversation>,
    /// The personal contacts, and those of other directories that are favourites.
    pub contacts: Vec<KnownContact>,
}

/// What became different in a [`State`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// Somebody's presence is new or another one.
    Presence(UserId),
    /// Somebody's presence isn't known any more (the user was removed).
    PresenceGone(UserId),
    /// Somebody's line does something else.
    Line(UserId),
    /// The favourites are others.
    Favourites,
    /// What the server keeps for the user is different.
    Account,
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
    /// A contact is new or has changed.
    Contact(ContactId),
    /// A contact is gone.
    ContactDeleted(ContactId),
}

impl KnownContact {
    /// Whether nobody sees a difference: only the revision may be another.
    fn is_seen_as(&self, other: &Self) -> bool {
        self.contact == other.contact && self.origin == other.origin
    }
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
            .map(|known| (&known.user, &known.presence))
    }

    /// What one user's telephone does; idle where nothing is known.
    pub fn line(&self, user: &UserId) -> LineState {
        self.lines
            .get(user)
            .map_or(LineState::Idle, |known| known.line)
    }

    /// The favourites.
    pub fn favourites(&self) -> &Favourites {
        &self.favourites.1
    }

    /// What the server keeps for the user.
    pub fn account(&self) -> &Account {
        &self.account.1
    }

    /// One call that is not over.
    pub fn call(&self, id: &CallId) -> Option<&Arc<Call>> {
        self.calls.get(id)
    }

    /// The calls that are not over, in the order of their ids.
    pub fn calls(&self) -> impl ExactSizeIterator<Item = &Arc<Call>> {
        self.calls.iter()
    }

    /// One conversation.
    pub fn conversation(&self, id: &ConversationId) -> Option<&Arc<Conversation>> {
        self.conversations.get(id)
    }

    /// The conversations, in the order of their ids.
    pub fn conversations(&self) -> impl ExactSizeIterator<Item = &Arc<Conversation>> {
        self.conversations.iter()
    }

    /// One contact.
    pub fn contact(&self, id: &ContactId) -> Option<&Arc<KnownContact>> {
        self.contacts.get(id)
    }

    /// The contacts that are kept, in the order of their ids.
    pub fn contacts(&self) -> impl ExactSizeIterator<Item = &Arc<KnownContact>> {
        self.contacts.iter()
    }

    /// Takes one piece of news; `None` where it is not newer or makes no difference.
    pub fn apply(&mut self, update: Update) -> Option<Change> {
        match update {
            Update::Presence(presence) => self.apply_presence(presence),
            Update::Line(line) => self.apply_line(line),
            Update::Favourites { rev, favourites } => self.apply_favourites(rev, favourites),
            Update::Account { rev, account } => self.apply_account(rev, account),
            Update::Call(call) if call.is_over() => self.end_call(call),
            Update::Call(call) => self.apply_call(call),
            Update::Conversation(conversation) => {
                let id = conversation.id.clone();
                let key = Key::Conversation(id.clone());
                put(&mut self.conversations, &self.removed, &key, conversation)
                    .then_some(Change::Conversation(id))
            }
            Update::ConversationDeleted { id, rev } => {
                let key = Key::Conversation(id.clone());
                take(&mut self.conversations, &mut self.removed, key, &id, rev)
                    .then_some(Change::ConversationDeleted(id))
            }
            Update::Contact(contact) => self.apply_contact(contact),
            Update::ContactDeleted { id, rev } => {
                let key = Key::Contact(id.clone());
                take(&mut self.contacts, &mut self.removed, key, &id, rev)
                    .then_some(Change::ContactDeleted(id))
            }
        }
    }

    /// Replaces everything by a snapshot, whatever its revisions, because they may belong to a
    /// new numbering; gives the differences. What came while the snapshot was fetched is
    /// [applied](State::apply) after it.
    pub fn replace(&mut self, snapshot: Snapshot) -> Vec<Change> {
        let before = std::mem::take(self);
        self.removed.floor = snapshot.as_of;
        self.presences = snapshot.presences.into_iter().collect();
        self.lines = snapshot.lines.into_iter().collect();
        let calls = snapshot.calls.into_iter();
        self.calls = calls.filter(|call| !call.is_over()).collect();
        self.conversations = snapshot.conversations.into_iter().collect();
        self.contacts = snapshot.contacts.into_iter().collect();
        self.favourites = Arc::new(snapshot.favourites);
        self.account = Arc::new(snapshot.account);
        self.changes_since(&before)
    }

    /// What is different from an earlier view of the same state, in the order of the kinds and
    /// then of the ids. A user interface that redraws these shows the whole.
    pub fn changes_since(&self, before: &Self) -> Vec<Change> {
        let presences = self.presences.differences(&before.presences);
        let lines = self.lines.differences(&before.lines);
        let calls = self.calls.differences(&before.calls);
        let conversations = self.conversations.differences(&before.conversations);
        let contacts = self.contacts.differences(&before.contacts);
        let favourites = self.favourites() != before.favourites();
        let account = self.account() != before.account();
        let mut changes = Vec::new();
        changes.extend(in_two_steps(presences, presence_change));
        changes.extend(lines.into_iter().filter_map(line_change));
        changes.extend(favourites.then_some(Change::Favourites));
        changes.extend(account.then_some(Change::Account));
        changes.extend(in_two_steps(calls, call_change));
        changes.extend(in_two_steps(conversations, conversation_change));
        changes.extend(in_two_steps(contacts, contact_change));
        changes
    }

    fn apply_presence(&mut self, news: UserPresence) -> Option<Change> {
        let place = self.presences.find(&news.user);
        let known = self.presences.at(place);
        let known_rev = known.map_or(self.removed.floor, |known| known.rev);
        if news.rev <= known_rev {
            return None;
        }
        let same = known.is_some_and(|known| known.presence == news.presence);
        let user = news.user.clone();
        self.presences.put(place, news);
        (!same).then_some(Change::Presence(user))
    }

    fn apply_line(&mut self, news: UserLine) -> Option<Change> {
        let place = self.lines.find(&news.user);
        let known = self.lines.at(place);
        let known_rev = known.map_or(self.removed.floor, |known| known.rev);
        if news.rev <= known_rev {
            return None;
        }
        let same = known.map_or(LineState::Idle, |known| known.line) == news.line;
        let user = news.user.clone();
        self.lines.put(place, news);
        (!same).then_some(Change::Line(user))
    }

    fn apply_favourites(&mut self, rev: Rev, favourites: Favourites) -> Option<Change> {
        if rev <= self.favourites.0 {
            return None;
        }
        let same = *self.favourites() == favourites;
        self.favourites = Arc::new((rev, favourites));
        (!same).then_some(Change::Favourites)
    }

    fn apply_contact(&mut self, news: KnownContact) -> Option<Change> {
        let id = news.contact.id.clone();
        let known = self.contacts.get(&id);
        let same = known.is_some_and(|known| known.is_seen_as(&news));
        let is_new = put(
            &mut self.contacts,
            &self.removed,
            &Key::Contact(id.clone()),
            news,
        );
        (is_new && !same).then_some(Change::Contact(id))
    }

    fn apply_account(&mut self, rev: Rev, account: Account) -> Option<Change> {
        if rev <= self.account.0 {
            return None;
        }
        let same = *self.account() == account;
        self.account = Arc::new((rev, account));
        (!same).then_some(Change::Account)
    }

    fn apply_call(&mut self, news: Call) -> Option<Change> {
        let id = news.id.clone();
        let place = self.calls.find(&id);
        let known = self.calls.at(place).map(|known| known.rev);
        if news.rev <= known.unwrap_or_else(|| self.removed.rev(&Key::Call(id.clone()))) {
            return None;
        }
        self.calls.put(place, news);
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
        self.calls.remove(&news.id);
        Some(Change::CallEnded(Arc::new(news)))
    }
}

fn presence_change((before, after): Difference<'_, UserPresence>) -> Option<Change> {
    match (before, after) {
        (Some(before), Some(after)) if before.presence == after.presence => None,
        (_, Some(after)) => Some(Change::Presence(after.user.clone())),
        (before, None) => before.map(|gone| Change::PresenceGone(gone.user.clone())),
    }
}

fn line_change((before, after): Difference<'_, UserLine>) -> Option<Change> {
    let line = |known: Option<&Arc<UserLine>>| known.map_or(LineState::Idle, |known| known.line);
    let user = after.or(before).map(|known| known.user.clone());
    user.filter(|_| line(before) != line(after))
        .map(Change::Line)
}

fn call_change((before, after): Difference<'_, Call>) -> Option<Change> {
    match (before, after) {
        (None, after) => after.map(|call| Change::CallAdded(call.id.clone())),
        (Some(before), Some(after)) => {
            (before != after).then(|| Change::CallChanged(after.id.clone()))
        }
        (Some(before), None) => Some(Change::CallEnded(before.clone())),
    }
}

fn conversation_change((before, after): Difference<'_, Conversation>) -> Option<Change> {
    match (before, after) {
        (before, Some(after)) => {
            (before != Some(after)).then(|| Change::Conversation(after.id.clone()))
        }
        (before, None) => before.map(|gone| Change::ConversationDeleted(gone.id.clone())),
    }
}

fn contact_change((before, after): Difference<'_, KnownContact>) -> Option<Change> {
    match (before, after) {
        (before, Some(after)) => {
            let same = before.is_some_and(|before| before.is_seen_as(after));
            (!same).then(|| Change::Contact(after.contact.id.clone()))
        }
        (before, None) => before.map(|gone| Change::ContactDeleted(gone.contact.id.clone())),
    }
}

/// Puts what is newer than what is known of it, and than its removal; says whether it was.
fn put<V: Keyed + Revised>(table: &mut Table<V>, removed: &Removed, key: &Key, news: V) -> bool {
    let place = table.find(news.key());
    let known = table.at(place).map(|known| known.rev());
    if news.rev() <= known.unwrap_or_else(|| removed.rev(key)) {
        return false;
    }
    table.put(place, news);
    true
}

/// Removes what isn't newer than its removal, which is remembered; says whether it was there.
fn take<V: Keyed + Revised>(
    table: &mut Table<V>,
    removed: &mut Removed,
    key: Key,
    id: &V::Key,
    rev: Rev,
) -> bool {
    let known = table.get(id).map(|known| known.rev());
    if known.is_some_and(|known| rev <= known) {
        return false;
    }
    removed.note(key, rev);
    if known.is_some() {
        table.remove(id);
    }
    known.is_some()
}

/// What is there first, then what is gone.
fn in_two_steps<'a, V>(
    differences: Vec<Difference<'a, V>>,
    change: fn(Difference<'a, V>) -> Option<Change>,
) -> impl Iterator<Item = Change> {
    let there = differences
        .clone()
        .into_iter()
        .filter(|(_, after)| after.is_some());
    let gone = differences.into_iter().filter(|(_, after)| after.is_none());
    there.chain(gone).filter_map(change)
}

impl Keyed for UserPresence {
    type Key = UserId;

    fn key(&self) -> &UserId {
        &self.user
    }
}

impl Keyed for UserLine {
    type Key = UserId;

    fn key(&self) -> &UserId {
        &self.user
    }
}

impl Keyed for Call {
    type Key = CallId;

    fn key(&self) -> &CallId {
        &self.id
    }
}

impl Keyed for Conversation {
    type Key = ConversationId;

    fn key(&self) -> &ConversationId {
        &self.id
    }
}

impl Keyed for KnownContact {
    type Key = ContactId;

    fn key(&self) -> &ContactId {
        &self.contact.id
    }
}

/// What has a revision of its own.
trait Revised {
    fn rev(&self) -> Rev;
}

impl Revised for Conversation {
    fn rev(&self) -> Rev {
        self.rev
    }
}

impl Revised for KnownContact {
    fn rev(&self) -> Rev {
        self.rev
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Call(CallId),
    Conversation(ConversationId),
    Contact(ContactId),
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
