use std::{
    io,
    path::{Path, PathBuf},
};

use thiserror::Error;
use uc_model::{DeliveryFailure, LinkError, PhoneNumber, PhotoError, SettingError, Settings};
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
    /// Neither a profile nor a user.
    #[error(
        "nobody is named who signs in: give --user and --server, or make a profile with uc profile \
         add"
    )]
    NoAccount,
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
    #[error("{}{}", .0, hint(.0))]
    Service(#[from] ServiceError),
    /// A change of what the server keeps.
    #[error("{}{}", .0, match .0 { EditError::Service(error) => hint(error), _ => "" })]
    Edit(#[from] EditError),
    /// A message.
    #[error("{0}")]
    Message(#[from] MessageError),
    /// A message that didn't arrive.
    #[error("the message to {to} didn't arrive: {why}")]
    Delivery {
        /// The number.
        to: PhoneNumber,
        /// Why.
        why: DeliveryFailure,
    },
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
    /// A setting.
    #[error("{0}")]
    Setting(#[from] SettingError),
    /// A setting that isn't there.
    #[error("there is no such setting; the settings are {0}")]
    NoSuchSetting(String),
    /// A personal setting, and nobody who keeps it.
    #[error("this server keeps no settings: make a profile of it, which does (uc profile add)")]
    NoServerSettings,
    /// Something else than a freedesktop.org system.
    #[error("uc can't have itself started at log-in on this system: use the system's own settings")]
    NoAutostart,
    /// A file.
    #[error("the file {path} can't be read or written: {reason}")]
    File {
        /// Which.
        path: PathBuf,
        /// What the operating system says.
        reason: io::Error,
    },
    /// No photo.
    #[error("this user has no photo")]
    NoPhoto,
    /// No such contact.
    #[error("there is no such contact; uc search and uc contacts list name them")]
    NoContact,
    /// No such conversation.
    #[error("there is no such conversation; list them again")]
    NoConversation,
    /// A telephony link.
    #[error("{0}")]
    Link(#[from] LinkError),
    /// A telephony link, and the settings don't want it dialled.
    #[error("telephony links aren't dialled: allow it with uc settings set telephony-links on")]
    LinksOff,
    /// A call.
    #[error("{0}")]
    Call(#[from] CallError),
    /// A call that is over meanwhile.
    #[error("there is no such call any more")]
    NoCall,
    /// No call at all.
    #[error("there is no call")]
    NoCalls,
    /// Calls, but none that allows it.
    #[error("none of the calls allows that now; uc calls lists them")]
    NotNow,
    /// A call whose sound is in another program.
    #[error(
        "another program of yours carries that call: ask for it there (uc call and uc answer take \
         the same commands, a line each, uc console has keys for them)"
    )]
    CarriedElsewhere,
    /// A typed line.
    #[error("{0}; help lists what can be typed")]
    Line(String),
    /// A place in the list of numbers dialled last.
    #[error("so many numbers were not dialled yet; uc redial lists them")]
    NotDialled,
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
    /// The computer's headsets.
    #[cfg(feature = "headset")]
    #[error("{0}")]
    Headset(#[from] headset::UsbError),
    /// This build can't use headsets.
    #[cfg(not(feature = "headset"))]
    #[error("this build of uc controls no calls by headsets: build it with --features headset")]
    NoHeadsets,
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
    /// The prompt.
    #[error("no password: there is nobody to ask; use --password-file or UC_PASSWORD")]
    NoPassword,
    /// Nobody to ask for the new password.
    #[error("no new password: there is nobody to ask; use --new-password-file")]
    NoNewPassword,
    /// The console, and nobody who looks at it.
    #[error(
        "the console needs a terminal to draw on and to read keys from: programs use uc call, uc \
         answer and uc watch with --json"
    )]
    NoTerminal,
    /// The terminal.
    #[error("the terminal can't be used: {0}")]
    Terminal(io::Error),
    /// An option.
    #[error("{0}")]
    Option(&'static str),
    /// The connection ended before what was asked for.
    #[error("the session ended before")]
    Ended,
}

/// What to do besides, where the library can't know it.
const fn hint(error: &ServiceError) -> &'static str {
    match error {
        ServiceError::Unsupported => ": uc sign-in lists what it does",
        _ => "",
    }
}

impl Failure {
    /// A file that the operating system refuses.
    pub(crate) fn file(path: &Path, reason: io::Error) -> Self {
        Self::File {
            path: path.to_owned(),
            reason,
        }
    }

    /// No setting has this name.
    pub(crate) fn no_such_setting() -> Self {
        let known = Settings::default();
        let names: Vec<_> = known.entries().map(|(name, _)| name).collect();
        Self::NoSuchSetting(names.join(", "))
    }
}
