//! The two speakers. `speech/SOURCES.md` says where the recordings come from.

use std::path::{Path, PathBuf};

use crate::Sound;

/// The recording of the first speaker, for a program that reads files.
pub fn first_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/speech/a.wav")
}

/// The recording of the second speaker.
pub fn second_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/speech/b.wav")
}

/// What the first speaker says.
///
/// # Panics
/// If the repository's recording is damaged.
pub fn first() -> Sound {
    Sound::read(&first_file()).expect("the repository's recording is a WAV file")
}

/// What the second speaker says.
///
/// # Panics
/// If the repository's recording is damaged.
pub fn second() -> Sound {
    Sound::read(&second_file()).expect("the repository's recording is a WAV file")
}
