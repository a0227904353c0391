use std::{
    sync::{Arc, Mutex, MutexGuard, atomic::AtomicBool},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::{
    sync::{Notify, mpsc},
    time::Instant,
};
use uc_protocol::ucx::{EventId, Hello, PasswordUpdate, Secret, paths::EventsQuery};

use crate::{
    exchange::{Backlog, Entered, Exchange, Millis, Refusal, SessionId, SoundStep, Verdict},
    fault::Faults,
    store::{Delivery, Journal, StoreError, Subscriber},
    wsi::Polls,
};

/// The exchange with its clock and its journal, shared by all connections.
pub(crate) struct Switchboard {
    exchange: Mutex<Exchange>,
    journal: Journal,
    /// What has to be done about the system's own sound, in order.
    sound: mpsc::UnboundedSender<SoundStep>,
    clock: Clock,
    /// A deadline may have changed.
    rescheduled: Notify,
    pub(crate) hello: Hello,
    pub(crate) faults: Faults,
    /// The event queues of clients that poll.
    pub(crate) polls: Polls,
}

impl Switchboard {
    pub(crate) fn new(
        exchange: Exchange,
        journal: Journal,
        sound: mpsc::UnboundedSender<SoundStep>,
        clock: Clock,
        hello: Hello,
        faults: Faults,
    ) -> Self {
        Self {
            exchange: Mutex::new(exchange),
            journal,
            sound,
            clock,
            rescheduled: Notify::new(),
            hello,
            faults,
            polls: Polls::default(),
        }
    }

    /// Looks at a password; a right one opens the session. Says too whether the password has to
    /// be changed first.
    pub(crate) async fn sign_in(
        &self,
        user: &str,
        password: Secret,
        session: SessionId,
    ) -> Result<Result<Entered, Refusal>, StoreError> {
        let checked = self.look(|exchange, _| {
            exchange.check_account(user)?;
            Ok(exchange.credentials(user))
        });
        let credentials = match checked {
            Ok(credentials) => credentials,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let verdict = tokio::task::spawn_blocking(move || credentials.judge(&password.0));
        let verdict = verdict.await.unwrap_or(Verdict::Wrong);
        self.perform(|exchange, now| exchange.sign_in(user, verdict, session, now))
            .await
    }

    /// Changes the password of the session's user.
    pub(crate) async fn change_password(
        &self,
        session: &SessionId,
        update: PasswordUpdate,
    ) -> Result<Result<(), Refusal>, StoreError> {
        let change = match self.look(|exchange, _| exchange.check_new_password(session, update)) {
            Ok(change) => change,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let prepared = tokio::task::spawn_blocking(move || change.prepare());
        let (verdict, hash) = match prepared.await.unwrap_or(Err(Refusal::NotFound)) {
            Ok(prepared) => prepared,
            Err(refusal) => return Ok(Err(refusal)),
        };
        self.perform(|exchange, now| exchange.change_password(session, verdict, hash, now))
            .await
    }

    /// Runs one step and waits until what it changed is durable and told.
    pub(crate) async fn perform<T>(
        &self,
        step: impl FnOnce(&mut Exchange, Millis) -> T,
    ) -> Result<T, StoreError> {
        let (outcome, committed) = {
            let mut exchange = self.lock();
            let outcome = step(&mut exchange, self.clock.now());
            let mut effects = exchange.take_effects();
            for step in effects.sound.drain(..) {
                // Nobody takes it any more when the server ends.
                let _ = self.sound.send(step);
            }
            (outcome, self.journal.submit(effects))
        };
        self.rescheduled.notify_one();
        committed.await.unwrap_or(Err(StoreError::Failed))?;
        Ok(outcome)
    }

    /// Runs a step that changes nothing and waits for nothing.
    pub(crate) fn look<T>(&self, step: impl FnOnce(&mut Exchange, Millis) -> T) -> T {
        step(&mut self.lock(), self.clock.now())
    }

    /// Opens an event stream: what was missed, and a queue of what follows without a gap.
    pub(crate) fn subscribe(
        self: &Arc<Self>,
        session: &SessionId,
        last: Option<&EventId>,
        query: &EventsQuery,
    ) -> Result<Subscription, Refusal> {
        let (queue, deliveries) = mpsc::channel(QUEUE);
        let lagged = Arc::new(AtomicBool::new(false));
        let mut exchange = self.lock();
        let backlog = exchange.subscribe(session, last)?;
        exchange.control(session, query.phone.as_deref())?;
        exchange.stream_opened(session, query.calls);
        // Under the lock, so that no step comes between the backlog and the queue.
        self.journal.subscribe(Subscriber {
            user: backlog.user.clone(),
            session: session.clone(),
            queue,
            lagged: lagged.clone(),
        });
        Ok(Subscription {
            backlog,
            deliveries,
            lagged,
            stream: OpenStream {
                switchboard: self.clone(),
                session: session.clone(),
            },
        })
    }

    /// Does what is due, for ever.
    pub(crate) async fn run_timers(&self) {
        loop {
            let due = self.lock().poll_timeout();
            let Some(due) = due else {
                self.rescheduled.notified().await;
                continue;
            };
            tokio::select! {
                () = self.clock.sleep_until(due) => {
                    let _ = self.perform(Exchange::handle_timeout).await;
                }
                () = self.rescheduled.notified() => {}
            }
        }
    }

    /// Ends all event streams.
    pub(crate) fn end_streams(&self) {
        self.journal.end_streams();
    }

    fn lock(&self) -> MutexGuard<'_, Exchange> {
        self.exchange
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Shows nothing: it holds the whole company.
impl std::fmt::Debug for Switchboard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Switchboard").finish_non_exhaustive()
    }
}

/// A client's open event stream.
pub(crate) struct Subscription {
    pub(crate) backlog: Backlog,
    pub(crate) deliveries: mpsc::Receiver<Delivery>,
    pub(crate) lagged: Arc<AtomicBool>,
    pub(crate) stream: OpenStream,
}

/// Counts as an open stream of the session until it is dropped.
pub(crate) struct OpenStream {
    switchboard: Arc<Switchboard>,
    pub(crate) session: SessionId,
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.switchboard
            .look(|exchange, now| exchange.stream_closed(&self.session, now));
        self.switchboard.rescheduled.notify_one();
    }
}

/// Wall-clock time that runs with tokio's clock: it never jumps, and in tests with paused time it
/// obeys them.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    wall: Millis,
    start: Instant,
}

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where the server reads a clock"
    )]
    pub(crate) fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            wall: since_epoch.map_or(0, millis),
            start: Instant::now(),
        }
    }

    pub(crate) fn now(&self) -> Millis {
        self.wall + millis(self.start.elapsed())
    }

    async fn sleep_until(&self, due: Millis) {
        let wait = u64::try_from(due - self.now()).unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
}

fn millis(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX)
}

/// Events that wait for a slow subscriber; one more and it is cut with a reset.
const QUEUE: usize = 256;
