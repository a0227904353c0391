use std::{fmt, str::FromStr};

use super::{
    Params, SipError, Uri,
    grammar::{find_outside, plain, quote, token, trim, unquote},
};

/// A URI with a display name and parameters, as in `From`, `To`, `Contact` and `Route`
/// (RFC 3261 §20.10). Written with angle brackets always.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// The display name, without quotes.
    pub display: Option<String>,
    /// The URI.
    pub uri: Uri,
    /// The parameters of the header field (not the URI's).
    pub params: Params,
}

/// Hides the name and the user.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("uri", &self.uri)
            .finish_non_exhaustive()
    }
}

impl Address {
    /// A URI without display name and parameters.
    pub const fn new(uri: Uri) -> Self {
        Self {
            display: None,
            uri,
            params: Params::new(),
        }
    }

    /// The tag of `From` or `To` (RFC 3261 §19.3).
    pub fn tag(&self) -> Option<&str> {
        self.params.value("tag")
    }

    pub(super) fn read(text: &str, what: &'static str) -> Result<Self, SipError> {
        let text = trim(text);
        let malformed = SipError::Malformed(what);
        let Some(open) = find_outside(text, b'<') else {
            return Self::read_plain(text, what);
        };
        let (uri, params) = text[open + 1..].split_once('>').ok_or(malformed)?;
        let display = match trim(&text[..open]) {
            "" => None,
            quoted if quoted.starts_with('"') => Some(unquote(quoted).ok_or(malformed)?),
            // More than tokens is written by many: it harms nobody, but for a lonely quote.
            words if words.contains('"') => return Err(malformed),
            words => Some(plain(words).into_owned()),
        };
        Ok(Self {
            display: display.filter(|name| !name.is_empty()),
            uri: uri.parse().map_err(|_| malformed)?,
            params: Params::read_header(params, what)?,
        })
    }

    /// Without angle brackets all parameters belong to the header field, and the URI has no header
    /// fields (RFC 3261 §20.10).
    fn read_plain(text: &str, what: &'static str) -> Result<Self, SipError> {
        let end = text.find(';').unwrap_or(text.len());
        let uri = trim(&text[..end]);
        if uri.contains(['?', ',', '"']) {
            return Err(SipError::Malformed(what));
        }
        Ok(Self {
            display: None,
            uri: uri.parse().map_err(|_| SipError::Malformed(what))?,
            params: Params::read_header(&text[end..], what)?,
        })
    }
}

impl FromStr for Address {
    type Err = SipError;

    fn from_str(text: &str) -> Result<Self, SipError> {
        Self::read(text, "address")
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.display.as_deref() {
            None | Some("") => {}
            Some(name) if name.split(' ').all(token) => write!(f, "{name} ")?,
            Some(name) => write!(f, "{} ", quote(name))?,
        }
        write!(f, "<{}>", self.uri)?;
        self.params.write_header(f)
    }
}
