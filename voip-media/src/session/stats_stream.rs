use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::Stream;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::{SessionStats, session::shared::SessionShared};

/// Figures of a session again and again, from [`crate::AudioSession::stats_stream`]. Ends when the session is
/// closed; who asks late gets the newest figures, not those that were missed. Polled inside the
/// tokio runtime.
#[derive(Debug)]
pub struct StatsStream {
    shared: Arc<SessionShared>,
    every: Duration,
    /// Made by the first poll, which has a runtime.
    ticks: Option<Interval>,
}

impl StatsStream {
    pub(crate) fn new(shared: Arc<SessionShared>, every: Duration) -> Self {
        Self {
            shared,
            every: every.max(SHORTEST),
            ticks: None,
        }
    }

    /// The next figures; `None` once the session is closed. Cancel-safe.
    pub async fn next(&mut self) -> Option<SessionStats> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for StatsStream {
    type Item = SessionStats;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<SessionStats>> {
        let every = self.every;
        let ticks = self.ticks.get_or_insert_with(|| {
            let mut ticks = interval(every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            ticks
        });
        ready!(ticks.poll_tick(context));
        let open = !self.shared.events.is_closed();
        Poll::Ready(open.then(|| self.shared.stats()))
    }
}

/// Levels and the rest change with the tick of the media thread.
const SHORTEST: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;
    use crate::SessionEvent;

    #[tokio::test(start_paused = true)]
    async fn figures_come_at_once_then_in_step_and_end_with_the_session() {
        let shared = Arc::new(SessionShared::default());
        let second = Duration::from_secs(1);
        let mut stream = StatsStream::new(Arc::clone(&shared), second);
        let start = Instant::now();
        for elapsed in 0..3 {
            shared.network().packets_sent = u64::from(elapsed);
            let stats = stream.next().await.expect("open");
            assert_eq!(stats.packets_sent, u64::from(elapsed));
            assert_eq!(start.elapsed(), second * elapsed);
        }
        tokio::time::advance(second * 5).await;
        stream.next().await.expect("what was missed is one");
        shared.events.push(SessionEvent::Closed);
        assert_eq!(stream.next().await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn no_interval_is_too_short() {
        let mut stream = StatsStream::new(Arc::default(), Duration::ZERO);
        let start = Instant::now();
        for _ in 0..3 {
            stream.next().await.expect("open");
        }
        assert_eq!(start.elapsed(), 2 * SHORTEST);
    }
}
