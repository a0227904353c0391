use std::collections::BTreeMap;

use crate::{
    error::SignInError,
    port::{Certificate, ServerAddress},
};

/// What to do with a server's certificate that no pin speaks of.
///
/// No byte of a password is sent before the certificate is trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// Sign-in fails with [`SignInError::UnknownCertificate`](crate::SignInError), which holds what
    /// a person needs to decide; after a yes, sign in again with [`Trust::Pin`].
    #[default]
    Ask,
    /// Only the certificate with this SHA-256 fingerprint, at every address without a pin.
    Pin([u8; 32]),
    /// The same, written as 64 hexadecimal digits; colons and spaces between them are ignored.
    PinHex(String),
    /// Trust on first use: whatever answers first is taken and pinned while this client lives.
    /// Somebody in the path at that moment reads the password: for tests and closed networks.
    AcceptFirst,
}

impl Trust {
    /// The fingerprint that it names, if it names one.
    pub fn fingerprint(&self) -> Option<Result<[u8; 32], SignInError>> {
        match self {
            Self::Pin(sha256) => Some(Ok(*sha256)),
            Self::PinHex(text) => Some(parse_fingerprint(text).ok_or(SignInError::Fingerprint)),
            Self::Ask | Self::AcceptFirst => None,
        }
    }
}

/// The accepted certificates of one profile: SHA-256 of the leaf, per address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pins(BTreeMap<ServerAddress, [u8; 32]>);

impl Pins {
    /// No pin.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// These and one more; an older pin of the same address is replaced.
    #[must_use]
    pub fn with(mut self, address: ServerAddress, sha256: [u8; 32]) -> Self {
        self.insert(address, sha256);
        self
    }

    /// Sets the pin of an address.
    pub fn insert(&mut self, address: ServerAddress, sha256: [u8; 32]) {
        self.0.insert(address, sha256);
    }

    /// The pin of an address.
    pub fn get(&self, address: &ServerAddress) -> Option<&[u8; 32]> {
        self.0.get(address)
    }

    /// All pins, in the order of the addresses.
    pub fn iter(&self) -> impl Iterator<Item = (&ServerAddress, &[u8; 32])> {
        self.0.iter()
    }
}

/// What the rules say about a certificate at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the expected one.
    Trusted,
    /// Nothing is expected here: a person decides.
    Unknown,
    /// Another one is expected here.
    Changed {
        /// SHA-256 of the expected one.
        expected: [u8; 32],
    },
}

/// Judges `certificate` at `address`: a pin of the address comes first, then `trust`.
pub(crate) fn judge(
    address: &ServerAddress,
    certificate: &Certificate,
    pins: &Pins,
    trust: &Trust,
) -> Verdict {
    let expected = match (pins.get(address), trust) {
        (Some(pin), _) => *pin,
        (None, Trust::Pin(pin)) => *pin,
        (None, Trust::AcceptFirst) => return Verdict::Trusted,
        (None, Trust::Ask | Trust::PinHex(_)) => return Verdict::Unknown,
    };
    if expected == certificate.sha256 {
        Verdict::Trusted
    } else {
        Verdict::Changed { expected }
    }
}

/// Reads a fingerprint of 64 hexadecimal digits, colons and spaces ignored.
pub(crate) fn parse_fingerprint(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|c| !matches!(c, ':' | ' '))
        .map(|c| c.to_digit(16))
        .collect::<Option<_>>()?;
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = (pair[0] << 4 | pair[1]) as u8;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> ServerAddress {
        ServerAddress {
            host: "uc.example".into(),
            port: 8802,
        }
    }

    fn certificate(byte: u8) -> Certificate {
        Certificate {
            sha256: [byte; 32],
            subject: "CN=uc".into(),
            issuer: "CN=uc".into(),
            not_before: 0,
            not_after: 1,
        }
    }

    #[test]
    fn a_fingerprint_reads_with_and_without_separators() {
        let plain = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        assert_eq!(parse_fingerprint(&plain), Some([0xab; 32]));
        assert_eq!(parse_fingerprint(&colons), Some([0xab; 32]));
        assert_eq!(parse_fingerprint("ab"), None);
        assert_eq!(parse_fingerprint(&"xy".repeat(32)), None);
    }

    #[test]
    fn the_pin_of_an_address_comes_before_the_rule_for_the_others() {
        let pins = Pins::new().with(address(), [1; 32]);
        for trust in [Trust::Ask, Trust::AcceptFirst, Trust::Pin([2; 32])] {
            assert_eq!(
                judge(&address(), &certificate(1), &pins, &trust),
                Verdict::Trusted
            );
            assert_eq!(
                judge(&address(), &certificate(2), &pins, &trust),
                Verdict::Changed { expected: [1; 32] }
            );
        }
    }

    #[test]
    fn without_a_pin_the_rule_decides() {
        let pins = Pins::new();
        let judge = |trust| judge(&address(), &certificate(7), &pins, &trust);
        assert_eq!(judge(Trust::Ask), Verdict::Unknown);
        assert_eq!(judge(Trust::AcceptFirst), Verdict::Trusted);
        assert_eq!(judge(Trust::Pin([7; 32])), Verdict::Trusted);
        assert_eq!(
            judge(Trust::Pin([8; 32])),
            Verdict::Changed { expected: [8; 32] }
        );
    }
}
