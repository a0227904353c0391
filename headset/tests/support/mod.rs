//! Report descriptors: our own, and those of real devices when they are there.
#![allow(dead_code, reason = "each test program uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on should panic")]

use std::path::{Path, PathBuf};

use headset::{Inspection, read_hex};

/// One of `tests/fixtures`.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    read(&folder.join(name).with_extension("hex"))
}

/// Every one of `tests/fixtures`, by name.
pub(crate) fn fixtures() -> Vec<(String, Vec<u8>)> {
    all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures"))
}

/// The descriptors of real devices, by name; none, and a loud word, where they are missing.
pub(crate) fn recorded() -> Vec<(String, Vec<u8>)> {
    let root = std::env::var_os("UC_TEST_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data"),
        PathBuf::from,
    );
    let folder = root.join("hid");
    if !folder.is_dir() {
        eprintln!(
            "SKIPPED: no descriptors of real devices; set UC_TEST_DATA to the folder that holds `hid`"
        );
        return Vec::new();
    }
    all(&folder)
}

fn all(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let hex = paths.filter(|path| path.extension().is_some_and(|end| end == "hex"));
    let mut found: Vec<_> = hex
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, read(&path))
        })
        .collect();
    found.sort();
    found
}

fn read(path: &Path) -> Vec<u8> {
    read_hex(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Rows such as `02.0/1 0b:20 hook_switch state`: report, bit and bits, usage, name, kind.
pub(crate) fn rows(descriptor: &[u8]) -> (Vec<String>, Vec<String>) {
    let map = Inspection::of(descriptor).map;
    let row = |usage, name, place: headset::Place, kind: headset::ControlKind| {
        let headset::Place {
            report_id,
            bit,
            bits,
        } = place;
        let id = report_id.0;
        format!("{id:02x}.{bit}/{bits} {usage} {name} {}", kind.name())
    };
    let inputs = map.inputs().iter();
    let outputs = map.outputs().iter();
    (
        inputs
            .map(|c| row(c.usage, c.role.name(), c.place, c.kind))
            .collect(),
        outputs
            .map(|c| row(c.usage, c.role.name(), c.place, c.kind))
            .collect(),
    )
}
