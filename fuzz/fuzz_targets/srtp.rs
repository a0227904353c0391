//! Packets that the far side has protected: what lies behind an authentic tag.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    voip_media::exercise_protected(bytes);
});
