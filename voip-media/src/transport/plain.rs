use std::time::Instant;

use bytes::BytesMut;

use crate::transport::{Keying, MediaKind, SecureError, SecureOutput, SecureTransport};

/// RTP and RTCP as they are: for [`crate::MediaProfile::PlainRtp`] only.
#[derive(Debug, Default)]
pub(crate) struct Unprotected {
    started: bool,
    announced: bool,
}

impl SecureTransport for Unprotected {
    fn start(&mut self, keying: &Keying, _: Instant) -> Result<(), SecureError> {
        self.started = *keying == Keying::Unprotected;
        self.started.then_some(()).ok_or(SecureError::NoProfile)
    }

    fn handle_handshake(&mut self, _: &[u8], _: Instant) -> Result<(), SecureError> {
        Ok(())
    }

    fn handle_timeout(&mut self, _: Instant) -> Result<(), SecureError> {
        Ok(())
    }

    fn poll_output(&mut self, _: &mut [u8]) -> Result<SecureOutput, SecureError> {
        let first = self.started && !std::mem::replace(&mut self.announced, self.started);
        Ok(if first {
            SecureOutput::Established
        } else {
            SecureOutput::Idle(None)
        })
    }

    fn close(&mut self) {}

    fn protect(&mut self, _: MediaKind, packet: &[u8]) -> Result<BytesMut, SecureError> {
        self.started
            .then(|| BytesMut::from(packet))
            .ok_or(SecureError::NoKeys)
    }

    fn unprotect(&mut self, _: MediaKind, packet: &[u8]) -> Result<BytesMut, SecureError> {
        self.started
            .then(|| BytesMut::from(packet))
            .ok_or(SecureError::NoKeys)
    }
}
