//! Bodies of the fuzz targets for what comes from the network: nothing may panic or grow.

use std::time::Duration;

use dimpl::{KeyingMaterial, SrtpProfile};
use webrtc_ice::candidate::candidate_base::unmarshal_candidate;

use crate::{
    CodecKind, MediaTime, Ssrc,
    jsep::{Direction, Kind, Wishes, agree, read},
    rtp::{Reporter, RtpView},
    transport::{DtlsRole, IceCandidate, MediaKind, Srtp, classify, mapped_address},
};

/// Reads any bytes as an offer and as an answer, and agrees with them.
#[doc(hidden)]
pub fn exercise_description(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let wishes = Wishes {
        codecs: &[CodecKind::Opus, CodecKind::Pcmu, CodecKind::Pcma],
        preselection: false,
        direction: Direction::SendRecv,
        packet_time: Duration::from_millis(20),
        role: None,
    };
    for kind in [Kind::Offer, Kind::Answer] {
        if let Ok(remote) = read(kind, &text) {
            let _ = agree(kind, &remote, wishes);
        }
    }
    for line in text.lines().take(8) {
        if let Some(candidate) = IceCandidate::parse(line) {
            let _ = unmarshal_candidate(candidate.bare());
        }
    }
}

/// Reads any bytes as whatever a datagram can be: before it is opened, and once it is.
#[doc(hidden)]
pub fn exercise_datagram(data: &[u8]) {
    let _ = classify(data);
    let _ = RtpView::parse(data);
    let _ = mapped_address(data, &[0; 12]);
    let mut reporter = Reporter::new(Ssrc(1), String::new(), 0);
    let _ = reporter.read(data, MediaTime::default());
    for profile in [
        SrtpProfile::AES128_CM_SHA1_80,
        SrtpProfile::AEAD_AES_128_GCM,
    ] {
        refuse(profile, data);
    }
}

/// What isn't authentic is refused, whatever its lengths say.
fn refuse(profile: SrtpProfile, data: &[u8]) {
    let keys = KeyingMaterial::new(&vec![7; profile.keying_material_len()]);
    let Some(mut protection) = Srtp::new(&keys, profile, DtlsRole::Active) else {
        return;
    };
    for kind in [MediaKind::Rtp, MediaKind::Rtcp] {
        assert!(protection.unprotect(kind, data).is_err());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_from_the_network_panics(data in proptest::collection::vec(any::<u8>(), 0..300)) {
            exercise_description(&data);
            exercise_datagram(&data);
        }
    }
}
