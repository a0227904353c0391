use std::{borrow::Cow, fmt};

use super::grammar::{Pieces, plain, trim};

/// The header fields of a message, in their order. Names are case-insensitive; compact forms mean
/// the same as long ones (RFC 3261 §7.3.3) and are written long.
///
/// `Content-Length` is not among them: it is read and written with the message itself.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<Header>);

#[derive(Clone, PartialEq, Eq)]
struct Header {
    name: Cow<'static, str>,
    value: String,
}

/// Shows the names only: values tell who calls whom, and prove who somebody is.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|h| &h.name))
            .finish()
    }
}

impl Headers {
    /// No header fields.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The first value of a header field, whole.
    pub fn get(&self, name: &str) -> Option<&str> {
        let name = long_form(name);
        let mut named = self.0.iter().filter(|h| h.name.eq_ignore_ascii_case(name));
        named.next().map(|h| h.value.as_str())
    }

    /// Every value of a header field. Where commas separate values (RFC 3261 §7.3.1: `Via`, `Route`,
    /// `Contact`, `Supported` and their like), each one by itself; else line by line, so that
    /// `Date` and `WWW-Authenticate` stay whole.
    pub fn all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let name = long_form(name);
        let list = LISTS.iter().any(|list| list.eq_ignore_ascii_case(name));
        self.lines(name)
            .flat_map(move |line| match list {
                true => Pieces::new(line, b','),
                false => Pieces::whole(line),
            })
            .filter(move |value| !list || !value.is_empty())
    }

    /// Each line of a header field, as it was written.
    pub(super) fn lines<'a, 'n>(
        &'a self,
        name: &'n str,
    ) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let name = long_form(name);
        let named = self
            .0
            .iter()
            .filter(move |h| h.name.eq_ignore_ascii_case(name));
        named.map(|h| h.value.as_str())
    }

    /// Adds a header field at the end. A line end or another control character in the value becomes
    /// a space, so that no value can add a header field of its own.
    pub fn push(&mut self, name: &str, value: impl Into<String>) {
        self.0.push(Header::new(name, &value.into()));
    }

    /// Adds a header field before all others.
    pub fn push_front(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(0, Header::new(name, &value.into()));
    }

    /// Gives a header field this one value: in the place of its first, the others go; at the end
    /// where there is none.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        let header = Header::new(name, &value.into());
        let Some(at) = self
            .0
            .iter()
            .position(|h| h.name.eq_ignore_ascii_case(&header.name))
        else {
            return self.0.push(header);
        };
        let name = header.name.clone();
        self.0[at] = header;
        let mut index = 0;
        self.0.retain(|h| {
            index += 1;
            index <= at + 1 || !h.name.eq_ignore_ascii_case(&name)
        });
    }

    /// Takes a header field away, with all its values.
    pub fn remove(&mut self, name: &str) {
        let name = long_form(name);
        self.0.retain(|h| !h.name.eq_ignore_ascii_case(name));
    }

    /// Whether a token is among the values, as `100rel` is in `Supported: 100rel, timer`.
    pub fn has_token(&self, name: &str, token: &str) -> bool {
        self.all(name)
            .any(|value| value.eq_ignore_ascii_case(token))
    }

    /// The header fields in their order: names in long form, values whole.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|h| (&*h.name, h.value.as_str()))
    }

    /// How many lines there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn with_capacity(lines: usize) -> Self {
        Self(Vec::with_capacity(lines))
    }

    /// Adds a line whose value was checked already.
    pub(super) fn push_read(&mut self, name: &str, value: String) {
        let name = known(name);
        self.0.push(Header { name, value });
    }
}

impl Header {
    fn new(name: &str, value: &str) -> Self {
        let value = trim(&plain(value)).to_owned();
        let name = known(name);
        Self { name, value }
    }
}

/// The name of a header field in its long form.
pub(super) fn long_form(name: &str) -> &str {
    let [letter] = name.as_bytes() else {
        return name;
    };
    match letter.to_ascii_lowercase() {
        b'a' => "Accept-Contact",
        b'b' => "Referred-By",
        b'c' => "Content-Type",
        b'd' => "Request-Disposition",
        b'e' => "Content-Encoding",
        b'f' => "From",
        b'i' => "Call-ID",
        b'j' => "Reject-Contact",
        b'k' => "Supported",
        b'l' => "Content-Length",
        b'm' => "Contact",
        b'n' => "Identity-Info",
        b'o' => "Event",
        b'r' => "Refer-To",
        b's' => "Subject",
        b't' => "To",
        b'u' => "Allow-Events",
        b'v' => "Via",
        b'x' => "Session-Expires",
        b'y' => "Identity",
        _ => name,
    }
}

/// A name as it is written: that of a frequent header field needs no memory of its own.
fn known(name: &str) -> Cow<'static, str> {
    let name = long_form(name);
    match KNOWN.iter().find(|known| known.eq_ignore_ascii_case(name)) {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(name.to_owned()),
    }
}

/// Names that most messages have.
const KNOWN: [&str; 32] = [
    "Via",
    "From",
    "To",
    "Call-ID",
    "CSeq",
    "Max-Forwards",
    "Contact",
    "Content-Type",
    "Allow",
    "Supported",
    "User-Agent",
    "Route",
    "Record-Route",
    "Require",
    "Expires",
    "Server",
    "Event",
    "Subscription-State",
    "Authorization",
    "Proxy-Authorization",
    "WWW-Authenticate",
    "Proxy-Authenticate",
    "Session-Expires",
    "Min-SE",
    "Accept",
    "Allow-Events",
    "Refer-To",
    "Reason",
    "P-Asserted-Identity",
    "Replaces",
    "Referred-By",
    "Date",
];

/// Header fields whose values are separated by commas.
const LISTS: [&str; 39] = [
    "Accept",
    "Accept-Contact",
    "Accept-Encoding",
    "Accept-Language",
    "Alert-Info",
    "Allow",
    "Allow-Events",
    "Call-Info",
    "Contact",
    "Content-Encoding",
    "Content-Language",
    "Diversion",
    "Error-Info",
    "Geolocation",
    "History-Info",
    "In-Reply-To",
    "P-Asserted-Identity",
    "P-Associated-URI",
    "P-Preferred-Identity",
    "P-Visited-Network-ID",
    "Path",
    "Permission-Missing",
    "Proxy-Require",
    "Reason",
    "Record-Route",
    "Recv-Info",
    "Reject-Contact",
    "Request-Disposition",
    "Require",
    "Resource-Priority",
    "Route",
    "Security-Client",
    "Security-Server",
    "Security-Verify",
    "Service-Route",
    "Supported",
    "Unsupported",
    "Via",
    "Warning",
];
