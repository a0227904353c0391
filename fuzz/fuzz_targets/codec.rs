//! Payloads: a decoder keeps to what it says of a packet, and survives all that it is given.
#![no_main]

use libfuzzer_sys::fuzz_target;
use voip_media::exercise_decoder;

fuzz_target!(|bytes: &[u8]| exercise_decoder(bytes));
