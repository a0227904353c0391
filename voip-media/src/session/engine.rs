use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    thread::JoinHandle,
};

use tokio::sync::{mpsc, watch};

use crate::{
    AudioBackend, AudioSession, ConfigFault, Deadlines, DeviceChoice, EngineError, MediaTime,
    OpenError, SessionConfig,
    jsep::is_possible,
    session::{
        clock::Clock,
        deadlines::DeadlineCounter,
        driver::Driver,
        interfaces::Interfaces,
        media::{self, MAX_SESSIONS, MediaCommand, MediaHandle},
        shared::SessionShared,
        sound::SoundPort,
    },
    transport::{Identity, ServerAddress, dtls_config},
};

/// Runs calls: one media thread with a tick of 10 ms, and one microphone and one loudspeaker that
/// all sessions share.
///
/// Cheap to clone. When the last clone and the last session are dropped, the media thread ends and is
/// joined (it needs at most a few milliseconds).
#[derive(Clone)]
pub struct Engine {
    shared: Arc<EngineShared>,
}

impl Engine {
    /// Starts with a backend for sound.
    pub fn builder(backend: Arc<dyn AudioBackend>) -> EngineBuilder {
        EngineBuilder {
            backend,
            capture: DeviceChoice::Default,
            playout: DeviceChoice::Default,
            session: SessionConfig::default(),
        }
    }

    /// A session with the engine's configuration.
    ///
    /// # Errors
    /// [`OpenError`]; outside a tokio runtime [`OpenError::NoRuntime`].
    pub fn open(&self) -> Result<AudioSession, OpenError> {
        self.open_with(self.shared.session.clone())
    }

    /// A session with a configuration of its own.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub fn open_with(&self, config: SessionConfig) -> Result<AudioSession, OpenError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| OpenError::NoRuntime)?;
        check(&config).map_err(OpenError::Config)?;
        if *self.shared.closing.borrow() {
            return Err(OpenError::Closed);
        }
        let place = self.shared.take_place()?;
        let identity = Identity::generate().ok_or(OpenError::Certificate)?;
        let shared = Arc::new(SessionShared::default());
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let id = place.id;
        let driver = Driver::new(config, identity, place, Arc::clone(&shared), inbox);
        let task = runtime.spawn(driver.run());
        Ok(AudioSession::new(id, commands, shared, task))
    }

    /// The engine's clock: microseconds since it was built. [`crate::SessionEvent::FirstAudio`]
    /// and [`crate::SessionStats`] are on it.
    pub fn now(&self) -> MediaTime {
        self.shared.clock.now()
    }

    pub(crate) fn media(&self) -> &MediaHandle {
        &self.shared.media
    }

    pub(crate) fn sound(&self) -> &SoundPort {
        &self.shared.sound
    }

    /// How punctual the media thread has been.
    pub fn deadlines(&self) -> Deadlines {
        self.shared.deadlines.deadlines()
    }

    /// Says that this computer's network has changed, or may have: woken from sleep, another Wi-Fi, a
    /// cable pulled. Every session with a path tells [`crate::SessionEvent::NetworkChanged`], for a
    /// new path to be negotiated. An address that goes away is noticed without it, within a
    /// second.
    pub fn network_changed(&self) {
        self.shared.network.send_modify(|changes| *changes += 1);
    }

    /// Ends all sessions and waits until their sockets and tasks, the sound streams and the media
    /// thread are gone. No session can be opened afterwards.
    pub async fn close(&self) {
        self.shared.closing.send_replace(true);
        self.shared.closing.closed().await;
        let thread = self.shared.stop();
        let _ = tokio::task::spawn_blocking(move || thread.map(JoinHandle::join)).await;
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sessions = self.shared.sessions.load(Relaxed);
        f.debug_struct("Engine")
            .field("sessions", &sessions)
            .finish_non_exhaustive()
    }
}

/// Builds an [`Engine`].
#[derive(Clone)]
pub struct EngineBuilder {
    backend: Arc<dyn AudioBackend>,
    capture: DeviceChoice,
    playout: DeviceChoice,
    session: SessionConfig,
}

impl EngineBuilder {
    /// Which microphone. Default: the system's.
    #[must_use]
    pub fn capture(mut self, device: DeviceChoice) -> Self {
        self.capture = device;
        self
    }

    /// Which loudspeaker. Default: the system's.
    #[must_use]
    pub fn playout(mut self, device: DeviceChoice) -> Self {
        self.playout = device;
        self
    }

    /// How sessions negotiate and send. Default: [`SessionConfig::default`].
    #[must_use]
    pub fn session(mut self, config: SessionConfig) -> Self {
        self.session = config;
        self
    }

    /// Makes the engine and starts its media thread. Devices are opened by the first call that
    /// connects.
    ///
    /// # Errors
    /// [`EngineError::NoRuntime`] outside a tokio runtime; thread refused.
    pub fn build(self) -> Result<Engine, EngineError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| EngineError::NoRuntime)?;
        runtime.spawn_blocking(dtls_config);
        let clock = Clock::start();
        let (errors, errors_out) = mpsc::channel(ERRORS);
        let deadlines = Arc::<DeadlineCounter>::default();
        let (media, thread) = media::start(clock, Arc::clone(&deadlines), move |error| {
            let _ = errors.try_send(error);
        })?;
        let sound = SoundPort::new(
            self.backend,
            self.capture,
            self.playout,
            media.clone(),
            errors_out,
        );
        let shared = EngineShared {
            clock,
            session: self.session,
            media,
            sound: Arc::new(sound),
            thread: Mutex::new(Some(thread)),
            closing: watch::Sender::new(false),
            network: watch::Sender::new(0),
            interfaces: Interfaces::default(),
            deadlines,
            sessions: AtomicUsize::new(0),
        };
        Ok(Engine {
            shared: Arc::new(shared),
        })
    }
}

impl fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineBuilder")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// What the sessions of an engine share.
pub(crate) struct EngineShared {
    pub(crate) clock: Clock,
    pub(crate) media: MediaHandle,
    pub(crate) sound: Arc<SoundPort>,
    session: SessionConfig,
    thread: Mutex<Option<JoinHandle<()>>>,
    closing: watch::Sender<bool>,
    /// Counts the changes of the network.
    network: watch::Sender<u64>,
    pub(crate) interfaces: Interfaces,
    deadlines: Arc<DeadlineCounter>,
    sessions: AtomicUsize,
}

impl EngineShared {
    fn take_place(self: &Arc<Self>) -> Result<Place, OpenError> {
        let taken = self.sessions.fetch_update(Relaxed, Relaxed, |sessions| {
            (sessions < MAX_SESSIONS).then_some(sessions + 1)
        });
        taken.map_err(|_| OpenError::TooManySessions)?;
        Ok(Place {
            id: NEXT_ID.fetch_add(1, Relaxed),
            closing: self.closing.subscribe(),
            network: self.network.subscribe(),
            engine: Arc::clone(self),
        })
    }

    /// Tells the media thread to end.
    fn stop(&self) -> Option<JoinHandle<()>> {
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // A full queue can't last: the thread empties it each time it is woken.
        while thread.as_ref().is_some_and(|thread| !thread.is_finished())
            && !self.media.send(MediaCommand::Stop)
        {
            std::thread::yield_now();
        }
        thread
    }
}

impl Drop for EngineShared {
    fn drop(&mut self) {
        if let Some(thread) = self.stop() {
            let _ = thread.join();
        }
    }
}

/// A session's place in its engine.
pub(crate) struct Place {
    pub(crate) id: u64,
    pub(crate) engine: Arc<EngineShared>,
    pub(crate) closing: watch::Receiver<bool>,
    pub(crate) network: watch::Receiver<u64>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.engine.sessions.fetch_sub(1, Relaxed);
    }
}

fn check(config: &SessionConfig) -> Result<(), ConfigFault> {
    if config.codecs.is_empty() {
        return Err(ConfigFault::NoCodec);
    }
    if !is_possible(&config.packet_time) {
        return Err(ConfigFault::PacketTime);
    }
    let share = |share: f32| (0.0..=1.0).contains(&share);
    let impairment = config
        .impairment
        .is_none_or(|impairment| share(impairment.loss));
    if !impairment || !share(config.encoder.expected_loss.0) {
        return Err(ConfigFault::Loss);
    }
    let known = |url: &str| ServerAddress::parse(url).is_some();
    let all_known = config.ice_servers.iter().all(|server| known(&server.url));
    if all_known {
        Ok(())
    } else {
        Err(ConfigFault::IceServer)
    }
}

/// Numbers of sessions, of all engines: one engine doesn't take another's session for its own.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);
/// Commands of a handle that can wait.
const COMMANDS: usize = 16;
/// Device errors that can wait; there are two devices.
const ERRORS: usize = 8;
