use std::{fmt, str::FromStr};

use thiserror::Error;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The SHA-256 of a certificate's DER form: what a pin is.
///
/// Written as 32 pairs of upper-case hexadecimal digits with colons, as browsers and OpenSSL do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub [u8; 32]);

/// A text that is no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a fingerprint has 64 hexadecimal digits (SHA-256), colons between them are allowed")]
pub struct FingerprintError;

impl Fingerprint {
    /// The fingerprint of a certificate in DER form.
    pub fn of(der: &[u8]) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, der);
        Self(digest.as_ref().try_into().expect("SHA-256 has 32 bytes"))
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
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let digits: Vec<u32> = text
            .chars()
            .filter(|c| *c != ':')
            .map(|c| c.to_digit(16).ok_or(FingerprintError))
            .collect::<Result<_, _>>()?;
        let bytes: Vec<u8> = digits
            .chunks(2)
            .map(|pair| pair.iter().fold(0_u8, |sum, digit| sum << 4 | *digit as u8))
            .collect();
        if digits.len() != 64 {
            return Err(FingerprintError);
        }
        Ok(Self(bytes.try_into().map_err(|_| FingerprintError)?))
    }
}

/// The leaf certificate that a server showed, and whose key it proved to own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Certificate {
    /// Its SHA-256.
    pub fingerprint: Fingerprint,
    /// The subject's distinguished name, for example `CN=pbx.example.com`.
    pub subject: String,
    /// The issuer's distinguished name; equal to the subject where the server signed it itself.
    pub issuer: String,
    /// Valid from: milliseconds since the Unix epoch, UTC.
    pub not_before: i64,
    /// Valid until: milliseconds since the Unix epoch, UTC.
    pub not_after: i64,
}

impl Certificate {
    /// Reads a certificate in DER form; `None` where it is no X.509 certificate.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        let validity = parsed.validity();
        Some(Self {
            fingerprint: Fingerprint::of(der),
            subject: parsed.subject().to_string(),
            issuer: parsed.issuer().to_string(),
            not_before: validity.not_before.timestamp().saturating_mul(1000),
            not_after: validity.not_after.timestamp().saturating_mul(1000),
        })
    }
}
