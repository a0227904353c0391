use std::{fmt, net::Ipv6Addr, str::FromStr};

use thiserror::Error;

/// The port of UCX and of the server's web services (CONN-1).
pub const DEFAULT_PORT: u16 = 8802;

/// Where a server listens: a name, an IPv4 or an IPv6 address, and a port.
///
/// Read from `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address; the port is
/// [`DEFAULT_PORT`] where none is given.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostPort {
    host: Box<str>,
    port: u16,
}

/// Why a text is no server address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HostPortError {
    /// There is no host in it.
    #[error("the address needs a host: a name or an IP address, for example pbx.example.com:8802")]
    NoHost,
    /// The port is not 1 to 65535.
    #[error("the port must be a number from 1 to 65535")]
    Port,
    /// A character that can't stand in a host name; schemes and paths are not part of an address.
    #[error(
        "{0:?} can't stand in a host name; write the address without https:// and without a path"
    )]
    Character(char),
    /// Longer than 253 bytes (RFC 1035 §2.3.4).
    #[error("a host name has at most 253 characters")]
    TooLong,
}

impl HostPort {
    /// Checks and joins a host and a port.
    ///
    /// # Errors
    /// See [`HostPortError`].
    pub fn new(host: &str, port: u16) -> Result<Self, HostPortError> {
        if host.is_empty() {
            return Err(HostPortError::NoHost);
        }
        if host.len() > 253 {
            return Err(HostPortError::TooLong);
        }
        if port == 0 {
            return Err(HostPortError::Port);
        }
        let stranger = |c: &char| !(c.is_alphanumeric() || "-._".contains(*c));
        if host.parse::<Ipv6Addr>().is_err()
            && let Some(c) = host.chars().find(stranger)
        {
            return Err(HostPortError::Character(c));
        }
        Ok(Self {
            host: host.into(),
            port,
        })
    }

    /// The name or address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for HostPort {
    type Err = HostPortError;

    fn from_str(text: &str) -> Result<Self, HostPortError> {
        let text = text.trim();
        if text.parse::<Ipv6Addr>().is_ok() {
            return Self::new(text, DEFAULT_PORT);
        }
        let (host, port) = match text.strip_prefix('[').and_then(|t| t.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, rest)) => (
                host,
                Some(rest.strip_prefix(':').ok_or(HostPortError::Port)?),
            ),
            None => text
                .split_once(':')
                .map_or((text, None), |(h, p)| (h, Some(p))),
        };
        let digits = |p: &str| p.bytes().all(|b| b.is_ascii_digit());
        if port.is_some_and(|p| p.starts_with("//")) {
            return Err(HostPortError::Character('/'));
        }
        let port = match port {
            Some(port) if digits(port) => port.parse().map_err(|_| HostPortError::Port)?,
            Some(_) => return Err(HostPortError::Port),
            None => DEFAULT_PORT,
        };
        Self::new(host, port)
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}
