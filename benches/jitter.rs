//! What one packet and one frame cost the jitter buffer, without codec: 20 ms of L16 at 48 kHz.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use voip_media::{
    CodecKind, JitterBuffer, JitterConfig, MediaTime, RtpPacketRef, SampleRate, SeqNum, Ssrc, codec,
};

criterion_group!(jitter, steady, bunched, lossy);
criterion_main!(jitter);

/// Every packet on time.
fn steady(criterion: &mut Criterion) {
    bench(criterion, "jitter/steady", |_| Some(0));
}

/// Packets come in handfuls, up to five at once.
fn bunched(criterion: &mut Criterion) {
    bench(criterion, "jitter/bunched", |random| Some(random % 5));
}

/// One packet in twenty is missing.
fn lossy(criterion: &mut Criterion) {
    bench(criterion, "jitter/loss-5%", |random| {
        (random % 20 != 0).then_some(0)
    });
}

/// One iteration is 20 ms: an insertion on average (or a loss), and two frames. `hold` says for how
/// many packet times a packet is held back; `None` loses it.
fn bench(criterion: &mut Criterion, name: &str, hold: impl Fn(u64) -> Option<u64>) {
    let payload: Vec<u8> = (0..960u32)
        .flat_map(|index| (((index % 400) as i16 - 200) * 20).to_be_bytes())
        .collect();
    let config = JitterConfig {
        max_payload: payload.len(),
        ..JitterConfig::default()
    };
    let mut buffer = JitterBuffer::new(config);
    let l16 = CodecKind::L16(SampleRate::HZ_48000);
    let mut decoder = codec(l16).decoder().expect("decoders have no settings");
    let mut frame = [0i16; 480];
    let (mut random, mut number, mut held, mut until) = (1u64, 0u64, 0u64, 0u64);
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let now = number * 20_000;
            match hold(random >> 40) {
                Some(hold) => until = until.max(number + hold),
                None => held = number + 1,
            }
            while until <= number && held <= number {
                let packet = RtpPacketRef {
                    ssrc: Ssrc(1),
                    seq: SeqNum(held as u16),
                    timestamp: (held * 960) as u32,
                    marker: false,
                    payload: &payload,
                };
                let at = MediaTime::from_micros(now);
                let _counted = black_box(buffer.insert(packet, decoder.as_ref(), at));
                held += 1;
            }
            for half in 1..=2 {
                let at = MediaTime::from_micros(now + 10_000 * half);
                black_box(buffer.get(decoder.as_mut(), &mut frame, at));
            }
            number += 1;
        });
    });
}
