//! The seeds of the fuzz targets, replayed as an ordinary test.
//!
//! The seeds lie beside the fuzz targets, outside of the package; without them (in an unpacked
//! package) there is nothing to replay, which is said.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::{fs, path::PathBuf};

use voip_media::{
    CodecKind, WavBackend, codec, exercise_datagram, exercise_description, exercise_jitter_buffer,
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
fn operations_on_a_jitter_buffer_keep_its_promises() {
    replay("jitter_buffer", |_, bytes| exercise_jitter_buffer(bytes));
}

#[test]
fn decoders_keep_to_what_they_say_of_a_packet() {
    replay("codec", |name, bytes| {
        let (kind, mut rest) = bytes.split_first().unwrap();
        let kind = [CodecKind::Opus, CodecKind::Pcmu, CodecKind::Pcma][usize::from(*kind) % 3];
        let mut decoder = codec(kind).decoder().unwrap();
        let mut out = vec![0; 5_760];
        while let Some((length, after)) = rest.split_first() {
            let (payload, after) = after.split_at(usize::from(*length).min(after.len()));
            rest = after;
            if decoder.has_fec(payload) {
                let _ = decoder.decode_fec(payload, &mut out[..960]);
            }
            if let Ok(samples) = decoder.decode(payload, &mut out) {
                assert_eq!(decoder.packet_samples(payload), Some(samples), "{name}");
            }
            let _ = decoder.conceal(&mut out[..480]);
        }
    });
}

#[test]
fn files_are_read_without_panic() {
    replay("wav", |name, _| {
        let seed = corpus().join("wav").join(name);
        let _ = WavBackend::new().play(seed);
    });
}
