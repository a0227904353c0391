use proptest::prelude::*;

use super::*;

const CODECS: [CodecKind; 3] = [CodecKind::Opus, CodecKind::Pcmu, CodecKind::Pcma];

fn input(codec: CodecKind, delay_ms: u64, loss: f32) -> EmodelInput {
    EmodelInput {
        one_way_delay: Duration::from_millis(delay_ms),
        loss: LossRate(loss),
        ..EmodelInput::new(codec)
    }
}

fn opus(delay_ms: u64, loss: f32) -> f64 {
    mos(input(CodecKind::Opus, delay_ms, loss)).value()
}

#[test]
fn the_default_rating_is_that_of_the_recommendation() {
    // G.107 §7.7: "the calculation results in a very high quality with R = 93.2".
    let rating = narrowband_rating(&EmodelInput::new(CodecKind::Pcmu));
    assert!((rating - 93.2).abs() < 0.05, "{rating}");
    let mos = mos(EmodelInput::new(CodecKind::Pcma)).value();
    assert!((mos - 4.41).abs() < 0.005, "{mos}");
}

#[test]
fn ratings_become_the_scores_of_table_b1() {
    for (rating, expected) in [
        (90.0, 4.34),
        (80.0, 4.03),
        (70.0, 3.60),
        (60.0, 3.10),
        (50.0, 2.58),
    ] {
        let score = score(rating).value();
        assert!((score - expected).abs() < 0.01, "{rating}: {score}");
    }
    assert_eq!(score(100.0).value(), 4.5);
    assert_eq!(score(-20.0).value(), 1.0);
    assert_eq!(score(140.0).value(), 4.5);
}

#[test]
fn loss_costs_what_g113_lists_for_g729a() {
    // G.113 appendix I: Ie 11, Bpl 19, and the effective values for random loss.
    let g729a = Equipment {
        impairment: 11.0,
        robustness: 19.0,
        recovered_weight: 0.0,
    };
    for (per_cent, expected) in [
        (0.0, 11.0),
        (1.0, 15.0),
        (2.0, 19.0),
        (4.0, 26.0),
        (8.0, 36.0),
        (16.0, 49.0),
    ] {
        let effective = g729a.effective(&input(CodecKind::Pcmu, 0, per_cent / 100.0));
        assert!(
            (effective - expected).abs() < 0.5,
            "{per_cent} %: {effective}"
        );
    }
}

#[test]
fn delay_costs_nothing_up_to_100_ms_and_much_beyond() {
    assert_eq!(delay_impairment(100.0), 0.0);
    // The curve of G.107: about 4 at 200 ms, about 24 at 400 ms (without echo).
    assert!(
        (3.0..6.0).contains(&delay_impairment(200.0)),
        "{}",
        delay_impairment(200.0)
    );
    assert!(
        (20.0..27.0).contains(&delay_impairment(400.0)),
        "{}",
        delay_impairment(400.0)
    );
}

#[test]
fn an_unimpaired_opus_call_is_good_and_the_fit_is_met() {
    assert!(opus(70, 0.0) >= 4.3, "{}", opus(70, 0.0));
    assert!((opus(0, 0.0) - 4.33).abs() < 0.02, "{}", opus(0, 0.0));
    assert!((opus(0, 0.1) - 2.16).abs() < 0.03, "{}", opus(0, 0.1));
    // Of 10 % random loss, FEC with one packet of look-ahead recovers nine tenths.
    let with_fec = EmodelInput {
        recovered: LossRate(0.09),
        ..input(CodecKind::Opus, 0, 0.01)
    };
    assert!((mos(with_fec).value() - 3.41).abs() < 0.03);
}

#[test]
fn worse_networks_sound_worse_even_when_fec_repairs_most() {
    // Loss and standard deviation of the jitter as the demo impairs calls, the delay a jitter
    // buffer would need, and FEC that repairs what isn't lost twice in a row.
    let conditions = [(0.0, 0), (0.01, 5), (0.03, 10), (0.05, 20), (0.10, 40)];
    let scores: Vec<f64> = conditions
        .iter()
        .map(|(loss, jitter): &(f32, u64)| {
            let input = EmodelInput {
                one_way_delay: Duration::from_millis(60 + 3 * jitter),
                loss: LossRate(loss * loss),
                recovered: LossRate(loss - loss * loss),
                ..EmodelInput::new(CodecKind::Opus)
            };
            mos(input).value()
        })
        .collect();
    assert!(scores.is_sorted_by(|a, b| a > b), "{scores:?}");
}

#[test]
fn bursts_are_worse_than_random_loss_and_recovery_is_better_than_none() {
    let random = input(CodecKind::Opus, 0, 0.05);
    let bursty = EmodelInput {
        burst_ratio: 2.0,
        ..random
    };
    assert!(mos(bursty) < mos(random));
    let recovered = EmodelInput {
        loss: LossRate(0.0),
        recovered: LossRate(0.05),
        ..random
    };
    assert!(mos(recovered) > mos(random));
    assert!(mos(recovered) < mos(EmodelInput::new(CodecKind::Opus)));
}

proptest! {
    #[test]
    fn scores_stay_on_the_scale_whatever_is_measured(
        delay_ms in 0_u64..100_000, loss in any::<f32>(), recovered in any::<f32>(),
        burst_ratio in any::<f64>(),
    ) {
        for codec in CODECS {
            let input = EmodelInput {
                recovered: LossRate(recovered),
                burst_ratio,
                ..input(codec, delay_ms, loss)
            };
            prop_assert!((1.0..=4.5).contains(&mos(input).value()));
        }
    }

    #[test]
    fn more_delay_or_more_loss_never_sounds_better(
        delay_ms in 0_u64..2_000, more_delay in 0_u64..500,
        loss in 0.0_f32..1.0, more_loss in 0.0_f32..0.5, burst_ratio in 1.0..8.0,
    ) {
        for codec in CODECS {
            let at = |delay_ms, loss| mos(EmodelInput { burst_ratio, ..input(codec, delay_ms, loss) }).value();
            let here = at(delay_ms, loss);
            prop_assert!(at(delay_ms + more_delay, loss) <= here + 1e-9);
            prop_assert!(at(delay_ms, loss + more_loss) <= here + 1e-9);
        }
    }
}
