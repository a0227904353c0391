//! Why a sign-in works or not, step by step (DIAG-1).

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use thiserror::Error;
use tokio::{
    net::{TcpStream, UdpSocket, lookup_host},
    sync::mpsc,
    time::timeout,
};
use uc_model::{Licence, Mode};
use uc_protocol::wsi::Name;

use crate::{
    core::Config,
    error::SignInError,
    port::{
        Backend, BackendError, BackendEvent, Certificate, DialFailure, EventSink, LinkId,
        Operation, Outcome, ServerAddress,
    },
    trust::{Verdict, judge},
};

/// What is looked at, in this order; the first five for each address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The server's name leads to addresses.
    Name,
    /// This computer has a way there.
    Route,
    /// Something listens at the port.
    Port,
    /// It speaks TLS of a version that is good enough.
    Tls,
    /// Its certificate is the accepted one.
    Certificate,
    /// It takes user and password. They are sent after an accepted certificate only.
    Credentials,
    /// It has a licence for the user.
    Licence,
    /// Client and server understand each other.
    Version,
    /// Events come through, and the state can be fetched.
    Events,
}

/// What was found good, with what is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Good {
    /// The name leads to these addresses.
    Addresses(Vec<IpAddr>),
    /// The way there begins at this address of this computer.
    From(IpAddr),
    /// The connection took so long.
    Connected(Duration),
    /// The address wants no TLS: whoever is on the way can read along.
    Unsecured,
    /// The certificate, accepted.
    Accepted(Certificate),
    /// The password must be changed first (CONN-4).
    ChangePassword,
    /// Which server it is.
    Server {
        /// Product and version.
        product: String,
        /// The mode; a server of another kind has none.
        mode: Option<Mode>,
    },
    /// Signing in is licensed, but the user hasn't got these: what needs them doesn't work.
    Without(Vec<Licence>),
    /// The first event came after so long.
    Heard(Duration),
    /// Nothing more to say.
    Yes,
}

/// What was found wrong. The text says what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Bad {
    /// No connection.
    #[error(transparent)]
    Dial(DialFailure),
    /// Nobody has accepted the certificate yet, or it is another one: nothing was sent.
    #[error(transparent)]
    Certificate(SignInError),
    /// The server refused, or the connection failed.
    #[error(transparent)]
    Backend(BackendError),
    /// The events are accepted but don't come.
    #[error(
        "events don't come through: something on the way (a proxy, a firewall) holds back what a \
         server sends by and by; let it pass this connection on at once"
    )]
    NoEvents,
    /// An earlier step must work first.
    #[error("not looked at: an earlier step must work first")]
    NotReached,
}

/// One step's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub step: Step,
    /// At which address; `None` for what comes after the addresses.
    pub address: Option<ServerAddress>,
    /// What was found.
    pub result: Result<Good, Bad>,
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnosis {
    /// Every step that was looked at, in order, and those that weren't reached.
    pub checks: Vec<Check>,
    /// The names of WSI without public proof that the connection has relied on; empty where UCX is
    /// spoken.
    pub relied_on: Vec<Name>,
}

impl Diagnosis {
    /// Whether a sign-in works: one address does, and everything after it.
    pub fn works(&self) -> bool {
        let last = self.checks.last();
        last.is_some_and(|check| check.step == Step::Events && check.result.is_ok())
    }

    /// The first obstacle, if a sign-in doesn't work: what to see to first.
    pub fn obstacle(&self) -> Option<&Check> {
        let mut wrong = self.checks.iter().filter(|check| check.result.is_err());
        wrong.next().filter(|_| !self.works())
    }
}

/// Looks at one step after the other; tells each result as it comes.
pub(crate) struct Examination<'a> {
    pub(crate) config: Config,
    pub(crate) backend: Arc<dyn Backend>,
    /// Where connections go first, if not to the server.
    pub(crate) proxy: Option<ServerAddress>,
    pub(crate) tell: &'a mut (dyn FnMut(&Check) + Send),
    pub(crate) checks: Vec<Check>,
}

impl Examination<'_> {
    /// Every step, at both addresses; signs out again.
    pub(crate) async fn run(mut self) -> Vec<Check> {
        let addresses = [Some(self.config.lan.clone()), self.config.wan.clone()];
        let mut open = None;
        for (address, link) in addresses.into_iter().flatten().zip(1..) {
            let link = LinkId(link);
            if self.reach(&address, link).await && open.is_none() {
                open = Some(link);
            } else {
                self.close(link).await;
            }
        }
        match open {
            Some(link) => {
                self.enter(link).await;
                self.close(link).await;
            }
            None => self.not_reached(Step::Credentials),
        }
        self.checks
    }

    /// Name to certificate of one address; whether it can be used.
    async fn reach(&mut self, address: &ServerAddress, link: LinkId) -> bool {
        let hop = self.proxy.clone().unwrap_or_else(|| address.clone());
        let found = find(&hop).await;
        let Some(found) = self.note(Step::Name, address, found.map(|a| (ips(&a), a))) else {
            return false;
        };
        let route = route(&found).await;
        if self
            .note(
                Step::Route,
                address,
                route.map(|from| (Good::From(from), ())),
            )
            .is_none()
        {
            return false;
        }
        let listens = connect(&found).await;
        if self
            .note(
                Step::Port,
                address,
                listens.map(|t| (Good::Connected(t), ())),
            )
            .is_none()
        {
            return false;
        }
        let certificate = self.dial(address, link).await;
        if let Ok(None) = certificate {
            return self
                .note(Step::Tls, address, Ok((Good::Unsecured, ())))
                .is_some();
        }
        let shown = certificate.map(|certificate| (Good::Yes, certificate));
        let Some(Some(certificate)) = self.note(Step::Tls, address, shown) else {
            return false;
        };
        let accepted = self.accept(address, certificate);
        let accepted = accepted.map(|certificate| (Good::Accepted(certificate), ()));
        self.note(Step::Certificate, address, accepted).is_some()
    }

    /// `None`: the address wants no TLS.
    async fn dial(
        &mut self,
        address: &ServerAddress,
        link: LinkId,
    ) -> Result<Option<Certificate>, Bad> {
        let address = address.clone();
        match self
            .execute(Operation::Dial { link, address }, &Ear::deaf())
            .await
        {
            Ok(Outcome::Dialed(certificate)) => Ok(Some(certificate)),
            Ok(Outcome::DialedOpen) => Ok(None),
            Ok(_) => Err(Bad::Backend(BackendError::Malformed)),
            Err(BackendError::Dial(failure)) => Err(Bad::Dial(failure)),
            Err(error) => Err(Bad::Backend(error)),
        }
    }

    fn accept(
        &self,
        address: &ServerAddress,
        certificate: Certificate,
    ) -> Result<Certificate, Bad> {
        let Config { pins, trust, .. } = &self.config;
        let address = address.clone();
        match judge(&address, &certificate, pins, trust) {
            Verdict::Trusted => Ok(certificate),
            Verdict::Unknown => Err(Bad::Certificate(SignInError::UnknownCertificate {
                address,
                certificate,
            })),
            Verdict::Changed { expected } => {
                Err(Bad::Certificate(SignInError::ChangedCertificate {
                    address,
                    expected,
                    certificate,
                }))
            }
        }
    }

    /// Credentials to events, over a link whose certificate is accepted.
    async fn enter(&mut self, link: LinkId) {
        let (user, password) = (self.config.user.clone(), self.config.password.clone());
        let operation = Operation::SignIn {
            link,
            user,
            password,
        };
        let user = match self.execute(operation, &Ear::deaf()).await {
            Ok(Outcome::SignedIn(user)) => user,
            Ok(_) => return self.refused(BackendError::Malformed),
            Err(error) => return self.refused(error),
        };
        self.session(
            Step::Credentials,
            match user.must_change_password {
                true => Ok(Good::ChangePassword),
                false => Ok(Good::Yes),
            },
        );
        self.session(
            Step::Licence,
            Ok(match user.missing_licences.is_empty() {
                true => Good::Yes,
                false => Good::Without(user.missing_licences),
            }),
        );
        self.session(
            Step::Version,
            Ok(Good::Server {
                product: user.server,
                mode: user.mode,
            }),
        );
        let heard = self.listen(link).await;
        self.session(Step::Events, heard.map(Good::Heard));
        // Whether it succeeds makes no difference any more.
        let _ = self
            .execute(Operation::SignOut { link }, &Ear::deaf())
            .await;
    }

    /// A sign-in that failed: which step it was that did.
    fn refused(&mut self, error: BackendError) {
        let step = match error {
            BackendError::NoLicence(_) => Step::Licence,
            BackendError::NoUcx | BackendError::Malformed | BackendError::Unsupported => {
                Step::Version
            }
            _ => Step::Credentials,
        };
        // A server that speaks of licences has taken the password before.
        if step == Step::Licence {
            self.session(Step::Credentials, Ok(Good::Yes));
        } else if step == Step::Version {
            self.session(Step::Credentials, Err(Bad::NotReached));
            self.session(Step::Licence, Err(Bad::NotReached));
        }
        self.session(step, Err(Bad::Backend(error)));
        self.not_reached(match step {
            Step::Credentials => Step::Licence,
            Step::Licence => Step::Version,
            _ => Step::Events,
        });
    }

    /// Waits for the first event, a heartbeat if need be, and fetches the state.
    async fn listen(&mut self, link: LinkId) -> Result<Duration, Bad> {
        let (ear, mut heard) = Ear::listening();
        let operation = Operation::Subscribe {
            link,
            after: None,
            calls: false,
            phone: self.config.phone.clone(),
        };
        self.execute(operation, &ear).await.map_err(Bad::Backend)?;
        let since = tokio::time::Instant::now();
        match timeout(LONGEST_SILENCE, heard.recv()).await {
            Ok(Some(Ok(()))) => {}
            Ok(Some(Err(error))) => return Err(Bad::Backend(error)),
            Ok(None) | Err(_) => return Err(Bad::NoEvents),
        }
        let after = since.elapsed();
        let snapshot = self.execute(Operation::Snapshot { link }, &ear).await;
        snapshot.map_err(Bad::Backend)?;
        Ok(after)
    }

    async fn execute(
        &mut self,
        operation: Operation,
        ear: &Arc<dyn EventSink>,
    ) -> Result<Outcome, BackendError> {
        let done = timeout(LONGEST_OPERATION, self.backend.execute(operation, ear)).await;
        done.unwrap_or(Err(BackendError::TimedOut))
    }

    async fn close(&mut self, link: LinkId) {
        let _ = self.execute(Operation::Close { link }, &Ear::deaf()).await;
    }

    /// Notes a step at an address; gives what the next one needs.
    fn note<T>(
        &mut self,
        step: Step,
        address: &ServerAddress,
        result: Result<(Good, T), Bad>,
    ) -> Option<T> {
        let (result, next) = match result {
            Ok((good, next)) => (Ok(good), Some(next)),
            Err(bad) => (Err(bad), None),
        };
        self.check(Check {
            step,
            address: Some(address.clone()),
            result,
        });
        next
    }

    fn session(&mut self, step: Step, result: Result<Good, Bad>) {
        self.check(Check {
            step,
            address: None,
            result,
        });
    }

    /// This step of the session and those behind it.
    fn not_reached(&mut self, first: Step) {
        for step in [
            Step::Credentials,
            Step::Licence,
            Step::Version,
            Step::Events,
        ] {
            if step >= first {
                self.session(step, Err(Bad::NotReached));
            }
        }
    }

    fn check(&mut self, check: Check) {
        (self.tell)(&check);
        self.checks.push(check);
    }
}

async fn find(address: &ServerAddress) -> Result<Vec<SocketAddr>, Bad> {
    let asked = timeout(
        LONGEST_DIAL,
        lookup_host((address.host.as_str(), address.port)),
    )
    .await;
    let found: Vec<_> = match asked {
        Ok(Ok(found)) => found.collect(),
        Ok(Err(_)) | Err(_) => Vec::new(),
    };
    match found.is_empty() {
        true => Err(Bad::Dial(DialFailure::NameNotFound)),
        false => Ok(found),
    }
}

fn ips(addresses: &[SocketAddr]) -> Good {
    let mut ips: Vec<_> = addresses.iter().map(SocketAddr::ip).collect();
    ips.dedup();
    Good::Addresses(ips)
}

/// Asks the system for a way; sends nothing.
async fn route(addresses: &[SocketAddr]) -> Result<IpAddr, Bad> {
    for address in addresses {
        let any: IpAddr = match address {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let Ok(socket) = UdpSocket::bind((any, 0)).await else {
            continue;
        };
        if socket.connect(address).await.is_ok()
            && let Ok(local) = socket.local_addr()
        {
            return Ok(local.ip());
        }
    }
    Err(Bad::Dial(DialFailure::NoRoute))
}

/// Connects to the first address that lets us.
async fn connect(addresses: &[SocketAddr]) -> Result<Duration, Bad> {
    let since = tokio::time::Instant::now();
    match timeout(LONGEST_DIAL, TcpStream::connect(addresses)).await {
        Ok(Ok(_)) => Ok(since.elapsed()),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            Err(Bad::Dial(DialFailure::Refused))
        }
        Ok(Err(_)) => Err(Bad::Dial(DialFailure::NoRoute)),
        Err(_) => Err(Bad::Dial(DialFailure::Silent)),
    }
}

/// Hears that something comes, or that nothing will.
#[derive(Debug)]
struct Ear(mpsc::Sender<Result<(), BackendError>>);

impl Ear {
    fn listening() -> (Arc<dyn EventSink>, mpsc::Receiver<Result<(), BackendError>>) {
        let (sender, heard) = mpsc::channel(1);
        (Arc::new(Self(sender)), heard)
    }

    fn deaf() -> Arc<dyn EventSink> {
        Self::listening().0
    }
}

#[async_trait]
impl EventSink for Ear {
    async fn deliver(&self, _: LinkId, event: BackendEvent) {
        let heard = match event {
            BackendEvent::StreamEnded(error) => Err(error),
            BackendEvent::SessionEnded => Err(BackendError::NotSignedIn),
            _ => Ok(()),
        };
        // One is enough.
        let _ = self.0.try_send(heard);
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Name => "name",
            Self::Route => "route",
            Self::Port => "port",
            Self::Tls => "TLS",
            Self::Certificate => "certificate",
            Self::Credentials => "credentials",
            Self::Licence => "licence",
            Self::Version => "version",
            Self::Events => "events",
        })
    }
}

/// Looking a name up, and connecting (wire contract).
const LONGEST_DIAL: Duration = Duration::from_secs(5);
/// Connect, TLS and answer of the wire contract, and slack.
const LONGEST_OPERATION: Duration = Duration::from_secs(25);
/// A heartbeat comes every 10 s (UCX and WSI), and has time to be late.
const LONGEST_SILENCE: Duration = Duration::from_secs(15);
