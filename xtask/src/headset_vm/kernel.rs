//! The micro-VM's kernel: Debian's for clouds, which is unpacked, not installed. Of its hundred
//! megabytes the image and five modules are kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::process::{output, run};
use crate::workspace::{Workspace, files};

/// The package that depends on the newest kernel.
const PACKAGE: &str = "linux-image-cloud-amd64";

/// In the order in which they need each other.
pub(super) const MODULES: [&str; 5] =
    ["hid", "uhid", "hid-generic", "hid-jabra", "hid-plantronics"];

pub(super) fn folder(folder: &Path) -> PathBuf {
    folder.join("kernel")
}

pub(super) fn image(of: &Path) -> PathBuf {
    folder(of).join("vmlinuz")
}

/// Whether everything of it is there.
pub(crate) fn is_installed(target: &Path) -> bool {
    let base = super::folder(target);
    let module = |name| folder(&base).join(format!("{name}.ko")).is_file();
    image(&base).is_file() && MODULES.into_iter().all(module)
}

/// Downloads and unpacks it; needs no rights. A system whose lists have no such package is left
/// without, and the tests say so.
pub(crate) fn install() -> Outcome {
    let base = super::folder(&Workspace::read()?.target);
    let told = output(Command::new("apt-cache").args(["depends", PACKAGE]))?;
    let Some(package) = newest(&String::from_utf8_lossy(&told.stdout)) else {
        println!("This system knows no {PACKAGE}: headsets are not tried under a real kernel.");
        return Ok(());
    };
    let unpacked = base.join("unpacked");
    fs::create_dir_all(&unpacked).map_err(Failure::file(&unpacked))?;
    run(Command::new("apt-get")
        .args(["-q", "download", &package])
        .current_dir(&unpacked))?;
    for archive in files(&unpacked, ".deb")? {
        run(Command::new("dpkg-deb")
            .arg("-x")
            .arg(archive)
            .arg(&unpacked))?;
    }
    keep(&unpacked, &base)?;
    fs::remove_dir_all(&unpacked).map_err(Failure::file(&unpacked))
}

/// What the package depends on: the kernel of a version.
fn newest(depends: &str) -> Option<String> {
    let named = depends
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Depends: "));
    let mut kernels = named.filter(|name| name.starts_with("linux-image-"));
    kernels.next().map(str::to_owned)
}

fn keep(unpacked: &Path, base: &Path) -> Outcome {
    let to = folder(base);
    fs::create_dir_all(&to).map_err(Failure::file(&to))?;
    let boot = unpacked.join("boot");
    let images = fs::read_dir(&boot).map_err(Failure::file(&boot))?;
    let mut images = images.filter_map(Result::ok).map(|entry| entry.path());
    let found = images.find(|path| path.to_string_lossy().contains("/vmlinuz-"));
    let found = found.ok_or_else(|| Failure::check("the kernel's package has no kernel"))?;
    fs::copy(&found, image(base)).map_err(Failure::file(&found))?;
    let modules = files(&unpacked.join("lib/modules"), ".ko")?;
    for name in MODULES.map(|name| format!("{name}.ko")) {
        let found = modules.iter().find(|path| path.ends_with(&name));
        let found =
            found.ok_or_else(|| Failure::check(format!("the kernel's package has no {name}")))?;
        fs::copy(found, to.join(&name)).map_err(Failure::file(found))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_kernel_is_what_the_package_depends_on() {
        let told = "linux-image-cloud-amd64\n  Depends: linux-image-6.1.0-56-cloud-amd64\n";
        assert_eq!(
            newest(told).as_deref(),
            Some("linux-image-6.1.0-56-cloud-amd64")
        );
        assert_eq!(newest(""), None);
        assert_eq!(newest("<linux-image-cloud-amd64>\n"), None);
    }
}
