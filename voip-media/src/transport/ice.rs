use std::{
    collections::{HashSet, VecDeque},
    net::{IpAddr, SocketAddr},
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use tokio::{sync::mpsc, task::JoinSet};
use webrtc_ice::{
    agent::Agent,
    candidate::{Candidate, CandidateType, candidate_base::unmarshal_candidate},
    state::ConnectionState,
};
use webrtc_util::{Conn, vnet::net::Net};

use crate::{
    DropCounts, MediaTime,
    transport::{
        DatagramKind, IceCandidate, IceCredentials, IceError, IceEvent, IceRole, IceSettings,
        IceTransport, LocalEnd, RemoteEnd, ServerAddress,
        agent_port::{AgentPort, Family, agent_config},
        binding,
        check::{Check, OpenChecks},
        classify, random_bytes, random_token,
        socket::{MediaSocket, Received},
    },
};

/// [`IceTransport`] by `webrtc-ice`.
///
/// The agent does not get the socket: one socket carries everything and is read here. STUN goes to
/// the agent, what comes from the far side to the session, the rest is counted. So no datagram
/// takes a detour through the agent's buffer, strangers are seen, and nothing of the agent holds
/// a descriptor after [`WebrtcIce::close`].
pub(crate) struct WebrtcIce {
    agent: Option<Arc<Agent>>,
    credentials: IceCredentials,
    socket: Arc<MediaSocket>,
    stun: mpsc::Sender<(Vec<u8>, SocketAddr)>,
    checks: Arc<OpenChecks>,
    /// Password of the far side.
    remote_pwd: String,
    notes: mpsc::Receiver<Note>,
    notes_in: mpsc::Sender<Note>,
    remote: HashSet<SocketAddr>,
    /// Other addresses that an authentic check came from, the newest last.
    reflexive: VecDeque<SocketAddr>,
    early: Vec<(SocketAddr, Vec<u8>)>,
    replay: Vec<Vec<u8>>,
    bindings: Vec<Binding>,
    gathering: Gathering,
    relay: Option<Relay>,
    helpers: JoinSet<()>,
    connected: bool,
    drops: DropCounts,
}

/// What the agent's callbacks and our helper tasks tell.
enum Note {
    Candidate(IceCandidate),
    AgentGathered,
    State(ConnectionState),
    Relayed(Vec<u8>),
    Server(usize, SocketAddr),
    Resolved(IceCandidate),
    BindingTick(usize),
    /// A STUN server has answered.
    Settled,
    /// A second has passed on a relayed path.
    RelayTick,
}

/// A question to a STUN server.
struct Binding {
    transaction: [u8; 12],
    server: Option<SocketAddr>,
    attempts: u32,
    done: bool,
}

#[derive(Default)]
struct Gathering {
    agent_done: bool,
    announced: bool,
}

/// Where a TURN server takes part, the agent's own connection is needed.
struct Relay {
    outgoing: mpsc::Sender<Vec<u8>>,
    outgoing_out: Option<mpsc::Receiver<Vec<u8>>>,
    /// When the agent had heard the far side, by its own clock.
    heard: Option<SystemTime>,
}

impl WebrtcIce {
    /// Binds the socket and starts gathering. Needs a tokio runtime.
    pub(crate) async fn gather(settings: &IceSettings) -> Result<Self, IceError> {
        let net = Arc::new(Net::new(None));
        let family = Family::of(&net, settings.include_loopback).await;
        let socket =
            MediaSocket::bind(family.v6).map_err(|error| IceError::Socket(error.kind()))?;
        let socket = Arc::new(socket);
        let (stun, stun_out) = mpsc::channel(STUN_QUEUE);
        let (notes_in, notes) = mpsc::channel(NOTE_QUEUE);
        let credentials = IceCredentials {
            ufrag: random_token(8),
            pwd: random_token(24),
        };
        let checks = Arc::new(OpenChecks::default());
        let port = AgentPort::new(&socket, stun_out, Arc::clone(&checks));
        let port = Arc::new(port);
        let config = agent_config(settings, &credentials, family, net, Arc::clone(&port));
        let agent = Arc::new(Agent::new(config).await.map_err(|_| IceError::Agent)?);
        port.attach(&agent);
        listen(&agent, &notes_in);
        let mut ice = Self {
            agent: Some(agent),
            credentials,
            socket,
            stun,
            checks,
            remote_pwd: String::new(),
            notes,
            notes_in,
            remote: HashSet::new(),
            reflexive: VecDeque::new(),
            early: Vec::new(),
            replay: Vec::new(),
            bindings: Vec::new(),
            gathering: Gathering::default(),
            relay: None,
            helpers: JoinSet::new(),
            connected: false,
            drops: DropCounts::default(),
        };
        ice.start_gathering(settings)?;
        Ok(ice)
    }

    fn start_gathering(&mut self, settings: &IceSettings) -> Result<(), IceError> {
        let servers = settings
            .servers
            .iter()
            .filter_map(|server| ServerAddress::parse(&server.url));
        let (relays, reflectors): (Vec<_>, Vec<_>) = servers.partition(|server| server.relay);
        if !relays.is_empty() {
            let (outgoing, outgoing_out) = mpsc::channel(RELAY_QUEUE);
            self.relay = Some(Relay {
                outgoing,
                outgoing_out: Some(outgoing_out),
                heard: None,
            });
        }
        for (index, server) in reflectors.into_iter().enumerate() {
            self.bindings.push(Binding {
                transaction: random_bytes(),
                server: None,
                attempts: 0,
                done: false,
            });
            self.helpers.spawn(ask_server(
                index,
                server,
                self.is_v6(),
                self.notes_in.clone(),
            ));
        }
        self.agent()?
            .gather_candidates()
            .map_err(|_| IceError::Agent)
    }

    fn is_v6(&self) -> bool {
        self.socket.is_v6()
    }

    fn agent(&self) -> Result<&Arc<Agent>, IceError> {
        self.agent.as_ref().ok_or(IceError::Agent)
    }

    fn take_note(&mut self, note: Note, buffer: &mut [u8]) -> Option<IceEvent> {
        match note {
            Note::Candidate(candidate) => Some(IceEvent::Candidate(candidate)),
            Note::AgentGathered => {
                self.gathering.agent_done = true;
                self.announce_gathered()
            }
            Note::State(state) => self.take_state(state),
            Note::Relayed(datagram) => {
                let room = buffer.get_mut(..datagram.len())?;
                room.copy_from_slice(&datagram);
                Some(IceEvent::Datagram(datagram.len()))
            }
            Note::Server(index, address) => {
                self.bindings.get_mut(index)?.server = Some(address);
                self.repeat_binding(index)
            }
            Note::BindingTick(index) => self.repeat_binding(index),
            Note::Settled => self.announce_gathered(),
            Note::RelayTick => self.relay_heard(),
            Note::Resolved(candidate) => {
                self.add_remote_candidate(&candidate);
                None
            }
        }
    }

    fn take_state(&mut self, state: ConnectionState) -> Option<IceEvent> {
        match state {
            ConnectionState::Connected | ConnectionState::Completed => {
                self.connected = true;
                self.replay_early();
                Some(IceEvent::Connected)
            }
            ConnectionState::Failed => Some(IceEvent::Failed),
            ConnectionState::Unspecified
            | ConnectionState::New
            | ConnectionState::Checking
            | ConnectionState::Disconnected
            | ConnectionState::Closed => None,
        }
    }

    /// The handshake of a far side behind a NAT may overtake the check that makes its address
    /// known.
    fn replay_early(&mut self) {
        for (from, datagram) in std::mem::take(&mut self.early) {
            if self.knows(from) {
                self.replay.push(datagram);
            } else {
                self.drops.strangers += 1;
            }
        }
    }

    fn selected_remote(&self) -> Option<SocketAddr> {
        let pair = self.agent.as_ref()?.get_selected_candidate_pair()?;
        Some(pair.remote.addr())
    }

    /// Whether the far side may send from there: a candidate, told or found by a check.
    fn knows(&self, from: SocketAddr) -> bool {
        self.remote.contains(&from)
            || self.reflexive.contains(&from)
            || self.selected_remote() == Some(from)
    }

    /// A peer-reflexive candidate (RFC 8445 §7.3.1.3): it may send media although we don't send
    /// there. The oldest goes if there are too many.
    fn found_by_check(&mut self, from: SocketAddr) {
        if self.reflexive.len() == MAX_REFLEXIVE {
            self.reflexive.pop_front();
        }
        self.reflexive.push_back(from);
    }

    fn sort(&mut self, received: Received, buffer: &[u8]) -> Option<IceEvent> {
        let Received::Datagram(length, from) = received else {
            self.drops.oversized += 1;
            return None;
        };
        let datagram = &buffer[..length];
        match classify(datagram) {
            DatagramKind::Stun => self.take_stun(datagram, from),
            DatagramKind::Unknown => {
                self.drops.malformed += 1;
                None
            }
            kind => self.admit(kind, datagram, from),
        }
    }

    fn admit(&mut self, kind: DatagramKind, datagram: &[u8], from: SocketAddr) -> Option<IceEvent> {
        if self.knows(from) {
            return Some(IceEvent::Datagram(datagram.len()));
        }
        if kind == DatagramKind::Dtls && !self.connected && self.early.len() < EARLY_DATAGRAMS {
            self.early.push((from, datagram.to_vec()));
        } else {
            self.drops.strangers += 1;
        }
        None
    }

    fn take_stun(&mut self, datagram: &[u8], from: SocketAddr) -> Option<IceEvent> {
        let asked = self
            .bindings
            .iter()
            .position(|binding| binding.server == Some(from));
        if let Some(index) = asked {
            return self.take_binding(index, datagram);
        }
        if self.stun.try_send((datagram.to_vec(), from)).is_err() {
            self.drops.receive_overflow += 1;
        }
        self.sign_of_life(datagram, from)
    }

    /// Only the path in use tells whether it works. Who knows our password may send.
    fn sign_of_life(&mut self, message: &[u8], from: SocketAddr) -> Option<IceEvent> {
        let selected = self.selected_remote() == Some(from);
        if !selected && self.knows(from) {
            return None;
        }
        let (ours, theirs) = (&self.credentials.pwd, &self.remote_pwd);
        match self.checks.received(message, ours, theirs)? {
            Check::Request if !selected => {
                self.found_by_check(from);
                None
            }
            Check::Answer if !selected => None,
            Check::Request => Some(IceEvent::Heard),
            Check::Answer => Some(IceEvent::Consent),
        }
    }

    /// Checks through a relay are the agent's alone: all it tells is when it heard the far side.
    fn relay_heard(&mut self) -> Option<IceEvent> {
        let pair = self.agent.as_ref()?.get_selected_candidate_pair()?;
        let relay = self.relay.as_mut()?;
        let heard = Some(pair.remote.last_received());
        let relayed = pair.local.candidate_type() == CandidateType::Relay;
        (relayed && relay.heard != heard).then(|| {
            relay.heard = heard;
            IceEvent::Consent
        })
    }

    fn take_binding(&mut self, index: usize, datagram: &[u8]) -> Option<IceEvent> {
        let binding = self
            .bindings
            .get_mut(index)
            .filter(|binding| !binding.done)?;
        let mapped = binding::mapped_address(datagram, &binding.transaction)?;
        binding.done = true;
        let base = self.socket.local_addr().ok()?;
        let candidate = IceCandidate::reflexive(mapped, base, index);
        let _ = self.notes_in.try_send(Note::Settled);
        Some(IceEvent::Candidate(candidate))
    }

    fn repeat_binding(&mut self, index: usize) -> Option<IceEvent> {
        let binding = self.bindings.get_mut(index)?;
        let server = binding
            .server
            .filter(|_| binding.attempts < BINDING_ATTEMPTS);
        match server {
            _ if binding.done => None,
            Some(server) => {
                binding.attempts += 1;
                let request = binding::request(&binding.transaction);
                let _ = self.socket.try_send_to(&request, server);
                None
            }
            None => {
                binding.done = true;
                self.announce_gathered()
            }
        }
    }

    fn announce_gathered(&mut self) -> Option<IceEvent> {
        let complete =
            self.gathering.agent_done && self.bindings.iter().all(|binding| binding.done);
        let first = complete && !self.gathering.announced;
        self.gathering.announced |= first;
        first.then_some(IceEvent::GatheringComplete)
    }

    /// Starts the agent's connection for relayed datagrams.
    fn pump(&mut self, role: IceRole, remote: &IceCredentials) -> Result<(), IceError> {
        let agent = Arc::clone(self.agent()?);
        let (remote, notes) = (remote.clone(), self.notes_in.clone());
        let Some(outgoing) = self
            .relay
            .as_mut()
            .and_then(|relay| relay.outgoing_out.take())
        else {
            return Err(IceError::Agent);
        };
        self.helpers.spawn(async move {
            let (_cancel, cancelled) = mpsc::channel(1);
            match role {
                IceRole::Controlling => match agent.dial(cancelled, remote.ufrag, remote.pwd).await
                {
                    Ok(conn) => pump_relayed(conn, outgoing, notes).await,
                    Err(error) => tracing::debug!(%error, "ICE could not start"),
                },
                IceRole::Controlled => {
                    match agent.accept(cancelled, remote.ufrag, remote.pwd).await {
                        Ok(conn) => pump_relayed(conn, outgoing, notes).await,
                        Err(error) => tracing::debug!(%error, "ICE could not start"),
                    }
                }
            }
        });
        Ok(())
    }
}

#[async_trait]
impl IceTransport for WebrtcIce {
    fn local(&self) -> LocalEnd<'_> {
        LocalEnd::Ice(&self.credentials)
    }

    async fn connect(&mut self, remote: RemoteEnd<'_>, _: MediaTime) -> Result<(), IceError> {
        let RemoteEnd::Ice {
            role,
            credentials: remote,
        } = remote
        else {
            return Err(IceError::NoPath);
        };
        self.remote_pwd.clone_from(&remote.pwd);
        if self.relay.is_some() {
            self.helpers.spawn(tick(self.notes_in.clone()));
            return self.pump(role, remote);
        }
        // The agent starts its checks and would then wait for their result; a cancelled wait
        // leaves the checks running.
        let (cancel, cancelled) = mpsc::channel(1);
        drop(cancel);
        let agent = Arc::clone(self.agent()?);
        let remote = remote.clone();
        let started = match role {
            IceRole::Controlling => agent
                .dial(cancelled, remote.ufrag, remote.pwd)
                .await
                .map(drop),
            IceRole::Controlled => agent
                .accept(cancelled, remote.ufrag, remote.pwd)
                .await
                .map(drop),
        };
        match started {
            Ok(()) | Err(webrtc_ice::Error::ErrCanceledByCaller) => Ok(()),
            Err(_) => Err(IceError::Agent),
        }
    }

    fn add_remote_candidate(&mut self, candidate: &IceCandidate) {
        if self.remote.len() >= MAX_REMOTE_CANDIDATES {
            return;
        }
        if let Some((host, port)) = candidate.host_name() {
            let (name, notes) = ((host.to_owned(), port), self.notes_in.clone());
            self.helpers
                .spawn(resolve(name, self.is_v6(), candidate.clone(), notes));
            return;
        }
        let (Some(address), Ok(agent)) = (candidate.address(), self.agent()) else {
            return;
        };
        let Ok(parsed) = unmarshal_candidate(candidate.bare()) else {
            return;
        };
        let parsed: Arc<dyn Candidate + Send + Sync> = Arc::new(parsed);
        if agent.add_remote_candidate(&parsed).is_ok() {
            self.remote.insert(address);
        }
    }

    fn poll_receive(&mut self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<IceEvent> {
        loop {
            if let Some(datagram) = self.replay.pop() {
                buffer[..datagram.len()].copy_from_slice(&datagram);
                return Poll::Ready(IceEvent::Datagram(datagram.len()));
            }
            let event = if let Poll::Ready(Some(note)) = self.notes.poll_recv(context) {
                self.take_note(note, buffer)
            } else {
                let received = ready!(self.socket.poll_receive(context, buffer));
                self.sort(received, buffer)
            };
            if let Some(event) = event {
                return Poll::Ready(event);
            }
        }
    }

    fn send(&mut self, datagram: &[u8]) -> Result<(), IceError> {
        let pair = self
            .agent()?
            .get_selected_candidate_pair()
            .ok_or(IceError::NoPath)?;
        if pair.local.candidate_type() == CandidateType::Relay {
            let relay = self.relay.as_ref().ok_or(IceError::NoPath)?;
            return relay
                .outgoing
                .try_send(datagram.to_vec())
                .map_err(|_| IceError::Full);
        }
        self.socket
            .try_send_to(datagram, pair.remote.addr())
            .map_err(|_| IceError::Full)
    }

    fn local_address(&self) -> Option<IpAddr> {
        let pair = self.agent.as_ref()?.get_selected_candidate_pair()?;
        let direct = pair.local.candidate_type() != CandidateType::Relay;
        direct.then(|| pair.local.addr().ip())
    }

    fn drops(&self) -> DropCounts {
        self.drops
    }

    async fn close(&mut self) {
        self.helpers.shutdown().await;
        if let Some(agent) = self.agent.take() {
            let _ = agent.close().await;
        }
    }
}

/// The agent's tasks and sockets live on until it is closed: that can't be left to the caller.
impl Drop for WebrtcIce {
    fn drop(&mut self) {
        let Some(agent) = self.agent.take() else {
            return;
        };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { agent.close().await });
        }
    }
}

/// Turns the agent's callbacks into notes. A full queue drops the note: the agent must not wait.
fn listen(agent: &Agent, notes: &mpsc::Sender<Note>) {
    let states = notes.clone();
    agent.on_connection_state_change(Box::new(move |state| {
        let _ = states.try_send(Note::State(state));
        Box::pin(async {})
    }));
    let candidates = notes.clone();
    agent.on_candidate(Box::new(move |candidate| {
        let note = match candidate {
            Some(candidate) => IceCandidate::parse(&candidate.marshal()).map(Note::Candidate),
            None => Some(Note::AgentGathered),
        };
        if let Some(note) = note {
            let _ = candidates.try_send(note);
        }
        Box::pin(async {})
    }));
}

async fn ask_server(index: usize, server: ServerAddress, v6: bool, notes: mpsc::Sender<Note>) {
    let name = (server.host, server.port);
    if let Some(address) = look_up(name, v6).await {
        let _ = notes.send(Note::Server(index, address)).await;
        for wait in BINDING_WAITS {
            tokio::time::sleep(wait).await;
            let _ = notes.send(Note::BindingTick(index)).await;
        }
    } else {
        let _ = notes.send(Note::BindingTick(index)).await;
    }
}

async fn resolve(
    name: (String, u16),
    v6: bool,
    candidate: IceCandidate,
    notes: mpsc::Sender<Note>,
) {
    if let Some(address) = look_up(name, v6).await {
        let _ = notes
            .send(Note::Resolved(candidate.resolved(address)))
            .await;
    }
}

async fn look_up(name: (String, u16), v6: bool) -> Option<SocketAddr> {
    let found = tokio::time::timeout(LOOK_UP_TIMEOUT, tokio::net::lookup_host(name)).await;
    found.ok()?.ok()?.find(|address| address.is_ipv6() == v6)
}

async fn tick(notes: mpsc::Sender<Note>) {
    loop {
        tokio::time::sleep(RELAY_TICK).await;
        let _ = notes.try_send(Note::RelayTick);
    }
}

async fn pump_relayed(
    conn: Arc<impl Conn>,
    mut outgoing: mpsc::Receiver<Vec<u8>>,
    notes: mpsc::Sender<Note>,
) {
    let mut buffer = vec![0; crate::MAX_DATAGRAM];
    loop {
        tokio::select! {
            received = conn.recv(&mut buffer) => match received {
                Ok(length) => {
                    let _ = notes.try_send(Note::Relayed(buffer[..length].to_vec()));
                }
                Err(_) => return,
            },
            datagram = outgoing.recv() => match datagram {
                Some(datagram) => {
                    let _ = conn.send(&datagram).await;
                }
                None => return,
            },
        }
    }
}

/// STUN messages on their way to the agent; it reads none before the checks start, and the newest
/// are dropped then.
const STUN_QUEUE: usize = 64;
/// Notes of the agent: a few for each candidate, and relayed datagrams.
const NOTE_QUEUE: usize = 256;
/// Datagrams on their way to the relay.
const RELAY_QUEUE: usize = 32;
/// As often as the agent checks a working pair.
const RELAY_TICK: Duration = Duration::from_secs(1);
/// Handshake datagrams kept from addresses that are not known yet.
const EARLY_DATAGRAMS: usize = 4;
/// Candidates of the far side that are taken (as many as the signalling lets through).
const MAX_REMOTE_CANDIDATES: usize = 64;
/// Addresses of the far side that only its checks tell: one for each of its networks, and to spare.
const MAX_REFLEXIVE: usize = 8;
/// Requests to a STUN server, and the waits between them (RFC 8489 §6.2.1, quicker at first);
/// after the last one it is given up.
const BINDING_ATTEMPTS: u32 = 5;
const BINDING_WAITS: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(800),
];
/// For the address of a STUN server or an mDNS name.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests;
