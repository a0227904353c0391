//! Requests of WSI: what is read survives being written.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uc_protocol::wsi::{Command, Names, Query};

fuzz_target!(|bytes: &[u8]| {
    let names = Names::default();
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(query) = Query::parse(text)
        && let Ok((command, session)) = Command::read(&query, &names)
    {
        let written = command.query(&names, session.as_ref()).path();
        let again = Query::parse(&written).map(|query| Command::read(&query, &names));
        // Percent-encoding makes it longer, perhaps too long.
        if let Ok(again) = again {
            assert_eq!(again, Ok((command, session)));
        }
    }
});
