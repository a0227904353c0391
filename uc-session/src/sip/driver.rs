//! Runs an [`Agent`]: one task between the path and the session.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::sync::{mpsc, oneshot};
use uc_model::Redacted;
use uc_protocol::sip::{
    Message,
    flow::{Flow, FlowError, Received},
};

use super::agent::{Agent, Input, Output, Path};
use crate::{
    clock::Clock,
    port::{
        AccountUpdate, BackendError, BackendEvent, Cursor, EventSink, LinkId, Outcome, Service,
        StateSnapshot,
    },
};

/// Who waits for an answer.
pub(super) type Answer = oneshot::Sender<Result<Outcome, BackendError>>;

/// What the backend asks of the task.
#[derive(Debug)]
pub(super) enum Wish {
    /// Registers over this path; it replaces the one before.
    Path {
        link: LinkId,
        flow: Arc<Flow>,
        done: Answer,
    },
    /// This.
    Ask { what: Ask, done: Answer },
    /// This link isn't wanted any more.
    Close { link: LinkId },
}

/// See [`Wish::Ask`].
#[derive(Debug)]
pub(super) enum Ask {
    Listen {
        link: LinkId,
        sink: Arc<dyn EventSink>,
        calls: bool,
    },
    Snapshot,
    Probe,
    Serve(Service),
    SignOut,
}

/// See the module.
pub(super) struct Driver {
    agent: Agent,
    clock: Arc<dyn Clock>,
    wishes: mpsc::Receiver<Wish>,
    path: Option<(LinkId, Arc<Flow>)>,
    /// Who is told of news, and on which link.
    listener: Option<(LinkId, Arc<dyn EventSink>)>,
    waiting: BTreeMap<u64, Answer>,
    last_id: u64,
}

impl Driver {
    pub(super) fn new(agent: Agent, wishes: mpsc::Receiver<Wish>, clock: Arc<dyn Clock>) -> Self {
        Self {
            agent,
            clock,
            wishes,
            path: None,
            listener: None,
            waiting: BTreeMap::new(),
            last_id: 0,
        }
    }

    /// Until the backend is gone or somebody else has signed in.
    pub(super) async fn run(mut self) {
        loop {
            self.drain().await;
            let now = self.clock.now().monotonic;
            let pause = self.agent.next_timeout();
            let pause = pause.map_or(CLOCK_LOOK, |at| at.saturating_sub(now).min(CLOCK_LOOK));
            let flow = self.path.as_ref().map(|(_, flow)| Arc::clone(flow));
            let input = tokio::select! {
                wish = self.wishes.recv() => match wish {
                    Some(wish) => self.take(wish).await,
                    None => return,
                },
                received = receive(flow) => self.receive(received).await,
                () = tokio::time::sleep(pause) => Some(Input::Time),
            };
            if let Some(input) = input {
                self.agent.handle_input(input, self.clock.now());
            }
        }
    }

    async fn take(&mut self, wish: Wish) -> Option<Input> {
        match wish {
            Wish::Path { link, flow, done } => {
                let path = Path {
                    transport: flow.transport(),
                    local: flow.local_addr(),
                };
                self.path = Some((link, flow));
                let id = self.wait(done);
                Some(Input::Path { id, path })
            }
            Wish::Ask { what, done } => self.ask(what, done).await,
            Wish::Close { link } => {
                self.listener.take_if(|(listened, _)| *listened == link);
                let closed = self.path.take_if(|(current, _)| *current == link);
                closed.map(|_| Input::PathLost)
            }
        }
    }

    async fn ask(&mut self, what: Ask, done: Answer) -> Option<Input> {
        match what {
            Ask::Listen { link, sink, calls } => {
                self.listener = Some((link, sink));
                // News come by the path that has brought the registrar's answer.
                self.tell(BackendEvent::Heartbeat).await;
                let id = self.wait(done);
                Some(Input::Listen { id, calls })
            }
            Ask::Snapshot => {
                // Whoever asked may have given up.
                let _ = done.send(Ok(Outcome::Snapshot(Box::new(self.snapshot()))));
                None
            }
            Ask::Probe => {
                let id = self.wait(done);
                Some(Input::Probe { id })
            }
            Ask::Serve(service) => {
                let id = self.wait(done);
                Some(Input::Serve { id, service })
            }
            Ask::SignOut => {
                let id = self.wait(done);
                Some(Input::SignOut { id })
            }
        }
    }

    fn wait(&mut self, done: Answer) -> u64 {
        self.waiting.retain(|_, waiting| !waiting.is_closed());
        self.last_id += 1;
        self.waiting.insert(self.last_id, done);
        self.last_id
    }

    fn snapshot(&self) -> StateSnapshot {
        let rev = self.agent.rev();
        StateSnapshot {
            as_of: cursor(rev.0),
            rev,
            account: AccountUpdate::default(),
            calls: self.agent.calls(),
            ..StateSnapshot::default()
        }
    }

    async fn receive(&mut self, received: Result<Received, FlowError>) -> Option<Input> {
        match received {
            Ok(Received::Message(message)) => Some(Input::Received(message)),
            Ok(Received::Ping | Received::Pong) => {
                self.tell(BackendEvent::Heartbeat).await;
                None
            }
            Ok(_) => {
                self.tell(BackendEvent::Undecodable).await;
                None
            }
            Err(_) => {
                self.path = None;
                let broken = BackendError::Broken {
                    before_answer: true,
                };
                self.tell(BackendEvent::StreamEnded(broken)).await;
                Some(Input::PathLost)
            }
        }
    }

    /// Carries out everything that the agent wants.
    async fn drain(&mut self) {
        while let Some(output) = self.agent.poll_output() {
            match output {
                Output::Send(message) => self.send(&message).await,
                Output::Done(id, result) => {
                    if let Some(done) = self.waiting.remove(&id) {
                        // Whoever asked may have given up.
                        let _ = done.send(result);
                    }
                }
                Output::Change(change) => {
                    let cursor = cursor(change.rev().0);
                    self.tell(BackendEvent::Change { cursor, change }).await;
                }
                Output::Digit(call, digit) => {
                    let digit = Redacted::new(digit);
                    self.tell(BackendEvent::Digit { call, digit }).await;
                }
                Output::SignedOut => self.tell(BackendEvent::SessionEnded).await,
                Output::Silent => {
                    let silent = BackendEvent::StreamEnded(BackendError::TimedOut);
                    self.tell(silent).await;
                }
            }
        }
    }

    /// A path that takes nothing any more is noticed when it is read.
    async fn send(&self, message: &Message) {
        if let Some((_, flow)) = &self.path
            && let Err(error) = flow.send(message).await
        {
            tracing::debug!(%error, "a message could not be sent");
        }
    }

    async fn tell(&self, event: BackendEvent) {
        if let Some((link, sink)) = &self.listener {
            sink.deliver(*link, event).await;
        }
    }
}

async fn receive(flow: Option<Arc<Flow>>) -> Result<Received, FlowError> {
    match flow {
        Some(flow) => flow.receive().await,
        None => std::future::pending().await,
    }
}

fn cursor(rev: u64) -> Cursor {
    Cursor(rev.to_string())
}

/// So often the clock is looked at, whatever else happens (our choice, as elsewhere).
const CLOCK_LOOK: Duration = Duration::from_secs(1);
