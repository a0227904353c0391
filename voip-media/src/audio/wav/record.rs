//! Recording what is played: a ring between the media thread and a thread that writes the file.

use std::{
    fs::File,
    io::BufWriter,
    path::Path,
    thread::{self, JoinHandle},
    time::Duration,
};

use hound::{SampleFormat, WavSpec, WavWriter};
use rtrb::{Consumer, Producer, RingBuffer};

use super::file_error;
use crate::{AudioDirection, AudioError, PlayoutStream};

/// Writes what is played to a file, on a thread of its own.
///
/// Dropping it writes what is still in the ring, completes the file and waits for that.
pub(super) struct RecordingPlayout {
    /// `None` only while being dropped.
    samples: Option<Producer<i16>>,
    errors: Consumer<AudioError>,
    writer: Option<JoinHandle<()>>,
    /// Samples that didn't fit into the ring.
    lost: usize,
}

impl RecordingPlayout {
    pub(super) fn create(path: &Path) -> Result<Self, AudioError> {
        let file = WavWriter::create(path, SPEC).map_err(|error| file_error(path, error))?;
        let (samples, ring) = RingBuffer::new(RING_SAMPLES);
        let (report, errors) = RingBuffer::new(1);
        let writer = FileWriter {
            file,
            ring,
            unflushed: 0,
        };
        let path = path.to_owned();
        let writer = thread::Builder::new()
            .name("wav-recording".to_owned())
            .spawn(move || write_and_report(writer, &path, report))
            .map_err(|error| AudioError::Refused {
                direction: AudioDirection::Playout,
                reason: error.to_string(),
            })?;
        Ok(Self {
            samples: Some(samples),
            errors,
            writer: Some(writer),
            lost: 0,
        })
    }
}

impl PlayoutStream for RecordingPlayout {
    fn wanted(&self) -> Option<usize> {
        None
    }

    fn write(&mut self, frame: &[i16]) {
        if let Some(samples) = &mut self.samples {
            let (_, lost) = samples.push_partial_slice(frame);
            self.lost += lost.len();
        }
    }

    fn take_error(&mut self) -> Option<AudioError> {
        self.errors.pop().ok()
    }
}

impl Drop for RecordingPlayout {
    fn drop(&mut self) {
        self.samples = None;
        if let Some(writer) = self.writer.take() {
            writer.thread().unpark();
            // It never panics; if it did, there would be nothing left to do here.
            let _ = writer.join();
        }
        if self.lost > 0 {
            tracing::warn!(
                samples = self.lost,
                "the disk was too slow for the recording"
            );
        }
    }
}

fn write_and_report(writer: FileWriter, path: &Path, mut report: Producer<AudioError>) {
    if let Err(error) = writer.run() {
        // There is room: it is the only report.
        let _ = report.push(file_error(path, error));
    }
}

struct FileWriter {
    file: WavWriter<BufWriter<File>>,
    ring: Consumer<i16>,
    /// Samples since the header was last made to fit.
    unflushed: usize,
}

impl FileWriter {
    fn run(mut self) -> hound::Result<()> {
        loop {
            // Asked before draining: what was written before the end is then surely seen.
            let ended = self.ring.is_abandoned();
            self.drain()?;
            if ended {
                return self.file.finalize();
            }
            thread::park_timeout(WRITE_INTERVAL);
        }
    }

    fn drain(&mut self) -> hound::Result<()> {
        while let Ok(sample) = self.ring.pop() {
            self.file.write_sample(sample)?;
            self.unflushed += 1;
        }
        if self.unflushed >= FLUSH_SAMPLES {
            self.unflushed = 0;
            // Makes the header fit: a program that is killed leaves a readable file.
            self.file.flush()?;
        }
        Ok(())
    }
}

const SPEC: WavSpec = WavSpec {
    channels: 1,
    sample_rate: 48_000,
    bits_per_sample: 16,
    sample_format: SampleFormat::Int,
};
/// 4 s: what a slow disk may take. What doesn't fit is lost.
const RING_SAMPLES: usize = 4 * 48_000;
/// The header is made to fit about once a second.
const FLUSH_SAMPLES: usize = 48_000;
const WRITE_INTERVAL: Duration = Duration::from_millis(50);
