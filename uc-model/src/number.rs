use std::fmt;

mod dialling;
mod key;
mod link;
mod plan;
mod redial;

pub use dialling::{Destination, DialMethod, Dialling, Line, OutgoingPath};
pub use key::NumberKey;
pub use link::{LinkError, LinkPlatform, LinkScheme};
pub use plan::{DialForm, DialPlan, DialPlanError};
pub use redial::RedialList;

use thiserror::Error;

/// Why a text is no extension.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ExtensionError {
    /// Not 1 to 15 digits.
    #[error("an extension has 1 to 15 digits")]
    Length,
    /// Something other than `0-9`, `*` and `#`.
    #[error("an extension holds only digits, * and #")]
    Character,
}

/// An internal number of the system, for example `330`: 1 to 15 of `0-9 * #`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Extension(Box<str>);

impl Extension {
    /// Checks and wraps `text`.
    pub fn new(text: impl AsRef<str>) -> Result<Self, ExtensionError> {
        let text = text.as_ref();
        if text.is_empty() || text.len() > 15 {
            return Err(ExtensionError::Length);
        }
        if !text
            .bytes()
            .all(|b| b.is_ascii_digit() || b == b'*' || b == b'#')
        {
            return Err(ExtensionError::Character);
        }
        Ok(Self(text.into()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Shows only the number of digits: who called whom is nobody else's business.
impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extension({} digits)", self.0.len())
    }
}

/// Why a text is no telephone number.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PhoneNumberError {
    /// There is no digit in it.
    #[error("a telephone number needs at least one digit")]
    NoDigit,
    /// Longer than 64 characters.
    #[error("a telephone number has at most 64 characters")]
    TooLong,
    /// A character that can't be dialled or used as a separator.
    #[error("{0:?} can't stand in a telephone number")]
    Character(char),
    /// Begins like a SIP address and is none.
    #[error("a SIP address reads sip:name@host")]
    Address,
}

/// A telephone number as a person or a directory wrote it: an optional leading `+`, digits,
/// `*`, `#`, and the separators the manual allows (space and `( ) / - : ;`), and `.`.
///
/// Or a SIP address, `sip:name@host` (RFC 3261 §19.1), of whom has no number; only servers that speak SIP
/// call it.
///
/// Kept as written (CONV-4: another format is another conversation); [`PhoneNumber::dialable`]
/// gives what is dialled.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PhoneNumber(Box<str>);

impl PhoneNumber {
    /// Checks and wraps `text`.
    pub fn new(text: impl AsRef<str>) -> Result<Self, PhoneNumberError> {
        let text = text.as_ref().trim();
        if is_address(text) {
            return check_address(text).map(|()| Self(text.into()));
        }
        if text.chars().count() > 64 {
            return Err(PhoneNumberError::TooLong);
        }
        for (index, c) in text.char_indices() {
            let ok = c.is_ascii_digit() || " ()/-:;.*#".contains(c) || (c == '+' && index == 0);
            if !ok {
                return Err(PhoneNumberError::Character(c));
            }
        }
        if !text.bytes().any(|b| b.is_ascii_digit()) {
            return Err(PhoneNumberError::NoDigit);
        }
        Ok(Self(text.into()))
    }

    /// The number as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is complete, beginning with `+` and the country code (NUM-1); another one is
    /// accepted and flagged (DIR-7).
    pub fn is_canonical(&self) -> bool {
        self.0.starts_with('+')
    }

    /// Whether it is a SIP address.
    pub fn is_address(&self) -> bool {
        is_address(&self.0)
    }

    /// The number without separators: what a keypad would send, `+` kept. An address stays as it is.
    pub fn dialable(&self) -> String {
        if self.is_address() {
            return self.as_str().to_owned();
        }
        self.0
            .chars()
            .filter(|c| c.is_ascii_digit() || "+*#".contains(*c))
            .collect()
    }
}

fn is_address(text: &str) -> bool {
    ["sip:", "sips:"].iter().any(|scheme| {
        let start = text.get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

/// What an address is made of, without parameters and passwords.
fn check_address(text: &str) -> Result<(), PhoneNumberError> {
    if text.len() > MOST_ADDRESS {
        return Err(PhoneNumberError::TooLong);
    }
    let rest = text.split_once(':').map_or("", |(_, rest)| rest);
    let (user, host) = rest.split_once('@').ok_or(PhoneNumberError::Address)?;
    let user_ok = |c: char| c.is_ascii_alphanumeric() || "-_.!~*'()&=+$,/%#".contains(c);
    let host_ok = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    let whole = !user.is_empty() && !host.is_empty();
    match whole && user.chars().all(user_ok) && host.chars().all(host_ok) {
        true => Ok(()),
        false => Err(PhoneNumberError::Address),
    }
}

/// The longest address, in bytes (our choice).
const MOST_ADDRESS: usize = 128;

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Shows only the number of characters.
impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({} characters)", self.0.len())
    }
}

impl From<&Extension> for PhoneNumber {
    fn from(extension: &Extension) -> Self {
        Self(extension.0.clone())
    }
}

#[cfg(test)]
mod tests;
