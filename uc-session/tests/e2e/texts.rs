//! Every text that a person can be shown, in one place to be read and judged.

use std::fmt::{Display, Write as _};

use uc_model::{Action, ChatError, DeliveryFailure, DigitsError, FailureCause, PhoneNumber};
use uc_session::{
    Bad, CacheError, CallError, LostReason, PreferencesError, ProfileError, ServiceError,
    SignInError,
    port::{
        BackendError, Certificate, DialFailure, MediaError, SecretStoreError, ServerAddress,
        StoreError,
    },
};

fn certificate() -> Certificate {
    Certificate {
        sha256: [0xab; 32],
        subject: "CN=uc.example.com".into(),
        issuer: "CN=uc.example.com".into(),
        not_before: 0,
        not_after: 1,
    }
}

fn address() -> ServerAddress {
    ServerAddress {
        host: "uc.example.com".into(),
        port: 8802,
    }
}

fn sign_in() -> Vec<SignInError> {
    let (address, certificate) = (address(), certificate());
    vec![
        SignInError::Address,
        SignInError::NoUser,
        SignInError::NoPassword,
        SignInError::Fingerprint,
        SignInError::NoRuntime,
        SignInError::UnknownCertificate {
            address: address.clone(),
            certificate: certificate.clone(),
        },
        SignInError::ChangedCertificate {
            address,
            expected: [1; 32],
            certificate,
        },
        SignInError::Unreachable {
            lan: DialFailure::Refused,
            wan: Some(DialFailure::NameNotFound),
        },
        SignInError::Closed,
    ]
}

const DIAL: [DialFailure; 8] = [
    DialFailure::Proxy,
    DialFailure::NameNotFound,
    DialFailure::Refused,
    DialFailure::Silent,
    DialFailure::NotTls,
    DialFailure::TlsTooOld,
    DialFailure::Tls,
    DialFailure::NoRoute,
];

const BACKEND: [BackendError; 20] = [
    BackendError::CertificateChanged,
    BackendError::BadCredentials,
    BackendError::SignInRefused,
    BackendError::AccountLocked,
    BackendError::NoLicence(None),
    BackendError::NotSignedIn,
    BackendError::Unsupported,
    BackendError::NoUcx,
    BackendError::NotFound,
    BackendError::WrongState,
    BackendError::Glare,
    BackendError::RefusedValue,
    BackendError::CallFailed(FailureCause::Busy),
    BackendError::Broken {
        before_answer: true,
    },
    BackendError::Broken {
        before_answer: false,
    },
    BackendError::TimedOut,
    BackendError::Malformed,
    BackendError::TooLarge,
    BackendError::Unavailable,
    BackendError::Closed,
];

const CAUSES: [FailureCause; 10] = [
    FailureCause::NoSuchNumber,
    FailureCause::Busy,
    FailureCause::Rejected,
    FailureCause::NoAnswer,
    FailureCause::Cancelled,
    FailureCause::AnsweredElsewhere,
    FailureCause::Unreachable,
    FailureCause::Normal,
    FailureCause::MediaFailed,
    FailureCause::ServerLost,
];

const MEDIA: [MediaError; 11] = [
    MediaError::Malformed,
    MediaError::NoAudio,
    MediaError::NoCommonCodec,
    MediaError::NotSecured,
    MediaError::WrongFingerprint,
    MediaError::NoPath,
    MediaError::Lost,
    MediaError::NoDigits,
    MediaError::Held,
    MediaError::TooManyDigits,
    MediaError::Closed,
];

fn calls() -> Vec<CallError> {
    let bad_number = PhoneNumber::new("Bruno").expect_err("a name is no number");
    vec![
        CallError::Number(bad_number),
        CallError::NoSound,
        CallError::Digits(DigitsError::NoSuchKey),
        CallError::NotAllowed {
            action: Action::Hold,
        },
        CallError::Pending {
            action: Action::Hold,
        },
        CallError::TooMany,
        CallError::NotConnected,
        CallError::TimedOut,
        CallError::Closed,
    ]
}

const CHAT: [ChatError; 5] = [
    ChatError::Unsupported,
    ChatError::NoReceiver,
    ChatError::TooManyWaiting,
    ChatError::Duplicate,
    ChatError::NotFailed,
];

const DELIVERY: [DeliveryFailure; 5] = [
    DeliveryFailure::Unreachable,
    DeliveryFailure::NoReceiver,
    DeliveryFailure::Refused,
    DeliveryFailure::ChatOff,
    DeliveryFailure::TimedOut,
];

const SERVICES: [ServiceError; 4] = [
    ServiceError::NotConnected,
    ServiceError::Unsupported,
    ServiceError::TooMany,
    ServiceError::Closed,
];

const LOST: [LostReason; 5] = [
    LostReason::Closed(BackendError::Broken {
        before_answer: false,
    }),
    LostReason::Silent,
    LostReason::NoSnapshot(BackendError::TimedOut),
    LostReason::NotReached(BackendError::TimedOut),
    LostReason::Asked,
];

const STORE: [StoreError; 3] = [
    StoreError::Unavailable,
    StoreError::Locked,
    StoreError::Damaged,
];

const SECRETS: [SecretStoreError; 2] = [SecretStoreError::Absent, SecretStoreError::Refused];

const CACHE: [CacheError; 3] = [
    CacheError::Unreadable,
    CacheError::OtherVersion,
    CacheError::Store(StoreError::Unavailable),
];

const PROFILES: [ProfileError; 5] = [
    ProfileError::Name,
    ProfileError::NameTaken,
    ProfileError::Address,
    ProfileError::TooMany,
    ProfileError::NoSuchProfile,
];

fn chapter(out: &mut String, title: &str, texts: impl IntoIterator<Item = impl Display>) {
    let _ = writeln!(out, "# {title}");
    for text in texts {
        let _ = writeln!(out, "- {text}");
    }
}

#[test]
fn every_text_says_what_happened_and_what_helps() {
    let mut out = String::new();
    chapter(&mut out, "sign-in", sign_in());
    chapter(&mut out, "no connection", DIAL);
    chapter(&mut out, "the server", BACKEND);
    chapter(&mut out, "connection lost", LOST);
    chapter(&mut out, "services", SERVICES);
    chapter(&mut out, "calls", calls());
    chapter(&mut out, "why calls end", CAUSES);
    chapter(&mut out, "messages", CHAT);
    chapter(&mut out, "why messages don't arrive", DELIVERY);
    chapter(&mut out, "sound", MEDIA);
    chapter(&mut out, "the store", STORE);
    chapter(&mut out, "the key store", SECRETS);
    chapter(&mut out, "the cache", CACHE);
    chapter(&mut out, "profiles", PROFILES);
    chapter(&mut out, "preferences", [PreferencesError::NoPassword]);
    chapter(&mut out, "diagnosis", [Bad::NoEvents, Bad::NotReached]);
    insta::assert_snapshot!("texts", out);
}
