use std::{future::poll_fn, time::Duration};

use crate::{
    CodecError, CodecKind, Complexity, Intent, MediaProfile, NegotiationError, PayloadType,
    SdpError, Ssrc,
    codec::codec,
    jsep::{
        self, CodecChoice, Direction, Formats, Kind, LocalDescription, LocalTransport, MediaLine,
        Negotiated, RemoteDescription, RemoteTransport, Wishes, agree,
    },
    session::{
        driver::{Driver, Path, protection, seed},
        interfaces::Interfaces,
        link::MAX_PAYLOAD,
        media::MediaCommand,
        stream::{Beside, CodecSet, ReceivePath, SendPath},
    },
    transport::{
        Announced, Crypto, CryptoSuite, DtlsRole, IceCandidate, IceCredentials, IceEvent, IceRole,
        Keying, LocalEnd, RECEIVE_BUFFER, RemoteEnd, random_token,
    },
};

/// The rounds of offer and answer of a session (RFC 3264).
///
/// Stable → (our offer) pending → (their answer, or roll-back) stable. Their offer is answered at
/// once: stable → stable. Nothing has a timeout here; the signalling decides.
pub(crate) struct Negotiation {
    /// The one to be offered until one is agreed, which then stays.
    pub(super) profile: MediaProfile,
    pub(super) pending: Option<PendingOffer>,
    pub(super) agreed: Option<Negotiated>,
    remote_credentials: Option<IceCredentials>,
    lines: Vec<MediaLine>,
    session_id: u64,
    version: u64,
    ssrc: Ssrc,
    cname: String,
}

/// An offer of ours that waits for its answer.
pub(crate) struct PendingOffer {
    direction: Direction,
    /// With keys in the description: those in it.
    keys: Vec<Crypto>,
}

impl Negotiation {
    pub(crate) fn new(ssrc: Ssrc, profile: MediaProfile) -> Self {
        Self {
            profile,
            pending: None,
            agreed: None,
            remote_credentials: None,
            lines: Vec::new(),
            // 62 bits (RFC 9429 §5.2.1).
            session_id: seed() >> 2,
            version: 0,
            ssrc,
            cname: random_token(16),
        }
    }

    /// Ours, as agreed.
    pub(crate) fn direction(&self) -> Direction {
        self.agreed
            .as_ref()
            .map_or(Direction::Inactive, |agreed| agreed.direction)
    }

    /// Who starts the handshake.
    pub(crate) fn role(&self) -> Option<DtlsRole> {
        self.agreed.as_ref()?.role()
    }

    /// The key that we protect with, where it stands in the description.
    fn key(&self) -> Option<&Crypto> {
        match &self.agreed.as_ref()?.keying {
            Keying::Sdes { local, .. } => Some(local),
            Keying::Dtls { .. } | Keying::Unprotected => None,
        }
    }

    /// Keys for an offer: the one in use, or another one of its suite, or one for each suite.
    fn keys_to_offer(&self, renew: bool) -> Vec<Crypto> {
        match (self.profile, self.key(), &self.pending) {
            (MediaProfile::Webrtc | MediaProfile::PlainRtp, _, _) => Vec::new(),
            (MediaProfile::SdesSrtp, Some(key), _) if renew => {
                vec![Crypto::generate(key.tag, key.suite)]
            }
            // An offer that is made again.
            (MediaProfile::SdesSrtp, _, Some(pending)) => pending.keys.clone(),
            (MediaProfile::SdesSrtp, Some(key), None) => vec![key.clone()],
            (MediaProfile::SdesSrtp, None, None) => {
                let tags = 1..;
                let suites = tags.zip(CryptoSuite::OFFERED);
                suites
                    .map(|(tag, suite)| Crypto::generate(tag, suite))
                    .collect()
            }
        }
    }

    /// Keys to answer with: the one in use, and one for each suite in case that it is another.
    fn keys_to_answer(&self) -> Vec<Crypto> {
        let new = CryptoSuite::ALL.map(|suite| Crypto::generate(0, suite));
        self.key().cloned().into_iter().chain(new).collect()
    }
}

/// What a description of ours says besides what the session knows.
struct Saying<'a> {
    setup: &'static str,
    direction: Direction,
    formats: &'a Formats,
    packet_time: Duration,
    keys: &'a [Crypto],
}

impl Path {
    /// Collects candidates: all of them without servers, and with servers those that come within
    /// `wait`.
    pub(super) async fn gather(&mut self, wait: Duration) {
        let mut buffer = [0; RECEIVE_BUFFER];
        let some = tokio::time::Instant::now() + wait.max(HOST_WAIT);
        let longest = some.max(tokio::time::Instant::now() + FIRST_WAIT);
        while !self.complete {
            let limit = if self.candidates.is_empty() {
                longest
            } else {
                some
            };
            let event = poll_fn(|context| self.ice.poll_receive(context, &mut buffer));
            match tokio::time::timeout_at(limit, event).await {
                Ok(IceEvent::Candidate(candidate)) => self.candidates.push(candidate),
                Ok(IceEvent::GatheringComplete) => self.complete = true,
                Ok(_) => {}
                Err(_) => return,
            }
        }
    }
}

impl Driver {
    /// Makes an offer, on a new path if there is none or `restart`.
    pub(super) async fn make_offer(&mut self, restart: bool) -> Result<String, NegotiationError> {
        let restart = restart && self.negotiation.agreed.is_some();
        if self.path.is_none() {
            self.path = Some(self.open_path(None).await?);
        } else if restart || self.address_is_gone() {
            self.replace_next_path(None).await?;
        }
        let keys = self.negotiation.keys_to_offer(restart);
        let direction = wanted_direction(self.shared.intent());
        let agreed = self.negotiation.agreed.as_ref();
        let known = agreed
            .map(|agreed| agreed.formats.clone())
            .unwrap_or_default();
        let formats = Formats::offered(&self.config.codecs, &known);
        let saying = Saying {
            setup: "actpass",
            direction,
            formats: &formats,
            packet_time: self.config.packet_time,
            keys: &keys,
        };
        let text = self.describe(saying);
        self.negotiation.pending = Some(PendingOffer { direction, keys });
        Ok(text)
    }

    /// Takes an offer and answers it.
    pub(super) async fn take_offer(&mut self, sdp: &str) -> Result<String, NegotiationError> {
        if self.negotiation.pending.is_some() {
            return Err(NegotiationError::WrongState);
        }
        let remote = self.read_offer(sdp)?;
        let keys = self.negotiation.keys_to_answer();
        let wanted = wanted_direction(self.shared.intent());
        let agreed = agree(Kind::Offer, &remote, self.wishes(wanted, &keys))?;
        let codecs = self.codec_set(&agreed)?;
        self.adopt_profile(remote.transport.profile()).await;
        let announced = remote.transport.announced();
        if self.path.is_none() {
            self.path = Some(self.open_path(announced).await?);
        } else if self.is_restart(&remote.transport) || self.address_is_gone() {
            self.replace_next_path(announced).await?;
        }
        self.negotiation.lines.clone_from(&remote.lines);
        let keys = match &agreed.keying {
            Keying::Sdes { local, .. } => std::slice::from_ref(local),
            Keying::Dtls { .. } | Keying::Unprotected => &[],
        };
        let text = self.describe(Saying {
            setup: match agreed.role() {
                Some(DtlsRole::Active) | None => "active",
                Some(DtlsRole::Passive) => "passive",
            },
            direction: agreed.direction,
            formats: &agreed.formats,
            packet_time: agreed.packet_time,
            keys,
        });
        self.put_in_force(IceRole::Controlled, remote, agreed, codecs)
            .await?;
        Ok(text)
    }

    /// Takes the answer to our offer.
    pub(super) async fn take_answer(&mut self, sdp: &str) -> Result<(), NegotiationError> {
        let pending = self
            .negotiation
            .pending
            .as_ref()
            .ok_or(NegotiationError::WrongState)?;
        let remote = jsep::read(Kind::Answer, sdp, &[self.negotiation.profile])?;
        let wishes = self.wishes(pending.direction, &pending.keys);
        let agreed = agree(Kind::Answer, &remote, wishes)?;
        let codecs = self.codec_set(&agreed)?;
        self.negotiation.pending = None;
        if self.negotiation.lines.is_empty() {
            self.negotiation.lines.clone_from(&remote.lines);
        }
        self.put_in_force(IceRole::Controlling, remote, agreed, codecs)
            .await
    }

    /// Forgets our offer, and the path that was made for it.
    pub(super) async fn roll_back(&mut self) {
        if self.negotiation.pending.take().is_none() {
            return;
        }
        if let Some(mut next) = self.next_path.take_if(|next| !next.connecting) {
            next.ice.close().await;
            self.publish_candidates();
        }
    }

    /// Adds candidates of the far side.
    pub(super) fn add_candidates(&mut self, lines: &[String]) {
        let candidates = lines
            .iter()
            .take(MAX_LINES)
            .filter_map(|line| IceCandidate::parse(line));
        let Some(path) = self.next_path.as_mut().or(self.path.as_mut()) else {
            return;
        };
        for candidate in candidates {
            path.ice.add_remote_candidate(&candidate);
        }
    }

    /// A call keeps its profile; before there is one, each that is accepted will do.
    fn read_offer(&self, sdp: &str) -> Result<RemoteDescription, SdpError> {
        let accepted = &self.config.profiles;
        if self.negotiation.agreed.is_none() {
            return jsep::read(Kind::Offer, sdp, accepted);
        }
        let read = jsep::read(Kind::Offer, sdp, &[self.negotiation.profile]);
        read.map_err(|error| match error {
            SdpError::NotSecured if jsep::read(Kind::Offer, sdp, accepted).is_ok() => {
                SdpError::OtherProfile
            }
            error => error,
        })
    }

    /// The far side's choice, before anything is agreed.
    async fn adopt_profile(&mut self, profile: MediaProfile) {
        if self.negotiation.profile == profile {
            return;
        }
        self.negotiation.profile = profile;
        self.secure = protection(profile, &self.identity);
        for mut path in self.path.take().into_iter().chain(self.next_path.take()) {
            path.ice.close().await;
        }
    }

    fn wishes<'a>(&'a self, direction: Direction, keys: &'a [Crypto]) -> Wishes<'a> {
        Wishes {
            codecs: &self.config.codecs,
            preselection: self.config.codec_preselection,
            direction,
            packet_time: self.config.packet_time,
            role: self.negotiation.role(),
            keys,
        }
    }

    /// Whether the far side needs a new path of us. Without ICE another address of its own is no reason,
    /// unless our sockets are of the other kind.
    fn is_restart(&self, remote: &RemoteTransport) -> bool {
        match remote {
            RemoteTransport::Webrtc { credentials, .. } => {
                let known = self.negotiation.remote_credentials.as_ref();
                known.is_some_and(|known| known != credentials)
            }
            RemoteTransport::Srtp { announced, .. } | RemoteTransport::Rtp(announced) => {
                let ours = self.path.as_ref().map(|path| path.ice.local());
                let other_kind = |ours| match ours {
                    LocalEnd::Direct(ours) => ours.is_ipv6() != announced.rtp.is_ipv6(),
                    LocalEnd::Ice(_) => false,
                };
                !announced.is_on_hold() && ours.is_some_and(other_kind)
            }
        }
    }

    /// Whether a description would name an address that this computer no longer has. ICE has its own ways.
    fn address_is_gone(&self) -> bool {
        let path = self.next_path.as_ref().or(self.path.as_ref());
        path.is_some_and(|path| match path.ice.local() {
            LocalEnd::Direct(address) => !Interfaces::have_now(address.ip()),
            LocalEnd::Ice(_) => false,
        })
    }

    async fn replace_next_path(
        &mut self,
        towards: Option<Announced>,
    ) -> Result<(), NegotiationError> {
        let next = self.open_path(towards).await?;
        if let Some(mut old) = self.next_path.replace(next) {
            old.ice.close().await;
        }
        Ok(())
    }

    fn describe(&mut self, saying: Saying<'_>) -> String {
        self.negotiation.version += 1;
        let path = self.next_path.as_mut().or(self.path.as_mut());
        let path = path.expect("a description is made after its path was opened");
        path.described = true;
        let text = jsep::write(&LocalDescription {
            session_id: self.negotiation.session_id,
            version: self.negotiation.version,
            transport: match (path.ice.local(), self.negotiation.profile) {
                (LocalEnd::Ice(credentials), _) => LocalTransport::Webrtc {
                    credentials,
                    fingerprint: self.identity.fingerprint(),
                    setup: saying.setup,
                    candidates: &path.candidates,
                    complete: path.complete,
                },
                (LocalEnd::Direct(address), MediaProfile::PlainRtp) => {
                    LocalTransport::Rtp { address }
                }
                (LocalEnd::Direct(address), _) => LocalTransport::Srtp {
                    address,
                    cryptos: saying.keys,
                },
            },
            direction: saying.direction,
            formats: saying.formats,
            packet_time: saying.packet_time,
            ssrc: self.negotiation.ssrc.0,
            cname: &self.negotiation.cname,
            lines: &self.negotiation.lines,
        });
        self.publish_candidates();
        text
    }

    /// `role` is for a path whose checks begin now: whoever made its offer is controlling, with a
    /// restart anew (RFC 8445 §6.1.1; browsers do). The agent knows no repair of role conflicts.
    async fn put_in_force(
        &mut self,
        role: IceRole,
        remote: RemoteDescription,
        agreed: Negotiated,
        codecs: Option<CodecSet>,
    ) -> Result<(), NegotiationError> {
        self.connect_path(role, &remote.transport).await?;
        self.renew_keys(&agreed.keying);
        if let Some(codecs) = codecs {
            self.network.set_codec(&agreed);
            self.configure(codecs);
        }
        if let RemoteTransport::Webrtc { credentials, .. } = remote.transport {
            self.negotiation.remote_credentials = Some(credentials);
        }
        self.negotiation.agreed = Some(agreed);
        self.start_handshake();
        self.update_control();
        self.acquire_sound();
        Ok(())
    }

    async fn connect_path(
        &mut self,
        role: IceRole,
        remote: &RemoteTransport,
    ) -> Result<(), NegotiationError> {
        let Some(path) = self.next_path.as_mut().or(self.path.as_mut()) else {
            return Ok(());
        };
        let end = match remote {
            RemoteTransport::Webrtc {
                credentials,
                candidates,
                ..
            } => {
                for candidate in candidates {
                    path.ice.add_remote_candidate(candidate);
                }
                if path.connecting {
                    return Ok(());
                }
                RemoteEnd::Ice { role, credentials }
            }
            RemoteTransport::Srtp { announced, .. } | RemoteTransport::Rtp(announced) => {
                RemoteEnd::Direct(*announced)
            }
        };
        path.connecting = true;
        let now = self.place.engine.clock.now();
        let started = path.ice.connect(end, now).await;
        started.map_err(|_| NegotiationError::NoCandidates)
    }

    /// Another certificate is another far side (RFC 8842 §5.4): new keys, or the first ones. Keys in the
    /// descriptions simply follow each other.
    fn renew_keys(&mut self, keying: &Keying) {
        let agreed = self.negotiation.agreed.as_ref();
        let renewed = match (agreed.map(|agreed| &agreed.keying), keying) {
            (None, _) => true,
            (
                Some(Keying::Dtls {
                    expected: known, ..
                }),
                Keying::Dtls { expected, .. },
            ) => !known
                .iter()
                .any(|fingerprint| expected.contains(fingerprint)),
            (Some(_), _) => false,
        };
        if renewed {
            self.secure = protection(self.negotiation.profile, &self.identity);
            self.secure_due = None;
            self.handshake_started = false;
            self.established = false;
        } else if self.handshake_started && matches!(keying, Keying::Sdes { .. }) {
            let now = self.place.engine.clock.instant();
            self.begin_handshake(keying, now);
        }
    }

    /// Encoder and decoders, unless they are the ones in use.
    fn codec_set(&self, agreed: &Negotiated) -> Result<Option<CodecSet>, NegotiationError> {
        let unchanged = self.negotiation.agreed.as_ref().is_some_and(|former| {
            former.formats == agreed.formats && former.packet_time == agreed.packet_time
        });
        if unchanged {
            return Ok(None);
        }
        let first = agreed
            .formats
            .codecs
            .first()
            .ok_or(SdpError::NoCommonCodec)?;
        let receive = agreed
            .formats
            .codecs
            .iter()
            .map(|choice| receive_path(choice, self.config.decoder_complexity))
            .collect::<Result<Vec<_>, _>>()?;
        let chosen = codec(first.kind);
        let packet_time = packet_time(first.kind, agreed.packet_time);
        let mut encoder = chosen.encoder(packet_time)?;
        encoder.tune(self.network.tuning())?;
        let units = chosen.clock_rate().samples_in(packet_time) as u32;
        let rate = chosen.sample_rate();
        let send = SendPath::new(encoder, *first, units, rate)?
            .with_events(agreed.formats.event())
            .with_pauses(self.comfort_noise(agreed));
        let beside = Beside {
            events: agreed.formats.events.clone(),
            comfort_noise: agreed.formats.comfort_noise,
        };
        Ok(Some(CodecSet {
            send,
            receive,
            beside,
        }))
    }

    /// What describes the pauses of the codec that is sent, if they are to be left out.
    fn comfort_noise(&self, agreed: &Negotiated) -> Option<PayloadType> {
        let first = agreed.formats.codecs.first()?;
        let telephone = matches!(first.kind, CodecKind::Pcmu | CodecKind::Pcma);
        let wanted = self.config.encoder.dtx && telephone;
        agreed.formats.comfort_noise.filter(|_| wanted)
    }

    fn configure(&mut self, codecs: CodecSet) {
        let (reply, retired) = tokio::sync::oneshot::channel();
        let id = self.place.id;
        if self
            .place
            .engine
            .media
            .send(MediaCommand::Configure { id, codecs, reply })
        {
            // Whoever holds the receiver drops the old codecs: a task, not the media thread.
            tokio::spawn(retired);
        }
    }

    pub(super) fn acquire_sound(&mut self) {
        if !std::mem::replace(&mut self.sound_acquired, true) {
            let sound = std::sync::Arc::clone(&self.place.engine.sound);
            let shared = std::sync::Arc::clone(&self.shared);
            self.sound_opening = Some(tokio::spawn(async move { sound.acquire(&shared).await }));
        }
    }

    /// Starts the handshake once the far side's fingerprint is known and, if it is ours to start, the
    /// path is there; keys of the descriptions are taken once the path is there.
    pub(super) fn start_handshake(&mut self) {
        let Some(agreed) = &self.negotiation.agreed else {
            return;
        };
        let waits = agreed.role() != Some(DtlsRole::Passive);
        let keying = agreed.keying.clone();
        let connected = self.path.as_ref().is_some_and(|path| path.connected);
        let now = self.place.engine.clock.instant();
        if !self.handshake_started && (connected || !waits) {
            self.handshake_started = true;
            self.begin_handshake(&keying, now);
        }
        if connected {
            self.replay_early(now);
        }
    }
}

/// The agreed packet time, or what of it uncompressed sound leaves room for in a packet.
fn packet_time(kind: CodecKind, agreed: Duration) -> Duration {
    let fits = |time: &Duration| match kind {
        CodecKind::L16(rate) => rate.samples_in(*time) * size_of::<i16>() <= MAX_PAYLOAD,
        _ => true,
    };
    let shorter = [40, 20, 10].map(Duration::from_millis);
    let possible = std::iter::once(agreed).chain(shorter.into_iter().filter(|t| *t < agreed));
    possible.into_iter().find(fits).unwrap_or(agreed)
}

fn receive_path(choice: &CodecChoice, complexity: Complexity) -> Result<ReceivePath, CodecError> {
    ReceivePath::new(*choice, codec(choice.kind).decoder()?, complexity)
}

/// Hold keeps the right to send (RFC 3264 §8.4).
fn wanted_direction(intent: Intent) -> Direction {
    if intent.held {
        Direction::SendOnly
    } else {
        Direction::SendRecv
    }
}

/// Host candidates take 0.4 ms.
const HOST_WAIT: Duration = Duration::from_millis(5);
/// The longest wait for the first candidate.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Candidates taken at once.
const MAX_LINES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoder_gets_the_configured_complexity() {
        let choice = CodecChoice {
            kind: CodecKind::Opus,
            payload_type: PayloadType(111),
        };
        assert!(receive_path(&choice, Complexity::MAX).is_ok());
        let refused = receive_path(&choice, Complexity(11)).err();
        assert_eq!(refused, Some(CodecError::Settings), "Opus has no more");
    }
}
