//! The adaptive jitter buffer.

/// The adaptive jitter buffer of one received stream.
#[derive(Debug, Default)]
pub struct JitterBuffer;
