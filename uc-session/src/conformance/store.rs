//! [`Store`] and [`SecretStore`].

use uc_model::Redacted;

use crate::port::{SecretStore, Store};

/// Every promise of a [`Store`]; `store` may hold other keys, but none that begins with
/// `conformance`.
pub async fn all(store: &dyn Store) {
    what_was_put_is_got(store).await;
    the_last_value_counts(store).await;
    what_was_removed_is_gone(store).await;
    any_bytes_are_kept(store).await;
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
