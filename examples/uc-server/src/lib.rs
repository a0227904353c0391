//! An embedded UC server for demos and tests. Never a telephone system to sell.
#![forbid(unsafe_code)]
