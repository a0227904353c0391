use std::{fmt, str::FromStr};

use crate::sip::{Scheme, SipError, Uri};

/// How messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// UDP (RFC 3261 §18).
    Udp,
    /// TCP (RFC 3261 §18).
    Tcp,
    /// TLS over TCP (RFC 3261 §26.2).
    Tls,
    /// WebSocket (RFC 7118).
    Ws,
    /// WebSocket over TLS (RFC 7118).
    Wss,
}

impl Transport {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss];

    /// The name in `Via` (RFC 3261 §20.42).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// The value of a URI's parameter `transport` (RFC 3261 §19.1.1, RFC 7118 §5.2.3). With TLS under it the
    /// scheme should be `sips`, but `tls` is what servers understand in practice.
    pub const fn as_param(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws | Self::Wss => "ws",
        }
    }

    /// The transport that a URI asks for: by its scheme and its parameter `transport`. UDP where
    /// it says nothing, TLS for `sips` (RFC 3263 §4.1); `None` for an unknown one, and for UDP with `sips`.
    pub fn of(uri: &Uri) -> Option<Self> {
        let secure = uri.scheme == Scheme::Sips;
        let wanted = match uri.params.value("transport") {
            Some(name) => name.parse().ok()?,
            None if secure => Self::Tls,
            None => Self::Udp,
        };
        match wanted {
            Self::Udp if secure => None,
            Self::Tcp if secure => Some(Self::Tls),
            Self::Ws if secure => Some(Self::Wss),
            other => Some(other),
        }
    }

    /// Whether messages arrive in order or the flow ends; else they are sent again (RFC 3261 §17).
    pub const fn is_reliable(self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// Whether TLS is under it.
    pub const fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }

    /// The port where none is said (RFC 3261 §19.1.2, RFC 6455 §3).
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Without regard to case, as in `Via` and in URIs.
impl FromStr for Transport {
    type Err = SipError;

    fn from_str(text: &str) -> Result<Self, SipError> {
        let named = |transport: &Self| transport.as_str().eq_ignore_ascii_case(text);
        Self::ALL
            .into_iter()
            .find(named)
            .ok_or(SipError::Malformed("transport"))
    }
}
