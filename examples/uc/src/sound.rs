use std::path::PathBuf;

use clap::Args;
use uc_session::ClientBuilder;

use crate::failure::Failure;

/// Where the sound comes from and goes to: microphone and loudspeaker, unless files are given.
#[derive(Debug, Args)]
pub(crate) struct SoundArguments {
    /// Plays this WAV file to the other instead of the microphone (16 bits; mono or the first
    /// channel).
    #[arg(long, value_name = "FILE.wav")]
    play: Option<PathBuf>,
    /// Writes what the other says to this WAV file instead of the loudspeaker.
    #[arg(long, value_name = "FILE.wav")]
    record: Option<PathBuf>,
}

impl SoundArguments {
    /// Gives the builder its sound. With one file alone, the other direction is silent.
    pub(crate) fn apply(&self, builder: ClientBuilder) -> Result<ClientBuilder, Failure> {
        if self.play.is_none() && self.record.is_none() {
            return devices(builder);
        }
        Ok(builder.wav(self.play.as_deref(), self.record.as_deref())?)
    }
}

#[cfg(feature = "device")]
fn devices(builder: ClientBuilder) -> Result<ClientBuilder, Failure> {
    Ok(builder.sound_devices()?)
}

#[cfg(not(feature = "device"))]
fn devices(_: ClientBuilder) -> Result<ClientBuilder, Failure> {
    Err(Failure::NoDevices)
}
