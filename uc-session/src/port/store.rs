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
    /// Its content can't be read.
    #[error("the settings file is damaged")]
    Damaged,
}

/// Keeps small values by key: settings and caches. A value that was acknowledged survives a crash.
#[async_trait]
pub trait Store: Send + Sync + fmt::Debug {
    /// The value of `key`.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// Sets the value of `key`.
    async fn put(&self, key: &str, value: &[u8]) -> Result<(), StoreError>;
    /// Removes `key`; no error if it isn't there.
    async fn remove(&self, key: &str) -> Result<(), StoreError>;
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
