//! The seeds of the fuzz targets, replayed as an ordinary test.
//!
//! The seeds lie beside the fuzz targets, outside of the package; without them (in an unpacked
//! package) there is nothing to replay.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::{fs, path::PathBuf};

use uc_model::{
    Contact, ContactId, Directory, Extension, PhoneNumber, SearchIndex, SearchQuery, UserName,
};

/// Gives each seed of a target to `body` as text.
fn replay(target: &str, body: impl Fn(&str)) {
    replay_bytes(target, |bytes| body(&String::from_utf8_lossy(bytes)));
}

/// Gives each seed of a target to `body`.
fn replay_bytes(target: &str, body: impl Fn(&[u8])) {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let Ok(seeds) = fs::read_dir(corpus.join(target)) else {
        assert!(!corpus.exists(), "{target} has no seeds");
        return;
    };
    for seed in seeds {
        body(&fs::read(seed.unwrap().path()).unwrap());
    }
}

#[test]
fn names_are_found_by_themselves() {
    replay("search_query", |text| {
        let contact = Contact {
            id: ContactId::new("1").unwrap(),
            directory: Directory::Internal,
            first_name: String::new().into(),
            last_name: text.to_owned().into(),
            numbers: Vec::new(),
            email: None,
            user: None,
        };
        let index: SearchIndex = [contact].into_iter().collect();
        let query = SearchQuery::new(text);
        let found = index.search(&query, 1).contacts.len();
        let is_name = !text.bytes().any(|b| b.is_ascii_digit());
        let findable = is_name && text.len() < 1000 && !query.is_empty();
        assert!(!findable || found == 1, "{text:?}");
    });
}

#[test]
fn numbers_are_read_without_panic() {
    replay("phone_number", |text| {
        if let Ok(number) = PhoneNumber::new(text) {
            let dialled = PhoneNumber::new(number.dialable()).unwrap();
            assert_eq!(dialled.dialable(), number.dialable());
        }
        let _ = (Extension::new(text), UserName::new(text));
    });
}

#[test]
fn files_of_contacts_are_read_and_exported_without_panic() {
    replay_bytes("import", uc_model::exercise_import);
}

#[test]
fn settings_are_read_without_panic() {
    replay("settings", uc_model::exercise_settings);
}

#[cfg(feature = "photo")]
#[test]
fn photos_are_made_without_panic() {
    replay_bytes("photo", uc_model::exercise_photo);
}
