use std::time::Duration;

use crate::MediaTime;

/// Whether the far side of a path is still there (RFC 7675).
///
/// ```text
/// Heard --nothing for silent_after--> Silent --anything--> Heard
///   both --no consent for lost_after--> Lost, the end
/// ```
/// Anything authentic is a sign of life; consent is only an answer to a check of ours, since
/// whoever replays old packets can't give it. Time in which nobody asked (a suspended machine)
/// doesn't count: the far side could not be heard then.
///
/// Without ICE there are no checks, so nothing is ever lost, and silence only counts while something is
/// expected: in a call that is held nobody need send.
#[derive(Debug, Clone)]
pub(crate) struct Liveness {
    silent_after: Duration,
    /// `None` where nobody is asked for consent.
    lost_after: Option<Duration>,
    expecting: bool,
    state: State,
    heard: MediaTime,
    consented: MediaTime,
    /// When it was last given the time.
    asked: MediaTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Heard,
    Silent,
    Lost,
}

/// A sign of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// An authentic packet or check.
    Heard,
    /// An authentic answer to a check of ours.
    Consent,
}

/// A change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LivenessEvent {
    Silent,
    HeardAgain,
    Lost,
}

impl Liveness {
    /// Of a path that works since `now`.
    pub(crate) fn new(silent_after: Duration, lost_after: Duration, now: MediaTime) -> Self {
        Self {
            lost_after: Some(lost_after),
            ..Self::without_checks(silent_after, now)
        }
    }

    /// Of a path without ICE that is there since `now`.
    pub(crate) fn without_checks(silent_after: Duration, now: MediaTime) -> Self {
        Self {
            silent_after,
            lost_after: None,
            expecting: true,
            state: State::Heard,
            heard: now,
            consented: now,
            asked: now,
        }
    }

    /// Whether the far side should send. With checks it always answers.
    pub(crate) fn expect(&mut self, expecting: bool, now: MediaTime) -> Option<LivenessEvent> {
        if self.lost_after.is_some() || self.expecting == expecting {
            return None;
        }
        self.expecting = expecting;
        // Either way the far side has just said something, by the signalling.
        self.handle_sign(Sign::Heard, now)
    }

    /// Takes a sign of life.
    pub(crate) fn handle_sign(&mut self, sign: Sign, now: MediaTime) -> Option<LivenessEvent> {
        self.leave_out_sleep(now);
        self.heard = now;
        match sign {
            Sign::Heard => {}
            Sign::Consent => self.consented = now,
        }
        match self.state {
            State::Heard | State::Lost => None,
            State::Silent => {
                self.state = State::Heard;
                Some(LivenessEvent::HeardAgain)
            }
        }
    }

    /// Time has passed.
    pub(crate) fn handle_timeout(&mut self, now: MediaTime) -> Option<LivenessEvent> {
        self.leave_out_sleep(now);
        let lost = self
            .lost_after
            .is_some_and(|after| now.since(self.consented) >= after);
        let silent = self.expecting && now.since(self.heard) >= self.silent_after;
        match self.state {
            State::Heard | State::Silent if lost => {
                self.state = State::Lost;
                Some(LivenessEvent::Lost)
            }
            State::Heard if silent => {
                self.state = State::Silent;
                Some(LivenessEvent::Silent)
            }
            State::Heard | State::Silent | State::Lost => None,
        }
    }

    /// When it wants to be asked again.
    pub(crate) fn due(&self) -> Option<MediaTime> {
        let lost = self.lost_after.map(|after| self.consented.after(after));
        let silent = self.expecting.then(|| self.heard.after(self.silent_after));
        let due = match self.state {
            State::Heard => [lost, silent].into_iter().flatten().min(),
            State::Silent => lost,
            State::Lost => return None,
        };
        // Asked often enough to tell a sleep from silence.
        let longest = self.asked.after(LONGEST_PAUSE);
        Some(due.map_or(longest, |due| due.min(longest)))
    }

    fn leave_out_sleep(&mut self, now: MediaTime) {
        let pause = now.since(self.asked);
        self.asked = now;
        if pause > 2 * LONGEST_PAUSE {
            self.heard = self.heard.after(pause);
            self.consented = self.consented.after(pause);
        }
    }
}

/// It is asked at least this often; after a pause of more than twice that, the machine slept.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SILENT: Duration = Duration::from_secs(4);
    const LOST: Duration = Duration::from_secs(30);

    fn at(milliseconds: u64) -> MediaTime {
        MediaTime::from_micros(milliseconds * 1_000)
    }

    fn path() -> Liveness {
        Liveness::new(SILENT, LOST, at(0))
    }

    /// Asks whenever it is due, until `end`; what it told and when, in milliseconds.
    fn run(liveness: &mut Liveness, end: u64) -> Vec<(LivenessEvent, u64)> {
        let mut told = Vec::new();
        while let Some(due) = liveness.due().filter(|due| *due <= at(end)) {
            let event = liveness.handle_timeout(due);
            told.extend(event.map(|event| (event, due.as_micros() / 1_000)));
        }
        told
    }

    #[test]
    fn a_far_end_that_vanishes_is_noticed_after_four_seconds_and_lost_after_thirty() {
        let mut liveness = path();
        liveness.handle_sign(Sign::Consent, at(500));
        let told = run(&mut liveness, 60_000);
        let expected = [
            (LivenessEvent::Silent, 4_500),
            (LivenessEvent::Lost, 30_500),
        ];
        assert_eq!(told, expected);
        assert_eq!(liveness.due(), None);
    }

    #[test]
    fn it_is_told_when_it_comes_back() {
        let mut liveness = path();
        run(&mut liveness, 10_000);
        let back = liveness.handle_sign(Sign::Heard, at(10_500));
        assert_eq!(back, Some(LivenessEvent::HeardAgain));
        assert_eq!(liveness.handle_sign(Sign::Heard, at(10_520)), None);
        assert_eq!(
            run(&mut liveness, 14_600),
            [(LivenessEvent::Silent, 14_520)]
        );
    }

    #[test]
    fn sound_without_consent_ends_after_thirty_seconds() {
        let mut liveness = path();
        let mut told = Vec::new();
        for now in (0..40_000).step_by(20) {
            told.extend(liveness.handle_sign(Sign::Heard, at(now)));
            let ended = liveness.handle_timeout(at(now));
            assert!(ended.is_none() || now == 30_000, "{now} ms");
            told.extend(ended);
        }
        assert_eq!(told, [LivenessEvent::Lost]);
    }

    #[test]
    fn checks_alone_keep_a_held_call() {
        let mut liveness = path();
        for second in 1..7_200 {
            assert_eq!(liveness.handle_timeout(at(second * 1_000)), None);
            assert_eq!(
                liveness.handle_sign(Sign::Consent, at(second * 1_000)),
                None
            );
        }
    }

    #[test]
    fn a_machine_that_slept_gives_the_far_end_its_time() {
        let mut liveness = path();
        assert_eq!(run(&mut liveness, 3_000), []);
        let mut waking = liveness.clone();
        // Asleep for an hour.
        assert_eq!(liveness.handle_timeout(at(3_603_000)), None);
        let told = run(&mut liveness, 3_700_000);
        let expected = [
            (LivenessEvent::Silent, 3_604_000),
            (LivenessEvent::Lost, 3_630_000),
        ];
        assert_eq!(told, expected);
        // A sign of life may be the first thing after it.
        waking.handle_sign(Sign::Heard, at(3_603_000));
        assert_eq!(waking.handle_timeout(at(3_603_500)), None);
    }

    #[test]
    fn without_checks_silence_is_told_and_never_the_end() {
        let mut liveness = Liveness::without_checks(SILENT, at(0));
        let told = run(&mut liveness, 3_600_000);
        assert_eq!(told, [(LivenessEvent::Silent, 4_000)]);
        let back = liveness.handle_sign(Sign::Heard, at(3_600_100));
        assert_eq!(back, Some(LivenessEvent::HeardAgain));
    }

    #[test]
    fn without_checks_a_held_call_is_never_silent() {
        let mut liveness = Liveness::without_checks(SILENT, at(0));
        assert_eq!(liveness.expect(false, at(3_000)), None);
        assert_eq!(run(&mut liveness, 3_600_000), []);
        assert_eq!(liveness.expect(true, at(3_600_000)), None);
        let told = run(&mut liveness, 3_700_000);
        assert_eq!(told, [(LivenessEvent::Silent, 3_604_000)]);
        let held = liveness.expect(false, at(3_700_000));
        assert_eq!(held, Some(LivenessEvent::HeardAgain));
    }

    #[test]
    fn with_checks_it_is_asked_in_a_held_call_too() {
        let mut liveness = path();
        assert_eq!(liveness.expect(false, at(0)), None);
        assert_eq!(run(&mut liveness, 5_000), [(LivenessEvent::Silent, 4_000)]);
    }

    proptest! {
        #[test]
        fn whatever_comes_the_promised_time_makes_progress(signs in proptest::collection::vec((0u64..8_000, any::<bool>()), 0..40)) {
            let mut liveness = path();
            let mut now = 0;
            for (pause, consent) in signs {
                now += pause;
                run(&mut liveness, now);
                let sign = if consent { Sign::Consent } else { Sign::Heard };
                liveness.handle_sign(sign, at(now));
                prop_assert!(liveness.due().is_none_or(|due| due > at(now)));
            }
        }
    }
}
