//! A microphone: device callback, ring, and the media thread's end.

use std::sync::Arc;

use cpal::{FromSample, I24, SampleFormat, SizedSample, traits::DeviceTrait};
use rtrb::{Consumer, Producer, RingBuffer};

use super::{
    Counters, DeviceBackend,
    format::{Format, usable},
    stream::{self, DeviceThread, Direction, Plumbing},
};
use crate::{AudioDirection, AudioError, CaptureStream, DeviceChoice, Resampler, SampleRate};

pub(super) fn open(
    choice: &DeviceChoice,
    backend: &DeviceBackend,
) -> Result<DeviceCapture, AudioError> {
    let (fetcher, device) = stream::open(Capture, choice, backend)?;
    Ok(DeviceCapture { fetcher, device })
}

/// The media thread's end of a microphone.
pub(super) struct DeviceCapture {
    fetcher: Fetcher,
    device: DeviceThread,
}

impl CaptureStream for DeviceCapture {
    fn available(&self) -> Option<usize> {
        Some(self.fetcher.available())
    }

    fn read(&mut self, frame: &mut [i16]) -> usize {
        self.fetcher.read(frame)
    }

    fn take_error(&mut self) -> Option<AudioError> {
        self.device.take_error()
    }
}

/// Takes samples out of the ring, at 48 kHz, and keeps the ring short: a device whose clock is
/// faster than the media thread's is read slightly faster, too.
pub(super) struct Fetcher {
    ring: Consumer<i16>,
    resampler: Resampler,
    /// Samples of the device in a millisecond, at least.
    per_ms: usize,
    hurrying: bool,
    counters: Arc<Counters>,
}

impl Fetcher {
    fn new(ring: Consumer<i16>, rate: u32, counters: Arc<Counters>) -> Self {
        Self {
            ring,
            resampler: Resampler::new(usable(rate), SampleRate::HZ_48000),
            per_ms: (rate / 1_000) as usize,
            hurrying: false,
            counters,
        }
    }

    fn available(&self) -> usize {
        self.resampler.output_of(self.ring.slots())
    }

    fn read(&mut self, frame: &mut [i16]) -> usize {
        self.follow_the_device(frame.len());
        let ring = &mut self.ring;
        let real = self.resampler.process(|| ring.pop().ok(), frame);
        frame[real..].fill(0);
        real
    }

    /// Looks at what will be left after `wanted` samples at 48 kHz have been read.
    fn follow_the_device(&mut self, wanted: usize) {
        let wanted_ms = wanted / (SampleRate::HZ_48000.hz() / 1_000) as usize;
        let left_ms = (self.ring.slots() / self.per_ms).saturating_sub(wanted_ms);
        if left_ms > SKIP_ABOVE_MS {
            self.skip((left_ms - HURRY_DOWN_TO_MS) * self.per_ms);
        }
        let limit = if self.hurrying {
            HURRY_DOWN_TO_MS
        } else {
            HURRY_ABOVE_MS
        };
        self.hurrying = (limit..=SKIP_ABOVE_MS).contains(&left_ms);
        self.resampler
            .set_speed(if self.hurrying { HURRY_SPEED } else { 1.0 });
    }

    /// After a pause of the media thread: what was said long ago is better left out.
    fn skip(&mut self, excess: usize) {
        if let Ok(chunk) = self.ring.read_chunk(excess) {
            chunk.commit_all();
            self.counters.note(&self.counters.capture_skipped, excess);
        }
    }
}

struct Capture;

impl Direction for Capture {
    const DIRECTION: AudioDirection = AudioDirection::Capture;
    type MediaEnd = Fetcher;

    fn build(
        &self,
        device: &cpal::Device,
        format: Format,
        plumbing: Plumbing,
    ) -> Result<(cpal::Stream, Fetcher), cpal::Error> {
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
) -> Result<(cpal::Stream, Fetcher), cpal::Error>
where
    T: SizedSample,
    i16: FromSample<T>,
{
    let rate = format.config.sample_rate;
    let channels = usize::from(format.config.channels);
    let (mut ring, end) = RingBuffer::new(rate as usize / 1_000 * RING_MS);
    let fetcher = Fetcher::new(end, rate, Arc::clone(&plumbing.counters));
    let on_error = plumbing.error_callback();
    let on_samples = move |samples: &[T], _: &cpal::InputCallbackInfo| {
        plumbing.pulse.beat(samples.len() / channels);
        let lost = store(&mut ring, samples, channels);
        // One that was replaced is about to close.
        if !ring.is_abandoned() {
            let counters = &plumbing.counters;
            counters.note(&counters.capture_overrun, lost);
        }
    };
    let stream = device.build_input_stream(format.config, on_samples, on_error, None)?;
    Ok((stream, fetcher))
}

/// Mixes all channels evenly and puts the result into the ring; gives the number of samples for
/// which there was no room.
fn store<T: Copy>(ring: &mut Producer<i16>, samples: &[T], channels: usize) -> usize
where
    i16: FromSample<T>,
{
    let frames = samples.len() / channels;
    let room = frames.min(ring.slots());
    let mixed = samples.chunks_exact(channels).map(|frame| {
        let sum: i32 = frame
            .iter()
            .map(|sample| i32::from(i16::from_sample_(*sample)))
            .sum();
        (sum / channels as i32) as i16
    });
    match ring.write_chunk_uninit(room) {
        Ok(chunk) => frames - chunk.fill_from_iter(mixed),
        Err(_) => frames,
    }
}

/// What the ring holds at most.
const RING_MS: usize = 500;
/// More than this left in the ring after a read, and samples are left out.
const SKIP_ABOVE_MS: usize = 120;
/// This much, and the stream is read faster …
const HURRY_ABOVE_MS: usize = 40;
/// … until less than this is left.
const HURRY_DOWN_TO_MS: usize = 10;
/// Too little to be heard as a change of pitch (a third of a semitone), enough for any clock.
const HURRY_SPEED: f64 = 1.02;

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    fn fetcher(rate: u32, stored: usize) -> (Producer<i16>, Fetcher) {
        let (mut producer, consumer) = RingBuffer::new(rate as usize / 1_000 * RING_MS);
        assert_eq!(store(&mut producer, &vec![1_000_i16; stored], 1), 0);
        let counters = Arc::default();
        (producer, Fetcher::new(consumer, rate, counters))
    }

    #[test]
    fn channels_are_mixed_and_formats_converted() {
        let (mut producer, mut consumer) = RingBuffer::new(10);
        assert_eq!(store(&mut producer, &[0.5_f32, 0.0, -1.0, -1.0], 2), 0);
        assert_eq!(store(&mut producer, &[0_u8, 128], 1), 0);
        let stored: Vec<i16> = std::iter::from_fn(|| consumer.pop().ok()).collect();
        assert_eq!(stored, [8_192, i16::MIN, i16::MIN, 0]);
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let (mut producer, _consumer) = RingBuffer::new(3);
        assert_eq!(store(&mut producer, &[0_i16; 10], 2), 2);
        assert_eq!(store(&mut producer, &[0_i16; 10], 2), 5);
    }

    #[test]
    fn what_is_available_can_be_read_at_any_rate() {
        for rate in [8_000, 44_100, 48_000, 96_000] {
            let (_producer, mut fetcher) = fetcher(rate, rate as usize / 50);
            let available = fetcher.available();
            assert!(available.abs_diff(960) <= 24, "{rate} Hz: {available}");
            assert_eq!(fetcher.read(&mut vec![0; available]), available);
            assert!(fetcher.available() < 8);
        }
    }

    #[test]
    fn what_is_not_there_is_silence() {
        let (_producer, mut fetcher) = fetcher(48_000, 240);
        let mut frame = [9; 480];
        assert_eq!(fetcher.read(&mut frame), 224, "whole pieces of 16");
        assert!(frame[224..].iter().all(|sample| *sample == 0));
    }

    #[test]
    fn a_ring_that_grows_is_read_faster_until_it_is_short() {
        let (mut producer, mut fetcher) = fetcher(48_000, 60 * 48);
        let mut left_after_a_read = || {
            store(&mut producer, &[1_000_i16; 480], 1);
            assert_eq!(fetcher.read(&mut [0; 480]), 480);
            fetcher.ring.slots()
        };
        let reads = (0..1_000)
            .take_while(|_| left_after_a_read() > HURRY_DOWN_TO_MS * 48)
            .count();
        assert!((200..300).contains(&reads), "2 % of 10 ms each: {reads}");
        left_after_a_read();
        let left = left_after_a_read();
        assert!(
            left_after_a_read().abs_diff(left) <= 1,
            "at normal speed again"
        );
    }

    /// The media thread's hour with a device whose clock is off by this many millionths: the longest
    /// that the ring has been, in milliseconds, and what was left out.
    fn an_hour(millionths: i64) -> (usize, u64) {
        let (mut producer, mut fetcher) = fetcher(48_000, 480);
        let (mut longest, mut owed) = (0, 0_i64);
        for _ in 0..360_000 {
            owed += 480 * (1_000_000 + millionths);
            let samples = owed / 1_000_000;
            owed -= samples * 1_000_000;
            store(&mut producer, &[1_000_i16; 490][..samples as usize], 1);
            // As the media thread does: whole frames, as many as there are.
            for _ in 0..fetcher.available() / 480 {
                fetcher.read(&mut [0; 480]);
            }
            longest = longest.max(fetcher.ring.slots() / 48);
        }
        let skipped = fetcher.counters.capture_skipped.load(Ordering::Relaxed);
        (longest, skipped)
    }

    #[test]
    fn an_hour_of_a_clock_that_is_off_adds_no_delay_and_leaves_nothing_out() {
        for millionths in [-1_000, -100, 0, 100, 1_000] {
            let (longest, skipped) = an_hour(millionths);
            assert!(longest <= 20, "{millionths}: {longest} ms");
            assert_eq!(skipped, 0, "{millionths}");
        }
    }

    #[test]
    fn after_a_long_pause_old_samples_are_left_out() {
        let (_producer, mut fetcher) = fetcher(48_000, 300 * 48);
        assert_eq!(fetcher.read(&mut [0; 480]), 480);
        assert!(fetcher.ring.slots().abs_diff(HURRY_DOWN_TO_MS * 48) <= 1);
        let skipped = &fetcher.counters.capture_skipped;
        assert_eq!(skipped.load(Ordering::Relaxed), 280 * 48);
    }
}
