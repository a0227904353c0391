use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of telephone a number belongs to, and has the keys (KEYS-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PhoneKind {
    /// A system telephone: the only one whose keys can be programmed.
    System,
    /// A SIP telephone.
    Sip,
    /// An ISDN telephone.
    Isdn,
    /// An analogue telephone.
    Analogue,
    /// A DECT telephone.
    Dect,
    /// None: the number is a client's with sound.
    Webrtc,
    /// One that this version doesn't know.
    #[serde(other)]
    Other,
}

/// What a key does.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeyFunction {
    /// Nothing.
    #[default]
    None,
    /// Dials a number.
    Number {
        /// Which.
        number: String,
    },
    /// Switches to the second level.
    Shift,
    /// A function of the system.
    Feature {
        /// Its name there, at most 64 characters.
        name: String,
    },
    /// Belongs to an application inside the telephone: read, never programmed.
    LocalApplication,
}

impl fmt::Debug for KeyFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Number { .. } => "Number",
            Self::Shift => "Shift",
            Self::Feature { .. } => "Feature",
            Self::LocalApplication => "LocalApplication",
        })
    }
}

/// A key of a telephone or key module; the body of `PUT /uc/v1/me/keys/{number}`, counted from 1.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionKey {
    /// What stands beside the key, at most 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The first level.
    #[serde(default)]
    pub first: KeyFunction,
    /// The external number of the second level.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<String>,
}

impl fmt::Debug for FunctionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionKey")
            .field("first", &self.first)
            .finish_non_exhaustive()
    }
}

/// The keys of the user's desk phone, then of its modules: `GET /uc/v1/me/keys` (KEYS-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionKeys {
    /// The kind of telephone.
    pub phone: PhoneKind,
    /// Its keys, at most 500.
    pub keys: Vec<FunctionKey>,
}
