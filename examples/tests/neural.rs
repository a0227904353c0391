//! What libopus's neural networks are worth, on the demonstration's real speech.

use std::time::Duration;

use demo::{Sound, compare, speech};
use voip_media::{Codec, Complexity, OpusBackend, OpusCodec};

/// One packet of 20 ms at 48 kHz.
const FRAME: usize = 960;

fn packets(said: &Sound) -> Vec<Vec<u8>> {
    let mut encoder = OpusCodec::new(OpusBackend::LibOpus)
        .encoder(Duration::from_millis(20))
        .expect("20 ms are possible");
    let samples: Vec<i16> = said
        .resampled(48_000)
        .iter()
        .map(|sample| (sample * 32_768.0) as i16)
        .collect();
    let mut packet = [0; 1_500];
    samples
        .chunks_exact(FRAME)
        .map(|frame| {
            let length = encoder.encode(frame, &mut packet).expect("a frame fits");
            packet[..length].to_vec()
        })
        .collect()
}

/// What is heard when the first two of every `lost_of` packets are lost.
fn heard(packets: &[Vec<u8>], complexity: u8, lost_of: usize) -> Sound {
    let mut decoder = OpusCodec::new(OpusBackend::LibOpus)
        .decoder()
        .expect("decoders have no settings");
    decoder
        .set_complexity(Complexity(complexity))
        .expect("at most 10");
    let mut samples = Vec::new();
    for (number, packet) in packets.iter().enumerate() {
        let mut pcm = [0; FRAME];
        if number % lost_of < 2 {
            assert_eq!(decoder.conceal(&mut pcm), Some(FRAME));
        } else {
            assert_eq!(decoder.decode(packet, &mut pcm), Ok(FRAME));
        }
        samples.extend(pcm.map(|sample| f32::from(sample) / 32_768.0));
    }
    Sound {
        rate_hz: 48_000,
        samples,
    }
}

/// Ten seconds of each speaker.
fn speakers() -> [Sound; 2] {
    [speech::first(), speech::second()].map(|said| said.between(0.0, 10.0))
}

#[test]
fn lost_speech_is_nearer_to_what_was_said_if_a_neural_network_makes_it_up() {
    for said in speakers() {
        let packets = packets(&said);
        let [plain, neural, enhanced] =
            [0, 5, 7].map(|complexity| compare(&said, &heard(&packets, complexity, 10)));
        assert!(neural > plain + 0.01, "{neural} is hardly above {plain}");
        assert!(enhanced > plain + 0.01, "{enhanced}, plain {plain}");
    }
}

#[test]
fn enhanced_speech_is_still_what_was_said() {
    for said in speakers() {
        let packets = packets(&said);
        for complexity in [6, 7] {
            let alike = compare(&said, &heard(&packets, complexity, usize::MAX));
            assert!(alike > 0.98, "complexity {complexity}: {alike}");
        }
    }
}
