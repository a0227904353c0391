use std::{fmt, sync::Arc};

use thiserror::Error;

/// Why a text is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MessageTextError {
    /// Nothing but spaces.
    #[error("write something first")]
    Empty,
    /// Longer than 4096 bytes.
    #[error("a message has at most {MAX_BYTES} bytes, this one has {0}")]
    TooLong(usize),
    /// A control character other than line end and tabulator.
    #[error("a message holds no control characters")]
    Control,
}

/// What was written in a message: any writing, emoji included, exactly as it was written except
/// for spaces around it. 1 to 4096 bytes of UTF-8.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MessageText(Arc<str>);

/// Which way a text runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextDirection {
    /// As Latin, Greek, Cyrillic.
    LeftToRight,
    /// As Hebrew and Arabic.
    RightToLeft,
}

impl MessageText {
    /// Most bytes of a message.
    pub const MAX_BYTES: usize = MAX_BYTES;

    /// Checks and wraps what was written.
    ///
    /// # Errors
    /// See [`MessageTextError`].
    pub fn new(text: impl AsRef<str>) -> Result<Self, MessageTextError> {
        let text = text.as_ref().trim();
        let control = |c: char| c.is_control() && c != '\n' && c != '\t' && c != '\r';
        match text {
            "" => Err(MessageTextError::Empty),
            _ if text.len() > Self::MAX_BYTES => Err(MessageTextError::TooLong(text.len())),
            _ if text.chars().any(control) => Err(MessageTextError::Control),
            _ => Ok(Self(text.into())),
        }
    }

    /// The text, to show to its reader or to send; never to a log.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Which way the text runs: as its first letter (Unicode annex 9, rules P2 and P3).
    pub fn direction(&self) -> TextDirection {
        let first = self.0.chars().find(|c| c.is_alphabetic());
        match first.is_some_and(is_right_to_left) {
            true => TextDirection::RightToLeft,
            false => TextDirection::LeftToRight,
        }
    }

    /// The text between marks that isolate it (U+2068 and U+2069), so that it can't turn the line
    /// around it; marks of its own that were never closed are closed.
    pub fn isolated(&self) -> String {
        let (mut isolates, mut embeddings) = (0_usize, 0_usize);
        for c in self.0.chars() {
            match c {
                '\u{2066}'..='\u{2068}' => isolates += 1,
                '\u{2069}' => isolates = isolates.saturating_sub(1),
                '\u{202A}' | '\u{202B}' | '\u{202D}' | '\u{202E}' => embeddings += 1,
                '\u{202C}' => embeddings = embeddings.saturating_sub(1),
                _ => {}
            }
        }
        // A surplus closing mark would end our own isolation: it is dropped.
        let mut open = 0_usize;
        let kept = self.0.chars().filter(|c| match c {
            '\u{2066}'..='\u{2068}' => {
                open += 1;
                true
            }
            '\u{2069}' if open == 0 => false,
            '\u{2069}' => {
                open -= 1;
                true
            }
            _ => true,
        });
        let mut text = String::from('\u{2068}');
        text.extend(kept);
        text.extend(std::iter::repeat_n('\u{202C}', embeddings));
        text.extend(std::iter::repeat_n('\u{2069}', isolates + 1));
        text
    }
}

/// Shows nothing.
impl fmt::Debug for MessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MessageText(…)")
    }
}

/// Most bytes of a message (our choice: a page of writing, and far below what the wire allows).
const MAX_BYTES: usize = 4096;

/// The blocks of right-to-left writing (Unicode annex 9, table 4: R and AL).
fn is_right_to_left(c: char) -> bool {
    matches!(c,
        '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}'
        | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn any_writing_is_kept_as_it_was_written() {
        for text in [
            "hello",
            "👩‍👩‍👧‍👦 👍🏽",
            "שלום עולם",
            "مرحبا",
            "a\nb\tc",
            "\u{202E}abc\u{202C}",
        ] {
            assert_eq!(MessageText::new(text).unwrap().expose(), text);
        }
        assert_eq!(MessageText::new("  hi \n").unwrap().expose(), "hi");
    }

    #[test]
    fn what_is_no_message_is_refused() {
        assert_eq!(MessageText::new(" \n"), Err(MessageTextError::Empty));
        assert_eq!(MessageText::new("a\u{0}b"), Err(MessageTextError::Control));
        assert_eq!(
            MessageText::new("a\u{1b}[2Jb"),
            Err(MessageTextError::Control)
        );
        let long = "👍".repeat(1025);
        assert_eq!(
            MessageText::new(&long),
            Err(MessageTextError::TooLong(4100))
        );
        assert!(MessageText::new("👍".repeat(1024)).is_ok());
    }

    #[test]
    fn the_first_letter_tells_the_direction() {
        for (text, direction) in [
            ("hello שלום", TextDirection::LeftToRight),
            ("שלום hello", TextDirection::RightToLeft),
            ("👍 123 مرحبا", TextDirection::RightToLeft),
            ("123 👍", TextDirection::LeftToRight),
        ] {
            assert_eq!(
                MessageText::new(text).unwrap().direction(),
                direction,
                "{text}"
            );
        }
    }

    #[test]
    fn a_message_cannot_turn_the_line_around_it() {
        let isolated = |text| MessageText::new(text).unwrap().isolated();
        assert_eq!(isolated("abc"), "\u{2068}abc\u{2069}");
        assert_eq!(
            isolated("\u{202E}abc"),
            "\u{2068}\u{202E}abc\u{202C}\u{2069}"
        );
        assert_eq!(
            isolated("\u{2067}abc"),
            "\u{2068}\u{2067}abc\u{2069}\u{2069}"
        );
        assert_eq!(
            isolated("a\u{2069}\u{202E}b"),
            "\u{2068}a\u{202E}b\u{202C}\u{2069}"
        );
    }

    #[test]
    fn debug_shows_nothing() {
        let shown = format!("{:?}", MessageText::new("secret").unwrap());
        assert_eq!(shown, "MessageText(…)");
    }

    proptest! {
        #[test]
        fn isolation_is_balanced(text in "[a\u{2066}-\u{2069}\u{202A}-\u{202E}]{0,20}") {
            let Ok(text) = MessageText::new(format!("x{text}x")) else { return Ok(()) };
            let mut depth = 0_i32;
            for c in text.isolated().chars() {
                match c {
                    '\u{2066}'..='\u{2068}' => depth += 1,
                    '\u{2069}' => depth -= 1,
                    _ => {}
                }
                prop_assert!(depth >= 0);
            }
            prop_assert_eq!(depth, 0);
        }
    }
}
