//! The tones of each country, as data: ITU-T E.180 Supplement 2 (the various tones used in national
//! networks), where that leaves a choice as switches there play them.

use super::{Burst, ToneKind, TonePlan};

pub(super) const fn bursts(plan: TonePlan, kind: ToneKind) -> &'static [Burst] {
    match kind {
        ToneKind::Dial => dial(plan),
        ToneKind::Ringback => ringback(plan),
        ToneKind::Busy => busy(plan),
        ToneKind::Congestion => congestion(plan),
        ToneKind::CallWaiting => call_waiting(plan),
        ToneKind::SpecialInformation => special_information(plan),
    }
}

const fn dial(plan: TonePlan) -> &'static [Burst] {
    match plan {
        TonePlan::Austria => const { &[one(420, 0, 0)] },
        TonePlan::France => const { &[one(440, 0, 0)] },
        TonePlan::Italy => const { &[one(425, 200, 200), one(425, 600, 1_000)] },
        TonePlan::Germany | TonePlan::Netherlands | TonePlan::Spain | TonePlan::Switzerland => {
            const { &[one(425, 0, 0)] }
        }
        TonePlan::UnitedKingdom | TonePlan::UnitedStates => const { &[two(350, 440, 0, 0)] },
    }
}

const fn ringback(plan: TonePlan) -> &'static [Burst] {
    match plan {
        TonePlan::Austria => const { &[one(420, 1_000, 5_000)] },
        TonePlan::France => const { &[one(440, 1_500, 3_500)] },
        TonePlan::Spain => const { &[one(425, 1_500, 3_000)] },
        TonePlan::Germany | TonePlan::Italy | TonePlan::Netherlands | TonePlan::Switzerland => {
            const { &[one(425, 1_000, 4_000)] }
        }
        TonePlan::UnitedKingdom => const { &[two(400, 450, 400, 200), two(400, 450, 400, 2_000)] },
        TonePlan::UnitedStates => const { &[two(440, 480, 2_000, 4_000)] },
    }
}

const fn busy(plan: TonePlan) -> &'static [Burst] {
    match plan {
        TonePlan::Austria => const { &[one(420, 400, 400)] },
        TonePlan::France => const { &[one(440, 500, 500)] },
        TonePlan::Germany => const { &[one(425, 480, 480)] },
        TonePlan::Spain => const { &[one(425, 200, 200)] },
        TonePlan::Italy | TonePlan::Netherlands | TonePlan::Switzerland => {
            const { &[one(425, 500, 500)] }
        }
        TonePlan::UnitedKingdom => const { &[one(400, 375, 375)] },
        TonePlan::UnitedStates => const { &[two(480, 620, 500, 500)] },
    }
}

const fn congestion(plan: TonePlan) -> &'static [Burst] {
    match plan {
        TonePlan::Austria => const { &[one(420, 200, 200)] },
        TonePlan::France => const { &[one(440, 250, 250)] },
        TonePlan::Germany => const { &[one(425, 240, 240)] },
        TonePlan::Netherlands => const { &[one(425, 250, 250)] },
        TonePlan::Italy | TonePlan::Switzerland => const { &[one(425, 200, 200)] },
        TonePlan::Spain => const { &[one(425, 200, 200), one(425, 200, 200), one(425, 200, 600)] },
        TonePlan::UnitedKingdom => const { &[one(400, 400, 350), one(400, 225, 525)] },
        TonePlan::UnitedStates => const { &[two(480, 620, 250, 250)] },
    }
}

const fn call_waiting(plan: TonePlan) -> &'static [Burst] {
    match plan {
        TonePlan::Austria => const { &[one(420, 40, 1_960)] },
        TonePlan::France => const { &[one(440, 300, 10_000)] },
        TonePlan::Germany => const { &[one(425, 200, 200), one(425, 200, 5_000)] },
        TonePlan::Italy => {
            const {
                &[
                    one(425, 400, 100),
                    one(425, 250, 100),
                    one(425, 150, 14_000),
                ]
            }
        }
        TonePlan::Netherlands => const { &[one(425, 500, 9_500)] },
        TonePlan::Spain => const { &[one(425, 175, 175), one(425, 175, 3_500)] },
        TonePlan::Switzerland => const { &[one(425, 200, 200), one(425, 200, 4_000)] },
        TonePlan::UnitedKingdom => const { &[one(400, 100, 4_000)] },
        TonePlan::UnitedStates => const { &[one(440, 300, 10_000)] },
    }
}

/// E.180 §8: three tones of 330 ms, going up, then a second of silence.
const fn special_information(plan: TonePlan) -> &'static [Burst] {
    match plan {
        TonePlan::Austria => {
            const { &[one(950, 330, 0), one(1_450, 330, 0), one(1_850, 330, 1_000)] }
        }
        TonePlan::France
        | TonePlan::Germany
        | TonePlan::Italy
        | TonePlan::Netherlands
        | TonePlan::Spain
        | TonePlan::Switzerland
        | TonePlan::UnitedKingdom
        | TonePlan::UnitedStates => {
            const { &[one(950, 330, 0), one(1_400, 330, 0), one(1_800, 330, 1_000)] }
        }
    }
}

const fn one(hertz: u16, on_ms: u16, off_ms: u16) -> Burst {
    two(hertz, 0, on_ms, off_ms)
}

const fn two(lower: u16, higher: u16, on_ms: u16, off_ms: u16) -> Burst {
    Burst {
        hertz: [lower, higher],
        on_ms,
        off_ms,
    }
}
