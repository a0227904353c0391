use uc_model::{Action, CallId, PhoneNumber, Presence, Redacted};

use crate::{
    client::Found,
    error::{CallError, ServiceError, SignInError},
    port::ServerAddress,
    trust::{Pins, Trust},
};

/// What a core is made of.
#[derive(Debug, Clone)]
pub struct Config {
    /// The first address.
    pub lan: ServerAddress,
    /// The second address.
    pub wan: Option<ServerAddress>,
    /// The user name.
    pub user: String,
    /// The password.
    pub password: Redacted<String>,
    /// What to do with a certificate without a pin.
    pub trust: Trust,
    /// The accepted certificates.
    pub pins: Pins,
    /// Whether there is something that makes sound.
    pub sound: bool,
}

/// What the application asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Sign in.
    SignIn,
    /// Search the directories.
    Search {
        /// What was typed.
        query: Redacted<String>,
        /// At most this many, 1 to 100.
        limit: u32,
    },
    /// Set the own presence.
    SetPresence(Presence),
    /// Make a call.
    Call {
        /// The number.
        to: PhoneNumber,
    },
    /// A service about a call.
    Act {
        /// Which call.
        call: CallId,
        /// What.
        action: Action,
    },
    /// Cut the microphone off or on.
    Mute {
        /// Which call.
        call: CallId,
        /// Off?
        muted: bool,
    },
    /// The network has changed.
    NetworkChanged,
    /// End everything.
    Shutdown {
        /// Also the session at the server.
        sign_out: bool,
    },
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// Of [`Request::SignIn`].
    SignIn(Result<(), SignInError>),
    /// Of [`Request::Search`].
    Search(Result<Found, ServiceError>),
    /// Of [`Request::SetPresence`].
    Presence(Result<(), ServiceError>),
    /// Of [`Request::Call`].
    Call(Result<CallId, CallError>),
    /// Of [`Request::Act`] and [`Request::Mute`].
    Act(Result<(), CallError>),
}
