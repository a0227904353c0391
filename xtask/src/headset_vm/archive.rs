//! The micro-VM's whole system: an archive that the kernel unpacks into its memory.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{TARGET, kernel};
use crate::failure::{Failure, Outcome};
use crate::process::announce;
use crate::workspace::Workspace;

pub(super) fn path(folder: &Path) -> PathBuf {
    folder.join("system.cpio")
}

/// Puts the system together anew from what was built.
pub(super) fn write(workspace: &Workspace, folder: &Path) -> Outcome {
    let system = folder.join("system");
    if system.exists() {
        fs::remove_dir_all(&system).map_err(Failure::file(&system))?;
    }
    for part in ["bin", "modules"] {
        let part = system.join(part);
        fs::create_dir_all(&part).map_err(Failure::file(&part))?;
    }
    let init = system.join("init");
    copy(&workspace.root.join("xtask/headset-vm/init"), &init)?;
    executable(&init)?;
    copy(&busybox()?, &system.join("bin/busybox"))?;
    let built = workspace.target.join(TARGET).join("ci");
    copy(
        &built.join("examples/headset-monitor"),
        &system.join("bin/headset-monitor"),
    )?;
    copy(&newest_test(&built.join("deps"))?, &system.join("bin/uhid"))?;
    for module in kernel::MODULES {
        let file = format!("{module}.ko");
        copy(
            &kernel::folder(folder).join(&file),
            &system.join("modules").join(&file),
        )?;
    }
    pack(&system, &path(folder))
}

fn copy(from: &Path, to: &Path) -> Outcome {
    fs::copy(from, to).map(drop).map_err(Failure::file(from))
}

fn executable(path: &Path) -> Outcome {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).map_err(Failure::file(path))
}

/// The one on `PATH`; it has to be the static one, which setup installs.
fn busybox() -> Outcome<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path).map(|folder| folder.join("busybox"));
    let found = places.find(|file| file.is_file());
    found.ok_or_else(|| Failure::check("busybox is missing (Debian: busybox-static)"))
}

/// cargo adds a hash to a test's name; older builds may lie beside.
fn newest_test(folder: &Path) -> Outcome<PathBuf> {
    let entries = fs::read_dir(folder).map_err(Failure::file(folder))?;
    let built = entries.filter_map(Result::ok).map(|entry| entry.path());
    let tests = built.filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("uhid-") && path.extension().is_none()
    });
    let newest = tests.max_by_key(|path| fs::metadata(path).and_then(|data| data.modified()).ok());
    newest.ok_or_else(|| Failure::check("cargo built no test called `uhid`"))
}

/// As the kernel reads it: `newc`.
fn pack(system: &Path, archive: &Path) -> Outcome {
    let script =
        r#"find . -print0 | cpio --null --create --quiet --format=newc --owner=+0:+0 > "$0""#;
    let mut command = Command::new("sh");
    command
        .args(["-ec", script])
        .arg(archive)
        .current_dir(system);
    let line = announce(&command);
    let status = command.stdin(Stdio::null()).status();
    match status.map_err(|source| Failure::Start {
        line: line.clone(),
        source,
    })? {
        status if status.success() => Ok(()),
        status => Err(Failure::Program {
            line,
            code: status.code(),
        }),
    }
}
