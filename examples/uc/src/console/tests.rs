//! The telephone without a terminal and without a client.

mod fixtures;
mod keys;
mod picture;
