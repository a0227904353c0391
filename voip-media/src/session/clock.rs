use std::time::Instant;

use crate::MediaTime;

/// The one clock of an engine: all its media times count from the engine's construction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    origin: Instant,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "the driver's clock")]
    pub(crate) fn start() -> Self {
        Self {
            origin: Instant::now(),
        }
    }

    /// Now, for what takes an [`Instant`].
    #[expect(clippy::disallowed_methods, reason = "the driver's clock")]
    pub(crate) fn instant(&self) -> Instant {
        Instant::now()
    }

    /// Now, on the media clock.
    pub(crate) fn now(&self) -> MediaTime {
        self.at(self.instant())
    }

    /// A time on the media clock.
    pub(crate) fn at(&self, instant: Instant) -> MediaTime {
        let since = instant.saturating_duration_since(self.origin);
        MediaTime::from_micros(since.as_micros() as u64)
    }

    /// The other way round.
    pub(crate) fn instant_at(&self, time: MediaTime) -> Instant {
        self.origin + std::time::Duration::from_micros(time.as_micros())
    }
}
