//! What a telephone tells its user by tones: dial tone, ring-back, busy, congestion, call waiting,
//! special information.

mod plan;

use super::{
    Fader, Gain,
    oscillator::{Oscillator, amplitude},
};
use crate::SampleRate;

/// What a tone means (ITU-T E.180).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ToneKind {
    /// Dialling can begin.
    Dial,
    /// The far side rings.
    Ringback,
    /// The far side is busy.
    Busy,
    /// The network can't carry the call.
    Congestion,
    /// Somebody else calls during a call.
    CallWaiting,
    /// The number can't be reached for a reason that an announcement gives (E.180 §8).
    SpecialInformation,
}

impl ToneKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Dial,
        Self::Ringback,
        Self::Busy,
        Self::Congestion,
        Self::CallWaiting,
        Self::SpecialInformation,
    ];
}

/// Whose tones: a country of ITU-T E.180 Supplement 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TonePlan {
    /// Austria.
    Austria,
    /// France.
    France,
    /// Germany.
    Germany,
    /// Italy.
    Italy,
    /// The Netherlands.
    Netherlands,
    /// Spain.
    Spain,
    /// Switzerland.
    Switzerland,
    /// The United Kingdom.
    UnitedKingdom,
    /// The United States and Canada.
    UnitedStates,
}

impl TonePlan {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Austria,
        Self::France,
        Self::Germany,
        Self::Italy,
        Self::Netherlands,
        Self::Spain,
        Self::Switzerland,
        Self::UnitedKingdom,
        Self::UnitedStates,
    ];

    /// The plan of a country by its code of two letters (ISO 3166-1), of either case.
    pub fn of_country(code: &str) -> Option<Self> {
        let named = |plan: &Self| plan.country().eq_ignore_ascii_case(code);
        Self::ALL.into_iter().find(named)
    }

    /// The country's code of two letters (ISO 3166-1).
    pub const fn country(self) -> &'static str {
        match self {
            Self::Austria => "AT",
            Self::France => "FR",
            Self::Germany => "DE",
            Self::Italy => "IT",
            Self::Netherlands => "NL",
            Self::Spain => "ES",
            Self::Switzerland => "CH",
            Self::UnitedKingdom => "GB",
            Self::UnitedStates => "US",
        }
    }
}

/// One burst of a tone and the silence after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Burst {
    /// One or two frequencies that sound together, in hertz; 0: none.
    pub hertz: [u16; 2],
    /// Milliseconds of sound; 0: without end.
    pub on_ms: u16,
    /// Milliseconds of silence after it.
    pub off_ms: u16,
}

/// A tone of a country: bursts that repeat until it is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tone {
    bursts: &'static [Burst],
}

impl Tone {
    /// As this country knows it.
    pub const fn new(plan: TonePlan, kind: ToneKind) -> Self {
        Self {
            bursts: plan::bursts(plan, kind),
        }
    }

    /// A tone of one's own.
    ///
    /// ```
    /// use voip_media::{Burst, Tone};
    ///
    /// let twice = Tone::of(&[
    ///     Burst { hertz: [600, 0], on_ms: 80, off_ms: 80 },
    ///     Burst { hertz: [800, 0], on_ms: 80, off_ms: 3_000 },
    /// ]);
    /// assert_eq!(twice.bursts().len(), 2);
    /// ```
    pub const fn of(bursts: &'static [Burst]) -> Self {
        Self { bursts }
    }

    /// What tells that somebody calls: a trill of a second, and three seconds of silence. Countries have
    /// no rule for it.
    pub const RINGING: Self = Self::of(&TRILL);

    /// Its bursts.
    pub const fn bursts(&self) -> &'static [Burst] {
        self.bursts
    }
}

/// Makes the sound of a [`Tone`]: −10 dBm0 in all (E.180 §4), each burst faded by 5 ms at both ends.
/// Allocates nothing.
#[derive(Debug, Clone)]
pub struct ToneGenerator {
    tone: Tone,
    rate: SampleRate,
    burst: usize,
    /// Samples of the burst and its silence that are over.
    position: u64,
    oscillators: [Oscillator; 2],
    amplitude: f64,
    fader: Fader,
}

impl ToneGenerator {
    /// Begins with the first burst.
    pub fn new(tone: Tone, rate: SampleRate) -> Self {
        let mut generator = Self {
            tone,
            rate,
            burst: 0,
            position: 0,
            oscillators: [Oscillator::new(0.0, rate); 2],
            amplitude: 0.0,
            fader: Fader::new(rate, Gain::UNITY),
        };
        generator.begin_burst();
        generator
    }

    /// Fills the frame with what comes next.
    pub fn fill(&mut self, frame: &mut [i16]) {
        for sample in frame {
            *sample = self.advance();
        }
    }

    /// Fades it out, whatever it is just doing.
    pub fn stop(&mut self) {
        self.fader.fade_to(Gain::SILENT);
    }

    /// Whether it has been stopped and has faded out.
    pub fn is_over(&self) -> bool {
        self.fader.is_silent()
    }

    fn advance(&mut self) -> i16 {
        let Some(burst) = self.tone.bursts.get(self.burst) else {
            return 0;
        };
        let (on, off) = (self.samples(burst.on_ms), self.samples(burst.off_ms));
        let edge = edge(self.position, on, self.samples(EDGE_MS));
        let value = match edge > 0.0 {
            true => self.oscillators.iter_mut().map(Oscillator::advance).sum(),
            false => 0.0,
        };
        self.position += 1;
        if on > 0 && self.position >= on + off {
            self.burst = (self.burst + 1) % self.tone.bursts.len();
            self.begin_burst();
        }
        (value * edge * self.amplitude * f64::from(self.fader.advance())).round() as i16
    }

    fn begin_burst(&mut self) {
        self.position = 0;
        let Some(burst) = self.tone.bursts.get(self.burst) else {
            return;
        };
        let hertz = burst.hertz.map(f64::from);
        self.oscillators = hertz.map(|hertz| Oscillator::new(hertz, self.rate));
        let sounding = hertz.iter().filter(|hertz| **hertz > 0.0).count();
        self.amplitude = amplitude(LEVEL_DBM0) / (sounding.max(1) as f64).sqrt();
    }

    fn samples(&self, milliseconds: u16) -> u64 {
        u64::from(milliseconds) * u64::from(self.rate.hz()) / 1_000
    }
}

/// Ten times two notes of 50 ms, then silence.
const TRILL: [Burst; 20] = {
    const fn note(hertz: u16, off_ms: u16) -> Burst {
        Burst {
            hertz: [hertz, 0],
            on_ms: 50,
            off_ms,
        }
    }
    let mut trill = [note(880, 0); 20];
    let mut index = 1;
    while index < trill.len() {
        trill[index] = note(1_175, 0);
        index += 2;
    }
    trill[trill.len() - 1] = note(1_175, 3_000);
    trill
};

/// How much of a burst of `on` samples (0: without end) sounds at `position`.
fn edge(position: u64, on: u64, length: u64) -> f64 {
    let left = match on {
        0 => length,
        on => on.saturating_sub(position),
    };
    let done = (position + 1).min(left).min(length) as f64 / length as f64;
    done * done * (3.0 - 2.0 * done)
}

/// ITU-T E.180 §4.2 and Q.35: −10 dBm0 ±5 dB.
const LEVEL_DBM0: f64 = -10.0;
/// Of a burst; the fade is part of its length.
const EDGE_MS: u16 = 5;

#[cfg(test)]
mod tests;
