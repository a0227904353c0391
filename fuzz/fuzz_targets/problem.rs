//! Error answers, and the paths of requests.
#![no_main]

use libfuzzer_sys::fuzz_target;
use uc_protocol::ucx::{Problem, decode, paths::Route};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(problem) = decode::<Problem>(bytes) {
        let _ = problem.describe();
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Some(route) = Route::parse(text)
    {
        assert_eq!(Route::parse(&route.path()), Some(route));
    }
});
