//! One session's share of the media thread: captured frames become packets, packets become frames to play.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use crate::{
    CodecError, Complexity, Decoder, Encoder, EncoderTuning, Fader, FrameResampler, Gain,
    JitterBuffer, JitterConfig, JitterStats, MediaTime, PayloadType, Played, PlayedKind,
    RtpPacketRef, SampleRate,
    jsep::{CodecChoice, EventChoice},
    rtp::{HEADER, KeyTone, Packetizer, TONE_LENGTH, TonePacket, ToneReceiver, ToneSender},
    session::{
        apart::OwnSound,
        conference::Member,
        counters::{MediaCounters, peak},
        link::{Arrived, MAX_PACKET, MAX_PAYLOAD, MediaEnds, MediaNote, Outgoing},
        music::MusicPlayer,
        pause::{PauseDetector, Worth},
    },
};

/// The tick of the media thread.
pub(crate) const TICK: Duration = Duration::from_millis(10);
/// Samples of a tick at 48 kHz.
pub(crate) const FRAME: usize = SampleRate::HZ_48000.samples_in(TICK);

/// A session as the media thread knows it.
pub(crate) struct SessionStream {
    pub(crate) id: u64,
    ends: MediaEnds,
    counters: Arc<MediaCounters>,
    packetizer: Packetizer,
    send: Option<SendPath>,
    receive: Vec<ReceivePath>,
    active: usize,
    jitter: JitterBuffer,
    arrivals: Arrivals,
    control: Control,
    unheard: Unheard,
    /// Muted or not.
    microphone: Fader,
    /// Held or not, each way.
    outgoing: Fader,
    incoming: Fader,
    pub(crate) conference: Member,
    sounds: Sounds,
    beside: Beside,
    tones: ToneReceiver,
    /// Decoders do without what only makes the sound better.
    relieved: bool,
}

/// What a session has of its own to be heard.
#[derive(Default)]
pub(crate) struct Sounds {
    /// Instead of the engine's devices.
    pub(crate) own: Option<OwnSound>,
    /// For the far side while the call is held.
    pub(crate) music: Option<MusicPlayer>,
}

/// What was agreed beside codecs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Beside {
    pub(crate) events: Vec<EventChoice>,
    pub(crate) comfort_noise: Option<PayloadType>,
}

/// What the jitter buffer made while nothing was to be played: it says nothing of the call's
/// quality, and the figures leave it out.
#[derive(Debug, Clone, Copy, Default)]
struct Unheard {
    played: u64,
    concealed: u64,
    skipped: u64,
}

/// What is to be sent and played now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Control {
    /// The intent's number, to be acknowledged.
    pub(crate) number: u64,
    /// Path and keys are there.
    pub(crate) connected: bool,
    /// Packets are sent: not held, unless with music, and the far side listens.
    pub(crate) sends: bool,
    /// What comes is played: not held, and the far side may send.
    pub(crate) plays: bool,
    /// What is sent is silence.
    pub(crate) muted: bool,
    /// What is sent is music.
    pub(crate) music: bool,
    /// The far side holds the call: nothing need come (RFC 3264 §8.4).
    pub(crate) paused: bool,
}

/// Encoder and decoders of what was negotiated.
pub(crate) struct CodecSet {
    pub(crate) send: SendPath,
    pub(crate) receive: Vec<ReceivePath>,
    pub(crate) beside: Beside,
}

/// Codecs that are no longer used, to be dropped where that may take its time.
#[expect(dead_code, reason = "only dropped")]
pub(crate) struct Retired {
    send: Option<SendPath>,
    receive: Vec<ReceivePath>,
    beside: Beside,
}

/// Makes packets of one codec.
pub(crate) struct SendPath {
    encoder: Box<dyn Encoder>,
    choice: CodecChoice,
    /// Keys, where the far side takes them as events.
    tones: Option<(PayloadType, ToneSender)>,
    /// Pauses, where they are described by comfort noise.
    pauses: Option<(PayloadType, PauseDetector)>,
    /// RTP clock units of a packet.
    units: u32,
    converter: FrameResampler,
    /// Samples of 10 ms at the codec's rate.
    frame: usize,
    pending: Vec<i16>,
    filled: usize,
}

impl SendPath {
    /// `units` are RTP clock units of a packet, `rate` is the codec's.
    ///
    /// # Errors
    /// [`CodecError::Settings`]: a rate that can't be converted to.
    pub(crate) fn new(
        encoder: Box<dyn Encoder>,
        choice: CodecChoice,
        units: u32,
        rate: SampleRate,
    ) -> Result<Self, CodecError> {
        let pending = vec![0; encoder.frame_samples()];
        Ok(Self {
            encoder,
            choice,
            tones: None,
            pauses: None,
            units,
            converter: converter(SampleRate::HZ_48000, rate)?,
            frame: rate.samples_in(TICK),
            pending,
            filled: 0,
        })
    }

    /// Keys are sent as events of this kind.
    pub(crate) fn with_events(mut self, event: Option<EventChoice>) -> Self {
        self.tones = event.map(|event| (event.payload_type, ToneSender::new(event.clock)));
        self
    }

    /// Pauses are described by comfort noise of this kind instead of being sent.
    pub(crate) fn with_pauses(mut self, comfort_noise: Option<PayloadType>) -> Self {
        self.pauses = comfort_noise.map(|kind| (kind, PauseDetector::new()));
        self
    }

    /// Whether its packets are those of `other`.
    fn makes_what(&self, other: &Self) -> bool {
        let kinds = |path: &Self| {
            let tones = path.tones.as_ref().map(|(kind, _)| *kind);
            (tones, path.pauses.as_ref().map(|(kind, _)| *kind))
        };
        self.choice == other.choice && self.units == other.units && kinds(self) == kinds(other)
    }

    /// Adds 10 ms; whether a packet is full.
    fn add(&mut self, frame: &[i16; FRAME]) -> bool {
        let end = self.filled + self.frame;
        let Some(room) = self.pending.get_mut(self.filled..end) else {
            self.filled = 0;
            return false;
        };
        self.converter.process(frame, room);
        self.filled = end;
        self.filled == self.pending.len()
    }

    /// Encodes what is pending behind the header in `packet`; the payload's length.
    fn encode(&mut self, packet: &mut [u8]) -> usize {
        self.filled = 0;
        self.encoder.encode(&self.pending, packet).unwrap_or(0)
    }
}

/// Makes sound of packets of one payload type.
pub(crate) struct ReceivePath {
    choice: CodecChoice,
    decoder: Box<dyn Decoder>,
    complexity: Complexity,
    converter: FrameResampler,
    /// Samples of 10 ms at the codec's rate.
    frame: usize,
}

impl ReceivePath {
    /// For packets of this codec's payload type.
    ///
    /// # Errors
    /// [`CodecError::Settings`]: a rate that can't be converted, a complexity that the codec doesn't have.
    pub(crate) fn new(
        choice: CodecChoice,
        mut decoder: Box<dyn Decoder>,
        complexity: Complexity,
    ) -> Result<Self, CodecError> {
        decoder.set_complexity(complexity)?;
        let rate = decoder.sample_rate();
        Ok(Self {
            choice,
            decoder,
            complexity,
            converter: converter(rate, SampleRate::HZ_48000)?,
            frame: rate.samples_in(TICK),
        })
    }

    fn relieve(&mut self, relieved: bool) {
        let complexity = if relieved {
            Complexity(0)
        } else {
            self.complexity
        };
        // A decoder that refuses goes on as it was.
        let _ = self.decoder.set_complexity(complexity);
    }

    /// Takes 10 ms out of the jitter buffer, at 48 kHz.
    fn play(
        &mut self,
        jitter: &mut JitterBuffer,
        frame: &mut [i16; FRAME],
        now: MediaTime,
    ) -> Played {
        let mut piece = [0; FRAME];
        let piece = &mut piece[..self.frame];
        let played = jitter.get(self.decoder.as_mut(), piece, now);
        self.converter.process(piece, frame);
        played
    }
}

impl SessionStream {
    pub(crate) fn new(
        id: u64,
        ends: MediaEnds,
        counters: Arc<MediaCounters>,
        packetizer: Packetizer,
        sounds: Sounds,
    ) -> Self {
        let config = JitterConfig {
            max_packets: JITTER_PACKETS,
            max_payload: MAX_PAYLOAD,
            ..JitterConfig::default()
        };
        Self {
            id,
            ends,
            counters,
            packetizer,
            send: None,
            receive: Vec::new(),
            active: 0,
            jitter: JitterBuffer::new(config),
            arrivals: Arrivals::new(),
            control: Control::default(),
            unheard: Unheard::default(),
            microphone: Fader::new(SampleRate::HZ_48000, Gain::UNITY),
            outgoing: Fader::new(SampleRate::HZ_48000, Gain::SILENT),
            incoming: Fader::new(SampleRate::HZ_48000, Gain::SILENT),
            conference: Member::default(),
            sounds,
            beside: Beside::default(),
            tones: ToneReceiver::default(),
            relieved: false,
        }
    }

    /// Puts codecs in place; gives the former ones, to be dropped elsewhere. What was in use already
    /// goes on where it was: a direction that keeps its codec has no gap.
    pub(crate) fn configure(&mut self, codecs: CodecSet) -> Retired {
        let CodecSet {
            mut send,
            mut receive,
            beside,
        } = codecs;
        self.forget_tones();
        let playing = self.receive.get(self.active).map(|path| path.choice);
        for path in &mut receive {
            if self.relieved {
                path.relieve(true);
            }
            let mut former = self.receive.iter_mut();
            if let Some(former) = former.find(|former| former.choice == path.choice) {
                std::mem::swap(path, former);
            }
        }
        let active = receive.iter().position(|path| Some(path.choice) == playing);
        if active.is_none() {
            self.jitter.restart();
        }
        self.active = active.unwrap_or(0);
        if let Some(former) = self.send.as_mut().filter(|former| former.makes_what(&send)) {
            std::mem::swap(&mut send, former);
        }
        Retired {
            receive: std::mem::replace(&mut self.receive, receive),
            beside: std::mem::replace(&mut self.beside, beside),
            send: self.send.replace(send),
        }
    }

    /// Whether it wants captured sound: also while it fades out, until the last packet is full.
    pub(crate) fn sends(&self) -> bool {
        let unfinished = |send: &SendPath| !self.outgoing.is_silent() || send.filled > 0;
        let wanted = |send| self.control.sends || unfinished(send);
        self.control.connected && self.send.as_ref().is_some_and(wanted)
    }

    /// Whether it has sound to play.
    pub(crate) fn plays(&self) -> bool {
        self.control.connected && self.control.plays && !self.receive.is_empty()
    }

    /// Whether it is heard: also while it fades out.
    pub(crate) fn is_heard(&self) -> bool {
        self.plays() || !self.incoming.is_silent()
    }

    /// Takes a new state. A session that begins to send does so at once, with the sound of just
    /// now: the far side needn't wait for a packet to fill.
    pub(crate) fn control(&mut self, control: Control, recent: &[[i16; FRAME]]) {
        let sent_before = self.sends();
        let applied = control.number != self.control.number;
        self.control = control;
        self.fade(sent_before);
        if applied {
            self.note(MediaNote::Applied(control.number));
        }
        if !self.control.sends || !self.control.connected {
            self.forget_tones();
        }
        if self.sends() && !sent_before {
            self.conference.restart();
            self.packetizer.mark();
            let frames = self.send.as_ref().map_or(0, |send| send.frames());
            for frame in &recent[recent.len().saturating_sub(frames)..] {
                let own = self.sounds.own.as_mut().map(OwnSound::read);
                self.capture(own.as_ref().unwrap_or(frame));
            }
        }
    }

    /// Moves to mute and hold as they are wanted. Who begins muted isn't heard for a fade's length.
    fn fade(&mut self, sent_before: bool) {
        let muted = open_unless(self.control.muted);
        if sent_before {
            self.microphone.fade_to(muted);
        } else {
            self.microphone = Fader::new(SampleRate::HZ_48000, muted);
        }
        if let Some(music) = &mut self.sounds.music {
            music.play(self.control.music);
        }
        if self.control.connected {
            self.outgoing.fade_to(open_unless(!self.control.sends));
        } else {
            self.outgoing = Fader::new(SampleRate::HZ_48000, Gain::SILENT);
        }
    }

    /// Capturing the last 10 ms took so long.
    pub(crate) fn note_effort(&self, effort: Duration) {
        if self.sends() {
            let micros = effort.as_micros() as u64;
            self.counters.effort_us.fetch_add(micros, Relaxed);
            self.counters.captured_frames.fetch_add(1, Relaxed);
        }
    }

    /// Decoders do without what only makes the sound better, or have it again.
    pub(crate) fn relieve(&mut self, relieved: bool) {
        self.relieved = relieved;
        for path in &mut self.receive {
            path.relieve(relieved);
        }
    }

    pub(crate) fn tune(&mut self, tuning: EncoderTuning) {
        if let Some(send) = &mut self.send {
            let _ = send.encoder.tune(tuning);
        }
    }

    /// Takes 10 ms of captured sound.
    pub(crate) fn capture(&mut self, frame: &[i16; FRAME]) {
        if !self.sends() {
            return;
        }
        let mut frame = *frame;
        self.microphone.apply(&mut frame);
        self.counters.capture_peak.store(peak(&frame), Relaxed);
        self.conference.add_others(&mut frame);
        if let Some(music) = &mut self.sounds.music {
            music.apply(&mut frame);
        }
        self.outgoing.apply(&mut frame);
        if self.send.as_mut().is_some_and(|send| send.add(&frame)) {
            self.send_packet();
        }
    }

    /// Whether it has sound of its own, and none of the engine's.
    pub(crate) fn is_apart(&self) -> bool {
        self.sounds.own.is_some()
    }

    /// Takes 10 ms of its own sound.
    pub(crate) fn capture_own(&mut self) {
        if self.sends()
            && let Some(own) = &mut self.sounds.own
        {
            // While there is music, it waits.
            let frame = match self.control.music {
                true => [0; FRAME],
                false => own.read(),
            };
            self.capture(&frame);
        }
    }

    /// Plays 10 ms to its own sound.
    pub(crate) fn play_own(&mut self, now: MediaTime) {
        let (heard, mut mix) = (self.is_heard(), [0; FRAME]);
        self.play(&mut mix, now);
        if let Some(own) = self.sounds.own.as_mut().filter(|_| heard) {
            own.write(&mix);
        }
    }

    /// Presses a key once those before it are up.
    pub(crate) fn press(&mut self, tone: KeyTone) {
        let sends = self.control.sends && self.control.connected;
        let tones = self.send.as_mut().and_then(|send| send.tones.as_mut());
        let taken = tones.is_some_and(|(_, tones)| sends && tones.push(tone));
        if !taken {
            self.counters.tones_waiting.fetch_sub(1, Relaxed);
        }
    }

    fn forget_tones(&mut self) {
        if let Some((_, tones)) = self.send.as_mut().and_then(|send| send.tones.as_mut()) {
            let waiting = &self.counters.tones_waiting;
            waiting.fetch_sub(tones.clear(), Relaxed);
        }
    }

    /// A packet time is over: sends its sound, or the key that is pressed.
    fn send_packet(&mut self) {
        let Some(send) = &mut self.send else { return };
        let units = send.units;
        let due = match &mut send.tones {
            Some((kind, tones)) => Some((*kind, tones.poll(self.packetizer.timestamp(), units))),
            None => None,
        };
        let (kind, due) = due.unwrap_or((send.choice.payload_type, Default::default()));
        if let Some(repeat) = due.repeat {
            self.send_tone(kind, repeat);
        }
        match due.instead {
            Some(tone) => {
                self.send_tone(kind, tone);
                self.skip_sound();
            }
            None => self.send_sound(),
        }
        if due.done && self.counters.tones_waiting.fetch_sub(1, Relaxed) == 1 {
            self.note(MediaNote::TonesSent);
        }
        self.packetizer.advance(units);
    }

    fn send_tone(&mut self, kind: PayloadType, tone: TonePacket) {
        let mut packet = [0; HEADER + TONE_LENGTH];
        packet[HEADER..].copy_from_slice(&tone.payload);
        self.packetizer
            .write_event(kind, tone.timestamp, tone.marker, &mut packet);
        self.push(&packet);
    }

    fn send_noise(&mut self, kind: PayloadType, level: u8) {
        let mut packet = [0; HEADER + 1];
        packet[HEADER] = level;
        let timestamp = self.packetizer.timestamp();
        self.packetizer
            .write_event(kind, timestamp, false, &mut packet);
        self.push(&packet);
        self.skip_sound();
    }

    /// The sound of a packet time isn't sent; what follows begins anew.
    fn skip_sound(&mut self) {
        if let Some(send) = &mut self.send {
            send.filled = 0;
        }
        self.packetizer.mark();
    }

    fn send_sound(&mut self) {
        let Some(send) = &mut self.send else { return };
        if let Some((kind, pauses)) = &mut send.pauses {
            let kind = *kind;
            match pauses.judge(&send.pending) {
                Worth::Speech => {}
                Worth::Noise(level) => return self.send_noise(kind, level),
                Worth::Nothing => return self.skip_sound(),
            }
        }
        let mut packet = [0; MAX_PACKET];
        let length = send.encode(&mut packet[HEADER..]);
        if length == 0 {
            self.packetizer.mark();
            return;
        }
        let packet = &mut packet[..HEADER + length];
        self.packetizer.write(send.choice.payload_type, packet);
        self.push(packet);
    }

    fn push(&mut self, packet: &[u8]) {
        if self.ends.outgoing.push(Outgoing::new(packet)).is_err() {
            self.counters.send_overflow.fetch_add(1, Relaxed);
        }
        self.ends.waker.wake();
    }

    /// Ticks have passed: while nothing is sent, RTP time goes on by them.
    pub(crate) fn idle(&mut self, ticks: u32) {
        if let Some(send) = self.send.as_ref().filter(|_| !self.sends()) {
            let units = send.units / send.frames().max(1) as u32;
            self.packetizer.advance(ticks.wrapping_mul(units));
        }
    }

    /// Takes what has arrived.
    pub(crate) fn receive(&mut self) {
        while let Ok(packet) = self.ends.arrived.pop() {
            self.insert(&packet);
        }
    }

    fn insert(&mut self, packet: &Arrived) {
        let number = packet.payload_type;
        let events = self.beside.events.iter();
        if let Some(path) = self
            .receive
            .iter()
            .position(|p| p.choice.payload_type == number)
        {
            self.insert_sound(packet, path);
        } else if let Some(event) = events.copied().find(|e| e.payload_type == number) {
            self.insert_tone(packet, event);
        } else if self.beside.comfort_noise == Some(number) {
            self.insert_noise(packet.reference(), packet.at);
        } else {
            self.counters.unknown_payload.fetch_add(1, Relaxed);
        }
    }

    fn insert_sound(&mut self, packet: &Arrived, path: usize) {
        if path != self.active {
            self.active = path;
            self.jitter.restart();
        }
        let decoder = self.receive[path].decoder.as_ref();
        let taken = self.jitter.insert(packet.reference(), decoder, packet.at);
        if taken.is_ok() {
            self.arrivals.record(packet.timestamp, packet.at);
        }
    }

    /// A key is told once; in the sound, its packets are silence.
    fn insert_tone(&mut self, packet: &Arrived, event: EventChoice) {
        let source = (packet.ssrc, event.clock);
        let heard = self
            .tones
            .handle(source, packet.timestamp, packet.payload(), packet.at);
        if let Some(digit) = heard.digit {
            self.note(MediaNote::Tone(digit));
        }
        if let Some(timestamp) = heard.instead_of {
            let silence = RtpPacketRef {
                timestamp,
                payload: &[SILENT_NOISE],
                ..packet.reference()
            };
            self.insert_noise(silence, packet.at);
        }
    }

    fn insert_noise(&mut self, packet: RtpPacketRef<'_>, at: MediaTime) {
        if let Some(path) = self.receive.get(self.active) {
            let decoder = path.decoder.as_ref();
            // Counted by the buffer.
            let _ = self.jitter.insert_comfort_noise(packet, decoder, at);
        }
    }

    /// Adds 10 ms of its sound to `mix`. Time goes on in the buffer even if nothing is to be heard.
    pub(crate) fn play(&mut self, mix: &mut [i32; FRAME], now: MediaTime) {
        let mut frame = [0; FRAME];
        let before = self.jitter.stats();
        let Some(path) = self.receive.get_mut(self.active) else {
            return;
        };
        let kind = path.play(&mut self.jitter, &mut frame, now);
        let rate = path.decoder.sample_rate().hz();
        let clock = path.decoder.clock_rate().hz();
        let after = self.jitter.stats();
        if !self.plays() || self.control.paused {
            self.unheard.leave_out(&before, &after);
        }
        if let Some(delay) = kind
            .timestamp
            .and_then(|at| self.arrivals.delay(at, clock, now))
        {
            self.counters.delay_sum_us.fetch_add(delay, Relaxed);
            self.counters.delay_count.fetch_add(1, Relaxed);
        }
        self.publish(rate);
        self.counters.playout_peak.store(peak(&frame), Relaxed);
        self.incoming.fade_to(open_unless(!self.plays()));
        if self.incoming.is_silent() {
            return;
        }
        self.incoming.apply(&mut frame);
        self.conference.speak(&frame);
        for (sum, sample) in mix.iter_mut().zip(&frame) {
            *sum += i32::from(*sample);
        }
        if self.plays() && is_real(kind.kind) && self.counters.heard_first(now) {
            self.note(MediaNote::FirstAudio(now));
        }
    }

    fn publish(&self, rate: u32) {
        let stats = self.jitter.stats();
        let played = audible(&stats).saturating_sub(self.unheard.played);
        let concealed = stats
            .concealed_samples
            .saturating_sub(self.unheard.concealed);
        self.counters.played_samples.store(played, Relaxed);
        let skipped = stats.skipped_samples.saturating_sub(self.unheard.skipped);
        self.counters.concealed_samples.store(concealed, Relaxed);
        self.counters.skipped_samples.store(skipped, Relaxed);
        self.counters.sample_rate.store(rate, Relaxed);
        let discarded = stats.late_packets + stats.discarded_packets;
        self.counters.discarded_packets.store(discarded, Relaxed);
        let target = stats.target_delay.as_micros() as u64;
        self.counters.target_delay_us.store(target, Relaxed);
    }

    fn note(&mut self, note: MediaNote) {
        // A full ring means that the task is gone or hopelessly late: it reads the counters then.
        let _ = self.ends.notes.push(note);
        self.ends.waker.wake();
    }
}

impl Unheard {
    fn leave_out(&mut self, before: &JitterStats, after: &JitterStats) {
        self.played += audible(after).saturating_sub(audible(before));
        self.concealed += after
            .concealed_samples
            .saturating_sub(before.concealed_samples);
        self.skipped += after.skipped_samples.saturating_sub(before.skipped_samples);
    }
}

/// Samples that were more than the silence before a call's first packet.
const fn audible(stats: &JitterStats) -> u64 {
    stats.played_samples.saturating_sub(stats.silent_samples)
}

impl SendPath {
    /// Frames of 10 ms in a packet.
    fn frames(&self) -> usize {
        self.pending.len() / self.frame
    }
}

/// Between 48 kHz and a codec's rate.
fn converter(from: SampleRate, to: SampleRate) -> Result<FrameResampler, CodecError> {
    let possible = from.max(to) <= SampleRate::HZ_48000;
    let converter = possible.then(|| FrameResampler::new(from, to)).flatten();
    converter.ok_or(CodecError::Settings)
}

fn open_unless(closed: bool) -> Gain {
    if closed { Gain::SILENT } else { Gain::UNITY }
}

fn is_real(kind: PlayedKind) -> bool {
    matches!(
        kind,
        PlayedKind::Speech | PlayedKind::Accelerated | PlayedKind::Decelerated | PlayedKind::Fec
    )
}

/// When the newest packets came, to tell how long their sound has waited.
struct Arrivals {
    newest: [(u32, MediaTime); ARRIVALS],
    next: usize,
    count: usize,
}

impl Arrivals {
    fn new() -> Self {
        Self {
            newest: [(0, MediaTime::default()); ARRIVALS],
            next: 0,
            count: 0,
        }
    }

    fn record(&mut self, timestamp: u32, at: MediaTime) {
        self.newest[self.next] = (timestamp, at);
        self.next = (self.next + 1) % ARRIVALS;
        self.count = (self.count + 1).min(ARRIVALS);
    }

    /// Microseconds from the arrival of the packet that holds `timestamp` to `now`, less the part of
    /// the packet that has been played.
    fn delay(&self, timestamp: u32, clock: u32, now: MediaTime) -> Option<u64> {
        let known = self.newest[..self.count].iter();
        let offsets = known.map(|(first, at)| (timestamp.wrapping_sub(*first), *at));
        let (offset, at) = offsets.min_by_key(|(offset, _)| *offset)?;
        let played = u64::from(offset) * 1_000_000 / u64::from(clock);
        let longest = u64::from(LONGEST_PACKET_US);
        (played <= longest).then(|| (now.since(at).as_micros() as u64).saturating_sub(played))
    }
}

/// Packets that can wait in the jitter buffer: 1.2 s of 10 ms packets.
const JITTER_PACKETS: usize = 128;
/// −127 dBov (RFC 3389 §3.1).
const SILENT_NOISE: u8 = 127;
const ARRIVALS: usize = 64;
/// RFC 6716 §2.1.4: 120 ms.
const LONGEST_PACKET_US: u32 = 120_000;

#[cfg(test)]
mod tests;
