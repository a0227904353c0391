use proptest::prelude::*;

use super::*;

const PACKET_TIME: Duration = Duration::from_millis(20);
const FRAME: usize = 320;

/// Noise and rumble at all loudnesses up to full scale, with jumps: integers only, so that other
/// programs can make the very same.
fn rough_sound(samples: usize) -> Vec<i16> {
    let (mut random, mut low) = (0x2545_f491_u32, 0);
    let sample = |n: usize| {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        let noise = (random >> 16) as i32 - 32_768;
        low += (noise - low) >> 3;
        let loudness = [0, 3, 40, 400, 4_000, 12_000, 32_767, 1_500][(n >> 10) & 7];
        let hoarse = (n >> 13) & 1 == 1;
        let mut sample = ((if hoarse { noise } else { low * 2 }) * loudness) >> 15;
        if (n >> 14) & 1 == 1 && n & 64 != 0 {
            sample = -sample - 1 + (loudness >> 1);
        }
        sample.clamp(-32_768, 32_767) as i16
    };
    (0..samples).map(sample).collect()
}

fn octets(pcm: &[i16]) -> Vec<u8> {
    pcm.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// FNV-1a, 64 bits.
fn hash(octets: &[u8]) -> u64 {
    octets.iter().fold(0xcbf2_9ce4_8422_2325, |hash, octet| {
        (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn encode_all(pcm: &[i16]) -> Vec<u8> {
    let mut encoder = G722Codec.encoder(PACKET_TIME).unwrap();
    let mut coded = Vec::new();
    for frame in pcm.chunks(FRAME) {
        let mut frame = frame.to_vec();
        let wanted = frame.len() / SAMPLES;
        frame.resize(FRAME, 0);
        let mut packet = [0; FRAME / SAMPLES];
        assert_eq!(encoder.encode(&frame, &mut packet), Ok(FRAME / SAMPLES));
        coded.extend_from_slice(&packet[..wanted]);
    }
    coded
}

fn decode_all(coded: &[u8]) -> Vec<i16> {
    let mut decoder = G722Codec.decoder().unwrap();
    let mut heard = Vec::new();
    for packet in coded.chunks(FRAME / SAMPLES) {
        let mut out = [0; FRAME];
        let samples = decoder.decode(packet, &mut out).unwrap();
        heard.extend_from_slice(&out[..samples]);
    }
    heard
}

/// The figures are what FFmpeg (libavcodec 62.28) and libg722 1.2.8 make of the same input; the two
/// agree with each other in every bit. `docs/media.md` says how they were taken.
#[test]
fn every_bit_is_that_of_two_other_implementations() {
    let sound = rough_sound(65_536);
    assert_eq!(hash(&octets(&sound)), 0x268f_dde2_f712_66ec, "the input");
    let coded = encode_all(&sound);
    assert_eq!(hash(&coded), 0xc260_d103_6681_2441, "the encoder");
    let heard = decode_all(&coded);
    assert_eq!(hash(&octets(&heard)), 0x126f_6f62_b97c_040b, "the decoder");
}

#[test]
fn octets_that_no_encoder_makes_are_heard_as_others_hear_them() {
    let heard = decode_all(&octets(&rough_sound(65_536)));
    assert_eq!(hash(&octets(&heard)), 0x7905_ba50_49de_053e);
}

fn tone(hertz: f32) -> Vec<i16> {
    let sample = |n| (n as f32 * hertz * std::f32::consts::TAU / 16_000.0).sin() * 8_000.0;
    (0..8_000).map(|n| sample(n) as i16).collect()
}

#[test]
fn speech_of_up_to_seven_kilohertz_comes_through() {
    for hertz in [200.0, 1_000.0, 3_000.0, 4_500.0, 6_800.0] {
        let sent = tone(hertz);
        let heard = decode_all(&encode_all(&sent));
        // Both filters together delay by 22 samples (G.722 §1.4.4: 3 ms with the transducers').
        let pairs = sent[2_000..].iter().zip(&heard[2_022..]);
        let (noise, signal) = pairs.fold((0.0, 0.0), |(noise, signal), (a, b)| {
            let (a, b) = (f64::from(*a), f64::from(*b));
            (noise + (a - b) * (a - b), signal + a * a)
        });
        let decibels = 10.0 * (signal / noise).log10();
        assert!(decibels > 15.0, "{hertz} Hz: {decibels} dB");
    }
}

#[test]
fn a_packet_of_20_ms_has_160_octets_on_a_clock_of_8_khz() {
    assert_eq!(G722Codec.clock_rate(), SampleRate::HZ_8000);
    assert_eq!(G722Codec.static_payload_type(), Some(PayloadType(9)));
    let decoder = G722Codec.decoder().unwrap();
    assert_eq!(decoder.packet_samples(&[0; 160]), Some(320));
    assert_eq!(decoder.packet_samples(&[]), None);
    assert_eq!(decoder.packet_samples(&[0; 1_601]), None);
}

#[test]
fn wrong_buffers_are_named_and_there_is_no_redundancy() {
    let mut encoder = G722Codec.encoder(PACKET_TIME).unwrap();
    let mut decoder = G722Codec.decoder().unwrap();
    let buffer = |wanted, got| Err(CodecError::Buffer { wanted, got });
    assert_eq!(encoder.encode(&[0; 160], &mut [0; 160]), buffer(320, 160));
    assert_eq!(encoder.encode(&[0; 320], &mut [0; 159]), buffer(160, 159));
    assert_eq!(decoder.decode(&[0; 160], &mut [0; 319]), buffer(320, 319));
    let refused = Err(CodecError::NoRedundancy(CodecKind::G722));
    assert_eq!(decoder.decode_fec(&[0; 160], &mut [0; 320]), refused);
    assert_eq!(decoder.conceal(&mut [0; 160]), None);
    let odd = Duration::from_micros(62);
    assert_eq!(G722Codec.encoder(odd).err(), Some(CodecError::Settings));
}

#[test]
fn reset_makes_a_decoder_like_new() {
    let coded = encode_all(&rough_sound(3_200));
    let (mut used, mut fresh) = (G722Codec.decoder().unwrap(), G722Codec.decoder().unwrap());
    let (mut a, mut b) = ([0; FRAME], [0; FRAME]);
    for packet in coded.chunks(160) {
        used.decode(packet, &mut a).unwrap();
    }
    used.reset();
    used.decode(&coded[..160], &mut a).unwrap();
    fresh.decode(&coded[..160], &mut b).unwrap();
    assert_eq!(a, b);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_sound_and_any_octets_are_coded_without_overflow(
        pcm in proptest::collection::vec(any::<i16>(), FRAME * 4),
        octets in proptest::collection::vec(any::<u8>(), 640),
    ) {
        prop_assert_eq!(decode_all(&encode_all(&pcm)).len(), pcm.len());
        prop_assert_eq!(decode_all(&octets).len(), 1_280);
    }
}
