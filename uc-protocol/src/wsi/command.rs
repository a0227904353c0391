use std::fmt;

use thiserror::Error;

use super::{Name, Names, Query, presence::Presence};
use crate::{
    limits::{MAX_ID_BYTES, MAX_NUMBER_BYTES, MAX_TEXT_BYTES},
    ucx::Secret,
};

/// A request, as one side writes and the other reads it.
///
/// `Debug` shows which command it is, nothing of its parameters.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Signs in.
    Login {
        /// The user name: the internal number.
        user: String,
        /// The password.
        password: Secret,
    },
    /// Signs out.
    Logout,
    /// Begins the events of a device.
    EventStart {
        /// The internal number.
        device: String,
    },
    /// Ends the events of a device.
    EventStop {
        /// The internal number.
        device: String,
    },
    /// Waits for events.
    GetEvents {
        /// The internal number.
        device: String,
    },
    /// Begins the hook events of others' devices.
    HookSubscribe {
        /// The own internal number.
        user: String,
        /// The others'.
        devices: Vec<String>,
    },
    /// Calls a number; the answer waits until the call is there.
    MakeCall {
        /// The own device.
        from: String,
        /// The number.
        to: String,
    },
    /// Changes a call.
    Call {
        /// How.
        service: CallService,
        /// Which.
        connection: Connection,
    },
    /// Asks for the calls at a device.
    GetDeviceState {
        /// The internal number.
        device: String,
    },
    /// Sets the own presence.
    SetPresence {
        /// The own user name.
        user: String,
        /// The state.
        presence: Presence,
    },
    /// Asks for everybody's presence.
    GetPresence,
    /// Searches the telephone book.
    SearchBook {
        /// What was typed.
        text: String,
        /// At most so many.
        limit: u8,
    },
    /// Asks for something cheap: whether the server still answers.
    GetServerParam,
}

/// A service that changes one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallService {
    /// `AnswerCall`.
    Answer,
    /// `ClearConnection`.
    Clear,
    /// `HoldCall`.
    Hold,
    /// `RetrieveCall`.
    Retrieve,
}

/// A device's part in a call (ECMA-269 §6.1.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The call.
    pub call: String,
    /// The device: an internal number.
    pub device: String,
}

/// Why a query is no command that can be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CommandError {
    /// WSI has no such command.
    #[error("the interface has no such command")]
    Unknown,
    /// A command of WSI that isn't read here.
    #[error("this command isn't served here")]
    NotServed,
    /// A parameter is missing.
    #[error("a parameter is missing")]
    Missing,
    /// A parameter is too long, or not what it should be.
    #[error("a parameter has a value that isn't allowed")]
    Value,
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({})", self.name())
    }
}

impl CallService {
    const ALL: [Self; 4] = [Self::Answer, Self::Clear, Self::Hold, Self::Retrieve];

    const fn command(self) -> &'static str {
        match self {
            Self::Answer => "AnswerCall",
            Self::Clear => "ClearConnection",
            Self::Hold => "HoldCall",
            Self::Retrieve => "RetrieveCall",
        }
    }

    const fn parameter(self) -> Name {
        match self {
            Self::Answer => Name::CallToBeAnswered,
            Self::Clear => Name::ConnectionToBeCleared,
            Self::Hold => Name::CallToBeHeld,
            Self::Retrieve => Name::CallToBeRetrieved,
        }
    }

    /// The parameters of call and device.
    fn parts(self, names: &Names) -> [String; 2] {
        let (root, between) = (names.of(self.parameter()), names.of(Name::PartSeparator));
        [Name::CallId, Name::ConnectionDevice]
            .map(|part| format!("{root}{between}{}", names.of(part)))
    }
}

impl Command {
    /// The command's name in the URL; its answer is named so too.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Login { .. } => "Login",
            Self::Logout => "Logout",
            Self::EventStart { .. } => "EventStart",
            Self::EventStop { .. } => "EventStop",
            Self::GetEvents { .. } => "GetEvents",
            Self::HookSubscribe { .. } => "HookSubscribe",
            Self::MakeCall { .. } => "MakeCall",
            Self::Call { service, .. } => service.command(),
            Self::GetDeviceState { .. } => "GetDeviceState",
            Self::SetPresence { .. } => "SetPresence",
            Self::GetPresence => "GetPresenceXML",
            Self::SearchBook { .. } => "PhBookSearch",
            Self::GetServerParam => "GetServerParam",
        }
    }

    /// Whether the command changes nothing, so that it may be sent once more.
    pub const fn only_reads(&self) -> bool {
        matches!(
            self,
            Self::GetDeviceState { .. }
                | Self::GetPresence
                | Self::SearchBook { .. }
                | Self::GetServerParam
        )
    }

    /// Writes the request, with the session where there is one.
    pub fn query(&self, names: &Names, session: Option<&Secret>) -> Query {
        let query = self.parameters(Query::new(self.name()), names);
        match session {
            Some(session) => query.with(SESSION, &session.0),
            None => query,
        }
    }

    fn parameters(&self, query: Query, names: &Names) -> Query {
        match self {
            Self::Login { user, password } => {
                query.with("gsUser", user).with("gsPass", &password.0)
            }
            Self::EventStart { device }
            | Self::EventStop { device }
            | Self::GetEvents { device } => query.with(EVENT_DEVICE, device),
            Self::HookSubscribe { user, devices } => {
                query.with("user", user).with("devices", &devices.join(","))
            }
            Self::MakeCall { from, to } => query
                .with("callingDevice", from)
                .with("calledDirectoryNumber", to),
            Self::Call {
                service,
                connection,
            } => {
                let [call, device] = service.parts(names);
                query
                    .with(&call, &connection.call)
                    .with(&device, &connection.device)
            }
            Self::GetDeviceState { device } => query.with(names.of(Name::StateDevice), device),
            Self::SetPresence { user, presence } => query
                .with("user", user)
                .with("presence", &presence.number().to_string()),
            Self::SearchBook { text, limit } => query
                .with(names.of(Name::BookSearch), text)
                .with(names.of(Name::BookLimit), &limit.to_string()),
            Self::Logout | Self::GetPresence | Self::GetServerParam => query,
        }
    }

    /// Reads a request and the session it carries.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub fn read(query: &Query, names: &Names) -> Result<(Self, Option<Secret>), CommandError> {
        let session = query.parameter(SESSION).map(|id| Secret(id.to_owned()));
        Ok((Self::of(query, names)?, session))
    }

    fn of(query: &Query, names: &Names) -> Result<Self, CommandError> {
        let text = |name: &str, limit: usize| {
            let text = query.parameter(name).ok_or(CommandError::Missing)?;
            let fits = text.len() <= limit;
            fits.then(|| text.to_owned()).ok_or(CommandError::Value)
        };
        let device = || text(EVENT_DEVICE, MAX_NUMBER_BYTES);
        Ok(match query.command() {
            "Login" => Self::Login {
                user: text("gsUser", MAX_ID_BYTES)?,
                password: Secret(text("gsPass", MAX_TEXT_BYTES)?),
            },
            "Logout" => Self::Logout,
            "EventStart" => Self::EventStart { device: device()? },
            "EventStop" => Self::EventStop { device: device()? },
            "GetEvents" => Self::GetEvents { device: device()? },
            "HookSubscribe" => Self::HookSubscribe {
                user: text("user", MAX_ID_BYTES)?,
                devices: list(&text("devices", MAX_TEXT_BYTES)?),
            },
            "MakeCall" | "MkCall" => Self::MakeCall {
                from: text("callingDevice", MAX_NUMBER_BYTES)?,
                to: text("calledDirectoryNumber", MAX_NUMBER_BYTES)?,
            },
            "GetDeviceState" => Self::GetDeviceState {
                device: text(names.of(Name::StateDevice), MAX_NUMBER_BYTES)?,
            },
            "SetPresence" => Self::SetPresence {
                user: text("user", MAX_ID_BYTES)?,
                presence: Presence::from_digits(&text("presence", 1)?)
                    .ok_or(CommandError::Value)?,
            },
            "GetPresenceXML" => Self::GetPresence,
            "PhBookSearch" => Self::SearchBook {
                text: text(names.of(Name::BookSearch), MAX_TEXT_BYTES)?,
                limit: text(names.of(Name::BookLimit), 3)?
                    .parse()
                    .map_err(|_| CommandError::Value)?,
            },
            "GetServerParam" => Self::GetServerParam,
            other => return Self::call(other, names, text),
        })
    }

    fn call(
        command: &str,
        names: &Names,
        text: impl Fn(&str, usize) -> Result<String, CommandError>,
    ) -> Result<Self, CommandError> {
        let service = CallService::ALL
            .into_iter()
            .find(|s| s.command() == command);
        let Some(service) = service else {
            let known = OTHERS.contains(&command);
            return Err(if known {
                CommandError::NotServed
            } else {
                CommandError::Unknown
            });
        };
        let [call, device] = service.parts(names);
        Ok(Self::Call {
            service,
            connection: Connection {
                call: text(&call, MAX_ID_BYTES)?,
                device: text(&device, MAX_NUMBER_BYTES)?,
            },
        })
    }
}

fn list(text: &str) -> Vec<String> {
    let items = text.split(',').filter(|item| !item.is_empty());
    items.map(str::to_owned).collect()
}

const SESSION: &str = "gsSession";
const EVENT_DEVICE: &str = "deviceObject";

/// The commands of WSI that have no variant yet.
const OTHERS: [&str; 27] = [
    "AlternateCall",
    "AttendedTransfer",
    "ClearDisplay",
    "ConferenceCall",
    "ConsultationCall",
    "DeflectCall",
    "EndConference",
    "GetDoNotDisturb",
    "GetFilter",
    "GetForwarding",
    "HookUnsubscribe",
    "JournalFetch",
    "JournalGroupByDate",
    "JournalRead",
    "MonitorStart",
    "MonitorStop",
    "PhBookDetail",
    "PhBookLookup",
    "PresenceDBGet",
    "PresenceDBSet",
    "ReconnectCall",
    "SetCallMe",
    "SetDisplay",
    "SetDoNotDisturb",
    "SetFilter",
    "SetForwarding",
    "TransferCall",
];
