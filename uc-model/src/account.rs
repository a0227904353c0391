use crate::{Mode, PresenceRights, PresenceVisibility, Profile, RedialList, Rev, ServerSettings};

/// What the server keeps for the signed-in user, beside the user's contacts and conversations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// Who sees the own presence (PRES-4).
    pub visibility: PresenceVisibility,
    /// What others are told (PROF-1).
    pub profile: Profile,
    /// The revision of the own photo, where there is one (PROF-2).
    pub photo: Option<Rev>,
    /// The settings that belong to the person, where any were stored (INST-2).
    pub settings: Option<ServerSettings>,
    /// The numbers dialled last (NUM-5).
    pub redial: RedialList,
    /// Whether the user's device is a member of a MULAP.
    pub in_mulap: bool,
    /// Whether the user's CallMe service is active.
    pub call_me: bool,
}

impl Account {
    /// What decides which presence states this user may set.
    pub const fn presence_rights(&self, mode: Mode) -> PresenceRights {
        PresenceRights {
            mode,
            in_mulap: self.in_mulap,
            call_me: self.call_me,
        }
    }
}
