use proptest::prelude::*;

use super::*;
use crate::{Directory, NumberKind};

fn id(text: &str) -> ContactId {
    ContactId::new(text).unwrap()
}

fn name(text: &str) -> GroupName {
    GroupName::new(text).unwrap()
}

fn contact(text: &str, numbers: &[&str]) -> Contact {
    Contact {
        id: id(text),
        directory: Directory::Internal,
        first_name: String::new().into(),
        last_name: text.to_owned().into(),
        numbers: numbers
            .iter()
            .map(|number| TypedNumber {
                kind: NumberKind::Business,
                number: PhoneNumber::new(number).unwrap(),
            })
            .collect(),
        email: None,
        user: None,
    }
}

fn filled() -> Favourites {
    let mut favourites = Favourites::new();
    for (contact, group) in [
        ("a", "Team"),
        ("b", "Team"),
        ("c", "Customers"),
        ("a", "Customers"),
    ] {
        favourites.add(id(contact), &name(group)).unwrap();
    }
    favourites
}

fn shown(favourites: &Favourites) -> String {
    let group = |group: &FavouriteGroup| {
        let members: Vec<_> = group.members.iter().map(|m| m.contact.as_str()).collect();
        format!("{}: {}", group.name.as_str(), members.join(" "))
    };
    let groups: Vec<_> = favourites.groups().iter().map(group).collect();
    groups.join(", ")
}

#[test]
fn a_contact_is_added_to_an_existing_or_a_new_group() {
    let mut favourites = filled();
    assert_eq!(shown(&favourites), "Team: a b, Customers: c a");
    assert!(favourites.contains(&id("c")) && !favourites.contains(&id("d")));
    let again = favourites.add(id("a"), &name(" team "));
    assert_eq!(
        again,
        Err(FavouriteError::AlreadyInGroup),
        "whatever its case"
    );
}

#[test]
fn a_contact_is_removed_from_one_group_or_forgotten_everywhere() {
    let mut favourites = filled();
    favourites.remove(&id("a"), &name("Team")).unwrap();
    assert_eq!(shown(&favourites), "Team: b, Customers: c a");
    let again = favourites.remove(&id("a"), &name("Team"));
    assert_eq!(again, Err(FavouriteError::NotInGroup));
    let nowhere = favourites.remove(&id("a"), &name("Family"));
    assert_eq!(nowhere, Err(FavouriteError::NoSuchGroup));
    favourites.forget(&id("a"));
    favourites.forget(&id("b"));
    assert_eq!(shown(&favourites), "Team: , Customers: c");
}

#[test]
fn a_group_is_renamed_in_its_place() {
    let mut favourites = filled();
    favourites.rename(&name("Team"), name("TEAM")).unwrap();
    favourites.rename(&name("Team"), name("Friends")).unwrap();
    assert_eq!(shown(&favourites), "Friends: a b, Customers: c a");
    let taken = favourites.rename(&name("Friends"), name("customers"));
    assert_eq!(taken, Err(FavouriteError::NameTaken));
    let gone = favourites.rename(&name("Team"), name("X"));
    assert_eq!(gone, Err(FavouriteError::NoSuchGroup));
}

#[test]
fn a_group_is_deleted_in_smart_only() {
    let mut favourites = filled();
    let suite = favourites.delete(&name("Team"), Mode::Suite);
    assert_eq!(suite, Err(FavouriteError::SmartOnly));
    favourites.delete(&name("Team"), Mode::Smart).unwrap();
    assert_eq!(shown(&favourites), "Customers: c a");
    let again = favourites.delete(&name("Team"), Mode::Smart);
    assert_eq!(again, Err(FavouriteError::NoSuchGroup));
}

#[test]
fn groups_and_members_keep_the_users_order() {
    let mut favourites = filled();
    favourites.move_group(&name("Customers"), 0).unwrap();
    favourites
        .move_member(&id("a"), &name("Customers"), 0)
        .unwrap();
    favourites.move_member(&id("a"), &name("Team"), 99).unwrap();
    assert_eq!(shown(&favourites), "Customers: a c, Team: b a");
    let no_group = favourites.move_group(&name("X"), 0);
    assert_eq!(no_group, Err(FavouriteError::NoSuchGroup));
    let no_member = favourites.move_member(&id("c"), &name("Team"), 0);
    assert_eq!(no_member, Err(FavouriteError::NotInGroup));
}

#[test]
fn the_default_number_is_called_else_the_first_stored_one() {
    let mut favourites = filled();
    let anna = contact("a", &["321", "+49891"]);
    let called = |favourites: &Favourites, contact: &Contact| {
        favourites.number_to_call(contact).map(|n| n.to_string())
    };
    assert_eq!(called(&favourites, &anna).as_deref(), Some("321"));
    let mobile = Some(PhoneNumber::new("+49891").unwrap());
    let suite = favourites.set_default_number(&anna, mobile.clone(), Mode::Suite);
    assert_eq!(suite, Err(FavouriteError::SmartOnly));
    favourites
        .set_default_number(&anna, mobile, Mode::Smart)
        .unwrap();
    assert_eq!(called(&favourites, &anna).as_deref(), Some("+49891"));
    let changed = contact("a", &["322"]);
    assert_eq!(
        called(&favourites, &changed).as_deref(),
        Some("322"),
        "it has it no more"
    );
    favourites
        .set_default_number(&anna, None, Mode::Smart)
        .unwrap();
    assert_eq!(called(&favourites, &anna).as_deref(), Some("321"));
    assert_eq!(called(&favourites, &contact("e", &[])), None);
}

#[test]
fn a_default_number_is_one_of_a_favourites_own() {
    let mut favourites = filled();
    let other = Some(PhoneNumber::new("999").unwrap());
    let refused =
        favourites.set_default_number(&contact("a", &["321"]), other.clone(), Mode::Smart);
    assert_eq!(refused, Err(FavouriteError::NoSuchNumber));
    let stranger = favourites.set_default_number(&contact("z", &["999"]), other, Mode::Smart);
    assert_eq!(stranger, Err(FavouriteError::NotInGroup));
}

#[test]
fn names_are_checked_and_not_shown() {
    for bad in ["", "  ", "a\nb", &"x".repeat(65)] {
        assert_eq!(GroupName::new(bad), Err(FavouriteError::Name), "{bad:?}");
    }
    assert_eq!(name(" Ärzte "), name("ÄRZTE"));
    assert_eq!(name(&"ä".repeat(64)).as_str().chars().count(), 64);
    assert_eq!(format!("{:?}", name("Family")), "GroupName(…)");
}

#[test]
fn favourites_and_groups_have_their_limits() {
    let mut favourites = Favourites::new();
    for number in 0..Favourites::MAX_GROUPS {
        favourites.create(&name(&format!("g{number}"))).unwrap();
    }
    let more = favourites.add(id("a"), &name("one more"));
    assert_eq!(more, Err(FavouriteError::TooManyGroups));
    for number in 0..Favourites::MAX_FAVOURITES {
        favourites
            .add(id(&format!("c{number}")), &name("g0"))
            .unwrap();
    }
    let more = favourites.add(id("a"), &name("g1"));
    assert_eq!(more, Err(FavouriteError::TooManyFavourites));
    let (again, left_out) = Favourites::from_server(favourites.groups().to_vec());
    assert_eq!((again, left_out), (favourites, 0));
}

#[test]
fn what_a_server_tells_twice_or_beyond_the_bounds_is_left_out_and_counted() {
    let favourites = filled();
    let twice = favourites.groups().iter().chain(favourites.groups());
    let (known, left_out) = Favourites::from_server(twice.cloned());
    assert_eq!((shown(&known), left_out), (shown(&favourites), 4));
}

proptest! {
    #[test]
    fn a_contact_is_in_a_group_at_most_once(
        steps in proptest::collection::vec((0..5_u8, 0..4_usize, 0..3_usize, 0..5_usize), 0..60),
    ) {
        let groups = ["One", "Two", "three"].map(name);
        let mut favourites = Favourites::new();
        for (what, contact, group, to) in steps {
            let (contact, group) = (id(&format!("c{contact}")), &groups[group]);
            let before = favourites.clone();
            let done = match what {
                0 | 1 => favourites.add(contact, group),
                2 => favourites.remove(&contact, group),
                3 => favourites.move_member(&contact, group, to),
                _ => favourites.delete(group, Mode::Smart),
            };
            prop_assert!(done.is_ok() || favourites == before, "an error changes nothing");
            for group in favourites.groups() {
                let mut members: Vec<_> = group.members.iter().map(|m| &m.contact).collect();
                members.sort();
                prop_assert!(members.windows(2).all(|pair| pair[0] != pair[1]));
            }
        }
    }
}

#[test]
fn a_change_is_made_as_its_own_method_makes_it() {
    let contact = contact("f1", &["321"]);
    let find = |id: &ContactId| (*id == contact.id).then_some(&contact);
    let (team, all) = (name("team"), name("all"));
    let id = contact.id.clone();
    let number = PhoneNumber::new("321").unwrap();
    let changes = [
        FavouriteChange::CreateGroup(all.clone()),
        FavouriteChange::Add {
            contact: id.clone(),
            group: team.clone(),
        },
        FavouriteChange::MoveGroup {
            group: team.clone(),
            to: 0,
        },
        FavouriteChange::MoveMember {
            contact: id.clone(),
            group: team.clone(),
            to: 7,
        },
        FavouriteChange::SetDefaultNumber {
            contact: id.clone(),
            number: Some(number.clone()),
        },
        FavouriteChange::DeleteGroup(all),
        FavouriteChange::RenameGroup {
            group: team,
            name: name("crew"),
        },
    ];
    let mut favourites = Favourites::new();
    for change in &changes {
        assert_eq!(
            favourites.make(change, Mode::Smart, find),
            Ok(()),
            "{change:?}"
        );
    }
    let group = favourites.group(&name("crew")).unwrap();
    assert_eq!(group.members[0].default_number, Some(number));
    assert_eq!(favourites.groups().len(), 1);
    for change in changes.iter().filter(|change| change.is_smart_only()) {
        let refused = favourites.make(change, Mode::Suite, find);
        assert_eq!(refused, Err(FavouriteError::SmartOnly));
    }
    let nobody = FavouriteChange::Add {
        contact: ContactId::new("f2").unwrap(),
        group: name("crew"),
    };
    let refused = favourites.make(&nobody, Mode::Smart, find);
    assert_eq!(refused, Err(FavouriteError::NoSuchContact));
    let remove = FavouriteChange::Remove {
        contact: id,
        group: name("crew"),
    };
    assert_eq!(favourites.make(&remove, Mode::Suite, find), Ok(()));
}
