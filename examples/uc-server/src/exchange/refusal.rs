use thiserror::Error;
use uc_model::{
    AssignedPhoneError, CallMeError, FavouriteError, ForwardingError, FunctionKeyError,
    ImportError, MessageTextError, PasswordChangeError, PersonalDirectoryError, PhotoError,
    PresenceError, ProfileError, SettingsError,
};
use uc_protocol::{
    sdp::SdpError,
    ucx::{Cause, Licence, Problem, ProblemType},
};

/// Why a request is refused. The texts are the `title`s of the problems.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Refusal {
    #[error("user name or password are wrong; try again")]
    BadCredentials,
    #[error("the account is locked after too many wrong passwords; the administrator unlocks it")]
    AccountLocked,
    #[error("the old password is wrong; try again")]
    OldPassword,
    #[error("the initial password has to be changed before anything else")]
    PasswordChangeRequired,
    #[error("this user has no licence for that; the administrator assigns one")]
    NoLicence(Licence),
    #[error("the session is over or unknown; sign in again")]
    NotSignedIn,
    #[error("the server has no such resource")]
    NotFound,
    #[error("the call is not in a state that allows this")]
    WrongState,
    #[error("a conference has at most eight parties")]
    ConferenceFull,
    #[error("another client of yours carries this call")]
    CarriedElsewhere,
    #[error("the other side has offered at the same time; answer that offer first")]
    Glare,
    #[error("{0}")]
    Value(&'static str),
    #[error("{0}")]
    Description(#[from] SdpError),
    #[error(transparent)]
    Presence(#[from] PresenceError),
    #[error(transparent)]
    Password(#[from] PasswordChangeError),
    #[error(transparent)]
    Profile(#[from] ProfileError),
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Photo(#[from] PhotoError),
    #[error("this system doesn't offer that")]
    Unsupported,
    #[error("more ICE candidates than the limit allows")]
    TooManyCandidates,
    #[error("a desk phone carries this call; it takes no descriptions")]
    AtDesk,
    #[error("this phone can't be answered from here; lift its receiver")]
    AnsweredAtPhone,
    #[error("this server controls no desk phones; call with the VoIP client")]
    NoDeskPhones,
    #[error(transparent)]
    AssignedPhone(#[from] AssignedPhoneError),
    #[error("this client controls another telephone than one that could make or take this call")]
    ControlsAnother,
    #[error(transparent)]
    CallMe(#[from] CallMeError),
    #[error(transparent)]
    Forwarding(#[from] ForwardingError),
    #[error(transparent)]
    Key(#[from] FunctionKeyError),
    #[error("{0}")]
    Contact(#[from] PersonalDirectoryError),
    #[error("{0}")]
    Import(#[from] ImportError),
    #[error("{0}")]
    Favourite(#[from] FavouriteError),
    #[error("{0}")]
    Message(#[from] MessageTextError),
    #[error("this system has no instant messages")]
    NoChat,
    #[error("nobody with this number can receive messages")]
    NoReceiver,
    #[error("the other has no client that could receive it now; send it again later, or call")]
    Undeliverable,
    #[error("the call can't be connected: {}", reason(*.0))]
    CallFailed(Cause),
}

impl Refusal {
    pub(crate) fn problem(self) -> Problem {
        let (kind, status) = self.kind();
        Problem {
            kind,
            status,
            title: self.to_string(),
            cause: match self {
                Self::CallFailed(cause) => Some(cause),
                _ => None,
            },
            licence: match self {
                Self::NoLicence(licence) => Some(licence),
                _ => None,
            },
        }
    }

    const fn kind(&self) -> (ProblemType, u16) {
        match self {
            Self::BadCredentials | Self::OldPassword => (ProblemType::BadCredentials, 401),
            Self::AccountLocked => (ProblemType::AccountLocked, 403),
            Self::NoLicence(_) => (ProblemType::NoLicence, 403),
            Self::PasswordChangeRequired => (ProblemType::PasswordChangeRequired, 403),
            Self::NotSignedIn => (ProblemType::NotSignedIn, 401),
            Self::NotFound | Self::NoReceiver => (ProblemType::NotFound, 404),
            Self::WrongState
            | Self::ConferenceFull
            | Self::CarriedElsewhere
            | Self::ControlsAnother
            | Self::AtDesk => (ProblemType::WrongState, 409),
            Self::AssignedPhone(_) => (ProblemType::NotAssigned, 422),
            Self::Glare => (ProblemType::Glare, 409),
            Self::AnsweredAtPhone => (ProblemType::AnsweredAtPhone, 409),
            Self::Photo(PhotoError::TooManyBytes(_)) | Self::TooManyCandidates => {
                (ProblemType::TooLarge, 413)
            }
            Self::Key(FunctionKeyError::NoSuchKey) => (ProblemType::NotFound, 404),
            Self::Contact(PersonalDirectoryError::SmartOnly)
            | Self::Forwarding(ForwardingError::SetElsewhere)
            | Self::CallMe(CallMeError::SuiteOnly)
            | Self::NoDeskPhones
            | Self::Unsupported => (ProblemType::Unsupported, 501),
            Self::Contact(PersonalDirectoryError::NoSuchContact) => (ProblemType::NotFound, 404),
            Self::Contact(PersonalDirectoryError::Full)
            | Self::Import(ImportError::DirectoryFull(_)) => (ProblemType::Full, 409),
            Self::Favourite(FavouriteError::SmartOnly) | Self::NoChat => {
                (ProblemType::Unsupported, 501)
            }
            Self::Favourite(
                FavouriteError::NoSuchContact
                | FavouriteError::NoSuchGroup
                | FavouriteError::NotInGroup,
            ) => (ProblemType::NotFound, 404),
            Self::Favourite(FavouriteError::NameTaken | FavouriteError::AlreadyInGroup) => {
                (ProblemType::WrongState, 409)
            }
            Self::Favourite(FavouriteError::TooManyGroups | FavouriteError::TooManyFavourites) => {
                (ProblemType::Full, 409)
            }
            Self::Undeliverable => (ProblemType::Undeliverable, 409),
            Self::Value(_)
            | Self::Description(_)
            | Self::Presence(_)
            | Self::Password(_)
            | Self::Profile(_)
            | Self::Settings(_)
            | Self::Photo(_)
            | Self::CallMe(_)
            | Self::Forwarding(_)
            | Self::Key(_)
            | Self::Contact(_)
            | Self::Import(_)
            | Self::Favourite(_)
            | Self::Message(_) => (ProblemType::RefusedValue, 422),
            Self::CallFailed(_) => (ProblemType::CallFailed, 422),
        }
    }
}

const fn reason(cause: Cause) -> &'static str {
    match cause {
        Cause::NoSuchNumber => "nobody has this number",
        Cause::Busy => "too many calls at once",
        Cause::DoNotDisturb => "the other doesn't want to be disturbed",
        Cause::Unreachable => "nobody is signed in there",
        _ => "it was refused",
    }
}
