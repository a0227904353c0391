use serde::{Deserialize, Serialize};

/// The stable kinds of errors; on the wire `urn:ucx:problem:<name>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ProblemType {
    /// 401: user name or password are wrong.
    #[serde(rename = "urn:ucx:problem:bad-credentials")]
    BadCredentials,
    /// 403: too many wrong passwords.
    #[serde(rename = "urn:ucx:problem:account-locked")]
    AccountLocked,
    /// 403: the user has no licence for this; `licence` says which.
    #[serde(rename = "urn:ucx:problem:no-licence")]
    NoLicence,
    /// 401: the session token is unknown or has expired.
    #[serde(rename = "urn:ucx:problem:not-signed-in")]
    NotSignedIn,
    /// 403: the initial password has to be changed before anything else (CONN-4).
    #[serde(rename = "urn:ucx:problem:password-change-required")]
    PasswordChangeRequired,
    /// 404: no such resource.
    #[serde(rename = "urn:ucx:problem:not-found")]
    NotFound,
    /// 400: the request can't be read.
    #[serde(rename = "urn:ucx:problem:malformed")]
    Malformed,
    /// 413: over a limit.
    #[serde(rename = "urn:ucx:problem:too-large")]
    TooLarge,
    /// 409: not in this state (answering a call that is over).
    #[serde(rename = "urn:ucx:problem:wrong-state")]
    WrongState,
    /// 409: both sides offered at once.
    #[serde(rename = "urn:ucx:problem:glare")]
    Glare,
    /// 409: as many as are possible are there already.
    #[serde(rename = "urn:ucx:problem:full")]
    Full,
    /// 409: the other has no client that could receive it now.
    #[serde(rename = "urn:ucx:problem:undeliverable")]
    Undeliverable,
    /// 409: this kind of phone is answered at the phone only (CALL-11).
    #[serde(rename = "urn:ucx:problem:answered-at-phone")]
    AnsweredAtPhone,
    /// 422: the telephone to be controlled is none of the user's (CONN-10).
    #[serde(rename = "urn:ucx:problem:not-assigned")]
    NotAssigned,
    /// 422: a value is refused (a return time with `office`, a description without audio).
    #[serde(rename = "urn:ucx:problem:refused-value")]
    RefusedValue,
    /// 422: the number can't be reached; `cause` says why.
    #[serde(rename = "urn:ucx:problem:call-failed")]
    CallFailed,
    /// 501: this server doesn't offer the function.
    #[serde(rename = "urn:ucx:problem:unsupported")]
    Unsupported,
    /// 503: too busy or shutting down.
    #[serde(rename = "urn:ucx:problem:unavailable")]
    Unavailable,
    /// A kind that this version doesn't know.
    #[serde(other, rename = "about:blank")]
    Other,
}

/// An error answer, `application/problem+json` (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Which kind.
    #[serde(rename = "type")]
    pub kind: ProblemType,
    /// The HTTP status again.
    pub status: u16,
    /// One line for a person. Never holds a password, token or message text.
    #[serde(default)]
    pub title: String,
    /// With `call-failed`: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<super::Cause>,
    /// With `no-licence`: which one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licence: Option<super::Licence>,
}

impl ProblemType {
    /// Every kind that has a name of its own.
    pub const ALL: [Self; 18] = [
        Self::BadCredentials,
        Self::AccountLocked,
        Self::NoLicence,
        Self::NotSignedIn,
        Self::PasswordChangeRequired,
        Self::NotFound,
        Self::Malformed,
        Self::TooLarge,
        Self::WrongState,
        Self::Glare,
        Self::Full,
        Self::Undeliverable,
        Self::AnsweredAtPhone,
        Self::NotAssigned,
        Self::RefusedValue,
        Self::CallFailed,
        Self::Unsupported,
        Self::Unavailable,
    ];

    /// The HTTP status that goes with it.
    pub const fn status(self) -> u16 {
        match self {
            Self::BadCredentials | Self::NotSignedIn => 401,
            Self::AccountLocked | Self::NoLicence | Self::PasswordChangeRequired => 403,
            Self::NotFound => 404,
            Self::Malformed => 400,
            Self::TooLarge => 413,
            Self::WrongState
            | Self::Glare
            | Self::Full
            | Self::Undeliverable
            | Self::AnsweredAtPhone => 409,
            Self::NotAssigned | Self::RefusedValue | Self::CallFailed => 422,
            Self::Unsupported => 501,
            Self::Unavailable => 503,
            Self::Other => 500,
        }
    }

    /// One line that says what happened.
    pub const fn title(self) -> &'static str {
        match self {
            Self::BadCredentials => "user name or password are wrong",
            Self::AccountLocked => "the account is locked after too many wrong passwords",
            Self::NoLicence => "there is no licence for this",
            Self::NotSignedIn => "the session is unknown or has expired",
            Self::PasswordChangeRequired => "the initial password has to be changed first",
            Self::NotFound => "there is no such thing on this server",
            Self::Malformed => "the request can't be read",
            Self::TooLarge => "the request is over a limit",
            Self::WrongState => "this is not possible in the present state",
            Self::Glare => "both sides made an offer at once",
            Self::Full => "there are as many as are possible already",
            Self::AnsweredAtPhone => "this phone is answered at the phone only",
            Self::Undeliverable => "nobody is there to receive it now",
            Self::NotAssigned => "this telephone is not one of the user's",
            Self::RefusedValue => "a value is not allowed here",
            Self::CallFailed => "the call could not be made",
            Self::Unsupported => "this server doesn't offer the function",
            Self::Unavailable => "the server is too busy or is shutting down",
            Self::Other => "the server reports an error of a kind unknown to this version",
        }
    }

    /// What a person can do about it, in one sentence.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::BadCredentials => {
                "Check both; the user name is usually the internal number, and wrong attempts are counted."
            }
            Self::AccountLocked => "Wait, or have the administrator unlock the account.",
            Self::NoLicence => "Ask the administrator for a licence.",
            Self::NotSignedIn => "Sign in again.",
            Self::PasswordChangeRequired => {
                "Change the password; where this program doesn't offer it, with another client."
            }
            Self::NotFound => "It may have been removed meanwhile; refresh and look again.",
            Self::Malformed | Self::TooLarge => {
                "Shorten what was entered; if that doesn't help, report it with both versions."
            }
            Self::WrongState => "Look at the present state and try what it allows.",
            Self::Glare => "Answer the other side's offer, then offer again.",
            Self::Full => "Delete some first.",
            Self::Undeliverable => "Send it again later, or call.",
            Self::AnsweredAtPhone => "Lift its receiver.",
            Self::NotAssigned => "Enter the number that the administrator has named.",
            Self::RefusedValue => "Correct the value and try again.",
            Self::CallFailed => "Check the number, or try again later.",
            Self::Unsupported => "Ask the administrator whether it can be switched on.",
            Self::Unavailable => "Try again in a moment.",
            Self::Other => "Update this program, or give the text to the administrator.",
        }
    }
}

impl Problem {
    /// A problem with the usual status and title.
    pub fn new(kind: ProblemType) -> Self {
        Self {
            kind,
            status: kind.status(),
            title: kind.title().to_owned(),
            cause: None,
            licence: None,
        }
    }

    /// `no-licence`, and which.
    pub fn no_licence(licence: super::Licence) -> Self {
        Self {
            licence: Some(licence),
            ..Self::new(ProblemType::NoLicence)
        }
    }

    /// `call-failed`, with the reason.
    pub fn call_failed(cause: super::Cause) -> Self {
        Self {
            cause: Some(cause),
            ..Self::new(ProblemType::CallFailed)
        }
    }

    /// What to show a person: the server's words where the kind is unknown here, else ours.
    pub fn describe(&self) -> &str {
        if self.kind == ProblemType::Other && !self.title.is_empty() {
            &self.title
        } else {
            self.kind.title()
        }
    }
}

impl From<ProblemType> for Problem {
    fn from(kind: ProblemType) -> Self {
        Self::new(kind)
    }
}
