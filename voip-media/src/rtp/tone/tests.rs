use proptest::prelude::*;

use super::*;

const CLOCK: SampleRate = SampleRate::HZ_48000;
/// 20 ms.
const UNITS: u32 = 960;
const SOURCE: (Ssrc, SampleRate) = (Ssrc(1), CLOCK);

fn digit(key: char) -> DtmfDigit {
    DtmfDigit::from_char(key).expect("a key")
}

fn tone(key: char) -> KeyTone {
    KeyTone {
        digit: digit(key),
        length: Duration::from_millis(100),
        pause: Duration::from_millis(60),
    }
}

/// All that is due until nothing is: each packet time's number and what goes out in it.
fn sent(sender: &mut ToneSender, first: u32, times: u32) -> Vec<(u32, ToneDue)> {
    (0..times)
        .map(|n| (n, sender.poll(first.wrapping_add(n * UNITS), UNITS)))
        .filter(|(_, due)| *due != ToneDue::default())
        .collect()
}

/// Event packets in the order in which they go out.
fn packets(due: &[(u32, ToneDue)]) -> Vec<TonePacket> {
    due.iter()
        .flat_map(|(_, due)| [due.repeat, due.instead])
        .flatten()
        .collect()
}

fn heard(packets: &[TonePacket]) -> String {
    let mut receiver = ToneReceiver::default();
    packets
        .iter()
        .filter_map(|packet| {
            let now = MediaTime::default();
            let heard = receiver.handle(SOURCE, packet.timestamp, &packet.payload, now);
            heard.digit
        })
        .map(DtmfDigit::to_char)
        .collect()
}

#[test]
fn a_key_is_said_each_packet_time_with_one_timestamp_and_its_end_three_times() {
    let mut sender = ToneSender::new(CLOCK);
    assert!(sender.push(tone('5')));
    let due = sent(&mut sender, 7_000, 20);
    let packets = packets(&due);
    let payloads: Vec<_> = packets
        .iter()
        .map(|packet| TonePayload::parse(&packet.payload).expect("a payload"))
        .collect();
    assert!(packets.iter().all(|packet| packet.timestamp == 7_000));
    assert!(
        payloads
            .iter()
            .all(|tone| tone.event == 5 && tone.volume == 10)
    );
    let durations: Vec<_> = payloads.iter().map(|tone| tone.duration).collect();
    assert_eq!(durations, [960, 1_920, 2_880, 3_840, 4_800, 4_800, 4_800]);
    let ends: Vec<_> = payloads.iter().map(|tone| tone.end).collect();
    assert_eq!(ends, [false, false, false, false, true, true, true]);
    let marked: Vec<_> = packets.iter().map(|packet| packet.marker).collect();
    assert_eq!(marked, [true, false, false, false, false, false, false]);
}

#[test]
fn the_sound_is_replaced_while_a_key_is_down_and_goes_on_beside_the_repeated_end() {
    let mut sender = ToneSender::new(CLOCK);
    sender.push(tone('1'));
    let due = sent(&mut sender, 0, 20);
    let replaced: Vec<_> = due
        .iter()
        .filter(|(_, due)| due.instead.is_some())
        .map(|(n, _)| *n)
        .collect();
    let repeated: Vec<_> = due
        .iter()
        .filter(|(_, due)| due.repeat.is_some())
        .map(|(n, _)| *n)
        .collect();
    assert_eq!(replaced, [0, 1, 2, 3, 4]);
    assert_eq!(repeated, [5, 6]);
    assert!(due[4].1.done && !due[3].1.done);
}

#[test]
fn keys_follow_each_other_with_a_pause_of_sound_between_them() {
    let mut sender = ToneSender::new(CLOCK);
    sender.push(tone('1'));
    sender.push(tone('2'));
    let due = sent(&mut sender, 0, 40);
    let starts: Vec<_> = due
        .iter()
        .filter(|(_, due)| due.instead.is_some_and(|packet| packet.marker))
        .map(|(n, _)| *n)
        .collect();
    // 5 packet times down, 3 of pause.
    assert_eq!(starts, [0, 8]);
    assert_eq!(heard(&packets(&due)), "12");
}

#[test]
fn the_queue_is_bounded_and_clearing_counts_what_was_left() {
    let mut sender = ToneSender::new(CLOCK);
    for _ in 0..MAX_TONES {
        assert!(sender.push(tone('0')));
    }
    assert!(!sender.push(tone('0')));
    sender.poll(0, UNITS);
    assert_eq!(sender.clear(), MAX_TONES as u32);
    assert_eq!(sender.poll(0, UNITS), ToneDue::default());
}

#[test]
fn each_key_is_heard_once_whichever_of_its_packets_are_lost() {
    let mut sender = ToneSender::new(CLOCK);
    for key in "12##A".chars() {
        sender.push(tone(key));
    }
    let due = sent(&mut sender, u32::MAX - 5_000, 80);
    let all = packets(&due);
    assert_eq!(heard(&all), "12##A");
    // Only the n-th packet of each key arrives.
    for n in 0..7 {
        let kept: Vec<_> = all.chunks(7).map(|key| key[n]).collect();
        assert_eq!(heard(&kept), "12##A", "packet {n}");
    }
    let doubled: Vec<_> = all.iter().flat_map(|packet| [*packet, *packet]).collect();
    assert_eq!(heard(&doubled), "12##A");
}

#[test]
fn packets_of_a_key_that_overtake_each_other_are_one_key() {
    let mut sender = ToneSender::new(CLOCK);
    sender.push(tone('7'));
    sender.push(tone('8'));
    let mut packets = packets(&sent(&mut sender, 0, 40));
    packets.swap(0, 6);
    packets.swap(5, 8);
    assert_eq!(heard(&packets), "78");
}

#[test]
fn each_packet_stands_for_its_time_in_the_sound_and_a_repeated_end_for_none() {
    let mut sender = ToneSender::new(CLOCK);
    sender.push(tone('7'));
    let mut receiver = ToneReceiver::default();
    let times: Vec<_> = packets(&sent(&mut sender, 500, 20))
        .iter()
        .map(|packet| {
            let now = MediaTime::default();
            receiver
                .handle(SOURCE, packet.timestamp, &packet.payload, now)
                .instead_of
        })
        .collect();
    let expected = [500, 1_460, 2_420, 3_380, 4_340].map(Some);
    assert_eq!(times[..5], expected);
    assert_eq!(times[5..], [None, None]);
}

#[test]
fn a_key_held_down_for_seconds_is_one_key() {
    let mut receiver = ToneReceiver::default();
    let mut hear = |timestamp: u32| {
        let tone = TonePayload {
            event: 3,
            end: false,
            volume: 10,
            duration: 960,
        };
        let now = MediaTime::default();
        receiver
            .handle(SOURCE, timestamp, &tone.octets(), now)
            .digit
    };
    assert_eq!(hear(100), Some(digit('3')));
    assert_eq!(hear(100 + 65_535), None);
    assert_eq!(hear(100 + 2 * 65_535), None);
    assert_eq!(hear(100 + 200_000), Some(digit('3')));
}

#[test]
fn another_source_and_another_day_are_another_key() {
    let payload = TonePayload {
        event: 3,
        end: true,
        volume: 0,
        duration: 800,
    }
    .octets();
    let mut receiver = ToneReceiver::default();
    let start = MediaTime::default();
    let later = start.after(Duration::from_secs(60));
    let mut hear = |source, now| {
        let heard = receiver.handle((Ssrc(source), CLOCK), 5, &payload, now);
        heard.digit.is_some()
    };
    assert!(hear(1, start));
    assert!(!hear(1, start));
    assert!(hear(2, start));
    assert!(hear(2, later));
}

#[test]
fn events_that_are_no_keys_and_short_payloads_are_passed_over() {
    let mut receiver = ToneReceiver::default();
    for payload in [&[16, 0, 0, 0][..], &[255, 0, 0, 0], &[1, 0, 0], &[]] {
        let heard = receiver.handle(SOURCE, 0, payload, MediaTime::default());
        assert_eq!(heard.digit, None);
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read(event: u8, end: bool, volume in 0_u8..64, duration: u16) {
        let tone = TonePayload { event, end, volume, duration };
        prop_assert_eq!(TonePayload::parse(&tone.octets()), Some(tone));
    }

    #[test]
    fn no_loss_that_leaves_one_packet_of_each_key_loses_or_doubles_a_key(
        keys in "[0-9*#A-D]{1,12}",
        kept in proptest::collection::vec(1_u8..128, 12),
        milliseconds in 40_u64..400,
    ) {
        let mut sender = ToneSender::new(CLOCK);
        for key in keys.chars() {
            sender.push(KeyTone { length: Duration::from_millis(milliseconds), ..tone(key) });
        }
        let all = packets(&sent(&mut sender, 0, 600));
        let each = all.len() / keys.len();
        let left: Vec<_> = all
            .chunks(each)
            .zip(&kept)
            .flat_map(|(key, kept)| {
                let keep = move |n: &usize| kept >> (n % 7) & 1 == 1 || *n == usize::from(*kept) % each;
                (0..each).filter(keep).map(|n| key[n])
            })
            .collect();
        prop_assert_eq!(heard(&left), keys);
    }

    #[test]
    fn any_bytes_are_taken_and_keys_outlive_loss(data in proptest::collection::vec(any::<u8>(), 0..100)) {
        exercise_tones(&data);
    }
}
