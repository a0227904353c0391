//! The Opus libraries as they come, set as our encoder sets them: 48 kHz, mono, VOIP, variable
//! bitrate of 24 kb/s, complexity 5; decoders without neural networks. libopus's crate takes and gives
//! samples as the bits of `u16`; copying them is counted, since nobody who has sound can do without.

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
        ("raw-libopus", Box::new(reference::encoder())),
        ("raw-opus-pure", Box::new(pure)),
    ]
}

pub(crate) fn decoders() -> Vec<(&'static str, Box<dyn RawDecoder>)> {
    let pure = OpusDecoder::new(48_000, 1).expect("possible settings");
    vec![
        #[cfg(feature = "libopus")]
        ("raw-libopus", Box::new(reference::decoder())),
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
mod reference {
    use opusic_c::{Application, Bitrate, Channels, Decoder, Encoder, SampleRate};

    use super::{RawDecoder, RawEncoder};

    pub(super) fn encoder() -> Encoder {
        let mut encoder = Encoder::new(Channels::Mono, SampleRate::Hz48000, Application::Voip)
            .expect("possible settings");
        encoder.set_vbr_constraint(false).expect("possible");
        encoder
            .set_bitrate(Bitrate::Value(24_000))
            .expect("possible");
        encoder.set_complexity(5).expect("possible");
        encoder
    }

    pub(super) fn decoder() -> Decoder {
        Decoder::new(Channels::Mono, SampleRate::Hz48000).expect("possible settings")
    }

    impl RawEncoder for Encoder {
        fn encode(&mut self, pcm: &[i16], packet: &mut [u8]) -> usize {
            let mut bits = [0; 960];
            for (bits, sample) in bits.iter_mut().zip(pcm) {
                *bits = sample.cast_unsigned();
            }
            self.encode_to_slice(&bits, packet).unwrap_or(0)
        }
    }

    impl RawDecoder for Decoder {
        fn decode(&mut self, packet: &[u8], pcm: &mut [i16]) -> usize {
            let mut bits = [0; 960];
            let made = self.decode_to_slice(packet, &mut bits, false);
            for (sample, bits) in pcm.iter_mut().zip(bits) {
                *sample = bits.cast_signed();
            }
            made.unwrap_or(0)
        }
    }
}
