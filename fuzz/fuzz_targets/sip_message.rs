//! SIP messages: what is read survives being written, with its typed header fields.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    uc_protocol::sip::exercise_message(bytes);
});
