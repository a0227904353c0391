use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use tokio::sync::Notify;

use crate::{Intent, SessionEvent, SessionStats};

/// What the handle of a session and its task both see.
#[derive(Debug, Default)]
pub(crate) struct SessionShared {
    pub(crate) events: EventQueue,
    intent: Mutex<Intent>,
    candidates: Mutex<Vec<String>>,
}

impl SessionShared {
    pub(crate) fn local_candidates(&self) -> Vec<String> {
        self.candidates
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn apply(&self, intent: Intent) {
        *self.intent.lock().unwrap_or_else(PoisonError::into_inner) = intent;
    }

    pub(crate) fn stats(&self) -> SessionStats {
        SessionStats::default()
    }
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
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
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

    /// How many events were lost.
    pub(crate) fn lost(&self) -> u64 {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .lost
    }

    fn take(&self) -> Option<Option<SessionEvent>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match state.events.pop_front() {
            Some(event) => Some(Some(event)),
            None if state.closed => Some(None),
            None => None,
        }
    }
}
