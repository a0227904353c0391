use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;
use uc_model::Redacted;

use crate::{
    locked,
    port::{SecretStore, SecretStoreError, Store, StoreError},
};

/// A [`Store`] in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<BTreeMap<String, Vec<u8>>>);

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(locked(&self.0).get(key).cloned())
    }

    async fn put(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        locked(&self.0).insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    async fn remove(&self, key: &str) -> Result<(), StoreError> {
        locked(&self.0).remove(key);
        Ok(())
    }
}

/// A [`SecretStore`] in memory.
#[derive(Debug, Default)]
pub struct MemorySecretStore(Mutex<BTreeMap<String, Redacted<String>>>);

#[async_trait]
impl SecretStore for MemorySecretStore {
    async fn get(&self, key: &str) -> Result<Option<Redacted<String>>, SecretStoreError> {
        Ok(locked(&self.0).get(key).cloned())
    }

    async fn put(&self, key: &str, secret: &Redacted<String>) -> Result<(), SecretStoreError> {
        locked(&self.0).insert(key.to_owned(), secret.clone());
        Ok(())
    }

    async fn remove(&self, key: &str) -> Result<(), SecretStoreError> {
        locked(&self.0).remove(key);
        Ok(())
    }
}
