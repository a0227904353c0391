//! A command-line unified-communications client.
fn main() {}
