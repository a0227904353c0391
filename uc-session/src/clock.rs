use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::time::Instant;

/// A moment, as two clocks show it. What they disagree about tells of a computer that slept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Now {
    /// Since an arbitrary moment; never runs backwards.
    pub monotonic: Duration,
    /// Milliseconds since the Unix epoch, UTC; may jump.
    pub wall_ms: i64,
}

/// What tells the time to a client.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present moment; `monotonic` advances with tokio's timers.
    fn now(&self) -> Now;
}

/// The computer's clocks.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the driver's clock")]
    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH);
        Now {
            monotonic: self.0.elapsed(),
            wall_ms: wall.map_or(0, |since| since.as_millis() as i64),
        }
    }
}
