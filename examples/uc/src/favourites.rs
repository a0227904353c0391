use clap::Subcommand;
use serde_json::{Value, json};
use uc_model::{
    Capability, ContactId, Favourite, FavouriteChange, FavouriteGroup, GroupName, PhoneNumber,
};
use uc_session::{Client, View};

use crate::{account::Account, failure::Failure, output::Output};

/// What to do with the favourites.
#[derive(Debug, Subcommand)]
pub(crate) enum FavouritesCommand {
    /// Lists the groups with their members.
    List,
    /// Adds a contact to a group, which is made where it doesn't exist.
    Add {
        /// Whom, as `search` names it.
        contact: ContactId,
        /// Where to.
        #[arg(value_parser = group)]
        group: GroupName,
    },
    /// Takes a contact out of a group.
    Remove {
        /// Whom.
        contact: ContactId,
        /// Where from.
        #[arg(value_parser = group)]
        group: GroupName,
    },
    /// Makes an empty group.
    CreateGroup {
        /// Its name.
        #[arg(value_parser = group)]
        group: GroupName,
    },
    /// Renames a group.
    RenameGroup {
        /// Its name so far.
        #[arg(value_parser = group)]
        group: GroupName,
        /// Its name from now on.
        #[arg(value_parser = group)]
        name: GroupName,
    },
    /// Deletes a group with everybody in it.
    DeleteGroup {
        /// Which.
        #[arg(value_parser = group)]
        group: GroupName,
    },
    /// Moves a group, or with --contact a contact inside it.
    Move {
        /// Which group.
        #[arg(value_parser = group)]
        group: GroupName,
        /// The place, from 1.
        to: usize,
        /// Which contact.
        #[arg(long)]
        contact: Option<ContactId>,
    },
    /// Sets the number that is called; without one, the first.
    DefaultNumber {
        /// Whose.
        contact: ContactId,
        /// Which.
        #[arg(value_parser = |text: &str| PhoneNumber::new(text))]
        number: Option<PhoneNumber>,
    },
}

/// Carries out one command, and shows the favourites as they are then.
pub(crate) async fn favourites(
    account: &Account,
    output: &Output,
    command: &FavouritesCommand,
) -> Result<(), Failure> {
    let client = account.sign_in_for(output, Capability::Favourites).await?;
    let done = carry_out(&client, command).await;
    if done.is_ok() {
        list(output, &client.view());
    }
    client.sign_out().await;
    done
}

async fn carry_out(client: &Client, command: &FavouritesCommand) -> Result<(), Failure> {
    if let Some(change) = command.change() {
        client.change_favourites(change).await?;
    }
    Ok(())
}

impl FavouritesCommand {
    /// What it changes, if anything.
    fn change(&self) -> Option<FavouriteChange> {
        Some(match self {
            Self::List => return None,
            Self::Add { contact, group } => FavouriteChange::Add {
                contact: contact.clone(),
                group: group.clone(),
            },
            Self::Remove { contact, group } => FavouriteChange::Remove {
                contact: contact.clone(),
                group: group.clone(),
            },
            Self::CreateGroup { group } => FavouriteChange::CreateGroup(group.clone()),
            Self::RenameGroup { group, name } => FavouriteChange::RenameGroup {
                group: group.clone(),
                name: name.clone(),
            },
            Self::DeleteGroup { group } => FavouriteChange::DeleteGroup(group.clone()),
            Self::Move { group, to, contact } => {
                let (group, to) = (group.clone(), to.saturating_sub(1));
                match contact.clone() {
                    None => FavouriteChange::MoveGroup { group, to },
                    Some(contact) => FavouriteChange::MoveMember { contact, group, to },
                }
            }
            Self::DefaultNumber { contact, number } => FavouriteChange::SetDefaultNumber {
                contact: contact.clone(),
                number: number.clone(),
            },
        })
    }
}

fn list(output: &Output, view: &View) {
    if view.favourites().groups().is_empty() {
        output.progress("There are no favourites; add one with uc favourites add.");
    }
    for group in view.favourites().groups() {
        let members: Vec<_> = group
            .members
            .iter()
            .map(|member| line(view, member))
            .collect();
        let plain = std::iter::once(group.name.as_str().to_owned()).chain(members);
        let plain: Vec<_> = plain.collect();
        output.line(&plain.join("\n  "), &value(view, group));
    }
}

fn line(view: &View, member: &Favourite) -> String {
    let known = view.contact(&member.contact);
    let name = known.and_then(|known| known.contact.display_name());
    let name = name.map_or_else(|| member.contact.to_string(), |name| name.into_inner());
    let number = known.and_then(|known| view.favourites().number_to_call(&known.contact));
    let number = number.map(|number| number.as_str().to_owned());
    let id = &member.contact;
    format!("{name:<28} {:<20} {id}", number.unwrap_or_default())
}

fn value(view: &View, group: &FavouriteGroup) -> Value {
    let member = |member: &Favourite| {
        let known = view.contact(&member.contact);
        let name = known.and_then(|known| known.contact.display_name());
        let number = known.and_then(|known| view.favourites().number_to_call(&known.contact));
        let user = known.and_then(|known| known.contact.user.clone());
        let presence = user.and_then(|user| view.presence(&user).cloned());
        json!({
            "contact": member.contact.as_str(),
            "name": name.map(|name| name.into_inner()),
            "number": number.as_ref().map(PhoneNumber::as_str),
            "presence": presence.map(|presence| crate::people::state_name(presence.state)),
        })
    };
    let members: Vec<Value> = group.members.iter().map(member).collect();
    json!({ "group": group.name.as_str(), "members": members })
}

fn group(text: &str) -> Result<GroupName, String> {
    GroupName::new(text).map_err(|error| error.to_string())
}
