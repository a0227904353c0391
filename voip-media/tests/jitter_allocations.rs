//! The jitter buffer allocates nothing after construction: packets, losses, reordering, stretching
//! and concealment included.

mod counting;

use counting::allocations;
use voip_media::{
    CodecError, Decoder, JitterBuffer, JitterConfig, MediaTime, RtpPacketRef, SampleRate, SeqNum,
    Ssrc,
};

/// 48 kHz tone packets of 20 ms.
struct Tone {
    conceals: bool,
}

impl Decoder for Tone {
    fn sample_rate(&self) -> SampleRate {
        SampleRate::HZ_48000
    }

    fn clock_rate(&self) -> SampleRate {
        SampleRate::HZ_48000
    }

    fn packet_samples(&self, _payload: &[u8]) -> Option<usize> {
        Some(960)
    }

    fn decode(&mut self, _payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        for (index, sample) in out[..960].iter_mut().enumerate() {
            *sample = (index % 240) as i16 * 60;
        }
        Ok(960)
    }

    fn has_fec(&self, payload: &[u8]) -> bool {
        payload[0] == 1
    }

    fn decode_fec(&mut self, _payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        out.fill(100);
        Ok(out.len())
    }

    fn conceal(&mut self, out: &mut [i16]) -> Option<usize> {
        self.conceals.then(|| {
            out.fill(50);
            out.len()
        })
    }

    fn reset(&mut self) {}
}

#[test]
fn the_counter_counts() {
    let before = allocations();
    drop(vec![0u8; 100]);
    assert_eq!(allocations(), before + 1);
}

#[test]
fn a_rough_call_allocates_nothing() {
    for conceals in [true, false] {
        let mut decoder = Tone { conceals };
        let mut buffer = JitterBuffer::new(JitterConfig::default());
        let mut frame = [0i16; 480];
        let mut random = 12_345u32;
        let before = allocations();
        for index in 0..6_000u32 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let now = MediaTime::from_micros(u64::from(index) * 20_000);
            // Lost, in bursts of three in a hundred packets; every seventh twice; some in a rush.
            if index % 100 > 2 {
                let behind = random >> 29;
                let seq = index.saturating_sub(behind);
                for _ in 0..1 + u32::from(index % 7 == 0) {
                    let packet = RtpPacketRef {
                        ssrc: Ssrc(1 + index / 3_000),
                        seq: SeqNum(seq as u16),
                        timestamp: seq * 960,
                        marker: false,
                        payload: &[u8::from(index % 2 == 0), 0, 0, 0],
                    };
                    let _counted = buffer.insert(packet, &decoder, now);
                }
            }
            if index % 500 > 20 {
                buffer.get(&mut decoder, &mut frame, now);
                buffer.get(
                    &mut decoder,
                    &mut frame,
                    MediaTime::from_micros(now.as_micros() + 10_000),
                );
            }
        }
        assert_eq!(allocations(), before);
        let stats = buffer.stats();
        assert!(
            stats.concealed_samples > 0 && stats.accelerated_samples > 0,
            "{stats:?}"
        );
    }
}
