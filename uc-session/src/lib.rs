//! Sign-in, reconnection, presence, directory search and calls.
#![forbid(unsafe_code)]

pub mod port;
