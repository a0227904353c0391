use std::f64::consts::TAU;

use super::*;

const HZ_8000: SampleRate = SampleRate::HZ_8000;
const HZ_16000: SampleRate = SampleRate::HZ_16000;
const HZ_44100: SampleRate = SampleRate::HZ_44100;
const HZ_48000: SampleRate = SampleRate::HZ_48000;

fn rate(hz: u32) -> SampleRate {
    SampleRate::from_hz(hz).unwrap()
}

fn tone(hertz: f64, rate: SampleRate, samples: usize) -> Vec<i16> {
    let step = hertz * TAU / f64::from(rate.hz());
    (0..samples)
        .map(|n| ((n as f64 * step).sin() * 10_000.0).round() as i16)
        .collect()
}

/// Level of the whole and of what isn't the tone, both in decibels over the 10,000 it was made with.
fn levels(samples: &[i16], hertz: f64, rate: SampleRate) -> (f64, f64) {
    let step = hertz * TAU / f64::from(rate.hz());
    // The best fit of both phases, which aren't quite at right angles over broken periods.
    let (mut ss, mut sc, mut cc, mut sx, mut cx) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let (s, c) = (n as f64 * step).sin_cos();
        let x = f64::from(*sample);
        (ss, sc, cc) = (ss + s * s, sc + s * c, cc + c * c);
        (sx, cx) = (sx + s * x, cx + c * x);
    }
    let divisor = ss * cc - sc * sc;
    let sine = (sx * cc - cx * sc) / divisor;
    let cosine = (cx * ss - sx * sc) / divisor;
    let rest = samples.iter().enumerate().map(|(n, sample)| {
        let tone = sine * (n as f64 * step).sin() + cosine * (n as f64 * step).cos();
        (f64::from(*sample) - tone).powi(2)
    });
    let rest = (2.0 * rest.sum::<f64>() / samples.len() as f64).sqrt();
    (decibels(sine.hypot(cosine)), decibels(rest))
}

fn decibels(amplitude: f64) -> f64 {
    20.0 * (amplitude.max(1e-9) / 10_000.0).log10()
}

/// Every 10 ms through a `FrameResampler`, without its start.
fn in_frames(input: &[i16], from: SampleRate, to: SampleRate) -> Vec<i16> {
    let mut resampler = FrameResampler::new(from, to).unwrap();
    let frame = |rate: SampleRate| rate.hz() as usize / 100;
    let mut out = Vec::new();
    for piece in input.chunks_exact(frame(from)) {
        let mut frame = vec![0; frame(to)];
        resampler.process(piece, &mut frame);
        out.extend(frame);
    }
    out.split_off(to.hz() as usize / 50)
}

fn streamed(input: &[i16], from: SampleRate, to: SampleRate) -> Vec<i16> {
    let mut source = input.iter().copied();
    let mut out = vec![0; input.len() * 7];
    let made = Resampler::new(from, to).process(|| source.next(), &mut out);
    out[to.hz() as usize / 50..made].to_vec()
}

const PAIRS: [(SampleRate, SampleRate); 12] = [
    (HZ_8000, HZ_16000),
    (HZ_8000, HZ_44100),
    (HZ_8000, HZ_48000),
    (HZ_16000, HZ_8000),
    (HZ_16000, HZ_44100),
    (HZ_16000, HZ_48000),
    (HZ_44100, HZ_8000),
    (HZ_44100, HZ_16000),
    (HZ_44100, HZ_48000),
    (HZ_48000, HZ_8000),
    (HZ_48000, HZ_16000),
    (HZ_48000, HZ_44100),
];

/// The sweep's tones: no multiple of each other, none at a rate's edge.
fn sweep(up_to: f64) -> impl Iterator<Item = f64> {
    (0..)
        .map(|n| 137.0 * 1.31_f64.powi(n))
        .take_while(move |hertz| *hertz < up_to)
}

#[test]
fn a_sweep_keeps_its_level_and_gains_no_noise() {
    for (from, to) in PAIRS {
        let lower = f64::from(from.min(to).hz());
        let share = if lower < 16_000.0 { 0.375 } else { 0.41 };
        for hertz in sweep(lower * share) {
            let input = tone(hertz, from, from.hz() as usize / 4);
            for out in [in_frames(&input, from, to), streamed(&input, from, to)] {
                let (level, noise) = levels(&out, hertz, to);
                assert!(
                    level.abs() < 0.5,
                    "{from:?} to {to:?}, {hertz:.0} Hz: {level:.2} dB"
                );
                assert!(
                    level - noise > 68.0,
                    "{from:?} to {to:?}, {hertz:.0} Hz: {noise:.1} dB"
                );
            }
        }
    }
}

#[test]
fn what_the_lower_rate_cannot_hold_is_rejected_by_68_decibels() {
    for (from, to) in PAIRS.into_iter().filter(|(from, to)| from > to) {
        let half = f64::from(to.hz()) / 2.0;
        let beyond = if half < 8_000.0 { 1.16 } else { 1.02 };
        let mut hertz = half * beyond;
        while hertz < f64::from(from.hz()) / 2.0 {
            let input = tone(hertz, from, from.hz() as usize / 4);
            for out in [in_frames(&input, from, to), streamed(&input, from, to)] {
                let power = out
                    .iter()
                    .map(|sample| f64::from(*sample).powi(2))
                    .sum::<f64>();
                let alias = decibels((2.0 * power / out.len() as f64).sqrt());
                assert!(
                    alias < -68.0,
                    "{from:?} to {to:?}, {hertz:.0} Hz: {alias:.1} dB"
                );
            }
            hertz *= 1.17;
        }
    }
}

#[test]
fn telephone_speech_ends_where_g712_lets_it() {
    // ITU-T G.712 §3.2.1 for digital filters: within 0.5 dB up to 3,000 Hz, at most 1.8 dB lost at
    // 3,400 Hz, at least 14 dB at 4,000 Hz, and nothing to be heard from 4,600 Hz on.
    let loss = |hertz: f64| {
        let out = in_frames(&tone(hertz, HZ_48000, 24_000), HZ_48000, HZ_8000);
        let power = out
            .iter()
            .map(|sample| f64::from(*sample).powi(2))
            .sum::<f64>();
        -decibels((2.0 * power / out.len() as f64).sqrt())
    };
    println!("{:?}", [3_000.0, 3_400.0, 3_999.0, 4_600.0].map(loss));
    assert!(loss(3_000.0).abs() < 0.5);
    assert!(loss(3_400.0) < 1.8);
    assert!(loss(3_999.0) > 14.0);
    assert!(loss(4_600.0) > 68.0);
}

/// The worst difference, away from the ends.
fn worst(a: &[i16], b: &[i16]) -> u16 {
    let middle = a.len() / 10..a.len() * 9 / 10;
    let pairs = a[middle.clone()].iter().zip(&b[middle]);
    pairs.map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

#[test]
fn a_whole_recording_keeps_pitch_loudness_and_place() {
    for hz in [
        8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 44_099, 96_000, 192_000,
    ] {
        let from = rate(hz);
        let converted = resample_all(&tone(1_000.0, from, hz as usize * 3 / 10), from, HZ_48000);
        let expected = tone(1_000.0, HZ_48000, converted.len());
        assert!(converted.len().abs_diff(14_400) <= 6, "{hz} Hz");
        let worst = worst(&converted, &expected);
        // A tabulated position, 1/256 of an input sample, is 31 at 8 kHz.
        assert!(worst <= 40, "{hz} Hz: off by {worst} of 10,000");
    }
}

/// Where a click comes out, in output samples.
fn place_of_click(from: SampleRate, to: SampleRate) -> f64 {
    let frame = from.hz() as usize / 100;
    let mut input = vec![0; 20 * frame];
    input[10 * frame] = 30_000;
    let out = {
        let mut resampler = FrameResampler::new(from, to).unwrap();
        let pieces = input.chunks_exact(frame).flat_map(|piece| {
            let mut out = vec![0; to.hz() as usize / 100];
            resampler.process(piece, &mut out);
            out
        });
        pieces.collect::<Vec<i16>>()
    };
    let weight: f64 = out.iter().map(|sample| f64::from(*sample)).sum();
    let moment = out
        .iter()
        .enumerate()
        .map(|(n, s)| n as f64 * f64::from(*s));
    moment.sum::<f64>() / weight - to.hz() as f64 / 10.0
}

#[test]
fn ten_milliseconds_come_out_of_every_ten_late_by_half_the_filter() {
    for (from, to, milliseconds) in [
        (HZ_8000, HZ_48000, 2.25),
        (HZ_48000, HZ_8000, 2.25),
        (HZ_16000, HZ_48000, 2.25),
        (HZ_48000, HZ_16000, 2.25),
        (HZ_44100, HZ_48000, 0.8),
    ] {
        let late = place_of_click(from, to) * 1_000.0 / f64::from(to.hz());
        println!("{from:?} to {to:?}: {late:.3} ms");
        assert!(late < milliseconds, "{from:?} to {to:?}: {late:.3} ms");
    }
}

#[test]
fn frames_never_run_short() {
    let mut resampler = FrameResampler::new(HZ_48000, HZ_44100).unwrap();
    let mut held = 0;
    for _ in 0..20_000 {
        resampler.process(&[1_000; 480], &mut [0; 441]);
        held = held.max(resampler.resampler.as_ref().unwrap().held);
    }
    assert!(held <= LOOK_AHEAD, "{held}");
}

#[test]
fn equal_rates_change_nothing() {
    let pcm = tone(440.0, HZ_48000, 960);
    let mut source = pcm.iter().copied();
    let mut out = vec![0; 960];
    let made = Resampler::new(HZ_48000, HZ_48000).process(|| source.next(), &mut out);
    let late = MOST_TAPS / 2 - 1;
    for (n, sample) in out[late..made].iter().enumerate().skip(1) {
        assert!(sample.abs_diff(pcm[n]) <= 3, "sample {n}");
    }
    let mut frame = [0; 480];
    let mut same = FrameResampler::new(HZ_48000, HZ_48000).unwrap();
    same.process(&pcm[..480], &mut frame);
    assert_eq!(frame[..], pcm[..480]);
}

#[test]
fn pieces_sound_like_the_whole() {
    let pcm = tone(700.0, HZ_16000, 3_200);
    let whole = {
        let mut source = pcm.iter().copied();
        let mut out = vec![0; 9_000];
        Resampler::new(HZ_16000, HZ_48000).process(|| source.next(), &mut out);
        out
    };
    let mut resampler = Resampler::new(HZ_16000, HZ_48000);
    let mut pieces = Vec::new();
    for few in pcm.chunks(7) {
        let mut few = few.iter().copied();
        let mut piece = [0; 77];
        let count = resampler.process(|| few.next(), &mut piece);
        pieces.extend_from_slice(&piece[..count]);
    }
    assert!(pieces.len() > 9_000);
    assert_eq!(pieces[..9_000], whole[..]);
}

#[test]
fn the_promised_output_is_there() {
    for (from, to) in PAIRS {
        let mut resampler = Resampler::new(from, to);
        for (input, speed) in [
            (0, 1.0),
            (1, 1.0),
            (7, 1.1),
            (441, 1.003),
            (480, 0.9),
            (999, 1.0),
        ] {
            let promised = resampler.output_of(input);
            let mut left = input;
            let source = || {
                left = left.checked_sub(1)?;
                Some(0)
            };
            let got = resampler.process(source, &mut vec![0; promised]);
            assert_eq!(got, promised, "{from:?} to {to:?}, {input} samples");
            resampler.set_speed(speed);
        }
    }
}

#[test]
fn speed_uses_up_input_faster() {
    let mut resampler = Resampler::new(HZ_48000, HZ_48000);
    resampler.set_speed(1.01);
    let mut used = 0;
    let source = || {
        used += 1;
        Some(0)
    };
    resampler.process(source, &mut [0; 4_800]);
    assert!((4_845..=4_850).contains(&used), "{used}");
}

#[test]
fn an_impossible_speed_is_limited_or_ignored() {
    let mut resampler = Resampler::new(HZ_48000, HZ_48000);
    for speed in [f64::NAN, f64::INFINITY, -1.0, 0.0, 100.0] {
        resampler.set_speed(speed);
        let made = resampler.process(|| Some(0), &mut [0; 480]);
        assert_eq!(made, 480, "{speed}");
        assert!((SLOWEST..=FASTEST).contains(&resampler.speed));
    }
}

#[test]
fn a_change_of_speed_makes_no_click() {
    // Clock drift is followed in steps of some hundred ppm; between two samples a tone of 1 kHz moves
    // by 1,309 of 10,000 at most.
    let mut resampler = Resampler::new(HZ_48000, HZ_48000);
    let pcm = tone(1_000.0, HZ_48000, 48_000);
    let mut source = pcm.iter().copied();
    let mut out = Vec::new();
    for n in 0..80 {
        resampler.set_speed(1.0 + f64::from(n % 5 - 2) * 0.002);
        let mut frame = [0; 480];
        resampler.process(|| source.next(), &mut frame);
        out.extend(frame);
    }
    let steps = out[200..].windows(2).map(|pair| pair[0].abs_diff(pair[1]));
    let largest = steps.max().unwrap();
    assert!(largest <= 1_325, "{largest}");
}

#[test]
fn rates_without_whole_frames_have_no_frame_resampler() {
    assert!(FrameResampler::new(rate(11_025), HZ_48000).is_none());
    assert!(FrameResampler::new(HZ_48000, rate(22_050)).is_none());
}

#[test]
fn frames_of_the_wrong_length_do_no_harm() {
    let mut resampler = FrameResampler::new(HZ_48000, HZ_8000).unwrap();
    let mut out = [7; 100];
    resampler.process(&[100; 1_000], &mut out);
    assert_eq!(out[80..], [7; 20]);
    resampler.process(&[], &mut out[..10]);
    resampler.process(&[100; 480], &mut []);
}

#[test]
fn full_scale_never_wraps() {
    let square: Vec<i16> = (0..4_000)
        .map(|n| if n / 40 % 2 == 0 { i16::MAX } else { i16::MIN })
        .collect();
    let converted = resample_all(&square, HZ_16000, HZ_48000);
    // A wrapped overshoot would show as the wrong sign amid a half-wave.
    for (n, sample) in converted.iter().enumerate().skip(240).take(11_000) {
        if (30..90).contains(&(n % 120)) {
            assert_eq!(n / 120 % 2 == 0, *sample > 0, "sample {n}");
        }
    }
}
