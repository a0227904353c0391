//! A person's settings and server profiles on one computer.

mod file;
mod profile;

use std::{collections::BTreeMap, sync::Arc};

use thiserror::Error;
use tokio::sync::{Mutex, watch};
use uc_model::{Redacted, ServerSettings, Settings};

pub use self::profile::{ProfileError, ProfileId, ServerProfile, ServerProfiles};
use crate::{
    cache::Cached,
    client::{Client, ClientBuilder},
    port::{Batch, Durability, SecretStore, SecretStoreError, Store, StoreError},
    trust::Pins,
};

/// Why settings or profiles can't be read or changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PreferencesError {
    /// The profile can't be so.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key store.
    #[error(transparent)]
    Secrets(#[from] SecretStoreError),
    /// No password is kept for the profile: it was never entered, or the user has signed out.
    #[error("no password is kept for this profile: enter it")]
    NoPassword,
}

/// A person's settings and server profiles, in a [`Store`]; the profiles' passwords in a
/// [`SecretStore`] and nowhere else.
///
/// Everything that shows them (a settings page, a sign-in screen) [watches](Preferences::watch) one
/// of these, and so shows the same (CONN-8). Changes are made one after the other, and are on the
/// disk when they are acknowledged.
///
/// What of the settings belongs to a person ([`Settings::is_personal`]) is kept for the user of each
/// profile, and the server's copy counts: [`take_over`](Preferences::take_over) it after each
/// sign-in, and [set](Client::set_settings) it there where the server keeps one.
///
/// Quitting ([dropping](Client) the client) keeps the password, and the next start signs in by
/// itself ([`Preferences::automatic`]); [signing out](Preferences::sign_out) forgets it (CONN-7).
#[derive(Debug)]
pub struct Preferences {
    store: Arc<dyn Store>,
    secrets: Arc<dyn SecretStore>,
    shown: watch::Sender<Shown>,
    /// What a newer version wrote; held by whoever changes something.
    changing: Mutex<file::Unknown>,
    replaced: Replaced,
}

/// Settings and profiles as they are now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shown {
    /// The settings, as the user of the profile in use has them.
    pub settings: Settings,
    /// The profiles.
    pub profiles: Arc<ServerProfiles>,
    /// The settings of this computer; what belongs to a person is what a new profile begins with.
    computer: Settings,
    /// What belongs to the profiles' users.
    personal: BTreeMap<ProfileId, ServerSettings>,
}

impl Shown {
    fn settings_of(&self, id: Option<ProfileId>) -> Settings {
        let mut settings = self.computer.clone();
        if let Some(personal) = id.and_then(|id| self.personal.get(&id)) {
            settings.adopt(personal);
        }
        settings
    }

    fn refresh(&mut self) {
        self.settings = self.settings_of(self.profiles.in_use());
    }
}

/// What could not be read at the start, for the person to know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Replaced {
    /// Settings that are at their defaults now.
    pub settings: usize,
    /// Profiles that were left out.
    pub profiles: usize,
    /// Nothing of the settings could be read: all are at their defaults.
    pub all_settings: bool,
    /// Nothing of the profiles could be read: there are none.
    pub all_profiles: bool,
}

impl Preferences {
    /// Reads them. What can't be read gets its default and is [named](Preferences::replaced); it
    /// stays in the store until something is changed.
    ///
    /// # Errors
    /// The store's.
    pub async fn open(
        store: Arc<dyn Store>,
        secrets: Arc<dyn SecretStore>,
    ) -> Result<Self, StoreError> {
        let mut replaced = Replaced::default();
        let settings = read_settings(store.get(SETTINGS).await?.as_deref(), &mut replaced);
        let (profiles, unknown) =
            read_profiles(store.get(PROFILES).await?.as_deref(), &mut replaced);
        let mut personal = BTreeMap::new();
        for (id, _) in profiles.iter() {
            if let Some(bytes) = store.get(&settings_name(id)).await? {
                match read_personal(&bytes) {
                    Some(read) => drop(personal.insert(id, read)),
                    None => replaced.settings += 1,
                }
            }
        }
        let mut shown = Shown {
            settings: Settings::default(),
            profiles: Arc::new(profiles),
            computer: settings,
            personal,
        };
        shown.refresh();
        Ok(Self {
            store,
            secrets,
            shown: watch::Sender::new(shown),
            changing: Mutex::new(unknown),
            replaced,
        })
    }

    /// What could not be read at the start.
    pub const fn replaced(&self) -> Replaced {
        self.replaced
    }

    /// The settings, as the user of the profile in use has them.
    pub fn settings(&self) -> Settings {
        self.shown.borrow().settings.clone()
    }

    /// The settings, as the user of a profile has them.
    pub fn settings_of(&self, id: ProfileId) -> Settings {
        self.shown.borrow().settings_of(Some(id))
    }

    /// The profiles.
    pub fn profiles(&self) -> Arc<ServerProfiles> {
        Arc::clone(&self.shown.borrow().profiles)
    }

    /// Settings and profiles now and whenever they change.
    pub fn watch(&self) -> watch::Receiver<Shown> {
        self.shown.subscribe()
    }

    /// Changes settings by `change`: this computer's, and those of the user of the profile in use.
    ///
    /// # Errors
    /// The store's; nothing is changed then.
    pub async fn set(&self, change: impl FnOnce(&mut Settings)) -> Result<(), StoreError> {
        self.change_settings(self.profiles().in_use(), change).await
    }

    /// Changes settings by `change`: this computer's, and those of the user of a profile.
    ///
    /// # Errors
    /// No such profile, or the store's; nothing is changed then.
    pub async fn set_of(
        &self,
        id: ProfileId,
        change: impl FnOnce(&mut Settings),
    ) -> Result<(), PreferencesError> {
        self.profiles().get(id).ok_or(ProfileError::NoSuchProfile)?;
        Ok(self.change_settings(Some(id), change).await?)
    }

    /// Takes over what the server keeps of the settings of a profile's user, if anything
    /// (INST-2); what belongs to this computer stays.
    ///
    /// # Errors
    /// No such profile, or the store's; nothing is changed then.
    pub async fn take_over(&self, id: ProfileId, client: &Client) -> Result<(), PreferencesError> {
        self.profiles().get(id).ok_or(ProfileError::NoSuchProfile)?;
        let Some(servers) = client.view().account().settings.clone() else {
            return Ok(());
        };
        let _one_at_a_time = self.changing.lock().await;
        if self.shown.borrow().personal.get(&id) == Some(&servers) {
            return Ok(());
        }
        let (key, written) = (settings_name(id), servers.write());
        self.store.put(&key, written.as_bytes()).await?;
        self.shown.send_modify(|shown| {
            shown.personal.insert(id, servers);
            shown.refresh();
        });
        Ok(())
    }

    async fn forget_settings(&self, id: ProfileId) -> Result<(), StoreError> {
        let _one_at_a_time = self.changing.lock().await;
        self.store.remove(&settings_name(id)).await?;
        self.shown.send_modify(|shown| {
            shown.personal.remove(&id);
            shown.refresh();
        });
        Ok(())
    }

    async fn change_settings(
        &self,
        id: Option<ProfileId>,
        change: impl FnOnce(&mut Settings),
    ) -> Result<(), StoreError> {
        let _one_at_a_time = self.changing.lock().await;
        let mut next = self.shown.borrow().clone();
        let before = next.settings_of(id);
        let mut settings = before.clone();
        change(&mut settings);
        let personal = ServerSettings::of;
        if let Some(id) = id
            && personal(&settings) != personal(&before)
        {
            let kept = next.personal.entry(id).or_default();
            *kept = std::mem::take(kept).with(&settings);
        }
        if id.is_some() {
            // What belongs to the person isn't this computer's.
            settings.adopt(&personal(&next.computer));
        }
        next.computer = settings;
        let mut batch = Batch::new();
        batch.put(SETTINGS, next.computer.write().as_bytes());
        if let Some((id, kept)) = id.and_then(|id| Some((id, next.personal.get(&id)?))) {
            batch.put(settings_name(id), kept.write().as_bytes());
        }
        self.store.write(batch, Durability::Lasting).await?;
        next.refresh();
        self.shown.send_replace(next);
        Ok(())
    }

    /// Adds a profile; the first one is in use at once.
    ///
    /// # Errors
    /// Why it can't be, or the store's.
    pub async fn add(&self, profile: ServerProfile) -> Result<ProfileId, PreferencesError> {
        self.change_profiles(|profiles| profiles.add(profile)).await
    }

    /// Replaces a profile. Certificates accepted at addresses that stay its own stay accepted; with
    /// another user the kept password and the user's settings go.
    ///
    /// # Errors
    /// Why it can't be, or the stores'.
    pub async fn change(
        &self,
        id: ProfileId,
        profile: ServerProfile,
    ) -> Result<(), PreferencesError> {
        let user = profile.user().clone();
        let before = self.profiles();
        self.change_profiles(|profiles| profiles.change(id, profile))
            .await?;
        if before.get(id).is_some_and(|before| *before.user() != user) {
            self.forget_settings(id).await?;
            self.forget_password(id).await?;
        }
        Ok(())
    }

    /// Removes a profile, with its password, its user's settings and what was kept of its sessions. If it was in use,
    /// the first of the others is.
    ///
    /// # Errors
    /// No such profile, or the stores'.
    pub async fn remove(&self, id: ProfileId) -> Result<(), PreferencesError> {
        self.change_profiles(|profiles| profiles.remove(id)).await?;
        self.forget_settings(id).await?;
        Cached::forget(&*self.store, &cache_name(id)).await?;
        self.forget_password(id).await
    }

    /// Uses another profile from now on: sign in with its [`builder`](Preferences::builder).
    ///
    /// # Errors
    /// No such profile, or the store's.
    pub async fn choose(&self, id: ProfileId) -> Result<(), PreferencesError> {
        self.change_profiles(|profiles| profiles.choose(id)).await
    }

    /// Keeps the certificates that a client has accepted ([`Client::pins`]).
    ///
    /// # Errors
    /// No such profile, or the store's.
    pub async fn keep_pins(&self, id: ProfileId, pins: &Pins) -> Result<(), PreferencesError> {
        let known = self.profiles();
        let known = known.get(id).ok_or(ProfileError::NoSuchProfile)?;
        let kept = known.clone().with_pins(pins);
        if kept == *known {
            return Ok(());
        }
        self.change_profiles(|profiles| profiles.change(id, kept))
            .await
    }

    /// Keeps a profile's password in the key store.
    ///
    /// # Errors
    /// No such profile, or the key store's: a computer may have none.
    pub async fn keep_password(
        &self,
        id: ProfileId,
        password: &Redacted<String>,
    ) -> Result<(), PreferencesError> {
        self.profiles().get(id).ok_or(ProfileError::NoSuchProfile)?;
        Ok(self.secrets.put(&secret_name(id), password).await?)
    }

    /// A profile's password, if one is kept.
    ///
    /// # Errors
    /// The key store's; that there is none on this computer is no error, but no password.
    pub async fn password(
        &self,
        id: ProfileId,
    ) -> Result<Option<Redacted<String>>, SecretStoreError> {
        match self.secrets.get(&secret_name(id)).await {
            Err(SecretStoreError::Absent) => Ok(None),
            other => other,
        }
    }

    /// Forgets a profile's password, if one is kept.
    ///
    /// # Errors
    /// The key store's; that there is none on this computer is no error.
    pub async fn forget_password(&self, id: ProfileId) -> Result<(), PreferencesError> {
        match self.secrets.remove(&secret_name(id)).await {
            Ok(()) | Err(SecretStoreError::Absent) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The profile that the program signs in at by itself when it starts: the one in use, if the
    /// settings say so and its password is kept.
    ///
    /// # Errors
    /// The key store's.
    pub async fn automatic(&self) -> Result<Option<ProfileId>, SecretStoreError> {
        let in_use = self.profiles().in_use();
        let Some(id) = in_use.filter(|_| self.settings().automatic_sign_in) else {
            return Ok(None);
        };
        Ok(self.password(id).await?.map(|_| id))
    }

    /// What signs in with a profile, but for its password: its addresses, its accepted
    /// certificates, and what was kept of earlier sessions.
    ///
    /// # Errors
    /// No such profile.
    pub fn builder_without_password(&self, id: ProfileId) -> Result<ClientBuilder, ProfileError> {
        let profiles = self.profiles();
        let profile = profiles.get(id).ok_or(ProfileError::NoSuchProfile)?;
        let user = profile.user().as_str();
        let builder = ClientBuilder::at(profile.lan().clone(), profile.wan().cloned(), user)
            .pins(profile.pins().clone())
            .cache(Arc::clone(&self.store), &cache_name(id));
        Ok(match profile.controlled_phone() {
            Some(phone) => builder.controlled_phone(phone.as_str()),
            None => builder,
        })
    }

    /// What signs in with a profile and its kept password.
    ///
    /// # Errors
    /// No such profile, no password, or the key store's.
    pub async fn builder(&self, id: ProfileId) -> Result<ClientBuilder, PreferencesError> {
        let builder = self.builder_without_password(id)?;
        let password = self.password(id).await?;
        Ok(builder.password(password.ok_or(PreferencesError::NoPassword)?))
    }

    /// Signs a client out and forgets the profile's password: it is needed again (CONN-7).
    ///
    /// # Errors
    /// The key store's; the client is signed out all the same.
    pub async fn sign_out(&self, id: ProfileId, client: &Client) -> Result<(), PreferencesError> {
        client.sign_out().await;
        self.forget_password(id).await
    }

    async fn change_profiles<T>(
        &self,
        change: impl FnOnce(&mut ServerProfiles) -> Result<T, ProfileError>,
    ) -> Result<T, PreferencesError> {
        let unknown = self.changing.lock().await;
        let mut profiles = ServerProfiles::clone(&self.profiles());
        let done = change(&mut profiles)?;
        let written = file::write(&profiles, &unknown);
        self.store.put(PROFILES, &written).await?;
        self.shown.send_modify(|shown| {
            shown.profiles = Arc::new(profiles);
            shown.refresh();
        });
        Ok(done)
    }
}

fn read_settings(bytes: Option<&[u8]>, replaced: &mut Replaced) -> Settings {
    let Some(bytes) = bytes else {
        return Settings::default();
    };
    let read = std::str::from_utf8(bytes).ok();
    match read.and_then(|text| Settings::read(text).ok()) {
        Some(read) => {
            replaced.settings = read.replaced.len();
            read.settings
        }
        None => {
            replaced.all_settings = true;
            Settings::default()
        }
    }
}

fn read_personal(bytes: &[u8]) -> Option<ServerSettings> {
    ServerSettings::read(std::str::from_utf8(bytes).ok()?).ok()
}

fn read_profiles(bytes: Option<&[u8]>, replaced: &mut Replaced) -> (ServerProfiles, file::Unknown) {
    let Some(bytes) = bytes else {
        return Default::default();
    };
    match file::read(bytes) {
        Some((profiles, unknown, unreadable)) => {
            replaced.profiles = unreadable;
            (profiles, unknown)
        }
        None => {
            replaced.all_profiles = true;
            Default::default()
        }
    }
}

/// Under which name the settings of a profile's user are kept.
fn settings_name(id: ProfileId) -> String {
    format!("settings/profile-{}", id.0)
}

/// Under which name a profile's sessions are kept.
fn cache_name(id: ProfileId) -> String {
    format!("profile-{}", id.0)
}

/// Under which name a profile's password is kept.
fn secret_name(id: ProfileId) -> String {
    format!("profile-{}", id.0)
}

const SETTINGS: &str = "settings";
const PROFILES: &str = "profiles";

#[cfg(test)]
mod tests;
