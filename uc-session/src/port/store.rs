use std::fmt;

use async_trait::async_trait;
use thiserror::Error;
use uc_model::Redacted;

/// Why the store failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It can't be read or written now.
    #[error("the settings can't be read or written: check the disk and the folder's rights")]
    Unavailable,
    /// Another program holds it.
    #[error("the settings are in use by another program: end it, or try again in a moment")]
    Locked,
    /// Its content can't be read. Nothing more is read or written until it is opened anew.
    #[error(
        "the settings file is damaged and was set aside: start again to begin with an empty one"
    )]
    Damaged,
}

/// How much an acknowledged batch must survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Durability {
    /// What the user did: also a crash of the computer and the loss of power.
    Lasting,
    /// What the server can tell again: the end of this program, however sudden. A crash of the
    /// computer may lose the newest batches, each of them whole.
    Cached,
}

/// Changes that are made together or not at all, in the order in which they were added.
///
/// `Debug` shows how many there are: keys and values may name people.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Batch(Vec<(String, Option<Vec<u8>>)>);

impl Batch {
    /// No change.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// And `key` gets `value`.
    pub fn put(&mut self, key: impl Into<String>, value: impl Into<Vec<u8>>) {
        self.0.push((key.into(), Some(value.into())));
    }

    /// And `key` is gone.
    pub fn remove(&mut self, key: impl Into<String>) {
        self.0.push((key.into(), None));
    }

    /// Whether nothing changes.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The changes; `None` where a key goes.
    pub fn changes(&self) -> impl ExactSizeIterator<Item = (&str, Option<&[u8]>)> {
        self.0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_deref()))
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({} changes)", self.0.len())
    }
}

/// Keeps small values by key: settings and caches.
///
/// Called from any task. What was acknowledged is kept as its [`Durability`] says, and is seen by
/// whoever asks later. A batch whose future is dropped may or may not be written, but never in
/// part. Nothing may block the caller's thread.
#[async_trait]
pub trait Store: Send + Sync + fmt::Debug {
    /// The value of `key`.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// All keys that begin with `prefix`, in the order of their bytes, with their values.
    async fn entries(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError>;
    /// Makes all changes of a batch, or none.
    async fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError>;

    /// Sets the value of `key`, [lasting](Durability::Lasting).
    async fn put(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        batch.put(key, value);
        self.write(batch, Durability::Lasting).await
    }

    /// Removes `key`, [lasting](Durability::Lasting); no error if it isn't there.
    async fn remove(&self, key: &str) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        batch.remove(key);
        self.write(batch, Durability::Lasting).await
    }
}

/// Why the key store failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SecretStoreError {
    /// There is none on this computer.
    #[error(
        "this computer has no key store: keep the password in a file or the environment, or enter it"
    )]
    Absent,
    /// It is locked, or refused.
    #[error("the key store refused: unlock it")]
    Refused,
}

/// Keeps passwords in the operating system's key store, never in a file.
#[async_trait]
pub trait SecretStore: Send + Sync + fmt::Debug {
    /// The secret of `key`.
    async fn get(&self, key: &str) -> Result<Option<Redacted<String>>, SecretStoreError>;
    /// Sets the secret of `key`.
    async fn put(&self, key: &str, secret: &Redacted<String>) -> Result<(), SecretStoreError>;
    /// Removes the secret of `key`.
    async fn remove(&self, key: &str) -> Result<(), SecretStoreError>;
}
