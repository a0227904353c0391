//! The seams. Each trait is owned here, by its consumer; each has a fake or null implementation
//! and a conformance suite that every implementation runs.

mod backend;
mod edit;
mod media;
mod sound;
mod store;

pub use backend::{
    AccountUpdate, Backend, BackendError, BackendEvent, Beside, CallUpdate, Certificate,
    ContactFileBytes, Cursor, DialFailure, EventSink, FarEnd, FetchedPhoto, LinkId, Operation,
    Outcome, PresenceUpdate, RequestKey, ServerAddress, ServerChange, Service, SignedIn,
    StateSnapshot,
};
pub use edit::{AccountEdit, ContactEdit, ConversationEdit, Edit, MessageEdit};
pub use media::{
    Candidates, DescriptionKind, MediaEngine, MediaError, MediaEvent, MediaIntent, MediaSession,
    MediaStats, SessionDescription,
};
pub use sound::{Alert, SoundChange, SoundDevice, SoundRole};
pub use store::{Batch, Durability, SecretStore, SecretStoreError, Store, StoreError};
