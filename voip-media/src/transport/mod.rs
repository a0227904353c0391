//! Datagrams: a path ([`IceTransport`]) and its protection ([`SecureTransport`]), each in several kinds.

mod agent_port;
mod binding;
mod candidate;
mod check;
mod demux;
mod direct;
mod dtls;
mod ice;
mod identity;
mod latch;
mod path;
mod plain;
mod profile;
mod sdes;
mod secure;
mod server;
mod socket;
mod srtp;

pub(crate) use binding::mapped_address;
pub(crate) use candidate::IceCandidate;
pub(crate) use check::OpenChecks;
pub(crate) use demux::{DatagramKind, classify};
pub(crate) use direct::DirectPath;
pub(crate) use dtls::{DtlsSrtp, config as dtls_config};
pub(crate) use ice::WebrtcIce;
pub(crate) use identity::{Fingerprint, Identity, random_bytes, random_token, random_u32};
pub(crate) use latch::{Evidence, Latch};
pub(crate) use path::{
    Announced, IceCredentials, IceError, IceEvent, IceRole, IceSettings, IceTransport, LocalEnd,
    RemoteEnd,
};
pub(crate) use plain::Unprotected;
pub use profile::MediaProfile;
pub(crate) use sdes::{Crypto, CryptoSuite, Sdes};
pub(crate) use secure::{DtlsRole, Keying, MediaKind, SecureError, SecureOutput, SecureTransport};
pub use server::IceServer;
pub(crate) use server::ServerAddress;
pub(crate) use socket::RECEIVE_BUFFER;
pub(crate) use srtp::Srtp;

/// The longest datagram that is looked at, in bytes; longer ones are counted drops. Ethernet's
/// 1,500 with room for a larger link.
pub const MAX_DATAGRAM: usize = 2_048;
