//! The seeds of the fuzz target, replayed as an ordinary test.

use std::{fs, path::Path};

#[test]
fn every_request_has_an_answer_and_what_is_told_can_be_read() {
    let seeds = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fuzz/corpus/server_requests"
    );
    if !Path::new(seeds).exists() {
        // An unpacked package has none.
        return;
    }
    for seed in fs::read_dir(seeds).unwrap() {
        let bytes = fs::read(seed.unwrap().path()).unwrap();
        uc_server::exercise_requests(&String::from_utf8_lossy(&bytes));
    }
}
