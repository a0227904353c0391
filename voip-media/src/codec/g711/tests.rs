use super::*;

/// G.711's positive decision values in 16 bits: the recommendation's tables give a start and a
/// step for each run of intervals.
fn decision_values(runs: &[(i32, i32, usize)]) -> Vec<i32> {
    runs.iter()
        .flat_map(|(start, step, count)| (0..*count as i32).map(move |n| start + n * step))
        .collect()
}

/// Table 2a of G.711, in 14 bits.
fn mulaw_decision_values() -> Vec<i32> {
    let mut runs = vec![(0, 1, 1), (1, 2, 15)];
    runs.extend(
        [31, 95, 223, 479, 991, 2015, 4063]
            .iter()
            .zip(2..)
            .map(|(start, bits)| (*start, 1 << bits, 16)),
    );
    decision_values(&runs)
        .iter()
        .map(|value| value << 2)
        .collect()
}

/// Table 1a of G.711, in 13 bits.
fn alaw_decision_values() -> Vec<i32> {
    let mut runs = vec![(0, 2, 32)];
    runs.extend(
        [64, 128, 256, 512, 1024, 2048]
            .iter()
            .zip(2..)
            .map(|(start, bits)| (*start, 1 << bits, 16)),
    );
    decision_values(&runs)
        .iter()
        .map(|value| value << 3)
        .collect()
}

fn interval(decisions: &[i32], magnitude: i32) -> u8 {
    (decisions.partition_point(|value| *value <= magnitude) - 1) as u8
}

#[test]
fn all_samples_get_the_mulaw_code_of_table_2() {
    let decisions = mulaw_decision_values();
    assert_eq!(decisions.len(), 128);
    for sample in i16::MIN..=i16::MAX {
        let sign = if sample < 0 { 0x00 } else { 0x80 };
        let code = 0x7f - interval(&decisions, i32::from(sample).abs());
        assert_eq!(mulaw_encode(sample), sign | code, "sample {sample}");
    }
}

#[test]
fn all_samples_get_the_alaw_code_of_table_1() {
    let decisions = alaw_decision_values();
    assert_eq!(decisions.len(), 128);
    for sample in i16::MIN..=i16::MAX {
        let (sign, magnitude) = if sample < 0 {
            (0, !sample)
        } else {
            (0x80, sample)
        };
        let code = interval(&decisions, i32::from(magnitude)) | sign;
        assert_eq!(alaw_encode(sample), code ^ 0x55, "sample {sample}");
    }
}

#[test]
fn every_code_is_heard_as_the_middle_of_its_interval() {
    let middle = |decisions: &[i32], n: usize, end| {
        (decisions[n] + decisions.get(n + 1).unwrap_or(&end)) / 2
    };
    let (mu, a) = (mulaw_decision_values(), alaw_decision_values());
    for n in 0..128 {
        let expected = if n == 0 { 0 } else { middle(&mu, n, 8159 << 2) };
        assert_eq!(i32::from(MULAW_DECODE[0xff - n]), expected);
        assert_eq!(i32::from(MULAW_DECODE[0x7f - n]), -expected);
        let expected = middle(&a, n, 4096 << 3);
        assert_eq!(i32::from(ALAW_DECODE[(n | 0x80) ^ 0x55]), expected);
        assert_eq!(i32::from(ALAW_DECODE[n ^ 0x55]), -expected);
    }
}

fn assert_codes_survive(law: fn(i16) -> u8, table: &[i16; 256]) {
    for code in 0..=255u8 {
        let value = table[usize::from(code)];
        assert_eq!(table[usize::from(law(value))], value, "code {code:#04x}");
    }
}

fn assert_monotonic(law: fn(i16) -> u8, table: &[i16; 256]) {
    let values: Vec<i16> = (i16::MIN..=i16::MAX)
        .map(|sample| table[usize::from(law(sample))])
        .collect();
    assert!(values.is_sorted());
}

#[test]
fn every_code_survives_a_round_trip() {
    assert_codes_survive(mulaw_encode, &MULAW_DECODE);
    assert_codes_survive(alaw_encode, &ALAW_DECODE);
}

#[test]
fn louder_samples_never_become_quieter() {
    assert_monotonic(mulaw_encode, &MULAW_DECODE);
    assert_monotonic(alaw_encode, &ALAW_DECODE);
}

#[test]
fn the_codes_are_those_of_the_recommendation() {
    // G.711 tables 1a to 2b: the largest values and those around zero, as sent on the line.
    assert_eq!(mulaw_encode(i16::MAX), 0x80);
    assert_eq!(mulaw_encode(i16::MIN), 0x00);
    assert_eq!(mulaw_encode(0), 0xff);
    assert_eq!(MULAW_DECODE[0x80], 8031 << 2);
    assert_eq!(MULAW_DECODE[0x00], -(8031 << 2));
    assert_eq!(alaw_encode(i16::MAX), 0xaa);
    assert_eq!(alaw_encode(i16::MIN), 0x2a);
    assert_eq!(alaw_encode(0), 0xd5);
    assert_eq!(alaw_encode(-1), 0x55);
    assert_eq!(ALAW_DECODE[0xaa], 4032 << 3);
    assert_eq!(ALAW_DECODE[0xd5], 1 << 3);
}

#[test]
fn a_packet_is_as_long_as_its_samples() {
    for codec in [&PcmuCodec as &dyn Codec, &PcmaCodec] {
        let mut encoder = codec.encoder(Duration::from_millis(20)).unwrap();
        let mut decoder = codec.decoder().unwrap();
        let (mut packet, mut pcm) = ([0; 160], [0; 160]);
        assert_eq!(encoder.frame_samples(), 160);
        assert_eq!(encoder.encode(&[100; 160], &mut packet), Ok(160));
        assert_eq!(decoder.packet_samples(&packet), Some(160));
        assert_eq!(decoder.decode(&packet, &mut pcm), Ok(160));
        assert!(pcm.iter().all(|sample| (96..=104).contains(sample)));
    }
}

#[test]
fn packets_that_are_empty_or_longer_than_200_ms_are_malformed() {
    let mut decoder = PcmaCodec.decoder().unwrap();
    let malformed = Err(CodecError::Malformed(CodecKind::Pcma));
    assert_eq!(decoder.decode(&[], &mut [0; 10]), malformed);
    assert_eq!(decoder.decode(&[0; 1601], &mut [0; 2000]), malformed);
    assert_eq!(decoder.decode(&[0; 1600], &mut [0; 2000]), Ok(1600));
}

#[test]
fn wrong_buffers_are_named() {
    let mut encoder = PcmuCodec.encoder(Duration::from_millis(20)).unwrap();
    let mut decoder = PcmuCodec.decoder().unwrap();
    let buffer = |wanted, got| Err(CodecError::Buffer { wanted, got });
    assert_eq!(encoder.encode(&[0; 80], &mut [0; 160]), buffer(160, 80));
    assert_eq!(encoder.encode(&[0; 160], &mut [0; 10]), buffer(160, 10));
    assert_eq!(decoder.decode(&[0; 160], &mut [0; 10]), buffer(160, 10));
}

#[test]
fn there_is_no_concealment_and_no_redundancy() {
    let mut decoder = PcmuCodec.decoder().unwrap();
    assert_eq!(decoder.conceal(&mut [0; 80]), None);
    assert!(!decoder.has_fec(&[0; 160]));
    let refused = Err(CodecError::NoRedundancy(CodecKind::Pcmu));
    assert_eq!(decoder.decode_fec(&[0; 160], &mut [0; 160]), refused);
}

#[test]
fn comfort_noise_is_made_as_its_packet_describes_it_until_the_next() {
    let mut decoder = PcmaCodec.decoder().unwrap();
    let mut out = [0; 160];
    assert_eq!(decoder.comfort_noise(Some(&[30]), &mut out), Some(160));
    assert_eq!(decoder.comfort_noise(None, &mut out), Some(160));
    assert!(out.iter().any(|sample| sample.abs() > 300));
    decoder.reset();
    assert_eq!(decoder.comfort_noise(None, &mut out), Some(160));
    assert_eq!(out, [0; 160]);
}

#[test]
fn packet_times_that_make_no_packet_are_refused() {
    for packet_time in [Duration::ZERO, Duration::from_millis(201)] {
        let refused = PcmuCodec.encoder(packet_time).err();
        assert_eq!(refused, Some(CodecError::Settings));
    }
}
