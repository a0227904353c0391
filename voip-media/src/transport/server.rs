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

/// A server's address, read from its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServerAddress {
    pub(crate) relay: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl ServerAddress {
    /// `None` for what is no `stun:` or `turn:` URL over UDP.
    pub(crate) fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once(':')?;
        let relay = match scheme {
            "stun" => false,
            "turn" => true,
            _ => return None,
        };
        let (address, query) = rest.split_once('?').unwrap_or((rest, "transport=udp"));
        if query != "transport=udp" || address.starts_with('/') {
            return None;
        }
        let (host, port) = split_port(address)?;
        (!host.is_empty()).then(|| Self {
            relay,
            host: host.to_owned(),
            port,
        })
    }
}

fn split_port(address: &str) -> Option<(&str, u16)> {
    if let Some(rest) = address.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        return match port.strip_prefix(':') {
            Some(port) => Some((host, port.parse().ok()?)),
            None => port.is_empty().then_some((host, DEFAULT_PORT)),
        };
    }
    match address.split_once(':') {
        Some((host, port)) => Some((host, port.parse().ok()?)),
        None => Some((address, DEFAULT_PORT)),
    }
}

/// RFC 8489 §18.6.
const DEFAULT_PORT: u16 = 3478;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Option<(bool, String, u16)> {
        ServerAddress::parse(url).map(|at| (at.relay, at.host, at.port))
    }

    #[test]
    fn urls_of_stun_and_turn_are_read() {
        let host = || "stun.example.org".to_owned();
        assert_eq!(read("stun:stun.example.org"), Some((false, host(), 3478)));
        assert_eq!(
            read("turn:stun.example.org:80?transport=udp"),
            Some((true, host(), 80))
        );
        assert_eq!(
            read("stun:[::1]:19302"),
            Some((false, "::1".to_owned(), 19302))
        );
        assert_eq!(read("stun:[::1]"), Some((false, "::1".to_owned(), 3478)));
    }

    #[test]
    fn what_cannot_be_reached_over_udp_is_refused() {
        for url in [
            "",
            "stun",
            "http://a",
            "stun://a",
            "turn:a?transport=tcp",
            "turns:a",
            "stun:",
            "stun:a:b",
            "stun:[::1",
        ] {
            assert_eq!(read(url), None, "{url}");
        }
    }

    #[test]
    fn credentials_stay_out_of_debug_output() {
        let text = format!("{:?}", IceServer::turn("turn:a", "anna", "secret"));
        assert!(!text.contains("anna") && !text.contains("secret"));
    }
}
