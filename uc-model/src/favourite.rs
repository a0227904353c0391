mod change;

use std::{fmt, sync::Arc};

pub use change::FavouriteChange;

use thiserror::Error;

use crate::{Contact, ContactId, Mode, PhoneNumber, TypedNumber};

/// Why favourites can't be changed so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FavouriteError {
    /// A name without letters, or longer than 64 characters.
    #[error("a group's name has 1 to {MAX_NAME} characters")]
    Name,
    /// Another group has this name.
    #[error("there is a group of this name already; choose another name")]
    NameTaken,
    /// There is no such group.
    #[error("there is no such group any more")]
    NoSuchGroup,
    /// The contact isn't in the group.
    #[error("the contact isn't in this group any more")]
    NotInGroup,
    /// The contact is in the group already.
    #[error("the contact is in this group already")]
    AlreadyInGroup,
    /// As many groups as are possible.
    #[error(
        "there can be at most {} groups; delete one first",
        Favourites::MAX_GROUPS
    )]
    TooManyGroups,
    /// As many favourites as are possible.
    #[error(
        "there can be at most {} favourites; remove one first",
        Favourites::MAX_FAVOURITES
    )]
    TooManyFavourites,
    /// In Suite another client deletes groups and sets default numbers.
    #[error("use another client of this account for this")]
    SmartOnly,
    /// There is no such contact.
    #[error("there is no such contact any more")]
    NoSuchContact,
    /// The contact has no such number.
    #[error("the contact has no such number; choose one of its own")]
    NoSuchNumber,
}

/// The name of a group of favourites: 1 to 64 characters, spaces around them dropped. Names that
/// differ in case only are the same group's.
#[derive(Clone, Eq)]
pub struct GroupName(Arc<str>);

impl GroupName {
    /// Checks and wraps `text`.
    ///
    /// # Errors
    /// A name that is empty, too long, or holds control characters.
    pub fn new(text: impl AsRef<str>) -> Result<Self, FavouriteError> {
        let text = text.as_ref().trim();
        let fits = (1..=MAX_NAME).contains(&text.chars().count());
        match fits && !text.chars().any(char::is_control) {
            true => Ok(Self(text.into())),
            false => Err(FavouriteError::Name),
        }
    }

    /// The name as it was entered.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for GroupName {
    fn eq(&self, other: &Self) -> bool {
        let lower = |name: &Self| {
            name.0
                .chars()
                .flat_map(char::to_lowercase)
                .collect::<String>()
        };
        self.0 == other.0 || lower(self) == lower(other)
    }
}

/// Shows nothing.
impl fmt::Debug for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GroupName(…)")
    }
}

/// A contact among the favourites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Favourite {
    /// Whom.
    pub contact: ContactId,
    /// The number that the call button dials (FAV-2); else it is the first stored one.
    pub default_number: Option<PhoneNumber>,
}

/// A group of favourites, in the user's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FavouriteGroup {
    /// Its name.
    pub name: GroupName,
    /// Its members.
    pub members: Vec<Favourite>,
}

/// A user's favourites (FAV-1, FAV-2): groups in the user's order. A contact may be in several
/// groups, and once in each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Favourites {
    groups: Vec<FavouriteGroup>,
}

impl Favourites {
    /// Most groups (our choice).
    pub const MAX_GROUPS: usize = 100;
    /// Most favourites in all groups together (our choice).
    pub const MAX_FAVOURITES: usize = 1000;

    /// None.
    pub const fn new() -> Self {
        Self { groups: Vec::new() }
    }

    /// The groups as the server tells them, within the bounds and with each name once; what is
    /// beyond is left out and counted.
    pub fn from_server(groups: impl IntoIterator<Item = FavouriteGroup>) -> (Self, usize) {
        let mut all = Self::new();
        let mut left_out = 0;
        for group in groups {
            if all.create(&group.name).is_err() {
                left_out += group.members.len();
                continue;
            }
            for member in group.members {
                let added = all.add(member.contact.clone(), &group.name);
                left_out += usize::from(added.is_err());
                if let Some(place) = all.member(&group.name, &member.contact) {
                    place.default_number = member.default_number;
                }
            }
        }
        (all, left_out)
    }

    /// The groups, in their order.
    pub fn groups(&self) -> &[FavouriteGroup] {
        &self.groups
    }

    /// One group.
    pub fn group(&self, name: &GroupName) -> Option<&FavouriteGroup> {
        self.groups.iter().find(|group| group.name == *name)
    }

    /// Everybody in any group; who is in several comes several times.
    pub fn contacts(&self) -> impl Iterator<Item = &ContactId> {
        let members = self.groups.iter().flat_map(|group| &group.members);
        members.map(|favourite| &favourite.contact)
    }

    /// Whether a contact is in any group.
    pub fn contains(&self, contact: &ContactId) -> bool {
        self.contacts().any(|known| known == contact)
    }

    /// Adds a contact at the end of a group, which is created where it doesn't exist.
    ///
    /// # Errors
    /// See [`FavouriteError`]; nothing is changed then.
    pub fn add(&mut self, contact: ContactId, group: &GroupName) -> Result<(), FavouriteError> {
        if self.member(group, &contact).is_some() {
            return Err(FavouriteError::AlreadyInGroup);
        }
        if self.contacts().count() >= Self::MAX_FAVOURITES {
            return Err(FavouriteError::TooManyFavourites);
        }
        if self.group(group).is_none() {
            self.create(group)?;
        }
        self.group_mut(group)?.members.push(Favourite {
            contact,
            default_number: None,
        });
        Ok(())
    }

    /// Takes a contact out of one group; the group stays, even empty.
    ///
    /// # Errors
    /// No such group, or the contact isn't in it.
    pub fn remove(&mut self, contact: &ContactId, group: &GroupName) -> Result<(), FavouriteError> {
        let members = &mut self.group_mut(group)?.members;
        let before = members.len();
        members.retain(|favourite| favourite.contact != *contact);
        match members.len() < before {
            true => Ok(()),
            false => Err(FavouriteError::NotInGroup),
        }
    }

    /// Takes a contact that is gone out of every group.
    pub fn forget(&mut self, contact: &ContactId) {
        for group in &mut self.groups {
            group
                .members
                .retain(|favourite| favourite.contact != *contact);
        }
    }

    /// Adds an empty group at the end.
    ///
    /// # Errors
    /// A name that is taken, or too many groups.
    pub fn create(&mut self, name: &GroupName) -> Result<(), FavouriteError> {
        if self.group(name).is_some() {
            return Err(FavouriteError::NameTaken);
        }
        if self.groups.len() >= Self::MAX_GROUPS {
            return Err(FavouriteError::TooManyGroups);
        }
        self.groups.push(FavouriteGroup {
            name: name.clone(),
            members: Vec::new(),
        });
        Ok(())
    }

    /// Renames a group; its place stays.
    ///
    /// # Errors
    /// No such group, or another one has the name.
    pub fn rename(&mut self, group: &GroupName, name: GroupName) -> Result<(), FavouriteError> {
        if name != *group && self.group(&name).is_some() {
            return Err(FavouriteError::NameTaken);
        }
        self.group_mut(group)?.name = name;
        Ok(())
    }

    /// Deletes a group with everybody in it (Smart).
    ///
    /// # Errors
    /// Suite, or no such group.
    pub fn delete(&mut self, group: &GroupName, mode: Mode) -> Result<(), FavouriteError> {
        smart(mode)?;
        self.group_mut(group)?;
        self.groups.retain(|known| known.name != *group);
        Ok(())
    }

    /// Moves a group to the place `to`, counted without it; past the end is the end.
    ///
    /// # Errors
    /// No such group.
    pub fn move_group(&mut self, group: &GroupName, to: usize) -> Result<(), FavouriteError> {
        let from = self.groups.iter().position(|known| known.name == *group);
        let moved = self.groups.remove(from.ok_or(FavouriteError::NoSuchGroup)?);
        self.groups.insert(to.min(self.groups.len()), moved);
        Ok(())
    }

    /// Moves a contact inside its group to the place `to`, counted without it; past the end is
    /// the end.
    ///
    /// # Errors
    /// No such group, or the contact isn't in it.
    pub fn move_member(
        &mut self,
        contact: &ContactId,
        group: &GroupName,
        to: usize,
    ) -> Result<(), FavouriteError> {
        let members = &mut self.group_mut(group)?.members;
        let from = members.iter().position(|member| member.contact == *contact);
        let moved = members.remove(from.ok_or(FavouriteError::NotInGroup)?);
        members.insert(to.min(members.len()), moved);
        Ok(())
    }

    /// Sets the number that the call button dials, in every group (Smart).
    ///
    /// # Errors
    /// Suite, a contact that is no favourite, or a number that isn't the contact's.
    pub fn set_default_number(
        &mut self,
        contact: &Contact,
        number: Option<PhoneNumber>,
        mode: Mode,
    ) -> Result<(), FavouriteError> {
        smart(mode)?;
        if !self.contains(&contact.id) {
            return Err(FavouriteError::NotInGroup);
        }
        let is_own = |number: &PhoneNumber| contact.numbers.iter().any(|own| own.number == *number);
        if number.as_ref().is_some_and(|number| !is_own(number)) {
            return Err(FavouriteError::NoSuchNumber);
        }
        let members = self.groups.iter_mut().flat_map(|group| &mut group.members);
        for member in members.filter(|member| member.contact == contact.id) {
            member.default_number.clone_from(&number);
        }
        Ok(())
    }

    /// What the call button of a contact dials (FAV-2): the default number while the contact still
    /// has it, else the first stored one.
    pub fn number_to_call(&self, contact: &Contact) -> Option<PhoneNumber> {
        let members = self.groups.iter().flat_map(|group| &group.members);
        let default = members
            .filter(|member| member.contact == contact.id)
            .find_map(|member| member.default_number.as_ref());
        let has = |number: &&PhoneNumber| contact.numbers.iter().any(|own| own.number == **number);
        let first = contact
            .numbers
            .first()
            .map(|TypedNumber { number, .. }| number);
        default.filter(has).or(first).cloned()
    }

    fn group_mut(&mut self, name: &GroupName) -> Result<&mut FavouriteGroup, FavouriteError> {
        let mut groups = self.groups.iter_mut();
        groups
            .find(|group| group.name == *name)
            .ok_or(FavouriteError::NoSuchGroup)
    }

    fn member(&mut self, group: &GroupName, contact: &ContactId) -> Option<&mut Favourite> {
        let members = &mut self.group_mut(group).ok()?.members;
        members.iter_mut().find(|member| member.contact == *contact)
    }
}

const fn smart(mode: Mode) -> Result<(), FavouriteError> {
    match mode {
        Mode::Smart => Ok(()),
        Mode::Suite => Err(FavouriteError::SmartOnly),
    }
}

/// Longest name of a group, in characters (our choice).
const MAX_NAME: usize = 64;

#[cfg(test)]
mod tests;
