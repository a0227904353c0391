use std::{fmt, net::SocketAddr};

/// A UDP candidate as a session description gives it (RFC 8839 §5.1), without `a=`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct IceCandidate {
    line: String,
    host: String,
    port: u16,
}

impl IceCandidate {
    /// Reads the value of an `a=` line, with or without `candidate:`. `None` for what we can't use:
    /// broken lines, TCP, components beside RTP, unknown types.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let line = line.trim().trim_start_matches("a=");
        let line = line.strip_prefix(PREFIX).unwrap_or(line).trim();
        if line.len() > MAX_LINE || !line.is_ascii() {
            return None;
        }
        let mut fields = line.split_ascii_whitespace();
        let _foundation = fields.next()?;
        let component: u16 = fields.next()?.parse().ok()?;
        let transport = fields.next()?;
        let _priority: u32 = fields.next()?.parse().ok()?;
        let host = fields.next()?.to_owned();
        let port = fields.next()?.parse().ok()?;
        let is_typ = fields.next()? == "typ";
        let known = matches!(fields.next()?, "host" | "srflx" | "prflx" | "relay");
        let usable = component == 1 && transport.eq_ignore_ascii_case("udp") && is_typ && known;
        usable.then(|| Self {
            line: line.to_owned(),
            host,
            port,
        })
    }

    /// A server-reflexive candidate of a socket (RFC 8445 §5.1.1.2).
    pub(crate) fn reflexive(mapped: SocketAddr, base: SocketAddr, server: usize) -> Self {
        let (host, port) = (mapped.ip().to_string(), mapped.port());
        let priority = (REFLEXIVE_PREFERENCE << 24) | ((65_535 - server as u32) << 8) | 255;
        let line = format!(
            "srflx{server} 1 udp {priority} {host} {port} typ srflx raddr {} rport {}",
            base.ip(),
            base.port(),
        );
        Self { line, host, port }
    }

    /// From how far away it can be reached: the higher the farther.
    pub(crate) fn reach(&self) -> u8 {
        let mut fields = self
            .line
            .split_ascii_whitespace()
            .skip_while(|field| *field != "typ");
        match fields.nth(1) {
            Some("relay") => 2,
            Some("srflx" | "prflx") => 1,
            _ => 0,
        }
    }

    /// The line without `candidate:`.
    pub(crate) fn bare(&self) -> &str {
        &self.line
    }

    /// Its address, unless it is a name (mDNS).
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.host.parse().ok()?, self.port))
    }

    /// Its name, if it isn't an address.
    pub(crate) fn host_name(&self) -> Option<(&str, u16)> {
        self.address()
            .is_none()
            .then_some((self.host.as_str(), self.port))
    }

    /// The same candidate with an address for its name.
    pub(crate) fn resolved(&self, address: SocketAddr) -> Self {
        let host = address.ip().to_string();
        let fields = self.line.split_ascii_whitespace().enumerate();
        let fields = fields.map(|(index, field)| if index == 4 { host.as_str() } else { field });
        let line = fields.collect::<Vec<_>>().join(" ");
        Self {
            line,
            host,
            port: self.port,
        }
    }
}

impl fmt::Display for IceCandidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.line)
    }
}

/// Addresses identify people.
impl fmt::Debug for IceCandidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IceCandidate(…)")
    }
}

const PREFIX: &str = "candidate:";
/// Longest line that is looked at, in octets; a host name has at most 255.
const MAX_LINE: usize = 512;
/// Type preference of server-reflexive candidates (RFC 8445 §5.1.2.2).
const REFLEXIVE_PREFERENCE: u32 = 100;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOST: &str = "1 1 udp 2130706431 192.0.2.7 50000 typ host";

    #[test]
    fn a_candidate_is_read_with_and_without_its_prefix() {
        let plain = IceCandidate::parse(HOST).expect("a candidate");
        let full = IceCandidate::parse(&format!("a=candidate:{HOST} generation 0")).expect("one");
        assert_eq!(
            plain.address(),
            Some("192.0.2.7:50000".parse().expect("an address"))
        );
        assert_eq!(full.address(), plain.address());
        assert_eq!(plain.to_string(), format!("candidate:{HOST}"));
    }

    #[test]
    fn a_name_is_kept_until_it_is_resolved() {
        let line = HOST.replace("192.0.2.7", "a.local");
        let named = IceCandidate::parse(&line).expect("a candidate");
        assert_eq!(named.host_name(), Some(("a.local", 50_000)));
        let resolved = named.resolved("192.0.2.7:1".parse().expect("an address"));
        assert_eq!(resolved.bare(), HOST);
    }

    #[test]
    fn what_cannot_be_used_is_none() {
        for line in [
            "",
            "candidate:",
            &HOST.replace("udp", "tcp"),
            &HOST.replace("1 1", "1 2"),
            &HOST.replace("typ host", "typ moon"),
            &HOST.replace("50000", "70000"),
        ] {
            assert_eq!(IceCandidate::parse(line), None, "{line}");
        }
    }

    #[test]
    fn a_reflexive_candidate_can_be_read_back() {
        let mapped = "198.51.100.4:6000".parse().expect("an address");
        let base = "192.0.2.7:50000".parse().expect("an address");
        let made = IceCandidate::reflexive(mapped, base, 0);
        assert_eq!(IceCandidate::parse(&made.to_string()), Some(made));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,80}") {
            let _ = IceCandidate::parse(&text);
        }
    }
}
