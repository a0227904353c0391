//! UCX: JSON over HTTPS, with server-sent events.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /uc/v1/hello` | | [`Hello`] |
//! | `POST /uc/v1/session` | [`SignIn`] | 201 [`Session`] |
//! | `DELETE /uc/v1/session` | | 204 |
//! | `GET /uc/v1/snapshot` | | [`Snapshot`] |
//! | `GET /uc/v1/events` | | `text/event-stream` of [`Event`] |
//! | `GET /uc/v1/directory?q=&limit=&in=` | | [`SearchResults`] |
//! | `GET /uc/v1/directory/{id}` | | [`ContactResource`] |
//! | `GET /uc/v1/contacts` | | [`ContactList`] |
//! | `POST /uc/v1/contacts` | [`ContactDraft`] | 201 [`Changes`] |
//! | `PUT /uc/v1/contacts/{id}` | [`ContactDraft`] | [`Changes`] |
//! | `DELETE /uc/v1/contacts/{id}` | | [`Changes`] |
//! | `POST /uc/v1/contact-imports?format=&encoding=` | a file | [`ImportReport`] |
//! | `PUT /uc/v1/me/presence` | [`PresenceUpdate`] | [`PresenceResource`] |
//! | `GET /uc/v1/favourites` | | [`FavouritesResource`] |
//! | `POST /uc/v1/favourites` | [`FavouriteChange`] | [`Changes`] |
//! | `POST /uc/v1/messages` | [`SendMessage`] | [`Changes`] |
//! | `POST /uc/v1/conversations/{id}/received` | | [`Changes`] |
//! | `GET /uc/v1/me` | | [`AccountResource`] |
//! | `PUT /uc/v1/me/visibility` | [`VisibilityUpdate`] | [`Changes`] |
//! | `PUT /uc/v1/me/profile` | [`Profile`] | [`Changes`] |
//! | `PUT /uc/v1/me/settings` | [`SettingsUpdate`] | [`Changes`] |
//! | `PUT /uc/v1/me/photo` | a JPG or PNG file | [`Changes`] |
//! | `DELETE /uc/v1/me/photo` | | [`AccountResource`] |
//! | `PUT /uc/v1/me/password` | [`PasswordUpdate`] | 204 |
//! | `PUT /uc/v1/me/call-me` | [`CallMeUpdate`] | [`Changes`] |
//! | `PUT /uc/v1/me/forwarding` | [`ForwardingEntry`] | [`Changes`] |
//! | `PUT /uc/v1/me/dial-method` | [`DialMethodUpdate`] | [`Changes`] |
//! | `GET /uc/v1/me/keys` | | [`FunctionKeys`] |
//! | `PUT /uc/v1/me/keys/{number}` | [`FunctionKey`] | [`FunctionKeys`] |
//! | `GET /uc/v1/users/{id}/photo` | | a PNG file; 304 where `If-None-Match` names its revision |
//! | `POST /uc/v1/calls` | [`MakeCall`] | 201 [`CallResource`] |
//! | `GET /uc/v1/calls/{id}` | | [`CallResource`] |
//! | `POST /uc/v1/calls/{id}/answer` | [`Describe`] | [`CallResource`] |
//! | `POST /uc/v1/calls/{id}/clear` | [`Clear`] | [`CallResource`] |
//! | `POST /uc/v1/calls/{id}/hold` | | [`CallResource`] |
//! | `POST /uc/v1/calls/{id}/retrieve` | | [`CallResource`] |
//! | `POST /uc/v1/calls/{id}/deflect` | [`Deflect`] | [`CallResource`] |
//! | `POST /uc/v1/calls/{id}/consult` | [`MakeCall`] | 201 [`CallResource`], the new call |
//! | `POST /uc/v1/calls/{id}/alternate` | [`HeldCall`] | [`CallResource`] |
//! | `POST /uc/v1/calls/{id}/reconnect` | [`HeldCall`] | [`CallResource`] |
//! | `POST /uc/v1/calls/{id}/transfer` | [`HeldCall`] | [`CallResource`] |
//! | `POST /uc/v1/calls/{id}/single-step-transfer` | [`NewDestination`] | [`CallResource`] |
//! | `POST /uc/v1/calls/{id}/conference` | [`HeldCall`] | [`CallResource`] |
//! | `POST /uc/v1/calls/{id}/description` | [`Describe`] | [`CallResource`] |
//! | `POST /uc/v1/calls/{id}/candidates` | [`Candidates`] | 204 |
//! | `POST /uc/v1/calls/{id}/confirm` | | [`CallResource`] |
//! | `POST /uc/v1/pickups` | [`DirectedPickup`] | 201 [`CallResource`], ringing here |
//! | `GET /uc/v1/conversations` | | [`ConversationList`] |
//! | `DELETE /uc/v1/conversations` | | [`Changes`] |
//! | `DELETE /uc/v1/conversations/{id}` | | [`Changes`] |
//! | `POST /uc/v1/conversations/{id}/read` | | [`Changes`] |
//! | `DELETE /uc/v1/conversations/{id}/entries/{entry}` | | [`Changes`] |
//!
//! All but hello and sign-in carry `Authorization: Bearer <session>`. Errors are
//! [`Problem`]s (RFC 9457). `POST`s that make something carry an `Idempotency-Key`.

mod account;
mod calls;
mod check;
mod codec;
mod contacts;
mod directory;
mod events;
mod favourites;
mod keys;
mod location;
mod messages;
pub mod paths;
mod presence;
mod problem;
mod session;

pub use account::{
    AccountResource, CallMeUpdate, DialMethod, DialMethodUpdate, ForwardingEntry, ForwardingTarget,
    Mailbox, PasswordUpdate, Profile, SettingsUpdate, Visibility, VisibilityUpdate,
};
pub use calls::{
    CallOutcome, CallResource, CallRoute, Candidates, Cause, Clear, ConnectionState,
    ConversationEntry, ConversationList, ConversationResource, Deflect, Describe, Description,
    DescriptionKind, Device, DirectedPickup, Direction, HeldCall, MakeCall, Member, Message,
    NewDestination, Party,
};
pub(crate) use codec::decode_json;
pub use codec::{DecodeError, FieldError, Resource, decode, encode};
pub use contacts::{
    ContactDraft, ContactList, ContactOrigin, ImportReport, KnownContact, SkipReason, SkippedLine,
};
pub use directory::{ContactResource, Directory, Number, NumberKind, SearchResults};
pub use events::{Changes, Event, EventId, EventIdError};
pub use favourites::{Favourite, FavouriteChange, FavouriteGroup, FavouritesResource};
pub use keys::{FunctionKey, FunctionKeys, KeyFunction, PhoneKind};
pub use location::{Country, Location};
pub use messages::{Delivery, SendMessage};
pub use presence::{LineState, PresenceResource, PresenceState, PresenceUpdate};
pub use problem::{Problem, ProblemType};
pub use session::{
    AssignedPhone, Configuration, Hello, Licence, Me, Mode, Secret, Session, SignIn, Snapshot,
};
