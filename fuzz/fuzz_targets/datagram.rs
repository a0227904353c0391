//! Datagrams: RTP, RTCP, STUN and what is none of them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use voip_media::exercise_datagram;

fuzz_target!(|bytes: &[u8]| exercise_datagram(bytes));
