//! Opus by the reference library, through the crate `opus`.

use opus::{Application, Bitrate, Channels, Decoder, Encoder};

use super::{RawDecoder, RawEncoder, RawError, RawSettings};
use crate::CodecError;

pub(super) struct ReferenceEncoder(Encoder);

impl ReferenceEncoder {
    pub(super) fn new() -> Result<Self, CodecError> {
        let mut encoder = Encoder::new(SAMPLE_RATE, Channels::Mono, Application::Voip)
            .map_err(|_| CodecError::Settings)?;
        encoder
            .set_vbr_constraint(false)
            .map_err(|_| CodecError::Settings)?;
        Ok(Self(encoder))
    }
}

impl RawEncoder for ReferenceEncoder {
    fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, RawError> {
        Ok(self.0.encode(pcm, out)?)
    }

    fn tune(&mut self, settings: RawSettings) -> Result<(), RawError> {
        self.0
            .set_bitrate(Bitrate::Bits(settings.bits_per_second))?;
        self.0.set_complexity(settings.complexity)?;
        self.0.set_packet_loss_perc(settings.loss_per_cent)?;
        self.0.set_inband_fec(settings.loss_per_cent > 0)?;
        self.0.set_dtx(settings.dtx)?;
        Ok(())
    }
}

pub(super) struct ReferenceDecoder(Decoder);

impl ReferenceDecoder {
    pub(super) fn new() -> Result<Self, CodecError> {
        Decoder::new(SAMPLE_RATE, Channels::Mono)
            .map(Self)
            .map_err(|_| CodecError::Settings)
    }
}

impl RawDecoder for ReferenceDecoder {
    fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> Result<usize, RawError> {
        Ok(self.0.decode(packet, out, false)?)
    }

    fn decode_fec(&mut self, packet: &[u8], out: &mut [i16]) -> Result<usize, RawError> {
        Ok(self.0.decode(packet, out, true)?)
    }

    fn reset(&mut self) -> Result<(), RawError> {
        Ok(self.0.reset_state()?)
    }
}

impl From<opus::Error> for RawError {
    fn from(_: opus::Error) -> Self {
        Self
    }
}

/// Hertz.
const SAMPLE_RATE: u32 = 48_000;
