//! Numbers, extensions and identifiers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uc_model::{Extension, PhoneNumber, UserId, UserName};

fuzz_target!(|text: &str| {
    if let Ok(number) = PhoneNumber::new(text) {
        let dialled = PhoneNumber::new(number.dialable()).expect("what is dialled is a number");
        assert_eq!(dialled.dialable(), number.dialable());
    }
    let _ = (Extension::new(text), UserId::new(text), UserName::new(text));
});
