//! Sound that gives the codec its work, and what the codec takes for it.

use std::time::{Duration, Instant};

use voip_media::{
    AudioBackend, AudioDevice, AudioError, CaptureStream, CodecKind, DeviceChoice, PlayoutStream,
    SessionConfig, codec,
};

use crate::Failed;

/// Noise that swells and fades like speech; nothing is played.
pub(crate) struct Murmur;

impl AudioBackend for Murmur {
    fn devices(&self) -> Result<Vec<AudioDevice>, AudioError> {
        Ok(Vec::new())
    }

    fn open_capture(&self, _: &DeviceChoice) -> Result<Box<dyn CaptureStream>, AudioError> {
        Ok(Box::new(Noise::default()))
    }

    fn open_playout(&self, _: &DeviceChoice) -> Result<Box<dyn PlayoutStream>, AudioError> {
        Ok(Box::new(Nowhere))
    }
}

#[derive(Default)]
struct Noise {
    state: u32,
    at: u32,
}

impl CaptureStream for Noise {
    fn available(&self) -> Option<usize> {
        None
    }

    fn read(&mut self, frame: &mut [i16]) -> usize {
        for sample in &mut *frame {
            self.state = self
                .state
                .wrapping_mul(1_664_525)
                .wrapping_add(1_013_904_223);
            // Four syllables a second.
            self.at = (self.at + 1) % 12_000;
            let level = 6_000 - self.at.abs_diff(6_000);
            *sample = (((self.state >> 16) as i16 as i32) * level as i32 / 12_000) as i16;
        }
        frame.len()
    }

    fn take_error(&mut self) -> Option<AudioError> {
        None
    }
}

struct Nowhere;

impl PlayoutStream for Nowhere {
    fn wanted(&self) -> Option<usize> {
        None
    }

    fn write(&mut self, _: &[i16]) {}

    fn take_error(&mut self) -> Option<AudioError> {
        None
    }
}

/// Microseconds that 20 ms of this sound take to encode and to decode, as a session does: the median of many seconds.
pub(crate) fn codec_us() -> Result<f64, Failed> {
    let config = SessionConfig::default();
    let opus = codec(CodecKind::Opus);
    let mut encoder = opus.encoder(config.packet_time)?;
    encoder.tune(config.encoder)?;
    let mut decoder = opus.decoder()?;
    decoder.set_complexity(config.decoder_complexity)?;
    let (mut noise, mut frame) = (Noise::default(), vec![0; encoder.frame_samples()]);
    let (mut packet, mut out) = ([0; 1_500], vec![0; encoder.frame_samples()]);
    let mut seconds = Vec::new();
    for _ in 0..SECONDS {
        let mut spent = Duration::ZERO;
        for _ in 0..PACKETS_PER_SECOND {
            noise.read(&mut frame);
            let begun = Instant::now();
            let length = encoder.encode(&frame, &mut packet)?;
            decoder.decode(&packet[..length], &mut out)?;
            spent += begun.elapsed();
        }
        seconds.push(spent.as_secs_f64() * 1e6 / f64::from(PACKETS_PER_SECOND));
    }
    seconds.sort_by(f64::total_cmp);
    Ok(seconds[seconds.len() / 2])
}

/// Of sound.
const SECONDS: usize = 101;
const PACKETS_PER_SECOND: u32 = 50;
