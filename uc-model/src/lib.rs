//! What a unified-communications client knows, and the rules it obeys.
//!
//! Pure data and logic: no I/O, no clock, no async, no randomness. Times are passed in as
//! [`Timestamp`]s. Used by clients and servers alike, so that both sides obey one rule.
//!
//! Not here: what crosses the wire (`uc-protocol`), what has a life-cycle (`uc-session`).
#![forbid(unsafe_code)]

mod call;
mod capability;
mod contact;
mod conversation;
mod id;
mod number;
mod presence;
mod redacted;
mod search;
mod sign_in;
mod state;
mod time;

pub use call::{
    Action, AllowedActions, Call, CallDirection, Connection, ConnectionState, DeviceKind,
    FailureCause, Party,
};
pub use capability::{Capability, CapabilitySet, Mode};
pub use contact::{Contact, Directory, NumberKind, TypedNumber};
pub use conversation::{CallOutcome, Conversation, ConversationEntry};
pub use id::{CallId, ContactId, ConversationId, EntryId, IdError, UserId};
pub use number::{Extension, ExtensionError, PhoneNumber, PhoneNumberError};
pub use presence::{Presence, PresenceError, PresenceState};
pub use redacted::Redacted;
pub use search::{Matches, SearchIndex, SearchQuery};
pub use sign_in::{UserName, UserNameError};
pub use state::{Change, Snapshot, State, Update, UserPresence};
pub use time::{Rev, Timestamp};
