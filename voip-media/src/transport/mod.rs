//! Datagrams: a path (ICE) and its protection (DTLS-SRTP).

mod server;

pub use server::IceServer;

/// The longest datagram that is looked at, in bytes; longer ones are counted drops. Ethernet's
/// 1,500 with room for a larger link.
pub const MAX_DATAGRAM: usize = 2_048;
