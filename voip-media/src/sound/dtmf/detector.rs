use std::{collections::VecDeque, f32::consts::TAU, ops::Range, time::Duration};

use super::{DtmfDigit, HIGH_HERTZ, LOW_HERTZ};
use crate::SampleRate;

/// A key was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DtmfEvent {
    /// It has sounded long enough to count.
    Pressed(DtmfDigit),
    /// It has ended.
    Released {
        /// Which key.
        digit: DtmfDigit,
        /// How long it sounded, within about 10 ms.
        duration: Duration,
    },
}

/// Hears keys in sound, within ITU-T Q.24: accepts tones that are off by up to 1.5 % and rejects those
/// off by 3.5 %; 40 ms of tone and 40 ms of pause suffice, 23 ms of tone don't; a gap of 10 ms doesn't part
/// a key in two; the higher tone may be up to 4 dB above and 8 dB below the lower one; from 0 to −30 dBm0.
/// Speech isn't taken for a key: both tones must stand alone and hold still for 35 ms.
///
/// Every 5 ms, eight Goertzel filters give the tones' strength and phase; four such pieces are a window. How fast
/// the phase turns tells how far a tone is off. A key is reported about 40 ms after its beginning. No
/// clock, no allocation after `new`.
///
/// ```
/// use voip_media::{DtmfDetector, DtmfDigit, DtmfEvent, DtmfGenerator, DtmfTiming, SampleRate};
///
/// let rate = SampleRate::HZ_8000;
/// let digit = DtmfDigit::from_char('7').expect("7 is a key");
/// let mut generator = DtmfGenerator::new(rate);
/// let _ = generator.press(digit, DtmfTiming::default());
/// let mut sound = [0; 1_600];
/// generator.fill(&mut sound);
///
/// let mut detector = DtmfDetector::new(rate).expect("8 kHz has whole pieces of 5 ms");
/// detector.handle(&sound);
/// assert_eq!(detector.poll_event(), Some(DtmfEvent::Pressed(digit)));
/// ```
#[derive(Debug, Clone)]
pub struct DtmfDetector {
    filters: Filters,
    /// Samples of a piece of 5 ms, and how many of it have come.
    piece: usize,
    filled: usize,
    /// The sum of squares of this piece.
    energy: f32,
    /// The last four pieces, oldest first.
    pieces: [Piece; PIECES],
    /// The last four windows, oldest first, each 5 ms after the one before.
    windows: [Window; WINDOWS],
    held: Option<Held>,
    events: VecDeque<DtmfEvent>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Piece {
    /// Strength and phase at each frequency, all phases against the same moment.
    tones: [Complex; TONES],
    energy: f32,
}

/// Four pieces together.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    tones: [Complex; TONES],
    energy: f32,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    digit: DtmfDigit,
    level: f32,
    windows: u32,
    missed: u32,
}

/// A key that all four windows hold.
#[derive(Debug, Clone, Copy)]
struct Heard {
    digit: DtmfDigit,
    /// The energy of both tones in a window.
    level: f32,
}

/// One of the two tones, over all windows.
#[derive(Debug, Clone, Copy)]
struct Tone {
    index: usize,
    /// Energy in each window.
    energy: [f32; WINDOWS],
}

impl DtmfDetector {
    /// For sound of a rate from 8 kHz on that is a multiple of 200 Hz; otherwise there is none.
    pub fn new(rate: SampleRate) -> Option<Self> {
        let possible = rate >= SampleRate::HZ_8000 && rate.hz().is_multiple_of(PIECES_PER_SECOND);
        possible.then(|| Self {
            filters: Filters::new(rate),
            piece: (rate.hz() / PIECES_PER_SECOND) as usize,
            filled: 0,
            energy: 0.0,
            pieces: [Piece::default(); PIECES],
            windows: [Window::default(); WINDOWS],
            held: None,
            events: VecDeque::with_capacity(EVENTS),
        })
    }

    /// Takes sound, in pieces of any length.
    pub fn handle(&mut self, mut samples: &[i16]) {
        while !samples.is_empty() {
            let (now, later) = samples.split_at(samples.len().min(self.piece - self.filled));
            self.energy += self.filters.add(now);
            self.filled += now.len();
            if self.filled == self.piece {
                self.end_piece();
            }
            samples = later;
        }
    }

    /// What was heard, oldest first. Of more than 16 that wait the oldest are lost.
    pub fn poll_event(&mut self) -> Option<DtmfEvent> {
        self.events.pop_front()
    }

    fn end_piece(&mut self) {
        self.pieces.rotate_left(1);
        self.pieces[PIECES - 1] = Piece {
            tones: self.filters.take(),
            energy: self.energy,
        };
        (self.filled, self.energy) = (0, 0.0);
        self.windows.rotate_left(1);
        self.windows[WINDOWS - 1] = Window::of(&self.pieces);
        let heard = self.key();
        self.hold(heard);
    }

    /// The key that all windows hold.
    fn key(&self) -> Option<Heard> {
        let newest = &self.windows[WINDOWS - 1];
        let low = self.tone(loudest(&newest.tones, 0..4)?)?;
        let high = self.tone(loudest(&newest.tones, 4..TONES)?)?;
        let both: [f32; WINDOWS] = std::array::from_fn(|n| low.energy[n] + high.energy[n]);
        let softest = both.iter().copied().fold(f32::INFINITY, f32::min);
        let level = both.iter().copied().fold(0.0, f32::max);
        let alone = |(both, window): (&f32, &Window)| *both > ALONE * window.energy;
        let stands_alone = both.iter().zip(&self.windows).all(alone);
        let (lower, higher) = (low.mean(), high.mean());
        let twist = higher < lower * REVERSE_TWIST && lower < higher * NORMAL_TWIST;
        let loud_enough = lower.min(higher) > SOFTEST * (PIECES * self.piece) as f32;
        (loud_enough && stands_alone && twist && level < softest * STEADY).then(|| Heard {
            digit: DtmfDigit::at(low.index, high.index - 4),
            level,
        })
    }

    /// The tone near this frequency, unless it is too far off or wasn't the loudest of its group all the time.
    fn tone(&self, index: usize) -> Option<Tone> {
        let group = if index < 4 { 0..4 } else { 4..TONES };
        let mut turns = Complex::default();
        for pair in self.windows.windows(2) {
            if loudest(&pair[0].tones, group.clone()) != Some(index) {
                return None;
            }
            turns = turns.plus(pair[1].tones[index].times_conjugate(pair[0].tones[index]));
        }
        // The phase turns by this share of a circle in 5 ms.
        let turn = turns.angle() / TAU;
        let off = turn * PIECES_PER_SECOND as f32;
        if off.abs() > f32::from(hertz(index)) * TOLERANCE {
            return None;
        }
        // A tone between two lines of a window's spectrum shows less than it has.
        let shown = sinc(turn * PIECES as f32).powi(2);
        let energy =
            std::array::from_fn(|n| energy(self.windows[n].tones[index], self.piece) / shown);
        Some(Tone { index, energy })
    }

    fn hold(&mut self, heard: Option<Heard>) {
        if let Some(mut held) = self.held {
            held.windows += 1;
            let level = self.windows[WINDOWS - 1].level_of(held.digit, self.piece);
            held.missed = if level > held.level * GAP {
                0
            } else {
                held.missed + 1
            };
            let replaced = heard.is_some_and(|heard| heard.digit != held.digit);
            if held.missed < MISSED && !replaced {
                self.held = Some(held);
                return;
            }
            self.held = None;
            self.tell(DtmfEvent::Released {
                digit: held.digit,
                duration: PIECE * (held.windows + 1).saturating_sub(held.missed),
            });
        }
        if let Some(heard) = heard {
            self.held = Some(Held {
                digit: heard.digit,
                level: heard.level,
                windows: WINDOWS as u32 - 1,
                missed: 0,
            });
            self.tell(DtmfEvent::Pressed(heard.digit));
        }
    }

    fn tell(&mut self, event: DtmfEvent) {
        if self.events.len() == EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }
}

impl Tone {
    fn mean(&self) -> f32 {
        self.energy.iter().sum::<f32>() / WINDOWS as f32
    }
}

impl Window {
    fn of(pieces: &[Piece; PIECES]) -> Self {
        let mut window = Self::default();
        for piece in pieces {
            for (sum, tone) in window.tones.iter_mut().zip(&piece.tones) {
                *sum = sum.plus(*tone);
            }
            window.energy += piece.energy;
        }
        window
    }

    fn level_of(&self, digit: DtmfDigit, piece: usize) -> f32 {
        let (row, column) = digit.place();
        energy(self.tones[row], piece) + energy(self.tones[4 + column], piece)
    }
}

/// The sum of squares of a sine with this line in the spectrum of a window.
fn energy(tone: Complex, piece: usize) -> f32 {
    2.0 * tone.power() / (PIECES * piece) as f32
}

/// The strongest of a group, if the others are well below.
fn loudest(tones: &[Complex; TONES], group: Range<usize>) -> Option<usize> {
    let power = |index: usize| tones[index].power();
    let best = group
        .clone()
        .max_by(|a, b| power(*a).total_cmp(&power(*b)))?;
    let mut others = group.filter(|index| *index != best);
    others
        .all(|other| power(other) * NEIGHBOUR < power(best))
        .then_some(best)
}

fn sinc(turns: f32) -> f32 {
    let angle = turns * TAU / 2.0;
    if angle.abs() < 1e-3 {
        1.0
    } else {
        angle.sin() / angle
    }
}

fn hertz(index: usize) -> u16 {
    match index {
        0..4 => LOW_HERTZ[index],
        _ => HIGH_HERTZ[index - 4],
    }
}

/// Eight Goertzel filters, one behind the other in each lane of a vector.
#[derive(Debug, Clone)]
struct Filters {
    /// `2 cos ω`.
    feedback: [f32; TONES],
    one_back: [f32; TONES],
    two_back: [f32; TONES],
    /// `e^{−jω}`.
    step: [Complex; TONES],
    /// What turns a piece's phase back to the first sample ever, and how that changes from
    /// piece to piece.
    reference: [Complex; TONES],
    turn: [Complex; TONES],
}

impl Filters {
    fn new(rate: SampleRate) -> Self {
        let step = |index: usize| TAU * f32::from(hertz(index)) / rate.hz() as f32;
        let turn = |index: usize| {
            // Whole turns left out exactly: 5 ms hold a 200th of each hertz.
            let turns =
                f32::from(hertz(index) % PIECES_PER_SECOND as u16) / PIECES_PER_SECOND as f32;
            Complex::at_angle(-TAU * turns)
        };
        Self {
            feedback: std::array::from_fn(|index| 2.0 * step(index).cos()),
            one_back: [0.0; TONES],
            two_back: [0.0; TONES],
            step: std::array::from_fn(|index| Complex::at_angle(-step(index))),
            reference: [Complex(1.0, 0.0); TONES],
            turn: std::array::from_fn(turn),
        }
    }

    /// Gives the sum of squares.
    fn add(&mut self, samples: &[i16]) -> f32 {
        let mut energy = 0.0;
        for sample in samples {
            let sample = f32::from(*sample);
            energy += sample * sample;
            for index in 0..TONES {
                let now =
                    sample + self.feedback[index] * self.one_back[index] - self.two_back[index];
                self.two_back[index] = self.one_back[index];
                self.one_back[index] = now;
            }
        }
        energy
    }

    /// The lines of the piece, and on to the next piece.
    fn take(&mut self) -> [Complex; TONES] {
        let lines = std::array::from_fn(|index| {
            let back = self.step[index];
            let (one, two) = (self.one_back[index], self.two_back[index]);
            let line = Complex(one - back.0 * two, -back.1 * two);
            line.times(self.reference[index])
        });
        for (reference, turn) in self.reference.iter_mut().zip(&self.turn) {
            *reference = reference.times(*turn).of_length_one();
        }
        self.one_back = [0.0; TONES];
        self.two_back = [0.0; TONES];
        lines
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Complex(f32, f32);

impl Complex {
    fn at_angle(angle: f32) -> Self {
        Self(angle.cos(), angle.sin())
    }

    fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0, self.1 + other.1)
    }

    fn times(self, other: Self) -> Self {
        Self(
            self.0 * other.0 - self.1 * other.1,
            self.0 * other.1 + self.1 * other.0,
        )
    }

    fn times_conjugate(self, other: Self) -> Self {
        self.times(Self(other.0, -other.1))
    }

    fn power(self) -> f32 {
        self.0 * self.0 + self.1 * self.1
    }

    fn angle(self) -> f32 {
        self.1.atan2(self.0)
    }

    fn of_length_one(self) -> Self {
        let length = self.power().sqrt();
        Self(self.0 / length, self.1 / length)
    }
}

const TONES: usize = 8;
const PIECES_PER_SECOND: u32 = 200;
const PIECE: Duration = Duration::from_millis(5);
/// Pieces of a window: 20 ms, enough to part 697 from 770 Hz.
const PIECES: usize = 4;
/// Windows that must agree: 20 ms and three times 5 ms fit into 40 ms wherever they begin, and not
/// into 23 ms.
const WINDOWS: usize = 4;
/// Windows without the key that end it.
const MISSED: u32 = 4;
/// Between the 1.5 % that must be accepted and the 3.5 % that must not (ITU-T Q.24 §2).
const TOLERANCE: f32 = 0.025;
/// Power: +4 dB may the higher tone have over the lower one, and 1.5 for noise; the lower one +8 …
const REVERSE_TWIST: f32 = 3.5;
/// … and 1.5.
const NORMAL_TWIST: f32 = 8.9;
/// Share of all energy that both tones must have.
const ALONE: f32 = 0.86;
/// Power that a tone must have over its neighbours: 4 dB; one that is 1.5 % off leaks.
const NEIGHBOUR: f32 = 2.5;
/// Power between the softest and the loudest window: 2 dB.
const STEADY: f32 = 1.6;
/// Power that is left of a key in a gap of 10 ms: −10 dB.
const GAP: f32 = 0.1;
/// Mean square of a tone at −36 dBm0.
const SOFTEST: f32 = 65_000.0;
const EVENTS: usize = 16;

#[cfg(test)]
mod tests;
