use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    AccountResource, CallResource, ConversationResource, EventId, FavouritesResource, KnownContact,
    Location, PhoneKind, PresenceResource,
};

/// A text that must never be seen: a password or a session token. `Debug` hides it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The server's mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// UC Smart.
    Smart,
    /// UC Suite.
    Suite,
}

/// What the administrator has switched on; the client derives its capability set from it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Configuration {
    /// Instant messages.
    pub chat: bool,
    /// A VoIP licence: calls through the built-in client.
    pub voip: bool,
    /// A conference licence.
    pub conferences: bool,
    /// Control of desk phones.
    pub desk_phones: bool,
    /// Mobility.
    pub mobility: bool,
    /// MULAP groups.
    pub mulap: bool,
    /// Web Collaboration.
    pub web_collaboration: bool,
    /// Programming of function keys.
    pub key_programming: bool,
    /// One conversation a number, however it is written; else one for each way to write it.
    pub conversations_by_number: bool,
}

/// `GET /uc/v1/hello`: who answers here. Needs no session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The product's name.
    pub server: String,
    /// The product's version.
    pub version: String,
    /// The versions of UCX spoken here; this file describes 1.
    pub ucx: Vec<u32>,
    /// The mode.
    pub mode: Mode,
    /// What is switched on.
    pub configuration: Configuration,
    /// How numbers are dialled, where the administrator has said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
}

/// `POST /uc/v1/session`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// The user name: in practice the internal number.
    pub user: String,
    /// The password.
    pub password: Secret,
    /// Name and version of the client program.
    pub client: String,
}

/// What has to be bought and assigned to a user before a function works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Licence {
    /// Signing in at all.
    User,
    /// Calls through the built-in client.
    Voip,
    /// Conferences as their moderator.
    Conference,
    /// A mailbox.
    Voicemail,
    /// One that this version doesn't know.
    #[serde(other)]
    Other,
}

/// The answer to a sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The token for `Authorization: Bearer`.
    pub session: Secret,
    /// The user.
    pub me: Me,
    /// The password must be changed before anything else (CONN-4).
    #[serde(default)]
    pub must_change_password: bool,
    /// The licences that the user hasn't got: what needs them is refused with `no-licence`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_licences: Vec<Licence>,
    /// The kind of telephone that the user's number belongs to, where the server says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<PhoneKind>,
    /// The telephones of a MULAP's user. A client controls the one that its event stream names, else
    /// the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assigned_phones: Vec<AssignedPhone>,
}

/// One of the telephones that share the number of a MULAP's user (CONN-10).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssignedPhone {
    /// Its own number.
    pub number: String,
    /// What it is; `webrtc`: a client with sound.
    pub kind: PhoneKind,
}

impl fmt::Debug for AssignedPhone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssignedPhone")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// The signed-in user.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// The user's id.
    pub user: String,
    /// The internal number.
    pub extension: String,
    /// The display name.
    pub name: String,
}

impl fmt::Debug for Me {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Me")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// `GET /uc/v1/snapshot`: the user's whole state as of `as_of`. A client subscribes first,
/// buffers, fetches this, and applies the buffered events that are newer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The event after which this state holds.
    pub as_of: EventId,
    /// The user.
    pub me: Me,
    /// What the server keeps for the user.
    #[serde(default)]
    pub account: AccountResource,
    /// Everybody's presence, the user's own among them.
    pub presences: Vec<PresenceResource>,
    /// The user's calls that are not over.
    pub calls: Vec<CallResource>,
    /// The user's conversations.
    pub conversations: Vec<ConversationResource>,
    /// The personal contacts, and those of other directories that are favourites.
    #[serde(default)]
    pub contacts: Vec<KnownContact>,
    /// The favourites.
    #[serde(default)]
    pub favourites: FavouritesResource,
}
