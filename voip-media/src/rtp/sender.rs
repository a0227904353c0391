use crate::{
    PayloadType, SeqNum, Ssrc,
    rtp::header::{HEADER, write_header},
};

/// Numbers outgoing packets. One stream for the whole session: a change of codec, or hold, goes on
/// with the same source (RFC 3550 §5.1).
#[derive(Debug, Clone)]
pub(crate) struct Packetizer {
    ssrc: Ssrc,
    seq: SeqNum,
    timestamp: u32,
    marker: bool,
}

impl Packetizer {
    /// First sequence number and timestamp are to be random.
    pub(crate) fn new(ssrc: Ssrc, seq: SeqNum, timestamp: u32) -> Self {
        Self {
            ssrc,
            seq,
            timestamp,
            marker: true,
        }
    }

    /// Writes a packet of the payload that is already behind the header in `packet`; the first
    /// [`HEADER`] octets are the header's.
    pub(crate) fn write(&mut self, payload_type: PayloadType, packet: &mut [u8]) {
        let marker = std::mem::take(&mut self.marker);
        self.write_event(payload_type, self.timestamp, marker, packet);
    }

    /// The same for a packet about an event that began at `timestamp` (RFC 4733 §2.2.1): numbered in
    /// the same row, but no sound.
    pub(crate) fn write_event(
        &mut self,
        payload_type: PayloadType,
        timestamp: u32,
        marker: bool,
        packet: &mut [u8],
    ) {
        let header = packet
            .first_chunk_mut::<HEADER>()
            .expect("a packet has room for its header");
        write_header(header, payload_type, marker, self.seq, timestamp, self.ssrc);
        self.seq = SeqNum(self.seq.0.wrapping_add(1));
    }

    /// The time of the next packet's first sample.
    pub(crate) fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// Time goes on, whether a packet was sent or not. In units of the RTP clock.
    pub(crate) fn advance(&mut self, units: u32) {
        self.timestamp = self.timestamp.wrapping_add(units);
    }

    /// The next packet starts a talk spurt (RFC 3551 §4.1).
    pub(crate) fn mark(&mut self) {
        self.marker = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtp::RtpView;

    #[test]
    fn numbers_wrap_and_only_the_first_packet_of_a_spurt_is_marked() {
        let mut packets = Packetizer::new(Ssrc(1), SeqNum(65_535), u32::MAX);
        let mut next = || {
            let mut packet = [0; HEADER + 1];
            packets.write(PayloadType(0), &mut packet);
            packets.advance(160);
            let view = RtpView::parse(&packet).expect("a packet");
            (view.seq.0, view.timestamp, view.marker)
        };
        assert_eq!(next(), (65_535, u32::MAX, true));
        assert_eq!(next(), (0, 159, false));
        packets.advance(160);
        packets.mark();
        let mut packet = [0; HEADER];
        packets.write(PayloadType(0), &mut packet);
        let view = RtpView::parse(&packet).expect("a packet");
        assert_eq!((view.seq.0, view.timestamp, view.marker), (1, 479, true));
    }
}
