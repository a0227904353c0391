//! Plays a recorded arrival trace through the jitter buffer in virtual time and prints what came
//! of it as one JSON object.
//!
//! ```text
//! jitter-lab --packets F --trace F [--drift-ppm N] [--seconds 119] [--codec opus|l16]
//!     [--playout buffer|ideal] [--decoder-complexity N] [--timeline F] --out F.raw
//! ```
//!
//! `--packets`: little-endian 32-bit length, then the packet, repeated; 20 ms of Opus each; packet
//! i has sequence number i, and they loop. `--trace`: a line `arrival_us sequence` per arrival.
//! `--out`: 16-bit little-endian samples at 48 kHz, one channel. With `--codec l16` the packets
//! are decoded first and sent as L16 (RFC 3551 §4.5.11): that shows the cost of the buffer alone.
//! `--packets voice` needs no file: it is a made up voice, as L16. `--timeline`: a line
//! `ms kind delay_ms` for each 10 ms played, for plots; the delay is `-` where nothing real is heard.
//! `--playout ideal` plays without a buffer, as if whatever comes at all were in time: what the codec
//! alone makes of the losses. `--decoder-complexity`: with the feature `neural`, from 5 on lost speech is
//! made up by a neural network, from 6 and 7 on decoded speech is enhanced; by default all of it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use voip_media::{
    CodecError, CodecKind, Complexity, Decoder, JitterBuffer, JitterConfig, MediaTime, Played,
    PlayedKind, RtpPacketRef, SampleRate, SeqNum, Ssrc, codec,
};

fn main() -> ExitCode {
    match Options::parse(std::env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("jitter-lab: {reason}\n{USAGE}");
            ExitCode::FAILURE
        }
    }
}

const USAGE: &str = "usage: jitter-lab --packets F --trace F [--drift-ppm N] [--seconds 119] \
                     [--codec opus|l16] [--playout buffer|ideal] [--decoder-complexity N] \
                     [--timeline F] --out F.raw";

#[derive(Debug)]
struct Options {
    packets: PathBuf,
    trace: PathBuf,
    out: PathBuf,
    timeline: Option<PathBuf>,
    drift_ppm: f64,
    seconds: f64,
    l16: bool,
    ideal: bool,
    complexity: Complexity,
}

impl Options {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            packets: PathBuf::new(),
            trace: PathBuf::new(),
            out: PathBuf::new(),
            timeline: None,
            drift_ppm: 0.0,
            seconds: 119.0,
            l16: false,
            ideal: false,
            complexity: Complexity::DECODER,
        };
        while let Some(name) = args.next() {
            let value = args.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--packets" => options.packets = value.into(),
                "--trace" => options.trace = value.into(),
                "--out" => options.out = value.into(),
                "--timeline" => options.timeline = Some(value.into()),
                "--drift-ppm" => options.drift_ppm = number(&name, &value)?,
                "--seconds" => options.seconds = number(&name, &value)?,
                "--codec" => options.l16 = is_l16(&value)?,
                "--decoder-complexity" => options.complexity = complexity(&name, &value)?,
                "--playout" => options.ideal = is_ideal(&value)?,
                _ => return Err(format!("{name} is no option")),
            }
        }
        for (name, path) in [
            ("--packets", &options.packets),
            ("--trace", &options.trace),
            ("--out", &options.out),
        ] {
            if path.as_os_str().is_empty() {
                return Err(format!("{name} is missing"));
            }
        }
        options.l16 |= options.is_made_up();
        Ok(options)
    }

    /// Whether the packets are made here.
    fn is_made_up(&self) -> bool {
        self.packets.as_os_str() == "voice"
    }
}

fn number(name: &str, value: &str) -> Result<f64, String> {
    value
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
        .ok_or_else(|| format!("{name} takes a number, not {value:?}"))
}

fn complexity(name: &str, value: &str) -> Result<Complexity, String> {
    let refused = |_| format!("{name} takes 0 to 10, not {value:?}");
    value.parse().map(Complexity).map_err(refused)
}

fn is_l16(value: &str) -> Result<bool, String> {
    match value {
        "opus" => Ok(false),
        "l16" => Ok(true),
        _ => Err(format!("--codec takes opus or l16, not {value:?}")),
    }
}

fn is_ideal(value: &str) -> Result<bool, String> {
    match value {
        "buffer" => Ok(false),
        "ideal" => Ok(true),
        _ => Err(format!("--playout takes buffer or ideal, not {value:?}")),
    }
}

/// Everything that happens, in virtual time.
fn run(options: &Options) -> Result<serde_json::Value, String> {
    let packets = if options.is_made_up() {
        voice()
    } else {
        read_packets(options)?
    };
    let trace = read_trace(options)?;
    let mut decoder = if options.l16 { l16()? } else { opus()? };
    decoder
        .set_complexity(options.complexity)
        .map_err(|error| error.to_string())?;
    if options.ideal {
        return play_ideally(options, decoder, &packets, &trace);
    }
    let mut decoder = Metered::new(decoder);
    let mut buffer = JitterBuffer::new(JitterConfig {
        max_payload: MAX_PAYLOAD,
        ..JitterConfig::default()
    });
    let mut lab = Lab::new(options);
    let mut arrivals = trace.iter().peekable();
    for pull in 0..lab.pulls {
        let due = pull as f64 * 10_000.0 * (1.0 + options.drift_ppm / 1e6);
        let due = MediaTime::from_micros(due.round() as u64);
        while let Some(&(at, seq)) = arrivals.next_if(|arrival| arrival.0 <= due.as_micros()) {
            let payload = &packets[seq as usize % packets.len()];
            lab.insert(&mut buffer, &decoder, (at, seq), payload);
        }
        lab.pull(&mut buffer, &mut decoder, due);
    }
    write_sound(options, &lab.sound)?;
    if let Some(path) = &options.timeline {
        fs::write(path, &lab.timeline).map_err(|error| unusable(path, &error))?;
    }
    Ok(lab.report(&buffer, decoder.allocations))
}

/// Packet after packet without delay; a lost one from the next one's redundancy, or concealed.
fn play_ideally(
    options: &Options,
    mut decoder: Box<dyn Decoder>,
    packets: &[Vec<u8>],
    trace: &[(u64, u64)],
) -> Result<serde_json::Value, String> {
    let came: HashSet<u64> = trace.iter().map(|arrival| arrival.1).collect();
    let payload = |seq: u64| {
        let packet = &packets[seq as usize % packets.len()];
        came.contains(&seq).then_some(packet.as_slice())
    };
    let (mut sound, mut recovered, mut concealed) = (Vec::new(), 0, 0);
    for seq in 0..(options.seconds.max(0.0) * 50.0) as u64 {
        let mut frame = [0i16; 2 * FRAME];
        let made = match (payload(seq), payload(seq + 1)) {
            (Some(packet), _) => decoder.decode(packet, &mut frame),
            (None, Some(next)) if decoder.has_fec(next) => {
                recovered += PACKET_MS;
                decoder.decode_fec(next, &mut frame)
            }
            (None, _) => {
                concealed += PACKET_MS;
                Ok(decoder.conceal(&mut frame).unwrap_or(0))
            }
        };
        made.map_err(|error| format!("packet {seq}: {error}"))?;
        sound.extend_from_slice(&frame);
    }
    write_sound(options, &sound)?;
    Ok(serde_json::json!({ "concealed_ms": concealed, "recovered_ms": recovered }))
}

fn write_sound(options: &Options, sound: &[i16]) -> Result<(), String> {
    let samples: Vec<u8> = sound
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    fs::write(&options.out, samples).map_err(|error| unusable(&options.out, &error))
}

/// What is measured on the way.
struct Lab {
    pulls: usize,
    delays: Vec<f64>,
    insert_ns: Vec<u64>,
    get_ns: Vec<u64>,
    sound: Vec<i16>,
    allocations: u64,
    datagram: Vec<u8>,
    /// Silent samples before the first sound.
    lead_in: u64,
    timeline: String,
}

impl Lab {
    fn new(options: &Options) -> Self {
        let pulls = (options.seconds.max(0.0) * 100.0) as usize;
        Self {
            pulls,
            delays: Vec::with_capacity(pulls),
            insert_ns: Vec::with_capacity(pulls),
            get_ns: Vec::with_capacity(pulls),
            sound: Vec::with_capacity(pulls * FRAME),
            allocations: 0,
            datagram: vec![0; MAX_PAYLOAD],
            lead_in: 0,
            timeline: String::new(),
        }
    }

    fn insert(
        &mut self,
        buffer: &mut JitterBuffer,
        decoder: &Metered,
        (at, seq): (u64, u64),
        payload: &[u8],
    ) {
        // As in a call, where the packet has just been decrypted, it lies in the cache.
        let length = payload.len().min(self.datagram.len());
        self.datagram[..length].copy_from_slice(&payload[..length]);
        let packet = RtpPacketRef {
            ssrc: Ssrc(1),
            seq: SeqNum(seq as u16),
            timestamp: (seq * 960) as u32,
            marker: false,
            payload: &self.datagram[..length],
        };
        let allocated = ALLOCATIONS.load(Ordering::Relaxed);
        let begin = clock();
        let taken = buffer.insert(packet, decoder, MediaTime::from_micros(at));
        self.insert_ns.push(begin.elapsed().as_nanos() as u64);
        self.allocations += ALLOCATIONS.load(Ordering::Relaxed) - allocated;
        // What was dropped is in the statistics.
        let _counted = taken;
    }

    fn pull(&mut self, buffer: &mut JitterBuffer, decoder: &mut Metered, due: MediaTime) {
        let mut frame = [0i16; FRAME];
        let allocated = ALLOCATIONS.load(Ordering::Relaxed);
        let begin = clock();
        let played = buffer.get(decoder, &mut frame, due);
        self.get_ns.push(begin.elapsed().as_nanos() as u64);
        self.allocations += ALLOCATIONS.load(Ordering::Relaxed) - allocated;
        self.sound.extend_from_slice(&frame);
        self.timeline.push_str(&line(&played, due));
        match (played.timestamp, played.kind) {
            (None, _) if self.delays.is_empty() && buffer.stats().decoded_samples == 0 => {
                self.lead_in += FRAME as u64;
            }
            (None, _) | (Some(_), PlayedKind::Concealed) => {}
            (Some(timestamp), _) if due >= START_UP => {
                let sent = f64::from(timestamp) / 48.0;
                self.delays.push(due.as_micros() as f64 / 1_000.0 - sent);
            }
            (Some(_), _) => {}
        }
    }

    fn report(mut self, buffer: &JitterBuffer, codec_allocations: u64) -> serde_json::Value {
        let stats = buffer.stats();
        let ms = |samples: u64| samples as f64 / 48.0;
        // Silence in the middle of a call replaces speech as well.
        let silent = stats.silent_samples.saturating_sub(self.lead_in);
        serde_json::json!({
            "e2e_mean_ms": tenths(mean(&self.delays)),
            "e2e_p95_ms": tenths(quantile(&mut self.delays, 0.95)),
            "concealed_ms": tenths(ms(stats.concealed_samples + silent)),
            "late_ms": tenths(ms(stats.late_samples)),
            "discarded_ms": tenths(ms(stats.discarded_samples)),
            "accelerated_ms": tenths(ms(stats.accelerated_samples)),
            "decelerated_ms": tenths(ms(stats.decelerated_samples)),
            "insert_ns_mean": tenths(mean_of(&self.insert_ns)),
            "insert_ns_p99": quantile_of(&mut self.insert_ns, 0.99),
            "get_ns_mean": tenths(mean_of(&self.get_ns)),
            "get_ns_p99": quantile_of(&mut self.get_ns, 0.99),
            "allocations": self.allocations.saturating_sub(codec_allocations),
        })
    }
}

/// What was played, as a line of the timeline.
fn line(played: &Played, due: MediaTime) -> String {
    let now = due.as_micros() as f64 / 1_000.0;
    let (kind, real) = match played.kind {
        PlayedKind::Concealed => ("concealed", false),
        PlayedKind::Accelerated => ("faster", true),
        PlayedKind::Decelerated => ("slower", true),
        PlayedKind::Silence | PlayedKind::ComfortNoise => ("pause", false),
        _ => ("speech", true),
    };
    match played.timestamp.filter(|_| real) {
        Some(timestamp) => format!("{now:.1} {kind} {:.1}\n", now - f64::from(timestamp) / 48.0),
        None => format!("{now:.1} {kind} -\n"),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the lab measures what the buffer costs"
)]
fn clock() -> Instant {
    Instant::now()
}

fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn mean_of(values: &[u64]) -> f64 {
    values.iter().sum::<u64>() as f64 / values.len().max(1) as f64
}

fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = (values.len() as f64 * share) as usize;
    values.get(index).or(values.last()).copied().unwrap_or(0.0)
}

fn quantile_of(values: &mut [u64], share: f64) -> u64 {
    values.sort_unstable();
    let index = (values.len() as f64 * share) as usize;
    values.get(index).or(values.last()).copied().unwrap_or(0)
}

fn opus() -> Result<Box<dyn Decoder>, String> {
    codec(CodecKind::Opus)
        .decoder()
        .map_err(|error| error.to_string())
}

/// 16-bit samples in network byte order at 48 kHz.
fn l16() -> Result<Box<dyn Decoder>, String> {
    let kind = CodecKind::L16(SampleRate::HZ_48000);
    codec(kind).decoder().map_err(|error| error.to_string())
}

fn read_packets(options: &Options) -> Result<Vec<Vec<u8>>, String> {
    let bytes = fs::read(&options.packets).map_err(|error| unusable(&options.packets, &error))?;
    let mut packets = Vec::new();
    let mut rest = bytes.as_slice();
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        let (packet, tail) = tail
            .split_at_checked(length)
            .ok_or_else(|| format!("{} ends within a packet", options.packets.display()))?;
        packets.push(packet.to_vec());
        rest = tail;
    }
    if packets.is_empty() {
        return Err(format!("{} holds no packet", options.packets.display()));
    }
    if options.l16 {
        to_l16(&packets)
    } else {
        Ok(packets)
    }
}

/// Ten seconds of a voice of 125 Hz that pauses for a fifth of the time, as L16.
fn voice() -> Vec<Vec<u8>> {
    let sample = |index: usize| {
        let loudness = if index / 960 % 100 < 80 { 6_000.0 } else { 8.0 };
        let phase = (index % 384) as f32 / 384.0 * std::f32::consts::TAU;
        ((phase.sin() + 0.4 * (2.0 * phase).sin()) * loudness) as i16
    };
    let packet = |number: usize| {
        (number * 960..(number + 1) * 960)
            .flat_map(|index| sample(index).to_be_bytes())
            .collect()
    };
    (0..500).map(packet).collect()
}

/// The same sound as L16 packets: 48 kHz, big-endian.
fn to_l16(packets: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, String> {
    let mut decoder = opus()?;
    let mut sound = [0i16; 5_760];
    packets
        .iter()
        .map(|packet| {
            let made = decoder
                .decode(packet, &mut sound)
                .map_err(|error| error.to_string())?;
            Ok(sound[..made]
                .iter()
                .flat_map(|sample| sample.to_be_bytes())
                .collect())
        })
        .collect()
}

fn read_trace(options: &Options) -> Result<Vec<(u64, u64)>, String> {
    let text =
        fs::read_to_string(&options.trace).map_err(|error| unusable(&options.trace, &error))?;
    let mut arrivals = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let (at, seq) = line.trim().split_once(char::is_whitespace)?;
            Some((at.parse().ok()?, seq.trim().parse().ok()?))
        })
        .collect::<Option<Vec<(u64, u64)>>>()
        .ok_or_else(|| {
            format!(
                "{}: a line is not `arrival_us seq`",
                options.trace.display()
            )
        })?;
    arrivals.sort_by_key(|arrival| arrival.0);
    Ok(arrivals)
}

fn unusable(path: &std::path::Path, error: &std::io::Error) -> String {
    format!("{} can't be used: {error}", path.display())
}

/// A decoder, and how often it allocates.
struct Metered {
    inner: Box<dyn Decoder>,
    allocations: u64,
}

impl Metered {
    fn new(inner: Box<dyn Decoder>) -> Self {
        Self {
            inner,
            allocations: 0,
        }
    }

    fn metered<T>(&mut self, work: impl FnOnce(&mut dyn Decoder) -> T) -> T {
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        let made = work(self.inner.as_mut());
        self.allocations += ALLOCATIONS.load(Ordering::Relaxed) - before;
        made
    }
}

impl Decoder for Metered {
    fn sample_rate(&self) -> SampleRate {
        self.inner.sample_rate()
    }

    fn clock_rate(&self) -> SampleRate {
        self.inner.clock_rate()
    }

    fn packet_samples(&self, payload: &[u8]) -> Option<usize> {
        self.inner.packet_samples(payload)
    }

    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        self.metered(|inner| inner.decode(payload, out))
    }

    fn has_fec(&self, payload: &[u8]) -> bool {
        self.inner.has_fec(payload)
    }

    fn decode_fec(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        self.metered(|inner| inner.decode_fec(payload, out))
    }

    fn conceal(&mut self, out: &mut [i16]) -> Option<usize> {
        self.metered(|inner| inner.conceal(out))
    }

    fn reset(&mut self) {
        self.metered(|inner| inner.reset());
    }
}

/// The system's allocator, counted.
struct Counting;

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps `dealloc`'s contract.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps `realloc`'s contract.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

/// 20 ms of L16 at 48 kHz fit.
const MAX_PAYLOAD: usize = 2_048;
/// Samples of 10 ms at 48 kHz.
const FRAME: usize = 480;
/// A packet's sound in ms.
const PACKET_MS: u64 = 20;
/// Delay is taken after this.
const START_UP: MediaTime = MediaTime::from_micros(Duration::from_secs(2).as_micros() as u64);
