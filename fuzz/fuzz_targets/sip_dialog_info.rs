//! What a watched telephone tells of its calls.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    uc_protocol::sip::exercise_dialog_info(bytes);
});
