//! What a client knew at its end, for the next start: favourites, contacts, conversations and the messages
//! that haven't gone yet in a [`Store`], one entry each, under `cache/NAME/`.
//!
//! The core decides when it is saved, the driver saves; whoever starts a client loads. But for the
//! messages it is a copy of what the server has: what can't be read is named, thrown away and fetched anew. Names,
//! numbers and texts are in it (texts not where the product wants none on the disk), presences,
//! passwords and sessions never.

mod contact;
mod conversation;
mod favourite;
mod unsent;

use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use thiserror::Error;
use uc_model::{
    Change, ContactId, ConversationId, Outbox, PhoneNumber, Redacted, Snapshot, State, Timestamp,
};

use crate::{
    locked,
    port::{Batch, Durability, Store, StoreError},
    view::Outboxes,
};

/// Why yesterday's state isn't shown, or today's not kept. The client works all the same.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CacheError {
    /// An entry can't be read.
    #[error("what was kept of the last session can't be read and was thrown away")]
    Unreadable,
    /// Another version of this program wrote it.
    #[error("what was kept of the last session is another version's and was thrown away")]
    OtherVersion,
    /// The store failed.
    #[error("nothing can be kept for the next start: {0}")]
    Store(#[from] StoreError),
}

/// What was kept of an earlier session.
#[derive(Debug, Clone, PartialEq)]
pub struct Cached {
    /// When it was last known to be so.
    pub at: Timestamp,
    /// Favourites, contacts and conversations; nothing else.
    pub state: Snapshot,
    /// The messages that had not gone, for each number.
    pub unsent: Vec<(PhoneNumber, Outbox)>,
}

impl Cached {
    /// Forgets what is kept in `store` under `name`, for a profile that is removed.
    ///
    /// # Errors
    /// The store's.
    pub async fn forget(store: &dyn Store, name: &str) -> Result<(), StoreError> {
        throw_away(store, &store.entries(&prefix(name)).await?).await
    }
}

/// Where one client's state is kept, and what is there now.
#[derive(Debug)]
pub(crate) struct Keeper {
    store: Arc<dyn Store>,
    /// `cache/NAME/`.
    prefix: String,
    user: Redacted<String>,
    /// Whether texts of messages may be kept.
    texts: bool,
    saved: Mutex<(State, Outboxes)>,
}

/// What the entries belong to. Read first: how the others read depends on its version.
#[derive(Serialize, Deserialize)]
struct Head {
    version: u32,
    user: String,
    at: i64,
    /// Whether texts of messages may be in the entries.
    #[serde(default = "yes")]
    texts: bool,
}

impl Keeper {
    /// Loads what is kept in `store` under `name` for `user`. Another user's, what has texts that
    /// shall not be kept, and what can't be read, is thrown away.
    pub(crate) async fn open(
        store: Arc<dyn Store>,
        name: &str,
        user: &str,
        texts: bool,
    ) -> (Self, Result<Option<Cached>, CacheError>) {
        let keeper = Self {
            prefix: prefix(name),
            store,
            user: user.to_owned().into(),
            texts,
            saved: Mutex::default(),
        };
        let loaded = keeper.load().await;
        if let Ok(Some(cached)) = &loaded {
            let mut saved = locked(&keeper.saved);
            saved.0.replace(cached.state.clone());
            saved.1 = by_number(&cached.unsent);
        }
        (keeper, loaded)
    }

    async fn load(&self) -> Result<Option<Cached>, CacheError> {
        let entries = self.store.entries(&self.prefix).await?;
        let cached = self.read(&entries);
        if !matches!(cached, Ok(Some(_))) {
            throw_away(&*self.store, &entries).await?;
        }
        cached
    }

    fn read(&self, entries: &[(String, Vec<u8>)]) -> Result<Option<Cached>, CacheError> {
        let inside = |key: &str| key.strip_prefix(&self.prefix).map(ToOwned::to_owned);
        let head = entries
            .iter()
            .find(|(key, _)| inside(key).as_deref() == Some(HEAD));
        let Some((_, head)) = head else {
            // Nothing at all, or leftovers.
            return if entries.is_empty() {
                Ok(None)
            } else {
                Err(CacheError::Unreadable)
            };
        };
        let head: Head = from_json(head)?;
        if head.version != VERSION {
            return Err(CacheError::OtherVersion);
        }
        if head.user != *self.user.expose() || (head.texts && !self.texts) {
            return Ok(None);
        }
        let (mut state, mut unsent) = (Snapshot::default(), Vec::new());
        for (key, value) in entries {
            let place = inside(key).ok_or(CacheError::Unreadable)?;
            match place
                .split_once('/')
                .map_or(place.as_str(), |(kind, _)| kind)
            {
                HEAD => {}
                FAVOURITES => state.favourites.1 = favourite::read(from_json(value)?)?,
                CONTACT => state.contacts.push(contact::read(from_json(value)?)?),
                CONVERSATION => {
                    let conversation = conversation::read(from_json(value)?)?;
                    state.conversations.push(conversation);
                }
                UNSENT => unsent.push(unsent::read(from_json(value)?)?),
                _ => return Err(CacheError::Unreadable),
            }
        }
        let at = Timestamp(head.at);
        Ok(Some(Cached { at, state, unsent }))
    }

    /// Writes what is different from what is kept; after a failure that is as much as before.
    /// The core lets one save follow the other.
    pub(crate) async fn save(
        self: Arc<Self>,
        state: State,
        unsent: Outboxes,
        at: Timestamp,
    ) -> Result<(), CacheError> {
        let (keeper, after) = (Arc::clone(&self), (state.clone(), Arc::clone(&unsent)));
        // A first state of thousands of conversations takes its time to be written down.
        let written_down =
            tokio::task::spawn_blocking(move || keeper.changes(&state, &unsent, at)).await;
        let batch = written_down.map_err(|_| StoreError::Unavailable)?;
        self.store.write(batch, Durability::Cached).await?;
        *locked(&self.saved) = after;
        Ok(())
    }

    fn changes(&self, state: &State, unsent: &Outboxes, at: Timestamp) -> Batch {
        let mut batch = Batch::new();
        let saved = locked(&self.saved);
        for change in state.changes_since(&saved.0) {
            match change {
                Change::Favourites => {
                    let row = favourite::write(state.favourites());
                    batch.put(self.key(FAVOURITES), to_json(&row));
                }
                Change::Conversation(id) => {
                    if let Some(conversation) = state.conversation(&id) {
                        let row = conversation::write(conversation, self.texts);
                        batch.put(self.key(&conversation_place(&id)), to_json(&row));
                    }
                }
                Change::ConversationDeleted(id) => batch.remove(self.key(&conversation_place(&id))),
                Change::Contact(id) => {
                    let row = state.contact(&id).and_then(|known| contact::write(known));
                    if let Some(row) = row {
                        batch.put(self.key(&contact_place(&id)), to_json(&row));
                    }
                }
                Change::ContactDeleted(id) => batch.remove(self.key(&contact_place(&id))),
                // Presences, lines and calls are of the moment.
                _ => {}
            }
        }
        if self.texts {
            self.change_unsent(&mut batch, &saved.1, unsent);
        }
        let head = Head {
            version: VERSION,
            user: self.user.expose().clone(),
            at: at.0,
            texts: self.texts,
        };
        batch.put(self.key(HEAD), to_json(&head));
        batch
    }

    fn change_unsent(&self, batch: &mut Batch, before: &Outboxes, now: &Outboxes) {
        for (number, (to, outbox)) in &**now {
            if before.get(number).is_none_or(|(_, kept)| kept != outbox) {
                let row = to_json(&unsent::write(to, outbox));
                batch.put(self.key(&unsent_place(number)), row);
            }
        }
        for number in before.keys().filter(|number| !now.contains_key(*number)) {
            batch.remove(self.key(&unsent_place(number)));
        }
    }

    fn key(&self, place: &str) -> String {
        format!("{}{place}", self.prefix)
    }
}

async fn throw_away(store: &dyn Store, entries: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut batch = Batch::new();
    for (key, _) in entries {
        batch.remove(key);
    }
    store.write(batch, Durability::Cached).await
}

/// A name with a slash in it doesn't reach into another's entries.
fn prefix(name: &str) -> String {
    let name = name.replace('%', "%25").replace('/', "%2F");
    format!("cache/{name}/")
}

fn conversation_place(id: &ConversationId) -> String {
    format!("{CONVERSATION}/{id}")
}

fn contact_place(id: &ContactId) -> String {
    format!("{CONTACT}/{id}")
}

fn unsent_place(number: &str) -> String {
    format!("{UNSENT}/{number}")
}

/// As the view has them.
pub(crate) fn by_number(unsent: &[(PhoneNumber, Outbox)]) -> Outboxes {
    let kept = unsent
        .iter()
        .filter(|(_, outbox)| outbox.messages().len() > 0);
    Arc::new(kept.map(|one| (one.0.dialable(), one.clone())).collect())
}

const fn yes() -> bool {
    true
}

fn from_json<T: DeserializeOwned>(value: &[u8]) -> Result<T, CacheError> {
    serde_json::from_slice(value).map_err(|_| CacheError::Unreadable)
}

fn to_json<T: Serialize>(row: &T) -> Vec<u8> {
    serde_json::to_vec(row).expect("a row has text keys only, and writing to memory doesn't fail")
}

/// Counts up with every change of a row that an older version can't read or would misread.
const VERSION: u32 = 2;
const HEAD: &str = "head";
const FAVOURITES: &str = "favourites";
const CONTACT: &str = "contact";
const CONVERSATION: &str = "conversation";
const UNSENT: &str = "unsent";

#[cfg(test)]
mod tests;
