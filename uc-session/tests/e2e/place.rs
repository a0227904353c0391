//! Directories for what a test's server keeps.

use std::{fs, path::PathBuf};

/// A directory of this name under the build directory, emptied of what an earlier run left.
pub(crate) fn empty_place(name: &str) -> PathBuf {
    let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(&place).unwrap();
    place
}
