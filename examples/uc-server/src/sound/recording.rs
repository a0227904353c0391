//! What endpoints hear.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI16, AtomicU8, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use voip_media::{AudioError, FrameResampler, Level, LevelMeter, PlayoutStream, SampleRate};

/// What an endpoint has heard, at 8 kHz: the first or the last of it, in memory. It is written while it is
/// read, without a lock.
pub struct Recording {
    samples: Box<[AtomicI16]>,
    /// Samples that were written so far, or would have been.
    written: AtomicU64,
    /// As RFC 6464 counts: 0 is loudest, 127 silence.
    level: AtomicU8,
    keeps: Keeps,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeps {
    First,
    Last,
}

impl Recording {
    /// The rate of its samples.
    pub const RATE: SampleRate = SampleRate::HZ_8000;

    pub(super) fn first(length: Duration) -> Arc<Self> {
        Self::new(length, Keeps::First)
    }

    pub(super) fn last(length: Duration) -> Arc<Self> {
        Self::new(length, Keeps::Last)
    }

    fn new(length: Duration, keeps: Keeps) -> Arc<Self> {
        let count = Self::RATE.samples_in(length.min(LONGEST));
        Arc::new(Self {
            samples: (0..count).map(|_| AtomicI16::new(0)).collect(),
            written: AtomicU64::new(0),
            level: AtomicU8::new(Level::SILENCE.header_value()),
            keeps,
        })
    }

    /// What is kept, oldest first.
    pub fn samples(&self) -> Vec<i16> {
        let (length, written) = (self.samples.len(), self.written());
        let from = match self.keeps {
            Keeps::Last if written > length => written % length.max(1),
            Keeps::First | Keeps::Last => 0,
        };
        let kept = self.samples.iter().cycle().skip(from);
        kept.take(written.min(length))
            .map(|sample| sample.load(Relaxed))
            .collect()
    }

    /// How long it has listened, including what isn't kept.
    pub fn length(&self) -> Duration {
        Duration::from_secs(self.written.load(Relaxed)) / Self::RATE.hz()
    }

    /// How loud it is of late.
    pub fn level(&self) -> Level {
        Level::from_header_value(self.level.load(Relaxed))
    }

    fn written(&self) -> usize {
        usize::try_from(self.written.load(Relaxed)).unwrap_or(usize::MAX)
    }

    fn write(&self, samples: &[i16], level: Level) {
        self.level.store(level.header_value(), Relaxed);
        let (length, written) = (self.samples.len(), self.written());
        let room = match self.keeps {
            Keeps::First => length.saturating_sub(written),
            Keeps::Last => length,
        };
        for (index, sample) in samples.iter().take(room).enumerate() {
            self.samples[(written + index) % length].store(*sample, Relaxed);
        }
        self.written.fetch_add(samples.len() as u64, Relaxed);
    }
}

/// Says nothing of what was heard.
impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording")
            .field("length", &self.length())
            .finish_non_exhaustive()
    }
}

/// Hears for an endpoint, on the media thread.
pub(super) struct Ear {
    recording: Option<Arc<Recording>>,
    /// Whether the endpoint has said what it has to say.
    pub(super) begins: Arc<AtomicBool>,
    converter: FrameResampler,
    meter: LevelMeter,
}

impl Ear {
    /// Keeps nothing.
    pub(super) fn deaf() -> Self {
        Self::new(None, true)
    }

    /// Keeps everything.
    pub(super) fn at_once(recording: &Arc<Recording>) -> Self {
        Self::new(Some(Arc::clone(recording)), true)
    }

    /// Keeps what comes once the endpoint has spoken.
    pub(super) fn after_speech(recording: &Arc<Recording>) -> Self {
        Self::new(Some(Arc::clone(recording)), false)
    }

    fn new(recording: Option<Arc<Recording>>, begins: bool) -> Self {
        let rate = SampleRate::HZ_48000;
        Self {
            recording,
            begins: Arc::new(AtomicBool::new(begins)),
            converter: FrameResampler::new(rate, Recording::RATE)
                .expect("10 ms are whole samples at both rates"),
            meter: LevelMeter::new(rate),
        }
    }
}

impl PlayoutStream for Ear {
    fn wanted(&self) -> Option<usize> {
        None
    }

    fn write(&mut self, frame: &[i16]) {
        let Some(recording) = self
            .recording
            .as_ref()
            .filter(|_| self.begins.load(Relaxed))
        else {
            return;
        };
        for frame in frame.chunks_exact(FRAME) {
            let mut piece = [0; PIECE];
            self.converter.process(frame, &mut piece);
            self.meter.measure(frame);
            recording.write(&piece, self.meter.mean());
        }
    }

    fn take_error(&mut self) -> Option<AudioError> {
        None
    }
}

/// 10 ms, as sound comes and as it is kept.
const FRAME: usize = 480;
const PIECE: usize = 80;
/// Ten minutes are 9.6 MB.
const LONGEST: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(recording: &Recording, frames: std::ops::Range<i16>) {
        for frame in frames {
            recording.write(&[frame; PIECE], Level::SILENCE);
        }
    }

    #[test]
    fn the_first_of_it_is_kept_and_the_rest_counted() {
        let recording = Recording::first(Duration::from_millis(20));
        heard(&recording, 1..4);
        let samples = recording.samples();
        assert_eq!((samples[0], samples[159], samples.len()), (1, 2, 160));
        assert_eq!(recording.length(), Duration::from_millis(30));
    }

    #[test]
    fn the_last_of_it_is_kept_in_order() {
        let recording = Recording::last(Duration::from_millis(25));
        heard(&recording, 1..2);
        assert_eq!(recording.samples(), [1; PIECE]);
        heard(&recording, 2..6);
        let samples = recording.samples();
        assert_eq!((samples[0], samples[40], samples[120]), (3, 4, 5));
        assert_eq!(samples.len(), 200);
    }

    #[test]
    fn a_recording_without_length_keeps_nothing() {
        for recording in [
            Recording::last(Duration::ZERO),
            Recording::first(Duration::ZERO),
        ] {
            heard(&recording, 1..2);
            assert!(recording.samples().is_empty());
            assert_eq!(recording.length(), Duration::from_millis(10));
        }
    }

    #[test]
    fn an_ear_begins_when_the_endpoint_has_spoken_and_shows_how_loud_it_is() {
        let recording = Recording::first(Duration::from_secs(1));
        let mut ear = Ear::after_speech(&recording);
        ear.write(&[16_384; FRAME]);
        assert_eq!(
            (recording.samples().len(), recording.level()),
            (0, Level::SILENCE)
        );
        ear.begins.store(true, Relaxed);
        ear.write(&[16_384; FRAME]);
        assert_eq!(recording.samples().len(), PIECE);
        assert_eq!(recording.level().header_value(), 6);
    }
}
