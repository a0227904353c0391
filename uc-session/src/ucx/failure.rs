//! Which error of the transport means what to the core.

use uc_protocol::{
    net::{DialError, RequestError, StreamEnd},
    ucx::{DecodeError, Problem, ProblemType},
};

use super::{Unreadable, call, session};
use crate::port::{BackendError, DialFailure};

impl From<Unreadable> for BackendError {
    fn from(_: Unreadable) -> Self {
        Self::Malformed
    }
}

/// No connection: nothing of a request has reached the server.
pub(crate) fn of_dial(error: &DialError) -> BackendError {
    let failure = match error {
        DialError::NameNotFound => DialFailure::NameNotFound,
        DialError::Refused => DialFailure::Refused,
        DialError::Unreachable(_) => DialFailure::NoRoute,
        DialError::Silent | DialError::SilentTls => DialFailure::Silent,
        DialError::Proxy(_) => DialFailure::Proxy,
        DialError::PlainHttp | DialError::NotTls => DialFailure::NotTls,
        DialError::TlsTooOld => DialFailure::TlsTooOld,
        DialError::CertificateChanged { .. } => return BackendError::CertificateChanged,
        _ => DialFailure::Tls,
    };
    BackendError::Dial(failure)
}

/// A request that got no good answer.
pub(crate) fn of_request(error: &RequestError) -> BackendError {
    match error {
        RequestError::Dial(error) => of_dial(error),
        RequestError::BrokenBeforeAnswer => BackendError::Broken {
            before_answer: true,
        },
        RequestError::BrokenInAnswer => BackendError::Broken {
            before_answer: false,
        },
        // As a server says of a value that is too long.
        RequestError::PathTooLong => BackendError::RefusedValue,
        RequestError::TimedOut => BackendError::TimedOut,
        RequestError::Problem(problem) => of_problem(problem),
        RequestError::Status(status) => of_status(*status),
        RequestError::Malformed(DecodeError::TooLarge(_))
        | RequestError::TooLarge
        | RequestError::HeaderTooLarge => BackendError::TooLarge,
        _ => BackendError::Malformed,
    }
}

/// The server refused and says why. That it can't read our request, or finds it too long, blames
/// a value that was entered: shorter than that, this client can't write it.
fn of_problem(problem: &Problem) -> BackendError {
    match problem.kind {
        ProblemType::BadCredentials => BackendError::BadCredentials,
        ProblemType::AccountLocked => BackendError::AccountLocked,
        ProblemType::NoLicence => {
            BackendError::NoLicence(problem.licence.and_then(session::read_licence))
        }
        ProblemType::NotSignedIn => BackendError::NotSignedIn,
        ProblemType::PasswordChangeRequired => BackendError::PasswordChangeRequired,
        ProblemType::NotFound => BackendError::NotFound,
        ProblemType::WrongState => BackendError::WrongState,
        ProblemType::Glare => BackendError::Glare,
        ProblemType::Undeliverable => BackendError::Undeliverable,
        ProblemType::AnsweredAtPhone => BackendError::AnsweredAtPhone,
        ProblemType::NotAssigned => BackendError::NotAssigned,
        ProblemType::Full => BackendError::Full,
        ProblemType::RefusedValue | ProblemType::Malformed | ProblemType::TooLarge => {
            BackendError::RefusedValue
        }
        ProblemType::CallFailed => problem
            .cause
            .and_then(|cause| call::read_cause(cause).ok())
            .map_or(BackendError::Malformed, BackendError::CallFailed),
        ProblemType::Unsupported => BackendError::Unsupported,
        ProblemType::Unavailable => BackendError::Unavailable,
        _ => of_status(problem.status),
    }
}

/// A refusal without an explanation we know (RFC 9110 §15).
const fn of_status(status: u16) -> BackendError {
    match status {
        401 => BackendError::NotSignedIn,
        404 | 410 => BackendError::NotFound,
        400 | 413 | 422 => BackendError::RefusedValue,
        409 => BackendError::WrongState,
        405 | 501 => BackendError::Unsupported,
        429 | 500 | 502..=504 => BackendError::Unavailable,
        _ => BackendError::Malformed,
    }
}

/// The event stream is over.
pub(super) const fn of_stream(end: StreamEnd) -> BackendError {
    match end {
        StreamEnd::TooLong => BackendError::TooLarge,
        _ => BackendError::Broken {
            before_answer: false,
        },
    }
}

#[cfg(test)]
mod tests;
