//! Checks on session descriptions (RFC 8866), before anybody acts on them.

use sdp_types::{Attribute, Media, ParserError, Session};
use thiserror::Error;

use crate::limits::{MAX_CANDIDATES, MAX_SDP_BYTES};

/// The audio section of a description that passed [`check_audio`].
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AudioSection {
    /// The hash function of the DTLS fingerprint, lower case (RFC 8122 §5), for example `sha-256`.
    pub hash: String,
    /// The DTLS fingerprint, as written.
    pub fingerprint: String,
    /// The ICE user name fragment (RFC 8839 §5.4).
    pub ice_ufrag: String,
    /// The ICE password.
    pub ice_pwd: String,
    /// How many candidates are in it; the rest may be trickled.
    pub candidates: usize,
    /// Which way the sound goes, seen from the side that described itself.
    pub direction: MediaDirection,
}

/// Hides the ICE password and the addresses.
impl std::fmt::Debug for AudioSection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AudioSection")
            .field("hash", &self.hash)
            .field("candidates", &self.candidates)
            .field("direction", &self.direction)
            .finish_non_exhaustive()
    }
}

/// The direction attributes of RFC 8866 §6.7.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MediaDirection {
    /// Both ways; also where nothing is said.
    #[default]
    SendRecv,
    /// Only from the describing side.
    SendOnly,
    /// Only to the describing side.
    RecvOnly,
    /// Not at all.
    Inactive,
}

/// Why a description can't be used for a call. Nothing of its content is repeated.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SdpError {
    /// Longer than [`MAX_SDP_BYTES`].
    #[error("the description has {0} bytes, more than the {MAX_SDP_BYTES} that are allowed")]
    TooLarge(usize),
    /// Not SDP.
    #[error("the description can't be read at line {line}")]
    Malformed {
        /// The line, counted from 1; 0 where the whole is meant.
        line: usize,
    },
    /// There is no audio section, or it is refused (port 0).
    #[error("the description offers no audio")]
    NoAudio,
    /// The audio isn't protected by DTLS-SRTP (`UDP/TLS/RTP/SAVPF`, RFC 5764 §8).
    #[error("the audio isn't encrypted with DTLS-SRTP")]
    NotSecure,
    /// There is no DTLS fingerprint, or it can't be read.
    #[error("the audio has no DTLS fingerprint")]
    NoFingerprint,
    /// The DTLS fingerprint uses a hash function that is broken or unknown.
    #[error("the DTLS fingerprint must use sha-256, sha-384 or sha-512")]
    WeakFingerprint,
    /// There is no ICE user name fragment or password, or they break the limits of RFC 8839 §5.4.
    #[error("the audio has no valid ICE credentials")]
    NoIce,
    /// More than [`MAX_CANDIDATES`] candidates.
    #[error("the description has {0} candidates, more than the {MAX_CANDIDATES} that are allowed")]
    TooManyCandidates(usize),
}

/// Checks that a description can connect sound: within the limits, readable, with an audio
/// section that is protected by DTLS-SRTP and connected by ICE.
///
/// # Errors
/// See [`SdpError`].
pub fn check_audio(sdp: &str) -> Result<AudioSection, SdpError> {
    if sdp.len() > MAX_SDP_BYTES {
        return Err(SdpError::TooLarge(sdp.len()));
    }
    let session = Session::parse(sdp.as_bytes()).map_err(|error| SdpError::Malformed {
        line: line_of(&error),
    })?;
    let audio = session
        .medias
        .iter()
        .find(|media| media.media == "audio" && (media.port != 0 || bundled(media)))
        .ok_or(SdpError::NoAudio)?;
    Section {
        session: &session,
        audio,
    }
    .check()
}

struct Section<'a> {
    session: &'a Session,
    audio: &'a Media,
}

impl<'a> Section<'a> {
    fn check(&self) -> Result<AudioSection, SdpError> {
        if !self.audio.proto.starts_with("UDP/TLS/RTP/SAVP") {
            return Err(SdpError::NotSecure);
        }
        let (hash, fingerprint) = self.fingerprint()?;
        let candidates = attributes(&self.audio.attributes, "candidate").count();
        if candidates > MAX_CANDIDATES {
            return Err(SdpError::TooManyCandidates(candidates));
        }
        Ok(AudioSection {
            hash,
            fingerprint,
            ice_ufrag: self.ice("ice-ufrag", 4)?,
            ice_pwd: self.ice("ice-pwd", 22)?,
            candidates,
            direction: self.direction(),
        })
    }

    /// An attribute of the audio section, else of the whole session.
    fn value(&self, name: &'a str) -> Option<&'a str> {
        attributes(&self.audio.attributes, name)
            .chain(attributes(&self.session.attributes, name))
            .next()
    }

    fn fingerprint(&self) -> Result<(String, String), SdpError> {
        let value = self.value("fingerprint").ok_or(SdpError::NoFingerprint)?;
        let (hash, digits) = value.split_once(' ').ok_or(SdpError::NoFingerprint)?;
        let hash = hash.to_ascii_lowercase();
        let bytes = match hash.as_str() {
            "sha-256" => 32,
            "sha-384" => 48,
            "sha-512" => 64,
            _ => return Err(SdpError::WeakFingerprint),
        };
        let pair = |p: &str| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit());
        let digits = digits.trim();
        if digits.split(':').count() != bytes || !digits.split(':').all(pair) {
            return Err(SdpError::NoFingerprint);
        }
        Ok((hash, digits.to_owned()))
    }

    /// RFC 8839 §5.4: 4 (22 for the password) to 256 letters, digits, `+` and `/`.
    fn ice(&self, name: &'a str, at_least: usize) -> Result<String, SdpError> {
        let value = self.value(name).ok_or(SdpError::NoIce)?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'+' || b == b'/';
        if !(at_least..=256).contains(&value.len()) || !value.bytes().all(plain) {
            return Err(SdpError::NoIce);
        }
        Ok(value.to_owned())
    }

    fn direction(&self) -> MediaDirection {
        let both = self.audio.attributes.iter().chain(&self.session.attributes);
        both.filter_map(|a| match a.attribute.as_str() {
            "sendrecv" => Some(MediaDirection::SendRecv),
            "sendonly" => Some(MediaDirection::SendOnly),
            "recvonly" => Some(MediaDirection::RecvOnly),
            "inactive" => Some(MediaDirection::Inactive),
            _ => None,
        })
        .next()
        .unwrap_or_default()
    }
}

/// Port 0 doesn't refuse a section that lives inside a bundle (RFC 9143 §6).
fn bundled(media: &Media) -> bool {
    media
        .attributes
        .iter()
        .any(|a| a.attribute == "bundle-only")
}

fn attributes<'a>(all: &'a [Attribute], name: &'a str) -> impl Iterator<Item = &'a str> {
    all.iter()
        .filter(move |a| a.attribute == name)
        .map(|a| a.value.as_deref().unwrap_or_default())
}

fn line_of(error: &ParserError) -> usize {
    use ParserError::{
        FieldTrailingData, InvalidFieldEncoding, InvalidFieldFormat, InvalidLineFormat,
        InvalidVersion, MissingField, MultipleConnections, MultipleKeys, MultipleMediaTitles,
        MultipleOrigins, MultipleSessionDescription, MultipleSessionNames, MultipleTimeZones,
        MultipleUris, MultipleVersions, RepeatWithoutTime,
    };
    match error {
        InvalidLineFormat(line, _)
        | InvalidFieldEncoding(line, _)
        | InvalidFieldFormat(line, _)
        | MissingField(line, _)
        | FieldTrailingData(line, _)
        | InvalidVersion(line, _)
        | MultipleVersions(line)
        | MultipleOrigins(line)
        | MultipleSessionNames(line)
        | MultipleSessionDescription(line)
        | MultipleUris(line)
        | MultipleConnections(line)
        | MultipleTimeZones(line)
        | MultipleMediaTitles(line)
        | MultipleKeys(line)
        | RepeatWithoutTime(line) => *line,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
