//! The seeds of the fuzz targets, replayed as an ordinary test.
//!
//! The seeds lie beside the fuzz targets, outside of the package; without them (in an unpacked
//! package) there is nothing to replay.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::{fs, path::PathBuf};

use headset::{Inspection, exercise_descriptor, exercise_machine};

fn replay(target: &str, body: impl Fn(&[u8])) {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let Ok(seeds) = fs::read_dir(corpus.join(target)) else {
        assert!(!corpus.exists(), "{target} has no seeds");
        return;
    };
    for seed in seeds {
        body(&fs::read(seed.unwrap().path()).unwrap());
    }
}

#[test]
fn report_descriptors_are_read_within_their_bounds() {
    replay("headset_descriptor", exercise_descriptor);
}

#[test]
fn whatever_a_headset_sends_the_machine_keeps_its_promises() {
    replay("headset_machine", |bytes| {
        let descriptor = &bytes[2..2 + usize::from(bytes[0]) + 256 * usize::from(bytes[1])];
        assert!(
            Inspection::of(descriptor).managed,
            "a seed should reach the machine"
        );
        exercise_machine(bytes);
    });
}

#[cfg(feature = "hub")]
#[test]
fn whatever_a_hub_answers_only_allowed_actions_come_and_nothing_grows() {
    replay("headset_hub", headset::exercise_hub);
}
