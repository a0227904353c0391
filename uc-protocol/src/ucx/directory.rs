use std::fmt;

use serde::{Deserialize, Serialize};

/// Which directory an entry comes from (DIR-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Directory {
    /// The user's own contacts.
    Personal,
    /// The users of this system.
    Internal,
    /// Speed dials.
    System,
    /// Imported by the administrator.
    General,
    /// An outside directory.
    External,
}

impl Directory {
    /// Every directory.
    pub const ALL: [Self; 5] = [
        Self::Personal,
        Self::Internal,
        Self::System,
        Self::General,
        Self::External,
    ];

    /// As it stands on the wire.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Internal => "internal",
            Self::System => "system",
            Self::General => "general",
            Self::External => "external",
        }
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// What a number is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NumberKind {
    /// An extension.
    Internal,
    /// At work.
    Business,
    /// At home or another outside number.
    Private,
    /// A mobile phone.
    Mobile,
}

/// A number with its purpose.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number {
    /// What it is for.
    pub kind: NumberKind,
    /// As the directory wrote it.
    pub number: String,
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Number")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// One entry of a directory.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactResource {
    /// Its identity.
    pub id: String,
    /// Where it comes from.
    pub directory: Directory,
    /// First name; may be empty.
    #[serde(default)]
    pub first_name: String,
    /// Last name; may be empty.
    #[serde(default)]
    pub last_name: String,
    /// Its numbers, the preferred one first.
    #[serde(default)]
    pub numbers: Vec<Number>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The user behind an internal entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

impl fmt::Debug for ContactResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContactResource")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// `GET /uc/v1/directory?q=…&limit=…`: the best matches, best first. `limit` is 1 to 100, 20
/// without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchResults {
    /// The matches.
    pub contacts: Vec<ContactResource>,
    /// Whether there are more.
    pub more: bool,
}
