//! A user's favourites at two clients, by the embedded server.

use uc_model::{
    ContactDraft, ContactId, FavouriteChange, FavouriteError, GroupName, PhoneNumber, Presence,
    PresenceState, UserId,
};
use uc_server::{Mode, RunningServer, Server, Storage};
use uc_session::{Client, EditError, ServiceError};

use crate::{
    client::{builder, until, within},
    place::empty_place,
};

async fn client(server: &RunningServer, user: &str) -> Client {
    within(builder(server, user).sign_in()).await.unwrap()
}

fn group(name: &str) -> GroupName {
    GroupName::new(name).unwrap()
}

fn colleague(user: &str) -> ContactId {
    ContactId::new(format!("internal.{user}")).unwrap()
}

/// Each group with its members' names, in the user's order.
fn shown(client: &Client) -> Vec<String> {
    let view = client.view();
    let name = |id: &ContactId| {
        let known = view.contact(id).map(|known| known.contact.display_name());
        known
            .flatten()
            .map_or("?".to_owned(), |name| name.into_inner())
    };
    let groups = view.favourites().groups().iter();
    groups
        .map(|group| {
            let members: Vec<_> = group.members.iter().map(|m| name(&m.contact)).collect();
            format!("{}: {}", group.name.as_str(), members.join(", "))
        })
        .collect()
}

async fn change(client: &Client, change: FavouriteChange) {
    within(client.change_favourites(change)).await.unwrap();
}

#[tokio::test]
async fn groups_are_made_filled_ordered_renamed_and_deleted_on_all_clients() {
    let place = empty_place("favourites");
    let server = Server::builder().storage(Storage::Directory(place));
    let running = server.clone().start().await.unwrap();
    let (rosa, other) = (client(&running, "330").await, client(&running, "330").await);
    for (user, name) in [("331", "Team"), ("332", "Team"), ("331", "Friends")] {
        within(rosa.add_favourite(&colleague(user), &group(name)))
            .await
            .unwrap();
    }
    let added = ["Team: Bruno Birke, Clara Buche", "Friends: Bruno Birke"];
    assert_eq!(shown(&rosa), added);
    until(|| shown(&other) == added).await;

    let (team, friends) = (group("Team"), group("Friends"));
    let first = FavouriteChange::MoveMember {
        contact: colleague("332"),
        group: team.clone(),
        to: 0,
    };
    change(&other, first).await;
    let last = FavouriteChange::MoveGroup {
        group: team.clone(),
        to: 9,
    };
    change(&other, last).await;
    let renamed = FavouriteChange::RenameGroup {
        group: friends.clone(),
        name: group("Forest"),
    };
    change(&rosa, renamed).await;
    within(rosa.remove_favourite(&colleague("331"), &team))
        .await
        .unwrap();
    let ordered = ["Forest: Bruno Birke", "Team: Clara Buche"];
    assert_eq!(shown(&rosa), ordered);
    until(|| shown(&other) == ordered).await;

    running.stop().await;
    let running = server.start().await.unwrap();
    let rosa = client(&running, "330").await;
    assert_eq!(shown(&rosa), ordered, "they outlive the server");
    change(&rosa, FavouriteChange::DeleteGroup(team)).await;
    assert_eq!(shown(&rosa), ["Forest: Bruno Birke"]);
    assert!(
        shown(&client(&running, "331").await).is_empty(),
        "they are one user's"
    );
}

#[tokio::test]
async fn what_the_rules_forbid_is_told_and_changes_nothing() {
    let server = Server::builder().start().await.unwrap();
    let rosa = client(&server, "330").await;
    let team = group("Team");
    within(rosa.add_favourite(&colleague("331"), &team))
        .await
        .unwrap();
    let twice = within(rosa.add_favourite(&colleague("331"), &group("TEAM"))).await;
    assert_eq!(twice, Err(FavouriteError::AlreadyInGroup.into()));
    let nobody = within(rosa.add_favourite(&colleague("999"), &team)).await;
    assert_eq!(nobody, Err(FavouriteError::NoSuchContact.into()));
    let taken = within(rosa.change_favourites(FavouriteChange::CreateGroup(team))).await;
    assert_eq!(taken, Err(FavouriteError::NameTaken.into()));
    assert_eq!(shown(&rosa), ["Team: Bruno Birke"]);
}

#[tokio::test]
async fn the_default_number_is_called_else_the_first_one() {
    let server = Server::builder().start().await.unwrap();
    let (rosa, other) = (client(&server, "330").await, client(&server, "330").await);
    let bruno = colleague("331");
    within(rosa.add_favourite(&bruno, &group("Team")))
        .await
        .unwrap();
    let to_call = |client: &Client| {
        let view = client.view();
        let known = view.contact(&bruno)?;
        view.favourites()
            .number_to_call(&known.contact)
            .map(|number| number.to_string())
    };
    assert_eq!(to_call(&rosa).as_deref(), Some("331"));
    let outside = PhoneNumber::new("+49 30 23125-331").unwrap();
    within(rosa.set_default_number(&bruno, Some(outside)))
        .await
        .unwrap();
    assert_eq!(to_call(&rosa).as_deref(), Some("+49 30 23125-331"));
    until(|| to_call(&other) == to_call(&rosa)).await;
    let foreign = PhoneNumber::new("+49 30 1").unwrap();
    let foreign = within(rosa.set_default_number(&bruno, Some(foreign))).await;
    assert_eq!(foreign, Err(FavouriteError::NoSuchNumber.into()));
    within(other.set_default_number(&bruno, None))
        .await
        .unwrap();
    until(|| to_call(&rosa).as_deref() == Some("331")).await;
}

#[tokio::test]
async fn in_suite_groups_are_not_deleted_and_the_first_number_is_called() {
    let server = Server::builder().mode(Mode::Suite).start().await.unwrap();
    let rosa = client(&server, "330").await;
    let (bruno, team) = (colleague("331"), group("Team"));
    within(rosa.add_favourite(&bruno, &team)).await.unwrap();
    let unsupported = Err(EditError::Service(ServiceError::Unsupported));
    let deleted = within(rosa.change_favourites(FavouriteChange::DeleteGroup(team))).await;
    assert_eq!(deleted, unsupported);
    assert_eq!(
        within(rosa.set_default_number(&bruno, None)).await,
        unsupported
    );
    let view = rosa.view();
    let known = view.contact(&bruno).unwrap();
    let number = view.favourites().number_to_call(&known.contact).unwrap();
    assert_eq!(number.as_str(), "331");
}

#[tokio::test]
async fn favourites_show_presence_come_first_in_a_search_and_go_with_their_contact() {
    let server = Server::builder().start().await.unwrap();
    let (rosa, bruno) = (client(&server, "330").await, client(&server, "331").await);
    let team = group("Team");
    let names = async || {
        let found = within(rosa.search("b")).await.unwrap().contacts;
        let names = found.iter().map(|c| c.last_name.expose().clone());
        names
            .filter(|name| name.starts_with('B'))
            .collect::<Vec<_>>()
    };
    assert_eq!(names().await[0], "Birke");
    within(rosa.add_favourite(&colleague("332"), &team))
        .await
        .unwrap();
    assert_eq!(names().await[0], "Buche");
    within(rosa.add_favourite(&colleague("331"), &team))
        .await
        .unwrap();
    let lunch = Presence::of(PresenceState::Lunch);
    within(bruno.set_presence(lunch.clone())).await.unwrap();
    let user: UserId = {
        let view = rosa.view();
        view.contact(&colleague("331"))
            .unwrap()
            .contact
            .user
            .clone()
            .unwrap()
    };
    until(|| rosa.view().presence(&user) == Some(&lunch)).await;

    let mut draft = ContactDraft::default();
    draft.last_name = "Zeder".to_owned().into();
    let zeder = within(rosa.add_contact(draft)).await.unwrap();
    within(rosa.add_favourite(&zeder.id, &team)).await.unwrap();
    assert_eq!(shown(&rosa), ["Team: Clara Buche, Bruno Birke, Zeder"]);
    within(rosa.delete_contact(&zeder.id)).await.unwrap();
    assert_eq!(shown(&rosa), ["Team: Clara Buche, Bruno Birke"]);
}
