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
    /// DTMF inside a call.
    Dtmf,
    /// Application-controlled conferences.
    Conferences,
    /// Voicemail control.
    Voicemail,
    /// CallMe.
    CallMe,
    /// Favourites are seen and changed.
    Favourites,
    /// Groups of favourites are deleted.
    DeleteFavouriteGroups,
    /// A favourite's default number is set.
    DefaultNumbers,
    /// Personal contacts are added, changed, deleted and imported.
    EditContacts,
}

/// What this connection can do; derived once at sign-in from mode, configuration and licences.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct CapabilitySet(u32);

impl CapabilitySet {
    /// Nothing.
    pub const EMPTY: Self = Self(0);

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

#[cfg(test)]
mod tests;
