//! SIP's words in those of the call model.

use uc_model::{FailureCause, Party, PhoneNumber, Redacted, UserId};
use uc_protocol::sip::{Address, Headers, Scheme, Uri};

use crate::port::BackendError;

/// Why a request was refused (RFC 3261 §21).
pub(super) const fn cause(status: u16) -> FailureCause {
    match status {
        404 | 410 | 414 | 416 | 484 | 485 | 604 => FailureCause::NoSuchNumber,
        486 | 600 => FailureCause::Busy,
        401 | 402 | 403 | 407 | 433 | 603 | 607 | 608 => FailureCause::Rejected,
        408 => FailureCause::NoAnswer,
        487 => FailureCause::Cancelled,
        415 | 488 | 606 => FailureCause::MediaFailed,
        _ => FailureCause::Unreachable,
    }
}

/// Why a request that isn't about a call failed.
pub(super) const fn failure(status: u16) -> BackendError {
    match status {
        401 | 407 => BackendError::BadCredentials,
        403 => BackendError::SignInRefused,
        404 => BackendError::BadCredentials,
        408 => BackendError::TimedOut,
        405 | 501 => BackendError::Unsupported,
        481 => BackendError::NotFound,
        491 => BackendError::Glare,
        415 | 488 | 606 => BackendError::RefusedValue,
        _ => BackendError::Unavailable,
    }
}

/// Why a call that rang here was cancelled (RFC 3326).
pub(super) fn cancelled(headers: &Headers) -> FailureCause {
    match headers.reason() {
        Some(reason)
            if reason.protocol.eq_ignore_ascii_case("SIP") && reason.cause == Some(200) =>
        {
            FailureCause::AnsweredElsewhere
        }
        _ => FailureCause::Cancelled,
    }
}

/// Who an address is, as a person of `domain` would write it.
pub(super) fn party(address: &Address, domain: &str) -> Party {
    let name = address.display.as_deref().map(str::trim);
    let name = name.filter(|name| !name.is_empty());
    Party {
        number: number(&address.uri, domain),
        name: name.map(|name| Redacted::new(name.to_owned())),
        user: UserId::new(address.uri.user.as_deref().unwrap_or_default())
            .ok()
            .filter(|_| address.uri.host.eq_ignore_ascii_case(domain)),
    }
}

/// The number in an address; whoever hasn't got one keeps the address.
pub(super) fn number(uri: &Uri, domain: &str) -> PhoneNumber {
    let user = uri.user.as_deref().unwrap_or_default();
    let own = uri.scheme == Scheme::Tel || uri.host.eq_ignore_ascii_case(domain);
    let short = PhoneNumber::new(user).ok().filter(|_| own);
    let whole = || PhoneNumber::new(format!("sip:{user}@{}", uri.host)).ok();
    let other = || PhoneNumber::new(user).ok();
    short.or_else(whole).or_else(other).unwrap_or_else(nobody)
}

/// What stands for an address that no telephone can call back.
fn nobody() -> PhoneNumber {
    PhoneNumber::new("0").expect("one digit is a number")
}

/// The address to call for a number.
pub(super) fn target(number: &PhoneNumber, domain: &str) -> Option<Uri> {
    let text = number.as_str();
    match text.contains('@') {
        true => text.parse().ok(),
        false => Some(Uri::sip(number.dialable(), domain)),
    }
}
