use clap::{Args, Subcommand};
use serde_json::{Value, json};
use uc_model::{Extension, Redacted};
use uc_session::{
    Pins, Preferences, PreferencesError, ProfileError, ProfileId, ServerProfile,
    port::{SecretStoreError, ServerAddress},
};

use crate::{account::Account, failure::Failure, output::Output};

/// What to do with the server profiles.
#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// Lists them.
    List,
    /// Adds one from --server, --wan, --user, --phone and --pin, and keeps its password in the key store.
    Add(Named),
    /// Changes what is given of --server, --wan, --user, --phone ("" for none), --pin, the password, and
    /// the name.
    Change {
        #[command(flatten)]
        named: Named,
        /// What it shall be called.
        #[arg(long, value_name = "NAME")]
        rename: Option<String>,
    },
    /// Removes one, with its password and what was kept of its sessions.
    Remove(Named),
    /// Signs in with this one from now on.
    Use(Named),
    /// Signs out: forgets the password, so that it is needed again.
    Forget(Named),
}

#[derive(Debug, Args)]
pub(crate) struct Named {
    /// What it is called.
    name: String,
}

/// Lists or changes the profiles.
pub(crate) async fn profile(
    account: &Account,
    output: &Output,
    command: &ProfileCommand,
) -> Result<(), Failure> {
    let preferences = account.computer.preferences().await?;
    match command {
        ProfileCommand::List => {}
        ProfileCommand::Add(Named { name }) => add(account, output, &preferences, name).await?,
        ProfileCommand::Change { named, rename } => {
            let id = find(&preferences, &named.name)?;
            let name = rename.as_deref().unwrap_or(&named.name);
            change(account, output, &preferences, id, name).await?;
        }
        ProfileCommand::Remove(Named { name }) => {
            preferences.remove(find(&preferences, name)?).await?;
        }
        ProfileCommand::Use(Named { name }) => {
            preferences.choose(find(&preferences, name)?).await?;
        }
        ProfileCommand::Forget(Named { name }) => {
            preferences
                .forget_password(find(&preferences, name)?)
                .await?;
        }
    }
    list(output, &preferences).await
}

/// The profile of this name.
pub(crate) fn find(preferences: &Preferences, name: &str) -> Result<ProfileId, Failure> {
    let id = preferences.profiles().find(name);
    Ok(id.ok_or(PreferencesError::Profile(ProfileError::NoSuchProfile))?)
}

async fn add(
    account: &Account,
    output: &Output,
    preferences: &Preferences,
    name: &str,
) -> Result<(), Failure> {
    let user = account.user.as_deref().unwrap_or_default();
    let server = account.server.as_deref().unwrap_or_default();
    let profile = ServerProfile::new(name, user, server, account.wan.as_deref())
        .and_then(|profile| {
            profile.with_controlled_phone(account.phone.as_deref().unwrap_or_default())
        })
        .map_err(PreferencesError::from)?;
    let profile = pinned(account, profile)?;
    let id = preferences.add(profile).await?;
    keep_password(account, output, preferences, id, true).await
}

async fn change(
    account: &Account,
    output: &Output,
    preferences: &Preferences,
    id: ProfileId,
    name: &str,
) -> Result<(), Failure> {
    let profiles = preferences.profiles();
    let known = profiles
        .get(id)
        .ok_or(PreferencesError::Profile(ProfileError::NoSuchProfile))?;
    let server = account
        .server
        .clone()
        .unwrap_or_else(|| known.lan().to_string());
    let wan = account
        .wan
        .clone()
        .or_else(|| known.wan().map(ServerAddress::to_string));
    let user = account.user.as_deref().unwrap_or(known.user().as_str());
    let known = known.controlled_phone().map(Extension::as_str);
    let phone = account.phone.as_deref().or(known).unwrap_or_default();
    let profile = ServerProfile::new(name, user, &server, wan.as_deref())
        .and_then(|profile| profile.with_controlled_phone(phone))
        .map_err(PreferencesError::from)?;
    preferences.change(id, pinned(account, profile)?).await?;
    keep_password(account, output, preferences, id, false).await
}

/// With the certificate of --pin accepted at its addresses.
fn pinned(account: &Account, profile: ServerProfile) -> Result<ServerProfile, Failure> {
    let Some(pin) = account.pinned()? else {
        return Ok(profile);
    };
    let mut pins = Pins::new();
    for address in [Some(profile.lan()), profile.wan()].into_iter().flatten() {
        pins.insert(address.clone(), pin);
    }
    Ok(profile.with_pins(&pins))
}

/// Keeps the password that was given; a person may be asked for one. A computer without a key
/// store is no failure: the password is needed again each time.
async fn keep_password(
    account: &Account,
    output: &Output,
    preferences: &Preferences,
    id: ProfileId,
    ask: bool,
) -> Result<(), Failure> {
    let password: Redacted<String> = match account.given_password()? {
        Some(password) => password,
        None if ask => match account.asked_password() {
            Ok(password) => password,
            Err(_) => return Ok(()),
        },
        None => return Ok(()),
    };
    match preferences.keep_password(id, &password).await {
        Err(PreferencesError::Secrets(error @ SecretStoreError::Absent)) => {
            output.progress(&format!("The password isn't kept: {error}."));
            Ok(())
        }
        other => Ok(other?),
    }
}

async fn list(output: &Output, preferences: &Preferences) -> Result<(), Failure> {
    let profiles = preferences.profiles();
    for (id, profile) in profiles.iter() {
        let kept = preferences.password(id).await?.is_some();
        let in_use = profiles.in_use() == Some(id);
        output.line(&line(profile, in_use, kept), &value(profile, in_use, kept));
    }
    if profiles.iter().len() == 0 {
        output.progress("There is no profile; add one with uc profile add.");
    }
    Ok(())
}

fn line(profile: &ServerProfile, in_use: bool, kept: bool) -> String {
    let mark = if in_use { '*' } else { ' ' };
    let wan = profile
        .wan()
        .map_or(String::new(), |wan| format!(", outside {wan}"));
    let password = if kept { "" } else { ", no password kept" };
    let phone = profile.controlled_phone().map(Extension::as_str);
    let phone = phone.map_or(String::new(), |phone| format!(" with telephone {phone}"));
    let (name, user) = (profile.name(), profile.user().as_str());
    format!(
        "{mark} {name:<16} {user}{phone} at {}{wan}{password}",
        profile.lan()
    )
}

fn value(profile: &ServerProfile, in_use: bool, kept: bool) -> Value {
    json!({
        "name": profile.name(),
        "user": profile.user().as_str(),
        "lan": profile.lan().to_string(),
        "wan": profile.wan().map(ToString::to_string),
        "phone": profile.controlled_phone().map(Extension::as_str),
        "pins": profile.pins().iter().count(),
        "in_use": in_use,
        "password_kept": kept,
    })
}
