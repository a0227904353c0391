//! Offer and answer of JSEP (RFC 9429) for one audio stream.

mod error;

pub use error::SdpError;
