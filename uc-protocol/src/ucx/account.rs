use std::fmt;

use serde::{Deserialize, Serialize};

use super::Secret;

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
    /// The user's CallMe service is active.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub call_me: bool,
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
