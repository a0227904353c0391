//! A SIP user agent to which anything is said, in any order.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    uc_session::exercise_agent(bytes);
});
