//! A PulseAudio server of our own with virtual devices, for the time of a test run.

use std::path::PathBuf;
use std::process::Command;

use crate::failure::Outcome;
use crate::process::{run, text};
use crate::workspace::Workspace;

/// Starts the server in the background, unless it runs in this folder already, and prints the
/// variables that lead to it.
const START: &str = "voip-media/tests/pulse/start.sh";

/// Stops what `START` started.
const STOP: &str = "voip-media/tests/pulse/stop.sh";

/// Runs until it is dropped.
#[derive(Debug)]
pub(crate) struct PrivatePulseAudio {
    environment: Vec<(String, String)>,
    stop: PathBuf,
    folder: PathBuf,
}

impl PrivatePulseAudio {
    /// Starts it in a folder of its own, apart from one that was started by hand.
    pub(crate) fn start(workspace: &Workspace) -> Outcome<Self> {
        let folder = workspace.target.join("xtask-pulse");
        let start = workspace.root.join(START);
        let printed = text(Command::new("sh").arg(start).arg(&folder))?;
        let environment = printed.lines().filter_map(assignment).collect();
        Ok(Self {
            environment,
            stop: workspace.root.join(STOP),
            folder,
        })
    }

    /// What a program needs to find this server instead of the user's own.
    pub(crate) fn environment(&self) -> impl Iterator<Item = (&str, &str)> {
        self.environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl Drop for PrivatePulseAudio {
    fn drop(&mut self) {
        if let Err(failure) = run(Command::new("sh").arg(&self.stop).arg(&self.folder)) {
            eprintln!("the private PulseAudio server may still run: {failure}");
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
}
