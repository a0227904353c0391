use std::{fmt, net::IpAddr, str::FromStr};

use super::{
    Params, SipError,
    grammar::{number, token, trim},
    uri::{read_host_port, write_host_port},
};

/// One hop that a request went over (RFC 3261 §20.42).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Via {
    /// The transport as it is written: `UDP`, `TCP`, `TLS`, `WS`, `WSS` or another token.
    pub transport: String,
    /// The sender's host: a name, an IPv4 address, or an IPv6 address without brackets.
    pub host: String,
    /// The sender's port, where one is written.
    pub port: Option<u16>,
    /// The parameters.
    pub params: Params,
}

impl Via {
    /// The transaction's branch (RFC 3261 §8.1.1.7).
    pub fn branch(&self) -> Option<&str> {
        self.params.value("branch")
    }

    /// The address that the server saw the request come from (RFC 3261 §18.2.1), with or without
    /// brackets (RFC 5118 §4.5).
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.value("received")?;
        let inner = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
        inner.unwrap_or(text).parse().ok()
    }

    /// The port that the server saw the request come from (RFC 3581 §4); `None` where it is only
    /// asked for or absent.
    pub fn rport(&self) -> Option<u16> {
        number(self.params.value("rport")?)
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '/');
        let name = trim(parts.next()?);
        let version = trim(parts.next()?);
        if !name.eq_ignore_ascii_case("SIP") || version != "2.0" {
            return None;
        }
        let rest = trim(parts.next()?);
        let (transport, rest) = rest.split_once([' ', '\t'])?;
        token(transport).then_some(())?;
        let end = rest.find(';').unwrap_or(rest.len());
        let (host, port) = read_host_port(trim(&rest[..end]))?;
        Some(Self {
            transport: transport.to_owned(),
            host,
            port,
            params: Params::read_header(&rest[end..], "Via").ok()?,
        })
    }
}

impl FromStr for Via {
    type Err = SipError;

    fn from_str(text: &str) -> Result<Self, SipError> {
        Self::read(text).ok_or(SipError::Malformed("Via"))
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} ", self.transport)?;
        write_host_port(f, &self.host, self.port)?;
        self.params.write_header(f)
    }
}
