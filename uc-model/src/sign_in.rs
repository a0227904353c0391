use std::fmt;

use thiserror::Error;

/// Why a text is no user name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UserNameError {
    /// Nothing, or spaces only.
    #[error("enter the user name: usually the internal number")]
    Empty,
    /// Longer than 128 bytes.
    #[error("a user name has at most {MAX_BYTES} bytes")]
    TooLong,
    /// A line end or another control character.
    #[error("a user name holds no control characters")]
    Control,
}

/// The name by which a user signs in: in practice the internal number (CONN-1). Spaces around
/// what was typed are dropped.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserName(Box<str>);

impl UserName {
    /// Checks and wraps what was typed.
    ///
    /// # Errors
    /// See [`UserNameError`].
    pub fn new(text: impl AsRef<str>) -> Result<Self, UserNameError> {
        let text = text.as_ref().trim();
        match text {
            "" => Err(UserNameError::Empty),
            _ if text.len() > MAX_BYTES => Err(UserNameError::TooLong),
            _ if text.chars().any(char::is_control) => Err(UserNameError::Control),
            _ => Ok(Self(text.into())),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Shows nothing.
impl fmt::Debug for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserName(…)")
    }
}

/// The longest user name, in bytes (the limit of UCX for identifiers).
const MAX_BYTES: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_trimmed_and_checked() {
        assert_eq!(UserName::new(" 330 ").unwrap().as_str(), "330");
        assert_eq!(
            UserName::new("anna müller").unwrap().as_str(),
            "anna müller"
        );
        assert_eq!(UserName::new(" \t"), Err(UserNameError::Empty));
        assert_eq!(UserName::new("3\n0"), Err(UserNameError::Control));
        assert_eq!(UserName::new("x".repeat(129)), Err(UserNameError::TooLong));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(
            format!("{:?}", UserName::new("330").unwrap()),
            "UserName(…)"
        );
    }
}
