//! SIP (RFC 3261): messages, typed header fields, URIs and digest authentication.
//!
//! All pure: no socket, no clock, no randomness. A [`Message`] is read from a datagram
//! ([`Message::read`]) or a stream ([`StreamReader`]); header fields are kept as they came and read on
//! demand by the functions of [`Headers`], so that one that nobody needs costs no message.
//!
//! `flow`, behind the feature `sip-net`, carries messages over UDP, TCP, TLS and WebSocket.
//!
//! ```
//! use uc_protocol::sip::{Message, Method};
//!
//! let text = "OPTIONS sip:bob@example.com SIP/2.0\r\n\
//!     v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;rport\r\n\
//!     f: <tel:+49-89-1234>;tag=1\r\nt: <sip:bob@example.com>\r\n\
//!     i: 1@192.0.2.1\r\nCSeq: 1 OPTIONS\r\nl: 0\r\n\r\n";
//! let message = Message::read(text.as_bytes())?;
//! message.check()?;
//! assert_eq!(message.headers().cseq()?.method, Method::Options);
//! assert_eq!(message.headers().from()?.tag(), Some("1"));
//! # Ok::<(), uc_protocol::sip::SipError>(())
//! ```

mod address;
mod dialog_info;
pub mod digest;
mod error;
mod exercise;
#[cfg(feature = "sip-net")]
pub mod flow;
mod grammar;
mod headers;
mod message;
mod method;
mod params;
mod stream;
mod typed;
mod uri;
mod via;

pub use address::Address;
pub use dialog_info::{DialogInfo, DialogState, WatchedDialog};
pub use error::SipError;
#[doc(hidden)]
pub use exercise::{exercise_dialog_info, exercise_message, exercise_stream};
pub use headers::Headers;
pub use message::{Message, Request, Response};
pub use method::Method;
pub use params::Params;
pub use stream::{StreamItem, StreamReader};
pub use typed::{
    CSeq, RAck, Reason, Refresher, Replaces, SessionExpires, SubscriptionState, Substate,
};
pub use uri::{Scheme, Uri};
pub use via::Via;

#[cfg(test)]
mod tests;
