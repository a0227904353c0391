//! Answers of WSI's long poll: what is read survives being written, but for what can't be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uc_protocol::wsi::{Event, Names, decode_events, encode_events};

fuzz_target!(|bytes: &[u8]| {
    let names = Names::default();
    if let Ok(mut events) = decode_events(bytes, &names) {
        events.retain(|event| *event != Event::Unreadable);
        let written = encode_events(&events, &names);
        assert_eq!(decode_events(&written, &names), Ok(events));
    }
});
