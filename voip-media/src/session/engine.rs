use std::{
    fmt,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    thread::JoinHandle,
};

use tokio::sync::{mpsc, watch};

use crate::{
    AudioBackend, AudioDevice, AudioError, AudioRole, AudioSession, Complexity, ConfigFault,
    Deadlines, DevicePreference, EngineError, MediaTime, OpenError, OwnSound, SessionConfig,
    SoundEvents,
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

/// Runs calls: one media thread with a tick of 10 ms, and a microphone, a loudspeaker and a ringer that
/// all sessions share.
///
/// One task on the runtime it was built on looks after the devices, of which a backend that
/// [changes](AudioBackend::changes) is asked twice a second, on a thread.
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
            devices: Default::default(),
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
        self.begin(config, None)
    }

    /// A session with sound of its own instead of the engine's devices: what a server says and hears.
    /// It can't be joined to others. The devices aren't opened for it.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub fn open_apart(
        &self,
        config: SessionConfig,
        sound: OwnSound,
    ) -> Result<AudioSession, OpenError> {
        self.begin(config, Some(sound))
    }

    fn begin(
        &self,
        config: SessionConfig,
        own: Option<OwnSound>,
    ) -> Result<AudioSession, OpenError> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| OpenError::NoRuntime)?;
        check(&config).map_err(OpenError::Config)?;
        if *self.shared.closing.borrow() {
            return Err(OpenError::Closed);
        }
        let place = self.shared.take_place()?;
        let identity = Identity::generate().ok_or(OpenError::Certificate)?;
        let backend = Arc::clone(self.shared.sound.backend());
        let shared = Arc::new(SessionShared::new(backend));
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let id = place.id;
        let driver = Driver::new(config, identity, place, Arc::clone(&shared), inbox, own);
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

    /// The devices there are. Takes as long as the sound system needs.
    ///
    /// # Errors
    /// What the sound system says.
    pub fn devices(&self) -> Result<Vec<AudioDevice>, AudioError> {
        self.shared.sound.backend().devices()
    }

    /// Uses other devices for a role from now on, in calls that are under way, too: the new one is
    /// opened beside the old one and takes its place, and the other direction doesn't notice. Returns when
    /// that is done or has failed; [`SoundEvent`](crate::SoundEvent) tells which.
    pub async fn choose_device(&self, role: AudioRole, devices: impl Into<DevicePreference>) {
        self.shared.sound.choose(role, devices.into()).await;
    }

    /// What happens to sound devices from now on.
    pub fn sound_events(&self) -> SoundEvents {
        SoundEvents(self.shared.sound.events())
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
        self.shared.sound.close().await;
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
    devices: [DevicePreference; 3],
    session: SessionConfig,
}

impl EngineBuilder {
    /// Which devices a role uses, best first. Default: the system's.
    #[must_use]
    pub fn device(mut self, role: AudioRole, devices: impl Into<DevicePreference>) -> Self {
        self.devices[role as usize] = devices.into();
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
        let (failures, failures_out) = mpsc::channel(FAILURES);
        let deadlines = Arc::<DeadlineCounter>::default();
        let (media, thread) = media::start(clock, Arc::clone(&deadlines), move |failure| {
            let _ = failures.try_send(failure);
        })?;
        let sound = SoundPort::start(
            self.backend,
            self.devices,
            media.clone(),
            failures_out,
            clock,
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
    if config.profiles.is_empty() {
        return Err(ConfigFault::NoProfile);
    }
    let nobody = |ip: IpAddr| ip.is_unspecified() || ip.is_multicast();
    if config.local_address.is_some_and(nobody) {
        return Err(ConfigFault::LocalAddress);
    }
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
    if config.encoder.complexity.max(config.decoder_complexity) > Complexity::MAX {
        return Err(ConfigFault::Complexity);
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
/// Failures of streams that can wait; there are three.
const FAILURES: usize = 8;
