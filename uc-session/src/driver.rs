mod farewell;
mod sound;

use std::{collections::BTreeMap, future::Future, pin::Pin, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::stream::{BoxStream, FuturesUnordered, StreamExt};
use tokio::sync::{broadcast, mpsc, oneshot};
use uc_model::{CallId, Timestamp};

use self::{farewell::Farewell, sound::Sounds};
use crate::{
    cache::Keeper,
    client::{Client, Demand, Published},
    clock::Clock,
    core::{
        Command, CommandId, Config, Core, Input, MediaCommand, MediaId, Output, Reply, Request,
        Ticket,
    },
    error::SignInError,
    events::Event,
    locked,
    port::{Backend, BackendEvent, EventSink, LinkId, MediaEngine, MediaSession, SoundChange},
};

/// What a client works with.
pub(crate) struct Tools {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) media: Option<Arc<dyn MediaEngine>>,
    pub(crate) keeper: Option<Arc<Keeper>>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Starts a client's task, which signs in.
pub(crate) fn start(config: Config, tools: Tools) -> Result<Client, SignInError> {
    let runtime = tokio::runtime::Handle::try_current().map_err(|_| SignInError::NoRuntime)?;
    let (demands, inbox) = mpsc::channel(MOST_DEMANDS);
    let (events, first_events) = broadcast::channel(MOST_EVENTS);
    #[cfg(feature = "headset")]
    let place = crate::client::Place {
        runtime: runtime.clone(),
        clock: Arc::clone(&tools.clock),
    };
    let published = Arc::new(Published::new(
        events,
        tools.media.clone(),
        #[cfg(feature = "headset")]
        place,
    ));
    let seed = getrandom::u64().unwrap_or(0);
    let core = Core::new(config, seed, tools.clock.now());
    let mut driver = Driver::new(core, tools, inbox, Arc::clone(&published));
    let signing_in = Demand {
        request: Request::SignIn,
        reply: None,
    };
    // What was kept is shown before the first question to the network.
    driver.publish(Vec::new());
    let input = driver.admit(Some(signing_in));
    driver.core.handle_input(input, driver.clock.now());
    runtime.spawn(driver.run());
    Ok(Client::new(demands, published, first_events))
}

/// Runs what a core asks for, in one task: nothing of it outlives [`Driver::run`].
struct Driver {
    core: Core,
    clock: Arc<dyn Clock>,
    inbox: mpsc::Receiver<Demand>,
    /// All handles are gone, and nothing of theirs is left in the inbox.
    left_alone: bool,
    arrivals: mpsc::Receiver<(LinkId, BackendEvent)>,
    running: FuturesUnordered<Run>,
    sounds: Sounds,
    backend: Arc<dyn Backend>,
    keeper: Option<Arc<Keeper>>,
    sink: Arc<dyn EventSink>,
    waiting: BTreeMap<Ticket, oneshot::Sender<Reply>>,
    last_ticket: u64,
    /// Sounds whose calls are not shown yet.
    binding: Vec<(MediaId, CallId)>,
    /// Last: says that all of the above is gone.
    published: Farewell,
}

type Run = Pin<Box<dyn Future<Output = Done> + Send>>;

/// What one of the running futures has come to.
enum Done {
    Input(Input),
    Opened(CommandId, MediaId, Box<dyn MediaSession>),
    Spoke(MediaId, Input, Arc<dyn MediaSession>),
    Changed(SoundChange, BoxStream<'static, SoundChange>),
    Alerted,
    Nothing,
}

impl Driver {
    fn new(
        core: Core,
        tools: Tools,
        inbox: mpsc::Receiver<Demand>,
        published: Arc<Published>,
    ) -> Self {
        let (sender, arrivals) = mpsc::channel(MOST_ARRIVALS);
        let Tools {
            backend,
            media,
            keeper,
            clock,
        } = tools;
        Self {
            core,
            clock,
            inbox,
            left_alone: false,
            arrivals,
            running: FuturesUnordered::new(),
            sounds: Sounds::new(media),
            backend,
            keeper,
            sink: Arc::new(Sink(sender)),
            waiting: BTreeMap::new(),
            last_ticket: 0,
            binding: Vec::new(),
            published: Farewell(published),
        }
    }

    async fn run(mut self) {
        self.running.extend(self.sounds.changes());
        while let Some(at) = self.drain() {
            let pause = at
                .saturating_sub(self.clock.now().monotonic)
                .min(CLOCK_LOOK);
            let input = tokio::select! {
                demand = self.inbox.recv(), if !self.left_alone => {
                    self.admit(demand)
                }
                Some((link, event)) = self.arrivals.recv() => Input::Backend { link, event },
                Some(done) = self.running.next() => self.finish(done),
                () = tokio::time::sleep(pause) => Input::Time,
            };
            self.core.handle_input(input, self.clock.now());
        }
        self.sounds.silence().await;
    }

    /// A request from a handle, or the end of all handles.
    fn admit(&mut self, demand: Option<Demand>) -> Input {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        let request = match demand {
            Some(Demand { request, reply }) => {
                self.waiting.extend(reply.map(|reply| (ticket, reply)));
                request
            }
            None => {
                self.left_alone = true;
                Request::Shutdown { sign_out: false }
            }
        };
        Input::Request { ticket, request }
    }

    fn finish(&mut self, done: Done) -> Input {
        match done {
            Done::Input(input) => input,
            Done::Nothing => Input::Time,
            Done::Opened(id, media, session) => {
                self.running.extend(self.sounds.opened(media, session));
                let result = Ok(crate::core::MediaOutcome::Done);
                Input::MediaCompleted { id, result }
            }
            Done::Spoke(media, input, session) => {
                self.running.push(sound::listen(media, session));
                input
            }
            Done::Changed(change, changes) => {
                self.running.push(sound::watch(changes));
                Input::Sound(change)
            }
            Done::Alerted => {
                self.running.extend(self.sounds.alerted());
                Input::Time
            }
        }
    }

    /// Carries out everything the core has to say; gives when to come back, or `None` at the end.
    fn drain(&mut self) -> Option<Duration> {
        loop {
            let mut events = Vec::new();
            let mut replies = Vec::new();
            let until = loop {
                match self.core.poll_output() {
                    Output::Command { id, command } => self.execute(id, command),
                    Output::Event(event) => events.push(event),
                    Output::Reply { ticket, reply } => replies.push((ticket, reply)),
                    Output::Timeout(at, _) => break Some(at),
                    Output::Stopped => break None,
                }
            };
            self.publish(events);
            let unclaimed = self.answer(replies);
            if unclaimed.is_empty() {
                return until;
            }
            for call in unclaimed {
                self.core
                    .handle_input(Input::Unclaimed { call }, self.clock.now());
            }
        }
    }

    fn execute(&mut self, id: CommandId, command: Command) {
        match command {
            Command::Backend(operation) => {
                let backend = Arc::clone(&self.backend);
                let sink = Arc::clone(&self.sink);
                self.running.push(Box::pin(async move {
                    let result = backend.execute(operation, &sink).await;
                    Done::Input(Input::Completed { id, result })
                }));
            }
            Command::Save { at } => self.save(id, at),
            Command::Media { media, command } => {
                match &command {
                    MediaCommand::Bind { call } => self.binding.push((media, call.clone())),
                    MediaCommand::Close => self.sounds.part(media),
                    _ => {}
                }
                self.running.push(self.sounds.run(id, media, command));
            }
        }
    }

    fn save(&mut self, id: CommandId, at: Timestamp) {
        let keeper = self.keeper.clone();
        let view = self.core.view();
        let (state, unsent) = (view.state.clone(), Arc::clone(&view.outboxes));
        self.running.push(Box::pin(async move {
            let result = match keeper {
                Some(keeper) => keeper.save(state, unsent, at).await,
                None => Ok(()),
            };
            Done::Input(Input::Saved { id, result })
        }));
    }

    /// Shows the new state, then tells what has happened.
    fn publish(&mut self, events: Vec<Event>) {
        let view = self.core.view();
        self.running.extend(self.sounds.alert(view.alert()));
        for status in view.calls.values() {
            self.published.show(status);
        }
        for event in &events {
            if let Event::CallEnded(status) = event {
                self.published.show(status);
            }
        }
        for (media, call) in self.binding.drain(..) {
            self.sounds.bind(media, &self.published.record(&call));
        }
        self.published.forget_some(view);
        if view.version != self.published.0.view.borrow().version {
            *locked(&self.published.0.pins) = self.core.pins().clone();
            self.published.0.view.send_replace(Arc::new(view.clone()));
        }
        if let Some(sender) = &*locked(&self.published.0.events) {
            for event in events {
                log(&event);
                // Nobody listens: nobody is told.
                let _ = sender.send(event);
            }
        }
    }

    /// Hands out replies; gives the new calls nobody waits for any more.
    fn answer(&mut self, replies: Vec<(Ticket, Option<Reply>)>) -> Vec<CallId> {
        let mut unclaimed = Vec::new();
        for (ticket, reply) in replies {
            if let Some(Reply::SignIn(result)) = &reply {
                let signed_in = &self.published.0.signed_in;
                signed_in.send_replace(Some(result.clone()));
            }
            let (Some(waiting), Some(reply)) = (self.waiting.remove(&ticket), reply) else {
                continue;
            };
            if let Err(Reply::Call(Ok(call))) = waiting.send(reply) {
                unclaimed.push(call);
            }
        }
        unclaimed
    }
}

/// What happens to the connection; nothing that identifies a person.
fn log(event: &Event) {
    match event {
        Event::ConnectionLost { reason } => tracing::info!(%reason, "connection lost"),
        Event::ConnectionRestored => tracing::info!("connection restored"),
        Event::SessionEnded => tracing::warn!("the server has ended the session"),
        Event::CertificateStranger { .. } => tracing::warn!("a foreign certificate was shown"),
        Event::CacheFailed(error) => tracing::warn!(%error, "the cache failed"),
        Event::Undecodable { total } => tracing::warn!(total, "an event could not be read"),
        _ => {}
    }
}

/// Puts a backend's events into the driver's queue.
#[derive(Debug)]
struct Sink(mpsc::Sender<(LinkId, BackendEvent)>);

#[async_trait]
impl EventSink for Sink {
    async fn deliver(&self, link: LinkId, event: BackendEvent) {
        // After the end nobody is interested.
        let _ = self.0.send((link, event)).await;
    }
}

/// So often the clocks are looked at, whatever else happens, so that a jump is noticed at once (our
/// choice): timers alone stand still while a computer sleeps.
const CLOCK_LOOK: Duration = Duration::from_secs(1);
/// Requests that wait for the driver (our choice); more wait in their callers.
const MOST_DEMANDS: usize = 64;
/// Events kept for a slow reader, then the oldest are lost (documented at `Client::events`).
const MOST_EVENTS: usize = 256;
/// Backend events that wait for the driver (our choice); then the backend waits.
const MOST_ARRIVALS: usize = 256;
