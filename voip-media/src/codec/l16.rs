//! L16: uncompressed 16-bit samples in network byte order (RFC 3551 §4.5.11), mono.

use std::time::Duration;

use super::{
    Codec, CodecError, CodecKind, Decoder, Encoder, EncoderTuning,
    packet::{check_frame, frame_samples, front, if_possible},
};
use crate::{PayloadType, SampleRate};

/// Uncompressed sound at any rate. 20 ms are 320 octets at 8 kHz, but 1,920 at 48 kHz, more than a
/// network packet holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct L16Codec {
    rate: SampleRate,
}

impl L16Codec {
    /// Samples and RTP clock at this rate.
    pub const fn new(rate: SampleRate) -> Self {
        Self { rate }
    }
}

impl Codec for L16Codec {
    fn kind(&self) -> CodecKind {
        CodecKind::L16(self.rate)
    }

    fn sample_rate(&self) -> SampleRate {
        self.rate
    }

    fn static_payload_type(&self) -> Option<PayloadType> {
        // RFC 3551 §6: 10 is the same in stereo.
        (self.rate == SampleRate::HZ_44100).then_some(PayloadType(11))
    }

    fn encoder(&self, packet_time: Duration) -> Result<Box<dyn Encoder>, CodecError> {
        let frame_samples = frame_samples(self.rate, packet_time)?;
        Ok(Box::new(L16Encoder { frame_samples }))
    }

    fn decoder(&self) -> Result<Box<dyn Decoder>, CodecError> {
        Ok(Box::new(L16Decoder { rate: self.rate }))
    }
}

struct L16Encoder {
    frame_samples: usize,
}

impl Encoder for L16Encoder {
    fn frame_samples(&self) -> usize {
        self.frame_samples
    }

    fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, CodecError> {
        check_frame(self.frame_samples, pcm.len())?;
        let out = front(out, pcm.len() * OCTETS)?;
        for (octets, sample) in out.as_chunks_mut::<OCTETS>().0.iter_mut().zip(pcm) {
            *octets = sample.to_be_bytes();
        }
        Ok(out.len())
    }

    fn tune(&mut self, _: EncoderTuning) -> Result<(), CodecError> {
        Ok(())
    }
}

struct L16Decoder {
    rate: SampleRate,
}

impl L16Decoder {
    const fn kind(&self) -> CodecKind {
        CodecKind::L16(self.rate)
    }
}

impl Decoder for L16Decoder {
    fn sample_rate(&self) -> SampleRate {
        self.rate
    }

    fn clock_rate(&self) -> SampleRate {
        self.rate
    }

    fn packet_samples(&self, payload: &[u8]) -> Option<usize> {
        let whole = payload.len().is_multiple_of(OCTETS);
        if_possible(self.rate, payload.len() / OCTETS).filter(|_| whole)
    }

    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        let samples = self
            .packet_samples(payload)
            .ok_or(CodecError::Malformed(self.kind()))?;
        let out = front(out, samples)?;
        for (sample, octets) in out.iter_mut().zip(payload.as_chunks::<OCTETS>().0) {
            *sample = i16::from_be_bytes(*octets);
        }
        Ok(samples)
    }

    fn has_fec(&self, _: &[u8]) -> bool {
        false
    }

    fn decode_fec(&mut self, _: &[u8], _: &mut [i16]) -> Result<usize, CodecError> {
        Err(CodecError::NoRedundancy(self.kind()))
    }

    fn conceal(&mut self, _: &mut [i16]) -> Option<usize> {
        None
    }

    fn reset(&mut self) {}
}

/// Octets a sample.
const OCTETS: usize = 2;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::codec;

    const PACKET_TIME: Duration = Duration::from_millis(20);

    #[test]
    fn samples_go_out_with_the_high_octet_first() {
        let codec = L16Codec::new(SampleRate::HZ_8000);
        let mut encoder = codec.encoder(Duration::from_micros(250)).unwrap();
        let mut packet = [0; 4];
        assert_eq!(encoder.encode(&[0x1234, -2], &mut packet), Ok(4));
        assert_eq!(packet, [0x12, 0x34, 0xff, 0xfe]);
    }

    #[test]
    fn only_44100_hertz_has_a_static_payload_type() {
        let number = |rate| L16Codec::new(rate).static_payload_type();
        assert_eq!(number(SampleRate::HZ_44100), Some(PayloadType(11)));
        assert_eq!(number(SampleRate::HZ_48000), None);
    }

    #[test]
    fn half_samples_and_packets_over_200_ms_are_malformed() {
        let kind = CodecKind::L16(SampleRate::HZ_8000);
        let mut decoder = codec(kind).decoder().unwrap();
        let mut out = [0; 2_000];
        let malformed = Err(CodecError::Malformed(kind));
        assert_eq!(decoder.decode(&[], &mut out), malformed);
        assert_eq!(decoder.decode(&[1, 2, 3], &mut out), malformed);
        assert_eq!(decoder.decode(&[0; 3_202], &mut out), malformed);
        assert_eq!(decoder.decode(&[0; 3_200], &mut out), Ok(1_600));
    }

    #[test]
    fn wrong_buffers_are_named_and_there_is_no_redundancy() {
        let kind = CodecKind::L16(SampleRate::HZ_16000);
        let mut encoder = codec(kind).encoder(PACKET_TIME).unwrap();
        let mut decoder = codec(kind).decoder().unwrap();
        let buffer = |wanted, got| Err(CodecError::Buffer { wanted, got });
        assert_eq!(encoder.encode(&[0; 160], &mut [0; 640]), buffer(320, 160));
        assert_eq!(encoder.encode(&[0; 320], &mut [0; 639]), buffer(640, 639));
        assert_eq!(decoder.decode(&[0; 640], &mut [0; 319]), buffer(320, 319));
        let refused = Err(CodecError::NoRedundancy(kind));
        assert_eq!(decoder.decode_fec(&[0; 640], &mut [0; 320]), refused);
    }

    proptest! {
        #[test]
        fn every_sample_comes_back(pcm in proptest::collection::vec(any::<i16>(), 320)) {
            let codec = L16Codec::new(SampleRate::HZ_16000);
            let (mut packet, mut heard) = ([0; 640], [0; 320]);
            let mut encoder = codec.encoder(PACKET_TIME).unwrap();
            prop_assert_eq!(encoder.encode(&pcm, &mut packet), Ok(640));
            let mut decoder = codec.decoder().unwrap();
            prop_assert_eq!(decoder.decode(&packet, &mut heard), Ok(320));
            prop_assert_eq!(&heard[..], &pcm[..]);
        }
    }
}
