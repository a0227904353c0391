//! What a unified-communications client knows, and the rules it obeys.
//!
//! Pure data and logic: no I/O, no clock, no async, no randomness. Times are passed in as
//! [`Timestamp`]s. Used by clients and servers alike, so that both sides obey one rule.
//!
//! Not here: what crosses the wire (`uc-protocol`), what has a life-cycle (`uc-session`).
#![forbid(unsafe_code)]

mod account;
mod assigned_phone;
mod call;
mod capability;
mod chat;
mod contact;
mod conversation;
mod digits;
mod exercise;
mod favourite;
mod function_key;
mod hot_key;
mod id;
mod import;
mod licence;
mod number;
mod password;
mod personal;
#[cfg(feature = "photo")]
mod photo;
mod presence;
mod profile;
mod redacted;
mod search;
mod settings;
mod sign_in;
mod state;
mod table;
mod time;
mod voip;

pub use account::Account;
pub use assigned_phone::{AssignedPhone, AssignedPhoneError};
pub use call::{
    Action, AllowedActions, Call, CallDirection, Connection, ConnectionState, DeviceKind,
    FailureCause, Party,
};
pub use capability::{Capability, CapabilitySet, Configuration, Mode};
pub use chat::{
    ChatError, ChatMessage, Delivery, DeliveryFailure, MessageText, MessageTextError, Outbox,
    TextDirection,
};
pub use contact::{Contact, Directory, NumberKind, TypedNumber};
pub use conversation::{
    CallOutcome, CallRoute, Conversation, ConversationEntry, ConversationFilter,
    ConversationGrouping, ConversationList, History, HistoryKind,
};
pub use digits::{Digits, DigitsError};
#[cfg(feature = "photo")]
#[doc(hidden)]
pub use exercise::exercise_photo;
#[doc(hidden)]
pub use exercise::{exercise_import, exercise_settings};
pub use favourite::{
    Favourite, FavouriteChange, FavouriteError, FavouriteGroup, Favourites, GroupName,
};
pub use function_key::{
    FunctionKey, FunctionKeyError, FunctionKeys, KeyFunction, KeyLevel, PhoneKind,
};
pub use hot_key::{HotKey, HotKeyError, Modifiers};
pub use id::{CallId, ContactId, ConversationId, EntryId, IdError, UserId};
pub use import::{
    ContactDraft, ContactFile, ImportError, ImportFormat, SkipReason, TextEncoding, contacts_to_csv,
};
pub use licence::Licence;
pub use number::{
    Destination, DialForm, DialMethod, DialPlan, DialPlanError, Dialling, Extension,
    ExtensionError, Line, LinkError, LinkPlatform, LinkScheme, NumberKey, OutgoingPath,
    PhoneNumber, PhoneNumberError, RedialList,
};
pub use password::{InitialPassword, PasswordChange, PasswordChangeError, PasswordFault};
pub use personal::{ContactOrigin, ImportReport, PersonalDirectory, PersonalDirectoryError};
#[cfg(feature = "photo")]
pub use photo::{Photo, PhotoError};
pub use presence::{
    Announcement, CallMeDestination, CallMeError, Forwarding, ForwardingError, ForwardingTarget,
    LineState, Mailbox, Observer, Presence, PresenceError, PresenceRights, PresenceState,
    PresenceVisibility,
};
pub use profile::{Profile, ProfileError};
pub use redacted::Redacted;
pub use search::{Matches, Ranking, SearchIndex, SearchQuery};
pub use settings::{
    DateFormat, Language, LogLevel, PlantronicsHeadsets, PopUp, ReadSettings, ServerSettings,
    SettingError, Settings, SettingsError,
};
pub use sign_in::{UserName, UserNameError};
pub use state::{Change, KnownContact, Snapshot, State, Update, UserLine, UserPresence};
pub use time::{CalendarTime, Rev, Timestamp};
pub use voip::{Voip, VoipOff};
