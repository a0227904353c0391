use std::time::{Duration, SystemTime};

use bytes::Bytes;
use rtcp::{
    compound_packet::CompoundPacket,
    extended_report::ExtendedReport,
    goodbye::Goodbye,
    packet::Packet,
    receiver_report::ReceiverReport,
    reception_report::ReceptionReport,
    sender_report::SenderReport,
    source_description::{
        SdesType, SourceDescription, SourceDescriptionChunk, SourceDescriptionItem,
    },
};
use webrtc_util::marshal::{Marshal, Unmarshal};

use crate::{MediaTime, Ssrc, VoipMetrics, rtp::Reception};

/// Makes and reads the RTCP of one session (RFC 3550 §6).
#[derive(Debug)]
pub(crate) struct Reporter {
    ssrc: Ssrc,
    cname: String,
    /// The middle 32 bits of the far side's last sender report, and when it came.
    last_sender_report: Option<(u32, MediaTime)>,
    /// NTP time of the media clock's origin.
    origin: u64,
}

/// What our sender report says of our own stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SentFigures {
    pub(crate) packets: u64,
    pub(crate) octets: u64,
    /// RTP timestamp of now.
    pub(crate) timestamp: u32,
}

/// What the far side reports of our stream.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Feedback {
    /// Share of lost packets since its last report.
    pub(crate) loss: Option<f32>,
    /// Round trip, once it has had a sender report of ours.
    pub(crate) round_trip: Option<Duration>,
    /// How it hears us.
    pub(crate) metrics: Option<VoipMetrics>,
}

impl Reporter {
    /// `origin` is the NTP time at the origin of the media clock ([`ntp_time`]).
    pub(crate) fn new(ssrc: Ssrc, cname: String, origin: u64) -> Self {
        Self {
            ssrc,
            cname,
            last_sender_report: None,
            origin,
        }
    }

    /// A compound packet: sender or receiver report, the canonical name, and how the source that is
    /// reported on is heard (RFC 3611).
    pub(crate) fn report(
        &self,
        sent: Option<SentFigures>,
        reception: Option<(Ssrc, &mut Reception)>,
        metrics: Option<VoipMetrics>,
        now: MediaTime,
    ) -> Option<Bytes> {
        let heard = reception.as_ref().map(|(ssrc, _)| *ssrc).zip(metrics);
        let reports = reception.map(|(ssrc, reception)| self.block(ssrc, reception, now));
        let reports: Vec<_> = reports.into_iter().collect();
        let first: Box<dyn Packet + Send + Sync> = match sent {
            Some(sent) => Box::new(SenderReport {
                ssrc: self.ssrc.0,
                ntp_time: self.ntp(now),
                rtp_time: sent.timestamp,
                packet_count: sent.packets as u32,
                octet_count: sent.octets as u32,
                reports,
                ..SenderReport::default()
            }),
            None => Box::new(ReceiverReport {
                ssrc: self.ssrc.0,
                reports,
                ..ReceiverReport::default()
            }),
        };
        let mut packets = vec![
            first,
            Box::new(self.description()) as Box<dyn Packet + Send + Sync>,
        ];
        if let Some((ssrc, metrics)) = heard {
            packets.push(Box::new(ExtendedReport {
                sender_ssrc: self.ssrc.0,
                reports: vec![Box::new(metrics.block(ssrc))],
            }));
        }
        CompoundPacket(packets).marshal().ok()
    }

    /// The last packet of a session (RFC 3550 §6.6).
    pub(crate) fn goodbye(&self) -> Option<Bytes> {
        let report = ReceiverReport {
            ssrc: self.ssrc.0,
            ..ReceiverReport::default()
        };
        let goodbye = Goodbye {
            sources: vec![self.ssrc.0],
            ..Goodbye::default()
        };
        let packets: Vec<Box<dyn Packet + Send + Sync>> = vec![
            Box::new(report),
            Box::new(self.description()),
            Box::new(goodbye),
        ];
        CompoundPacket(packets).marshal().ok()
    }

    fn description(&self) -> SourceDescription {
        let text = Bytes::copy_from_slice(self.cname.as_bytes());
        let items = vec![SourceDescriptionItem {
            sdes_type: SdesType::SdesCname,
            text,
        }];
        SourceDescription {
            chunks: vec![SourceDescriptionChunk {
                source: self.ssrc.0,
                items,
            }],
        }
    }

    fn block(&self, ssrc: Ssrc, reception: &mut Reception, now: MediaTime) -> ReceptionReport {
        let figures = reception.report();
        let (last_sender_report, delay) = match self.last_sender_report {
            Some((middle, at)) => (middle, units(now.since(at))),
            None => (0, 0),
        };
        ReceptionReport {
            ssrc: ssrc.0,
            fraction_lost: figures.fraction_lost,
            total_lost: figures.total_lost,
            last_sequence_number: figures.highest,
            jitter: figures.jitter,
            last_sender_report,
            delay,
        }
    }

    /// Reads a compound packet; what it says of our stream, if it does. Broken packets say
    /// nothing. Only reports are read: the other kinds are of no use here, and reading them is
    /// where a hostile length can do harm.
    pub(crate) fn read(&mut self, packet: &[u8], now: MediaTime) -> Option<Feedback> {
        let mut feedback = Feedback::default();
        for (kind, mut part) in parts(packet)? {
            let reports = match kind {
                EXTENDED_REPORT => {
                    feedback.metrics = VoipMetrics::read(part, self.ssrc).or(feedback.metrics);
                    continue;
                }
                SENDER_REPORT => {
                    let report = SenderReport::unmarshal(&mut part).ok()?;
                    self.last_sender_report = Some(((report.ntp_time >> 16) as u32, now));
                    report.reports
                }
                RECEIVER_REPORT => ReceiverReport::unmarshal(&mut part).ok()?.reports,
                _ => continue,
            };
            self.learn(&reports, now, &mut feedback);
        }
        (feedback != Feedback::default()).then_some(feedback)
    }

    fn learn(&self, reports: &[ReceptionReport], now: MediaTime, feedback: &mut Feedback) {
        let about_us = |report: &&ReceptionReport| report.ssrc == self.ssrc.0;
        let Some(report) = reports.iter().find(about_us) else {
            return;
        };
        let middle = (self.ntp(now) >> 16) as u32;
        let elapsed = middle
            .wrapping_sub(report.last_sender_report)
            .wrapping_sub(report.delay);
        let plausible = report.last_sender_report != 0 && elapsed < MAX_ROUND_TRIP;
        feedback.loss = Some(f32::from(report.fraction_lost) / 256.0);
        feedback.round_trip = plausible.then(|| duration(elapsed));
    }

    fn ntp(&self, now: MediaTime) -> u64 {
        let micros = u128::from(now.as_micros());
        self.origin
            .wrapping_add(((micros << 32) / 1_000_000) as u64)
    }
}

/// When the next report is due: on average each second, scattered by half of that, the first one
/// after half of it (RFC 3550 §6.2, RFC 4585 §3.4: a few hundred octets a second).
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReportSchedule {
    due: MediaTime,
    state: u64,
}

impl ReportSchedule {
    /// Starts at `now`; `seed` scatters.
    pub(crate) fn new(seed: u64, now: MediaTime) -> Self {
        Self {
            due: now.after(INTERVAL / 2),
            state: seed | 1,
        }
    }

    /// The time of the next report.
    pub(crate) fn due(&self) -> MediaTime {
        self.due
    }

    /// A report was sent.
    pub(crate) fn sent(&mut self, now: MediaTime) {
        // Xorshift64: only scatters.
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let share = (self.state >> 40) as u32 as f32 / (1 << 24) as f32;
        self.due = now.after(INTERVAL.mul_f32(0.5 + share));
    }
}

/// The packets of a compound packet with their types (RFC 3550 §6.1); `None` if their lengths
/// don't add up to it.
fn parts(mut compound: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut parts = Vec::new();
    while !compound.is_empty() {
        let header = compound.first_chunk::<4>()?;
        let words = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let (part, rest) = compound.split_at_checked(4 + words * 4)?;
        parts.push((header[1], part));
        compound = rest;
    }
    Some(parts)
}

/// A wall-clock time as NTP has it: seconds since 1900, 32 bits before the point (RFC 5905 §6).
pub(crate) fn ntp_time(time: SystemTime) -> u64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let seconds = since.as_secs().wrapping_add(NTP_TO_UNIX);
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    seconds << 32 | fraction
}

/// In units of 1/65,536 s.
fn units(duration: Duration) -> u32 {
    ((duration.as_micros() << 16) / 1_000_000).min(u128::from(u32::MAX)) as u32
}

fn duration(units: u32) -> Duration {
    Duration::from_micros((u64::from(units) * 1_000_000) >> 16)
}

/// Packet type (RFC 3550 §6.4.1).
const SENDER_REPORT: u8 = 200;
/// Packet type (RFC 3550 §6.4.2).
const RECEIVER_REPORT: u8 = 201;
/// Packet type (RFC 3611 §2).
const EXTENDED_REPORT: u8 = 207;
const INTERVAL: Duration = Duration::from_secs(1);
/// Seconds from 1900 to 1970.
const NTP_TO_UNIX: u64 = 2_208_988_800;
/// A minute in units of 1/65,536 s; longer ones come from broken clocks.
const MAX_ROUND_TRIP: u32 = 60 << 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{SampleRate, SeqNum};

    fn at(milliseconds: u64) -> MediaTime {
        MediaTime::from_micros(milliseconds * 1_000)
    }

    fn reporter(ssrc: u32) -> Reporter {
        Reporter::new(
            Ssrc(ssrc),
            "a@example.org".to_owned(),
            0xe000_0000_0000_0000,
        )
    }

    const SENT: SentFigures = SentFigures {
        packets: 10,
        octets: 600,
        timestamp: 9_600,
    };

    #[test]
    fn two_sides_learn_their_round_trip_and_loss() {
        let (mut near, mut far) = (reporter(1), reporter(2));
        let mut reception = Reception::new(SampleRate::HZ_48000, SeqNum(0));
        for seq in [0, 1, 3] {
            reception.record(SeqNum(seq), u32::from(seq) * 960, at(u64::from(seq) * 20));
        }
        let report = near
            .report(Some(SENT), None, None, at(1_000))
            .expect("a report");
        assert_eq!(far.read(&report, at(1_020)), None);
        let answer = far
            .report(None, Some((Ssrc(1), &mut reception)), None, at(1_520))
            .expect("one");
        let feedback = near.read(&answer, at(1_540)).expect("feedback");
        assert_eq!(feedback.loss, Some(0.25));
        let round_trip = feedback.round_trip.expect("a round trip").as_micros();
        assert!((39_900..40_100).contains(&round_trip), "{round_trip}");
    }

    #[test]
    fn a_side_learns_how_it_is_heard() {
        let mut reception = Reception::new(SampleRate::HZ_48000, SeqNum(0));
        reception.record(SeqNum(0), 0, at(0));
        let heard = VoipMetrics {
            rating: Some(80),
            ..VoipMetrics::default()
        };
        let report = reporter(2)
            .report(None, Some((Ssrc(1), &mut reception)), Some(heard), at(0))
            .expect("a report");
        let feedback = reporter(1).read(&report, at(0)).expect("feedback");
        assert_eq!(feedback.metrics, Some(heard));
        assert_eq!(reporter(3).read(&report, at(0)), None);
    }

    #[test]
    fn a_report_on_somebody_else_is_no_feedback() {
        let mut reception = Reception::new(SampleRate::HZ_48000, SeqNum(0));
        let report = reporter(2).report(None, Some((Ssrc(3), &mut reception)), None, at(0));
        assert_eq!(reporter(1).read(&report.expect("a report"), at(0)), None);
    }

    #[test]
    fn reports_and_goodbyes_are_compound_packets_with_a_name() {
        for packet in [
            reporter(1).report(None, None, None, at(0)),
            reporter(1).goodbye(),
        ] {
            let packet = packet.expect("a packet");
            let parts = rtcp::packet::unmarshal(&mut packet.clone()).expect("compound");
            let name = parts[1]
                .as_any()
                .downcast_ref::<SourceDescription>()
                .expect("a name");
            assert_eq!(name.chunks[0].items[0].text, "a@example.org");
        }
    }

    #[test]
    fn reports_are_scattered_around_a_second() {
        let mut schedule = ReportSchedule::new(7, at(0));
        assert_eq!(schedule.due(), at(500));
        let mut now = schedule.due();
        for _ in 0..100 {
            schedule.sent(now);
            let wait = schedule.due().since(now).as_millis();
            assert!((499..=1_501).contains(&wait), "{wait}");
            now = schedule.due();
        }
        assert!((80..120).contains(&(now.as_micros() / 1_000_000)));
    }

    #[test]
    fn ntp_counts_from_1900() {
        let new_year_2000 = SystemTime::UNIX_EPOCH + Duration::from_millis(946_684_800_500);
        assert_eq!(ntp_time(new_year_2000), (3_155_673_600 << 32) | 1 << 31);
    }

    /// A receiver report of loss on source 1.
    fn loss_report() -> Vec<u8> {
        let block = [0, 0, 0, 1, 128, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 0];
        [&[0x81, 201, 0, 7, 0, 0, 0, 2][..], &block, &[0; 8]].concat()
    }

    /// An estimate of the bitrate (REMB) that claims 255 sources and has none: the rtcp crate
    /// panics at it.
    const HOSTILE_ESTIMATE: [u8; 20] = *b"\x8f\xce\0\x04\0\0\0\x02\0\0\0\0REMB\xff\0\0\0";

    #[test]
    fn a_hostile_packet_beside_a_report_is_passed_over() {
        assert_eq!(reporter(1).read(&HOSTILE_ESTIMATE, at(0)), None);
        let compound = [&loss_report()[..], &HOSTILE_ESTIMATE].concat();
        let feedback = reporter(1).read(&compound, at(0)).expect("feedback");
        assert_eq!(feedback.loss, Some(0.5));
    }

    #[test]
    fn a_compound_packet_with_a_wrong_length_says_nothing() {
        let mut compound = [loss_report(), loss_report()].concat();
        assert!(reporter(1).read(&compound, at(0)).is_some());
        compound[35] += 1;
        assert_eq!(reporter(1).read(&compound, at(0)), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..128)) {
            let _ = reporter(1).read(&bytes, at(0));
        }
    }
}
