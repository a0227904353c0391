//! Search: what was typed finds the contact that is called so.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uc_model::{Contact, ContactId, Directory, SearchIndex, SearchQuery};

fuzz_target!(|text: &str| {
    let contact = Contact {
        id: ContactId::new("1").expect("a digit is an identifier"),
        directory: Directory::Internal,
        first_name: String::new().into(),
        last_name: text.to_owned().into(),
        numbers: Vec::new(),
        email: None,
        user: None,
    };
    let index: SearchIndex = [contact].into_iter().collect();
    let query = SearchQuery::new(text);
    // Texts that look like a number are searched without their separators.
    let is_name = !text.bytes().any(|b| b.is_ascii_digit());
    if is_name && text.len() < 1000 && !query.is_empty() {
        assert_eq!(index.search(&query, 1).contacts.len(), 1);
    }
});
