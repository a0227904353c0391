use std::io;

use thiserror::Error;

use super::{Certificate, Fingerprint};
use crate::{
    limits::MAX_HEADER_BYTES,
    ucx::{DecodeError, Problem},
};

/// Why no TLS connection to a server could be made. [`DialError::advice`] says what to do.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum DialError {
    /// The name service knows no such host.
    #[error("the server's name is not known")]
    NameNotFound,
    /// The host refuses connections at this port.
    #[error("the server's host refuses connections at this port")]
    Refused,
    /// There is no way to the host.
    #[error("the server's host can't be reached from this network")]
    Unreachable(io::ErrorKind),
    /// No answer to the attempt to connect.
    #[error("the server's host doesn't answer")]
    Silent,
    /// Connected, but no TLS handshake within its time.
    #[error("something is at this port, but it doesn't answer")]
    SilentTls,
    /// Plain HTTP at the port.
    #[error("the port speaks plain HTTP, without encryption")]
    PlainHttp,
    /// Something else than TLS at the port.
    #[error("the port doesn't speak TLS")]
    NotTls,
    /// The server closed the connection during the handshake.
    #[error("the connection was closed during the TLS handshake")]
    Closed,
    /// The server speaks only versions of TLS older than 1.2.
    #[error("the server speaks only a TLS version older than 1.2")]
    TlsTooOld,
    /// The TLS handshake failed for another reason.
    #[error("the TLS handshake failed: {0}")]
    Handshake(rustls::Error),
    /// The server's certificate can't be read.
    #[error("the server's certificate can't be read")]
    BadCertificate,
    /// A further connection showed another certificate than the one that was accepted.
    #[error("the server now shows another certificate than the accepted one")]
    CertificateChanged {
        /// What was accepted.
        expected: Fingerprint,
        /// What was shown.
        presented: Box<Certificate>,
    },
    /// The HTTP proxy didn't make the connection.
    #[error("the HTTP proxy didn't connect: {0}")]
    Proxy(#[from] ProxyError),
    /// The server takes no SIP over WebSocket here (RFC 7118 §4); with the HTTP status, where it
    /// refused by one.
    #[error("the server takes no SIP over WebSocket at this port and path")]
    NoWebSocket(Option<u16>),
    /// Called outside of a tokio runtime.
    #[error("there is no tokio runtime here")]
    NoRuntime,
}

impl DialError {
    /// What a person can do about it, in one sentence.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::NameNotFound => {
                "Check the server's name, and whether this computer can look up names (DNS, VPN)."
            }
            Self::Refused => "Check the port (usually 8802) and whether the server is running.",
            Self::Unreachable(_) => {
                "Check this computer's network connection, and the VPN if one is needed."
            }
            Self::Silent => {
                "Check the address, and whether a firewall lets this port through; the host may be switched off."
            }
            Self::SilentTls => {
                "Check the port; if it is right, the server is overloaded or a firewall swallows its answers."
            }
            Self::PlainHttp => {
                "Use the server's HTTPS port (usually 8802, not 8801): passwords are never sent in the clear."
            }
            Self::NotTls => "Check the port: another service listens there.",
            Self::Closed => {
                "Check the port, and whether the server admits this computer; then try again."
            }
            Self::TlsTooOld => "Update the server, or switch TLS 1.2 on in its administration.",
            Self::Handshake(_) => "Give this text to the server's administrator.",
            Self::BadCertificate => "Have the administrator give the server a new certificate.",
            Self::CertificateChanged { .. } => {
                "Ask the administrator whether the server has got a new certificate; accept it only then."
            }
            Self::Proxy(_) => {
                "Check the proxy's address, and whether it admits connections to this server and port."
            }
            Self::NoWebSocket(_) => {
                "Check the port and the path of the server's WebSocket (often /ws), or choose another transport."
            }
            Self::NoRuntime => "Call this from inside a tokio runtime.",
        }
    }
}

/// Why an HTTP proxy made no connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// It answered `CONNECT` with this status.
    #[error("it answered with status {0}")]
    Status(u16),
    /// Its answer isn't HTTP or is longer than 8 KiB.
    #[error("it doesn't answer as an HTTP proxy")]
    NotHttp,
    /// The connection to it broke.
    #[error("the connection to it broke")]
    Broken(io::ErrorKind),
}

/// Why a request got no good answer.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// No connection could be made; nothing was sent.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// What is to be asked doesn't fit into a URL (64 KiB); nothing was sent.
    #[error("what was entered is too long to be asked for")]
    PathTooLong,
    /// The connection broke before the first byte of an answer. Whether the server has carried
    /// the request out is unknown.
    #[error("the connection broke before the server answered")]
    BrokenBeforeAnswer,
    /// The connection broke in the middle of the answer.
    #[error("the connection broke in the middle of the server's answer")]
    BrokenInAnswer,
    /// No whole answer within its time.
    #[error("the server didn't answer in time")]
    TimedOut,
    /// The server refused, and says why.
    #[error("the server refused: {}", .0.describe())]
    Problem(Problem),
    /// The server answered with this HTTP status and without an explanation.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// The answer's body isn't what it should be.
    #[error("the server's answer can't be read: {0}")]
    Malformed(#[from] DecodeError),
    /// The answer is no event stream.
    #[error("the server's answer is no event stream")]
    NotEvents,
    /// The answer's body is over its limit.
    #[error("the server's answer is longer than it may be")]
    TooLarge,
    /// The answer's header section is over its limit.
    #[error("the header of the server's answer is longer than {MAX_HEADER_BYTES} bytes")]
    HeaderTooLarge,
    /// The answer isn't HTTP.
    #[error("the server's answer is no HTTP")]
    NotHttp,
}

impl RequestError {
    /// Whether the same request may be sent once more on another connection, if it carries an
    /// idempotency key or changes nothing: only when the connection broke before any answer.
    pub const fn may_resend(&self) -> bool {
        matches!(self, Self::BrokenBeforeAnswer)
    }

    /// The server's explanation, where there is one.
    pub const fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Problem(problem) => Some(problem),
            _ => None,
        }
    }

    /// What a person can do about it, in one sentence.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Dial(error) => error.advice(),
            Self::PathTooLong => "Shorten what was entered.",
            Self::BrokenBeforeAnswer | Self::BrokenInAnswer => {
                "Wait for the reconnection, look whether it was done, and repeat it if not."
            }
            Self::TimedOut => "Check the network; look whether it was done before repeating it.",
            Self::Problem(problem) => problem.kind.advice(),
            Self::Status(404) => {
                "This server doesn't offer it; check the address and the server's version."
            }
            Self::Status(_) => {
                "Try again later; if it stays, give this text to the server's administrator."
            }
            Self::Malformed(_)
            | Self::TooLarge
            | Self::HeaderTooLarge
            | Self::NotHttp
            | Self::NotEvents => {
                "Check that address and port are the server's; if they are, report it with the server's version."
            }
        }
    }
}
