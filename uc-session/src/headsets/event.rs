use std::{fmt, sync::Arc};

use headset::{Action, DeviceError};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::error::CallError;

/// Which headset of a [`Headsets`](super::Headsets): one that comes back has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HeadsetId(pub(super) u64);

/// What happened to a headset. Its `Display` is a line for a person.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum HeadsetEvent {
    /// It shows the calls and its buttons control them: "Connected with …".
    Connected {
        /// Which.
        headset: HeadsetId,
        /// What its maker calls it.
        model: Arc<str>,
    },
    /// It was unplugged or switched off; calls go on.
    Gone {
        /// Which.
        headset: HeadsetId,
        /// What its maker calls it.
        model: Arc<str>,
    },
    /// It doesn't work at the moment; it is tried on. Told once for each series of failures.
    Failed {
        /// Which.
        headset: HeadsetId,
        /// What its maker calls it.
        model: Arc<str>,
        /// Why.
        error: DeviceError,
    },
    /// Another program has a call on it (`true`), or has no longer. Two programs that drive one
    /// headset confuse it.
    InUseElsewhere {
        /// Which.
        headset: HeadsetId,
        /// What its maker calls it.
        model: Arc<str>,
        /// Whether it has now.
        in_use: bool,
    },
    /// It refuses to open the microphone: its arm is up, or a switch of its own mutes it.
    MuteLocked {
        /// Which.
        headset: HeadsetId,
        /// What its maker calls it.
        model: Arc<str>,
    },
    /// A button asked for something that failed; the call is as it was.
    NotDone {
        /// Whose button.
        headset: HeadsetId,
        /// What was asked.
        action: Action,
        /// Why it failed.
        error: CallError,
    },
    /// A headset of this computer can't be used, or the system's list can't be read; with what
    /// cures it.
    #[cfg(feature = "hidapi")]
    Refused(headset::UsbError),
    /// The headset of Plantronics Hub can't be used; it is tried on. Told once for each reason.
    #[cfg(feature = "hub")]
    HubRefused(headset::HubError),
}

impl fmt::Display for HeadsetEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected { model, .. } => write!(f, "Connected with {model}."),
            Self::Gone { model, .. } => write!(f, "{model} is gone."),
            Self::Failed { model, error, .. } => write!(f, "{model}: {error}."),
            Self::InUseElsewhere {
                model,
                in_use: true,
                ..
            } => write!(
                f,
                "{model} is in use by another program: switch off that program's control of headsets."
            ),
            Self::InUseElsewhere { model, .. } => {
                write!(f, "{model} is no longer in use by another program.")
            }
            Self::MuteLocked { model, .. } => write!(
                f,
                "{model} keeps its microphone off: fold its arm down, or use its own switch."
            ),
            Self::NotDone { error, .. } => write!(f, "The button could not do it: {error}."),
            #[cfg(feature = "hidapi")]
            Self::Refused(error) => write!(f, "A headset can't be used: {error}."),
            #[cfg(feature = "hub")]
            Self::HubRefused(error) => write!(f, "Plantronics' headsets can't be used: {error}."),
        }
    }
}

/// A subscription to what happens to headsets; see [`Headsets::events`](super::Headsets::events).
#[derive(Debug)]
pub struct HeadsetEvents(pub(super) broadcast::Receiver<HeadsetEvent>);

impl HeadsetEvents {
    /// The next event; `None` once there are no headsets any more and every event was read.
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<HeadsetEvent> {
        loop {
            match self.0.recv().await {
                Ok(event) => return Some(event),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
