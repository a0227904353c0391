//! `cargo xtask ci schemathesis`: the embedded server answers as `uc-protocol/openapi.json` says,
//! whatever is asked. Schemathesis, a Python program in an environment of its own, makes the
//! requests; their number and time are bounded by `xtask/schemathesis.toml`.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::failure::{Failure, Outcome};
use crate::installed::Installed;
use crate::process::{announce, cargo, run};
use crate::test::{STRICT, strict};
use crate::workspace::Workspace;

/// The version that continuous integration uses.
pub(crate) const VERSION: &str = "4.32.5";

/// Checks the API, or says what is missing for it.
pub(crate) fn check() -> Outcome {
    let workspace = Workspace::read()?;
    let program = program(&workspace.target);
    if !program.is_file() {
        println!(
            "left out: the embedded server's API against its description: schemathesis is missing (`cargo xtask setup`)"
        );
        let strict = strict().then(|| format!("schemathesis is missing; {STRICT}=1 forbids it"));
        return Failure::unless_empty(strict.into_iter().collect());
    }
    let server = Server::start(&workspace)?;
    let url = format!("https://{}", server.address);
    run(Command::new(program)
        .args(["--config-file", "xtask/schemathesis.toml", "run"])
        .args(["uc-protocol/openapi.json", "--no-color", "--url", &url]))
}

/// Makes the environment and installs schemathesis into it.
pub(crate) fn install() -> Outcome {
    let folder = folder(&Workspace::read()?.target);
    run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    let package = format!("schemathesis=={VERSION}");
    run(Command::new(folder.join("bin/python"))
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .arg(package))
}

/// Whether this version is installed.
pub(crate) fn is_installed() -> bool {
    let Ok(workspace) = Workspace::read() else {
        return false;
    };
    let told = Command::new(program(&workspace.target))
        .arg("--version")
        .output();
    told.is_ok_and(|told| {
        String::from_utf8_lossy(&told.stdout)
            .trim()
            .ends_with(VERSION)
    })
}

fn folder(target: &Path) -> PathBuf {
    target.join("schemathesis")
}

fn program(target: &Path) -> PathBuf {
    folder(target).join("bin/schemathesis")
}

/// An embedded server that ends with this value.
struct Server {
    child: Child,
    address: String,
}

/// The built-in company with everything switched on, so that no request ends with "not offered".
fn company(workspace: &Workspace) -> Outcome<PathBuf> {
    let place = folder(&workspace.target).join("company.toml");
    let built_in = workspace.root.join("examples/uc-server/company.toml");
    let text = std::fs::read_to_string(&built_in).map_err(Failure::file(&built_in))?;
    let on = "[system.configuration]\nkey_programming = true\nmobility = true\n";
    let text = text.replacen("[system.configuration]\n", on, 1);
    std::fs::write(&place, text).map_err(Failure::file(&place))?;
    Ok(place)
}

impl Server {
    /// Builds it as `cargo xtask test` does, so that what is built is used again: with its package's
    /// integration tests. A build of the program alone would choose other features of what it needs, and
    /// compile half of the workspace once more.
    fn start(workspace: &Workspace) -> Outcome<Self> {
        let installed = Installed::look(&workspace.root);
        let flags = workspace.feature_flags(&installed.impossible_features());
        let build = [
            "test",
            "--no-run",
            "--profile",
            "ci",
            "--workspace",
            "--test",
            "server_program",
        ];
        run(cargo().args(build).args(flags))?;
        let mut command = Command::new(workspace.target.join("ci/uc-server"));
        command.args(["--listen", "127.0.0.1:0", "--desk-phones", "--json"]);
        command.arg("--company").arg(company(workspace)?);
        let line = announce(&command);
        let child = command.stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|source| Failure::Start { line, source })?;
        let mut told = String::new();
        if let Some(stdout) = child.stdout.take() {
            // What can't be read is no JSON either.
            let _ = BufReader::new(stdout).read_line(&mut told);
        }
        let address = address(&told).ok_or_else(|| Failure::Output {
            program: "uc-server --json",
            reason: "it names no address".to_owned(),
        });
        match address {
            Ok(address) => Ok(Self { child, address }),
            Err(failure) => {
                let _ = child.kill();
                Err(failure)
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address(told: &str) -> Option<String> {
    let told: Value = serde_json::from_str(told).ok()?;
    told["address"].as_str().map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_says_where_it_listens() {
        let told = address("{\"address\":\"127.0.0.1:8802\",\"users\":[]}\n");
        assert_eq!(told.as_deref(), Some("127.0.0.1:8802"));
        assert_eq!(address("uc-server: can't listen"), None);
    }

    #[test]
    fn the_environment_lies_with_what_is_built() {
        let program = program(Path::new("target"));
        assert_eq!(program, Path::new("target/schemathesis/bin/schemathesis"));
    }
}
