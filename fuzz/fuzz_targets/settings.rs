//! Files of settings.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| uc_model::exercise_settings(text));
