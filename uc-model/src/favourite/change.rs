use crate::{Contact, ContactId, FavouriteError, Favourites, GroupName, Mode, PhoneNumber};

/// One change of a user's favourites (FAV-1, FAV-2), as a client asks for it and a server makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FavouriteChange {
    /// Adds a contact at the end of a group, which is created where it doesn't exist.
    Add {
        /// Whom.
        contact: ContactId,
        /// Where to.
        group: GroupName,
    },
    /// Takes a contact out of a group.
    Remove {
        /// Whom.
        contact: ContactId,
        /// Where from.
        group: GroupName,
    },
    /// Adds an empty group at the end.
    CreateGroup(GroupName),
    /// Renames a group.
    RenameGroup {
        /// Its name so far.
        group: GroupName,
        /// Its name from now on.
        name: GroupName,
    },
    /// Deletes a group with everybody in it (Smart).
    DeleteGroup(GroupName),
    /// Moves a group to a place, counted without it; past the end is the end.
    MoveGroup {
        /// Which.
        group: GroupName,
        /// Where to.
        to: usize,
    },
    /// Moves a contact inside its group to a place, counted without it; past the end is the end.
    MoveMember {
        /// Whom.
        contact: ContactId,
        /// In which group.
        group: GroupName,
        /// Where to.
        to: usize,
    },
    /// Sets the number that the call button dials (Smart).
    SetDefaultNumber {
        /// Whose.
        contact: ContactId,
        /// Which of the contact's numbers; `None`: the first one.
        number: Option<PhoneNumber>,
    },
}

impl FavouriteChange {
    /// Whether only UC Smart makes this change.
    pub const fn is_smart_only(&self) -> bool {
        matches!(self, Self::DeleteGroup(_) | Self::SetDefaultNumber { .. })
    }
}

impl Favourites {
    /// Makes a change; `find` looks a contact up.
    ///
    /// # Errors
    /// See [`FavouriteError`]; nothing is changed then.
    pub fn make<'a>(
        &mut self,
        change: &FavouriteChange,
        mode: Mode,
        find: impl FnOnce(&ContactId) -> Option<&'a Contact>,
    ) -> Result<(), FavouriteError> {
        match change {
            FavouriteChange::Add { contact, group } => {
                find(contact).ok_or(FavouriteError::NoSuchContact)?;
                self.add(contact.clone(), group)
            }
            FavouriteChange::Remove { contact, group } => self.remove(contact, group),
            FavouriteChange::CreateGroup(group) => self.create(group),
            FavouriteChange::RenameGroup { group, name } => self.rename(group, name.clone()),
            FavouriteChange::DeleteGroup(group) => self.delete(group, mode),
            FavouriteChange::MoveGroup { group, to } => self.move_group(group, *to),
            FavouriteChange::MoveMember { contact, group, to } => {
                self.move_member(contact, group, *to)
            }
            FavouriteChange::SetDefaultNumber { contact, number } => {
                let contact = find(contact).ok_or(FavouriteError::NoSuchContact)?;
                self.set_default_number(contact, number.clone(), mode)
            }
        }
    }
}
