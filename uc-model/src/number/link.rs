use thiserror::Error;

use crate::{PhoneNumber, PhoneNumberError};

/// A kind of link that dials (NUM-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkScheme {
    /// `tel:`, RFC 3966.
    Tel,
    /// `callto:`, as browsers and office programs write it; no standard.
    Callto,
}

/// Where a program can become the one that opens telephony links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LinkPlatform {
    /// Windows 10, which gives away `callto:` only.
    Windows10,
    /// Any other.
    Other,
}

/// Why a link dials nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LinkError {
    /// Another kind of link.
    #[error("only tel: and callto: links dial")]
    Scheme,
    /// Longer than 1024 bytes.
    #[error("a telephony link has at most {MAX_LINK_BYTES} bytes")]
    TooLong,
    /// A percent sign without two hexadecimal digits, or bytes that are no text.
    #[error("the link is damaged: a percent sign stands for nothing")]
    Percent,
    /// What should be the number isn't one.
    #[error("the link holds no telephone number: {0}")]
    Number(#[from] PhoneNumberError),
}

impl LinkScheme {
    /// Whether a program can register for this kind of link.
    pub const fn can_be_registered(self, platform: LinkPlatform) -> bool {
        match (self, platform) {
            (Self::Tel, LinkPlatform::Windows10) => false,
            (Self::Callto, LinkPlatform::Windows10) | (_, LinkPlatform::Other) => true,
        }
    }
}

impl PhoneNumber {
    /// The number of a `tel:` or `callto:` link. A `phone-context` that is a number is put in
    /// front (RFC 3966 §5.1.5), other parameters don't change what is dialled.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub fn from_link(link: &str) -> Result<Self, LinkError> {
        if link.len() > MAX_LINK_BYTES {
            return Err(LinkError::TooLong);
        }
        let (scheme, rest) = split_scheme(link.trim()).ok_or(LinkError::Scheme)?;
        let text = unescape(rest)?;
        let text = text.split(['?', '&']).next().unwrap_or_default();
        let (number, parameters) = text.split_once(';').unwrap_or((text, ""));
        if scheme == LinkScheme::Callto {
            return Ok(Self::new(number.trim_matches('/'))?);
        }
        let context = parameters
            .split(';')
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(name, _)| name.eq_ignore_ascii_case("phone-context"))
            .map(|(_, value)| value)
            .filter(|value| value.starts_with('+') && !number.starts_with('+'));
        Ok(Self::new([context.unwrap_or(""), number].concat())?)
    }

    /// The number in a text that was marked in another program (NUM-6): labels around it are
    /// dropped, dashes and spaces of any kind are separators.
    ///
    /// # Errors
    /// No number, more than one line with digits, or letters among the digits.
    pub fn from_marked_text(text: &str) -> Result<Self, PhoneNumberError> {
        let plain: String = text.chars().take(MAX_LINK_BYTES).map(plain).collect();
        let begin = plain.find(|c: char| c.is_ascii_digit() || "+*#(".contains(c));
        let end = plain.rfind(|c: char| c.is_ascii_digit() || "*#".contains(c));
        let (Some(begin), Some(end)) = (begin, end) else {
            return Err(PhoneNumberError::NoDigit);
        };
        Self::new(plain.get(begin..=end).unwrap_or_default())
    }
}

fn split_scheme(link: &str) -> Option<(LinkScheme, &str)> {
    let (scheme, rest) = link.split_once(':')?;
    match scheme.to_ascii_lowercase().as_str() {
        "tel" => Some((LinkScheme::Tel, rest)),
        "callto" => Some((LinkScheme::Callto, rest)),
        _ => None,
    }
}

fn unescape(text: &str) -> Result<String, LinkError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut hex = || rest.next().and_then(|b| char::from(b).to_digit(16));
        let (Some(high), Some(low)) = (hex(), hex()) else {
            return Err(LinkError::Percent);
        };
        bytes.push((high * 16 + low) as u8);
    }
    String::from_utf8(bytes).map_err(|_| LinkError::Percent)
}

/// What a word processor prints in place of a keyboard's characters.
fn plain(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{FF0B}' => '+',
        c if c.is_whitespace() && c != '\n' => ' ',
        c => c,
    }
}

/// Longest link that is read, in bytes (our choice; a number has 15 digits).
const MAX_LINK_BYTES: usize = 1024;

#[cfg(test)]
mod tests;
