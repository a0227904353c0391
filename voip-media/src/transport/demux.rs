/// What a datagram is by its first byte (RFC 7983 §7), RTP and RTCP by its second (RFC 5761 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DatagramKind {
    /// STUN (RFC 8489).
    Stun,
    /// DTLS (RFC 6347, RFC 9147).
    Dtls,
    /// SRTP (RFC 3711).
    Rtp,
    /// SRTCP (RFC 3711).
    Rtcp,
    /// None of them, or too short to be.
    Unknown,
}

/// Sorts a datagram.
pub(crate) fn classify(datagram: &[u8]) -> DatagramKind {
    match datagram {
        [0..=3, ..] if datagram.len() >= STUN_HEADER => DatagramKind::Stun,
        [20..=63, ..] if datagram.len() >= DTLS_HEADER => DatagramKind::Dtls,
        [128..=191, 192..=223, ..] if datagram.len() >= RTCP_HEADER => DatagramKind::Rtcp,
        [128..=191, _, ..] if datagram.len() >= RTP_HEADER => DatagramKind::Rtp,
        _ => DatagramKind::Unknown,
    }
}

/// Octets of a STUN header (RFC 8489 §5).
const STUN_HEADER: usize = 20;
/// Octets of the shortest DTLS record header: DTLS 1.3's unified header with a content byte and
/// a tag (RFC 9147 §4) is longer, a DTLS 1.2 record starts with 13.
const DTLS_HEADER: usize = 13;
/// Octets of an RTP header (RFC 3550 §5.1).
const RTP_HEADER: usize = 12;
/// Octets of an RTCP header with its SSRC (RFC 3550 §6.4.2).
const RTCP_HEADER: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_protocol_is_known_by_its_first_bytes() {
        let with = |first: u8, second: u8| {
            let mut datagram = [0; 40];
            datagram[0] = first;
            datagram[1] = second;
            classify(&datagram)
        };
        assert_eq!(with(0, 1), DatagramKind::Stun);
        assert_eq!(with(22, 254), DatagramKind::Dtls);
        assert_eq!(with(0x2c, 0), DatagramKind::Dtls);
        assert_eq!(with(0x80, 111), DatagramKind::Rtp);
        assert_eq!(with(0x80, 128 + 111), DatagramKind::Rtp);
        assert_eq!(with(0x80, 200), DatagramKind::Rtcp);
        assert_eq!(with(0x81, 206), DatagramKind::Rtcp);
        assert_eq!(with(64, 0), DatagramKind::Unknown);
        assert_eq!(with(255, 0), DatagramKind::Unknown);
    }

    #[test]
    fn what_is_too_short_is_nothing() {
        assert_eq!(classify(&[]), DatagramKind::Unknown);
        assert_eq!(classify(&[0; 19]), DatagramKind::Unknown);
        assert_eq!(classify(&[0x80; 11]), DatagramKind::Unknown);
        assert_eq!(classify(&[22; 12]), DatagramKind::Unknown);
    }

    proptest! {
        #[test]
        fn any_bytes_are_sorted_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = classify(&bytes);
        }
    }
}
