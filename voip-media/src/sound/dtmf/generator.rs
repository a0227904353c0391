use std::{collections::VecDeque, time::Duration};

use thiserror::Error;

use super::DtmfDigit;
use crate::{
    SampleRate,
    sound::oscillator::{Oscillator, amplitude},
};

/// How long a key sounds, and the silence after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DtmfTiming {
    tone: Duration,
    pause: Duration,
}

impl DtmfTiming {
    /// Either at least 40 ms, which every receiver must understand (ITU-T Q.24 §2), and at most 10 s;
    /// limited to that.
    pub fn new(tone: Duration, pause: Duration) -> Self {
        Self {
            tone: tone.clamp(SHORTEST, LONGEST),
            pause: pause.clamp(SHORTEST, LONGEST),
        }
    }
}

impl Default for DtmfTiming {
    /// 100 ms and 100 ms.
    fn default() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_millis(100))
    }
}

/// Too many keys wait to be sounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "{} keys wait to be sent already: wait until they are out",
    DtmfGenerator::CAPACITY
)]
pub struct DtmfQueueFull;

/// Sounds keys, one after the other: −8.8 dBm0 the lower tone, −6.8 the higher one (the levels of
/// ETSI ES 201 235-2 §4.2), faded by 2 ms at both ends. Allocates nothing after `new`.
#[derive(Debug, Clone)]
pub struct DtmfGenerator {
    rate: SampleRate,
    waiting: VecDeque<(DtmfDigit, DtmfTiming)>,
    sounding: Option<Key>,
}

#[derive(Debug, Clone)]
struct Key {
    oscillators: [Oscillator; 2],
    position: u64,
    /// Samples of sound, and of sound and silence.
    on: u64,
    end: u64,
}

impl DtmfGenerator {
    /// Keys that can wait.
    pub const CAPACITY: usize = 64;

    /// Silent.
    pub fn new(rate: SampleRate) -> Self {
        Self {
            rate,
            waiting: VecDeque::with_capacity(Self::CAPACITY),
            sounding: None,
        }
    }

    /// Sounds a key after those that wait.
    ///
    /// # Errors
    /// [`DtmfQueueFull`] if [`DtmfGenerator::CAPACITY`] keys wait.
    pub fn press(&mut self, digit: DtmfDigit, timing: DtmfTiming) -> Result<(), DtmfQueueFull> {
        if self.waiting.len() == Self::CAPACITY {
            return Err(DtmfQueueFull);
        }
        self.waiting.push_back((digit, timing));
        Ok(())
    }

    /// Whether nothing sounds or waits.
    pub fn is_idle(&self) -> bool {
        self.sounding.is_none() && self.waiting.is_empty()
    }

    /// Fills the frame with what comes next; silence if nothing does.
    pub fn fill(&mut self, frame: &mut [i16]) {
        for sample in frame {
            *sample = self.advance();
        }
    }

    fn advance(&mut self) -> i16 {
        if self.sounding.is_none() {
            let next = self.waiting.pop_front();
            self.sounding = next.map(|(digit, timing)| Key::new(digit, timing, self.rate));
        }
        let Some(key) = &mut self.sounding else {
            return 0;
        };
        let sample = key.advance(self.rate);
        if key.position == key.end {
            self.sounding = None;
        }
        sample
    }
}

impl Key {
    fn new(digit: DtmfDigit, timing: DtmfTiming, rate: SampleRate) -> Self {
        let (low, high) = digit.hertz();
        let on = rate.samples_in(timing.tone) as u64;
        Self {
            oscillators: [low, high].map(|hertz| Oscillator::new(hertz.into(), rate)),
            position: 0,
            on,
            end: on + rate.samples_in(timing.pause) as u64,
        }
    }

    fn advance(&mut self, rate: SampleRate) -> i16 {
        let left = self.on.saturating_sub(self.position);
        self.position += 1;
        if left == 0 {
            return 0;
        }
        let edge = rate.samples_in(EDGE) as u64;
        let done = self.position.min(left).min(edge) as f64 / edge as f64;
        let [low, high] = &mut self.oscillators;
        let value = low.advance() * amplitude(LOW_DBM0) + high.advance() * amplitude(HIGH_DBM0);
        (value * done * done * (3.0 - 2.0 * done)).round() as i16
    }
}

const SHORTEST: Duration = Duration::from_millis(40);
const LONGEST: Duration = Duration::from_secs(10);
const EDGE: Duration = Duration::from_millis(2);
const LOW_DBM0: f64 = -8.8;
const HIGH_DBM0: f64 = -6.8;

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: SampleRate = SampleRate::HZ_8000;

    fn digit(key: char) -> DtmfDigit {
        DtmfDigit::from_char(key).unwrap()
    }

    #[test]
    fn a_key_sounds_as_long_as_asked_and_then_pauses() {
        let mut generator = DtmfGenerator::new(RATE);
        let timing = DtmfTiming::new(Duration::from_millis(80), Duration::from_millis(50));
        generator.press(digit('1'), timing).unwrap();
        let mut pcm = [1; 1_100];
        generator.fill(&mut pcm);
        assert!(pcm[..640].iter().filter(|sample| **sample != 0).count() > 600);
        assert!(pcm[640..].iter().all(|sample| *sample == 0));
        assert!(generator.is_idle());
    }

    #[test]
    fn the_sum_of_both_tones_never_clips_or_clicks() {
        let mut generator = DtmfGenerator::new(RATE);
        generator.press(digit('D'), DtmfTiming::default()).unwrap();
        let mut pcm = [0; 2_000];
        generator.fill(&mut pcm);
        let loudest = pcm.iter().map(|sample| sample.unsigned_abs()).max();
        assert!((18_000..19_200).contains(&loudest.unwrap()), "{loudest:?}");
        assert!(
            pcm[0].abs() < 200 && pcm[799].abs() < 400,
            "softly in and out"
        );
    }

    #[test]
    fn a_full_queue_says_so() {
        let mut generator = DtmfGenerator::new(RATE);
        for _ in 0..DtmfGenerator::CAPACITY {
            generator.press(digit('5'), DtmfTiming::default()).unwrap();
        }
        let refused = generator.press(digit('5'), DtmfTiming::default());
        assert_eq!(refused, Err(DtmfQueueFull));
        generator.fill(&mut [0; 80]);
        assert_eq!(generator.press(digit('5'), DtmfTiming::default()), Ok(()));
    }

    #[test]
    fn times_are_kept_within_what_receivers_understand() {
        let timing = DtmfTiming::new(Duration::ZERO, Duration::MAX);
        assert_eq!((timing.tone, timing.pause), (SHORTEST, LONGEST));
    }
}
