use std::io::ErrorKind;

use uc_model::{FailureCause, Licence};
use uc_protocol::{
    net::{DialError, ProxyError},
    ucx::{self as wire, Cause},
};

use super::*;

#[test]
fn every_way_not_to_connect_has_its_error() {
    let table = [
        (DialError::NameNotFound, DialFailure::NameNotFound),
        (DialError::Refused, DialFailure::Refused),
        (
            DialError::Unreachable(ErrorKind::NetworkUnreachable),
            DialFailure::NoRoute,
        ),
        (DialError::Silent, DialFailure::Silent),
        (DialError::SilentTls, DialFailure::Silent),
        (
            DialError::Proxy(ProxyError::Status(403)),
            DialFailure::Proxy,
        ),
        (DialError::PlainHttp, DialFailure::NotTls),
        (DialError::NotTls, DialFailure::NotTls),
        (DialError::TlsTooOld, DialFailure::TlsTooOld),
        (DialError::Closed, DialFailure::Tls),
        (DialError::BadCertificate, DialFailure::Tls),
    ];
    for (error, failure) in table {
        assert_eq!(of_dial(&error), BackendError::Dial(failure), "{error:?}");
        let request = RequestError::Dial(error);
        assert_eq!(
            of_request(&request),
            BackendError::Dial(failure),
            "{request:?}"
        );
    }
}

#[test]
fn every_explained_refusal_has_its_error() {
    let expected = |kind| match kind {
        ProblemType::BadCredentials => BackendError::BadCredentials,
        ProblemType::AccountLocked => BackendError::AccountLocked,
        ProblemType::NoLicence => BackendError::NoLicence(None),
        ProblemType::NotSignedIn => BackendError::NotSignedIn,
        ProblemType::PasswordChangeRequired => BackendError::PasswordChangeRequired,
        ProblemType::NotFound => BackendError::NotFound,
        ProblemType::Malformed => BackendError::RefusedValue,
        ProblemType::TooLarge => BackendError::RefusedValue,
        ProblemType::WrongState => BackendError::WrongState,
        ProblemType::Glare => BackendError::Glare,
        ProblemType::Full => BackendError::Full,
        ProblemType::Undeliverable => BackendError::Undeliverable,
        ProblemType::AnsweredAtPhone => BackendError::AnsweredAtPhone,
        ProblemType::NotAssigned => BackendError::NotAssigned,
        ProblemType::RefusedValue => BackendError::RefusedValue,
        ProblemType::CallFailed => BackendError::Malformed,
        ProblemType::Unsupported => BackendError::Unsupported,
        ProblemType::Unavailable => BackendError::Unavailable,
        kind => panic!("a kind without a line in this table: {kind:?}"),
    };
    for kind in ProblemType::ALL {
        let error = RequestError::Problem(Problem::new(kind));
        assert_eq!(of_request(&error), expected(kind), "{kind:?}");
    }
}

#[test]
fn a_missing_licence_is_named_where_it_is_known_here() {
    for (licence, expected) in [
        (wire::Licence::User, Some(Licence::User)),
        (wire::Licence::Voip, Some(Licence::Voip)),
        (wire::Licence::Conference, Some(Licence::Conference)),
        (wire::Licence::Voicemail, Some(Licence::Voicemail)),
        (wire::Licence::Other, None),
    ] {
        let error = RequestError::Problem(Problem::no_licence(licence));
        assert_eq!(of_request(&error), BackendError::NoLicence(expected));
    }
}

#[test]
fn a_failed_call_says_why() {
    let error = RequestError::Problem(Problem::call_failed(Cause::Busy));
    assert_eq!(
        of_request(&error),
        BackendError::CallFailed(FailureCause::Busy)
    );
}

#[test]
fn an_unexplained_refusal_goes_by_its_status() {
    let table = [
        (400, BackendError::RefusedValue),
        (401, BackendError::NotSignedIn),
        (403, BackendError::Malformed),
        (404, BackendError::NotFound),
        (405, BackendError::Unsupported),
        (409, BackendError::WrongState),
        (413, BackendError::RefusedValue),
        (429, BackendError::Unavailable),
        (500, BackendError::Unavailable),
        (501, BackendError::Unsupported),
        (503, BackendError::Unavailable),
        (302, BackendError::Malformed),
    ];
    for (status, expected) in table {
        assert_eq!(
            of_request(&RequestError::Status(status)),
            expected,
            "{status}"
        );
        let unknown = Problem {
            status,
            ..Problem::new(ProblemType::Other)
        };
        assert_eq!(
            of_request(&RequestError::Problem(unknown)),
            expected,
            "{status}"
        );
    }
}

#[test]
fn what_became_of_the_connection_is_told() {
    let table = [
        (
            RequestError::BrokenBeforeAnswer,
            BackendError::Broken {
                before_answer: true,
            },
        ),
        (
            RequestError::BrokenInAnswer,
            BackendError::Broken {
                before_answer: false,
            },
        ),
        (RequestError::TimedOut, BackendError::TimedOut),
        (RequestError::PathTooLong, BackendError::RefusedValue),
        (RequestError::TooLarge, BackendError::TooLarge),
        (RequestError::HeaderTooLarge, BackendError::TooLarge),
        (
            RequestError::Malformed(DecodeError::TooLarge(9)),
            BackendError::TooLarge,
        ),
        (
            RequestError::Malformed(DecodeError::TooDeep(9)),
            BackendError::Malformed,
        ),
        (RequestError::NotEvents, BackendError::Malformed),
        (RequestError::NotHttp, BackendError::Malformed),
    ];
    for (error, expected) in table {
        assert_eq!(of_request(&error), expected, "{error:?}");
    }
    let broken = BackendError::Broken {
        before_answer: false,
    };
    assert_eq!(of_stream(StreamEnd::Closed), broken);
    assert_eq!(of_stream(StreamEnd::Broken), broken);
    assert_eq!(of_stream(StreamEnd::TooLong), BackendError::TooLarge);
}
