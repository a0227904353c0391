//! The adaptive jitter buffer.
//!
//! `docs/jitter-buffer.md` explains the design and shows measurements.

mod buffer;
mod concealment;
mod config;
mod packet;
mod pcm;
mod planner;
mod source;
mod stats;
mod store;
mod stretch;

pub use buffer::JitterBuffer;
pub use config::JitterConfig;
pub use packet::{Dropped, Inserted, RtpPacketRef};
pub use stats::{JitterStats, Played, PlayedKind};
