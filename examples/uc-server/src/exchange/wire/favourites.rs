use uc_model::{
    ContactId, Favourite, FavouriteChange, FavouriteError, FavouriteGroup, Favourites, GroupName,
    PhoneNumber,
};
use uc_protocol::ucx::{self, FavouritesResource};

use crate::exchange::Refusal;

/// All favourites as clients see them.
pub(in crate::exchange) fn write_favourites(
    rev: u64,
    favourites: &Favourites,
) -> FavouritesResource {
    let group = |group: &FavouriteGroup| ucx::FavouriteGroup {
        name: group.name.as_str().to_owned(),
        members: group.members.iter().map(write_favourite).collect(),
    };
    FavouritesResource {
        rev,
        groups: favourites.groups().iter().map(group).collect(),
    }
}

/// Favourites that were kept; what isn't one any more is left out.
pub(in crate::exchange) fn read_favourites(resource: FavouritesResource) -> Favourites {
    let group = |group: ucx::FavouriteGroup| {
        let members = group.members.into_iter();
        Some(FavouriteGroup {
            name: GroupName::new(group.name).ok()?,
            members: members.filter_map(read_favourite).collect(),
        })
    };
    let groups = resource.groups.into_iter().filter_map(group);
    Favourites::from_server(groups).0
}

/// What a user wants to change.
pub(in crate::exchange) fn read_favourite_change(
    change: ucx::FavouriteChange,
) -> Result<FavouriteChange, Refusal> {
    use ucx::FavouriteChange as Wire;
    let place = |to: u32| usize::try_from(to).unwrap_or(usize::MAX);
    Ok(match change {
        Wire::Add { contact, group } => FavouriteChange::Add {
            contact: read_id(&contact)?,
            group: GroupName::new(group)?,
        },
        Wire::Remove { contact, group } => FavouriteChange::Remove {
            contact: read_id(&contact)?,
            group: GroupName::new(group)?,
        },
        Wire::CreateGroup { group } => FavouriteChange::CreateGroup(GroupName::new(group)?),
        Wire::RenameGroup { group, name } => FavouriteChange::RenameGroup {
            group: GroupName::new(group)?,
            name: GroupName::new(name)?,
        },
        Wire::DeleteGroup { group } => FavouriteChange::DeleteGroup(GroupName::new(group)?),
        Wire::MoveGroup { group, to } => FavouriteChange::MoveGroup {
            group: GroupName::new(group)?,
            to: place(to),
        },
        Wire::MoveMember { contact, group, to } => FavouriteChange::MoveMember {
            contact: read_id(&contact)?,
            group: GroupName::new(group)?,
            to: place(to),
        },
        Wire::SetDefaultNumber { contact, number } => FavouriteChange::SetDefaultNumber {
            contact: read_id(&contact)?,
            number: match number {
                Some(number) => {
                    let number = PhoneNumber::new(number);
                    Some(number.map_err(|_| FavouriteError::NoSuchNumber)?)
                }
                None => None,
            },
        },
        _ => return Err(Refusal::Value("this change of favourites isn't known here")),
    })
}

fn write_favourite(favourite: &Favourite) -> ucx::Favourite {
    let number = favourite.default_number.as_ref();
    ucx::Favourite {
        contact: favourite.contact.to_string(),
        default_number: number.map(|number| number.as_str().to_owned()),
    }
}

fn read_favourite(favourite: ucx::Favourite) -> Option<Favourite> {
    let number = favourite.default_number.map(PhoneNumber::new);
    Some(Favourite {
        contact: ContactId::new(favourite.contact).ok()?,
        default_number: number.transpose().ok()?,
    })
}

/// What is no id names nobody.
fn read_id(id: &str) -> Result<ContactId, Refusal> {
    Ok(ContactId::new(id).map_err(|_| FavouriteError::NoSuchContact)?)
}
