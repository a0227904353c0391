use thiserror::Error;

use crate::{CodecError, SdpError};

/// Why an engine could not be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EngineError {
    /// There is no tokio runtime here.
    #[error(
        "a media engine needs a tokio runtime: build it inside one (#[tokio::main] or Runtime::enter)"
    )]
    NoRuntime,
    /// The system gives no thread.
    #[error("the system refused to start the media thread")]
    Thread,
}

/// Why a session could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The configuration can't be met.
    #[error("the session's configuration is not possible: {0}")]
    Config(ConfigFault),
    /// There is no tokio runtime here.
    #[error("a media session needs a tokio runtime: open it inside one")]
    NoRuntime,
    /// The DTLS certificate could not be made.
    #[error("no certificate for the encryption could be made")]
    Certificate,
    /// There are 64 sessions already.
    #[error("the engine carries as many calls as it can: end one first")]
    TooManySessions,
    /// The engine is closed.
    #[error("the media engine is closed")]
    Closed,
}

/// What is wrong with a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigFault {
    /// No profile.
    #[error("no way for the sound to travel is chosen (profiles)")]
    NoProfile,
    /// A local address that nobody can be reached at: unspecified or a multicast group.
    #[error("the local address must be one of this computer's")]
    LocalAddress,
    /// No codec.
    #[error("no codec is chosen")]
    NoCodec,
    /// A packet time that is none of 10, 20, 40 and 60 ms.
    #[error("the packet time must be 10, 20, 40 or 60 ms")]
    PacketTime,
    /// A share that is not in 0.0 to 1.0.
    #[error("the loss must lie between 0.0 and 1.0")]
    Loss,
    /// A complexity over 10, of the encoder or the decoders.
    #[error("the complexity must be 10 at most")]
    Complexity,
    /// A server that is no `stun:` or `turn:` address.
    #[error("an ICE server must be given as stun:host:port or turn:host:port")]
    IceServer,
}

/// Why an offer or answer was not made or not taken. The session goes on as it was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NegotiationError {
    /// The description.
    #[error(transparent)]
    Description(#[from] SdpError),
    /// An answer without an offer, or an offer while another one is open.
    #[error("this description doesn't fit the present round of offer and answer")]
    WrongState,
    /// A codec refused its settings.
    #[error("a codec can't be started: {0}")]
    Codec(#[from] CodecError),
    /// No UDP socket.
    #[error("the system gave no network socket for the call: {0}")]
    Socket(std::io::ErrorKind),
    /// No address to receive at.
    #[error("no network address was found for the call: check the network connection")]
    NoCandidates,
    /// The session has ended.
    #[error("the session is closed")]
    Closed,
}

/// Why keys were not sent. None of them was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DtmfError {
    /// No media flows yet, or no longer.
    #[error("keys can be sent once the call is connected")]
    NotConnected,
    /// The call is held, by this side or the other one.
    #[error("keys can't be sent while the call is held: retrieve it first")]
    Held,
    /// The far side takes no telephone events (RFC 4733) beside the codec that is spoken.
    #[error(
        "the far side takes no keys as telephone events: send them as tones in the sound instead (DtmfGenerator)"
    )]
    NotNegotiated,
    /// A key is to be held down for less than 40 ms or more than a second.
    #[error("a key must be held down for 40 ms to 1 s")]
    Duration,
    /// 64 keys are waiting to be sent.
    #[error("too many keys are waiting to be sent: wait for those before them")]
    TooMany,
    /// The session has ended.
    #[error("the session is closed")]
    Closed,
}

/// Why a session has ended by itself.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// No pair of candidates worked.
    #[error(
        "no network path to the far side was found: check firewall and NAT, or use a TURN server"
    )]
    NoPath,
    /// The path broke and did not come back.
    #[error("the network path to the far side broke and did not come back")]
    PathLost,
    /// The encryption could not be agreed.
    #[error("the encryption could not be agreed with the far side")]
    Handshake,
    /// The certificate is not the announced one.
    #[error(
        "the far side's certificate is not the one that was announced: the call may be intercepted and was cut before any sound passed"
    )]
    WrongFingerprint,
    /// No SRTP profile in common.
    #[error("the far side offers no media encryption that we know")]
    NoSrtpProfile,
    /// The media thread has ended.
    #[error("the sound processing of this program has stopped")]
    EngineStopped,
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn every_text_says_what_is_wrong() {
        let texts = [
            EngineError::NoRuntime.to_string(),
            EngineError::Thread.to_string(),
            OpenError::Config(ConfigFault::NoProfile).to_string(),
            OpenError::Config(ConfigFault::LocalAddress).to_string(),
            OpenError::Config(ConfigFault::NoCodec).to_string(),
            OpenError::Config(ConfigFault::PacketTime).to_string(),
            OpenError::Config(ConfigFault::Loss).to_string(),
            OpenError::Config(ConfigFault::Complexity).to_string(),
            OpenError::Config(ConfigFault::IceServer).to_string(),
            OpenError::NoRuntime.to_string(),
            OpenError::Certificate.to_string(),
            OpenError::TooManySessions.to_string(),
            OpenError::Closed.to_string(),
            NegotiationError::WrongState.to_string(),
            NegotiationError::Codec(CodecError::Settings).to_string(),
            NegotiationError::Socket(std::io::ErrorKind::AddrInUse).to_string(),
            NegotiationError::NoCandidates.to_string(),
            NegotiationError::Closed.to_string(),
            DtmfError::NotConnected.to_string(),
            DtmfError::Held.to_string(),
            DtmfError::NotNegotiated.to_string(),
            DtmfError::Duration.to_string(),
            DtmfError::TooMany.to_string(),
            DtmfError::Closed.to_string(),
            SessionError::NoPath.to_string(),
            SessionError::PathLost.to_string(),
            SessionError::Handshake.to_string(),
            SessionError::WrongFingerprint.to_string(),
            SessionError::NoSrtpProfile.to_string(),
            SessionError::EngineStopped.to_string(),
            SdpError::Malformed.to_string(),
            SdpError::TooLarge.to_string(),
            SdpError::NoAudio.to_string(),
            SdpError::NotSecured.to_string(),
            SdpError::OtherProfile.to_string(),
            SdpError::NoCrypto.to_string(),
            SdpError::NoAddress.to_string(),
            SdpError::NoCommonCodec.to_string(),
            SdpError::NoFingerprint.to_string(),
            SdpError::NoIceCredentials.to_string(),
            SdpError::NoRtcpMux.to_string(),
            SdpError::NoDtlsRole.to_string(),
        ];
        assert_snapshot!("texts", texts.join("\n"));
    }
}
