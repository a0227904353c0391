use std::fmt;

use thiserror::Error;
use uc_model::{Extension, UserName, UserNameError};

use crate::{client::parse_address, port::ServerAddress, trust::Pins};

/// Why a server profile can't be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// A name without letters, longer than 64 characters, or with control characters.
    #[error("a profile's name has 1 to {MAX_NAME} characters")]
    Name,
    /// Another profile has this name.
    #[error("there is a profile of this name already; choose another name")]
    NameTaken,
    /// The user name can't be.
    #[error(transparent)]
    User(#[from] UserNameError),
    /// An address can't be read.
    #[error("the server's address can't be read: write name, name:port or [IPv6]:port")]
    Address,
    /// What was entered for the telephone to be controlled is no internal number.
    #[error("the telephone to be controlled is given by its internal number, for example 361")]
    Phone,
    /// As many as are possible.
    #[error("there can be {} profiles; remove one first", ServerProfiles::MOST)]
    TooMany,
    /// There is no such profile.
    #[error("there is no such profile (any more)")]
    NoSuchProfile,
}

/// Says which profile is meant, whatever it is called; never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProfileId(pub u32);

/// A connection to a server as a person sets it up (CONN-1). Its password is kept elsewhere.
///
/// `Debug` shows neither name nor user.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerProfile {
    name: String,
    user: UserName,
    lan: ServerAddress,
    wan: Option<ServerAddress>,
    phone: Option<Extension>,
    pins: Pins,
}

impl ServerProfile {
    /// A profile called `name` for `user` at the address `lan` and outside the office at `wan`; an
    /// address is read as [`Client::builder`](crate::Client::builder) reads it, port 8802 where none
    /// is said.
    ///
    /// # Errors
    /// What can't be read.
    pub fn new(name: &str, user: &str, lan: &str, wan: Option<&str>) -> Result<Self, ProfileError> {
        let name = name.trim();
        let fits = (1..=MAX_NAME).contains(&name.chars().count());
        if !fits || name.chars().any(char::is_control) {
            return Err(ProfileError::Name);
        }
        let address = |text| parse_address(text).ok_or(ProfileError::Address);
        Ok(Self {
            name: name.to_owned(),
            user: UserName::new(user)?,
            lan: address(lan)?,
            wan: wan.map(address).transpose()?,
            phone: None,
            pins: Pins::new(),
        })
    }

    /// What a person calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Who signs in.
    pub const fn user(&self) -> &UserName {
        &self.user
    }

    /// The address in the office.
    pub const fn lan(&self) -> &ServerAddress {
        &self.lan
    }

    /// The address outside.
    pub const fn wan(&self) -> Option<&ServerAddress> {
        self.wan.as_ref()
    }

    /// The telephone that is controlled, where the user has several (CONN-10).
    pub const fn controlled_phone(&self) -> Option<&Extension> {
        self.phone.as_ref()
    }

    /// The same with another telephone to control; an empty text takes it away.
    ///
    /// # Errors
    /// [`ProfileError::Phone`] for what is no internal number.
    pub fn with_controlled_phone(mut self, number: &str) -> Result<Self, ProfileError> {
        let number = number.trim();
        let phone = (!number.is_empty()).then(|| Extension::new(number));
        self.phone = phone.transpose().map_err(|_| ProfileError::Phone)?;
        Ok(self)
    }

    /// The certificates accepted for it, by address.
    pub const fn pins(&self) -> &Pins {
        &self.pins
    }

    /// The same with other accepted certificates; those of addresses that aren't its own are left
    /// out.
    #[must_use]
    pub fn with_pins(mut self, pins: &Pins) -> Self {
        self.pins = Pins::new();
        for address in [Some(&self.lan), self.wan.as_ref()].into_iter().flatten() {
            if let Some(pin) = pins.get(address) {
                self.pins.insert(address.clone(), *pin);
            }
        }
        self
    }

    fn is_called(&self, name: &str) -> bool {
        self.name.to_lowercase() == name.trim().to_lowercase()
    }
}

impl fmt::Debug for ServerProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerProfile")
            .field("lan", &self.lan)
            .field("wan", &self.wan)
            .finish_non_exhaustive()
    }
}

/// Up to four profiles in the order in which they were made, and which of them is in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerProfiles {
    pub(super) profiles: Vec<(ProfileId, ServerProfile)>,
    pub(super) in_use: Option<ProfileId>,
    pub(super) last_id: u32,
}

impl ServerProfiles {
    /// Most profiles (CONN-1).
    pub const MOST: usize = 4;

    /// All of them, in the order in which they were made.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ProfileId, &ServerProfile)> {
        self.profiles.iter().map(|(id, profile)| (*id, profile))
    }

    /// One of them.
    pub fn get(&self, id: ProfileId) -> Option<&ServerProfile> {
        let found = self.profiles.iter().find(|(known, _)| *known == id);
        found.map(|(_, profile)| profile)
    }

    /// The one of this name, in whatever case.
    pub fn find(&self, name: &str) -> Option<ProfileId> {
        let found = self
            .profiles
            .iter()
            .find(|(_, known)| known.is_called(name));
        found.map(|(id, _)| *id)
    }

    /// The one in use.
    pub const fn in_use(&self) -> Option<ProfileId> {
        self.in_use
    }

    pub(super) fn add(&mut self, profile: ServerProfile) -> Result<ProfileId, ProfileError> {
        if self.find(&profile.name).is_some() {
            return Err(ProfileError::NameTaken);
        }
        if self.profiles.len() >= Self::MOST {
            return Err(ProfileError::TooMany);
        }
        self.last_id += 1;
        let id = ProfileId(self.last_id);
        self.profiles.push((id, profile));
        self.in_use.get_or_insert(id);
        Ok(id)
    }

    /// Another user or address takes the accepted certificates of the same addresses along.
    pub(super) fn change(
        &mut self,
        id: ProfileId,
        profile: ServerProfile,
    ) -> Result<(), ProfileError> {
        if self.find(&profile.name).is_some_and(|taken| taken != id) {
            return Err(ProfileError::NameTaken);
        }
        let known = self.profiles.iter_mut().find(|(known, _)| *known == id);
        let (_, known) = known.ok_or(ProfileError::NoSuchProfile)?;
        let mut pins = known.pins.clone();
        for (address, pin) in profile.pins.iter() {
            pins.insert(address.clone(), *pin);
        }
        *known = profile.with_pins(&pins);
        Ok(())
    }

    pub(super) fn remove(&mut self, id: ProfileId) -> Result<(), ProfileError> {
        self.get(id).ok_or(ProfileError::NoSuchProfile)?;
        self.profiles.retain(|(known, _)| *known != id);
        if self.in_use == Some(id) {
            self.in_use = self.profiles.first().map(|(id, _)| *id);
        }
        Ok(())
    }

    pub(super) fn choose(&mut self, id: ProfileId) -> Result<(), ProfileError> {
        self.get(id).ok_or(ProfileError::NoSuchProfile)?;
        self.in_use = Some(id);
        Ok(())
    }
}

/// The longest name, in characters (our choice).
const MAX_NAME: usize = 64;
