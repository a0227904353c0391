//! The demonstration call as a program.
fn main() {}
