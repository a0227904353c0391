//! An Opus packet's outside: table of contents, frame lengths and the flags of its first frame
//! (RFC 6716 §3 and §4.2.3), read without decoding.

/// Samples at 48 kHz that `packet` decodes to (RFC 6716 §3.1 and §3.2); `None` if it is no
/// packet or claims more than 120 ms (requirement R5).
pub(super) fn packet_samples(packet: &[u8]) -> Option<usize> {
    let samples = frame_count(packet)? * frame_samples(*packet.first()?);
    (samples <= MAX_PACKET_SAMPLES).then_some(samples)
}

/// Whether `packet` holds a low-bitrate copy of the frame before it: the LBRR flag of its first
/// frame (RFC 6716 §4.2.3). The flags are the frame's first bits, coded as plain bits: one voice
/// activity flag for each 20 ms of SILK, then LBRR, and the same for the side channel.
pub(super) fn has_fec(packet: &[u8]) -> bool {
    lbrr(packet).unwrap_or(false)
}

fn lbrr(packet: &[u8]) -> Option<bool> {
    let toc = *packet.first()?;
    if toc & CELT_ONLY != 0 || packet_samples(packet).is_none() {
        return None;
    }
    let flags = *first_frame(packet)?.first()?;
    let silk_frames = frame_samples(toc).div_ceil(SILK_FRAME_SAMPLES);
    let bit = |index: usize| flags & (0x80 >> index) != 0;
    let mid = bit(silk_frames);
    let side = toc & STEREO != 0 && bit(2 * silk_frames + 1);
    Some(mid || side)
}

/// The length of one frame at 48 kHz (RFC 6716 §3.1, table 2).
fn frame_samples(toc: u8) -> usize {
    let config = usize::from(toc >> 3);
    match config {
        0..=11 => [480, 960, 1920, 2880][config & 3],
        12..=15 => [480, 960][config & 1],
        _ => [120, 240, 480, 960][config & 3],
    }
}

fn frame_count(packet: &[u8]) -> Option<usize> {
    match packet.first()? & CODE {
        0 => Some(1),
        1 | 2 => Some(2),
        _ => Some(usize::from(packet.get(1)? & 0x3f)).filter(|count| *count > 0),
    }
}

/// The bytes of the first frame (RFC 6716 §3.2.2 to §3.2.5).
fn first_frame(packet: &[u8]) -> Option<&[u8]> {
    let body = packet.get(1..)?;
    match packet[0] & CODE {
        0 => Some(body),
        1 => body
            .len()
            .is_multiple_of(2)
            .then(|| &body[..body.len() / 2]),
        2 => {
            let (length, rest) = frame_length(body)?;
            rest.get(..length)
        }
        _ => first_of_many(body),
    }
}

/// Code 3: a count byte, padding, the lengths of all frames but the last if they differ.
fn first_of_many(body: &[u8]) -> Option<&[u8]> {
    let (count_byte, mut rest) = body.split_first()?;
    let count = usize::from(count_byte & 0x3f);
    if count_byte & PADDED != 0 {
        rest = without_padding(rest)?;
    }
    if count_byte & VARIABLE == 0 {
        return rest.get(..rest.len().checked_div(count)?);
    }
    let (first, mut rest) = match count {
        1 => (rest.len(), rest),
        _ => frame_length(rest)?,
    };
    for _ in 2..count {
        rest = frame_length(rest)?.1;
    }
    rest.get(..first)
}

/// Takes off the padding's length bytes and the padding itself at the end (RFC 6716 §3.2.5).
fn without_padding(mut bytes: &[u8]) -> Option<&[u8]> {
    let mut padding = 0;
    loop {
        let (byte, rest) = bytes.split_first()?;
        bytes = rest;
        if *byte < 255 {
            padding += usize::from(*byte);
            return bytes.get(..bytes.len().checked_sub(padding)?);
        }
        padding += 254;
    }
}

/// A frame length of one or two bytes (RFC 6716 §3.2.1) and what follows it.
fn frame_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [first @ 0..=251, rest @ ..] => Some((usize::from(*first), rest)),
        [first, second, rest @ ..] => Some((usize::from(*second) * 4 + usize::from(*first), rest)),
        _ => None,
    }
}

/// 120 ms at 48 kHz.
pub(super) const MAX_PACKET_SAMPLES: usize = 5760;
/// 20 ms at 48 kHz: a SILK frame, of which a longer Opus frame holds two or three.
const SILK_FRAME_SAMPLES: usize = 960;
/// Configurations 16 to 31.
const CELT_ONLY: u8 = 0x80;
/// The stereo bit.
const STEREO: u8 = 0x04;
/// How frames are packed.
const CODE: u8 = 0x03;
/// Code 3: the frames have different lengths.
const VARIABLE: u8 = 0x80;
/// Code 3: padding follows.
const PADDED: u8 = 0x40;

#[cfg(test)]
mod tests {
    use super::*;

    /// 20 ms of wideband SILK, mono, one frame.
    const SILK_20: u8 = 9 << 3;

    #[test]
    fn durations_are_those_of_table_2() {
        let expected = [
            [480, 960, 1920, 2880].repeat(3),
            [480, 960].repeat(2),
            [120, 240, 480, 960].repeat(4),
        ]
        .concat();
        for (config, samples) in expected.iter().enumerate() {
            assert_eq!(packet_samples(&[(config as u8) << 3]), Some(*samples));
        }
    }

    #[test]
    fn frame_counts_multiply() {
        assert_eq!(packet_samples(&[SILK_20 | 1]), Some(1920));
        assert_eq!(packet_samples(&[SILK_20 | 2]), Some(1920));
        assert_eq!(packet_samples(&[SILK_20 | 3, 6]), Some(5760));
    }

    #[test]
    fn what_is_no_packet_has_no_duration() {
        assert_eq!(packet_samples(&[]), None);
        assert_eq!(packet_samples(&[SILK_20 | 3]), None);
        assert_eq!(packet_samples(&[SILK_20 | 3, 0]), None);
        assert_eq!(packet_samples(&[SILK_20 | 3, 7]), None, "140 ms");
    }

    #[test]
    fn the_flag_follows_the_voice_activity_flags() {
        assert!(has_fec(&[SILK_20, 0b0100_0000]));
        assert!(!has_fec(&[SILK_20, 0b1011_1111]));
        assert!(
            has_fec(&[11 << 3, 0b0001_0000]),
            "60 ms: three activity flags"
        );
        assert!(!has_fec(&[11 << 3, 0b1110_1111]));
        assert!(has_fec(&[SILK_20 | STEREO, 0b0001_0000]), "side channel");
        assert!(!has_fec(&[SILK_20 | STEREO, 0b1010_1111]));
    }

    #[test]
    fn the_flag_is_found_behind_every_way_to_pack_frames() {
        let flag = 0b0100_0000;
        assert!(has_fec(&[SILK_20 | 1, flag, 0]));
        assert!(has_fec(&[SILK_20 | 2, 1, flag, 0]));
        assert!(has_fec(&[SILK_20 | 3, 2, flag, 0]));
        assert!(has_fec(&[SILK_20 | 3, VARIABLE | 3, 1, 1, flag, 0, 0]));
        assert!(has_fec(&[SILK_20 | 3, PADDED | 1, 2, flag, 0, 0]));
        let mut long_padding = vec![SILK_20 | 3, PADDED | 1, 255, 1, flag];
        long_padding.extend([0; 255]);
        assert!(has_fec(&long_padding));
    }

    #[test]
    fn broken_and_empty_frames_have_no_redundancy() {
        for packet in [
            &[][..],
            &[SILK_20],
            &[SILK_20 | 1, 0x40],
            &[SILK_20 | 2, 200, 0x40],
            &[SILK_20 | 2, 0, 0x40],
            &[SILK_20 | 3, PADDED | 1, 200, 0x40],
            &[SILK_20 | 3, VARIABLE | 3, 255],
            &[CELT_ONLY, 0xff],
        ] {
            assert!(!has_fec(packet), "{packet:02x?}");
        }
    }

    #[test]
    fn long_frame_lengths_take_two_bytes() {
        assert_eq!(frame_length(&[251, 9]), Some((251, &[9][..])));
        assert_eq!(frame_length(&[252, 1, 9]), Some((256, &[9][..])));
        assert_eq!(frame_length(&[255, 255]), Some((1275, &[][..])));
        assert_eq!(frame_length(&[252]), None);
    }
}
