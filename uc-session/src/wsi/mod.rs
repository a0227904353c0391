//! The [`Backend`] of servers that speak WSI alone.

mod account;
mod convert;
mod desk;
mod failure;
mod poll;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use tokio::time::timeout;
use uc_model::{
    CallId, Capability, CapabilitySet, ConversationGrouping, DeviceKind, Directory, Extension,
    Mode, PhoneNumber, Redacted, Rev, UserId,
};
use uc_protocol::{
    net::{self, Dialer, Request},
    ucx::Secret,
    wsi::{
        Answer, CallService, Command, Connection, DeviceState, Done, Login, MadeCall, Name, Names,
        PhoneBook, Presences, WsiError,
    },
};

use self::account::Account;
use crate::{
    clock::{Clock, SystemClock},
    line::{self, Line},
    locked,
    port::{
        AccountUpdate, Backend, BackendError, CallUpdate, Cursor, EventSink, LinkId, Operation,
        Outcome, PresenceUpdate, ServerAddress, Service, SignedIn, StateSnapshot,
    },
    ucx::PROBE_TIME,
};

/// How a [`WsiBackend`] connects, and what an application knows better than we do.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WsiConfig {
    /// The names of WSI that are inferred; default: as [`Names`] has them.
    pub names: Names,
    /// Time-outs of each phase (connect 5 s, TLS 5 s, answer 10 s, long poll 70 s) and a proxy;
    /// default: no proxy.
    pub connection: net::Config,
    /// When calls began and were answered, which WSI doesn't tell; default: [`SystemClock`].
    pub clock: Arc<dyn Clock>,
}

impl Default for WsiConfig {
    fn default() -> Self {
        Self {
            names: Names::default(),
            connection: net::Config::default(),
            clock: Arc::new(SystemClock::default()),
        }
    }
}

/// The UC functions of a server that speaks WSI, the vendor's web services interface, alone:
/// presence without notes and return times, the telephone book, and calls of the desk phone.
///
/// **Never tried on a real system**: what isn't published is inferred, see [`Names`]. The user name
/// must be the internal number. WSI tells what happened, not how things stand, and numbers nothing:
/// this backend puts the calls together and numbers news as they come. Nothing is replayed after an
/// interruption; whatever an event leaves open is answered by fetching the whole state.
///
/// Runs on the caller's tokio runtime, with one task per connection and one per long poll. Only
/// what changes nothing is sent once more when its connection broke before an answer. Dropping the
/// backend closes everything.
pub struct WsiBackend {
    names: Arc<Names>,
    clock: Arc<dyn Clock>,
    dialer: Dialer,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    lines: BTreeMap<LinkId, Arc<Line>>,
    /// The user of the last sign-in.
    account: Option<Arc<Account>>,
    /// The newest revision of accounts that are gone.
    rev: Rev,
}

impl WsiBackend {
    /// A backend without a connection. Does no I/O.
    pub fn new(config: WsiConfig) -> Self {
        Self {
            names: Arc::new(config.names),
            clock: config.clock,
            dialer: Dialer::new(config.connection),
            state: Mutex::default(),
        }
    }

    /// The inferred names that were used so far and that the application hasn't overridden: what a
    /// connection to a real system would stand or fall by.
    pub fn relied_on(&self) -> Vec<Name> {
        self.names.relied_on().collect()
    }

    async fn dial(&self, id: LinkId, address: &ServerAddress) -> Result<Outcome, BackendError> {
        let (line, certificate) = line::dial(&self.dialer, address).await?;
        self.adopt(id, line);
        Ok(Outcome::Dialed(certificate))
    }

    /// Takes a line that was dialled by somebody else.
    pub(crate) fn adopt(&self, id: LinkId, line: Arc<Line>) {
        if let Some(older) = self.state().lines.insert(id, line) {
            older.close();
        }
    }

    async fn sign_in(
        &self,
        id: LinkId,
        user: String,
        password: Redacted<String>,
    ) -> Result<Outcome, BackendError> {
        let line = self.line(id)?;
        let extension = Extension::new(&user).map_err(|_| BackendError::BadCredentials)?;
        let login = Command::Login {
            user: user.clone(),
            password: Secret(password.into_inner()),
        };
        self.greet(&line).await?;
        let request = Request::wsi(&login.query(&self.names, None));
        let response = line.exchange(line.link(), request).await;
        let response = response.map_err(failure::never_again)?;
        let answer = Login::decode(login.name(), response.bytes(), &self.names);
        let login = answer.map_err(failure::of_answer)?;
        let login = login.map_err(|refusal| failure::of_sign_in(&refusal))?;
        let signed_in = signed_in(&user, extension, &login)?;
        self.keep(user, login.session);
        Ok(Outcome::SignedIn(signed_in))
    }

    /// Makes sure that this is WSI: a password in a URL isn't for every web server's log.
    async fn greet(&self, line: &Line) -> Result<(), BackendError> {
        let command = Command::GetServerParam;
        let request = Request::wsi(&command.query(&self.names, None));
        let response = match line.read(line.link(), request).await {
            Err(BackendError::NotFound) => return Err(BackendError::NoUcx),
            response => response?,
        };
        match Done::decode(command.name(), response.bytes(), &self.names) {
            // What a real system answers to this is not known, but it is XML.
            Ok(_) | Err(WsiError::Shape(_)) => Ok(()),
            Err(_) => Err(BackendError::NoUcx),
        }
    }

    fn keep(&self, user: String, session: Secret) {
        let mut state = self.state();
        state.forget();
        let (names, clock) = (Arc::clone(&self.names), Arc::clone(&self.clock));
        let account = Account::new(user, session, names, clock, state.rev);
        state.account = Some(Arc::new(account));
    }

    async fn resume(&self, id: LinkId) -> Result<Outcome, BackendError> {
        let (line, account) = self.signed_in(id)?;
        account.ask::<Done>(&line, &Command::GetServerParam).await?;
        Ok(Outcome::Done)
    }

    async fn subscribe(
        &self,
        id: LinkId,
        (after, phone): (Option<Cursor>, Option<Extension>),
        sink: &Arc<dyn EventSink>,
    ) -> Result<Outcome, BackendError> {
        let (line, account) = self.signed_in(id)?;
        account.control(phone.as_ref().map_or(&account.user, Extension::as_str));
        let device = account.device();
        let start = Command::EventStart { device };
        let started = account.ask::<Done>(&line, &start).await;
        started.map_err(|error| match error {
            BackendError::NotFound if phone.is_some() => BackendError::NotAssigned,
            error => error,
        })?;
        let resumed = after.is_some();
        let weak = Arc::downgrade(&line);
        line.listen(poll::listen(weak, account, id, resumed, Arc::clone(sink)));
        Ok(Outcome::Subscribed)
    }

    /// What comes while this is fetched is newer than it.
    async fn snapshot(&self, id: LinkId) -> Result<Outcome, BackendError> {
        let (line, account) = self.signed_in(id)?;
        let rev = account.desk().next_rev();
        let people: Presences = account.ask(&line, &Command::GetPresence).await?;
        let presences = people.people.iter();
        let presences = presences.map(|person| convert::read_presence(person, rev));
        let device = account.device();
        let state = Command::GetDeviceState { device };
        let state: DeviceState = account.ask(&line, &state).await?;
        let calls = account.desk().replace(&state.calls, rev, account.now());
        Ok(Outcome::Snapshot(Box::new(StateSnapshot {
            as_of: poll::cursor(rev.0),
            rev,
            account: AccountUpdate::default(),
            presences: presences.collect::<Result<_, _>>()?,
            calls: calls.ok_or(BackendError::Malformed)?,
            ..StateSnapshot::default()
        })))
    }

    /// Whatever the answer says: the server is there.
    async fn probe(&self, id: LinkId) -> Result<Outcome, BackendError> {
        let line = self.line(id)?;
        let query = Command::GetServerParam.query(&self.names, None);
        let answer = line.read(line.link(), Request::wsi(&query));
        let answer = timeout(PROBE_TIME, answer).await;
        answer.unwrap_or(Err(BackendError::TimedOut))?;
        Ok(Outcome::Done)
    }

    async fn serve(&self, id: LinkId, service: Service) -> Result<Outcome, BackendError> {
        let (line, account) = self.signed_in(id)?;
        let (service, call) = match service {
            Service::Search {
                query,
                directory: None | Some(Directory::Internal),
                limit,
            } => {
                return search(&line, &account, query.into_inner(), limit).await;
            }
            Service::SetPresence(presence) => {
                let presence = convert::write_presence(&presence)?;
                return set_presence(&line, &account, presence).await;
            }
            Service::MakeCall {
                to,
                device: DeviceKind::DeskPhone,
                description: None,
                key: _,
            } => return make_call(&line, &account, to).await,
            Service::Answer {
                call,
                description: None,
            } => (CallService::Answer, call),
            Service::Clear { call, .. } => (CallService::Clear, call),
            Service::Hold { call } => (CallService::Hold, call),
            Service::Retrieve { call } => (CallService::Retrieve, call),
            _ => return Err(BackendError::Unsupported),
        };
        change_call(&line, &account, service, &call).await
    }

    async fn sign_out(&self, id: LinkId) -> Result<Outcome, BackendError> {
        let (line, account) = self.signed_in(id)?;
        let ended = account.ask::<Done>(&line, &Command::Logout).await;
        self.state().forget();
        ended.map(|_| Outcome::Done)
    }

    fn close(&self, id: LinkId) {
        let line = self.state().lines.remove(&id);
        if let Some(line) = line {
            line.close();
        }
    }

    fn line(&self, id: LinkId) -> Result<Arc<Line>, BackendError> {
        let line = self.state().lines.get(&id).cloned();
        line.ok_or(BackendError::Closed)
    }

    fn signed_in(&self, id: LinkId) -> Result<(Arc<Line>, Arc<Account>), BackendError> {
        let line = self.line(id)?;
        let account = self.state().account.clone();
        Ok((line, account.ok_or(BackendError::NotSignedIn)?))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

impl State {
    /// Nobody is signed in any more; revisions go on where they were.
    fn forget(&mut self) {
        if let Some(account) = self.account.take() {
            self.rev = account.desk().rev();
        }
    }
}

/// What this backend can do with any server that speaks WSI: the one place where it is decided.
fn capabilities() -> CapabilitySet {
    CapabilitySet::EMPTY
        .with(Capability::Presence)
        .with(Capability::DirectorySearch)
        .with(Capability::DeskPhoneControl)
        .with(Capability::Hold)
}

fn signed_in(user: &str, extension: Extension, login: &Login) -> Result<SignedIn, BackendError> {
    let version = &login.version;
    Ok(SignedIn {
        user: UserId::new(user).map_err(|_| BackendError::BadCredentials)?,
        extension: Some(extension),
        name: Redacted::new(user.to_owned()),
        server: format!("{} {}", version.platform, version.version)
            .trim()
            .to_owned(),
        mode: Some(if version.is_suite() {
            Mode::Suite
        } else {
            Mode::Smart
        }),
        capabilities: capabilities(),
        grouping: ConversationGrouping::default(),
        dial_plan: None,
        must_change_password: false,
        missing_licences: Vec::new(),
        phone: None,
        assigned_phones: None,
    })
}

async fn search(
    line: &Line,
    account: &Account,
    text: String,
    limit: u32,
) -> Result<Outcome, BackendError> {
    let limit = u8::try_from(limit.clamp(1, 100)).expect("100 fits in a byte");
    let search = Command::SearchBook { text, limit };
    let book: PhoneBook = account.ask(line, &search).await?;
    convert::read_book(book)
}

async fn set_presence(
    line: &Line,
    account: &Account,
    presence: uc_protocol::wsi::Presence,
) -> Result<Outcome, BackendError> {
    let user = account.user.clone();
    let set = Command::SetPresence {
        user: user.clone(),
        presence,
    };
    account.ask::<Done>(line, &set).await?;
    let rev = account.desk().next_rev();
    let person = uc_protocol::wsi::PersonPresence { user, presence };
    let update: PresenceUpdate = convert::read_presence(&person, rev)?;
    Ok(Outcome::Presence(update))
}

/// A server that doesn't name the call it has made is asked which it was.
async fn make_call(
    line: &Line,
    account: &Account,
    to: PhoneNumber,
) -> Result<Outcome, BackendError> {
    let before = account.desk().rev();
    let make = Command::MakeCall {
        from: account.device(),
        to: to.as_str().to_owned(),
    };
    let made: MadeCall = account.ask(line, &make).await?;
    let id = match made.call {
        Some(call) => CallId::new(call).map_err(|_| BackendError::Malformed)?,
        None => find_call(line, account, &to, before).await?,
    };
    let update = account.desk().made(id, &to, account.now());
    call_of(update.ok_or(BackendError::Malformed)?)
}

/// The call to this number that wasn't there as of `before`.
async fn find_call(
    line: &Line,
    account: &Account,
    to: &PhoneNumber,
    before: Rev,
) -> Result<CallId, BackendError> {
    let device = account.device();
    let state: DeviceState = account
        .ask(line, &Command::GetDeviceState { device })
        .await?;
    let desk = account.desk();
    let is_new = |id: &CallId| desk.call(id).is_none_or(|known| known.call.rev > before);
    let mut dialled = state
        .calls
        .iter()
        .filter(|call| call.calling == desk.device() && call.called == to.as_str())
        .filter_map(|call| CallId::new(&call.call).ok());
    dialled.find(is_new).ok_or(BackendError::Malformed)
}

async fn change_call(
    line: &Line,
    account: &Account,
    service: CallService,
    call: &CallId,
) -> Result<Outcome, BackendError> {
    let known = account.desk().call(call);
    let asked = known.ok_or(BackendError::NotFound)?.call.rev;
    let command = Command::Call {
        service,
        connection: Connection {
            call: call.as_str().to_owned(),
            device: account.device(),
        },
    };
    account.ask::<Done>(line, &command).await?;
    let served = account.desk().served(call, service, asked, account.now());
    call_of(served.ok_or(BackendError::NotFound)?)
}

fn call_of(update: CallUpdate) -> Result<Outcome, BackendError> {
    Ok(Outcome::Call(Box::new(update)))
}

impl Default for WsiBackend {
    fn default() -> Self {
        Self::new(WsiConfig::default())
    }
}

impl fmt::Debug for WsiBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WsiBackend")
            .field("links", &self.state().lines.len())
            .finish_non_exhaustive()
    }
}

impl Drop for WsiBackend {
    fn drop(&mut self) {
        for line in self.state().lines.values() {
            line.close();
        }
    }
}

#[async_trait]
impl Backend for WsiBackend {
    async fn execute(
        &self,
        operation: Operation,
        sink: &Arc<dyn EventSink>,
    ) -> Result<Outcome, BackendError> {
        match operation {
            Operation::Dial { link, address } => self.dial(link, &address).await,
            Operation::SignIn {
                link,
                user,
                password,
            } => self.sign_in(link, user, password).await,
            Operation::Resume { link } => self.resume(link).await,
            Operation::Subscribe {
                link, after, phone, ..
            } => self.subscribe(link, (after, phone), sink).await,
            Operation::Snapshot { link } => self.snapshot(link).await,
            Operation::Probe { link } => self.probe(link).await,
            Operation::Service { link, service } => self.serve(link, service).await,
            Operation::SignOut { link } => self.sign_out(link).await,
            Operation::Close { link } => {
                self.close(link);
                Ok(Outcome::Done)
            }
        }
    }
}
