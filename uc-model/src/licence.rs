use std::fmt;

/// What has to be bought and assigned to a user before a function works. The manual names them; a
/// client finds out at the sign-in which ones its user hasn't got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Licence {
    /// For signing in at all: UC Smart's or UC Suite's user licence.
    User,
    /// For calls with the built-in client (VOIP-1).
    Voip,
    /// For being a conference's moderator (CONF-2).
    Conference,
    /// For a mailbox, and messages about what is in it (VM-5).
    Voicemail,
}

impl Licence {
    /// Every licence.
    pub const ALL: [Self; 4] = [Self::User, Self::Voip, Self::Conference, Self::Voicemail];
}

/// As in "no … licence".
impl fmt::Display for Licence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::User => "UC user",
            Self::Voip => "VoIP",
            Self::Conference => "conference",
            Self::Voicemail => "voicemail",
        })
    }
}
