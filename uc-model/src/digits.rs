use thiserror::Error;

use crate::Redacted;

/// Keys to send inside a call (ECMA-269, Generate Digits): `0` to `9`, `*`, `#` and `A` to `D`, at
/// most [`Digits::MOST`]. They may be a PIN, so `Debug` shows none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Digits(Redacted<String>);

/// Why something can't be sent as keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum DigitsError {
    /// Nothing to send.
    #[error("there is no key to send")]
    Empty,
    /// Something no telephone has a key for.
    #[error("only 0 to 9, *, # and A to D can be sent as keys")]
    NoSuchKey,
    /// Too many at once.
    #[error("at most {} keys can be sent at once", Digits::MOST)]
    TooMany,
}

impl Digits {
    /// Keys at once (our choice: what the media path queues).
    pub const MOST: usize = 64;

    /// Reads what a person wrote; spaces are left out, small letters become capitals.
    pub fn new(keys: &str) -> Result<Self, DigitsError> {
        let keys = keys.chars().filter(|key| *key != ' ');
        // One more than can be sent is enough to tell.
        let keys = keys
            .map(|key| key.to_ascii_uppercase())
            .take(Self::MOST + 1);
        let keys: String = keys.collect();
        if keys.is_empty() {
            return Err(DigitsError::Empty);
        }
        if !keys.chars().all(is_key) {
            return Err(DigitsError::NoSuchKey);
        }
        if keys.len() > Self::MOST {
            return Err(DigitsError::TooMany);
        }
        Ok(Self(keys.into()))
    }

    /// The keys, one character each: to send, never to log.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

const fn is_key(key: char) -> bool {
    matches!(key, '0'..='9' | '*' | '#' | 'A'..='D')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_a_person_writes_them() {
        assert_eq!(Digits::new("12 34#*ad").unwrap().expose(), "1234#*AD");
        assert_eq!(Digits::new(&"7".repeat(64)).unwrap().expose().len(), 64);
    }

    #[test]
    fn what_no_telephone_has_is_refused() {
        assert_eq!(Digits::new(""), Err(DigitsError::Empty));
        assert_eq!(Digits::new("  "), Err(DigitsError::Empty));
        assert_eq!(Digits::new("12e"), Err(DigitsError::NoSuchKey));
        assert_eq!(Digits::new("\u{661}"), Err(DigitsError::NoSuchKey));
        assert_eq!(Digits::new(&"7".repeat(65)), Err(DigitsError::TooMany));
    }

    #[test]
    fn they_are_not_shown() {
        assert!(!format!("{:?}", Digits::new("4711").unwrap()).contains("4711"));
    }
}
