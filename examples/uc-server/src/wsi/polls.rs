use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Mutex as Turn, mpsc},
    time::{Instant, timeout_at},
};
use uc_protocol::wsi::{Event, Refusal};

use super::events::Told;
use crate::{exchange::SessionId, store::Delivery, switchboard::Subscription};

/// The event queues of the sessions that poll, from `EventStart` to `EventStop`. Each holds as
/// many events as an event stream's; one more, and the client must begin again.
#[derive(Debug, Default)]
pub(crate) struct Polls(Mutex<BTreeMap<SessionId, Arc<Turn<Queue>>>>);

#[derive(Debug)]
struct Queue {
    deliveries: mpsc::Receiver<Delivery>,
    lagged: Arc<AtomicBool>,
    told: Told,
}

impl Polls {
    /// Begins a session's events anew. The session lives by its requests, as it always polls, not
    /// by the queue, which may be forgotten.
    pub(super) fn begin(&self, session: &SessionId, subscription: Subscription) {
        let queue = Queue {
            deliveries: subscription.deliveries,
            lagged: subscription.lagged,
            told: Told::default(),
        };
        let mut queues = self.queues();
        // What was cut, or belongs to a session that is over, goes when nobody asks for it.
        queues.retain(|_, queue| match queue.try_lock() {
            Ok(queue) => !queue.deliveries.is_closed(),
            Err(_) => true,
        });
        queues.insert(session.clone(), Arc::new(Turn::new(queue)));
    }

    /// Ends a session's events.
    pub(super) fn end(&self, session: &SessionId) {
        self.queues().remove(session);
    }

    /// Waits for events of `device` for at most `patience`; none is a sign of life.
    ///
    /// # Errors
    /// There is no queue (any more): it was never begun, has overflowed, or the session is over.
    pub(super) async fn wait(
        &self,
        session: &SessionId,
        device: &str,
        patience: Duration,
    ) -> Result<Vec<Event>, Refusal> {
        let until = Instant::now() + patience;
        let queue = self.queues().get(session).cloned();
        let queue = queue.ok_or(Refusal::NotMonitored)?;
        let Ok(mut queue) = timeout_at(until, queue.lock()).await else {
            return Ok(Vec::new());
        };
        let waited = timeout_at(until, queue.next(session, device)).await;
        let ended = match waited {
            Ok(Ok(events)) => return Ok(events),
            Err(_) => return Ok(Vec::new()),
            Ok(Err(ended)) => ended,
        };
        self.end(session);
        Err(ended)
    }

    fn queues(&self) -> MutexGuard<'_, BTreeMap<SessionId, Arc<Turn<Queue>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    /// All events there are, at least one.
    async fn next(&mut self, session: &SessionId, device: &str) -> Result<Vec<Event>, Refusal> {
        let mut events = Vec::new();
        loop {
            let delivery = match events.is_empty() {
                true => self.deliveries.recv().await,
                false => match self.deliveries.try_recv() {
                    Ok(delivery) => Some(delivery),
                    Err(_) => return Ok(events),
                },
            };
            match delivery {
                Some(Delivery::Event(logged)) => {
                    let event = logged.view(session);
                    events.extend(
                        event
                            .into_iter()
                            .flat_map(|event| self.told.events(event, device)),
                    );
                }
                Some(Delivery::Ended) => return Err(Refusal::NotLoggedIn),
                None => {
                    let lagged = self.lagged.load(Ordering::Acquire);
                    tracing::debug!(lagged, "a client's event queue is over");
                    return Err(Refusal::NotMonitored);
                }
            }
            if events.len() >= MOST {
                return Ok(events);
            }
        }
    }
}

/// Events in one answer (our choice): many less than a client takes.
const MOST: usize = 64;
