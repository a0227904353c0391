use thiserror::Error;
use uc_model::{
    Action, AssignedPhoneError, ChatError, DigitsError, ExtensionError, FailureCause,
    FavouriteError, ForwardingError, FunctionKeyError, ImportError, MessageTextError,
    PasswordChangeError, PersonalDirectoryError, PhoneNumberError, PresenceError, ProfileError,
    VoipOff,
};

use crate::port::{BackendError, Certificate, DialFailure, MediaError, ServerAddress};

/// Why a sign-in failed. Every text says what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignInError {
    /// The text of the server's address can't be read.
    #[error("the server's address can't be read: write name, name:port or [IPv6]:port")]
    Address,
    /// The user name is empty.
    #[error("the user name is missing: it is the internal number, for example 330")]
    NoUser,
    /// No password was given.
    #[error("the password is missing: enter it, or name the environment variable that holds it")]
    NoPassword,
    /// The text of a fingerprint can't be read.
    #[error("a certificate's fingerprint (SHA-256) has 64 hexadecimal digits: compare it again")]
    Fingerprint,
    /// Called outside a tokio runtime.
    #[error(
        "there is no tokio runtime here: call this inside one, for example under #[tokio::main]"
    )]
    NoRuntime,
    /// A certificate that nobody has accepted yet.
    #[error(
        "the server's certificate is not known yet: compare its SHA-256 fingerprint with the \
         administrator's, then accept it"
    )]
    UnknownCertificate {
        /// Where it was shown.
        address: ServerAddress,
        /// The certificate.
        certificate: Certificate,
    },
    /// Another certificate than the accepted one.
    #[error(
        "the server's certificate is not the one that was accepted: it was renewed, or somebody is \
         in the path; ask the administrator before accepting it"
    )]
    ChangedCertificate {
        /// Where it was shown.
        address: ServerAddress,
        /// SHA-256 of the accepted one.
        expected: [u8; 32],
        /// The new one.
        certificate: Certificate,
    },
    /// No address answers.
    #[error("{}", unreachable_text(lan, wan.as_ref()))]
    Unreachable {
        /// What happened at the first address.
        lan: DialFailure,
        /// What happened at the second, where there is one.
        wan: Option<DialFailure>,
    },
    /// The initial password has to be changed, and no new one was given (CONN-4).
    #[error(
        "the initial password has to be changed first: choose a new one and give it with the \
         sign-in"
    )]
    PasswordChangeRequired,
    /// The initial password has to be changed in another client (CONN-4).
    #[error(
        "the initial password has to be changed first: this system wants that done with another \
         client of the same account"
    )]
    PasswordChangeElsewhere,
    /// What was entered for the telephone to be controlled is no internal number.
    #[error("the number of the telephone to be controlled is an internal one, for example 361")]
    PhoneNumber(#[from] ExtensionError),
    /// The telephone that was to be controlled can't be (CONN-10).
    #[error(transparent)]
    AssignedPhone(#[from] AssignedPhoneError),
    /// The new password that was given can't be used.
    #[error(transparent)]
    NewPassword(#[from] PasswordChangeError),
    /// The server refused, or the connection failed on the way.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The client was shut down before.
    #[error("the sign-in was given up because the client was closed")]
    Closed,
}

fn unreachable_text(lan: &DialFailure, wan: Option<&DialFailure>) -> String {
    match wan {
        None => lan.to_string(),
        Some(wan) => format!("LAN address: {lan}; WAN address: {wan}"),
    }
}

/// Why a change of the password failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// What was entered doesn't follow the rules; nothing was sent.
    #[error(transparent)]
    Entered(#[from] PasswordChangeError),
    /// The old password is wrong.
    #[error("the old password is wrong: enter it again")]
    OldPassword,
    /// It could not be asked, or the server refused.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

/// Why a service of the server failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The connection is lost; it is being restored.
    #[error("the connection to the server is lost and being restored: try again in a moment")]
    NotConnected,
    /// The capability set doesn't have it.
    #[error("this server doesn't offer that")]
    Unsupported,
    /// Too many requests wait already.
    #[error("too many requests wait for the server: wait for one of them")]
    TooMany,
    /// The client was closed.
    #[error("the client is closed: sign in again")]
    Closed,
    /// The presence can't be set so; nothing was sent.
    #[error(transparent)]
    Presence(#[from] PresenceError),
    /// The server refused, or the connection failed on the way.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why a change of the user's own data failed. Nothing has changed, unless the connection failed on
/// the way: then the view tells what is so once it is live again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EditError {
    /// The server refused, can't, or wasn't reached.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// A personal contact can't be so; nothing was sent.
    #[error(transparent)]
    Contact(#[from] PersonalDirectoryError),
    /// The favourites can't be changed so; nothing was sent.
    #[error(transparent)]
    Favourite(#[from] FavouriteError),
    /// A file of contacts can't be read; nothing was sent.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The profile can't be so; nothing was sent.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// What was entered is no telephone number; nothing was sent.
    #[error("this can't be dialled: {0}")]
    Number(#[from] PhoneNumberError),
    /// Calls can't be forwarded so; nothing was sent.
    #[error(transparent)]
    Forwarding(#[from] ForwardingError),
    /// The system sends no calls there.
    #[error(
        "CallMe can't go there: enter the number of one telephone that isn't your own, a group's or \
         forwarded itself"
    )]
    CallMe,
    /// A key can't be programmed so; nothing was sent.
    #[error(transparent)]
    Key(#[from] FunctionKeyError),
    /// What was entered is no internal number; nothing was sent.
    #[error("enter the telephone's internal number, for example 361")]
    Extension(#[from] ExtensionError),
    /// This telephone can't be controlled; nothing was sent.
    #[error(transparent)]
    AssignedPhone(#[from] AssignedPhoneError),
}

impl From<BackendError> for EditError {
    fn from(error: BackendError) -> Self {
        Self::Service(error.into())
    }
}

/// Why a message isn't taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The text is none.
    #[error(transparent)]
    Text(#[from] MessageTextError),
    /// It can't go there, or not now.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// The client was closed.
    #[error("the client is closed: sign in again")]
    Closed,
}

/// Why a request about a call failed. The call is in the state it had before.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CallError {
    /// The number can't be dialled.
    #[error("this can't be dialled: {0}")]
    Number(#[from] PhoneNumberError),
    /// That can't be sent as keys.
    #[error(transparent)]
    Digits(#[from] DigitsError),
    /// Calls don't go through the built-in client (VOIP-1).
    #[error(transparent)]
    VoipOff(#[from] VoipOff),
    /// The call would need sound, and the client has none.
    #[error("the client has no sound: choose sound devices, files or an engine when signing in")]
    NoSound,
    /// The capability set doesn't have it.
    #[error("this server doesn't offer that")]
    Unsupported,
    /// Not now: see [`uc_model::Call::allowed_actions`].
    #[error("this isn't possible in the call's present state")]
    NotAllowed {
        /// What was asked.
        action: Action,
    },
    /// An earlier request about the same call is not finished.
    #[error("an earlier request about this call is not finished: wait for it")]
    Pending {
        /// What was asked earlier.
        action: Action,
    },
    /// Too many calls or requests.
    #[error("too many calls at once: end one of them")]
    TooMany,
    /// The connection is lost; it is being restored.
    #[error("the connection to the server is lost and being restored: try again in a moment")]
    NotConnected,
    /// The call is over.
    #[error("{0}")]
    Ended(FailureCause),
    /// The sound connection failed.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// No answer or no confirming event came in time.
    #[error("the server didn't confirm it in time: look at the call before trying again")]
    TimedOut,
    /// The client was closed.
    #[error("the client is closed: sign in again")]
    Closed,
    /// The server refused, or the connection failed on the way.
    #[error(transparent)]
    Backend(#[from] BackendError),
}
