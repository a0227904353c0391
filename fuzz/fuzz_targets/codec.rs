//! Payloads: a decoder keeps to what it says of a packet, and survives all that it is given.
#![no_main]

use libfuzzer_sys::fuzz_target;
use voip_media::{CodecKind, codec};

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, mut rest)) = bytes.split_first() else {
        return;
    };
    let kind = [CodecKind::Opus, CodecKind::Pcmu, CodecKind::Pcma][usize::from(*kind) % 3];
    let mut decoder = codec(kind).decoder().expect("a decoder needs no settings");
    let mut out = vec![0; 5_760];
    // Each payload has its length before it; the last one is what is left.
    while let Some((length, after)) = rest.split_first() {
        let (payload, after) = after.split_at(usize::from(*length).min(after.len()));
        rest = after;
        if decoder.has_fec(payload) {
            let _ = decoder.decode_fec(payload, &mut out[..960]);
        }
        if let Ok(samples) = decoder.decode(payload, &mut out) {
            assert_eq!(decoder.packet_samples(payload), Some(samples));
        }
        let _ = decoder.conceal(&mut out[..480]);
    }
});
