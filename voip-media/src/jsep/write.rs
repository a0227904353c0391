use std::{fmt::Write as _, time::Duration};

use sdp_types::{Attribute, Media, Origin, Session};

use crate::{
    CodecKind, PayloadType,
    jsep::{CodecChoice, Direction, MediaLine},
    transport::{Fingerprint, IceCandidate, IceCredentials},
};

/// What we say in an offer or answer.
#[derive(Debug, Clone)]
pub(crate) struct LocalDescription<'a> {
    pub(crate) session_id: u64,
    /// Counts up with every description.
    pub(crate) version: u64,
    pub(crate) credentials: &'a IceCredentials,
    pub(crate) fingerprint: Fingerprint,
    /// `actpass` in offers, `active` or `passive` in answers.
    pub(crate) setup: &'static str,
    pub(crate) direction: Direction,
    pub(crate) codecs: &'a [CodecChoice],
    pub(crate) packet_time: Duration,
    pub(crate) candidates: &'a [IceCandidate],
    /// Whether there will be no more candidates.
    pub(crate) complete: bool,
    pub(crate) ssrc: u32,
    pub(crate) cname: &'a str,
    /// The `m=` lines so far; empty before the first description.
    pub(crate) lines: &'a [MediaLine],
}

/// The codecs of an offer: those that were negotiated keep their payload types.
pub(crate) fn offered_codecs(ours: &[CodecKind], negotiated: &[CodecChoice]) -> Vec<CodecChoice> {
    let choice = |kind: &CodecKind| {
        let known = negotiated.iter().find(|codec| codec.kind == *kind).copied();
        known.unwrap_or(CodecChoice {
            kind: *kind,
            payload_type: usual_payload_type(*kind),
        })
    };
    ours.iter().map(choice).collect()
}

/// Writes it.
pub(crate) fn write(local: &LocalDescription<'_>) -> String {
    let only_audio = [MediaLine::Audio { mid: None }];
    let lines = if local.lines.is_empty() {
        &only_audio
    } else {
        local.lines
    };
    let mut origin = Origin::with_ip_addr(local.session_id, local.version, [127, 0, 0, 1]);
    origin.set_username("-");
    let mut session = Session::new(origin, "-");
    let mid = lines.iter().find_map(mid_of).unwrap_or(DEFAULT_MID);
    session.add_attribute_with_value("group", format!("BUNDLE {mid}"));
    session.add_attribute_with_value("ice-options", "trickle");
    for line in lines {
        session.add_media(match line {
            MediaLine::Audio { mid } => audio(local, mid.as_deref().unwrap_or(DEFAULT_MID)),
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
        MediaLine::Audio { mid } => mid.as_deref(),
        MediaLine::Rejected { .. } => None,
    }
}

fn rejected(media: &str, proto: &str, formats: &str) -> Media {
    let mut line = empty_line(media, proto, formats);
    line.port = 0;
    line.add_attribute(Attribute::new(Direction::Inactive.as_str()));
    line
}

fn audio(local: &LocalDescription<'_>, mid: &str) -> Media {
    let formats = local
        .codecs
        .iter()
        .map(|codec| codec.payload_type.0.to_string());
    let formats = formats.collect::<Vec<_>>().join(" ");
    let mut line = empty_line("audio", "UDP/TLS/RTP/SAVPF", &formats);
    line.add_connection(sdp_types::Connection::from_ip_addr([0, 0, 0, 0]));
    let mut add = |name: &str, value: String| line.add_attribute_with_value(name, value);
    add("mid", mid.to_owned());
    add("rtcp", "9 IN IP4 0.0.0.0".to_owned());
    add("ice-ufrag", local.credentials.ufrag.clone());
    add("ice-pwd", local.credentials.pwd.clone());
    add("fingerprint", format!("sha-256 {}", local.fingerprint));
    add("setup", local.setup.to_owned());
    line.add_attribute(Attribute::new(local.direction.as_str()));
    line.add_attribute(Attribute::new("rtcp-mux"));
    add_codecs(&mut line, local);
    line.add_attribute_with_value("ssrc", format!("{} cname:{}", local.ssrc, local.cname));
    for candidate in local.candidates {
        line.add_attribute_with_value("candidate", candidate.bare());
    }
    if local.complete {
        line.add_attribute(Attribute::new("end-of-candidates"));
    }
    line
}

fn add_codecs(line: &mut Media, local: &LocalDescription<'_>) {
    for codec in local.codecs {
        let number = codec.payload_type.0;
        let encoding = encoding(codec.kind);
        line.add_attribute_with_value("rtpmap", format!("{number} {encoding}"));
        if codec.kind == CodecKind::Opus {
            let mut parameters = format!("{number} minptime=10;useinbandfec=1");
            write!(parameters, ";stereo=0;sprop-stereo=0").expect("writing to memory succeeds");
            line.add_attribute_with_value("fmtp", parameters);
        }
    }
    line.add_attribute_with_value("ptime", local.packet_time.as_millis());
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

fn encoding(kind: CodecKind) -> &'static str {
    match kind {
        CodecKind::Opus => "opus/48000/2",
        CodecKind::Pcmu => "PCMU/8000",
        CodecKind::Pcma => "PCMA/8000",
    }
}

/// RFC 3551 §6; 111 is what browsers offer Opus with.
fn usual_payload_type(kind: CodecKind) -> PayloadType {
    match kind {
        CodecKind::Opus => PayloadType(111),
        CodecKind::Pcmu => PayloadType(0),
        CodecKind::Pcma => PayloadType(8),
    }
}

/// Port of descriptions whose addresses are in candidates (RFC 9429 §5.2.1).
const DISCARD_PORT: u16 = 9;
const DEFAULT_MID: &str = "0";
