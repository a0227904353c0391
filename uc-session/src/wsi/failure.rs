//! Which refusal of WSI means what to the core.

use uc_model::FailureCause;
use uc_protocol::{
    XmlError,
    wsi::{CallFailure, Names, Refusal, WsiError},
};

use crate::port::BackendError;

/// The answer can't be read.
pub(super) const fn of_answer(error: WsiError) -> BackendError {
    match error {
        WsiError::Xml(XmlError::TooLarge(_)) => BackendError::TooLarge,
        _ => BackendError::Malformed,
    }
}

/// The server refused a command of the signed-in user.
pub(super) fn of_refusal(refusal: &Refusal, names: &Names) -> BackendError {
    match refusal {
        Refusal::NotLoggedIn => BackendError::NotSignedIn,
        Refusal::NotMonitored => BackendError::NotFound,
        _ => match refusal.call_failure(names) {
            Some(CallFailure::NoSuchNumber) => BackendError::CallFailed(FailureCause::NoSuchNumber),
            Some(CallFailure::Busy) => BackendError::CallFailed(FailureCause::Busy),
            Some(CallFailure::Unreachable) => BackendError::CallFailed(FailureCause::Unreachable),
            Some(CallFailure::NoSuchCall) => BackendError::NotFound,
            Some(CallFailure::WrongState) => BackendError::WrongState,
            _ => BackendError::RefusedValue,
        },
    }
}

/// The server refused to sign somebody in. It gives its reason in words only, which nobody knows: a
/// wrong password and a missing licence look the same.
pub(super) const fn of_sign_in(refusal: &Refusal) -> BackendError {
    match refusal {
        Refusal::NotMonitored | Refusal::Call(_) => BackendError::Malformed,
        _ => BackendError::SignInRefused,
    }
}

/// WSI has no keys that tell a repetition: what may have reached the server is not sent again.
pub(super) fn never_again(error: BackendError) -> BackendError {
    match error {
        BackendError::Broken { .. } => BackendError::Broken {
            before_answer: false,
        },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_its_error() {
        let names = Names::default();
        let call = |failure| Refusal::of_call(failure, &names);
        let failed = BackendError::CallFailed;
        for (refusal, error) in [
            (Refusal::NotLoggedIn, BackendError::NotSignedIn),
            (Refusal::NotMonitored, BackendError::NotFound),
            (
                call(CallFailure::NoSuchNumber),
                failed(FailureCause::NoSuchNumber),
            ),
            (call(CallFailure::Busy), failed(FailureCause::Busy)),
            (
                call(CallFailure::Unreachable),
                failed(FailureCause::Unreachable),
            ),
            (call(CallFailure::NoSuchCall), BackendError::NotFound),
            (call(CallFailure::WrongState), BackendError::WrongState),
            (
                Refusal::Call("somethingNew".into()),
                BackendError::RefusedValue,
            ),
            (Refusal::Other("words".into()), BackendError::RefusedValue),
        ] {
            assert_eq!(of_refusal(&refusal, &names), error, "{refusal:?}");
        }
    }

    #[test]
    fn a_refused_sign_in_tells_no_reason() {
        let refused = of_sign_in(&Refusal::Other("whatever".into()));
        assert_eq!(refused, BackendError::SignInRefused);
    }

    #[test]
    fn nothing_is_sent_again_that_may_have_been_done() {
        let broken = BackendError::Broken {
            before_answer: true,
        };
        let never = BackendError::Broken {
            before_answer: false,
        };
        assert_eq!(never_again(broken), never);
        assert_eq!(never_again(BackendError::TimedOut), BackendError::TimedOut);
    }
}
