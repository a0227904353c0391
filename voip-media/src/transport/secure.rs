use std::time::Instant;

use bytes::BytesMut;
use thiserror::Error;

use crate::transport::{Crypto, Fingerprint};

/// Who starts the DTLS handshake (RFC 5763 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DtlsRole {
    /// We send the ClientHello.
    Active,
    /// We wait for it.
    Passive,
}

/// Where the keys come from, as offer and answer have agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Keying {
    /// A handshake with whoever has one of these certificates (RFC 5763).
    Dtls {
        role: DtlsRole,
        expected: Vec<Fingerprint>,
    },
    /// The descriptions: what we protect with, and what the far side does (RFC 4568).
    Sdes { local: Crypto, remote: Crypto },
    /// Nowhere: the packets stay as they are.
    Unprotected,
}

/// RTP or RTCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MediaKind {
    /// RTP.
    Rtp,
    /// RTCP.
    Rtcp,
}

/// What a [`SecureTransport`] wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecureOutput {
    /// The first so many octets of the buffer are a datagram to send.
    Transmit(usize),
    /// The keys are there and the certificate is the announced one. Once.
    Established,
    /// The far side has said goodbye.
    Closed,
    /// Nothing more; call [`SecureTransport::handle_timeout`] at this time.
    Idle(Option<Instant>),
}

/// What goes wrong while keys are agreed, or with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub(crate) enum SecureError {
    /// The handshake failed or took too long. Final.
    #[error("the handshake failed")]
    Handshake,
    /// The certificate is not the announced one. Final; the keys are gone.
    #[error("the certificate is not the announced one")]
    WrongFingerprint,
    /// No SRTP profile was agreed. Final.
    #[error("no protection profile was agreed")]
    NoProfile,
    /// There are no keys (yet).
    #[error("there are no keys")]
    NoKeys,
    /// The packet isn't authentic.
    #[error("the packet is not authentic")]
    Unauthenticated,
    /// The packet was seen before or is too old.
    #[error("the packet was seen before")]
    Replayed,
    /// The packet belongs to one source too many.
    #[error("the packet belongs to an unknown source")]
    UnknownSource,
}

/// Agrees keys over a path and protects media with them. Sans-IO: gets datagrams and time, gives
/// datagrams.
///
/// Order of calls: `start` once offer and answer are there, with keys of the descriptions again for
/// each further round; then datagrams and timeouts
/// in any order, each followed by `poll_output` until it says `Idle`. Packets can be protected
/// from `Established` on. Every error of `start`, `handle_handshake` and `handle_timeout` is
/// final; those of packets are not. Used by one task.
pub(crate) trait SecureTransport: Send {
    /// Starts the handshake, or takes the keys. [`SecureError::NoProfile`] for a keying of another
    /// transport.
    fn start(&mut self, keying: &Keying, now: Instant) -> Result<(), SecureError>;
    /// Takes a handshake datagram.
    fn handle_handshake(&mut self, datagram: &[u8], now: Instant) -> Result<(), SecureError>;
    /// Time has passed.
    fn handle_timeout(&mut self, now: Instant) -> Result<(), SecureError>;
    /// What to do next. `buffer` takes a datagram to send.
    fn poll_output(&mut self, buffer: &mut [u8]) -> Result<SecureOutput, SecureError>;
    /// Says goodbye: a last datagram follows from `poll_output`.
    fn close(&mut self);
    /// Protects a packet.
    fn protect(&mut self, kind: MediaKind, packet: &[u8]) -> Result<BytesMut, SecureError>;
    /// Checks and opens a packet.
    fn unprotect(&mut self, kind: MediaKind, packet: &[u8]) -> Result<BytesMut, SecureError>;
}
