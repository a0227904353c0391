//! What a session's figures say about how it sounds.

use std::time::Duration;

use crate::{
    EmodelInput, JitterConfig, LossRate, SessionStats, VoipMetrics, emodel, mos, rtp::BurstFigures,
};

/// What the E-model is told; `None` before enough was heard for a judgement. Packets that were lost
/// but neither made up nor skipped came from in-band FEC.
pub(crate) fn heard(stats: &SessionStats) -> Option<EmodelInput> {
    let codec = stats.codec.filter(|_| stats.played >= ENOUGH)?;
    let missing = (stats.concealed_share + stats.skipped_share).min(1.0);
    let recovered = (lost(stats) - missing).max(0.0);
    Some(EmodelInput {
        one_way_delay: network_delay(stats) + ENDS + stats.mean_buffer_delay,
        loss: LossRate(missing),
        recovered: LossRate(recovered),
        burst_ratio: stats.burst_ratio,
        ..EmodelInput::new(codec)
    })
}

/// The figures as they are reported to the far side.
pub(crate) fn metrics(
    stats: &SessionStats,
    bursts: BurstFigures,
    packet_time: Duration,
) -> Option<VoipMetrics> {
    let input = heard(stats)?;
    let listening = EmodelInput {
        one_way_delay: Duration::ZERO,
        ..input
    };
    Some(VoipMetrics {
        loss: LossRate(lost(stats)),
        discarded: stats.discarded,
        burst_density: LossRate(bursts.burst_density as f32),
        gap_density: LossRate(bursts.gap_density as f32),
        burst: packet_time.mul_f64(bursts.burst_packets),
        gap: packet_time.mul_f64(bursts.gap_packets),
        round_trip: stats.round_trip,
        end_system_delay: Some(ENDS + stats.mean_buffer_delay),
        rating: Some(emodel::rating(&input).clamp(0.0, 100.0) as u8),
        mos_listening: Some(mos(listening).value() as f32),
        mos_conversation: Some(mos(input).value() as f32),
        buffer_delay: stats.mean_buffer_delay,
        buffer_target: stats.target_buffer_delay,
        buffer_limit: JitterConfig::default().max_delay,
    })
}

/// Half the round trip, and what an impairment inside the program adds.
fn network_delay(stats: &SessionStats) -> Duration {
    stats.round_trip.unwrap_or_default() / 2 + stats.impairment.mean_delay
}

/// Lost packets as a share of those that were sent.
fn lost(stats: &SessionStats) -> f32 {
    let sent = (stats.packets_lost + stats.packets_received).max(1);
    (stats.packets_lost as f64 / sent as f64) as f32
}

/// So much sound must have been played for a judgement (our choice).
const ENOUGH: Duration = Duration::from_secs(1);
/// What the ends add to the delay: 10 ms of capture, 20 ms of a packet, 6.5 ms of Opus's look-ahead
/// (RFC 6716 §2), 10 ms of playout; a sound card adds its own.
const ENDS: Duration = Duration::from_micros(46_500);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CodecKind;

    fn five_seconds() -> SessionStats {
        SessionStats {
            codec: Some(CodecKind::Opus),
            played: Duration::from_secs(5),
            packets_received: 250,
            ..SessionStats::default()
        }
    }

    fn score(stats: &SessionStats) -> f64 {
        mos(heard(stats).expect("enough")).value()
    }

    #[test]
    fn nothing_is_said_before_a_second_was_heard() {
        let short = SessionStats {
            played: Duration::from_millis(900),
            ..five_seconds()
        };
        assert_eq!(heard(&short), None);
        assert_eq!(metrics(&short, BurstFigures::default(), ENOUGH), None);
    }

    #[test]
    fn quality_falls_with_loss_bursts_and_delay() {
        let mut stats = five_seconds();
        let perfect = score(&stats);
        assert!(perfect > 4.2, "{perfect}");
        stats.packets_lost = 10;
        let recovered = score(&stats);
        stats.skipped_share = 0.04;
        let skipped = score(&stats);
        stats.skipped_share = 0.0;
        stats.concealed_share = 0.04;
        let concealed = score(&stats);
        stats.burst_ratio = 3.0;
        let in_bursts = score(&stats);
        stats.impairment.mean_delay = Duration::from_millis(300);
        let late = score(&stats);
        assert_eq!(skipped, concealed);
        assert!(perfect > recovered && recovered > concealed);
        assert!(concealed > in_bursts && in_bursts > late);
    }

    #[test]
    fn what_is_reported_is_what_is_heard() {
        let mut stats = five_seconds();
        stats.packets_lost = 10;
        stats.round_trip = Some(Duration::from_millis(200));
        stats.mean_buffer_delay = Duration::from_millis(60);
        let bursts = BurstFigures {
            burst_density: 0.5,
            burst_packets: 4.0,
            ..BurstFigures::default()
        };
        let metrics = metrics(&stats, bursts, Duration::from_millis(20)).expect("enough");
        assert_eq!(metrics.loss, LossRate(10.0 / 260.0));
        assert_eq!(metrics.burst, Duration::from_millis(80));
        assert_eq!(
            metrics.end_system_delay,
            Some(Duration::from_micros(106_500))
        );
        assert!(metrics.mos_listening > metrics.mos_conversation);
        assert!(
            metrics
                .rating
                .is_some_and(|rating| (70..100).contains(&rating))
        );
    }
}
