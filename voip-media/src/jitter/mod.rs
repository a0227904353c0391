//! The adaptive jitter buffer.
//!
//! `docs/jitter-buffer.md` explains the design and shows measurements.

mod adaptation;
mod buffer;
mod concealment;
mod config;
mod intake;
mod ops;
mod packet;
mod pcm;
mod planner;
mod playout;
mod source;
mod stats;
mod store;
mod stretch;

pub use buffer::JitterBuffer;
pub use config::JitterConfig;
pub use ops::exercise_jitter_buffer;
pub use packet::{Dropped, Inserted, RtpPacketRef};
pub use stats::{JitterStats, Played, PlayedKind};
