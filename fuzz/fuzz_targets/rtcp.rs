//! RTCP behind its protection: reports, and extended reports.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| voip_media::exercise_rtcp(bytes));
