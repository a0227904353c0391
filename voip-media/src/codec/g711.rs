//! G.711: logarithmic 8-bit samples at 8 kHz (ITU-T G.711 11/88; RFC 3551 §4.5.14).

use std::time::Duration;

use super::{
    Codec, CodecError, CodecKind, Decoder, Encoder, EncoderTuning,
    comfort_noise::ComfortNoise,
    packet::{check_frame, frame_samples, front, if_possible},
};
use crate::{PayloadType, SampleRate};

/// G.711 µ-law: North America and Japan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PcmuCodec;

/// G.711 A-law: everywhere else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PcmaCodec;

impl Codec for PcmuCodec {
    fn kind(&self) -> CodecKind {
        CodecKind::Pcmu
    }

    fn sample_rate(&self) -> SampleRate {
        SampleRate::HZ_8000
    }

    fn static_payload_type(&self) -> Option<PayloadType> {
        Some(PayloadType(0))
    }

    fn encoder(&self, packet_time: Duration) -> Result<Box<dyn Encoder>, CodecError> {
        Ok(Box::new(CompandingEncoder::new(packet_time, mulaw_encode)?))
    }

    fn decoder(&self) -> Result<Box<dyn Decoder>, CodecError> {
        Ok(Box::new(ExpandingDecoder::new(
            CodecKind::Pcmu,
            &MULAW_DECODE,
        )))
    }
}

impl Codec for PcmaCodec {
    fn kind(&self) -> CodecKind {
        CodecKind::Pcma
    }

    fn sample_rate(&self) -> SampleRate {
        SampleRate::HZ_8000
    }

    fn static_payload_type(&self) -> Option<PayloadType> {
        Some(PayloadType(8))
    }

    fn encoder(&self, packet_time: Duration) -> Result<Box<dyn Encoder>, CodecError> {
        Ok(Box::new(CompandingEncoder::new(packet_time, alaw_encode)?))
    }

    fn decoder(&self) -> Result<Box<dyn Decoder>, CodecError> {
        Ok(Box::new(ExpandingDecoder::new(
            CodecKind::Pcma,
            &ALAW_DECODE,
        )))
    }
}

struct CompandingEncoder {
    frame_samples: usize,
    law: fn(i16) -> u8,
}

impl CompandingEncoder {
    fn new(packet_time: Duration, law: fn(i16) -> u8) -> Result<Self, CodecError> {
        Ok(Self {
            frame_samples: frame_samples(SampleRate::HZ_8000, packet_time)?,
            law,
        })
    }
}

impl Encoder for CompandingEncoder {
    fn frame_samples(&self) -> usize {
        self.frame_samples
    }

    fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, CodecError> {
        check_frame(self.frame_samples, pcm.len())?;
        let out = front(out, pcm.len())?;
        for (byte, sample) in out.iter_mut().zip(pcm) {
            *byte = (self.law)(*sample);
        }
        Ok(pcm.len())
    }

    fn tune(&mut self, _: EncoderTuning) -> Result<(), CodecError> {
        Ok(())
    }
}

struct ExpandingDecoder {
    kind: CodecKind,
    table: &'static [i16; 256],
    noise: ComfortNoise,
}

impl ExpandingDecoder {
    fn new(kind: CodecKind, table: &'static [i16; 256]) -> Self {
        Self {
            kind,
            table,
            noise: ComfortNoise::new(),
        }
    }
}

impl Decoder for ExpandingDecoder {
    fn sample_rate(&self) -> SampleRate {
        SampleRate::HZ_8000
    }

    fn clock_rate(&self) -> SampleRate {
        SampleRate::HZ_8000
    }

    fn packet_samples(&self, payload: &[u8]) -> Option<usize> {
        if_possible(SampleRate::HZ_8000, payload.len())
    }

    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        let samples = self
            .packet_samples(payload)
            .ok_or(CodecError::Malformed(self.kind))?;
        let out = front(out, samples)?;
        for (sample, byte) in out.iter_mut().zip(payload) {
            *sample = self.table[usize::from(*byte)];
        }
        Ok(samples)
    }

    fn has_fec(&self, _: &[u8]) -> bool {
        false
    }

    fn decode_fec(&mut self, _: &[u8], _: &mut [i16]) -> Result<usize, CodecError> {
        Err(CodecError::NoRedundancy(self.kind))
    }

    fn conceal(&mut self, _: &mut [i16]) -> Option<usize> {
        None
    }

    fn comfort_noise(&mut self, parameters: Option<&[u8]>, out: &mut [i16]) -> Option<usize> {
        if let Some(parameters) = parameters {
            self.noise.describe(parameters);
        }
        self.noise.fill(out);
        Some(out.len())
    }

    fn reset(&mut self) {
        self.noise = ComfortNoise::new();
    }
}

/// A 16-bit sample as µ-law. The 14 bits of G.711 table 2a are the upper ones of 16.
fn mulaw_encode(sample: i16) -> u8 {
    let magnitude = i32::from(sample).abs().min(MULAW_CLIP) + MULAW_BIAS;
    let segment = magnitude.ilog2() - 7;
    let step = (magnitude >> (segment + 3)) & 0x0f;
    let sign = if sample < 0 { 0x80 } else { 0 };
    // G.711 sends the bits of µ-law inverted.
    !(sign | ((segment as u8) << 4) | step as u8)
}

const fn mulaw_decode(code: u8) -> i16 {
    let code = !code;
    let segment = (code >> 4) & 7;
    let step = (code & 0x0f) as i32;
    let magnitude = (((step << 3) + MULAW_BIAS) << segment) - MULAW_BIAS;
    if code & 0x80 == 0 {
        magnitude as i16
    } else {
        -(magnitude as i16)
    }
}

/// A 16-bit sample as A-law. The 13 bits of G.711 table 1a are the upper ones of 16.
fn alaw_encode(sample: i16) -> u8 {
    // G.711's A-law has no zero: −1 mirrors 0, so negative magnitudes are one's complements.
    let (sign, magnitude) = if sample < 0 {
        (0, !sample)
    } else {
        (0x80, sample)
    };
    let magnitude = i32::from(magnitude) >> 4;
    let code = match magnitude {
        // The two lowest segments have the same step.
        0..=31 => magnitude,
        _ => {
            let segment = magnitude.ilog2() as i32 - 3;
            (segment << 4) | ((magnitude >> (segment - 1)) & 0x0f)
        }
    };
    (sign | code as u8) ^ ALAW_TOGGLE
}

const fn alaw_decode(code: u8) -> i16 {
    let code = code ^ ALAW_TOGGLE;
    let segment = (code >> 4) & 7;
    let step = (code & 0x0f) as i32;
    let magnitude = match segment {
        0 => (step << 4) + 8,
        _ => ((step << 4) + 0x108) << (segment - 1),
    };
    if code & 0x80 == 0 {
        -(magnitude as i16)
    } else {
        magnitude as i16
    }
}

const fn table(law: DecodeLaw) -> [i16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = match law {
            DecodeLaw::Mu => mulaw_decode(code as u8),
            DecodeLaw::A => alaw_decode(code as u8),
        };
        code += 1;
    }
    table
}

#[derive(Clone, Copy)]
enum DecodeLaw {
    Mu,
    A,
}

static MULAW_DECODE: [i16; 256] = table(DecodeLaw::Mu);
static ALAW_DECODE: [i16; 256] = table(DecodeLaw::A);

/// Half a step of the smallest segment, 33 in 14 bits (G.711 table 2a), here in 16.
const MULAW_BIAS: i32 = 33 << 2;
/// The largest magnitude before the bias would overflow 15 bits.
const MULAW_CLIP: i32 = 0x7fff - MULAW_BIAS;
/// G.711 inverts the even bits of A-law on the line.
const ALAW_TOGGLE: u8 = 0x55;

#[cfg(test)]
mod tests;
