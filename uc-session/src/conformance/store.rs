//! [`Store`] and [`SecretStore`].

use uc_model::Redacted;

use crate::port::{Batch, Durability, SecretStore, Store};

/// Every promise of a [`Store`]; `store` may hold other keys, but none that begins with
/// `conformance`.
pub async fn all(store: &dyn Store) {
    what_was_put_is_got(store).await;
    the_last_value_counts(store).await;
    what_was_removed_is_gone(store).await;
    any_bytes_are_kept(store).await;
    a_batch_is_made_in_its_order(store).await;
    keys_are_listed_by_their_beginning(store).await;
    what_is_written_at_the_same_time_is_all_kept(store).await;
    for (key, _) in store.entries("conformance").await.expect("it lists") {
        assert_eq!(store.remove(&key).await, Ok(()));
    }
    assert_eq!(store.entries("conformance").await, Ok(Vec::new()));
}

/// Every promise of a [`SecretStore`].
pub async fn all_secret(store: &dyn SecretStore) {
    let key = "conformance-secret";
    assert_eq!(store.get(key).await, Ok(None));
    let secret = Redacted::new("pässword with spaces".to_owned());
    assert_eq!(store.put(key, &secret).await, Ok(()));
    assert_eq!(store.get(key).await, Ok(Some(secret)));
    let other = Redacted::new("another".to_owned());
    assert_eq!(store.put(key, &other).await, Ok(()));
    assert_eq!(store.get(key).await, Ok(Some(other)));
    assert_eq!(store.remove(key).await, Ok(()));
    assert_eq!(store.get(key).await, Ok(None));
    assert_eq!(
        store.remove(key).await,
        Ok(()),
        "removing twice is no error"
    );
}

/// A value comes back; a key that was never put has none.
pub async fn what_was_put_is_got(store: &dyn Store) {
    assert_eq!(store.get("conformance-never").await, Ok(None));
    assert_eq!(store.put("conformance-a", b"one").await, Ok(()));
    assert_eq!(store.put("conformance-b", b"two").await, Ok(()));
    assert_eq!(store.get("conformance-a").await, Ok(Some(b"one".to_vec())));
    assert_eq!(store.get("conformance-b").await, Ok(Some(b"two".to_vec())));
}

/// A second value replaces the first.
pub async fn the_last_value_counts(store: &dyn Store) {
    assert_eq!(
        store.put("conformance-a", b"first and longer").await,
        Ok(())
    );
    assert_eq!(store.put("conformance-a", b"second").await, Ok(()));
    assert_eq!(
        store.get("conformance-a").await,
        Ok(Some(b"second".to_vec()))
    );
}

/// Removing takes away that key alone, and is no error where there is nothing.
pub async fn what_was_removed_is_gone(store: &dyn Store) {
    assert_eq!(store.put("conformance-a", b"one").await, Ok(()));
    assert_eq!(store.put("conformance-b", b"two").await, Ok(()));
    assert_eq!(store.remove("conformance-a").await, Ok(()));
    assert_eq!(store.remove("conformance-a").await, Ok(()));
    assert_eq!(store.get("conformance-a").await, Ok(None));
    assert_eq!(store.get("conformance-b").await, Ok(Some(b"two".to_vec())));
}

/// Values are bytes: none, zeros, and a good many.
pub async fn any_bytes_are_kept(store: &dyn Store) {
    for value in [
        vec![],
        vec![0; 3],
        (0..=255).cycle().take(100_000).collect(),
    ] {
        assert_eq!(store.put("conformance-bytes", &value).await, Ok(()));
        assert_eq!(store.get("conformance-bytes").await, Ok(Some(value)));
    }
    assert_eq!(store.remove("conformance-bytes").await, Ok(()));
}

/// A batch is made from its first change to its last, whatever its durability; an empty one is
/// nothing.
pub async fn a_batch_is_made_in_its_order(store: &dyn Store) {
    for durability in [Durability::Lasting, Durability::Cached] {
        let mut batch = Batch::new();
        batch.put("conformance-a", "first");
        batch.put("conformance-b", "stays");
        batch.put("conformance-a", "last");
        batch.put("conformance-c", "short-lived");
        batch.remove("conformance-c");
        batch.remove("conformance-d");
        assert_eq!(store.write(batch, durability).await, Ok(()));
        assert_eq!(store.get("conformance-a").await, Ok(Some(b"last".to_vec())));
        assert_eq!(
            store.get("conformance-b").await,
            Ok(Some(b"stays".to_vec()))
        );
        assert_eq!(store.get("conformance-c").await, Ok(None));
        assert_eq!(store.write(Batch::new(), durability).await, Ok(()));
    }
}

/// Only keys that begin so are listed, in the order of their bytes; nothing in a key is a pattern.
pub async fn keys_are_listed_by_their_beginning(store: &dyn Store) {
    let keys = [
        "conformance/%/a",
        "conformance/%/b",
        "conformance/%/ä",
        "conformance/_/a",
        "conformance/%",
    ];
    for key in keys {
        assert_eq!(store.put(key, key.as_bytes()).await, Ok(()));
    }
    let listed = store.entries("conformance/%/").await.expect("it lists");
    let wanted = keys[..3]
        .iter()
        .map(|key| ((*key).to_owned(), key.as_bytes().to_vec()));
    assert_eq!(listed, wanted.collect::<Vec<_>>());
    assert_eq!(store.entries("conformance/nothing").await, Ok(Vec::new()));
    let all = store.entries("").await.expect("it lists");
    assert!(all.len() >= keys.len(), "no beginning is every beginning");
}

/// Writers don't wait for each other's tasks and lose nothing.
pub async fn what_is_written_at_the_same_time_is_all_kept(store: &dyn Store) {
    let write = |number: u32| async move {
        let mut batch = Batch::new();
        batch.put(
            format!("conformance/many/{number:03}"),
            number.to_be_bytes(),
        );
        let durability = match number % 2 {
            0 => Durability::Lasting,
            _ => Durability::Cached,
        };
        store.write(batch, durability).await
    };
    let written = futures_util::future::join_all((0..100).map(write)).await;
    assert!(written.iter().all(Result::is_ok), "{written:?}");
    let kept = store.entries("conformance/many/").await.expect("it lists");
    let numbers = kept.iter().map(|(_, value)| value.clone());
    assert!(numbers.eq((0..100_u32).map(|number| number.to_be_bytes().to_vec())));
}
