//! Report descriptors of headsets.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| headset::exercise_descriptor(bytes));
