//! The settings (SET-1): what belongs to the person is kept for each profile's user, and by the
//! server; the rest is this computer's.

use clap::Subcommand;
use serde_json::json;
use uc_model::{Capability, Settings};
use uc_session::{Client, PreferencesError};

use crate::{
    account::{Account, Way},
    desktop,
    failure::Failure,
    output::Output,
};

/// What to do with the settings.
#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// Lists them all.
    List,
    /// Prints one.
    Get {
        /// Its name, as `list` prints it.
        name: String,
    },
    /// Sets one; what follows its user is set at the server too.
    Set {
        /// Its name, as `list` prints it.
        name: String,
        /// What it shall be; a value that can't be is answered by those that can.
        value: String,
    },
}

/// Carries out one command.
pub(crate) async fn settings(
    account: &Account,
    output: &Output,
    command: &SettingsCommand,
) -> Result<(), Failure> {
    match command {
        SettingsCommand::List => {
            for (name, value) in current(account, output).await?.entries() {
                tell(output, name, &value);
            }
        }
        SettingsCommand::Get { name } => {
            let current = current(account, output).await?;
            let found = current.entries().find(|(known, _)| known == name);
            let (_, value) = found.ok_or_else(Failure::no_such_setting)?;
            output.line(&value, &json!({ "name": name, "value": value }));
        }
        SettingsCommand::Set { name, value } => {
            // What can't be needs no server.
            set_in(&mut Settings::default(), name, value)?;
            match Settings::is_personal(name) {
                true => set_personal(account, output, name, value).await?,
                false => set_here(account, name, value).await?,
            }
            tell(output, name, value);
        }
    }
    Ok(())
}

fn tell(output: &Output, name: &str, value: &str) {
    let follows = Settings::is_personal(name);
    let whose = if follows {
        "follows you"
    } else {
        "this computer"
    };
    output.line(
        &format!("{name:<18} {value:<16} ({whose})"),
        &json!({ "name": name, "value": value, "personal": follows }),
    );
}

fn set_in(settings: &mut Settings, name: &str, value: &str) -> Result<(), Failure> {
    match settings.set_named(name, value) {
        Err(uc_model::SettingError::NoSuchSetting) => Err(Failure::no_such_setting()),
        other => Ok(other?),
    }
}

/// The settings in force: a profile's as of its last sign-in, or what the named server keeps.
async fn current(account: &Account, output: &Output) -> Result<Settings, Failure> {
    if let Some((preferences, id)) = account.chosen_profile().await? {
        return Ok(preferences.settings_of(id));
    }
    if !account.names_somebody() {
        let known = account.computer.known_preferences().await?;
        return Ok(known.map(|known| known.settings()).unwrap_or_default());
    }
    let way = account.way().await?;
    let client = way.sign_in(output, Ok).await?;
    client.sign_out().await;
    Ok(way.settings(&client))
}

/// A setting of this computer, and what obeys it outside of this program.
async fn set_here(account: &Account, name: &str, value: &str) -> Result<(), Failure> {
    if name == "start-at-log-in" {
        desktop::start_at_log_in(value == "on", &account.computer.folder()?)?;
    }
    let preferences = account.computer.preferences().await?;
    let mut settings = preferences.settings();
    set_in(&mut settings, name, value)?;
    Ok(preferences.set(|known| *known = settings).await?)
}

/// A setting that belongs to the person: where the server keeps it, its word counts.
async fn set_personal(
    account: &Account,
    output: &Output,
    name: &str,
    value: &str,
) -> Result<(), Failure> {
    if account.chosen_profile().await?.is_none() && !account.names_somebody() {
        return set_here(account, name, value).await;
    }
    let way = account.way().await?;
    let client = way.sign_in(output, Ok).await?;
    let done = set_for(&way, &client, name, value).await;
    client.sign_out().await;
    done
}

async fn set_for(way: &Way, client: &Client, name: &str, value: &str) -> Result<(), Failure> {
    let mut settings = way.settings(client);
    set_in(&mut settings, name, value)?;
    let kept_there = client.capabilities().has(Capability::ServerSettings);
    if kept_there {
        let servers = client.view().account().settings.clone();
        client
            .set_settings(servers.unwrap_or_default().with(&settings))
            .await?;
    }
    match way.profile() {
        Some((preferences, id)) if kept_there => Ok(preferences.take_over(*id, client).await?),
        Some((preferences, id)) => {
            let set = preferences.set_of(*id, |known| *known = settings);
            Ok::<(), PreferencesError>(set.await?).map_err(Failure::from)
        }
        None if kept_there => Ok(()),
        None => Err(Failure::NoServerSettings),
    }
}
