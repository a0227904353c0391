use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

use tokio::sync::{mpsc as queue, oneshot};

use super::{Database, StoreError};
use crate::exchange::{Effects, Logged, SessionId};

/// The thread that makes changes durable and then tells subscribers, in the order in which the
/// changes were made. Changes that wait together are committed together.
///
/// Its queue is bounded by its users: each connection waits for its change before the next one.
pub(crate) struct Journal {
    jobs: mpsc::Sender<Job>,
}

/// What a subscriber's queue holds.
#[derive(Debug, Clone)]
pub(crate) enum Delivery {
    Event(Arc<Logged>),
    /// The session is over.
    Ended,
}

/// Where a session's events go.
pub(crate) struct Subscriber {
    pub(crate) user: String,
    pub(crate) session: SessionId,
    /// Bounded; a subscriber that doesn't keep up is cut.
    pub(crate) queue: queue::Sender<Delivery>,
    /// Set before the queue of a slow subscriber is closed.
    pub(crate) lagged: Arc<AtomicBool>,
}

/// Resolves when a change is durable.
pub(crate) type Committed = oneshot::Receiver<Result<(), StoreError>>;

enum Job {
    Commit(Effects, oneshot::Sender<Result<(), StoreError>>),
    Subscribe(Subscriber),
    EndStreams,
}

impl Journal {
    /// Starts the thread; it ends, and closes the database, when the journal is dropped and all is
    /// written. Without a database nothing is durable.
    pub(crate) fn start(
        database: Option<Database>,
    ) -> Result<(Self, thread::JoinHandle<()>), StoreError> {
        let (jobs, inbox) = mpsc::channel();
        let writer = Writer {
            database,
            failed: false,
            subscribers: Vec::new(),
        };
        let thread = thread::Builder::new()
            .name("uc-server-journal".into())
            .spawn(move || writer.run(&inbox))?;
        Ok((Self { jobs }, thread))
    }

    /// Hands over the effects of one step.
    pub(crate) fn submit(&self, effects: Effects) -> Committed {
        let (done, committed) = oneshot::channel();
        let _ = self.jobs.send(Job::Commit(effects, done));
        committed
    }

    /// Adds a subscriber behind all that was submitted before.
    pub(crate) fn subscribe(&self, subscriber: Subscriber) {
        let _ = self.jobs.send(Job::Subscribe(subscriber));
    }

    /// Closes the queues of all subscribers.
    pub(crate) fn end_streams(&self) {
        let _ = self.jobs.send(Job::EndStreams);
    }
}

struct Writer {
    database: Option<Database>,
    failed: bool,
    subscribers: Vec<Subscriber>,
}

impl Writer {
    fn run(mut self, inbox: &mpsc::Receiver<Job>) {
        while let Ok(first) = inbox.recv() {
            let mut group = vec![first];
            group.extend(inbox.try_iter().take(GROUP - 1));
            let outcome = self.commit(&group);
            self.failed |= outcome.is_err();
            for job in group {
                self.finish(job);
            }
        }
    }

    fn commit(&mut self, group: &[Job]) -> Result<(), StoreError> {
        let Some(database) = self.database.as_mut().filter(|_| !self.failed) else {
            return Ok(());
        };
        let writes = || {
            group.iter().flat_map(|job| match job {
                Job::Commit(effects, _) => effects.writes.as_slice(),
                Job::Subscribe(_) | Job::EndStreams => &[],
            })
        };
        if writes().next().is_none() {
            return Ok(());
        }
        database.apply(writes()).inspect_err(|error| {
            tracing::error!(%error, "changes can't be written; the server refuses further ones");
        })
    }

    fn finish(&mut self, job: Job) {
        match job {
            Job::Subscribe(subscriber) => self.subscribers.push(subscriber),
            Job::EndStreams => self.subscribers.clear(),
            Job::Commit(_, done) if self.failed => {
                let _ = done.send(Err(StoreError::Failed));
            }
            Job::Commit(effects, done) => {
                for (user, logged) in effects.events {
                    let event = Delivery::Event(logged);
                    self.deliver(|subscriber| subscriber.user == user, &event);
                }
                for session in effects.ended {
                    self.deliver(|subscriber| subscriber.session == session, &Delivery::Ended);
                    self.subscribers.retain(|s| s.session != session);
                }
                let _ = done.send(Ok(()));
            }
        }
    }

    fn deliver(&mut self, concerns: impl Fn(&Subscriber) -> bool, delivery: &Delivery) {
        self.subscribers.retain(|subscriber| {
            if !concerns(subscriber) {
                return !subscriber.queue.is_closed();
            }
            match subscriber.queue.try_send(delivery.clone()) {
                Ok(()) => true,
                Err(queue::error::TrySendError::Full(_)) => {
                    subscriber.lagged.store(true, Ordering::Release);
                    false
                }
                Err(queue::error::TrySendError::Closed(_)) => false,
            }
        });
    }
}

/// Most changes in one transaction: enough to share a commit, few enough to stay below 5 ms.
const GROUP: usize = 64;

#[cfg(test)]
mod tests {
    use uc_protocol::ucx::Event;

    use super::*;
    use crate::store::Write;

    fn event(number: u64) -> Effects {
        let logged = Arc::new(Logged {
            number,
            event: Event::Reset,
            audience: crate::exchange::Audience::default(),
        });
        Effects {
            writes: vec![Write::Event("330".into(), logged.clone())],
            events: vec![("330".into(), logged)],
            ..Effects::default()
        }
    }

    fn subscriber(user: &str, room: usize) -> (Subscriber, queue::Receiver<Delivery>) {
        let (queue, deliveries) = queue::channel(room);
        let subscriber = Subscriber {
            user: user.into(),
            session: SessionId::of_token(user),
            queue,
            lagged: Arc::default(),
        };
        (subscriber, deliveries)
    }

    #[tokio::test]
    async fn a_subscriber_gets_what_was_submitted_after_it() {
        let (journal, _) = Journal::start(None).unwrap();
        let before = journal.submit(event(1));
        let (own, mut deliveries) = subscriber("330", 4);
        let (other, mut others) = subscriber("331", 4);
        journal.subscribe(own);
        journal.subscribe(other);
        journal.submit(event(2)).await.unwrap().unwrap();
        before.await.unwrap().unwrap();
        drop(journal);
        let first = deliveries.recv().await;
        assert!(matches!(first, Some(Delivery::Event(logged)) if logged.number == 2));
        assert!(deliveries.recv().await.is_none());
        assert!(others.recv().await.is_none());
    }

    #[tokio::test]
    async fn a_slow_subscriber_is_cut_and_told_why() {
        let (journal, _) = Journal::start(None).unwrap();
        let (slow, mut deliveries) = subscriber("330", 2);
        let lagged = slow.lagged.clone();
        journal.subscribe(slow);
        for number in 1..=3 {
            journal.submit(event(number)).await.unwrap().unwrap();
        }
        assert!(lagged.load(Ordering::Acquire));
        assert!(deliveries.recv().await.is_some() && deliveries.recv().await.is_some());
        assert!(deliveries.recv().await.is_none());
    }

    #[tokio::test]
    async fn after_a_failed_write_nothing_is_acknowledged_or_told() {
        let database = Database::open(":memory:".as_ref()).unwrap();
        database.break_for_test();
        let (journal, _) = Journal::start(Some(database)).unwrap();
        let (own, mut deliveries) = subscriber("330", 4);
        journal.subscribe(own);
        assert!(journal.submit(event(1)).await.unwrap().is_err());
        let empty = journal.submit(Effects::default());
        assert!(matches!(empty.await.unwrap(), Err(StoreError::Failed)));
        drop(journal);
        assert!(deliveries.recv().await.is_none());
    }
}
