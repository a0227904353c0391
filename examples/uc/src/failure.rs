use std::path::PathBuf;

use thiserror::Error;
use uc_model::{DeliveryFailure, PhotoError, SettingsError};
use uc_session::{
    CallError, EditError, MessageError, OpenStoreError, PasswordError, PreferencesError,
    ServiceError, SignInError,
    port::{MediaError, SecretStoreError, StoreError},
};

/// Why a command ended without success. The texts are for the person at the keyboard.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum Failure {
    /// Sign-in.
    #[error("{0}")]
    SignIn(#[from] SignInError),
    /// An unknown or changed certificate, and nobody to ask.
    #[error(
        "{error}\n  {certificate}\nIf it is the right one, say so with --pin {pin} (or UC_PIN)"
    )]
    Certificate {
        /// What the sign-in said.
        error: Box<SignInError>,
        /// Who it is for, and how long.
        certificate: String,
        /// The fingerprint in hexadecimal digits.
        pin: String,
    },
    /// Search or presence.
    #[error("{0}")]
    Service(#[from] ServiceError),
    /// A change of what the server keeps.
    #[error("{0}")]
    Edit(#[from] EditError),
    /// A message.
    #[error("{0}")]
    Message(#[from] MessageError),
    /// A message that didn't arrive.
    #[error("{0}")]
    Delivery(#[from] DeliveryFailure),
    /// A change of the password.
    #[error("{0}")]
    Password(#[from] PasswordError),
    /// The key store doesn't take the new password.
    #[error(
        "the server has the new password, but the key store still has the old one ({0}): enter the \
         new one with uc profile change NAME --password-file FILE"
    )]
    OldPasswordKept(Box<Failure>),
    /// A photo's file.
    #[error("{0}")]
    Photo(#[from] PhotoError),
    /// A file of settings.
    #[error("{0}")]
    Settings(#[from] SettingsError),
    /// A file.
    #[error("the file {0} can't be read or written")]
    File(PathBuf),
    /// No photo.
    #[error("this user has no photo")]
    NoPhoto,
    /// No such conversation.
    #[error("there is no such conversation; list them again")]
    NoConversation,
    /// A call.
    #[error("{0}")]
    Call(#[from] CallError),
    /// Sound files or devices.
    #[error("{0}")]
    Sound(#[from] MediaError),
    /// A device that isn't there.
    #[cfg(feature = "device")]
    #[error("there is no such device as {0:?}: uc devices lists them")]
    UnknownDevice(String),
    /// This build can't use the microphone.
    #[cfg(not(feature = "device"))]
    #[error(
        "this build of uc has no microphone and loudspeaker: build it with --features device (on \
         Linux that needs the ALSA development package), or give --play and --record"
    )]
    NoDevices,
    /// The file of settings can't be opened.
    #[error("{0}")]
    OpenStore(#[from] OpenStoreError),
    /// The file of settings.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The key store.
    #[error("{0}")]
    Secrets(#[from] SecretStoreError),
    /// Settings and profiles.
    #[error("{0}")]
    Preferences(#[from] PreferencesError),
    /// What the diagnosis has found was printed already.
    #[error("signing in doesn't work")]
    Diagnosed,
    /// The password file.
    #[error("the password file {0} can't be read")]
    PasswordFile(PathBuf),
    /// The prompt.
    #[error("no password: there is nobody to ask; use --password-file or UC_PASSWORD")]
    NoPassword,
    /// Nobody to ask for the new password.
    #[error("no new password: there is nobody to ask; use --new-password-file")]
    NoNewPassword,
    /// An option.
    #[error("{0}")]
    Option(&'static str),
    /// The connection ended before what was asked for.
    #[error("the session ended before")]
    Ended,
}
