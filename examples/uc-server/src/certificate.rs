use std::{fs, io, path::Path, sync::Arc};

use ring::digest;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use thiserror::Error;

/// The certificate that the server presents, with its key.
pub struct Certificate {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Certificate {
    /// Makes a self-signed certificate (ECDSA P-256) for `localhost` and the loopback addresses.
    ///
    /// # Errors
    /// [`CertificateError::Make`].
    pub fn self_signed() -> Result<Self, CertificateError> {
        let (chain, key) = make()?;
        Self::from_pem(&chain, &key)
    }

    /// Takes a certificate chain, leaf first, and its private key, both as PEM texts.
    ///
    /// # Errors
    /// [`CertificateError::Pem`].
    pub fn from_pem(chain: &str, key: &str) -> Result<Self, CertificateError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(chain.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|_| CertificateError::Pem)?;
        let key =
            PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| CertificateError::Pem)?;
        if chain.is_empty() {
            return Err(CertificateError::Pem);
        }
        Ok(Self { chain, key })
    }

    /// Takes the certificate that is kept in `directory`, or makes one and keeps it there, so that
    /// the server presents the same after a restart.
    pub(crate) fn kept_in(directory: &Path) -> Result<Self, CertificateError> {
        let (chain_path, key_path) = (directory.join(CHAIN_FILE), directory.join(KEY_FILE));
        if !(chain_path.exists() && key_path.exists()) {
            let (chain, key) = make()?;
            write_private(&key_path, &key)?;
            fs::write(&chain_path, chain)?;
        }
        let chain = fs::read_to_string(chain_path)?;
        Self::from_pem(&chain, &fs::read_to_string(key_path)?)
    }

    /// The SHA-256 of the leaf certificate: what a client pins.
    pub fn fingerprint(&self) -> [u8; 32] {
        let hash = digest::digest(&digest::SHA256, &self.chain[0]);
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(hash.as_ref());
        fingerprint
    }

    pub(crate) fn tls(&self) -> Result<Arc<ServerConfig>, CertificateError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(CertificateError::Tls)?
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), self.key.clone_key())
            .map_err(CertificateError::Tls)?;
        Ok(Arc::new(config))
    }
}

impl Clone for Certificate {
    fn clone(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
        }
    }
}

/// Hides the key.
impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate")
            .field("certificates", &self.chain.len())
            .finish_non_exhaustive()
    }
}

/// Why there is no certificate.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The files in the data directory can't be read or written.
    #[error("the certificate can't be kept in the data directory: {0}")]
    File(#[from] io::Error),
    /// No self-signed certificate can be made.
    #[error("no certificate could be made: {0}")]
    Make(#[from] rcgen::Error),
    /// Not PEM, or no certificate or key in it.
    #[error("the certificate or its key is no PEM text; give the chain, leaf first, and its key")]
    Pem,
    /// Certificate and key don't go together, or the key is of an unknown kind.
    #[error("certificate and key can't be used for TLS: {0}")]
    Tls(#[source] rustls::Error),
}

fn make() -> Result<(String, String), rcgen::Error> {
    let names = ["localhost", "127.0.0.1", "::1"].map(String::from).to_vec();
    let made = rcgen::generate_simple_self_signed(names)?;
    Ok((made.cert.pem(), made.signing_key.serialize_pem()))
}

#[cfg(unix)]
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut options = fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(not(unix))]
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)
}

const CHAIN_FILE: &str = "certificate.pem";
const KEY_FILE: &str = "key.pem";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_self_signed_certificate_is_its_own() {
        let (one, other) = (Certificate::self_signed(), Certificate::self_signed());
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_ne!(one.fingerprint(), other.fingerprint());
        assert!(one.tls().is_ok());
        assert_eq!(format!("{one:?}"), "Certificate { certificates: 1, .. }");
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let (chain, key) = make().unwrap();
        assert!(matches!(
            Certificate::from_pem("", &key),
            Err(CertificateError::Pem)
        ));
        assert!(matches!(
            Certificate::from_pem(&chain, ""),
            Err(CertificateError::Pem)
        ));
        let (_, foreign) = make().unwrap();
        let mismatched = Certificate::from_pem(&chain, &foreign).unwrap();
        assert!(matches!(mismatched.tls(), Err(CertificateError::Tls(_))));
    }
}
