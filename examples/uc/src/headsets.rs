//! The headsets of this computer: whose buttons control the calls, and which there are.

use std::convert::Infallible;

use clap::Args;
use uc_model::Settings;
use uc_session::Client;

use crate::{failure::Failure, output::Output, sound::SoundArguments};

#[cfg(feature = "headset")]
use self::usb::Worn;

/// Whether headsets take part.
#[derive(Debug, Args)]
pub(crate) struct HeadsetArguments {
    /// Leaves the headsets of this computer alone; otherwise their buttons control the calls, and
    /// their lamps show them.
    #[cfg(feature = "headset")]
    #[arg(long)]
    no_headset: bool,
}

/// The headsets that control a client's calls; when dropped, they are left idle.
pub(crate) struct Headsets {
    #[cfg(feature = "headset")]
    worn: Option<Worn>,
}

impl Headsets {
    /// Those of this computer that the settings allow, as they come and go. With sound at the desk phone its calls
    /// are theirs.
    #[cfg(feature = "headset")]
    pub(crate) async fn of(client: &Client, sound: &SoundArguments, settings: &Settings) -> Self {
        let worn = match sound.headset.no_headset {
            true => None,
            false => Some(Worn::by(client, sound.at_desk(), settings).await),
        };
        Self { worn }
    }

    /// None: this build of the program has no use for them.
    #[cfg(not(feature = "headset"))]
    pub(crate) async fn of(_: &Client, _: &SoundArguments, _: &Settings) -> Self {
        Self {}
    }

    /// What happens next, for a person and for a program; waits for ever where nothing will.
    pub(crate) async fn next(&mut self) -> (String, serde_json::Value) {
        #[cfg(feature = "headset")]
        if let Some(worn) = &mut self.worn {
            return worn.next().await;
        }
        std::future::pending().await
    }

    /// Tells what happens to them.
    pub(crate) async fn notices(&mut self, output: &Output) -> Infallible {
        loop {
            let (plain, value) = self.next().await;
            output.line(&plain, &value);
        }
    }
}

/// What to print about headsets.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Prints the udev rule that lets the person at the screen use headsets on Linux.
    #[arg(long)]
    udev_rule: bool,
}

/// Lists the headsets of this computer, one a line, or prints the rule that they need.
#[cfg(feature = "headset")]
pub(crate) fn list(output: &Output, wish: &ListArguments) -> Result<(), Failure> {
    if wish.udev_rule {
        usb::udev_rule(output);
        return Ok(());
    }
    usb::list(output)
}

#[cfg(not(feature = "headset"))]
pub(crate) fn list(_: &Output, wish: &ListArguments) -> Result<(), Failure> {
    let ListArguments { udev_rule: _ } = wish;
    Err(Failure::NoHeadsets)
}

#[cfg(feature = "headset")]
mod usb;
