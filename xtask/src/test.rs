//! `cargo xtask test`: every test that this computer can run, in one build, naming what it
//! leaves out. Installs nothing.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use crate::failure::{Failure, Outcome};
use crate::installed::{Installed, LeftOut};
use crate::process::{announce, cargo};
use crate::pulse::PrivatePulseAudio;
use crate::workspace::Workspace;

/// Set to 1 where leaving a test out is a failure, as in continuous integration.
pub(crate) const STRICT: &str = "UC_CI_STRICT";

/// Runs the tests whose names contain `name`, or all.
pub(crate) fn test(name: Option<&str>) -> Outcome {
    let workspace = Workspace::read()?;
    let installed = Installed::look(&workspace.root);
    let mut left_out = installed.left_out();
    show_left_out(&left_out);
    let mut command = command(&workspace, &installed, name);
    let sound = sound(&workspace, &installed, &mut left_out);
    if let Some(sound) = &sound {
        command.envs(sound.environment());
    }
    let (tally, success) = run(&mut command)?;
    drop(sound);
    summarise(&tally, &left_out);
    verdict(&tally, &left_out, success, name, strict())
}

pub(crate) fn strict() -> bool {
    std::env::var_os(STRICT).is_some_and(|value| value == "1")
}

fn command(workspace: &Workspace, installed: &Installed, name: Option<&str>) -> Command {
    let mut command = cargo();
    command.args(["test", "--profile", "ci", "--workspace", "--no-fail-fast"]);
    command.args(workspace.feature_flags(&installed.impossible_features()));
    command.args(name);
    if !installed.key_store {
        command.env("UC_TEST_NO_KEYRING", "1");
    }
    if !installed.tmux {
        command.env("UC_TEST_NO_TMUX", "1");
    }
    if !installed.sip_peers {
        command.env("UC_TEST_NO_SIP_PEERS", "1");
    }
    if let Some(folder) = &installed.test_data {
        command.env("UC_TEST_DATA", folder);
    }
    command
}

fn sound(
    workspace: &Workspace,
    installed: &Installed,
    left_out: &mut Vec<LeftOut>,
) -> Option<PrivatePulseAudio> {
    if !(installed.pulseaudio && installed.sound_library) {
        return None;
    }
    match PrivatePulseAudio::start(workspace) {
        Ok(server) => Some(server),
        Err(failure) => {
            let why = Cow::Owned(failure.to_string());
            left_out.push(LeftOut {
                what: "calls through virtual sound devices",
                why,
            });
            show_left_out(&left_out[left_out.len() - 1..]);
            None
        }
    }
}

/// Runs `cargo test`, passing its output on line by line and adding its results up.
fn run(command: &mut Command) -> Outcome<(Tally, bool)> {
    let line = announce(command);
    let started = |source| Failure::Start {
        line: line.clone(),
        source,
    };
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(started)?;
    let mut tally = Tally::default();
    if let Some(stdout) = child.stdout.take() {
        pass_on(BufReader::new(stdout), std::io::stdout(), &mut tally).map_err(started)?;
    }
    let status = child.wait().map_err(started)?;
    Ok((tally, status.success()))
}

fn pass_on(mut lines: impl BufRead, mut out: impl Write, tally: &mut Tally) -> std::io::Result<()> {
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        out.write_all(&line)?;
        out.flush()?;
        tally.add(&String::from_utf8_lossy(&line));
        line.clear();
    }
    Ok(())
}

fn show_left_out(left_out: &[LeftOut]) {
    for LeftOut { what, why } in left_out {
        println!("left out: {what}: {why}");
    }
}

fn summarise(tally: &Tally, left_out: &[LeftOut]) {
    println!();
    show_left_out(left_out);
    println!(
        "total: {} passed, {} failed, {} skipped",
        tally.passed, tally.failed, tally.ignored
    );
}

fn verdict(
    tally: &Tally,
    left_out: &[LeftOut],
    success: bool,
    name: Option<&str>,
    strict: bool,
) -> Outcome {
    let mut findings = Vec::new();
    if !success {
        findings.push("a test failed or could not be built; its own words are above".to_owned());
    } else if tally.passed == 0 {
        let which = name.map_or(String::new(), |name| {
            format!(" whose name contains {name:?}")
        });
        findings.push(format!("no test{which} was found"));
    }
    if strict && !left_out.is_empty() {
        findings.push(format!(
            "{} kinds of tests were left out; {STRICT}=1 forbids it",
            left_out.len()
        ));
    }
    if strict && tally.ignored > 0 {
        findings.push(format!(
            "{} tests are ignored; {STRICT}=1 forbids it",
            tally.ignored
        ));
    }
    Failure::unless_empty(findings)
}

/// The sums of all `test result:` lines.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Tally {
    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else {
            return;
        };
        let counts = result.split_once(". ").map_or("", |(_, counts)| counts);
        for part in counts.split(';') {
            let Some((count, what)) = part.trim().split_once(' ') else {
                continue;
            };
            let count = count.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(passed: u64) -> Tally {
        Tally {
            passed,
            ..Tally::default()
        }
    }

    fn something_left_out() -> [LeftOut; 1] {
        [LeftOut {
            what: "devices",
            why: "no library".into(),
        }]
    }

    #[test]
    fn the_results_of_all_test_programs_are_added_up() {
        let mut tally = Tally::default();
        let output = b"running 3 tests\ntest a ... ok\n\
            test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            test result: FAILED. 4 passed; 1 failed; 0 ignored; 0 measured; 9 filtered out\n";
        let mut passed_on = Vec::new();
        pass_on(&output[..], &mut passed_on, &mut tally).unwrap();
        assert_eq!(passed_on, output);
        assert_eq!(
            tally,
            Tally {
                passed: 6,
                failed: 1,
                ignored: 1
            }
        );
    }

    #[test]
    fn a_name_that_matches_no_test_is_an_error() {
        let error = verdict(&passed(0), &[], true, Some("nonsense"), false).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no test whose name contains \"nonsense\" was found"
        );
    }

    #[test]
    fn leaving_something_out_fails_only_where_that_is_forbidden() {
        let left_out = something_left_out();
        assert!(verdict(&passed(5), &left_out, true, None, false).is_ok());
        assert!(verdict(&passed(5), &left_out, true, None, true).is_err());
    }

    #[test]
    fn an_ignored_test_fails_where_that_is_forbidden() {
        let tally = Tally {
            passed: 5,
            failed: 0,
            ignored: 1,
        };
        assert!(verdict(&tally, &[], true, None, false).is_ok());
        assert!(verdict(&tally, &[], true, None, true).is_err());
    }

    #[test]
    fn a_failing_run_fails_whatever_was_counted() {
        assert!(verdict(&passed(5), &[], false, None, false).is_err());
    }
}
