//! `cargo xtask setup`: says what is missing, then installs it.

use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::headset_vm;
use crate::installed::on_path;
use crate::process::{cargo, run, succeeds};
use crate::workspace::Workspace;
use crate::{schemathesis, sip_js};

/// Debian packages, each with what needs it.
const DEBIAN_PACKAGES: [(&str, &str); 21] = [
    ("build-essential", "linking, and ring's assembly"),
    ("pkg-config", "finding the ALSA library"),
    (
        "libasound2-dev",
        "microphone and loudspeaker (feature `device`)",
    ),
    ("cmake", "Opus by the C library (feature `libopus`)"),
    ("pulseaudio", "virtual sound devices for tests"),
    ("pulseaudio-utils", "virtual sound devices for tests"),
    ("chromium", "calls with a browser in tests"),
    ("curl", "downloading SIP.js"),
    ("iproute2", "a network that changes under a call in tests"),
    (
        "dbus-daemon",
        "a desktop session for the key store in tests",
    ),
    ("gnome-keyring", "the key store in tests"),
    ("tmux", "a terminal for the console in tests"),
    (
        "python3-venv",
        "schemathesis, by which the embedded server is checked",
    ),
    ("qemu-system-x86", "headsets under a real kernel in tests"),
    ("busybox-static", "headsets under a real kernel in tests"),
    ("cpio", "headsets under a real kernel in tests"),
    ("kamailio", "SIP calls by a real server in tests"),
    (
        "kamailio-tls-modules",
        "SIP calls by a real server in tests",
    ),
    (
        "kamailio-websocket-modules",
        "SIP calls by a real server in tests",
    ),
    ("baresip-core", "SIP calls with a real telephone in tests"),
    ("sip-tester", "SIP calls by scripted scenarios in tests"),
];

/// The packages of the servers and telephones that tests talk to.
const PEERS: [&str; 7] = [
    "chromium",
    "curl",
    "kamailio",
    "kamailio-tls-modules",
    "kamailio-websocket-modules",
    "baresip-core",
    "sip-tester",
];

/// A Python program in an environment of its own.
const SCHEMATHESIS: (&str, &str) = (
    "schemathesis",
    "the embedded server's API against its description (`cargo xtask ci`)",
);

/// A telephone of browsers, unpacked under `target`.
const SIP_JS: (&str, &str) = ("SIP.js", "SIP calls with a browser in tests");

/// Debian's kernel for clouds, unpacked under `target`.
const KERNEL: (&str, &str) = (
    "linux-image-cloud-amd64",
    "headsets under a real kernel in tests",
);

/// Cargo tools with the versions that continuous integration uses, and what needs them.
const CARGO_TOOLS: [(&str, &str, &str); 2] = [
    (
        "cargo-deny",
        "0.20.2",
        "licences and sources of dependencies (`cargo xtask ci`)",
    ),
    ("cargo-fuzz", "0.13.2", "fuzzing (`cargo xtask fuzz`)"),
];

/// Rust components and what needs them.
const COMPONENTS: [(&str, &str); 2] = [("rustfmt", "formatting"), ("clippy", "lints")];

/// What this computer can install, and what it already has.
#[derive(Debug, Clone)]
struct Computer {
    debian: bool,
    /// Runs as the superuser, or has `sudo`: how a package is installed.
    superuser: Superuser,
    rustup: bool,
    present: Vec<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Superuser {
    Already,
    ThroughSudo,
    No,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// Refresh the package lists and install these Debian packages.
    Debian {
        packages: Vec<&'static str>,
        sudo: bool,
    },
    /// Add a component to the Rust toolchain.
    Component(&'static str),
    /// Build and install a cargo tool.
    CargoTool {
        name: &'static str,
        version: &'static str,
    },
    /// Make an environment for schemathesis and install it.
    Schemathesis,
    /// Download SIP.js and unpack it.
    SipJs,
    /// Download the micro-VM's kernel and unpack it.
    Kernel,
    /// Something a person has to do.
    ByHand(String),
}

/// Prints the plan and, unless `dry_run`, carries it out. `peers`: nothing but the servers and telephones
/// that tests talk to.
pub(crate) fn setup(dry_run: bool, peers: bool) -> Outcome {
    let plan = plan(&Computer::look(), peers);
    if plan.is_empty() {
        println!("Everything is installed.");
        return Ok(());
    }
    println!("Plan:");
    for step in &plan {
        println!("  {}", step.describe());
    }
    if dry_run {
        return Ok(());
    }
    plan.iter().try_for_each(Step::carry_out)?;
    Failure::unless_empty(plan.iter().filter_map(Step::left_to_do).collect())
}

impl Computer {
    fn look() -> Self {
        let debian = on_path("apt-get") && on_path("dpkg-query");
        let packages = DEBIAN_PACKAGES.iter().map(|(name, _)| *name);
        let tools = CARGO_TOOLS.iter().map(|(name, ..)| *name);
        let components = COMPONENTS.iter().map(|(name, _)| *name);
        let present = packages
            .filter(|name| debian && debian_package_present(name))
            .chain(tools.filter(|name| on_path(name)))
            .chain(components.filter(|name| component_present(name)))
            .chain(schemathesis::is_installed().then_some(SCHEMATHESIS.0))
            .chain(sip_js::is_installed().then_some(SIP_JS.0))
            .chain(kernel_present().then_some(KERNEL.0))
            .collect();
        Self {
            debian,
            superuser: Superuser::look(),
            rustup: on_path("rustup"),
            present,
        }
    }

    fn lacks(&self, name: &str) -> bool {
        !self.present.contains(&name)
    }
}

impl Superuser {
    fn look() -> Self {
        let user = Command::new("id").arg("-u").output();
        if user.is_ok_and(|done| done.stdout.trim_ascii() == b"0") {
            Self::Already
        } else if on_path("sudo") {
            Self::ThroughSudo
        } else {
            Self::No
        }
    }
}

impl Step {
    fn describe(&self) -> String {
        match self {
            Self::Debian { packages, sudo } => {
                let prefix = if *sudo { "sudo " } else { "" };
                let lines: Vec<_> = packages
                    .iter()
                    .map(|package| format!("\n    {package}: {}", reason(package)))
                    .collect();
                format!("{prefix}apt-get install{}", lines.concat())
            }
            Self::Component(name) => format!("rustup component add {name}: {}", reason(name)),
            Self::CargoTool { name, version } => {
                format!(
                    "cargo install {name} {version} (a minute or two): {}",
                    reason(name)
                )
            }
            Self::Schemathesis => {
                let (name, version) = (SCHEMATHESIS.0, schemathesis::VERSION);
                format!("pip install {name} {version}: {}", reason(name))
            }
            Self::SipJs => format!(
                "download and unpack {} {}: {}",
                SIP_JS.0,
                sip_js::VERSION,
                SIP_JS.1
            ),
            Self::Kernel => format!("download and unpack {}: {}", KERNEL.0, KERNEL.1),
            Self::ByHand(text) => format!("by hand: {text}"),
        }
    }

    fn carry_out(&self) -> Outcome {
        match self {
            Self::Debian { packages, sudo } => {
                run(apt_get(*sudo).arg("update"))?;
                run(apt_get(*sudo)
                    .args(["install", "-y", "--no-install-recommends"])
                    .args(packages))
            }
            Self::Component(name) => run(Command::new("rustup").args(["component", "add", name])),
            Self::CargoTool { name, version } => {
                run(cargo().args(["install", "--locked", "--debug", name, "--version", version]))
            }
            Self::Schemathesis => schemathesis::install(),
            Self::SipJs => sip_js::install(),
            Self::Kernel => headset_vm::install(),
            Self::ByHand(_) => Ok(()),
        }
    }

    fn left_to_do(&self) -> Option<String> {
        match self {
            Self::ByHand(text) => Some(format!("left to do by hand: {text}")),
            Self::Debian { .. }
            | Self::Component(_)
            | Self::CargoTool { .. }
            | Self::Schemathesis
            | Self::SipJs
            | Self::Kernel => None,
        }
    }
}

/// Only what is missing, in the order in which later steps need earlier ones.
fn plan(computer: &Computer, peers: bool) -> Vec<Step> {
    let mut steps = Vec::new();
    steps.extend(system_packages(computer, peers));
    steps.extend(computer.lacks(SIP_JS.0).then_some(Step::SipJs));
    if peers {
        return steps;
    }
    for (name, _) in COMPONENTS
        .into_iter()
        .filter(|(name, _)| computer.lacks(name))
    {
        steps.push(if computer.rustup {
            Step::Component(name)
        } else {
            Step::ByHand(format!(
                "install {name} of your Rust toolchain: {}",
                reason(name)
            ))
        });
    }
    for (name, version, _) in CARGO_TOOLS
        .into_iter()
        .filter(|(name, ..)| computer.lacks(name))
    {
        steps.push(Step::CargoTool { name, version });
    }
    steps.extend(computer.lacks(SCHEMATHESIS.0).then_some(Step::Schemathesis));
    let kernel = computer.debian && computer.lacks(KERNEL.0);
    steps.extend(kernel.then_some(Step::Kernel));
    steps
}

fn system_packages(computer: &Computer, peers: bool) -> Option<Step> {
    let packages: Vec<_> = DEBIAN_PACKAGES
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| computer.lacks(name) && (!peers || PEERS.contains(name)))
        .collect();
    if packages.is_empty() || cfg!(not(target_os = "linux")) && !computer.debian {
        return None;
    }
    if !computer.debian {
        let text = format!(
            "what Debian calls {}, by your system's own names",
            packages.join(", ")
        );
        return Some(Step::ByHand(text));
    }
    match computer.superuser {
        Superuser::No => {
            let line = format!("as the superuser, apt-get install {}", packages.join(" "));
            Some(Step::ByHand(line))
        }
        who => Some(Step::Debian {
            packages,
            sudo: who == Superuser::ThroughSudo,
        }),
    }
}

fn reason(name: &str) -> &'static str {
    let packages = DEBIAN_PACKAGES
        .iter()
        .chain(&COMPONENTS)
        .chain([&SCHEMATHESIS, &SIP_JS, &KERNEL])
        .map(|(name, why)| (*name, *why));
    let tools = CARGO_TOOLS.iter().map(|(name, _, why)| (*name, *why));
    packages
        .chain(tools)
        .find(|(known, _)| *known == name)
        .map_or("", |(_, why)| why)
}

fn apt_get(sudo: bool) -> Command {
    let mut command = Command::new(if sudo { "sudo" } else { "apt-get" });
    if sudo {
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    }
    command.env("DEBIAN_FRONTEND", "noninteractive").arg("-q");
    command
}

fn debian_package_present(name: &str) -> bool {
    let done = Command::new("dpkg-query")
        .args(["-W", "-f=${Status}", name])
        .output();
    done.is_ok_and(|done| done.stdout == b"install ok installed")
}

fn kernel_present() -> bool {
    Workspace::read().is_ok_and(|workspace| headset_vm::is_installed(&workspace.target))
}

fn component_present(name: &str) -> bool {
    match name {
        "rustfmt" => succeeds("rustfmt", &["--version"]),
        _ => succeeds("cargo-clippy", &["--version"]),
    }
}

#[cfg(test)]
mod tests;
