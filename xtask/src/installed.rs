//! What this computer has: system libraries, programs and test data.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use crate::process::succeeds;
use crate::sip_js;

/// Where recorded network traces and headset descriptors are looked for when `UC_TEST_DATA` is
/// not set, relative to the workspace.
const DEFAULT_TEST_DATA: &str = "../shared/data";

/// The names under which `voip-media/tests/browser/chromium.rs` looks for a browser.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// What tests need beyond a Rust toolchain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Installed {
    /// The ALSA development package; elsewhere than on Linux nothing is needed.
    pub(crate) sound_library: bool,
    /// cmake, for the C Opus library.
    pub(crate) cmake: bool,
    /// The PulseAudio server and its command line, for virtual sound devices.
    pub(crate) pulseaudio: bool,
    /// A browser for calls with one.
    pub(crate) chromium: bool,
    /// A session bus and GNOME's keyring.
    pub(crate) key_store: bool,
    /// A terminal for tests.
    pub(crate) tmux: bool,
    /// A SIP server, SIP telephones (one of them for browsers) and scripted scenarios.
    pub(crate) sip_peers: bool,
    /// The folder of recorded network traces and headset descriptors.
    pub(crate) test_data: Option<PathBuf>,
}

impl Installed {
    /// Looks at this computer.
    pub(crate) fn look(root: &Path) -> Self {
        let linux = cfg!(target_os = "linux");
        Self {
            sound_library: !linux || succeeds("pkg-config", &["--exists", "alsa"]),
            cmake: on_path("cmake"),
            pulseaudio: linux && on_path("pulseaudio") && on_path("pactl"),
            chromium: BROWSERS.iter().any(|name| on_path(name))
                || std::env::var_os("UC_TEST_CHROMIUM").is_some(),
            key_store: !linux || on_path("dbus-run-session") && on_path("gnome-keyring-daemon"),
            tmux: !cfg!(unix) || on_path("tmux"),
            sip_peers: ["kamailio", "baresip", "sipp"]
                .iter()
                .all(|name| on_path(name))
                && sip_js::is_installed(),
            test_data: test_data(root),
        }
    }

    /// What a test run leaves out on this computer, each with the reason and the remedy.
    pub(crate) fn left_out(&self) -> Vec<LeftOut> {
        let mut list = Vec::new();
        let mut leave = |missing: bool, what, why| {
            if missing {
                list.push(LeftOut {
                    what,
                    why: Cow::Borrowed(why),
                });
            }
        };
        leave(
            !self.sound_library,
            "feature `device` (microphone and loudspeaker), and `examples/first-call.rs`",
            "the ALSA development package is missing (Debian: libasound2-dev and pkg-config)",
        );
        leave(
            !self.cmake,
            "features `libopus` and `neural` (Opus by the C library)",
            "cmake is missing (Debian: cmake)",
        );
        leave(
            self.sound_library && !self.pulseaudio,
            "calls through virtual sound devices",
            "PulseAudio is missing (Debian: pulseaudio, pulseaudio-utils)",
        );
        leave(
            !self.chromium,
            "calls with a browser",
            "Chromium is missing (Debian: chromium)",
        );
        leave(
            !self.key_store,
            "passwords in the desktop's key store",
            "a session bus or the keyring is missing (Debian: dbus-daemon, gnome-keyring)",
        );
        leave(
            !self.tmux,
            "the console on a real terminal",
            "tmux is missing (Debian: tmux)",
        );
        leave(
            !self.sip_peers,
            "calls over SIP by real servers and telephones",
            "Kamailio, baresip, sipp or SIP.js are missing (cargo xtask setup --peers)",
        );
        leave(
            self.test_data.is_none(),
            "tests against recorded network traces and headset descriptors",
            "the recordings are missing (name their folder in UC_TEST_DATA)",
        );
        list
    }

    /// Features of the workspace that can't be built here.
    pub(crate) fn impossible_features(&self) -> Vec<&'static str> {
        let mut list = Vec::new();
        if !self.sound_library {
            list.push("device");
        }
        if !self.cmake {
            list.push("libopus");
        }
        list
    }
}

/// Something a test run can't include here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeftOut {
    pub(crate) what: &'static str,
    pub(crate) why: Cow<'static, str>,
}

/// Whether a program of this name is found through `PATH`.
pub(crate) fn on_path(program: &str) -> bool {
    let file = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(&file).is_file()))
}

fn test_data(root: &Path) -> Option<PathBuf> {
    let folder = match std::env::var_os("UC_TEST_DATA") {
        Some(named) => PathBuf::from(named),
        None => root.join(DEFAULT_TEST_DATA),
    };
    folder
        .join("net")
        .is_dir()
        .then(|| folder.canonicalize().unwrap_or(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everything() -> Installed {
        Installed {
            sound_library: true,
            cmake: true,
            pulseaudio: true,
            chromium: true,
            key_store: true,
            tmux: true,
            sip_peers: true,
            test_data: Some(PathBuf::from("data")),
        }
    }

    #[test]
    fn nothing_is_left_out_where_everything_is_installed() {
        assert_eq!(everything().left_out(), []);
        assert!(everything().impossible_features().is_empty());
    }

    #[test]
    fn a_missing_sound_library_leaves_out_devices_and_says_what_to_install() {
        let here = Installed {
            sound_library: false,
            pulseaudio: false,
            ..everything()
        };
        let left_out = here.left_out();
        assert_eq!(
            left_out.len(),
            1,
            "PulseAudio is no use without the library: {left_out:?}"
        );
        assert!(left_out[0].why.contains("libasound2-dev"));
        assert_eq!(here.impossible_features(), ["device"]);
    }

    #[test]
    fn missing_programs_and_data_are_named_one_by_one() {
        let here = Installed {
            cmake: false,
            pulseaudio: false,
            chromium: false,
            key_store: false,
            tmux: false,
            sip_peers: false,
            test_data: None,
            ..everything()
        };
        let reasons: Vec<_> = here.left_out().into_iter().map(|left| left.why).collect();
        assert_eq!(reasons.len(), 7);
        assert!(reasons[0].contains("cmake"));
        assert!(reasons[1].contains("PulseAudio"));
        assert!(reasons[2].contains("Chromium"));
        assert!(reasons[3].contains("gnome-keyring"));
        assert!(reasons[4].contains("tmux"));
        assert!(reasons[5].contains("setup --peers"));
        assert!(reasons[6].contains("UC_TEST_DATA"));
        assert_eq!(here.impossible_features(), ["libopus"]);
    }

    #[test]
    fn cargo_is_on_the_path_and_nonsense_is_not() {
        assert!(on_path("cargo"));
        assert!(!on_path("no-such-program-anywhere"));
    }
}
