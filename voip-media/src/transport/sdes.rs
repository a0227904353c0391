//! Keys in the session description (RFC 4568).

use std::{fmt, time::Instant};

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use bytes::BytesMut;
use rtc_srtp::protection_profile::ProtectionProfile;

use crate::transport::{
    Keying, MediaKind, SecureError, SecureOutput, SecureTransport, random_bytes,
    srtp::{MasterKey, Srtp},
};

/// A cipher and its tag (RFC 4568 §6.2, RFC 7714 §14.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CryptoSuite {
    AeadAes128Gcm,
    AesCm128HmacSha1With80,
    /// Its tag of 32 bits is taken where it is offered, never offered.
    AesCm128HmacSha1With32,
}

impl CryptoSuite {
    /// All that we know.
    pub(crate) const ALL: [Self; 3] = [
        Self::AeadAes128Gcm,
        Self::AesCm128HmacSha1With80,
        Self::AesCm128HmacSha1With32,
    ];
    /// What we offer, best first.
    pub(crate) const OFFERED: [Self; 2] = [Self::AeadAes128Gcm, Self::AesCm128HmacSha1With80];

    const fn as_str(self) -> &'static str {
        match self {
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::AesCm128HmacSha1With80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128HmacSha1With32 => "AES_CM_128_HMAC_SHA1_32",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.as_str() == name)
    }

    const fn profile(self) -> ProtectionProfile {
        match self {
            Self::AeadAes128Gcm => ProtectionProfile::AeadAes128Gcm,
            Self::AesCm128HmacSha1With80 => ProtectionProfile::Aes128CmHmacSha1_80,
            Self::AesCm128HmacSha1With32 => ProtectionProfile::Aes128CmHmacSha1_32,
        }
    }
}

/// What an `a=crypto` line says: how its writer protects what it sends.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Crypto {
    /// Its number in the offer; the answer repeats it (RFC 4568 §4.1).
    pub(crate) tag: u32,
    pub(crate) suite: CryptoSuite,
    key: MasterKey,
}

impl Crypto {
    /// With a new key.
    pub(crate) fn generate(tag: u32, suite: CryptoSuite) -> Self {
        let octets: [u8; LONGEST_KEY] = random_bytes();
        let (key, salt) = octets.split_at(suite.profile().key_len());
        let salt = &salt[..suite.profile().salt_len()];
        Self {
            tag,
            suite,
            key: MasterKey::new(key, salt),
        }
    }

    /// The same key under another number.
    pub(crate) fn tagged(&self, tag: u32) -> Self {
        Self {
            tag,
            ..self.clone()
        }
    }

    /// Reads the value of an `a=crypto` line (RFC 4568 §9.1). `None` for what can't be met: other
    /// suites, several keys, a key identifier in the packets (MKI), parameters that weaken or change
    /// the protection. A lifetime is the sender's to keep.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        if value.len() > MAX_LINE || !value.is_ascii() {
            return None;
        }
        let mut fields = value.split_ascii_whitespace();
        let tag = fields.next().filter(|tag| is_number(tag))?;
        let suite = CryptoSuite::parse(fields.next()?)?;
        let key = key(fields.next()?, suite)?;
        fields.all(is_harmless).then_some(Self {
            tag: tag.parse().ok()?,
            suite,
            key,
        })
    }

    /// The value of the line: no `Display`, since it holds the key.
    pub(crate) fn to_value(&self) -> String {
        let octets = [self.key.key(), self.key.salt()].concat();
        let (tag, suite) = (self.tag, self.suite.as_str());
        format!("{tag} {suite} inline:{}", BASE64.encode(octets))
    }
}

/// Not the key.
impl fmt::Debug for Crypto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crypto")
            .field("tag", &self.tag)
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}

fn is_number(text: &str) -> bool {
    (1..=9).contains(&text.len()) && text.bytes().all(|digit| digit.is_ascii_digit())
}

/// `inline:` key and salt, perhaps with a lifetime (RFC 4568 §6.1).
fn key(parameters: &str, suite: CryptoSuite) -> Option<MasterKey> {
    let mut parts = parameters.strip_prefix("inline:")?.split('|');
    let octets = BASE64.decode(parts.next()?).ok()?;
    let lifetime = parts.next();
    let is_lifetime = |text: &str| is_number(text.strip_prefix("2^").unwrap_or(text));
    if parts.next().is_some() || !lifetime.is_none_or(is_lifetime) {
        return None;
    }
    let (key, salt) = octets.split_at_checked(suite.profile().key_len())?;
    (salt.len() == suite.profile().salt_len()).then(|| MasterKey::new(key, salt))
}

/// Whether a session parameter may be left aside (RFC 4568 §6.3): a hint on the replay window, the
/// usual key derivation, an optional extension.
fn is_harmless(parameter: &str) -> bool {
    parameter.starts_with("WSH=") || parameter == "KDR=0" || parameter.starts_with('-')
}

/// SRTP with the keys of both descriptions. Started again with each round of offer and answer: a key that
/// stays keeps its counters, a new one takes over at once, and what is on its way under the far side's
/// former key is still opened.
#[derive(Default)]
pub(crate) struct Sdes {
    keys: Option<Keys>,
    announced: bool,
}

struct Keys {
    local: Crypto,
    remote: Crypto,
    srtp: Srtp,
}

impl Keys {
    fn new(local: &Crypto, remote: &Crypto) -> Option<Self> {
        Some(Self {
            srtp: Srtp::between(local.suite.profile(), &local.key, &remote.key)?,
            local: local.clone(),
            remote: remote.clone(),
        })
    }

    fn renew(&mut self, local: &Crypto, remote: &Crypto) -> Option<()> {
        if self.local.key != local.key {
            self.srtp.renew_outbound(&local.key)?;
            self.local = local.clone();
        }
        if self.remote.key != remote.key {
            self.srtp.renew_inbound(&remote.key);
            self.remote = remote.clone();
        }
        Some(())
    }
}

impl Sdes {
    fn srtp(&mut self) -> Result<&mut Srtp, SecureError> {
        let keys = self.keys.as_mut().ok_or(SecureError::NoKeys)?;
        Ok(&mut keys.srtp)
    }
}

impl SecureTransport for Sdes {
    fn start(&mut self, keying: &Keying, _: Instant) -> Result<(), SecureError> {
        let Keying::Sdes { local, remote } = keying else {
            return Err(SecureError::NoProfile);
        };
        if let Some(keys) = self
            .keys
            .as_mut()
            .filter(|keys| keys.local.suite == local.suite)
        {
            return keys.renew(local, remote).ok_or(SecureError::NoProfile);
        }
        self.keys = Some(Keys::new(local, remote).ok_or(SecureError::NoProfile)?);
        Ok(())
    }

    fn handle_handshake(&mut self, _: &[u8], _: Instant) -> Result<(), SecureError> {
        Ok(())
    }

    fn handle_timeout(&mut self, _: Instant) -> Result<(), SecureError> {
        Ok(())
    }

    fn poll_output(&mut self, _: &mut [u8]) -> Result<SecureOutput, SecureError> {
        let keyed = self.keys.is_some();
        let first = keyed && !std::mem::replace(&mut self.announced, keyed);
        Ok(if first {
            SecureOutput::Established
        } else {
            SecureOutput::Idle(None)
        })
    }

    fn close(&mut self) {}

    fn protect(&mut self, kind: MediaKind, packet: &[u8]) -> Result<BytesMut, SecureError> {
        self.srtp()?.protect(kind, packet)
    }

    fn unprotect(&mut self, kind: MediaKind, packet: &[u8]) -> Result<BytesMut, SecureError> {
        self.srtp()?.unprotect(kind, packet)
    }
}

/// Octets of the longest key with its salt.
const LONGEST_KEY: usize = 30;
/// Longest line that is looked at, in octets: a key takes 40, the rest is words.
const MAX_LINE: usize = 512;
/// With padding where the octets need it, read with or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example of RFC 4568 §4.1.
    const EXAMPLE: &str =
        "1 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20|1:4";

    fn plain_example() -> String {
        EXAMPLE.replace("|2^20|1:4", "")
    }

    fn rtp(seq: u16) -> Vec<u8> {
        let mut packet = vec![0x80, 0];
        packet.extend(seq.to_be_bytes());
        packet.extend([0, 0, 0, 0, 0, 0, 0, 7]);
        packet.extend(b"speech");
        packet
    }

    /// Two sides with each other's keys.
    fn pair(near: &Crypto, far: &Crypto) -> (Sdes, Sdes) {
        let (mut one, mut other) = (Sdes::default(), Sdes::default());
        key(&mut one, near, far);
        key(&mut other, far, near);
        (one, other)
    }

    #[expect(clippy::disallowed_methods, reason = "the time isn't looked at")]
    fn key(side: &mut Sdes, local: &Crypto, remote: &Crypto) {
        let keying = Keying::Sdes {
            local: local.clone(),
            remote: remote.clone(),
        };
        side.start(&keying, Instant::now()).expect("started");
    }

    fn carries(from: &mut Sdes, to: &mut Sdes, seq: u16) -> bool {
        let packet = from.protect(MediaKind::Rtp, &rtp(seq)).expect("protected");
        to.unprotect(MediaKind::Rtp, &packet).is_ok()
    }

    #[test]
    fn a_line_is_read_as_it_is_written() {
        for suite in CryptoSuite::ALL {
            let crypto = Crypto::generate(3, suite);
            assert_eq!(Crypto::parse(&crypto.to_value()), Some(crypto));
        }
        let example = Crypto::parse(&plain_example()).expect("a key");
        assert_eq!(
            (example.tag, example.suite),
            (1, CryptoSuite::AesCm128HmacSha1With80)
        );
        assert_eq!(example.to_value(), plain_example());
    }

    #[test]
    fn lifetimes_hints_and_optional_extensions_are_left_aside() {
        for tail in ["|2^48", "|1048576", " WSH=1024", " KDR=0 -EXT=1"] {
            assert!(Crypto::parse(&(plain_example() + tail)).is_some(), "{tail}");
        }
    }

    #[test]
    fn what_cannot_be_met_is_none() {
        let good = plain_example();
        for bad in [
            String::new(),
            EXAMPLE.to_owned(),
            good.replace("_80", "_81"),
            good.replace("1 AES", "x AES"),
            good.replace("1 AES", "1234567890 AES"),
            good.replace("inline:", "uri:"),
            good.replace("PS1u", "PS1"),
            good.replace("PS1u", "PS1uPS1u"),
            good.replace("PS1u", "PS1*"),
            good.clone() + ";inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR",
            good.clone() + "|1:4",
            good.clone() + "|",
            good.clone() + "|2^",
            good.clone() + " UNENCRYPTED_SRTP",
            good.clone() + " UNAUTHENTICATED_SRTP",
            good.clone() + " KDR=4",
            good.clone() + " FEC_ORDER=FEC_SRTP",
            good + &" ".repeat(600),
        ] {
            assert_eq!(Crypto::parse(&bad), None, "{bad}");
        }
    }

    #[test]
    fn every_suite_protects_both_ways() {
        for suite in CryptoSuite::ALL {
            let (near, far) = (Crypto::generate(1, suite), Crypto::generate(1, suite));
            let (mut one, mut other) = pair(&near, &far);
            assert!(carries(&mut one, &mut other, 1) && carries(&mut other, &mut one, 1));
            let report = [0x80, 201, 0, 1, 0, 0, 0, 7];
            let protected = one.protect(MediaKind::Rtcp, &report).expect("protected");
            let opened = other.unprotect(MediaKind::Rtcp, &protected);
            assert_eq!(&opened.expect("authentic")[..], report);
        }
    }

    #[test]
    fn another_key_opens_nothing() {
        let keys = CryptoSuite::ALL.map(|suite| Crypto::generate(1, suite));
        for near in keys {
            let other = Crypto::generate(1, near.suite);
            let (mut one, _) = pair(&near, &near);
            let (mut stranger, _) = pair(&near, &other);
            assert!(!carries(&mut one, &mut stranger, 1));
        }
    }

    #[test]
    fn a_key_that_stays_keeps_its_counters_across_a_wrap() {
        let suite = CryptoSuite::AesCm128HmacSha1With80;
        let (near, far) = (Crypto::generate(1, suite), Crypto::generate(1, suite));
        let (mut one, mut other) = pair(&near, &far);
        for seq in [65_534, 65_535, 0, 1] {
            assert!(carries(&mut one, &mut other, seq));
            key(&mut one, &near, &far);
            key(&mut other, &far, &near);
        }
    }

    #[test]
    fn under_a_new_key_what_is_on_its_way_is_opened_until_the_first_packet_of_it() {
        let suite = CryptoSuite::AeadAes128Gcm;
        let (near, far) = (Crypto::generate(1, suite), Crypto::generate(1, suite));
        let (mut one, mut other) = pair(&near, &far);
        assert!(carries(&mut one, &mut other, 1));
        let renewed = Crypto::generate(1, suite);
        key(&mut other, &far, &renewed);
        assert!(carries(&mut one, &mut other, 2), "sent before the change");
        let late = one.protect(MediaKind::Rtp, &rtp(3)).expect("protected");
        key(&mut one, &renewed, &far);
        assert!(carries(&mut one, &mut other, 4));
        assert!(other.unprotect(MediaKind::Rtp, &late).is_err());
        assert!(
            carries(&mut other, &mut one, 1),
            "the other direction stays"
        );
    }

    #[test]
    fn keys_stay_out_of_debug_output() {
        let crypto = Crypto::parse(&plain_example()).expect("a key");
        let keying = Keying::Sdes {
            local: crypto.clone(),
            remote: crypto,
        };
        assert!(!format!("{keying:?}").contains("PS1u"), "{keying:?}");
    }

    proptest! {
        #[test]
        fn any_line_is_read_without_panic(text in ".{0,120}") {
            let _ = Crypto::parse(&text);
        }

        #[test]
        fn a_damaged_line_is_read_or_refused(at in 0usize..80, octet in any::<u8>(), cut in 0usize..80) {
            let mut bytes = EXAMPLE.as_bytes().to_vec();
            let length = bytes.len();
            bytes[at % length] = octet;
            bytes.truncate(length - cut % length);
            let _ = Crypto::parse(&String::from_utf8_lossy(&bytes));
        }
    }
}
