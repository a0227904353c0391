//! One band: an adaptive quantiser behind an adaptive predictor of two poles and six zeros (G.722
//! §3.2 to §3.6 and §6.2; the blocks' names there stand in brackets).

use super::tables::{
    ANTILOGARITHM, HIGH_DECISION, HIGH_SCALE_STEPS, HIGH_VALUES, LOW_DECISIONS, LOW_SCALE_STEPS,
    LOW_VALUES_4, LOW_VALUES_6,
};

/// Low or high band, at either end of the line: both follow the codes alone.
pub(super) struct Band {
    /// The quantiser's scale factor, and its logarithm.
    scale: i32,
    log_scale: i32,
    predictor: Predictor,
}

impl Band {
    pub(super) fn low() -> Self {
        Self::new(32)
    }

    pub(super) fn high() -> Self {
        Self::new(8)
    }

    fn new(scale: i32) -> Self {
        Self {
            scale,
            log_scale: 0,
            predictor: Predictor::default(),
        }
    }

    /// A sample of the low band to 6 bits.
    pub(super) fn encode_low(&mut self, sample: i32) -> u8 {
        let error = saturate(sample - self.predictor.estimate);
        let size = magnitude(error);
        let scaled = |level: &&i32| (**level * self.scale) >> 12 <= size;
        let passed = LOW_DECISIONS.iter().take_while(scaled).count() as u8;
        // Table 14: codes fall with the size; the two smallest negative ones stand apart.
        let code = match (error < 0, passed) {
            (false, _) => 61 - passed,
            (true, 0 | 1) => 63 - passed,
            (true, _) => 33 - passed,
        };
        self.follow_low(code);
        code
    }

    /// 6 bits to a sample of the low band.
    pub(super) fn decode_low(&mut self, code: u8) -> i32 {
        let value = (self.scale * LOW_VALUES_6[usize::from(code)]) >> 15;
        let sample = limit(self.predictor.estimate + value);
        self.follow_low(code);
        sample
    }

    /// A sample of the high band to 2 bits.
    pub(super) fn encode_high(&mut self, sample: i32) -> u8 {
        let error = saturate(sample - self.predictor.estimate);
        let large = magnitude(error) >= (HIGH_DECISION * self.scale) >> 12;
        let code = u8::from(!large) | if error < 0 { 0 } else { 2 };
        self.follow_high(code);
        code
    }

    /// 2 bits to a sample of the high band.
    pub(super) fn decode_high(&mut self, code: u8) -> i32 {
        let value = (self.scale * HIGH_VALUES[usize::from(code)]) >> 15;
        let sample = limit(self.predictor.estimate + value);
        self.follow_high(code);
        sample
    }

    fn follow_low(&mut self, code: u8) {
        let code = usize::from(code >> 2);
        let difference = (self.scale * LOW_VALUES_4[code]) >> 15;
        self.adapt_scale(LOW_SCALE_STEPS[code], LOW_LOG_MAX, LOW_SHIFT);
        self.predictor.adapt(difference);
    }

    fn follow_high(&mut self, code: u8) {
        let code = usize::from(code);
        let difference = (self.scale * HIGH_VALUES[code]) >> 15;
        self.adapt_scale(HIGH_SCALE_STEPS[code], HIGH_LOG_MAX, HIGH_SHIFT);
        self.predictor.adapt(difference);
    }

    /// (LOGSCL, SCALEL, LOGSCH, SCALEH)
    fn adapt_scale(&mut self, step: i32, max: i32, shift: i32) {
        self.log_scale = (((self.log_scale * 127) >> 7) + step).clamp(0, max);
        let fraction = ANTILOGARITHM[(self.log_scale >> 6 & 31) as usize];
        let shift = shift - (self.log_scale >> 11);
        // At the top of its range the high band's shift is −1.
        let linear = if shift < 0 {
            fraction << -shift
        } else {
            fraction >> shift
        };
        self.scale = linear << 2;
    }
}

/// Newest first.
#[derive(Default)]
struct Predictor {
    /// Poles a1, a2 and zeros b1 to b6, in 1/16384.
    poles: [i32; 2],
    zeros: [i32; 6],
    /// Past of the reconstructed signal, of it without its pole part, of the differences.
    reconstructed: [i32; 2],
    partial: [i32; 2],
    differences: [i32; 6],
    /// What the zeros say, and both together.
    zero_estimate: i32,
    estimate: i32,
}

impl Predictor {
    fn adapt(&mut self, difference: i32) {
        let reconstructed = saturate(self.estimate + difference);
        let partial = saturate(self.zero_estimate + difference);
        self.adapt_poles(partial);
        self.adapt_zeros(difference);
        shift_in(&mut self.reconstructed, reconstructed);
        shift_in(&mut self.partial, partial);
        shift_in(&mut self.differences, difference);
        self.zero_estimate = saturate(weigh(&self.zeros, &self.differences));
        let pole_estimate = saturate(weigh(&self.poles, &self.reconstructed));
        self.estimate = saturate(pole_estimate + self.zero_estimate);
    }

    /// (UPPOL2, UPPOL1)
    fn adapt_poles(&mut self, partial: i32) {
        let [a1, a2] = self.poles;
        let [same_as_last, same_as_before] = self.partial.map(|past| same_sign(partial, past));
        let lean = saturate(a1 << 2);
        let lean = if same_as_last { -lean } else { lean }.min(i32::from(i16::MAX));
        let push = if same_as_before { 128 } else { -128 };
        let a2 = ((lean >> 7) + push + ((a2 * 32_512) >> 15)).clamp(-12_288, 12_288);
        let push = if same_as_last { 192 } else { -192 };
        let bound = saturate(15_360 - a2);
        let a1 = saturate(push + ((a1 * 32_640) >> 15)).clamp(-bound, bound);
        self.poles = [a1, a2];
    }

    /// (UPZERO)
    fn adapt_zeros(&mut self, difference: i32) {
        for (zero, past) in self.zeros.iter_mut().zip(&self.differences) {
            let push = match difference {
                0 => 0,
                _ if same_sign(difference, *past) => 128,
                _ => -128,
            };
            *zero = saturate(push + ((*zero * 32_640) >> 15));
        }
    }
}

fn shift_in<const N: usize>(line: &mut [i32; N], newest: i32) {
    line.copy_within(..N - 1, 1);
    line[0] = newest;
}

/// (FILTEP, FILTEZ)
fn weigh(weights: &[i32], past: &[i32]) -> i32 {
    let terms = weights.iter().zip(past);
    terms
        .map(|(weight, past)| (weight * saturate(past << 1)) >> 15)
        .sum()
}

/// Zero counts as positive.
fn same_sign(a: i32, b: i32) -> bool {
    (a < 0) == (b < 0)
}

/// The size of a negative number is that of its one's complement.
fn magnitude(value: i32) -> i32 {
    if value < 0 { !value } else { value }
}

fn saturate(value: i32) -> i32 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX))
}

/// (LIMIT): a band has 15 bits.
fn limit(value: i32) -> i32 {
    value.clamp(-16_384, 16_383)
}

/// Largest logarithms of the scale factors (G.722 §3.5), and what brings their exponents to those
/// of the smallest.
const LOW_LOG_MAX: i32 = 18_432;
const HIGH_LOG_MAX: i32 = 22_528;
const LOW_SHIFT: i32 = 8;
const HIGH_SHIFT: i32 = 10;
