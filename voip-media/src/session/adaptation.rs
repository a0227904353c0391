//! How an encoder follows the network and the processor. Pure: reports and load come from outside.

use std::time::Duration;

use crate::{Bitrate, Complexity, EncoderTuning, LossRate};

/// Decides how the encoder works, from what it was configured with.
///
/// * **Loss** that the far side reports becomes the expected loss (in-band FEC), if it is above the
///   configured one.
/// * **Bitrate** falls while much is lost, or while some is lost and the round trip has grown, as in a
///   queue that runs over; it comes back slowly once there is little loss.
/// * **Complexity** falls at once when encoding takes too much of a packet's time, and comes back a
///   step at a time after it has taken little for long.
#[derive(Debug, Clone)]
pub(crate) struct Adaptation {
    configured: EncoderTuning,
    current: EncoderTuning,
    /// Smoothed.
    loss: f32,
    shortest_round_trip: Option<Duration>,
    /// Reports in a row with little loss.
    calm: u32,
    /// Measurements in a row with little load.
    idle: u32,
}

impl Adaptation {
    pub(crate) fn new(configured: EncoderTuning) -> Self {
        Self {
            configured,
            current: configured,
            loss: 0.0,
            shortest_round_trip: None,
            calm: 0,
            idle: 0,
        }
    }

    /// How the encoder should work now.
    pub(crate) fn tuning(&self) -> EncoderTuning {
        self.current
    }

    /// The far side's loss, smoothed over about eight reports.
    pub(crate) fn loss(&self) -> LossRate {
        LossRate(self.loss)
    }

    /// Takes a report of the far side; what is to be changed.
    pub(crate) fn handle_report(
        &mut self,
        loss: LossRate,
        round_trip: Option<Duration>,
    ) -> Option<EncoderTuning> {
        self.loss += (loss.0.clamp(0.0, 1.0) - self.loss) * SMOOTHING;
        let before = self.current;
        let expected = self.loss.max(self.configured.expected_loss.0);
        if (expected - before.expected_loss.0).abs() >= LOSS_STEP {
            self.current.expected_loss = LossRate(expected);
        }
        self.adapt_bitrate(round_trip);
        (self.current != before).then_some(self.current)
    }

    /// Takes the share of the time that encoding took lately, 1.0 being all of it; what is to be
    /// changed.
    pub(crate) fn handle_load(&mut self, share: f32) -> Option<EncoderTuning> {
        let before = self.current;
        let complexity = before.complexity.0;
        self.idle = if share < LITTLE_LOAD {
            self.idle + 1
        } else {
            0
        };
        if share > MUCH_LOAD {
            self.current.complexity = Complexity(complexity.saturating_sub(COMPLEXITY_STEP));
        } else if self.idle >= IDLE_BEFORE_MORE {
            self.idle = 0;
            self.current.complexity = Complexity(complexity + 1).min(self.configured.complexity);
        }
        (self.current != before).then_some(self.current)
    }

    fn adapt_bitrate(&mut self, round_trip: Option<Duration>) {
        let Bitrate(now) = self.current.bitrate;
        let Bitrate(most) = self.configured.bitrate;
        let queues = self.queue_grows(round_trip);
        self.calm = if self.loss < LITTLE_LOSS && !queues {
            self.calm + 1
        } else {
            0
        };
        if self.loss >= MUCH_LOSS || queues && self.loss >= LITTLE_LOSS {
            let least = LEAST_BITRATE.min(most);
            self.current.bitrate = Bitrate((now / 100 * LESS_PER_CENT).max(least));
        } else if self.calm >= CALM_BEFORE_MORE && now < most {
            self.calm = 0;
            self.current.bitrate = Bitrate((now / 100 * MORE_PER_CENT).min(most));
        }
    }

    /// Whether packets take much longer than they have to.
    fn queue_grows(&mut self, round_trip: Option<Duration>) -> bool {
        let Some(now) = round_trip else { return false };
        let shortest = self.shortest_round_trip.map_or(now, |known| known.min(now));
        self.shortest_round_trip = Some(shortest);
        now > shortest * 2 + QUEUE
    }
}

/// Weight of a new report.
const SMOOTHING: f32 = 1.0 / 8.0;
/// Change of the expected loss that is worth telling the encoder.
const LOSS_STEP: f32 = 0.02;
const LITTLE_LOSS: f32 = 0.03;
const MUCH_LOSS: f32 = 0.15;
/// Bits per second: at 16 kb/s Opus makes no in-band FEC, which helps against loss more than sending less.
const LEAST_BITRATE: u32 = 20_000;
const LESS_PER_CENT: u32 = 85;
const MORE_PER_CENT: u32 = 110;
/// Reports (about seconds) with little loss before the bitrate rises.
const CALM_BEFORE_MORE: u32 = 5;
/// Over twice the shortest round trip.
const QUEUE: Duration = Duration::from_millis(100);
/// Shares of the time that encoding takes: 0.5 % is usual at complexity 5.
const MUCH_LOAD: f32 = 0.25;
const LITTLE_LOAD: f32 = 0.10;
const COMPLEXITY_STEP: u8 = 2;
/// Measurements (about seconds) with little load before the complexity rises.
const IDLE_BEFORE_MORE: u32 = 10;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn adaptation() -> Adaptation {
        Adaptation::new(EncoderTuning {
            expected_loss: LossRate(0.1),
            ..EncoderTuning::default()
        })
    }

    fn report(adaptation: &mut Adaptation, loss: f32, milliseconds: u64) {
        let round_trip = Duration::from_millis(milliseconds);
        adaptation.handle_report(LossRate(loss), Some(round_trip));
    }

    #[test]
    fn loss_above_the_configured_one_is_expected_and_forgotten_again() {
        let mut adaptation = adaptation();
        for _ in 0..40 {
            report(&mut adaptation, 0.12, 50);
        }
        assert_eq!(
            adaptation.tuning().expected_loss,
            LossRate(0.1),
            "too little"
        );
        for _ in 0..40 {
            report(&mut adaptation, 0.25, 50);
        }
        let expected = adaptation.tuning().expected_loss.0;
        assert!((expected - 0.25).abs() < LOSS_STEP, "{expected}");
        for _ in 0..60 {
            report(&mut adaptation, 0.0, 50);
        }
        let expected = adaptation.tuning().expected_loss.0;
        assert!(expected < 0.1 + LOSS_STEP, "{expected}");
    }

    #[test]
    fn a_calm_network_changes_nothing() {
        let mut adaptation = adaptation();
        for _ in 0..100 {
            let change = adaptation.handle_report(LossRate(0.0), Some(Duration::from_millis(50)));
            assert_eq!(change, None);
        }
        assert_eq!(adaptation.handle_load(0.005), None);
    }

    #[test]
    fn heavy_loss_lowers_the_bitrate_down_to_where_there_is_still_fec() {
        let mut adaptation = adaptation();
        for _ in 0..40 {
            report(&mut adaptation, 0.3, 50);
        }
        assert_eq!(adaptation.tuning().bitrate, Bitrate(LEAST_BITRATE));
    }

    #[test]
    fn the_bitrate_comes_back_slowly() {
        let mut adaptation = adaptation();
        for _ in 0..40 {
            report(&mut adaptation, 0.3, 50);
        }
        let mut rates = vec![adaptation.tuning().bitrate];
        for _ in 0..100 {
            report(&mut adaptation, 0.0, 50);
            rates.push(adaptation.tuning().bitrate);
        }
        assert!(rates.is_sorted());
        assert_eq!(rates.last(), Some(&Bitrate(24_000)));
        rates.dedup();
        assert_eq!(rates.len(), 3, "{rates:?}");
    }

    #[test]
    fn some_loss_lowers_the_bitrate_only_with_a_growing_round_trip() {
        let mut steady = adaptation();
        let mut growing = adaptation();
        for n in 0..40 {
            report(&mut steady, 0.06, 50);
            report(&mut growing, 0.06, 50 + 20 * n);
        }
        assert_eq!(steady.tuning().bitrate, Bitrate(24_000));
        assert!(growing.tuning().bitrate < Bitrate(24_000));
    }

    #[test]
    fn a_low_configured_bitrate_is_never_raised() {
        let mut adaptation = Adaptation::new(EncoderTuning {
            bitrate: Bitrate(12_000),
            ..EncoderTuning::default()
        });
        for loss in [0.5, 0.0] {
            for _ in 0..60 {
                report(&mut adaptation, loss, 50);
                assert_eq!(adaptation.tuning().bitrate, Bitrate(12_000));
            }
        }
    }

    #[test]
    fn a_busy_processor_gets_a_simpler_encoder_at_once() {
        let mut adaptation = adaptation();
        let tuning = adaptation.handle_load(0.5).expect("a change");
        assert_eq!(tuning.complexity, Complexity(3));
        for _ in 0..5 {
            adaptation.handle_load(0.5);
        }
        assert_eq!(adaptation.tuning().complexity, Complexity(0));
        assert_eq!(adaptation.handle_load(0.5), None);
    }

    #[test]
    fn complexity_comes_back_a_step_at_a_time_after_calm_and_not_between_the_marks() {
        let mut adaptation = adaptation();
        adaptation.handle_load(0.5);
        for _ in 0..100 {
            assert_eq!(adaptation.handle_load(0.2), None, "neither much nor little");
        }
        for _ in 1..IDLE_BEFORE_MORE {
            assert_eq!(adaptation.handle_load(0.01), None);
        }
        let tuning = adaptation.handle_load(0.01).expect("a change");
        assert_eq!(tuning.complexity, Complexity(4));
        for _ in 0..100 {
            adaptation.handle_load(0.01);
        }
        assert_eq!(adaptation.tuning().complexity, Complexity(5));
    }

    proptest! {
        #[test]
        fn whatever_is_reported_the_encoder_can_do_it(
            reports in proptest::collection::vec((0.0_f32..2.0, 0_u64..10_000, 0.0_f32..3.0), 0..200),
        ) {
            let mut adaptation = adaptation();
            for (loss, milliseconds, load) in reports {
                report(&mut adaptation, loss, milliseconds);
                adaptation.handle_load(load);
                let tuning = adaptation.tuning();
                prop_assert!((LEAST_BITRATE..=24_000).contains(&tuning.bitrate.0));
                prop_assert!(tuning.complexity <= Complexity(5));
                prop_assert!((0.0..=1.0).contains(&tuning.expected_loss.0));
            }
        }
    }
}
