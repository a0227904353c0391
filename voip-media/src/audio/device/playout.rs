//! A loudspeaker: the media thread's end, ring, and device callback.

use std::sync::{Arc, atomic::Ordering};

use cpal::{FromSample, I24, SampleFormat, SizedSample, traits::DeviceTrait};
use rtrb::{Consumer, Producer, RingBuffer};

use super::{
    Counters, DeviceBackend, Pulse,
    format::{Format, usable},
    stream::{self, DeviceThread, Direction, Plumbing},
};
use crate::{AudioDirection, AudioError, DeviceChoice, PlayoutStream, Resampler, SampleRate};

pub(super) fn open(
    choice: &DeviceChoice,
    backend: &DeviceBackend,
) -> Result<DevicePlayout, AudioError> {
    let (feeder, device) = stream::open(Playout, choice, backend)?;
    Ok(DevicePlayout { feeder, device })
}

/// The media thread's end of a loudspeaker.
pub(super) struct DevicePlayout {
    feeder: Feeder,
    device: DeviceThread,
}

impl PlayoutStream for DevicePlayout {
    fn wanted(&self) -> Option<usize> {
        Some(self.feeder.wanted())
    }

    fn write(&mut self, frame: &[i16]) {
        self.feeder.write(frame);
    }

    fn take_error(&mut self) -> Option<AudioError> {
        self.device.take_error()
    }
}

/// Puts samples of 48 kHz into the ring and says how many it should hold: what the device takes
/// in one call and 15 ms more.
pub(super) struct Feeder {
    ring: Producer<i16>,
    /// `None` if the device runs at 48 kHz.
    resampler: Option<Resampler>,
    rate: u32,
    pulse: Arc<Pulse>,
    counters: Arc<Counters>,
}

impl Feeder {
    fn new(ring: Producer<i16>, rate: u32, pulse: Arc<Pulse>, counters: Arc<Counters>) -> Self {
        let ours = SampleRate::HZ_48000;
        Self {
            ring,
            resampler: (rate != ours.hz()).then(|| Resampler::new(ours, usable(rate))),
            rate,
            pulse,
            counters,
        }
    }

    fn wanted(&self) -> usize {
        let capacity = self.ring.buffer().capacity();
        let held = capacity - self.ring.slots();
        let per_call = match self.pulse.largest_call.load(Ordering::Relaxed) {
            // Not called yet: 10 ms, as was asked for.
            0 => self.rate as usize / 100,
            samples => samples,
        };
        let target = (per_call + self.rate as usize / 1_000 * MARGIN_MS).min(capacity);
        let missing = target.saturating_sub(held) as u64;
        (missing * u64::from(SampleRate::HZ_48000.hz()) / u64::from(self.rate)) as usize
    }

    fn write(&mut self, frame: &[i16]) {
        let lost = match &mut self.resampler {
            None => self.ring.push_partial_slice(frame).1.len(),
            Some(resampler) => write_converted(&mut self.ring, resampler, frame),
        };
        self.counters.note(&self.counters.playout_overrun, lost);
    }
}

fn write_converted(ring: &mut Producer<i16>, resampler: &mut Resampler, frame: &[i16]) -> usize {
    let mut source = frame.iter().copied();
    let mut lost = 0;
    loop {
        let mut piece = [0; 128];
        let count = resampler.process(|| source.next(), &mut piece);
        lost += ring.push_partial_slice(&piece[..count]).1.len();
        if count < piece.len() {
            return lost;
        }
    }
}

struct Playout;

impl Direction for Playout {
    const DIRECTION: AudioDirection = AudioDirection::Playout;
    type MediaEnd = Feeder;

    fn build(
        &self,
        device: &cpal::Device,
        format: Format,
        plumbing: Plumbing,
    ) -> Result<(cpal::Stream, Feeder), cpal::Error> {
        match format.sample {
            SampleFormat::I8 => build::<i8>(device, format, plumbing),
            SampleFormat::I16 => build::<i16>(device, format, plumbing),
            SampleFormat::I24 => build::<I24>(device, format, plumbing),
            SampleFormat::I32 => build::<i32>(device, format, plumbing),
            SampleFormat::U8 => build::<u8>(device, format, plumbing),
            SampleFormat::U16 => build::<u16>(device, format, plumbing),
            SampleFormat::F32 => build::<f32>(device, format, plumbing),
            SampleFormat::F64 => build::<f64>(device, format, plumbing),
            _ => Err(cpal::ErrorKind::UnsupportedConfig.into()),
        }
    }
}

fn build<T>(
    device: &cpal::Device,
    format: Format,
    plumbing: Plumbing,
) -> Result<(cpal::Stream, Feeder), cpal::Error>
where
    T: SizedSample + FromSample<i16>,
{
    let rate = format.config.sample_rate;
    let channels = usize::from(format.config.channels);
    let (start, mut ring) = RingBuffer::new(rate as usize / 1_000 * RING_MS);
    let (pulse, counters) = (Arc::clone(&plumbing.pulse), Arc::clone(&plumbing.counters));
    let feeder = Feeder::new(start, rate, pulse, counters);
    let on_error = plumbing.error_callback();
    let mut begun = false;
    let on_samples = move |samples: &mut [T], _: &cpal::OutputCallbackInfo| {
        plumbing.pulse.beat(samples.len() / channels);
        let missing = fetch(&mut ring, samples, channels);
        begun |= missing < samples.len() / channels;
        // One that was replaced is about to close.
        if begun && !ring.is_abandoned() {
            let counters = &plumbing.counters;
            counters.note(&counters.playout_underrun, missing);
        }
    };
    let stream = device.build_output_stream(format.config, on_samples, on_error, None)?;
    Ok((stream, feeder))
}

/// Gives each sample of the ring to all channels; what isn't there is silence. Gives the number of
/// samples that were missing.
fn fetch<T: Copy + FromSample<i16>>(
    ring: &mut Consumer<i16>,
    samples: &mut [T],
    channels: usize,
) -> usize {
    let frames = samples.len() / channels;
    let there = frames.min(ring.slots());
    let (filled, silent) = samples.split_at_mut(there * channels);
    if let Ok(chunk) = ring.read_chunk(there) {
        for (frame, sample) in filled.chunks_exact_mut(channels).zip(chunk) {
            frame.fill(T::from_sample_(sample));
        }
    }
    silent.fill(T::from_sample_(0));
    frames - there
}

/// What the ring can hold at most: more than any device takes in one call.
const RING_MS: usize = 500;
/// What the ring should hold beyond one call: the media thread comes every 10 ms, not to the
/// microsecond.
const MARGIN_MS: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;

    fn feeder(rate: u32) -> (Feeder, Consumer<i16>) {
        let (producer, consumer) = RingBuffer::new(rate as usize / 1_000 * RING_MS);
        let feeder = Feeder::new(producer, rate, Arc::default(), Arc::default());
        (feeder, consumer)
    }

    #[test]
    fn the_ring_is_kept_at_its_target() {
        let (mut feeder, mut consumer) = feeder(48_000);
        assert_eq!(feeder.wanted(), 1_200);
        feeder.write(&[1; 1_200]);
        assert_eq!(feeder.wanted(), 0);
        fetch(&mut consumer, &mut [0_i16; 480], 1);
        assert_eq!(feeder.wanted(), 480);
    }

    #[test]
    fn a_device_that_takes_much_at_once_gets_a_longer_ring() {
        let (feeder, _consumer) = feeder(48_000);
        feeder.pulse.beat(2_048);
        assert_eq!(feeder.wanted(), 2_048 + 720);
        feeder.pulse.beat(1_000_000);
        assert_eq!(feeder.wanted(), 500 * 48, "never more than the ring holds");
    }

    #[test]
    fn other_rates_are_fed_as_much_as_they_want() {
        for rate in [8_000, 44_100, 96_000] {
            let (mut feeder, consumer) = feeder(rate);
            let wanted = feeder.wanted();
            assert!(wanted.abs_diff(1_200) <= 24, "{rate} Hz: {wanted}");
            feeder.write(&vec![1; wanted]);
            assert!(consumer.slots().abs_diff(rate as usize / 40) <= rate as usize / 1_000);
            assert!(feeder.wanted() <= 48, "{rate} Hz: {}", feeder.wanted());
        }
    }

    #[test]
    fn all_channels_hear_the_same_and_silence_follows() {
        let (mut feeder, mut consumer) = feeder(48_000);
        feeder.write(&[16_384, -16_384]);
        let mut stereo = [9.0_f32; 8];
        assert_eq!(fetch(&mut consumer, &mut stereo, 2), 2);
        assert_eq!(stereo, [0.5, 0.5, -0.5, -0.5, 0.0, 0.0, 0.0, 0.0]);
        let mut unsigned = [9_u8; 2];
        assert_eq!(fetch(&mut consumer, &mut unsigned, 1), 2);
        assert_eq!(unsigned, [128, 128]);
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let (mut feeder, _consumer) = feeder(48_000);
        feeder.write(&[1; 500 * 48 + 7]);
        assert_eq!(feeder.counters.playout_overrun.load(Ordering::Relaxed), 7);
    }
}
