use thiserror::Error;

/// Why a text is not bytes in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HexError {
    /// Something that is no pair of hexadecimal digits.
    #[error("line {line}: {word:?} is no byte in hexadecimal")]
    NotAByte {
        /// Counted from 1.
        line: usize,
        /// At most its first 16 characters.
        word: String,
    },
}

/// Reads bytes in hexadecimal: pairs of digits, apart or together, with or without `0x` and commas;
/// `#` begins a comment.
///
/// ```
/// let bytes = headset::read_hex("# a comment\n05 0B, 0x09 0x05\nA101")?;
/// assert_eq!(bytes, [0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01]);
/// # Ok::<(), headset::HexError>(())
/// ```
pub fn read_hex(text: &str) -> Result<Vec<u8>, HexError> {
    let mut bytes = Vec::new();
    for (line, number) in text.lines().zip(1..) {
        let data = line.split('#').next().unwrap_or_default();
        for word in data.split(|c: char| c.is_whitespace() || c == ',') {
            let digits = word
                .strip_prefix("0x")
                .or_else(|| word.strip_prefix("0X"))
                .unwrap_or(word);
            read_word(digits, &mut bytes).ok_or_else(|| HexError::NotAByte {
                line: number,
                word: word.chars().take(16).collect(),
            })?;
        }
    }
    Ok(bytes)
}

/// Bytes as pairs of digits with spaces between.
pub fn write_hex(bytes: &[u8]) -> String {
    let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}

fn read_word(digits: &str, bytes: &mut Vec<u8>) -> Option<()> {
    let digits = digits.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    for pair in digits.chunks(2) {
        let pair = std::str::from_utf8(pair).ok()?;
        if !pair.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(pair, 16).ok()?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(read_hex(&write_hex(&bytes)), Ok(bytes));
    }

    #[test]
    fn what_is_no_byte_is_named_with_its_line() {
        for (text, wrong) in [("05\n0G", "0G"), ("05 # x\n123", "123"), ("05\n+1", "+1")] {
            let error = read_hex(text).unwrap_err();
            let word = wrong.to_owned();
            assert_eq!(error, HexError::NotAByte { line: 2, word });
        }
    }
}
