use super::ImportError;

/// How the letters of a file are written; the user chooses it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TextEncoding {
    /// UTF-8, with or without its mark.
    #[default]
    Utf8,
    /// Windows-1252, which ISO 8859-1 and -15 are read as too.
    Windows1252,
    /// UTF-16 by its mark, little-endian without one: Excel's "Unicode text".
    Utf16,
}

impl TextEncoding {
    pub(super) fn decode(self, bytes: &[u8]) -> Result<String, ImportError> {
        match self {
            Self::Utf8 => {
                let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
                let text = std::str::from_utf8(bytes).map_err(|error| {
                    let before = &bytes[..error.valid_up_to()];
                    ImportError::Encoding {
                        line: line_of(before.iter().filter(|b| **b == b'\n').count()),
                    }
                })?;
                Ok(text.to_owned())
            }
            Self::Windows1252 => Ok(bytes.iter().map(|byte| windows_1252(*byte)).collect()),
            Self::Utf16 => utf_16(bytes),
        }
    }
}

fn utf_16(bytes: &[u8]) -> Result<String, ImportError> {
    let (bytes, big) = match bytes {
        [0xFE, 0xFF, rest @ ..] => (rest, true),
        [0xFF, 0xFE, rest @ ..] => (rest, false),
        rest => (rest, false),
    };
    let (pairs, odd) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| match big {
        true => u16::from_be_bytes(*pair),
        false => u16::from_le_bytes(*pair),
    });
    let mut text = String::with_capacity(bytes.len() / 2);
    for unit in char::decode_utf16(units) {
        text.push(unit.map_err(|_| bad_line(&text))?);
    }
    match odd {
        [] => Ok(text),
        _ => Err(bad_line(&text)),
    }
}

fn bad_line(before: &str) -> ImportError {
    ImportError::Encoding {
        line: line_of(before.matches('\n').count()),
    }
}

fn line_of(breaks: usize) -> u32 {
    u32::try_from(breaks + 1).unwrap_or(u32::MAX)
}

/// The WHATWG's table; the five bytes without a letter stay control characters.
fn windows_1252(byte: u8) -> char {
    match byte {
        0x80..=0x9F => UPPER[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

const UPPER: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
];
