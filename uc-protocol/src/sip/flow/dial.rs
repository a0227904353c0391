use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::{
    net::{TcpStream, UdpSocket},
    runtime::Handle,
    time::timeout,
};

use super::{
    Flow, Transport, Way, datagram,
    stream::{self, Octets},
    web,
};
use crate::net::{Certificate, Config, DialError, Dialer, HostPort, resolve};

/// Makes flows. Clones share the memory of TLS sessions.
#[derive(Debug, Clone)]
pub struct FlowDialer {
    dialer: Dialer,
    web_path: String,
}

impl FlowDialer {
    /// A dialer with the time-outs of [`crate::net`] (`answer` is that of a WebSocket's handshake) and its
    /// proxy, which UDP doesn't go through. Cheap; does no I/O.
    pub fn new(config: Config) -> Self {
        let web_path = USUAL_WEB_PATH.to_owned();
        Self {
            dialer: Dialer::new(config),
            web_path,
        }
    }

    /// The path, and the query if there is one, of the server's WebSocket; `/ws` by default, which
    /// many servers insist on and others accept.
    #[must_use]
    pub fn web_path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.web_path);
        self
    }

    /// Makes a flow on which no message was sent yet. With TLS any chain is accepted by the
    /// handshake: whose the leaf is, the caller decides before [`DialedFlow::into_flow`]. A WebSocket
    /// has sent its handshake then, which holds nothing but host and path.
    ///
    /// Over UDP nothing is sent at all: whether anybody is there shows later.
    ///
    /// # Errors
    /// See [`DialError`].
    pub async fn dial(
        &self,
        transport: Transport,
        address: &HostPort,
    ) -> Result<DialedFlow, DialError> {
        self.dial_server(transport, address, address).await
    }

    /// The same at one of several servers of an address (RFC 3263), which is still the name that TLS and
    /// WebSocket ask for (RFC 5922 §7.1).
    ///
    /// # Errors
    /// See [`DialError`].
    pub async fn dial_server(
        &self,
        transport: Transport,
        address: &HostPort,
        server: &HostPort,
    ) -> Result<DialedFlow, DialError> {
        Handle::try_current().map_err(|_| DialError::NoRuntime)?;
        if transport == Transport::Udp {
            return self.dial_udp(server).await;
        }
        let tcp = self.dialer.dial_tcp(server).await?;
        let (local, peer) = ends(&tcp).map_err(|_| DialError::Closed)?;
        let (octets, certificate): (Box<dyn Octets>, _) = if transport.is_secure() {
            let (stream, certificate) = self.dialer.dial_tls(address, tcp).await?;
            (Box::new(stream), Some(certificate))
        } else {
            (Box::new(tcp), None)
        };
        let way = match transport {
            Transport::Ws | Transport::Wss => {
                let open = web::Way::open(octets, transport, address, &self.web_path);
                let limit = self.dialer.config().timeouts.answer;
                let way = timeout(limit, open)
                    .await
                    .unwrap_or(Err(DialError::Silent))?;
                Way::Web(Box::new(way))
            }
            Transport::Udp | Transport::Tcp | Transport::Tls => {
                Way::Stream(Box::new(stream::Way::new(octets)))
            }
        };
        let flow = Flow {
            transport,
            local,
            peer,
            way,
        };
        Ok(DialedFlow { certificate, flow })
    }

    async fn dial_udp(&self, address: &HostPort) -> Result<DialedFlow, DialError> {
        let limit = self.dialer.config().timeouts.connect;
        let found = timeout(limit, resolve(address))
            .await
            .unwrap_or(Err(DialError::Silent))?;
        let mut failure = DialError::NameNotFound;
        for peer in found {
            match connect(peer).await {
                Ok((socket, local)) => {
                    let way = Way::Datagram(datagram::Way::new(socket));
                    let flow = Flow {
                        transport: Transport::Udp,
                        local,
                        peer,
                        way,
                    };
                    return Ok(DialedFlow {
                        certificate: None,
                        flow,
                    });
                }
                Err(error) => failure = DialError::Unreachable(error.kind()),
            }
        }
        Err(failure)
    }
}

/// A flow whose certificate the caller has to decide upon, where it has one.
#[derive(Debug)]
pub struct DialedFlow {
    certificate: Option<Certificate>,
    flow: Flow,
}

impl DialedFlow {
    /// The certificate that the server showed; none without TLS.
    pub const fn certificate(&self) -> Option<&Certificate> {
        self.certificate.as_ref()
    }

    /// Accepts the certificate.
    pub fn into_flow(self) -> Flow {
        self.flow
    }
}

/// A socket that sees the datagrams of this peer only.
async fn connect(peer: SocketAddr) -> io::Result<(UdpSocket, SocketAddr)> {
    let any: SocketAddr = match peer {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(peer).await?;
    let local = socket.local_addr()?;
    Ok((socket, local))
}

fn ends(tcp: &TcpStream) -> io::Result<(SocketAddr, SocketAddr)> {
    Ok((tcp.local_addr()?, tcp.peer_addr()?))
}

/// Where servers usually have their WebSocket for SIP.
const USUAL_WEB_PATH: &str = "/ws";
