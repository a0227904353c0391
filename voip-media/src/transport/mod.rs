//! Datagrams: a path ([`IceTransport`]) and its protection ([`SecureTransport`]).

mod agent_port;
mod binding;
mod candidate;
mod check;
mod demux;
mod dtls;
mod ice;
mod identity;
mod path;
mod secure;
mod server;
mod socket;
mod srtp;

pub(crate) use binding::mapped_address;
pub(crate) use candidate::IceCandidate;
pub(crate) use check::OpenChecks;
pub(crate) use demux::{DatagramKind, classify};
pub(crate) use dtls::{DtlsSrtp, config as dtls_config};
pub(crate) use ice::WebrtcIce;
pub(crate) use identity::{Fingerprint, Identity, random_bytes, random_token, random_u32};
pub(crate) use path::{IceCredentials, IceError, IceEvent, IceRole, IceSettings, IceTransport};
pub(crate) use secure::{DtlsRole, MediaKind, SecureError, SecureOutput, SecureTransport};
pub use server::IceServer;
pub(crate) use server::ServerAddress;
pub(crate) use socket::RECEIVE_BUFFER;
pub(crate) use srtp::Srtp;

/// The longest datagram that is looked at, in bytes; longer ones are counted drops. Ethernet's
/// 1,500 with room for a larger link.
pub const MAX_DATAGRAM: usize = 2_048;
