//! `cargo xtask interop`: runs the tests with programs by others and writes their results into
//! `docs/interop.md`.

use std::collections::BTreeMap;
use std::process::Stdio;

use crate::failure::{Failure, Outcome};
use crate::process::{announce, cargo};
use crate::test_names::TestNames;
use crate::workspace::Workspace;

const DOCUMENT: &str = "docs/interop.md";

/// The test programs whose tests stand in the table.
const PROGRAMS: [&str; 2] = ["sip", "phone"];

/// Runs them all and writes what came of it. A test that failed is told.
pub(crate) fn interop() -> Outcome {
    let workspace = Workspace::read()?;
    let document = workspace.root.join(DOCUMENT);
    let text = std::fs::read_to_string(&document).map_err(Failure::file(&document))?;
    let results = run()?;
    let (text, findings) = fill_in(&text, &results);
    std::fs::write(&document, &text).map_err(Failure::file(&document))?;
    print!("{text}");
    Failure::unless_empty(findings)
}

/// Whether every test in the table exists.
pub(crate) fn check() -> Outcome {
    let workspace = Workspace::read()?;
    let document = workspace.root.join(DOCUMENT);
    let text = std::fs::read_to_string(&document).map_err(Failure::file(&document))?;
    let names = TestNames::collect(&workspace)?;
    let unknown = text
        .lines()
        .filter_map(row)
        .filter(|(_, test)| !names.has(test));
    let unknown =
        unknown.map(|(_, test)| format!("{DOCUMENT} names a test that isn't there: {test}"));
    Failure::unless_empty(unknown.collect())
}

fn run() -> Outcome<BTreeMap<String, bool>> {
    let mut command = cargo();
    command.args([
        "test",
        "--profile",
        "ci",
        "--workspace",
        "--all-features",
        "--no-fail-fast",
    ]);
    for program in PROGRAMS {
        command.args(["--test", program]);
    }
    let line = announce(&command);
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.map_err(|source| Failure::Start { line, source })?;
    Ok(read_results(&String::from_utf8_lossy(&output.stdout)))
}

/// `test calls::name ... ok`.
fn read_results(output: &str) -> BTreeMap<String, bool> {
    let line = |line: &str| {
        let (name, result) = line.strip_prefix("test ")?.split_once(" ... ")?;
        let name = name.rsplit("::").next()?;
        Some((name.to_owned(), result.trim() == "ok"))
    };
    output.lines().filter_map(line).collect()
}

/// The text up to the last cell, and the test of a row.
fn row(line: &str) -> Option<(&str, &str)> {
    let inner = line.strip_prefix("| ")?.strip_suffix(" |")?;
    let (before, _) = inner.rsplit_once(" | ")?;
    let (_, test) = before.rsplit_once(" | ")?;
    Some((before, test.strip_prefix('`')?.strip_suffix('`')?))
}

fn fill_in(text: &str, results: &BTreeMap<String, bool>) -> (String, Vec<String>) {
    let mut findings = Vec::new();
    let lines = text.lines().map(|line| match row(line) {
        None => format!("{line}\n"),
        Some((before, test)) => {
            let result = match results.get(test) {
                Some(true) => "ok",
                Some(false) => "failed",
                None => "not run",
            };
            if result != "ok" {
                findings.push(format!("{test}: {result}"));
            }
            format!("| {before} | {result} |\n")
        }
    });
    let text = lines.collect();
    (text, findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "# Title\n\n| peer | what | test | result |\n|---|---|---|---|\n\
        | one | talks | `they_talk` | not run |\n| two | sings | `they_sing` | ok |\n";

    #[test]
    fn results_are_filled_in_and_failures_are_told() {
        let results = read_results("test calls::they_talk ... ok\ntest they_sing ... FAILED\n");
        let (text, findings) = fill_in(TABLE, &results);
        assert!(text.contains("| one | talks | `they_talk` | ok |\n"));
        assert!(text.contains("| two | sings | `they_sing` | failed |\n"));
        assert!(text.contains("|---|---|---|---|\n"), "what is no row stays");
        assert_eq!(findings, ["they_sing: failed"]);
    }

    #[test]
    fn a_test_that_was_not_run_is_told() {
        let (text, findings) = fill_in(TABLE, &BTreeMap::new());
        assert!(text.contains("| `they_sing` | not run |"));
        assert_eq!(findings.len(), 2);
    }
}
