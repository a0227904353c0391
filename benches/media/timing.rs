//! Medians of short stretches of work.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Nanoseconds that each call of each piece of work takes: the median over rounds in which all of
/// them take turns, so that a slow moment of the machine meets them alike.
pub(crate) fn medians<const N: usize>(calls: u32, mut work: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut times = vec![[0.0; N]; ROUNDS];
    for round in &mut times {
        for (time, work) in round.iter_mut().zip(&mut work) {
            let begin = Instant::now();
            for _ in 0..calls {
                work();
            }
            *time = nanoseconds(begin.elapsed()) / f64::from(calls);
        }
    }
    std::array::from_fn(|index| {
        let mut column: Vec<f64> = times.iter().map(|round| round[index]).collect();
        median(&mut column)
    })
}

pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

pub(crate) fn nanoseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e9
}

/// Mean and 99th percentile.
pub(crate) fn spread(mut nanoseconds: Vec<f64>) -> Value {
    nanoseconds.sort_by(f64::total_cmp);
    let mean = nanoseconds.iter().sum::<f64>() / nanoseconds.len().max(1) as f64;
    let index = nanoseconds.len() * 99 / 100;
    let p99 = nanoseconds.get(index).copied().unwrap_or(0.0);
    json!({"mean": mean.round(), "p99": p99.round()})
}

const ROUNDS: usize = 31;
