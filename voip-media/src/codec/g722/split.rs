//! The quadrature mirror filters between 16 kHz and two bands at 8 kHz (G.722 §3.1, §4.4).

use super::tables::QUADRATURE;

/// The newest samples of one phase, the oldest first.
type Line = [i32; QUADRATURE.len()];

/// From 16 kHz to two bands.
pub(super) struct Analysis {
    even: Line,
    odd: Line,
}

impl Analysis {
    pub(super) fn new() -> Self {
        Self {
            even: Line::default(),
            odd: Line::default(),
        }
    }

    /// Two samples to one of each band: low, high.
    pub(super) fn process(&mut self, [first, second]: [i16; 2]) -> (i32, i32) {
        push(&mut self.even, i32::from(first));
        push(&mut self.odd, i32::from(second));
        let (even, odd) = (forwards(&self.even), backwards(&self.odd));
        ((odd + even) >> 14, (odd - even) >> 14)
    }
}

/// From two bands to 16 kHz.
pub(super) struct Synthesis {
    sums: Line,
    differences: Line,
}

impl Synthesis {
    pub(super) fn new() -> Self {
        Self {
            sums: Line::default(),
            differences: Line::default(),
        }
    }

    /// One sample of each band to two.
    pub(super) fn process(&mut self, low: i32, high: i32) -> [i16; 2] {
        push(&mut self.sums, low + high);
        push(&mut self.differences, low - high);
        [backwards(&self.differences), forwards(&self.sums)].map(|sum| limit(sum >> 11))
    }
}

fn push(line: &mut Line, newest: i32) {
    line.copy_within(1.., 0);
    line[QUADRATURE.len() - 1] = newest;
}

fn forwards(line: &Line) -> i32 {
    line.iter().zip(&QUADRATURE).map(|(a, b)| a * b).sum()
}

fn backwards(line: &Line) -> i32 {
    line.iter()
        .zip(QUADRATURE.iter().rev())
        .map(|(a, b)| a * b)
        .sum()
}

fn limit(value: i32) -> i16 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}
