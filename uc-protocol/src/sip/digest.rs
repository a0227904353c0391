//! Digest authentication (RFC 3261 §22, RFC 7616, RFC 8760): one's own answer to a challenge.

use std::fmt;

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};
use thiserror::Error;

use super::{
    Headers, Method, Uri,
    grammar::{Pieces, quote, trim, unquote},
};
use crate::ucx::Secret;

/// Who answers a challenge.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user name for authentication; often not the number.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// Hides both.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(…)")
    }
}

/// The hash function of a challenge; the later the stronger (RFC 8760 §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Hash {
    /// MD5: broken, and still what most servers use.
    Md5,
    /// SHA-512/256.
    Sha512_256,
    /// SHA-256.
    Sha256,
}

/// What a digest protects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protection {
    /// The method and the URI (`auth`).
    Auth,
    /// The body too (`auth-int`).
    AuthInt,
}

/// A server's challenge (RFC 7616 §3.3).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Challenge {
    /// What the password is for; shown to people.
    pub realm: String,
    /// The server's nonce. While it stays the same, the count `nc` goes up.
    pub nonce: String,
    /// What the server wants back unchanged.
    pub opaque: Option<String>,
    /// The hash function.
    pub hash: Hash,
    /// Whether the session key is bound to both nonces (`-sess`).
    pub session: bool,
    /// What is protected; `None` for the digest of RFC 2069.
    pub qop: Option<Protection>,
    /// The credentials were right, only the nonce was too old: answer again without asking anybody.
    pub stale: bool,
    /// Whether the user name is hashed too (RFC 7616 §3.4.4).
    pub userhash: bool,
    /// The algorithm's name as the server wrote it; `None` where it wrote none.
    algorithm: Option<String>,
    /// Whether the challenge is a proxy's.
    proxy: bool,
}

/// Hides the nonce.
impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge")
            .field("realm", &self.realm)
            .field("hash", &self.hash)
            .field("session", &self.session)
            .field("qop", &self.qop)
            .field("stale", &self.stale)
            .finish_non_exhaustive()
    }
}

/// Why a challenge can't be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChallengeError {
    /// There is none.
    #[error("the server refuses, but doesn't say how to prove who we are")]
    Missing,
    /// None of them is a digest with a known hash function.
    #[error("the server wants a proof of who we are that isn't supported")]
    Unsupported,
    /// The one that could be answered can't be read.
    #[error("the server's question who we are can't be read")]
    Malformed,
}

impl Challenge {
    /// The challenge with the strongest hash function that can be answered (RFC 8760 §2.4 leaves
    /// that to the client's policy), of `WWW-Authenticate` or of
    /// `Proxy-Authenticate`; of equally strong ones the first. Those with an unknown scheme or hash
    /// function are skipped.
    ///
    /// # Errors
    /// See [`ChallengeError`].
    pub fn strongest(headers: &Headers, proxy: bool) -> Result<Self, ChallengeError> {
        let name = if proxy {
            "Proxy-Authenticate"
        } else {
            "WWW-Authenticate"
        };
        let mut failure = ChallengeError::Missing;
        let mut best: Option<Self> = None;
        for line in headers.all(name) {
            match Self::read(line, proxy) {
                Ok(found) if best.as_ref().is_none_or(|best| found.hash > best.hash) => {
                    best = Some(found);
                }
                Ok(_) => {}
                Err(error) => failure = error,
            }
        }
        best.ok_or(failure)
    }

    fn read(line: &str, proxy: bool) -> Result<Self, ChallengeError> {
        let (scheme, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        if !scheme.eq_ignore_ascii_case("Digest") {
            return Err(ChallengeError::Unsupported);
        }
        let mut challenge = Self {
            realm: String::new(),
            nonce: String::new(),
            opaque: None,
            hash: Hash::Md5,
            session: false,
            qop: None,
            stale: false,
            userhash: false,
            algorithm: None,
            proxy,
        };
        let (mut realm, mut nonce) = (None, None);
        for piece in Pieces::new(rest, b',').filter(|piece| !piece.is_empty()) {
            let (name, value) = piece.split_once('=').ok_or(ChallengeError::Malformed)?;
            let value = read_value(trim(value)).ok_or(ChallengeError::Malformed)?;
            match trim(name).to_ascii_lowercase().as_str() {
                "realm" => realm = Some(value),
                "nonce" => nonce = Some(value),
                "opaque" => challenge.opaque = Some(value),
                "stale" => challenge.stale = value.eq_ignore_ascii_case("true"),
                "userhash" => challenge.userhash = value.eq_ignore_ascii_case("true"),
                "qop" => challenge.qop = Some(read_qop(&value)?),
                "algorithm" => {
                    (challenge.hash, challenge.session) = read_algorithm(&value)?;
                    challenge.algorithm = Some(value);
                }
                _ => {}
            }
        }
        challenge.realm = realm.ok_or(ChallengeError::Malformed)?;
        challenge.nonce = nonce.ok_or(ChallengeError::Malformed)?;
        Ok(challenge)
    }

    /// The header field that carries the answer: `Authorization` or `Proxy-Authorization`.
    pub const fn answer_in(&self) -> &'static str {
        if self.proxy {
            "Proxy-Authorization"
        } else {
            "Authorization"
        }
    }

    /// The value of the header field that answers (RFC 7616 §3.4). `uri` is the Request-URI; `cnonce`
    /// is fresh and random, hexadecimal digits for example; `nc` counts the requests with this nonce,
    /// from 1.
    pub fn answer(
        &self,
        credentials: &Credentials,
        method: &Method,
        uri: &Uri,
        cnonce: &str,
        nc: u32,
        body: &[u8],
    ) -> String {
        let uri = uri.to_string();
        let response = self.response(credentials, method, &uri, cnonce, nc, body);
        let user = match self.userhash {
            true => self.hash.of(&[&credentials.user, ":", &self.realm]),
            false => credentials.user.clone(),
        };
        let mut answer = format!(
            "Digest username={}, realm={}, nonce={}, uri=\"{uri}\", response=\"{response}\"",
            quote(&user),
            quote(&self.realm),
            quote(&self.nonce)
        );
        if let Some(algorithm) = &self.algorithm {
            answer += &format!(", algorithm={algorithm}");
        }
        match self.qop {
            Some(qop) => {
                let cnonce = quote(cnonce);
                answer += &format!(", qop={}, cnonce={cnonce}, nc={nc:08x}", qop.name());
            }
            // The session key needs it all the same.
            None if self.session => answer += &format!(", cnonce={}", quote(cnonce)),
            None => {}
        }
        if let Some(opaque) = &self.opaque {
            answer += &format!(", opaque={}", quote(opaque));
        }
        if self.userhash {
            answer += ", userhash=true";
        }
        answer
    }

    /// RFC 7616 §3.4.1 to §3.4.3.
    fn response(
        &self,
        credentials: &Credentials,
        method: &Method,
        uri: &str,
        cnonce: &str,
        nc: u32,
        body: &[u8],
    ) -> String {
        let hash = self.hash;
        let mut key = hash.of(&[
            &credentials.user,
            ":",
            &self.realm,
            ":",
            &credentials.password.0,
        ]);
        if self.session {
            key = hash.of(&[&key, ":", &self.nonce, ":", cnonce]);
        }
        let what = match self.qop {
            Some(Protection::AuthInt) => {
                hash.of(&[method.as_str(), ":", uri, ":", &hash.of_bytes(&[body])])
            }
            _ => hash.of(&[method.as_str(), ":", uri]),
        };
        match self.qop {
            Some(qop) => {
                let nc = format!("{nc:08x}");
                let name = qop.name();
                hash.of(&[
                    &key,
                    ":",
                    &self.nonce,
                    ":",
                    &nc,
                    ":",
                    cnonce,
                    ":",
                    name,
                    ":",
                    &what,
                ])
            }
            None => hash.of(&[&key, ":", &self.nonce, ":", &what]),
        }
    }
}

impl Protection {
    const fn name(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::AuthInt => "auth-int",
        }
    }
}

impl Hash {
    /// Lower-case hexadecimal digits of the hash of the texts one after the other.
    fn of(self, texts: &[&str]) -> String {
        let texts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
        self.of_bytes(&texts)
    }

    fn of_bytes(self, parts: &[&[u8]]) -> String {
        match self {
            Self::Md5 => hex::<Md5>(parts),
            Self::Sha256 => hex::<Sha256>(parts),
            Self::Sha512_256 => hex::<Sha512_256>(parts),
        }
    }
}

fn hex<D: Digest>(parts: &[&[u8]]) -> String {
    let mut digest = D::new();
    for part in parts {
        digest.update(part);
    }
    let digits = |byte: &u8| format!("{byte:02x}");
    digest.finalize().iter().map(digits).collect()
}

fn read_value(text: &str) -> Option<String> {
    if text.starts_with('"') {
        return unquote(text);
    }
    (!text.contains('"')).then(|| text.to_owned())
}

/// `auth` where it is offered.
fn read_qop(list: &str) -> Result<Protection, ChallengeError> {
    let offered = |name: &str| {
        list.split(',')
            .any(|qop| trim(qop).eq_ignore_ascii_case(name))
    };
    if offered("auth") {
        Ok(Protection::Auth)
    } else if offered("auth-int") {
        Ok(Protection::AuthInt)
    } else {
        Err(ChallengeError::Unsupported)
    }
}

fn read_algorithm(name: &str) -> Result<(Hash, bool), ChallengeError> {
    let known = [
        ("MD5", Hash::Md5, false),
        ("MD5-sess", Hash::Md5, true),
        ("SHA-256", Hash::Sha256, false),
        ("SHA-256-sess", Hash::Sha256, true),
        ("SHA-512-256", Hash::Sha512_256, false),
        ("SHA-512-256-sess", Hash::Sha512_256, true),
    ];
    let found = known
        .iter()
        .find(|(known, ..)| known.eq_ignore_ascii_case(name));
    let (_, hash, session) = found.ok_or(ChallengeError::Unsupported)?;
    Ok((*hash, *session))
}

#[cfg(test)]
mod tests;
