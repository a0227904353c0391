//! The Opus libraries as they come, set as our encoder sets them: 48 kHz, mono, VOIP, variable
//! bitrate of 24 kb/s, complexity 5.

use opus_pure::{Application, OpusDecoder, OpusEncoder, RateControl};

pub(crate) trait RawEncoder {
    fn encode(&mut self, pcm: &[i16], packet: &mut [u8]) -> usize;
}

pub(crate) trait RawDecoder {
    fn decode(&mut self, packet: &[u8], pcm: &mut [i16]) -> usize;
}

pub(crate) fn encoders() -> Vec<(&'static str, Box<dyn RawEncoder>)> {
    let mut pure = OpusEncoder::new(48_000, 1, Application::Voip).expect("possible settings");
    pure.rate_control = RateControl::Vbr;
    pure.bitrate_bps = 24_000;
    pure.complexity = 5;
    vec![
        #[cfg(feature = "libopus")]
        ("raw-libopus", Box::new(reference_encoder())),
        ("raw-opus-pure", Box::new(pure)),
    ]
}

pub(crate) fn decoders() -> Vec<(&'static str, Box<dyn RawDecoder>)> {
    let pure = OpusDecoder::new(48_000, 1).expect("possible settings");
    vec![
        #[cfg(feature = "libopus")]
        ("raw-libopus", Box::new(reference_decoder())),
        ("raw-opus-pure", Box::new(pure)),
    ]
}

impl RawEncoder for OpusEncoder {
    fn encode(&mut self, pcm: &[i16], packet: &mut [u8]) -> usize {
        self.encode_s16(pcm, pcm.len(), packet).unwrap_or(0)
    }
}

impl RawDecoder for OpusDecoder {
    fn decode(&mut self, packet: &[u8], pcm: &mut [i16]) -> usize {
        self.decode_s16(packet, pcm.len(), pcm).unwrap_or(0)
    }
}

#[cfg(feature = "libopus")]
fn reference_encoder() -> opus::Encoder {
    let mut encoder = opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Voip)
        .expect("possible settings");
    encoder.set_vbr_constraint(false).expect("possible");
    encoder
        .set_bitrate(opus::Bitrate::Bits(24_000))
        .expect("possible");
    encoder.set_complexity(5).expect("possible");
    encoder
}

#[cfg(feature = "libopus")]
fn reference_decoder() -> opus::Decoder {
    opus::Decoder::new(48_000, opus::Channels::Mono).expect("possible settings")
}

#[cfg(feature = "libopus")]
impl RawEncoder for opus::Encoder {
    fn encode(&mut self, pcm: &[i16], packet: &mut [u8]) -> usize {
        opus::Encoder::encode(self, pcm, packet).unwrap_or(0)
    }
}

#[cfg(feature = "libopus")]
impl RawDecoder for opus::Decoder {
    fn decode(&mut self, packet: &[u8], pcm: &mut [i16]) -> usize {
        opus::Decoder::decode(self, packet, pcm, false).unwrap_or(0)
    }
}
