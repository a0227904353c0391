//! The null sinks of `start.sh`, from tests.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
};

use voip_media::{AudioBackend, AudioDevice, AudioDirection, DeviceBackend, DeviceChoice};

/// One test at a time: they share the sinks.
pub(crate) fn null_sinks() -> Option<MutexGuard<'static, ()>> {
    static SINKS: Mutex<()> = Mutex::new(());
    if std::env::var_os("UC_TEST_PULSE").is_none() {
        // Straight to the terminal: the test runner hides what passing tests print.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no PulseAudio null sinks; run voip-media/tests/pulse/start.sh first"
        );
        return None;
    }
    Some(SINKS.lock().unwrap_or_else(PoisonError::into_inner))
}

pub(crate) fn device(direction: AudioDirection, name: &str) -> AudioDevice {
    let devices = DeviceBackend::new().devices().unwrap();
    devices
        .iter()
        .find(|device| device.direction == direction && device.id.0.ends_with(name))
        .unwrap_or_else(|| panic!("no {name} among {devices:?}"))
        .clone()
}

pub(crate) fn fixed(direction: AudioDirection, name: &str) -> DeviceChoice {
    DeviceChoice::Fixed(device(direction, name).id)
}

/// Does something to the server; gives what it prints.
pub(crate) fn pactl(arguments: &[&str]) -> String {
    let done = Command::new("pactl").args(arguments).output().unwrap();
    assert!(done.status.success(), "pactl {arguments:?}: {done:?}");
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}

/// A sink that is plugged in for a while.
#[allow(dead_code, reason = "not every test binary plugs")]
pub(crate) struct Guest(String);

#[allow(dead_code, reason = "not every test binary plugs")]
impl Guest {
    pub(crate) fn plug_in(rate: u32) -> Self {
        let rate = format!("rate={rate}");
        let name = "sink_properties=device.description=Guest";
        let module = ["load-module", "module-null-sink", "sink_name=guest", name];
        Self(pactl(&[&module[..], &[&rate, "channels=2"]].concat()))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let _ = Command::new("pactl")
            .args(["unload-module", &self.0])
            .status();
    }
}

/// Kills the server as if it had crashed.
#[allow(dead_code, reason = "not every test binary kills")]
pub(crate) fn kill_server() {
    let pid_file = folder().join("pid");
    let pid = std::fs::read_to_string(&pid_file).unwrap();
    let killed = Command::new("kill").args(["-9", pid.trim()]).status();
    assert!(killed.unwrap().success());
    std::fs::remove_file(pid_file).unwrap();
}

#[allow(dead_code, reason = "not every test binary kills")]
pub(crate) fn start_server() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pulse/start.sh");
    let started = Command::new("sh").arg(script).arg(folder()).output();
    assert!(started.unwrap().status.success());
}

/// Where `start.sh` keeps it all.
fn folder() -> PathBuf {
    let config = PathBuf::from(std::env::var_os("PULSE_CONFIG_PATH").unwrap());
    config.parent().unwrap().to_owned()
}
