use std::io;

use thiserror::Error;

use crate::limits::MAX_SIP_BYTES;

/// Why nothing more goes or comes on a flow. Unless it says otherwise, the flow has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FlowError {
    /// The server closed it.
    #[error("the server closed the connection; connect again")]
    Closed,
    /// The connection broke.
    #[error("the connection to the server broke; check the network and connect again")]
    Broken(io::ErrorKind),
    /// Nobody listens at the server's UDP port. The flow can be used again: the server may come back.
    #[error(
        "nobody listens at the server's port; check the port and whether the server is running"
    )]
    Refused,
    /// What comes can't be divided into messages, or isn't what a WebSocket with SIP carries.
    #[error("the server sends something else than SIP; check the port")]
    NotSip,
    /// The server takes nothing: too much waits to be sent.
    #[error("the server takes nothing any more; connect again")]
    Stalled,
    /// The message is longer than [`MAX_SIP_BYTES`], or than a datagram may be; it was not sent,
    /// and the flow can be used on.
    #[error(
        "the message has {0} bytes, more than can be sent; {MAX_SIP_BYTES} are allowed, in a datagram less"
    )]
    TooLarge(usize),
}

impl FlowError {
    pub(super) fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Closed,
            kind => Self::Broken(kind),
        }
    }
}
