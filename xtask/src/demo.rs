//! `cargo xtask demo`, and what continuous integration demands of it.

use std::process::Command;

use serde_json::Value;

use crate::failure::{Failure, Outcome};
use crate::process::{cargo, output, run};

/// The demonstration call and all its steps must at least reach these values.
const SIMILARITY: f64 = 0.95;
const MOS: f64 = 4.2;

/// Upper limits of an unimpaired call in milliseconds.
const RING_MS: f64 = 20.0;
const AUDIO_MS: f64 = 300.0;

/// Per cent of loss and standard deviation of delay in milliseconds, from good to bad.
const IMPAIRMENTS: [(u32, u32); 5] = [(0, 0), (1, 5), (3, 10), (5, 20), (10, 40)];

/// Runs the demonstration with the user's own arguments.
pub(crate) fn demo(arguments: &[String]) -> Outcome {
    eprintln!("Building the demonstration; the first time this takes some minutes.");
    run(&mut command(arguments))
}

/// So much loss that the speech must not pass for unimpaired any more.
const RUINED: (u32, u32) = (30, 0);

/// Runs it over all impairments and compares the figures with what they must be; then the
/// negative controls, which show that the measure can tell good from bad.
pub(crate) fn check() -> Outcome {
    let mut findings = Vec::new();
    let mut scores = Vec::new();
    for impairment in IMPAIRMENTS {
        let report = report(&arguments(impairment))?;
        println!(
            "loss {} %, jitter {} ms: {report}",
            impairment.0, impairment.1
        );
        findings.extend(failed_steps(&report));
        if impairment == (0, 0) {
            findings.extend(below_par(&report));
            run(&mut command(&["--controls".to_owned()]))?;
        }
        scores.push(number(&report, "mos").unwrap_or_default());
    }
    findings.extend(not_falling(&scores));
    findings.extend(not_ruined(&report(&arguments(RUINED))?));
    Failure::unless_empty(findings)
}

/// Each impairment must lower the score below the one before.
fn not_falling(scores: &[f64]) -> Option<String> {
    let falls = !scores.is_empty() && scores.is_sorted_by(|milder, worse| milder > worse);
    (!falls).then(|| format!("mos does not fall with the impairments: {scores:?}"))
}

fn not_ruined(report: &Value) -> Option<String> {
    let similarity = number(report, "similarity");
    println!("loss {} %: similarity {similarity:?}", RUINED.0);
    (similarity.is_none_or(|value| value >= SIMILARITY)).then(|| {
        format!(
            "at {} % loss similarity is {similarity:?}, below {SIMILARITY} is wanted",
            RUINED.0
        )
    })
}

/// One run's JSON object; a run that failed after printing it is judged by what it printed.
pub(crate) fn report(arguments: &[String]) -> Outcome<Value> {
    let done = output(&mut command(arguments))?;
    serde_json::from_slice(&done.stdout).map_err(|error| Failure::Output {
        program: "demo --json",
        reason: error.to_string(),
    })
}

/// Arguments of one run for reading by a program.
pub(crate) fn arguments((loss, jitter): (u32, u32)) -> Vec<String> {
    let mut arguments = vec!["--json".to_owned()];
    if (loss, jitter) != (0, 0) {
        arguments.extend([
            "--impair".to_owned(),
            format!("loss={loss},jitter={jitter}"),
        ]);
    }
    arguments
}

/// A finding for each step of the report that is not ok, or for having no steps.
pub(crate) fn failed_steps(report: &Value) -> Vec<String> {
    let steps = report["steps"].as_array().map_or(&[][..], Vec::as_slice);
    if steps.is_empty() {
        return vec!["the demonstration reports no steps".to_owned()];
    }
    let failed = steps.iter().filter(|step| step["ok"] != Value::Bool(true));
    failed
        .map(|step| format!("step failed: {}", step["name"]))
        .collect()
}

fn below_par(report: &Value) -> Vec<String> {
    let mut findings = Vec::new();
    for (key, limit) in [("similarity", SIMILARITY), ("mos", MOS)] {
        let value = number(report, key);
        if value.is_none_or(|value| value < limit) {
            findings.push(format!("{key} is {value:?}, at least {limit} is wanted"));
        }
    }
    for (key, limit) in [("ring_ms", RING_MS), ("audio_ms", AUDIO_MS)] {
        let value = number(report, key);
        if value.is_none_or(|value| value > limit) {
            findings.push(format!("{key} is {value:?}, at most {limit} is wanted"));
        }
    }
    findings
}

/// A number of the report.
pub(crate) fn number(report: &Value, key: &str) -> Option<f64> {
    report[key].as_f64()
}

fn command(arguments: &[String]) -> Command {
    let mut command = cargo();
    command.args([
        "run",
        "--quiet",
        "--profile",
        "ci",
        "--package",
        "examples",
        "--bin",
        "demo",
    ]);
    command.arg("--").args(arguments);
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn good() -> Value {
        json!({"similarity": 0.97, "mos": 4.3, "ring_ms": 3.0, "audio_ms": 80.0,
               "steps": [{"name": "sign in", "ok": true}]})
    }

    #[test]
    fn scores_must_fall_at_every_step() {
        assert_eq!(not_falling(&[4.3, 3.7, 3.3, 3.1, 2.9]), None);
        assert!(not_falling(&[4.3, 3.7, 3.1, 3.3, 2.9]).is_some());
        assert!(not_falling(&[4.3, 4.3]).is_some());
        assert!(not_falling(&[]).is_some());
    }

    #[test]
    fn a_good_report_has_no_findings() {
        assert_eq!(below_par(&good()), Vec::<String>::new());
        assert_eq!(failed_steps(&good()), Vec::<String>::new());
    }

    #[test]
    fn each_figure_out_of_bounds_is_named() {
        let mut report = good();
        report["similarity"] = json!(0.5);
        report["audio_ms"] = json!(900.0);
        report["mos"] = Value::Null;
        let findings = below_par(&report);
        assert_eq!(findings.len(), 3);
        assert!(findings[0].starts_with("similarity"), "{findings:?}");
    }

    #[test]
    fn a_failed_step_is_named_and_no_steps_are_a_failure() {
        let mut report = good();
        report["steps"][0]["ok"] = json!(false);
        assert_eq!(failed_steps(&report), ["step failed: \"sign in\""]);
        assert_eq!(failed_steps(&json!({})).len(), 1);
    }

    #[test]
    fn speech_that_survives_ruin_shows_that_the_measure_is_blind() {
        assert!(not_ruined(&json!({"similarity": 0.96})).is_some());
        assert!(not_ruined(&json!({})).is_some());
        assert!(not_ruined(&json!({"similarity": 0.7})).is_none());
    }

    #[test]
    fn an_impairment_becomes_arguments() {
        assert_eq!(arguments((0, 0)), ["--json"]);
        assert_eq!(
            arguments((5, 20)),
            ["--json", "--impair", "loss=5,jitter=20"]
        );
    }
}
