use std::sync::atomic::{AtomicI64, Ordering};

use tokio::time::Instant;

use crate::clock::{Clock, Now};

/// A clock on tokio's time, paused or not: the wall clock agrees with it, until
/// [`jump`](TokioClock::jump) says otherwise.
#[derive(Debug)]
pub struct TokioClock {
    start: Instant,
    jumped_ms: AtomicI64,
}

impl TokioClock {
    /// A clock that starts now.
    #[expect(clippy::new_without_default, reason = "the moment matters")]
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            jumped_ms: AtomicI64::new(0),
        }
    }

    /// Moves the wall clock alone, as when the computer has slept.
    pub fn jump(&self, ms: i64) {
        self.jumped_ms.fetch_add(ms, Ordering::Relaxed);
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Now {
        let monotonic = self.start.elapsed();
        let wall_ms =
            EPOCH_MS + monotonic.as_millis() as i64 + self.jumped_ms.load(Ordering::Relaxed);
        Now { monotonic, wall_ms }
    }
}

/// Where the wall clock starts: 2025-01-01T00:00:00Z.
const EPOCH_MS: i64 = 1_735_689_600_000;
