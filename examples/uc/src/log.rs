//! The trace log (LOG-1): errors on standard error, and what the settings ask for in a file.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
    sync::Mutex,
};

use clap::{Subcommand, ValueEnum};
use serde_json::json;
use tracing_subscriber::{
    EnvFilter, Layer, filter::LevelFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};
use uc_model::LogLevel;

use crate::{computer::Computer, failure::Failure, output::Output};

/// What to do with the trace log.
#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// Writes one from now on.
    On {
        /// How much it tells.
        #[arg(long, value_enum, default_value = "info")]
        level: Level,
    },
    /// Writes none any more; the file stays.
    Off,
    /// Says whether one is written, and where.
    Show,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// Starts logging as the settings say, and where it may also on standard error; a log that can't be
/// written is named and hinders nothing.
pub(crate) async fn begin(computer: &Computer, output: &Output, on_stderr: bool) {
    let stderr = on_stderr.then(|| {
        fmt::layer()
            .with_writer(io::stderr)
            .with_filter(EnvFilter::from_env("UC_LOG"))
    });
    let file = wanted(computer)
        .await
        .and_then(|(path, level)| match open(&path) {
            Ok(file) => Some((file, level)),
            Err(_) => {
                output.progress(&format!(
                    "The trace log {} can't be written.",
                    path.display()
                ));
                None
            }
        });
    let file = file.map(|(file, level)| {
        fmt::layer()
            .with_ansi(false)
            .with_writer(Mutex::new(file))
            .with_filter(filter(level))
    });
    tracing_subscriber::registry()
        .with(stderr)
        .with(file)
        .init();
}

async fn wanted(computer: &Computer) -> Option<(std::path::PathBuf, LogLevel)> {
    // A command that needs the settings says what is wrong with them.
    let preferences = computer.known_preferences().await.ok()??;
    let level = preferences.settings().log?;
    Some((computer.folder().ok()?.join(FILE), level))
}

/// Switches the log on or off, or shows it.
pub(crate) async fn log(
    computer: &Computer,
    output: &Output,
    command: &LogCommand,
) -> Result<(), Failure> {
    let preferences = computer.preferences().await?;
    match command {
        LogCommand::On { level } => {
            let level = (*level).into();
            preferences
                .set(|settings| settings.log = Some(level))
                .await?;
        }
        LogCommand::Off => preferences.set(|settings| settings.log = None).await?,
        LogCommand::Show => {}
    }
    let path = computer.folder()?.join(FILE);
    let level = preferences
        .settings()
        .log
        .map(|level| format!("{level:?}").to_lowercase());
    let plain = match &level {
        Some(level) => format!("A trace log ({level}) is written to {}.", path.display()),
        None => "No trace log is written.".to_owned(),
    };
    let path = path.to_string_lossy();
    output.line(&plain, &json!({ "level": level, "path": path }));
    Ok(())
}

/// Opens the log for its owner alone; one that has grown makes place for a new one.
fn open(path: &Path) -> io::Result<File> {
    if fs::metadata(path).is_ok_and(|file| file.len() > MOST_BYTES) {
        fs::rename(path, path.with_extension("log.1"))?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::Error,
            Level::Warn => Self::Warn,
            Level::Info => Self::Info,
            Level::Debug => Self::Debug,
            Level::Trace => Self::Trace,
        }
    }
}

const fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
        _ => LevelFilter::INFO,
    }
}

const FILE: &str = "uc.log";
/// Past that the log begins anew; one older is kept (our choice).
const MOST_BYTES: u64 = 10 * 1024 * 1024;
