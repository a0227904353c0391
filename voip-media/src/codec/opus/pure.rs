//! Opus by `opus-pure`.

use opus_pure::{Application, OpusDecoder, OpusEncoder, RateControl};

use super::{RawDecoder, RawEncoder, RawError, RawSettings};
use crate::CodecError;

pub(super) struct PureEncoder(OpusEncoder);

impl PureEncoder {
    pub(super) fn new() -> Result<Self, CodecError> {
        let mut encoder = OpusEncoder::new(SAMPLE_RATE, MONO, Application::Voip)
            .map_err(|_| CodecError::Settings)?;
        encoder.rate_control = RateControl::Vbr;
        Ok(Self(encoder))
    }
}

impl RawEncoder for PureEncoder {
    fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, RawError> {
        Ok(self.0.encode_s16(pcm, pcm.len(), out)?)
    }

    fn tune(&mut self, settings: RawSettings) -> Result<(), RawError> {
        self.0.bitrate_bps = settings.bits_per_second as i32;
        self.0.complexity = settings.complexity.into();
        self.0.packet_loss_perc = settings.loss_per_cent.into();
        self.0.use_inband_fec = settings.loss_per_cent > 0;
        self.0.use_dtx = settings.dtx;
        Ok(())
    }
}

pub(super) struct PureDecoder(OpusDecoder);

impl PureDecoder {
    pub(super) fn new() -> Result<Self, CodecError> {
        OpusDecoder::new(SAMPLE_RATE, MONO)
            .map(Self)
            .map_err(|_| CodecError::Settings)
    }
}

impl RawDecoder for PureDecoder {
    fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> Result<usize, RawError> {
        Ok(self.0.decode_s16(packet, out.len(), out)?)
    }

    fn decode_fec(&mut self, packet: &[u8], out: &mut [i16]) -> Result<usize, RawError> {
        Ok(self.0.decode_fec_s16(packet, out.len(), out)?)
    }

    fn reset(&mut self) -> Result<(), RawError> {
        Ok(self.0.reset_state()?)
    }
}

impl From<opus_pure::Error> for RawError {
    fn from(_: opus_pure::Error) -> Self {
        Self
    }
}

/// Hertz.
const SAMPLE_RATE: i32 = 48_000;
const MONO: usize = 1;
