//! Where a canary may sing: the log, `Debug`, texts of errors, files.

use std::{
    error::Error,
    fmt::Debug,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use tracing::Level;

/// What must not be told, by a part that is seen in any notation.
const CANARIES: [&str; 9] = [
    "canary-password",
    "canary-wrong",
    "canarysession",
    "anaryname",
    "canary-note",
    "canary-text",
    "canaryq",
    "12345678",
    super::PIN,
];

/// Everything that is logged, by anybody.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    pub(crate) fn begin() -> Self {
        let log = Self::default();
        let writer = log.clone();
        tracing_subscriber::fmt()
            .with_max_level(Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .init();
        log
    }

    pub(crate) fn text(&self) -> String {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&log).into_owned()
    }
}

/// Fails where a canary sings in `text`.
#[track_caller]
pub(crate) fn silent(what: &str, text: &str) {
    let lower = text.to_lowercase();
    for canary in CANARIES {
        if let Some(at) = lower.find(canary) {
            let from = at.saturating_sub(200);
            let around: String = lower.chars().skip(from).take(400).collect();
            panic!("{canary} in {what}: …{around}…");
        }
    }
}

#[track_caller]
pub(crate) fn shows_nothing(value: &impl Debug) {
    silent("Debug", &format!("{value:?} {value:#?}"));
}

#[track_caller]
pub(crate) fn says_nothing(error: &impl Error) {
    silent("an error", &error.to_string());
    shows_nothing(error);
    let mut source = error.source();
    while let Some(error) = source {
        silent("an error's source", &format!("{error} {error:?}"));
        source = error.source();
    }
}

/// The files under `place` in which `text` stands.
pub(crate) fn files_with(text: &str, place: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(place).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(text, &path));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        if bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
        {
            found.push(path);
        }
    }
    found
}

/// Whether only its owner may read and write the file.
#[cfg(unix)]
pub(crate) fn is_private(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).unwrap().permissions().mode() & 0o777 == 0o600
}

#[cfg(not(unix))]
pub(crate) fn is_private(_: &Path) -> bool {
    true
}
