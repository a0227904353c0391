use std::fmt;

use super::{Name, Names, WsiError};
use crate::{ucx::Secret, xml::Element};

/// What a command gives when it succeeds: an XML document.
pub trait Answer: Document {
    /// Reads the answer to `command`.
    ///
    /// # Errors
    /// See [`WsiError`]; a refusal is no error but the inner `Err`.
    fn decode(
        command: &str,
        bytes: &[u8],
        names: &Names,
    ) -> Result<Result<Self, Refusal>, WsiError> {
        let root = Element::parse(bytes)?;
        match Refusal::read(&root) {
            Some(refusal) => Ok(Err(refusal)),
            None => Self::read(command, &root, names).map(Ok),
        }
    }

    /// Writes the answer to `command`.
    fn encode(&self, command: &str, names: &Names) -> Vec<u8> {
        self.write(command, names).to_bytes()
    }
}

impl<T: Document> Answer for T {}

/// How an answer stands in XML. Private, so that nobody else implements [`Answer`].
pub trait Document: Sized {
    /// Reads the answer to `command`.
    ///
    /// # Errors
    /// See [`WsiError`].
    fn read(command: &str, root: &Element, names: &Names) -> Result<Self, WsiError>;

    /// Writes the answer to `command`.
    fn write(&self, command: &str, names: &Names) -> Element;
}

/// Why the server refuses. `Debug` shows nothing of a reason in words.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The session is over or unknown (`NOT_LOGGED_IN`).
    NotLoggedIn,
    /// The device isn't monitored by this session (`local="false"`).
    NotMonitored,
    /// A call service failed: the content of `CSTAErrorCode`.
    Call(String),
    /// Anything else: the content of `ERROR`.
    Other(String),
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotLoggedIn => "NotLoggedIn",
            Self::NotMonitored => "NotMonitored",
            Self::Call(_) => "Call(…)",
            Self::Other(_) => "Other(…)",
        })
    }
}

impl Refusal {
    fn read(root: &Element) -> Option<Self> {
        if says_not_logged_in(root) {
            return Some(Self::NotLoggedIn);
        }
        if root.attribute("local") == Some("false") {
            return Some(Self::NotMonitored);
        }
        // Both stand at the root or right below it: deeper, it is somebody's data.
        let near = |name: &str| match root.name == name {
            true => Some(root),
            false => root.child(name),
        };
        if let Some(code) = near("CSTAErrorCode") {
            return Some(Self::Call(words(code)));
        }
        near("ERROR").map(|error| Self::Other(words(error.child("REASON").unwrap_or(error))))
    }

    /// The refusal of a call service.
    pub fn of_call(failure: CallFailure, names: &Names) -> Self {
        Self::Call(names.text(&failure, FAILURES).to_owned())
    }

    /// Why a call service failed, where the code is a known one.
    pub fn call_failure(&self, names: &Names) -> Option<CallFailure> {
        match self {
            Self::Call(code) => names.find(code, FAILURES),
            _ => None,
        }
    }

    /// Writes the refusal of `command`.
    pub fn encode(&self, command: &str) -> Vec<u8> {
        let root = Element::new(root_of(command));
        let reason = |text| Element::new("ERROR").with_text("REASON", text);
        match self {
            Self::NotLoggedIn => root.with(reason(NOT_LOGGED_IN)),
            Self::NotMonitored => Element {
                attributes: vec![("local".to_owned(), "false".to_owned())],
                ..root
            },
            Self::Call(code) => root.with_text("CSTAErrorCode", code),
            Self::Other(text) if command == LOGIN => {
                root.with_text("ID", NO_SESSION).with(reason(text))
            }
            Self::Other(text) => root.with(reason(text)),
        }
        .to_bytes()
    }
}

/// Why a call service failed. The codes are inferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallFailure {
    /// Nobody has the number.
    NoSuchNumber,
    /// There is no such call.
    NoSuchCall,
    /// Not in the call's present state.
    WrongState,
    /// The other is busy.
    Busy,
    /// The other can't be reached.
    Unreachable,
}

const FAILURES: &[(Name, CallFailure)] = &[
    (Name::ErrorNumber, CallFailure::NoSuchNumber),
    (Name::ErrorCall, CallFailure::NoSuchCall),
    (Name::ErrorState, CallFailure::WrongState),
    (Name::ErrorBusy, CallFailure::Busy),
    (Name::ErrorUnreachable, CallFailure::Unreachable),
];

/// Where the words stand is unknown: at the root, right below it, or inside an error. Deeper,
/// somebody may be called so.
fn says_not_logged_in(root: &Element) -> bool {
    let says = |element: &Element| element.name == NOT_LOGGED_IN || element.text == NOT_LOGGED_IN;
    let attribute = |(_, value): &(String, String)| value == NOT_LOGGED_IN;
    says(root)
        || root.attributes.iter().any(attribute)
        || root.children.iter().any(|child| {
            says(child) || (child.name == "ERROR" && child.any(&|e| e.text.contains(NOT_LOGGED_IN)))
        })
        || (root.name == "ERROR" && root.text.contains(NOT_LOGGED_IN))
}

/// The text of an element or of the first of its children that has one, bounded.
fn words(element: &Element) -> String {
    let own = Some(element).filter(|element| !element.text.is_empty());
    let text = own.or_else(|| element.children.iter().find(|child| !child.text.is_empty()));
    let text = text.map_or("", |element| element.text.as_str());
    text.chars().take(MAX_REASON_CHARS).collect()
}

/// Nothing but "done": an empty element, named as the command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done;

impl Document for Done {
    fn read(command: &str, root: &Element, _: &Names) -> Result<Self, WsiError> {
        named_as(root, command)?;
        Ok(Self)
    }

    fn write(&self, command: &str, _: &Names) -> Element {
        Element::new(root_of(command))
    }
}

/// The answer to `Login`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// For every further request, as `gsSession`.
    pub session: Secret,
    /// What stands in `CNT`: its meaning isn't known.
    pub count: u32,
    /// What answers there.
    pub version: Version,
}

/// The system, as `Login` tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Version {
    /// The software's version.
    pub version: String,
    /// A number of the branding.
    pub branding: String,
    /// The release.
    pub variant: String,
    /// `UCSUITE` is UC Suite (inferred: anything else is UC Smart).
    pub application: String,
    /// The hardware.
    pub platform: String,
}

impl Version {
    /// Whether the system runs UC Suite (inferred).
    pub fn is_suite(&self) -> bool {
        self.application == SUITE
    }
}

impl Document for Login {
    fn read(command: &str, root: &Element, _: &Names) -> Result<Self, WsiError> {
        named_as(root, command)?;
        let session = root.text_of("ID").filter(|id| is_session(id));
        let version = root.child("LASVERSION").cloned().unwrap_or_default();
        let text = |name| version.text_of(name).unwrap_or_default().to_owned();
        Ok(Self {
            session: Secret(session.ok_or(WsiError::Shape("a session id"))?.to_owned()),
            count: root
                .text_of("CNT")
                .and_then(|n| n.parse().ok())
                .unwrap_or(0),
            version: Version {
                version: text("VERSION"),
                branding: text("BRANDING"),
                variant: text("VARIANT"),
                application: text("APPLICATION"),
                platform: text("PLATFORMTYPE"),
            },
        })
    }

    fn write(&self, command: &str, _: &Names) -> Element {
        let version = &self.version;
        let version = Element::new("LASVERSION")
            .with_text("VERSION", &version.version)
            .with_text("BRANDING", &version.branding)
            .with_text("VARIANT", &version.variant)
            .with_text("APPLICATION", &version.application)
            .with_text("PLATFORMTYPE", &version.platform);
        Element::new(root_of(command))
            .with_text("ID", &self.session.0)
            .with_text("CNT", &self.count.to_string())
            .with(version)
    }
}

/// The answer to `MakeCall`. That it names the call is inferred; where it doesn't,
/// `GetDeviceState` does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MadeCall {
    /// The call.
    pub call: Option<String>,
}

impl Document for MadeCall {
    fn read(command: &str, root: &Element, names: &Names) -> Result<Self, WsiError> {
        named_as(root, command)?;
        let call = root.text_of(names.of(Name::CallId));
        Ok(Self {
            call: call.filter(|id| !id.is_empty()).map(str::to_owned),
        })
    }

    fn write(&self, command: &str, names: &Names) -> Element {
        let root = Element::new(root_of(command));
        match &self.call {
            Some(call) => root.with_text(names.of(Name::CallId), call),
            None => root,
        }
    }
}

/// The two commands whose answers were seen have them in capitals.
fn root_of(command: &str) -> &str {
    match command {
        LOGIN => "LOGIN",
        "Logout" => "LOGOUT",
        other => other,
    }
}

fn named_as(root: &Element, command: &str) -> Result<(), WsiError> {
    let fits = root.name.eq_ignore_ascii_case(command);
    fits.then_some(())
        .ok_or(WsiError::Shape("an element named as the command"))
}

/// A session id: letters and digits, and not the 0 of a failed sign-in.
fn is_session(id: &str) -> bool {
    let plain = id.bytes().all(|b| b.is_ascii_alphanumeric());
    plain && (1..=MAX_SESSION_BYTES).contains(&id.len()) && id != NO_SESSION
}

const LOGIN: &str = "Login";
const NOT_LOGGED_IN: &str = "NOT_LOGGED_IN";
/// The id of a failed sign-in.
const NO_SESSION: &str = "0";
const SUITE: &str = "UCSUITE";
/// Longest session id (our choice: the one that was seen has 8).
const MAX_SESSION_BYTES: usize = 128;
/// How much of a reason is kept (our choice).
const MAX_REASON_CHARS: usize = 256;
