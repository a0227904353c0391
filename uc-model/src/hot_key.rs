use std::{fmt, str::FromStr};

use thiserror::Error;

/// Why a key can't be the hot key (NUM-6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HotKeyError {
    /// Not a text like `F3` or `Ctrl+Shift+D`.
    #[error("write a key like F3, Ctrl+D or Ctrl+Alt+5")]
    Unreadable,
    /// F1 and F2, and function keys beyond F12.
    #[error("of the function keys, F3 to F12 can be used")]
    FunctionKey,
    /// A letter or digit alone, or with Shift or Alt only.
    #[error("a letter or digit needs Ctrl, Ctrl+Alt or Ctrl+Shift")]
    Modifiers,
    /// What nearly every program uses: copy, paste, undo, all, cut, and Ctrl+R.
    #[error("Ctrl+{0} belongs to other programs; choose another key")]
    Taken(char),
}

/// The key that dials a number marked in another program (NUM-6). The key also reaches that
/// program.
///
/// Allowed: F3 to F12; Ctrl with a letter or digit, except C, V, Z, R, A and X; Ctrl+Alt or
/// Ctrl+Shift with a letter or digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HotKey(Combination);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Combination {
    Function(u8),
    Control(char),
    ControlAlt(char),
    ControlShift(char),
}

/// The keys held down with another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Modifiers {
    /// Ctrl.
    pub control: bool,
    /// Alt.
    pub alt: bool,
    /// Shift.
    pub shift: bool,
}

impl HotKey {
    /// F1 to F12 without modifiers.
    ///
    /// # Errors
    /// F1, F2, or a key that isn't there.
    pub fn function(number: u8) -> Result<Self, HotKeyError> {
        match number {
            3..=12 => Ok(Self(Combination::Function(number))),
            _ => Err(HotKeyError::FunctionKey),
        }
    }

    /// A letter or digit with modifiers; letters in any case.
    ///
    /// # Errors
    /// What the manual's table doesn't allow.
    pub fn character(key: char, modifiers: Modifiers) -> Result<Self, HotKeyError> {
        let key = key.to_ascii_uppercase();
        if !key.is_ascii_alphanumeric() {
            return Err(HotKeyError::Unreadable);
        }
        let Modifiers {
            control,
            alt,
            shift,
        } = modifiers;
        match (control, alt, shift) {
            (true, false, false) if TAKEN.contains(&key) => Err(HotKeyError::Taken(key)),
            (true, false, false) => Ok(Self(Combination::Control(key))),
            (true, true, false) => Ok(Self(Combination::ControlAlt(key))),
            (true, false, true) => Ok(Self(Combination::ControlShift(key))),
            (true, true, true) | (false, _, _) => Err(HotKeyError::Modifiers),
        }
    }
}

impl FromStr for HotKey {
    type Err = HotKeyError;

    /// Reads `F3`, `Ctrl+D`, `ctrl + alt + 5`.
    fn from_str(text: &str) -> Result<Self, HotKeyError> {
        let mut parts: Vec<_> = text.split('+').map(str::trim).collect();
        let key = parts.pop().unwrap_or_default();
        let mut modifiers = Modifiers::default();
        for part in parts {
            let held = match part.to_ascii_lowercase().as_str() {
                "ctrl" => &mut modifiers.control,
                "alt" => &mut modifiers.alt,
                "shift" => &mut modifiers.shift,
                _ => return Err(HotKeyError::Unreadable),
            };
            *held = true;
        }
        let mut characters = key.chars();
        if let (Some(character), None) = (characters.next(), characters.next()) {
            return Self::character(character, modifiers);
        }
        let number = key.strip_prefix(['F', 'f']).and_then(|n| n.parse().ok());
        match number {
            Some(_) if modifiers != Modifiers::default() => Err(HotKeyError::FunctionKey),
            Some(number) => Self::function(number),
            None => Err(HotKeyError::Unreadable),
        }
    }
}

impl fmt::Display for HotKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Combination::Function(number) => write!(f, "F{number}"),
            Combination::Control(key) => write!(f, "Ctrl+{key}"),
            Combination::ControlAlt(key) => write!(f, "Ctrl+Alt+{key}"),
            Combination::ControlShift(key) => write!(f, "Ctrl+Shift+{key}"),
        }
    }
}

/// Refused with Ctrl alone (the manual's table).
const TAKEN: [char; 6] = ['C', 'V', 'Z', 'R', 'A', 'X'];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> Result<String, HotKeyError> {
        text.parse::<HotKey>().map(|key| key.to_string())
    }

    #[test]
    fn function_keys_from_f3_to_f12_are_allowed_alone() {
        for number in 0..=30 {
            let read = key(&format!("F{number}"));
            match number {
                3..=12 => assert_eq!(read, Ok(format!("F{number}"))),
                _ => assert_eq!(read, Err(HotKeyError::FunctionKey), "F{number}"),
            }
        }
        assert_eq!(key("Ctrl+F3"), Err(HotKeyError::FunctionKey));
    }

    #[test]
    fn the_whole_table_of_letters_and_digits() {
        for c in ('A'..='Z').chain('0'..='9') {
            let control = match "CVZRAX".contains(c) {
                true => Err(HotKeyError::Taken(c)),
                false => Ok(format!("Ctrl+{c}")),
            };
            assert_eq!(key(&format!("Ctrl+{c}")), control);
            assert_eq!(key(&format!("ctrl + {}", c.to_ascii_lowercase())), control);
            for both in ["Ctrl+Alt", "Ctrl+Shift"] {
                let text = format!("{both}+{c}");
                assert_eq!(key(&text), Ok(text.clone()));
            }
            assert_eq!(
                key(&format!("shift+ctrl+{c}")),
                Ok(format!("Ctrl+Shift+{c}"))
            );
            for refused in ["", "Shift+", "Alt+", "Alt+Shift+", "Ctrl+Alt+Shift+"] {
                let read = key(&format!("{refused}{c}"));
                assert_eq!(read, Err(HotKeyError::Modifiers), "{refused}{c}");
            }
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in [
            "", "Ctrl", "Ctrl+", "Ctrl+ä", "Ctrl++", "Super+D", "Fx", "F", "Enter",
        ] {
            let read = key(text);
            assert!(
                matches!(read, Err(HotKeyError::Unreadable | HotKeyError::Modifiers)),
                "{text:?} {read:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic_and_what_is_shown_is_read_again(text in ".{0,20}") {
            if let Ok(key) = text.parse::<HotKey>() {
                prop_assert_eq!(key.to_string().parse(), Ok(key));
            }
        }
    }
}
