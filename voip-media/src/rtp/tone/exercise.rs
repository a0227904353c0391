use std::time::Duration;

use super::{KeyTone, TonePacket, ToneReceiver, ToneSender};
use crate::{DtmfDigit, MediaTime, SampleRate, Ssrc};

/// Body of a fuzz target: any packets are taken without harm, and whatever packets of keys are lost
/// or doubled, a key of which one packet arrives is heard once, in its place.
#[doc(hidden)]
pub fn exercise_tones(data: &[u8]) {
    take_anything(data);
    press_and_lose(data);
}

fn take_anything(data: &[u8]) {
    let mut receiver = ToneReceiver::default();
    let mut now = MediaTime::default();
    for packet in data.chunks(9) {
        let (timestamp, payload) = packet.split_at(packet.len().min(4));
        let timestamp = timestamp
            .iter()
            .fold(0, |sum, octet| sum << 8 | u32::from(*octet));
        now = now.after(Duration::from_millis(u64::from(packet[0])));
        receiver.handle(SOURCE, timestamp, payload, now);
    }
}

/// Each octet is a key and what happens to its packets.
fn press_and_lose(data: &[u8]) {
    let keys = &data[..data.len().min(KEYS)];
    let mut sender = ToneSender::new(SOURCE.1);
    let digits: Vec<_> = keys
        .iter()
        .filter_map(|octet| DtmfDigit::from_event(octet & 0x0f))
        .collect();
    for digit in &digits {
        let length = Duration::from_millis(100);
        sender.push(KeyTone {
            digit: *digit,
            length,
            pause: length,
        });
    }
    let mut packets: Vec<TonePacket> = Vec::new();
    for time in 0..keys.len() as u32 * 11 {
        let due = sender.poll(time.wrapping_mul(UNITS), UNITS);
        packets.extend([due.repeat, due.instead].into_iter().flatten());
    }
    let mut receiver = ToneReceiver::default();
    let mut heard = Vec::new();
    for (key, fate) in packets.chunks(PACKETS).zip(keys) {
        for (index, packet) in key.iter().enumerate() {
            // One always arrives; the last may come twice.
            let kept = index == usize::from(fate >> 4) % PACKETS || fate >> (index % 8) & 1 == 1;
            for _ in 0..usize::from(kept) + usize::from(kept && index + 1 == PACKETS) {
                let now = MediaTime::default();
                heard.extend(
                    receiver
                        .handle(SOURCE, packet.timestamp, &packet.payload, now)
                        .digit,
                );
            }
        }
    }
    assert_eq!(heard, digits);
}

const SOURCE: (Ssrc, SampleRate) = (Ssrc(1), SampleRate::HZ_8000);
/// 20 ms.
const UNITS: u32 = 160;
/// Of a key of 100 ms: five, and its end twice more.
const PACKETS: usize = 7;
const KEYS: usize = 32;
