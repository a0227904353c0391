use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    AccountResource, CallResource, ConversationResource, FavouritesResource, KnownContact,
    PresenceResource,
};

/// The `id:` of an event: `epoch-number`. The number is the user's revision; the epoch is new
/// whenever the server can't continue the numbering.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventId {
    /// The epoch: 1 to 32 ASCII letters and digits.
    pub epoch: Box<str>,
    /// The number inside the epoch.
    pub number: u64,
}

/// A text that is no event id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("an event id reads epoch-number")]
pub struct EventIdError;

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.number)
    }
}

impl FromStr for EventId {
    type Err = EventIdError;

    fn from_str(text: &str) -> Result<Self, EventIdError> {
        let (epoch, number) = text.split_once('-').ok_or(EventIdError)?;
        let plain = !epoch.is_empty()
            && epoch.len() <= 32
            && epoch.bytes().all(|b| b.is_ascii_alphanumeric());
        if !plain || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(EventIdError);
        }
        let number = number.parse().map_err(|_| EventIdError)?;
        Ok(Self {
            epoch: epoch.into(),
            number,
        })
    }
}

impl Serialize for EventId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The answer to a request that changes something of the user's own: what it changed, as the
/// events tell it, so that whoever has the answer needs not wait for them. Empty where nothing is
/// different now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// The changes, oldest first.
    pub changes: Vec<Event>,
}

/// The `data:` of an event. Every event carries the whole resource, so that a later one makes an
/// earlier one unnecessary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// Somebody's presence is now this.
    Presence(PresenceResource),
    /// What the server keeps for the user has changed.
    Account(AccountResource),
    /// A call is new, has changed or has ended (`local` is `null` or `fail`).
    Call(CallResource),
    /// A conversation is new or has changed.
    Conversation(ConversationResource),
    /// A conversation is gone.
    ConversationDeleted {
        /// Which.
        id: String,
        /// The tombstone's revision.
        rev: u64,
    },
    /// A contact that the client keeps is new or has changed.
    Contact(KnownContact),
    /// A contact that the client keeps is gone.
    ContactDeleted {
        /// Which.
        id: String,
        /// The tombstone's revision.
        rev: u64,
    },
    /// The favourites are these now.
    Favourites(FavouritesResource),
    /// The server can't continue from the given id: fetch the snapshot.
    Reset,
    /// The session is over (signed out elsewhere, expired); no more events follow.
    SessionEnded,
    /// A kind that this version doesn't know; ignored.
    #[serde(other)]
    Unknown,
}
