//! `cargo xtask test headset-vm`: headsets under a real kernel.
//!
//! A micro-VM without disk and network boots Debian's cloud kernel in some seconds. It is emulated, since
//! that works on every computer, whatever it is itself, and its clock counts instructions, one a nanosecond,
//! and jumps where it would wait: so its figures don't depend on what else a computer does. Its whole system is
//! busybox, five modules, and the tests of `headset/tests/uhid`, linked statically.

mod archive;
mod kernel;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Map, Value};

pub(crate) use self::kernel::{install, is_installed};
use crate::failure::{Failure, Outcome};
use crate::installed::on_path;
use crate::process::{announce, cargo, run};
use crate::test::{STRICT, strict};
use crate::workspace::Workspace;

/// What `cargo xtask test` and `cargo xtask bench` call it.
pub(crate) const NAME: &str = "headset-vm";

/// The only computers it runs on.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Seconds after which a machine that hangs is ended; it takes half a minute, or a few where others work too.
const PATIENCE: &str = "600";

/// What a machine said.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Report {
    /// What was measured, by name.
    pub(crate) figures: Map<String, Value>,
    /// The tests' exit code; `None` when the machine never came so far.
    ended: Option<i32>,
}

/// Runs the tests, or says what is missing for them.
pub(crate) fn test() -> Outcome {
    let workspace = Workspace::read()?;
    if let Some(missing) = missing(&workspace.target) {
        println!("left out: headsets under a real kernel: {missing} (`cargo xtask setup`)");
        let strict = strict().then(|| format!("{missing}; {STRICT}=1 forbids it"));
        return Failure::unless_empty(strict.into_iter().collect());
    }
    let report = machine(&workspace)?;
    for (name, value) in &report.figures {
        println!("{name:<32} {value}");
    }
    Ok(())
}

/// The figures alone; the machine's words go to standard error.
pub(crate) fn figures() -> Outcome<Map<String, Value>> {
    let workspace = Workspace::read()?;
    match missing(&workspace.target) {
        Some(missing) => Err(Failure::check(format!("{missing} (`cargo xtask setup`)"))),
        None => Ok(machine(&workspace)?.figures),
    }
}

/// Why this computer can't.
fn missing(target: &Path) -> Option<&'static str> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Some("the micro-VM is one of Linux on x86-64");
    }
    if !on_path("qemu-system-x86_64") {
        return Some("QEMU is missing (Debian: qemu-system-x86)");
    }
    if !on_path("busybox") || !on_path("cpio") {
        return Some("busybox or cpio is missing (Debian: busybox-static, cpio)");
    }
    (!is_installed(target)).then_some("the kernel is missing (Debian: linux-image-cloud-amd64)")
}

fn machine(workspace: &Workspace) -> Outcome<Report> {
    run(&mut build())?;
    let folder = folder(&workspace.target);
    archive::write(workspace, &folder)?;
    let report = boot(&folder)?;
    match report.ended {
        Some(0) => Ok(report),
        Some(code) => Err(Failure::check(format!(
            "tests in the micro-VM ended with {code}; their own words are above"
        ))),
        None => Err(Failure::check(
            "the micro-VM stopped before its tests had ended",
        )),
    }
}

/// The tests and the program that they run, without a library of the system's.
fn build() -> Command {
    let mut command = cargo();
    command
        .args(["build", "--profile", "ci", "--package", "headset"])
        .args(["--features", "hidapi", "--target", TARGET])
        .args(["--test", "uhid", "--example", "headset-monitor"])
        .env("RUSTFLAGS", "-C target-feature=+crt-static");
    command
}

fn boot(folder: &Path) -> Outcome<Report> {
    let mut command = Command::new("timeout");
    command
        .args(["--kill-after=10", PATIENCE, "qemu-system-x86_64"])
        .args(["-M", "microvm,acpi=off,rtc=on,pit=on,pic=on"])
        .args(["-accel", "tcg", "-icount", "shift=0,sleep=off"])
        .args(["-cpu", "max", "-m", "192"])
        .args(["-nodefaults", "-no-user-config"])
        .args(["-nographic", "-no-reboot", "-serial", "stdio"])
        // The kernel trusts no emulated counter of its own accord, and would count in steps of 4 ms.
        .args([
            "-append",
            "console=ttyS0 reboot=t quiet panic=-1 tsc=reliable clocksource=tsc",
        ])
        .arg("-kernel")
        .arg(kernel::image(folder))
        .arg("-initrd")
        .arg(archive::path(folder))
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let line = announce(&command);
    let started = |source| Failure::Start { line, source };
    let mut child = command.spawn().map_err(started)?;
    let mut report = Report::default();
    if let Some(console) = child.stdout.take() {
        // What isn't text is a machine in trouble; it is shown all the same.
        for bytes in BufReader::new(console).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&bytes);
            eprintln!("{}", line.trim_end());
            report.hear(line.trim_end());
        }
    }
    // How QEMU ends says nothing: the machine is reset, not switched off.
    let _ = child.wait();
    Ok(report)
}

impl Report {
    fn hear(&mut self, line: &str) {
        if let Some(code) = line.strip_prefix("headset-vm: ended with ") {
            self.ended = code.parse().ok();
        }
        if let Some((name, value)) = line
            .strip_prefix("figure ")
            .and_then(|figure| figure.split_once(' '))
            && let Ok(value) = serde_json::from_str(value)
        {
            self.figures.insert(name.to_owned(), value);
        }
    }
}

/// Where the kernel, the build and the machine's system lie.
fn folder(target: &Path) -> PathBuf {
    target.join(NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(console: &str) -> Report {
        let mut report = Report::default();
        console.lines().for_each(|line| report.hear(line));
        report
    }

    #[test]
    fn a_machine_tells_its_figures_and_how_its_tests_ended() {
        let report =
            heard("booting\nfigure a_us 12\nfigure b_per_mille 0.5\nheadset-vm: ended with 0\n");
        assert_eq!(report.ended, Some(0));
        assert_eq!(report.figures["a_us"], 12);
        assert_eq!(report.figures["b_per_mille"], 0.5);
    }

    #[test]
    fn a_machine_that_stops_early_has_not_passed() {
        assert_eq!(heard("Kernel panic\nfigure x\n"), Report::default());
        assert_eq!(heard("headset-vm: ended with 101").ended, Some(101));
    }
}
