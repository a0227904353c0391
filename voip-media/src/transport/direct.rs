use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    task::{Context, Poll},
};

use async_trait::async_trait;
use webrtc_util::ifaces::ifaces;

use crate::{
    DropCounts, MediaTime,
    transport::{
        Evidence, IceCandidate, IceError, IceEvent, IceTransport, Latch, LocalEnd, RemoteEnd,
        socket::{MediaSocket, Received},
    },
};

/// A path without ICE: to the address in the far side's description, from a pair of sockets, the one
/// with the even port for RTP, the next one for RTCP (RFC 3550 §11) unless they are multiplexed.
///
/// It is there as soon as both descriptions are. What comes from elsewhere is for [`Latch`] to judge.
pub(crate) struct DirectPath {
    rtp: MediaSocket,
    rtcp: MediaSocket,
    address: SocketAddr,
    latch: Latch,
    /// Where reports go; `None` where the speech goes.
    reports: Option<SocketAddr>,
    /// The far side takes no packets for now.
    silenced: bool,
    /// Who sent the last datagram, and whether to the port for reports.
    last: Option<(SocketAddr, bool)>,
    state: State,
    drops: DropCounts,
}

/// Unknown → (description) Told → (event taken) Known. No timeout: the signalling decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Unknown,
    Told,
    Known,
}

impl DirectPath {
    /// Binds the sockets: at `wanted`, or at the address from which the far side is reached, `towards`
    /// or else where `latch` has found it, or else at the one that leads out of this computer. Needs a tokio
    /// runtime.
    pub(crate) fn open(
        wanted: Option<IpAddr>,
        towards: Option<SocketAddr>,
        latch: Latch,
    ) -> Result<Self, IceError> {
        let towards = towards.or(latch.target());
        let ip = wanted.unwrap_or_else(|| local_ip(towards));
        let (rtp, rtcp) = pair(ip).map_err(|error| IceError::Socket(error.kind()))?;
        let address = rtp.local_addr();
        Ok(Self {
            address: address.map_err(|error| IceError::Socket(error.kind()))?,
            rtp,
            rtcp,
            latch,
            reports: None,
            silenced: false,
            last: None,
            state: State::Unknown,
            drops: DropCounts::default(),
        })
    }

    fn send_to(
        &self,
        socket: &MediaSocket,
        to: SocketAddr,
        datagram: &[u8],
    ) -> Result<(), IceError> {
        if self.silenced {
            return Ok(());
        }
        socket.try_send_to(datagram, to).map_err(|_| IceError::Full)
    }

    /// Reports that nothing protects are only believed from where the speech comes from, whatever
    /// their port is behind a NAT.
    fn admit_report(&mut self, from: SocketAddr, evidence: Evidence) -> bool {
        let near = |to: SocketAddr| to.ip() == from.ip();
        let believed = evidence == Evidence::Authentic
            || self.reports == Some(from)
            || self.latch.target().is_some_and(near);
        if believed && self.reports.is_some() {
            self.reports = Some(from);
        }
        believed
    }

    fn take(&mut self, received: Received, reports: bool) -> Option<IceEvent> {
        match received {
            Received::Datagram(length, from) => {
                self.last = Some((from, reports));
                Some(IceEvent::Datagram(length))
            }
            Received::Oversized => {
                self.drops.oversized += 1;
                None
            }
        }
    }
}

#[async_trait]
impl IceTransport for DirectPath {
    fn local(&self) -> LocalEnd<'_> {
        LocalEnd::Direct(self.address)
    }

    async fn connect(&mut self, remote: RemoteEnd<'_>, now: MediaTime) -> Result<(), IceError> {
        let RemoteEnd::Direct(announced) = remote else {
            return Err(IceError::NoPath);
        };
        self.silenced = announced.is_on_hold();
        if !self.silenced {
            if announced.rtp.is_ipv6() != self.address.is_ipv6() {
                return Err(IceError::NoPath);
            }
            self.latch.announce(announced.rtp, now);
            let apart = announced.rtcp != announced.rtp;
            self.reports = apart.then_some(announced.rtcp);
        }
        if self.state == State::Unknown {
            self.state = State::Told;
            // The first packet is not to be lost.
            for socket in [&self.rtp, &self.rtcp] {
                let _ = socket.writable().await;
            }
        }
        Ok(())
    }

    fn add_remote_candidate(&mut self, _: &IceCandidate) {}

    fn poll_receive(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<IceEvent> {
        if self.state == State::Told {
            self.state = State::Known;
            return Poll::Ready(IceEvent::Connected);
        }
        loop {
            let (received, reports) = match self.rtp.poll_receive(context, buffer) {
                Poll::Ready(received) => (received, false),
                Poll::Pending => match self.rtcp.poll_receive(context, buffer) {
                    Poll::Ready(received) => (received, true),
                    Poll::Pending => return Poll::Pending,
                },
            };
            if let Some(event) = self.take(received, reports) {
                return Poll::Ready(event);
            }
        }
    }

    fn send(&mut self, datagram: &[u8]) -> Result<(), IceError> {
        let to = self.latch.target();
        match to {
            Some(to) => self.send_to(&self.rtp, to, datagram),
            None if self.silenced => Ok(()),
            None => Err(IceError::NoPath),
        }
    }

    fn send_rtcp(&mut self, datagram: &[u8]) -> Result<(), IceError> {
        match self.reports {
            Some(to) => self.send_to(&self.rtcp, to, datagram),
            None => self.send(datagram),
        }
    }

    fn admit(&mut self, evidence: Evidence, now: MediaTime) -> bool {
        let Some((from, reports)) = self.last else {
            return false;
        };
        let admitted = if reports {
            self.admit_report(from, evidence)
        } else {
            self.latch.admit(from, evidence, now)
        };
        self.drops.strangers += u64::from(!admitted);
        admitted
    }

    fn latch(&self) -> Option<Latch> {
        Some(self.latch.clone())
    }

    fn local_address(&self) -> Option<IpAddr> {
        Some(self.address.ip())
    }

    fn drops(&self) -> DropCounts {
        self.drops
    }

    async fn close(&mut self) {}
}

/// The address from which `towards` is reached, or else the one that routes outwards, or else any that
/// isn't the loopback's, or else that one. Nothing is sent.
fn local_ip(towards: Option<SocketAddr>) -> IpAddr {
    let outwards = OUTWARDS.map(|ip| SocketAddr::new(ip, DISCARD_PORT));
    let mut ways = towards.into_iter().chain(outwards);
    ways.find_map(|to| route(to).ok())
        .or_else(any_address)
        .unwrap_or(Ipv4Addr::LOCALHOST.into())
}

/// Of a network without a way out of it; IPv4 first.
fn any_address() -> Option<IpAddr> {
    let found = ifaces().unwrap_or_default().into_iter();
    let addresses = found.filter_map(|interface| Some(interface.addr?.ip()));
    let reachable = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local(),
        IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unicast_link_local(),
    };
    addresses.filter(reachable).min_by_key(IpAddr::is_ipv6)
}

fn route(to: SocketAddr) -> io::Result<IpAddr> {
    let any = match to {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
    socket.connect(to)?;
    Ok(socket.local_addr()?.ip())
}

/// An even port and the next one.
fn pair(ip: IpAddr) -> io::Result<(MediaSocket, MediaSocket)> {
    let mut refused = io::ErrorKind::AddrInUse.into();
    for _ in 0..PAIR_ATTEMPTS {
        let one = MediaSocket::bind_to(SocketAddr::new(ip, 0))?;
        let port = one.local_addr()?.port();
        match MediaSocket::bind_to(SocketAddr::new(ip, port ^ 1)) {
            Ok(other) if port & 1 == 0 => return Ok((one, other)),
            Ok(other) => return Ok((other, one)),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// Addresses of the wide world, from blocks for documentation (RFC 5737, RFC 3849): asked for the way there
/// only.
const OUTWARDS: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
];
/// RFC 863.
const DISCARD_PORT: u16 = 9;
/// Pairs that are tried: each fails only if a neighbouring port is in use.
const PAIR_ATTEMPTS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Announced;

    fn open() -> DirectPath {
        DirectPath::open(Some(Ipv4Addr::LOCALHOST.into()), None, Latch::default()).expect("sockets")
    }

    fn now() -> MediaTime {
        MediaTime::default()
    }

    async fn announce(path: &mut DirectPath, rtp: SocketAddr, rtcp: SocketAddr) {
        let end = RemoteEnd::Direct(Announced { rtp, rtcp });
        path.connect(end, now()).await.expect("reachable");
    }

    async fn next(path: &mut DirectPath) -> (IceEvent, Vec<u8>) {
        let mut buffer = vec![0; crate::transport::RECEIVE_BUFFER];
        let event = std::future::poll_fn(|context| path.poll_receive(context, &mut buffer)).await;
        if let IceEvent::Datagram(length) = event {
            buffer.truncate(length);
        }
        (event, buffer)
    }

    #[tokio::test]
    async fn speech_has_an_even_port_and_reports_the_next_one() {
        let path = open();
        assert_eq!(path.address.port() % 2, 0);
        let reports = path.rtcp.local_addr().expect("bound");
        assert_eq!(reports.port(), path.address.port() + 1);
    }

    #[tokio::test]
    async fn reports_go_to_their_port_unless_they_are_multiplexed() {
        let (mut near, mut far) = (open(), open());
        let (rtp, rtcp) = (far.address, far.rtcp.local_addr().expect("bound"));
        for to in [rtcp, rtp] {
            announce(&mut near, rtp, to).await;
            near.send(b"speech").expect("sent");
            assert_eq!(next(&mut far).await.1, b"speech");
            assert_eq!(far.last, Some((near.address, false)));
            near.send_rtcp(b"report").expect("sent");
            assert_eq!(next(&mut far).await.1, b"report");
            assert_eq!(far.last.map(|(_, reports)| reports), Some(to == rtcp));
        }
    }

    #[tokio::test]
    async fn it_is_there_once_the_description_is() {
        let (mut near, far) = (open(), open());
        assert_eq!(near.send(b"speech"), Err(IceError::NoPath));
        announce(&mut near, far.address, far.address).await;
        assert_eq!(next(&mut near).await.0, IceEvent::Connected);
        announce(&mut near, far.address, far.address).await;
        assert_eq!(near.state, State::Known, "told once");
    }

    #[tokio::test]
    async fn a_far_side_on_hold_gets_nothing_and_keeps_its_place() {
        let (mut near, mut far) = (open(), open());
        announce(&mut near, far.address, far.address).await;
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 4_000));
        announce(&mut near, nowhere, nowhere).await;
        near.send(b"held").expect("left out");
        near.send_rtcp(b"held").expect("left out");
        announce(&mut near, far.address, far.address).await;
        near.send(b"speech").expect("sent");
        assert_eq!(next(&mut far).await.1, b"speech");
    }

    #[tokio::test]
    async fn the_other_family_of_addresses_cannot_be_reached() {
        let far = SocketAddr::from((Ipv6Addr::LOCALHOST, 4_000));
        let end = RemoteEnd::Direct(Announced {
            rtp: far,
            rtcp: far,
        });
        assert_eq!(open().connect(end, now()).await, Err(IceError::NoPath));
    }

    #[tokio::test]
    async fn unprotected_reports_are_believed_from_the_speakers_computer_only() {
        let mut path = open();
        let far = |last: u8, port: u16| SocketAddr::from(([127, 0, 0, last], port));
        announce(&mut path, far(2, 4_000), far(2, 4_001)).await;
        path.last = Some((far(3, 4_001), true));
        assert!(!path.admit(Evidence::Weak, now()));
        assert_eq!(path.reports, Some(far(2, 4_001)));
        path.last = Some((far(2, 5_001), true));
        assert!(path.admit(Evidence::Weak, now()));
        assert_eq!(path.reports, Some(far(2, 5_001)));
        path.last = Some((far(3, 4_001), true));
        assert!(path.admit(Evidence::Authentic, now()));
        assert_eq!(path.drops().strangers, 1);
    }

    #[test]
    fn the_way_to_the_loopback_begins_there() {
        let to = SocketAddr::from((Ipv4Addr::LOCALHOST, 4_000));
        assert_eq!(local_ip(Some(to)), IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
}
