use std::f64::consts::TAU;

use super::*;
use crate::sound::oscillator::amplitude;

const HZ_8000: SampleRate = SampleRate::HZ_8000;

/// Two tones and how they differ from the book.
#[derive(Clone, Copy)]
struct Signal {
    key: char,
    low_off: f64,
    high_off: f64,
    low_dbm0: f64,
    high_dbm0: f64,
    on_ms: f64,
}

const USUAL: Signal = Signal {
    key: '5',
    low_off: 0.0,
    high_off: 0.0,
    low_dbm0: -8.8,
    high_dbm0: -6.8,
    on_ms: 40.0,
};

fn digit(key: char) -> DtmfDigit {
    DtmfDigit::from_char(key).unwrap()
}

/// `signal` from sample `begin` on, added to what is there.
fn add(pcm: &mut [i16], rate: SampleRate, begin: usize, signal: Signal) {
    let (low, high) = digit(signal.key).hertz();
    let parts = [
        (
            f64::from(low) * (1.0 + signal.low_off),
            amplitude(signal.low_dbm0),
        ),
        (
            f64::from(high) * (1.0 + signal.high_off),
            amplitude(signal.high_dbm0),
        ),
    ];
    let rate = f64::from(rate.hz());
    let length = (signal.on_ms * rate / 1_000.0) as usize;
    for (n, sample) in pcm[begin..begin + length].iter_mut().enumerate() {
        let tones = parts.iter().enumerate().map(|(part, (hertz, amplitude))| {
            (TAU * hertz * n as f64 / rate + part as f64).sin() * amplitude
        });
        let value = f64::from(*sample) + tones.sum::<f64>();
        *sample = value.round() as i16;
    }
}

fn heard(pcm: &[i16], rate: SampleRate) -> Vec<DtmfEvent> {
    let mut detector = DtmfDetector::new(rate).unwrap();
    let mut events = Vec::new();
    for frame in pcm.chunks(rate.hz() as usize / 100) {
        detector.handle(frame);
        events.extend(std::iter::from_fn(|| detector.poll_event()));
    }
    events
}

fn pressed(pcm: &[i16], rate: SampleRate) -> String {
    let key = |event: &DtmfEvent| match event {
        DtmfEvent::Pressed(digit) => Some(digit.to_char()),
        DtmfEvent::Released { .. } => None,
    };
    heard(pcm, rate).iter().filter_map(key).collect()
}

/// How often, of all sixteen keys at ten beginnings each, exactly this key is heard.
fn successes(rate: SampleRate, change: impl Fn(&mut Signal)) -> usize {
    let mut count = 0;
    for key in "0123456789*#ABCD".chars() {
        for shift in 0..10 {
            let mut signal = Signal { key, ..USUAL };
            change(&mut signal);
            let millisecond = rate.hz() as usize / 1_000;
            let mut pcm = vec![0; 200 * millisecond];
            add(
                &mut pcm,
                rate,
                50 * millisecond + shift * millisecond / 2,
                signal,
            );
            count += usize::from(pressed(&pcm, rate) == key.to_string());
        }
    }
    count
}

const ALL: usize = 160;

#[test]
fn forty_milliseconds_suffice_for_every_key_at_every_rate() {
    for rate in [HZ_8000, SampleRate::HZ_16000, SampleRate::HZ_48000] {
        assert_eq!(successes(rate, |_| ()), ALL, "{rate:?}");
    }
}

#[test]
fn tones_off_by_one_and_a_half_percent_are_accepted() {
    for (low, high) in [
        (0.015, 0.015),
        (-0.015, -0.015),
        (0.015, -0.015),
        (-0.015, 0.015),
        (0.0, 0.015),
        (-0.015, 0.0),
    ] {
        let count = successes(HZ_8000, |signal| {
            (signal.low_off, signal.high_off) = (low, high)
        });
        assert_eq!(count, ALL, "{low} and {high}");
    }
}

#[test]
fn tones_off_by_three_and_a_half_percent_are_rejected() {
    for (low, high) in [
        (0.035, 0.0),
        (-0.035, 0.0),
        (0.0, 0.035),
        (0.0, -0.035),
        (0.035, -0.035),
    ] {
        for on_ms in [40.0, 100.0] {
            let count = successes(HZ_8000, |signal| {
                (signal.low_off, signal.high_off, signal.on_ms) = (low, high, on_ms);
            });
            assert_eq!(count, 0, "{low} and {high}");
        }
    }
}

#[test]
fn levels_from_zero_to_minus_thirty_are_accepted_and_whispers_are_not() {
    for (level, expected) in [
        (0.0, ALL),
        (-10.0, ALL),
        (-25.0, ALL),
        (-30.0, ALL),
        (-45.0, 0),
    ] {
        // Two tones of 0 dBm0 peak above full scale: the loudest that fits is −3.
        let level: f64 = level;
        let level = level.min(-3.0);
        let count = successes(HZ_8000, |signal| {
            (signal.low_dbm0, signal.high_dbm0) = (level, level);
        });
        assert_eq!(count, expected, "{level} dBm0");
    }
}

#[test]
fn twist_is_accepted_within_limits_only() {
    // The higher tone against the lower one.
    for (twist, expected) in [(4.0, ALL), (-8.0, ALL), (8.0, 0), (-12.0, 0)] {
        let count = successes(HZ_8000, |signal| {
            signal.low_dbm0 = -12.0;
            signal.high_dbm0 = -12.0 + twist;
        });
        assert_eq!(count, expected, "{twist} dB");
    }
}

#[test]
fn tones_of_twenty_three_milliseconds_are_no_keys() {
    for on_ms in [5.0, 10.0, 15.0, 20.0, 23.0] {
        assert_eq!(
            successes(HZ_8000, |signal| signal.on_ms = on_ms),
            0,
            "{on_ms} ms"
        );
    }
}

#[test]
fn one_tone_alone_is_no_key() {
    for silent in [true, false] {
        let count = successes(HZ_8000, |signal| {
            let quiet = if silent {
                &mut signal.low_dbm0
            } else {
                &mut signal.high_dbm0
            };
            *quiet = -90.0;
        });
        assert_eq!(count, 0);
    }
}

#[test]
fn keys_with_pauses_of_forty_milliseconds_stay_apart() {
    for shift in 0..40 {
        let mut pcm = vec![0; 8_000];
        for n in 0..8 {
            add(&mut pcm, HZ_8000, 400 + shift + n * 640, USUAL);
        }
        assert_eq!(pressed(&pcm, HZ_8000), "55555555", "shift {shift}");
    }
}

#[test]
fn a_gap_of_ten_milliseconds_does_not_part_a_key() {
    for shift in 0..40 {
        let mut pcm = vec![0; 4_000];
        add(
            &mut pcm,
            HZ_8000,
            400 + shift,
            Signal {
                on_ms: 200.0,
                ..USUAL
            },
        );
        pcm[1_000..1_080].fill(0);
        assert_eq!(pressed(&pcm, HZ_8000), "5", "shift {shift}");
    }
}

#[test]
fn the_duration_is_told_within_ten_milliseconds() {
    for on_ms in [40.0, 70.0, 100.0, 333.0, 1_000.0] {
        for shift in 0..10 {
            let mut pcm = vec![0; 12_000];
            add(
                &mut pcm,
                HZ_8000,
                300 + 4 * shift,
                Signal { on_ms, ..USUAL },
            );
            let events = heard(&pcm, HZ_8000);
            let [DtmfEvent::Pressed(_), DtmfEvent::Released { duration, .. }] = events[..] else {
                panic!("{} events", events.len());
            };
            let off = duration.as_secs_f64() * 1_000.0 - on_ms;
            assert!(off.abs() <= 10.0, "{on_ms} ms: off by {off}");
        }
    }
}

#[test]
fn a_key_right_behind_another_is_heard_too() {
    let mut pcm = vec![0; 4_000];
    add(
        &mut pcm,
        HZ_8000,
        400,
        Signal {
            on_ms: 100.0,
            ..USUAL
        },
    );
    add(
        &mut pcm,
        HZ_8000,
        1_200,
        Signal {
            key: '9',
            on_ms: 100.0,
            ..USUAL
        },
    );
    assert_eq!(pressed(&pcm, HZ_8000), "59");
}

/// Gaussian enough: twelve small numbers added up; mean square `power`.
fn noise(samples: usize, power: f64, seed: u64) -> Vec<i16> {
    let mut state = seed;
    let mut uniform = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5
    };
    (0..samples)
        .map(|_| ((0..12).map(|_| uniform()).sum::<f64>() * power.sqrt()) as i16)
        .collect()
}

#[test]
fn keys_are_heard_through_noise_of_fifteen_decibels() {
    // ITU-T Q.24 leaves this open; Bellcore's tape test uses −24 dBm0 of noise under keys.
    let power = amplitude(-8.8).powi(2) / 2.0 + amplitude(-6.8).powi(2) / 2.0;
    let mut right = 0;
    for trial in 0..200 {
        let mut pcm = noise(2_000, power / 10.0_f64.powf(1.5), trial + 1);
        add(
            &mut pcm,
            HZ_8000,
            600 + trial as usize % 40,
            Signal {
                on_ms: 50.0,
                ..USUAL
            },
        );
        right += usize::from(pressed(&pcm, HZ_8000) == "5");
    }
    assert!(right >= 199, "{right} of 200");
}

#[test]
fn noise_is_no_key() {
    for seed in 1..=5 {
        assert_eq!(pressed(&noise(8_000 * 60, 1e7, seed), HZ_8000), "");
    }
}

#[test]
fn a_minute_of_telephone_tones_and_silence_is_no_key() {
    use crate::{Tone, ToneGenerator, ToneKind, TonePlan};
    for plan in TonePlan::ALL {
        for kind in ToneKind::ALL {
            let mut pcm = vec![0; 8_000 * 5];
            ToneGenerator::new(Tone::new(plan, kind), HZ_8000).fill(&mut pcm);
            assert_eq!(pressed(&pcm, HZ_8000), "", "{plan:?} {kind:?}");
        }
    }
}

/// The demonstration's recordings: both readers, played at several speeds and levels, so that voices of
/// many pitches come by.
#[test]
fn speech_is_no_key() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/demo/speech/");
    for name in ["a.wav", "b.wav"] {
        let mut file = hound::WavReader::open(format!("{folder}{name}")).unwrap();
        let speech: Vec<i16> = file.samples::<i16>().map(Result::unwrap).collect();
        for step in 50..=150 {
            let played: Vec<i16> = (0..(speech.len() - 1) * 100 / step)
                .map(|n| {
                    let (whole, rest) = (n * step / 100, (n * step % 100) as i32);
                    let (a, b) = (i32::from(speech[whole]), i32::from(speech[whole + 1]));
                    (a + (b - a) * rest / 100) as i16
                })
                .collect();
            let keys = pressed(&played, SampleRate::HZ_16000);
            assert_eq!(keys, "", "{name} at {step} % of its speed");
        }
    }
}

#[test]
fn keys_are_heard_when_they_are_pressed_in_speech_pauses_and_not_confused_by_it() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/demo/speech/");
    let mut file = hound::WavReader::open(format!("{folder}a.wav")).unwrap();
    // Speech 20 dB down below the key, as an echo of the far side is.
    let mut pcm: Vec<i16> = file.samples::<i16>().map(|s| s.unwrap() / 10).collect();
    for n in 0..10 {
        let key = char::from(b'0' + n as u8);
        add(
            &mut pcm,
            SampleRate::HZ_16000,
            8_000 + n * 8_000,
            Signal {
                key,
                on_ms: 80.0,
                ..USUAL
            },
        );
    }
    assert_eq!(pressed(&pcm, SampleRate::HZ_16000), "0123456789");
}

#[test]
fn the_pieces_it_is_given_make_no_difference() {
    let mut pcm = vec![0; 8_000];
    for n in 0..8 {
        add(&mut pcm, HZ_8000, 400 + n * 800, USUAL);
    }
    let expected = heard(&pcm, HZ_8000);
    let mut detector = DtmfDetector::new(HZ_8000).unwrap();
    for piece in pcm.chunks(7) {
        detector.handle(piece);
    }
    let events: Vec<DtmfEvent> = std::iter::from_fn(|| detector.poll_event()).collect();
    assert_eq!(events, expected);
}

#[test]
fn events_that_nobody_takes_are_bounded() {
    let mut pcm = vec![0; 80_000];
    for n in 0..90 {
        add(&mut pcm, HZ_8000, 400 + n * 800, USUAL);
    }
    let mut detector = DtmfDetector::new(HZ_8000).unwrap();
    detector.handle(&pcm);
    assert_eq!(std::iter::from_fn(|| detector.poll_event()).count(), EVENTS);
}

#[test]
fn our_own_generator_is_understood_at_its_fastest() {
    use crate::{DtmfGenerator, DtmfTiming};
    let keys = "0123456789*#ABCD";
    let mut generator = DtmfGenerator::new(HZ_8000);
    let fastest = DtmfTiming::new(Duration::ZERO, Duration::ZERO);
    for key in keys.chars() {
        generator.press(digit(key), fastest).unwrap();
    }
    let mut pcm = vec![0; 16_000];
    generator.fill(&mut pcm);
    assert_eq!(pressed(&pcm, HZ_8000), keys);
}

#[test]
fn unsuitable_rates_have_no_detector() {
    assert!(DtmfDetector::new(SampleRate::HZ_44100).is_none());
    assert!(DtmfDetector::new(SampleRate::from_hz(4_000).unwrap()).is_none());
}
