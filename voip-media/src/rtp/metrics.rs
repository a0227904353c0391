use std::time::Duration;

use rtcp::extended_report::VoIPMetricsReportBlock;
use webrtc_util::marshal::Unmarshal as _;

use crate::{LossRate, Ssrc};

/// How one end hears the other, as told in RTCP: the VoIP metrics of RFC 3611 §4.7. `None` stands
/// for what its sender doesn't know.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct VoipMetrics {
    /// Share of packets that the network lost, since the beginning.
    pub loss: LossRate,
    /// Share of packets that came too late to be played, since the beginning.
    pub discarded: LossRate,
    /// Share of packets lost within bursts.
    pub burst_density: LossRate,
    /// Share of packets lost between bursts.
    pub gap_density: LossRate,
    /// Mean length of a burst.
    pub burst: Duration,
    /// Mean length of the time between bursts.
    pub gap: Duration,
    /// The latest round trip by RTCP.
    pub round_trip: Option<Duration>,
    /// Delay that the end itself adds, both directions together: capture, coding, jitter buffer, playout.
    pub end_system_delay: Option<Duration>,
    /// Rating factor of the E-model, 0 to 100.
    pub rating: Option<u8>,
    /// Mean opinion score of listening, 1.0 to 5.0.
    pub mos_listening: Option<f32>,
    /// Mean opinion score in conversation, 1.0 to 5.0.
    pub mos_conversation: Option<f32>,
    /// Delay that the jitter buffer adds on average.
    pub buffer_delay: Duration,
    /// The most it adds now.
    pub buffer_target: Duration,
    /// The most it would ever add.
    pub buffer_limit: Duration,
}

impl VoipMetrics {
    /// As a block about the source `ssrc`.
    pub(crate) fn block(&self, ssrc: Ssrc) -> VoIPMetricsReportBlock {
        VoIPMetricsReportBlock {
            ssrc: ssrc.0,
            loss_rate: octet(self.loss),
            discard_rate: octet(self.discarded),
            burst_density: octet(self.burst_density),
            gap_density: octet(self.gap_density),
            burst_duration: milliseconds(self.burst),
            gap_duration: milliseconds(self.gap),
            round_trip_delay: milliseconds(self.round_trip.unwrap_or_default()),
            end_system_delay: milliseconds(self.end_system_delay.unwrap_or_default()),
            signal_level: UNKNOWN,
            noise_level: UNKNOWN,
            rerl: UNKNOWN,
            gmin: super::bursts::GMIN,
            rfactor: self.rating.unwrap_or(UNKNOWN),
            ext_rfactor: UNKNOWN,
            mos_lq: tenths(self.mos_listening),
            mos_cq: tenths(self.mos_conversation),
            rx_config: ENHANCED_CONCEALMENT | ADAPTIVE_BUFFER,
            reserved: 0,
            jb_nominal: milliseconds(self.buffer_delay),
            jb_maximum: milliseconds(self.buffer_target),
            jb_abs_max: milliseconds(self.buffer_limit),
        }
    }

    /// What an extended report (RFC 3611 §2, with its header) says about `ssrc`.
    pub(crate) fn read(report: &[u8], ssrc: Ssrc) -> Option<Self> {
        let mut blocks = report.get(BLOCKS_FROM..)?;
        loop {
            let header = blocks.first_chunk::<4>()?;
            let words = usize::from(u16::from_be_bytes([header[2], header[3]]));
            let (mut block, rest) = blocks.split_at_checked(4 + words * 4)?;
            blocks = rest;
            if (header[0], words) == (VOIP_METRICS, VOIP_METRICS_WORDS) {
                let block = VoIPMetricsReportBlock::unmarshal(&mut block).ok()?;
                if block.ssrc == ssrc.0 {
                    return Some(Self::from_block(&block));
                }
            }
        }
    }

    fn from_block(block: &VoIPMetricsReportBlock) -> Self {
        let share = |octet: u8| LossRate(f32::from(octet) / 256.0);
        let time = |milliseconds: u16| Duration::from_millis(milliseconds.into());
        let known = |value: u8| Some(value).filter(|&value| value != UNKNOWN);
        let score = |value| {
            known(value)
                .filter(|tenths| (10..=50).contains(tenths))
                .map(|tenths| f32::from(tenths) / 10.0)
        };
        let measured = |milliseconds| Some(time(milliseconds)).filter(|time| !time.is_zero());
        Self {
            loss: share(block.loss_rate),
            discarded: share(block.discard_rate),
            burst_density: share(block.burst_density),
            gap_density: share(block.gap_density),
            burst: time(block.burst_duration),
            gap: time(block.gap_duration),
            round_trip: measured(block.round_trip_delay),
            end_system_delay: measured(block.end_system_delay),
            rating: known(block.rfactor).filter(|&rating| rating <= 100),
            mos_listening: score(block.mos_lq),
            mos_conversation: score(block.mos_cq),
            buffer_delay: time(block.jb_nominal),
            buffer_target: time(block.jb_maximum),
            buffer_limit: time(block.jb_abs_max),
        }
    }
}

/// A share in units of 1/256.
fn octet(share: LossRate) -> u8 {
    (share.0.clamp(0.0, 1.0) * 256.0).min(255.0) as u8
}

fn milliseconds(time: Duration) -> u16 {
    u16::try_from(time.as_millis()).unwrap_or(u16::MAX)
}

fn tenths(score: Option<f32>) -> u8 {
    score.map_or(UNKNOWN, |score| {
        (score.clamp(1.0, 5.0) * 10.0).round() as u8
    })
}

/// Where the blocks begin: behind header and sender (RFC 3611 §2).
const BLOCKS_FROM: usize = 8;
/// Block type (RFC 3611 §4.7) and its length in words.
const VOIP_METRICS: u8 = 7;
const VOIP_METRICS_WORDS: usize = 8;
/// A level, rating or score that isn't known.
const UNKNOWN: u8 = 127;
/// Receiver configuration (RFC 3611 §4.7.6).
const ENHANCED_CONCEALMENT: u8 = 0b1100_0000;
const ADAPTIVE_BUFFER: u8 = 0b0011_0000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rtcp::extended_report::ExtendedReport;
    use webrtc_util::marshal::Marshal as _;

    use super::*;

    fn report(metrics: &VoipMetrics, ssrc: u32) -> Vec<u8> {
        let report = ExtendedReport {
            sender_ssrc: 9,
            reports: vec![Box::new(metrics.block(Ssrc(ssrc)))],
        };
        report.marshal().expect("a report").to_vec()
    }

    fn known() -> VoipMetrics {
        VoipMetrics {
            loss: LossRate(0.25),
            discarded: LossRate(0.0625),
            burst_density: LossRate(0.5),
            gap_density: LossRate(0.0),
            burst: Duration::from_millis(100),
            gap: Duration::from_secs(4),
            round_trip: Some(Duration::from_millis(35)),
            end_system_delay: Some(Duration::from_millis(90)),
            rating: Some(88),
            mos_listening: Some(4.3),
            mos_conversation: Some(4.1),
            buffer_delay: Duration::from_millis(40),
            buffer_target: Duration::from_millis(60),
            buffer_limit: Duration::from_millis(1_200),
        }
    }

    #[test]
    fn metrics_are_read_as_they_were_written() {
        assert_eq!(
            VoipMetrics::read(&report(&known(), 7), Ssrc(7)),
            Some(known())
        );
        let unknown = VoipMetrics::default();
        assert_eq!(
            VoipMetrics::read(&report(&unknown, 7), Ssrc(7)),
            Some(unknown)
        );
    }

    #[test]
    fn metrics_of_another_source_and_other_blocks_are_passed_over() {
        assert_eq!(VoipMetrics::read(&report(&known(), 8), Ssrc(7)), None);
        let mut mixed = report(&known(), 8);
        // A receiver reference time (RFC 3611 §4.4), then ours.
        mixed.extend([4, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
        mixed.extend_from_slice(&report(&known(), 7)[8..]);
        assert_eq!(VoipMetrics::read(&mixed, Ssrc(7)), Some(known()));
    }

    #[test]
    fn a_score_out_of_range_is_unknown() {
        let mut bytes = report(&known(), 7);
        let score = bytes.len() - 10;
        bytes[score] = 3;
        let metrics = VoipMetrics::read(&bytes, Ssrc(7)).expect("metrics");
        assert_eq!(metrics.mos_listening, None);
    }

    #[test]
    fn the_block_is_that_of_the_rfc() {
        let bytes = report(&known(), 7);
        assert_eq!(bytes[8..12], [7, 0, 0, 8]);
        assert_eq!(bytes[16..20], [64, 16, 128, 0]);
        assert_eq!(bytes[20..28], [0, 100, 0x0f, 0xa0, 0, 35, 0, 90]);
        assert_eq!(bytes[28..36], [127, 127, 127, 16, 88, 127, 43, 41]);
        assert_eq!(bytes[36..44], [0xf0, 0, 0, 40, 0, 60, 0x04, 0xb0]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..128)) {
            let _ = VoipMetrics::read(&bytes, Ssrc(0));
        }
    }
}
