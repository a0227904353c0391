use std::time::Duration;

use thiserror::Error;
use tokio::time::{sleep, timeout};
use uc_model::FailureCause;
use uc_session::{CallError, ServiceError, SignInError, port::MediaError};

use crate::{DemoError, SoundFileError};

/// What went wrong in a scene, for a person who looks for the reason.
#[derive(Debug, Error)]
pub(super) enum SceneError {
    #[error("a request about a call failed: {0}")]
    Call(#[from] CallError),
    #[error("the server refused a service: {0}")]
    Service(#[from] ServiceError),
    #[error("a sign-in failed: {0}")]
    SignIn(#[from] SignInError),
    #[error("a sound can't be used: {0}")]
    Media(#[from] MediaError),
    #[error(transparent)]
    Recording(#[from] SoundFileError),
    #[error("a client could not be made: {0}")]
    Client(#[from] DemoError),
    #[error("{0} did not come within {WAIT:?}")]
    Missing(&'static str),
    #[error("{hearer} did not hear who should be heard within {WAIT:?}; shares: {shares:.2?}")]
    NotHeard {
        hearer: &'static str,
        shares: Vec<f64>,
    },
    #[error("{0} went on hearing something")]
    NotSilent(&'static str),
    #[error("a call ended as {came:?} instead of {wanted:?}")]
    Cause {
        wanted: FailureCause,
        came: Option<FailureCause>,
    },
    #[error("it is not so that {0}")]
    Wrong(&'static str),
}

/// What comes of `work`, unless it takes so long that it never will.
pub(super) async fn within<T>(
    what: &'static str,
    work: impl Future<Output = T>,
) -> Result<T, SceneError> {
    let done = timeout(WAIT, work).await;
    done.map_err(|_| SceneError::Missing(what))
}

/// Waits until `holds`.
pub(super) async fn until(what: &'static str, holds: impl Fn() -> bool) -> Result<(), SceneError> {
    within(what, async {
        while !holds() {
            sleep(Duration::from_millis(2)).await;
        }
    })
    .await
}

/// Says what isn't so.
pub(super) const fn check(what: &'static str, holds: bool) -> Result<(), SceneError> {
    match holds {
        true => Ok(()),
        false => Err(SceneError::Wrong(what)),
    }
}

/// Much longer than anything here takes on a busy computer.
pub(super) const WAIT: Duration = Duration::from_secs(10);
