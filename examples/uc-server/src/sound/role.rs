use std::path::PathBuf;

use super::Announcement;

/// What a leg hears.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointRole {
    /// Everybody else in the conference of this name, which begins with its first member and ends
    /// with its last. Sixteen at most.
    Conference(String),
    /// A melody without end.
    MusicOnHold,
    /// Why somebody can't be reached; then what the caller says is recorded.
    Announcement(Announcement),
    /// A virtual desk phone, which speaks and remembers what it heard last.
    Phone(PhoneVoice),
    /// A virtual desk phone that takes part in a conference: no client is at its other end, so nothing
    /// is negotiated.
    ConferencePhone {
        /// What is said into it.
        voice: PhoneVoice,
        /// The conference's name.
        conference: String,
    },
}

/// What a virtual desk phone says, without end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PhoneVoice {
    /// A tone of so many hertz, 100 to 3,400; limited to that.
    Tone(u16),
    /// A WAV file.
    File(PathBuf),
}

impl PhoneVoice {
    /// The tone of a user's phone: twenty of them, a whole step apart, by the number.
    pub fn of(user: &str) -> Self {
        let digits = user.bytes().filter(u8::is_ascii_digit);
        let number = digits.fold(0, |sum, digit| (sum * 10 + u16::from(digit - b'0')) % 20);
        Self::Tone(400 + 110 * number)
    }
}
