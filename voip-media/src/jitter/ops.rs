//! Any bytes as a sequence of operations on a jitter buffer, with the promises checked after each:
//! what fuzzing and the property tests run.

use std::time::Duration;

use super::{JitterBuffer, JitterConfig, JitterStats, RtpPacketRef};
use crate::{CodecError, Decoder, MediaTime, SampleRate, SeqNum, Ssrc};

/// Runs `data` as operations on a jitter buffer.
///
/// # Panics
/// If the buffer breaks a promise: frames filled, memory and delay bounded, samples conserved.
#[doc(hidden)]
pub fn exercise_jitter_buffer(data: &[u8]) {
    let mut bytes = Bytes(data);
    let rate = match bytes.next() % 3 {
        0 => SampleRate::HZ_8000,
        1 => SampleRate::HZ_16000,
        _ => SampleRate::HZ_48000,
    };
    let mut run = Run::new(rate, bytes.next());
    while !bytes.0.is_empty() {
        match bytes.next() % 8 {
            0..=3 => run.pull(),
            4 => run.insert_next(bytes.next()),
            5 => run.insert_next(bytes.next() & 3),
            6 if bytes.next().is_multiple_of(4) => run.insert_noise(bytes.next()),
            6 => run.insert_odd(&mut bytes),
            _ => run.wait(bytes.next()),
        }
        run.check();
    }
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    fn next_u16(&mut self) -> u16 {
        u16::from_be_bytes([self.next(), self.next()])
    }
}

struct Run {
    buffer: JitterBuffer,
    decoder: Paced,
    now: u64,
    seq: u16,
    timestamp: u32,
    asked: u64,
}

impl Run {
    fn new(rate: SampleRate, flavour: u8) -> Self {
        let config = JitterConfig {
            max_packets: 16,
            max_payload: 64,
            max_delay: Duration::from_millis(400),
            ..JitterConfig::default()
        };
        Self {
            buffer: JitterBuffer::new(config),
            decoder: Paced {
                rate,
                conceals: flavour & 1 == 1,
                recovers: flavour & 2 == 2,
            },
            now: 1_000_000,
            seq: u16::MAX - 5,
            timestamp: u32::MAX - 5_000,
            asked: 0,
        }
    }

    /// The next packet of the stream, `skip` of them lost before it.
    fn insert_next(&mut self, skip: u8) {
        let skip = u16::from(skip & 15);
        let step = self.decoder.rate.hz() / 50;
        self.seq = self.seq.wrapping_add(1 + skip);
        self.timestamp = self.timestamp.wrapping_add(step * (1 + u32::from(skip)));
        self.insert(self.seq, self.timestamp, 1, &[20, 7]);
    }

    /// Comfort noise next in line.
    fn insert_noise(&mut self, level: u8) {
        self.seq = self.seq.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(self.decoder.rate.hz() / 50);
        let packet = RtpPacketRef {
            ssrc: Ssrc(1),
            seq: SeqNum(self.seq),
            timestamp: self.timestamp,
            marker: false,
            payload: &[level, 128],
        };
        let now = MediaTime::from_micros(self.now);
        let _taken = self.buffer.insert_comfort_noise(packet, &self.decoder, now);
    }

    /// Any packet at all.
    fn insert_odd(&mut self, bytes: &mut Bytes<'_>) {
        let seq = self
            .seq
            .wrapping_add(bytes.next_u16() % 64)
            .wrapping_sub(40);
        let timestamp = match bytes.next() % 4 {
            0 => u32::from(bytes.next_u16()) << 16,
            _ => self.timestamp.wrapping_add(u32::from(bytes.next_u16())),
        };
        let source = u32::from(bytes.next().is_multiple_of(16));
        let payload = [bytes.next(), bytes.next(), 0, 0];
        let length = usize::from(bytes.next() % 5);
        self.insert(seq, timestamp, 1 + source, &payload[..length.min(4)]);
    }

    fn insert(&mut self, seq: u16, timestamp: u32, ssrc: u32, payload: &[u8]) {
        let packet = RtpPacketRef {
            ssrc: Ssrc(ssrc),
            seq: SeqNum(seq),
            timestamp,
            marker: false,
            payload,
        };
        let now = MediaTime::from_micros(self.now);
        // Refusals are as good as acceptance here; the counters are checked.
        let _taken = self.buffer.insert(packet, &self.decoder, now);
    }

    fn pull(&mut self) {
        let length = self.decoder.rate.hz() as usize / 100;
        let mut frame = vec![i16::MIN; length];
        let now = MediaTime::from_micros(self.now);
        self.buffer.get(&mut self.decoder, &mut frame, now);
        assert!(
            frame.iter().all(|&sample| sample != i16::MIN),
            "a frame was not filled"
        );
        self.asked += length as u64;
        self.now += 10_000;
    }

    fn wait(&mut self, centiseconds: u8) {
        self.now += u64::from(centiseconds) * 10_000;
    }

    fn check(&self) {
        let stats = self.buffer.stats();
        assert_eq!(stats.played_samples, self.asked);
        let second = u64::from(self.decoder.rate.hz());
        let made = produced(&stats);
        let given = stats.played_samples + stats.accelerated_samples;
        assert!(made >= given, "{given} samples given, {made} made");
        assert!(made - given <= second / 2, "{} samples wait", made - given);
        assert!(
            stats.target_delay <= Duration::from_millis(500),
            "{:?}",
            stats.target_delay
        );
    }
}

fn produced(stats: &JitterStats) -> u64 {
    stats.decoded_samples
        + stats.fec_samples
        + stats.concealed_samples
        + stats.comfort_noise_samples
        + stats.decelerated_samples
        + stats.silent_samples
}

/// A codec whose packets say how long they are (first byte, ms) and how loud (second byte).
struct Paced {
    rate: SampleRate,
    conceals: bool,
    recovers: bool,
}

impl Decoder for Paced {
    fn sample_rate(&self) -> SampleRate {
        self.rate
    }

    fn clock_rate(&self) -> SampleRate {
        self.rate
    }

    fn packet_samples(&self, payload: &[u8]) -> Option<usize> {
        let ms = *payload.first()?;
        (payload.len() >= 2 && ms > 0 && ms <= 120)
            .then(|| usize::from(ms) * self.rate.hz() as usize / 1_000)
    }

    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        let wanted = self.packet_samples(payload).unwrap_or(0);
        let got = out.len();
        let room = out
            .get_mut(..wanted)
            .ok_or(CodecError::Buffer { wanted, got })?;
        let level = i16::from(payload.get(1).copied().unwrap_or(0)) * 50;
        for (index, sample) in room.iter_mut().enumerate() {
            *sample = if index % 80 < 40 { level } else { -level };
        }
        Ok(wanted)
    }

    fn has_fec(&self, _payload: &[u8]) -> bool {
        self.recovers
    }

    fn decode_fec(&mut self, _payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        out.fill(5);
        Ok(out.len())
    }

    fn conceal(&mut self, out: &mut [i16]) -> Option<usize> {
        self.conceals.then(|| {
            out.fill(3);
            out.len()
        })
    }

    fn reset(&mut self) {}
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, proptest};

    use super::exercise_jitter_buffer;

    proptest! {
        #[test]
        fn any_sequence_of_operations_keeps_the_promises(data in vec(any::<u8>(), 0..2_000)) {
            exercise_jitter_buffer(&data);
        }
    }
}
