use std::time::Duration;

use crate::{
    CodecKind, PayloadType, SdpError,
    jsep::{Direction, Kind, RemoteDescription, Setup},
    transport::DtlsRole,
};

/// A codec and its payload type, the same both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CodecChoice {
    pub(crate) kind: CodecKind,
    pub(crate) payload_type: PayloadType,
}

/// What offer and answer came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Negotiated {
    /// Both sides know these; the first one is sent.
    pub(crate) codecs: Vec<CodecChoice>,
    /// Ours.
    pub(crate) direction: Direction,
    pub(crate) role: DtlsRole,
    pub(crate) packet_time: Duration,
}

/// What we want.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wishes<'a> {
    pub(crate) codecs: &'a [CodecKind],
    pub(crate) preselection: bool,
    pub(crate) direction: Direction,
    pub(crate) packet_time: Duration,
    /// Of the running association: it stays (RFC 8842 §5.3).
    pub(crate) role: Option<DtlsRole>,
}

/// What follows from the far side's description, an offer to answer or an answer to our offer.
pub(crate) fn agree(
    kind: Kind,
    remote: &RemoteDescription,
    wishes: Wishes<'_>,
) -> Result<Negotiated, SdpError> {
    let mut codecs = common_codecs(kind, remote, wishes.codecs);
    if codecs.is_empty() {
        return Err(SdpError::NoCommonCodec);
    }
    if kind == Kind::Offer && wishes.preselection {
        codecs.truncate(1);
    }
    Ok(Negotiated {
        codecs,
        direction: wishes.direction.limited_by(remote.direction),
        role: wishes.role.unwrap_or_else(|| role(remote.setup)),
        packet_time: remote
            .packet_time
            .filter(is_possible)
            .unwrap_or(wishes.packet_time),
    })
}

/// An offer is answered in our order, an answer holds in its own.
fn common_codecs(kind: Kind, remote: &RemoteDescription, ours: &[CodecKind]) -> Vec<CodecChoice> {
    let theirs = remote.codecs.iter();
    let known = theirs.filter(|codec| ours.contains(&codec.kind));
    let mut known: Vec<_> = known
        .map(|codec| CodecChoice {
            kind: codec.kind,
            payload_type: codec.payload_type,
        })
        .collect();
    if kind == Kind::Offer {
        known.sort_by_key(|codec| ours.iter().position(|kind| *kind == codec.kind));
    }
    known.dedup_by_key(|codec| codec.kind);
    known
}

/// The answerer is active if it may choose: its handshake then starts with its first check.
fn role(remote: Setup) -> DtlsRole {
    match remote {
        Setup::ActPass | Setup::Passive => DtlsRole::Active,
        Setup::Active => DtlsRole::Passive,
    }
}

/// Packet times that our encoders make.
pub(crate) fn is_possible(packet_time: &Duration) -> bool {
    [10, 20, 40, 60].contains(&packet_time.as_millis())
}
