use std::{net::IpAddr, time::Duration};

use crate::{
    Bitrate, CodecKind, Complexity, EncoderTuning, HoldMusic, IceServer, LossRate, MediaProfile,
};

/// How the sessions of an engine negotiate and send.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SessionConfig {
    /// How the sound may travel: the first is offered, an offer with any of them is answered in its own,
    /// one with none of them is refused ([`crate::SdpError::NotSecured`]). So nothing goes unencrypted
    /// unless [`MediaProfile::PlainRtp`] stands here. A call keeps the profile it began with. Default: WebRTC,
    /// SDES-SRTP.
    pub profiles: Vec<MediaProfile>,
    /// The address of this computer at which a call without ICE receives, and that its descriptions
    /// name. Default: the one from which the far side is reached, or, in a first offer, the one that
    /// routes outwards; 127.0.0.1 where there is no other.
    pub local_address: Option<IpAddr>,
    /// Codecs in order of preference. Default: Opus, G.722, PCMU, PCMA.
    pub codecs: Vec<CodecKind>,
    /// An answer names one codec only, so that the far side needs no further round (the
    /// manual's "codec preselection", VOIP-3). Default: false.
    pub codec_preselection: bool,
    /// Sound per packet: 10, 20, 40 or 60 ms. Default: 20 ms (RFC 7874 §3).
    pub packet_time: Duration,
    /// Settings of the encoder. `expected_loss` is what it starts with; later, the far side's
    /// reports replace it once they are worse. Default: 24 kb/s, complexity 5, no DTX, and 10 %
    /// loss: up to 5 %, Opus makes no in-band FEC at this bit rate, and speech is then made up
    /// wherever a packet is missing.
    pub encoder: EncoderTuning,
    /// What decoders may do for the sound ([`crate::Decoder::set_complexity`]); without the feature
    /// `neural` all values are the same. While the engine's media thread is busy for more than half of
    /// the time, all its decoders work as at 0. Default: everything, [`Complexity::DECODER`].
    pub decoder_complexity: Complexity,
    /// What the far side hears while this side holds the call and wants it to ([`Intent::music`]).
    /// Default: none.
    pub hold_music: Option<HoldMusic>,
    /// STUN and TURN servers. Default: none; then only host candidates are offered.
    pub ice_servers: Vec<IceServer>,
    /// How long an offer or answer may wait for candidates of those servers; what comes later is
    /// trickled. Default: zero.
    pub gather_wait: Duration,
    /// Whether 127.0.0.1 is a candidate when there are other addresses. It always is when there
    /// is no other. Default: true.
    pub include_loopback: bool,
    /// Nothing authentic of the far side for this long, neither sound nor a report nor a check of the
    /// path (one a second): [`crate::SessionEvent::Disconnected`]. Default: 4 s.
    pub disconnected_after: Duration,
    /// The same for a path without ICE, where there are no checks: neither RTP nor RTCP for this long
    /// although the far side should send. While it needn't, because one side holds the call, silence means
    /// nothing, and it never ends a call. Default: 15 s, three reports of a far side that sends them every
    /// five seconds (RFC 3550 §6.2).
    pub unheard_after: Duration,
    /// None of our checks answered for this long: [`crate::SessionError::PathLost`], and nothing is
    /// sent any more (consent, RFC 7675 §5.1). Before a path works, the search for one ends after
    /// it. Default: 30 s, as there.
    pub failed_after: Duration,
    /// Loss and jitter put on received packets, for tests and demonstrations. Default: none.
    pub impairment: Option<Impairment>,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            profiles: vec![MediaProfile::Webrtc, MediaProfile::SdesSrtp],
            local_address: None,
            codecs: vec![
                CodecKind::Opus,
                CodecKind::G722,
                CodecKind::Pcmu,
                CodecKind::Pcma,
            ],
            codec_preselection: false,
            packet_time: Duration::from_millis(20),
            encoder: EncoderTuning {
                bitrate: Bitrate(24_000),
                complexity: Complexity(5),
                expected_loss: LossRate(0.10),
                dtx: false,
            },
            decoder_complexity: Complexity::DECODER,
            hold_music: None,
            ice_servers: Vec::new(),
            gather_wait: Duration::ZERO,
            include_loopback: true,
            disconnected_after: Duration::from_secs(4),
            unheard_after: Duration::from_secs(15),
            failed_after: Duration::from_secs(30),
            impairment: None,
        }
    }
}

/// Loss and jitter inside the program, on the packets that a session receives: for tests and
/// demonstrations, never for a product. Each packet is delayed on its own, so packets overtake each other;
/// the same seed and the same packets give the same loss and delays.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Impairment {
    /// Share of packets taken away, 0.0 to 1.0.
    pub loss: f32,
    /// Standard deviation of the delay. The delay is normally distributed around three standard
    /// deviations and cut off at zero and six, so nothing has to arrive before it was sent.
    pub jitter: Duration,
    /// Seed of the generator.
    pub seed: u64,
}

/// What the user wants of a session. What is in force is acknowledged by
/// [`crate::SessionEvent::Applied`] with the same number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Intent {
    /// Counts up with every change; one that isn't higher than the last is ignored.
    pub number: u64,
    /// Silence is sent instead of the captured sound.
    pub muted: bool,
    /// No sound of this side is sent, none is played; the path is kept open. The next offer says `sendonly`
    /// (RFC 3264 §8.4), the next answer agrees.
    pub held: bool,
    /// Held, the far side hears the session's music, if there is some, unless it holds the call too.
    /// Where many are at the far side, as in a conference, nobody wants that.
    pub music: bool,
}
