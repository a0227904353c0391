//! `cargo xtask soak`: the same thing for a long time.

use std::time::Duration;

use crate::demo;
use crate::failure::{Failure, Outcome};
use crate::process::{cargo, run};
use crate::stopwatch::{Stopwatch, minutes};

const NAMES: [&str; 3] = ["call", "calls", "session"];

/// Per cent of loss and standard deviation of delay in milliseconds, taken in turn.
const IMPAIRMENTS: [(u32, u32); 3] = [(0, 0), (1, 5), (3, 10)];

/// Runs the named soak for so many minutes.
pub(crate) fn soak(name: &str, length: u64) -> Outcome {
    match name {
        "call" => call(Duration::from_secs(60 * length)),
        "calls" => program("calls-soak", length),
        "session" => program("session-soak", length),
        _ => Err(Failure::UnknownName {
            kind: "soak",
            name: name.to_owned(),
            known: NAMES.map(str::to_owned).to_vec(),
        }),
    }
}

/// The demonstration call, one after another, until the time is over or a step fails.
fn call(length: Duration) -> Outcome {
    let watch = Stopwatch::start();
    let mut calls: usize = 0;
    let mut worst = f64::INFINITY;
    while watch.elapsed() < length {
        let report = demo::report(&demo::arguments(IMPAIRMENTS[calls % IMPAIRMENTS.len()]))?;
        calls += 1;
        let failed = demo::failed_steps(&report);
        if !failed.is_empty() {
            return Err(Failure::check(format!(
                "call {calls}: {}",
                failed.join(", ")
            )));
        }
        worst = worst.min(demo::number(&report, "similarity").unwrap_or(0.0));
        let time = minutes(watch.elapsed());
        println!("{time}: {calls} calls, all steps ok, lowest similarity {worst:.3}");
    }
    Ok(())
}

/// A program of its own, which judges itself.
fn program(name: &str, minutes: u64) -> Outcome {
    let mut command = cargo();
    command.args([
        "run",
        "--profile",
        "ci",
        "--package",
        "benches",
        "--bin",
        name,
    ]);
    command.args(["--", "--minutes", &minutes.to_string()]);
    run(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_soak_names_those_that_exist() {
        let error = soak("everything", 1).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no soak is called \"everything\"; known: call, calls, session"
        );
    }
}
