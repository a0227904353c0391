use std::time::Duration;

use super::Why;

/// Watches whether the server still speaks: silence is answered by a probe, an unanswered probe
/// means that the connection is lost. So a half-open connection is noticed within 20 s.
#[derive(Debug)]
pub(super) struct Liveness {
    last_heard: Duration,
    answer_due: Option<Duration>,
}

/// What a silence asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// Nothing yet.
    Bearable,
    /// A probe.
    Suspicious,
    /// Another connection.
    Deadly,
}

impl Liveness {
    pub(super) const fn new(now: Duration) -> Self {
        Self {
            last_heard: now,
            answer_due: None,
        }
    }

    /// The server has said something.
    pub(super) const fn heard(&mut self, now: Duration) {
        self.last_heard = now;
        self.answer_due = None;
    }

    /// A probe goes out and must be answered within `patience`; an earlier deadline stays.
    pub(super) fn probing(&mut self, now: Duration, patience: Duration) {
        let due = now + patience;
        self.answer_due = Some(self.answer_due.map_or(due, |earlier| earlier.min(due)));
    }

    pub(super) fn next_timeout(&self) -> (Duration, Why) {
        match self.answer_due {
            Some(due) => (due, Why::ProbeAnswer),
            None => (self.last_heard + SILENCE, Why::Probe),
        }
    }

    pub(super) fn check(&self, now: Duration) -> Silence {
        match self.answer_due {
            Some(due) if now >= due => Silence::Deadly,
            None if now >= self.last_heard + SILENCE => Silence::Suspicious,
            _ => Silence::Bearable,
        }
    }
}

/// So long may the server say nothing; it sends a comment every 10 s (wire contract).
const SILENCE: Duration = Duration::from_secs(15);
/// So long may the answer to a probe take; with the silence well below 25 s (wire contract).
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// The same when the system says that the network has changed (our choice).
pub(super) const SHORT_PATIENCE: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_probed_and_then_deadly_within_twenty_seconds() {
        let second = Duration::from_secs;
        let mut liveness = Liveness::new(second(0));
        assert_eq!(liveness.check(second(14)), Silence::Bearable);
        assert_eq!(liveness.next_timeout(), (second(15), Why::Probe));
        assert_eq!(liveness.check(second(15)), Silence::Suspicious);
        liveness.probing(second(15), PATIENCE);
        assert_eq!(liveness.next_timeout(), (second(20), Why::ProbeAnswer));
        assert_eq!(liveness.check(second(19)), Silence::Bearable);
        assert_eq!(liveness.check(second(20)), Silence::Deadly);
        liveness.heard(second(19));
        assert_eq!(liveness.check(second(20)), Silence::Bearable);
    }

    #[test]
    fn a_second_probe_never_extends_the_first_ones_deadline() {
        let second = Duration::from_secs;
        let mut liveness = Liveness::new(second(0));
        liveness.probing(second(1), SHORT_PATIENCE);
        liveness.probing(second(1), PATIENCE);
        assert_eq!(liveness.next_timeout().0, second(1) + SHORT_PATIENCE);
    }
}
