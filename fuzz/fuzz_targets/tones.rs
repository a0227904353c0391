//! Telephone events: any packets are taken, and keys outlive the loss of their packets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use voip_media::exercise_tones;

fuzz_target!(|bytes: &[u8]| exercise_tones(bytes));
