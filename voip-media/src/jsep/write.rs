use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use sdp_types::{Attribute, Connection, Media, Origin, Session};

use crate::{
    MediaProfile, PayloadType,
    jsep::{Direction, Formats, MediaLine},
    transport::{Crypto, Fingerprint, IceCandidate, IceCredentials},
};

/// What we say in an offer or answer.
#[derive(Clone)]
pub(crate) struct LocalDescription<'a> {
    pub(crate) session_id: u64,
    /// Counts up with every description.
    pub(crate) version: u64,
    pub(crate) transport: LocalTransport<'a>,
    pub(crate) direction: Direction,
    pub(crate) formats: &'a Formats,
    pub(crate) packet_time: Duration,
    pub(crate) ssrc: u32,
    pub(crate) cname: &'a str,
    /// The `m=` lines so far; empty before the first description.
    pub(crate) lines: &'a [MediaLine],
}

/// How we want to be reached.
#[derive(Clone, Copy)]
pub(crate) enum LocalTransport<'a> {
    /// By ICE and DTLS-SRTP.
    Webrtc {
        credentials: &'a IceCredentials,
        fingerprint: Fingerprint,
        /// `actpass` in offers, `active` or `passive` in answers.
        setup: &'static str,
        candidates: &'a [IceCandidate],
        /// Whether there will be no more candidates.
        complete: bool,
    },
    /// By SRTP with one of these keys: all that we offer, or the one of an answer.
    Srtp {
        address: SocketAddr,
        cryptos: &'a [Crypto],
    },
    /// By RTP.
    Rtp { address: SocketAddr },
}

impl LocalTransport<'_> {
    const fn profile(&self) -> MediaProfile {
        match self {
            Self::Webrtc { .. } => MediaProfile::Webrtc,
            Self::Srtp { .. } => MediaProfile::SdesSrtp,
            Self::Rtp { .. } => MediaProfile::PlainRtp,
        }
    }

    const fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Webrtc { .. } => None,
            Self::Srtp { address, .. } | Self::Rtp { address } => Some(*address),
        }
    }
}

/// Writes it.
pub(crate) fn write(local: &LocalDescription<'_>) -> String {
    let only_audio = [MediaLine::Audio {
        mid: None,
        feedback: false,
        mux: true,
    }];
    let lines = if local.lines.is_empty() {
        &only_audio
    } else {
        local.lines
    };
    // WebRTC hides the address (RFC 9429 §5.2.1).
    let address = local.transport.address().map(|address| address.ip());
    let hidden = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let origin = address.unwrap_or(hidden);
    let mut origin = Origin::with_ip_addr(local.session_id, local.version, origin);
    origin.set_username("-");
    let mut session = Session::new(origin, "-");
    match address {
        Some(address) => session.connection = Some(Connection::from_ip_addr(address)),
        None => {
            let mid = lines.iter().find_map(mid_of).unwrap_or(DEFAULT_MID);
            session.add_attribute_with_value("group", format!("BUNDLE {mid}"));
            session.add_attribute_with_value("ice-options", "trickle");
        }
    }
    for line in lines {
        session.add_media(match line {
            MediaLine::Audio { mid, feedback, mux } => {
                audio(local, mid.as_deref(), *feedback, *mux)
            }
            MediaLine::Rejected {
                media,
                proto,
                formats,
            } => rejected(media, proto, formats),
        });
    }
    let mut text = Vec::new();
    session
        .write(&mut text)
        .expect("writing to memory succeeds");
    String::from_utf8(text).expect("we write UTF-8 only")
}

fn mid_of(line: &MediaLine) -> Option<&str> {
    match line {
        MediaLine::Audio { mid, .. } => mid.as_deref(),
        MediaLine::Rejected { .. } => None,
    }
}

fn rejected(media: &str, proto: &str, formats: &str) -> Media {
    let mut line = empty_line(media, proto, formats);
    line.port = 0;
    line.add_attribute(Attribute::new(Direction::Inactive.as_str()));
    line
}

fn audio(local: &LocalDescription<'_>, mid: Option<&str>, feedback: bool, mux: bool) -> Media {
    let encodings = local.formats.encodings();
    let numbers = encodings.iter().map(|(number, _)| number.0.to_string());
    let numbers = numbers.collect::<Vec<_>>().join(" ");
    let proto = local.transport.profile().protocol(feedback);
    let mut line = empty_line("audio", proto, &numbers);
    add_transport(&mut line, &local.transport, mid);
    line.add_attribute(Attribute::new(local.direction.as_str()));
    if mux {
        line.add_attribute(Attribute::new("rtcp-mux"));
    }
    add_formats(&mut line, local, &encodings);
    if let LocalTransport::Webrtc {
        candidates,
        complete,
        ..
    } = local.transport
    {
        line.add_attribute_with_value("ssrc", format!("{} cname:{}", local.ssrc, local.cname));
        for candidate in candidates {
            line.add_attribute_with_value("candidate", candidate.bare());
        }
        if complete {
            line.add_attribute(Attribute::new("end-of-candidates"));
        }
    }
    line
}

/// Address and keys, or where they will come from.
fn add_transport(line: &mut Media, transport: &LocalTransport<'_>, mid: Option<&str>) {
    if let Some(address) = transport.address() {
        line.port = address.port();
    }
    match transport {
        LocalTransport::Webrtc {
            credentials,
            fingerprint,
            setup,
            candidates,
            complete,
        } => {
            // Whoever knows ICE from before it trickled looks for the default candidate (RFC 8839 §4.2.1).
            let default = default_candidate(candidates).filter(|_| *complete);
            let address = default.unwrap_or(SocketAddr::from(([0, 0, 0, 0], DISCARD_PORT)));
            line.port = address.port();
            line.add_connection(Connection::from_ip_addr(address.ip()));
            let mut add = |name: &str, value: String| line.add_attribute_with_value(name, value);
            add("mid", mid.unwrap_or(DEFAULT_MID).to_owned());
            let family = if address.is_ipv4() { "IP4" } else { "IP6" };
            let rtcp = format!("{} IN {family} {}", address.port(), address.ip());
            add("rtcp", rtcp);
            add("ice-ufrag", credentials.ufrag.clone());
            add("ice-pwd", credentials.pwd.clone());
            add("fingerprint", format!("sha-256 {fingerprint}"));
            add("setup", (*setup).to_owned());
        }
        LocalTransport::Srtp { cryptos, .. } => {
            add_mid(line, mid);
            for crypto in *cryptos {
                line.add_attribute_with_value("crypto", crypto.to_value());
            }
        }
        LocalTransport::Rtp { .. } => add_mid(line, mid),
    }
}

/// The candidate that reaches farthest; of equal ones an IPv4 address that others can reach.
fn default_candidate(candidates: &[IceCandidate]) -> Option<SocketAddr> {
    let known = candidates.iter();
    let known = known.filter_map(|candidate| Some((candidate.reach(), candidate.address()?)));
    let best = known.max_by_key(|(reach, address)| {
        let ip = address.ip();
        (*reach, !ip.is_loopback(), ip.is_ipv4())
    });
    best.map(|(_, address)| address)
}

/// Only who has named its lines is told the name (RFC 5888 §9).
fn add_mid(line: &mut Media, mid: Option<&str>) {
    if let Some(mid) = mid {
        line.add_attribute_with_value("mid", mid);
    }
}

fn add_formats(
    line: &mut Media,
    local: &LocalDescription<'_>,
    encodings: &[(PayloadType, String)],
) {
    for (number, encoding) in encodings {
        line.add_attribute_with_value("rtpmap", format!("{} {encoding}", number.0));
        if let Some(parameters) = parameters(encoding) {
            line.add_attribute_with_value("fmtp", format!("{} {parameters}", number.0));
        }
    }
    line.add_attribute_with_value("ptime", local.packet_time.as_millis());
}

/// What `a=fmtp` says of a format: Opus by RFC 7587 §6.1, the sixteen tones by RFC 4733 §2.4.1.
fn parameters(encoding: &str) -> Option<&'static str> {
    if encoding.starts_with("opus/") {
        Some("minptime=10;useinbandfec=1;stereo=0;sprop-stereo=0")
    } else if encoding.starts_with("telephone-event/") {
        Some("0-15")
    } else {
        None
    }
}

fn empty_line(media: &str, proto: &str, formats: &str) -> Media {
    Media {
        media: media.to_owned(),
        port: DISCARD_PORT,
        num_ports: None,
        proto: proto.to_owned(),
        fmt: formats.to_owned(),
        media_title: None,
        connections: Vec::new(),
        bandwidths: Vec::new(),
        key: None,
        attributes: Vec::new(),
    }
}

/// Port of descriptions whose addresses are in candidates (RFC 9429 §5.2.1).
const DISCARD_PORT: u16 = 9;
const DEFAULT_MID: &str = "0";
