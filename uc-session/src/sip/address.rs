//! Where a SIP server is, as a person writes it.

use std::net::IpAddr;

use uc_protocol::sip::{Scheme, Uri, flow::Transport};

use crate::port::ServerAddress;

/// `sip:example.org`, `sips:example.org:5061`, `sip:example.org;transport=wss`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SipAddress {
    pub(crate) server: ServerAddress,
    pub(crate) transport: Transport,
    /// Whether other servers of the domain may be asked for (RFC 3263 §4.2): not where a port or a
    /// computer is named.
    pub(crate) is_domain: bool,
}

impl SipAddress {
    /// Whether a text is meant as one.
    pub(crate) fn is_meant(text: &str) -> bool {
        let text = text.trim_start();
        let scheme = text.split(':').next().unwrap_or_default();
        scheme.eq_ignore_ascii_case("sip") || scheme.eq_ignore_ascii_case("sips")
    }

    /// Reads it. Without a transport `sip:` is UDP and `sips:` TLS, as RFC 3263 §4.1 has it.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let uri: Uri = text.trim().parse().ok()?;
        let secure = match uri.scheme {
            Scheme::Sips => true,
            Scheme::Sip => false,
            _ => return None,
        };
        let transport = Transport::of(&uri)?;
        if secure && !transport.is_secure() {
            return None;
        }
        let is_domain = uri.port.is_none() && !is_numeric(&uri.host);
        let port = uri.port.unwrap_or(transport.default_port());
        Some(Self {
            server: ServerAddress {
                host: uri.host,
                port,
            },
            transport,
            is_domain,
        })
    }
}

fn is_numeric(host: &str) -> bool {
    let inner = host.trim_start_matches('[').trim_end_matches(']');
    inner.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, u16, Transport)> {
        let read = SipAddress::read(text)?;
        Some((read.server.host, read.server.port, read.transport))
    }

    #[test]
    fn an_address_says_how_its_server_is_reached() {
        let at = |port, transport| Some(("example.org".to_owned(), port, transport));
        assert_eq!(read("sip:example.org"), at(5060, Transport::Udp));
        assert_eq!(read("sips:example.org"), at(5061, Transport::Tls));
        assert_eq!(
            read("SIP:example.org:99;transport=tcp"),
            at(99, Transport::Tcp)
        );
        assert_eq!(
            read("sip:example.org;transport=tls"),
            at(5061, Transport::Tls)
        );
        assert_eq!(read("sip:example.org;transport=ws"), at(80, Transport::Ws));
        assert_eq!(
            read("sip:example.org;transport=wss"),
            at(443, Transport::Wss)
        );
        assert_eq!(
            read("sips:example.org;transport=ws"),
            at(443, Transport::Wss)
        );
    }

    #[test]
    fn what_can_not_be_reached_is_refused() {
        for text in [
            "sip:",
            "sips:example.org;transport=udp",
            "sip:example.org;transport=sctp",
            "tel:330",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn only_a_domain_without_a_port_may_have_several_servers() {
        for (text, is_domain) in [
            ("sip:example.org", true),
            ("sips:example.org;transport=tcp", true),
            ("sip:example.org:5060", false),
            ("sip:192.0.2.1", false),
            ("sip:[2001:db8::1]", false),
        ] {
            assert_eq!(
                SipAddress::read(text).unwrap().is_domain,
                is_domain,
                "{text}"
            );
        }
    }
}
