//! `cargo xtask fuzz`: runs fuzz targets, starting from the seeds in the repository. What is
//! learnt on the way stays under `target`.

use std::fmt;
use std::path::Path;
use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::process::{cargo, cargo_of_toolchain, run, succeeds};
use crate::workspace::Workspace;

/// How much each target does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Seconds(u32),
    Runs(u64),
}

impl Bound {
    /// As libFuzzer takes it.
    fn argument(self) -> String {
        match self {
            Self::Seconds(seconds) => format!("-max_total_time={seconds}"),
            Self::Runs(runs) => format!("-runs={runs}"),
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds(seconds) => write!(f, "{seconds} s"),
            Self::Runs(runs) => write!(f, "{runs} executions"),
        }
    }
}

/// Runs one target or all. libFuzzer prints the coverage (`cov:`, edges) as it goes.
pub(crate) fn fuzz(target: Option<&str>, bound: Bound) -> Outcome {
    let workspace = Workspace::read()?;
    let manifest = workspace.root.join("fuzz/Cargo.toml");
    let text = std::fs::read_to_string(&manifest).map_err(Failure::file(&manifest))?;
    let targets = chosen(targets(&text), target)?;
    for (index, target) in targets.iter().enumerate() {
        eprintln!("{target} ({} of {}): {bound}", index + 1, targets.len());
        let learnt = workspace.target.join("fuzz-corpus").join(target);
        std::fs::create_dir_all(&learnt).map_err(Failure::file(&learnt))?;
        let seeds = workspace.root.join("fuzz/corpus").join(target);
        run(&mut command(target, bound, &learnt, &seeds))?;
    }
    println!("{} fuzz targets, {bound} each, no finding", targets.len());
    Ok(())
}

/// Without the address sanitizer: the crates forbid unsafe code, so it watches their dependencies
/// only, and the targets run up to forty times slower with it. `cargo +nightly fuzz run TARGET` has it.
///
/// cargo-fuzz on nightly where that is installed; else on this compiler, which is told to accept
/// what only nightly accepts.
fn command(target: &str, bound: Bound, learnt: &Path, seeds: &Path) -> Command {
    let mut command = if succeeds("cargo", &["+nightly", "--version"]) {
        cargo_of_toolchain("nightly")
    } else {
        let mut stable = cargo();
        stable.env("RUSTC_BOOTSTRAP", "1");
        stable
    };
    command.args(["fuzz", "run", "--sanitizer", "none", target]);
    command.arg(learnt);
    if seeds.is_dir() {
        command.arg(seeds);
    }
    command
        .arg("--")
        .args([bound.argument(), "-print_final_stats=1".to_owned()]);
    command
}

/// The names of the binaries in the fuzz workspace's manifest.
fn targets(manifest: &str) -> Vec<String> {
    let mut targets = Vec::new();
    let mut in_bin = false;
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            in_bin = line == "[[bin]]";
        } else if let Some((_, value)) = line
            .split_once('=')
            .filter(|(key, _)| in_bin && key.trim() == "name")
        {
            targets.push(value.trim().trim_matches('"').to_owned());
        }
    }
    targets
}

fn chosen(targets: Vec<String>, name: Option<&str>) -> Outcome<Vec<String>> {
    match name {
        None => Ok(targets),
        Some(name) if targets.iter().any(|target| target == name) => Ok(vec![name.to_owned()]),
        Some(name) => Err(Failure::UnknownName {
            kind: "fuzz target",
            name: name.to_owned(),
            known: targets,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[package]\nname = \"fuzz\"\n\n[[bin]]\nname = \"sdp\"\npath = \"x.rs\"\n\
        \n[dependencies]\nname = \"no\"\n[[bin]]\npath = \"y.rs\"\nname = \"event\"\n";

    #[test]
    fn targets_are_the_binaries_of_the_manifest() {
        assert_eq!(targets(MANIFEST), ["sdp", "event"]);
    }

    #[test]
    fn a_bound_is_told_to_the_fuzzer_and_to_people() {
        assert_eq!(Bound::Seconds(60).argument(), "-max_total_time=60");
        assert_eq!(Bound::Runs(1_000_000).argument(), "-runs=1000000");
        assert_eq!(Bound::Runs(1_000_000).to_string(), "1000000 executions");
    }

    #[test]
    fn one_target_is_chosen_by_name_and_all_without() {
        assert_eq!(chosen(targets(MANIFEST), Some("event")).unwrap(), ["event"]);
        assert_eq!(chosen(targets(MANIFEST), None).unwrap().len(), 2);
    }

    #[test]
    fn an_unknown_target_names_those_that_exist() {
        let error = chosen(targets(MANIFEST), Some("rtp")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no fuzz target is called \"rtp\"; known: sdp, event"
        );
    }
}
