use std::fmt;

use rcgen::{CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256};
use ring::digest;

/// The SHA-256 fingerprint of a certificate (RFC 8122 §5).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of a certificate in DER.
    pub(crate) fn of(der: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, der).as_ref());
        Self(bytes)
    }

    /// From `AB:CD:…`, in either case; `None` if it isn't 32 octets.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        let mut octets = text.trim().split(':');
        for byte in &mut bytes {
            let octet = octets.next().filter(|octet| octet.len() == 2)?;
            let digits = octet.bytes().all(|digit| digit.is_ascii_hexdigit());
            let octet = digits.then_some(octet)?;
            *byte = u8::from_str_radix(octet, 16).ok()?;
        }
        octets.next().is_none().then_some(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let colon = if index == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(…)")
    }
}

/// A certificate and its key, made for one session, so that calls can't be linked by it.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) certificate: Vec<u8>,
    pub(crate) private_key: Vec<u8>,
}

impl Identity {
    /// A self-signed P-256 certificate without names. `None` if the system has no randomness.
    pub(crate) fn generate() -> Option<Self> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).ok()?;
        let mut params = CertificateParams::new(Vec::new()).ok()?;
        params.distinguished_name = DistinguishedName::new();
        let certificate = params.self_signed(&key).ok()?;
        Some(Self {
            certificate: certificate.der().to_vec(),
            private_key: key.serialize_der(),
        })
    }

    /// What the session description says of it.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(…)")
    }
}

/// Random bytes of the system.
///
/// # Panics
/// Where the system has none; nothing can be secured there.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system has a random generator");
    bytes
}

/// A random number of the system.
pub(crate) fn random_u32() -> u32 {
    u32::from_ne_bytes(random_bytes())
}

/// `length` random characters of the 64 that ICE allows (RFC 8839 §5.4), 6 bits each.
pub(crate) fn random_token(length: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let random: [u8; 64] = random_bytes();
    let pick = |byte: &u8| char::from(ALPHABET[usize::from(byte & 63)]);
    random
        .iter()
        .cycle()
        .take(length.min(64))
        .map(pick)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_it_is_written() {
        let fingerprint = Identity::generate().expect("randomness").fingerprint();
        let text = fingerprint.to_string();
        assert_eq!(text.len(), 95);
        assert_eq!(Fingerprint::parse(&text), Some(fingerprint));
        assert_eq!(Fingerprint::parse(&text.to_lowercase()), Some(fingerprint));
    }

    #[test]
    fn half_a_fingerprint_is_none() {
        assert_eq!(Fingerprint::parse(""), None);
        assert_eq!(Fingerprint::parse("AB:CD"), None);
        assert_eq!(Fingerprint::parse(&["AB"; 33].join(":")), None);
        assert_eq!(Fingerprint::parse(&["+B"; 32].join(":")), None);
        assert_eq!(Fingerprint::parse(&["ÄB"; 32].join(":")), None);
    }

    #[test]
    fn secrets_stay_out_of_debug_output() {
        let identity = Identity::generate().expect("randomness");
        assert_eq!(format!("{identity:?}"), "Identity(…)");
        assert_eq!(format!("{:?}", identity.fingerprint()), "Fingerprint(…)");
    }

    #[test]
    fn tokens_have_their_length_and_differ() {
        assert_eq!(random_token(24).len(), 24);
        assert_ne!(random_token(24), random_token(24));
    }
}
