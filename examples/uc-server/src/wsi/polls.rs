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
        self.insert(session, subscription.deliveries, subscription.lagged);
    }

    fn insert(
        &self,
        session: &SessionId,
        deliveries: mpsc::Receiver<Delivery>,
        lagged: Arc<AtomicBool>,
    ) {
        let queue = Queue {
            deliveries,
            lagged,
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

#[cfg(test)]
mod tests {
    use uc_protocol::{
        ucx::{self, PresenceResource, PresenceState},
        wsi::{PersonPresence, Presence},
    };

    use super::*;
    use crate::exchange::{Audience, Logged};

    const PATIENCE: Duration = Duration::from_secs(10);

    struct Rig {
        polls: Polls,
        session: SessionId,
        queue: mpsc::Sender<Delivery>,
        lagged: Arc<AtomicBool>,
    }

    fn rig() -> Rig {
        let (queue, deliveries) = mpsc::channel(300);
        let lagged = Arc::new(AtomicBool::new(false));
        let session = SessionId::of_token("330");
        let polls = Polls::default();
        polls.insert(&session, deliveries, lagged.clone());
        Rig {
            polls,
            session,
            queue,
            lagged,
        }
    }

    impl Rig {
        async fn wait(&self) -> Result<Vec<Event>, Refusal> {
            self.polls.wait(&self.session, "330", PATIENCE).await
        }

        fn tell(&self, event: ucx::Event) {
            let logged = Arc::new(Logged {
                number: 1,
                event,
                audience: Audience::Everybody,
            });
            self.queue.try_send(Delivery::Event(logged)).unwrap();
        }

        fn tell_presence(&self) {
            self.tell(ucx::Event::Presence(PresenceResource {
                user: "331".into(),
                rev: 1,
                state: PresenceState::Lunch,
                until: None,
                note: None,
                line: None,
            }));
        }
    }

    fn lunch() -> Event {
        Event::Presence(vec![PersonPresence {
            user: "331".into(),
            presence: Presence::Lunch,
        }])
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_told_after_the_patience_also_where_something_foreign_happens() {
        let rig = rig();
        let start = Instant::now();
        let deleted = ucx::Event::ConversationDeleted {
            id: "c".into(),
            rev: 1,
        };
        rig.tell(deleted);
        assert_eq!(rig.wait().await, Ok(vec![]));
        assert_eq!(start.elapsed(), PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn everything_that_waits_is_told_at_once_up_to_the_most() {
        let rig = rig();
        for _ in 0..=MOST {
            rig.tell_presence();
        }
        assert_eq!(rig.wait().await, Ok(vec![lunch(); MOST]));
        assert_eq!(rig.wait().await, Ok(vec![lunch()]));
    }

    #[tokio::test(start_paused = true)]
    async fn two_polls_of_one_session_take_turns() {
        let rig = rig();
        let (first, second, ()) = tokio::join!(rig.wait(), rig.wait(), async {
            tokio::task::yield_now().await;
            rig.tell_presence();
            tokio::time::sleep(PATIENCE / 2).await;
            rig.tell_presence();
        });
        assert_eq!((first, second), (Ok(vec![lunch()]), Ok(vec![lunch()])));
    }

    #[tokio::test(start_paused = true)]
    async fn a_queue_that_overflowed_must_be_begun_anew_and_is_forgotten() {
        let Rig {
            polls,
            session,
            queue,
            lagged,
        } = rig();
        lagged.store(true, Ordering::Release);
        drop(queue);
        for _ in 0..2 {
            let ended = polls.wait(&session, "330", PATIENCE).await;
            assert_eq!(ended, Err(Refusal::NotMonitored));
        }
        assert!(polls.queues().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_a_session_is_told() {
        let rig = rig();
        rig.queue.try_send(Delivery::Ended).unwrap();
        assert_eq!(rig.wait().await, Err(Refusal::NotLoggedIn));
    }

    #[tokio::test]
    async fn queues_that_nobody_fills_any_more_go_when_another_is_begun() {
        let Rig { polls, queue, .. } = rig();
        drop(queue);
        let (_kept, deliveries) = mpsc::channel(1);
        polls.insert(&SessionId::of_token("331"), deliveries, Arc::default());
        assert_eq!(polls.queues().len(), 1);
    }
}
