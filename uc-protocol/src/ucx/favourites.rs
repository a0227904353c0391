use std::fmt;

use serde::{Deserialize, Serialize};

/// A contact among the favourites.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Favourite {
    /// Whom: one of the contacts that the client keeps.
    pub contact: String,
    /// The number that the call button dials; without it, the first stored one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_number: Option<String>,
}

impl fmt::Debug for Favourite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Favourite")
            .field("contact", &self.contact)
            .finish_non_exhaustive()
    }
}

/// A group of favourites.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FavouriteGroup {
    /// Its name; no two groups have the same, in any case.
    pub name: String,
    /// Its members, in the user's order.
    pub members: Vec<Favourite>,
}

impl fmt::Debug for FavouriteGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FavouriteGroup")
            .field("members", &self.members)
            .finish_non_exhaustive()
    }
}

/// All of a user's favourites.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FavouritesResource {
    /// Their revision in this user's numbering; 0 before the first change.
    pub rev: u64,
    /// The groups, in the user's order.
    pub groups: Vec<FavouriteGroup>,
}

/// `POST /uc/v1/favourites`: one change. Several clients may change different things at once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", rename_all = "snake_case")]
#[non_exhaustive]
pub enum FavouriteChange {
    /// Adds a contact at the end of a group, which is created where it doesn't exist.
    Add {
        /// Whom.
        contact: String,
        /// Where to.
        group: String,
    },
    /// Takes a contact out of a group.
    Remove {
        /// Whom.
        contact: String,
        /// Where from.
        group: String,
    },
    /// Adds an empty group at the end.
    CreateGroup {
        /// Its name.
        group: String,
    },
    /// Renames a group.
    RenameGroup {
        /// Its name so far.
        group: String,
        /// Its name from now on.
        name: String,
    },
    /// Deletes a group with everybody in it (Smart).
    DeleteGroup {
        /// Which.
        group: String,
    },
    /// Moves a group.
    MoveGroup {
        /// Which.
        group: String,
        /// Its place, counted from 0 without it; past the end is the end.
        to: u32,
    },
    /// Moves a contact inside its group.
    MoveMember {
        /// Whom.
        contact: String,
        /// In which group.
        group: String,
        /// The place, counted from 0 without the contact; past the end is the end.
        to: u32,
    },
    /// Sets the number that the call button dials (Smart).
    SetDefaultNumber {
        /// Whose.
        contact: String,
        /// Which of the contact's numbers; without it, the first one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
    },
}

/// Shows which kind of change it is.
impl fmt::Debug for FavouriteChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add { .. } => "Add",
            Self::Remove { .. } => "Remove",
            Self::CreateGroup { .. } => "CreateGroup",
            Self::RenameGroup { .. } => "RenameGroup",
            Self::DeleteGroup { .. } => "DeleteGroup",
            Self::MoveGroup { .. } => "MoveGroup",
            Self::MoveMember { .. } => "MoveMember",
            Self::SetDefaultNumber { .. } => "SetDefaultNumber",
        })
    }
}
