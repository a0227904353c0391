use std::{
    future::{pending, poll_fn},
    sync::Arc,
    time::Instant,
};

use tokio::sync::{mpsc, oneshot};

use crate::{
    DtmfError, MediaProfile, MediaTime, NegotiationError, SeqNum, SessionConfig, SessionError,
    SessionEvent, Ssrc,
    jsep::Direction,
    rtp::{KeyTone, Packetizer},
    session::{
        apart::OwnSound,
        engine::Place,
        link::{self, MediaNote, TaskEnds},
        liveness::{Liveness, LivenessEvent, Sign},
        media::MediaCommand,
        music::MusicPlayer,
        negotiation::Negotiation,
        network::{Network, Way},
        shared::SessionShared,
        stream::{Control, SessionStream, Sounds},
    },
    transport::{
        Announced, DirectPath, DtlsSrtp, IceError, IceEvent, IceSettings, IceTransport, Identity,
        RECEIVE_BUFFER, Sdes, SecureTransport, Unprotected, WebrtcIce, random_bytes, random_u32,
    },
};

type Reply<T> = oneshot::Sender<Result<T, NegotiationError>>;

/// What the handle asks of its task. No `Debug`: descriptions have keys in them.
pub(crate) enum Command {
    Offer {
        restart: bool,
        reply: Reply<String>,
    },
    AcceptOffer {
        sdp: String,
        reply: Reply<String>,
    },
    AcceptAnswer {
        sdp: String,
        reply: Reply<()>,
    },
    RollBack {
        reply: oneshot::Sender<()>,
    },
    AddCandidates {
        candidates: Vec<String>,
        reply: oneshot::Sender<()>,
    },
    SendDtmf {
        tones: Vec<KeyTone>,
        reply: oneshot::Sender<Result<(), DtmfError>>,
    },
    Close {
        reply: oneshot::Sender<()>,
    },
}

/// The task of a session: owns its sockets and keys, serves its handle, moves packets between the
/// network and the media thread.
///
/// The path: none → looking (first description) → connected ⇄ disconnected → failed (end). The
/// keys follow the path: none → handshake, or keys of the descriptions → established. A new path is looked for beside the old
/// one and takes its place when it works.
pub(crate) struct Driver {
    pub(super) config: SessionConfig,
    pub(super) identity: Identity,
    pub(super) place: Place,
    pub(super) shared: Arc<SessionShared>,
    inbox: mpsc::Receiver<Command>,
    pub(super) ends: TaskEnds,
    pub(super) path: Option<Path>,
    /// What is to take the path's place (ICE restart).
    pub(super) next_path: Option<Path>,
    pub(super) secure: Box<dyn SecureTransport>,
    pub(super) secure_due: Option<Instant>,
    pub(super) handshake_started: bool,
    pub(super) established: bool,
    pub(super) negotiation: Negotiation,
    pub(super) network: Network,
    /// The engine's devices are asked for, or aren't needed.
    pub(super) sound_acquired: bool,
    pub(super) sound_opening: Option<tokio::task::JoinHandle<()>>,
    control: Control,
    end: Option<Option<SessionError>>,
    close_reply: Option<oneshot::Sender<()>>,
    pub(super) buffer: Box<[u8; RECEIVE_BUFFER]>,
    next_buffer: Box<[u8; RECEIVE_BUFFER]>,
}

/// A path and what is known of it.
pub(crate) struct Path {
    pub(super) ice: Box<dyn IceTransport>,
    pub(super) connecting: bool,
    pub(super) connected: bool,
    pub(super) disconnected: bool,
    /// Once it is connected.
    pub(super) liveness: Option<Liveness>,
    /// The network has changed under it, which has been told.
    pub(super) abandoned: bool,
    /// The far side no longer consents: nothing may be sent (RFC 7675 §5.1).
    pub(super) expired: bool,
    /// Its candidates were in a description; later ones are trickled.
    pub(super) described: bool,
    pub(super) candidates: Vec<crate::transport::IceCandidate>,
    pub(super) complete: bool,
}

impl Path {
    fn new(ice: Box<dyn IceTransport>) -> Self {
        Self {
            ice,
            connecting: false,
            connected: false,
            disconnected: false,
            liveness: None,
            abandoned: false,
            expired: false,
            described: false,
            candidates: Vec::new(),
            complete: false,
        }
    }

    /// When it wants to be looked after.
    fn due(&self) -> Option<MediaTime> {
        self.liveness.as_ref().and_then(Liveness::due)
    }
}

/// What has happened.
enum Step {
    Command(Option<Command>),
    Path(IceEvent),
    NextPath(IceEvent),
    Media,
    Intended,
    NetworkChanged,
    Due,
    Closing,
}

impl Driver {
    pub(crate) fn new(
        config: SessionConfig,
        identity: Identity,
        place: Place,
        shared: Arc<SessionShared>,
        inbox: mpsc::Receiver<Command>,
        own: Option<OwnSound>,
    ) -> Self {
        let (media_ends, ends) = link::link();
        let ssrc = Ssrc(random_u32());
        let seq = SeqNum(random_u32() as u16 >> 1);
        let packetizer = Packetizer::new(ssrc, seq, random_u32());
        let counters = Arc::clone(&shared.counters);
        let sound_acquired = own.is_some();
        let music = config.hold_music.as_ref().map(MusicPlayer::new);
        let sounds = Sounds { own, music };
        let stream = SessionStream::new(place.id, media_ends, counters, packetizer, sounds);
        place
            .engine
            .media
            .send(MediaCommand::Attach(Box::new(stream)));
        let network = Network::new(ssrc, &config, place.engine.clock);
        // There is one: the engine has looked.
        let offered = config.profiles.first().copied();
        let offered = offered.unwrap_or(MediaProfile::Webrtc);
        Self {
            negotiation: Negotiation::new(ssrc, offered),
            secure: protection(offered, &identity),
            config,
            identity,
            place,
            shared,
            inbox,
            ends,
            path: None,
            next_path: None,
            secure_due: None,
            handshake_started: false,
            established: false,
            network,
            sound_acquired,
            sound_opening: None,
            control: Control::default(),
            end: None,
            close_reply: None,
            buffer: Box::new([0; RECEIVE_BUFFER]),
            next_buffer: Box::new([0; RECEIVE_BUFFER]),
        }
    }

    /// Serves until the session is closed, dropped, or fails.
    pub(crate) async fn run(mut self) {
        while self.end.is_none() {
            let step = self.next().await;
            self.handle(step).await;
        }
        self.shut_down().await;
    }

    async fn next(&mut self) -> Step {
        let due = self.due();
        tokio::select! {
            biased;
            command = self.inbox.recv() => Step::Command(command),
            event = receive(&mut self.path, &mut self.buffer[..]) => Step::Path(event),
            event = receive(&mut self.next_path, &mut self.next_buffer[..]) => Step::NextPath(event),
            () = self.ends.ready() => Step::Media,
            () = self.shared.intended.notified() => Step::Intended,
            Ok(()) = self.place.network.changed() => Step::NetworkChanged,
            () = sleep_until(due) => Step::Due,
            _ = self.place.closing.wait_for(|closing| *closing) => Step::Closing,
        }
    }

    async fn handle(&mut self, step: Step) {
        match step {
            Step::Command(Some(command)) => self.serve(command).await,
            Step::Command(None) | Step::Closing => self.end = Some(None),
            Step::Path(event) => self.handle_path(event),
            Step::NextPath(event) => self.handle_next_path(event).await,
            Step::Media => self.take_from_media(),
            Step::Intended => self.update_control(),
            Step::NetworkChanged => self.network_changed(),
            Step::Due => self.handle_due(),
        }
        self.network.publish(&self.shared, self.path.as_ref());
    }

    async fn serve(&mut self, command: Command) {
        match command {
            Command::Offer { restart, reply } => {
                let offer = self.make_offer(restart).await;
                if offer.is_ok() {
                    // Devices may take long to open: while the far side rings, there is time.
                    self.acquire_sound();
                }
                let _ = reply.send(offer);
            }
            Command::AcceptOffer { sdp, reply } => {
                let _ = reply.send(self.take_offer(&sdp).await);
            }
            Command::AcceptAnswer { sdp, reply } => {
                let _ = reply.send(self.take_answer(&sdp).await);
            }
            Command::RollBack { reply } => {
                self.roll_back().await;
                let _ = reply.send(());
            }
            Command::AddCandidates { candidates, reply } => {
                self.add_candidates(&candidates);
                let _ = reply.send(());
            }
            Command::SendDtmf { tones, reply } => {
                let _ = reply.send(self.send_tones(&tones));
            }
            Command::Close { reply } => {
                self.close_reply = Some(reply);
                self.end = Some(None);
            }
        }
    }

    /// When something is due without any input.
    fn due(&self) -> Option<Instant> {
        let clock = self.place.engine.clock;
        let network = self
            .network
            .due(self.established)
            .map(|due| clock.instant_at(due));
        let liveness = self.path.as_ref().and_then(Path::due);
        let liveness = liveness.map(|due| clock.instant_at(due));
        [self.secure_due, network, liveness]
            .into_iter()
            .flatten()
            .min()
    }

    fn handle_due(&mut self) {
        let now = self.place.engine.clock.instant();
        if self.secure_due.is_some_and(|due| due <= now) {
            self.advance_handshake(now);
        }
        self.release_impaired();
        self.report_if_due();
        self.look_after_path();
    }

    fn handle_path(&mut self, event: IceEvent) {
        match event {
            IceEvent::Datagram(length) => self.take_datagram(length, Way::Current),
            IceEvent::Candidate(candidate) => self.add_local_candidate(candidate),
            IceEvent::GatheringComplete => {
                if let Some(path) = &mut self.path {
                    path.complete = true;
                }
                self.shared.events.push(SessionEvent::GatheringComplete);
            }
            IceEvent::Heard => self.sign_of_life(Sign::Heard),
            IceEvent::Consent => self.sign_of_life(Sign::Consent),
            IceEvent::Connected => self.path_connected(),
            IceEvent::Failed => self.path_failed(),
        }
    }

    fn path_connected(&mut self) {
        let liveness = self.new_liveness();
        let Some(path) = &mut self.path else { return };
        path.connected = true;
        path.liveness.get_or_insert(liveness);
        self.expect_far_side();
        self.start_handshake();
    }

    fn new_liveness(&self) -> Liveness {
        let now = self.place.engine.clock.now();
        let config = &self.config;
        match self.negotiation.profile {
            MediaProfile::Webrtc => {
                Liveness::new(config.disconnected_after, config.failed_after, now)
            }
            MediaProfile::SdesSrtp | MediaProfile::PlainRtp => {
                Liveness::without_checks(config.unheard_after, now)
            }
        }
    }

    /// Silence means something only while nobody holds the call: who holds it may send nothing at all.
    fn expect_far_side(&mut self) {
        let now = self.place.engine.clock.now();
        let expecting = self.negotiation.direction() == Direction::SendRecv;
        let liveness = self.path.as_mut().and_then(|path| path.liveness.as_mut());
        let event = liveness.and_then(|liveness| liveness.expect(expecting, now));
        self.after_liveness(event);
    }

    /// The far side is there.
    pub(super) fn sign_of_life(&mut self, sign: Sign) {
        let now = self.place.engine.clock.now();
        let path = self.path.as_mut();
        let event = path.and_then(|path| path.liveness.as_mut()?.handle_sign(sign, now));
        self.after_liveness(event);
    }

    fn look_after_path(&mut self) {
        let now = self.place.engine.clock.now();
        let Some(path) = self.path.as_mut().filter(|path| path.due() <= Some(now)) else {
            return;
        };
        let event = path
            .liveness
            .as_mut()
            .and_then(|liveness| liveness.handle_timeout(now));
        let address = path.ice.local_address().filter(|_| !path.abandoned);
        self.after_liveness(event);
        if address.is_some_and(|address| !self.place.engine.interfaces.have(address, now)) {
            self.network_changed();
        }
    }

    fn after_liveness(&mut self, event: Option<LivenessEvent>) {
        let (Some(event), Some(path)) = (event, &mut self.path) else {
            return;
        };
        match event {
            LivenessEvent::Silent => {
                path.disconnected = true;
                self.shared.events.push(SessionEvent::Disconnected);
            }
            LivenessEvent::HeardAgain => {
                path.disconnected = false;
                self.shared.events.push(SessionEvent::Reconnected);
            }
            LivenessEvent::Lost => {
                path.expired = true;
                self.path_failed();
            }
        }
    }

    /// A new path is needed; who offers is not for this side of the signalling to say.
    fn network_changed(&mut self) {
        if let Some(path) = self.path.as_mut().filter(|path| path.connected) {
            path.abandoned = true;
            self.shared.events.push(SessionEvent::NetworkChanged);
        }
    }

    /// Without a path under way to replace it, this is the end.
    fn path_failed(&mut self) {
        if self.next_path.is_none() && self.negotiation.pending.is_none() {
            let connected = self.path.as_ref().is_some_and(|path| path.connected);
            self.fail(if connected {
                SessionError::PathLost
            } else {
                SessionError::NoPath
            });
        }
    }

    async fn handle_next_path(&mut self, event: IceEvent) {
        let Some(next) = &mut self.next_path else {
            return;
        };
        match event {
            // The far side may use it first; nothing of it is media that can be lost yet.
            IceEvent::Datagram(length) => {
                self.buffer[..length].copy_from_slice(&self.next_buffer[..length]);
                self.take_datagram(length, Way::Next);
            }
            IceEvent::Candidate(candidate) => {
                let line = candidate.to_string();
                next.candidates.push(candidate);
                if next.described {
                    self.shared.events.push(SessionEvent::LocalCandidate(line));
                }
            }
            IceEvent::GatheringComplete => next.complete = true,
            IceEvent::Heard | IceEvent::Consent => {}
            IceEvent::Connected => self.change_path().await,
            IceEvent::Failed => self.next_path_failed().await,
        }
    }

    /// The new path works: the old one goes.
    async fn change_path(&mut self) {
        let Some(mut next) = self.next_path.take() else {
            return;
        };
        next.connected = true;
        next.liveness = Some(self.new_liveness());
        if let Some(mut old) = self.path.replace(next) {
            self.network.keep_drops(old.ice.drops());
            if old.disconnected {
                self.shared.events.push(SessionEvent::Reconnected);
            }
            old.ice.close().await;
        }
        self.publish_candidates();
        self.expect_far_side();
        self.start_handshake();
    }

    async fn next_path_failed(&mut self) {
        if let Some(mut next) = self.next_path.take() {
            next.ice.close().await;
        }
        if self.path.as_ref().is_none_or(|path| path.disconnected) {
            self.fail(SessionError::PathLost);
        }
    }

    fn add_local_candidate(&mut self, candidate: crate::transport::IceCandidate) {
        let Some(path) = &mut self.path else { return };
        let line = candidate.to_string();
        path.candidates.push(candidate);
        if path.described {
            self.shared.events.push(SessionEvent::LocalCandidate(line));
        }
        self.publish_candidates();
    }

    pub(super) fn publish_candidates(&self) {
        let path = self.next_path.as_ref().or(self.path.as_ref());
        let lines = path.map(|path| path.candidates.iter().map(ToString::to_string).collect());
        self.shared.set_local_candidates(lines.unwrap_or_default());
    }

    fn take_from_media(&mut self) {
        while let Ok(note) = self.ends.notes.pop() {
            self.shared.events.push(match note {
                MediaNote::FirstAudio(at) => SessionEvent::FirstAudio { at },
                MediaNote::Applied(number) => SessionEvent::Applied { number },
                MediaNote::Tone(digit) => SessionEvent::Dtmf { digit },
                MediaNote::TonesSent => SessionEvent::DtmfSent,
            });
        }
        self.send_outgoing();
        if self.ends.outgoing.is_abandoned() {
            self.fail(SessionError::EngineStopped);
        }
    }

    /// Tells the media thread what is to be sent and played now.
    pub(super) fn update_control(&mut self) {
        self.expect_far_side();
        let intent = self.shared.intent();
        let direction = self.negotiation.direction();
        let music = intent.held && intent.music && self.config.hold_music.is_some();
        let control = Control {
            number: intent.number,
            connected: self.established,
            sends: direction.sends() && (music || !intent.held),
            plays: !intent.held && direction.receives(),
            paused: !direction.sends(),
            muted: intent.muted,
            music,
        };
        if control != self.control {
            self.control = control;
            let id = self.place.id;
            self.place
                .engine
                .media
                .send(MediaCommand::Control { id, control });
        }
    }

    pub(super) fn fail(&mut self, error: SessionError) {
        if self.end.is_none() {
            self.end = Some(Some(error));
        }
    }

    /// The sockets, and the agent, of a new path; without ICE `towards` the far side, if it has said where
    /// that is.
    pub(super) async fn open_path(
        &mut self,
        towards: Option<Announced>,
    ) -> Result<Path, NegotiationError> {
        match self.negotiation.profile {
            MediaProfile::Webrtc => self.find_path().await,
            MediaProfile::SdesSrtp | MediaProfile::PlainRtp => {
                let towards = towards.filter(|at| !at.is_on_hold()).map(|at| at.rtp);
                let latch = self.path.as_ref().and_then(|path| path.ice.latch());
                let wanted = self.config.local_address;
                let direct = DirectPath::open(wanted, towards, latch.unwrap_or_default());
                let mut path = Path::new(Box::new(direct.map_err(no_path)?));
                path.complete = true;
                Ok(path)
            }
        }
    }

    async fn find_path(&mut self) -> Result<Path, NegotiationError> {
        let settings = IceSettings {
            servers: self.config.ice_servers.clone(),
            include_loopback: self.config.include_loopback,
            give_up_after: self.config.failed_after,
        };
        let ice = WebrtcIce::gather(&settings).await.map_err(no_path)?;
        let mut path = Path::new(Box::new(ice));
        path.gather(self.config.gather_wait).await;
        if path.candidates.is_empty() {
            path.ice.close().await;
            return Err(NegotiationError::NoCandidates);
        }
        Ok(path)
    }

    async fn shut_down(mut self) {
        if let Some(Some(error)) = self.end.take() {
            self.shared.events.push(SessionEvent::Failed(error));
        }
        self.say_goodbye();
        self.network.publish(&self.shared, self.path.as_ref());
        let (reply, stream) = oneshot::channel();
        let id = self.place.id;
        if self
            .place
            .engine
            .media
            .send(MediaCommand::Detach { id, reply })
        {
            let _ = stream.await;
        }
        if let Some(opening) = self.sound_opening.take() {
            let _ = opening.await;
            self.place.engine.sound.release().await;
        }
        for mut path in self.path.take().into_iter().chain(self.next_path.take()) {
            path.ice.close().await;
        }
        self.inbox.close();
        self.shared.events.push(SessionEvent::Closed);
        let reply = self.close_reply.take();
        drop(self);
        if let Some(reply) = reply {
            let _ = reply.send(());
        }
    }
}

/// What protects the media of a profile.
pub(super) fn protection(profile: MediaProfile, identity: &Identity) -> Box<dyn SecureTransport> {
    match profile {
        MediaProfile::Webrtc => Box::new(DtlsSrtp::new(identity.clone())),
        MediaProfile::SdesSrtp => Box::new(Sdes::default()),
        MediaProfile::PlainRtp => Box::new(Unprotected::default()),
    }
}

fn no_path(error: IceError) -> NegotiationError {
    match error {
        IceError::Socket(kind) => NegotiationError::Socket(kind),
        _ => NegotiationError::NoCandidates,
    }
}

async fn receive(path: &mut Option<Path>, buffer: &mut [u8]) -> IceEvent {
    match path {
        Some(path) => poll_fn(|context| path.ice.poll_receive(context, buffer)).await,
        None => pending().await,
    }
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => pending().await,
    }
}

/// Random, for what only scatters.
pub(super) fn seed() -> u64 {
    u64::from_ne_bytes(random_bytes())
}
