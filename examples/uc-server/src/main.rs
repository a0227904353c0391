//! The embedded UC server as a program.
fn main() {}
