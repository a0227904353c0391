use std::{fmt, path::Path, sync::Arc};

use async_trait::async_trait;
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use voip_media::{
    AudioBackend, DevicePreference, Engine, HoldMusic, Impairment, MediaProfile, NullBackend,
    SessionConfig, Tone, ToneKind, TonePlan, WantedDevice, WavBackend,
};

use super::{session::VoipSession, translate};
use crate::port::{
    Alert, MediaEngine, MediaError, MediaSession, SoundChange, SoundDevice, SoundRole,
};

/// The sound of calls: Opus, G.722 or G.711, by WebRTC (DTLS-SRTP and ICE over UDP) or another
/// [profile](VoipEngine::profiles).
///
/// One engine has a microphone, a loudspeaker, a ringer and one media thread, which all its calls share;
/// it can serve several clients. The devices are opened by the first call that connects. The
/// thread ends when the engine and its last call are dropped.
///
/// Most programs choose the sound at the [`ClientBuilder`](crate::ClientBuilder); this is for the
/// others: another source of sound, other codecs, ICE servers, or an impaired network for a demo.
///
/// ```no_run
/// # fn demo() -> Result<(), uc_session::port::MediaError> {
/// use std::{sync::Arc, time::Duration};
/// use uc_session::{Client, Impairment, VoipEngine};
///
/// let bad_network = Impairment { loss: 0.05, jitter: Duration::from_millis(20), seed: 1 };
/// let engine = VoipEngine::wav(Some("question.wav"), Some("answer.wav"))?.impaired(Some(bad_network));
/// let client = Client::builder("uc.example.com", "330").media(Arc::new(engine));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct VoipEngine {
    engine: Engine,
    session: SessionConfig,
    rings: bool,
}

impl VoipEngine {
    /// An engine with this source and sink of sound; their default devices. It
    /// [rings](VoipEngine::rings) if the backend's devices come and go, as those of a computer do.
    ///
    /// # Errors
    /// [`MediaError::Device`]: outside a tokio runtime, or refused by the system.
    pub fn new(backend: Arc<dyn AudioBackend>) -> Result<Self, MediaError> {
        let rings = backend.changes();
        let engine = Engine::builder(backend).build();
        Ok(Self::over(engine.map_err(translate::in_words)?).rings(rings))
    }

    /// An engine that was made elsewhere, with chosen devices for example. The configuration of
    /// its sessions is this type's.
    pub fn over(engine: Engine) -> Self {
        let mut session = SessionConfig::default();
        session.hold_music = Some(HoldMusic::tune());
        Self {
            engine,
            session,
            rings: false,
        }
    }

    /// Whether it tells by itself that somebody calls: on the ringer, or during a call by the tone of a
    /// waiting call. Default: real devices do.
    #[must_use]
    pub fn rings(mut self, rings: bool) -> Self {
        self.rings = rings;
        self
    }

    /// Speaks one WAV file and records what is heard into another; without a file to speak there
    /// is silence, without one to record into nothing is kept.
    ///
    /// # Errors
    /// [`MediaError::Device`] where the file to speak can't be read; as [`VoipEngine::new`].
    pub fn wav(
        play: Option<impl AsRef<Path>>,
        record: Option<impl AsRef<Path>>,
    ) -> Result<Self, MediaError> {
        let mut backend = WavBackend::new();
        if let Some(path) = play {
            backend = backend.play(path).map_err(translate::in_words)?;
        }
        if let Some(path) = record {
            backend = backend.record(path.as_ref());
        }
        Self::new(Arc::new(backend))
    }

    /// Silence in, nothing out.
    ///
    /// # Errors
    /// As [`VoipEngine::new`].
    pub fn null() -> Result<Self, MediaError> {
        Self::new(Arc::new(NullBackend))
    }

    /// The microphone and the loudspeaker that the system calls its default.
    ///
    /// # Errors
    /// [`MediaError::Device`] where there is none; as [`VoipEngine::new`].
    #[cfg(feature = "device")]
    pub fn devices() -> Result<Self, MediaError> {
        use voip_media::{AudioDirection, AudioError, DeviceBackend};

        let found = Self::available_devices()?;
        for (microphone, direction) in [
            (true, AudioDirection::Capture),
            (false, AudioDirection::Playout),
        ] {
            if !found
                .iter()
                .any(|device| device.is_microphone == microphone)
            {
                return Err(translate::in_words(AudioError::NoDevice(direction)));
            }
        }
        Self::new(Arc::new(DeviceBackend::new()))
    }

    /// The microphones and loudspeakers of this computer. Takes as long as its sound system needs.
    ///
    /// # Errors
    /// [`MediaError::Device`]: what the sound system says.
    #[cfg(feature = "device")]
    pub fn available_devices() -> Result<Vec<SoundDevice>, MediaError> {
        let found = voip_media::DeviceBackend::new().devices();
        let found = found.map_err(translate::in_words)?;
        Ok(found.into_iter().map(translate::sound_device).collect())
    }

    /// This engine with calls that negotiate and send like this: codecs, ICE servers, time-outs.
    #[must_use]
    pub fn session(mut self, config: SessionConfig) -> Self {
        self.session = config;
        self
    }

    /// This engine with calls whose answers name one codec only, or all that both can (VOIP-3).
    #[must_use]
    pub fn codec_preselection(mut self, on: bool) -> Self {
        self.session.codec_preselection = on;
        self
    }

    /// This engine with calls that travel and are protected in one of these ways: the first is offered,
    /// each is accepted ([`SessionConfig::profiles`]). Nothing goes unencrypted unless
    /// [`MediaProfile::PlainRtp`] is among them. Default: WebRTC, SDES-SRTP.
    #[must_use]
    pub fn profiles(mut self, profiles: impl Into<Vec<MediaProfile>>) -> Self {
        self.session.profiles = profiles.into();
        self
    }

    /// What whoever is held hears; silence without. Not heard in a conference, nor by who holds the
    /// call too. Default: [`HoldMusic::tune`].
    #[must_use]
    pub fn hold_music(mut self, music: Option<HoldMusic>) -> Self {
        self.session.hold_music = music;
        self
    }

    /// This engine with loss and jitter on what its calls receive: for tests and demonstrations.
    #[must_use]
    pub fn impaired(mut self, impairment: Option<Impairment>) -> Self {
        self.session.impairment = impairment;
        self
    }
}

impl fmt::Debug for VoipEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VoipEngine").finish_non_exhaustive()
    }
}

#[async_trait]
impl MediaEngine for VoipEngine {
    async fn open(&self) -> Result<Box<dyn MediaSession>, MediaError> {
        let session = self.engine.open_with(self.session.clone());
        let session = session.map_err(translate::open_error)?;
        Ok(Box::new(VoipSession::new(session, self.engine.clone())))
    }

    async fn devices(&self) -> Result<Vec<SoundDevice>, MediaError> {
        let engine = self.engine.clone();
        let listed = tokio::task::spawn_blocking(move || engine.devices()).await;
        let found = listed.map_err(translate::in_words)?;
        let found = found.map_err(translate::in_words)?;
        Ok(found.into_iter().map(translate::sound_device).collect())
    }

    async fn choose_device(&self, role: SoundRole, wanted: &[String]) {
        let wanted = wanted.iter().map(|text| WantedDevice::named(text));
        let wanted = DevicePreference(wanted.collect());
        let role = translate::audio_role(role);
        self.engine.choose_device(role, wanted).await;
    }

    fn changes(&self) -> Option<BoxStream<'static, SoundChange>> {
        let events = self.engine.sound_events();
        let events = stream::unfold(events, async |mut events| {
            Some((events.next().await?, events))
        });
        let changes = events.filter_map(async |event| translate::sound_change(event));
        Some(Box::pin(changes))
    }

    async fn alert(&self, alert: Alert) {
        if !self.rings {
            return;
        }
        if alert != Alert::Ringing {
            self.engine.stop_ringing().await;
        }
        if alert != Alert::CallWaiting {
            self.engine.stop_tone().await;
        }
        match alert {
            Alert::None => {}
            Alert::Ringing => self.engine.ring(Tone::RINGING).await,
            Alert::CallWaiting => {
                let tone = Tone::new(TonePlan::Germany, ToneKind::CallWaiting);
                self.engine.play_tone(tone).await;
            }
        }
    }
}
