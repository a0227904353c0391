//! The seeds of the fuzz targets, replayed as an ordinary test.
//!
//! The seeds lie beside the fuzz targets, outside of the package; without them (in an unpacked
//! package) there is nothing to replay.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::{fs, path::PathBuf};

use uc_protocol::{
    sdp::check_audio,
    sse::Parser,
    ucx::{
        Changes, ContactDraft, ContactList, Event, FavouriteChange, ImportReport, MakeCall,
        Problem, SearchResults, SendMessage, Session, Snapshot, decode, paths::Route,
    },
    wsi::{exercise_answers, exercise_events, exercise_query},
};

/// Gives each seed of a target to `body`.
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
fn bodies_are_read_without_panic() {
    replay("ucx_decode", |bytes| {
        let _ = (decode::<Event>(bytes), decode::<Snapshot>(bytes));
        let _ = (decode::<Session>(bytes), decode::<MakeCall>(bytes));
        let _ = (decode::<SearchResults>(bytes), decode::<Changes>(bytes));
        let _ = (decode::<ContactDraft>(bytes), decode::<ContactList>(bytes));
        let _ = (decode::<ImportReport>(bytes), decode::<SendMessage>(bytes));
        let _ = decode::<FavouriteChange>(bytes);
    });
}

#[test]
fn streams_are_read_without_panic() {
    replay("sse", |bytes| {
        let mut parser = Parser::new();
        let _ = parser.push(bytes);
        while parser.pop().is_some() {}
    });
}

#[test]
fn descriptions_are_checked_without_panic() {
    replay("sdp", |bytes| {
        let _ = check_audio(&String::from_utf8_lossy(bytes));
    });
}

#[test]
fn problems_and_paths_are_read_without_panic() {
    replay("problem", |bytes| {
        let _ = decode::<Problem>(bytes);
        let _ = Route::parse(&String::from_utf8_lossy(bytes));
    });
}

#[test]
fn what_is_read_of_wsi_survives_being_written() {
    replay("wsi_xml", exercise_answers);
    replay("wsi_events", exercise_events);
    replay("wsi_query", exercise_query);
}

#[cfg(feature = "sip")]
#[test]
fn what_is_read_of_sip_survives_being_written_and_cut() {
    replay("sip_message", uc_protocol::sip::exercise_message);
    replay("sip_stream", uc_protocol::sip::exercise_stream);
}
