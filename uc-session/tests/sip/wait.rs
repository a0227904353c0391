//! Waiting for what other programs do.

use std::{thread, time::Duration};

/// Looks every 20 ms whether it is so, for some seconds; whether it became so.
pub(crate) fn becomes_so(seconds: u64, mut ready: impl FnMut() -> bool) -> bool {
    (0..seconds * 50).any(|_| {
        let is_so = ready();
        if !is_so {
            thread::sleep(Duration::from_millis(20));
        }
        is_so
    })
}
