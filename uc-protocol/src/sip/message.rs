use std::{borrow::Cow, fmt};

use memchr::memchr;

use super::{
    Headers, Method, SipError, Uri,
    grammar::{is_token, number, plain, trim},
    headers::long_form,
};
use crate::limits::{MAX_SIP_BYTES, MAX_SIP_HEADERS, MAX_SIP_LINE_BYTES};

/// A SIP message (RFC 3261 §7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

/// A request (RFC 3261 §7.1).
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The Request-URI.
    pub uri: Uri,
    /// The header fields.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// A response (RFC 3261 §7.2).
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status, 100 to 699.
    pub status: u16,
    /// The reason phrase; may be empty.
    pub reason: String,
    /// The header fields.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// Shows the method and the names of the header fields.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Shows the status and the names of the header fields.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Self::Request(request)
    }
}

impl From<Response> for Message {
    fn from(response: Response) -> Self {
        Self::Response(response)
    }
}

impl Request {
    /// A request without header fields and body.
    pub const fn new(method: Method, uri: Uri) -> Self {
        Self {
            method,
            uri,
            headers: Headers::new(),
            body: Vec::new(),
        }
    }
}

impl Response {
    /// A response without header fields and body; the status is 100 to 699.
    pub fn new(status: u16, reason: impl Into<String>) -> Self {
        Self {
            status,
            reason: reason.into(),
            headers: Headers::new(),
            body: Vec::new(),
        }
    }
}

impl Message {
    /// Reads the message in a datagram. What follows its body is cut off (RFC 3261 §18.3). Lines
    /// may end without a carriage return; a line that isn't UTF-8 is read as Latin-1, so that a
    /// strange display name costs no call. Header fields are not looked into: that is [`Message::check`].
    ///
    /// # Errors
    /// See [`SipError`].
    pub fn read(datagram: &[u8]) -> Result<Self, SipError> {
        let start = datagram
            .iter()
            .position(|b| !b"\r\n".contains(b))
            .ok_or(SipError::Empty)?;
        let datagram = &datagram[start..];
        if datagram.len() > MAX_SIP_BYTES {
            return Err(SipError::TooLarge(datagram.len()));
        }
        let end = head_end(datagram, 0).ok_or(SipError::NoEnd)?;
        let (head, body) = datagram.split_at(end);
        let (message, length) = Self::read_head(head)?;
        let expected = length.unwrap_or(body.len());
        let body = body.get(..expected).ok_or(SipError::Cut {
            expected,
            got: body.len(),
        })?;
        Ok(message.with_body(body.to_vec()))
    }

    /// Reads a head up to its empty line; gives a message without body, and the body's length.
    pub(super) fn read_head(head: &[u8]) -> Result<(Self, Option<usize>), SipError> {
        let mut lines = Lines {
            rest: head,
            number: 0,
        };
        let first = lines.next().ok_or(SipError::Empty)??;
        let mut message = Self::read_first(&first.text)?;
        let mut length = None;
        for line in lines {
            let Line { number, text } = line?;
            let (name, value) = split(&text).ok_or(SipError::Line(number))?;
            if long_form(name).eq_ignore_ascii_case("Content-Length") {
                length = Some(read_length(value, length)?);
                continue;
            }
            if message.headers().len() == MAX_SIP_HEADERS {
                return Err(SipError::TooManyHeaders);
            }
            message.headers_mut().push_read(name, value.to_owned());
        }
        Ok((message, length))
    }

    fn read_first(line: &str) -> Result<Self, SipError> {
        // There are no quoted strings here, so no escaped control characters either.
        if line.bytes().any(|b| b.is_ascii_control() && b != b'\t') {
            return Err(SipError::StartLine);
        }
        if line
            .get(..4)
            .is_some_and(|name| name.eq_ignore_ascii_case("SIP/"))
        {
            return Self::read_status_line(line);
        }
        let mut parts = line.split(' ');
        let (Some(method), Some(uri), Some(version), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(SipError::StartLine);
        };
        let method = method.parse().map_err(|_| SipError::StartLine)?;
        read_version(version)?;
        let uri: Uri = uri.parse().map_err(|_| SipError::RequestUri)?;
        if !uri.headers.is_empty() {
            return Err(SipError::RequestUri);
        }
        let headers = Headers::with_capacity(USUAL_HEADERS);
        Ok(Self::Request(Request {
            method,
            uri,
            headers,
            body: Vec::new(),
        }))
    }

    fn read_status_line(line: &str) -> Result<Self, SipError> {
        let (version, rest) = line.split_once(' ').ok_or(SipError::StartLine)?;
        read_version(version)?;
        let (status, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        let status = number(status).filter(|status| (100..=699).contains(status));
        Ok(Self::Response(Response {
            status: status.ok_or(SipError::Status)?,
            reason: reason.to_owned(),
            headers: Headers::with_capacity(USUAL_HEADERS),
            body: Vec::new(),
        }))
    }

    pub(super) fn with_body(mut self, body: Vec<u8>) -> Self {
        match &mut self {
            Self::Request(request) => request.body = body,
            Self::Response(response) => response.body = body,
        }
        self
    }

    /// Appends the message as it is sent, with the `Content-Length` of its body.
    pub fn write(&self, out: &mut Vec<u8>) {
        let values = self
            .headers()
            .iter()
            .map(|(name, value)| name.len() + value.len() + 4);
        out.reserve(values.sum::<usize>() + self.body().len() + FIRST_AND_LAST_BYTES);
        let first = match self {
            Self::Request(Request { method, uri, .. }) => format!("{method} {uri} SIP/2.0"),
            Self::Response(Response { status, reason, .. }) => format!("SIP/2.0 {status} {reason}"),
        };
        out.extend_from_slice(plain(&first).as_bytes());
        out.extend_from_slice(b"\r\n");
        for (name, value) in self.headers().iter() {
            if name.eq_ignore_ascii_case("Content-Length") {
                continue;
            }
            for part in [name, ": ", value, "\r\n"] {
                out.extend_from_slice(part.as_bytes());
            }
        }
        out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", self.body().len()).as_bytes());
        out.extend_from_slice(self.body());
    }

    /// Checks what every message must have (RFC 3261 §8.1.1): `Via`, `From`, `To`, `Call-ID` and
    /// `CSeq`, readable, all but `Via` once, and the request's method in `CSeq`. A request that
    /// fails is answered with 400, a response dropped.
    ///
    /// # Errors
    /// [`SipError::Missing`], [`SipError::Repeated`], [`SipError::Malformed`] with the header field's
    /// name, [`SipError::MethodMismatch`].
    pub fn check(&self) -> Result<(), SipError> {
        let headers = self.headers();
        for name in ["From", "To", "Call-ID", "CSeq"] {
            match headers.lines(name).count() {
                0 => return Err(SipError::Missing(name)),
                1 => {}
                _ => return Err(SipError::Repeated(name)),
            }
        }
        if headers.lines("Max-Forwards").count() > 1 {
            return Err(SipError::Repeated("Max-Forwards"));
        }
        headers.via()?;
        headers.from()?;
        headers.to()?;
        headers.call_id()?;
        let cseq = headers.cseq()?;
        headers.contacts()?;
        match self {
            Self::Request(request) if request.method != cseq.method => {
                Err(SipError::MethodMismatch)
            }
            _ => Ok(()),
        }
    }

    /// The header fields.
    pub const fn headers(&self) -> &Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }

    /// The header fields, to be changed.
    pub const fn headers_mut(&mut self) -> &mut Headers {
        match self {
            Self::Request(request) => &mut request.headers,
            Self::Response(response) => &mut response.headers,
        }
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        match self {
            Self::Request(request) => &request.body,
            Self::Response(response) => &response.body,
        }
    }
}

/// Where a head ends: behind its empty line. The search begins at `from`.
pub(super) fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(end) = memchr(b'\n', &bytes[at..]) {
        at += end + 1;
        match bytes[at..] {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
    None
}

/// The body's length, as a head that is broken elsewhere tells it; `None` where it doesn't.
pub(super) fn length_in(head: &[u8]) -> Option<usize> {
    let mut length = None;
    for line in (Lines {
        rest: head,
        number: 0,
    })
    .flatten()
    .skip(1)
    {
        if let Some((name, value)) = split(&line.text)
            && long_form(name).eq_ignore_ascii_case("Content-Length")
        {
            length = Some(read_length(value, length).ok()?);
        }
    }
    length
}

fn read_length(value: &str, before: Option<usize>) -> Result<usize, SipError> {
    let length: usize = match value {
        "" => return Err(SipError::ContentLength),
        value => number(value).ok_or(SipError::ContentLength)?,
    };
    match before {
        Some(before) if before != length => Err(SipError::ContentLength),
        _ => Ok(length),
    }
}

fn read_version(version: &str) -> Result<(), SipError> {
    let (name, number) = version.split_once('/').ok_or(SipError::StartLine)?;
    if !name.eq_ignore_ascii_case("SIP") {
        return Err(SipError::StartLine);
    }
    (number == "2.0").then_some(()).ok_or(SipError::Version)
}

/// The name and the value of a header field.
fn split(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let name = name.trim_end_matches([' ', '\t']);
    let good = !name.is_empty() && name.bytes().all(is_token);
    good.then(|| (name, trim(value)))
}

/// The lines of a head, each with its continuations (RFC 3261 §7.3.1), up to the empty one.
struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
}

struct Line<'a> {
    number: usize,
    text: Cow<'a, str>,
}

impl<'a> Lines<'a> {
    /// One line as it stands there.
    fn raw(&mut self) -> Option<&'a [u8]> {
        let end = memchr(b'\n', self.rest)?;
        let line = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Result<Line<'a>, SipError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut raw: Cow<'a, [u8]> = self.raw()?.into();
        if raw.is_empty() {
            return None;
        }
        self.number += 1;
        let number = self.number;
        while let [b' ' | b'\t', ..] = self.rest {
            let more = self.raw()?;
            self.number += 1;
            let joined = raw.to_mut();
            joined.truncate(joined.trim_ascii_end().len());
            if joined.len() + more.len() <= MAX_SIP_LINE_BYTES {
                joined.push(b' ');
                joined.extend_from_slice(more.trim_ascii_start());
            } else {
                return Some(Err(SipError::LineTooLong(number)));
            }
        }
        if raw.len() > MAX_SIP_LINE_BYTES {
            return Some(Err(SipError::LineTooLong(number)));
        }
        if !controls_are_escaped(&raw) {
            return Some(Err(SipError::Line(number)));
        }
        Some(Ok(Line {
            number,
            text: text(raw),
        }))
    }
}

/// Whether control characters stand only where a quoted string may have them: behind a backslash
/// (RFC 3261 §25.1, `quoted-pair`, which has no line ends).
fn controls_are_escaped(line: &[u8]) -> bool {
    let control = |byte: u8| byte.is_ascii_control() && byte != b'\t';
    // Nearly no line has any: without a branch this is looked at many octets at once.
    if !line
        .iter()
        .fold(false, |found, byte| found | control(*byte))
    {
        return true;
    }
    let mut escaped = false;
    line.iter().all(|byte| {
        let stands = !control(*byte) || (escaped && *byte != b'\r');
        escaped = *byte == b'\\' && !escaped;
        stands
    })
}

/// A line as text: UTF-8, else Latin-1.
fn text(raw: Cow<'_, [u8]>) -> Cow<'_, str> {
    match raw {
        Cow::Borrowed(raw) => match std::str::from_utf8(raw) {
            Ok(text) => text.into(),
            Err(_) => latin1(raw).into(),
        },
        Cow::Owned(raw) => match String::from_utf8(raw) {
            Ok(text) => text.into(),
            Err(error) => latin1(error.as_bytes()).into(),
        },
    }
}

/// Control characters of Latin-1 (0x80 to 0x9F) become spaces.
fn latin1(raw: &[u8]) -> String {
    let read = |b: &u8| {
        if (0x80..0xA0).contains(b) {
            ' '
        } else {
            char::from(*b)
        }
    };
    raw.iter().map(read).collect()
}

/// Header fields for which there is room from the beginning (most messages have less).
const USUAL_HEADERS: usize = 16;

/// Room for the first line and `Content-Length` (our choice: a longer one costs one allocation).
const FIRST_AND_LAST_BYTES: usize = 160;
