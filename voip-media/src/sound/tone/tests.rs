use super::*;
use crate::Level;

const RATE: SampleRate = SampleRate::HZ_8000;

fn generated(tone: Tone, seconds: f64) -> Vec<i16> {
    let mut generator = ToneGenerator::new(tone, RATE);
    let mut pcm = vec![0; (f64::from(RATE.hz()) * seconds) as usize];
    for frame in pcm.chunks_mut(80) {
        generator.fill(frame);
    }
    pcm
}

/// The amplitude of a frequency.
fn strength(pcm: &[i16], hertz: f64) -> f64 {
    let (mut sine, mut cosine) = (0.0, 0.0);
    for (n, sample) in pcm.iter().enumerate() {
        let (s, c) = (n as f64 * std::f64::consts::TAU * hertz / f64::from(RATE.hz())).sin_cos();
        (sine, cosine) = (
            sine + s * f64::from(*sample),
            cosine + c * f64::from(*sample),
        );
    }
    2.0 * sine.hypot(cosine) / pcm.len() as f64
}

/// Milliseconds of sound and silence in turn, of whole milliseconds.
fn cadence(pcm: &[i16]) -> Vec<(bool, usize)> {
    let mut runs: Vec<(bool, usize)> = Vec::new();
    for millisecond in pcm.chunks(8) {
        let sounds = millisecond.iter().any(|sample| *sample != 0);
        match runs.last_mut() {
            Some((same, length)) if *same == sounds => *length += 1,
            _ => runs.push((sounds, 1)),
        }
    }
    runs
}

#[test]
fn german_busy_tone_sounds_as_it_should() {
    let pcm = generated(Tone::new(TonePlan::Germany, ToneKind::Busy), 2.0);
    assert_eq!(
        cadence(&pcm)[..4],
        [(true, 480), (false, 480), (true, 480), (false, 480)]
    );
    let burst = &pcm[80..3_600];
    assert!((strength(burst, 425.0) / amplitude(-10.0) - 1.0).abs() < 0.01);
    assert!(strength(burst, 850.0) < 20.0);
}

#[test]
fn british_ringing_is_double_and_of_two_frequencies() {
    let pcm = generated(Tone::new(TonePlan::UnitedKingdom, ToneKind::Ringback), 3.2);
    let expected = [
        (true, 400),
        (false, 200),
        (true, 400),
        (false, 2_000),
        (true, 200),
    ];
    assert_eq!(cadence(&pcm), expected);
    let burst = &pcm[80..3_080];
    for hertz in [400.0, 450.0] {
        assert!((strength(burst, hertz) / amplitude(-13.01) - 1.0).abs() < 0.02);
    }
}

#[test]
fn special_information_goes_up_in_three_steps() {
    let pcm = generated(
        Tone::new(TonePlan::Switzerland, ToneKind::SpecialInformation),
        2.0,
    );
    for (step, hertz) in [950.0, 1_400.0, 1_800.0].into_iter().enumerate() {
        let middle = &pcm[step * 2_640 + 400..step * 2_640 + 2_000];
        assert!(
            strength(middle, hertz) > 0.99 * amplitude(-10.0),
            "step {step}"
        );
    }
    assert!(pcm[7_920..15_920].iter().all(|sample| *sample == 0));
}

#[test]
fn a_dial_tone_never_ends() {
    let pcm = generated(Tone::new(TonePlan::UnitedStates, ToneKind::Dial), 20.0);
    let runs = cadence(&pcm);
    assert_eq!(runs, [(true, 20_000)]);
}

#[test]
fn every_tone_of_every_country_is_within_e_180() {
    for plan in TonePlan::ALL {
        for kind in ToneKind::ALL {
            let tone = Tone::new(plan, kind);
            assert!(!tone.bursts().is_empty());
            for burst in tone.bursts() {
                // E.180 §3: 350 to 500 Hz, 400 to 450 recommended; the United States alone go to 620,
                // special information to 1,850.
                let highest = match kind {
                    ToneKind::SpecialInformation => 1_850,
                    _ => 620,
                };
                assert!(
                    (350..=highest).contains(&burst.hertz[0]),
                    "{plan:?} {kind:?}"
                );
                assert!(burst.hertz[1] <= 620);
                assert!(burst.on_ms > 0 || (kind == ToneKind::Dial && burst.off_ms == 0));
            }
            let pcm = generated(tone, 0.4);
            let level = Level::mean_of(&pcm[80..280]).db();
            // −10 dBm0 are −16.15 dBov.
            assert!((level + 16.15).abs() < 1.5, "{plan:?} {kind:?}: {level}");
        }
    }
}

#[test]
fn no_burst_begins_or_ends_with_a_click() {
    for plan in TonePlan::ALL {
        for kind in ToneKind::ALL {
            let pcm = generated(Tone::new(plan, kind), 3.0);
            let steps = pcm.windows(2).map(|pair| pair[0].abs_diff(pair[1]));
            // A sine of the highest frequency moves by this much a sample at most; two sound softer.
            let tone = Tone::new(plan, kind);
            let highest = tone.bursts().iter().flat_map(|burst| burst.hertz).max();
            let natural = amplitude(-10.0) * std::f64::consts::TAU / f64::from(RATE.hz())
                * f64::from(highest.unwrap())
                * std::f64::consts::SQRT_2;
            assert!(
                f64::from(steps.max().unwrap()) < natural,
                "{plan:?} {kind:?}"
            );
        }
    }
}

#[test]
fn stopping_fades_out_and_is_then_over() {
    let tone = Tone::new(TonePlan::France, ToneKind::Dial);
    let mut generator = ToneGenerator::new(tone, RATE);
    let mut pcm = [0; 320];
    generator.fill(&mut pcm[..160]);
    assert!(!generator.is_over());
    generator.stop();
    generator.fill(&mut pcm[160..]);
    assert!(generator.is_over());
    assert!(pcm[240..].iter().all(|sample| *sample == 0));
    let steps = pcm.windows(2).map(|pair| pair[0].abs_diff(pair[1]));
    assert!(steps.max().unwrap() < 2_700);
}

#[test]
fn countries_are_found_by_their_codes() {
    for plan in TonePlan::ALL {
        assert_eq!(TonePlan::of_country(plan.country()), Some(plan));
    }
    assert_eq!(TonePlan::of_country("de"), Some(TonePlan::Germany));
    assert_eq!(TonePlan::of_country("XX"), None);
    assert_eq!(TonePlan::of_country(""), None);
}

#[test]
fn a_tone_without_bursts_is_silence() {
    assert!(
        generated(Tone::of(&[]), 0.1)
            .iter()
            .all(|sample| *sample == 0)
    );
    const SHORT: &[Burst] = &[Burst {
        hertz: [400, 0],
        on_ms: 1,
        off_ms: 0,
    }];
    assert_eq!(generated(Tone::of(SHORT), 0.1).len(), 800);
}
