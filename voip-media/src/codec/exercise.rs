use super::{CodecKind, codec};
use crate::SampleRate;

/// Body of a fuzz target: a decoder keeps to what it says of a packet, and survives whatever it is
/// given. The first octet chooses the codec; each payload has its length before it.
#[doc(hidden)]
pub fn exercise_decoder(bytes: &[u8]) {
    let Some((kind, mut rest)) = bytes.split_first() else {
        return;
    };
    let kind = KINDS[usize::from(*kind) % KINDS.len()];
    let mut decoder = codec(kind).decoder().expect("a decoder needs no settings");
    let mut out = [0; LONGEST];
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
}

/// New ones go to the end: the seeds choose by place.
const KINDS: [CodecKind; 5] = [
    CodecKind::Opus,
    CodecKind::Pcmu,
    CodecKind::Pcma,
    CodecKind::G722,
    CodecKind::L16(SampleRate::HZ_16000),
];
/// 120 ms at 48 kHz (RFC 6716 §2.1.4).
const LONGEST: usize = 5_760;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_bytes_make_any_decoder_panic_or_break_its_word(
            data in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            exercise_decoder(&data);
        }
    }
}
