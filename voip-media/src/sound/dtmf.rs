//! Keys by pairs of tones: DTMF (ITU-T Q.23, Q.24).

mod detector;
mod generator;

pub use detector::{DtmfDetector, DtmfEvent};
pub use generator::{DtmfGenerator, DtmfQueueFull, DtmfTiming};

/// A key of a telephone: 0 to 9, *, #, A to D.
///
/// Says nothing of itself in `Debug`: people dial PINs.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DtmfDigit(u8);

impl DtmfDigit {
    /// From its character; letters of either case.
    pub fn from_char(key: char) -> Option<Self> {
        let key = key.to_ascii_uppercase();
        let event = KEYS.chars().position(|known| known == key)?;
        Some(Self(event as u8))
    }

    /// Its character.
    pub fn to_char(self) -> char {
        char::from(KEYS.as_bytes()[usize::from(self.0)])
    }

    /// From its number as an event (RFC 4733 §3.2): 0 to 9, then *, #, A to D.
    pub const fn from_event(event: u8) -> Option<Self> {
        match event {
            0..=15 => Some(Self(event)),
            _ => None,
        }
    }

    /// Its number as an event (RFC 4733 §3.2), 0 to 15.
    pub const fn event(self) -> u8 {
        self.0
    }

    /// Its lower and its higher frequency in hertz (ITU-T Q.23 §6).
    pub fn hertz(self) -> (u16, u16) {
        let (row, column) = self.place();
        (LOW_HERTZ[row], HIGH_HERTZ[column])
    }

    /// Row and column on the key pad.
    fn place(self) -> (usize, usize) {
        let place = PAD.iter().position(|key| *key == self.to_char());
        let place = place.expect("every key is on the pad");
        (place / 4, place % 4)
    }

    fn at(row: usize, column: usize) -> Self {
        Self::from_char(PAD[row * 4 + column]).expect("every key of the pad is one")
    }
}

impl std::fmt::Debug for DtmfDigit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DtmfDigit(…)")
    }
}

/// In the order of RFC 4733.
const KEYS: &str = "0123456789*#ABCD";
const PAD: [char; 16] = [
    '1', '2', '3', 'A', '4', '5', '6', 'B', '7', '8', '9', 'C', '*', '0', '#', 'D',
];
/// ITU-T Q.23 §6.1.
const LOW_HERTZ: [u16; 4] = [697, 770, 852, 941];
const HIGH_HERTZ: [u16; 4] = [1_209, 1_336, 1_477, 1_633];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sixteen_keys_have_a_character_an_event_and_a_place() {
        for (event, key) in KEYS.chars().enumerate() {
            let digit = DtmfDigit::from_char(key).unwrap();
            assert_eq!(usize::from(digit.event()), event);
            assert_eq!(DtmfDigit::from_event(event as u8), Some(digit));
            assert_eq!(digit.to_char(), key);
            let (row, column) = digit.place();
            assert_eq!(DtmfDigit::at(row, column), digit);
        }
        assert_eq!(DtmfDigit::from_char('5').unwrap().hertz(), (770, 1_336));
        assert_eq!(DtmfDigit::from_char('d').unwrap().hertz(), (941, 1_633));
    }

    #[test]
    fn other_characters_and_events_are_no_keys() {
        for key in ['E', ' ', '+', 'é', '\0'] {
            assert_eq!(DtmfDigit::from_char(key), None);
        }
        assert_eq!(DtmfDigit::from_event(16), None);
    }

    #[test]
    fn a_digit_does_not_tell_itself_in_logs() {
        let text = format!("{:?}", DtmfDigit::from_char('7').unwrap());
        assert!(!text.contains('7'));
    }
}
