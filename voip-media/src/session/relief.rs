use std::time::Duration;

/// Decides when all decoders of an engine have to do without what only makes the sound better, because
/// the media thread has too much to do. Pure: work is measured outside.
#[derive(Debug, Default)]
pub(crate) struct Relief {
    active: bool,
    /// Since the last decision.
    time: Duration,
    work: Duration,
    /// Decisions in a row with little work.
    calm: u32,
}

impl Relief {
    /// Whether it is on.
    pub(crate) fn is_active(&self) -> bool {
        self.active
    }

    /// Takes how much of `time` went by in `work`. Whether it has just been switched on or off.
    pub(crate) fn record(&mut self, time: Duration, work: Duration) -> bool {
        self.time += time;
        self.work += work;
        if self.time < PERIOD {
            return false;
        }
        let share = self.work.as_secs_f32() / self.time.as_secs_f32();
        (self.time, self.work) = (Duration::ZERO, Duration::ZERO);
        self.calm = if share < LITTLE_WORK {
            self.calm + 1
        } else {
            0
        };
        let before = self.active;
        self.active = share > MUCH_WORK || before && self.calm < CALM_BEFORE_OFF;
        self.active != before
    }
}

const PERIOD: Duration = Duration::from_secs(1);
/// Shares of the media thread's time. With all its neural networks, Opus takes up to twice the time that it
/// takes without, and in a second of losses three times as much: coming back from below the lower share
/// stays below the higher one.
const MUCH_WORK: f32 = 0.5;
const LITTLE_WORK: f32 = 0.15;
const CALM_BEFORE_OFF: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: Duration = Duration::from_millis(10);

    /// Whether it changed within a second in which the thread works so many per cent of the time.
    fn second(relief: &mut Relief, per_cent: u32) -> bool {
        let changes = (0..100).filter(|_| relief.record(TICK, TICK * per_cent / 100));
        changes.count() == 1
    }

    #[test]
    fn one_call_is_never_relieved() {
        let mut relief = Relief::default();
        assert!((0..100).all(|_| !second(&mut relief, 5)));
        assert!(!relief.is_active());
    }

    #[test]
    fn too_much_work_is_relieved_within_a_second_and_not_before_ten_calm_ones_again() {
        let mut relief = Relief::default();
        assert!(second(&mut relief, 60));
        assert!(relief.is_active());
        assert!(
            (0..20).all(|_| !second(&mut relief, 30)),
            "neither much nor little"
        );
        assert!((0..9).all(|_| !second(&mut relief, 10)));
        assert!(second(&mut relief, 10));
        assert!(!relief.is_active());
    }

    #[test]
    fn one_long_tick_in_an_idle_second_is_no_load() {
        let mut relief = Relief::default();
        relief.record(TICK, TICK * 10);
        assert!(!second(&mut relief, 1));
        assert!(!relief.is_active());
    }
}
