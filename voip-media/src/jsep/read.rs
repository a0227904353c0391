use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use sdp_types::{Attribute, Connection, Media, Session};

use crate::{
    CodecKind, MediaProfile, PayloadType, SampleRate, SdpError,
    jsep::{CodecChoice, Direction, EventChoice, Formats, Kind},
    transport::{Announced, Crypto, Fingerprint, IceCandidate, IceCredentials},
};

/// What matters of the far side's description.
#[derive(Debug, Clone)]
pub(crate) struct RemoteDescription {
    pub(crate) transport: RemoteTransport,
    pub(crate) direction: Direction,
    pub(crate) formats: Formats,
    pub(crate) packet_time: Option<Duration>,
    /// All its `m=` lines, so that an answer has as many.
    pub(crate) lines: Vec<MediaLine>,
}

/// How it wants to be reached.
#[derive(Debug, Clone)]
pub(crate) enum RemoteTransport {
    /// By ICE and DTLS-SRTP.
    Webrtc {
        credentials: IceCredentials,
        candidates: Vec<IceCandidate>,
        fingerprints: Vec<Fingerprint>,
        setup: Setup,
    },
    /// By SRTP with one of these keys, best first.
    Srtp {
        announced: Announced,
        cryptos: Vec<Crypto>,
    },
    /// By RTP.
    Rtp(Announced),
}

impl RemoteTransport {
    pub(crate) const fn profile(&self) -> MediaProfile {
        match self {
            Self::Webrtc { .. } => MediaProfile::Webrtc,
            Self::Srtp { .. } => MediaProfile::SdesSrtp,
            Self::Rtp(_) => MediaProfile::PlainRtp,
        }
    }

    /// Its address, without ICE.
    pub(crate) const fn announced(&self) -> Option<Announced> {
        match self {
            Self::Webrtc { .. } => None,
            Self::Srtp { announced, .. } | Self::Rtp(announced) => Some(*announced),
        }
    }
}

/// Who starts the handshake (RFC 4145 §4, RFC 5763 §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setup {
    ActPass,
    Active,
    Passive,
}

/// An `m=` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MediaLine {
    /// The audio of the call, with its `a=mid`.
    Audio {
        mid: Option<String>,
        /// Whether its protocol has feedback (RFC 4585).
        feedback: bool,
        /// Whether it has RTP and RTCP on one port (RFC 5761).
        mux: bool,
    },
    /// What we don't take: its answer repeats it with port 0 (RFC 3264 §6).
    Rejected {
        media: String,
        proto: String,
        formats: String,
    },
}

/// Reads an offer or answer with one of these profiles. Of several audio streams it is the first that
/// has one: phones offer the same call secured and not.
pub(crate) fn read(
    kind: Kind,
    text: &str,
    profiles: &[MediaProfile],
) -> Result<RemoteDescription, SdpError> {
    if text.len() > MAX_DESCRIPTION {
        return Err(SdpError::TooLarge);
    }
    let session = Session::parse(text.as_bytes()).map_err(|_| SdpError::Malformed)?;
    let mut error = None;
    for audio in audio_lines(&session) {
        match read_audio(kind, &session, audio, profiles) {
            Ok(remote) => return Ok(remote),
            Err(refused) => _ = error.get_or_insert(refused),
        }
    }
    Err(error.unwrap_or(SdpError::NoAudio))
}

/// Those that aren't rejected.
fn audio_lines(session: &Session) -> impl Iterator<Item = usize> {
    let wanted = |media: &Media| {
        media.media == "audio" && (media.port != 0 || media.has_attribute("bundle-only"))
    };
    let lines = session.medias.iter().enumerate();
    let wanted = lines.filter(move |(_, media)| wanted(media));
    wanted.map(|(index, _)| index).take(MAX_AUDIO)
}

fn read_audio(
    kind: Kind,
    session: &Session,
    audio: usize,
    profiles: &[MediaProfile],
) -> Result<RemoteDescription, SdpError> {
    let media = &session.medias[audio];
    let (profile, _) = MediaProfile::of(&media.proto)
        .filter(|(profile, _)| profiles.contains(profile))
        .ok_or(SdpError::NotSecured)?;
    let scope = Scope { session, media };
    let transport = scope.transport(kind, profile)?;
    let held = transport.announced().is_some_and(|at| at.is_on_hold());
    let direction = scope.direction();
    Ok(RemoteDescription {
        transport,
        direction: if held { direction.deaf() } else { direction },
        formats: formats(media),
        packet_time: packet_time(media),
        lines: lines(session, audio),
    })
}

/// Attributes that may stand at the media or, for all media, at the session.
struct Scope<'a> {
    session: &'a Session,
    media: &'a Media,
}

impl<'a> Scope<'a> {
    /// The media's values, or the session's if it has none.
    fn values(&self, name: &str) -> Vec<&'a str> {
        let of = |attributes: &'a [Attribute]| {
            let named = attributes
                .iter()
                .filter(|attribute| attribute.attribute == name);
            named
                .filter_map(|attribute| attribute.value.as_deref())
                .collect::<Vec<_>>()
        };
        let own = of(&self.media.attributes);
        if own.is_empty() {
            of(&self.session.attributes)
        } else {
            own
        }
    }

    fn first(&self, name: &str) -> Option<&'a str> {
        self.values(name).first().map(|value| value.trim())
    }

    fn has(&self, name: &str) -> bool {
        self.media.has_attribute(name) || self.session.has_attribute(name)
    }

    fn transport(&self, kind: Kind, profile: MediaProfile) -> Result<RemoteTransport, SdpError> {
        match profile {
            MediaProfile::Webrtc if !self.has("rtcp-mux") => Err(SdpError::NoRtcpMux),
            MediaProfile::Webrtc => Ok(RemoteTransport::Webrtc {
                fingerprints: self.fingerprints()?,
                credentials: self.credentials()?,
                setup: self.setup(kind)?,
                candidates: self.candidates(),
            }),
            MediaProfile::SdesSrtp => Ok(RemoteTransport::Srtp {
                cryptos: self.cryptos()?,
                announced: self.announced()?,
            }),
            MediaProfile::PlainRtp => Ok(RemoteTransport::Rtp(self.announced()?)),
        }
    }

    /// The address of `c=` with the port of `m=`; for RTCP that of `a=rtcp` (RFC 3605), or the next port.
    fn announced(&self) -> Result<Announced, SdpError> {
        if self.media.port == 0 {
            return Err(SdpError::NoAudio);
        }
        let own = self.media.connections.first();
        let connection = own.or(self.session.connection.as_ref());
        let ip = connection.and_then(address).ok_or(SdpError::NoAddress)?;
        let rtp = SocketAddr::new(ip, self.media.port);
        let rtcp = match self.has("rtcp-mux") {
            true => rtp,
            false => self
                .first("rtcp")
                .and_then(|value| rtcp(value, ip))
                .unwrap_or(SocketAddr::new(ip, rtp.port().wrapping_add(1))),
        };
        Ok(Announced { rtp, rtcp })
    }

    fn cryptos(&self) -> Result<Vec<Crypto>, SdpError> {
        let values = self.values("crypto").into_iter().take(MAX_CRYPTOS);
        let known: Vec<_> = values.filter_map(Crypto::parse).collect();
        if known.is_empty() {
            Err(SdpError::NoCrypto)
        } else {
            Ok(known)
        }
    }

    fn fingerprints(&self) -> Result<Vec<Fingerprint>, SdpError> {
        let values = self.values("fingerprint");
        let known = values.iter().filter_map(|value| {
            let (hash, digest) = value.trim().split_once(' ')?;
            hash.eq_ignore_ascii_case("sha-256")
                .then(|| Fingerprint::parse(digest))?
        });
        let known: Vec<_> = known.take(MAX_FINGERPRINTS).collect();
        if known.is_empty() {
            Err(SdpError::NoFingerprint)
        } else {
            Ok(known)
        }
    }

    fn credentials(&self) -> Result<IceCredentials, SdpError> {
        let value = |name| self.first(name).ok_or(SdpError::NoIceCredentials);
        let (ufrag, pwd) = (value("ice-ufrag")?.to_owned(), value("ice-pwd")?.to_owned());
        let in_range = (4..=256).contains(&ufrag.len()) && (22..=256).contains(&pwd.len());
        if in_range {
            Ok(IceCredentials { ufrag, pwd })
        } else {
            Err(SdpError::NoIceCredentials)
        }
    }

    fn setup(&self, kind: Kind) -> Result<Setup, SdpError> {
        match (kind, self.first("setup")) {
            (Kind::Offer, Some("actpass") | None) => Ok(Setup::ActPass),
            (_, Some("active")) => Ok(Setup::Active),
            (_, Some("passive")) => Ok(Setup::Passive),
            _ => Err(SdpError::NoDtlsRole),
        }
    }

    fn direction(&self) -> Direction {
        let of = |attributes: &[Attribute]| {
            attributes
                .iter()
                .find_map(|attribute| Direction::parse(&attribute.attribute))
        };
        of(&self.media.attributes)
            .or_else(|| of(&self.session.attributes))
            .unwrap_or_default()
    }

    fn candidates(&self) -> Vec<IceCandidate> {
        let values = self.values("candidate");
        values
            .into_iter()
            .filter_map(IceCandidate::parse)
            .take(MAX_CANDIDATES)
            .collect()
    }
}

/// An address that one can send to, or none in particular.
fn address(connection: &Connection) -> Option<IpAddr> {
    let ip: IpAddr = connection.connection_address.trim().parse().ok()?;
    let (broadcast, multicast) = match ip {
        IpAddr::V4(ip) => (ip.is_broadcast(), ip.is_multicast()),
        IpAddr::V6(ip) => (false, ip.is_multicast()),
    };
    (!broadcast && !multicast).then_some(ip)
}

/// `port`, or `port IN IP4 address` (RFC 3605 §2.1).
fn rtcp(value: &str, ip: IpAddr) -> Option<SocketAddr> {
    let mut fields = value.split_ascii_whitespace();
    let port = fields.next()?.parse().ok().filter(|port| *port != 0)?;
    let named = fields.nth(2).and_then(|address| address.parse().ok());
    let same_kind = |other: &IpAddr| other.is_ipv4() == ip.is_ipv4() && !other.is_multicast();
    Some(SocketAddr::new(named.filter(same_kind).unwrap_or(ip), port))
}

fn formats(media: &Media) -> Formats {
    let mut known = Formats::default();
    let numbers = media.fmt.split_ascii_whitespace().take(MAX_FORMATS);
    for number in numbers.filter_map(|number| number.parse().ok().filter(|n| *n < 128)) {
        let payload_type = PayloadType(number);
        match encoding(media, number).and_then(|name| Format::parse(&name)) {
            Some(Format::Codec(kind)) => known.codecs.push(CodecChoice { kind, payload_type }),
            Some(Format::Events(clock)) => known.events.push(EventChoice {
                clock,
                payload_type,
            }),
            Some(Format::ComfortNoise) => known.comfort_noise = Some(payload_type),
            None => {}
        }
    }
    known
}

/// What a payload type is said to be, in lower case; static ones need not be named (RFC 3551 §6).
fn encoding(media: &Media, payload_type: u8) -> Option<String> {
    let maps = media
        .attributes
        .iter()
        .filter(|attribute| attribute.attribute == "rtpmap");
    let mut maps = maps.filter_map(|attribute| attribute.value.as_deref()?.split_once(' '));
    let map = maps.find(|(number, _)| number.parse() == Ok(payload_type));
    let named = map.map(|(_, encoding)| encoding.trim().to_ascii_lowercase());
    named.or_else(|| {
        let encoding = match payload_type {
            0 => "pcmu/8000",
            8 => "pcma/8000",
            9 => "g722/8000",
            11 => "l16/44100",
            13 => "cn/8000",
            _ => return None,
        };
        Some(encoding.to_owned())
    })
}

/// What an encoding name means to us.
enum Format {
    Codec(CodecKind),
    Events(SampleRate),
    ComfortNoise,
}

impl Format {
    fn parse(encoding: &str) -> Option<Self> {
        if encoding == "opus/48000/2" {
            return Some(Self::Codec(CodecKind::Opus));
        }
        // One channel needs no mention.
        let mono = encoding.strip_suffix("/1").unwrap_or(encoding);
        let (name, rate) = mono.split_once('/')?;
        let rate = SampleRate::from_hz(rate.parse().ok()?)?;
        match (name, rate) {
            ("pcmu", SampleRate::HZ_8000) => Some(Self::Codec(CodecKind::Pcmu)),
            ("pcma", SampleRate::HZ_8000) => Some(Self::Codec(CodecKind::Pcma)),
            ("g722", SampleRate::HZ_8000) => Some(Self::Codec(CodecKind::G722)),
            ("l16", rate) => Some(Self::Codec(CodecKind::L16(rate))),
            ("telephone-event", rate) => Some(Self::Events(rate)),
            ("cn", SampleRate::HZ_8000) => Some(Self::ComfortNoise),
            _ => None,
        }
    }
}

fn packet_time(media: &Media) -> Option<Duration> {
    let value = media.get_first_attribute_value("ptime")??;
    let milliseconds = value.trim().parse::<u64>().ok()?;
    Some(Duration::from_millis(milliseconds))
}

fn lines(session: &Session, audio: usize) -> Vec<MediaLine> {
    let line = |(index, media): (usize, &Media)| {
        if index == audio {
            let mid = media.get_first_attribute_value("mid").flatten();
            return MediaLine::Audio {
                mid: mid.map(str::to_owned),
                feedback: MediaProfile::of(&media.proto).is_some_and(|(_, feedback)| feedback),
                mux: media.has_attribute("rtcp-mux") || session.has_attribute("rtcp-mux"),
            };
        }
        MediaLine::Rejected {
            media: media.media.clone(),
            proto: media.proto.clone(),
            formats: media.fmt.clone(),
        }
    };
    session.medias.iter().enumerate().map(line).collect()
}

/// Longest description, in octets: what the signalling carries.
const MAX_DESCRIPTION: usize = 64 * 1_024;
/// RFC 8122 allows several; nobody has more than a few.
const MAX_FINGERPRINTS: usize = 8;
/// As many as the signalling lets through for a side.
const MAX_CANDIDATES: usize = 64;
/// There are 128 payload types.
const MAX_FORMATS: usize = 128;
/// Audio lines that are looked at; a phone offers two.
const MAX_AUDIO: usize = 8;
/// `a=crypto` lines that are looked at; a phone has one for each of its suites.
const MAX_CRYPTOS: usize = 16;
