//! The client transport: HTTP/1.1 over TLS, with certificates decided upon by the caller.
//!
//! ```no_run
//! use uc_protocol::net::{Config, Dialer, Fingerprint, Request};
//! use uc_protocol::ucx::{Hello, paths::Route};
//!
//! # async fn run(pin: Fingerprint) -> Result<(), Box<dyn std::error::Error>> {
//! let dialer = Dialer::new(Config::default());
//! let dialed = dialer.dial(&"pbx.example.com:8802".parse()?).await?;
//! // TCP and TLS only: not one byte of HTTP was sent. The caller decides now.
//! if dialed.certificate().fingerprint != pin {
//!     return Ok(());
//! }
//! let link = dialed.into_link();
//! let hello: Hello = link.request(Request::get(Route::Hello)).await?.decode()?;
//! # Ok(())
//! # }
//! ```
//!
//! **Run loop, clock, threads.** Runs on the caller's tokio runtime (without one: a typed error),
//! with one task per open connection, and uses tokio's clock for its time-outs. Dropping a future
//! gives up what it waited for and closes its connection; dropping the last clone of a [`Link`]
//! closes them all.
//!
//! **Trust.** Any chain is accepted by the handshake itself, because self-signed certificates are
//! usual, but the server always proves that it owns the key of the leaf it shows. Who that leaf
//! belongs to is decided by the caller between [`Dialer::dial`] and [`Dialed::into_link`]. Each
//! further connection of a [`Link`] must show the same leaf.

mod address;
mod certificate;
mod connection;
mod dial;
mod error;
mod events;
mod link;
mod proxy;
mod request;
mod tap;
mod tls;

pub use address::{DEFAULT_PORT, HostPort, HostPortError};
pub use certificate::{Certificate, Fingerprint, FingerprintError};
#[cfg(feature = "sip-net")]
pub(crate) use dial::resolve;
pub use dial::{Config, Dialed, Dialer, Timeouts};
pub use error::{DialError, ProxyError, RequestError};
pub use events::{EventStream, StreamEnd, StreamItem};
pub use link::Link;
pub use request::{Method, Request, Response};

#[cfg(test)]
pub(crate) mod tests;
