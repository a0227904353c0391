mod comfort_noise;
mod exercise;
mod g711;
mod g722;
mod l16;
mod opus;
mod packet;

use std::{sync::Arc, time::Duration};

use thiserror::Error;

#[doc(hidden)]
pub use self::exercise::exercise_decoder;
pub use self::{
    g711::{PcmaCodec, PcmuCodec},
    g722::G722Codec,
    l16::L16Codec,
    opus::{OpusBackend, OpusCodec},
};
use crate::{Bitrate, Complexity, LossRate, PayloadType, SampleRate};

/// The codecs this crate can speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CodecKind {
    /// Opus (RFC 6716, RFC 7587), 48 kHz, mono here.
    Opus,
    /// G.711 µ-law (ITU-T G.711, RFC 3551 payload type 0).
    Pcmu,
    /// G.711 A-law (ITU-T G.711, RFC 3551 payload type 8).
    Pcma,
    /// G.722 at 64 kb/s (ITU-T G.722, RFC 3551 payload type 9): 16 kHz, though its RTP clock says 8.
    G722,
    /// Samples as they are, 16 bits in network byte order, mono (RFC 3551 §4.5.11).
    L16(SampleRate),
}

impl CodecKind {
    /// The rate of the RTP timestamp.
    pub const fn clock_rate(self) -> SampleRate {
        match self {
            Self::Opus => SampleRate::HZ_48000,
            Self::Pcmu | Self::Pcma | Self::G722 => SampleRate::HZ_8000,
            Self::L16(rate) => rate,
        }
    }
}

/// What went wrong inside a codec.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The payload is no packet of this codec. The packet counts as lost.
    #[error("the packet is no valid {0:?} packet")]
    Malformed(CodecKind),
    /// The caller's buffer has the wrong length.
    #[error("the buffer has room for {got} samples or bytes, {wanted} are needed")]
    Buffer {
        /// What is needed.
        wanted: usize,
        /// What there is.
        got: usize,
    },
    /// A setting that the codec doesn't have.
    #[error("the codec refused its settings")]
    Settings,
    /// The packet carries no redundancy for the packet before it: conceal instead.
    #[error("the {0:?} packet carries no redundancy for the one before it")]
    NoRedundancy(CodecKind),
}

/// The codec of this kind, with its default backend.
pub fn codec(kind: CodecKind) -> Arc<dyn Codec> {
    match kind {
        CodecKind::Opus => Arc::new(OpusCodec::default()),
        CodecKind::Pcmu => Arc::new(PcmuCodec),
        CodecKind::Pcma => Arc::new(PcmaCodec),
        CodecKind::G722 => Arc::new(G722Codec),
        CodecKind::L16(rate) => Arc::new(L16Codec::new(rate)),
    }
}

/// A codec as negotiated: makes encoders and decoders.
pub trait Codec: Send + Sync {
    /// Which codec.
    fn kind(&self) -> CodecKind;
    /// The rate of the samples that go in and come out.
    fn sample_rate(&self) -> SampleRate;
    /// The rate of the RTP timestamp (RFC 7587: 48 kHz; RFC 3551: 8 kHz for G.711 and G.722).
    fn clock_rate(&self) -> SampleRate {
        self.kind().clock_rate()
    }
    /// The static payload type, if RFC 3551 gives one.
    fn static_payload_type(&self) -> Option<PayloadType>;
    /// A new encoder for packets of `packet_time` (20 ms unless negotiated otherwise).
    fn encoder(&self, packet_time: Duration) -> Result<Box<dyn Encoder>, CodecError>;
    /// A new decoder.
    fn decoder(&self) -> Result<Box<dyn Decoder>, CodecError>;
}

/// How an encoder should work now; what a codec doesn't have, it ignores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EncoderTuning {
    /// Target bitrate. Opus: 6 to 510 kb/s.
    pub bitrate: Bitrate,
    /// Effort.
    pub complexity: Complexity,
    /// Loss that the far side reports; above zero, in-band FEC is made.
    pub expected_loss: LossRate,
    /// Discontinuous transmission in pauses: Opus's own, with G.711 comfort noise (RFC 3389) where the far
    /// side takes it.
    pub dtx: bool,
}

impl Default for EncoderTuning {
    /// Speech at 24 kb/s and complexity 5, no loss, no DTX: what a new encoder starts with.
    fn default() -> Self {
        Self {
            bitrate: Bitrate(24_000),
            complexity: Complexity(5),
            expected_loss: LossRate(0.0),
            dtx: false,
        }
    }
}

/// Turns samples into packets. Not shared between threads.
pub trait Encoder: Send {
    /// Samples of one packet at the codec's sample rate.
    fn frame_samples(&self) -> usize;
    /// Encodes exactly [`Encoder::frame_samples`] samples into `out` and gives the packet's
    /// length; 0 means that nothing needs to be sent (DTX).
    fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, CodecError>;
    /// Changes the settings from the next packet on.
    fn tune(&mut self, tuning: EncoderTuning) -> Result<(), CodecError>;
}

/// Turns packets into samples. The jitter buffer drives it. Not shared between threads.
pub trait Decoder: Send {
    /// The rate of the samples that come out.
    fn sample_rate(&self) -> SampleRate;
    /// The rate of the RTP timestamp.
    fn clock_rate(&self) -> SampleRate;
    /// Samples (at [`Decoder::sample_rate`]) that `payload` holds; `None` if it is no packet.
    fn packet_samples(&self, payload: &[u8]) -> Option<usize>;
    /// Decodes a packet into the front of `out`; gives the number of samples.
    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError>;
    /// Whether `payload` carries in-band FEC for the packet before it.
    fn has_fec(&self, payload: &[u8]) -> bool;
    /// Decodes the packet *before* `payload` from the redundancy in `payload`: fills all of `out`
    /// (one packet's samples).
    fn decode_fec(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError>;
    /// Makes up `out.len()` samples (a multiple of 2.5 ms, at most 60 ms) for a lost packet.
    /// `None`: the codec has no concealment of its own.
    fn conceal(&mut self, out: &mut [i16]) -> Option<usize>;
    /// Fills `out` with comfort noise in a pause of the far side. `parameters`: the payload of a
    /// comfort noise packet that has just come (RFC 3389 §3); `None`: go on with the last ones.
    /// `None`: the decoder makes none, the jitter buffer makes white noise of the level it was told.
    fn comfort_noise(&mut self, parameters: Option<&[u8]>, out: &mut [i16]) -> Option<usize> {
        let _ = (parameters, out);
        None
    }
    /// How much the decoder may do for the sound, from now on; what a codec doesn't have, it ignores.
    /// Only Opus has something, with the feature `neural`: from 5 on a neural network makes up what was
    /// lost (libopus's deep PLC), from 6 on another one enhances decoded speech of up to 8 kHz bandwidth
    /// (LACE), from 7 on a better one (NoLACE); with those, decoding isn't bit-exact any more. A new
    /// decoder has [`Complexity::DECODER`].
    ///
    /// # Errors
    /// [`CodecError::Settings`]: more than 10, for Opus.
    fn set_complexity(&mut self, complexity: Complexity) -> Result<(), CodecError> {
        let _ = complexity;
        Ok(())
    }
    /// Forgets the past, after a jump or a change of source.
    fn reset(&mut self);
}
