//! Sign-in, reconnection, presence, directory search and calls of a unified-communications client.
//!
//! ```no_run
//! use uc_session::{Client, Trust};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::builder("uc.example", "330")
//!     .password_from_env("UC_PASSWORD")?
//!     .trust(Trust::Ask)
//!     .sign_in()
//!     .await?;
//! for contact in client.search("ho").await?.contacts {
//!     println!("{} {}", contact.first_name.expose(), contact.last_name.expose());
//! }
//! client.sign_out().await;
//! # Ok(())
//! # }
//! ```
//!
//! - **What it does**: everything above, over UCX or, where that isn't spoken, WSI, with the server found at one of two addresses,
//!   its certificate pinned, lost connections restored without losing or doubling anything.
//! - **What it doesn't**: sound. The feature `media` adds the adapter to `voip-media`, the feature
//!   `device` microphone and loudspeaker; any other [`MediaEngine`](port::MediaEngine) will do. Nor headsets:
//!   the feature `headset` lets their buttons control calls, `hidapi` finds those of this computer, `hub` that of
//!   Plantronics Hub.
//! - **Run loop**: one tokio task a client, on the runtime that signs in. Handles are cheap, `Send`
//!   and `Sync`; what dropping them means stands at [`Client`].
//! - **Clock**: [`Clock`], tokio's by default. The [`core`] has none: the time is passed in.
//! - **Logs**: nothing that identifies a person.
#![forbid(unsafe_code)]

mod cache;
mod call;
mod client;
mod clock;
pub mod conformance;
pub mod core;
mod diagnosis;
mod driver;
mod error;
mod events;
pub mod fake;
#[cfg(feature = "headset")]
mod headsets;
#[cfg(feature = "keyring")]
mod key_store;
mod line;
#[cfg(feature = "media")]
mod media;
pub mod port;
mod preferences;
mod search_field;
mod server;
#[cfg(feature = "sip")]
mod sip;
#[cfg(feature = "sqlite")]
mod sqlite;
mod trust;
mod ucx;
mod view;
mod wsi;

pub use cache::{CacheError, Cached};
pub use call::Call;
pub use client::{Client, ClientBuilder, Found};
pub use clock::{Clock, Now, SystemClock};
pub use diagnosis::{Bad, Check, Diagnosis, Good, Step};
pub use error::{CallError, EditError, MessageError, PasswordError, ServiceError, SignInError};
pub use events::{Event, Events};
#[cfg(feature = "headset")]
pub use headsets::{
    HeadsetConfig, HeadsetEvent, HeadsetEvents, HeadsetId, Headsets, sound_of_headset,
};
#[cfg(feature = "keyring")]
pub use key_store::KeyringStore;
#[cfg(feature = "media")]
pub use media::VoipEngine;
pub use preferences::{
    Preferences, PreferencesError, ProfileError, ProfileId, Replaced, ServerProfile,
    ServerProfiles, Shown,
};
pub use search_field::SearchField;
pub use server::ServerBackend;
#[cfg(feature = "srv")]
pub use sip::Dns;
#[cfg(feature = "sip")]
#[doc(hidden)]
pub use sip::exercise_agent;
#[cfg(feature = "sip")]
pub use sip::{Locate, SipBackend, SipConfig, SrvRecord};
#[cfg(feature = "sqlite")]
pub use sqlite::{OpenStoreError, SqliteStore};
pub use trust::{Pins, Trust};
pub use ucx::{UcxBackend, UcxConfig};
pub use view::{CallStatus, Connection, Known, LostReason, Sound, View};
#[cfg(feature = "media")]
pub use voip_media::{HoldMusic, Impairment, MediaProfile};
pub use wsi::{WsiBackend, WsiConfig};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The content of a mutex, also when another thread has panicked while holding it: everything kept
/// behind our mutexes is whole between two statements.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
