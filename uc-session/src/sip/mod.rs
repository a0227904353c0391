//! The [`Backend`] of a SIP server.

mod address;
mod agent;
mod convert;
#[cfg(feature = "srv")]
mod dns;
mod driver;
mod exercise;
mod locate;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use uc_protocol::{
    net,
    sip::flow::{Flow, FlowDialer, Transport},
};

pub(crate) use self::address::SipAddress;
#[cfg(feature = "srv")]
pub use self::dns::Dns;
use self::{
    agent::{Account, Agent},
    driver::{Ask, Driver, Wish},
    locate::Suspects,
};
pub use self::{
    exercise::exercise_agent,
    locate::{Locate, SrvRecord},
};
use crate::{
    clock::{Clock, SystemClock},
    line, locked,
    port::{
        Backend, BackendError, DialFailure, EventSink, LinkId, Operation, Outcome, ServerAddress,
    },
    ucx::failure,
};

/// How [`SipBackend`] reaches its server.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SipConfig {
    /// How messages travel; [`Transport::Tls`] by default.
    pub transport: Transport,
    /// The domain of the user's address and of all numbers, where the user name doesn't say it
    /// (`330@example.org`); by default the name of the server.
    pub domain: Option<String>,
    /// Whether users of the same domain may ask which calls ring here, and so pick them up; default:
    /// yes.
    pub pickup: bool,
    /// Finds the servers of a domain, which stand for each other (RFC 3263); default: none, the domain
    /// is the server. Not for WebSockets.
    pub locator: Option<Arc<dyn Locate>>,
    /// How connections are made.
    pub connection: net::Config,
    /// What tells the time; default: [`SystemClock`].
    pub clock: Arc<dyn Clock>,
}

impl Default for SipConfig {
    fn default() -> Self {
        Self {
            transport: Transport::Tls,
            domain: None,
            pickup: true,
            locator: None,
            connection: net::Config::default(),
            clock: Arc::new(SystemClock::default()),
        }
    }
}

/// Calls of a SIP server: Asterisk, FreeSWITCH, Kamailio, OpenSIPS or a provider.
///
/// A number is called in the server's domain, an address (`sip:330@example.org`) as it is. All goes
/// through the server that was dialled (an outbound proxy): requests from elsewhere are never seen, and
/// those from there that don't belong to this registration or to a running call are refused. There is
/// neither presence nor a directory; see the capability set.
///
/// Runs on the caller's tokio runtime, with one task per sign-in. Dropping the backend closes
/// everything.
pub struct SipBackend {
    config: SipConfig,
    dialer: FlowDialer,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    flows: BTreeMap<LinkId, Line>,
    suspects: Suspects,
    /// The task of the last sign-in.
    agent: Option<mpsc::Sender<Wish>>,
}

/// A flow, and where it leads.
#[derive(Clone)]
struct Line {
    flow: Arc<Flow>,
    address: ServerAddress,
    /// Which of the address's servers.
    server: ServerAddress,
}

impl SipBackend {
    /// A backend without a connection. Does no I/O.
    pub fn new(config: SipConfig) -> Self {
        Self {
            dialer: FlowDialer::new(config.connection.clone()),
            config,
            state: Mutex::default(),
        }
    }

    async fn dial(&self, id: LinkId, address: ServerAddress) -> Result<Outcome, BackendError> {
        let name = line::host_port(&address)?;
        let mut failure = BackendError::Dial(DialFailure::NameNotFound);
        for server in self.servers(&address).await {
            // Whatever a name server tells is no reason not to try the next one.
            let Ok(at) = line::host_port(&server) else {
                continue;
            };
            let transport = self.config.transport;
            let dialled = match self.dialer.dial_server(transport, &name, &at).await {
                Ok(dialled) => dialled,
                Err(error) => {
                    self.state().suspects.add(&server);
                    failure = failure::of_dial(&error);
                    continue;
                }
            };
            let certificate = dialled.certificate().map(line::read_certificate);
            let flow = Arc::new(dialled.into_flow());
            let line = Line {
                flow,
                address,
                server,
            };
            self.state().flows.insert(id, line);
            return Ok(match certificate {
                Some(certificate) => Outcome::Dialed(certificate),
                None => Outcome::DialedOpen,
            });
        }
        Err(failure)
    }

    /// The servers of an address, in the order in which they are tried.
    async fn servers(&self, address: &ServerAddress) -> Vec<ServerAddress> {
        let name = locate::service(self.config.transport, &address.host);
        let (Some(locator), Some(name)) = (&self.config.locator, name) else {
            return vec![address.clone()];
        };
        let found = match timeout(LOOKUP, locator.srv(&name)).await {
            Ok(Ok(records)) => locate::in_order(records, below),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the servers of the domain can't be asked for");
                Vec::new()
            }
            Err(_) => {
                tracing::debug!("nobody tells the servers of the domain");
                Vec::new()
            }
        };
        match found.is_empty() {
            true => vec![address.clone()],
            false => self.state().suspects.last(found),
        }
    }

    /// Remembers what a server's answer says about it.
    fn judge<T>(&self, server: &ServerAddress, answer: &Result<T, BackendError>) {
        let mut state = self.state();
        match answer {
            Ok(_) => state.suspects.clear(server),
            Err(
                BackendError::TimedOut | BackendError::Unavailable | BackendError::Broken { .. },
            ) => {
                state.suspects.add(server);
            }
            // It is there, but it doesn't want this.
            Err(_) => {}
        }
    }

    async fn sign_in(
        &self,
        link: LinkId,
        user: String,
        password: uc_model::Redacted<String>,
    ) -> Result<Outcome, BackendError> {
        let Line {
            flow,
            address,
            server,
        } = self.line(link)?;
        let (user, own) = match user.split_once('@') {
            Some((user, domain)) => (user.to_owned(), Some(domain.to_owned())),
            None => (user, None),
        };
        let domain = own.or_else(|| self.config.domain.clone());
        let domain = domain.unwrap_or(address.host);
        let account = Account {
            user,
            password,
            domain,
            tells_ringing: self.config.pickup,
        };
        let agent = Agent::new(account, Box::new(token));
        let (sender, wishes) = mpsc::channel(MOST_WISHES);
        let driver = Driver::new(agent, wishes, Arc::clone(&self.config.clock));
        tokio::spawn(driver.run());
        let registered = ask(&sender, |done| Wish::Path { link, flow, done });
        let registered = timeout(REGISTRATION, registered).await;
        let signed_in = registered.unwrap_or(Err(BackendError::TimedOut));
        self.judge(&server, &signed_in);
        let signed_in = signed_in?;
        self.state().agent = Some(sender);
        Ok(signed_in)
    }

    async fn resume(&self, link: LinkId) -> Result<Outcome, BackendError> {
        let Line { flow, server, .. } = self.line(link)?;
        let agent = self.agent()?;
        let registered = ask(&agent, |done| Wish::Path { link, flow, done });
        let registered = timeout(REGISTRATION, registered).await;
        let registered = registered.unwrap_or(Err(BackendError::TimedOut));
        self.judge(&server, &registered);
        registered.map(|_| Outcome::Done)
    }

    async fn ask_agent(&self, link: LinkId, what: Ask) -> Result<Outcome, BackendError> {
        self.line(link)?;
        let agent = self.agent()?;
        ask(&agent, |done| Wish::Ask { what, done }).await
    }

    /// Without a session there is nobody who could ask; the connection stands all the same.
    async fn probe(&self, link: LinkId) -> Result<Outcome, BackendError> {
        let Line { server, .. } = self.line(link)?;
        match self.agent() {
            Ok(agent) => {
                let answer = ask(&agent, |done| Wish::Ask {
                    what: Ask::Probe,
                    done,
                });
                let answer = timeout(PROBE, answer).await;
                let answer = answer.unwrap_or(Err(BackendError::TimedOut));
                self.judge(&server, &answer);
                answer
            }
            Err(_) => Ok(Outcome::Done),
        }
    }

    async fn sign_out(&self, link: LinkId) -> Result<Outcome, BackendError> {
        let ended = self.ask_agent(link, Ask::SignOut).await;
        self.state().agent = None;
        ended.map(|_| Outcome::Done)
    }

    async fn close(&self, link: LinkId) {
        let (known, agent) = {
            let mut state = self.state();
            (state.flows.remove(&link), state.agent.clone())
        };
        if let (Some(_), Some(agent)) = (known, agent) {
            // Its task may have ended.
            let _ = agent.send(Wish::Close { link }).await;
        }
    }

    fn line(&self, link: LinkId) -> Result<Line, BackendError> {
        let line = self.state().flows.get(&link).cloned();
        line.ok_or(BackendError::Closed)
    }

    fn agent(&self) -> Result<mpsc::Sender<Wish>, BackendError> {
        self.state().agent.clone().ok_or(BackendError::NotSignedIn)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

/// Asks the task, and waits for its answer.
async fn ask(
    agent: &mpsc::Sender<Wish>,
    wish: impl FnOnce(oneshot::Sender<Result<Outcome, BackendError>>) -> Wish,
) -> Result<Outcome, BackendError> {
    let (done, answer) = oneshot::channel();
    let sent = agent.send(wish(done)).await;
    sent.map_err(|_| BackendError::NotSignedIn)?;
    answer.await.unwrap_or(Err(BackendError::Closed))
}

/// A random number below `most`.
fn below(most: u32) -> u32 {
    let number = getrandom::u32().expect("the operating system gives random numbers");
    number % most.max(1)
}

/// 128 random bits as text.
fn token() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Default for SipBackend {
    fn default() -> Self {
        Self::new(SipConfig::default())
    }
}

impl fmt::Debug for SipBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SipBackend")
            .field("transport", &self.config.transport)
            .field("links", &self.state().flows.len())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Backend for SipBackend {
    async fn execute(
        &self,
        operation: Operation,
        sink: &Arc<dyn EventSink>,
    ) -> Result<Outcome, BackendError> {
        match operation {
            Operation::Dial { link, address } => self.dial(link, address).await,
            Operation::SignIn {
                link,
                user,
                password,
            } => self.sign_in(link, user, password).await,
            Operation::Resume { link } => self.resume(link).await,
            Operation::Subscribe { link, calls, .. } => {
                let sink = Arc::clone(sink);
                self.ask_agent(link, Ask::Listen { link, sink, calls })
                    .await
            }
            Operation::Snapshot { link } => self.ask_agent(link, Ask::Snapshot).await,
            Operation::Probe { link } => self.probe(link).await,
            Operation::Service { link, service } => self.ask_agent(link, Ask::Serve(service)).await,
            Operation::SignOut { link } => self.sign_out(link).await,
            Operation::Close { link } => {
                self.close(link).await;
                Ok(Outcome::Done)
            }
        }
    }
}

/// How long a registration may take (our choice: over UDP a request is sent four times by then).
const REGISTRATION: Duration = Duration::from_secs(8);
/// How long the servers of a domain are asked for (our choice: dialling the domain itself fits into the
/// time of an attempt after it).
const LOOKUP: Duration = Duration::from_secs(2);
/// How long the answer to a probe may take (our choice, as elsewhere).
const PROBE: Duration = Duration::from_secs(5);
/// Wishes that wait for the task (our choice); more wait in their callers.
const MOST_WISHES: usize = 32;
