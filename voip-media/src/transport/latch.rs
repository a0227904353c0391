use std::{fmt, net::SocketAddr, time::Duration};

use crate::{MediaTime, SeqNum, Ssrc};

/// Where a far side without ICE is: at the address that its description names, or, behind a NAT, at
/// the one that its packets come from (symmetric RTP, RFC 4961; "comedia").
///
/// ```text
/// Open --a packet from the known address, WINDOW passes--> Shut
/// Open --two packets in succession from another address--> moved there, Shut
/// Shut --a description--> Open
/// ```
/// That is for packets that nothing protects: whoever can guess two ports could otherwise lead a call to
/// himself at any time. An authentic packet proves who sent it, so it moves the path in either
/// state. The announced address is always good: it came by the signalling. The one before it is still
/// heard for [`WINDOW`], for what is on its way, but not moved back to in that time.
#[derive(Clone, Default)]
pub(crate) struct Latch {
    announced: Option<SocketAddr>,
    target: Option<SocketAddr>,
    /// The target before the last move by a description, and until when its packets are on their way.
    former: Option<(SocketAddr, MediaTime)>,
    open_until: Option<MediaTime>,
    applicant: Option<Applicant>,
}

/// What an opened packet says of its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// It was authentic.
    Authentic,
    /// Nothing protects it; it is RTP of a negotiated payload type.
    Plausible { ssrc: Ssrc, seq: SeqNum },
    /// Nothing protects it, and it says nothing.
    Weak,
}

/// Another address that could be the far side's.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Applicant {
    address: SocketAddr,
    ssrc: Ssrc,
    next: u16,
}

impl Latch {
    /// A description names this address.
    pub(crate) fn announce(&mut self, address: SocketAddr, now: MediaTime) {
        if self.announced != Some(address) {
            let former = self.target.filter(|target| *target != address);
            self.former = former.map(|former| (former, now.after(WINDOW)));
            self.announced = Some(address);
            self.target = Some(address);
        }
        self.open_until = Some(now.after(WINDOW));
        self.applicant = None;
    }

    /// Where to send to.
    pub(crate) fn target(&self) -> Option<SocketAddr> {
        self.target
    }

    /// Whether a packet from there is the far side's; moves the path if it is proof enough.
    pub(crate) fn admit(&mut self, from: SocketAddr, evidence: Evidence, now: MediaTime) -> bool {
        let open = self.open_until.is_some_and(|until| now < until);
        let known = self.announced == Some(from) || self.target == Some(from);
        let leaving = self
            .former
            .is_some_and(|(former, until)| former == from && now < until);
        match evidence {
            Evidence::Authentic | Evidence::Plausible { .. } if leaving => true,
            Evidence::Authentic => self.move_to(from),
            Evidence::Plausible { .. } if known => self.move_to(from),
            Evidence::Plausible { ssrc, seq } => open && self.apply(from, ssrc, seq),
            Evidence::Weak => known || leaving,
        }
    }

    /// A single packet is soon forged or astray (RFC 3550 §A.1, `MIN_SEQUENTIAL`).
    fn apply(&mut self, address: SocketAddr, ssrc: Ssrc, seq: SeqNum) -> bool {
        let this = Applicant {
            address,
            ssrc,
            next: seq.0,
        };
        if self.applicant == Some(this) {
            return self.move_to(address);
        }
        self.applicant = Some(Applicant {
            next: seq.0.wrapping_add(1),
            ..this
        });
        false
    }

    /// Always admits.
    fn move_to(&mut self, address: SocketAddr) -> bool {
        self.target = Some(address);
        self.open_until = None;
        self.applicant = None;
        true
    }
}

/// Addresses identify people.
impl fmt::Debug for Latch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Latch(…)")
    }
}

/// How long after a description a path that nothing protects may still be moved. A phone behind a NAT
/// sends as soon as it has the description; a provider's gateway once somebody answers.
const WINDOW: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> MediaTime {
        MediaTime::from_micros(seconds * 1_000_000)
    }

    fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 4_000))
    }

    fn rtp(ssrc: u32, seq: u16) -> Evidence {
        Evidence::Plausible {
            ssrc: Ssrc(ssrc),
            seq: SeqNum(seq),
        }
    }

    const ANNOUNCED: u8 = 1;
    const NAT: u8 = 2;
    const STRANGER: u8 = 3;

    fn announced() -> Latch {
        let mut latch = Latch::default();
        latch.announce(address(ANNOUNCED), at(0));
        latch
    }

    #[test]
    fn two_packets_in_succession_from_another_address_move_an_open_path() {
        let mut latch = announced();
        assert_eq!(latch.target(), Some(address(ANNOUNCED)));
        assert!(!latch.admit(address(NAT), rtp(7, 65_535), at(1)));
        assert_eq!(latch.target(), Some(address(ANNOUNCED)));
        assert!(latch.admit(address(NAT), rtp(7, 0), at(1)));
        assert_eq!(latch.target(), Some(address(NAT)));
        assert!(latch.admit(address(NAT), rtp(7, 1), at(1)));
    }

    #[test]
    fn a_path_that_nothing_protects_moves_once() {
        let mut latch = announced();
        latch.admit(address(NAT), rtp(7, 1), at(1));
        latch.admit(address(NAT), rtp(7, 2), at(1));
        for seq in 3..9 {
            assert!(!latch.admit(address(STRANGER), rtp(7, seq), at(2)));
        }
        assert_eq!(latch.target(), Some(address(NAT)));
    }

    #[test]
    fn a_far_side_that_is_heard_where_it_said_is_not_moved() {
        let mut latch = announced();
        assert!(latch.admit(address(ANNOUNCED), rtp(7, 1), at(1)));
        assert!(!latch.admit(address(STRANGER), rtp(7, 2), at(1)));
        assert!(!latch.admit(address(STRANGER), rtp(7, 3), at(1)));
        assert_eq!(latch.target(), Some(address(ANNOUNCED)));
    }

    #[test]
    fn after_the_first_seconds_the_latch_is_shut_until_the_next_description() {
        let mut latch = announced();
        assert!(!latch.admit(address(NAT), rtp(7, 1), at(10)));
        assert!(!latch.admit(address(NAT), rtp(7, 2), at(10)));
        latch.announce(address(ANNOUNCED), at(60));
        assert!(!latch.admit(address(NAT), rtp(7, 3), at(61)));
        assert!(latch.admit(address(NAT), rtp(7, 4), at(61)));
        latch.announce(address(ANNOUNCED), at(70));
        assert_eq!(
            latch.target(),
            Some(address(NAT)),
            "the same announcement leaves it"
        );
    }

    #[test]
    fn packets_that_do_not_follow_each_other_move_nothing() {
        let mut latch = announced();
        for (ssrc, seq) in [(7, 1), (8, 2), (7, 3), (7, 5), (7, 5)] {
            assert!(
                !latch.admit(address(NAT), rtp(ssrc, seq), at(1)),
                "{ssrc} {seq}"
            );
        }
        assert!(!latch.admit(address(NAT), Evidence::Weak, at(1)));
    }

    #[test]
    fn the_announced_address_takes_its_call_back() {
        let mut latch = announced();
        latch.admit(address(STRANGER), rtp(9, 1), at(1));
        latch.admit(address(STRANGER), rtp(9, 2), at(1));
        assert_eq!(latch.target(), Some(address(STRANGER)));
        assert!(latch.admit(address(ANNOUNCED), rtp(7, 1), at(2)));
        assert_eq!(latch.target(), Some(address(ANNOUNCED)));
    }

    #[test]
    fn an_authentic_packet_moves_the_path_at_any_time() {
        let mut latch = announced();
        assert!(latch.admit(address(NAT), Evidence::Authentic, at(1)));
        assert!(latch.admit(address(STRANGER), Evidence::Authentic, at(500)));
        assert_eq!(latch.target(), Some(address(STRANGER)));
    }

    #[test]
    fn what_was_on_its_way_when_the_far_side_moved_is_heard_and_moves_nothing_back() {
        for evidence in [rtp(7, 1), Evidence::Authentic] {
            let mut latch = announced();
            latch.announce(address(NAT), at(20));
            for _ in 0..3 {
                assert!(latch.admit(address(ANNOUNCED), evidence, at(20)));
            }
            assert_eq!(latch.target(), Some(address(NAT)));
            // Later it would be a move.
            latch.admit(address(ANNOUNCED), Evidence::Authentic, at(30));
            assert_eq!(latch.target(), Some(address(ANNOUNCED)));
        }
    }

    #[test]
    fn addresses_stay_out_of_debug_output() {
        assert_eq!(format!("{:?}", announced()), "Latch(…)");
    }

    proptest! {
        #[test]
        fn whatever_comes_only_the_sender_of_an_admitted_packet_is_sent_to(
            packets in proptest::collection::vec((0u8..4, 0u32..2, 0u16..4, 0u64..20), 0..40),
        ) {
            let mut latch = announced();
            for (last, ssrc, seq, now) in packets {
                let before = latch.target();
                let admitted = latch.admit(address(last), rtp(ssrc, seq), at(now));
                let moved = latch.target() != before;
                prop_assert!(!moved || (admitted && latch.target() == Some(address(last))));
            }
        }
    }
}
