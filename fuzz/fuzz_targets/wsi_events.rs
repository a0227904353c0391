//! Answers of WSI's long poll: what is read survives being written, but for what can't be read.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    uc_protocol::wsi::exercise_events(bytes);
});
