//! Streams of SIP messages: the same comes out however they are cut.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    uc_protocol::sip::exercise_stream(bytes);
});
