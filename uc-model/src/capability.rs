use std::fmt;

use crate::Licence;

/// The server's mode (MODE-1); a client can't change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// UC Smart.
    Smart,
    /// UC Suite.
    Suite,
}

/// One thing a connection can or can't do. Applications ask for these, never for the mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
pub enum Capability {
    /// Others' presence is seen and one's own is set.
    Presence,
    /// Directories can be searched.
    DirectorySearch,
    /// A history of conversations is kept.
    Conversations,
    /// Instant messages (the system has chat on).
    Chat,
    /// Calls through the built-in VoIP client.
    VoipCalls,
    /// Control of an associated desk phone.
    DeskPhoneControl,
    /// Hold and retrieve.
    Hold,
    /// Directed pickup.
    Pickup,
    /// A ringing call is passed on (CALL-5).
    Deflect,
    /// A second call beside a held one, alternating between them and coming back (CALL-4).
    Consult,
    /// An answered call is handed over, announced or not (CALL-5).
    Transfer,
    /// An active and a held call become a conference (CALL-6).
    PhoneConferences,
    /// DTMF inside a call.
    Dtmf,
    /// Application-controlled conferences.
    Conferences,
    /// Voicemail control.
    Voicemail,
    /// CallMe.
    CallMe,
    /// Where calls go in a presence state is chosen here (PRES-3).
    Forwarding,
    /// Who sees the own presence is chosen (PRES-4).
    PresenceVisibility,
    /// There is an external directory (DIR-1).
    ExternalDirectory,
    /// Personal contacts are added, changed, deleted and imported here (DIR-4).
    EditContacts,
    /// Favourites in groups (FAV-1).
    Favourites,
    /// A whole group of favourites can be deleted (FAV-1).
    DeleteFavouriteGroups,
    /// A favourite has a default number (FAV-2).
    DefaultNumbers,
    /// The own numbers and e-mail address are told to others (PROF-1).
    Profile,
    /// The own photo is told to others (PROF-2).
    Photo,
    /// The password can be changed (CONN-9).
    PasswordChange,
    /// Changing the password asks for the old one (CONN-9).
    OldPassword,
    /// The server keeps the user's settings (INST-2).
    ServerSettings,
    /// The server keeps the numbers dialled last (NUM-5).
    Redial,
    /// A Mobility user chooses how to dial (CONN-10).
    DialMethods,
    /// A MULAP user enters the assigned phone (CONN-10).
    AssignedPhone,
    /// Web Collaboration (WEB-1).
    WebCollaboration,
    /// Function keys are programmed here (KEYS-1).
    KeyProgramming,
}

/// What the administrator has switched on or bought (MODE-1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Configuration {
    /// Instant messages.
    pub chat: bool,
    /// A VoIP licence.
    pub voip: bool,
    /// A conference licence.
    pub conferences: bool,
    /// Control of desk phones.
    pub desk_phones: bool,
    /// Mobility.
    pub mobility: bool,
    /// MULAP groups.
    pub mulap: bool,
    /// Web Collaboration.
    pub web_collaboration: bool,
    /// Programming of function keys.
    pub key_programming: bool,
}

/// What this connection can do; derived once at sign-in from mode, configuration and licences.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct CapabilitySet(u64);

impl Capability {
    /// Every capability, in the order in which they are listed.
    pub const ALL: [Self; 33] = [
        Self::Presence,
        Self::DirectorySearch,
        Self::Conversations,
        Self::Chat,
        Self::VoipCalls,
        Self::DeskPhoneControl,
        Self::Hold,
        Self::Pickup,
        Self::Deflect,
        Self::Consult,
        Self::Transfer,
        Self::PhoneConferences,
        Self::Dtmf,
        Self::Conferences,
        Self::Voicemail,
        Self::CallMe,
        Self::Forwarding,
        Self::PresenceVisibility,
        Self::ExternalDirectory,
        Self::EditContacts,
        Self::Favourites,
        Self::DeleteFavouriteGroups,
        Self::DefaultNumbers,
        Self::Profile,
        Self::Photo,
        Self::PasswordChange,
        Self::OldPassword,
        Self::ServerSettings,
        Self::Redial,
        Self::DialMethods,
        Self::AssignedPhone,
        Self::WebCollaboration,
        Self::KeyProgramming,
    ];

    /// Whether a server of this mode and configuration offers it (MODE-1).
    const fn is_offered(self, mode: Mode, on: &Configuration) -> bool {
        let smart = matches!(mode, Mode::Smart);
        match self {
            Self::Presence
            | Self::DirectorySearch
            | Self::Conversations
            | Self::PresenceVisibility
            | Self::Favourites
            | Self::Profile
            | Self::PasswordChange
            | Self::ServerSettings
            | Self::Redial => true,
            Self::EditContacts
            | Self::DeleteFavouriteGroups
            | Self::DefaultNumbers
            | Self::Photo
            | Self::OldPassword
            | Self::Forwarding
            | Self::Voicemail => smart,
            Self::ExternalDirectory | Self::CallMe => !smart,
            Self::Chat => smart && on.chat,
            Self::Conferences => smart && on.conferences,
            Self::VoipCalls | Self::Dtmf => on.voip,
            Self::DeskPhoneControl => on.desk_phones,
            Self::Hold
            | Self::Pickup
            | Self::Deflect
            | Self::Consult
            | Self::Transfer
            | Self::PhoneConferences => on.voip || on.desk_phones,
            Self::DialMethods => on.mobility,
            Self::AssignedPhone => on.mulap,
            Self::WebCollaboration => on.web_collaboration,
            Self::KeyProgramming => on.key_programming,
        }
    }
}

impl CapabilitySet {
    /// Nothing.
    pub const EMPTY: Self = Self(0);

    /// What a server of this mode and configuration offers (MODE-1). Client and server both
    /// decide by it: the server refuses what isn't in it, the client doesn't ask.
    pub fn offered(mode: Mode, on: &Configuration) -> Self {
        Self::licensed(mode, on, &[])
    }

    /// The same for a user who lacks these licences.
    pub fn licensed(mode: Mode, on: &Configuration, missing: &[Licence]) -> Self {
        let has = |licence| !missing.contains(&licence);
        let on = Configuration {
            voip: on.voip && has(Licence::Voip),
            conferences: on.conferences && has(Licence::Conference),
            ..*on
        };
        let licensed = |capability: &Capability| {
            let mailbox = *capability == Capability::Voicemail;
            capability.is_offered(mode, &on) && (!mailbox || has(Licence::Voicemail))
        };
        Capability::ALL.into_iter().filter(licensed).collect()
    }

    /// What is in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in the set, in the order of [`Capability::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Capability> {
        let known = Capability::ALL.into_iter();
        known.filter(move |capability| self.has(*capability))
    }

    /// This set and `capability`.
    #[must_use]
    pub const fn with(self, capability: Capability) -> Self {
        Self(self.0 | (1 << capability as u8))
    }

    /// Whether `capability` is in the set.
    pub const fn has(self, capability: Capability) -> bool {
        self.0 & (1 << capability as u8) != 0
    }
}

impl FromIterator<Capability> for CapabilitySet {
    fn from_iter<I: IntoIterator<Item = Capability>>(iter: I) -> Self {
        iter.into_iter().fold(Self::EMPTY, Self::with)
    }
}

/// Lists what is in it.
impl fmt::Debug for CapabilitySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests;
