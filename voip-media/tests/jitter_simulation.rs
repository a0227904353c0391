//! Seeded networks, virtual minutes: how long the jitter buffer waits and how much it conceals.

use std::fmt::Write;
use std::time::Duration;

use voip_media::{
    CodecError, Decoder, JitterBuffer, JitterConfig, JitterStats, MediaTime, PlayedKind,
    RtpPacketRef, SampleRate, SeqNum, Ssrc,
};

/// 16 kHz packets of 20 ms: a voice of 125 Hz that pauses for a fifth of the time. The payload is
/// the packet's number.
struct Voice;

impl Decoder for Voice {
    fn sample_rate(&self) -> SampleRate {
        SampleRate::HZ_16000
    }

    fn clock_rate(&self) -> SampleRate {
        SampleRate::HZ_16000
    }

    fn packet_samples(&self, payload: &[u8]) -> Option<usize> {
        (payload.len() == 4).then_some(PACKET as usize)
    }

    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        let number = u32::from_be_bytes([payload[0], payload[1], payload[2], payload[3]]);
        let loudness = if number % 100 < 80 { 6_000.0 } else { 8.0 };
        let first = number * PACKET;
        for (index, sample) in out[..PACKET as usize].iter_mut().enumerate() {
            let phase = ((first + index as u32) % 128) as f32 / 128.0 * std::f32::consts::TAU;
            *sample = ((phase.sin() + 0.4 * (2.0 * phase).sin()) * loudness) as i16;
        }
        Ok(PACKET as usize)
    }

    fn has_fec(&self, _payload: &[u8]) -> bool {
        false
    }

    fn decode_fec(&mut self, _payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        out.fill(0);
        Ok(out.len())
    }

    fn conceal(&mut self, _out: &mut [i16]) -> Option<usize> {
        None
    }

    fn reset(&mut self) {}
}

/// Uniform and normal numbers from a seed (splitmix64; sum of twelve).
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// Arrivals of a minute: (µs, packet number). 40 ms base, `loss` in per cent, `jitter` in ms.
fn network(seed: u64, loss: f64, jitter: f64, seconds: u32) -> Vec<(u64, u32)> {
    let mut random = Random(seed);
    let mut arrivals: Vec<(u64, u32)> = (0..seconds * 50)
        .filter_map(|number| {
            let lost = random.uniform() * 100.0 < loss;
            let late = (40.0 + jitter * random.normal()).max(5.0);
            let at = u64::from(number) * 20_000 + (late * 1_000.0) as u64;
            (!lost).then_some((at, number))
        })
        .collect();
    arrivals.sort_unstable();
    arrivals
}

struct Outcome {
    /// From sending to playing, after the first two seconds, in ms.
    mean_delay: f64,
    stats: JitterStats,
}

impl Outcome {
    fn concealed_per_cent(&self) -> f64 {
        self.stats.concealed_samples as f64 / self.stats.played_samples as f64 * 100.0
    }
}

fn play(arrivals: &[(u64, u32)], drift_ppm: f64) -> Outcome {
    let mut buffer = JitterBuffer::new(JitterConfig::default());
    let mut decoder = Voice;
    let mut arrivals = arrivals.iter().peekable();
    let (mut delay, mut frames, mut pull) = (0.0, 0u32, 0u32);
    while arrivals.peek().is_some() {
        let now = (f64::from(pull) * 10_000.0 * (1.0 + drift_ppm / 1e6)) as u64;
        pull += 1;
        while let Some(&(at, number)) = arrivals.next_if(|arrival| arrival.0 <= now) {
            let packet = RtpPacketRef {
                ssrc: Ssrc(7),
                seq: SeqNum(number as u16),
                timestamp: number * PACKET,
                marker: false,
                payload: &number.to_be_bytes(),
            };
            let _counted = buffer.insert(packet, &decoder, MediaTime::from_micros(at));
        }
        let mut frame = [0; 160];
        let played = buffer.get(&mut decoder, &mut frame, MediaTime::from_micros(now));
        if let (Some(timestamp), true) = (played.timestamp, now > 2_000_000)
            && played.kind != PlayedKind::Concealed
        {
            delay += now as f64 / 1_000.0 - f64::from(timestamp) / 16.0;
            frames += 1;
        }
    }
    Outcome {
        mean_delay: delay / f64::from(frames.max(1)),
        stats: buffer.stats(),
    }
}

/// Loss against jitter: mean delay and concealed share, five seeds each. A change of this table
/// must be justified where it is made.
#[test]
fn delay_and_concealment_over_loss_and_jitter() {
    let mut table = String::from("loss %  jitter ms  delay ms  concealed %\n");
    for loss in [0.0, 1.0, 3.0, 5.0, 10.0] {
        for jitter in [0.0, 5.0, 10.0, 20.0, 40.0] {
            let outcomes: Vec<Outcome> = (1..=5)
                .map(|seed| play(&network(seed, loss, jitter, 60), 0.0))
                .collect();
            let mean = |value: fn(&Outcome) -> f64| outcomes.iter().map(value).sum::<f64>() / 5.0;
            writeln!(
                table,
                "{loss:6} {jitter:10} {:9.0} {:12.1}",
                mean(|outcome| outcome.mean_delay),
                mean(Outcome::concealed_per_cent),
            )
            .unwrap();
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn without_loss_or_jitter_nothing_is_concealed_and_little_waits() {
    let outcome = play(&network(1, 0.0, 0.0, 60), 0.0);
    assert_eq!(outcome.stats.concealed_samples, 0);
    assert!(outcome.mean_delay <= 55.0, "{}", outcome.mean_delay);
}

#[test]
fn a_virtual_hour_with_drift_keeps_its_delay() {
    for drift in [-100.0, 100.0] {
        let outcome = play(&network(3, 0.5, 5.0, 3_600), drift);
        assert!(
            outcome.mean_delay <= 75.0,
            "{drift}: {}",
            outcome.mean_delay
        );
        assert!(
            outcome.concealed_per_cent() <= 1.0,
            "{drift}: {:?}",
            outcome.stats
        );
        assert!(outcome.stats.current_delay <= Duration::from_millis(60));
    }
}

#[test]
fn a_spike_is_followed_up_at_once_and_left_within_seconds() {
    let mut arrivals = network(5, 0.0, 1.0, 60);
    // At 20 s nothing comes for 300 ms, then all that was held back.
    for arrival in &mut arrivals {
        if (20_000_000..20_300_000).contains(&arrival.0) {
            arrival.0 = 20_300_000;
        }
    }
    let outcome = play(&arrivals, 0.0);
    let stats = &outcome.stats;
    assert_eq!((stats.late_packets, stats.lost_packets), (0, 0));
    assert!(stats.concealed_samples <= 16 * 300, "{stats:?}");
    assert!(
        stats.current_delay <= Duration::from_millis(30),
        "{stats:?}"
    );
    assert!(outcome.mean_delay <= 75.0, "{}", outcome.mean_delay);
}

#[test]
fn lost_speech_isnt_concealed_for_longer_than_it_lasted() {
    let outcome = play(&network(9, 5.0, 2.0, 120), 0.0);
    let stats = &outcome.stats;
    assert!(
        stats.concealed_samples <= stats.lost_packets * u64::from(PACKET),
        "{stats:?}"
    );
    assert_eq!(stats.late_packets, 0);
}

/// Samples of a packet.
const PACKET: u32 = 320;
