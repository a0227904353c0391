//! When a telephone codec has nothing to say: sound no louder than the room's noise.

/// What is to be sent of a packet's sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worth {
    Speech,
    /// A description of the noise: its level in −dBov (RFC 3389 §3.1).
    Noise(u8),
    Nothing,
}

/// Tells speech from pauses by loudness alone: speech → (quiet for 200 ms) pause → (louder) speech.
/// A pause is described when it begins, when its loudness changes, and each second.
#[derive(Debug, Clone)]
pub(crate) struct PauseDetector {
    /// Loudness of the room in dBov: falls at once, rises slowly.
    floor: f32,
    /// Quiet packets in a row.
    quiet: u32,
    /// What was said of the pause, and how many packets ago.
    told: Option<(u8, u32)>,
}

impl PauseDetector {
    pub(crate) fn new() -> Self {
        Self {
            floor: FIRST_FLOOR,
            quiet: 0,
            told: None,
        }
    }

    /// Takes a packet's sound.
    pub(crate) fn judge(&mut self, pcm: &[i16]) -> Worth {
        let level = level(pcm);
        self.floor = (self.floor + RISE).min(level).max(SILENCE);
        let quiet = level < LOUDEST_PAUSE && level < self.floor + ABOVE_FLOOR;
        self.quiet = if quiet { self.quiet + 1 } else { 0 };
        if self.quiet <= HANGOVER {
            self.told = None;
            return Worth::Speech;
        }
        let now = (-level).round().clamp(0.0, 127.0) as u8;
        match self.told {
            Some((told, ago)) if told.abs_diff(now) < CHANGE && ago < REFRESH => {
                self.told = Some((told, ago + 1));
                Worth::Nothing
            }
            _ => {
                self.told = Some((now, 1));
                Worth::Noise(now)
            }
        }
    }
}

/// Loudness in dBov: a square wave of full scale has 0.
fn level(pcm: &[i16]) -> f32 {
    let sum: f32 = pcm.iter().map(|sample| f32::from(*sample).powi(2)).sum();
    let mean = sum / pcm.len().max(1) as f32;
    let full = 32_767.0 * 32_767.0;
    (10.0 * (mean / full).log10()).max(SILENCE)
}

/// dBov.
const SILENCE: f32 = -127.0;
const FIRST_FLOOR: f32 = -60.0;
/// dBov: what is louder is never taken for a pause.
const LOUDEST_PAUSE: f32 = -40.0;
/// dB for each packet: 2.5 dB a second.
const RISE: f32 = 0.05;
/// dB: noise varies.
const ABOVE_FLOOR: f32 = 6.0;
/// Packets: the quiet end of a word is still speech, 200 ms.
const HANGOVER: u32 = 10;
/// dB that are worth telling.
const CHANGE: u8 = 4;
/// Packets: a second.
const REFRESH: u32 = 50;

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise of an amplitude, 20 ms.
    fn noise(amplitude: i16, seed: u32) -> Vec<i16> {
        let mut random = seed | 1;
        let sample = |_| {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            ((random >> 16) as i32 % (2 * i32::from(amplitude) + 1)) as i16 - amplitude
        };
        (0..160).map(sample).collect()
    }

    fn judged(detector: &mut PauseDetector, amplitude: i16, packets: u32) -> Vec<Worth> {
        (0..packets)
            .map(|n| detector.judge(&noise(amplitude, 77 + n)))
            .collect()
    }

    fn speech(worths: &[Worth]) -> usize {
        let speech = worths.iter().filter(|worth| **worth == Worth::Speech);
        speech.count()
    }

    #[test]
    fn speech_is_speech_and_so_are_200_ms_after_it() {
        let mut detector = PauseDetector::new();
        assert_eq!(speech(&judged(&mut detector, 8_000, 100)), 100);
        let pause = judged(&mut detector, 20, 100);
        assert_eq!(speech(&pause[..10]), 10);
        assert_eq!(speech(&pause[10..]), 0);
    }

    #[test]
    fn a_pause_is_described_once_a_second() {
        let mut detector = PauseDetector::new();
        let pause = judged(&mut detector, 20, 160);
        let told = pause
            .iter()
            .filter(|worth| matches!(worth, Worth::Noise(_)));
        assert_eq!(told.count(), 3);
        // 20 in uniform noise are 11.5 in root mean square.
        assert!(pause.contains(&Worth::Noise(69)), "{pause:?}");
    }

    #[test]
    fn a_louder_room_is_described_anew_and_learnt() {
        let mut detector = PauseDetector::new();
        judged(&mut detector, 20, 100);
        let louder = judged(&mut detector, 90, 600);
        assert_eq!(louder[0], Worth::Speech);
        assert_eq!(speech(&louder[400..]), 0);
    }

    #[test]
    fn a_first_word_is_speech_at_once() {
        let mut detector = PauseDetector::new();
        judged(&mut detector, 20, 100);
        assert_eq!(speech(&judged(&mut detector, 3_000, 5)), 5);
    }

    #[test]
    fn digital_silence_is_a_pause() {
        let mut detector = PauseDetector::new();
        let worths: Vec<_> = (0..20).map(|_| detector.judge(&[0; 160])).collect();
        assert_eq!(worths[10], Worth::Noise(127));
        assert_eq!(worths[11], Worth::Nothing);
    }
}
