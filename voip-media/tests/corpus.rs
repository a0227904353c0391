//! The seeds of the fuzz targets, replayed as an ordinary test.
//!
//! The seeds lie beside the fuzz targets, outside of the package; without them (in an unpacked
//! package) there is nothing to replay, which is said.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::{fs, path::PathBuf};

use voip_media::{
    WavBackend, exercise_datagram, exercise_decoder, exercise_description, exercise_jitter_buffer,
    exercise_protected, exercise_rtcp, exercise_stun, exercise_tones,
};

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus")
}

/// Gives each seed of a target to `body`, and the file's name for messages.
fn replay(target: &str, body: impl Fn(&str, &[u8])) {
    let Ok(seeds) = fs::read_dir(corpus().join(target)) else {
        assert!(!corpus().exists(), "{target} has no seeds");
        eprintln!("NOT REPLAYED: the seeds of {target}, there is no ../fuzz/corpus here");
        return;
    };
    for seed in seeds {
        let seed = seed.unwrap();
        let name = seed.file_name();
        body(&name.to_string_lossy(), &fs::read(seed.path()).unwrap());
    }
}

#[test]
fn descriptions_are_read_without_panic() {
    replay("jsep", |_, bytes| exercise_description(bytes));
}

#[test]
fn datagrams_are_read_without_panic() {
    replay("datagram", |_, bytes| exercise_datagram(bytes));
}

#[test]
fn what_is_behind_the_protection_is_read_without_panic() {
    replay("rtcp", |_, bytes| exercise_rtcp(bytes));
    replay("srtp", |name, bytes| {
        assert!(exercise_protected(bytes) > 0, "{name} reaches nothing");
    });
    replay("stun", |_, bytes| exercise_stun(bytes));
}

#[test]
fn operations_on_a_jitter_buffer_keep_its_promises() {
    replay("jitter_buffer", |_, bytes| exercise_jitter_buffer(bytes));
}

#[test]
fn decoders_keep_to_what_they_say_of_a_packet() {
    replay("codec", |_, bytes| exercise_decoder(bytes));
}

#[test]
fn keys_outlive_loss_and_any_packets_are_taken() {
    replay("tones", |_, bytes| exercise_tones(bytes));
}

#[test]
fn files_are_read_without_panic() {
    replay("wav", |name, _| {
        let seed = corpus().join("wav").join(name);
        let _ = WavBackend::new().play(seed);
    });
}
