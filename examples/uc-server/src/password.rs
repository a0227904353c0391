use std::num::NonZeroU32;

use ring::pbkdf2;
use serde::{Deserialize, Serialize};

/// A password as the server keeps it: salted and stretched (PBKDF2-HMAC-SHA256, RFC 8018 §5.2).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PasswordHash {
    salt: [u8; SALT_BYTES],
    key: [u8; KEY_BYTES],
}

impl PasswordHash {
    /// With a fresh salt.
    pub(crate) fn of(password: &str) -> Self {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).expect("the operating system gives random bytes");
        Self::new(password, salt)
    }

    fn new(password: &str, salt: [u8; SALT_BYTES]) -> Self {
        let mut key = [0; KEY_BYTES];
        pbkdf2::derive(ALGORITHM, ITERATIONS, &salt, password.as_bytes(), &mut key);
        Self { salt, key }
    }

    /// Compares in constant time. Takes about a millisecond of computing.
    pub(crate) fn verify(&self, password: &str) -> bool {
        pbkdf2::verify(
            ALGORITHM,
            ITERATIONS,
            &self.salt,
            password.as_bytes(),
            &self.key,
        )
        .is_ok()
    }

    /// The hash that an unknown user's password is compared with, so that the answer takes as
    /// long as for a known user. No password matches it in practice.
    pub(crate) const fn nobody() -> Self {
        Self {
            salt: [0; SALT_BYTES],
            key: [0; KEY_BYTES],
        }
    }
}

/// Shows nothing.
impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// Bytes of salt (RFC 8018 §4.1 asks for at least 8).
const SALT_BYTES: usize = 16;
const KEY_BYTES: usize = 32;
const ALGORITHM: pbkdf2::Algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
/// Few, on purpose: the company file beside them holds passwords in clear,
/// and a demonstration with twelve users has to start in milliseconds.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(2_000).expect("not zero");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_password_verifies() {
        let hash = PasswordHash::new("demo", [7; SALT_BYTES]);
        assert!(hash.verify("demo"));
        assert!(!hash.verify("Demo"));
        assert!(!hash.verify(""));
    }

    #[test]
    fn the_salt_changes_the_hash() {
        let one = PasswordHash::new("demo", [1; SALT_BYTES]);
        let other = PasswordHash::new("demo", [2; SALT_BYTES]);
        assert_ne!(one.key, other.key);
    }

    #[test]
    fn nobody_has_no_password() {
        assert!(!PasswordHash::nobody().verify(""));
    }
}
