use std::time::Duration;

use super::*;
use crate::{CodecError, SampleRate, SeqNum, Ssrc};

/// A codec whose packets are a length in ms, a level, the level of the packet before (0: no
/// redundancy), and padding.
struct Levels {
    rate: SampleRate,
    conceals: bool,
    /// The noise that it makes in pauses, if any.
    noise: Option<i16>,
    resets: u32,
}

impl Levels {
    fn at(rate: SampleRate) -> Self {
        Self {
            rate,
            conceals: true,
            noise: None,
            resets: 0,
        }
    }
}

impl Decoder for Levels {
    fn sample_rate(&self) -> SampleRate {
        self.rate
    }

    fn clock_rate(&self) -> SampleRate {
        self.rate
    }

    fn packet_samples(&self, payload: &[u8]) -> Option<usize> {
        let samples = usize::from(*payload.first()?) * self.rate.hz() as usize / 1_000;
        (samples > 0).then_some(samples)
    }

    fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        let samples = self.packet_samples(payload).unwrap_or(0);
        let level = payload.get(1).map_or(0, |&level| i16::from(level) * 100);
        out[..samples].fill(level);
        Ok(samples)
    }

    fn has_fec(&self, payload: &[u8]) -> bool {
        payload.get(2).is_some_and(|&level| level > 0)
    }

    fn decode_fec(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        out.fill(i16::from(payload[2]) * 100);
        Ok(out.len())
    }

    fn conceal(&mut self, out: &mut [i16]) -> Option<usize> {
        self.conceals.then(|| {
            out.fill(-1);
            out.len()
        })
    }

    fn comfort_noise(&mut self, _parameters: Option<&[u8]>, out: &mut [i16]) -> Option<usize> {
        out.fill(self.noise?);
        Some(out.len())
    }

    fn reset(&mut self) {
        self.resets += 1;
    }
}

/// A buffer, its decoder and a sender, in virtual time.
struct Rig {
    buffer: JitterBuffer,
    decoder: Levels,
    now_us: u64,
    packet_ms: u32,
    first_seq: u16,
    first_timestamp: u32,
    ssrc: u32,
}

impl Rig {
    fn new() -> Self {
        Self::with(Levels::at(SampleRate::HZ_8000), 20)
    }

    fn with(decoder: Levels, packet_ms: u32) -> Self {
        Self {
            buffer: JitterBuffer::new(JitterConfig::default()),
            decoder,
            now_us: 1_000_000,
            packet_ms,
            first_seq: 100,
            first_timestamp: 5_000,
            ssrc: 1,
        }
    }

    fn packet<'a>(&self, index: u32, payload: &'a [u8]) -> RtpPacketRef<'a> {
        let units = self.decoder.rate.hz() / 1_000 * self.packet_ms;
        RtpPacketRef {
            ssrc: Ssrc(self.ssrc),
            seq: SeqNum(self.first_seq.wrapping_add(index as u16)),
            timestamp: self.first_timestamp.wrapping_add(index * units),
            marker: false,
            payload,
        }
    }

    fn insert(&mut self, index: u32, payload: &[u8]) -> Result<Inserted, Dropped> {
        let now = MediaTime::from_micros(self.now_us);
        let packet = self.packet(index, payload);
        self.buffer.insert(packet, &self.decoder, now)
    }

    fn insert_noise(&mut self, index: u32, payload: &[u8]) -> Result<Inserted, Dropped> {
        let now = MediaTime::from_micros(self.now_us);
        let packet = self.packet(index, payload);
        self.buffer.insert_comfort_noise(packet, &self.decoder, now)
    }

    fn send(&mut self, index: u32) -> Result<Inserted, Dropped> {
        self.insert(index, &[self.packet_ms as u8, 50, 0, 0])
    }

    fn pull(&mut self) -> (Played, Vec<i16>) {
        let mut out = vec![0; self.decoder.rate.hz() as usize / 100];
        let now = MediaTime::from_micros(self.now_us);
        let played = self.buffer.get(&mut self.decoder, &mut out, now);
        self.now_us += 10_000;
        (played, out)
    }

    /// Sends packets `from..to` on time, but what `lost` names, and pulls in step.
    fn stream(&mut self, from: u32, to: u32, lost: &[u32]) -> Vec<(Played, Vec<i16>)> {
        let mut played = Vec::new();
        for index in from..to {
            if !lost.contains(&index) {
                self.send(index).unwrap();
            }
            for _ in 0..self.packet_ms / 10 {
                played.push(self.pull());
            }
        }
        played
    }

    fn stats(&self) -> JitterStats {
        self.buffer.stats()
    }
}

fn kinds(played: &[(Played, Vec<i16>)], kind: PlayedKind) -> usize {
    played
        .iter()
        .filter(|(played, _)| played.kind == kind)
        .count()
}

/// Frames of the far side's own speech, at any speed.
fn spoken(played: &[(Played, Vec<i16>)]) -> usize {
    kinds(played, PlayedKind::Speech)
        + kinds(played, PlayedKind::Accelerated)
        + kinds(played, PlayedKind::Decelerated)
}

#[test]
fn silence_is_played_before_anything_has_come() {
    let mut rig = Rig::new();
    let (played, out) = rig.pull();
    assert_eq!(
        played,
        Played {
            kind: PlayedKind::Silence,
            timestamp: None
        }
    );
    assert!(out.iter().all(|&sample| sample == 0));
    assert_eq!(rig.stats().concealed_samples, 0);
}

#[test]
fn a_steady_stream_is_played_whole_at_every_rate_and_packet_time() {
    for rate in [
        SampleRate::HZ_8000,
        SampleRate::HZ_16000,
        SampleRate::HZ_48000,
    ] {
        for packet_ms in [10, 20, 30, 40, 60] {
            let mut rig = Rig::with(Levels::at(rate), packet_ms);
            rig.stream(0, 200, &[]);
            let stats = rig.stats();
            assert_eq!(stats.concealed_samples, 0, "{rate:?} {packet_ms}");
            assert_eq!(stats.lost_packets, 0);
            assert!(stats.decoded_samples > u64::from(rate.hz() / 1_000 * packet_ms * 190));
        }
    }
}

#[test]
fn another_packet_time_in_the_middle_of_a_stream_goes_unheard() {
    let mut rig = Rig::new();
    let mut index = 0;
    for packet_ms in [20, 60, 10, 30, 20, 40] {
        // The timestamps go on where they were.
        let change = (packet_ms as i64 - i64::from(rig.packet_ms)) * 8 * i64::from(index);
        rig.first_timestamp = rig.first_timestamp.wrapping_sub(change as u32);
        rig.packet_ms = packet_ms;
        rig.stream(index, index + 100, &[]);
        index += 100;
    }
    let stats = rig.stats();
    assert_eq!(
        (stats.lost_packets, stats.late_packets, stats.restarts),
        (0, 0, 0)
    );
    // A longer packet comes later by as much as it is longer, which has to be waited for once.
    let longer = 8 * (40 + 20 + 20);
    let waited = stats.concealed_samples + stats.decelerated_samples;
    assert!(waited <= longer + 400, "{stats:?}");
}

#[test]
fn another_codec_at_another_rate_goes_on_with_the_same_source() {
    let mut rig = Rig::new();
    rig.stream(0, 100, &[]);
    for rate in [
        SampleRate::HZ_48000,
        SampleRate::HZ_16000,
        SampleRate::HZ_8000,
    ] {
        rig.decoder = Levels::at(rate);
        rig.buffer.restart();
        let concealed = rig.stats().concealed_samples;
        let played = rig.stream(100, 200, &[]);
        assert!(spoken(&played) > 190, "{rate:?}: {:?}", rig.stats());
        assert_eq!(rig.stats().concealed_samples, concealed, "{rate:?}");
        assert!(
            played
                .iter()
                .all(|(_, out)| out.len() == rate.hz() as usize / 100)
        );
    }
    assert_eq!(rig.stats().lost_packets, 0);
}

#[test]
fn a_decoder_that_changes_its_rate_without_a_word_does_no_harm() {
    let mut rig = Rig::new();
    rig.stream(0, 100, &[]);
    rig.decoder.rate = SampleRate::HZ_16000;
    // The clock rate changes with it: the stream begins anew.
    let played = rig.stream(100, 200, &[]);
    assert!(spoken(&played) > 190, "{:?}", rig.stats());
    assert_eq!(rig.stats().restarts, 1);
}

#[test]
fn a_steady_stream_comes_down_to_little_delay() {
    let mut rig = Rig::new();
    rig.stream(0, 500, &[]);
    assert!(
        rig.stats().current_delay <= Duration::from_millis(15),
        "{:?}",
        rig.stats()
    );
}

#[test]
fn the_timestamp_of_what_is_played_advances_with_it() {
    let mut rig = Rig::new();
    let played = rig.stream(0, 300, &[]);
    let stamps: Vec<u32> = played[500..]
        .iter()
        .filter_map(|(p, _)| p.timestamp)
        .collect();
    assert_eq!(stamps.len(), 100);
    assert!(
        stamps.windows(2).all(|pair| pair[1] - pair[0] == 80),
        "{stamps:?}"
    );
}

#[test]
fn packets_out_of_order_are_played_in_order() {
    let mut rig = Rig::new();
    for index in 0..400u32 {
        // Pairs are swapped: 1, 0, 3, 2, …
        let level = (index ^ 1) % 100 + 1;
        rig.insert(index ^ 1, &[20, level as u8, 0, 0]).unwrap();
        rig.pull();
        rig.pull();
    }
    let stats = rig.stats();
    assert!(stats.late_packets <= 2, "{stats:?}");
    assert!(
        stats.decoded_samples / 160 + stats.lost_packets >= 394,
        "{stats:?}"
    );
}

#[test]
fn a_duplicate_is_dropped_and_counted() {
    let mut rig = Rig::new();
    rig.send(0).unwrap();
    assert_eq!(rig.send(0), Err(Dropped::Duplicate));
    assert_eq!(rig.stats().duplicate_packets, 1);
}

#[test]
fn a_packet_whose_time_has_passed_is_dropped_as_late() {
    let mut rig = Rig::new();
    rig.stream(0, 100, &[50]);
    assert_eq!(rig.send(50), Err(Dropped::Late));
    assert_eq!(rig.stats().late_packets, 1);
    assert_eq!(rig.stats().late_samples, 160);
}

#[test]
fn what_is_no_packet_is_refused_and_counted() {
    let mut rig = Rig::new();
    assert_eq!(rig.insert(0, &[]), Err(Dropped::Empty));
    assert_eq!(rig.insert(0, &[0; 1_501]), Err(Dropped::TooLarge));
    assert_eq!(rig.insert(0, &[0, 1]), Err(Dropped::Malformed));
    assert_eq!(rig.insert(0, &[121, 1]), Err(Dropped::Malformed));
    assert_eq!(rig.stats().refused_packets, 4);
    rig.stream(0, 10, &[]);
}

#[test]
fn a_lost_packet_is_concealed_for_about_its_length() {
    let mut rig = Rig::new();
    let played = rig.stream(0, 200, &[100]);
    assert!(kinds(&played, PlayedKind::Concealed) >= 1);
    assert_eq!(rig.stats().lost_packets, 1);
    let concealed = rig.stats().concealed_samples;
    assert!((1..=320).contains(&concealed), "{concealed}");
}

#[test]
fn what_is_lost_is_made_up_or_counted_as_skipped() {
    let mut rig = Rig::new();
    // Every eighth packet comes 60 ms late, so that the delay is high; then one in eight is lost.
    for index in 0..400 {
        match index % 8 {
            0 => {}
            3 if index < 200 => {
                let _late_at_first = rig.send(index - 3);
                rig.send(index).unwrap();
            }
            _ => {
                rig.send(index).unwrap();
            }
        }
        rig.pull();
        rig.pull();
    }
    let stats = rig.stats();
    assert!(stats.lost_packets >= 25, "{stats:?}");
    assert!(stats.skipped_samples > 0, "{stats:?}");
    let missing = stats.concealed_samples + stats.skipped_samples;
    assert!(missing >= 25 * 160, "{stats:?}");
}

#[test]
fn redundancy_in_the_next_packet_replaces_concealment() {
    let mut rig = Rig::new();
    for index in 0..200 {
        if index % 20 != 10 {
            rig.insert(index, &[20, 50, 77, 0]).unwrap();
        }
        rig.pull();
        rig.pull();
    }
    let stats = rig.stats();
    assert!(stats.fec_samples >= 9 * 160, "{stats:?}");
    assert!(stats.concealed_samples <= 400, "{stats:?}");
}

#[test]
fn a_codec_without_concealment_gets_it_from_the_buffer() {
    let mut rig = Rig::new();
    rig.decoder.conceals = false;
    let played = rig.stream(0, 200, &[100, 101, 102]);
    assert!(kinds(&played, PlayedKind::Concealed) >= 3);
    let loudest = played[215..].iter().flat_map(|(_, out)| out).max();
    assert_eq!(loudest, Some(&5_000));
}

#[test]
fn sequence_and_timestamp_wrap_unheard() {
    let mut rig = Rig::new();
    rig.first_seq = u16::MAX - 50;
    rig.first_timestamp = u32::MAX - 100 * 160;
    rig.stream(0, 300, &[]);
    let stats = rig.stats();
    assert_eq!(
        (stats.concealed_samples, stats.restarts, stats.lost_packets),
        (0, 0, 0)
    );
}

#[test]
fn another_source_takes_over_at_once_and_resets_the_decoder() {
    let mut rig = Rig::new();
    rig.stream(0, 100, &[]);
    let resets = rig.decoder.resets;
    rig.ssrc = 2;
    rig.first_timestamp = 3_000_000_000;
    rig.first_seq = 9;
    assert_eq!(
        rig.send(0),
        Ok(Inserted {
            displaced: 0,
            restarted: true
        })
    );
    let played = rig.stream(1, 100, &[]);
    assert_eq!(rig.stats().restarts, 1);
    assert_eq!(rig.decoder.resets, resets + 1);
    assert!(spoken(&played) > 180);
}

#[test]
fn a_jump_of_the_timestamp_restarts_with_the_second_packet() {
    let mut rig = Rig::new();
    rig.stream(0, 100, &[]);
    rig.first_timestamp = rig.first_timestamp.wrapping_add(1_000_000_000);
    assert_eq!(rig.send(100), Err(Dropped::Jump));
    assert_eq!(
        rig.send(101),
        Ok(Inserted {
            displaced: 0,
            restarted: true
        })
    );
    let played = rig.stream(102, 150, &[]);
    assert!(spoken(&played) > 80);
}

#[test]
fn a_pause_in_sending_is_comfort_noise_not_concealment() {
    let mut rig = Rig::new();
    rig.stream(0, 100, &[]);
    // One short packet says that nothing follows; 400 ms later speech goes on.
    rig.insert(100, &[20, 0]).unwrap();
    let mut played: Vec<_> = (0..40).map(|_| rig.pull()).collect();
    rig.first_timestamp += 19 * 160;
    for index in 101..200 {
        rig.insert(index, &[20, 50, 0, 0]).unwrap();
        played.push(rig.pull());
        played.push(rig.pull());
    }
    assert!(kinds(&played, PlayedKind::ComfortNoise) >= 35);
    assert_eq!(
        kinds(&played, PlayedKind::Concealed),
        0,
        "{:?}",
        rig.stats()
    );
    assert!(rig.stats().comfort_noise_samples >= 35 * 80);
}

#[test]
fn comfort_noise_packets_fill_a_pause_of_any_length_with_noise_of_their_level() {
    let mut rig = Rig::new();
    rig.stream(0, 100, &[]);
    // -40 dBov, refreshed only once; speech goes on after five seconds.
    rig.insert_noise(100, &[40]).unwrap();
    let mut played: Vec<_> = (0..40).map(|_| rig.pull()).collect();
    rig.first_timestamp += 19 * 160;
    rig.insert_noise(101, &[40, 120, 7]).unwrap();
    played.extend((0..460).map(|_| rig.pull()));
    rig.first_timestamp += 229 * 160;
    let pause = played.split_off(20);
    assert_eq!(kinds(&pause, PlayedKind::ComfortNoise), pause.len());
    let loudest = pause.iter().flat_map(|frame| &frame.1).max().copied();
    assert!((500..600).contains(&loudest.unwrap()), "{loudest:?}");
    let after = rig.stream(102, 200, &[]);
    assert!(spoken(&after) > 180, "{:?}", rig.stats());
    assert_eq!(rig.stats().concealed_samples, 0, "{:?}", rig.stats());
    assert_eq!(rig.stats().restarts, 0);
}

#[test]
fn a_decoder_that_makes_comfort_noise_is_asked_for_it() {
    let mut rig = Rig::new();
    rig.decoder.noise = Some(11);
    rig.stream(0, 100, &[]);
    rig.insert_noise(100, &[70]).unwrap();
    let played: Vec<_> = (0..20).map(|_| rig.pull()).collect();
    let pause = &played[10..];
    assert!(
        pause
            .iter()
            .flat_map(|frame| &frame.1)
            .all(|&sample| sample == 11),
        "{pause:?}"
    );
}

#[test]
fn a_flood_without_playing_keeps_the_newest_and_stays_bounded() {
    let mut rig = Rig::new();
    let mut displaced = 0;
    for index in 0..1_000 {
        rig.now_us += 20_000;
        displaced += rig.send(index).unwrap().displaced;
    }
    assert_eq!(displaced, 1_000 - 256);
    assert_eq!(rig.stats().discarded_packets, 1_000 - 256);
}

#[test]
fn a_stopped_stream_becomes_silence_and_starts_again() {
    let mut rig = Rig::new();
    rig.stream(0, 100, &[]);
    let quiet: Vec<_> = (0..400).map(|_| rig.pull()).collect();
    assert_eq!(
        quiet.last().map(|(played, _)| played.kind),
        Some(PlayedKind::Silence)
    );
    let concealed = rig.stats().concealed_samples;
    assert!((15_000..=17_000).contains(&concealed), "{concealed}");
    let played = rig.stream(300, 400, &[]);
    assert!(spoken(&played) > 150);
    assert!(
        rig.stats().current_delay <= Duration::from_millis(80),
        "{:?}",
        rig.stats()
    );
}

#[test]
fn a_packet_late_by_less_than_stretching_can_make_up_is_played() {
    let mut rig = Rig::new();
    rig.stream(0, 200, &[]);
    // Everything is 30 ms late from now on; nothing is lost or dropped.
    for _ in 0..3 {
        rig.pull();
    }
    rig.stream(200, 300, &[]);
    let stats = rig.stats();
    assert_eq!((stats.lost_packets, stats.late_packets), (0, 0));
    assert!(
        stats.decelerated_samples + stats.concealed_samples >= 100,
        "{stats:?}"
    );
    assert!(stats.concealed_samples <= 320, "{stats:?}");
}

#[test]
fn clock_drift_either_way_is_absorbed_almost_without_concealment() {
    for drift in [-300.0f64, 300.0] {
        let mut rig = Rig::new();
        let mut sent = 0;
        for pull in 0..60_000u32 {
            let due = f64::from(pull) * 10_000.0 * (1.0 + drift / 1e6);
            rig.now_us = 1_000_000 + due as u64;
            while u64::from(sent) * 20_000 <= due as u64 {
                rig.send(sent).unwrap();
                sent += 1;
            }
            rig.pull();
        }
        let stats = rig.stats();
        // Ten minutes drift by 180 ms: 18 times, a pull comes to lie just before the arrivals.
        assert!(stats.concealed_samples <= 1_600, "{drift}: {stats:?}");
        assert!(
            stats.current_delay <= Duration::from_millis(50),
            "{drift}: {stats:?}"
        );
    }
}

#[test]
fn the_delay_is_bounded_after_a_long_stall() {
    let mut rig = Rig::new();
    rig.buffer = JitterBuffer::new(JitterConfig {
        max_delay: Duration::from_millis(300),
        ..JitterConfig::default()
    });
    rig.stream(0, 100, &[]);
    for _ in 0..100 {
        rig.pull();
    }
    // What was held back for a second comes at once.
    for index in 100..150 {
        rig.send(index).unwrap();
    }
    rig.stream(150, 160, &[]);
    let stats = rig.stats();
    assert!(
        stats.current_delay <= Duration::from_millis(310),
        "{stats:?}"
    );
    assert!(stats.discarded_packets >= 30, "{stats:?}");
}

#[test]
fn the_same_input_gives_the_same_output() {
    let run = || {
        let mut rig = Rig::new();
        let played = rig.stream(0, 300, &[20, 50, 51, 120, 200]);
        (played, rig.stats())
    };
    assert_eq!(run(), run());
}

#[test]
fn a_restart_forgets_what_waits_and_keeps_the_counters() {
    let mut rig = Rig::new();
    rig.stream(0, 50, &[]);
    rig.send(50).unwrap();
    rig.buffer.restart();
    rig.decoder = Levels::at(SampleRate::HZ_16000);
    let (played, out) = rig.pull();
    assert_eq!(played.kind, PlayedKind::Silence);
    assert_eq!(out, vec![0; 160]);
    assert_eq!(rig.stats().inserted_packets, 51);
    rig.stream(51, 100, &[]);
    assert!(rig.stats().decoded_samples > 50 * 160 + 40 * 320);
}

#[test]
fn a_change_of_rate_while_sound_is_made_up_is_survived() {
    let mut rig = Rig::new();
    rig.decoder = Levels::at(SampleRate::HZ_48000);
    rig.stream(0, 50, &[49]);
    let now = MediaTime::from_micros(rig.now_us);
    rig.buffer.get(&mut rig.decoder, &mut [0; 24], now);
    assert!(rig.buffer.provisional > 0, "something made up waits");
    rig.buffer.restart();
    rig.decoder = Levels::at(SampleRate::HZ_8000);
    let played = rig.stream(60, 160, &[]);
    let heard =
        played.len() - kinds(&played, PlayedKind::Silence) - kinds(&played, PlayedKind::Concealed);
    assert!(heard > 150, "{heard} of {} frames", played.len());
}

#[test]
fn frames_of_any_length_are_filled() {
    let mut rig = Rig::new();
    rig.stream(0, 20, &[]);
    let now = MediaTime::from_micros(rig.now_us);
    let mut out = vec![7; 333];
    rig.buffer.get(&mut rig.decoder, &mut out, now);
    assert!(out.iter().all(|&sample| sample != 7));
    rig.buffer.get(&mut rig.decoder, &mut [], now);
}
