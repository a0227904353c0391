//! Stand-ins for tests and demonstrations: a server in memory, sound without sound, stores that
//! forget, a headset that follows a script, and a clock for tokio's paused time.
//!
//! They pass the suites of [`conformance`](crate::conformance), so that what works with them works
//! with what keeps the same promises.

mod backend;
mod clock;
mod edit;
mod exchange;
mod headset;
mod media;
mod server;
mod store;

pub use backend::FakeBackend;
pub use clock::TokioClock;
pub use headset::ScriptedHeadset;
pub use media::{NullMediaEngine, NullMediaStats};
pub use server::{Door, FakeServer, Fault, Kind};
pub use store::{MemorySecretStore, MemoryStore};
