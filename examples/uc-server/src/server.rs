use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    thread,
    time::Duration,
};

use thiserror::Error;
use tokio::{
    net::TcpListener,
    runtime::Handle,
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;
use uc_model::ConversationGrouping;
use uc_protocol::ucx::{Configuration, Hello, Mode};

use crate::{
    attendance::Attendance,
    certificate::{Certificate, CertificateError},
    company::Company,
    connection::{self, Phase},
    exchange::{Exchange, SoundStep},
    fault::Faults,
    sound::SoundConfig,
    sounding::Sounding,
    store::{Database, Journal, Saved, StoreError},
    switchboard::{Clock, Switchboard},
};

/// An embedded UC server, not started yet.
#[derive(Debug, Clone)]
pub struct Server {
    company: Company,
    listen: SocketAddr,
    mode: Option<Mode>,
    configuration: Option<Configuration>,
    storage: Storage,
    certificate: Option<Certificate>,
    desk_phones: bool,
    ucx: bool,
    grouping: ConversationGrouping,
    chat: bool,
    sound: SoundConfig,
}

/// The switchboard, the thread that writes, and what is to be done about sound.
type Opened = (
    Arc<Switchboard>,
    thread::JoinHandle<()>,
    mpsc::UnboundedReceiver<SoundStep>,
);

/// Where the server keeps its state.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Storage {
    /// Nowhere: a restart forgets everything, and event numbers begin anew.
    Memory,
    /// In a directory, made where it is missing: `server.sqlite`, and the certificate with its key.
    Directory(PathBuf),
}

impl Server {
    /// A server of the built-in company on a free port of 127.0.0.1, Smart, in memory, with a new
    /// self-signed certificate (or the one that the storage holds).
    pub fn builder() -> Self {
        Self {
            company: Company::twelve(),
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            mode: None,
            configuration: None,
            storage: Storage::Memory,
            certificate: None,
            desk_phones: false,
            ucx: true,
            grouping: ConversationGrouping::default(),
            chat: true,
            sound: SoundConfig::default(),
        }
    }

    /// Who can sign in.
    #[must_use]
    pub fn company(self, company: Company) -> Self {
        Self { company, ..self }
    }

    /// Where to listen; port 0 is a free one.
    #[must_use]
    pub fn listen(self, listen: SocketAddr) -> Self {
        Self { listen, ..self }
    }

    /// The mode. Default: what the company file says, else Smart.
    #[must_use]
    pub fn mode(self, mode: Mode) -> Self {
        Self {
            mode: Some(mode),
            ..self
        }
    }

    /// What is switched on. Default: what the company file says, else chat and VoIP.
    #[must_use]
    pub fn configuration(self, configuration: Configuration) -> Self {
        Self {
            configuration: Some(configuration),
            ..self
        }
    }

    /// Where to keep state.
    #[must_use]
    pub fn storage(self, storage: Storage) -> Self {
        Self { storage, ..self }
    }

    /// Whether everybody has a virtual desk phone: without sound, always there, and in calls with
    /// desk phones only. Clients of WSI control nothing else. Default: no.
    #[must_use]
    pub fn desk_phones(self, desk_phones: bool) -> Self {
        Self {
            desk_phones,
            ..self
        }
    }

    /// Whether UCX is spoken beside WSI. Default: yes.
    #[must_use]
    pub fn ucx(self, ucx: bool) -> Self {
        Self { ucx, ..self }
    }

    /// Whether Smart has instant messages. Default: yes.
    #[must_use]
    pub fn chat(self, chat: bool) -> Self {
        Self { chat, ..self }
    }

    /// How conferences and announcements sound. Default: [`SoundConfig::default`].
    #[must_use]
    pub fn sound(self, sound: SoundConfig) -> Self {
        Self { sound, ..self }
    }

    /// Which numbers share a conversation (CONV-4). Default: those in one format.
    #[must_use]
    pub fn grouping(self, grouping: ConversationGrouping) -> Self {
        Self { grouping, ..self }
    }

    /// Which certificate to present.
    #[must_use]
    pub fn certificate(self, certificate: Certificate) -> Self {
        Self {
            certificate: Some(certificate),
            ..self
        }
    }

    /// Starts serving on the current tokio runtime.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(mut self) -> Result<RunningServer, StartError> {
        Handle::try_current().map_err(|_| StartError::NoRuntime)?;
        self.configure();
        let certificate = self.choose_certificate()?;
        let tls = TlsAcceptor::from(certificate.tls()?);
        let (listener, address) = self.bind().await?;
        let faults = Faults::none();
        let sound = self.sound.clone();
        let (board, journal, steps) = self.open(faults.clone()).await?;
        let sounding = Sounding::start(&board, sound, steps);
        let (phase, watching) = watch::channel(Phase::Running);
        let serving = connection::serve(listener, tls, board.clone(), watching);
        let timers = board.clone();
        tracing::info!(%address, "serving");
        Ok(RunningServer {
            address,
            fingerprint: certificate.fingerprint(),
            serving: tokio::spawn(serving),
            timers: tokio::spawn(async move { timers.run_timers().await }),
            board: Some(board),
            journal: Some(journal),
            sounding: Some(sounding),
            phase,
            faults,
        })
    }

    /// What was said here comes before what the company file says.
    fn configure(&mut self) {
        let system = &mut self.company.system;
        if let Some(mode) = self.mode {
            system.mode = mode;
        }
        if let Some(configuration) = self.configuration.take() {
            system.configuration = configuration;
        }
        system.configuration.desk_phones |= self.desk_phones;
        system.configuration.chat &= self.chat;
    }

    fn choose_certificate(&self) -> Result<Certificate, StartError> {
        Ok(match (&self.certificate, &self.storage) {
            (Some(certificate), _) => certificate.clone(),
            (None, Storage::Memory) => Certificate::self_signed()?,
            (None, Storage::Directory(path)) => {
                make_directory(path)?;
                Certificate::kept_in(path)?
            }
        })
    }

    async fn bind(&self) -> Result<(TcpListener, SocketAddr), StartError> {
        let refused = |source| StartError::Listen {
            address: self.listen,
            source,
        };
        let listener = TcpListener::bind(self.listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        Ok((listener, address))
    }

    async fn open(self, faults: Faults) -> Result<Opened, StartError> {
        let hello = self.hello();
        let (database, epoch, saved) = self.storage.open()?;
        let clock = Clock::start();
        let mut exchange = Exchange::new(self.company, epoch.into(), saved, clock.now());
        exchange.group_conversations(self.grouping);
        let mut taken_up = exchange.take_effects();
        let (sound, steps) = mpsc::unbounded_channel();
        for step in taken_up.sound.drain(..) {
            let _ = sound.send(step);
        }
        let (journal, thread) = Journal::start(database)?;
        journal
            .submit(taken_up)
            .await
            .unwrap_or(Err(StoreError::Failed))?;
        let board = Switchboard::new(exchange, journal, sound, clock, hello, faults);
        Ok((Arc::new(board), thread, steps))
    }

    fn hello(&self) -> Hello {
        Hello {
            server: "uc-server".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            ucx: if self.ucx { vec![1] } else { Vec::new() },
            mode: self.company.system.mode,
            configuration: Configuration {
                conversations_by_number: self.grouping == ConversationGrouping::ByNumber,
                ..self.company.system.configuration.clone()
            },
            location: self.company.system.location.clone(),
        }
    }
}

impl Storage {
    fn open(&self) -> Result<(Option<Database>, String, Saved), StoreError> {
        let fresh = new_epoch();
        match self {
            Self::Memory => Ok((None, fresh, Saved::default())),
            Self::Directory(path) => {
                make_directory(path)?;
                let database = Database::open(&path.join(DATABASE_FILE))?;
                let epoch = database.epoch(&fresh, &boot_id())?;
                let saved = database.load()?;
                Ok((Some(database), epoch, saved))
            }
        }
    }
}

/// A server that runs. Dropping it is [`RunningServer::kill`] without waiting for the end.
#[derive(Debug)]
pub struct RunningServer {
    address: SocketAddr,
    fingerprint: [u8; 32],
    board: Option<Arc<Switchboard>>,
    serving: JoinHandle<()>,
    timers: JoinHandle<()>,
    journal: Option<thread::JoinHandle<()>>,
    sounding: Option<Sounding>,
    phase: watch::Sender<Phase>,
    faults: Faults,
}

impl RunningServer {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The SHA-256 of its certificate: what a client pins.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    /// Stops: takes no more connections, lets requests finish for up to 2 s, ends event streams,
    /// closes the store. Sessions and calls survive in a durable store. Afterwards the address and
    /// the store are free.
    pub async fn stop(self) {
        self.end(Phase::Stopping).await;
    }

    /// Drops everything at once, as a crash would; for tests. Connections are cut in the middle of
    /// whatever they do. Afterwards the address and the store are free.
    pub async fn kill(self) {
        self.end(Phase::Killed).await;
    }

    /// Unlocks an account that wrong passwords have locked, as an administrator would.
    ///
    /// # Errors
    /// [`StoreError`], where that can't be stored.
    pub async fn unlock(&self, user: &str) -> Result<(), StoreError> {
        match &self.board {
            Some(board) => board.perform(|exchange, _| exchange.unlock(user)).await,
            None => Ok(()),
        }
    }

    /// A view of who is signed in. It doesn't keep the server alive.
    pub fn attendance(&self) -> Attendance {
        Attendance(self.board.as_ref().map_or_else(Weak::new, Arc::downgrade))
    }

    /// For tests: closes all connections; new ones are taken.
    pub fn cut_connections(&self) {
        self.faults.cut_connections();
    }

    /// For tests: from now on (or no more) nothing is read or written, without closing anything,
    /// as if all packets were dropped. What waits goes on afterwards.
    pub fn silence(&self, on: bool) {
        self.faults.silence(on);
    }

    /// For tests: delays each answer by this much, in whole milliseconds.
    pub fn delay(&self, delay: Duration) {
        self.faults.set_delay(delay);
    }

    async fn end(mut self, phase: Phase) {
        self.phase.send_replace(phase);
        let _ = (&mut self.serving).await;
        self.timers.abort();
        let _ = (&mut self.timers).await;
        if let Some(sounding) = self.sounding.take() {
            sounding.end().await;
        }
        self.board = None;
        if let Some(journal) = self.journal.take() {
            let _ = tokio::task::spawn_blocking(|| journal.join()).await;
        }
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.phase.send_replace(Phase::Killed);
        self.timers.abort();
        if let Some(sounding) = &self.sounding {
            sounding.abort();
        }
    }
}

/// Why a server doesn't start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no tokio runtime.
    #[error("no tokio runtime is running; start the server inside one")]
    NoRuntime,
    /// The address can't be listened on.
    #[error("can't listen on {address}: {source}; choose another address or stop what uses it")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The certificate can't be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The store can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn make_directory(path: &Path) -> Result<(), StoreError> {
    Ok(std::fs::create_dir_all(path)?)
}

/// What names this boot of the machine; the same text for all where the system has no name for it.
fn boot_id() -> String {
    std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default()
}

/// 64 random bits as hexadecimal digits.
fn new_epoch() -> String {
    let mut bytes = [0_u8; 8];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

const DATABASE_FILE: &str = "server.sqlite";
