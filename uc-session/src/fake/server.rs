use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use tokio::{sync::mpsc, task::AbortHandle};
use uc_model::{
    Capability, CapabilitySet, Contact, ContactId, ConversationGrouping, DialPlan, Directory,
    Extension, Favourites, History, KnownContact, NumberKind, PhoneNumber, Presence, PresenceState,
    Redacted, Rev, TypedNumber, UserId,
};

use super::{FakeBackend, exchange::Exchange};
use crate::{
    locked,
    port::{
        BackendError, BackendEvent, Certificate, Cursor, DialFailure, LinkId, Operation,
        PresenceUpdate, ServerAddress, ServerChange, Service,
    },
};

/// A server in memory: users sign in, see each other's presence, find and call each other.
///
/// Cheap to clone; all clones are one server. Each client gets its own [`FakeBackend`].
#[derive(Debug, Clone)]
pub struct FakeServer(pub(super) Arc<Mutex<World>>);

/// What is behind an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Door {
    /// The server, with this certificate.
    Open(Certificate),
    /// Something that fails so.
    Fails(DialFailure),
    /// Nothing: a dial fails after 5 s.
    Silent,
}

/// Which operations a [`Fault`] is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "named as the operations and services")]
pub enum Kind {
    Dial,
    SignIn,
    Resume,
    Subscribe,
    Snapshot,
    Probe,
    SignOut,
    Search,
    SetPresence,
    Edit,
    MakeCall,
    Answer,
    Clear,
    Hold,
    Retrieve,
    Deflect,
    Consult,
    Beside,
    SingleStepTransfer,
    PickUp,
    Describe,
}

/// Something that goes wrong once.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// The operation isn't carried out and fails so.
    Fails(BackendError),
    /// The operation is carried out, but this is told.
    DoneBut(BackendError),
    /// The operation is never answered.
    Hangs,
}

/// Everything the server knows.
#[derive(Debug)]
pub(super) struct World {
    pub(super) users: BTreeMap<UserId, User>,
    pub(super) sessions: BTreeMap<u64, UserId>,
    pub(super) streams: Vec<Stream>,
    pub(super) doors: BTreeMap<ServerAddress, Door>,
    pub(super) faults: VecDeque<(Kind, Fault)>,
    pub(super) exchange: Exchange,
    pub(super) silent: bool,
    pub(super) capabilities: CapabilitySet,
    pub(super) log: Vec<Kind>,
    /// What edits that aren't idempotent have changed, by their keys.
    pub(super) edited: BTreeMap<String, Vec<ServerChange>>,
    last_number: u64,
}

/// One user of the server.
#[derive(Debug)]
pub(super) struct User {
    pub(super) id: UserId,
    pub(super) first: String,
    pub(super) last: String,
    password: String,
    wrong: u32,
    pub(super) rev: u64,
    pub(super) presence: (u64, Presence),
    pub(super) history: History,
    pub(super) contacts: BTreeMap<ContactId, KnownContact>,
    pub(super) favourites: (Rev, Favourites),
}

/// One subscription.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) session: u64,
    pub(super) link: LinkId,
    pub(super) user: UserId,
    pub(super) sender: mpsc::UnboundedSender<BackendEvent>,
    pub(super) pump: AbortHandle,
}

impl Default for FakeServer {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeServer {
    /// A server without users, behind every address, that can do what needs neither files nor sound
    /// of its own.
    pub fn new() -> Self {
        use Capability::{
            Chat, Consult, Conversations, DefaultNumbers, Deflect, DeleteFavouriteGroups,
            DirectorySearch, Dtmf, EditContacts, Favourites as Favoured, Hold, Pickup,
            Presence as Seen, Transfer, VoipCalls,
        };
        let capabilities = [
            Seen,
            DirectorySearch,
            Conversations,
            VoipCalls,
            Dtmf,
            Hold,
            Deflect,
            Consult,
            Transfer,
            Pickup,
            EditContacts,
            Favoured,
            DeleteFavouriteGroups,
            DefaultNumbers,
            Chat,
        ];
        Self(Arc::new(Mutex::new(World {
            users: BTreeMap::new(),
            sessions: BTreeMap::new(),
            streams: Vec::new(),
            doors: BTreeMap::new(),
            faults: VecDeque::new(),
            exchange: Exchange::default(),
            silent: false,
            capabilities: capabilities.into_iter().collect(),
            log: Vec::new(),
            edited: BTreeMap::new(),
            last_number: 0,
        })))
    }

    /// Adds a user; the user name is the extension.
    ///
    /// # Panics
    /// If `extension` is none.
    #[must_use]
    pub fn with_user(self, extension: &str, password: &str, first: &str, last: &str) -> Self {
        let id = UserId::new(extension).expect("an extension is an identifier");
        Extension::new(extension).expect("the test names an extension");
        let user = User {
            id: id.clone(),
            first: first.to_owned(),
            last: last.to_owned(),
            password: password.to_owned(),
            wrong: 0,
            rev: 0,
            presence: (
                0,
                Presence {
                    state: PresenceState::Office,
                    until: None,
                    note: None,
                },
            ),
            contacts: BTreeMap::new(),
            favourites: (Rev(0), Favourites::new()),
            history: History::new(ConversationGrouping::default(), DialPlan::germany()),
        };
        locked(&self.0).users.insert(id, user);
        self
    }

    /// A backend for one client.
    pub fn backend(&self) -> Arc<FakeBackend> {
        Arc::new(FakeBackend::new(self.clone()))
    }

    /// Puts something behind an address.
    pub fn set_door(&self, address: ServerAddress, door: Door) {
        locked(&self.0).doors.insert(address, door);
    }

    /// The certificate shown where no door says otherwise.
    pub fn certificate() -> Certificate {
        Certificate {
            sha256: [7; 32],
            subject: "CN=uc.example".to_owned(),
            issuer: "CN=uc.example".to_owned(),
            not_before: 1_700_000_000,
            not_after: 2_000_000_000,
        }
    }

    /// What clients that sign in from now on can do.
    pub fn set_capabilities(&self, capabilities: CapabilitySet) {
        locked(&self.0).capabilities = capabilities;
    }

    /// The next operation of `kind` goes wrong; several wait in a queue.
    pub fn fault(&self, kind: Kind, fault: Fault) {
        locked(&self.0).faults.push_back((kind, fault));
    }

    /// Says and answers nothing any more, as if every packet were dropped; or again.
    pub fn set_silent(&self, silent: bool) {
        locked(&self.0).silent = silent;
    }

    /// Closes every connection; sessions, calls and state stay.
    pub fn drop_connections(&self) {
        let broken = BackendError::Broken {
            before_answer: true,
        };
        locked(&self.0).end_streams(&BackendEvent::StreamEnded(broken));
    }

    /// Ends every session: the next request is answered with `NotSignedIn`.
    pub fn end_sessions(&self) {
        let mut world = locked(&self.0);
        world.end_streams(&BackendEvent::SessionEnded);
        world.sessions.clear();
    }

    /// Restarts: connections are gone, calls wait for confirmation.
    pub fn restart(&self) {
        self.drop_connections();
        let mut world = locked(&self.0);
        for id in world.exchange.unconfirm() {
            world.tell_call(id);
        }
    }

    /// Sends an event to a user's clients.
    pub fn send(&self, user: &str, event: BackendEvent) {
        let world = locked(&self.0);
        for stream in world
            .streams
            .iter()
            .filter(|stream| stream.user.as_str() == user)
        {
            // A stream that has just ended hears nothing.
            let _ = stream.sender.send(event.clone());
        }
    }

    /// Changes a user's password.
    pub fn set_password(&self, user: &str, password: &str) {
        for (id, known) in &mut locked(&self.0).users {
            if id.as_str() == user {
                known.password = password.to_owned();
            }
        }
    }

    /// How many subscriptions are open.
    pub fn open_streams(&self) -> usize {
        locked(&self.0).streams.len()
    }

    /// How many sessions there are.
    pub fn open_sessions(&self) -> usize {
        locked(&self.0).sessions.len()
    }

    /// How many calls are not over.
    pub fn open_calls(&self) -> usize {
        locked(&self.0).exchange.open()
    }

    /// How many operations of `kind` have arrived so far.
    pub fn arrived(&self, kind: Kind) -> usize {
        locked(&self.0)
            .log
            .iter()
            .filter(|arrived| **arrived == kind)
            .count()
    }
}

impl World {
    pub(super) const fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// What goes wrong with this operation.
    pub(super) fn take_fault(&mut self, kind: Kind) -> Option<Fault> {
        self.log.push(kind);
        let index = self.faults.iter().position(|(wanted, _)| *wanted == kind)?;
        self.faults.remove(index).map(|(_, fault)| fault)
    }

    pub(super) fn sign_in(&mut self, user: &str, password: &str) -> Result<u64, BackendError> {
        let id = UserId::new(user).map_err(|_| BackendError::BadCredentials)?;
        let known = self
            .users
            .get_mut(&id)
            .ok_or(BackendError::BadCredentials)?;
        if known.wrong >= WRONG_UNTIL_LOCKED {
            return Err(BackendError::AccountLocked);
        }
        if known.password != password {
            known.wrong += 1;
            return Err(BackendError::BadCredentials);
        }
        known.wrong = 0;
        let session = self.number();
        self.sessions.insert(session, id);
        Ok(session)
    }

    /// The user's next revision.
    pub(super) fn next_rev(&mut self, user: &UserId) -> Rev {
        let known = self.users.get_mut(user);
        Rev(known.map_or(0, |user| {
            user.rev += 1;
            user.rev
        }))
    }

    /// Tells a user's clients of a change; each sees it with its own eyes.
    pub(super) fn tell(&self, user: &UserId, change: impl Fn(u64) -> ServerChange) {
        for stream in self.streams.iter().filter(|stream| stream.user == *user) {
            let change = change(stream.session);
            let cursor = Cursor(format!("fake-{}", change.rev().0));
            // A stream that has just ended hears nothing.
            let _ = stream.sender.send(BackendEvent::Change { cursor, change });
        }
    }

    pub(super) fn set_presence(&mut self, user: &UserId, presence: &Presence) -> PresenceUpdate {
        let watchers: Vec<UserId> = self.users.keys().cloned().collect();
        let mut own = Rev(0);
        for watcher in watchers {
            let rev = self.next_rev(&watcher);
            if watcher == *user {
                own = rev;
            }
            let update = PresenceUpdate {
                user: user.clone(),
                rev,
                presence: presence.clone(),
                line: None,
            };
            self.tell(&watcher, |_| ServerChange::Presence(update.clone()));
        }
        if let Some(known) = self.users.get_mut(user) {
            known.presence = (own.0, presence.clone());
        }
        PresenceUpdate {
            user: user.clone(),
            rev: own,
            presence: presence.clone(),
            line: None,
        }
    }

    /// One contact that a user may see.
    pub(super) fn contact(&self, user: &UserId, id: &ContactId) -> Option<Contact> {
        let mut contacts = self.users.values().map(User::contact);
        let own = self.users.get(user).and_then(|user| user.contacts.get(id));
        let own = own.map(|known| known.contact.clone());
        own.or_else(|| contacts.find(|contact| contact.id == *id))
    }

    pub(super) fn search(&self, query: &str, limit: u32) -> (Vec<Contact>, bool) {
        let query = query.to_lowercase();
        let starts = |text: &str| text.to_lowercase().starts_with(&query);
        let found = self
            .users
            .values()
            .filter(|user| starts(&user.first) || starts(&user.last) || starts(user.id.as_str()));
        let mut contacts: Vec<Contact> = found.map(User::contact).collect();
        let more = contacts.len() > limit as usize;
        contacts.truncate(limit as usize);
        (contacts, more)
    }

    pub(super) fn end_streams(&mut self, last: &BackendEvent) {
        for stream in self.streams.drain(..) {
            // The pump hands this over and then ends by itself.
            let _ = stream.sender.send(last.clone());
        }
    }
}

impl User {
    fn contact(&self) -> Contact {
        let number = PhoneNumber::new(self.id.as_str()).expect("an extension is a number");
        Contact {
            id: ContactId::new(format!("contact-{}", self.id)).expect("made of an identifier"),
            directory: Directory::Internal,
            first_name: Redacted::new(self.first.clone()),
            last_name: Redacted::new(self.last.clone()),
            numbers: vec![TypedNumber {
                kind: NumberKind::Internal,
                number,
            }],
            email: None,
            user: Some(self.id.clone()),
        }
    }
}

impl Kind {
    /// The kind of an operation; `None` for those that never fail.
    pub(super) const fn of(operation: &Operation) -> Option<Self> {
        Some(match operation {
            Operation::Dial { .. } => Self::Dial,
            Operation::SignIn { .. } => Self::SignIn,
            Operation::Resume { .. } => Self::Resume,
            Operation::Subscribe { .. } => Self::Subscribe,
            Operation::Snapshot { .. } => Self::Snapshot,
            Operation::Probe { .. } => Self::Probe,
            Operation::SignOut { .. } => Self::SignOut,
            Operation::Close { .. } => return None,
            Operation::Service { service, .. } => match service {
                Service::Search { .. } => Self::Search,
                Service::SetPresence(_) => Self::SetPresence,
                Service::Edit { .. } | Service::ImportContacts { .. } => Self::Edit,
                Service::Contact(_) => Self::Search,
                Service::MakeCall { .. } => Self::MakeCall,
                Service::Answer { .. } => Self::Answer,
                Service::Clear { .. } => Self::Clear,
                Service::Hold { .. } => Self::Hold,
                Service::Retrieve { .. } => Self::Retrieve,
                Service::Deflect { .. } => Self::Deflect,
                Service::Consult { .. } => Self::Consult,
                Service::Beside { .. } => Self::Beside,
                Service::SingleStepTransfer { .. } => Self::SingleStepTransfer,
                Service::PickUp { .. } => Self::PickUp,
                Service::Describe { .. } => Self::Describe,
                Service::ChangePassword(_)
                | Service::Photo { .. }
                | Service::FunctionKeys
                | Service::ProgramKey { .. }
                | Service::GenerateDigits { .. }
                | Service::Candidates { .. }
                | Service::Confirm { .. } => return None,
            },
        })
    }
}

/// Wrong passwords until an account is locked, as many servers have it.
const WRONG_UNTIL_LOCKED: u32 = 5;
