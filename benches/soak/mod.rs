//! What every soak has: a count of what is allocated and open, a server in a process of its own, ways to
//! it that can be cut, and chance.

mod chance;
mod open;
mod server;
mod way;

use std::{error::Error, time::Instant};

pub(crate) use chance::Chance;
pub(crate) use open::{allocated, open_files, tasks};
pub(crate) use server::ServerProcess;
pub(crate) use way::{Way, lay_way};

pub(crate) type Failed = Box<dyn Error>;

#[expect(
    clippy::disallowed_methods,
    reason = "a soak lasts as long as the clock says"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// What may be allocated more or less after twice as much, in bytes.
pub(crate) const MOST_DIFFERENCE: isize = 64 * 1024;
