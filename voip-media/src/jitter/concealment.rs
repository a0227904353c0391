//! Making up sound for codecs that can't: the last pitch period again and again, fading into
//! noise as loud as the pauses were.

use super::pcm::PcmQueue;
use super::stretch;

/// Waveform concealment and comfort noise for codecs without their own.
#[derive(Debug)]
pub(super) struct Concealment {
    period: usize,
    /// Samples made up in a row.
    made: usize,
    noise: u32,
}

impl Concealment {
    pub(super) fn new() -> Self {
        Self {
            period: 0,
            made: 0,
            noise: 0x2545_F491,
        }
    }

    /// Whether the newest samples were made up here.
    pub(super) fn is_running(&self) -> bool {
        self.made > 0
    }

    /// Real sound has come: the next gap starts anew.
    pub(super) fn end(&mut self) {
        self.made = 0;
    }

    /// Adds `count` samples to the queue. `floor`: amplitude of the noise in pauses.
    pub(super) fn extend(&mut self, pcm: &mut PcmQueue, count: usize, rate: u32, floor: i16) {
        if self.made == 0 {
            let past = pcm.newest(stretch::samples(rate, LOOK_BACK_US));
            self.period = stretch::period_at_end(past, rate).max(1);
        }
        let fade = stretch::samples(rate, FADE_US);
        let gain_from = gain(self.made, fade);
        let gain_to = gain(self.made + count, fade);
        // The part of the fade that earlier samples don't have yet.
        let relative = if gain_from > 0.0 {
            gain_to / gain_from
        } else {
            0.0
        };
        self.repeat(pcm, count, relative, floor, 1.0 - gain_to);
        self.made += count;
    }

    /// Fills `room` with white noise and gives its length.
    pub(super) fn noise(&mut self, room: &mut [i16], level: NoiseLevel) -> usize {
        for sample in &mut *room {
            *sample = self.next_noise(level.amplitude);
        }
        room.len()
    }

    fn repeat(&mut self, pcm: &mut PcmQueue, count: usize, gain: f32, floor: i16, hiss: f32) {
        let mut left = count;
        while left > 0 {
            let step = left.min(self.period).min(BLOCK);
            let mut block = [0i16; BLOCK];
            let past = pcm.newest(self.period);
            let step = step.min(past.len());
            if step == 0 {
                return;
            }
            for (made, &old) in block[..step].iter_mut().zip(past) {
                let noise = f32::from(self.next_noise(floor)) * hiss;
                *made = (f32::from(old) * gain + noise) as i16;
            }
            let room = pcm.room(step);
            let step = step.min(room.len());
            room[..step].copy_from_slice(&block[..step]);
            pcm.commit(step);
            if step == 0 {
                return;
            }
            left -= step;
        }
    }

    fn next_noise(&mut self, amplitude: i16) -> i16 {
        // Xorshift (Marsaglia 2003), 32 bits.
        self.noise ^= self.noise << 13;
        self.noise ^= self.noise >> 17;
        self.noise ^= self.noise << 5;
        let unit = (self.noise >> 16) as i32 - 32_768;
        (unit * i32::from(amplitude) / 32_768) as i16
    }
}

/// How loud comfort noise is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoiseLevel {
    /// Of uniform noise.
    amplitude: i16,
}

impl NoiseLevel {
    /// What a comfort noise payload says: its first byte is the level in −dBov (RFC 3389 §3.1).
    pub(super) fn of(payload: &[u8]) -> Self {
        let below = payload.first().map_or(127, |&level| level & 0x7F);
        // 0 dBov is a square wave of full scale; uniform noise of amplitude a has the mean square a²/3.
        let rms = 32_767.0 * 10.0f32.powf(f32::from(below) / -20.0);
        let amplitude = (rms * 3.0f32.sqrt()).min(f32::from(i16::MAX)) as i16;
        Self { amplitude }
    }
}

/// Loudness after so many made up samples: full for a quarter of the fade, then falling.
fn gain(made: usize, fade: usize) -> f32 {
    let part = made as f32 / fade.max(1) as f32;
    (1.0 - (part - 0.25).max(0.0) / 0.75).clamp(0.0, 1.0)
}

/// Samples made at a time.
const BLOCK: usize = 120;
/// Sound that is searched for the pitch, in µs.
const LOOK_BACK_US: u32 = 25_000;
/// After this long only noise is left, in µs.
const FADE_US: u32 = 120_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(pcm: &mut PcmQueue, count: usize) {
        let room = pcm.room(count);
        for (index, sample) in room.iter_mut().enumerate() {
            *sample = ((index as f32 * 0.1).sin() * 8_000.0) as i16;
        }
        pcm.commit(count);
    }

    fn peak(samples: &[i16]) -> i16 {
        samples
            .iter()
            .map(|sample| sample.saturating_abs())
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn a_tone_goes_on_and_fades() {
        let mut pcm = PcmQueue::new(480, 4_000);
        tone(&mut pcm, 480);
        let mut concealment = Concealment::new();
        concealment.extend(&mut pcm, 80, 8_000, 0);
        assert!(peak(pcm.newest(80)) > 7_000);
        for _ in 0..14 {
            concealment.extend(&mut pcm, 80, 8_000, 0);
        }
        assert_eq!(peak(pcm.newest(80)), 0);
    }

    #[test]
    fn noise_is_as_loud_as_announced() {
        for (below, expected) in [(40u8, 327.67f32), (60, 32.77), (0xFF, 0.0)] {
            let mut sound = [0; 8_000];
            Concealment::new().noise(&mut sound, NoiseLevel::of(&[below]));
            let square: f32 = sound.iter().map(|&sample| f32::from(sample).powi(2)).sum();
            let rms = (square / sound.len() as f32).sqrt();
            assert!((rms - expected).abs() <= expected * 0.05, "{below}: {rms}");
        }
    }

    #[test]
    fn exactly_what_was_asked_for_is_made() {
        let mut pcm = PcmQueue::new(480, 4_000);
        let mut concealment = Concealment::new();
        concealment.extend(&mut pcm, 441, 44_100, 100);
        assert_eq!(pcm.len(), 441);
        assert!(concealment.is_running());
    }
}
