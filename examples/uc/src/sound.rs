use std::{convert::Infallible, path::PathBuf};

use clap::Args;
use serde_json::{Value, json};
#[cfg(feature = "device")]
use uc_session::VoipEngine;
use uc_session::{
    Client, ClientBuilder, Event, HoldMusic,
    port::{MediaError, SoundChange, SoundDevice, SoundRole},
};

use crate::{failure::Failure, headsets::HeadsetArguments, output::Output};

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
    /// The microphone, by its identity or its name (uc devices lists them); when it is gone, the
    /// system's default.
    #[arg(long, value_name = "DEVICE", conflicts_with_all = ["play", "record"])]
    microphone: Option<String>,
    /// The loudspeaker, likewise.
    #[arg(long, value_name = "DEVICE", conflicts_with_all = ["play", "record"])]
    speaker: Option<String>,
    /// The loudspeaker on which it rings, likewise.
    #[arg(long, value_name = "DEVICE", conflicts_with_all = ["play", "record"])]
    ringer: Option<String>,
    /// A WAV file that those hear who are held, instead of a tune.
    #[arg(long, value_name = "FILE.wav")]
    hold_music: Option<PathBuf>,
    /// The desk phone has the call, and no sound is here; uc is done once it rings or is answered.
    #[arg(
        long,
        conflicts_with_all = ["play", "record", "microphone", "speaker", "ringer", "hold_music"]
    )]
    desk_phone: bool,
    #[command(flatten)]
    pub(crate) headset: HeadsetArguments,
}

impl SoundArguments {
    /// Gives the builder its sound. With one file alone, the other direction is silent.
    pub(crate) fn apply(&self, builder: ClientBuilder) -> Result<ClientBuilder, Failure> {
        if self.desk_phone {
            return Ok(builder);
        }
        let builder = match &self.hold_music {
            Some(path) => {
                let music = HoldMusic::wav(path);
                let music = music.map_err(|error| MediaError::Device(error.to_string()))?;
                builder.hold_music(Some(music))
            }
            None => builder,
        };
        if !self.has_files() {
            return self.devices(builder);
        }
        Ok(builder.wav(self.play.as_deref(), self.record.as_deref())?)
    }

    /// Whether files take the place of devices.
    pub(crate) const fn has_files(&self) -> bool {
        self.play.is_some() || self.record.is_some()
    }

    /// Whether the person has said that a desk phone has the calls.
    #[cfg(feature = "headset")]
    pub(crate) const fn at_desk(&self) -> bool {
        self.desk_phone
    }

    /// Whether the person has said where the sound comes from or goes.
    pub(crate) const fn is_chosen(&self) -> bool {
        self.has_files()
            || self.microphone.is_some()
            || self.speaker.is_some()
            || self.ringer.is_some()
    }

    #[cfg(feature = "device")]
    fn devices(&self, builder: ClientBuilder) -> Result<ClientBuilder, Failure> {
        let found = VoipEngine::available_devices()?;
        let mut builder = builder.sound_devices()?;
        let wishes = [
            (SoundRole::Microphone, &self.microphone),
            (SoundRole::Loudspeaker, &self.speaker),
            (SoundRole::Ringer, &self.ringer),
        ];
        for (role, wish) in wishes {
            let Some(wish) = wish else { continue };
            let meant = |device: &SoundDevice| {
                device.is_microphone == (role == SoundRole::Microphone)
                    && (device.id == *wish || device.name.eq_ignore_ascii_case(wish))
            };
            if !found.iter().any(meant) {
                return Err(Failure::UnknownDevice(wish.clone()));
            }
            builder = builder.device(role, &[wish]);
        }
        Ok(builder)
    }

    #[cfg(not(feature = "device"))]
    fn devices(&self, _: ClientBuilder) -> Result<ClientBuilder, Failure> {
        Err(Failure::NoDevices)
    }
}

/// Lists the devices, one a line.
#[cfg(feature = "device")]
pub(crate) fn list(output: &Output) -> Result<(), Failure> {
    for device in VoipEngine::available_devices()? {
        let kind = match device.is_microphone {
            true => "microphone",
            false => "loudspeaker",
        };
        let default = if device.is_default { ", default" } else { "" };
        output.line(
            &format!("{kind}: {} ({}{default})", device.name, device.id),
            &json!({
                "kind": kind,
                "id": device.id,
                "name": device.name,
                "default": device.is_default,
            }),
        );
    }
    Ok(())
}

#[cfg(not(feature = "device"))]
pub(crate) fn list(_: &Output) -> Result<(), Failure> {
    Err(Failure::NoDevices)
}

/// Tells what happens to the devices, for as long as the client lives; files are no news.
pub(crate) async fn notices(
    client: &Client,
    output: &Output,
    arguments: &SoundArguments,
) -> Infallible {
    let mut events = client.events();
    loop {
        match events.next().await {
            Some(_) if arguments.has_files() => {}
            Some(Event::SoundChanged(change)) => {
                output.line(&change_line(&change), &change_json(&change));
            }
            Some(_) => {}
            None => std::future::pending().await,
        }
    }
}

pub(crate) fn change_line(change: &SoundChange) -> String {
    match change {
        SoundChange::Arrived(device) => format!("sound: {} is there", device.name),
        SoundChange::Removed(device) => format!("sound: {} is gone", device.name),
        SoundChange::DefaultChanged => "sound: the system has another default device".into(),
        SoundChange::InUse { role, device } => {
            let device = device.as_ref().map_or("the default", |device| &device.name);
            format!("sound: the {} is {device}", role_name(*role))
        }
        SoundChange::Failed { role, error } => format!("sound: no {}: {error}", role_name(*role)),
        SoundChange::SystemLost => "sound: the sound system doesn't answer".into(),
        SoundChange::SystemBack => "sound: the sound system is back".into(),
        _ => "sound: something this version of uc doesn't know".into(),
    }
}

pub(crate) fn change_json(change: &SoundChange) -> Value {
    let told = |what: &str, role: Option<SoundRole>, device: Option<&SoundDevice>| {
        json!({
            "event": "sound_changed",
            "what": what,
            "role": role.map(role_name),
            "device": device.map(|device| device.name.as_str()),
        })
    };
    match change {
        SoundChange::Arrived(device) => told("arrived", None, Some(device)),
        SoundChange::Removed(device) => told("removed", None, Some(device)),
        SoundChange::DefaultChanged => told("default_changed", None, None),
        SoundChange::InUse { role, device } => told("in_use", Some(*role), device.as_ref()),
        SoundChange::Failed { role, .. } => told("failed", Some(*role), None),
        SoundChange::SystemLost => told("system_lost", None, None),
        SoundChange::SystemBack => told("system_back", None, None),
        _ => told("unknown", None, None),
    }
}

const fn role_name(role: SoundRole) -> &'static str {
    match role {
        SoundRole::Microphone => "microphone",
        SoundRole::Loudspeaker => "loudspeaker",
        SoundRole::Ringer => "ringer",
    }
}
