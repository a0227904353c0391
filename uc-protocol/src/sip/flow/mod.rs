//! Flows (RFC 5626 §3.1): the ways on which SIP messages go to one server and come back.
//!
//! ```no_run
//! use uc_protocol::{net, sip::{Message, flow::{FlowDialer, Received, Transport}}};
//!
//! # async fn run(pin: net::Fingerprint, register: Message) -> Result<(), Box<dyn std::error::Error>> {
//! let dialer = FlowDialer::new(net::Config::default());
//! let dialed = dialer.dial(Transport::Tls, &"sip.example.com:5061".parse()?).await?;
//! // No message was sent. The caller decides now.
//! if dialed.certificate().is_none_or(|shown| shown.fingerprint != pin) {
//!     return Ok(());
//! }
//! let flow = dialed.into_flow();
//! flow.send(&register).await?;
//! if let Received::Message(answer) = flow.receive().await? {
//!     println!("{answer:?}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! **Run loop, clock, threads.** Runs on the caller's tokio runtime, without tasks of its own, and
//! uses tokio's clock only for the time-outs of dialling. A flow sends and receives from different
//! tasks at once. Dropping a future loses nothing: a message that was begun is finished by the next
//! call, and nothing that came is lost. Dropping the flow closes it.

mod datagram;
mod dial;
mod error;
mod stream;
mod transport;
mod web;

pub use dial::{DialedFlow, FlowDialer};
pub use error::FlowError;
pub use transport::Transport;

use std::net::SocketAddr;

use super::{Message, SipError};
use crate::limits::MAX_SIP_BYTES;

/// A way to one server, and back.
pub struct Flow {
    transport: Transport,
    local: SocketAddr,
    peer: SocketAddr,
    way: Way,
}

enum Way {
    Datagram(datagram::Way),
    Stream(Box<stream::Way>),
    Web(Box<web::Way>),
}

/// Something that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A message.
    Message(Message),
    /// The server asks for a sign of life; it has got it, where the transport has one.
    Ping,
    /// A sign of life. On a stream a ping is told as this one too, just before.
    Pong,
    /// A message that can't be read. The flow goes on.
    Unreadable(SipError),
}

/// Shows the transport: the addresses tell where somebody is.
impl std::fmt::Debug for Flow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Flow")
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

impl Flow {
    /// Sends a message. That it arrives is never sure; over UDP it may be lost.
    ///
    /// # Errors
    /// See [`FlowError`]. After [`FlowError::TooLarge`] and [`FlowError::Refused`] the flow can
    /// still be used.
    pub async fn send(&self, message: &Message) -> Result<(), FlowError> {
        let mut bytes = Vec::new();
        message.write(&mut bytes);
        if bytes.len() > MAX_SIP_BYTES {
            return Err(FlowError::TooLarge(bytes.len()));
        }
        match &self.way {
            Way::Datagram(way) => way.send(&bytes).await,
            Way::Stream(way) => way.send(&bytes).await,
            Way::Web(way) => way.send(bytes).await,
        }
    }

    /// Asks for a sign of life: two line ends on a stream (RFC 5626 §4.4.1), a ping frame in a WebSocket.
    /// Over UDP two line ends keep the ways through routers open, and nobody answers.
    ///
    /// # Errors
    /// See [`FlowError`].
    pub async fn ping(&self) -> Result<(), FlowError> {
        match &self.way {
            Way::Datagram(way) => way.send(PING).await,
            Way::Stream(way) => way.send(PING).await,
            Way::Web(way) => way.ping().await,
        }
    }

    /// Waits for the next thing that comes; a ping is answered by itself. One task at a time should
    /// receive; dropping the future loses nothing.
    ///
    /// # Errors
    /// See [`FlowError`]. After [`FlowError::Refused`] the flow can still be used.
    pub async fn receive(&self) -> Result<Received, FlowError> {
        match &self.way {
            Way::Datagram(way) => way.receive().await,
            Way::Stream(way) => way.receive().await,
            Way::Web(way) => way.receive().await,
        }
    }

    /// This computer's address on the flow; behind a router the server sees another one.
    pub const fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// The server's address; the proxy's where there is one.
    pub const fn peer_addr(&self) -> SocketAddr {
        self.peer
    }

    /// The transport.
    pub const fn transport(&self) -> Transport {
        self.transport
    }
}

/// What a datagram or a WebSocket's message holds.
fn read(bytes: &[u8]) -> Option<Received> {
    match bytes {
        PING => Some(Received::Ping),
        PONG => Some(Received::Pong),
        // Some keep ways open by nothing at all, or by zeros.
        bytes if bytes.iter().all(|b| b"\0\r\n".contains(b)) => None,
        bytes => Some(Message::read(bytes).map_or_else(Received::Unreadable, Received::Message)),
    }
}

const PING: &[u8] = b"\r\n\r\n";
const PONG: &[u8] = b"\r\n";

#[cfg(test)]
mod tests;
