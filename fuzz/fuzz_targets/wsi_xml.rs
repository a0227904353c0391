//! Answers of WSI: what is read survives being written.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    uc_protocol::wsi::exercise_answers(bytes);
});
