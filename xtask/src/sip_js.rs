//! SIP.js, a SIP telephone of browsers, for tests: unpacked under `target`, served to pages as it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::process::{run, text};
use crate::workspace::Workspace;

/// The version that continuous integration uses (MIT licence).
pub(crate) const VERSION: &str = "0.21.2";

/// Of its archive in npm's registry.
const SHA256: &str = "abbf374bccf50fdd0f659e24dd70a83a0bad09553bd16fa4b6c94021053f66cb";

/// Whether this version is there.
pub(crate) fn is_installed() -> bool {
    let Ok(workspace) = Workspace::read() else {
        return false;
    };
    let package = folder(&workspace.target).join("package/package.json");
    let wanted = format!("\"version\": \"{VERSION}\"");
    fs::read_to_string(package).is_ok_and(|package| package.contains(&wanted))
}

/// Downloads, checks and unpacks it.
pub(crate) fn install() -> Outcome {
    let folder = folder(&Workspace::read()?.target);
    fs::create_dir_all(&folder).map_err(Failure::file(&folder))?;
    let archive = folder.join("package.tgz");
    let url = format!("https://registry.npmjs.org/sip.js/-/sip.js-{VERSION}.tgz");
    run(Command::new("curl")
        .args(["--fail", "--silent", "--show-error", "--retry", "3"])
        .args(["--location", &url, "--output"])
        .arg(&archive))?;
    let sum = text(Command::new("sha256sum").arg(&archive))?;
    if !sum.starts_with(SHA256) {
        return Err(Failure::Output {
            program: "curl",
            reason: format!("{url} isn't what it was when this version was chosen"),
        });
    }
    run(Command::new("tar")
        .args(["--extract", "--gzip", "--directory"])
        .arg(&folder)
        .arg("--file")
        .arg(&archive))?;
    fs::remove_file(&archive).map_err(Failure::file(&archive))
}

fn folder(target: &Path) -> PathBuf {
    target.join("sip.js")
}
