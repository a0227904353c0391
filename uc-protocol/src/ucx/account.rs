use std::fmt;

use serde::{Deserialize, Serialize};

use super::{PresenceState, Secret};

/// Who sees a user's presence (PRES-4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Visibility {
    /// Colleagues, and callers from outside by announcement.
    #[default]
    InternalAndExternal,
    /// Colleagues only.
    Internal,
    /// Nobody.
    NotVisible,
}

/// What a user tells others: `PUT /uc/v1/me/profile` (PROF-1). What is left out is removed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The mobile number, in canonical form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
    /// The private or another external number, in canonical form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<String>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile").finish_non_exhaustive()
    }
}

/// `PUT /uc/v1/me/visibility`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisibilityUpdate {
    /// Who sees the presence from now on.
    pub visibility: Visibility,
}

/// `PUT /uc/v1/me/settings` (INST-2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsUpdate {
    /// The settings that belong to the person, at most 8 KiB: a line `version = N`, then a line
    /// `name = value` for each.
    pub settings: String,
}

/// `PUT /uc/v1/me/password` (CONN-9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordUpdate {
    /// The old password, where the server's mode asks for it (Smart).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old: Option<Secret>,
    /// The new password.
    pub new: Secret,
}

/// `PUT /uc/v1/me/call-me` (CALLME-1).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallMeUpdate {
    /// The telephone at the other workplace; left out, the service ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
}

impl fmt::Debug for CallMeUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallMeUpdate").finish_non_exhaustive()
    }
}

/// `PUT /uc/v1/me/forwarding` (PRES-3), and an entry of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardingEntry {
    /// In which state.
    pub state: PresenceState,
    /// Where calls go; left out, where they go by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<ForwardingTarget>,
}

/// Where calls go in a presence state (PRES-3).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ForwardingTarget {
    /// To the mailbox that takes the user's calls.
    Voicemail,
    /// To the mobile number of the profile.
    Mobile,
    /// To another number.
    Number {
        /// Which.
        number: String,
    },
}

impl fmt::Debug for ForwardingTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Voicemail => "Voicemail",
            Self::Mobile => "Mobile",
            Self::Number { .. } => "Number",
        })
    }
}

/// What takes a user's calls when nobody answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Mailbox {
    /// The user's own.
    #[default]
    Own,
    /// A group's.
    Group {
        /// Of this group.
        extension: String,
    },
    /// The system's.
    System,
}

/// How a Mobility user dials (CONN-10).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DialMethod {
    /// The desk phone, or the client, dials.
    #[default]
    DeskPhone,
    /// The system rings the mobile phone, then the number.
    Callback,
}

/// `PUT /uc/v1/me/dial-method`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialMethodUpdate {
    /// How the user's calls are dialled from now on.
    pub method: DialMethod,
}

/// What the server keeps for the signed-in user and nobody else sees as a whole. Sent whole with
/// every change.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountResource {
    /// Its revision.
    pub rev: u64,
    /// Who sees the presence.
    pub visibility: Visibility,
    /// What others are told.
    pub profile: Profile,
    /// The revision of the own photo, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo: Option<u64>,
    /// The settings, where the user has stored any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<String>,
    /// The numbers dialled last, newest first, at most ten (NUM-5).
    #[serde(default)]
    pub redial: Vec<String>,
    /// The user's device belongs to a MULAP: do not disturb is refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_mulap: bool,
    /// The destination of the CallMe service, while it is active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_me: Option<String>,
    /// What takes the user's calls when nobody answers.
    #[serde(default)]
    pub mailbox: Mailbox,
    /// Where calls go in a presence state, where that isn't the default.
    #[serde(default)]
    pub forwarding: Vec<ForwardingEntry>,
    /// How a Mobility user dials.
    #[serde(default)]
    pub dial_method: DialMethod,
}

impl fmt::Debug for AccountResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountResource")
            .field("rev", &self.rev)
            .field("visibility", &self.visibility)
            .field("photo", &self.photo)
            .finish_non_exhaustive()
    }
}
