use std::{collections::BTreeMap, fmt, ops::Bound, sync::Mutex};

use async_trait::async_trait;
use uc_model::Redacted;

use crate::{
    locked,
    port::{Batch, Durability, SecretStore, SecretStoreError, Store, StoreError},
};

/// A [`Store`] in memory.
#[derive(Default)]
pub struct MemoryStore(Mutex<BTreeMap<String, Vec<u8>>>);

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore({} entries)", locked(&self.0).len())
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(locked(&self.0).get(key).cloned())
    }

    async fn entries(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let entries = locked(&self.0);
        let from = entries.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        let wanted = from.take_while(|(key, _)| key.starts_with(prefix));
        Ok(wanted
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect())
    }

    async fn write(&self, batch: Batch, _: Durability) -> Result<(), StoreError> {
        let mut entries = locked(&self.0);
        for (key, value) in batch.changes() {
            match value {
                Some(value) => entries.insert(key.to_owned(), value.to_vec()),
                None => entries.remove(key),
            };
        }
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
