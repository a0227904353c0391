//! Plantronics Hub's answers, an application's calls, and time.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| headset::exercise_hub(bytes));
