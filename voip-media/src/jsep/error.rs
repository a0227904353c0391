use thiserror::Error;

/// Why a session description can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SdpError {
    /// It is no session description (RFC 8866).
    #[error("the session description can't be read")]
    Malformed,
    /// It is longer than 64 KiB.
    #[error("the session description is longer than 64 KiB")]
    TooLarge,
    /// It has no audio, or the audio is rejected (port 0).
    #[error("the session description has no audio")]
    NoAudio,
    /// The audio has none of the profiles that the session accepts
    /// ([`crate::SessionConfig::profiles`]), so it is not secured as it has to be.
    #[error("the audio in the session description is not secured in a way that this call accepts")]
    NotSecured,
    /// The profile is another one than the call has so far.
    #[error("the session description secures the audio in another way than the call so far")]
    OtherProfile,
    /// SRTP without an `a=crypto` that we can meet or, in an answer, that we offered (RFC 4568).
    #[error("the session description has no encryption key (a=crypto) that we can use")]
    NoCrypto,
    /// No `c=` line with an address to send to: it is missing, a name, or a multicast group.
    #[error("the session description has no network address for the audio")]
    NoAddress,
    /// No codec in common.
    #[error("the session description has no audio codec in common with us")]
    NoCommonCodec,
    /// No usable `a=fingerprint:sha-256`.
    #[error("the session description has no SHA-256 certificate fingerprint")]
    NoFingerprint,
    /// No `a=ice-ufrag` or `a=ice-pwd`.
    #[error("the session description has no ICE credentials")]
    NoIceCredentials,
    /// No `a=rtcp-mux` (RFC 5761).
    #[error("the session description doesn't offer RTP and RTCP on one port")]
    NoRtcpMux,
    /// The `a=setup` of an answer leaves nobody to start the handshake.
    #[error("the session description leaves open who starts the encryption")]
    NoDtlsRole,
}
