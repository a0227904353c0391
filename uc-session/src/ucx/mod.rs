//! The [`Backend`] of UCX servers.

mod account;
mod call;
mod contact;
mod contact_import;
mod conversation;
mod edit;
pub(crate) mod failure;
mod favourites;
mod keys;
mod link;
mod presence;
mod request;
#[cfg(test)]
mod sample;
mod session;

pub(crate) use link::PROBE_TIME;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use uc_model::{ExtensionError, IdError, PhoneNumberError, Redacted};
use uc_protocol::{
    net::{self, Dialer, Request},
    ucx::{
        self as wire,
        paths::{DirectoryQuery, EventsQuery, Route},
    },
};

use self::{
    link::OpenLink,
    request::{Answer, Exchange},
};
use crate::{
    line::{self, Line},
    locked,
    port::{
        Backend, BackendError, Cursor, EventSink, FetchedPhoto, LinkId, Operation, Outcome,
        ServerAddress, Service,
    },
};

/// How a [`UcxBackend`] connects and what it calls itself.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UcxConfig {
    /// Name and version of the program, for the server's list of sessions. Default: this crate's.
    pub client: String,
    /// Time-outs of each phase (connect 5 s, TLS 5 s, answer 10 s) and a proxy; default: no proxy.
    pub connection: net::Config,
}

impl Default for UcxConfig {
    fn default() -> Self {
        Self {
            client: concat!("uc-session ", env!("CARGO_PKG_VERSION")).into(),
            connection: net::Config::default(),
        }
    }
}

/// The UC functions of a server that speaks UCX (JSON over HTTPS).
///
/// Runs on the caller's tokio runtime, with one task per connection and one per event stream. A
/// request that makes something is sent once and carries its key; one that only reads is sent
/// once more when its connection broke before an answer. A server that doesn't know UCX is
/// [`NoUcx`](BackendError::NoUcx) at sign-in; where it speaks WSI alone, see
/// [`WsiBackend`](crate::WsiBackend). Dropping the backend closes
/// everything.
///
/// ```
/// use uc_session::{UcxBackend, UcxConfig};
///
/// let mut config = UcxConfig::default();
/// config.client = "Example 1.0".into();
/// let backend = UcxBackend::new(config);
/// ```
pub struct UcxBackend {
    client: String,
    dialer: Dialer,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    links: BTreeMap<LinkId, Arc<OpenLink>>,
    /// The session of the last sign-in.
    session: Option<wire::Secret>,
}

impl UcxBackend {
    /// A backend without a connection. Does no I/O.
    pub fn new(config: UcxConfig) -> Self {
        Self {
            client: config.client,
            dialer: Dialer::new(config.connection),
            state: Mutex::default(),
        }
    }

    async fn dial(&self, id: LinkId, address: &ServerAddress) -> Result<Outcome, BackendError> {
        let (line, certificate) = line::dial(&self.dialer, address).await?;
        self.adopt(id, line);
        Ok(Outcome::Dialed(certificate))
    }

    /// Takes a line that was dialled by somebody else.
    pub(crate) fn adopt(&self, id: LinkId, line: Arc<Line>) {
        let link = Arc::new(OpenLink::new(line));
        if let Some(older) = self.state().links.insert(id, link) {
            older.close();
        }
    }

    async fn sign_in(
        &self,
        id: LinkId,
        user: String,
        password: Redacted<String>,
    ) -> Result<Outcome, BackendError> {
        let link = self.link(id)?;
        let hello = self.hello(&link).await?;
        let credentials = wire::SignIn {
            user,
            password: wire::Secret(password.into_inner()),
            client: self.client.clone(),
        };
        let request = Request::post(Route::Session).body(&credentials);
        let answer = link.ask(request).await?;
        let answer: wire::Session = answer.decode().map_err(|_| BackendError::Malformed)?;
        let token = answer.session.clone();
        let signed_in = session::read(hello, answer)?;
        link.sign_in(token.clone());
        self.state().session = Some(token);
        Ok(Outcome::SignedIn(signed_in))
    }

    /// Who answers there, if it speaks our version of UCX.
    async fn hello(&self, link: &OpenLink) -> Result<wire::Hello, BackendError> {
        let answer = match link.ask(Request::get(Route::Hello)).await {
            Err(BackendError::NotFound) => return Err(BackendError::NoUcx),
            answer => answer?,
        };
        let hello: wire::Hello = answer.decode().map_err(|_| BackendError::Malformed)?;
        let known = hello.ucx.contains(&session::UCX_VERSION);
        known.then_some(hello).ok_or(BackendError::NoUcx)
    }

    /// Asks for the least that needs a session, so that an ended one is noticed here.
    async fn resume(&self, id: LinkId) -> Result<Outcome, BackendError> {
        let link = self.link(id)?;
        let session = self.state().session.clone();
        link.sign_in(session.ok_or(BackendError::NotSignedIn)?);
        let least = DirectoryQuery {
            q: "0".into(),
            limit: Some(1),
            directory: None,
        };
        link.read(Request::get(Route::Directory(least))).await?;
        Ok(Outcome::Done)
    }

    async fn subscribe(
        &self,
        id: LinkId,
        (after, query): (Option<Cursor>, EventsQuery),
        sink: &Arc<dyn EventSink>,
    ) -> Result<Outcome, BackendError> {
        let after = after.map(|cursor| cursor.0.parse()).transpose();
        let after = after.map_err(|_| BackendError::RefusedValue)?;
        let link = self.link(id)?;
        link.subscribe(id, (after.as_ref(), query), Arc::clone(sink))
            .await?;
        Ok(Outcome::Subscribed)
    }

    async fn snapshot(&self, id: LinkId) -> Result<Outcome, BackendError> {
        let answer = self.link(id)?.read(Request::get(Route::Snapshot)).await?;
        let snapshot = answer.decode().map_err(|_| BackendError::Malformed)?;
        Ok(Outcome::Snapshot(Box::new(session::read_snapshot(
            snapshot,
        )?)))
    }

    async fn serve(&self, id: LinkId, service: Service) -> Result<Outcome, BackendError> {
        let link = self.link(id)?;
        let Exchange { request, answer } = Exchange::of(service)?;
        let response = match answer {
            Answer::Photo => return self.photo(&link, request).await,
            Answer::Contacts | Answer::Contact => link.read(request).await?,
            Answer::Presence
            | Answer::Edit
            | Answer::Import
            | Answer::Call
            | Answer::FunctionKeys
            | Answer::Nothing => link.request(request).await?,
        };
        match answer.read(&response)? {
            Outcome::Imported { report, .. } => {
                let contacts = link.read(Request::get(Route::Contacts)).await?;
                let contacts = contacts.decode().map_err(|_| BackendError::Malformed)?;
                let changes = contact::read_list(contacts)?;
                Ok(Outcome::Imported { report, changes })
            }
            outcome => Ok(outcome),
        }
    }

    /// A user without a photo is an answer, not an error.
    async fn photo(&self, link: &OpenLink, request: Request) -> Result<Outcome, BackendError> {
        match link.read(request).await {
            Err(BackendError::NotFound) => Ok(Outcome::Photo(FetchedPhoto::None)),
            response => account::read_photo(&response?),
        }
    }

    async fn sign_out(&self, id: LinkId) -> Result<Outcome, BackendError> {
        let link = self.link(id)?;
        let ended = link.request(Request::delete(Route::Session)).await;
        self.state().session = None;
        ended.map(|_| Outcome::Done)
    }

    fn close(&self, id: LinkId) {
        let link = self.state().links.remove(&id);
        if let Some(link) = link {
            link.close();
        }
    }

    fn link(&self, id: LinkId) -> Result<Arc<OpenLink>, BackendError> {
        let link = self.state().links.get(&id).cloned();
        link.ok_or(BackendError::Closed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

impl Default for UcxBackend {
    fn default() -> Self {
        Self::new(UcxConfig::default())
    }
}

impl fmt::Debug for UcxBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UcxBackend")
            .field("client", &self.client)
            .field("links", &self.state().links.len())
            .finish_non_exhaustive()
    }
}

impl Drop for UcxBackend {
    fn drop(&mut self) {
        for link in self.state().links.values() {
            link.close();
        }
    }
}

#[async_trait]
impl Backend for UcxBackend {
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
                link,
                after,
                calls,
                phone,
            } => {
                let phone = phone.map(|phone| phone.as_str().to_owned());
                let query = EventsQuery { calls, phone };
                self.subscribe(link, (after, query), sink).await
            }
            Operation::Snapshot { link } => self.snapshot(link).await,
            Operation::Probe { link } => {
                self.link(link)?.probe().await?;
                Ok(Outcome::Done)
            }
            Operation::Service { link, service } => self.serve(link, service).await,
            Operation::SignOut { link } => self.sign_out(link).await,
            Operation::Close { link } => {
                self.close(link);
                Ok(Outcome::Done)
            }
        }
    }
}

/// Something of the server that doesn't fit the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unreadable;

impl From<IdError> for Unreadable {
    fn from(_: IdError) -> Self {
        Self
    }
}

impl From<ExtensionError> for Unreadable {
    fn from(_: ExtensionError) -> Self {
        Self
    }
}

impl From<PhoneNumberError> for Unreadable {
    fn from(_: PhoneNumberError) -> Self {
        Self
    }
}
