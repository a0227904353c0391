//! Sequences of operations on a jitter buffer; its promises are checked after each.
#![no_main]

use libfuzzer_sys::fuzz_target;
use voip_media::exercise_jitter_buffer;

fuzz_target!(|bytes: &[u8]| exercise_jitter_buffer(bytes));
