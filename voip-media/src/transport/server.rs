use std::fmt;

/// A STUN or TURN server (RFC 8489, RFC 8656), reached over UDP.
#[derive(Clone, PartialEq, Eq)]
pub struct IceServer {
    /// `stun:host:port` or `turn:host:port` (RFC 7064, RFC 7065); the port is 3478 if left out.
    pub url: String,
    /// User name, for TURN.
    pub username: String,
    /// Password, for TURN.
    pub credential: String,
}

impl IceServer {
    /// A STUN server.
    pub fn stun(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            username: String::new(),
            credential: String::new(),
        }
    }

    /// A TURN server.
    pub fn turn(
        url: impl Into<String>,
        username: impl Into<String>,
        credential: impl Into<String>,
    ) -> Self {
        Self {
            url: url.into(),
            username: username.into(),
            credential: credential.into(),
        }
    }
}

/// Neither user name nor password.
impl fmt::Debug for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceServer")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
