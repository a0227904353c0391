//! `cargo xtask bench`: measurements, for reading or as one JSON object a line.

mod media;

use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::failure::{Failure, Outcome};
use crate::headset_vm;
use crate::process::{cargo, run, text};
use crate::workspace::Workspace;

/// What can be measured, and how.
const BENCHES: [(&str, Kind); 10] = [
    ("call-setup", Kind::Program),
    ("calls", Kind::Program),
    ("codec", Kind::Criterion),
    ("headset", Kind::Program),
    (headset_vm::NAME, Kind::MicroVm),
    ("jitter", Kind::Criterion),
    ("media", Kind::Table),
    ("mixer", Kind::Criterion),
    ("model", Kind::Program),
    ("sip", Kind::CriterionAnd("sip-load")),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A program of the package `benches` that knows `--json`.
    Program,
    /// A criterion bench of the package `benches`.
    Criterion,
    /// A criterion bench and a program, which are reported as one.
    CriterionAnd(&'static str),
    /// The tests of headsets under a real kernel, which measure on the way.
    MicroVm,
    /// Several programs whose figures become `benches/README.md`.
    Table,
}

/// Runs the named benches, or all.
pub(crate) fn bench(names: &[String], json: bool) -> Outcome {
    let chosen = chosen(names)?;
    let Workspace { root, target, .. } = Workspace::read()?;
    for (name, kind) in chosen {
        match (kind, json) {
            (Kind::Table, true) => println!("{}", media::measure(&root, &target)?),
            (Kind::Table, false) => {
                media::measure(&root, &target)?;
                println!("benches/README.md is written");
            }
            (Kind::MicroVm, true) => println!("{}", named(name, headset_vm::figures()?)),
            (Kind::MicroVm, false) => headset_vm::test()?,
            (Kind::CriterionAnd(program), true) => {
                let mut report = criterion_report(name, &target)?;
                let load = program_report(program)?;
                report["load"] = load;
                println!("{report}");
            }
            (Kind::CriterionAnd(program), false) => {
                run(&mut command(name, Kind::Criterion, &[]))?;
                run(&mut command(program, Kind::Program, &[]))?;
            }
            (_, false) => run(&mut command(name, kind, &[]))?,
            (Kind::Program, true) => println!("{}", program_report(name)?),
            (Kind::Criterion, true) => println!("{}", criterion_report(name, &target)?),
        }
    }
    Ok(())
}

/// Prints the names.
pub(crate) fn list() {
    for (name, _) in BENCHES {
        println!("{name}");
    }
}

fn chosen(names: &[String]) -> Outcome<Vec<(&'static str, Kind)>> {
    if names.is_empty() {
        return Ok(BENCHES.to_vec());
    }
    let find = |name: &String| {
        BENCHES
            .into_iter()
            .find(|(known, _)| known == name)
            .ok_or_else(|| Failure::UnknownName {
                kind: "bench",
                name: name.clone(),
                known: BENCHES
                    .iter()
                    .map(|(known, _)| (*known).to_owned())
                    .collect(),
            })
    };
    names.iter().map(find).collect()
}

fn command(name: &str, kind: Kind, arguments: &[&str]) -> Command {
    let mut command = cargo();
    match kind {
        Kind::Program | Kind::Table | Kind::MicroVm => {
            command.args(["run", "--release", "--package", "benches", "--bin", name])
        }
        Kind::Criterion | Kind::CriterionAnd(_) => {
            command.args(["bench", "--package", "benches", "--bench", name])
        }
    };
    command.arg("--").args(arguments);
    command
}

/// The program's own JSON object, with the bench's name added.
fn program_report(name: &str) -> Outcome<Value> {
    let printed = text(&mut command(name, Kind::Program, &["--json"]))?;
    let object: Map<String, Value> =
        serde_json::from_str(&printed).map_err(|error| Failure::Output {
            program: "a bench",
            reason: error.to_string(),
        })?;
    Ok(named(name, object))
}

/// The median of each measurement in nanoseconds, from the files that criterion leaves.
fn criterion_report(name: &str, target: &Path) -> Outcome<Value> {
    let baseline = format!("xtask-{name}");
    let arguments = ["--save-baseline", &baseline, "--quiet"];
    eprint!("{}", text(&mut command(name, Kind::Criterion, &arguments))?);
    let mut medians = Map::new();
    collect_medians(&target.join("criterion"), &baseline, &mut medians)?;
    let object = Map::from_iter([("median_ns".to_owned(), Value::Object(medians))]);
    Ok(named(name, object))
}

fn named(name: &str, mut object: Map<String, Value>) -> Value {
    object.insert("bench".to_owned(), json!(name));
    Value::Object(object)
}

fn collect_medians(folder: &Path, baseline: &str, medians: &mut Map<String, Value>) -> Outcome {
    for entry in std::fs::read_dir(folder).map_err(Failure::file(folder))? {
        let path = entry.map_err(Failure::file(folder))?.path();
        if path.file_name().is_some_and(|name| name == baseline) {
            let estimates = read_json(&path.join("estimates.json"))?;
            let id = read_json(&path.join("benchmark.json"))?;
            let id = id["full_id"].as_str().unwrap_or_default().to_owned();
            medians.insert(id, estimates["median"]["point_estimate"].clone());
        } else if path.is_dir() {
            collect_medians(&path, baseline, medians)?;
        }
    }
    Ok(())
}

fn read_json(path: &Path) -> Outcome<Value> {
    let text = std::fs::read_to_string(path).map_err(Failure::file(path))?;
    serde_json::from_str(&text).map_err(|error| Failure::Output {
        program: "criterion",
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_benches_are_chosen_without_names_and_one_by_its_name() {
        assert_eq!(chosen(&[]).unwrap().len(), BENCHES.len());
        let one = chosen(&["jitter".to_owned()]).unwrap();
        assert_eq!(one, [("jitter", Kind::Criterion)]);
    }

    #[test]
    fn an_unknown_bench_names_those_that_exist() {
        let error = chosen(&["speed".to_owned()]).unwrap_err();
        let text = "no bench is called \"speed\"; known: call-setup, calls, codec, headset, headset-vm, jitter, media, mixer, model, sip";
        assert_eq!(error.to_string(), text);
    }

    #[test]
    fn a_report_carries_the_name_of_its_bench() {
        let object = Map::from_iter([("calls".to_owned(), json!(200))]);
        assert_eq!(
            named("call-setup", object),
            json!({"bench": "call-setup", "calls": 200})
        );
    }

    #[test]
    fn medians_are_taken_from_the_files_of_the_right_baseline() {
        let folder = Workspace::read()
            .unwrap()
            .target
            .join("xtask-tests/criterion");
        for (baseline, median) in [("xtask-jitter", 12.5), ("old", 99.0)] {
            let place = folder.join("insert/48k").join(baseline);
            std::fs::create_dir_all(&place).unwrap();
            let estimates = json!({"median": {"point_estimate": median}}).to_string();
            std::fs::write(place.join("estimates.json"), estimates).unwrap();
            let id = json!({"full_id": "insert/48k"}).to_string();
            std::fs::write(place.join("benchmark.json"), id).unwrap();
        }
        let mut medians = Map::new();
        collect_medians(&folder, "xtask-jitter", &mut medians).unwrap();
        assert_eq!(Value::Object(medians), json!({"insert/48k": 12.5}));
    }
}
