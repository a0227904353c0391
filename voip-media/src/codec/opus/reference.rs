//! Opus by the reference library, through the crate `opusic-c`. That takes and gives samples as the
//! bits of `u16`, so they are copied: 0.2 µs of the 20 that a packet takes.

use opusic_c::{
    Application, Bitrate, Channels, Decoder, Encoder, ErrorCode, InbandFec, SampleRate,
};

use super::{
    MAX_GAP_SAMPLES, RawDecoder, RawEncoder, RawError, RawSettings, toc::MAX_PACKET_SAMPLES,
};
use crate::CodecError;

pub(super) struct ReferenceEncoder {
    encoder: Encoder,
    pcm: Box<[u16]>,
}

impl ReferenceEncoder {
    pub(super) fn new() -> Result<Self, CodecError> {
        let mut encoder = Encoder::new(Channels::Mono, SampleRate::Hz48000, Application::Voip)
            .map_err(|_| CodecError::Settings)?;
        encoder
            .set_vbr_constraint(false)
            .map_err(|_| CodecError::Settings)?;
        Ok(Self {
            encoder,
            pcm: vec![0; MAX_GAP_SAMPLES].into(),
        })
    }
}

impl RawEncoder for ReferenceEncoder {
    fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, RawError> {
        let bits = self.pcm.get_mut(..pcm.len()).ok_or(RawError)?;
        for (bits, sample) in bits.iter_mut().zip(pcm) {
            *bits = sample.cast_unsigned();
        }
        Ok(self.encoder.encode_to_slice(bits, out)?)
    }

    fn tune(&mut self, settings: RawSettings) -> Result<(), RawError> {
        let fec = if settings.loss_per_cent > 0 {
            InbandFec::Mode1
        } else {
            InbandFec::Off
        };
        self.encoder
            .set_bitrate(Bitrate::Value(settings.bits_per_second))?;
        self.encoder.set_complexity(settings.complexity)?;
        self.encoder.set_packet_loss(settings.loss_per_cent)?;
        self.encoder.set_inband_fec(fec)?;
        self.encoder.set_dtx(settings.dtx)?;
        Ok(())
    }
}

pub(super) struct ReferenceDecoder {
    decoder: Decoder,
    pcm: Box<[u16]>,
}

impl ReferenceDecoder {
    pub(super) fn new() -> Result<Self, CodecError> {
        let decoder =
            Decoder::new(Channels::Mono, SampleRate::Hz48000).map_err(|_| CodecError::Settings)?;
        Ok(Self {
            decoder,
            pcm: vec![0; MAX_PACKET_SAMPLES].into(),
        })
    }

    fn decode(&mut self, packet: &[u8], out: &mut [i16], fec: bool) -> Result<usize, RawError> {
        let bits = self.pcm.get_mut(..out.len()).ok_or(RawError)?;
        let samples = self.decoder.decode_to_slice(packet, bits, fec)?;
        for (sample, bits) in out.iter_mut().zip(&bits[..samples]) {
            *sample = bits.cast_signed();
        }
        Ok(samples)
    }
}

impl RawDecoder for ReferenceDecoder {
    fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> Result<usize, RawError> {
        self.decode(packet, out, false)
    }

    fn decode_fec(&mut self, packet: &[u8], out: &mut [i16]) -> Result<usize, RawError> {
        self.decode(packet, out, true)
    }

    #[cfg(feature = "neural")]
    fn set_complexity(&mut self, complexity: u8) -> Result<(), RawError> {
        Ok(self.decoder.set_complexity(complexity)?)
    }

    fn reset(&mut self) -> Result<(), RawError> {
        Ok(self.decoder.reset()?)
    }
}

impl From<ErrorCode> for RawError {
    fn from(_: ErrorCode) -> Self {
        Self
    }
}
