//! Event streams: any split gives the same items.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uc_protocol::sse::{Item, Parser};

fuzz_target!(|bytes: &[u8]| {
    let Some((cut, stream)) = bytes.split_first() else {
        return;
    };
    let cut = usize::from(*cut).min(stream.len());
    let items = |pieces: [&[u8]; 2]| -> (Vec<Item>, bool) {
        let mut parser = Parser::new();
        let failed = pieces.iter().any(|piece| parser.push(piece).is_err());
        (std::iter::from_fn(|| parser.pop()).collect(), failed)
    };
    assert_eq!(
        items([&stream[..cut], &stream[cut..]]),
        items([stream, &[]])
    );
});
