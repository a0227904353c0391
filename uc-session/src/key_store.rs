//! The [`SecretStore`] of the operating system.

use async_trait::async_trait;
use keyring::{Entry, Error};
use uc_model::Redacted;

use crate::port::{SecretStore, SecretStoreError};

/// The key store of the operating system: Keychain Services on macOS, the Credential Manager on
/// Windows, elsewhere the Secret Service of the desktop (GNOME's keyring, KWallet, KeePassXC) over
/// D-Bus.
///
/// A locked key store may ask the person at the desktop to unlock it, and an operation lasts as
/// long as that. Each runs on a thread where waiting harms nobody; dropping its future doesn't stop
/// it. Where there is no desktop session everything answers [`SecretStoreError::Absent`].
#[derive(Debug, Clone)]
pub struct KeyringStore {
    service: String,
}

impl KeyringStore {
    /// The secrets of the program that calls itself `service` there: what a person sees who looks
    /// through the key store. Does no I/O.
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
        }
    }

    /// Does `work` with the entry of `key`; `None` where there is no such entry.
    async fn with<T: Send + 'static>(
        &self,
        key: &str,
        work: impl FnOnce(&Entry) -> keyring::Result<T> + Send + 'static,
    ) -> Result<Option<T>, SecretStoreError> {
        let (service, key) = (self.service.clone(), key.to_owned());
        let done = tokio::task::spawn_blocking(move || {
            if Entry::store_status().is_err() {
                return Err(SecretStoreError::Absent);
            }
            match Entry::new(&service, &key).and_then(|entry| work(&entry)) {
                Ok(done) => Ok(Some(done)),
                Err(Error::NoEntry) => Ok(None),
                Err(Error::NoDefaultStore) => Err(SecretStoreError::Absent),
                Err(_) => Err(SecretStoreError::Refused),
            }
        });
        done.await.unwrap_or(Err(SecretStoreError::Refused))
    }
}

#[async_trait]
impl SecretStore for KeyringStore {
    async fn get(&self, key: &str) -> Result<Option<Redacted<String>>, SecretStoreError> {
        let secret = self.with(key, Entry::get_password).await?;
        Ok(secret.map(Redacted::new))
    }

    async fn put(&self, key: &str, secret: &Redacted<String>) -> Result<(), SecretStoreError> {
        let secret = secret.clone();
        let put = self.with(key, move |entry| entry.set_password(secret.expose()));
        put.await?.ok_or(SecretStoreError::Refused)
    }

    async fn remove(&self, key: &str) -> Result<(), SecretStoreError> {
        self.with(key, Entry::delete_credential).await.map(drop)
    }
}
