use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::{
    AudioBackend, Intent, SessionEvent, SessionStats, mos,
    session::{counters::MediaCounters, quality},
};

/// What the handle of a session and its task both see. Its locks are held for copies only, and
/// never by the media thread.
#[derive(Debug, Default)]
pub(crate) struct SessionShared {
    pub(crate) events: EventQueue,
    pub(crate) counters: Arc<MediaCounters>,
    /// An intent has come.
    pub(crate) intended: Notify,
    intent: Mutex<Intent>,
    candidates: Mutex<Vec<String>>,
    network: Mutex<SessionStats>,
    sound: Sound,
}

/// The devices, which count for themselves.
#[derive(Default)]
struct Sound(Option<Arc<dyn AudioBackend>>);

impl fmt::Debug for Sound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sound")
    }
}

impl SessionShared {
    pub(crate) fn new(sound: Arc<dyn AudioBackend>) -> Self {
        Self {
            sound: Sound(Some(sound)),
            ..Self::default()
        }
    }

    pub(crate) fn local_candidates(&self) -> Vec<String> {
        lock(&self.candidates).clone()
    }

    pub(crate) fn set_local_candidates(&self, candidates: Vec<String>) {
        *lock(&self.candidates) = candidates;
    }

    /// Takes an intent unless it is an older one.
    pub(crate) fn apply(&self, intent: Intent) {
        let mut current = lock(&self.intent);
        if intent.number > current.number {
            *current = intent;
            drop(current);
            self.intended.notify_one();
        }
    }

    pub(crate) fn intent(&self) -> Intent {
        *lock(&self.intent)
    }

    /// Figures of the network side, kept by the session's task.
    pub(crate) fn network(&self) -> MutexGuard<'_, SessionStats> {
        lock(&self.network)
    }

    pub(crate) fn stats(&self) -> SessionStats {
        let mut stats = *self.network();
        self.counters.add_to(&mut stats);
        stats.events_lost = self.events.lost();
        stats.devices = self
            .sound
            .0
            .as_ref()
            .map(|sound| sound.counts())
            .unwrap_or_default();
        stats.first_audio_after = stats
            .first_audio_at
            .zip(stats.connected_at)
            .map(|(first, from)| first.since(from));
        stats.mos = quality::heard(&stats).map(mos);
        stats
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Events on their way to the application: at most [`EventQueue::CAPACITY`], the oldest go first.
#[derive(Debug, Default)]
pub(crate) struct EventQueue {
    state: Mutex<QueueState>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct QueueState {
    events: VecDeque<SessionEvent>,
    closed: bool,
    lost: u64,
}

impl EventQueue {
    const CAPACITY: usize = 64;

    /// Adds an event. After [`SessionEvent::Closed`], nothing is taken any more.
    pub(crate) fn push(&self, event: SessionEvent) {
        let mut state = lock(&self.state);
        if state.closed {
            return;
        }
        if state.events.len() == Self::CAPACITY {
            state.events.pop_front();
            state.lost += 1;
        }
        state.closed = event == SessionEvent::Closed;
        state.events.push_back(event);
        drop(state);
        self.arrived.notify_one();
    }

    /// The next event; `None` once the last one has been taken.
    pub(crate) async fn next(&self) -> Option<SessionEvent> {
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            self.arrived.notified().await;
        }
    }

    /// Whether the last event has come.
    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.state).closed
    }

    /// How many events were lost.
    pub(crate) fn lost(&self) -> u64 {
        lock(&self.state).lost
    }

    fn take(&self) -> Option<Option<SessionEvent>> {
        let mut state = lock(&self.state);
        match state.events.pop_front() {
            Some(event) => Some(Some(event)),
            None if state.closed => Some(None),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_consumer_loses_the_oldest_events_but_never_the_end() {
        let queue = EventQueue::default();
        for number in 0..70 {
            queue.push(SessionEvent::Applied { number });
        }
        queue.push(SessionEvent::Closed);
        queue.push(SessionEvent::Connected);
        assert_eq!(queue.lost(), 7);
        assert_eq!(
            queue.next().await,
            Some(SessionEvent::Applied { number: 7 })
        );
        for _ in 8..70 {
            queue.next().await;
        }
        assert_eq!(queue.next().await, Some(SessionEvent::Closed));
        assert_eq!(queue.next().await, None);
    }

    #[test]
    fn an_older_intent_is_ignored() {
        let shared = SessionShared::default();
        shared.apply(Intent {
            number: 2,
            muted: true,
            held: false,
            music: false,
        });
        shared.apply(Intent {
            number: 1,
            muted: false,
            held: true,
            music: false,
        });
        assert_eq!(
            shared.intent(),
            Intent {
                number: 2,
                muted: true,
                held: false,
                music: false,
            }
        );
    }
}
