//! Favourites as they are kept.

use serde::{Deserialize, Serialize};
use uc_model::{ContactId, Favourite, FavouriteGroup, Favourites, GroupName, PhoneNumber};

use super::CacheError;

#[derive(Serialize, Deserialize)]
pub(super) struct GroupRow {
    name: String,
    members: Vec<MemberRow>,
}

#[derive(Serialize, Deserialize)]
struct MemberRow {
    contact: String,
    default_number: Option<String>,
}

pub(super) fn write(favourites: &Favourites) -> Vec<GroupRow> {
    let member = |favourite: &Favourite| MemberRow {
        contact: favourite.contact.to_string(),
        default_number: favourite
            .default_number
            .as_ref()
            .map(|number| number.as_str().to_owned()),
    };
    let group = |group: &FavouriteGroup| GroupRow {
        name: group.name.as_str().to_owned(),
        members: group.members.iter().map(member).collect(),
    };
    favourites.groups().iter().map(group).collect()
}

pub(super) fn read(rows: Vec<GroupRow>) -> Result<Favourites, CacheError> {
    let groups: Option<Vec<_>> = rows.into_iter().map(read_group).collect();
    let (favourites, left_out) = Favourites::from_server(groups.ok_or(CacheError::Unreadable)?);
    match left_out {
        0 => Ok(favourites),
        _ => Err(CacheError::Unreadable),
    }
}

fn read_group(row: GroupRow) -> Option<FavouriteGroup> {
    Some(FavouriteGroup {
        name: GroupName::new(row.name).ok()?,
        members: row
            .members
            .into_iter()
            .map(read_member)
            .collect::<Option<_>>()?,
    })
}

fn read_member(row: MemberRow) -> Option<Favourite> {
    let number = row.default_number.map(PhoneNumber::new);
    Some(Favourite {
        contact: ContactId::new(row.contact).ok()?,
        default_number: number.transpose().ok()?,
    })
}
