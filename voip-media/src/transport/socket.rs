use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    task::{Context, Poll, ready},
};

use tokio::{io::ReadBuf, net::UdpSocket};

use crate::MAX_DATAGRAM;

/// A UDP socket for media: the one of an ICE agent, for STUN, DTLS and SRTP (RFC 8834 §5), or the one of a
/// path without ICE.
#[derive(Debug)]
pub(crate) struct MediaSocket {
    socket: UdpSocket,
}

/// What came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Received {
    /// The first so many octets of the buffer, and from where.
    Datagram(usize, SocketAddr),
    /// More than [`MAX_DATAGRAM`] octets.
    Oversized,
}

impl MediaSocket {
    /// A socket on all interfaces and a port that the system chooses.
    pub(crate) fn bind(v6: bool) -> io::Result<Self> {
        let any = if v6 {
            IpAddr::V6(Ipv6Addr::UNSPECIFIED)
        } else {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED)
        };
        Self::bind_to(SocketAddr::new(any, 0))
    }

    /// A socket at an address; with port 0 the system chooses one.
    pub(crate) fn bind_to(address: SocketAddr) -> io::Result<Self> {
        let socket = std::net::UdpSocket::bind(address)?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket: UdpSocket::from_std(socket)?,
        })
    }

    /// Whether it is an IPv6 socket.
    pub(crate) fn is_v6(&self) -> bool {
        self.local_addr().is_ok_and(|at| at.is_ipv6())
    }

    pub(crate) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Waits until the runtime knows that it can send: it doesn't of a new socket.
    pub(crate) async fn writable(&self) -> io::Result<()> {
        self.socket.writable().await
    }

    /// Sends, or fails at once where the system's buffer is full.
    pub(crate) fn try_send_to(&self, datagram: &[u8], to: SocketAddr) -> io::Result<()> {
        self.socket.try_send_to(datagram, to).map(|_| ())
    }

    /// The next datagram, once there is one. `buffer` needs [`RECEIVE_BUFFER`] octets.
    pub(crate) fn poll_receive(
        &self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Received> {
        loop {
            let mut room = ReadBuf::new(buffer);
            let received = ready!(self.socket.poll_recv_from(context, &mut room));
            match received.map(|from| (room.filled().len(), from)) {
                Ok((length, _)) if length > MAX_DATAGRAM => {
                    return Poll::Ready(Received::Oversized);
                }
                Ok((length, from)) => return Poll::Ready(Received::Datagram(length, from)),
                Err(error) if is_oversized(&error) => return Poll::Ready(Received::Oversized),
                // An ICMP answer to something that we sent; the next call waits again.
                Err(error) => tracing::debug!(kind = ?error.kind(), "UDP receive"),
            }
        }
    }
}

/// WSAEMSGSIZE: Windows reports what doesn't fit instead of cutting it off.
fn is_oversized(error: &io::Error) -> bool {
    cfg!(windows) && error.raw_os_error() == Some(10_040)
}

/// One more than the longest datagram, so that a longer one shows.
pub(crate) const RECEIVE_BUFFER: usize = MAX_DATAGRAM + 1;
