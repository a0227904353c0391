//! What the ICE agent gets instead of sockets.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicU16, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::{Mutex, mpsc};
use webrtc_ice::{
    agent::{Agent, agent_config::AgentConfig},
    candidate::{Candidate, CandidateType, candidate_base::unmarshal_candidate},
    mdns::MulticastDnsMode,
    network_type::NetworkType,
    udp_mux::UDPMux,
    udp_network::UDPNetwork,
    url::{ProtoType, SchemeType, Url},
};
use webrtc_util::{Conn, Error, vnet::net::Net};

use crate::transport::{
    IceCredentials, IceSettings, ServerAddress, check::OpenChecks, socket::MediaSocket,
};

/// The agent's end of our socket: it sends through it and is handed STUN messages. Holds the
/// socket weakly: a task of the agent that lives too long keeps no descriptor.
///
/// The agent nominates a pair only with the next round of checks after the pair has answered: up
/// to a whole interval late. There is no call to start a round, but each new remote candidate
/// does: once an answer has been dealt with, it is given one of the family that it has no socket for,
/// which pairs with nothing.
pub(crate) struct AgentPort {
    socket: Weak<MediaSocket>,
    stun: Mutex<Inbox>,
    agent: OnceLock<Weak<Agent>>,
    rounds: AtomicU16,
    checks: Arc<OpenChecks>,
}

struct Inbox {
    messages: mpsc::Receiver<(Vec<u8>, SocketAddr)>,
    /// The message given last was an answer; it has been dealt with when the next one is asked
    /// for.
    answered: bool,
}

impl AgentPort {
    pub(crate) fn new(
        socket: &Arc<MediaSocket>,
        stun: mpsc::Receiver<(Vec<u8>, SocketAddr)>,
        checks: Arc<OpenChecks>,
    ) -> Self {
        Self {
            socket: Arc::downgrade(socket),
            stun: Mutex::new(Inbox {
                messages: stun,
                answered: false,
            }),
            agent: OnceLock::new(),
            rounds: AtomicU16::new(0),
            checks,
        }
    }

    /// The agent that it belongs to.
    pub(crate) fn attach(&self, agent: &Arc<Agent>) {
        let _ = self.agent.set(Arc::downgrade(agent));
    }

    /// Starts a round of checks, unless a pair is selected.
    fn start_round(&self) {
        let Some(agent) = self.agent.get().and_then(Weak::upgrade) else {
            return;
        };
        let round = self.rounds.fetch_add(1, Relaxed);
        if round >= EXTRA_ROUNDS || agent.get_selected_candidate_pair().is_some() {
            return;
        }
        let v6 = self.socket().is_ok_and(|socket| socket.is_v6());
        let address = if v6 { "0.0.0.0" } else { "::" };
        let line = format!("0 1 udp 1 {address} {} typ host", 1 + round);
        if let Ok(candidate) = unmarshal_candidate(&line) {
            let candidate: Arc<dyn Candidate + Send + Sync> = Arc::new(candidate);
            let _ = agent.add_remote_candidate(&candidate);
        }
    }

    fn socket(&self) -> Result<Arc<MediaSocket>, Error> {
        self.socket.upgrade().ok_or_else(closed)
    }
}

#[async_trait]
impl UDPMux for AgentPort {
    async fn close(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn get_conn(self: Arc<Self>, _ufrag: &str) -> Result<Arc<dyn Conn + Send + Sync>, Error> {
        Ok(self)
    }

    async fn remove_conn_by_ufrag(&self, _ufrag: &str) {}
}

#[async_trait]
impl Conn for AgentPort {
    async fn connect(&self, _to: SocketAddr) -> Result<(), Error> {
        Err(unsupported())
    }

    async fn recv(&self, _buffer: &mut [u8]) -> Result<usize, Error> {
        Err(unsupported())
    }

    async fn recv_from(&self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), Error> {
        let mut inbox = self.stun.lock().await;
        if std::mem::take(&mut inbox.answered) {
            self.start_round();
        }
        let (message, from) = inbox.messages.recv().await.ok_or_else(closed)?;
        inbox.answered = message.starts_with(&BINDING_SUCCESS.to_be_bytes());
        let length = message.len().min(buffer.len());
        buffer[..length].copy_from_slice(&message[..length]);
        Ok((length, from))
    }

    async fn send(&self, _buffer: &[u8]) -> Result<usize, Error> {
        Err(unsupported())
    }

    async fn send_to(&self, buffer: &[u8], to: SocketAddr) -> Result<usize, Error> {
        self.checks.sent(buffer);
        self.socket()?.try_send_to(buffer, to)?;
        Ok(buffer.len())
    }

    fn local_addr(&self) -> Result<SocketAddr, Error> {
        Ok(self.socket()?.local_addr()?)
    }

    fn remote_addr(&self) -> Option<SocketAddr> {
        None
    }

    async fn close(&self) -> Result<(), Error> {
        Ok(())
    }

    fn as_any(&self) -> &(dyn std::any::Any + Send + Sync) {
        self
    }
}

fn closed() -> Error {
    io::Error::from(io::ErrorKind::NotConnected).into()
}

fn unsupported() -> Error {
    io::Error::from(io::ErrorKind::Unsupported).into()
}

/// Which addresses are candidates. One socket has one family: IPv4, or IPv6 where there is no
/// other than the loopback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Family {
    pub(crate) v6: bool,
    pub(crate) loopback: bool,
}

impl Family {
    pub(crate) async fn of(net: &Net, include_loopback: bool) -> Self {
        let interfaces = net.get_interfaces().await;
        let addresses = interfaces.iter().flat_map(|interface| interface.addrs());
        Self::choose(addresses.map(|address| address.addr()), include_loopback)
    }

    fn choose(addresses: impl Iterator<Item = IpAddr>, include_loopback: bool) -> Self {
        let outward = addresses.filter(|address| !address.is_loopback() && is_usable(*address));
        let (v4, v6): (Vec<_>, Vec<_>) = outward.partition(IpAddr::is_ipv4);
        match (v4.is_empty(), v6.is_empty()) {
            (false, _) => Self {
                v6: false,
                loopback: include_loopback,
            },
            (true, false) => Self {
                v6: true,
                loopback: include_loopback,
            },
            (true, true) => Self {
                v6: false,
                loopback: true,
            },
        }
    }
}

/// Link-local IPv6 addresses would need a scope, which no candidate carries.
fn is_usable(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => true,
        IpAddr::V6(v6) => v6.segments()[0] & 0xffc0 != 0xfe80,
    }
}

pub(crate) fn agent_config(
    settings: &IceSettings,
    credentials: &IceCredentials,
    family: Family,
    net: Arc<Net>,
    port: Arc<AgentPort>,
) -> AgentConfig {
    let relays = relay_urls(settings);
    let mut candidate_types = vec![CandidateType::Host];
    if !relays.is_empty() {
        candidate_types.push(CandidateType::Relay);
    }
    let network = if family.v6 {
        NetworkType::Udp6
    } else {
        NetworkType::Udp4
    };
    let now = Some(Duration::ZERO);
    AgentConfig {
        urls: relays,
        udp_network: UDPNetwork::Muxed(port),
        local_ufrag: credentials.ufrag.clone(),
        local_pwd: credentials.pwd.clone(),
        multicast_dns_mode: MulticastDnsMode::Disabled,
        // The limit for checks before a pair works. Afterwards whoever uses the path judges: the agent
        // would by the time of day, which jumps.
        disconnected_timeout: Some(settings.give_up_after),
        failed_timeout: Some(Duration::ZERO),
        keepalive_interval: Some(KEEPALIVE),
        network_types: vec![network],
        candidate_types,
        check_interval: CHECK_INTERVAL,
        max_binding_requests: Some(MAX_BINDING_REQUESTS),
        host_acceptance_min_wait: now,
        srflx_acceptance_min_wait: now,
        prflx_acceptance_min_wait: now,
        relay_acceptance_min_wait: now,
        net: Some(net),
        ip_filter: Arc::new(Some(Box::new(is_usable))),
        include_loopback: family.loopback,
        ..AgentConfig::default()
    }
}

fn relay_urls(settings: &IceSettings) -> Vec<Url> {
    let relays = settings.servers.iter().filter_map(|server| {
        let address = ServerAddress::parse(&server.url).filter(|address| address.relay)?;
        Some(Url {
            scheme: SchemeType::Turn,
            host: address.host,
            port: address.port,
            username: server.username.clone(),
            password: server.credential.clone(),
            proto: ProtoType::Udp,
        })
    });
    relays.collect()
}

/// Rounds of checks that are started by answers.
const EXTRA_ROUNDS: u16 = 16;
/// STUN message type (RFC 8489 §6).
const BINDING_SUCCESS: u16 = 0x0101;
/// Between two rounds of checks. The agent's default, 200 ms, costs each call as much.
const CHECK_INTERVAL: Duration = Duration::from_millis(20);
/// Rounds before a pair is given up: 30 s of them.
const MAX_BINDING_REQUESTS: u16 = 1_500;
/// Between checks of a working pair, which ask for consent (RFC 7675 §5.1 says 5 s). This often, a
/// held call whose far side vanishes is told from one that lost a message or two.
const KEEPALIVE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn family(addresses: &[&str]) -> Family {
        let parsed = addresses
            .iter()
            .map(|address| address.parse().expect("an address"));
        Family::choose(parsed, false)
    }

    #[test]
    fn ipv4_goes_before_ipv6_and_the_loopback_is_the_last_resort() {
        let v4 = Family {
            v6: false,
            loopback: false,
        };
        let v6 = Family {
            v6: true,
            loopback: false,
        };
        let loopback = Family {
            v6: false,
            loopback: true,
        };
        assert_eq!(family(&["127.0.0.1", "2001:db8::1", "192.0.2.1"]), v4);
        assert_eq!(family(&["127.0.0.1", "fe80::1", "2001:db8::1"]), v6);
        assert_eq!(family(&["127.0.0.1", "::1", "fe80::1"]), loopback);
        assert_eq!(family(&[]), loopback);
    }
}
