use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    task::{Context, Poll},
    time::Duration,
};

use async_trait::async_trait;
use thiserror::Error;

use crate::{
    DropCounts, IceServer, MediaTime,
    transport::{Evidence, IceCandidate, Latch},
};

/// User name fragment and password of one side (RFC 8839 §5.4).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct IceCredentials {
    pub(crate) ufrag: String,
    pub(crate) pwd: String,
}

impl fmt::Debug for IceCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IceCredentials(…)")
    }
}

/// Who decides on the pair (RFC 8445 §6.1.1): the side that made the first offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IceRole {
    Controlling,
    Controlled,
}

/// What a description says of this end of a path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum LocalEnd<'a> {
    /// Who may check it; the candidates come as events.
    Ice(&'a IceCredentials),
    /// RTP here; RTCP at the port behind it, or here too.
    Direct(SocketAddr),
}

/// What the far side's description says of its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RemoteEnd<'a> {
    /// It is looked for.
    Ice {
        role: IceRole,
        credentials: &'a IceCredentials,
    },
    /// It stands there.
    Direct(Announced),
}

/// Where the far side takes packets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Announced {
    /// Where it takes RTP; an unspecified address is the hold of RFC 2543 (RFC 3264 §8.4): nothing
    /// may be sent.
    pub(crate) rtp: SocketAddr,
    /// Where it takes RTCP: there too if they are multiplexed (RFC 5761).
    pub(crate) rtcp: SocketAddr,
}

impl Announced {
    /// Whether the far side takes no packets at all.
    pub(crate) fn is_on_hold(&self) -> bool {
        self.rtp.ip().is_unspecified()
    }
}

/// Addresses identify people.
impl fmt::Debug for Announced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Announced(…)")
    }
}

/// What an [`IceTransport`] has to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IceEvent {
    /// The first so many octets of the buffer came from the far side; no STUN.
    Datagram(usize),
    /// A candidate of ours.
    Candidate(IceCandidate),
    /// All candidates of ours are known.
    GatheringComplete,
    /// An authentic check of the far side.
    Heard,
    /// An authentic answer to a check of ours: the far side consents to our packets (RFC 7675).
    Consent,
    /// A pair works.
    Connected,
    /// No pair works. Final until a restart.
    Failed,
}

/// Why a path can't be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub(crate) enum IceError {
    /// No socket.
    #[error("the system gave no UDP socket: {0}")]
    Socket(std::io::ErrorKind),
    /// The agent refused.
    #[error("the ICE agent refused")]
    Agent,
    /// There is no path yet.
    #[error("there is no path")]
    NoPath,
    /// The socket is full: the datagram is dropped.
    #[error("the socket is full")]
    Full,
}

/// How to look for a path.
#[derive(Debug, Clone)]
pub(crate) struct IceSettings {
    pub(crate) servers: Vec<IceServer>,
    pub(crate) include_loopback: bool,
    /// How long checks go on before a pair works.
    pub(crate) give_up_after: Duration,
}

/// Finds a path for datagrams to one far side, and keeps it: by ICE (RFC 8445), or without it where the
/// descriptions name the addresses.
///
/// Made gathering: candidates come as events. Order of calls: `receive` all the time;
/// `add_remote_candidate` whenever; `connect` once, without ICE again for each description. Used by one task. Dropping it closes its
/// sockets and ends its tasks soon; `close` waits for that.
#[async_trait]
pub(crate) trait IceTransport: Send {
    /// Ours, for the session description.
    fn local(&self) -> LocalEnd<'_>;
    /// Starts checking; doesn't wait for the result. [`IceError::NoPath`] if the far side can't be
    /// reached in this way at all.
    async fn connect(&mut self, remote: RemoteEnd<'_>, now: MediaTime) -> Result<(), IceError>;
    /// Adds a candidate of the far side.
    fn add_remote_candidate(&mut self, candidate: &IceCandidate);
    /// The next event, once there is one. Polled, so that a packet costs no boxed future.
    fn poll_receive(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<IceEvent>;
    /// Sends to the far side; never waits.
    fn send(&mut self, datagram: &[u8]) -> Result<(), IceError>;
    /// Sends RTCP, which may have a port of its own.
    fn send_rtcp(&mut self, datagram: &[u8]) -> Result<(), IceError> {
        self.send(datagram)
    }
    /// Whether the datagram of the last event is the far side's, now that it was opened. ICE has decided
    /// that before.
    fn admit(&mut self, _evidence: Evidence, _now: MediaTime) -> bool {
        true
    }
    /// Where the far side was found without ICE: for a path that is to replace this one.
    fn latch(&self) -> Option<Latch> {
        None
    }
    /// Our address on the path in use; `None` if a relay's or unknown.
    fn local_address(&self) -> Option<IpAddr>;
    /// Datagrams that were not let through so far.
    fn drops(&self) -> DropCounts;
    /// Closes the sockets and waits until they and the tasks are gone.
    async fn close(&mut self);
}
