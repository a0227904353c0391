//! `cargo xtask ci`: everything that must hold beside the tests, with the minutes of each step.

use std::time::Duration;

use crate::failure::{Failure, Outcome};
use crate::process::{cargo, run};
use crate::stopwatch::{Stopwatch, minutes};
use crate::workspace::{LIBRARIES, Workspace};
use crate::{
    budgets, demo, documents, features, headset_vm, interop, package, readme, schemathesis, systems,
};

/// What a check is called, and the check.
type Step = (&'static str, fn() -> Outcome);

const STEPS: [Step; 18] = [
    ("format", format),
    ("features", || features::features(false)),
    ("readme", || readme::readme(false)),
    ("links", documents::links),
    ("dependencies", documents::dependencies),
    ("backends", documents::backends),
    ("interop", interop::check),
    ("budgets", budgets::budgets),
    ("c-compilers", budgets::c_compilers),
    ("deny", deny),
    ("clippy", clippy),
    ("check", check),
    ("windows", systems::windows),
    ("rustdoc", rustdoc),
    ("schemathesis", schemathesis::check),
    (headset_vm::NAME, headset_vm::test),
    ("demo", demo::check),
    ("package", package::package),
];

/// Runs the named steps, or all; a failing one doesn't keep the others from running.
pub(crate) fn ci(names: &[String]) -> Outcome {
    let mut table = Vec::new();
    for (name, check) in chosen(names)? {
        println!("\n== {name}");
        let watch = Stopwatch::start();
        let outcome = check();
        if let Err(failure) = &outcome {
            println!("{failure}");
        }
        table.push(Line {
            name,
            time: watch.elapsed(),
            ok: outcome.is_ok(),
        });
    }
    print!("\n{}", for_reading(&table));
    let failed = table.iter().filter(|line| !line.ok);
    Failure::unless_empty(
        failed
            .map(|line| format!("step failed: {}", line.name))
            .collect(),
    )
}

fn chosen(names: &[String]) -> Outcome<Vec<Step>> {
    if names.is_empty() {
        return Ok(STEPS.to_vec());
    }
    let find = |name: &String| {
        STEPS
            .into_iter()
            .find(|(known, _)| known == name)
            .ok_or_else(|| Failure::UnknownName {
                kind: "step",
                name: name.clone(),
                known: STEPS.iter().map(|(known, _)| (*known).to_owned()).collect(),
            })
    };
    names.iter().map(find).collect()
}

/// What became of a step.
struct Line {
    name: &'static str,
    time: Duration,
    ok: bool,
}

fn for_reading(table: &[Line]) -> String {
    let row = |name: &str, time: Duration, ok: bool| {
        let mark = if ok { "ok" } else { "FAILED" };
        format!("{name:<12} {:>9}  {mark}\n", minutes(time))
    };
    let rows = table.iter().map(|line| row(line.name, line.time, line.ok));
    let total = table.iter().map(|line| line.time).sum();
    let all = row("all steps", total, table.iter().all(|line| line.ok));
    rows.chain([all]).collect()
}

fn format() -> Outcome {
    run(cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> Outcome {
    let everything = [
        "clippy",
        "--profile",
        "ci",
        "--workspace",
        "--all-targets",
        "--all-features",
    ];
    run(cargo().args(everything).args(["--", "-D", "warnings"]))?;
    // Not among all targets, since only the micro-VM can run them.
    let others = ["clippy", "--profile", "ci", "--package", "headset"];
    let tests = ["--features", "hidapi", "--test", "uhid"];
    run(cargo()
        .args(others)
        .args(tests)
        .args(["--", "-D", "warnings"]))
}

/// Each library alone, without features and with its default ones.
fn check() -> Outcome {
    for package in Workspace::read()?.packages {
        if !LIBRARIES.contains(&package.name.as_str()) {
            continue;
        }
        let one = ["check", "--profile", "ci", "--package", &package.name];
        run(cargo().args(one).arg("--no-default-features"))?;
        if package.has_default_features() {
            run(cargo().args(one))?;
        }
    }
    Ok(())
}

fn rustdoc() -> Outcome {
    let all = [
        "doc",
        "--profile",
        "ci",
        "--workspace",
        "--all-features",
        "--no-deps",
    ];
    run(cargo().args(all).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Advisories would need the network and change without us: they are no part of this.
fn deny() -> Outcome {
    let checks = [
        "deny",
        "--all-features",
        "check",
        "bans",
        "licenses",
        "sources",
    ];
    run(cargo().args(checks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_chosen_by_name() {
        let names: Vec<_> = chosen(&["deny".to_owned()])
            .unwrap()
            .iter()
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(names, ["deny"]);
        assert_eq!(chosen(&[]).unwrap().len(), STEPS.len());
    }

    #[test]
    fn an_unknown_step_names_those_that_exist() {
        let error = chosen(&["lint".to_owned()])
            .err()
            .map(|error| error.to_string());
        assert!(error.is_some_and(|text| text.contains("known: format, features")));
    }

    #[test]
    fn the_table_shows_minutes_and_what_failed() {
        let line = |name, seconds, ok| Line {
            name,
            time: Duration::from_secs(seconds),
            ok,
        };
        let table = for_reading(&[line("clippy", 90, true), line("demo", 30, false)]);
        assert_eq!(
            table,
            "clippy         1.5 min  ok\n\
             demo           0.5 min  FAILED\n\
             all steps      2.0 min  FAILED\n"
        );
    }
}
