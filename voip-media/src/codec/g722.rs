//! G.722: 16 kHz speech in two bands of ADPCM at 64 kb/s (ITU-T G.722 09/2012, mode 1).

mod band;
mod split;
mod tables;

use std::time::Duration;

use self::{
    band::Band,
    split::{Analysis, Synthesis},
};
use super::{
    Codec, CodecError, CodecKind, Decoder, Encoder, EncoderTuning,
    packet::{check_frame, frame_samples, front, if_possible},
};
use crate::{PayloadType, SampleRate};

/// G.722 at 64 kb/s, the wideband codec of desk phones. Its RTP clock runs at 8 kHz although it
/// carries 16 kHz, a mistake that RFC 3551 §4.5.2 has made law.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct G722Codec;

impl Codec for G722Codec {
    fn kind(&self) -> CodecKind {
        CodecKind::G722
    }

    fn sample_rate(&self) -> SampleRate {
        SampleRate::HZ_16000
    }

    fn static_payload_type(&self) -> Option<PayloadType> {
        Some(PayloadType(9))
    }

    fn encoder(&self, packet_time: Duration) -> Result<Box<dyn Encoder>, CodecError> {
        let frame_samples = frame_samples(SampleRate::HZ_16000, packet_time)?;
        if !frame_samples.is_multiple_of(SAMPLES) {
            return Err(CodecError::Settings);
        }
        Ok(Box::new(G722Encoder {
            frame_samples,
            split: Analysis::new(),
            low: Band::low(),
            high: Band::high(),
        }))
    }

    fn decoder(&self) -> Result<Box<dyn Decoder>, CodecError> {
        Ok(Box::new(G722Decoder::new()))
    }
}

struct G722Encoder {
    frame_samples: usize,
    split: Analysis,
    low: Band,
    high: Band,
}

impl Encoder for G722Encoder {
    fn frame_samples(&self) -> usize {
        self.frame_samples
    }

    fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, CodecError> {
        check_frame(self.frame_samples, pcm.len())?;
        let out = front(out, pcm.len() / SAMPLES)?;
        for (octet, pair) in out.iter_mut().zip(pcm.as_chunks::<SAMPLES>().0) {
            let (low, high) = self.split.process(*pair);
            *octet = self.high.encode_high(high) << 6 | self.low.encode_low(low);
        }
        Ok(out.len())
    }

    fn tune(&mut self, _: EncoderTuning) -> Result<(), CodecError> {
        Ok(())
    }
}

struct G722Decoder {
    join: Synthesis,
    low: Band,
    high: Band,
}

impl G722Decoder {
    fn new() -> Self {
        Self {
            join: Synthesis::new(),
            low: Band::low(),
            high: Band::high(),
        }
    }
}

impl Decoder for G722Decoder {
    fn sample_rate(&self) -> SampleRate {
        SampleRate::HZ_16000
    }

    fn clock_rate(&self) -> SampleRate {
        SampleRate::HZ_8000
    }

    fn packet_samples(&self, payload: &[u8]) -> Option<usize> {
        if_possible(SampleRate::HZ_16000, payload.len() * SAMPLES)
    }

    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        let samples = self
            .packet_samples(payload)
            .ok_or(CodecError::Malformed(CodecKind::G722))?;
        let out = front(out, samples)?;
        for (pair, octet) in out.as_chunks_mut::<SAMPLES>().0.iter_mut().zip(payload) {
            let low = self.low.decode_low(octet & 0x3f);
            let high = self.high.decode_high(octet >> 6);
            *pair = self.join.process(low, high);
        }
        Ok(samples)
    }

    fn has_fec(&self, _: &[u8]) -> bool {
        false
    }

    fn decode_fec(&mut self, _: &[u8], _: &mut [i16]) -> Result<usize, CodecError> {
        Err(CodecError::NoRedundancy(CodecKind::G722))
    }

    fn conceal(&mut self, _: &mut [i16]) -> Option<usize> {
        None
    }

    fn reset(&mut self) {
        *self = Self::new();
    }
}

/// Samples an octet: one of each band.
const SAMPLES: usize = 2;

#[cfg(test)]
mod tests;
