use std::time::Duration;

use crate::{
    CodecKind, SdpError,
    jsep::{Direction, Formats, Kind, RemoteDescription, RemoteTransport, Setup},
    transport::{Crypto, DtlsRole, Keying},
};

/// What offer and answer came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Negotiated {
    /// Both sides know these; the first codec is sent.
    pub(crate) formats: Formats,
    /// Ours.
    pub(crate) direction: Direction,
    pub(crate) keying: Keying,
    pub(crate) packet_time: Duration,
}

impl Negotiated {
    /// Who starts the handshake, if there is one.
    pub(crate) const fn role(&self) -> Option<DtlsRole> {
        match &self.keying {
            Keying::Dtls { role, .. } => Some(*role),
            Keying::Sdes { .. } | Keying::Unprotected => None,
        }
    }
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
    /// Keys that we have offered or, to answer with, one for each suite.
    pub(crate) keys: &'a [Crypto],
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
        keying: keying(kind, &remote.transport, wishes)?,
        formats,
        direction: wishes.direction.limited_by(remote.direction),
        packet_time: remote
            .packet_time
            .filter(is_possible)
            .unwrap_or(wishes.packet_time),
    })
}

fn keying(kind: Kind, remote: &RemoteTransport, wishes: Wishes<'_>) -> Result<Keying, SdpError> {
    match remote {
        RemoteTransport::Webrtc {
            fingerprints,
            setup,
            ..
        } => Ok(Keying::Dtls {
            role: wishes.role.unwrap_or_else(|| role(*setup)),
            expected: fingerprints.clone(),
        }),
        RemoteTransport::Srtp { cryptos, .. } => crypto(kind, cryptos, wishes.keys),
        RemoteTransport::Rtp(_) => Ok(Keying::Unprotected),
    }
}

/// An offer's first line that we know is answered under its tag; an answer's only line has to be one of
/// those that we offered (RFC 4568 §5.1).
fn crypto(kind: Kind, remote: &[Crypto], ours: &[Crypto]) -> Result<Keying, SdpError> {
    let fits = |theirs: &Crypto, own: &Crypto| {
        own.suite == theirs.suite && (kind == Kind::Offer || own.tag == theirs.tag)
    };
    let with_ours = |theirs: &Crypto| {
        let own = ours.iter().find(|own| fits(theirs, own))?;
        Some(Keying::Sdes {
            local: own.tagged(theirs.tag),
            remote: theirs.clone(),
        })
    };
    remote.iter().find_map(with_ours).ok_or(SdpError::NoCrypto)
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
