//! Session descriptions, read and agreed with.
#![no_main]

use libfuzzer_sys::fuzz_target;
use voip_media::exercise_description;

fuzz_target!(|bytes: &[u8]| exercise_description(bytes));
