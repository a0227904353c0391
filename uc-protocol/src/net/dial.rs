use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use rustls::{AlertDescription, ClientConfig, PeerIncompatible, pki_types::ServerName};
use tokio::{
    net::{TcpStream, lookup_host},
    runtime::Handle,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::{Certificate, DialError, HostPort, Link, connection::TlsStream, proxy, tap::Tap, tls};

/// How connections are made.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Config {
    /// How long each phase may take.
    pub timeouts: Timeouts,
    /// An HTTP proxy to go through (with `CONNECT`); none by default.
    pub proxy: Option<HostPort>,
}

/// How long each phase may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// Name look-up, TCP connection and proxy; 5 s by default.
    pub connect: Duration,
    /// The TLS handshake; 5 s by default.
    pub tls: Duration,
    /// From the request to the last byte of its answer; 10 s by default.
    pub answer: Duration,
    /// The same for WSI's long poll, which waits for events; 70 s by default.
    pub long_poll: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            tls: Duration::from_secs(5),
            answer: Duration::from_secs(10),
            long_poll: Duration::from_secs(70),
        }
    }
}

/// Makes connections. Clones share the memory of TLS sessions, so that reconnections are resumed.
#[derive(Clone)]
pub struct Dialer {
    config: Config,
    tls: Arc<ClientConfig>,
}

impl std::fmt::Debug for Dialer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dialer")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Dialer {
    /// A dialer that remembers no TLS sessions yet. Cheap; does no I/O.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            tls: Arc::new(tls::client_config()),
        }
    }

    /// How this dialer connects.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Connects by TCP and TLS and sends nothing else.
    ///
    /// The addresses of a name are tried in turn, both families alternating, a new attempt every
    /// 250 ms (RFC 8305 §5). Dropping the future closes everything.
    ///
    /// # Errors
    /// See [`DialError`].
    pub async fn dial(&self, address: &HostPort) -> Result<Dialed, DialError> {
        let tcp = self.dial_tcp(address).await?;
        let (stream, certificate) = self.dial_tls(address, tcp).await?;
        Ok(Dialed {
            dialer: self.clone(),
            address: address.clone(),
            certificate,
            stream,
        })
    }

    /// Connects by TCP, through the proxy where there is one.
    pub(crate) async fn dial_tcp(&self, address: &HostPort) -> Result<TcpStream, DialError> {
        Handle::try_current().map_err(|_| DialError::NoRuntime)?;
        timeout(self.config.timeouts.connect, self.connect(address))
            .await
            .unwrap_or(Err(DialError::Silent))
    }

    /// Shakes hands by TLS; gives the leaf that the caller has to decide upon.
    pub(crate) async fn dial_tls(
        &self,
        address: &HostPort,
        tcp: TcpStream,
    ) -> Result<(TlsStream, Certificate), DialError> {
        let stream = timeout(self.config.timeouts.tls, self.handshake(address, tcp))
            .await
            .unwrap_or(Err(DialError::SilentTls))?;
        let certificate = leaf(&stream)?;
        Ok((stream, certificate))
    }

    async fn connect(&self, address: &HostPort) -> Result<TcpStream, DialError> {
        let first_hop = self.config.proxy.as_ref().unwrap_or(address);
        let mut stream = race(resolve(first_hop).await?).await?;
        // Requests are small and each is waited for: Nagle's delay would only add to them.
        let _ = stream.set_nodelay(true);
        if self.config.proxy.is_some() {
            proxy::connect(&mut stream, address).await?;
        }
        Ok(stream)
    }

    async fn handshake(&self, address: &HostPort, tcp: TcpStream) -> Result<TlsStream, DialError> {
        let name =
            ServerName::try_from(address.host().to_owned()).map_err(|_| DialError::NameNotFound)?;
        TlsConnector::from(Arc::clone(&self.tls))
            .connect(name, Tap::new(tcp))
            .into_fallible()
            .await
            .map_err(|(error, tap)| classify(error, tap.head()))
    }
}

/// A TLS connection whose certificate the caller has to decide upon. Not one byte of HTTP was
/// sent; dropping it closes the connection.
pub struct Dialed {
    dialer: Dialer,
    address: HostPort,
    certificate: Certificate,
    stream: TlsStream,
}

impl std::fmt::Debug for Dialed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Dialed")
            .field("address", &self.address)
            .field("fingerprint", &self.certificate.fingerprint)
            .finish_non_exhaustive()
    }
}

impl Dialed {
    /// The certificate that the server showed.
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Where the connection leads.
    pub const fn address(&self) -> &HostPort {
        &self.address
    }

    /// This computer's address on the connection: the one by which the server's network is reached.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.stream.get_ref().0.inner().local_addr()
    }

    /// Whether the TLS session was resumed.
    pub fn is_resumed(&self) -> bool {
        self.stream.get_ref().1.handshake_kind() == Some(rustls::HandshakeKind::Resumed)
    }

    /// Accepts the certificate: from now on requests can be sent, and each further connection
    /// must show the same one.
    pub fn into_link(self) -> Link {
        Link::new(self.dialer, self.address, self.certificate, self.stream)
    }

    pub(super) fn into_stream(self) -> TlsStream {
        self.stream
    }
}

fn leaf(stream: &TlsStream) -> Result<Certificate, DialError> {
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let leaf = chain.first().ok_or(DialError::BadCertificate)?;
    Certificate::read(leaf).ok_or(DialError::BadCertificate)
}

/// The addresses of a name, in the order in which they are tried.
pub(crate) async fn resolve(address: &HostPort) -> Result<Vec<SocketAddr>, DialError> {
    let found = lookup_host((address.host(), address.port())).await;
    let found: Vec<SocketAddr> = found.map_err(|_| DialError::NameNotFound)?.collect();
    if found.is_empty() {
        return Err(DialError::NameNotFound);
    }
    Ok(alternate(found))
}

/// Alternates the address families, beginning with the first one's (RFC 8305 §4).
fn alternate(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == first_is_v6);
    let mut second = second.into_iter();
    let mut order: Vec<SocketAddr> = Vec::new();
    for address in first {
        order.push(address);
        order.extend(second.next());
    }
    order.extend(second);
    order.truncate(MAX_ADDRESSES);
    order
}

/// Connects to the addresses, a new attempt every [`ATTEMPT_DELAY`] or as soon as one has failed;
/// the first connection wins and the rest is given up.
async fn race(addresses: Vec<SocketAddr>) -> Result<TcpStream, DialError> {
    let mut waiting = addresses.into_iter();
    let mut attempts = JoinSet::new();
    let mut failure = DialError::NameNotFound;
    loop {
        if let Some(address) = waiting.next() {
            attempts.spawn(TcpStream::connect(address));
        }
        let more = waiting.len() > 0;
        tokio::select! {
            Some(ended) = attempts.join_next() => match ended {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => failure = refusal(&error),
                Err(_) => {}
            },
            () = tokio::time::sleep(ATTEMPT_DELAY), if more => {}
            else => return Err(failure),
        }
    }
}

fn refusal(error: &io::Error) -> DialError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => DialError::Refused,
        io::ErrorKind::TimedOut => DialError::Silent,
        kind => DialError::Unreachable(kind),
    }
}

/// What a failed handshake means, by its error and by the first bytes that came.
fn classify(error: io::Error, head: &[u8]) -> DialError {
    use rustls::Error;
    let kind = error.kind();
    if head.starts_with(b"HTTP/") {
        return DialError::PlainHttp;
    }
    let tls = error.into_inner().and_then(|e| e.downcast::<Error>().ok());
    match tls.map(|e| *e) {
        Some(Error::AlertReceived(AlertDescription::ProtocolVersion))
        | Some(Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        )) => DialError::TlsTooOld,
        Some(_) if old_server_hello(head) => DialError::TlsTooOld,
        Some(Error::InvalidMessage(_)) if !head.is_empty() && !tls_record(head) => {
            DialError::NotTls
        }
        Some(error) => DialError::Handshake(error),
        None if kind == io::ErrorKind::UnexpectedEof && !tls_record(head) && !head.is_empty() => {
            DialError::NotTls
        }
        None => DialError::Closed,
    }
}

/// Whether the bytes begin as a TLS alert or handshake record does (RFC 8446 §5.1).
fn tls_record(head: &[u8]) -> bool {
    matches!(head, [21 | 22, 3, ..])
}

/// Whether the bytes begin with a ServerHello of a version before 1.2 (RFC 5246 §7.4.1.3).
fn old_server_hello(head: &[u8]) -> bool {
    matches!(head, [22, 3, _, _, _, 2, _, _, _, 3, 0..=2, ..])
}

/// Between two attempts to connect (RFC 8305 §5: 250 ms recommended).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Most addresses of one name that are tried (our choice: 5 s leave time for no more).
const MAX_ADDRESSES: usize = 16;

#[cfg(test)]
mod tests;
