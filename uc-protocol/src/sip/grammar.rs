//! The pieces of RFC 3261 §25.1 that many header fields share.

use std::borrow::Cow;

/// The octets of a `token`.
pub(super) const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~'
        )
}

/// Whether a text is a `token`: not empty, and of its octets only.
pub(super) fn token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token)
}

/// The octets of `unreserved`, which never need an escape in a URI.
pub(super) const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')'
        )
}

/// White space inside a line.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// The pieces of a text between separators that stand outside of quoted strings and angle
/// brackets, trimmed. An unterminated quotation takes the rest.
#[derive(Debug, Clone)]
pub(super) struct Pieces<'a> {
    rest: Option<&'a str>,
    separator: u8,
}

impl<'a> Pieces<'a> {
    pub(super) const fn new(text: &'a str, separator: u8) -> Self {
        Self {
            rest: Some(text),
            separator,
        }
    }

    /// The whole text as one piece.
    pub(super) const fn whole(text: &'a str) -> Self {
        Self::new(text, NOTHING)
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest?;
        match find_outside(text, self.separator) {
            Some(at) => {
                self.rest = Some(&text[at + 1..]);
                Some(trim(&text[..at]))
            }
            None => {
                self.rest = None;
                Some(trim(text))
            }
        }
    }
}

/// Where an ASCII octet stands outside of quoted strings and angle brackets.
pub(super) fn find_outside(text: &str, wanted: u8) -> Option<usize> {
    let (mut quoted, mut escaped, mut inside) = (false, false, false);
    for (at, byte) in text.bytes().enumerate() {
        if escaped {
            escaped = false;
        } else if quoted {
            quoted = byte != b'"';
            escaped = byte == b'\\';
        } else if inside {
            inside = byte != b'>';
        } else if byte == wanted {
            return Some(at);
        } else {
            quoted = byte == b'"';
            inside = byte == b'<';
        }
    }
    None
}

/// The content of a quoted string that is the whole text. A control character, which may stand
/// behind a backslash, becomes a space.
pub(super) fn unquote(text: &str) -> Option<String> {
    let inner = text.strip_prefix('"')?;
    let mut content = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    loop {
        match chars.next()? {
            '"' if chars.as_str().is_empty() => return Some(plain(&content).into_owned()),
            '"' => return None,
            '\\' => content.push(chars.next()?),
            c => content.push(c),
        }
    }
}

/// Writes a text as a quoted string.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in plain(text).chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A text as it may stand in a line: control characters become spaces.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b == b'\t' || !b.is_ascii_control()) {
        return text.into();
    }
    let plain = |c: char| {
        if c != '\t' && c.is_ascii_control() {
            ' '
        } else {
            c
        }
    };
    text.chars().map(plain).collect()
}

/// Replaces the escapes `%41` of a URI; `None` where one is cut off or they give no UTF-8.
pub(super) fn unescape(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut octets = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        octets.push(match byte {
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            byte => byte,
        });
    }
    String::from_utf8(octets).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|d| d.try_into().ok())
}

/// Writes a text with an escape for each octet that may not stand there.
pub(super) fn escape(text: &str, may_stand: fn(u8) -> bool) -> Cow<'_, str> {
    if text.bytes().all(may_stand) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for byte in text.bytes() {
        if may_stand(byte) {
            escaped.push(byte.into());
        } else {
            escaped.push('%');
            for digit in [byte >> 4, byte & 15] {
                let digit = char::from_digit(digit.into(), 16).expect("four bits are a digit");
                escaped.push(digit.to_ascii_uppercase());
            }
        }
    }
    escaped.into()
}

/// A decimal number as header fields have it: digits only; too large ones count as the largest.
pub(super) fn saturating_number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u32::MAX))
}

/// A decimal number that must fit.
pub(super) fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

/// An octet that no line holds: nothing is found.
const NOTHING: u8 = b'\n';
