//! A PulseAudio server of our own with virtual devices, for the time of a test run.

use std::path::Path;
use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::process::{run, text};

/// Starts the server in the background and prints the variables that lead to it.
const START: &str = "voip-media/tests/pulse/start.sh";

/// The variable that holds the server's process number.
const PROCESS: &str = "UC_TEST_PULSE_PID";

/// Runs until it is dropped.
#[derive(Debug)]
pub(crate) struct PrivatePulseAudio {
    environment: Vec<(String, String)>,
    process: String,
}

impl PrivatePulseAudio {
    pub(crate) fn start(root: &Path) -> Outcome<Self> {
        let printed = text(Command::new("bash").arg(root.join(START)))?;
        Self::parse(&printed).ok_or_else(|| Failure::Output {
            program: START,
            reason: format!("no line {PROCESS}=NUMBER"),
        })
    }

    /// What a program needs to find this server instead of the user's own.
    pub(crate) fn environment(&self) -> impl Iterator<Item = (&str, &str)> {
        self.environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    fn parse(printed: &str) -> Option<Self> {
        let environment: Vec<_> = printed.lines().filter_map(assignment).collect();
        let (_, process) = environment.iter().find(|(name, _)| name == PROCESS)?;
        let process = process.parse::<u32>().ok()?.to_string();
        Some(Self {
            environment,
            process,
        })
    }
}

impl Drop for PrivatePulseAudio {
    fn drop(&mut self) {
        if let Err(failure) = run(Command::new("kill").arg(&self.process)) {
            eprintln!("the private PulseAudio server was already gone: {failure}");
        }
    }
}

/// `export NAME=VALUE` or `NAME=VALUE`, the value perhaps in quotes.
fn assignment(line: &str) -> Option<(String, String)> {
    let line = line.trim().trim_end_matches(';');
    let (name, value) = line
        .strip_prefix("export ")
        .unwrap_or(line)
        .split_once('=')?;
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if name.is_empty() || !name.chars().all(plain) {
        return None;
    }
    Some((name.to_owned(), value.trim_matches(['"', '\'']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assignments_are_read_with_and_without_export_and_quotes() {
        let pair = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        assert_eq!(assignment("export A=unix:/run/p"), pair("A", "unix:/run/p"));
        assert_eq!(assignment("B_2='with space';"), pair("B_2", "with space"));
        assert_eq!(assignment("started, take care = wait"), None);
        assert_eq!(assignment("nothing"), None);
    }

    #[test]
    fn a_start_without_a_process_number_is_refused() {
        assert!(PrivatePulseAudio::parse("export PULSE_SERVER=unix:/run/p\n").is_none());
        assert!(PrivatePulseAudio::parse("UC_TEST_PULSE_PID=-1\n").is_none());
    }
}
