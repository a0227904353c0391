use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Instant, SystemTime},
};

use crate::{
    DropCounts, EncoderTuning, LossRate, MediaProfile, MediaTime, SessionConfig, SessionError,
    SessionEvent, SessionStats, Ssrc, VoipMetrics,
    jsep::Negotiated,
    rtp::{Feedback, Reception, ReportSchedule, Reporter, RtpView, SentFigures, ntp_time},
    session::{
        adaptation::Adaptation,
        clock::Clock,
        counters::MediaCounters,
        driver::{Driver, Path, seed},
        impairment::Impairer,
        link::Arrived,
        liveness::Sign,
        media::MediaCommand,
        quality,
        shared::SessionShared,
        stream::TICK,
    },
    transport::{
        DatagramKind, Evidence, IceError, IceTransport, Keying, MediaKind, SecureError,
        SecureOutput, classify, random_token,
    },
};

/// Packets between socket and media thread, and the figures on them.
pub(crate) struct Network {
    clock: Clock,
    reception: Option<(Ssrc, Reception)>,
    lost_before: u64,
    reporter: Reporter,
    schedule: ReportSchedule,
    sent: Option<(SentFigures, MediaTime)>,
    clock_rate: crate::SampleRate,
    impairer: Option<Impairer<Vec<u8>>>,
    adaptation: Adaptation,
    /// Time that encoding took, in µs, and frames of 10 ms, when they were looked at last.
    effort: (u64, u64),
    /// Handshake datagrams that were faster than the news of the path.
    early: Vec<Vec<u8>>,
    stats: SessionStats,
    /// Drops of paths that are gone.
    former_drops: DropCounts,
}

impl Network {
    #[expect(clippy::disallowed_methods, reason = "RTCP sends the time of day")]
    pub(crate) fn new(ssrc: Ssrc, config: &SessionConfig, clock: Clock) -> Self {
        let now = clock.now();
        let since = std::time::Duration::from_micros(now.as_micros());
        let origin = ntp_time(SystemTime::now() - since);
        Self {
            clock,
            reception: None,
            lost_before: 0,
            reporter: Reporter::new(ssrc, random_token(16), origin),
            schedule: ReportSchedule::new(seed(), now),
            sent: None,
            clock_rate: crate::SampleRate::HZ_48000,
            impairer: config.impairment.map(Impairer::new),
            adaptation: Adaptation::new(config.encoder),
            effort: (0, 0),
            early: Vec::new(),
            stats: SessionStats::default(),
            former_drops: DropCounts::default(),
        }
    }

    /// How an encoder has to work now.
    pub(super) fn tuning(&self) -> EncoderTuning {
        self.adaptation.tuning()
    }

    /// The share of the time that encoding took since the last call.
    fn load(&mut self, counters: &MediaCounters) -> Option<f32> {
        let now = (
            counters.effort_us.load(Relaxed),
            counters.captured_frames.load(Relaxed),
        );
        let before = std::mem::replace(&mut self.effort, now);
        let sounded = (now.1 - before.1) * TICK.as_micros() as u64;
        (sounded > 0).then(|| (now.0 - before.0) as f32 / sounded as f32)
    }

    /// What was negotiated.
    pub(super) fn set_codec(&mut self, agreed: &Negotiated) {
        if let Some(first) = agreed.formats.codecs.first() {
            self.clock_rate = first.kind.clock_rate();
            self.stats.codec = Some(first.kind);
        }
    }

    /// When a report or a held back packet is due.
    pub(super) fn due(&self, established: bool) -> Option<MediaTime> {
        let report = established.then(|| self.schedule.due());
        let impaired = self.impairer.as_ref().and_then(Impairer::due);
        [report, impaired].into_iter().flatten().min()
    }

    /// A path is gone, its counts stay.
    pub(super) fn keep_drops(&mut self, drops: DropCounts) {
        self.former_drops.strangers += drops.strangers;
        self.former_drops.oversized += drops.oversized;
        self.former_drops.malformed += drops.malformed;
        self.former_drops.receive_overflow += drops.receive_overflow;
    }

    /// Copies the figures to where the handle sees them.
    pub(super) fn publish(&mut self, shared: &SessionShared, path: Option<&Path>) {
        let mut stats = self.stats;
        let path = path.map(|path| path.ice.drops()).unwrap_or_default();
        for drops in [path, self.former_drops] {
            stats.drops.strangers += drops.strangers;
            stats.drops.oversized += drops.oversized;
            stats.drops.malformed += drops.malformed;
            stats.drops.receive_overflow += drops.receive_overflow;
        }
        if let Some((_, reception)) = &self.reception {
            stats.packets_lost = self.lost_before + reception.lost();
            stats.jitter = reception.jitter();
            stats.burst_ratio = reception.bursts().burst_ratio;
        }
        if let Some(impairer) = &self.impairer {
            stats.impairment = impairer.stats();
        }
        *shared.network() = stats;
    }

    fn count(&mut self, error: SecureError) {
        let drops = &mut self.stats.drops;
        match error {
            SecureError::NoKeys => drops.early += 1,
            SecureError::Replayed => drops.replayed += 1,
            SecureError::UnknownSource => drops.unknown_source += 1,
            SecureError::Unauthenticated
            | SecureError::Handshake
            | SecureError::WrongFingerprint
            | SecureError::NoProfile => drops.unauthenticated += 1,
        }
    }

    fn record(&mut self, packet: &RtpView<'_>, now: MediaTime) {
        self.stats.packets_received += 1;
        self.stats.bytes_received += packet.payload.len() as u64;
        if let Some((_, former)) = self.reception.take_if(|(ssrc, _)| *ssrc != packet.ssrc) {
            self.lost_before += former.lost();
        }
        let new = || (packet.ssrc, Reception::new(self.clock_rate, packet.seq));
        let (_, reception) = self.reception.get_or_insert_with(new);
        reception.record(packet.seq, packet.timestamp, now);
    }

    fn record_sent(&mut self, packet: &RtpView<'_>, now: MediaTime) {
        self.stats.packets_sent += 1;
        self.stats.bytes_sent += packet.payload.len() as u64;
        let figures = SentFigures {
            packets: self.stats.packets_sent,
            octets: self.stats.bytes_sent,
            timestamp: packet.timestamp,
        };
        // The packets of a pressed key all have the time at which it went down.
        let (timestamp, at) = match self.sent {
            Some((before, at)) if packet.timestamp.wrapping_sub(before.timestamp) as i32 <= 0 => {
                (before.timestamp, at)
            }
            _ => (packet.timestamp, now),
        };
        self.sent = Some((
            SentFigures {
                timestamp,
                ..figures
            },
            at,
        ));
    }

    /// Our figures with the RTP timestamp of now.
    fn sent_figures(&self, now: MediaTime) -> Option<SentFigures> {
        let (mut figures, at) = self.sent?;
        let units = self.clock_rate.samples_in(now.since(at)) as u32;
        figures.timestamp = figures.timestamp.wrapping_add(units);
        Some(figures)
    }
}

/// Which path a datagram came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Current,
    /// The one that is to take its place.
    Next,
}

// From the network.
impl Driver {
    pub(super) fn take_datagram(&mut self, length: usize, way: Way) {
        match classify(&self.buffer[..length]) {
            DatagramKind::Dtls if self.negotiation.profile == MediaProfile::Webrtc => {
                self.take_handshake(length);
            }
            DatagramKind::Rtp => self.take_rtp(length, way),
            DatagramKind::Rtcp => self.take_rtcp(length, way),
            DatagramKind::Dtls | DatagramKind::Stun | DatagramKind::Unknown => {
                self.network.stats.drops.malformed += 1;
            }
        }
    }

    fn take_handshake(&mut self, length: usize) {
        let connected = self.path.as_ref().is_some_and(|path| path.connected);
        if !connected || !self.handshake_started {
            if self.network.early.len() < EARLY {
                self.network.early.push(self.buffer[..length].to_vec());
            }
            return;
        }
        let now = self.place.engine.clock.instant();
        let taken = self.secure.handle_handshake(&self.buffer[..length], now);
        self.after_handshake(taken);
    }

    pub(super) fn replay_early(&mut self, now: Instant) {
        for datagram in std::mem::take(&mut self.network.early) {
            let taken = self.secure.handle_handshake(&datagram, now);
            self.after_handshake(taken);
        }
    }

    pub(super) fn begin_handshake(&mut self, keying: &Keying, now: Instant) {
        let started = self.secure.start(keying, now);
        self.after_handshake(started);
    }

    pub(super) fn advance_handshake(&mut self, now: Instant) {
        let advanced = self.secure.handle_timeout(now);
        self.after_handshake(advanced);
    }

    fn after_handshake(&mut self, result: Result<(), SecureError>) {
        if let Err(error) = result.and_then(|()| self.drain_handshake()) {
            self.secure_due = None;
            self.established = false;
            self.fail(match error {
                SecureError::WrongFingerprint => SessionError::WrongFingerprint,
                SecureError::NoProfile => SessionError::NoSrtpProfile,
                _ => SessionError::Handshake,
            });
        }
    }

    fn drain_handshake(&mut self) -> Result<(), SecureError> {
        let mut datagram = [0; crate::MAX_DATAGRAM];
        loop {
            match self.secure.poll_output(&mut datagram)? {
                SecureOutput::Transmit(length) => self.send_datagram(&datagram[..length]),
                SecureOutput::Established => self.keys_established(),
                SecureOutput::Closed => self.shared.events.push(SessionEvent::RemoteClosed),
                SecureOutput::Idle(due) => {
                    self.secure_due = due;
                    return Ok(());
                }
            }
        }
    }

    /// Media flows from now on.
    fn keys_established(&mut self) {
        self.established = true;
        let now = self.network.clock.now();
        self.network.stats.connected_at.get_or_insert(now);
        self.network.schedule = ReportSchedule::new(seed(), now);
        self.update_control();
        self.shared.events.push(SessionEvent::Connected);
    }

    /// Whether what was opened is the far side's.
    fn admit(&mut self, kind: MediaKind, packet: &[u8], way: Way, now: MediaTime) -> bool {
        let evidence = self.evidence(kind, packet);
        let path = match way {
            Way::Current => &mut self.path,
            Way::Next => &mut self.next_path,
        };
        path.as_mut()
            .is_some_and(|path| path.ice.admit(evidence, now))
    }

    fn evidence(&self, kind: MediaKind, packet: &[u8]) -> Evidence {
        let Some(agreed) = &self.negotiation.agreed else {
            return Evidence::Weak;
        };
        if agreed.keying != Keying::Unprotected {
            return Evidence::Authentic;
        }
        let view = RtpView::parse(packet).filter(|_| kind == MediaKind::Rtp);
        match view.filter(|view| agreed.formats.knows(view.payload_type)) {
            Some(RtpView { ssrc, seq, .. }) => Evidence::Plausible { ssrc, seq },
            None => Evidence::Weak,
        }
    }

    fn take_rtp(&mut self, length: usize, way: Way) {
        let packet = match self
            .secure
            .unprotect(MediaKind::Rtp, &self.buffer[..length])
        {
            Ok(packet) => packet,
            Err(error) => return self.network.count(error),
        };
        let now = self.network.clock.now();
        if !self.admit(MediaKind::Rtp, &packet, way, now) {
            return;
        }
        self.sign_of_life(Sign::Heard);
        if let Some(impairer) = &mut self.network.impairer {
            impairer.take(packet.to_vec(), now);
            self.release_impaired();
        } else {
            self.deliver(&packet, now);
        }
    }

    pub(super) fn release_impaired(&mut self) {
        let now = self.network.clock.now();
        while let Some(packet) = self
            .network
            .impairer
            .as_mut()
            .and_then(|impairer| impairer.release(now))
        {
            self.deliver(&packet, now);
        }
    }

    fn deliver(&mut self, packet: &[u8], now: MediaTime) {
        let arrived = RtpView::parse(packet).and_then(|view| {
            self.network.record(&view, now);
            Arrived::new(view, now)
        });
        match arrived {
            Some(arrived) => {
                let full = self.ends.arrived.push(arrived).is_err();
                self.network.stats.drops.receive_overflow += u64::from(full);
            }
            None => self.network.stats.drops.malformed += 1,
        }
    }

    fn take_rtcp(&mut self, length: usize, way: Way) {
        let packet = match self
            .secure
            .unprotect(MediaKind::Rtcp, &self.buffer[..length])
        {
            Ok(packet) => packet,
            Err(error) => return self.network.count(error),
        };
        let now = self.network.clock.now();
        if !self.admit(MediaKind::Rtcp, &packet, way, now) {
            return;
        }
        self.sign_of_life(Sign::Heard);
        if let Some(feedback) = self.network.reporter.read(&packet, now) {
            self.take_feedback(feedback);
        }
    }

    fn take_feedback(&mut self, feedback: Feedback) {
        let network = &mut self.network;
        network.stats.round_trip = feedback.round_trip.or(network.stats.round_trip);
        network.stats.remote = feedback.metrics.or(network.stats.remote);
        let Some(loss) = feedback.loss.map(LossRate) else {
            return;
        };
        let change = network.adaptation.handle_report(loss, feedback.round_trip);
        network.stats.remote_loss = network.adaptation.loss().0;
        self.tune(change);
    }

    /// The encoder is told what has changed.
    fn tune(&mut self, change: Option<EncoderTuning>) {
        if let Some(tuning) = change {
            let id = self.place.id;
            let tune = MediaCommand::Tune { id, tuning };
            self.place.engine.media.send(tune);
        }
    }
}

// To the network.
impl Driver {
    /// Sends what the media thread has made.
    pub(super) fn send_outgoing(&mut self) {
        while let Ok(outgoing) = self.ends.outgoing.pop() {
            let Ok(packet) = self.secure.protect(MediaKind::Rtp, outgoing.packet()) else {
                continue;
            };
            let now = self.network.clock.now();
            if let Some(view) = RtpView::parse(outgoing.packet()) {
                self.network.record_sent(&view, now);
            }
            self.send_datagram(&packet);
        }
    }

    fn send_datagram(&mut self, datagram: &[u8]) {
        self.send_by(|ice| ice.send(datagram));
    }

    fn send_by(&mut self, send: impl FnOnce(&mut dyn IceTransport) -> Result<(), IceError>) {
        let path = self.path.as_mut().filter(|path| !path.expired);
        let sent = path.map(|path| send(&mut *path.ice));
        if !matches!(sent, Some(Ok(()))) {
            self.network.stats.drops.send_overflow += 1;
        }
    }

    pub(super) fn report_if_due(&mut self) {
        let now = self.network.clock.now();
        if !self.established || self.network.schedule.due() > now {
            return;
        }
        self.network.schedule.sent(now);
        if let Some(load) = self.network.load(&self.shared.counters) {
            let change = self.network.adaptation.handle_load(load);
            self.tune(change);
        }
        let sent = self.network.sent_figures(now);
        let metrics = self.metrics();
        let reception = self
            .network
            .reception
            .as_mut()
            .map(|(ssrc, figures)| (*ssrc, figures));
        if let Some(report) = self.network.reporter.report(sent, reception, metrics, now) {
            self.send_rtcp(&report);
        }
    }

    /// How the far side is heard.
    fn metrics(&self) -> Option<VoipMetrics> {
        let (_, reception) = self.network.reception.as_ref()?;
        let packet_time = self.config.packet_time;
        quality::metrics(&self.shared.stats(), reception.bursts(), packet_time)
    }

    fn send_rtcp(&mut self, report: &[u8]) {
        if let Ok(packet) = self.secure.protect(MediaKind::Rtcp, report) {
            self.send_by(|ice| ice.send_rtcp(&packet));
        }
    }

    /// RTCP's and DTLS's.
    pub(super) fn say_goodbye(&mut self) {
        if !self.established {
            return;
        }
        if let Some(goodbye) = self.network.reporter.goodbye() {
            self.send_rtcp(&goodbye);
        }
        self.secure.close();
        let _ = self.drain_handshake();
    }
}

/// Handshake datagrams kept until the path is known to work.
const EARLY: usize = 4;
