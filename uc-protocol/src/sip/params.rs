use std::fmt;

use super::{
    SipError,
    grammar::{Pieces, escape, is_unreserved, plain, quote, token, trim, unescape, unquote},
};

/// Parameters `;name=value` of a URI or of a header field, in their order. Names are
/// case-insensitive; values are kept without quotes and escapes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<Param>);

#[derive(Clone, PartialEq, Eq)]
struct Param {
    name: String,
    value: Option<String>,
    /// Whether the value is written as a quoted string even where it needn't be.
    quoted: bool,
}

/// Shows the names only.
impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|p| &p.name))
            .finish()
    }
}

impl Params {
    /// No parameters.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// A parameter: `None` if it isn't there, `Some(None)` if it is there without a value.
    pub fn get(&self, name: &str) -> Option<Option<&str>> {
        self.find(name).map(|param| param.value.as_deref())
    }

    /// The value of a parameter that has one.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.get(name).flatten()
    }

    /// Whether a parameter is there, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Gives a parameter a value (or none), in its place if it is there, else at the end. A value
    /// of a header field's parameter is quoted where it has to be.
    pub fn set<'a>(&mut self, name: &str, value: impl Into<Option<&'a str>>) {
        self.put(name, value.into(), false);
    }

    /// [`Params::set`], always as a quoted string, as some parameters of header fields must be
    /// (`text` of RFC 3326, `+sip.instance` of RFC 5626). A URI's parameters know no quotes.
    pub fn set_quoted(&mut self, name: &str, value: &str) {
        self.put(name, Some(value), true);
    }

    fn put(&mut self, name: &str, value: Option<&str>, quoted: bool) {
        let value = value.map(|v| plain(v).into_owned());
        match self
            .0
            .iter_mut()
            .find(|p| p.name.eq_ignore_ascii_case(name))
        {
            Some(param) => (param.value, param.quoted) = (value, quoted),
            None => self.0.push(Param {
                name: name.to_owned(),
                value,
                quoted,
            }),
        }
    }

    /// Takes a parameter away.
    pub fn remove(&mut self, name: &str) {
        self.0
            .retain(|param| !param.name.eq_ignore_ascii_case(name));
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The parameters in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|p| (p.name.as_str(), p.value.as_deref()))
    }

    fn find(&self, name: &str) -> Option<&Param> {
        self.0.iter().find(|p| p.name.eq_ignore_ascii_case(name))
    }

    /// Reads the parameters of a header field, from the semicolon on (RFC 3261 §25.1, `gen-value`).
    pub(super) fn read_header(text: &str, what: &'static str) -> Result<Self, SipError> {
        let malformed = SipError::Malformed(what);
        let Some(text) = begun(text).ok_or(malformed)? else {
            return Ok(Self::new());
        };
        let mut params = Vec::new();
        for piece in Pieces::new(text, b';') {
            let (name, value) = halves(piece);
            if !token(name) {
                return Err(malformed);
            }
            let quoted = value.is_some_and(|v| v.starts_with('"'));
            let value = match value {
                Some(value) if quoted => Some(unquote(value).ok_or(malformed)?),
                Some(value) if bare(value) => Some(value.to_owned()),
                Some(_) => return Err(malformed),
                None => None,
            };
            params.push(Param {
                name: name.to_owned(),
                value,
                quoted,
            });
        }
        Ok(Self(params))
    }

    /// Reads the parameters of a URI, from the semicolon on (RFC 3261 §25.1, `uri-parameters`).
    pub(super) fn read_uri(text: &str) -> Option<Self> {
        let Some(text) = begun(text)? else {
            return Some(Self::new());
        };
        let mut params = Vec::new();
        for piece in text.split(';') {
            let (name, value) = match piece.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (piece, None),
            };
            let stands = |text: &str| text.bytes().all(|b| is_param(b) || b == b'%');
            if name.is_empty() || !stands(name) || !value.is_none_or(stands) {
                return None;
            }
            let value = match value {
                Some(value) => Some(unescape(value)?),
                None => None,
            };
            params.push(Param {
                name: unescape(name)?,
                value,
                quoted: false,
            });
        }
        Some(Self(params))
    }

    pub(super) fn write_header(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Param {
            name,
            value,
            quoted,
        } in &self.0
        {
            match value {
                Some(value) if *quoted || !bare(value) => write!(f, ";{name}={}", quote(value))?,
                Some(value) => write!(f, ";{name}={value}")?,
                None => write!(f, ";{name}")?,
            }
        }
        Ok(())
    }

    pub(super) fn write_uri(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Param { name, value, .. } in &self.0 {
            write!(f, ";{}", escape(name, is_param))?;
            if let Some(value) = value {
                write!(f, "={}", escape(value, is_param))?;
            }
        }
        Ok(())
    }
}

/// What follows the first semicolon; `Some(None)` where there is nothing at all.
fn begun(text: &str) -> Option<Option<&str>> {
    let text = trim(text);
    if text.is_empty() {
        return Some(None);
    }
    text.strip_prefix(';').map(Some)
}

fn halves(piece: &str) -> (&str, Option<&str>) {
    match piece.split_once('=') {
        Some((name, value)) => (trim(name), Some(trim(value))),
        None => (piece, None),
    }
}

/// Whether a value can stand without quotes: a token or a host, and what is seen besides.
fn bare(value: &str) -> bool {
    let stands = |c: char| !c.is_whitespace() && !c.is_control() && !"\";,<>\\".contains(c);
    !value.is_empty() && value.chars().all(stands)
}

/// The octets of `paramchar`, without escapes.
const fn is_param(byte: u8) -> bool {
    is_unreserved(byte) || matches!(byte, b'[' | b']' | b'/' | b':' | b'&' | b'+' | b'$')
}
