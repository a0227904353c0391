//! Favourites: `uc_protocol`'s resource and `uc_model`'s value.

use uc_model::{
    ContactId, Favourite, FavouriteChange, FavouriteGroup, Favourites, GroupName, PhoneNumber, Rev,
};
use uc_protocol::ucx as wire;

use crate::port::BackendError;

/// All favourites. What isn't one here, or is beyond the bounds, is left out.
pub(super) fn read(resource: wire::FavouritesResource) -> (Rev, Favourites) {
    let group = |group: wire::FavouriteGroup| {
        let members = group.members.into_iter();
        Some(FavouriteGroup {
            name: GroupName::new(group.name).ok()?,
            members: members.filter_map(read_member).collect(),
        })
    };
    let groups = resource.groups.into_iter().filter_map(group);
    (Rev(resource.rev), Favourites::from_server(groups).0)
}

/// One change.
pub(super) fn write_change(
    change: &FavouriteChange,
) -> Result<wire::FavouriteChange, BackendError> {
    use wire::FavouriteChange as Wire;
    let name = |group: &GroupName| group.as_str().to_owned();
    let place = |to: usize| u32::try_from(to).unwrap_or(u32::MAX);
    Ok(match change {
        FavouriteChange::Add { contact, group } => Wire::Add {
            contact: contact.to_string(),
            group: name(group),
        },
        FavouriteChange::Remove { contact, group } => Wire::Remove {
            contact: contact.to_string(),
            group: name(group),
        },
        FavouriteChange::CreateGroup(group) => Wire::CreateGroup { group: name(group) },
        FavouriteChange::RenameGroup { group, name: new } => Wire::RenameGroup {
            group: name(group),
            name: name(new),
        },
        FavouriteChange::DeleteGroup(group) => Wire::DeleteGroup { group: name(group) },
        FavouriteChange::MoveGroup { group, to } => Wire::MoveGroup {
            group: name(group),
            to: place(*to),
        },
        FavouriteChange::MoveMember { contact, group, to } => Wire::MoveMember {
            contact: contact.to_string(),
            group: name(group),
            to: place(*to),
        },
        FavouriteChange::SetDefaultNumber { contact, number } => Wire::SetDefaultNumber {
            contact: contact.to_string(),
            number: number.as_ref().map(|number| number.as_str().to_owned()),
        },
        _ => return Err(BackendError::Unsupported),
    })
}

/// A default number that can't be dialled is none.
fn read_member(member: wire::Favourite) -> Option<Favourite> {
    let number = member
        .default_number
        .and_then(|number| PhoneNumber::new(number).ok());
    Some(Favourite {
        contact: ContactId::new(member.contact).ok()?,
        default_number: number,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ucx::sample;

    #[test]
    fn favourites_survive_the_wire_and_what_is_none_is_left_out() {
        let member = |contact: &str, number: Option<&str>| wire::Favourite {
            contact: contact.into(),
            default_number: number.map(Into::into),
        };
        let group = |name: &str, members: &[wire::Favourite]| wire::FavouriteGroup {
            name: name.into(),
            members: members.to_vec(),
        };
        let resource = wire::FavouritesResource {
            rev: 7,
            groups: vec![
                group("team", &[member("c1", Some("321")), member("a b", None)]),
                group("", &[member("c2", None)]),
                group("TEAM", &[]),
                group("friends", &[member("c3", Some("ask reception"))]),
            ],
        };
        let (rev, favourites) = read(sample::through_json(resource));
        let shown: Vec<_> = favourites
            .groups()
            .iter()
            .map(|group| {
                let members = group.members.iter();
                let members: Vec<_> = members
                    .map(|m| (m.contact.as_str(), m.default_number.clone()))
                    .collect();
                (group.name.as_str(), members)
            })
            .collect();
        let number = PhoneNumber::new("321").unwrap();
        assert_eq!(rev, Rev(7));
        assert_eq!(
            shown,
            [
                ("team", vec![("c1", Some(number))]),
                ("friends", vec![("c3", None)])
            ]
        );
    }
}
