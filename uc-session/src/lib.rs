//! Sign-in, reconnection, presence, directory search and calls.
#![forbid(unsafe_code)]

mod call;
mod client;
mod clock;
pub mod core;
mod driver;
mod error;
mod events;
pub mod fake;
#[cfg(feature = "media")]
mod media;
pub mod port;
mod trust;
mod ucx;
mod view;

pub use call::Call;
pub use client::{Client, ClientBuilder, Found};
pub use clock::{Clock, Now, SystemClock};
pub use error::{CallError, ServiceError, SignInError};
pub use events::{Event, Events};
#[cfg(feature = "media")]
pub use media::VoipEngine;
pub use trust::{Pins, Trust};
pub use ucx::{UcxBackend, UcxConfig};
pub use view::{CallStatus, Connection, LostReason, Sound, View};
#[cfg(feature = "media")]
pub use voip_media::Impairment;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The content of a mutex, also when another thread has panicked while holding it: everything kept
/// behind our mutexes is whole between two statements.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
