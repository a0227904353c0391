//! The jitter buffer of the crate `neteq` on the recorded traces: L16 at 48 kHz, so that no codec
//! is in the figures.

use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use neteq::{AudioPacket, NetEq, NetEqConfig, RtpHeader, codec::AudioDecoder};
use serde_json::{Value, json};

use crate::timing::{nanoseconds, spread};

/// Plays every `trace_*.txt` of the folder side by side, for so long.
pub(crate) fn play_all(folder: &Path, length: Duration) -> io::Result<Vec<Value>> {
    let mut traces: Vec<PathBuf> = fs::read_dir(folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| name(path).is_some())
        .collect();
    traces.sort();
    let players: Vec<_> = traces
        .into_iter()
        .map(|path| thread::spawn(move || play(&path, length)))
        .collect();
    players
        .into_iter()
        .map(|player| {
            player
                .join()
                .map_err(|_| io::Error::other("the peer's jitter buffer panicked"))?
        })
        .collect()
}

fn name(path: &Path) -> Option<&str> {
    let name = path.file_name()?.to_str()?;
    name.strip_prefix("trace_")?.strip_suffix(".txt")
}

/// A line is `arrival_us sequence`.
fn arrivals(path: &Path) -> io::Result<Vec<(Duration, u16)>> {
    let text = fs::read_to_string(path)?;
    let mut arrivals: Vec<_> = text
        .lines()
        .filter_map(|line| {
            let (at, seq) = line.trim().split_once(' ')?;
            let seq: u64 = seq.trim().parse().ok()?;
            Some((Duration::from_micros(at.parse().ok()?), seq as u16))
        })
        .collect();
    arrivals.sort();
    Ok(arrivals)
}

fn play(path: &Path, length: Duration) -> io::Result<Value> {
    let refused = |error: neteq::NetEqError| io::Error::other(error.to_string());
    let arrivals = arrivals(path)?;
    let mut buffer = NetEq::new(NetEqConfig {
        sample_rate: 48_000,
        ..NetEqConfig::default()
    })
    .map_err(refused)?;
    buffer.register_decoder(PAYLOAD_TYPE, Box::new(L16));
    let payload = tone();
    let (mut inserts, mut gets) = (Vec::new(), Vec::new());
    let (begin, mut due, mut arrivals) =
        (Instant::now(), Duration::ZERO, arrivals.iter().peekable());
    while due < length {
        while let Some((_, seq)) = arrivals.next_if(|(at, _)| *at <= due) {
            let timestamp = u32::from(*seq) * 960;
            let header = RtpHeader::new(*seq, timestamp, 1, PAYLOAD_TYPE, false);
            let at = Instant::now();
            let packet = AudioPacket::new(header, payload.clone(), 48_000, 1, 20);
            // A refused packet is the buffer's own affair.
            let _ = buffer.insert_packet(packet);
            inserts.push(nanoseconds(at.elapsed()));
        }
        let at = Instant::now();
        buffer.get_audio().map_err(refused)?;
        gets.push(nanoseconds(at.elapsed()));
        due += Duration::from_millis(10);
        thread::sleep(due.saturating_sub(begin.elapsed()));
    }
    let concealed = buffer.get_statistics().lifetime.concealed_samples;
    Ok(json!({
        "trace": name(path),
        "seconds": length.as_secs(),
        "concealed_ms": concealed / 48,
        "insert_ns": spread(inserts),
        "get_ns": spread(gets),
    }))
}

/// 20 ms.
fn tone() -> Vec<u8> {
    (0..960u32)
        .flat_map(|index| (((index % 400) as i16 - 200) * 20).to_be_bytes())
        .collect()
}

struct L16;

impl AudioDecoder for L16 {
    fn sample_rate(&self) -> u32 {
        48_000
    }

    fn channels(&self) -> u8 {
        1
    }

    fn decode(&mut self, encoded: &[u8]) -> neteq::Result<Vec<f32>> {
        let samples = encoded.as_chunks::<2>().0;
        Ok(samples
            .iter()
            .map(|&sample| f32::from(i16::from_be_bytes(sample)) / 32_768.0)
            .collect())
    }
}

const PAYLOAD_TYPE: u8 = 96;
