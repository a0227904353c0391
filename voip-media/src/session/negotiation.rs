use std::{future::poll_fn, time::Duration};

use crate::{
    CodecError, CodecKind, Complexity, Intent, NegotiationError, PayloadType, SdpError, Ssrc,
    codec::codec,
    jsep::{
        self, CodecChoice, Direction, Formats, Kind, LocalDescription, MediaLine, Negotiated,
        RemoteDescription, Wishes, agree,
    },
    session::{
        driver::{Driver, Path, seed},
        link::MAX_PAYLOAD,
        media::MediaCommand,
        stream::{Beside, CodecSet, ReceivePath, SendPath},
    },
    transport::{
        DtlsRole, DtlsSrtp, Fingerprint, IceCandidate, IceCredentials, IceEvent, IceRole,
        RECEIVE_BUFFER, random_token,
    },
};

/// The rounds of offer and answer of a session (RFC 3264).
///
/// Stable → (our offer) pending → (their answer, or roll-back) stable. Their offer is answered at
/// once: stable → stable. Nothing has a timeout here; the signalling decides.
pub(crate) struct Negotiation {
    pub(super) pending: Option<PendingOffer>,
    pub(super) agreed: Option<Negotiated>,
    remote_credentials: Option<IceCredentials>,
    pub(super) fingerprints: Vec<Fingerprint>,
    lines: Vec<MediaLine>,
    session_id: u64,
    version: u64,
    ssrc: Ssrc,
    cname: String,
}

/// An offer of ours that waits for its answer.
pub(crate) struct PendingOffer {
    direction: Direction,
}

impl Negotiation {
    pub(crate) fn new(ssrc: Ssrc) -> Self {
        Self {
            pending: None,
            agreed: None,
            remote_credentials: None,
            fingerprints: Vec::new(),
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
        self.agreed.as_ref().map(|agreed| agreed.role)
    }
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
        if self.path.is_none() {
            self.path = Some(self.open_path().await?);
        } else if restart && self.negotiation.agreed.is_some() {
            self.replace_next_path().await?;
        }
        let direction = wanted_direction(self.shared.intent());
        let agreed = self.negotiation.agreed.as_ref();
        let known = agreed
            .map(|agreed| agreed.formats.clone())
            .unwrap_or_default();
        let formats = Formats::offered(&self.config.codecs, &known);
        let text = self.describe("actpass", direction, &formats, self.config.packet_time);
        self.negotiation.pending = Some(PendingOffer { direction });
        Ok(text)
    }

    /// Takes an offer and answers it.
    pub(super) async fn take_offer(&mut self, sdp: &str) -> Result<String, NegotiationError> {
        if self.negotiation.pending.is_some() {
            return Err(NegotiationError::WrongState);
        }
        let remote = jsep::read(Kind::Offer, sdp)?;
        let agreed = agree(
            Kind::Offer,
            &remote,
            self.wishes(wanted_direction(self.shared.intent())),
        )?;
        let codecs = self.codec_set(&agreed)?;
        if self.path.is_none() {
            self.path = Some(self.open_path().await?);
        } else if self.is_restart(&remote) {
            self.replace_next_path().await?;
        }
        self.negotiation.lines.clone_from(&remote.lines);
        let setup = match agreed.role {
            DtlsRole::Active => "active",
            DtlsRole::Passive => "passive",
        };
        let text = self.describe(setup, agreed.direction, &agreed.formats, agreed.packet_time);
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
        let direction = pending.direction;
        let remote = jsep::read(Kind::Answer, sdp)?;
        let agreed = agree(Kind::Answer, &remote, self.wishes(direction))?;
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

    fn wishes(&self, direction: Direction) -> Wishes<'_> {
        Wishes {
            codecs: &self.config.codecs,
            preselection: self.config.codec_preselection,
            direction,
            packet_time: self.config.packet_time,
            role: self.negotiation.role(),
        }
    }

    fn is_restart(&self, remote: &RemoteDescription) -> bool {
        let known = self.negotiation.remote_credentials.as_ref();
        known.is_some_and(|known| *known != remote.credentials)
    }

    async fn replace_next_path(&mut self) -> Result<(), NegotiationError> {
        let next = self.open_path().await?;
        if let Some(mut old) = self.next_path.replace(next) {
            old.ice.close().await;
        }
        Ok(())
    }

    fn describe(
        &mut self,
        setup: &'static str,
        direction: Direction,
        formats: &Formats,
        packet_time: Duration,
    ) -> String {
        self.negotiation.version += 1;
        let path = self.next_path.as_mut().or(self.path.as_mut());
        let path = path.expect("a description is made after its path was opened");
        path.described = true;
        let text = jsep::write(&LocalDescription {
            session_id: self.negotiation.session_id,
            version: self.negotiation.version,
            credentials: path.ice.credentials(),
            fingerprint: self.identity.fingerprint(),
            setup,
            direction,
            formats,
            packet_time,
            candidates: &path.candidates,
            complete: path.complete,
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
        self.connect_path(role, &remote).await?;
        if !same_fingerprints(&self.negotiation.fingerprints, &remote.fingerprints) {
            self.renew_keys(&remote.fingerprints);
        }
        if let Some(codecs) = codecs {
            self.network.set_codec(&agreed);
            self.configure(codecs);
        }
        self.negotiation.remote_credentials = Some(remote.credentials);
        self.negotiation.agreed = Some(agreed);
        self.start_handshake();
        self.update_control();
        self.acquire_sound();
        Ok(())
    }

    async fn connect_path(
        &mut self,
        role: IceRole,
        remote: &RemoteDescription,
    ) -> Result<(), NegotiationError> {
        let Some(path) = self.next_path.as_mut().or(self.path.as_mut()) else {
            return Ok(());
        };
        for candidate in &remote.candidates {
            path.ice.add_remote_candidate(candidate);
        }
        if !path.connecting {
            path.connecting = true;
            let started = path.ice.connect(role, &remote.credentials).await;
            started.map_err(|_| NegotiationError::NoCandidates)?;
        }
        Ok(())
    }

    /// Another certificate is another far side (RFC 8842 §5.4): new keys, or the first ones.
    fn renew_keys(&mut self, fingerprints: &[Fingerprint]) {
        self.negotiation.fingerprints = fingerprints.to_vec();
        self.secure = DtlsSrtp::new(self.identity.clone());
        self.secure_due = None;
        self.handshake_started = false;
        self.established = false;
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
    /// path is there.
    pub(super) fn start_handshake(&mut self) {
        let Some(role) = self.negotiation.role() else {
            return;
        };
        let connected = self.path.as_ref().is_some_and(|path| path.connected);
        let now = self.place.engine.clock.instant();
        if !self.handshake_started && (connected || role == DtlsRole::Passive) {
            self.handshake_started = true;
            self.begin_handshake(role, now);
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

fn same_fingerprints(known: &[Fingerprint], now: &[Fingerprint]) -> bool {
    known.iter().any(|fingerprint| now.contains(fingerprint))
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
