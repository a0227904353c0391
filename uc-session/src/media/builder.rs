use std::{path::Path, sync::Arc};

use voip_media::{HoldMusic, Impairment};

use super::VoipEngine;
use crate::{ClientBuilder, port::MediaError};

/// The sound of calls; the last choice counts. To be called inside a tokio runtime.
impl ClientBuilder {
    /// Calls with the system's default microphone and loudspeaker.
    ///
    /// # Errors
    /// [`MediaError::Device`] where there is none, in words for a person.
    #[cfg(feature = "device")]
    pub fn sound_devices(self) -> Result<Self, MediaError> {
        let engine = VoipEngine::devices()?;
        Ok(self.voip(engine))
    }

    /// Calls that speak one WAV file and record what is heard into another; `None`: silence, or
    /// no recording.
    ///
    /// # Errors
    /// [`MediaError::Device`] where the file to speak can't be read, in words for a person.
    pub fn wav(self, play: Option<&Path>, record: Option<&Path>) -> Result<Self, MediaError> {
        let engine = VoipEngine::wav(play, record)?;
        Ok(self.voip(engine))
    }

    /// Calls that send silence and play nothing.
    ///
    /// # Errors
    /// [`MediaError::Device`] where the system refuses.
    pub fn null_sound(self) -> Result<Self, MediaError> {
        let engine = VoipEngine::null()?;
        Ok(self.voip(engine))
    }

    /// Loss and jitter on what the calls receive, for the choices of sound that come after: for
    /// tests and demonstrations. Default: none.
    pub fn impairment(mut self, impairment: Option<Impairment>) -> Self {
        self.impairment = impairment;
        self
    }

    /// Whether an answer to a call names one codec only, so that the far side needs no further round
    /// (VOIP-3), for the choices of sound that come after. Default: no.
    pub fn codec_preselection(mut self, on: bool) -> Self {
        self.codec_preselection = on;
        self
    }

    /// What whoever is held hears, silence without, for the choices of sound that come after; as
    /// [`VoipEngine::hold_music`]. Default: [`HoldMusic::tune`].
    pub fn hold_music(mut self, music: Option<HoldMusic>) -> Self {
        self.hold_music = music;
        self
    }

    fn voip(self, engine: VoipEngine) -> Self {
        let engine = engine.impaired(self.impairment);
        let engine = engine.codec_preselection(self.codec_preselection);
        let engine = engine.hold_music(self.hold_music.clone());
        self.media(Arc::new(engine))
    }
}
