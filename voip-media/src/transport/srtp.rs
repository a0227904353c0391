use std::{fmt, sync::Arc};

use crate::transport::{DtlsRole, MediaKind, SecureError};
use bytes::BytesMut;
use dimpl::{KeyingMaterial, SrtpProfile};
use rtc_shared::error::Error;
use rtc_srtp::{
    context::Context,
    crypto::{RTCCryptoProvider, default_provider},
    option::{srtcp_replay_protection, srtp_replay_protection},
    protection_profile::ProtectionProfile,
};

/// SRTP and SRTCP of one session (RFC 3711, RFC 7714).
///
/// A cipher context makes state for a source before it has authenticated the packet, so each
/// source gets a context of its own, and only once a packet of it was authentic: forged
/// sources cost a key derivation and leave nothing.
pub(crate) struct Srtp {
    profile: ProtectionProfile,
    provider: Provider,
    outbound: Context,
    inbound: Inbound,
    /// Under the far side's key before this one, until a packet of this one comes.
    former: Option<Inbound>,
}

/// A key and its salt (RFC 3711 §3.2.1).
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct MasterKey {
    key: Vec<u8>,
    salt: Vec<u8>,
}

impl MasterKey {
    pub(crate) fn new(key: &[u8], salt: &[u8]) -> Self {
        Self {
            key: key.to_vec(),
            salt: salt.to_vec(),
        }
    }

    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    pub(crate) fn salt(&self) -> &[u8] {
        &self.salt
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// What comes under one key.
struct Inbound {
    remote: MasterKey,
    sources: Vec<Source>,
}

struct Source {
    ssrc: u32,
    context: Context,
}

impl Srtp {
    /// From the exporter's octets (RFC 5764 §4.2); `None` for a profile we don't know.
    pub(crate) fn new(
        material: &KeyingMaterial,
        profile: SrtpProfile,
        role: DtlsRole,
    ) -> Option<Self> {
        let profile = protection_profile(profile)?;
        let (client, server) = split_keys(material, profile)?;
        match role {
            DtlsRole::Active => Self::between(profile, &client, &server),
            DtlsRole::Passive => Self::between(profile, &server, &client),
        }
    }

    /// From a key for each direction; `None` if they don't fit the profile.
    pub(crate) fn between(
        profile: ProtectionProfile,
        local: &MasterKey,
        remote: &MasterKey,
    ) -> Option<Self> {
        let provider = default_provider().ok()?;
        Some(Self {
            profile,
            outbound: outbound(profile, local, &provider)?,
            inbound: Inbound::new(remote),
            former: None,
            provider,
        })
    }

    /// Protects with another key from now on.
    pub(crate) fn renew_outbound(&mut self, local: &MasterKey) -> Option<()> {
        self.outbound = outbound(self.profile, local, &self.provider)?;
        Some(())
    }

    /// The far side protects with another key from now on.
    pub(crate) fn renew_inbound(&mut self, remote: &MasterKey) {
        let former = std::mem::replace(&mut self.inbound, Inbound::new(remote));
        self.former = Some(former);
    }

    pub(crate) fn protect(
        &mut self,
        kind: MediaKind,
        packet: &[u8],
    ) -> Result<BytesMut, SecureError> {
        // rtc-srtp 0.21.1 measures a header with extensions anew, and panics where that is more than
        // the packet has. None of ours has any (`write_header`).
        if kind == MediaKind::Rtp && packet.first().is_none_or(|first| first & EXTENSION != 0) {
            return Err(SecureError::Unauthenticated);
        }
        let protected = match kind {
            MediaKind::Rtp => self.outbound.encrypt_rtp(packet),
            MediaKind::Rtcp => self.outbound.encrypt_rtcp(packet),
        };
        protected.map_err(|_| SecureError::Unauthenticated)
    }

    pub(crate) fn unprotect(
        &mut self,
        kind: MediaKind,
        packet: &[u8],
    ) -> Result<BytesMut, SecureError> {
        if kind == MediaKind::Rtcp && !says_encrypted(self.profile, packet) {
            return Err(SecureError::Unauthenticated);
        }
        let ssrc = source_of(kind, packet).ok_or(SecureError::Unauthenticated)?;
        let context = |remote: &MasterKey| inbound(self.profile, remote, &self.provider);
        let opened = self.inbound.unprotect(ssrc, kind, packet, context);
        match (&opened, &mut self.former) {
            (Err(SecureError::Unauthenticated), Some(former)) => {
                former.unprotect(ssrc, kind, packet, context)
            }
            (Ok(_), former) => {
                *former = None;
                opened
            }
            _ => opened,
        }
    }
}

impl Inbound {
    fn new(remote: &MasterKey) -> Self {
        Self {
            remote: remote.clone(),
            sources: Vec::new(),
        }
    }

    fn unprotect(
        &mut self,
        ssrc: u32,
        kind: MediaKind,
        packet: &[u8],
        new_context: impl Fn(&MasterKey) -> Result<Context, SecureError>,
    ) -> Result<BytesMut, SecureError> {
        if let Some(source) = self.sources.iter_mut().find(|source| source.ssrc == ssrc) {
            return open(&mut source.context, kind, packet);
        }
        if self.sources.len() == MAX_SOURCES {
            return Err(SecureError::UnknownSource);
        }
        let mut context = new_context(&self.remote)?;
        let opened = open(&mut context, kind, packet)?;
        self.sources.push(Source { ssrc, context });
        Ok(opened)
    }
}

type Provider = Arc<dyn RTCCryptoProvider>;

fn outbound(profile: ProtectionProfile, local: &MasterKey, provider: &Provider) -> Option<Context> {
    let crypto = provider.crypto();
    Context::new(&local.key, &local.salt, profile, None, None, crypto).ok()
}

fn inbound(
    profile: ProtectionProfile,
    remote: &MasterKey,
    provider: &Provider,
) -> Result<Context, SecureError> {
    Context::new(
        &remote.key,
        &remote.salt,
        profile,
        Some(srtp_replay_protection(REPLAY_WINDOW)),
        Some(srtcp_replay_protection(REPLAY_WINDOW)),
        provider.crypto(),
    )
    .map_err(|_| SecureError::NoKeys)
}

/// Says in an RTP header's first octet that extensions follow (RFC 3550 §5.1).
const EXTENSION: u8 = 0x10;

fn open(context: &mut Context, kind: MediaKind, packet: &[u8]) -> Result<BytesMut, SecureError> {
    let opened = match kind {
        MediaKind::Rtp => context.decrypt_rtp(packet),
        MediaKind::Rtcp => context.decrypt_rtcp(packet),
    };
    opened.map_err(|error| match error {
        Error::SrtpSsrcDuplicated(..) | Error::SrtcpSsrcDuplicated(..) => SecureError::Replayed,
        _ => SecureError::Unauthenticated,
    })
}

/// Whether a report has the E flag of RFC 3711 §3.4, as all of this profile must. rtc-srtp lets a
/// report without it pass and doesn't look at its tag.
fn says_encrypted(profile: ProtectionProfile, report: &[u8]) -> bool {
    let behind_index = match profile {
        ProtectionProfile::AeadAes128Gcm | ProtectionProfile::AeadAes256Gcm => 0,
        _ => HMAC_TAG,
    };
    let flag = report
        .len()
        .checked_sub(behind_index + 4)
        .and_then(|at| report.get(at));
    flag.is_some_and(|octet| octet & 0x80 != 0)
}

fn source_of(kind: MediaKind, packet: &[u8]) -> Option<u32> {
    let at = match kind {
        MediaKind::Rtp => 8,
        MediaKind::Rtcp => 4,
    };
    let octets = packet.get(at..at + 4)?;
    Some(u32::from_be_bytes(octets.try_into().ok()?))
}

fn split_keys(material: &[u8], profile: ProtectionProfile) -> Option<(MasterKey, MasterKey)> {
    let (key, salt) = (profile.key_len(), profile.salt_len());
    let (client_key, rest) = material.split_at_checked(key)?;
    let (server_key, rest) = rest.split_at_checked(key)?;
    let (client_salt, rest) = rest.split_at_checked(salt)?;
    let server_salt = rest.get(..salt)?;
    Some((
        MasterKey::new(client_key, client_salt),
        MasterKey::new(server_key, server_salt),
    ))
}

fn protection_profile(profile: SrtpProfile) -> Option<ProtectionProfile> {
    match profile {
        SrtpProfile::AES128_CM_SHA1_80 => Some(ProtectionProfile::Aes128CmHmacSha1_80),
        SrtpProfile::AEAD_AES_128_GCM => Some(ProtectionProfile::AeadAes128Gcm),
        SrtpProfile::AEAD_AES_256_GCM => Some(ProtectionProfile::AeadAes256Gcm),
        #[allow(unreachable_patterns)]
        _ => None,
    }
}

/// Octets of the tag behind a report's index (RFC 5764 §4.1.2: 80 bits); with GCM the index is last.
const HMAC_TAG: usize = 10;
/// Packets that may overtake each other (RFC 3711 §3.3.2: at least 64).
const REPLAY_WINDOW: usize = 64;
/// Sources a session can have in its life: one, and a few more for what changes behind a media
/// server. A context is never given up, or its packets could be replayed.
const MAX_SOURCES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    const PROFILES: [SrtpProfile; 3] = [
        SrtpProfile::AES128_CM_SHA1_80,
        SrtpProfile::AEAD_AES_128_GCM,
        SrtpProfile::AEAD_AES_256_GCM,
    ];

    fn pair(profile: SrtpProfile) -> (Srtp, Srtp) {
        let octets: Vec<u8> = (0..profile.keying_material_len())
            .map(|octet| octet as u8)
            .collect();
        let material = KeyingMaterial::new(&octets);
        let side = |role| Srtp::new(&material, profile, role).expect("a known profile");
        (side(DtlsRole::Active), side(DtlsRole::Passive))
    }

    fn rtp(ssrc: u32, seq: u16) -> Vec<u8> {
        let mut packet = vec![0x80, 111];
        packet.extend(seq.to_be_bytes());
        packet.extend([0; 4]);
        packet.extend(ssrc.to_be_bytes());
        packet.extend(b"speech");
        packet
    }

    #[test]
    fn every_profile_protects_both_ways() {
        for profile in PROFILES {
            let (mut near, mut far) = pair(profile);
            let packet = rtp(7, 1);
            let protected = near.protect(MediaKind::Rtp, &packet).expect("protected");
            assert!(!protected.windows(6).any(|window| window == b"speech"));
            let opened = far
                .unprotect(MediaKind::Rtp, &protected)
                .expect("authentic");
            assert_eq!(&opened[..], packet);
            let protected = far.protect(MediaKind::Rtp, &packet).expect("protected");
            assert!(near.unprotect(MediaKind::Rtp, &protected).is_ok());
        }
    }

    #[test]
    fn reports_are_protected_too() {
        for profile in PROFILES {
            let (mut near, mut far) = pair(profile);
            let report = [0x80, 201, 0, 1, 0, 0, 0, 7];
            let protected = near.protect(MediaKind::Rtcp, &report).expect("protected");
            let opened = far
                .unprotect(MediaKind::Rtcp, &protected)
                .expect("authentic");
            assert_eq!(&opened[..], report);
        }
    }

    #[test]
    fn a_forged_report_is_refused_even_if_it_says_that_it_is_not_encrypted() {
        for profile in PROFILES {
            let (_, mut far) = pair(profile);
            let mut forged = vec![0x80, 201, 0, 1, 0, 0, 0, 7];
            forged.extend([0; 40]);
            let refused = far.unprotect(MediaKind::Rtcp, &forged).err();
            assert_eq!(refused, Some(SecureError::Unauthenticated), "{profile}");
            assert_eq!(far.inbound.sources.len(), 0);
        }
    }

    #[test]
    fn a_packet_passes_once() {
        for profile in PROFILES {
            let (mut near, mut far) = pair(profile);
            let first = near.protect(MediaKind::Rtp, &rtp(7, 1)).expect("protected");
            assert!(far.unprotect(MediaKind::Rtp, &first).is_ok());
            let again = far.unprotect(MediaKind::Rtp, &first).err();
            assert_eq!(again, Some(SecureError::Replayed), "{profile}");
        }
    }

    #[test]
    fn packets_that_overtake_each_other_pass_across_the_wrap() {
        let (mut near, mut far) = pair(SrtpProfile::AEAD_AES_128_GCM);
        let numbers = [65_530u16, 65_534, 65_535, 0, 1, 2];
        let sent = numbers.map(|seq| near.protect(MediaKind::Rtp, &rtp(7, seq)).expect("sent"));
        for index in [0, 2, 1, 4, 3, 5] {
            assert!(
                far.unprotect(MediaKind::Rtp, &sent[index]).is_ok(),
                "{}",
                numbers[index]
            );
        }
    }

    #[test]
    fn forged_sources_leave_nothing_and_real_ones_are_bounded() {
        let (mut near, mut far) = pair(SrtpProfile::AEAD_AES_128_GCM);
        for ssrc in 0..1_000 {
            let mut forged = rtp(ssrc, 1);
            forged.extend([0; 16]);
            let refused = far.unprotect(MediaKind::Rtp, &forged).err();
            assert_eq!(refused, Some(SecureError::Unauthenticated));
        }
        assert_eq!(far.inbound.sources.len(), 0);
        let mut open = |ssrc| {
            let packet = near
                .protect(MediaKind::Rtp, &rtp(ssrc, 1))
                .expect("protected");
            far.unprotect(MediaKind::Rtp, &packet).err()
        };
        for ssrc in 0..16 {
            assert_eq!(open(ssrc), None);
        }
        assert_eq!(open(16), Some(SecureError::UnknownSource));
    }

    #[test]
    fn short_packets_are_refused() {
        let (_, mut far) = pair(SrtpProfile::AES128_CM_SHA1_80);
        for length in 0..12 {
            assert!(far.unprotect(MediaKind::Rtp, &rtp(1, 1)[..length]).is_err());
            assert!(
                far.unprotect(MediaKind::Rtcp, &[0x80; 12][..length])
                    .is_err()
            );
        }
    }
}
