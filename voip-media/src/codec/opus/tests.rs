use proptest::prelude::*;

use super::*;
use crate::{Bitrate, Complexity, LossRate};

const FRAME: usize = 960;
const PACKET_TIME: Duration = Duration::from_millis(20);

/// A voice-like sound: harmonics of a gliding pitch, louder and quieter four times a second.
fn voice(frames: usize) -> Vec<i16> {
    let mut phase = 0.0_f32;
    (0..frames * FRAME)
        .map(|n| {
            let seconds = n as f32 / 48_000.0;
            phase += (120.0 + 30.0 * (seconds * 3.0).sin()) / 48_000.0;
            let harmonics: f32 = (1..=25)
                .map(|k| (phase * k as f32 * std::f32::consts::TAU).sin() / k as f32)
                .sum();
            let loudness = 0.55 + 0.45 * (seconds * 4.0 * std::f32::consts::TAU).sin();
            (harmonics * loudness * 6_000.0) as i16
        })
        .collect()
}

fn lossy() -> EncoderTuning {
    EncoderTuning {
        expected_loss: LossRate(0.2),
        ..EncoderTuning::default()
    }
}

fn encode_all(encoder: &mut dyn Encoder, pcm: &[i16]) -> Vec<Vec<u8>> {
    let mut packet = [0; 4000];
    pcm.chunks_exact(encoder.frame_samples())
        .map(|frame| {
            let length = encoder.encode(frame, &mut packet).unwrap();
            packet[..length].to_vec()
        })
        .collect()
}

fn energy(pcm: &[i16]) -> f64 {
    pcm.iter().map(|sample| f64::from(*sample).powi(2)).sum()
}

/// The likeness of two signals, −1 to 1, at the best of the delays up to 20 ms.
fn likeness(sent: &[i16], heard: &[i16]) -> f64 {
    (0..FRAME)
        .map(|delay| {
            let (sent, heard) = (&sent[..sent.len() - delay], &heard[delay..]);
            let product: f64 = sent
                .iter()
                .zip(heard)
                .map(|(a, b)| f64::from(*a) * f64::from(*b))
                .sum();
            product / (energy(sent) * energy(heard)).sqrt()
        })
        .fold(-1.0, f64::max)
}

fn for_each_backend(test: impl Fn(OpusCodec)) {
    for backend in OpusBackend::available() {
        test(OpusCodec::new(*backend));
    }
}

#[test]
fn what_is_said_is_heard() {
    for_each_backend(|codec| {
        let pcm = voice(25);
        let mut encoder = codec.encoder(PACKET_TIME).unwrap();
        let mut decoder = codec.decoder().unwrap();
        let mut heard = Vec::new();
        for packet in encode_all(encoder.as_mut(), &pcm) {
            let mut out = [0; FRAME];
            assert_eq!(decoder.packet_samples(&packet), Some(FRAME));
            assert_eq!(decoder.decode(&packet, &mut out), Ok(FRAME));
            heard.extend(out);
        }
        let likeness = likeness(&pcm[4 * FRAME..], &heard[4 * FRAME..]);
        assert!(likeness > 0.8, "{codec:?}: {likeness}");
    });
}

#[test]
fn all_backends_understand_each_other() {
    for_each_backend(|from| {
        let packets = encode_all(from.encoder(PACKET_TIME).unwrap().as_mut(), &voice(10));
        let heard = OpusBackend::available().iter().map(|to| {
            let mut decoder = OpusCodec::new(*to).decoder().unwrap();
            decoder.set_complexity(Complexity(0)).unwrap();
            let mut out = [0; FRAME];
            for packet in &packets {
                decoder.decode(packet, &mut out).unwrap();
            }
            out
        });
        for (a, b) in heard.clone().zip(heard.skip(1)) {
            // Decoders may round differently, by a bit of 16 (RFC 6716 §6).
            assert!(a.iter().zip(&b).all(|(a, b)| a.abs_diff(*b) <= 2));
        }
    });
}

#[test]
fn every_packet_time_round_trips() {
    for_each_backend(|codec| {
        for tenths in [25_u64, 50, 100, 200, 400, 600] {
            let mut encoder = codec.encoder(Duration::from_micros(tenths * 100)).unwrap();
            let mut decoder = codec.decoder().unwrap();
            let samples = encoder.frame_samples();
            assert_eq!(samples as u64, tenths * 48 / 10);
            let packets = encode_all(encoder.as_mut(), &voice(6));
            let mut out = [0; 5760];
            assert_eq!(decoder.decode(&packets[0], &mut out), Ok(samples));
        }
        let odd = codec.encoder(Duration::from_millis(25)).err();
        assert_eq!(odd, Some(CodecError::Settings));
    });
}

#[test]
fn more_bitrate_makes_larger_packets_from_the_next_one_on() {
    for_each_backend(|codec| {
        let mut encoder = codec.encoder(PACKET_TIME).unwrap();
        let mut bytes_at = |kilobits: u32| {
            let tuning = EncoderTuning {
                bitrate: Bitrate(kilobits * 1000),
                ..EncoderTuning::default()
            };
            encoder.tune(tuning).unwrap();
            let packets = encode_all(encoder.as_mut(), &voice(25));
            packets.iter().map(Vec::len).sum::<usize>()
        };
        let (low, high) = (bytes_at(16), bytes_at(64));
        assert!(high > 2 * low, "{codec:?}: {low} {high}");
    });
}

#[test]
fn settings_out_of_range_are_refused_and_change_nothing() {
    let fine = EncoderTuning::default();
    let bad = [
        EncoderTuning {
            bitrate: Bitrate(5_999),
            ..fine
        },
        EncoderTuning {
            bitrate: Bitrate(510_001),
            ..fine
        },
        EncoderTuning {
            complexity: Complexity(11),
            ..fine
        },
        EncoderTuning {
            expected_loss: LossRate(1.01),
            ..fine
        },
        EncoderTuning {
            expected_loss: LossRate(f32::NAN),
            ..fine
        },
    ];
    for_each_backend(|codec| {
        let mut encoder = codec.encoder(PACKET_TIME).unwrap();
        for tuning in bad {
            assert_eq!(encoder.tune(tuning), Err(CodecError::Settings));
        }
        assert!(encoder.encode(&[0; FRAME], &mut [0; 1500]).is_ok());
    });
}

#[test]
fn expected_loss_puts_redundancy_into_packets() {
    for_each_backend(|codec| {
        let decoder = codec.decoder().unwrap();
        let mut encoder = codec.encoder(PACKET_TIME).unwrap();
        let with_fec = |packets: &[Vec<u8>]| packets.iter().filter(|p| decoder.has_fec(p)).count();
        assert_eq!(with_fec(&encode_all(encoder.as_mut(), &voice(20))), 0);
        encoder.tune(lossy()).unwrap();
        let count = with_fec(&encode_all(encoder.as_mut(), &voice(20)));
        assert!(count > 10, "{codec:?}: {count} of 20");
    });
}

#[test]
fn the_lowest_bitrate_of_a_bad_network_still_carries_redundancy() {
    for_each_backend(|codec| {
        let decoder = codec.decoder().unwrap();
        let mut encoder = codec.encoder(PACKET_TIME).unwrap();
        let tuning = EncoderTuning {
            bitrate: Bitrate(20_000),
            expected_loss: LossRate(0.3),
            ..EncoderTuning::default()
        };
        encoder.tune(tuning).unwrap();
        let packets = encode_all(encoder.as_mut(), &voice(30));
        let count = packets
            .iter()
            .filter(|packet| decoder.has_fec(packet))
            .count();
        assert!(count > 10, "{codec:?}: {count} of 30");
    });
}

#[test]
fn complexity_changes_the_packets_from_the_next_one_on() {
    for_each_backend(|codec| {
        let packets_at = |complexity| {
            let mut encoder = codec.encoder(PACKET_TIME).unwrap();
            let mut packets = encode_all(encoder.as_mut(), &voice(4));
            let tuning = EncoderTuning {
                complexity: Complexity(complexity),
                ..EncoderTuning::default()
            };
            encoder.tune(tuning).unwrap();
            packets.extend(encode_all(encoder.as_mut(), &voice(10)));
            packets
        };
        let (simple, usual, thorough) = (packets_at(0), packets_at(5), packets_at(10));
        assert_eq!(simple[..4], usual[..4], "{codec:?}");
        assert_ne!(simple, usual, "{codec:?}");
        assert_ne!(usual, thorough, "{codec:?}");
    });
}

#[test]
fn a_lost_packet_is_nearer_to_the_truth_by_fec_than_by_concealment() {
    for_each_backend(|codec| {
        let pcm = voice(60);
        let mut encoder = codec.encoder(PACKET_TIME).unwrap();
        encoder.tune(lossy()).unwrap();
        let packets = encode_all(encoder.as_mut(), &pcm);
        let heard = |lost: &[usize], fec: bool| {
            let mut decoder = codec.decoder().unwrap();
            let mut heard = Vec::new();
            for (n, packet) in packets.iter().enumerate() {
                let mut out = [0; FRAME];
                let samples = if !lost.contains(&n) {
                    decoder.decode(packet, &mut out).unwrap()
                } else if fec && decoder.has_fec(&packets[n + 1]) {
                    decoder.decode_fec(&packets[n + 1], &mut out).unwrap()
                } else {
                    decoder.conceal(&mut out).unwrap()
                };
                assert_eq!(samples, FRAME);
                heard.extend(out);
            }
            heard
        };
        let lost: Vec<usize> = (5..55).step_by(5).collect();
        let whole = heard(&[], false);
        let error = |other: Vec<i16>| -> f64 {
            whole
                .iter()
                .zip(&other)
                .map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2))
                .sum()
        };
        let (by_fec, concealed) = (error(heard(&lost, true)), error(heard(&lost, false)));
        assert!(by_fec < concealed, "{codec:?}: {by_fec} {concealed}");
    });
}

#[test]
fn a_packet_without_redundancy_says_so() {
    for_each_backend(|codec| {
        let packet = encode_all(codec.encoder(PACKET_TIME).unwrap().as_mut(), &voice(1)).remove(0);
        let mut decoder = codec.decoder().unwrap();
        let refused = Err(CodecError::NoRedundancy(CodecKind::Opus));
        assert_eq!(decoder.decode_fec(&packet, &mut [0; FRAME]), refused);
        assert_eq!(decoder.decode_fec(&[], &mut [0; FRAME]), refused);
    });
}

#[test]
fn concealment_goes_on_with_the_voice_and_then_fades() {
    for_each_backend(|codec| {
        let mut decoder = codec.decoder().unwrap();
        let mut out = [0; FRAME];
        for packet in encode_all(codec.encoder(PACKET_TIME).unwrap().as_mut(), &voice(8)) {
            decoder.decode(&packet, &mut out).unwrap();
        }
        let before = energy(&out);
        assert_eq!(decoder.conceal(&mut out), Some(FRAME));
        assert!(energy(&out) > before / 10.0, "{codec:?}");
        for _ in 0..25 {
            decoder.conceal(&mut out).unwrap();
        }
        assert!(energy(&out) < before / 10.0, "{codec:?}");
    });
}

#[test]
fn gaps_are_multiples_of_two_and_a_half_milliseconds_up_to_sixty() {
    for_each_backend(|codec| {
        let mut decoder = codec.decoder().unwrap();
        for fine in [120, 480, 840, 2880] {
            assert_eq!(decoder.conceal(&mut vec![0; fine]), Some(fine), "{codec:?}");
        }
        for odd in [0, 100, 3000] {
            assert_eq!(decoder.conceal(&mut vec![0; odd]), None);
        }
    });
}

#[test]
fn silence_is_not_sent_with_dtx() {
    for_each_backend(|codec| {
        let mut encoder = codec.encoder(PACKET_TIME).unwrap();
        let dtx = EncoderTuning {
            dtx: true,
            ..EncoderTuning::default()
        };
        encoder.tune(dtx).unwrap();
        let packets = encode_all(encoder.as_mut(), &vec![0; 100 * FRAME]);
        let sent = packets.iter().filter(|packet| !packet.is_empty()).count();
        assert!(sent < 30, "{codec:?}: {sent} of 100");
        let packets = encode_all(encoder.as_mut(), &voice(20));
        assert!(packets.iter().all(|packet| !packet.is_empty()), "{codec:?}");
    });
}

#[test]
fn reset_makes_a_decoder_like_new() {
    for_each_backend(|codec| {
        let packets = encode_all(codec.encoder(PACKET_TIME).unwrap().as_mut(), &voice(6));
        let (mut used, mut fresh) = (codec.decoder().unwrap(), codec.decoder().unwrap());
        let (mut a, mut b) = ([0; FRAME], [0; FRAME]);
        for packet in &packets {
            used.decode(packet, &mut a).unwrap();
        }
        used.reset();
        used.decode(&packets[0], &mut a).unwrap();
        fresh.decode(&packets[0], &mut b).unwrap();
        assert_eq!(a, b, "{codec:?}");
    });
}

#[test]
fn a_decoder_takes_complexities_up_to_ten() {
    for_each_backend(|codec| {
        let mut decoder = codec.decoder().unwrap();
        assert_eq!(decoder.set_complexity(Complexity(10)), Ok(()));
        let refused = decoder.set_complexity(Complexity(11));
        assert_eq!(refused, Err(CodecError::Settings), "{codec:?}");
    });
}

/// The sound of ten packets and of a lost one.
#[cfg(feature = "neural")]
fn decoded_and_concealed(complexity: Option<u8>) -> (Vec<i16>, Vec<i16>) {
    let codec = OpusCodec::new(OpusBackend::LibOpus);
    let packets = encode_all(codec.encoder(PACKET_TIME).unwrap().as_mut(), &voice(10));
    let mut decoder = codec.decoder().unwrap();
    if let Some(complexity) = complexity {
        decoder.set_complexity(Complexity(complexity)).unwrap();
    }
    let mut decoded = vec![0; 10 * FRAME];
    for (packet, out) in packets.iter().zip(decoded.chunks_exact_mut(FRAME)) {
        decoder.decode(packet, out).unwrap();
    }
    let mut concealed = vec![0; FRAME];
    decoder.conceal(&mut concealed).unwrap();
    (decoded, concealed)
}

#[test]
#[cfg(feature = "neural")]
fn complexity_switches_on_concealment_and_then_enhancement() {
    let [plain, below, plc, lace, nolace] =
        [0, 4, 5, 6, 7].map(|complexity| decoded_and_concealed(Some(complexity)));
    assert_eq!(plain, below);
    assert_eq!(plain.0, plc.0, "concealment leaves decoding alone");
    assert_ne!(plain.1, plc.1);
    assert_ne!(plc.0, lace.0);
    assert_ne!(lace.0, nolace.0);
    assert_eq!(
        nolace,
        decoded_and_concealed(None),
        "on unless told otherwise"
    );
}

#[test]
fn wrong_buffers_are_named() {
    for_each_backend(|codec| {
        let mut encoder = codec.encoder(PACKET_TIME).unwrap();
        let mut decoder = codec.decoder().unwrap();
        let packet = encode_all(encoder.as_mut(), &voice(1)).remove(0);
        let buffer = |wanted, got| Err(CodecError::Buffer { wanted, got });
        assert_eq!(encoder.encode(&[0; 480], &mut [0; 1500]), buffer(960, 480));
        assert_eq!(encoder.encode(&[0; 960], &mut []), buffer(1275, 0));
        assert_eq!(decoder.decode(&packet, &mut [0; 480]), buffer(960, 480));
    });
}

#[test]
fn an_empty_packet_is_malformed_and_not_a_loss() {
    for_each_backend(|codec| {
        let mut decoder = codec.decoder().unwrap();
        assert_eq!(decoder.decode(&[], &mut [0; FRAME]), Err(MALFORMED));
        assert_eq!(decoder.packet_samples(&[]), None);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_bytes_make_a_decoder_panic(
        packets in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 1..6),
    ) {
        for_each_backend(|codec| {
            let mut decoder = codec.decoder().unwrap();
            let mut out = vec![0; 5760];
            for packet in &packets {
                let claimed = decoder.packet_samples(packet);
                match decoder.decode(packet, &mut out) {
                    Ok(samples) => assert_eq!(Some(samples), claimed),
                    Err(error) => assert_eq!(error, MALFORMED),
                }
                if let Err(error) = decoder.decode_fec(packet, &mut out[..FRAME]) {
                    let typed = [MALFORMED, CodecError::NoRedundancy(CodecKind::Opus)];
                    assert!(typed.contains(&error));
                }
                assert_eq!(decoder.conceal(&mut out[..FRAME]), Some(FRAME));
            }
        });
    }

    #[test]
    fn damaged_packets_never_make_a_decoder_panic(
        flips in proptest::collection::vec((0_usize..10, any::<u16>(), any::<u8>()), 1..30),
        complexity in 0_u8..=10,
    ) {
        for_each_backend(|codec| {
            let mut encoder = codec.encoder(PACKET_TIME).unwrap();
            encoder.tune(lossy()).unwrap();
            let mut packets = encode_all(encoder.as_mut(), &voice(10));
            for (packet, at, value) in &flips {
                let packet = &mut packets[*packet];
                let at = usize::from(*at) % packet.len();
                packet[at] = *value;
            }
            let mut decoder = codec.decoder().unwrap();
            decoder.set_complexity(Complexity(complexity)).unwrap();
            let mut out = vec![0; 5760];
            for packet in &packets {
                let _ = decoder.decode(packet, &mut out);
                let _ = decoder.conceal(&mut out[..480]);
                let _ = decoder.decode_fec(packet, &mut out[..FRAME]);
            }
        });
    }
}
