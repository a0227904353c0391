//! Comfort noise of telephone codecs (RFC 3389): the noise of the far side's room, described by its
//! loudness and, if the far side takes the trouble, its spectrum.

/// Makes the noise that comfort noise packets describe. Allocates nothing; the same packets make the
/// same noise.
#[derive(Debug, Clone)]
pub(super) struct ComfortNoise {
    /// Loudness, root mean square.
    level: f32,
    /// Of the filter that colours white noise.
    reflections: [f32; ORDER],
    /// What of the white noise's loudness the filter leaves to be given.
    gain: f32,
    memory: [f32; ORDER + 1],
    random: u32,
}

impl ComfortNoise {
    /// Silence, until it is told otherwise.
    pub(super) fn new() -> Self {
        Self {
            level: 0.0,
            reflections: [0.0; ORDER],
            gain: 1.0,
            memory: [0.0; ORDER + 1],
            random: 0x2545_f491,
        }
    }

    /// Takes a packet: its first octet is the level, each further one a reflection coefficient (RFC
    /// 3389 §3). Beyond twelve they are left out; an empty packet changes nothing.
    pub(super) fn describe(&mut self, payload: &[u8]) {
        let Some((level, spectrum)) = payload.split_first() else {
            return;
        };
        self.level = FULL_SCALE * 10_f32.powf(-f32::from(level & 0x7f) / 20.0);
        self.reflections = [0.0; ORDER];
        for (reflection, octet) in self.reflections.iter_mut().zip(spectrum) {
            // RFC 3389 §3.2: 255 is no value; ours stays below one, or the filter would howl.
            *reflection = 258.0 * (f32::from(*octet) - 127.0) / 32_768.0;
            *reflection = reflection.clamp(-STEEPEST, STEEPEST);
        }
        let gain = self.reflections.iter().map(|k| 1.0 - k * k);
        self.gain = gain.product::<f32>().sqrt();
    }

    /// Fills `out` with it.
    pub(super) fn fill(&mut self, out: &mut [i16]) {
        let amplitude = self.level * self.gain * UNIFORM;
        for sample in out {
            let white = self.next_random() * amplitude;
            let value = self.colour(white);
            *sample = value.clamp(f32::from(i16::MIN), f32::from(i16::MAX)) as i16;
        }
    }

    /// The all-pole lattice of the reflection coefficients.
    fn colour(&mut self, white: f32) -> f32 {
        let mut forward = white;
        for stage in (0..ORDER).rev() {
            forward -= self.reflections[stage] * self.memory[stage];
            self.memory[stage + 1] = self.memory[stage] + self.reflections[stage] * forward;
        }
        self.memory[0] = forward;
        forward
    }

    /// −1.0 to 1.0.
    fn next_random(&mut self) -> f32 {
        // Xorshift (Marsaglia 2003), 32 bits.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.random as i32 as f32 / 2_147_483_648.0
    }
}

/// Coefficients that are used; others send at most ten or twelve.
const ORDER: usize = 12;
/// 0 dBov: a square wave of full scale (RFC 3389 §3.1).
const FULL_SCALE: f32 = 32_767.0;
/// Amplitude over root mean square of uniform noise: √3.
const UNIFORM: f32 = 1.732_050_8;
const STEEPEST: f32 = 0.99;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn noise(payload: &[u8]) -> Vec<i16> {
        let mut noise = ComfortNoise::new();
        noise.describe(payload);
        let mut out = vec![0; 40_000];
        noise.fill(&mut out);
        out
    }

    fn loudness(samples: &[i16]) -> f32 {
        let sum: f32 = samples.iter().map(|s| f32::from(*s).powi(2)).sum();
        (sum / samples.len() as f32).sqrt()
    }

    /// How much a sample resembles the one before, −1 to 1.
    fn smoothness(samples: &[i16]) -> f32 {
        let pairs = samples.windows(2);
        let product: f32 = pairs.map(|p| f32::from(p[0]) * f32::from(p[1])).sum();
        product / (loudness(samples).powi(2) * samples.len() as f32)
    }

    #[test]
    fn it_is_as_loud_as_the_packet_says_whatever_its_spectrum() {
        for payload in [&[40_u8][..], &[40, 60], &[40, 200, 90, 140], &[40, 30, 230]] {
            let off = loudness(&noise(payload)) / (32_767.0 * 0.01);
            assert!((0.9..1.1).contains(&off), "{payload:?}: {off}");
        }
    }

    #[test]
    fn the_first_reflection_coefficient_says_whether_it_rumbles_or_hisses() {
        assert!(smoothness(&noise(&[30])).abs() < 0.05);
        assert!(
            smoothness(&noise(&[30, 27])) > 0.7,
            "a negative one rumbles"
        );
        assert!(smoothness(&noise(&[30, 227])) < -0.7);
    }

    #[test]
    fn the_quietest_level_is_silence() {
        assert!(noise(&[127]).iter().all(|sample| *sample == 0));
        assert!(noise(&[]).iter().all(|sample| *sample == 0));
    }

    #[test]
    fn without_a_new_packet_it_goes_on() {
        let mut noise = ComfortNoise::new();
        noise.describe(&[30]);
        let (mut first, mut second) = ([0; 80], [0; 80]);
        noise.fill(&mut first);
        noise.fill(&mut second);
        assert_ne!(first, second);
        assert!(loudness(&second) > 300.0);
    }

    proptest! {
        #[test]
        fn no_description_makes_it_howl(
            payload in proptest::collection::vec(any::<u8>(), 1..40),
            quiet in 20_u8..128,
        ) {
            let mut payload = payload;
            payload[0] = quiet;
            let expected = 32_767.0 * 10_f32.powf(-f32::from(quiet) / 20.0);
            prop_assert!(loudness(&noise(&payload)) < expected * 4.0 + 1.0);
        }
    }
}
