//! Codecs beside the libraries underneath, the way of a received packet, and what one call needs.

use std::time::Duration;

use opus_pure::{Application, OpusDecoder, OpusEncoder, RateControl};
use serde_json::{Value, json};
use voip_media::{
    Bitrate, Codec, CodecError, CodecKind, Complexity, EncoderTuning, LossRate, MediaTime,
    OpusBackend, OpusCodec, ReceiveExercise, codec,
};

use crate::timing::medians;

type Failure = Box<dyn std::error::Error>;

const PACKET_TIME: Duration = Duration::from_millis(20);
/// 20 ms at 48 kHz.
const FRAME: usize = 960;
const TUNING: (u32, u8) = (24_000, 5);
/// Of a decoder.
const WITHOUT_NETWORKS: Complexity = Complexity(0);

/// A voice-like sound of two seconds: harmonics of a gliding pitch, in syllables.
fn voice() -> Vec<i16> {
    let mut phase = 0.0_f32;
    (0..FRAME * 100)
        .map(|n| {
            let seconds = n as f32 / 48_000.0;
            phase += (120.0 + 30.0 * (seconds * 3.0).sin()) / 48_000.0;
            let turn = phase * std::f32::consts::TAU;
            let harmonics: f32 = (1..=25).map(|k| (turn * k as f32).sin() / k as f32).sum();
            let syllable = 0.55 + 0.45 * (seconds * 4.0 * std::f32::consts::TAU).sin();
            (harmonics * syllable * 6_000.0) as i16
        })
        .collect()
}

fn tuning() -> EncoderTuning {
    EncoderTuning {
        bitrate: Bitrate(TUNING.0),
        complexity: Complexity(TUNING.1),
        expected_loss: LossRate(0.0),
        ..EncoderTuning::default()
    }
}

/// Encoding and decoding 20 ms: through our traits, and the library used as it comes.
pub(crate) fn codecs() -> Result<Value, Failure> {
    let opus = OpusCodec::new(OpusBackend::Pure);
    let voice = voice();
    let mut ours = opus.encoder(PACKET_TIME)?;
    ours.tune(tuning())?;
    let mut raw = raw_encoder()?;
    let packets = encode_all(&opus, &voice)?;
    let (mut decoder, mut raw_decoder) = (opus.decoder()?, raw_decoder()?);
    let (mut frames, mut raw_frames) = (cycle(&voice), cycle(&voice));
    let (mut to_decode, mut to_decode_raw) = (packets.iter().cycle(), packets.iter().cycle());
    let (mut out, mut raw_out) = ([0; 1_500], [0; 1_500]);
    let (mut pcm, mut raw_pcm) = ([0; FRAME], [0; FRAME]);
    let [encode, raw_encode, decode, raw_decode] = medians(
        CALLS,
        [
            &mut || drop(ours.encode(frames(), &mut out)),
            &mut || drop(raw.encode_s16(raw_frames(), FRAME, &mut raw_out)),
            &mut || drop(decoder.decode(next(&mut to_decode), &mut pcm)),
            &mut || drop(raw_decoder.decode_s16(next(&mut to_decode_raw), FRAME, &mut raw_pcm)),
        ],
    );
    let mut report = json!({
        "opus-pure": {"encode": encode.round(), "decode": decode.round()},
        "opus-pure, raw": {"encode": raw_encode.round(), "decode": raw_decode.round()},
    });
    for kind in [CodecKind::Pcmu, CodecKind::Pcma] {
        report[format!("{kind:?}").to_lowercase()] = telephone(&*codec(kind), &voice)?;
    }
    #[cfg(feature = "libopus")]
    add_reference(&mut report, &voice)?;
    #[cfg(feature = "neural")]
    add_networks(&mut report, &voice)?;
    Ok(report)
}

fn raw_encoder() -> Result<OpusEncoder, Failure> {
    let mut encoder = OpusEncoder::new(48_000, 1, Application::Voip).map_err(in_words)?;
    encoder.rate_control = RateControl::Vbr;
    encoder.bitrate_bps = TUNING.0 as i32;
    encoder.complexity = i32::from(TUNING.1);
    Ok(encoder)
}

fn raw_decoder() -> Result<OpusDecoder, Failure> {
    Ok(OpusDecoder::new(48_000, 1).map_err(in_words)?)
}

fn in_words(error: impl std::fmt::Debug) -> String {
    format!("{error:?}")
}

fn encode_all(codec: &dyn Codec, voice: &[i16]) -> Result<Vec<Vec<u8>>, CodecError> {
    let mut encoder = codec.encoder(PACKET_TIME)?;
    let samples = encoder.frame_samples();
    voice
        .chunks_exact(samples)
        .map(|frame| {
            let mut packet = vec![0; 1_500];
            let length = encoder.encode(frame, &mut packet)?;
            packet.truncate(length);
            Ok(packet)
        })
        .collect()
}

fn telephone(codec: &dyn Codec, voice: &[i16]) -> Result<Value, Failure> {
    let packets = encode_all(codec, voice)?;
    let mut encoder = codec.encoder(PACKET_TIME)?;
    let samples = encoder.frame_samples();
    let mut decoder = codec.decoder()?;
    let mut to_decode = packets.iter().cycle();
    let (mut out, mut pcm) = ([0; 1_500], [0; FRAME]);
    let [encode, decode] = medians(
        CALLS,
        [
            &mut || drop(encoder.encode(&voice[..samples], &mut out)),
            &mut || drop(decoder.decode(next(&mut to_decode), &mut pcm)),
        ],
    );
    Ok(json!({"encode": encode.round(), "decode": decode.round()}))
}

/// libopus through our traits, and raw.
#[cfg(feature = "libopus")]
fn add_reference(report: &mut Value, voice: &[i16]) -> Result<(), Failure> {
    let codec = OpusCodec::new(OpusBackend::LibOpus);
    let mut ours = codec.encoder(PACKET_TIME)?;
    ours.tune(tuning())?;
    let packets = encode_all(&codec, voice)?;
    let mut decoder = codec.decoder()?;
    decoder.set_complexity(WITHOUT_NETWORKS)?;
    let (mut raw, mut raw_decoder) = reference().map_err(in_words)?;
    let bits: Vec<u16> = voice.iter().map(|sample| sample.cast_unsigned()).collect();
    let (mut frames, mut raw_frames) = (cycle(voice), cycle(&bits));
    let (mut to_decode, mut to_decode_raw) = (packets.iter().cycle(), packets.iter().cycle());
    let (mut out, mut raw_out) = ([0; 1_500], [0; 1_500]);
    let (mut pcm, mut raw_pcm) = ([0; FRAME], [0; FRAME]);
    let [encode, raw_encode, decode, raw_decode] = medians(
        CALLS,
        [
            &mut || drop(ours.encode(frames(), &mut out)),
            &mut || assert!(raw.encode_to_slice(raw_frames(), &mut raw_out).is_ok()),
            &mut || drop(decoder.decode(next(&mut to_decode), &mut pcm)),
            &mut || {
                let packet = next(&mut to_decode_raw);
                let decoded = raw_decoder.decode_to_slice(packet, &mut raw_pcm, false);
                assert!(decoded.is_ok());
            },
        ],
    );
    report["libopus"] = json!({"encode": encode.round(), "decode": decode.round()});
    report["libopus, raw"] = json!({"encode": raw_encode.round(), "decode": raw_decode.round()});
    Ok(())
}

#[cfg(feature = "libopus")]
fn reference() -> Result<(opusic_c::Encoder, opusic_c::Decoder), opusic_c::ErrorCode> {
    use opusic_c::{Application, Channels, Decoder, Encoder, SampleRate};

    let mut encoder = Encoder::new(Channels::Mono, SampleRate::Hz48000, Application::Voip)?;
    encoder.set_bitrate(opusic_c::Bitrate::Value(TUNING.0))?;
    encoder.set_complexity(TUNING.1)?;
    Ok((encoder, Decoder::new(Channels::Mono, SampleRate::Hz48000)?))
}

/// Decoding by libopus with its neural networks: one makes up what is lost, others enhance.
#[cfg(feature = "neural")]
fn add_networks(report: &mut Value, voice: &[i16]) -> Result<(), Failure> {
    let codec = OpusCodec::new(OpusBackend::LibOpus);
    let packets = encode_all(&codec, voice)?;
    let decoding = |complexity| -> Result<_, Failure> {
        let mut decoder = codec.decoder()?;
        decoder.set_complexity(Complexity(complexity))?;
        let mut to_decode = packets.iter().cycle();
        Ok(move || drop(decoder.decode(next(&mut to_decode), &mut [0; FRAME])))
    };
    let (mut plc, mut lace, mut nolace) = (decoding(5)?, decoding(6)?, decoding(7)?);
    let times = medians(CALLS, [&mut plc, &mut lace, &mut nolace]);
    for (networks, decode) in ["deep PLC", "LACE", "NoLACE"].iter().zip(times) {
        report[format!("libopus, {networks}")] = json!({"decode": decode.round()});
    }
    Ok(())
}

/// Opening a packet (rtc-srtp), and reading, counting and inserting it (ours): 160 octets.
pub(crate) fn receive() -> Result<Value, Failure> {
    let mut report = json!({});
    for (name, gcm) in [
        ("AEAD_AES_128_GCM", true),
        ("AES_CM_128_HMAC_SHA1_80", false),
    ] {
        let (open, ours) = receive_with(gcm).ok_or("no such protection profile")?;
        report[name] = json!({
            "unprotect (rtc-srtp)": open.round(),
            "parse, count, insert": ours.round(),
            "together": (open + ours).round(),
        });
    }
    Ok(report)
}

/// Nanoseconds to open a packet, and to take it: each the median over 200 packets in a row.
fn receive_with(gcm: bool) -> Option<(f64, f64)> {
    let mut way = ReceiveExercise::new(gcm)?;
    let (mut open, mut ours) = (Vec::new(), Vec::new());
    for batch in 0..200u64 {
        let datagrams: Vec<_> = (0..BATCH).map(|_| way.send()).collect();
        let begin = std::time::Instant::now();
        let packets: Vec<_> = datagrams.iter().filter_map(|d| way.unprotect(d)).collect();
        open.push(crate::timing::nanoseconds(begin.elapsed()) / BATCH as f64);
        let at = |index: u64| MediaTime::from_micros((batch * BATCH + index) * 20_000);
        let begin = std::time::Instant::now();
        for (index, packet) in packets.iter().enumerate() {
            way.take(packet, at(index as u64));
        }
        ours.push(crate::timing::nanoseconds(begin.elapsed()) / BATCH as f64);
        for index in 0..BATCH {
            way.play(at(index));
        }
    }
    Some((
        crate::timing::median(&mut open),
        crate::timing::median(&mut ours),
    ))
}

/// 20 ms of one call, both directions: what Opus takes, and what everything else of ours takes,
/// jitter buffer and ciphers included, devices and sockets not.
pub(crate) fn call() -> Result<Value, Failure> {
    let opus = codec(CodecKind::Opus);
    let voice = voice();
    let mut encoder = opus.encoder(PACKET_TIME)?;
    encoder.tune(tuning())?;
    let packets = encode_all(&*opus, &voice)?;
    let mut decoder = opus.decoder()?;
    decoder.set_complexity(WITHOUT_NETWORKS)?;
    let mut frames = cycle(&voice);
    let mut to_decode = packets.iter().cycle();
    let mut way = ReceiveExercise::new(true).ok_or("no such protection profile")?;
    let (mut out, mut pcm, mut at) = ([0; 1_500], [0; FRAME], 0);
    let [codec_ns, ours_ns] = medians(
        CALLS,
        [
            &mut || {
                let _ = encoder.encode(frames(), &mut out);
                let _ = decoder.decode(next(&mut to_decode), &mut pcm);
            },
            &mut || {
                let now = MediaTime::from_micros(at);
                at += 20_000;
                let datagram = way.send();
                if let Some(packet) = way.unprotect(&datagram) {
                    way.take(&packet, now);
                }
                way.play(now);
            },
        ],
    );
    Ok(json!({
        "codec_ns": codec_ns.round(),
        "ours_ns": ours_ns.round(),
        "ours_per_codec": (ours_ns / codec_ns * 1_000.0).round() / 1_000.0,
        "share_of_a_core": ((codec_ns + ours_ns) / 20e6 * 10_000.0).round() / 10_000.0,
    }))
}

/// The frames of a sound, over and over.
fn cycle<'a, T>(voice: &'a [T]) -> impl FnMut() -> &'a [T] {
    let mut frames = voice.chunks_exact(FRAME).cycle();
    move || frames.next().unwrap_or(&[])
}

fn next<'a>(packets: &mut impl Iterator<Item = &'a Vec<u8>>) -> &'a [u8] {
    packets.next().map_or(&[], Vec::as_slice)
}

const CALLS: u32 = 100;
/// Packets in a row: fewer than the jitter buffer holds.
const BATCH: u64 = 100;
