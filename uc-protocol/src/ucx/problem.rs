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
    /// 403: no licence for this.
    #[serde(rename = "urn:ucx:problem:no-licence")]
    NoLicence,
    /// 401: the session token is unknown or has expired.
    #[serde(rename = "urn:ucx:problem:not-signed-in")]
    NotSignedIn,
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
}
