//! Requests of two users to the embedded server, one after the other.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| uc_server::exercise_requests(text));
