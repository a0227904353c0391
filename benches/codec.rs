//! What codecs cost: one packet of 20 ms encoded, decoded and concealed, by every Opus backend
//! that was compiled in (`--features libopus` adds the reference library, `neural` its neural networks by
//! the complexity that switches them on), by the same libraries without our layer (`raw-…`), and by G.711,
//! G.722 and L16.
//!
//! With both Opus backends, the ratio of their times is printed at the end.

#[path = "codec/raw.rs"]
mod raw;

use std::{f32::consts::TAU, time::Duration};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use voip_media::{
    Codec, CodecKind, Complexity, Decoder, G722Codec, L16Codec, OpusBackend, OpusCodec, PcmaCodec,
    PcmuCodec, SampleRate,
};

const PACKET_TIME: Duration = Duration::from_millis(20);
const PACKETS: usize = 100;

/// A voice-like sound: harmonics of a gliding pitch with formant-like weights, in syllables.
fn voice(rate: u32) -> Vec<i16> {
    let samples = rate as usize / 50 * PACKETS;
    let mut phase = 0.0_f32;
    (0..samples)
        .map(|n| {
            let seconds = n as f32 / rate as f32;
            phase += (120.0 + 30.0 * (seconds * 3.0).sin()) / rate as f32;
            let harmonics: f32 = (1..=25)
                .map(|k| (phase * k as f32 * TAU).sin() / k as f32)
                .sum();
            let syllable = 0.55 + 0.45 * (seconds * 4.0 * TAU).sin();
            (harmonics * syllable * 6_000.0) as i16
        })
        .collect()
}

fn codecs() -> Vec<(String, Box<dyn Codec>)> {
    let mut codecs: Vec<(String, Box<dyn Codec>)> = OpusBackend::available()
        .iter()
        .map(|backend| {
            let codec: Box<dyn Codec> = Box::new(OpusCodec::new(*backend));
            (format!("opus-{backend:?}").to_lowercase(), codec)
        })
        .collect();
    codecs.push(("pcmu".to_owned(), Box::new(PcmuCodec)));
    codecs.push(("pcma".to_owned(), Box::new(PcmaCodec)));
    codecs.push(("g722".to_owned(), Box::new(G722Codec)));
    let l16 = L16Codec::new(SampleRate::HZ_48000);
    codecs.push(("l16-48000".to_owned(), Box::new(l16)));
    codecs
}

/// The codecs without networks, and Opus with each.
fn decoders() -> Vec<(String, Box<dyn Codec>, u8)> {
    #[cfg(not(feature = "neural"))]
    let networks: [(String, Box<dyn Codec>, u8); 0] = [];
    #[cfg(feature = "neural")]
    let networks = [(5, "deep-plc"), (6, "lace"), (7, "nolace")].map(|(complexity, name)| {
        let codec: Box<dyn Codec> = Box::new(OpusCodec::new(OpusBackend::LibOpus));
        (format!("opus-libopus-{name}"), codec, complexity)
    });
    let plain = codecs().into_iter().map(|(name, codec)| (name, codec, 0));
    plain.chain(networks).collect()
}

fn decoder(codec: &dyn Codec, complexity: u8) -> Box<dyn Decoder> {
    let mut decoder = codec.decoder().expect("decoders have no settings");
    decoder
        .set_complexity(Complexity(complexity))
        .expect("possible");
    decoder
}

/// The packets of the voice.
fn packets(codec: &dyn Codec) -> Vec<Vec<u8>> {
    let mut encoder = codec.encoder(PACKET_TIME).expect("20 ms suit every codec");
    let mut packet = [0; 4_000];
    voice(codec.sample_rate().hz())
        .chunks_exact(encoder.frame_samples())
        .map(|frame| {
            let length = encoder.encode(frame, &mut packet).expect("the buffers fit");
            packet[..length].to_vec()
        })
        .collect()
}

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("codec/encode-20ms");
    for (name, codec) in codecs() {
        let pcm = voice(codec.sample_rate().hz());
        let mut encoder = codec.encoder(PACKET_TIME).expect("20 ms suit every codec");
        let mut frames = pcm.chunks_exact(encoder.frame_samples()).cycle();
        let mut packet = [0; 4_000];
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| encoder.encode(frames.next().unwrap_or(&[]), &mut packet));
        });
    }
    for (name, mut encoder) in raw::encoders() {
        let pcm = voice(48_000);
        let mut frames = pcm.chunks_exact(960).cycle();
        let mut packet = [0; 4_000];
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| encoder.encode(frames.next().unwrap_or(&[]), &mut packet));
        });
    }
}

fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("codec/decode-20ms");
    for (name, codec, complexity) in decoders() {
        let packets = packets(codec.as_ref());
        let mut decoder = decoder(codec.as_ref(), complexity);
        let mut packets = packets.iter().cycle();
        let mut pcm = [0; 960];
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| decoder.decode(packets.next().map_or(&[], |p| p), &mut pcm));
        });
    }
    let packets = packets(&OpusCodec::default());
    for (name, mut decoder) in raw::decoders() {
        let mut packets = packets.iter().cycle();
        let mut pcm = [0; 960];
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| decoder.decode(packets.next().map_or(&[], |p| p), &mut pcm));
        });
    }
}

/// Every tenth packet is lost, as concealment after seconds of loss is silence and cheap.
fn conceal(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("codec/decode-nine-conceal-one");
    for (name, codec, complexity) in decoders() {
        if codec.kind() != CodecKind::Opus {
            continue;
        }
        let packets = packets(codec.as_ref());
        let mut decoder = decoder(codec.as_ref(), complexity);
        let mut packets = packets.iter().cycle();
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            bencher.iter(|| ten_packets(decoder.as_mut(), &mut packets));
        });
    }
}

fn ten_packets<'a>(decoder: &mut dyn Decoder, packets: &mut impl Iterator<Item = &'a Vec<u8>>) {
    let mut pcm = [0; 960];
    for packet in packets.by_ref().take(9) {
        let _ = decoder.decode(packet, &mut pcm);
    }
    let _ = packets.next();
    decoder.conceal(&mut pcm);
}

/// The ratio of the backends, medians taken one right after the other.
#[cfg(feature = "libopus")]
fn ratio(_: &mut Criterion) {
    for (what, pure, reference) in [
        (
            "encode",
            encode_times(OpusBackend::Pure),
            encode_times(OpusBackend::LibOpus),
        ),
        (
            "decode",
            decode_times(OpusBackend::Pure),
            decode_times(OpusBackend::LibOpus),
        ),
    ] {
        let ratio = pure.as_secs_f64() / reference.as_secs_f64();
        println!("codec/{what}-20ms: opus-pure takes {ratio:.2} of libopus's time");
    }
}

#[cfg(feature = "libopus")]
fn encode_times(backend: OpusBackend) -> Duration {
    let codec = OpusCodec::new(backend);
    median(|| drop(packets(&codec)))
}

#[cfg(feature = "libopus")]
fn decode_times(backend: OpusBackend) -> Duration {
    let codec = OpusCodec::new(backend);
    let packets = packets(&codec);
    let mut decoder = decoder(&codec, 0);
    median(|| {
        for packet in &packets {
            let _ = decoder.decode(packet, &mut [0; 960]);
        }
    })
}

#[cfg(feature = "libopus")]
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn median(mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..9)
        .map(|_| {
            let start = std::time::Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

#[cfg(feature = "libopus")]
criterion_group!(benches, encode, decode, conceal, ratio);
#[cfg(not(feature = "libopus"))]
criterion_group!(benches, encode, decode, conceal);
criterion_main!(benches);
