//! The server's own sound: what a call hears that ends in the server, as conferences, music on hold,
//! announcements and virtual desk phones do.
//!
//! Each leg of such a call has an endpoint, a session of `voip-media`. All of them share one engine and
//! so one media thread and one clock, which the first endpoint starts. The client's side makes the
//! offers, but the first one where the system calls.

mod announcement;
mod endpoint;
mod error;
mod library;
mod recording;
mod role;
mod rooms;

use std::{
    collections::BTreeMap,
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::mpsc, task::spawn_blocking};
use uc_protocol::ucx::Candidates;
use voip_media::{Complexity, Engine, NullBackend, SessionConfig, SessionError};

pub use self::{
    announcement::{Announcement, ReturnTime},
    error::SoundError,
    recording::Recording,
    role::{EndpointRole, PhoneVoice},
};
use self::{
    endpoint::{Endpoint, Ways},
    library::Library,
    recording::Ear,
    rooms::{Room, Rooms},
};

/// How the server sounds.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SoundConfig {
    /// A folder with WAV files that are played instead of what is generated: `music.wav`,
    /// `away.wav`, and `away-REASON.wav` such as `away-lunch.wav`. Default: none.
    pub files: Option<PathBuf>,
    /// How much of what is said after an announcement is kept, 16 kB a second; zero: nothing is.
    /// Default: 60 s.
    pub message: Duration,
    /// How much a virtual phone remembers of what it heard last, 16 kB a second. Default: 5 s.
    pub memory: Duration,
    /// How endpoints negotiate and send. Default: that of `voip-media`, with decoders that do without
    /// neural networks.
    pub session: SessionConfig,
}

impl Default for SoundConfig {
    fn default() -> Self {
        let mut session = SessionConfig::default();
        session.decoder_complexity = Complexity(0);
        Self {
            files: None,
            message: Duration::from_secs(60),
            memory: Duration::from_secs(5),
            session,
        }
    }
}

/// What an endpoint tells.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SoundEvent {
    /// It has found further candidates for what it answered last.
    Candidates {
        /// The leg.
        leg: String,
        /// The new ones.
        candidates: Candidates,
    },
    /// It has ended by itself, and is silent until it is closed.
    Failed {
        /// The leg.
        leg: String,
        /// Why.
        error: SessionError,
    },
}

/// The endpoints of one server. Dropping it ends them all; [`Sounds::close_all`] also waits for that.
///
/// Methods may be called from any task; those of one leg in the order in which they are to
/// take effect.
pub struct Sounds {
    config: SoundConfig,
    library: Arc<Library>,
    /// Once there was an endpoint.
    engine: Mutex<Option<Engine>>,
    rooms: Rooms,
    endpoints: Mutex<BTreeMap<String, Arc<Endpoint>>>,
    events: mpsc::Sender<SoundEvent>,
}

impl Sounds {
    /// No endpoints yet, and where they tell what happens. A reader that is behind keeps them
    /// waiting, their sound goes on.
    pub fn new(config: SoundConfig) -> (Self, mpsc::Receiver<SoundEvent>) {
        let (events, told) = mpsc::channel(EVENTS);
        let sounds = Self {
            library: Arc::new(Library::new(config.files.clone())),
            config,
            engine: Mutex::default(),
            rooms: Rooms::default(),
            endpoints: Mutex::default(),
            events,
        };
        (sounds, told)
    }

    /// Makes the endpoint of a leg. It is heard once an offer was accepted.
    ///
    /// # Errors
    /// [`SoundError`]; there is no endpoint then.
    pub async fn open(&self, leg: &str, role: EndpointRole) -> Result<(), SoundError> {
        if lock(&self.endpoints).contains_key(leg) {
            return Err(SoundError::Taken);
        }
        let endpoint = Arc::new(self.make(leg, role).await?);
        let former = lock(&self.endpoints).insert(leg.to_owned(), endpoint);
        // Two that were opened at once: the later one counts.
        if let Some(former) = former {
            former.close().await;
        }
        Ok(())
    }

    /// Takes a client's offer, the first one or a further one, and gives the answer.
    ///
    /// # Errors
    /// [`SoundError::Unknown`], [`SoundError::Negotiation`]; the endpoint stays as it was.
    pub async fn accept_offer(
        &self,
        leg: &str,
        generation: u32,
        sdp: &str,
    ) -> Result<String, SoundError> {
        self.endpoint(leg)?.accept_offer(generation, sdp).await
    }

    /// Makes the offer of this generation for a leg that the system calls with.
    ///
    /// # Errors
    /// [`SoundError::Unknown`], [`SoundError::Negotiation`].
    pub async fn offer(&self, leg: &str, generation: u32) -> Result<String, SoundError> {
        self.endpoint(leg)?.offer(generation).await
    }

    /// Takes the client's answer to that.
    ///
    /// # Errors
    /// [`SoundError::Unknown`], [`SoundError::Negotiation`].
    pub async fn accept_answer(&self, leg: &str, sdp: &str) -> Result<(), SoundError> {
        self.endpoint(leg)?.accept_answer(sdp).await
    }

    /// The client hears music instead of what the leg says, or doesn't any more. None of that name
    /// is fine.
    pub fn hold(&self, leg: &str, held: bool) {
        if let Ok(endpoint) = self.endpoint(leg) {
            endpoint.hold(held);
        }
    }

    /// Adds candidates of the client. Those of an earlier offer are passed over.
    ///
    /// # Errors
    /// [`SoundError::Unknown`], [`SoundError::Negotiation`].
    pub async fn add_candidates(
        &self,
        leg: &str,
        candidates: &Candidates,
    ) -> Result<(), SoundError> {
        self.endpoint(leg)?.add_candidates(candidates).await
    }

    /// Ends a leg's endpoint and waits until its socket is gone; gives what it has recorded. None
    /// of that name is fine.
    pub async fn close(&self, leg: &str) -> Option<Arc<Recording>> {
        let endpoint = lock(&self.endpoints).remove(leg)?;
        endpoint.close().await;
        endpoint.recording()
    }

    /// What a phone heard last, or what was said after an announcement so far.
    pub fn recording(&self, leg: &str) -> Option<Arc<Recording>> {
        self.endpoint(leg).ok()?.recording()
    }

    /// How many endpoints there are.
    pub fn len(&self) -> usize {
        lock(&self.endpoints).len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many conferences there are.
    pub fn conferences(&self) -> usize {
        self.rooms.len()
    }

    /// Ends all endpoints, and waits until sockets, tasks and the media thread are gone. Another
    /// [`Sounds::open`] begins anew.
    pub async fn close_all(&self) {
        let endpoints = std::mem::take(&mut *lock(&self.endpoints));
        let engine = lock(&self.engine).take();
        if let Some(engine) = engine {
            engine.close().await;
        }
        for endpoint in endpoints.values() {
            endpoint.close().await;
        }
    }

    async fn make(&self, leg: &str, role: EndpointRole) -> Result<Endpoint, SoundError> {
        let engine = self.engine()?;
        if let EndpointRole::ConferencePhone { voice, conference } = role {
            return self.attend(&engine, voice, &conference).await;
        }
        let mut session = self.config.session.clone();
        let (ways, session) = match role {
            EndpointRole::Conference(name) => {
                let room = self.rooms.enter(&name)?;
                let session = engine.open_with(session)?;
                engine
                    .enter(room.id(), &session)
                    .await
                    .map_err(|_| SoundError::Ended)?;
                (Ways::in_room(room), session)
            }
            EndpointRole::MusicOnHold => {
                let voice = self.made(Library::waiting).await?;
                let session = engine.open_apart(session, voice.heard_by(Ear::deaf()))?;
                (Ways::default(), session)
            }
            EndpointRole::Announcement(announcement) => {
                let records = announcement.records && !self.config.message.is_zero();
                let voice = self
                    .made(move |library| library.announcement(&announcement))
                    .await?;
                let recording = records.then(|| Recording::first(self.config.message));
                let ear = recording.as_ref().map_or_else(Ear::deaf, Ear::after_speech);
                let session = engine.open_apart(session, voice.heard_by(ear))?;
                (Ways::recorded(recording), session)
            }
            EndpointRole::Phone(phone) => {
                let (voice, music) = self
                    .made(move |library| Ok((Library::phone(&phone)?, library.music()?)))
                    .await?;
                session.hold_music = Some(music);
                let recording = Recording::last(self.config.memory);
                let sound = voice.heard_by(Ear::at_once(&recording));
                let session = engine.open_apart(session, sound)?;
                (Ways::recorded(Some(recording)), session)
            }
            EndpointRole::ConferencePhone { .. } => return Err(SoundError::Unknown),
        };
        Ok(Endpoint::new(leg, session, ways, self.events.clone()))
    }

    /// A phone's part in a conference.
    async fn attend(
        &self,
        engine: &Engine,
        voice: PhoneVoice,
        conference: &str,
    ) -> Result<Endpoint, SoundError> {
        let voice = self.made(move |_| Library::phone(&voice)).await?;
        let recording = Recording::last(self.config.memory);
        let sound = voice.heard_by(Ear::at_once(&recording));
        let room = self.rooms.enter(conference)?;
        let attendance = engine.attend(room.id(), sound).await;
        let attendance = attendance.map_err(|_| SoundError::Ended)?;
        Ok(Endpoint::attending(attendance, room, recording))
    }

    /// What is read or computed for longer than a task may take.
    async fn made<T: Send + 'static>(
        &self,
        make: impl FnOnce(&Library) -> Result<T, SoundError> + Send + 'static,
    ) -> Result<T, SoundError> {
        let library = Arc::clone(&self.library);
        let made = spawn_blocking(move || make(&library)).await;
        made.unwrap_or(Err(SoundError::Ended))
    }

    fn engine(&self) -> Result<Engine, SoundError> {
        let mut engine = lock(&self.engine);
        if let Some(engine) = &*engine {
            return Ok(engine.clone());
        }
        let made = Engine::builder(Arc::new(NullBackend)).build()?;
        Ok(engine.insert(made).clone())
    }

    fn endpoint(&self, leg: &str) -> Result<Arc<Endpoint>, SoundError> {
        let endpoints = lock(&self.endpoints);
        endpoints.get(leg).cloned().ok_or(SoundError::Unknown)
    }
}

impl fmt::Debug for Sounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sounds")
            .field("endpoints", &self.len())
            .field("conferences", &self.conferences())
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Events that wait for the driver.
const EVENTS: usize = 256;
