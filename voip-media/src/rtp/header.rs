use crate::{PayloadType, SeqNum, Ssrc};

/// A received RTP packet, read in place (RFC 3550 §5.1): nothing is copied, nothing allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RtpView<'a> {
    pub(crate) payload_type: PayloadType,
    pub(crate) marker: bool,
    pub(crate) seq: SeqNum,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: Ssrc,
    /// Without padding.
    pub(crate) payload: &'a [u8],
}

impl<'a> RtpView<'a> {
    /// Reads a packet; `None` if its lengths don't fit.
    pub(crate) fn parse(packet: &'a [u8]) -> Option<Self> {
        let (fixed, rest) = packet.split_at_checked(HEADER)?;
        if fixed[0] >> 6 != VERSION {
            return None;
        }
        let sources = usize::from(fixed[0] & 0x0f) * 4;
        let mut rest = rest.get(sources..)?;
        if fixed[0] & EXTENSION != 0 {
            let length = rest.get(2..4)?;
            let words = usize::from(u16::from_be_bytes([length[0], length[1]]));
            rest = rest.get(4 + words * 4..)?;
        }
        if fixed[0] & PADDING != 0 {
            let padding = usize::from(*rest.last()?);
            rest = rest.get(..rest.len().checked_sub(padding.max(1))?)?;
        }
        Some(Self {
            payload_type: PayloadType(fixed[1] & 0x7f),
            marker: fixed[1] & MARKER != 0,
            seq: SeqNum(u16::from_be_bytes([fixed[2], fixed[3]])),
            timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: Ssrc(u32::from_be_bytes([
                fixed[8], fixed[9], fixed[10], fixed[11],
            ])),
            payload: rest,
        })
    }
}

/// Writes the header of a packet without contributing sources and extensions.
pub(crate) fn write_header(
    header: &mut [u8; HEADER],
    payload_type: PayloadType,
    marker: bool,
    seq: SeqNum,
    timestamp: u32,
    ssrc: Ssrc,
) {
    header[0] = VERSION << 6;
    header[1] = payload_type.0 & 0x7f | if marker { MARKER } else { 0 };
    header[2..4].copy_from_slice(&seq.0.to_be_bytes());
    header[4..8].copy_from_slice(&timestamp.to_be_bytes());
    header[8..].copy_from_slice(&ssrc.0.to_be_bytes());
}

/// Octets of the fixed header.
pub(crate) const HEADER: usize = 12;
const VERSION: u8 = 2;
const PADDING: u8 = 0x20;
const EXTENSION: u8 = 0x10;
const MARKER: u8 = 0x80;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rtp::packet::Packet;
    use webrtc_util::marshal::Unmarshal;

    use super::*;

    fn packet(payload: &[u8]) -> Vec<u8> {
        let mut header = [0; HEADER];
        write_header(
            &mut header,
            PayloadType(111),
            true,
            SeqNum(65_535),
            7,
            Ssrc(0xdead_beef),
        );
        [&header[..], payload].concat()
    }

    #[test]
    fn a_packet_is_read_as_it_was_written() {
        let bytes = packet(b"speech");
        let view = RtpView::parse(&bytes).expect("a packet");
        assert_eq!(view.payload_type, PayloadType(111));
        assert!(view.marker);
        assert_eq!(
            (view.seq, view.timestamp, view.ssrc),
            (SeqNum(65_535), 7, Ssrc(0xdead_beef))
        );
        assert_eq!(view.payload, b"speech");
    }

    #[test]
    fn sources_extensions_and_padding_are_passed_over() {
        let mut bytes = packet(b"");
        bytes[0] |= 0x02 | EXTENSION | PADDING;
        bytes.extend([0; 8]);
        bytes.extend([0xbe, 0xde, 0, 1, 1, 2, 3, 4]);
        bytes.extend(b"speech");
        bytes.extend([0, 0, 3]);
        assert_eq!(
            RtpView::parse(&bytes).map(|view| view.payload),
            Some(&b"speech"[..])
        );
    }

    #[test]
    fn lengths_that_do_not_fit_are_refused() {
        assert_eq!(RtpView::parse(&packet(b"")[..11]), None);
        let with = |flags: u8, rest: &[u8]| {
            let mut bytes = packet(rest);
            bytes[0] |= flags;
            RtpView::parse(&bytes).map(|view| view.payload.len())
        };
        assert_eq!(with(PADDING, &[]), None);
        assert_eq!(with(PADDING, &[9]), None);
        assert_eq!(with(EXTENSION, &[0, 0, 0]), None);
        assert_eq!(with(EXTENSION, &[0, 0, 0, 9, 1]), None);
        assert_eq!(with(0x0f, &[0; 4]), None);
        assert_eq!(RtpView::parse(&[0; 12]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic_and_as_the_rtp_crate_does(
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            let ours = RtpView::parse(&bytes);
            let theirs = Packet::unmarshal(&mut bytes.as_slice());
            if let (Some(ours), Ok(theirs)) = (ours, theirs) {
                prop_assert_eq!(ours.seq.0, theirs.header.sequence_number);
                prop_assert_eq!(ours.ssrc.0, theirs.header.ssrc);
                prop_assert_eq!(ours.timestamp, theirs.header.timestamp);
            }
        }
    }
}
