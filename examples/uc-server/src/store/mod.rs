//! What survives a restart.
//!
//! Durability: SQLite in WAL mode with `synchronous=NORMAL`. A change is committed before anybody
//! hears of it, so that the death of the process loses nothing that was acknowledged; the loss of
//! power can lose the last moments, never the consistency, and event numbers then begin a new epoch.
//! `FULL` would add one flush of the disk,
//! some milliseconds, to every ring of a telephone.

mod journal;
mod sqlite;

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;

use crate::exchange::{Answer, AnswerKey, Call, Logged, Millis, OwnPresence, SessionId};

pub(crate) use journal::{Delivery, Journal, Subscriber};
pub(crate) use sqlite::Database;

/// One change to what is saved.
#[derive(Debug)]
pub(crate) enum Write {
    FailedSignIns(String, u32),
    Presence(String, OwnPresence),
    /// Reader, subject, revision.
    PresenceRevision(String, String, u64),
    Session(SavedSession),
    SessionGone(SessionId),
    Call(String, Box<Call>),
    CallGone(String),
    Owned(Owned),
    /// User, kind and id.
    OwnedGone(String, Kind, String),
    Event(String, Arc<Logged>),
    /// The user's events before this number are no longer needed.
    EventsBefore(String, u64),
    Answer(AnswerKey, Answer),
    AnswerGone(AnswerKey),
}

/// Something that one user has, as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owned {
    pub(crate) user: String,
    pub(crate) kind: Kind,
    /// Tells it from others of its kind; empty where there is one only.
    pub(crate) id: String,
    body: Box<str>,
}

/// What users have. A further kind needs nothing more of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Conversation,
    Contact,
    Favourites,
    /// What is kept for the user besides.
    Account,
    /// The user's photo.
    Photo,
    /// The user's password.
    Password,
}

impl Kind {
    const ALL: [Self; 6] = [
        Self::Conversation,
        Self::Contact,
        Self::Favourites,
        Self::Account,
        Self::Photo,
        Self::Password,
    ];

    /// As it stands in the database: never changed.
    const fn name(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::Contact => "contact",
            Self::Favourites => "favourites",
            Self::Account => "account",
            Self::Photo => "photo",
            Self::Password => "password",
        }
    }
}

impl Owned {
    pub(crate) fn new<T: Serialize>(user: &str, kind: Kind, id: &str, body: &T) -> Self {
        let body = serde_json::to_string(body);
        Self {
            user: user.to_owned(),
            kind,
            id: id.to_owned(),
            body: body
                .expect("resources have text keys and plain values only")
                .into(),
        }
    }

    /// What was saved; `None` where it isn't understood any more.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(&self.body).ok()
    }
}

/// A session as it is saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct SavedSession {
    pub(crate) id: SessionId,
    pub(crate) user: String,
    pub(crate) signed_in: Millis,
}

/// All that was saved.
#[derive(Debug, Default)]
pub(crate) struct Saved {
    pub(crate) failed_sign_ins: Vec<(String, u32)>,
    pub(crate) presences: Vec<(String, OwnPresence)>,
    pub(crate) presence_revisions: Vec<(String, String, u64)>,
    pub(crate) sessions: Vec<SavedSession>,
    pub(crate) calls: Vec<Call>,
    pub(crate) owned: Vec<Owned>,
    /// Each user's events in ascending order.
    pub(crate) events: Vec<(String, Logged)>,
    pub(crate) answers: Vec<(AnswerKey, Answer)>,
}

/// Why the store can't be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The directory can't be made or written.
    #[error("the data directory can't be used: {0}")]
    Directory(#[from] std::io::Error),
    /// SQLite refuses.
    #[error("the database can't be used: {0}")]
    Database(#[from] rusqlite::Error),
    /// A row can't be written or read as JSON.
    #[error("the database holds a row that this version doesn't understand: {0}")]
    Row(#[from] serde_json::Error),
    /// Another version of the program made the database.
    #[error(
        "the database has layout {found}, this program needs {expected}; use a new data directory"
    )]
    Layout {
        /// The number found.
        found: i64,
        /// The number that this program writes.
        expected: i64,
    },
    /// An earlier change couldn't be written, so that memory and database differ.
    #[error("the store has failed before; restart the server")]
    Failed,
}
