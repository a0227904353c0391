//! Session descriptions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uc_protocol::sdp::check_audio;

fuzz_target!(|text: &str| {
    let _ = check_audio(text);
});
