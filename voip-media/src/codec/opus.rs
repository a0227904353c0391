//! Opus (RFC 6716) as WebRTC uses it (RFC 7587): 48 kHz, mono here.

mod pure;
#[cfg(feature = "libopus")]
mod reference;
mod toc;

use std::time::Duration;

use super::{Codec, CodecError, CodecKind, Decoder, Encoder, EncoderTuning};
use crate::{Complexity, PayloadType, SampleRate};

/// Which implementation of Opus works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OpusBackend {
    /// `opus-pure`, a port to Rust; always there.
    Pure,
    /// The reference library in C; with the feature `libopus`. With `neural`, its decoder has the
    /// neural networks that [`Decoder::set_complexity`] speaks of.
    #[cfg(feature = "libopus")]
    LibOpus,
}

impl OpusBackend {
    /// The backends that were compiled in, the default first.
    pub const fn available() -> &'static [Self] {
        &[
            #[cfg(feature = "libopus")]
            Self::LibOpus,
            Self::Pure,
        ]
    }
}

impl Default for OpusBackend {
    /// `LibOpus` with the feature `libopus`, else `Pure`.
    fn default() -> Self {
        Self::available()[0]
    }
}

/// Opus: 48 kHz, one channel, VOIP mode, variable bitrate, in-band FEC as soon as loss is expected.
///
/// Packet times: 2.5, 5, 10, 20, 40 or 60 ms (RFC 6716 §2.1.4). What arrives may be any Opus
/// packet of up to 120 ms; stereo is mixed down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpusCodec {
    backend: OpusBackend,
}

impl OpusCodec {
    /// Opus by this backend.
    pub const fn new(backend: OpusBackend) -> Self {
        Self { backend }
    }

    /// Which implementation works.
    pub const fn backend(self) -> OpusBackend {
        self.backend
    }
}

impl Codec for OpusCodec {
    fn kind(&self) -> CodecKind {
        CodecKind::Opus
    }

    fn sample_rate(&self) -> SampleRate {
        SampleRate::HZ_48000
    }

    fn static_payload_type(&self) -> Option<PayloadType> {
        None
    }

    fn encoder(&self, packet_time: Duration) -> Result<Box<dyn Encoder>, CodecError> {
        let frame_samples = frame_samples(packet_time)?;
        Ok(match self.backend {
            OpusBackend::Pure => {
                Box::new(OpusEncoder::new(frame_samples, pure::PureEncoder::new()?)?)
            }
            #[cfg(feature = "libopus")]
            OpusBackend::LibOpus => Box::new(OpusEncoder::new(
                frame_samples,
                reference::ReferenceEncoder::new()?,
            )?),
        })
    }

    fn decoder(&self) -> Result<Box<dyn Decoder>, CodecError> {
        Ok(match self.backend {
            OpusBackend::Pure => Box::new(OpusDecoder::new(pure::PureDecoder::new()?)?),
            #[cfg(feature = "libopus")]
            OpusBackend::LibOpus => {
                Box::new(OpusDecoder::new(reference::ReferenceDecoder::new()?)?)
            }
        })
    }
}

/// What an implementation of the encoder adds to the checks made here.
trait RawEncoder: Send {
    fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, RawError>;
    fn tune(&mut self, settings: RawSettings) -> Result<(), RawError>;
}

/// What an implementation of the decoder adds to the checks made here.
trait RawDecoder: Send {
    /// An empty packet is a lost one.
    fn decode(&mut self, packet: &[u8], out: &mut [i16]) -> Result<usize, RawError>;
    fn decode_fec(&mut self, packet: &[u8], out: &mut [i16]) -> Result<usize, RawError>;
    /// At most [`Complexity::MAX`].
    fn set_complexity(&mut self, complexity: u8) -> Result<(), RawError> {
        let _ = complexity;
        Ok(())
    }
    fn reset(&mut self) -> Result<(), RawError>;
}

/// An implementation said no; why doesn't matter, since all that a caller may get wrong has been
/// checked before.
struct RawError;

/// [`EncoderTuning`] in Opus's own units, within its ranges.
struct RawSettings {
    bits_per_second: u32,
    complexity: u8,
    loss_per_cent: u8,
    dtx: bool,
}

impl TryFrom<EncoderTuning> for RawSettings {
    type Error = CodecError;

    fn try_from(tuning: EncoderTuning) -> Result<Self, CodecError> {
        let valid = (MIN_BITRATE..=MAX_BITRATE).contains(&tuning.bitrate.0)
            && tuning.complexity <= Complexity::MAX
            && (0.0..=1.0).contains(&tuning.expected_loss.0);
        if !valid {
            return Err(CodecError::Settings);
        }
        Ok(Self {
            bits_per_second: tuning.bitrate.0,
            complexity: tuning.complexity.0,
            // Rounded up: any loss at all switches FEC on.
            loss_per_cent: (tuning.expected_loss.0 * 100.0).ceil() as u8,
            dtx: tuning.dtx,
        })
    }
}

struct OpusEncoder<R> {
    frame_samples: usize,
    dtx: bool,
    raw: R,
}

impl<R: RawEncoder> OpusEncoder<R> {
    fn new(frame_samples: usize, raw: R) -> Result<Self, CodecError> {
        let mut encoder = Self {
            frame_samples,
            dtx: false,
            raw,
        };
        encoder.tune(EncoderTuning::default())?;
        Ok(encoder)
    }
}

impl<R: RawEncoder> Encoder for OpusEncoder<R> {
    fn frame_samples(&self) -> usize {
        self.frame_samples
    }

    fn encode(&mut self, pcm: &[i16], out: &mut [u8]) -> Result<usize, CodecError> {
        if pcm.len() != self.frame_samples {
            return Err(CodecError::Buffer {
                wanted: self.frame_samples,
                got: pcm.len(),
            });
        }
        let got = out.len();
        let room = got.min(MAX_FRAME_BYTES * 3);
        let length =
            self.raw
                .encode(pcm, &mut out[..room])
                .map_err(|RawError| CodecError::Buffer {
                    wanted: MAX_FRAME_BYTES,
                    got,
                })?;
        // RFC 6716 §2.1.9 and RFC 7587 §3.1.3: in DTX, a packet without a frame needn't be sent.
        let nothing_to_send = self.dtx && length <= MAX_DTX_BYTES;
        Ok(if nothing_to_send { 0 } else { length })
    }

    fn tune(&mut self, tuning: EncoderTuning) -> Result<(), CodecError> {
        self.raw
            .tune(tuning.try_into()?)
            .map_err(|RawError| CodecError::Settings)?;
        self.dtx = tuning.dtx;
        Ok(())
    }
}

struct OpusDecoder<R>(R);

impl<R: RawDecoder> OpusDecoder<R> {
    fn new(raw: R) -> Result<Self, CodecError> {
        let mut decoder = Self(raw);
        decoder.set_complexity(Complexity::DECODER)?;
        Ok(decoder)
    }
}

impl<R: RawDecoder> Decoder for OpusDecoder<R> {
    fn sample_rate(&self) -> SampleRate {
        SampleRate::HZ_48000
    }

    fn clock_rate(&self) -> SampleRate {
        SampleRate::HZ_48000
    }

    fn packet_samples(&self, payload: &[u8]) -> Option<usize> {
        toc::packet_samples(payload)
    }

    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        let wanted = toc::packet_samples(payload).ok_or(MALFORMED)?;
        let got = out.len();
        let out = out
            .get_mut(..wanted)
            .ok_or(CodecError::Buffer { wanted, got })?;
        self.0.decode(payload, out).map_err(|RawError| MALFORMED)
    }

    fn has_fec(&self, payload: &[u8]) -> bool {
        toc::has_fec(payload)
    }

    fn decode_fec(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        if !toc::has_fec(payload) {
            return Err(CodecError::NoRedundancy(CodecKind::Opus));
        }
        check_gap(out.len())?;
        self.0
            .decode_fec(payload, out)
            .map_err(|RawError| MALFORMED)
    }

    fn conceal(&mut self, out: &mut [i16]) -> Option<usize> {
        check_gap(out.len()).ok()?;
        self.0.decode(&[], out).ok()
    }

    fn set_complexity(&mut self, complexity: Complexity) -> Result<(), CodecError> {
        if complexity > Complexity::MAX {
            return Err(CodecError::Settings);
        }
        self.0
            .set_complexity(complexity.0)
            .map_err(|RawError| CodecError::Settings)
    }

    fn reset(&mut self) {
        // An implementation only refuses what it never had; then there is nothing to forget.
        let _ = self.0.reset();
    }
}

/// A gap to fill is a multiple of 2.5 ms and at most 60 ms long.
fn check_gap(samples: usize) -> Result<(), CodecError> {
    if samples == 0 || samples > MAX_GAP_SAMPLES || !samples.is_multiple_of(GAP_STEP_SAMPLES) {
        return Err(CodecError::Buffer {
            wanted: samples
                .next_multiple_of(GAP_STEP_SAMPLES)
                .clamp(GAP_STEP_SAMPLES, MAX_GAP_SAMPLES),
            got: samples,
        });
    }
    Ok(())
}

fn frame_samples(packet_time: Duration) -> Result<usize, CodecError> {
    let samples = SampleRate::HZ_48000.samples_in(packet_time);
    PACKET_SAMPLES
        .contains(&samples)
        .then_some(samples)
        .ok_or(CodecError::Settings)
}

const MALFORMED: CodecError = CodecError::Malformed(CodecKind::Opus);
/// 2.5, 5, 10, 20, 40 and 60 ms at 48 kHz (RFC 6716 §2.1.4).
const PACKET_SAMPLES: [usize; 6] = [120, 240, 480, 960, 1920, 2880];
/// 2.5 ms at 48 kHz.
const GAP_STEP_SAMPLES: usize = 120;
/// 60 ms at 48 kHz; also the longest packet of ours.
const MAX_GAP_SAMPLES: usize = 2880;
/// The longest frame, in bytes (RFC 6716 §3.2.1); a packet of ours has at most three.
const MAX_FRAME_BYTES: usize = 1275;
/// The longest packet without a coded frame: table of contents and frame count.
const MAX_DTX_BYTES: usize = 2;
/// Bits per second (RFC 6716 §2.1.1).
const MIN_BITRATE: u32 = 6_000;
/// Bits per second (RFC 6716 §2.1.1).
const MAX_BITRATE: u32 = 510_000;

#[cfg(test)]
mod tests;
