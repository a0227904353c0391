use std::collections::BTreeMap;

use crate::{
    DialMethod, Forwarding, ForwardingTarget, Mailbox, Mode, PhoneNumber, PresenceRights,
    PresenceState, PresenceVisibility, Profile, RedialList, Rev, ServerSettings,
};

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
    /// The destination of the user's CallMe service, while it is active (CALLME-1).
    pub call_me: Option<PhoneNumber>,
    /// What takes the user's calls when nobody answers.
    pub mailbox: Mailbox,
    /// The targets of forwarding that aren't the default ones (PRES-3).
    pub forwarding: BTreeMap<PresenceState, ForwardingTarget>,
    /// How a Mobility user dials (CONN-10).
    pub dial_method: DialMethod,
}

impl Account {
    /// What decides which presence states this user may set.
    pub const fn presence_rights(&self, mode: Mode) -> PresenceRights {
        PresenceRights {
            mode,
            in_mulap: self.in_mulap,
            call_me: self.call_me.is_some(),
        }
    }

    /// Where the user's calls go in each presence state (PRES-3).
    pub fn forwarding(&self, mode: Mode) -> Forwarding {
        let mut forwarding = Forwarding::new(mode, self.mailbox.clone());
        for (state, target) in &self.forwarding {
            forwarding.tell(*state, target.clone());
        }
        forwarding
    }
}
