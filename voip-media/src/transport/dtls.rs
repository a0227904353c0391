use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use bytes::BytesMut;
use dimpl::{Config, Dtls, DtlsCertificate, KeyingMaterial, Output, SrtpProfile};

use crate::transport::{
    DtlsRole, Fingerprint, Identity, Keying, MediaKind, SecureError, SecureOutput, SecureTransport,
    srtp::Srtp,
};

/// DTLS-SRTP (RFC 5763, RFC 5764): the handshake by `dimpl`, the packets by `rtc-srtp`.
///
/// ```text
/// Waiting --start--> Shaking --certificate matches, keys--> Keyed --close_notify--> Over
///                       |  certificate differs, error, 30 s
///                       +--> Over (no keys exist)
/// ```
/// `Waiting` lasts until the far side's description is there, `Keyed` until the session ends.
pub(crate) struct DtlsSrtp {
    identity: Identity,
    expected: Vec<Fingerprint>,
    role: DtlsRole,
    dtls: Option<Dtls>,
    certificate_checked: bool,
    connected: bool,
    keys: Option<Srtp>,
    announced: bool,
}

impl DtlsSrtp {
    pub(crate) fn new(identity: Identity) -> Self {
        Self {
            identity,
            expected: Vec::new(),
            role: DtlsRole::Passive,
            dtls: None,
            certificate_checked: false,
            connected: false,
            keys: None,
            announced: false,
        }
    }

    /// Ends it all; no packet passes any more.
    fn fail(&mut self, error: SecureError) -> SecureError {
        self.dtls = None;
        self.keys = None;
        self.connected = false;
        error
    }

    fn check_certificate(&mut self, der: &[u8]) -> Result<(), SecureError> {
        if !self.expected.contains(&Fingerprint::of(der)) {
            return Err(self.fail(SecureError::WrongFingerprint));
        }
        self.certificate_checked = true;
        Ok(())
    }

    fn take_keys(
        &mut self,
        material: &KeyingMaterial,
        profile: SrtpProfile,
    ) -> Result<(), SecureError> {
        if !self.certificate_checked {
            return Err(self.fail(SecureError::WrongFingerprint));
        }
        match Srtp::new(material, profile, self.role) {
            Some(keys) => self.keys = Some(keys),
            None => return Err(self.fail(SecureError::NoProfile)),
        }
        Ok(())
    }

    /// Connected, but without keys: the far side wants no SRTP.
    fn is_established(&mut self) -> Result<bool, SecureError> {
        if !self.connected || self.announced {
            return Ok(false);
        }
        if self.keys.is_none() {
            return Err(self.fail(SecureError::NoProfile));
        }
        self.announced = true;
        Ok(true)
    }
}

impl SecureTransport for DtlsSrtp {
    fn start(&mut self, keying: &Keying, now: Instant) -> Result<(), SecureError> {
        let Keying::Dtls { role, expected } = keying else {
            return Err(SecureError::NoProfile);
        };
        let config = config().ok_or(SecureError::Handshake)?;
        let certificate = DtlsCertificate {
            certificate: self.identity.certificate.clone(),
            private_key: self.identity.private_key.clone(),
        };
        let mut dtls = Dtls::new_auto(config, certificate, now);
        dtls.set_active(*role == DtlsRole::Active);
        self.expected.clone_from(expected);
        self.role = *role;
        self.dtls = Some(dtls);
        self.handle_timeout(now)
    }

    fn handle_handshake(&mut self, datagram: &[u8], now: Instant) -> Result<(), SecureError> {
        let Some(dtls) = &mut self.dtls else {
            return Ok(());
        };
        let taken = dtls
            .handle_timeout(now)
            .and_then(|()| dtls.handle_packet(datagram));
        taken.map_err(|error| {
            tracing::debug!(?error, "DTLS ended");
            self.fail(SecureError::Handshake)
        })
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), SecureError> {
        let Some(dtls) = &mut self.dtls else {
            return Ok(());
        };
        dtls.handle_timeout(now).map_err(|error| {
            tracing::debug!(?error, "DTLS gave up");
            self.fail(SecureError::Handshake)
        })
    }

    fn poll_output(&mut self, buffer: &mut [u8]) -> Result<SecureOutput, SecureError> {
        loop {
            let Some(dtls) = &mut self.dtls else {
                return Ok(SecureOutput::Idle(None));
            };
            match dtls.poll_output(buffer) {
                Output::Packet(packet) => return Ok(SecureOutput::Transmit(packet.len())),
                Output::Timeout(at) => {
                    return match self.is_established()? {
                        true => Ok(SecureOutput::Established),
                        false => Ok(SecureOutput::Idle(Some(at))),
                    };
                }
                Output::Connected => self.connected = true,
                Output::PeerCert(der) => {
                    let der = der.to_vec();
                    self.check_certificate(&der)?;
                }
                Output::KeyingMaterial(material, profile) => self.take_keys(&material, profile)?,
                Output::CloseNotify => return Ok(SecureOutput::Closed),
                Output::BufferTooSmall { .. } => return Err(self.fail(SecureError::Handshake)),
                // No data channels.
                Output::ApplicationData(_) => {}
                other => tracing::debug!(?other, "unknown DTLS output"),
            }
        }
    }

    fn close(&mut self) {
        if let Some(dtls) = &mut self.dtls {
            let _ = dtls.close();
        }
    }

    fn protect(&mut self, kind: MediaKind, packet: &[u8]) -> Result<BytesMut, SecureError> {
        self.keys
            .as_mut()
            .ok_or(SecureError::NoKeys)?
            .protect(kind, packet)
    }

    fn unprotect(&mut self, kind: MediaKind, packet: &[u8]) -> Result<BytesMut, SecureError> {
        self.keys
            .as_mut()
            .ok_or(SecureError::NoKeys)?
            .unprotect(kind, packet)
    }
}

/// The configuration of all handshakes. Building it checks the whole cryptography against test
/// vectors, which takes longer than a handshake: once, and best before the first call.
pub(crate) fn config() -> Option<Arc<Config>> {
    static CONFIG: OnceLock<Option<Arc<Config>>> = OnceLock::new();
    let build = || {
        let builder = Config::builder()
            .use_server_cookie(false)
            .flight_start_rto(FLIGHT_TIMEOUT)
            .flight_retries(FLIGHT_RETRIES)
            .handshake_timeout(HANDSHAKE_TIMEOUT);
        builder.build().ok().map(Arc::new)
    };
    CONFIG.get_or_init(build).clone()
}

/// First retransmission of a flight. One second, the default, is the p99 of a call's set-up on a
/// network with loss.
const FLIGHT_TIMEOUT: Duration = Duration::from_millis(100);
/// With doubling, 100 ms lasts 51 s for nine: longer than [`HANDSHAKE_TIMEOUT`], which ends it.
const FLIGHT_RETRIES: usize = 9;
/// A person gives up sooner.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(30);
