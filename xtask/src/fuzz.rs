//! `cargo xtask fuzz`: runs fuzz targets, starting from the seeds in the repository. What is
//! learnt on the way stays under `target`.

use std::path::Path;
use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::process::{cargo, cargo_of_toolchain, run, succeeds};
use crate::workspace::Workspace;

/// Runs one target or all, each for so many seconds.
pub(crate) fn fuzz(target: Option<&str>, seconds: u32) -> Outcome {
    let workspace = Workspace::read()?;
    let manifest = workspace.root.join("fuzz/Cargo.toml");
    let text = std::fs::read_to_string(&manifest).map_err(Failure::file(&manifest))?;
    let targets = chosen(targets(&text), target)?;
    for (index, target) in targets.iter().enumerate() {
        eprintln!("{target} ({} of {}): {seconds} s", index + 1, targets.len());
        let learnt = workspace.target.join("fuzz-corpus").join(target);
        std::fs::create_dir_all(&learnt).map_err(Failure::file(&learnt))?;
        let seeds = workspace.root.join("fuzz/corpus").join(target);
        run(&mut command(target, seconds, &learnt, &seeds))?;
    }
    println!(
        "{} fuzz targets, {seconds} s each, no finding",
        targets.len()
    );
    Ok(())
}

/// cargo-fuzz on nightly where that is installed; else on this compiler, which is told to accept
/// what only nightly accepts.
fn command(target: &str, seconds: u32, learnt: &Path, seeds: &Path) -> Command {
    let mut command = if succeeds("cargo", &["+nightly", "--version"]) {
        cargo_of_toolchain("nightly")
    } else {
        let mut stable = cargo();
        stable.env("RUSTC_BOOTSTRAP", "1");
        stable
    };
    command.args(["fuzz", "run", target]).arg(learnt);
    if seeds.is_dir() {
        command.arg(seeds);
    }
    command.arg("--").arg(format!("-max_total_time={seconds}"));
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
