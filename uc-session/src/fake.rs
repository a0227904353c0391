//! Stand-ins for tests and demonstrations: a server in memory, sound without sound, stores that
//! forget, and a clock for tokio's paused time. The crate `headset` has a headset without hardware.
//!
//! They pass the suites of [`conformance`](crate::conformance), so that what works with them works
//! with what keeps the same promises.

mod backend;
mod clock;
mod edit;
mod exchange;
mod media;
mod server;
mod store;

pub use backend::FakeBackend;
pub use clock::TokioClock;
pub use media::{NullMediaEngine, NullMediaStats};
pub use server::{Door, FakeServer, Fault, Kind};
pub use store::{MemorySecretStore, MemoryStore};
