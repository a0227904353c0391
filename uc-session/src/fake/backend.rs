use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use tokio::{sync::mpsc, time};
use uc_model::{ConversationGrouping, Extension, Mode, Redacted, Rev, UserId};

use super::server::{Door, FakeServer, Fault, Kind, Stream, World};
use crate::{
    locked,
    port::{
        AccountUpdate, Backend, BackendError, BackendEvent, Cursor, DialFailure, EventSink, LinkId,
        Operation, Outcome, PresenceUpdate, ServerAddress, Service, SignedIn, StateSnapshot,
    },
};

/// One client's way to a [`FakeServer`].
#[derive(Debug)]
pub struct FakeBackend {
    server: FakeServer,
    links: Mutex<BTreeMap<LinkId, bool>>,
    session: Mutex<Option<(u64, UserId)>>,
}

impl FakeBackend {
    pub(super) fn new(server: FakeServer) -> Self {
        Self {
            server,
            links: Mutex::default(),
            session: Mutex::default(),
        }
    }

    /// How many links are open.
    pub fn open_links(&self) -> usize {
        locked(&self.links).values().filter(|open| **open).count()
    }

    fn world(&self) -> std::sync::MutexGuard<'_, World> {
        locked(&self.server.0)
    }

    async fn dial(&self, link: LinkId, address: &ServerAddress) -> Result<Outcome, BackendError> {
        let door = self.world().doors.get(address).cloned();
        let silent = self.world().silent;
        let certificate = match door {
            _ if silent => return silence().await,
            None => FakeServer::certificate(),
            Some(Door::Open(certificate)) => certificate,
            Some(Door::Fails(failure)) => return Err(failure.into()),
            Some(Door::Silent) => return silence().await,
        };
        // A link that was closed while it was dialled stays closed.
        match locked(&self.links).entry(link).or_insert(true) {
            true => Ok(Outcome::Dialed(certificate)),
            false => Err(BackendError::Closed),
        }
    }

    fn close(&self, link: LinkId) {
        locked(&self.links).insert(link, false);
        let session = locked(&self.session).as_ref().map(|(session, _)| *session);
        let mut world = self.world();
        world.streams.retain(|stream| {
            let ours = stream.link == link && Some(stream.session) == session;
            if ours {
                stream.pump.abort();
            }
            !ours
        });
    }

    fn perform(
        &self,
        operation: Operation,
        sink: &Arc<dyn EventSink>,
    ) -> Result<Outcome, BackendError> {
        match operation {
            Operation::SignIn { user, password, .. } => {
                let mut world = self.world();
                let session = world.sign_in(&user, password.expose())?;
                let user = world.sessions[&session].clone();
                let signed_in = world.greeting(&user);
                *locked(&self.session) = Some((session, user));
                Ok(Outcome::SignedIn(signed_in))
            }
            Operation::Subscribe { link, .. } => self.subscribe(link, sink),
            Operation::Snapshot { .. } => {
                let (session, user) = self.session()?;
                Ok(Outcome::Snapshot(Box::new(
                    self.world().snapshot(&user, session),
                )))
            }
            Operation::SignOut { .. } => {
                let (session, _) = self.session()?;
                self.world().sessions.remove(&session);
                Ok(Outcome::Done)
            }
            Operation::Service { service, .. } => self.serve(service),
            Operation::Resume { .. } | Operation::Probe { .. } => {
                self.session()?;
                Ok(Outcome::Done)
            }
            Operation::Dial { .. } | Operation::Close { .. } => Ok(Outcome::Done),
        }
    }

    fn session(&self) -> Result<(u64, UserId), BackendError> {
        let session = locked(&self.session)
            .clone()
            .ok_or(BackendError::NotSignedIn)?;
        match self.world().sessions.contains_key(&session.0) {
            true => Ok(session),
            false => Err(BackendError::NotSignedIn),
        }
    }

    fn subscribe(&self, link: LinkId, sink: &Arc<dyn EventSink>) -> Result<Outcome, BackendError> {
        let (session, user) = self.session()?;
        let (sender, receiver) = mpsc::unbounded_channel();
        let pump = tokio::spawn(pump(self.server.clone(), link, receiver, Arc::clone(sink)));
        let pump = pump.abort_handle();
        self.world().streams.push(Stream {
            session,
            link,
            user,
            sender,
            pump,
        });
        Ok(Outcome::Subscribed)
    }

    fn serve(&self, service: Service) -> Result<Outcome, BackendError> {
        let (session, user) = self.session()?;
        let mut world = self.world();
        let update = match service {
            Service::Search { query, limit, .. } => {
                let (contacts, more) = world.search(query.expose(), limit);
                return Ok(Outcome::Found { contacts, more });
            }
            Service::SetPresence(presence) => {
                return Ok(Outcome::Presence(world.set_presence(&user, &presence)));
            }
            Service::Contact(id) => {
                let contact = world.contact(&user, &id).ok_or(BackendError::NotFound)?;
                return Ok(Outcome::Contact(Box::new(contact)));
            }
            // Files, passwords and telephones are a real server's.
            Service::ImportContacts { .. }
            | Service::ChangePassword(_)
            | Service::Photo { .. }
            | Service::FunctionKeys
            | Service::GenerateDigits { .. }
            | Service::ProgramKey { .. } => return Err(BackendError::Unsupported),
            Service::Edit { edit, key } => {
                return world.edit_once(&user, edit, key).map(Outcome::Edited);
            }
            Service::MakeCall {
                to,
                device,
                description,
                key,
            } => world.make_call(session, &user, &to, device, description, key),
            Service::Consult {
                call,
                to,
                device,
                description,
                key,
            } => world.consult_call(session, &user, &call, |world| {
                world.make_call(session, &user, &to, device, description, key)
            }),
            Service::PickUp { number, key } => world.pick_up(session, &user, &number, key),
            Service::Beside {
                service,
                call,
                held,
            } => world.beside_call(session, &user, service, (&call, &held)),
            Service::SingleStepTransfer { call, to } => {
                world.single_step_transfer(session, &user, &call, &to)
            }
            Service::Answer { call, description } => {
                world.answer_call(session, &user, &call, description)
            }
            Service::Clear { call, cause } => world.clear_call(session, &user, &call, cause),
            Service::Hold { call } => world.hold_call(session, &user, &call, true),
            Service::Retrieve { call } => world.hold_call(session, &user, &call, false),
            Service::Deflect { call, to } => world.deflect_call(session, &user, &call, to.as_ref()),
            Service::Describe { call, description } => {
                world.describe_call(session, &user, &call, description)
            }
            Service::Confirm { call } => world.confirm_call(session, &user, &call),
            Service::Candidates { call, candidates } => {
                world.add_candidates(session, &user, &call, candidates)?;
                return Ok(Outcome::Done);
            }
        };
        update.map(|update| Outcome::Call(Box::new(update)))
    }
}

#[async_trait]
impl Backend for FakeBackend {
    async fn execute(
        &self,
        operation: Operation,
        sink: &Arc<dyn EventSink>,
    ) -> Result<Outcome, BackendError> {
        let link = link_of(&operation);
        if matches!(operation, Operation::Close { .. }) {
            self.close(link);
            return Ok(Outcome::Done);
        }
        let kind = Kind::of(&operation);
        let fault = kind.and_then(|kind| self.world().take_fault(kind));
        match fault {
            Some(Fault::Fails(error)) => return Err(error),
            Some(Fault::Hangs) => std::future::pending().await,
            Some(Fault::DoneBut(_)) | None => {}
        }
        if let Operation::Dial { link, address } = &operation {
            return self.dial(*link, address).await;
        }
        if self.world().silent {
            return unanswered().await;
        }
        if locked(&self.links).get(&link) != Some(&true) {
            return Err(BackendError::Closed);
        }
        let result = self.perform(operation, sink);
        match fault {
            Some(Fault::DoneBut(error)) => Err(error),
            _ => result,
        }
    }
}

impl Drop for FakeBackend {
    fn drop(&mut self) {
        let session = locked(&self.session).as_ref().map(|(session, _)| *session);
        let mut world = locked(&self.server.0);
        world.streams.retain(|stream| {
            let ours = Some(stream.session) == session;
            if ours {
                stream.pump.abort();
            }
            !ours
        });
    }
}

impl World {
    fn greeting(&self, id: &UserId) -> SignedIn {
        let user = &self.users[id];
        SignedIn {
            user: id.clone(),
            extension: Extension::new(id.as_str()).ok(),
            name: Redacted::new(format!("{} {}", user.first, user.last)),
            server: "fake 1".to_owned(),
            mode: Some(Mode::Suite),
            capabilities: self.capabilities,
            grouping: ConversationGrouping::default(),
            dial_plan: None,
            must_change_password: false,
            missing_licences: Vec::new(),
            phone: None,
            assigned_phones: Some(Vec::new()),
        }
    }

    fn snapshot(&self, id: &UserId, session: u64) -> StateSnapshot {
        let user = &self.users[id];
        let rev = Rev(user.rev);
        let presence = |user: &super::server::User| PresenceUpdate {
            user: user.id.clone(),
            rev,
            presence: user.presence.1.clone(),
            line: None,
        };
        StateSnapshot {
            as_of: Cursor(format!("fake-{}", rev.0)),
            rev,
            account: AccountUpdate::default(),
            presences: self.users.values().map(presence).collect(),
            calls: self.calls_of(id, session),
            conversations: user.history.conversations().cloned().collect(),
            contacts: user.contacts.values().cloned().collect(),
            favourites: user.favourites.clone(),
        }
    }
}

/// Hands a stream's events over, with a heartbeat every 10 s, until its last.
async fn pump(
    server: FakeServer,
    link: LinkId,
    mut events: mpsc::UnboundedReceiver<BackendEvent>,
    sink: Arc<dyn EventSink>,
) {
    let mut beats = time::interval(HEARTBEAT);
    loop {
        let event = tokio::select! {
            biased;
            event = events.recv() => event,
            _ = beats.tick() => Some(BackendEvent::Heartbeat),
        };
        let Some(event) = event else {
            return;
        };
        if !locked(&server.0).silent {
            sink.deliver(link, event).await;
        }
    }
}

async fn silence() -> Result<Outcome, BackendError> {
    time::sleep(CONNECT).await;
    Err(DialFailure::Silent.into())
}

async fn unanswered() -> Result<Outcome, BackendError> {
    time::sleep(ANSWER).await;
    Err(BackendError::TimedOut)
}

const fn link_of(operation: &Operation) -> LinkId {
    match operation {
        Operation::Dial { link, .. }
        | Operation::SignIn { link, .. }
        | Operation::Resume { link }
        | Operation::Subscribe { link, .. }
        | Operation::Snapshot { link }
        | Operation::Probe { link }
        | Operation::Service { link, .. }
        | Operation::SignOut { link }
        | Operation::Close { link } => *link,
    }
}

/// The wire contract's time for a TCP connection.
const CONNECT: Duration = Duration::from_secs(5);
/// The wire contract's time for an answer.
const ANSWER: Duration = Duration::from_secs(10);
/// The wire contract's heartbeat.
const HEARTBEAT: Duration = Duration::from_secs(10);
