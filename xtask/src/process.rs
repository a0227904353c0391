//! Running other programs, always showing the command line first (on standard error, so that
//! `--json` leaves standard output clean).

use std::ffi::OsString;
use std::process::{Command, Output, Stdio};

use crate::failure::{Failure, Outcome};

/// The cargo that runs this program, without the variables by which `cargo run` describes
/// xtask itself: build scripts that watch them would be run again for nothing.
pub(crate) fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    tidy(Command::new(program))
}

/// The cargo of another toolchain, through rustup.
pub(crate) fn cargo_of_toolchain(toolchain: &str) -> Command {
    let mut command = tidy(Command::new("cargo"));
    command
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("CARGO")
        .arg(format!("+{toolchain}"));
    command
}

/// Runs a program in the foreground; an error unless it succeeds.
pub(crate) fn run(command: &mut Command) -> Outcome {
    let line = announce(command);
    let status = command.status().map_err(|source| Failure::Start {
        line: line.clone(),
        source,
    })?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Program {
            line,
            code: status.code(),
        })
    }
}

/// Runs a program and gives what it wrote to standard output, whatever its exit code was.
pub(crate) fn output(command: &mut Command) -> Outcome<Output> {
    let line = announce(command);
    command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| Failure::Start { line, source })
}

/// Runs a program that must succeed and gives its standard output as text.
pub(crate) fn text(command: &mut Command) -> Outcome<String> {
    let done = output(command)?;
    if !done.status.success() {
        return Err(Failure::Program {
            line: line_of(command),
            code: done.status.code(),
        });
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

/// Whether a program can be started and succeeds; nothing is shown.
pub(crate) fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Shows the command line that is about to run and gives it back.
pub(crate) fn announce(command: &Command) -> String {
    let line = line_of(command);
    eprintln!("$ {line}");
    line
}

fn line_of(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program
        .file_stem()
        .unwrap_or(command.get_program())
        .to_string_lossy();
    let arguments = command.get_args().map(|word| word.to_string_lossy());
    std::iter::once(name)
        .chain(arguments)
        .collect::<Vec<_>>()
        .join(" ")
}

fn tidy(mut command: Command) -> Command {
    const ABOUT_XTASK: [&str; 4] = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
    ];
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if ABOUT_XTASK.iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_shown_without_the_path_of_its_program() {
        let mut command = Command::new("/somewhere/bin/cargo");
        command.args(["test", "--workspace"]);
        assert_eq!(line_of(&command), "cargo test --workspace");
    }

    #[test]
    fn a_program_that_does_not_exist_does_not_succeed() {
        assert!(!succeeds("no-such-program-anywhere", &[]));
    }

    #[test]
    fn a_failing_program_is_named_with_its_code() {
        let error = run(cargo().arg("no-such-subcommand").stderr(Stdio::null())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`cargo no-such-subcommand` ended with code 101"
        );
    }
}
