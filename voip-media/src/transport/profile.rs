/// How the sound of a session travels and what protects it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaProfile {
    /// ICE and DTLS-SRTP, `UDP/TLS/RTP/SAVPF` (RFC 8827): both ends agree keys with each other, and
    /// the signalling never sees them. Browsers and WebRTC gateways speak nothing else.
    Webrtc,
    /// SRTP with its keys in the session description, `RTP/SAVP` or `RTP/SAVPF` (RFC 4568), to the
    /// address that stands there: as secret as the signalling is, so that belongs into TLS. Desk phones
    /// and SIP providers.
    SdesSrtp,
    /// RTP that nothing protects, `RTP/AVP` or `RTP/AVPF` (RFC 3551, RFC 4585): whoever sees the packets
    /// can hear the call and speak in it.
    PlainRtp,
}

impl MediaProfile {
    /// From the protocol of an `m=` line; whether it is the one with feedback (RFC 4585, RFC 5124).
    pub(crate) fn of(protocol: &str) -> Option<(Self, bool)> {
        match protocol {
            "UDP/TLS/RTP/SAVPF" => Some((Self::Webrtc, true)),
            "UDP/TLS/RTP/SAVP" => Some((Self::Webrtc, false)),
            "RTP/SAVPF" => Some((Self::SdesSrtp, true)),
            "RTP/SAVP" => Some((Self::SdesSrtp, false)),
            "RTP/AVPF" => Some((Self::PlainRtp, true)),
            "RTP/AVP" => Some((Self::PlainRtp, false)),
            _ => None,
        }
    }

    /// The protocol of our `m=` line. WebRTC has feedback always (RFC 8829 §5.1.2).
    pub(crate) const fn protocol(self, feedback: bool) -> &'static str {
        match (self, feedback) {
            (Self::Webrtc, _) => "UDP/TLS/RTP/SAVPF",
            (Self::SdesSrtp, true) => "RTP/SAVPF",
            (Self::SdesSrtp, false) => "RTP/SAVP",
            (Self::PlainRtp, true) => "RTP/AVPF",
            (Self::PlainRtp, false) => "RTP/AVP",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_is_read_as_it_is_written() {
        for profile in [MediaProfile::SdesSrtp, MediaProfile::PlainRtp] {
            for feedback in [false, true] {
                let protocol = profile.protocol(feedback);
                assert_eq!(MediaProfile::of(protocol), Some((profile, feedback)));
            }
        }
        assert_eq!(MediaProfile::of("RTP/XYZ"), None);
    }
}
