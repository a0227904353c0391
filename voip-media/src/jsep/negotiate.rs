use std::time::Duration;

use crate::{
    CodecKind, SdpError,
    jsep::{Direction, Formats, Kind, RemoteDescription, Setup},
    transport::DtlsRole,
};

/// What offer and answer came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Negotiated {
    /// Both sides know these; the first codec is sent.
    pub(crate) formats: Formats,
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
    // An offer is answered in our order, an answer holds in its own.
    let answering = kind == Kind::Offer;
    let one = answering && wishes.preselection;
    let formats = remote.formats.in_common(wishes.codecs, answering, one);
    if formats.codecs.is_empty() {
        return Err(SdpError::NoCommonCodec);
    }
    Ok(Negotiated {
        formats,
        direction: wishes.direction.limited_by(remote.direction),
        role: wishes.role.unwrap_or_else(|| role(remote.setup)),
        packet_time: remote
            .packet_time
            .filter(is_possible)
            .unwrap_or(wishes.packet_time),
    })
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
