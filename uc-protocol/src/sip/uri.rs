use std::{fmt, net::Ipv6Addr, str::FromStr};

use super::{
    Params, SipError,
    grammar::{escape, is_unreserved, number, unescape},
};

/// What a URI begins with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// `sip` (RFC 3261 §19.1).
    Sip,
    /// `sips`: TLS on every hop.
    Sips,
    /// `tel` (RFC 3966).
    Tel,
    /// Another one, in lower case.
    Other(String),
}

/// A URI as SIP uses them (RFC 3261 §19.1).
///
/// Of a `tel` URI the number stands in `user`, and `host` is empty. Of an unknown scheme everything
/// after the colon stands in `user` as it was written.
#[derive(Clone, PartialEq, Eq)]
pub struct Uri {
    /// The scheme.
    pub scheme: Scheme,
    /// The user, without escapes; may hold parameters of its own (`+49891;phone-context=…`).
    pub user: Option<String>,
    /// The password, which nobody should write into a URI (RFC 3261 §19.1.1), without escapes.
    pub password: Option<String>,
    /// The host: a name, an IPv4 address, or an IPv6 address without brackets.
    pub host: String,
    /// The port, where one is written.
    pub port: Option<u16>,
    /// The parameters, without escapes.
    pub params: Params,
    /// The header fields after the question mark, without escapes.
    pub headers: Vec<(String, String)>,
}

/// Shows the scheme and the host only: the rest tells who calls whom.
impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Uri")
            .field("scheme", &self.scheme)
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl Uri {
    /// `sip:user@host`.
    pub fn sip(user: impl Into<String>, host: impl Into<String>) -> Self {
        Self {
            scheme: Scheme::Sip,
            user: Some(user.into()),
            host: host.into(),
            ..Self::empty(Scheme::Sip)
        }
    }

    const fn empty(scheme: Scheme) -> Self {
        Self {
            scheme,
            user: None,
            password: None,
            host: String::new(),
            port: None,
            params: Params::new(),
            headers: Vec::new(),
        }
    }

    /// Whether two URIs mean the same (RFC 3261 §19.1.4; numbers: RFC 3966 §5, without their visual
    /// separators). Not transitive: a parameter that only one of them has is mostly left out.
    pub fn same_as(&self, other: &Self) -> bool {
        if self.scheme != other.scheme
            || self.port != other.port
            || !self.host.eq_ignore_ascii_case(&other.host)
            || self.password != other.password
        {
            return false;
        }
        let (same_user, decisive): (_, &[&str]) = match self.scheme {
            Scheme::Tel => (
                digits(self) == digits(other),
                &["phone-context", "ext", "isub"],
            ),
            _ => (self.user == other.user, &["user", "ttl", "method", "maddr"]),
        };
        same_user
            && same_params(&self.params, &other.params, decisive)
            && same_headers(&self.headers, &other.headers)
    }

    /// Reads what follows `sip:` or `sips:`.
    fn read_sip(scheme: Scheme, text: &str) -> Option<Self> {
        let mut uri = Self::empty(scheme);
        // A host never has an @, so the last one before the parameters ends the user. A user may
        // hold semicolons and question marks, so the @ comes first.
        let rest = match text.rsplit_once('@') {
            Some((user, rest)) => {
                let (user, password) = match user.split_once(':') {
                    Some((user, password)) => (user, Some(password)),
                    None => (user, None),
                };
                // A hash should be escaped, but telephones write it as it is.
                let stands = |text: &str| text.bytes().all(|b| is_user(b) || b"%#".contains(&b));
                if user.is_empty() || !stands(user) || !password.is_none_or(stands) {
                    return None;
                }
                uri.user = Some(unescape(user)?);
                uri.password = match password {
                    Some(password) => Some(unescape(password)?),
                    None => None,
                };
                rest
            }
            None => text,
        };
        let (rest, headers) = match rest.split_once('?') {
            Some((rest, headers)) => (rest, Some(headers)),
            None => (rest, None),
        };
        let end = rest.find(';').unwrap_or(rest.len());
        (uri.host, uri.port) = read_host_port(&rest[..end])?;
        uri.params = Params::read_uri(&rest[end..])?;
        if let Some(headers) = headers {
            uri.headers = read_headers(headers)?;
        }
        Some(uri)
    }

    /// Reads what follows `tel:` (RFC 3966 §3).
    fn read_tel(text: &str) -> Option<Self> {
        let mut uri = Self::empty(Scheme::Tel);
        let end = text.find(';').unwrap_or(text.len());
        let number = &text[..end];
        let stands = |b: u8| b.is_ascii_hexdigit() || b"*#-.()+".contains(&b);
        if number.is_empty() || !number.bytes().all(stands) {
            return None;
        }
        uri.user = Some(number.to_owned());
        uri.params = Params::read_uri(&text[end..])?;
        Some(uri)
    }

    fn read_other(scheme: &str, text: &str) -> Option<Self> {
        let stands = |b: u8| b.is_ascii_graphic() && !b"<>\"".contains(&b);
        let scheme_stands = |b: u8| b.is_ascii_alphanumeric() || b"+-.".contains(&b);
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            || !scheme.bytes().all(scheme_stands)
            || text.is_empty()
            || !text.bytes().all(stands)
        {
            return None;
        }
        Some(Self {
            user: Some(text.to_owned()),
            ..Self::empty(Scheme::Other(scheme.to_ascii_lowercase()))
        })
    }
}

impl FromStr for Uri {
    type Err = SipError;

    fn from_str(text: &str) -> Result<Self, SipError> {
        let (scheme, rest) = text.split_once(':').ok_or(SipError::Malformed("URI"))?;
        let read = if scheme.eq_ignore_ascii_case("sip") {
            Self::read_sip(Scheme::Sip, rest)
        } else if scheme.eq_ignore_ascii_case("sips") {
            Self::read_sip(Scheme::Sips, rest)
        } else if scheme.eq_ignore_ascii_case("tel") {
            Self::read_tel(rest)
        } else {
            Self::read_other(scheme, rest)
        };
        read.ok_or(SipError::Malformed("URI"))
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scheme {
            Scheme::Other(scheme) => {
                return write!(f, "{scheme}:{}", self.user.as_deref().unwrap_or_default());
            }
            Scheme::Tel => {
                let number = self.user.as_deref().unwrap_or_default();
                write!(f, "tel:{}", escape(number, is_tel))?;
                return self.params.write_uri(f);
            }
            Scheme::Sip => f.write_str("sip:")?,
            Scheme::Sips => f.write_str("sips:")?,
        }
        if let Some(user) = &self.user {
            f.write_str(&escape(user, is_user))?;
            if let Some(password) = &self.password {
                write!(f, ":{}", escape(password, is_password))?;
            }
            f.write_str("@")?;
        }
        write_host_port(f, &self.host, self.port)?;
        self.params.write_uri(f)?;
        for (index, (name, value)) in self.headers.iter().enumerate() {
            let before = if index == 0 { '?' } else { '&' };
            let (name, value) = (escape(name, is_header), escape(value, is_header));
            write!(f, "{before}{name}={value}")?;
        }
        Ok(())
    }
}

/// Reads `host`, `host:port`, `[v6]` or `[v6]:port`; an IPv6 address loses its brackets.
pub(super) fn read_host_port(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(text) => {
            let (host, rest) = text.split_once(']')?;
            (read_v6(host)?, rest)
        }
        None => {
            let end = text.find(':').unwrap_or(text.len());
            let stands = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
            let host = text[..end].trim_end_matches([' ', '\t']);
            if host.is_empty() || !host.bytes().all(stands) {
                return None;
            }
            (host.to_owned(), &text[end..])
        }
    };
    let port = port.trim_start_matches([' ', '\t']);
    if port.is_empty() {
        return Some((host, None));
    }
    let port = port.strip_prefix(':')?.trim_start_matches([' ', '\t']);
    Some((host, Some(number(port)?)))
}

/// An IPv6 address as it was written. RFC 3261's grammar allows a third colon before an IPv4
/// address, which is read as two (RFC 5118 §4.10).
pub(super) fn read_v6(text: &str) -> Option<String> {
    if text.parse::<Ipv6Addr>().is_ok() {
        return Some(text.to_owned());
    }
    let corrected = text.replacen(":::", "::", 1);
    corrected.parse::<Ipv6Addr>().is_ok().then_some(corrected)
}

pub(super) fn write_host_port(
    f: &mut fmt::Formatter<'_>,
    host: &str,
    port: Option<u16>,
) -> fmt::Result {
    if host.contains(':') {
        write!(f, "[{host}]")?;
    } else {
        f.write_str(host)?;
    }
    match port {
        Some(port) => write!(f, ":{port}"),
        None => Ok(()),
    }
}

fn read_headers(text: &str) -> Option<Vec<(String, String)>> {
    let stands = |b: u8| is_header(b) || b == b'%';
    let read = |pair: &str| {
        let (name, value) = pair.split_once('=')?;
        let stand = !name.is_empty() && name.bytes().chain(value.bytes()).all(stands);
        stand.then_some(())?;
        Some((unescape(name)?, unescape(value)?))
    };
    text.split('&').map(read).collect()
}

/// A number without its visual separators (RFC 3966 §3).
fn digits(uri: &Uri) -> String {
    let number = uri.user.as_deref().unwrap_or_default();
    let digits = number.chars().filter(|c| !"-.()".contains(*c));
    digits.map(|c| c.to_ascii_lowercase()).collect()
}

/// What both have must be equal; what only one has mustn't be among the decisive ones.
fn same_params(one: &Params, other: &Params, decisive: &[&str]) -> bool {
    let equal = |a: Option<&str>, b: Option<&str>| match (a, b) {
        (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
        (a, b) => a == b,
    };
    // Where a name stands twice, which it must not, its first value counts.
    let fits = |from: &Params, to: &Params| {
        from.iter()
            .all(|(name, _)| match (from.get(name), to.get(name)) {
                (Some(one), Some(other)) => equal(one, other),
                _ => !decisive.iter().any(|d| d.eq_ignore_ascii_case(name)),
            })
    };
    fits(one, other) && fits(other, one)
}

fn same_headers(one: &[(String, String)], other: &[(String, String)]) -> bool {
    let within = |(name, value): &(String, String), all: &[(String, String)]| {
        all.iter()
            .any(|(n, v)| n.eq_ignore_ascii_case(name) && v == value)
    };
    one.len() == other.len()
        && one.iter().all(|pair| within(pair, other))
        && other.iter().all(|pair| within(pair, one))
}

/// The octets of `user` without escapes.
const fn is_user(byte: u8) -> bool {
    is_unreserved(byte) || matches!(byte, b'&' | b'=' | b'+' | b'$' | b',' | b';' | b'?' | b'/')
}

/// The octets of `password` without escapes.
const fn is_password(byte: u8) -> bool {
    is_unreserved(byte) || matches!(byte, b'&' | b'=' | b'+' | b'$' | b',')
}

/// The octets of `hname` and `hvalue` without escapes.
const fn is_header(byte: u8) -> bool {
    is_unreserved(byte) || matches!(byte, b'[' | b']' | b'/' | b'?' | b':' | b'+' | b'$')
}

/// The octets of a telephone number; `#` stands there too (RFC 3966 §3, `phonedigit-hex`).
const fn is_tel(byte: u8) -> bool {
    is_unreserved(byte) || matches!(byte, b'+' | b'#')
}
