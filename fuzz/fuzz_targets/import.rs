//! Files of contacts: CSV and XML.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| uc_model::exercise_import(bytes));
